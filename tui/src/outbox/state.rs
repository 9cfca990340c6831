//! What the outbox holds, as its records make it. The same function applies a record when it is
//! written and when it is read again, so that a restart finds what was there.

use std::collections::{HashMap, HashSet};

use hillview_shared::ids::{OperationId, Version};
use hillview_shared::marks::{Edit, Entry, MarksSaved, Problem};

use super::edits::{Batch, Item, Kept, Mark, Sent, Standing};
use super::journal::Record;
use crate::msg::{EditId, OutboxCounts, OutboxEvent, Pending};

/// The server takes no more at once.
const MOST_AT_ONCE: usize = 500;

#[derive(Clone, Debug, Default)]
pub(super) struct State {
    items: Vec<Item>,
    batches: Vec<Batch>,
    /// The versions through which a mark went by our own hand while more edits of it waited: those
    /// are based on what the person saw then, which is our own earlier edit.
    moved: HashMap<Mark, Vec<(Version, Version)>>,
}

impl State {
    pub(super) fn replayed(records: &[Record]) -> Self {
        let mut state = Self::default();
        for record in records {
            state.apply(record);
        }
        state
    }

    /// Takes a step, and says what it did to whom.
    pub(super) fn apply(&mut self, record: &Record) -> Vec<OutboxEvent> {
        match record {
            Record::Owner(_) => Vec::new(),
            Record::Queued(kept) => self.queue(kept),
            Record::Item(item) => {
                if self.items.iter().all(|known| known.kept.id != item.kept.id) {
                    self.items.push(item.clone());
                    self.items.sort_by_key(|item| item.kept.at);
                }
                Vec::new()
            }
            Record::Batch(batch) => self.send(batch),
            Record::Answer { operation, saved } => self.answer(*operation, saved),
            Record::Refusal {
                operation,
                code,
                message,
            } => self.refuse(*operation, code, message),
            Record::Dropped(ids) => self.give_up(ids),
            Record::Retried(ids) => {
                for item in &mut self.items {
                    if item.held() && ids.contains(&item.kept.id) {
                        item.standing = Standing::Waiting;
                    }
                }
                Vec::new()
            }
        }
    }

    fn queue(&mut self, kept: &Kept) -> Vec<OutboxEvent> {
        let mut events = Vec::new();
        self.items.retain(|item| {
            let replaced = item.kept.mark() == kept.mark() && item.standing != Standing::Sent;
            if replaced && item.held() {
                events.push(item.kept.dropped());
            }
            !replaced
        });
        self.items.push(Item {
            kept: kept.clone(),
            standing: Standing::Waiting,
        });
        events
    }

    fn send(&mut self, batch: &Batch) -> Vec<OutboxEvent> {
        if self
            .batches
            .iter()
            .any(|known| known.operation == batch.operation)
        {
            return Vec::new();
        }
        for sent in &batch.edits {
            if let Some(item) = self.items.iter_mut().find(|item| item.kept.id == sent.id) {
                item.standing = Standing::Sent;
            }
        }
        self.batches.push(batch.clone());
        self.batches.last().map(Batch::sending).unwrap_or_default()
    }

    fn answer(&mut self, operation: OperationId, saved: &MarksSaved) -> Vec<OutboxEvent> {
        let Some(batch) = self.take_batch(operation) else {
            return Vec::new();
        };
        let mut events = Vec::new();
        for sent in &batch.edits {
            let student = sent.edit.student;
            let problem = saved
                .problems
                .iter()
                .find(|problem| problem.student == student);
            // Whoever meets his own value has no conflict: the answer to it was lost once, or
            // somebody typed the same.
            let same = problem
                .and_then(|problem| problem.theirs.as_ref())
                .filter(|theirs| theirs.entry == sent.edit.entry);
            match (problem, same) {
                (None, _) => {
                    events.extend(self.landed(&batch, sent, saved.version, saved.entered));
                }
                (_, Some(theirs)) => {
                    events.extend(self.landed(&batch, sent, theirs.version, saved.entered));
                }
                (Some(problem), None) => events.extend(self.hold(sent.id, problem)),
            }
        }
        self.forget_moves();
        events
    }

    fn landed(
        &mut self,
        batch: &Batch,
        sent: &Sent,
        version: Version,
        entered: u32,
    ) -> Option<OutboxEvent> {
        let Edit {
            student,
            based_on,
            entry,
        } = &sent.edit;
        // A cleared mark has no version any more.
        let stands_at = match entry {
            Entry::Blank => Version(0),
            _ => version,
        };
        let moves = self.moved.entry((batch.sheet, *student)).or_default();
        moves.push((*based_on, stands_at));
        let before = self.items.len();
        self.items.retain(|item| item.kept.id != sent.id);
        (self.items.len() < before).then(|| OutboxEvent::Saved {
            edit: EditId(sent.id),
            sheet: batch.sheet,
            student: *student,
            entry: entry.clone(),
            version,
            entered,
        })
    }

    /// Keeps a refused edit for the person to decide about, unless they have typed anew already.
    fn hold(&mut self, id: u64, problem: &Problem) -> Option<OutboxEvent> {
        let at = self.items.iter().position(|item| item.kept.id == id)?;
        let mark = self.items[at].kept.mark();
        let newer = self.items[at + 1..]
            .iter()
            .any(|item| item.kept.mark() == mark && item.standing == Standing::Waiting);
        if newer {
            return Some(self.items.remove(at).kept.dropped());
        }
        let item = &mut self.items[at];
        let Kept {
            sheet,
            student,
            ref entry,
            ..
        } = item.kept;
        let (edit, entry) = (EditId(id), entry.clone());
        Some(if let Some(theirs) = problem.theirs.clone() {
            item.standing = Standing::Conflict {
                theirs: theirs.clone(),
            };
            OutboxEvent::Conflict {
                edit,
                sheet,
                student,
                entry,
                theirs,
            }
        } else {
            let (code, message) = (problem.code.clone(), problem.message.clone());
            item.standing = Standing::Refused {
                code: code.clone(),
                message: message.clone(),
            };
            OutboxEvent::Refused {
                edit,
                sheet,
                student,
                entry,
                code,
                message,
            }
        })
    }

    fn refuse(&mut self, operation: OperationId, code: &str, message: &str) -> Vec<OutboxEvent> {
        let Some(batch) = self.take_batch(operation) else {
            return Vec::new();
        };
        let events = batch
            .edits
            .iter()
            .filter_map(|sent| {
                let problem = Problem {
                    student: sent.edit.student,
                    code: code.to_owned(),
                    message: message.to_owned(),
                    theirs: None,
                };
                self.hold(sent.id, &problem)
            })
            .collect();
        self.forget_moves();
        events
    }

    fn take_batch(&mut self, operation: OperationId) -> Option<Batch> {
        let at = self
            .batches
            .iter()
            .position(|batch| batch.operation == operation)?;
        Some(self.batches.remove(at))
    }

    fn give_up(&mut self, ids: &[u64]) -> Vec<OutboxEvent> {
        let mut events = Vec::new();
        self.items.retain(|item| {
            let gone = item.standing != Standing::Sent && ids.contains(&item.kept.id);
            if gone {
                events.push(item.kept.dropped());
            }
            !gone
        });
        self.forget_moves();
        events
    }

    /// A mark of which nothing waits is known to the screens as it is on the server.
    fn forget_moves(&mut self) {
        let waiting: HashSet<Mark> = self
            .items
            .iter()
            .filter(|item| !item.held())
            .map(|item| item.kept.mark())
            .collect();
        self.moved.retain(|mark, _| waiting.contains(mark));
    }

    /// The batch that is to be sent: the one without an answer, or else none yet.
    pub(super) fn unanswered(&self) -> Option<&Batch> {
        self.batches.first()
    }

    /// Puts the next batch together: what waits for the sheet of the oldest edit, one edit a mark.
    pub(super) fn next_batch(&self, operation: OperationId) -> Option<Batch> {
        let waits = |item: &&Item| item.standing == Standing::Waiting;
        let oldest = &self.items.iter().find(waits)?.kept;
        let mut taken = HashSet::new();
        let edits = self
            .items
            .iter()
            .filter(waits)
            .map(|item| &item.kept)
            .filter(|kept| kept.sheet == oldest.sheet && kept.reason == oldest.reason)
            .filter(|kept| taken.insert(kept.student))
            .take(MOST_AT_ONCE)
            .map(|kept| Sent {
                id: kept.id,
                edit: Edit {
                    student: kept.student,
                    based_on: self.moved_on(kept),
                    entry: kept.entry.clone(),
                },
            })
            .collect();
        Some(Batch {
            operation,
            sheet: oldest.sheet,
            reason: oldest.reason.clone(),
            edits,
        })
    }

    fn moved_on(&self, kept: &Kept) -> Version {
        let moves = self.moved.get(&kept.mark()).map_or(&[][..], Vec::as_slice);
        moves.iter().fold(
            kept.based_on,
            |version, (from, to)| {
                if version == *from { *to } else { version }
            },
        )
    }

    /// The greatest name that an edit has here.
    pub(super) fn last_id(&self) -> u64 {
        let ids = self.items.iter().map(|item| item.kept.id);
        ids.max().unwrap_or_default()
    }

    pub(super) fn pending(&self) -> Vec<Pending> {
        self.items.iter().map(Item::pending).collect()
    }

    pub(super) fn counts(&self) -> OutboxCounts {
        let held = self.items.iter().filter(|item| item.held()).count();
        OutboxCounts {
            waiting: self.items.len() - held,
            held,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The fewest records that make this state.
    pub(super) fn records(&self) -> Vec<Record> {
        let items = self.items.iter().map(|item| {
            let mut item = item.clone();
            item.kept.based_on = self.moved_on(&item.kept);
            Record::Item(item)
        });
        let batches = self.batches.iter().cloned().map(Record::Batch);
        items.chain(batches).collect()
    }
}
