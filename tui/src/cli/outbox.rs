//! The outbox of this machine: what was typed into the screen and is not saved yet.

use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use hillview_shared::{ApiError, Kind};
use serde::Serialize;

use super::Context;
use super::connection::{Session, ask};
use super::output::{self, Column, Outcome, say, usage};
use crate::config::Format;
use crate::msg::{EditId, Pending, PendingState};
use crate::outbox::{Outbox, Owner, Stored, stored};

#[derive(Subcommand)]
pub enum Command {
    /// List the marks on this machine that are not saved yet
    #[command(before_help = "\
Examples:
  hillview outbox list
  hillview outbox list --format json")]
    List,
    Export(Export),
    /// Send what waits, and what was refused once more; conflicts stay until they are decided
    #[command(before_help = "\
Examples:
  hillview outbox retry")]
    Retry,
    Drop(Drop),
}

/// Write the marks on this machine that are not saved yet to a file, as CSV or JSON
#[derive(Args)]
#[command(before_help = "\
Examples:
  hillview outbox export --out waiting.csv
  hillview outbox export --out waiting.json --format json")]
pub struct Export {
    /// The file, which must not be there yet
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// Give marks up that are not saved: they are gone for good
#[derive(Args)]
#[command(before_help = "\
Examples:
  hillview outbox drop 63f1a9c04d2e8b17
  hillview outbox drop --all --yes")]
pub struct Drop {
    /// The marks, by the EDIT that the list shows
    #[arg(value_name = "EDIT", value_parser = edit_id, required_unless_present = "all")]
    edits: Vec<EditId>,
    /// All that the list shows
    #[arg(long, conflicts_with = "edits")]
    all: bool,
}

fn edit_id(text: &str) -> Result<EditId, String> {
    let number = u64::from_str_radix(text, 16);
    number
        .map(EditId)
        .map_err(|_| "an EDIT is a number of hexadecimal digits, as the list shows it".to_owned())
}

#[derive(Serialize)]
struct Row {
    edit: String,
    what: String,
    mark: String,
    state: &'static str,
    code: Option<String>,
    message: Option<String>,
    theirs: Option<String>,
    theirs_by: Option<String>,
    server: String,
    school: String,
    user: String,
    sheet: i64,
    student: i64,
    based_on: i64,
}

const COLUMNS: &[Column] = &[
    ("edit", "EDIT"),
    ("what", "WHAT"),
    ("mark", "MARK"),
    ("state", "STATE"),
    ("code", ""),
    ("message", "WHY"),
    ("theirs", "THEIRS"),
    ("theirs_by", ""),
    ("server", ""),
    ("school", "SCHOOL"),
    ("user", "USER"),
    ("sheet", ""),
    ("student", ""),
    ("based_on", ""),
];

pub async fn run(command: &Command, context: &Context) -> Result<Outcome, ApiError> {
    match command {
        Command::List => {
            output::list(context.settings.format, COLUMNS, &rows(context)?)?;
            Ok(Outcome::Done)
        }
        Command::Export(command) => export(command, context),
        Command::Drop(command) => give_up(command, context).await,
        Command::Retry => retry(context).await,
    }
}

/// Every journal on this machine, whoever may be writing it.
fn journals(context: &Context) -> Result<Vec<Stored>, ApiError> {
    stored(&context.settings.folders.state).map_err(|error| {
        ApiError::new(
            Kind::Fault,
            "no-outbox",
            format!("the outbox cannot be read: {error}"),
        )
    })
}

fn rows(context: &Context) -> Result<Vec<Row>, ApiError> {
    let journals = journals(context)?;
    let rows = journals.iter().flat_map(|journal| {
        let pending = journal.pending.iter();
        pending.map(|pending| row(pending, &journal.owner))
    });
    Ok(rows.collect())
}

fn row(pending: &Pending, owner: &Owner) -> Row {
    let mut row = Row {
        edit: format!("{:016x}", pending.edit.0),
        what: pending.label.clone(),
        mark: pending.entry.to_string(),
        state: "queued",
        code: None,
        message: None,
        theirs: None,
        theirs_by: None,
        server: owner.server.clone(),
        school: owner.school.clone(),
        user: owner.user.clone(),
        sheet: pending.sheet.0,
        student: pending.student.0,
        based_on: pending.based_on.0,
    };
    match &pending.state {
        PendingState::Queued => {}
        PendingState::Refused { code, message } => {
            row.state = "refused";
            row.code = Some(code.clone());
            row.message = Some(message.clone());
        }
        PendingState::Conflict { theirs } => {
            row.state = "conflict";
            row.theirs = Some(theirs.entry.to_string());
            row.theirs_by = Some(theirs.by.clone());
        }
    }
    row
}

fn export(command: &Export, context: &Context) -> Result<Outcome, ApiError> {
    let rows = rows(context)?;
    let text = match context.settings.format {
        Format::Json => output::json(&rows)?,
        Format::Csv | Format::Table => output::csv(COLUMNS, &rows)?,
    };
    let path = command.out.display();
    let failed = |error: std::io::Error| {
        usage("cannot-write", format!("cannot write {path}: {error}"))
            .hint("name a file that is not there yet, in a folder that you may write to")
    };
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&command.out)
        .map_err(failed)?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(failed)?;
    say(&format!("{} marks are in {path}", rows.len()));
    Ok(Outcome::Done)
}

async fn give_up(command: &Drop, context: &Context) -> Result<Outcome, ApiError> {
    let journals = journals(context)?;
    let listed = |journal: &Stored| -> BTreeSet<EditId> {
        journal.pending.iter().map(|pending| pending.edit).collect()
    };
    let all: BTreeSet<EditId> = journals.iter().flat_map(listed).collect();
    let wanted: BTreeSet<EditId> = match command.all {
        true => all.clone(),
        false => command.edits.iter().copied().collect(),
    };
    if let Some(stranger) = wanted.difference(&all).next() {
        let message = format!("no mark here is called {:016x}", stranger.0);
        return Err(ApiError::new(Kind::NotFound, "no-such-edit", message)
            .hint("hillview outbox list shows them"));
    }
    if wanted.is_empty() {
        say("the outbox is empty");
        return Ok(Outcome::Done);
    }
    context
        .confirm(&format!("Give up {} marks for good?", wanted.len()))
        .await?;
    let owners: Vec<&Owner> = journals
        .iter()
        .filter(|journal| !listed(journal).is_disjoint(&wanted))
        .map(|journal| &journal.owner)
        .collect();
    let mut dropped = 0;
    for owner in owners {
        let mut outbox = Outbox::open(&context.settings.folders.state, owner.clone())?;
        let here: Vec<EditId> = wanted.iter().copied().collect();
        dropped += outbox.give_up(&here)?.len();
    }
    say(&format!("{dropped} of {} marks are given up", wanted.len()));
    if dropped < wanted.len() {
        say(
            "hint: the others are on their way, or a Hillview that is running holds them; drop them there",
        );
        return Ok(Outcome::Partly);
    }
    Ok(Outcome::Done)
}

/// Sends what is in the outbox of whoever is logged in.
async fn retry(context: &Context) -> Result<Outcome, ApiError> {
    let session = Session::open(context).await?;
    let owner = Owner {
        server: context.settings.server.clone(),
        school: session.who.school.code.clone(),
        user: session.who.username.clone(),
    };
    let mut outbox = Outbox::open(&context.settings.folders.state, owner)?;
    for damage in outbox.damages() {
        say(&damage.to_string());
    }
    let is_refused = |pending: &Pending| matches!(pending.state, PendingState::Refused { .. });
    let refused = outbox.pending().into_iter().filter(is_refused);
    let refused: Vec<EditId> = refused.map(|pending| pending.edit).collect();
    if !refused.is_empty() {
        outbox.retry(&refused)?;
    }
    let before = outbox.pending().len();
    while let Some((request, _)) = outbox.next_save() {
        let operation = request.operation;
        match ask!(session, save_marks(request)) {
            Ok(saved) => outbox.answered(operation, &saved),
            Err(error) if stays_queued(error.kind) => return Err(error),
            Err(error) => outbox.refused(operation, &error),
        };
    }
    let left = outbox.pending();
    output::list(
        context.settings.format,
        COLUMNS,
        &left
            .iter()
            .map(|pending| row(pending, outbox.owner()))
            .collect::<Vec<_>>(),
    )?;
    say(&format!(
        "{} of {before} marks are saved",
        before - left.len()
    ));
    Ok(match left.len() {
        0 => Outcome::Done,
        left if left < before => Outcome::Partly,
        _ => Outcome::Conflict,
    })
}

/// Whether a save is to be sent again later under its operation.
fn stays_queued(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Offline | Kind::Busy | Kind::Fault | Kind::SessionEnded
    )
}
