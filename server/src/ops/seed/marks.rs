//! What is on the sheets of a made-up school: who entered which mark when, and the history that
//! the saves leave behind, hashed like any other.
//!
//! A sheet is entered in one save, down the list of names; on some, one mark is put right in a
//! second. Everything on a sheet follows from the seed and the sheet's number.

use std::collections::BTreeMap;

use hillview_shared::ids::{Moment, OperationId, SheetId, StudentId, UserId, Version};
use hillview_shared::marks::{Edit, Entry, MarksSaved, Score};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::layout::{Group, Sheet};
use crate::chain::{self, Hash, RowHash};
use crate::db::seed::{Change, NewMark, NewOperation};
use crate::error::Result;
use crate::service::marks::{answer, request_hash};

/// Marks of one batch, at least; it ends with a sheet.
const BATCH: usize = 20_000;
/// What saves say they come from.
const SOURCE: &str = "tui";

/// What marks are drawn from.
pub struct Book {
    pub seed: u64,
    /// The students of each group by name, counted from 0.
    pub by_name: Vec<Vec<usize>>,
    /// How good each student is, in percent, and how much better or worse in each subject.
    gifts: Vec<Gifts>,
}

struct Gifts {
    all: i32,
    subjects: [i8; SUBJECTS],
}

/// Subjects that gifts differ in; more share.
const SUBJECTS: usize = 16;

/// A sheet with all that is needed to fill it.
#[derive(Clone, Copy)]
pub struct Filling {
    pub id: SheetId,
    pub sheet: Sheet,
    pub out_of: Score,
    /// A number for the subject.
    pub subject: usize,
    pub by: UserId,
    pub at: Moment,
}

/// The contents of some sheets, each table in the order of its key but for the operations, whose
/// keys are random.
#[derive(Default)]
pub struct Batch {
    pub marks: Vec<NewMark>,
    pub changes: Vec<Change>,
    pub operations: Vec<NewOperation>,
}

impl Book {
    pub fn new(seed: u64, groups: &[Group], by_name: Vec<Vec<usize>>) -> Self {
        let mut random = StdRng::seed_from_u64(seed ^ 0x6D61);
        let students: usize = groups.iter().map(|group| group.students).sum();
        let gifts = (0..students).map(|_| Gifts {
            // Four dice come near to how marks are spread.
            all: 28 + (0..4).map(|_| random.random_range(0..=15)).sum::<i32>(),
            subjects: [0; SUBJECTS].map(|_| random.random_range(-10..=10)),
        });
        Self {
            seed,
            by_name,
            gifts: gifts.collect(),
        }
    }

    /// Fills sheets, batch by batch; stops when nobody takes them any more.
    pub fn fill(&self, sheets: &[Filling], mut take: impl FnMut(Batch) -> bool) -> Result<()> {
        let mut batch = Batch::default();
        for sheet in sheets {
            self.sheet(sheet, &mut batch)?;
            if batch.marks.len() >= BATCH && !take(std::mem::take(&mut batch)) {
                return Ok(());
            }
        }
        if !batch.marks.is_empty() {
            take(batch);
        }
        Ok(())
    }

    fn sheet(&self, filling: &Filling, batch: &mut Batch) -> Result<()> {
        let Sheet {
            group,
            entered,
            corrected,
            ..
        } = filling.sheet;
        let mut random = StdRng::seed_from_u64(self.seed ^ (filling.id.0.cast_unsigned() << 20));
        let students = self.by_name[group].iter().take(entered);
        let mut edits: Vec<Edit> = students
            .map(|student| Edit {
                student: StudentId(*student as i64 + 1),
                based_on: Version(0),
                entry: self.entry(filling, *student, &mut random),
            })
            .collect();
        if edits.is_empty() {
            return Ok(());
        }
        let put_right = corrected.then(|| {
            let place = random.random_range(0..edits.len());
            let wrong = other(&edits[place].entry, filling.out_of);
            let right = std::mem::replace(&mut edits[place].entry, wrong);
            Edit {
                student: edits[place].student,
                based_on: Version(1),
                entry: right,
            }
        });
        let mut saves = vec![(edits, filling.at)];
        // After half an hour.
        saves.extend(put_right.map(|edit| (vec![edit], Moment(filling.at.0 + 1_800_000_000))));
        let mut stands: BTreeMap<StudentId, NewMark> = BTreeMap::new();
        let mut previous = chain::START;
        let mut sequence = 0;
        for (version, (edits, at)) in (1..).zip(saves) {
            let operation = OperationId(random.random());
            let save = Save {
                filling,
                version: Version(version),
                at,
                operation,
            };
            save.keep(&edits, entered, batch)?;
            for edit in edits {
                sequence += 1;
                let before = stands.get(&edit.student).map(|mark| mark.entry.clone());
                let before = before.unwrap_or(Entry::Blank);
                save.change(&edit, before, sequence, &mut previous, batch);
                stands.insert(edit.student, save.mark(edit));
            }
        }
        batch.marks.extend(stands.into_values());
        Ok(())
    }

    fn entry(&self, filling: &Filling, student: usize, random: &mut StdRng) -> Entry {
        match random.random_range(0..1_000) {
            0..15 => return Entry::Absent,
            15..18 => return Entry::Exempt,
            _ => {}
        }
        let gifts = &self.gifts[student];
        let chance: i32 = random.random_range(-6..=6) + random.random_range(-6..=6);
        let hard = (filling.subject * 5 % 11) as i32 - 5;
        let percent = gifts.all + i32::from(gifts.subjects[filling.subject % SUBJECTS]);
        let percent = (percent + chance - hard).clamp(2, 99);
        // Whole marks, and here and there a half.
        let step = match random.random_range(0..25) {
            0 => 50,
            _ => 100,
        };
        let hundredths = filling.out_of.0 * percent / 100;
        Entry::Score(Score(hundredths / step * step))
    }
}

/// Another entry than this: what somebody typed by mistake.
fn other(entry: &Entry, out_of: Score) -> Entry {
    match entry {
        Entry::Score(score) if score.0 + 900 <= out_of.0 => Entry::Score(Score(score.0 + 900)),
        Entry::Score(score) => Entry::Score(Score(score.0 / 1_000 * 100)),
        _ => Entry::Score(Score(0)),
    }
}

/// One save of a sheet.
struct Save<'a> {
    filling: &'a Filling,
    version: Version,
    at: Moment,
    operation: OperationId,
}

impl Save<'_> {
    /// Keeps what was answered.
    fn keep(&self, edits: &[Edit], entered: usize, batch: &mut Batch) -> Result<()> {
        let reply = MarksSaved {
            version: self.version,
            entered: u32::try_from(entered).unwrap_or(u32::MAX),
            problems: Vec::new(),
        };
        batch.operations.push(NewOperation {
            id: self.operation,
            by: self.filling.by,
            request_hash: request_hash(self.filling.id, edits, None)?,
            reply: answer(&reply)?,
            at: self.at,
        });
        Ok(())
    }

    fn change(
        &self,
        edit: &Edit,
        before: Entry,
        sequence: i64,
        previous: &mut Hash,
        batch: &mut Batch,
    ) {
        let mut change = Change {
            sheet: self.filling.id,
            sequence,
            student: edit.student,
            before,
            after: edit.entry.clone(),
            by: self.filling.by,
            at: self.at,
            operation: self.operation,
            source: SOURCE,
            row_hash: RowHash::default(),
            hash: chain::START,
        };
        change.hash = change.link().hash(previous);
        change.row_hash = change.link().row_hash(previous, &change.hash);
        *previous = change.hash;
        batch.changes.push(change);
    }

    fn mark(&self, edit: Edit) -> NewMark {
        NewMark {
            sheet: self.filling.id,
            student: edit.student,
            entry: edit.entry,
            v: self.version,
            by: self.filling.by,
            at: self.at,
        }
    }
}
