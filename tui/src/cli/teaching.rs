//! The command that shows who teaches what.

use clap::Subcommand;
use hillview_shared::ApiError;
use hillview_shared::teaching::{Teaching, TeachingRole};
use serde::Serialize;

use super::Context;
use super::connection::{Session, ask};
use super::output::{self, Column, Outcome};

#[derive(Subcommand)]
pub enum Command {
    /// List who teaches what, as far as you may see
    #[command(before_help = "\
Examples:
  hillview teaching list
  hillview teaching list --format json")]
    List,
}

/// An assignment as printed.
#[derive(Serialize)]
pub struct Row {
    class: String,
    subject: Option<String>,
    role: TeachingRole,
    staff: String,
    id: i64,
}

pub const COLUMNS: &[Column] = &[
    ("class", "CLASS"),
    ("subject", "SUBJECT"),
    ("role", "AS"),
    ("staff", "WHO"),
    ("id", ""),
];

impl From<Teaching> for Row {
    fn from(teaching: Teaching) -> Self {
        Self {
            class: teaching.class,
            subject: teaching.subject,
            role: teaching.role,
            staff: teaching.staff,
            id: teaching.id.0,
        }
    }
}

pub async fn run(command: &Command, context: &Context) -> Result<Outcome, ApiError> {
    let Command::List = command;
    let session = Session::open(context).await?;
    let teaching = ask!(
        session,
        list_teaching(hillview_shared::teaching::ListTeaching::default())
    )?
    .rows;
    let rows: Vec<Row> = teaching.into_iter().map(Row::from).collect();
    output::list(context.settings.format, COLUMNS, &rows)?;
    Ok(Outcome::Done)
}
