//! The commands that show marks and what became of them; `set` is in `entry`.

mod entry;

use clap::{Args, Subcommand};
use hillview_shared::ApiError;
use hillview_shared::assessments::{OpenSheet, Sheet, SheetOpened, SheetRow, WhichSheet};
use hillview_shared::marks::{MarkChange, ShowHistory};
use serde::Serialize;

use super::connection::{Session, ask};
use super::output::{self, Column, Decimal, Outcome, say, usage};
use super::{Context, imports, sheets};
use crate::config::Format;

#[derive(Subcommand)]
pub enum Command {
    Show(Show),
    Set(entry::Set),
    History(History),
    Import(imports::Marks),
    /// List mark sheets and how many of their students have a mark
    #[command(before_help = "\
Examples:
  hillview marks progress --mine
  hillview marks progress --assessment T1-MID --format csv")]
    Progress(sheets::List),
}

/// Show the marks of a sheet
#[derive(Args)]
#[command(before_help = "\
Examples:
  hillview marks show --class 4A --subject ENG/GRAM --assessment T1-MID
  hillview marks show --class '4 East' --subject Maths --assessment T1-MID --format json")]
pub struct Show {
    #[command(flatten)]
    which: Which,
}

/// Show who changed which mark, when, from what to what
#[derive(Args)]
#[command(before_help = "\
Examples:
  hillview marks history --class 4A --subject MAT --assessment T1-MID
  hillview marks history --class 4A --subject MAT --assessment T1-MID --student 4312")]
pub struct History {
    #[command(flatten)]
    which: Which,
    /// Only of the student with this admission number
    #[arg(long, value_name = "ADM")]
    student: Option<String>,
}

/// Names a sheet.
#[derive(Args)]
pub struct Which {
    /// The class: 4A, '4 East'
    #[arg(long)]
    class: String,
    /// The subject by code, name or alias, with the paper behind a slash where there are several
    #[arg(long, value_name = "SUBJECT[/PAPER]")]
    subject: String,
    /// The assessment's code
    #[arg(long, value_name = "CODE")]
    assessment: String,
}

pub async fn run(command: Command, context: &Context) -> Result<Outcome, ApiError> {
    match command {
        Command::Show(command) => show(&command, context).await,
        Command::Set(command) => entry::set(&command, context).await,
        Command::History(command) => history(&command, context).await,
        Command::Import(command) => imports::marks(command, context).await,
        Command::Progress(which) => sheets::list(&which, context).await,
    }
}

/// Reads a sheet.
async fn open(session: &Session, which: &Which) -> Result<Sheet, ApiError> {
    let request = OpenSheet {
        sheet: WhichSheet::Named {
            class: which.class.clone(),
            paper: which.subject.clone(),
            assessment: which.assessment.clone(),
        },
        newer_than: None,
    };
    match ask!(session, open_sheet(request))? {
        SheetOpened::Sheet(sheet) => Ok(*sheet),
        SheetOpened::Unchanged => Err(usage("no-sheet", "the server sent no sheet")),
    }
}

#[derive(Serialize)]
struct Row {
    admission_no: String,
    name: String,
    mark: String,
    state: &'static str,
    score: Option<Decimal>,
    level: Option<String>,
    version: i64,
}

const COLUMNS: &[Column] = &[
    ("admission_no", "NUMBER"),
    ("name", "NAME"),
    ("mark", "MARK"),
    ("level", "LEVEL"),
    ("state", ""),
    ("score", ""),
    ("version", ""),
];

#[derive(Serialize)]
struct Printed {
    class: String,
    paper: String,
    assessment: String,
    out_of: Decimal,
    direct_levels: bool,
    state: hillview_shared::assessments::SheetState,
    closes: chrono::NaiveDate,
    /// Why nothing may be entered now.
    closed: Option<String>,
    entered: usize,
    expected: usize,
    id: i64,
    version: i64,
    marks: Vec<Row>,
}

fn row(row: &SheetRow, sheet: &Sheet) -> Row {
    let reached = row
        .entry
        .score()
        .and_then(|score| sheet.scheme.band(score, sheet.out_of))
        .map(|band| band.code.clone());
    Row {
        admission_no: row.adm.clone(),
        name: row.name.clone(),
        mark: row.entry.to_string(),
        state: row.entry.state().map_or("blank", |state| state.word()),
        score: row.entry.score().map(Decimal),
        level: row.entry.level().map(str::to_owned).or(reached),
        version: row.v.0,
    }
}

async fn show(command: &Show, context: &Context) -> Result<Outcome, ApiError> {
    let session = Session::open(context).await?;
    let sheet = open(&session, &command.which).await?;
    let marks: Vec<Row> = sheet.rows.iter().map(|it| row(it, &sheet)).collect();
    let printed = Printed {
        out_of: Decimal(sheet.out_of),
        direct_levels: sheet.direct_levels,
        state: sheet.state,
        closes: sheet.closes,
        entered: marks.iter().filter(|mark| mark.state != "blank").count(),
        expected: marks.len(),
        id: sheet.id.0,
        version: sheet.v.0,
        class: sheet.class,
        paper: sheet.paper,
        assessment: sheet.assessment,
        closed: sheet.closed,
        marks,
    };
    if context.settings.format == Format::Json {
        output::write(output::json(&printed)?.as_bytes())?;
        return Ok(Outcome::Done);
    }
    say(&title(&printed));
    output::list(context.settings.format, COLUMNS, &printed.marks)?;
    Ok(Outcome::Done)
}

fn title(sheet: &Printed) -> String {
    let Printed {
        class,
        paper,
        assessment,
        entered,
        expected,
        ..
    } = sheet;
    let what = if sheet.direct_levels {
        "levels".to_owned()
    } else {
        format!("out of {}", sheet.out_of.0)
    };
    let entry = sheet
        .closed
        .clone()
        .unwrap_or_else(|| format!("open until {}", sheet.closes));
    format!("{class}, {paper}, {assessment}: {what}, {entered} of {expected} entered, {entry}")
}

#[derive(Serialize)]
struct Change {
    sequence: i64,
    at: String,
    by: String,
    admission_no: String,
    name: String,
    before: String,
    after: String,
    source: String,
    reason: Option<String>,
}

const CHANGE_COLUMNS: &[Column] = &[
    ("sequence", "#"),
    ("at", "WHEN"),
    ("by", "WHO"),
    ("admission_no", "NUMBER"),
    ("name", "NAME"),
    ("before", "BEFORE"),
    ("after", "AFTER"),
    ("source", "WITH"),
    ("reason", "WHY"),
];

impl From<MarkChange> for Change {
    fn from(change: MarkChange) -> Self {
        Self {
            sequence: change.sequence,
            at: change.at.to_string(),
            by: change.by,
            admission_no: change.admission_no,
            name: change.student_name,
            before: change.before.to_string(),
            after: change.after.to_string(),
            source: change.source,
            reason: change.reason,
        }
    }
}

async fn history(command: &History, context: &Context) -> Result<Outcome, ApiError> {
    let session = Session::open(context).await?;
    let sheet = open(&session, &command.which).await?;
    let student = match &command.student {
        None => None,
        Some(number) => Some(entry::on_sheet(&sheet, number)?.id),
    };
    let mut rows: Vec<Change> = Vec::new();
    loop {
        let request = ShowHistory {
            sheet: sheet.id,
            student,
            after: rows.last().map_or(0, |change| change.sequence),
        };
        let changes = ask!(session, show_history(request))?;
        let more = changes.len() >= PAGE;
        rows.extend(changes.into_iter().map(Change::from));
        if !more {
            break;
        }
    }
    output::list(context.settings.format, CHANGE_COLUMNS, &rows)?;
    Ok(Outcome::Done)
}

/// How many changes one answer holds at most.
const PAGE: usize = 200;
