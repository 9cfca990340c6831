//! What a save of marks comes to, mark by mark, and how it is written: of one sheet, or of many for
//! an import. Who may save, and when, is decided in `marks`.

use std::collections::{HashMap, HashSet};

use hillview_shared::ApiError;
use hillview_shared::grading::Scheme;
use hillview_shared::ids::{Moment, SheetId, StudentId};
use hillview_shared::marks::{Edit, Entry, EntryRules, MarksSaved, Problem, Theirs};

use crate::caller::Caller;
use crate::chain::{self, Hash, Link};
use crate::db::Tx;
use crate::db::imports::{batches, marks as held};
use crate::db::marks::{self, Answered, Head, NewChange, NewMark, Place};
use crate::error::{Error, Result};
use crate::service::State;
use crate::service::marks::{Saved, Write, answer, may_write, request_hash, scheme};

/// Sheets that are judged together: other calls of the same thread have their turn in between.
const TOGETHER: usize = 32;

/// What a save comes to, mark by mark.
pub struct Decided<'a> {
    write: &'a Write<'a>,
    head: &'a Head,
    /// Why entry is closed, where marks are changed all the same.
    closed: Option<String>,
    /// Marks that change: before and after.
    changed: Vec<(StudentId, Entry, &'a Entry)>,
    /// Marks that already have the value, whatever version the writer knew.
    same: Vec<NewMark<'a>>,
    problems: Vec<Problem>,
    /// Expected students with a mark afterwards.
    entered: u32,
}

/// Saves each write, of a sheet each. Whoever saves on several sheets at once takes them in the
/// order of their ids, so that two do not wait for each other.
pub async fn save_all(
    state: &State,
    tx: &mut Tx,
    caller: &Caller,
    writes: &[Write<'_>],
) -> Result<Vec<Saved>> {
    let mut saved = Vec::with_capacity(writes.len());
    for some in writes.chunks(TOGETHER) {
        saved.extend(save_some(state, tx, caller, some).await?);
    }
    Ok(saved)
}

async fn save_some(
    state: &State,
    tx: &mut Tx,
    caller: &Caller,
    writes: &[Write<'_>],
) -> Result<Vec<Saved>> {
    let Some(first) = writes.first() else {
        return Ok(Vec::new());
    };
    let sheets: Vec<SheetId> = writes.iter().map(|write| write.sheet).collect();
    let heads = held::hold(tx, &sheets).await?;
    let places = held::places(tx, &sheets, first.today).await?;
    let mut decided = Vec::with_capacity(writes.len());
    for write in writes {
        let head = heads.get(&write.sheet);
        let head = head.ok_or_else(|| ApiError::not_found("sheet"))?;
        let closed = may_write(caller, head, write)?;
        let scheme = scheme(state, tx, caller, head).await?;
        let places = places.get(&write.sheet).into_iter().flatten();
        decided.push(decide(write, head, places, scheme.as_deref(), closed));
    }
    store(tx, caller, &decided).await?;
    Ok(decided.into_iter().map(|one| one.saved()).collect())
}

/// Decides what becomes of each edit of a save that may be made, with what stands on its sheet.
pub fn decide<'a>(
    write: &'a Write<'a>,
    head: &'a Head,
    places: impl Iterator<Item = &'a Place>,
    scheme: Option<&Scheme>,
    closed: Option<String>,
) -> Decided<'a> {
    let rules = EntryRules {
        out_of: head.out_of,
        levels: scheme,
    };
    let mut standing: HashMap<StudentId, &Place> = HashMap::new();
    for row in places {
        if let Some(student) = row.student_id {
            // Who left the class and came back stands twice: being expected once is enough.
            let known = standing.entry(student).or_insert(row);
            if row.expected {
                *known = row;
            }
        }
    }
    let mut marked: HashSet<StudentId> = standing
        .values()
        .filter(|row| row.expected && row.mark_state.is_some())
        .filter_map(|row| row.student_id)
        .collect();
    let (mut changed, mut same, mut problems) = (vec![], vec![], vec![]);
    for edit in write.edits {
        let row = standing.get(&edit.student).copied();
        let row = row.filter(|row| row.expected || row.mark_state.is_some());
        match judge(row, edit, rules) {
            Err(problem) => problems.push(problem),
            Ok(before) if before == edit.entry => {
                // A blank that stays blank is nobody's mark.
                let marked = row.filter(|row| row.mark_state.is_some());
                let entered = marked.and_then(|row| row.changed_by_id.zip(row.changed_at));
                same.extend(entered.map(|(by, at)| NewMark {
                    sheet: write.sheet,
                    student: edit.student,
                    entry: &edit.entry,
                    version: head.v,
                    by,
                    at,
                }));
            }
            Ok(before) => {
                if edit.entry == Entry::Blank {
                    marked.remove(&edit.student);
                } else if row.is_some_and(|row| row.expected) {
                    marked.insert(edit.student);
                }
                changed.push((edit.student, before, &edit.entry));
            }
        }
    }
    Decided {
        write,
        head,
        closed,
        changed,
        same,
        problems,
        entered: u32::try_from(marked.len()).unwrap_or(u32::MAX),
    }
}

/// The mark that an edit replaces, or why it may not.
fn judge(row: Option<&Place>, edit: &Edit, rules: EntryRules<'_>) -> Result<Entry, Problem> {
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
    let version = row.version();
    if version != edit.based_on && entry != edit.entry {
        let (by, at) = (row.changed_by.clone().unwrap_or_default(), row.changed_at);
        let message = match (&entry, by.as_str()) {
            // Nobody is known where a server of before cleared it.
            (Entry::Blank, "") => "somebody cleared this mark meanwhile".to_owned(),
            (Entry::Blank, by) => format!("{by} cleared this mark meanwhile"),
            (entry, by) => format!("{by} entered {entry} meanwhile"),
        };
        let at = at.unwrap_or(Moment(0));
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

impl<'a> Decided<'a> {
    /// What is answered.
    pub fn saved(self) -> Saved {
        let reply = self.reply();
        Saved {
            reply,
            unlocked: self.closed.filter(|_| !self.changed.is_empty()),
        }
    }

    fn reply(&self) -> MarksSaved {
        MarksSaved {
            version: self.head.v,
            entered: self.entered,
            problems: self.problems.clone(),
        }
    }

    /// The marks to write. What is the same already gets the new version, so that all marks of a
    /// save have one, but no line of history: who entered it, and when, stays.
    fn marks(&self, caller: &Caller) -> impl Iterator<Item = NewMark<'a>> {
        let new = self.changed.iter().map(|(student, _, after)| NewMark {
            sheet: self.write.sheet,
            student: *student,
            entry: after,
            version: self.head.v,
            by: caller.user(),
            at: self.write.now,
        });
        new.chain(self.same.iter().copied())
    }

    /// The answer, for whoever sends the operation again.
    fn answered(&self, caller: &Caller) -> Result<Answered> {
        let Write {
            sheet,
            edits,
            reason,
            ..
        } = *self.write;
        Ok(Answered {
            operation: self.write.operation,
            by: caller.user(),
            request_hash: request_hash(sheet, edits, reason)?,
            reply: answer(&self.reply())?,
            at: self.write.now,
        })
    }
}

/// Writes what was decided for some sheets, with its history and the answers.
pub async fn store(tx: &mut Tx, caller: &Caller, decided: &[Decided<'_>]) -> Result<()> {
    let put: Vec<NewMark<'_>> = decided.iter().flat_map(|one| one.marks(caller)).collect();
    for marks in pieces(&put, decided.len()) {
        marks::put(tx, marks).await?;
    }
    let mut links = Vec::with_capacity(put.len());
    for one in decided {
        chained(caller, one, &mut links)?;
    }
    for links in pieces(&links, decided.len()) {
        marks::add_changes(tx, links).await?;
    }
    let answered = decided.iter().map(|one| one.answered(caller));
    let answered: Vec<Answered> = answered.collect::<Result<_>>()?;
    for answered in pieces(&answered, decided.len()) {
        marks::remember(tx, answered).await?;
    }
    Ok(())
}

/// The rows of one sheet go in one statement, those of several in statements of a few sizes.
fn pieces<T>(rows: &[T], sheets: usize) -> impl Iterator<Item = &[T]> {
    let whole = (sheets == 1 && !rows.is_empty()).then_some(rows);
    let cut = if whole.is_some() { &[] } else { rows };
    whole.into_iter().chain(batches(cut))
}

/// Adds the lines of history of what was decided for a sheet, each hashed with the one before.
fn chained<'d>(
    caller: &Caller,
    decided: &'d Decided<'_>,
    links: &mut Vec<NewChange<'d>>,
) -> Result<()> {
    let Decided { write, head, .. } = decided;
    let mut previous: Hash = match &head.last_hash {
        None => chain::START,
        Some(hash) => hash
            .as_slice()
            .try_into()
            .map_err(|_| Error::fault("read the end of a history", "its hash is not 32 bytes"))?,
    };
    let mut sequence = head.last_sequence.unwrap_or(0);
    links.extend(decided.changed.iter().map(|(student, before, after)| {
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
        let change = NewChange::behind(&previous, link);
        previous = change.hash;
        change
    }));
    Ok(())
}
