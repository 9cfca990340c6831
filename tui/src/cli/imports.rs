//! Importing files of students, staff and marks, and the imports that were made.

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use hillview_shared::ApiError;
use hillview_shared::ids::ImportId;
use hillview_shared::imports::{
    CHUNK_MAX, FILE_MAX, ImportKind, ImportReport, ImportState, ImportSummary, ListProblems,
    OnDuplicate, RefusedRows, RowProblem, RunImport, SendChunk, StartImport, UndoImport,
};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use super::connection::{Session, ask};
use super::output::{self, Column, Outcome, say, usage};
use super::prompts::reading;
use super::{Context, one_of};
use crate::config::Format;

#[derive(Subcommand)]
pub enum Command {
    /// List the latest imports
    #[command(before_help = "\
Examples:
  hillview imports list
  hillview imports list --format json")]
    List,
    /// Take an import back, unless later changes rest on it
    #[command(before_help = "\
Examples:
  hillview imports undo 12
  hillview imports undo 12 --yes
  hillview imports undo 12 --reason 'marks of another class'")]
    Undo {
        /// The import's number
        #[arg(value_name = "NUMBER")]
        id: i64,
        /// Why, where marks of a sheet that is closed by now are taken back
        #[arg(long)]
        reason: Option<String>,
    },
    /// Fetch the rows that were refused, as a CSV file to fix and import again
    #[command(before_help = "\
Examples:
  hillview imports refused 12 > to-fix.csv")]
    Refused {
        /// The import's number
        #[arg(value_name = "NUMBER")]
        id: i64,
    },
}

/// Import students from a CSV or XLSX file
///
/// Exit code 8 when some rows were refused, 6 when all were. Importing a file twice changes nothing the second time.
#[derive(Args)]
#[command(before_help = "\
Examples:
  hillview students import students.xlsx --dry-run
  hillview students import students.csv --create-classes --assign-numbers
  hillview students import students.csv --on-duplicate update --refused to-fix.csv --format json")]
pub struct Students {
    #[command(flatten)]
    how: How,
    /// Create classes that do not exist
    #[arg(long)]
    create_classes: bool,
    /// Give numbers to students without an admission number
    #[arg(long)]
    assign_numbers: bool,
}

/// Import marks from a CSV or XLSX file: a row a student, a column a paper
///
/// Exit code 8 when some rows were refused, 6 when all were. A blank cell changes nothing.
#[derive(Args)]
#[command(before_help = "\
Examples:
  hillview marks import marks.xlsx --class '4 East' --assessment T1-MID --dry-run
  hillview marks import marks.csv --class 4A --assessment T1-MID --on-duplicate update")]
pub struct Marks {
    #[command(flatten)]
    how: How,
    /// The class
    #[arg(long)]
    class: Option<String>,
    /// The assessment's code
    #[arg(long, value_name = "CODE")]
    assessment: String,
}

/// Import staff from a CSV or XLSX file: a row a person, with login, roles and what they teach
///
/// Without --apply it only says what would happen. A login that the file does not give is made from the name, and has no
/// password until hillview staff issue-passwords. Exit code 8 when some rows were refused, 6 when all were.
#[derive(Args)]
#[command(before_help = "\
Examples:
  hillview staff import staff.xlsx
  hillview staff import staff.csv --apply --on-duplicate update --refused to-fix.csv")]
pub struct Staff {
    /// The file; - reads standard input
    file: PathBuf,
    /// Import, and do not only list what would happen
    #[arg(long)]
    apply: bool,
    /// What to do with rows of which the school has other values
    #[arg(long, value_name = "WHAT", default_value = "skip", value_parser = one_of(OnDuplicate::ALL, OnDuplicate::word))]
    on_duplicate: OnDuplicate,
    /// Write the refused rows into this file, as CSV to fix and import again
    #[arg(long, value_name = "FILE")]
    refused: Option<PathBuf>,
}

#[derive(Args)]
struct How {
    /// The file; - reads standard input
    file: PathBuf,
    /// Only list what would happen
    #[arg(long)]
    dry_run: bool,
    /// What to do with rows of which the school has other values
    #[arg(long, value_name = "WHAT", default_value = "skip", value_parser = one_of(OnDuplicate::ALL, OnDuplicate::word))]
    on_duplicate: OnDuplicate,
    /// Write the refused rows into this file, as CSV to fix and import again
    #[arg(long, value_name = "FILE")]
    refused: Option<PathBuf>,
}

pub async fn students(import: Students, context: &Context) -> Result<Outcome, ApiError> {
    let request = |id| RunImport {
        import: id,
        dry_run: import.how.dry_run,
        on_duplicate: import.how.on_duplicate,
        create_classes: import.create_classes,
        assign_numbers: import.assign_numbers,
        class: None,
        assessment: None,
    };
    run_import(&import.how, ImportKind::Students, request, context).await
}

pub async fn marks(import: Marks, context: &Context) -> Result<Outcome, ApiError> {
    let request = |id| RunImport {
        import: id,
        dry_run: import.how.dry_run,
        on_duplicate: import.how.on_duplicate,
        create_classes: false,
        assign_numbers: false,
        class: import.class.clone(),
        assessment: Some(import.assessment.clone()),
    };
    run_import(&import.how, ImportKind::Marks, request, context).await
}

pub async fn staff(import: Staff, context: &Context) -> Result<Outcome, ApiError> {
    let how = How {
        file: import.file,
        dry_run: !import.apply,
        on_duplicate: import.on_duplicate,
        refused: import.refused,
    };
    let request = |id| RunImport {
        import: id,
        dry_run: how.dry_run,
        on_duplicate: how.on_duplicate,
        create_classes: false,
        assign_numbers: false,
        class: None,
        assessment: None,
    };
    run_import(&how, ImportKind::Staff, request, context).await
}

async fn run_import(
    how: &How,
    kind: ImportKind,
    request: impl FnOnce(ImportId) -> RunImport,
    context: &Context,
) -> Result<Outcome, ApiError> {
    let file = how.file.clone();
    let bytes = reading(move || read(&file)).await?;
    let session = Session::open(context).await?;
    let import = send(&session, kind, &how.file, bytes).await?;
    let mut report = ask!(session, run_import(request(import)))?;
    while report.more_problems {
        let request = ListProblems {
            import,
            after: u32::try_from(report.problems.len()).unwrap_or(u32::MAX),
        };
        let problems = ask!(session, list_problems(request))?;
        report.more_problems = !problems.is_empty();
        report.problems.extend(problems);
    }
    if let Some(file) = &how.refused {
        let rows = refused(&session, import).await?;
        std::fs::write(file, rows).map_err(|error| {
            let file = file.display();
            usage("cannot-write", format!("cannot write {file}: {error}"))
        })?;
    }
    print(&report, context.settings.format)?;
    Ok(match report.refused {
        0 => Outcome::Done,
        refused if refused >= report.rows => Outcome::Invalid,
        _ => Outcome::Partly,
    })
}

/// The whole file: small enough to hold, and wanted again when the line breaks.
pub fn read(file: &Path) -> Result<Vec<u8>, ApiError> {
    let unreadable = |error: std::io::Error| {
        let message = format!("cannot read {}: {error}", file.display());
        match error.kind() {
            std::io::ErrorKind::NotFound => {
                ApiError::new(hillview_shared::Kind::NotFound, "no-file", message)
            }
            _ => usage("unreadable-file", message),
        }
    };
    let mut bytes = Vec::new();
    let mut source: Box<dyn Read> = if file == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        Box::new(std::fs::File::open(file).map_err(unreadable)?)
    };
    (&mut source)
        .take(FILE_MAX + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if bytes.len() as u64 > FILE_MAX {
        let message = format!("{} is larger than 20 MiB", file.display());
        return Err(ApiError::invalid("file-too-large", message)
            .hint("split it into several files, each with the heading row"));
    }
    Ok(bytes)
}

async fn send(
    session: &Session,
    kind: ImportKind,
    file: &Path,
    bytes: Vec<u8>,
) -> Result<ImportId, ApiError> {
    let name = match file.file_name() {
        Some(name) if file != Path::new("-") => name.to_string_lossy().into_owned(),
        _ => "standard input".to_owned(),
    };
    let start = StartImport {
        kind,
        file_name: name,
        length: bytes.len() as u64,
    };
    let import = ask!(session, start_import(start))?;
    let bar = progress(bytes.len() as u64);
    let mut rest = bytes::Bytes::from(bytes);
    let mut offset = 0;
    while !rest.is_empty() {
        let piece = rest.split_to(rest.len().min(CHUNK_MAX));
        let sent = piece.len() as u64;
        let chunk = SendChunk {
            import,
            offset,
            bytes: piece,
        };
        ask!(session, send_chunk(chunk))?;
        offset += sent;
        bar.set_position(offset);
    }
    bar.finish_and_clear();
    Ok(import)
}

/// A bar on a terminal, nothing elsewhere.
fn progress(length: u64) -> ProgressBar {
    if !output::is_watched() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("sending {bytes} of {total_bytes} {wide_bar}")
        .map(|style| style.progress_chars("=> "));
    let bar = ProgressBar::new(length);
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// The rows that were refused, as the file that the server made of them.
async fn refused(session: &Session, import: ImportId) -> Result<Vec<u8>, ApiError> {
    let mut rows = Vec::new();
    loop {
        let request = RefusedRows {
            import,
            offset: rows.len() as u64,
        };
        let piece = ask!(session, refused_rows(request))?;
        rows.extend_from_slice(&piece.bytes);
        if piece.bytes.is_empty() || rows.len() as u64 >= piece.length {
            return Ok(rows);
        }
    }
}

const PROBLEM_COLUMNS: &[Column] = &[
    ("line", "LINE"),
    ("column", "COLUMN"),
    ("code", "CODE"),
    ("warning", "WARNING"),
    ("reason", "REASON"),
];

fn print(report: &ImportReport, format: Format) -> Result<(), ApiError> {
    match format {
        Format::Json => return output::write(output::json(report)?.as_bytes()),
        Format::Csv => output::list(format, PROBLEM_COLUMNS, &report.problems)?,
        Format::Table if report.problems.is_empty() => {}
        Format::Table => output::list::<RowProblem>(format, PROBLEM_COLUMNS, &report.problems)?,
    }
    for line in summary(report) {
        say(&line);
    }
    Ok(())
}

fn summary(report: &ImportReport) -> Vec<String> {
    let mut lines = vec![format!(
        "read as {}, {}, heading in line {}",
        report.encoding, report.layout, report.header_line
    )];
    let left_out: Vec<&str> = report
        .columns
        .iter()
        .filter(|column| column.taken_for.is_none())
        .map(|column| column.heading.as_str())
        .collect();
    if !left_out.is_empty() {
        lines.push(format!("columns left out: {}", left_out.join(", ")));
    }
    if !report.classes_created.is_empty() {
        let classes = report.classes_created.join(", ");
        lines.push(if report.dry_run {
            format!("classes to create: {classes}")
        } else {
            format!("classes created: {classes}")
        });
    }
    let counts = format!(
        "{} rows: {} new, {} changed, {} the same, {} skipped, {} refused",
        report.rows, report.added, report.changed, report.same, report.skipped, report.refused
    );
    lines.push(if report.dry_run {
        format!("preview of {counts}; nothing was changed")
    } else {
        format!("import number {}, {counts}", report.import)
    });
    lines
}

#[derive(Serialize)]
struct Row {
    id: i64,
    kind: ImportKind,
    file_name: String,
    state: ImportState,
    by: String,
    at: String,
    added: i64,
    changed: i64,
    refused: i64,
}

const COLUMNS: &[Column] = &[
    ("id", "#"),
    ("kind", "KIND"),
    ("file_name", "FILE"),
    ("state", "STATE"),
    ("by", "WHO"),
    ("at", "WHEN"),
    ("added", "NEW"),
    ("changed", "CHANGED"),
    ("refused", "REFUSED"),
];

impl From<ImportSummary> for Row {
    fn from(import: ImportSummary) -> Self {
        Self {
            id: import.id.0,
            kind: import.kind,
            file_name: import.file_name,
            state: import.state,
            by: import.by,
            at: import.at.to_string(),
            added: import.added,
            changed: import.changed,
            refused: import.refused,
        }
    }
}

pub async fn run(command: &Command, context: &Context) -> Result<Outcome, ApiError> {
    let format = context.settings.format;
    let session = Session::open(context).await?;
    match command {
        Command::List => {
            let imports = ask!(session, list_imports())?;
            let rows: Vec<Row> = imports.into_iter().map(Row::from).collect();
            output::list(format, COLUMNS, &rows)?;
        }
        Command::Undo { id, reason } => {
            context.confirm(&format!("take import {id} back?")).await?;
            let request = UndoImport {
                import: ImportId(*id),
                reason: reason.clone(),
            };
            let import = ask!(session, undo_import(request))?;
            output::one(format, COLUMNS, &Row::from(import))?;
        }
        Command::Refused { id } => output::write(&refused(&session, ImportId(*id)).await?)?,
    }
    Ok(Outcome::Done)
}
