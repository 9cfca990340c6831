//! Previews and applies an import: the same steps in one transaction, which a preview leaves
//! without having touched anything but the import itself.

use chrono::NaiveDate;
use hillview_shared::ApiError;
use hillview_shared::audit::Action;
use hillview_shared::ids::{AssessmentId, Moment};
use hillview_shared::imports::{
    ColumnTaken, ImportKind, ImportReport, ImportState, RowProblem, RunImport,
};
use tokio::sync::Semaphore;

use super::header::Table;
use super::plan::{COLUMN_MAX, Listing, shown};
use super::{hiring, may_import, mine, read, refused, register, sheets};
use crate::caller::Caller;
use crate::db::imports::{self, Changed, Done, Job};
use crate::db::{Db, Tx};
use crate::error::{Error, Result};
use crate::service::audit::{self, Event};
use crate::service::papers::{Meaning, PaperNames, meaning};
use crate::service::{State, accounts, assessments};

/// Files that are read at the same time: a file at the limits takes some hundred megabytes.
static READING: Semaphore = Semaphore::const_new(2);
/// Problems of one answer, in number and in bytes of text: a frame must hold them.
pub const PROBLEMS_MAX: i64 = 1_000;
const PROBLEM_BYTES_MAX: usize = 120 * 1024;
/// Problems that are kept of one import.
const PROBLEMS_KEPT: usize = 100_000;

/// A plan that was carried out, or would be.
pub struct Outcome {
    pub listing: Listing,
    pub changes: Vec<Changed>,
    pub classes_created: Vec<String>,
    /// What each column was taken for.
    pub taken: Vec<Option<String>>,
    /// The sessions that it ended.
    pub ended: Vec<[u8; 32]>,
    /// Rights that it gave and took, for the audit log.
    pub events: Vec<Event>,
}

/// When a run happens, by the server's clock and the school's day.
#[derive(Clone, Copy)]
pub struct When {
    pub now: Moment,
    pub today: NaiveDate,
}

/// Reads the file that was sent and lists what it would do, or does it. Asking again for what was
/// done already gives the same report.
pub async fn run(state: &State, caller: &Caller, request: RunImport) -> Result<ImportReport> {
    let db = caller.db();
    let job = mine(caller, imports::job(db.into(), request.import).await?)?;
    may_import(caller, job.kind)?;
    if let Some(report) = done_already(db, &job).await? {
        return Ok(report);
    }
    let now = state.clock.now();
    let when = When {
        now,
        today: caller.today(now),
    };
    let assessment = match job.kind {
        ImportKind::Students | ImportKind::Staff => None,
        ImportKind::Marks => Some(named_assessment(state, caller, &request).await?),
    };
    let papers = match assessment {
        None => Vec::new(),
        Some(id) => sheets::papers(caller, id).await?,
    };
    let table = table(whole_file(db, &job).await?, job.kind, papers).await?;
    let work = async |tx: &mut Tx| {
        let job = mine(caller, imports::hold_job(tx, job.id).await?)?;
        if job.state == ImportState::Applied {
            return Err(ApiError::conflict("applied", "the import was just applied").into());
        }
        let mut outcome = match (assessment, job.kind) {
            (Some(id), _) => {
                sheets::import(state, tx, caller, &table, &request, (id, when)).await?
            }
            (None, ImportKind::Staff) => hiring::import(tx, caller, &table, &request, when).await?,
            (None, _) => register::import(tx, caller, &table, &request, when).await?,
        };
        let ended = std::mem::take(&mut outcome.ended);
        let events = std::mem::take(&mut outcome.events);
        let report = finish(tx, &job, &request, &table, outcome, when).await?;
        if !report.dry_run {
            let all = [vec![applied(&job, &request, &report)], events].concat();
            audit::note_all(tx, &caller.by(now), &all).await?;
        }
        Ok((report, ended))
    };
    let (report, ended) = db.write(work).await?;
    if job.kind == ImportKind::Staff && !report.dry_run {
        accounts::tell_ended(state, caller.school_code(), ended).await;
        accounts::tell_changed(state, caller.school_code()).await;
    }
    Ok(report)
}

/// What the audit log says of it.
fn applied(job: &Job, request: &RunImport, report: &ImportReport) -> Event {
    let into = match &request.assessment {
        Some(assessment) => format!(" into {assessment}"),
        None => String::new(),
    };
    let subject = format!("import {} of {}{into}", job.id, job.kind);
    let (added, changed, refused) = (report.added, report.changed, report.refused);
    Event::new(Action::ImportApply, subject).detail(format!(
        "{added} added, {changed} changed, {refused} refused"
    ))
}

/// The report of an import that was applied before.
async fn done_already(db: &Db, job: &Job) -> Result<Option<ImportReport>> {
    match job.state {
        ImportState::Receiving | ImportState::Previewed => Ok(None),
        ImportState::Undone => {
            let message = format!("import {} was taken back", job.id);
            Err(ApiError::conflict("taken-back", message)
                .hint("send the file again")
                .into())
        }
        ImportState::Applied => {
            let report = job.report.as_deref().unwrap_or_default();
            let mut report: ImportReport = serde_json::from_str(report)
                .map_err(|error| Error::fault("read the report of an import", error))?;
            let problems = imports::problems(db.into(), job.id, 0, PROBLEMS_MAX + 1).await?;
            list_first(&mut report, problems);
            Ok(Some(report))
        }
    }
}

async fn named_assessment(
    state: &State,
    caller: &Caller,
    request: &RunImport,
) -> Result<AssessmentId> {
    let Some(code) = &request.assessment else {
        return Err(
            ApiError::invalid("missing-assessment", "no assessment is named")
                .hint("name it by its code; hillview assessments list shows those there are")
                .into(),
        );
    };
    Ok(assessments::coded(state, caller, code).await?.id)
}

async fn whole_file(db: &Db, job: &Job) -> Result<Vec<u8>> {
    let bytes = imports::file(db, job.id).await?;
    if job.received != job.length {
        let message = format!("only {} of {} bytes have arrived", job.received, job.length);
        return Err(ApiError::conflict("incomplete-file", message).into());
    }
    // Later files of the same person have taken its place, or a day has passed.
    if i64::try_from(bytes.len()) != Ok(job.length) {
        let message = "the file is no longer here";
        return Err(ApiError::conflict("file-gone", message)
            .hint("send it again")
            .into());
    }
    Ok(bytes)
}

/// Reads the file away from the threads that serve calls: it may take seconds.
async fn table(bytes: Vec<u8>, kind: ImportKind, papers: Vec<PaperNames>) -> Result<Table> {
    let _turn = READING
        .acquire()
        .await
        .expect("the semaphore is never closed");
    let read = tokio::task::spawn_blocking(move || {
        let is_paper = |heading: &str| meaning(&papers, heading) != Meaning::Nothing;
        read::first(&bytes, &mut |grid| Table::of(grid, kind, &is_paper))
    });
    let table = match read.await {
        Ok(table) => table?.ok_or_else(|| no_header(kind))?,
        // A file that breaks a reader is a bad file, not a broken server.
        Err(_) => {
            let message = "the file cannot be read: it is damaged";
            return Err(ApiError::invalid("damaged-file", message).into());
        }
    };
    if table.rows.len() > read::ROWS_MAX {
        return Err(read::too_large("table", "50,000 rows").into());
    }
    Ok(table)
}

fn no_header(kind: ImportKind) -> ApiError {
    let (message, hint) = match kind {
        ImportKind::Students => (
            "no header of a list of students is in the first 40 lines",
            "the header must name the columns, such as: name, admission number, grade, stream",
        ),
        ImportKind::Staff => (
            "no header of a list of staff is in the first 40 lines",
            "the header must name the columns, such as: name, staff number, login, roles",
        ),
        ImportKind::Marks => (
            "no header of a list of marks is in the first 40 lines",
            "the header must name the columns, such as: admission number, English, Mathematics",
        ),
    };
    ApiError::invalid("no-header", message).hint(hint)
}

/// Notes what the run did or would do, and makes its report.
async fn finish(
    tx: &mut Tx,
    job: &Job,
    request: &RunImport,
    table: &Table,
    outcome: Outcome,
    when: When,
) -> Result<ImportReport> {
    let (added, changed) = (outcome.listing.added, outcome.listing.changed);
    let (same, skipped) = (outcome.listing.same, outcome.listing.skipped);
    let refused_rows = outcome.listing.refused();
    let mut problems = outcome.listing.into_problems();
    problems.truncate(PROBLEMS_KEPT);
    let columns = table.columns.iter().zip(outcome.taken);
    let mut report = ImportReport {
        import: job.id,
        dry_run: request.dry_run,
        encoding: table.encoding.clone(),
        layout: shown(&table.layout, COLUMN_MAX),
        header_line: table.header_line,
        columns: columns
            .map(|(column, taken_for)| ColumnTaken {
                heading: shown(&column.heading, COLUMN_MAX),
                taken_for,
            })
            .collect(),
        rows: u32::try_from(table.rows.len()).unwrap_or(u32::MAX),
        added,
        changed,
        same,
        skipped,
        refused: refused_rows,
        classes_created: outcome.classes_created,
        problems: Vec::new(),
        more_problems: false,
    };
    let encoded = |what| move |error| Error::fault(what, error);
    let kept = serde_json::to_string(&report).map_err(encoded("keep a report"))?;
    let options = serde_json::to_string(request).map_err(encoded("keep an import's options"))?;
    imports::put_problems(tx, job.id, &problems).await?;
    let to_fix = refused::file(table, &problems);
    imports::put_refused(tx, job.id, &to_fix, hillview_shared::imports::CHUNK_MAX).await?;
    let state = match request.dry_run {
        true => ImportState::Previewed,
        false => ImportState::Applied,
    };
    if state == ImportState::Applied {
        imports::add_changes(tx, job.id, &outcome.changes).await?;
        imports::clear_files(tx, &[job.id]).await?;
    }
    let done = Done {
        state,
        options: &options,
        report: &kept,
        added,
        changed,
        refused: refused_rows,
        at: when.now,
    };
    imports::finish(tx, job.id, &done).await?;
    list_first(&mut report, problems);
    Ok(report)
}

/// Puts as many problems into a report as one answer holds.
fn list_first(report: &mut ImportReport, problems: Vec<RowProblem>) {
    let all = problems.len();
    report.problems = fitting(problems);
    report.more_problems = report.problems.len() < all;
}

/// The first problems, as many as one answer holds.
pub fn fitting(mut problems: Vec<RowProblem>) -> Vec<RowProblem> {
    let mut bytes = 0;
    let fits = problems.iter().take_while(|problem| {
        bytes += problem.column.len() + problem.code.len() + problem.reason.len() + 64;
        bytes <= PROBLEM_BYTES_MAX
    });
    let most = usize::try_from(PROBLEMS_MAX).unwrap_or(usize::MAX);
    let fit = fits.take(most).count();
    problems.truncate(fit);
    problems
}
