//! One who saves marks, and knows what was acknowledged.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hillview::client::Client;
use hillview_shared::assessments::{OpenSheet, SheetOpened, SheetRow, WhichSheet};
use hillview_shared::ids::{OperationId, SheetId, StudentId, Version};
use hillview_shared::marks::{Edit, Entry, MarksSaved, SaveMarks, Score};
use hillview_shared::{ApiError, Kind};
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use tokio::sync::Notify;
use tokio::time::sleep;

/// A mark that only this writer writes.
struct Cell {
    student: StudentId,
    entry: Entry,
    version: Version,
}

/// A change that was acknowledged and made a difference: one row of the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    pub operation: OperationId,
    pub student: StudentId,
    pub before: Entry,
    pub after: Entry,
}

#[derive(Clone, Copy, Default)]
pub struct Counts {
    /// Saves that were acknowledged, and the marks in them.
    pub saves: usize,
    pub marks: usize,
    /// Saves that were not answered, and those of them that had taken effect all the same.
    pub unanswered: usize,
    pub effective: usize,
}

impl std::iter::Sum for Counts {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| Self {
            saves: sum.saves + one.saves,
            marks: sum.marks + one.marks,
            unanswered: sum.unanswered + one.unanswered,
            effective: sum.effective + one.effective,
        })
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            saves,
            marks,
            unanswered,
            effective,
        } = self;
        write!(
            f,
            "{saves} saves of {marks} marks acknowledged, {unanswered} left without an answer and \
             resolved ({effective} of them had taken effect)"
        )
    }
}

pub struct Writer {
    pub sheet: SheetId,
    /// In the order in which they were acknowledged.
    pub effects: Vec<Effect>,
    pub counts: Counts,
    cells: Vec<Cell>,
    /// What was sent and not acknowledged.
    pending: Option<SaveMarks>,
    /// It may have taken effect: nobody said that it was not saved.
    may_be_saved: bool,
    random: StdRng,
}

/// The sheet as the server has it.
pub async fn rows(client: &Client, sheet: SheetId) -> Result<Vec<SheetRow>, ApiError> {
    let request = OpenSheet {
        sheet: WhichSheet::Id(sheet),
        newer_than: None,
    };
    let opened = client
        .ask(async |api, context| api.open_sheet(context, request).await)
        .await?;
    match opened {
        SheetOpened::Sheet(sheet) => Ok(sheet.rows),
        SheetOpened::Unchanged => panic!("nothing was known, so nothing is unchanged"),
    }
}

impl Writer {
    pub fn new(sheet: SheetId, own: &[SheetRow], random: StdRng) -> Self {
        let cells = own.iter().map(|row| Cell {
            student: row.id,
            entry: row.entry.clone(),
            version: row.v,
        });
        Self {
            sheet,
            effects: Vec::new(),
            counts: Counts::default(),
            cells: cells.collect(),
            pending: None,
            may_be_saved: false,
            random,
        }
    }

    /// Saves and saves, until the line is lost.
    pub async fn save_until_cut(&mut self, client: &Client, acknowledged: &Notify) {
        let error = loop {
            match self.save_one(client).await {
                Ok(()) => acknowledged.notify_one(),
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind, Kind::Offline, "{error:?}");
    }

    /// Saves and saves over a line that stays, whatever becomes of the database behind it.
    pub async fn save_until_told(
        &mut self,
        client: &Client,
        acknowledged: &Notify,
        enough: &AtomicBool,
    ) {
        while !enough.load(Ordering::Relaxed) {
            match self.save_one(client).await {
                Ok(()) => acknowledged.notify_one(),
                Err(error) => {
                    let known = ["busy", "database-away", "outcome-unknown"];
                    assert!(known.contains(&error.code.as_str()), "{error:?}");
                    // As a client does: the same again, a little later.
                    sleep(Duration::from_millis(20)).await;
                }
            }
        }
    }

    async fn save_one(&mut self, client: &Client) -> Result<(), ApiError> {
        self.resolve(client).await?;
        self.pending = Some(self.random_save());
        self.may_be_saved = false;
        self.send(client).await
    }

    /// Resolves what is left; then the sheet must be as this writer knows it.
    pub async fn finish(&mut self, client: &Client) -> Result<(), ApiError> {
        self.resolve(client).await?;
        for (cell, row) in self.seen(client).await? {
            assert_eq!((&row.entry, row.v), (&cell.entry, cell.version));
        }
        Ok(())
    }

    /// Sends again what was not answered, after a look at what the server has of it.
    async fn resolve(&mut self, client: &Client) -> Result<(), ApiError> {
        let Some(pending) = &self.pending else {
            return Ok(());
        };
        let (mut before, mut after) = (true, true);
        for (cell, row) in self.seen(client).await? {
            let edit = pending.edits.iter().find(|it| it.student == cell.student);
            before &= row.entry == cell.entry;
            after &= row.entry == *edit.map_or(&cell.entry, |edit| &edit.entry);
        }
        assert!(
            before || after,
            "an acknowledged mark is lost, or half a save is there"
        );
        assert!(
            before || self.may_be_saved,
            "it was said that nothing was saved, and it was"
        );
        self.send(client).await?;
        self.counts.unanswered += 1;
        self.counts.effective += usize::from(!before);
        Ok(())
    }

    /// The own marks, beside what the server has of them.
    async fn seen(&self, client: &Client) -> Result<Vec<(&Cell, SheetRow)>, ApiError> {
        let rows = rows(client, self.sheet).await?;
        let seen = self.cells.iter().map(|cell| {
            let row = rows.iter().find(|row| row.id == cell.student);
            (cell, row.unwrap().clone())
        });
        Ok(seen.collect())
    }

    /// Sends the pending save. It stays pending unless an answer comes.
    async fn send(&mut self, client: &Client) -> Result<(), ApiError> {
        let request = self.pending.clone().unwrap();
        let answer = client
            .ask(async |api, context| api.save_marks(context, request).await)
            .await;
        let saved = answer.inspect_err(|error| {
            self.may_be_saved |= !matches!(error.code.as_str(), "busy" | "database-away");
        })?;
        let request = self.pending.take().unwrap();
        self.learn(request, &saved);
        Ok(())
    }

    fn learn(&mut self, request: SaveMarks, saved: &MarksSaved) {
        assert_eq!(saved.problems, [], "nobody else writes these marks");
        self.counts.saves += 1;
        self.counts.marks += request.edits.len();
        for edit in request.edits {
            let mut cells = self.cells.iter_mut();
            let cell = cells.find(|cell| cell.student == edit.student).unwrap();
            cell.version = match edit.entry {
                Entry::Blank => Version(0),
                _ => saved.version,
            };
            let before = std::mem::replace(&mut cell.entry, edit.entry.clone());
            if before != edit.entry {
                self.effects.push(Effect {
                    operation: request.operation,
                    student: edit.student,
                    before,
                    after: edit.entry,
                });
            }
        }
    }

    fn random_save(&mut self) -> SaveMarks {
        let Self { random, cells, .. } = self;
        let count = random.random_range(1..=cells.len());
        let chosen: Vec<&Cell> = cells.sample(&mut *random, count).collect();
        let edits = chosen.into_iter().map(|cell| Edit {
            student: cell.student,
            based_on: cell.version,
            entry: random_entry(random),
        });
        SaveMarks {
            edits: edits.collect(),
            sheet: self.sheet,
            operation: OperationId(self.random.random()),
            reason: None,
        }
    }
}

fn random_entry(random: &mut StdRng) -> Entry {
    match random.random_range(0..10) {
        0 => Entry::Blank,
        1 => Entry::Absent,
        2 => Entry::Exempt,
        _ => Entry::Score(Score(random.random_range(0..=6_000))),
    }
}
