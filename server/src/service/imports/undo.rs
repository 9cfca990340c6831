//! Takes a whole import back, unless something was built on it since: then it says what.

use std::collections::BTreeSet;

use hillview_shared::ApiError;
use hillview_shared::audit::Action;
use hillview_shared::ids::{ClassId, OperationId, SheetId, StaffId, StudentId, TeachingId};
use hillview_shared::imports::{ImportKind, ImportState, ImportSummary, UndoImport};
use hillview_shared::marks::Edit;
use hillview_shared::students::Student;
use serde::de::DeserializeOwned;

use super::hiring::Back;
use super::plan::listed;
use super::run::{When, aside};
use super::{hiring, may_import, mine, register, sheets};
use crate::caller::Caller;
use crate::db::imports::{self, Changed, Job, students as bulk};
use crate::db::{self, Tx, students};
use crate::error::{Error, Result};
use crate::service::audit::{self, Event};
use crate::service::marks::{Write, check_reason, unlocked};
use crate::service::saves::save_all;
use crate::service::{State, accounts};

/// How many obstacles are named.
const NAMED: usize = 5;

/// What an import did, sorted.
enum Made {
    Register(Register),
    Marks(Vec<(SheetId, Vec<Edit>)>),
    Staff(hiring::Hired),
}

impl Made {
    fn of(kind: ImportKind, changes: &[Changed]) -> Result<Self> {
        Ok(match kind {
            ImportKind::Students => Self::Register(Register::of(changes)?),
            ImportKind::Marks => Self::Marks(edits_back(changes)?),
            ImportKind::Staff => Self::Staff(hired(changes)?),
        })
    }
}

/// Takes an import back. Marks get new rows in their history; nothing of it is erased.
pub async fn undo(state: &State, caller: &Caller, request: UndoImport) -> Result<ImportSummary> {
    let (db, import) = (caller.db(), request.import);
    let reason = request.reason.as_deref();
    check_reason(reason)?;
    let job = mine(caller, imports::job(db.into(), import).await?)?;
    may_import(caller, job.kind)?;
    still_applied(&job)?;
    let changes = imports::changes(db, import).await?;
    let made = aside(move || Made::of(job.kind, &changes)).await??;
    let (summary, ended) = db
        .write(async |tx| {
            let mut back = Back::default();
            let job = mine(caller, imports::hold_job(tx, import).await?)?;
            still_applied(&job)?;
            match &made {
                Made::Register(register) => register_back(state, tx, caller, register).await?,
                Made::Marks(edits) => {
                    back.events = marks_back(state, tx, caller, edits, reason).await?;
                }
                Made::Staff(hired) => back = staff_back(state, tx, caller, hired).await?,
            }
            imports::set_state(tx, import, ImportState::Undone).await?;
            let summary = imports::summary(tx, import).await?;
            let event = Event::new(
                Action::ImportUndo,
                format!("import {import} of {}", job.kind),
            );
            let event = event.detail(reason.unwrap_or_default());
            let events = [vec![event], back.events].concat();
            audit::note_all(tx, &caller.by(state.clock.now()), &events).await?;
            Ok((summary, back.ended))
        })
        .await?;
    if summary.kind == ImportKind::Staff {
        accounts::tell_ended(state, caller.school_code(), ended).await;
        accounts::tell_changed(state, caller.school_code()).await;
    }
    Ok(summary)
}

fn still_applied(job: &Job) -> Result<()> {
    if job.state == ImportState::Applied {
        return Ok(());
    }
    let message = format!("import {} is {}, not applied", job.id, job.state);
    Err(ApiError::conflict("not-applied", message).into())
}

/// What an import of staff did.
fn hired(changes: &[Changed]) -> Result<hiring::Hired> {
    let mut hired = hiring::Hired::default();
    for change in changes {
        match (change.entity.as_str(), previous(change)?) {
            ("teaching", _) => {
                hired.teaching.insert(TeachingId(change.entity_id));
            }
            (_, None) => hired.added.push(StaffId(change.entity_id)),
            (_, Some(previous)) => hired.changed.push(previous),
        }
    }
    Ok(hired)
}

/// Takes back what an import of staff did.
async fn staff_back(
    state: &State,
    tx: &mut Tx,
    caller: &Caller,
    hired: &hiring::Hired,
) -> Result<Back> {
    let now = state.clock.now();
    let today = caller.today(now);
    let back = hiring::back(tx, caller, hired, When { now, today }).await?;
    back.map_err(|obstacles| in_use(&obstacles).into())
}

/// The refusal of an undo, with what stands against it.
fn in_use(obstacles: &[String]) -> ApiError {
    let mut named: Vec<String> = obstacles.iter().take(NAMED).cloned().collect();
    if obstacles.len() > NAMED {
        named.push(format!("{} more", obstacles.len() - NAMED));
    }
    let message = format!("the import cannot be taken back: {}", listed(&named));
    ApiError::conflict("changed-since", message).hint("change back by hand what is still wanted so")
}

fn previous<T: DeserializeOwned>(change: &Changed) -> Result<Option<T>> {
    let text = change.previous.as_deref();
    text.map(serde_json::from_str)
        .transpose()
        .map_err(|error| Error::fault("read what an import changed", error))
}

/// The edits that take an import of marks back, sheet by sheet.
fn edits_back(changes: &[Changed]) -> Result<Vec<(SheetId, Vec<Edit>)>> {
    let mut all = Vec::with_capacity(changes.len());
    for change in changes {
        let marks: Vec<sheets::Previous> = previous(change)?.unwrap_or_default();
        let edits = marks.into_iter().map(|mark| Edit {
            student: mark.student,
            based_on: mark.version,
            entry: mark.entry,
        });
        all.push((SheetId(change.entity_id), edits.collect()));
    }
    Ok(all)
}

/// Takes back what an import of marks did; gives what the audit log says of marks changed where entry is closed.
async fn marks_back(
    state: &State,
    tx: &mut Tx,
    caller: &Caller,
    edits: &[(SheetId, Vec<Edit>)],
    reason: Option<&str>,
) -> Result<Vec<Event>> {
    let now = state.clock.now();
    let writes = edits.iter().map(|(sheet, edits)| Write {
        sheet: *sheet,
        operation: OperationId(rand::random()),
        edits,
        reason,
        source: "import-undo",
        now,
        today: caller.today(now),
    });
    let writes: Vec<Write<'_>> = writes.collect();
    let saved = save_all(state, tx, caller, &writes).await?;
    let problems = saved.iter().flat_map(|saved| &saved.reply.problems);
    let mut obstacles = Vec::new();
    for (place, problem) in problems.enumerate() {
        // The others are only counted.
        let who = match place < NAMED {
            true => students::one((&mut *tx).into(), problem.student).await?,
            false => None,
        };
        let who = who.map_or_else(String::new, |student| student.admission_no);
        obstacles.push(format!("{who}: {}", problem.message));
    }
    if !obstacles.is_empty() {
        return Err(in_use(&obstacles).into());
    }
    let mut events = Vec::new();
    for (write, saved) in writes.iter().zip(&saved) {
        if let Some(why) = &saved.unlocked {
            events.push(unlocked(tx, write, why).await?);
        }
    }
    Ok(events)
}

/// What an import of students did, sorted.
#[derive(Default)]
struct Register {
    classes: Vec<ClassId>,
    added: Vec<StudentId>,
    changed: Vec<register::Previous>,
}

impl Register {
    fn of(changes: &[Changed]) -> Result<Self> {
        let mut register = Self::default();
        for change in changes {
            match (change.entity.as_str(), previous(change)?) {
                ("class", _) => register.classes.push(ClassId(change.entity_id)),
                (_, None) => register.added.push(StudentId(change.entity_id)),
                (_, Some(previous)) => register.changed.push(previous),
            }
        }
        Ok(register)
    }
}

async fn register_back(
    state: &State,
    tx: &mut Tx,
    caller: &Caller,
    register: &Register,
) -> Result<()> {
    let now = state.clock.now();
    let obstacles = obstacles(tx, register).await?;
    if !obstacles.is_empty() {
        return Err(in_use(&obstacles).into());
    }
    let moved = register.changed.iter().filter(|previous| previous.moved);
    let moved: Vec<&register::Previous> = moved.collect();
    let movers: Vec<StudentId> = moved.iter().map(|previous| previous.student.id).collect();
    let affected = affected(tx, register).await?;
    bulk::forget_enrolments(tx, &movers).await?;
    let ended: Vec<i64> = moved
        .iter()
        .filter_map(|previous| Some(previous.enrolled.as_ref()?.id))
        .collect();
    let there = bulk::reopen(tx, &ended).await?;
    // An enrolment of the same day was removed by the move: it is made again.
    let anew: Vec<_> = moved
        .iter()
        .filter_map(|previous| previous.enrolled.as_ref())
        .filter(|enrolled| !there.contains(&enrolled.id))
        .map(|enrolled| (enrolled.student_id, enrolled.class_id, enrolled.starts))
        .collect();
    bulk::enrol(tx, &anew, caller.user(), now).await?;
    let before: Vec<&Student> = register.changed.iter().map(|p| &p.student).collect();
    bulk::change(tx, &before, caller.user(), now).await?;
    bulk::forget_enrolments(tx, &register.added).await?;
    bulk::remove(tx, &register.added).await?;
    let in_use_still = bulk::classes_in_use(tx, &register.classes).await?;
    if !in_use_still.is_empty() {
        let uses = in_use_still
            .iter()
            .map(|class| format!("class {class} is in use"));
        return Err(in_use(&uses.collect::<Vec<_>>()).into());
    }
    bulk::remove_classes(tx, &register.classes).await?;
    Ok(db::sheets::count_up(tx, &affected).await?)
}

/// The classes whose sheets look different afterwards: those that the students are in, and those
/// that they go back to.
async fn affected(tx: &mut Tx, register: &Register) -> Result<Vec<ClassId>> {
    let changed = register.changed.iter().map(|previous| &previous.student);
    let now_in: Vec<StudentId> = changed
        .clone()
        .map(|student| student.id)
        .chain(register.added.iter().copied())
        .collect();
    let now = bulk::enrolled(tx, &now_in).await?;
    let now = now.iter().map(|enrolled| enrolled.class_id);
    let before = changed.filter_map(|student| student.class_id);
    let classes: BTreeSet<ClassId> = now.chain(before).collect();
    Ok(classes.into_iter().collect())
}

/// Students who are not as the import left them, or who have marks by now.
async fn obstacles(tx: &mut Tx, register: &Register) -> Result<Vec<String>> {
    let changed = register.changed.iter();
    let expected = changed.map(|previous| (previous.student.id, previous.version));
    let added = register.added.iter().map(|student| (*student, 1));
    let expected: Vec<(StudentId, i64)> = expected.chain(added).collect();
    let ids: Vec<StudentId> = expected.iter().map(|(student, _)| *student).collect();
    let held = bulk::hold(tx, &ids).await?;
    let mut obstacles = Vec::new();
    for (student, version) in expected {
        if held.get(&student).is_none_or(|now| now.0 != version) {
            let found = students::one((&mut *tx).into(), student).await?;
            let who = found.map_or_else(|| "a student".to_owned(), |found| found.admission_no);
            obstacles.push(format!("{who} was changed since"));
            if obstacles.len() > NAMED {
                break;
            }
        }
    }
    let marked = bulk::with_marks(tx, &register.added).await?;
    obstacles.extend(marked.iter().map(|number| format!("{number} has marks")));
    Ok(obstacles)
}
