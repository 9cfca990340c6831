//! Marks: who may write them, when, and that none is lost, doubled or overwritten unseen.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use hillview_shared::ApiError;
use hillview_shared::accounts::Permission;
use hillview_shared::audit::Action;
use hillview_shared::ids::{Moment, OperationId, SheetId, StudentId, Version};
use hillview_shared::marks::{
    Edit, Entry, EntryRules, MarkChange, MarksSaved, Problem, SaveMarks, ShowHistory, Theirs,
};
use hillview_shared::text::is_hidden;
use sha2::{Digest, Sha256};

use crate::caller::Caller;
use crate::chain::{self, Hash, Link};
use crate::db::marks::{self, Head, NewChange, NewMark, OnSheet, Standing};
use crate::db::{Tx, sheets};
use crate::error::{Error, Result};
use crate::service::State;
use crate::service::assessments::{self, closed};
use crate::service::audit::{self, Event};

/// The most edits of one save: more than any class has.
pub const EDITS_MAX: usize = 500;
/// The longest reason, in characters.
const REASON_MAX: usize = 200;
/// The most changes of one answer.
const HISTORY_PAGE: i64 = 200;

/// Saves marks of one sheet: each lands, or says why it did not.
pub async fn save(state: &State, caller: &Caller, request: SaveMarks) -> Result<MarksSaved> {
    check(&request)?;
    let now = state.clock.now();
    let write = Write {
        sheet: request.sheet,
        operation: request.operation,
        edits: &request.edits,
        reason: request.reason.as_deref(),
        source: caller.source(),
        now,
        today: caller.today(now),
    };
    caller
        .db()
        .write(async |tx| {
            let saved = save_in(state, tx, caller, write).await?;
            if let Some(why) = &saved.unlocked {
                let event = unlocked(tx, &write, why).await?;
                audit::note(tx, &caller.by(now), event).await?;
            }
            Ok(saved.reply)
        })
        .await
}

/// What the audit log says of marks changed where entry is closed.
pub async fn unlocked(tx: &mut Tx, write: &Write<'_>, why: &str) -> Result<Event> {
    let sheet = sheets::head(&mut *tx, write.sheet).await?;
    let subject = sheet.map_or_else(
        || format!("sheet {}", write.sheet),
        |sheet| format!("{}, {}, {}", sheet.class, sheet.paper, sheet.assessment),
    );
    let reason = write.reason.unwrap_or_default();
    Ok(Event::new(Action::MarksUnlock, subject).detail(format!("{why}: {reason}")))
}

/// A save as it is carried out.
#[derive(Clone, Copy)]
pub struct Write<'a> {
    pub sheet: SheetId,
    pub operation: OperationId,
    pub edits: &'a [Edit],
    pub reason: Option<&'a str>,
    pub source: &'a str,
    pub now: Moment,
    pub today: NaiveDate,
}

/// What a save came to.
pub struct Saved {
    pub reply: MarksSaved,
    /// Why entry is closed, when marks were changed all the same.
    pub unlocked: Option<String>,
}

/// Saves marks of one sheet inside an open transaction; the marks, their history and the
/// operation's answer become durable together when it commits.
pub async fn save_in(
    state: &State,
    tx: &mut Tx,
    caller: &Caller,
    write: Write<'_>,
) -> Result<Saved> {
    if !marks::hold(tx, write.sheet).await? {
        return Err(ApiError::not_found("sheet").into());
    }
    let operation = (write.operation, caller.user());
    let standing = marks::standing(tx, write.sheet, operation, write.today).await?;
    let Standing { head, students } = standing.ok_or_else(|| ApiError::not_found("sheet"))?;
    let request_hash = request_hash(write.sheet, write.edits, write.reason)?;
    if let Some(reply) = answered(&head, &request_hash)? {
        marks::let_go(tx, write.sheet).await?;
        return Ok(Saved {
            reply,
            unlocked: None,
        });
    }
    let closed = may_write(caller, &head, &write)?;
    if head.seen_request.is_some() {
        return Err(operation_reused().into());
    }
    let scheme = match head.direct_levels {
        true => Some(assessments::scheme(state, caller, &mut *tx, head.scheme_id).await?),
        false => None,
    };
    let rules = EntryRules {
        out_of: head.out_of,
        levels: scheme.as_deref(),
    };
    let version = head.v;
    let sorted = sort(&students, write.edits, rules);
    let reply = MarksSaved {
        version,
        entered: sorted.entered,
        problems: sorted.problems,
    };
    store(
        tx,
        caller,
        &write,
        version,
        &head,
        &sorted.changed,
        &sorted.same,
    )
    .await?;
    remember(tx, caller, &write, &request_hash, &reply).await?;
    Ok(Saved {
        reply,
        unlocked: closed.filter(|_| !sorted.changed.is_empty()),
    })
}

/// Keeps the answer for whoever sends the operation again.
async fn remember(
    tx: &mut Tx,
    caller: &Caller,
    write: &Write<'_>,
    request_hash: &Hash,
    reply: &MarksSaved,
) -> Result<()> {
    marks::remember(
        tx,
        write.operation,
        caller.user(),
        request_hash,
        &answer(reply)?,
        write.now,
    )
    .await?;
    Ok(())
}

/// An answer as it is kept.
pub fn answer(reply: &MarksSaved) -> Result<Vec<u8>> {
    rmp_serde::to_vec_named(reply)
        .map_err(|error| Error::fault("encode the answer to a save", error))
}

/// Shows the history of a sheet's marks, oldest first.
pub async fn history(
    state: &State,
    caller: &Caller,
    request: ShowHistory,
) -> Result<Vec<MarkChange>> {
    let db = caller.db();
    let head = sheets::head(db, request.sheet).await?;
    let head = head.ok_or_else(|| ApiError::not_found("sheet"))?;
    caller.must_see_marks(head.class_id, head.offering_id)?;
    let _ = state;
    let changes = marks::history(
        db,
        request.sheet,
        request.student,
        request.after,
        HISTORY_PAGE,
    )
    .await?;
    let told = changes.into_iter().map(|change| MarkChange {
        sequence: change.sequence,
        admission_no: change.admission_no,
        student_name: change.student_name,
        before: marks::stored(change.old_state, change.old_score, change.old_level),
        after: marks::stored(change.new_state, change.new_score, change.new_level),
        by: change.by_name,
        at: change.changed_at,
        source: change.source,
        reason: change.reason,
    });
    Ok(told.collect())
}

fn check(request: &SaveMarks) -> Result<()> {
    if request.edits.is_empty() || request.edits.len() > EDITS_MAX {
        let found = request.edits.len();
        let message = format!("a save takes 1 to {EDITS_MAX} marks, not {found}");
        return Err(ApiError::invalid("too-many-marks", message).into());
    }
    let students: HashSet<StudentId> = request.edits.iter().map(|edit| edit.student).collect();
    if students.len() != request.edits.len() {
        let message = "a save has two marks for one student";
        return Err(ApiError::invalid("student-twice", message).into());
    }
    check_reason(request.reason.as_deref())
}

/// Refuses a reason that is too long or would disturb a screen.
pub fn check_reason(reason: Option<&str>) -> Result<()> {
    match reason {
        Some(reason) if reason.chars().count() > REASON_MAX || reason.chars().any(is_hidden) => {
            let message =
                format!("a reason has at most {REASON_MAX} characters and no control characters");
            Err(ApiError::invalid("bad-reason", message).into())
        }
        _ => Ok(()),
    }
}

fn operation_reused() -> ApiError {
    let message = "this operation was used for another save";
    ApiError::conflict("operation-reused", message)
        .hint("send the marks again under a new operation")
}

/// The answer that this user's operation got before, when it was seen before.
fn answered(head: &Head, request_hash: &Hash) -> Result<Option<MarksSaved>> {
    let (Some(seen), Some(reply)) = (&head.seen_request, &head.seen_reply) else {
        return Ok(None);
    };
    if seen != request_hash {
        return Err(operation_reused().into());
    }
    rmp_serde::from_slice(reply)
        .map(Some)
        .map_err(|error| Error::fault("read the answer to an earlier save", error))
}

/// By which a save is known again when it is sent twice.
pub fn request_hash(sheet: SheetId, edits: &[Edit], reason: Option<&str>) -> Result<Hash> {
    let bytes = rmp_serde::to_vec(&(sheet, edits, reason))
        .map_err(|error| Error::fault("encode a save to hash it", error))?;
    Ok(Sha256::digest(&bytes).into())
}

/// Says why entry is closed, to whom may write all the same.
fn may_write(caller: &Caller, head: &Head, write: &Write<'_>) -> Result<Option<String>> {
    caller.must_see_marks(head.class_id, head.offering_id)?;
    let may = |permission| caller.may_on(permission, head.class_id, head.offering_id);
    if !may(Permission::MarksEnter) {
        return Err(ApiError::denied("you may see this sheet but not enter marks on it").into());
    }
    let dates = (head.opens, head.closes);
    let Some(why) = closed(head.assessment_state, head.state, dates, write.today) else {
        return Ok(None);
    };
    if !may(Permission::MarksUnlock) {
        return Err(ApiError::conflict("sheet-closed", why)
            .hint("ask somebody with the right marks.unlock, such as the head teacher")
            .into());
    }
    if write.reason.is_none_or(|reason| reason.trim().is_empty()) {
        return Err(
            ApiError::invalid("reason-needed", format!("{why}: say why you change it"))
                .hint("give a reason, such as: remarked after appeal")
                .into(),
        );
    }
    Ok(Some(why))
}

/// What a save comes to, mark by mark.
struct Sorted<'a> {
    /// Marks that change: before and after.
    changed: Vec<(StudentId, Entry, &'a Entry)>,
    /// Marks that already have the value, whatever version the writer knew.
    same: Vec<NewMark<'a>>,
    problems: Vec<Problem>,
    /// Expected students with a mark afterwards.
    entered: u32,
}

fn sort<'a>(
    students: &HashMap<StudentId, OnSheet>,
    edits: &'a [Edit],
    rules: EntryRules<'_>,
) -> Sorted<'a> {
    let mut marked: HashSet<StudentId> = students
        .iter()
        .filter(|(_, it)| it.expected && it.mark.is_some())
        .map(|(student, _)| *student)
        .collect();
    let mut sorted = Sorted {
        changed: vec![],
        same: vec![],
        problems: vec![],
        entered: 0,
    };
    for edit in edits {
        let row = students.get(&edit.student);
        let row = row.filter(|row| row.expected || row.mark.is_some());
        match judge(row, edit, rules) {
            Err(problem) => sorted.problems.push(problem),
            Ok(before) if before == edit.entry => {
                // A blank that stays blank has no row and nobody who entered it.
                let entered = row.and_then(|row| row.mark.as_ref());
                sorted.same.extend(entered.map(|mark| NewMark {
                    student: edit.student,
                    entry: &edit.entry,
                    by: mark.changed_by,
                    at: mark.changed_at,
                }));
            }
            Ok(before) => {
                if edit.entry == Entry::Blank {
                    marked.remove(&edit.student);
                } else if row.is_some_and(|row| row.expected) {
                    marked.insert(edit.student);
                }
                sorted.changed.push((edit.student, before, &edit.entry));
            }
        }
    }
    sorted.entered = u32::try_from(marked.len()).unwrap_or(u32::MAX);
    sorted
}

/// The mark that an edit replaces, or why it may not.
fn judge(row: Option<&OnSheet>, edit: &Edit, rules: EntryRules<'_>) -> Result<Entry, Problem> {
    let problem = |code: &str, message: String| Problem {
        student: edit.student,
        code: code.to_owned(),
        message,
        theirs: None,
    };
    let Some(row) = row else {
        let message =
            "this student is not on the sheet: not in the class, or not taking the subject";
        return Err(problem("not-on-sheet", message.to_owned()));
    };
    edit.entry
        .check(rules)
        .map_err(|error| problem(error.code(), error.to_string()))?;
    let entry = row.entry();
    let mark = row.mark.as_ref();
    let version = mark.map_or(Version(0), |mark| mark.v);
    if version != edit.based_on && entry != edit.entry {
        let by = mark.and_then(|mark| mark.changed_by_name.clone());
        let by = by.unwrap_or_default();
        let at = mark.map_or(Moment(0), |mark| mark.changed_at);
        let message = match &entry {
            Entry::Blank => "somebody cleared this mark meanwhile".to_owned(),
            entry => format!("{by} entered {entry} meanwhile"),
        };
        let theirs = Some(Theirs {
            entry,
            version,
            by,
            at,
        });
        return Err(Problem {
            theirs,
            ..problem("conflict", message)
        });
    }
    Ok(entry)
}

/// Writes what changed with its history. What is the same already gets the new version, so that
/// all marks of a save have one, but no line of history: who entered it, and when, stays.
async fn store(
    tx: &mut Tx,
    caller: &Caller,
    write: &Write<'_>,
    version: Version,
    head: &Head,
    changed: &[(StudentId, Entry, &Entry)],
    same: &[NewMark<'_>],
) -> Result<()> {
    let changed_to = changed.iter().map(|(student, _, after)| (*student, *after));
    let (cleared, put): (Vec<_>, Vec<_>) =
        changed_to.partition(|(_, after)| **after == Entry::Blank);
    let put = put.into_iter().map(|(student, entry)| NewMark {
        student,
        entry,
        by: caller.user(),
        at: write.now,
    });
    let put: Vec<NewMark<'_>> = put.chain(same.iter().copied()).collect();
    if !put.is_empty() {
        marks::put(tx, write.sheet, version, &put).await?;
    }
    if !cleared.is_empty() {
        let students: Vec<StudentId> = cleared.iter().map(|(student, _)| *student).collect();
        marks::clear(tx, write.sheet, &students).await?;
    }
    let links = chained(caller, write, head, changed)?;
    if !links.is_empty() {
        marks::add_changes(tx, &links).await?;
    }
    Ok(())
}

fn chained<'a>(
    caller: &Caller,
    write: &Write<'a>,
    head: &Head,
    changed: &'a [(StudentId, Entry, &Entry)],
) -> Result<Vec<NewChange<'a>>> {
    let mut previous: Hash = match &head.last_hash {
        None => chain::START,
        Some(hash) => hash
            .as_slice()
            .try_into()
            .map_err(|_| Error::fault("read the end of a history", "its hash is not 32 bytes"))?,
    };
    let mut sequence = head.last_sequence.unwrap_or(0);
    let links = changed.iter().map(|(student, before, after)| {
        sequence += 1;
        let link = Link {
            sheet: write.sheet,
            sequence,
            student: *student,
            before,
            after,
            by: caller.user(),
            at: write.now,
            operation: write.operation,
            source: write.source,
            reason: write.reason,
        };
        let hash = link.hash(&previous);
        let previous_hash = std::mem::replace(&mut previous, hash);
        NewChange {
            link,
            previous_hash,
            hash: previous,
        }
    });
    Ok(links.collect())
}
