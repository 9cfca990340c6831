//! What became of the calls: times in histograms, refusals by their codes.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;

use super::deeds::Deed;
use crate::ops::bench::report::{histogram, micros, record};

/// How a call came out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The code of what went wrong; a line that was lost is `lost-line`.
    pub error: Option<String>,
    /// Marks that were not stored because somebody else had changed them: no error, but a person
    /// must look at them.
    pub conflicts: u64,
}

impl Outcome {
    pub fn error(code: &str) -> Self {
        Self {
            error: Some(code.to_owned()),
            conflicts: 0,
        }
    }
}

/// The calls of one deed.
pub struct Calls {
    /// From the moment at which it was meant to be made.
    pub times: Histogram<u64>,
    /// From the moment at which it was made.
    pub answered: Histogram<u64>,
    pub errors: BTreeMap<String, u64>,
}

/// All calls.
#[derive(Default)]
pub struct Tally {
    pub deeds: BTreeMap<Deed, Calls>,
    pub conflicts: u64,
    /// Calls of an open loop that were given up, because those before them took too long.
    pub given_up: u64,
}

impl Tally {
    pub fn count(&mut self, deed: Deed, meant: Duration, made: Duration, outcome: Outcome) {
        let calls = self.deeds.entry(deed).or_insert_with(|| Calls {
            times: histogram(),
            answered: histogram(),
            errors: BTreeMap::new(),
        });
        self.conflicts += outcome.conflicts;
        match outcome.error {
            Some(code) => *calls.errors.entry(code).or_default() += 1,
            None => {
                record(&mut calls.times, micros(meant));
                record(&mut calls.answered, micros(made));
            }
        }
    }

    /// All calls together: as they were meant, and as they were made.
    pub fn overall(&self) -> (Histogram<u64>, Histogram<u64>) {
        let mut sums = (histogram(), histogram());
        for calls in self.deeds.values() {
            sums.0 += &calls.times;
            sums.1 += &calls.answered;
        }
        sums
    }
}
