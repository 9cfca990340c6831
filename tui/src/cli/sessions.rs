//! The commands about sessions: who is logged in, ending one, how long they last.

use clap::{Args, Subcommand};
use hillview_shared::ApiError;
use hillview_shared::ids::{Moment, SessionId};
use hillview_shared::sessions::{EndSession, ListSessions, SessionPolicy, SessionSummary};
use serde::Serialize;

use super::Context;
use super::connection::{Session, ask};
use super::output::{self, Column, Outcome};

#[derive(Subcommand)]
pub enum Command {
    List(List),
    End(End),
    /// Show or set how long sessions of the school last
    #[command(subcommand)]
    Policy(Policy),
}

/// List your open sessions, or those of others when you may
#[derive(Args)]
#[command(before_help = "\
Examples:
  hillview sessions list
  hillview sessions list --all --format json
  hillview sessions list --of akinyi")]
pub struct List {
    /// Of everybody at the school
    #[arg(long, conflicts_with = "of")]
    all: bool,
    /// Of this login
    #[arg(long, value_name = "LOGIN")]
    of: Option<String>,
}

/// End a session, at once and on every connection
#[derive(Args)]
#[command(before_help = "\
Examples:
  hillview sessions end 4711
  hillview sessions end 4711 --yes")]
pub struct End {
    /// The number of the session, as the list shows it
    #[arg(value_name = "ID")]
    id: i64,
}

#[derive(Subcommand)]
pub enum Policy {
    /// Show how long sessions last
    #[command(before_help = "\
Examples:
  hillview sessions policy show
  hillview sessions policy show --format json")]
    Show,
    Set(Set),
}

/// Set how long sessions last; a shorter time ends open sessions by it at once
#[derive(Args)]
#[command(before_help = "\
Examples:
  hillview sessions policy set --idle-minutes 30 --yes
  hillview sessions policy set --idle-minutes 720 --days 30")]
#[group(required = true, multiple = true)]
pub struct Set {
    /// End a session that nobody used for so many minutes: 5 to 1440
    #[arg(long, value_name = "MINUTES")]
    idle_minutes: Option<u16>,
    /// End a session so many days after its login: 1 to 90
    #[arg(long, value_name = "DAYS")]
    days: Option<u16>,
}

#[derive(Serialize)]
struct Row {
    id: i64,
    username: String,
    name: String,
    client: String,
    address: String,
    created: String,
    last_seen: String,
    ends: String,
    current: bool,
}

const COLUMNS: &[Column] = &[
    ("id", "ID"),
    ("username", "LOGIN"),
    ("name", "NAME"),
    ("client", "CLIENT"),
    ("address", "FROM"),
    ("created", "SINCE"),
    ("last_seen", "LAST USED"),
    ("ends", "ENDS"),
    ("current", "THIS ONE"),
];

const POLICY: &[Column] = &[("idle_minutes", "IDLE MINUTES"), ("days", "DAYS")];

impl From<SessionSummary> for Row {
    fn from(session: SessionSummary) -> Self {
        Self {
            id: session.id.0,
            username: session.username,
            name: session.name,
            client: session.client,
            address: session.address,
            created: when(session.created),
            last_seen: when(session.last_seen),
            ends: when(session.ends),
            current: session.current,
        }
    }
}

fn when(moment: Moment) -> String {
    moment.utc().format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

pub async fn run(command: Command, context: &Context) -> Result<Outcome, ApiError> {
    let session = Session::open(context).await?;
    match command {
        Command::List(list) => {
            let rows = all(&session, list).await?;
            output::list(context.settings.format, COLUMNS, &rows)?;
        }
        Command::End(End { id }) => {
            context.confirm(&format!("end session {id}?")).await?;
            let which = EndSession {
                session: SessionId(id),
            };
            ask!(session, end_session(which))?;
            output::say(&format!("session {id} has ended"));
        }
        Command::Policy(policy) => {
            let mut known = ask!(session, show_session_policy())?;
            if let Policy::Set(set) = policy {
                let wanted = SessionPolicy {
                    idle_minutes: set.idle_minutes.unwrap_or(known.idle_minutes),
                    days: set.days.unwrap_or(known.days),
                };
                if wanted.idle_minutes < known.idle_minutes || wanted.days < known.days {
                    let question = "end at once the sessions that are older or idle for longer?";
                    context.confirm(question).await?;
                }
                known = ask!(session, save_session_policy(wanted))?;
            }
            output::one(context.settings.format, POLICY, &known)?;
        }
    }
    Ok(Outcome::Done)
}

/// Every page of the list.
async fn all(session: &Session, list: List) -> Result<Vec<Row>, ApiError> {
    let mut request = ListSessions {
        all: list.all,
        username: list.of,
        after: None,
        limit: 200,
    };
    let mut rows = Vec::new();
    loop {
        let page = ask!(session, list_sessions(request.clone()))?;
        rows.extend(page.rows.into_iter().map(Row::from));
        if page.next.is_none() {
            return Ok(rows);
        }
        request.after = page.next;
    }
}
