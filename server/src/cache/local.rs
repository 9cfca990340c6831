//! Tries counted in this process.

use std::time::{Duration, Instant};

use moka::ops::compute::Op;
use moka::sync::Cache;

use super::limits::{Limit, WINDOW};

pub struct Local {
    tries: Cache<String, Tries>,
}

/// Tries within a window.
#[derive(Clone, Copy)]
struct Tries {
    count: u32,
    /// Kept here: the cache's own time begins anew whenever an entry changes.
    began: Instant,
    last: Instant,
}

impl Local {
    pub fn new() -> Self {
        Self {
            tries: Cache::builder()
                .max_capacity(100_000)
                .time_to_live(WINDOW)
                .build(),
        }
    }

    /// Counts a try, or says how long to wait.
    pub fn try_once(&self, limit: Limit, name: &str, now: Instant) -> Result<(), Duration> {
        let mut told = Ok(());
        self.tries.entry_by_ref(name).and_compute_with(|old| {
            let old = old.map(moka::Entry::into_value);
            let old = old.filter(|tries| now.duration_since(tries.began) < WINDOW);
            let mut tries = old.unwrap_or(Tries {
                count: 0,
                began: now,
                last: now,
            });
            let rest = WINDOW - now.duration_since(tries.began);
            match limit.wait(tries.count, rest, now.duration_since(tries.last)) {
                Some(wait) => {
                    told = Err(wait);
                    Op::Nop
                }
                None => {
                    tries.count += 1;
                    tries.last = now;
                    Op::Put(tries)
                }
            }
        });
        told
    }

    /// How long a try would have to wait.
    pub fn wait(&self, limit: Limit, name: &str, now: Instant) -> Option<Duration> {
        let tries = self.tries.get(name)?;
        let rest = WINDOW.checked_sub(now.duration_since(tries.began))?;
        limit.wait(tries.count, rest, now.duration_since(tries.last))
    }

    /// Takes a try back.
    pub fn give_back(&self, name: &str) {
        self.tries
            .entry_by_ref(name)
            .and_compute_with(|old| match old {
                Some(old) => {
                    let mut tries = old.into_value();
                    tries.count = tries.count.saturating_sub(1);
                    Op::Put(tries)
                }
                None => Op::Nop,
            });
    }

    pub fn forgive(&self, name: &str) {
        self.tries.invalidate(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Limit = Limit { free: 2, most: 4 };

    #[test]
    fn the_window_ends_though_somebody_goes_on_trying() {
        let local = Local::new();
        let began = Instant::now();
        let at = |secs| local.try_once(LIMIT, "amina", began + Duration::from_secs(secs));
        for secs in [0, 0, 1, 3] {
            assert_eq!(at(secs), Ok(()), "after {secs} s");
        }
        for secs in (4..WINDOW.as_secs()).step_by(7) {
            let rest = WINDOW - Duration::from_secs(secs);
            assert_eq!(at(secs), Err(rest), "after {secs} s");
        }
        assert_eq!(at(WINDOW.as_secs()), Ok(()));
    }

    #[test]
    fn a_try_that_must_wait_is_not_counted_and_puts_nothing_off() {
        let local = Local::new();
        let began = Instant::now();
        let at = |millis| local.try_once(LIMIT, "amina", began + Duration::from_millis(millis));
        assert_eq!((at(0), at(0)), (Ok(()), Ok(())));
        for millis in (0..1_000).step_by(100) {
            assert_eq!(at(millis), Err(Duration::from_millis(1_000 - millis)));
        }
        assert_eq!(
            (at(1_000), at(3_000)),
            (Ok(()), Ok(())),
            "four tries in all"
        );
        assert!(at(9_000).is_err());
    }

    #[test]
    fn a_try_given_back_does_not_begin_the_window_anew() {
        let local = Local::new();
        let began = Instant::now();
        let limit = Limit { free: 1, most: 1 };
        let at = |secs| local.try_once(limit, "unix", began + Duration::from_secs(secs));
        assert_eq!(at(0), Ok(()));
        local.give_back("unix");
        assert_eq!((at(600), at(601).is_err()), (Ok(()), true));
        assert_eq!(at(WINDOW.as_secs()), Ok(()));
    }
}
