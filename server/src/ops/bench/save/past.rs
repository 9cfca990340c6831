//! The same rows past the server: straight into the tables, with hashes and answer given.

use std::sync::Arc;
use std::time::Instant;

use chrono::NaiveDate;
use hdrhistogram::Histogram;
use hillview_shared::ids::{Moment, OperationId, SheetId, StudentId, UserId, Version};
use hillview_shared::marks::{Entry, MarksSaved};
use tokio::task::JoinSet;

use super::super::forty::{Class, MARKS};
use super::super::report::{histogram, micros};
use super::{Turn, entries};
use crate::chain::{self, Hash, Link, RowHash};
use crate::db::marks::{NewChange, NewMark};
use crate::db::raw_saves::{Counts, Raw, Rows};
use crate::service::marks::answer;

/// What histories of saves over a line name.
const SOURCE: &str = "bench";

/// Who saves past the server.
pub struct Past {
    raw: Arc<Raw>,
    writers: Vec<Writer>,
}

struct Writer {
    by: UserId,
    class: Class,
    /// The end of each sheet's history.
    ends: Vec<Hash>,
}

/// A save, worked out beforehand.
struct Ready {
    sheet: SheetId,
    by: UserId,
    at: Moment,
    before: Arc<[Entry]>,
    after: Arc<[Entry]>,
    /// How often marks were written before.
    saves: i64,
    students: Arc<[StudentId]>,
    operation: OperationId,
    /// Of each change.
    hashes: Vec<(RowHash, Hash)>,
    request_hash: Hash,
    reply: Vec<u8>,
    read: Option<NaiveDate>,
}

impl Past {
    pub fn new(raw: Raw, by: UserId, classes: Vec<Class>) -> Self {
        let writers = classes.into_iter().map(|class| Writer {
            by,
            ends: vec![chain::START; class.sheets.len()],
            class,
        });
        Self {
            raw: Arc::new(raw),
            writers: writers.collect(),
        }
    }

    /// Everybody saves their sheets of a turn, one after the other; `read`: the day for which each
    /// is read before.
    pub async fn save(
        &mut self,
        turn: &Turn,
        read: Option<NaiveDate>,
    ) -> anyhow::Result<Histogram<u64>> {
        let ready = self.writers.iter_mut().map(|it| it.ready(turn, read));
        let ready = ready.collect::<anyhow::Result<Vec<_>>>()?;
        let mut all = JoinSet::new();
        for saves in ready {
            all.spawn(save(Arc::clone(&self.raw), saves));
        }
        let mut times = histogram();
        while let Some(done) = all.join_next().await {
            times.add(done??)?;
        }
        Ok(times)
    }

    /// What stands in a school's tables.
    pub async fn counts(&self) -> anyhow::Result<Counts> {
        Ok(self.raw.counts().await?)
    }

    pub async fn close(self) {
        self.raw.close().await;
    }
}

async fn save(raw: Arc<Raw>, saves: Vec<Ready>) -> anyhow::Result<Histogram<u64>> {
    let mut times = histogram();
    for ready in &saves {
        let rows = ready.rows();
        let asked = Instant::now();
        raw.save(&rows).await?;
        times.record(micros(asked.elapsed()))?;
    }
    Ok(times)
}

impl Writer {
    fn ready(&mut self, turn: &Turn, read: Option<NaiveDate>) -> anyhow::Result<Vec<Ready>> {
        let students: Arc<[StudentId]> = self.class.students.as_slice().into();
        let after: Arc<[Entry]> = entries(turn.before).into();
        let before: Arc<[Entry]> = match turn.before.checked_sub(1) {
            Some(before) => entries(before).into(),
            None => vec![Entry::Blank; MARKS].into(),
        };
        let saves = i64::try_from(turn.before)?;
        let reply = answer(&MarksSaved {
            version: Version(saves + 1),
            entered: u32::try_from(MARKS)?,
            problems: Vec::new(),
        })?;
        let places = turn.sheets.clone();
        let ready = places.map(|place| {
            let mut ready = Ready {
                sheet: self.class.sheets[place],
                by: self.by,
                at: Moment(chrono::Utc::now().timestamp_micros()),
                before: Arc::clone(&before),
                after: Arc::clone(&after),
                saves,
                students: Arc::clone(&students),
                operation: OperationId(rand::random()),
                hashes: Vec::with_capacity(MARKS),
                request_hash: rand::random(),
                reply: reply.clone(),
                read,
            };
            ready.chain(&mut self.ends[place]);
            ready
        });
        Ok(ready.collect())
    }
}

impl Ready {
    /// Works the hashes out, behind the end of the history and to its new end.
    fn chain(&mut self, end: &mut Hash) {
        for place in 0..MARKS {
            let change = NewChange::behind(end, self.link(place));
            *end = change.hash;
            self.hashes.push((change.row_hash, change.hash));
        }
    }

    fn link(&self, place: usize) -> Link<'_> {
        let behind = i64::try_from(MARKS).unwrap_or_default() * self.saves;
        Link {
            sheet: self.sheet,
            sequence: behind + i64::try_from(place).unwrap_or_default() + 1,
            student: self.students[place],
            before: &self.before[place],
            after: &self.after[place],
            by: self.by,
            at: self.at,
            operation: self.operation,
            source: SOURCE,
            reason: None,
        }
    }

    fn rows(&self) -> Rows<'_> {
        let version = Version(self.saves + 1);
        let mark = |place: usize| NewMark {
            sheet: self.sheet,
            version,
            student: self.students[place],
            entry: &self.after[place],
            by: self.by,
            at: self.at,
        };
        let change = |place: usize| NewChange {
            link: self.link(place),
            row_hash: self.hashes[place].0,
            hash: self.hashes[place].1,
        };
        Rows {
            sheet: self.sheet,
            marks: (0..MARKS).map(mark).collect(),
            changes: (0..MARKS).map(change).collect(),
            operation: self.operation,
            by: self.by,
            request_hash: self.request_hash,
            reply: &self.reply,
            at: self.at,
            read: self.read,
        }
    }
}
