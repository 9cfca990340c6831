//! The outbox: what was typed and is not saved yet, on the disk, in order, until the server has it
//! or the person gives it up.
//!
//! An edit counts as queued once it is on the disk. Nothing here talks to a server: the run loop
//! asks for the next batch, sends it and brings the answer back. A batch keeps its operation
//! across crashes, so that sending it again has no second effect.

mod edits;
mod journal;
mod slots;
mod state;
#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};

use hillview_shared::ids::{Moment, OperationId};
use hillview_shared::marks::{MarksSaved, SaveMarks};
use hillview_shared::{ApiError, Kind};

use crate::msg::{EditId, NewEdit, OutboxCounts, OutboxEvent, Pending};
use edits::{Batch, Kept};
use journal::{Journal, Record};
use slots::Slot;
use state::State;

pub use edits::Owner;
pub use journal::Damage;
pub use slots::{Stored, stored};

/// A journal that is longer, and four times as long as when it was shortened last, is shortened.
const SHORTEN_ABOVE: u64 = 64 * 1024;

/// The outbox of one user of a school on a server.
pub struct Outbox {
    state_folder: PathBuf,
    owner: Owner,
    slot: Slot,
    journal: Journal,
    state: State,
    shorten_above: u64,
    last_id: u64,
    damages: Vec<Damage>,
}

impl Outbox {
    /// Opens the outbox under the user's state folder, with whatever earlier programs left.
    ///
    /// # Errors
    /// When its journal cannot be read or written: then nothing can be queued.
    pub fn open(state_folder: &Path, owner: Owner) -> Result<Self, ApiError> {
        Self::try_open(state_folder, owner).map_err(|error| unusable(state_folder, &error))
    }

    fn try_open(state_folder: &Path, owner: Owner) -> io::Result<Self> {
        let slot = Slot::take(state_folder, &owner)?;
        let (journal, records, damage) = Journal::open(&slot.path, &owner)?;
        let mut outbox = Self {
            state_folder: state_folder.to_owned(),
            state: State::replayed(&records),
            shorten_above: SHORTEN_ABOVE,
            last_id: 0,
            damages: damage.into_iter().collect(),
            owner,
            slot,
            journal,
        };
        outbox.take_over()?;
        Ok(outbox)
    }

    /// Takes over what other programs of the same user left in journals that nobody writes now.
    ///
    /// # Errors
    /// When it cannot be written to this journal; it then stays where it is.
    pub fn take_over(&mut self) -> io::Result<()> {
        for slot in self.slot.left_behind(&self.state_folder, &self.owner)? {
            let (_, records, damage) = Journal::open(&slot.path, &self.owner)?;
            self.damages.extend(damage);
            let left = State::replayed(&records).records();
            if !left.is_empty() {
                self.journal.append(&left, true)?;
                for record in &left {
                    self.state.apply(record);
                }
            }
            // A crash before this line leaves the same edits in both: they are known by their
            // name, and so is the operation of a batch.
            std::fs::remove_file(&slot.path)?;
        }
        Ok(())
    }

    pub fn owner(&self) -> &Owner {
        &self.owner
    }

    /// The damage that was found when journals were opened.
    pub fn damages(&self) -> &[Damage] {
        &self.damages
    }

    /// What is in it, the oldest first.
    pub fn pending(&self) -> Vec<Pending> {
        self.state.pending()
    }

    pub fn counts(&self) -> OutboxCounts {
        self.state.counts()
    }

    /// Queues edits: when this returns they are on the disk.
    ///
    /// # Errors
    /// When they could not be written; then none of them is kept, and everything before is.
    pub fn queue(&mut self, edits: &[NewEdit], now: Moment) -> Result<Vec<OutboxEvent>, ApiError> {
        let mut records = Vec::with_capacity(edits.len());
        let mut queued = Vec::with_capacity(edits.len());
        for new in edits {
            let kept = Kept {
                id: self.next_id(now),
                sheet: new.sheet,
                student: new.student,
                label: new.label.clone(),
                based_on: new.based_on,
                entry: new.entry.clone(),
                reason: new.reason.clone(),
                at: now,
            };
            queued.push(OutboxEvent::Queued {
                ticket: new.ticket,
                pending: kept.pending(),
            });
            records.extend(
                new.replaces
                    .map(|replaced| Record::Dropped(vec![replaced.0])),
            );
            records.push(Record::Queued(kept));
        }
        self.journal.append(&records, true).map_err(|error| {
            ApiError::new(
                Kind::Fault,
                "not-queued",
                format!("the mark could not be written to the disk: {error}"),
            )
            .hint("make room on the disk and type it again; what was queued before is safe")
        })?;
        let mut events = self.apply_all(&records);
        events.extend(queued);
        Ok(events)
    }

    /// A name for an edit that no other edit of this user has, and that is greater than those
    /// before it, also when the clock was put back.
    fn next_id(&mut self, now: Moment) -> u64 {
        let micros = u64::try_from(now.0).unwrap_or_default();
        let by_clock = (micros << 12) | u64::from(rand::random::<u16>() >> 4);
        let after = self.last_id.max(self.state.last_id()) + 1;
        self.last_id = by_clock.max(after);
        self.last_id
    }

    /// The save to send next: the one without an answer, or what waits; and what to say about it.
    pub fn next_save(&mut self) -> Option<(SaveMarks, Vec<OutboxEvent>)> {
        if let Some(batch) = self.state.unanswered() {
            return Some((batch.request(), batch.sending()));
        }
        let batch = self.state.next_batch(OperationId(rand::random()))?;
        let events = self.note(Record::Batch(batch.clone()));
        Some((batch.request(), events))
    }

    /// The save that was sent waits again: the line went before its answer came.
    pub fn postponed(&self) -> Vec<OutboxEvent> {
        let batch = self.state.unanswered();
        batch.map(Batch::waiting).unwrap_or_default()
    }

    /// The server's answer to a save.
    pub fn answered(&mut self, operation: OperationId, saved: &MarksSaved) -> Vec<OutboxEvent> {
        self.note(Record::Answer {
            operation,
            saved: saved.clone(),
        })
    }

    /// The server refused a save as a whole.
    pub fn refused(&mut self, operation: OperationId, error: &ApiError) -> Vec<OutboxEvent> {
        self.note(Record::Refusal {
            operation,
            code: error.code.clone(),
            message: error.message.clone(),
        })
    }

    /// Gives up edits that are not on their way.
    ///
    /// # Errors
    /// When that cannot be written: then they are all still here.
    pub fn give_up(&mut self, edits: &[EditId]) -> Result<Vec<OutboxEvent>, ApiError> {
        self.decide(Record::Dropped(edits.iter().map(|edit| edit.0).collect()))
    }

    /// Sends held edits again.
    ///
    /// # Errors
    /// When that cannot be written: then they are all still held.
    pub fn retry(&mut self, edits: &[EditId]) -> Result<Vec<OutboxEvent>, ApiError> {
        self.decide(Record::Retried(edits.iter().map(|edit| edit.0).collect()))
    }

    fn decide(&mut self, record: Record) -> Result<Vec<OutboxEvent>, ApiError> {
        self.journal
            .append(std::slice::from_ref(&record), true)
            .map_err(|error| unusable(&self.state_folder, &error))?;
        Ok(self.apply_all(&[record]))
    }

    /// Takes a step that need not be on the disk to be true. Lost in a crash, it is found out
    /// again: the save is repeated, and meets its own operation or its own marks.
    fn note(&mut self, record: Record) -> Vec<OutboxEvent> {
        let _ = self.journal.append(std::slice::from_ref(&record), false);
        self.apply_all(&[record])
    }

    fn apply_all(&mut self, records: &[Record]) -> Vec<OutboxEvent> {
        let events = records
            .iter()
            .flat_map(|record| self.state.apply(record))
            .collect();
        if self.journal.length() > self.shorten_above {
            self.shorten();
            self.shorten_above = SHORTEN_ABOVE.max(4 * self.journal.length());
        }
        events
    }

    /// What is over is taken out of the journal. When that fails, the journal stays as it is.
    fn shorten(&mut self) {
        let mut records = vec![Record::Owner(self.owner.clone())];
        records.extend(self.state.records());
        let _ = self.journal.rewrite(&records);
    }
}

impl Drop for Outbox {
    fn drop(&mut self) {
        if self.state.is_empty() {
            self.shorten();
        }
    }
}

fn unusable(folder: &Path, error: &io::Error) -> ApiError {
    ApiError::new(
        Kind::Fault,
        "no-outbox",
        format!(
            "the outbox under {} cannot be used: {error}",
            folder.display()
        ),
    )
    .hint("nothing typed can be kept until this is mended")
}
