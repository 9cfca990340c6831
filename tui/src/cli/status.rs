//! `status`: whether the server answers, how fast, and who is logged in.

use std::time::Instant;

use clap::Args;
use hillview_shared::ApiError;
use hillview_shared::api::{Resume, Welcome};
use serde::Serialize;

use super::Context;
use super::connection::{ask, connect, kept};
use super::output::{self, Column, Outcome, usage};
use crate::client::Client;
use crate::config::Settings;
use crate::outbox;

/// Show whether the server answers, how fast, and who is logged in
#[derive(Args)]
#[command(before_help = "\
Examples:
  hillview status
  hillview status --server tls://marks.example.ke:7443 --format json")]
pub struct Status {}

#[derive(Serialize)]
struct Row {
    server: String,
    answers: bool,
    server_version: Option<String>,
    client_version: &'static str,
    round_trip_ms: Option<u64>,
    school: Option<String>,
    user: Option<String>,
    session: &'static str,
    /// Marks in the outboxes of this user of the machine for this server.
    queued: usize,
}

const COLUMNS: &[Column] = &[
    ("server", "server"),
    ("answers", "answers"),
    ("server_version", "server's version"),
    ("client_version", "this version"),
    ("round_trip_ms", "round trip (ms)"),
    ("school", "school"),
    ("user", "user"),
    ("session", "session"),
    ("queued", "marks queued here"),
];

struct Line {
    client: Client,
}

pub async fn run(context: &Context) -> Result<Outcome, ApiError> {
    let settings = &context.settings;
    let kept = kept(settings)?;
    let mut row = Row {
        server: settings.server.clone(),
        answers: false,
        server_version: None,
        client_version: env!("CARGO_PKG_VERSION"),
        round_trip_ms: None,
        school: kept.as_ref().map(|kept| kept.school.clone()),
        user: kept.as_ref().map(|kept| kept.user.clone()),
        session: if kept.is_some() { "unknown" } else { "none" },
        queued: queued(settings)?,
    };
    let resume = kept.map(|kept| Resume {
        school: kept.school,
        token: kept.token,
    });
    let reached = reach(context, resume, &mut row).await;
    output::one(settings.format, COLUMNS, &row)?;
    reached.map(|()| Outcome::Done)
}

fn queued(settings: &Settings) -> Result<usize, ApiError> {
    let boxes = outbox::stored(&settings.folders.state).map_err(|error| {
        usage(
            "unreadable-outbox",
            format!("cannot read the outbox: {error}"),
        )
    })?;
    Ok(boxes
        .iter()
        .filter(|stored| stored.owner.server == settings.server)
        .map(|stored| stored.pending.len())
        .sum())
}

async fn reach(context: &Context, resume: Option<Resume>, row: &mut Row) -> Result<(), ApiError> {
    let (client, welcome) = connect(&context.settings, resume).await?;
    let asked = Instant::now();
    let line = Line { client };
    ask!(line, ping())?;
    row.round_trip_ms = u64::try_from(asked.elapsed().as_millis()).ok();
    row.answers = true;
    row.session = session(row.session, &welcome);
    if let Some(who) = &welcome.who {
        row.user = Some(who.username.clone());
    }
    row.server_version = Some(welcome.server);
    Ok(())
}

fn session(before: &'static str, welcome: &Welcome) -> &'static str {
    match (before, &welcome.who) {
        (_, Some(who)) if who.must_change_password => "must change password",
        (_, Some(_)) => "open",
        ("none", None) => "none",
        (_, None) => "ended",
    }
}
