//! Previews and applies an import: the same plan, which a preview notes and nothing else.

use std::sync::{Arc, LazyLock};

use chrono::NaiveDate;
use hillview_shared::ApiError;
use hillview_shared::audit::Action;
use hillview_shared::ids::{AssessmentId, Moment};
use hillview_shared::imports::{
    CHUNK_MAX, ColumnTaken, FILE_MAX, ImportKind, ImportReport, ImportState, RowProblem, RunImport,
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

/// What imports hold in memory is bounded by the length of their files: one at the limits takes
/// some hundred megabytes, and two of them are worked on at the same time.
static READING: Semaphore = Semaphore::const_new(2 * ROOM as usize);
/// The units that a file of the most bytes counts.
const ROOM: u32 = 320;
const ROOM_UNIT: i64 = FILE_MAX as i64 / ROOM as i64;
/// What computes for long leaves half of the cores to the calls.
static COMPUTING: LazyLock<Semaphore> = LazyLock::new(|| {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    Semaphore::new((cores / 2).max(1))
});
/// How often an import is planned when others change what it is planned from.
const TRIES: u32 = 3;
const CHANGED: &str = "changed-meanwhile";
/// Problems of one answer, in number and in bytes of text: a frame must hold them.
pub const PROBLEMS_MAX: i64 = 1_000;
const PROBLEM_BYTES_MAX: usize = 120 * 1024;

/// A plan of staff that was carried out, or would be.
pub struct Outcome {
    pub listing: Listing,
    pub changes: Vec<Changed>,
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
///
/// The file is read and the plan made before the transaction begins: while it is open, a school
/// on SQLite saves nothing else, and on MySQL nobody saves on the same sheets.
pub async fn run(state: &State, caller: &Caller, request: RunImport) -> Result<ImportReport> {
    let db = caller.db();
    let job = mine(caller, imports::job(db.into(), request.import).await?)?;
    may_import(caller, job.kind)?;
    if let Some(report) = done_already(db, &job).await? {
        return Ok(report);
    }
    let room = u32::try_from(job.length / ROOM_UNIT + 1).unwrap_or(ROOM);
    let _room = READING
        .acquire_many(room.min(ROOM))
        .await
        .expect("the semaphore is never closed");
    let now = state.clock.now();
    let when = When {
        now,
        today: caller.today(now),
    };
    let run = Run {
        state,
        caller,
        request: &request,
        when,
    };
    match job.kind {
        ImportKind::Students => run.students(&job).await,
        ImportKind::Marks => run.marks(&job).await,
        ImportKind::Staff => run.staff(&job).await,
    }
}

/// One run of an import.
struct Run<'a> {
    state: &'a State,
    caller: &'a Caller,
    request: &'a RunImport,
    when: When,
}

impl Run<'_> {
    async fn students(&self, job: &Job) -> Result<ImportReport> {
        let table = self.table(job, Vec::new()).await?;
        let attempt = async || {
            let (caller, when) = (self.caller, self.when);
            let planned = register::planned(caller, &table, self.request, when).await?;
            let (mut plan, taken) = planned;
            let listing = std::mem::take(&mut plan.listing);
            let classes = plan.classes.iter().map(|class| class.name.clone());
            let listed = self.listed(job, &table, listing, taken, classes.collect());
            let listed = listed.await?;
            let work = async |tx: &mut Tx| register::carry_out(tx, caller, &plan, when).await;
            self.write(job, listed, work).await
        };
        again(attempt).await
    }

    async fn marks(&self, job: &Job) -> Result<ImportReport> {
        let (state, caller) = (self.state, self.caller);
        let assessment = named_assessment(state, caller, self.request).await?;
        let book = sheets::Book::read(caller, assessment).await?;
        let table = self.table(job, book.papers()).await?;
        let attempt = async || {
            let on = (&book, self.when);
            let planned = sheets::plan(state, caller, &table, self.request, on).await?;
            let (mut plan, taken) = planned;
            let listing = std::mem::take(&mut plan.listing);
            let listed = self.listed(job, &table, listing, taken, Vec::new()).await?;
            let when = self.when;
            let work = async |tx: &mut Tx| sheets::carry_out(state, tx, caller, &plan, when).await;
            self.write(job, listed, work).await
        };
        again(attempt).await
    }

    /// Staff are planned under the locks that hand out rights: there are hundreds of them, not thousands.
    async fn staff(&self, job: &Job) -> Result<ImportReport> {
        let (state, caller) = (self.state, self.caller);
        let table = self.table(job, Vec::new()).await?;
        let work = async |tx: &mut Tx| {
            still_open(tx, caller, job).await?;
            let outcome = hiring::import(tx, caller, &table, self.request, self.when).await?;
            let Outcome { listing, taken, .. } = outcome;
            let listed = listed(job, self.request, &table, listing, taken, Vec::new())?;
            listed.put(tx, job).await?;
            self.finish(tx, job, &listed, &outcome.changes, outcome.events)
                .await?;
            Ok((listed.first_problems(), outcome.ended))
        };
        let (report, ended) = caller.db().write(work).await?;
        if !report.dry_run {
            accounts::tell_ended(state, caller.school_code(), ended).await;
            accounts::tell_changed(state, caller.school_code()).await;
        }
        Ok(report)
    }

    async fn table(&self, job: &Job, papers: Vec<PaperNames>) -> Result<Arc<Table>> {
        let file = whole_file(self.caller.db(), job).await?;
        Ok(Arc::new(table(file, job.kind, papers).await?))
    }

    /// What a plan comes to, for whoever brought the file.
    async fn listed(
        &self,
        job: &Job,
        table: &Arc<Table>,
        listing: Listing,
        taken: Vec<Option<String>>,
        classes: Vec<String>,
    ) -> Result<Listed> {
        let (job, request, table) = (job.clone(), self.request.clone(), Arc::clone(table));
        aside(move || listed(&job, &request, &table, listing, taken, classes)).await?
    }

    /// Notes what was listed and, unless it is a preview, does the work.
    async fn write(
        &self,
        job: &Job,
        listed: Listed,
        mut work: impl AsyncFnMut(&mut Tx) -> Result<Vec<Changed>>,
    ) -> Result<ImportReport> {
        let write = async |tx: &mut Tx| {
            still_open(tx, self.caller, job).await?;
            listed.put(tx, job).await?;
            let changes = match self.request.dry_run {
                true => Vec::new(),
                false => work(tx).await?,
            };
            self.finish(tx, job, &listed, &changes, Vec::new()).await
        };
        self.caller.db().write(write).await?;
        Ok(listed.first_problems())
    }

    async fn finish(
        &self,
        tx: &mut Tx,
        job: &Job,
        listed: &Listed,
        changes: &[Changed],
        events: Vec<Event>,
    ) -> Result<()> {
        let (request, now) = (self.request, self.when.now);
        let state = match request.dry_run {
            true => ImportState::Previewed,
            false => ImportState::Applied,
        };
        if state == ImportState::Applied {
            imports::add_changes(tx, job.id, changes).await?;
            imports::clear_files(tx, &[job.id]).await?;
        }
        let done = Done {
            state,
            options: &listed.options,
            report: &listed.kept,
            added: listed.report.added,
            changed: listed.report.changed,
            refused: listed.report.refused,
            at: now,
        };
        imports::finish(tx, job.id, &done).await?;
        if state == ImportState::Applied {
            let all = [vec![applied(job, request, &listed.report)], events].concat();
            audit::note_all(tx, &self.caller.by(now), &all).await?;
        }
        Ok(())
    }
}

/// Tries again with a new plan when what the plan rests on was changed before it was carried out.
async fn again(mut attempt: impl AsyncFnMut() -> Result<ImportReport>) -> Result<ImportReport> {
    let mut tries = 1;
    loop {
        match attempt().await {
            Err(Error::Refused(told)) if told.code == CHANGED && tries < TRIES => tries += 1,
            outcome => return outcome,
        }
    }
}

/// The refusal of an import whose plan no longer holds.
pub fn changed_meanwhile(message: String) -> ApiError {
    ApiError::conflict(CHANGED, message).hint("import the file again")
}

/// Holds an import, and refuses one that another call has just applied.
async fn still_open(tx: &mut Tx, caller: &Caller, job: &Job) -> Result<()> {
    let job = mine(caller, imports::hold_job(tx, job.id).await?)?;
    match job.state {
        ImportState::Receiving | ImportState::Previewed => Ok(()),
        ImportState::Applied | ImportState::Undone => {
            Err(ApiError::conflict("applied", "the import was just applied").into())
        }
    }
}

/// Runs what computes for long away from the threads that serve calls.
pub async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let _turn = COMPUTING
        .acquire()
        .await
        .expect("the semaphore is never closed");
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Error::fault("work on an import", error))
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

/// Reads the file.
async fn table(bytes: Vec<u8>, kind: ImportKind, papers: Vec<PaperNames>) -> Result<Table> {
    let read = aside(move || {
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

/// What a run did or would do, as it is kept and told.
struct Listed {
    /// Without its problems.
    report: ImportReport,
    /// The report as JSON.
    kept: String,
    /// The request as JSON.
    options: String,
    problems: Vec<RowProblem>,
    /// The refused rows as a file.
    to_fix: Vec<u8>,
}

fn listed(
    job: &Job,
    request: &RunImport,
    table: &Table,
    listing: Listing,
    taken: Vec<Option<String>>,
    classes_created: Vec<String>,
) -> Result<Listed> {
    let (added, changed) = (listing.added, listing.changed);
    let (same, skipped) = (listing.same, listing.skipped);
    let refused_rows = listing.refused();
    let problems = listing.into_problems();
    let columns = table.columns.iter().zip(taken);
    let report = ImportReport {
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
        classes_created,
        problems: Vec::new(),
        more_problems: false,
    };
    let encoded = |what| move |error| Error::fault(what, error);
    Ok(Listed {
        kept: serde_json::to_string(&report).map_err(encoded("keep a report"))?,
        options: serde_json::to_string(request).map_err(encoded("keep an import's options"))?,
        to_fix: refused::file(table, &problems),
        report,
        problems,
    })
}

impl Listed {
    /// Keeps the problems and the rows to fix.
    async fn put(&self, tx: &mut Tx, job: &Job) -> Result<()> {
        imports::put_problems(tx, job.id, &self.problems).await?;
        imports::put_refused(tx, job.id, &self.to_fix, CHUNK_MAX).await?;
        Ok(())
    }

    /// The report with as many problems as one answer holds.
    fn first_problems(&self) -> ImportReport {
        let mut report = self.report.clone();
        let most = usize::try_from(PROBLEMS_MAX).unwrap_or(usize::MAX);
        let first = self.problems.iter().take(most + 1).cloned().collect();
        list_first(&mut report, first);
        report
    }
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
