//! `server …`: the key that a server on the network shows, and the one that is trusted.

use clap::Subcommand;
use hillview_shared::{ApiError, Kind};
use serde::Serialize;

use super::Context;
use super::output::{self, Column, Outcome, say, usage};
use crate::client::{self, ServerAddress, ServerKey, Servers};

/// How much of a key is typed in to say that it was compared.
const TYPED: usize = 8;

#[derive(Subcommand)]
pub enum Command {
    /// Show the key that the server shows, and the one that is trusted here
    #[command(before_help = "\
Examples:
  hillview server key
  hillview --server tls://marks.example.ke server key --format json")]
    Key,
    /// Trust the key that the server shows now
    ///
    /// Ask whoever runs the server to read its key to you first: the server prints it when it starts.
    #[command(before_help = "\
Examples:
  hillview server trust                          asks for the end of the key
  hillview server trust --confirm sha256:3f0c…   for scripts: the whole key, as it was told")]
    Trust {
        /// The whole key, as whoever runs the server told it
        #[arg(long, value_name = "KEY")]
        confirm: Option<String>,
    },
}

#[derive(Serialize)]
struct Row {
    server: String,
    known: Option<String>,
    shown: String,
    state: &'static str,
}

const COLUMNS: &[Column] = &[
    ("server", "SERVER"),
    ("known", "KNOWN"),
    ("shown", "SHOWN"),
    ("state", "STATE"),
];

pub async fn run(command: &Command, context: &Context) -> Result<Outcome, ApiError> {
    let settings = &context.settings;
    let servers: Servers = settings
        .server
        .parse()
        .expect("the settings hold an address that was read");
    let file = settings.folders.state.join("known_servers");
    let mut rows = Vec::new();
    for address in servers.each() {
        let key = client::server_key(address, &file).await?;
        match command {
            Command::Key => rows.push(Row::new(address, key)),
            Command::Trust { .. } if key.known.as_ref() == Some(&key.shown) => {
                say(&format!("{} is the key that is trusted already", key.shown));
            }
            Command::Trust { confirm } => {
                compared(context, address, &key, confirm.as_deref()).await?;
                client::trust(address, &file, &key.shown)?;
                say(&format!("{} is trusted for {address}", key.shown));
            }
        }
    }
    match (&rows[..], command) {
        (_, Command::Trust { .. }) => {}
        ([row], Command::Key) => output::one(settings.format, COLUMNS, row)?,
        (rows, Command::Key) => output::list(settings.format, COLUMNS, rows)?,
    }
    Ok(Outcome::Done)
}

impl Row {
    fn new(address: &ServerAddress, key: ServerKey) -> Self {
        Self {
            server: address.to_string(),
            state: match &key.known {
                None => "new",
                Some(known) if *known == key.shown => "trusted",
                Some(_) => "changed",
            },
            known: key.known.map(|known| known.to_string()),
            shown: key.shown.to_string(),
        }
    }
}

/// Refuses unless the person, or the script, has the key from elsewhere.
async fn compared(
    context: &Context,
    address: &ServerAddress,
    key: &ServerKey,
    confirm: Option<&str>,
) -> Result<(), ApiError> {
    let shown = key.shown.to_string();
    let given = if let Some(given) = confirm {
        given.trim().to_ascii_lowercase()
    } else {
        if !context.can_ask() {
            return Err(
                usage("needs-confirm", "nobody can be asked for the key here")
                    .hint("repeat the command with --confirm=KEY"),
            );
        }
        match &key.known {
            Some(known) => say(&format!("{address} was known by {known}")),
            None => say(&format!("{address} was not known")),
        }
        say(&format!("it shows  {shown}"));
        say("somebody may stand between you and the server: compare with what its operator says");
        let what = format!("last {TYPED} characters of the key, as its operator reads them");
        context
            .ask_for(&what, "--confirm=KEY")
            .await?
            .to_ascii_lowercase()
    };
    let whole = confirm.is_some();
    let right = match whole {
        true => given == shown,
        false => given.len() >= TYPED && shown.ends_with(&given),
    };
    if right {
        return Ok(());
    }
    let text = format!("that is not the key that {address} shows: {shown}");
    Err(ApiError::new(Kind::Denied, "another-key", text)
        .hint("do not connect: somebody may stand between you and the server"))
}
