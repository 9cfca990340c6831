//! The commands that list mark sheets with their progress.

use chrono::NaiveDate;
use clap::{Args, Subcommand};
use hillview_shared::ApiError;
use hillview_shared::assessments::{AssessmentState, ListSheets, SheetState, SheetSummary};
use serde::Serialize;

use super::connection::{Session, ask};
use super::output::{self, Column, Outcome};
use super::{Context, assessments, classes};

#[derive(Subcommand)]
pub enum Command {
    /// List mark sheets and how many of their students have a mark
    #[command(before_help = "\
Examples:
  hillview sheets list --mine
  hillview sheets list --assessment T1-MID --class '4 East' --format json")]
    List(List),
}

/// Which sheets to list.
#[derive(Args)]
pub struct List {
    /// Only of this assessment; of all that are open without it
    #[arg(long, value_name = "CODE")]
    assessment: Option<String>,
    /// Only of this class
    #[arg(long)]
    class: Option<String>,
    /// Only of the subjects that you teach
    #[arg(long)]
    mine: bool,
}

#[derive(Serialize)]
struct Row {
    assessment: String,
    class: String,
    paper: String,
    entered: i64,
    expected: i64,
    state: SheetState,
    assessment_state: AssessmentState,
    opens: NaiveDate,
    closes: NaiveDate,
    teacher: Option<String>,
    id: i64,
}

const COLUMNS: &[Column] = &[
    ("assessment", "ASSESSMENT"),
    ("class", "CLASS"),
    ("paper", "PAPER"),
    ("entered", "ENTERED"),
    ("expected", "OF"),
    ("state", "SHEET"),
    ("assessment_state", "ASSESSMENT"),
    ("opens", "OPENS"),
    ("closes", "CLOSES"),
    ("teacher", "TEACHER"),
    ("id", ""),
];

impl From<SheetSummary> for Row {
    fn from(sheet: SheetSummary) -> Self {
        Self {
            assessment: sheet.assessment,
            class: sheet.class,
            paper: sheet.paper,
            entered: sheet.entered,
            expected: sheet.expected,
            state: sheet.state,
            assessment_state: sheet.assessment_state,
            opens: sheet.opens,
            closes: sheet.closes,
            teacher: sheet.teacher,
            id: sheet.id.0,
        }
    }
}

pub async fn run(command: &Command, context: &Context) -> Result<Outcome, ApiError> {
    let Command::List(which) = command;
    list(which, context).await
}

/// Lists sheets; `marks progress` does the same.
pub async fn list(which: &List, context: &Context) -> Result<Outcome, ApiError> {
    let session = Session::open(context).await?;
    let mut request = ListSheets {
        mine: which.mine,
        limit: 200,
        ..ListSheets::default()
    };
    if let Some(code) = &which.assessment {
        request.assessment = Some(assessments::find(&session, code).await?);
    }
    if let Some(name) = &which.class {
        request.class = Some(classes::find(&session, name).await?.id);
    }
    let mut rows = Vec::new();
    loop {
        let page = ask!(session, list_sheets(request.clone()))?;
        rows.extend(page.rows.into_iter().map(Row::from));
        if page.next.is_none() {
            break;
        }
        request.after = page.next;
    }
    output::list(context.settings.format, COLUMNS, &rows)?;
    Ok(Outcome::Done)
}
