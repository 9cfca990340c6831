//! Counts of connections and calls by whom they are from, so that nobody takes it all: addresses in
//! [`crate::room`], users in [`crate::seats`].

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::limits::{Bucket, Rate};

/// Entries at which it is looked for the first time for some to forget.
const SWEEP_AT: usize = 1_024;

pub struct Counts<K> {
    table: Mutex<Table<K>>,
}

struct Table<K> {
    by: HashMap<K, Count>,
    sweep_at: usize,
}

struct Count {
    connections: u32,
    in_hand: u32,
    bucket: Bucket,
}

impl<K: Clone + Eq + Hash> Counts<K> {
    pub fn new() -> Self {
        Self {
            table: Mutex::new(Table {
                by: HashMap::new(),
                sweep_at: SWEEP_AT,
            }),
        }
    }

    /// Counts a connection; `false` when there are `most` already.
    pub fn enter(&self, key: &K, most: u32) -> bool {
        self.change(key, |count| {
            let room = count.connections < most;
            count.connections += u32::from(room);
            room
        })
    }

    pub fn leave(&self, key: &K) {
        self.change(key, |count| {
            count.connections = count.connections.saturating_sub(1);
        });
    }

    /// Counts a call that is worked on; `false` when there are `most` already.
    pub fn begin(&self, key: &K, most: u32) -> bool {
        self.change(key, |count| {
            let room = count.in_hand < most;
            count.in_hand += u32::from(room);
            room
        })
    }

    pub fn end(&self, key: &K) {
        self.change(key, |count| count.in_hand = count.in_hand.saturating_sub(1));
    }

    /// Takes a call out of the bucket, or says how long to wait.
    pub fn pay(&self, key: &K, rate: Rate, cost: u32) -> Result<(), Duration> {
        let now = Instant::now();
        self.change(key, |count| count.bucket.take(rate, cost, now))
    }

    fn change<T>(&self, key: &K, change: impl FnOnce(&mut Count) -> T) -> T {
        let mut table = self.table();
        if let Some(count) = table.by.get_mut(key) {
            return change(count);
        }
        let now = Instant::now();
        if table.by.len() >= table.sweep_at {
            table.sweep(now);
        }
        let count = table.by.entry(key.clone()).or_insert(Count {
            connections: 0,
            in_hand: 0,
            bucket: Bucket::new(now),
        });
        change(count)
    }

    fn table(&self) -> MutexGuard<'_, Table<K>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.table().by.len()
    }
}

impl<K: Eq + Hash> Table<K> {
    /// Forgets whoever has nothing open and a whole bucket: not at once when they go, or a flood
    /// would have a new bucket with each connection.
    fn sweep(&mut self, now: Instant) {
        self.by.retain(|_, count| {
            count.connections > 0 || count.in_hand > 0 || !count.bucket.is_whole(now)
        });
        self.sweep_at = (2 * self.by.len()).max(SWEEP_AT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate {
        a_second: 1,
        burst: 2,
    };

    #[test]
    fn each_has_room_of_its_own() {
        let counts = Counts::new();
        assert!(counts.enter(&1, 2) && counts.enter(&1, 2) && !counts.enter(&1, 2));
        assert!(counts.enter(&2, 2));
        counts.leave(&1);
        assert!(counts.enter(&1, 2));
        assert!(counts.begin(&1, 1) && !counts.begin(&1, 1));
        counts.end(&1);
        assert!(counts.begin(&1, 1));
    }

    #[test]
    fn whoever_comes_back_finds_the_bucket_as_it_was() {
        let counts = Counts::new();
        assert!(counts.enter(&0, 1));
        assert!(counts.pay(&0, RATE, 2).is_ok() && counts.pay(&0, RATE, 1).is_err());
        counts.leave(&0);
        assert!(counts.enter(&0, 1));
        assert!(counts.pay(&0, RATE, 1).is_err());
    }

    #[test]
    fn a_flood_of_addresses_is_forgotten() {
        let counts = Counts::new();
        assert!(counts.enter(&0, 1));
        for one in 1..100_000 {
            assert!(counts.enter(&one, 1));
            counts.leave(&one);
        }
        assert!(counts.len() <= SWEEP_AT, "{}", counts.len());
        assert!(!counts.enter(&0, 1), "who is there is counted still");
    }
}
