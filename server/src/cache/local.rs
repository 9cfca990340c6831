//! The in-process twin.

use std::sync::Arc;
use std::time::{Duration, Instant};

use moka::ops::compute::Op;
use moka::sync::Cache;

use super::sessions::SessionKey;
use crate::caller::Session;

/// How long a session is believed: short, since another process (`user reset`) cannot reach in here.
const LIFE: Duration = Duration::from_millis(900);

pub struct Local {
    sessions: Cache<SessionKey, Arc<Session>>,
    tries: Cache<String, (u32, Instant)>,
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
        self.sessions.get(key)
    }

    pub fn keep_session(&self, key: &SessionKey, session: &Arc<Session>) {
        self.sessions.insert(key.clone(), Arc::clone(session));
    }

    pub fn forget_session(&self, key: &SessionKey) {
        self.sessions.invalidate(key);
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

    /// Takes a try back.
    pub fn give_back(&self, name: &str) {
        self.tries
            .entry_by_ref(name)
            .and_compute_with(|old| match old {
                Some(old) => {
                    let (count, last) = old.into_value();
                    Op::Put((count.saturating_sub(1), last))
                }
                None => Op::Nop,
            });
    }

    pub fn forgive(&self, name: &str) {
        self.tries.invalidate(name);
    }
}
