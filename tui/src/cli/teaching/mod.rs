//! The commands that show and say who teaches what.

mod assign;

use chrono::NaiveDate;
use clap::{Args, Subcommand};
use hillview_shared::ApiError;
use hillview_shared::ids::TeachingId;
use hillview_shared::teaching::{EndTeaching, ListTeaching, Teaching, TeachingRole};
use serde::Serialize;

use super::Context;
use super::connection::{Session, ask};
use super::output::{self, Column, Outcome};

pub use assign::{Assign, AssignMany, assign, assign_many};

/// Rows of a page that is asked for.
const PAGE: u16 = 200;

#[derive(Subcommand)]
pub enum Command {
    List(List),
    End(End),
}

/// List who teaches what, as far as you may see
#[derive(Args)]
#[command(before_help = "\
Examples:
  hillview teaching list
  hillview teaching list --class '4 East' --all-dates
  hillview teaching list --staff akinyi --format json")]
pub struct List {
    /// Only of this member of staff, by login or number
    #[arg(long, value_name = "WHO")]
    staff: Option<String>,
    /// Only this class
    #[arg(long)]
    class: Option<String>,
    /// Also what has ended or begins later
    #[arg(long)]
    all_dates: bool,
}

/// End an assignment: at once, or on a day
///
/// It stays in the list of all dates.
#[derive(Args)]
#[command(before_help = "\
Examples:
  hillview teaching end 17
  hillview teaching end 17 --last-day 2026-07-31 --yes")]
pub struct End {
    /// The assignment's number, as hillview teaching list shows it
    #[arg(value_name = "NUMBER")]
    id: i64,
    /// The last day; without it, it ends at once
    #[arg(long, value_name = "YYYY-MM-DD")]
    last_day: Option<NaiveDate>,
}

/// An assignment as printed.
#[derive(Serialize)]
pub struct Row {
    id: i64,
    class: String,
    subject: Option<String>,
    role: TeachingRole,
    staff: String,
    starts: NaiveDate,
    ends: Option<NaiveDate>,
}

pub const COLUMNS: &[Column] = &[
    ("id", "#"),
    ("class", "CLASS"),
    ("subject", "SUBJECT"),
    ("role", "AS"),
    ("staff", "WHO"),
    ("starts", "FROM"),
    ("ends", "TO"),
];

impl From<Teaching> for Row {
    fn from(teaching: Teaching) -> Self {
        Self {
            id: teaching.id.0,
            class: teaching.class,
            subject: teaching.subject,
            role: teaching.role,
            staff: teaching.staff,
            starts: teaching.starts,
            ends: teaching.ends,
        }
    }
}

pub async fn run(command: Command, context: &Context) -> Result<Outcome, ApiError> {
    let session = Session::open(context).await?;
    let format = context.settings.format;
    match command {
        Command::List(list) => {
            let request = ListTeaching {
                staff: list.staff,
                class: list.class,
                all_dates: list.all_dates,
                ..ListTeaching::default()
            };
            let rows = all(&session, request).await?;
            output::list(format, COLUMNS, &rows)?;
        }
        Command::End(end) => {
            context
                .confirm(&format!("end assignment {}?", end.id))
                .await?;
            let request = EndTeaching {
                teaching: TeachingId(end.id),
                last_day: end.last_day,
            };
            let ended = ask!(session, end_teaching(request))?;
            output::one(format, COLUMNS, &Row::from(ended))?;
        }
    }
    Ok(Outcome::Done)
}

/// What a member of staff teaches now.
pub async fn of_staff(session: &Session, who: &str) -> Result<Vec<Row>, ApiError> {
    let request = ListTeaching {
        staff: Some(who.to_owned()),
        ..ListTeaching::default()
    };
    all(session, request).await
}

/// All pages of a list.
async fn all(session: &Session, request: ListTeaching) -> Result<Vec<Row>, ApiError> {
    let mut rows = Vec::new();
    let mut after = None;
    loop {
        let request = ListTeaching {
            after,
            limit: PAGE,
            ..request.clone()
        };
        let page = ask!(session, list_teaching(request))?;
        rows.extend(page.rows.into_iter().map(Row::from));
        after = page.next;
        if after.is_none() {
            return Ok(rows);
        }
    }
}
