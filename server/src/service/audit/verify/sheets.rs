//! The histories of marks, sheet by sheet, and the marks that they must end with.

use std::collections::BTreeMap;

use hillview_shared::audit::Tampering;
use hillview_shared::ids::{Moment, OperationId, SheetId, StudentId};
use hillview_shared::marks::{Entry, Score};

use super::follow::{Chained, Place, follow};
use super::{Fault, PIECE, Where};
use crate::chain::{self, Hash, Link, RowHash};
use crate::db::chains::{self, CHANGE, Content, MARK};
use crate::db::{Db, marks};
use crate::error::Result;

/// Sheets that are read at once, at most.
const SHEETS: i64 = 64;

impl Chained for Content {
    fn sequence(&self) -> i64 {
        self.sequence
    }

    fn hash(&self) -> &[u8] {
        self.hash.as_deref().unwrap_or_default()
    }

    fn hash_at(&self, sequence: i64, previous: &Hash) -> Option<Hash> {
        self.at(sequence, |link| link.hash(previous))
    }

    fn fits(&self, previous: &Hash) -> bool {
        self.row_hash.is_none() || (self.holds(self.sequence) && self.names(previous))
    }

    fn holds(&self, sequence: i64) -> bool {
        let kept = self.row_hash.as_deref().and_then(RowHash::stored);
        let hash = self.hash().try_into().ok();
        kept.zip(hash).is_some_and(|(kept, hash)| {
            // What was before it is left out of the comparison.
            let made = self.at(sequence, |link| link.row_hash(&chain::START, hash));
            made.is_some_and(|made| made.same_row(&kept))
        })
    }

    fn names(&self, previous: &[u8]) -> bool {
        match &self.row_hash {
            Some(kept) => RowHash::stored(kept).is_some_and(|kept| kept.names(previous)),
            // A row of before there was more than its hash names it by that: where it stands, or
            // where it stood when another row made it move.
            None => previous.try_into().is_ok_and(|previous| {
                let hash = |sequence| self.hash_at(sequence, previous);
                [hash(self.sequence), hash(self.sequence - 1)]
                    .into_iter()
                    .flatten()
                    .any(|hash| hash == self.hash())
            }),
        }
    }
}

impl Content {
    /// What comes of the row as it is hashed, at a place; `None` when its columns say nothing that
    /// could have been written.
    fn at<T>(&self, sequence: i64, make: impl FnOnce(Link<'_>) -> T) -> Option<T> {
        Some(make(Link {
            sheet: self.sheet_id,
            sequence,
            student: self.student_id,
            before: &entry(before_of(self))?,
            after: &entry(after(self))?,
            by: self.changed_by,
            at: self.changed_at,
            operation: OperationId(self.operation.as_deref()?.try_into().ok()?),
            source: self.source.as_deref()?,
            reason: self.reason.as_deref(),
        }))
    }
}

/// The mark of three columns; `None` when no mark is stored so.
fn entry((state, score, level): Columns<'_>) -> Option<Entry> {
    let (state, score) = (state.map(str::parse).transpose().ok()?, score.map(Score));
    let entry = marks::stored(state, score, level.map(str::to_owned));
    let same = (entry.state(), entry.score(), entry.level()) == (state, score, level);
    same.then_some(entry)
}

/// How far a piece of the sheets was checked.
pub struct Piece {
    pub rows: u64,
    /// The sheet to go on behind; `None` when all are checked.
    pub next: Option<SheetId>,
}

/// Checks sheets behind one: as many as make a piece, at least one.
pub async fn check(db: &Db, behind: SheetId) -> Result<Result<Piece, Fault>> {
    let found = chains::sheets(db, behind, SHEETS).await?;
    if let Some((first, Some(length))) = found.first()
        && *length > PIECE
    {
        let checked = one(db, *first).await?;
        return Ok(checked.map(|rows| Piece {
            rows,
            next: Some(*first),
        }));
    }
    let mut rows = 0;
    let fitting = found.iter().take_while(|(_, length)| {
        rows += length.unwrap_or(0).max(0);
        rows <= PIECE
    });
    let fitting = fitting.count();
    let more = fitting < found.len() || i64::try_from(found.len()) == Ok(SHEETS);
    let last = found[..fitting].last().map(|(sheet, _)| *sheet);
    let next = last.filter(|_| more);
    // Behind the last sheet there may be nothing either.
    let to = next.unwrap_or(SheetId(i64::MAX));
    let checked = several(db, (behind, to)).await?;
    Ok(checked.map(|rows| Piece { rows, next }))
}

/// Checks sheets whose rows are read in one go.
async fn several(db: &Db, (behind, to): (SheetId, SheetId)) -> Result<Result<u64, Fault>> {
    let contents = chains::contents(db, (behind, to), i64::MIN, i64::MAX).await?;
    let by_sheet = contents.chunk_by(|one, two| one.sheet_id == two.sheet_id);
    let mut rows = 0;
    for contents in by_sheet {
        let (changes, others) = split(contents);
        let mut sheet = Sheet::new(contents[0].sheet_id);
        if let Err(fault) = sheet
            .follow(changes, others)
            .and_then(|()| sheet.compare(others))
        {
            return Ok(Err(fault));
        }
        rows += u64::try_from(changes.len()).unwrap_or(u64::MAX);
    }
    Ok(Ok(rows))
}

/// Checks one sheet, however long its history: page by page, and the last page together with the
/// marks as they are at that moment.
async fn one(db: &Db, id: SheetId) -> Result<Result<u64, Fault>> {
    let only = (SheetId(id.0 - 1), id);
    let (mut sheet, mut beyond, mut rows) = (Sheet::new(id), i64::MIN, 0);
    loop {
        let contents = chains::contents(db, only, beyond, PIECE).await?;
        let (changes, others) = split(&contents);
        if let Err(fault) = sheet.follow(changes, others) {
            return Ok(Err(fault));
        }
        rows += u64::try_from(changes.len()).unwrap_or(u64::MAX);
        if i64::try_from(changes.len()) != Ok(PIECE) {
            return Ok(sheet.compare(others).map(|()| rows));
        }
        beyond = sheet.end.sequence;
    }
}

/// The history of one sheet, and its marks and the sheet itself.
fn split(contents: &[Content]) -> (&[Content], &[Content]) {
    contents.split_at(contents.partition_point(|row| row.kind == CHANGE))
}

/// What the history of a sheet comes to, as far as it was followed.
struct Sheet {
    id: SheetId,
    end: Place,
    /// Whether its last row keeps more than its hash.
    kept: bool,
    /// When its latest row was written.
    latest: Moment,
    /// The last change of each student.
    last: BTreeMap<StudentId, Content>,
}

impl Sheet {
    fn new(id: SheetId) -> Self {
        Self {
            id,
            end: Place::START,
            kept: false,
            latest: Moment(0),
            last: BTreeMap::new(),
        }
    }

    /// Follows the next rows of the history. A bad last row without which the marks are what they
    /// should be was added.
    fn follow(&mut self, changes: &[Content], marks: &[Content]) -> Result<(), Fault> {
        let followed = follow(self.end, changes);
        for change in changes {
            if let Err((sequence, what)) = followed
                && change.sequence >= sequence
            {
                let last = changes.last().is_some_and(|last| last.sequence == sequence);
                return Err(match what {
                    Tampering::Changed if last && self.compare(marks).is_ok() => {
                        self.history(sequence, Tampering::Added)
                    }
                    what => self.history(sequence, what),
                });
            }
            // What was there before must be what the history had: else the mark was changed
            // behind the server's back, and then again through it.
            let before = self.last.get(&change.student_id).map(after);
            if before.unwrap_or_default() != before_of(change) {
                return Err(self.mark(change, change.sequence, Tampering::Changed));
            }
            // Behind a row that keeps more than its hash there is none that keeps less.
            if self.kept && change.row_hash.is_none() {
                return Err(self.history(change.sequence, Tampering::Changed));
            }
            self.kept = change.row_hash.is_some();
            self.latest = self.latest.max(change.changed_at);
            self.last.insert(change.student_id, change.clone());
        }
        self.end = followed.map_err(|(sequence, what)| self.history(sequence, what))?;
        Ok(())
    }

    /// Compares the marks with what the whole history comes to.
    fn compare(&self, others: &[Content]) -> Result<(), Fault> {
        let (marks, sheet) = others.split_at(others.partition_point(|row| row.kind == MARK));
        let Some(sheet) = sheet.first() else {
            return Err(self.history(1, Tampering::Added));
        };
        let mut open = self.last.clone();
        for mark in marks {
            match open.remove(&mark.student_id) {
                None => return Err(self.without_history(mark)),
                Some(change) if mark.v > sheet.v => {
                    return Err(self.mark(mark, change.sequence, Tampering::Changed));
                }
                Some(change) => self.same(mark, &change)?,
            }
        }
        let lost = open.values().filter(|change| change.new_state.is_some());
        match lost.min_by_key(|change| change.sequence) {
            Some(change) => Err(self.mark(change, change.sequence, Tampering::Removed)),
            None => Ok(()),
        }
    }

    /// A mark is what its last change made it, by whom and when; else says what was done.
    fn same(&self, mark: &Content, change: &Content) -> Result<(), Fault> {
        if agree(mark, change) {
            return Ok(());
        }
        let (sequence, (at, changed)) = (change.sequence, (mark.changed_at, change.changed_at));
        if at > changed && at >= self.latest {
            return Err(self.history(self.end.sequence + 1, Tampering::Removed));
        }
        if at < changed && sequence == self.end.sequence {
            return Err(self.history(sequence, Tampering::Added));
        }
        Err(self.mark(mark, sequence, Tampering::Changed))
    }

    /// A mark that no row of the history made.
    fn without_history(&self, mark: &Content) -> Fault {
        if self.end.sequence == 0 || mark.changed_at >= self.latest {
            return self.history(self.end.sequence + 1, Tampering::Removed);
        }
        self.mark(mark, 0, Tampering::Added)
    }

    fn history(&self, sequence: i64, what: Tampering) -> Fault {
        Fault {
            place: Where::History(self.id),
            sequence,
            what,
        }
    }

    fn mark(&self, row: &Content, sequence: i64, what: Tampering) -> Fault {
        Fault {
            place: Where::Mark(self.id, row.student_id),
            sequence,
            what,
        }
    }
}

/// The columns of a mark; all empty for a blank.
type Columns<'a> = (Option<&'a str>, Option<i32>, Option<&'a str>);

/// Whether a mark is what a change made it, by whom and when.
fn agree(mark: &Content, change: &Content) -> bool {
    let written = |row: &Content| (row.changed_by, row.changed_at);
    after(mark) == after(change) && written(mark) == written(change)
}

fn after(row: &Content) -> Columns<'_> {
    let (state, level) = (row.new_state.as_deref(), row.new_level.as_deref());
    (state, row.new_score, level)
}

fn before_of(row: &Content) -> Columns<'_> {
    let (state, level) = (row.old_state.as_deref(), row.old_level.as_deref());
    (state, row.old_score, level)
}
