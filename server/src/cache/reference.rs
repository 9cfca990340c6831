//! What changes a few times a year and is read by most calls: terms, classes, papers. In this process,
//! and believed only while the school's count of such changes stands where it stood (`epochs`).
//!
//! What decides whether a write is right is read in its transaction, never here.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hillview_shared::calendar::Term;
use hillview_shared::grading::Scheme;
use hillview_shared::ids::SchoolId;
use hillview_shared::subjects::Paper;
use moka::sync::Cache;

use super::tally::Kind;
use crate::db::classes::Named;
use crate::db::epochs::Epoch;

/// How long anything is remembered: what somebody changes in the database by hand is seen after this.
const LIFE: Duration = Duration::from_secs(60);
/// Entries of each kind. The largest, the papers of a school, are about 50 KiB.
const MOST: u64 = 200;
/// Schemes are small, and a school has a few.
const SCHEMES_MOST: u64 = 1_000;

/// What is remembered of each school.
pub struct Reference {
    pub terms: Remembered<Vec<Term>>,
    /// By their year.
    pub classes: Remembered<Vec<Named>>,
    pub papers: Remembered<Vec<Paper>>,
    /// By their number. They never change.
    pub schemes: Remembered<Scheme>,
}

/// Things of one kind, by their school and a number within it.
pub struct Remembered<T> {
    kind: Kind,
    entries: Cache<(SchoolId, i64), (Arc<T>, Epoch)>,
}

impl Reference {
    pub(super) fn new(off: bool) -> Self {
        let most = |most| if off { 0 } else { most };
        Self {
            terms: Remembered::new(Kind::Terms, most(MOST)),
            classes: Remembered::new(Kind::Classes, most(MOST)),
            papers: Remembered::new(Kind::Papers, most(MOST)),
            schemes: Remembered::new(Kind::Schemes, most(SCHEMES_MOST)),
        }
    }
}

impl<T: Send + Sync + 'static> Remembered<T> {
    fn new(kind: Kind, most: u64) -> Self {
        let entries = Cache::builder().max_capacity(most);
        // What never changes stays until there is too much of it.
        let entries = match kind {
            Kind::Schemes => entries,
            _ => entries.time_to_live(LIFE),
        };
        Self {
            kind,
            entries: entries.build(),
        }
    }
}

impl super::Cache {
    /// Whether nothing is remembered, so that there is nothing to ask the school's counts for.
    pub fn is_off(&self) -> bool {
        self.off
    }

    pub fn reference(&self) -> &Reference {
        &self.reference
    }

    /// Where the school's count of reference data stands, if that is known without asking.
    /// `changes` counts what this process has changed.
    pub fn reference_epoch(&self, school: &str, changes: u64) -> Option<Epoch> {
        self.seen.reference(school, changes, Instant::now())
    }

    /// What is remembered, if it was read under this epoch.
    pub fn recall<T: Send + Sync + 'static>(
        &self,
        of: &Remembered<T>,
        key: (SchoolId, i64),
        epoch: Epoch,
    ) -> Option<Arc<T>> {
        match of.entries.get(&key) {
            Some((found, read)) if read == epoch => {
                self.tally.hit(of.kind);
                return Some(found);
            }
            Some(_) => self.tally.outdated(of.kind),
            None => {}
        }
        self.tally.miss(of.kind);
        None
    }

    /// Remembers what was read after the school's count stood at an epoch.
    pub fn remember<T: Send + Sync + 'static>(
        &self,
        of: &Remembered<T>,
        key: (SchoolId, i64),
        found: &Arc<T>,
        epoch: Epoch,
    ) {
        of.entries.insert(key, (Arc::clone(found), epoch));
    }
}

#[cfg(test)]
mod tests {
    use crate::cache::epochs::{Asked, Seen};
    use crate::db::epochs::Epochs;

    use super::*;

    #[test]
    fn the_count_is_believed_for_a_moment_and_not_after_a_change_from_here() {
        let (seen, now) = (Seen::default(), Instant::now());
        let epochs = |count| Epochs {
            epoch: Epoch(0),
            last_end: Epoch(0),
            reference_epoch: Epoch(count),
        };
        let at = |millis| now + Duration::from_millis(millis);
        assert_eq!(seen.reference("kilimani", 0, now), None);
        seen.saw("kilimani", epochs(5), Asked::at(now), true);
        for (school, changes, millis, told) in [
            ("kilimani", 0, 899, Some(Epoch(5))),
            ("kilimani", 0, 900, None),
            ("kilimani", 1, 0, None),
            ("nyota", 0, 0, None),
        ] {
            assert_eq!(
                seen.reference(school, changes, at(millis)),
                told,
                "{millis}"
            );
        }
        seen.doubt("kilimani");
        assert_eq!(seen.reference("kilimani", 0, now), None);
    }

    #[test]
    fn what_was_read_under_another_epoch_or_of_another_school_is_not_recalled() {
        let cache = crate::cache::Cache::new(None, false);
        let of = &cache.reference.terms;
        let (here, there) = ((SchoolId(1), 0), (SchoolId(2), 0));
        let recall = |key, epoch| cache.recall(of, key, Epoch(epoch)).is_some();
        assert!(!recall(here, 5));
        cache.remember(of, here, &Arc::default(), Epoch(5));
        assert!(recall(here, 5) && !recall(there, 5) && !recall(here, 6));
        let counts = cache.take_tally();
        let terms = counts.iter().find(|(kind, _)| *kind == Kind::Terms);
        assert_eq!(terms, Some(&(Kind::Terms, [1, 3, 1])));
        assert_eq!(counts.len(), 1, "told once");
        assert!(cache.take_tally().is_empty());
    }
}
