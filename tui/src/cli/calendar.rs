//! The command that shows the terms.

use chrono::NaiveDate;
use clap::Subcommand;
use hillview_shared::ApiError;
use hillview_shared::calendar::Term;
use serde::Serialize;

use super::Context;
use super::connection::{Session, ask};
use super::output::{self, Column, Outcome};

#[derive(Subcommand)]
pub enum Command {
    /// Show the terms, the latest first
    #[command(before_help = "\
Examples:
  hillview calendar show
  hillview calendar show --format json")]
    Show,
}

#[derive(Serialize)]
struct Row {
    year: String,
    term: String,
    starts: NaiveDate,
    ends: NaiveDate,
    current: bool,
    id: i64,
}

const COLUMNS: &[Column] = &[
    ("year", "YEAR"),
    ("term", "TERM"),
    ("starts", "FROM"),
    ("ends", "TO"),
    ("current", "CURRENT"),
    ("id", ""),
];

pub async fn run(command: &Command, context: &Context) -> Result<Outcome, ApiError> {
    let Command::Show = command;
    let session = Session::open(context).await?;
    let current = session.who.school.term.as_ref().map(|term| term.id);
    let row = |term: Term| Row {
        current: current == Some(term.id),
        year: term.year,
        term: term.name,
        starts: term.starts,
        ends: term.ends,
        id: term.id.0,
    };
    let terms = ask!(session, list_terms())?;
    let rows: Vec<Row> = terms.into_iter().map(row).collect();
    output::list(context.settings.format, COLUMNS, &rows)?;
    Ok(Outcome::Done)
}
