//! What remembering is worth: how often an answer was there, how often it had to be read.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How often it is written to the log.
const TOLD_EACH: Duration = Duration::from_secs(60);

/// What is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Sessions,
    Terms,
    Classes,
    Papers,
    Schemes,
}

impl Kind {
    pub const ALL: [Self; 5] = [
        Self::Sessions,
        Self::Terms,
        Self::Classes,
        Self::Papers,
        Self::Schemes,
    ];

    /// As the log names it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sessions => "sessions",
            Self::Terms => "terms",
            Self::Classes => "classes",
            Self::Papers => "papers",
            Self::Schemes => "schemes",
        }
    }
}

#[derive(Default)]
pub(super) struct Tally {
    kinds: [Counts; Kind::ALL.len()],
}

/// Since they were told last.
#[derive(Default)]
struct Counts {
    hits: AtomicU64,
    misses: AtomicU64,
    /// Misses of what was remembered and had changed since.
    outdated: AtomicU64,
}

impl Tally {
    pub fn hit(&self, kind: Kind) {
        self.of(kind).hits.fetch_add(1, Ordering::Relaxed);
    }

    pub fn miss(&self, kind: Kind) {
        self.of(kind).misses.fetch_add(1, Ordering::Relaxed);
    }

    pub fn outdated(&self, kind: Kind) {
        self.of(kind).outdated.fetch_add(1, Ordering::Relaxed);
    }

    fn of(&self, kind: Kind) -> &Counts {
        &self.kinds[kind as usize]
    }
}

impl super::Cache {
    /// Writes to the log, each minute, what was asked for. One of these runs in each server.
    pub async fn report(&self) {
        loop {
            tokio::time::sleep(TOLD_EACH).await;
            self.tell_tally();
        }
    }

    /// Writes to the log what was asked for since the last time: one line for each kind.
    pub fn tell_tally(&self) {
        for (kind, [hits, misses, outdated]) in self.take_tally() {
            tracing::info!(kind = kind.word(), hits, misses, outdated, "cache");
        }
    }

    /// Hits, misses and outdated ones since the last time, of each kind that was asked for.
    pub fn take_tally(&self) -> Vec<(Kind, [u64; 3])> {
        let kinds = Kind::ALL.into_iter().map(|kind| {
            let counts = self.tally.of(kind);
            let counts = [&counts.hits, &counts.misses, &counts.outdated];
            (kind, counts.map(|count| count.swap(0, Ordering::Relaxed)))
        });
        kinds
            .filter(|(_, [hits, misses, _])| hits + misses > 0)
            .collect()
    }
}
