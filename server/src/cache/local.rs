//! The in-process twin.

use std::sync::Arc;
use std::time::{Duration, Instant};

use moka::ops::compute::Op;
use moka::sync::Cache;

use super::sessions::{BARRED, LIFE, SessionKey};
use crate::caller::Session;

pub struct Local {
    sessions: Cache<SessionKey, Kept>,
    tries: Cache<String, (u32, Instant)>,
}

#[derive(Clone)]
enum Kept {
    Session(Arc<Session>),
    /// Forgotten: a reader that asked the database before must not put its answer back.
    Barred(Instant),
}

impl Local {
    pub fn new() -> Self {
        Self {
            sessions: Cache::builder()
                .max_capacity(20_000)
                .time_to_live(LIFE)
                .build(),
            tries: Cache::builder()
                .max_capacity(100_000)
                .time_to_live(super::limits::WINDOW)
                .build(),
        }
    }

    pub fn session(&self, key: &SessionKey) -> Option<Arc<Session>> {
        match self.sessions.get(key)? {
            Kept::Session(session) => Some(session),
            Kept::Barred(_) => None,
        }
    }

    pub fn keep_session(&self, key: &SessionKey, session: &Arc<Session>) {
        self.sessions.entry(key.clone()).and_compute_with(|old| {
            match old.map(|old| old.into_value()) {
                Some(Kept::Barred(at)) if at.elapsed() < BARRED => Op::Nop,
                _ => Op::Put(Kept::Session(Arc::clone(session))),
            }
        });
    }

    pub fn forget_session(&self, key: &SessionKey) {
        self.sessions
            .insert(key.clone(), Kept::Barred(Instant::now()));
    }

    /// Counts a try; gives the count within the window and how long ago the last one was.
    pub fn count_try(&self, name: &str) -> (u32, Duration) {
        let now = Instant::now();
        let mut since = Duration::MAX;
        let entry = self
            .tries
            .entry_by_ref(name)
            .and_upsert_with(|old| match old {
                Some(old) => {
                    let (count, last) = old.into_value();
                    since = now - last;
                    (count + 1, now)
                }
                None => (1, now),
            });
        (entry.into_value().0, since)
    }

    pub fn forgive(&self, name: &str) {
        self.tries.invalidate(name);
    }
}
