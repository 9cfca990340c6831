//! Where the counts of each school stood when they were read last, and what may be believed by them.
//!
//! Nothing is believed for longer than [`FRESH`] without the database.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::db::epochs::{Epoch, Epochs};

/// How long a school's counts are believed: what was ended or changed is so everywhere a second later.
pub const FRESH: Duration = Duration::from_millis(900);

#[derive(Default)]
pub(super) struct Seen {
    by_school: Mutex<HashMap<String, School>>,
}

/// What was last seen of a school.
#[derive(Default)]
struct School {
    standing: Option<Standing>,
    /// An answer to what was asked before this counts no more: something was seen or changed since.
    since: Option<Instant>,
    /// When it was heard last that a session had ended.
    heard_end: Option<Instant>,
}

#[derive(Clone, Copy)]
struct Standing {
    epochs: Epochs,
    /// Which ends of sessions after this one there were is known, one by one.
    ends_known_from: Epoch,
    /// What this process had changed of the reference data until then.
    changes: u64,
    asked: Instant,
    /// Something was changed since.
    doubted: bool,
}

/// What is asked of the database, from the moment on.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    pub(super) at: Instant,
    changes: u64,
}

impl Asked {
    /// `changes` is the count of what this process has changed of the school's reference data.
    pub fn now(changes: u64) -> Self {
        let at = Instant::now();
        Self { at, changes }
    }

    #[cfg(test)]
    pub(super) fn at(at: Instant) -> Self {
        Self { at, changes: 0 }
    }
}

/// Whether what was read under some epochs holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    Yes,
    No,
    /// The database must say.
    Ask,
}

impl Standing {
    fn is_fresh(&self, now: Instant) -> bool {
        !self.doubted && now.duration_since(self.asked) < FRESH
    }
}

impl Seen {
    /// Whether a session that was read under these epochs is as it was, unless it has ended.
    pub fn session_holds(&self, school: &str, read: Epochs, now: Instant) -> Holds {
        match self.standing(school) {
            None => Holds::Ask,
            Some(seen) if read.last_end < seen.ends_known_from => Holds::No,
            Some(seen) if seen.is_fresh(now) && seen.epochs.epoch == read.epoch => Holds::Yes,
            Some(seen) if !seen.doubted && seen.epochs.epoch != read.epoch => Holds::No,
            Some(_) => Holds::Ask,
        }
    }

    /// Where the count of reference data stands, if that may be believed now.
    pub fn reference(&self, school: &str, changes: u64, now: Instant) -> Option<Epoch> {
        let seen = self.standing(school)?;
        (seen.is_fresh(now) && seen.changes == changes).then_some(seen.epochs.reference_epoch)
    }

    /// The end of a session after which others have come, where they must be asked for one by one.
    pub fn ends_to_ask_for(&self, school: &str, epochs: Epochs) -> Option<Epoch> {
        let seen = self.standing(school)?.epochs.last_end;
        (seen < epochs.last_end).then_some(seen)
    }

    /// Takes an answer of the database into account. Ends that came since the answer before are all
    /// known (`ends_known`), or whatever was read before them is not believed any more.
    pub fn saw(&self, school: &str, epochs: Epochs, asked: Asked, ends_known: bool) {
        let mut by_school = self.lock();
        let entry = by_school.entry(school.to_owned()).or_default();
        // An answer that was under way when something newer came in.
        if entry.since.is_some_and(|since| asked.at < since) {
            return;
        }
        // Where the count went back, the database is another than it was.
        let goes_on = |seen: &Standing| ends_known && seen.epochs.last_end <= epochs.last_end;
        let before = entry.standing.filter(goes_on);
        entry.standing = Some(Standing {
            epochs,
            ends_known_from: before.map_or(epochs.last_end, |seen| seen.ends_known_from),
            changes: asked.changes,
            asked: asked.at,
            doubted: false,
        });
        entry.since = Some(asked.at);
    }

    /// The same for an answer that says nothing of ends: it counts only where none came.
    pub fn saw_beside(&self, school: &str, epochs: Epochs, asked: Asked) {
        let seen = self.standing(school);
        if seen.is_none_or(|seen| seen.epochs.last_end == epochs.last_end) {
            self.saw(school, epochs, asked, true);
        }
    }

    /// Asks anew before anything of the school is believed again.
    pub fn doubt(&self, school: &str) {
        if let Some(entry) = self.lock().get_mut(school) {
            entry.since = Some(Instant::now());
            if let Some(standing) = &mut entry.standing {
                standing.doubted = true;
            }
        }
    }

    /// A session of the school has ended.
    pub fn heard_end(&self, school: &str) {
        let mut by_school = self.lock();
        by_school.entry(school.to_owned()).or_default().heard_end = Some(Instant::now());
    }

    /// Whether an end was heard of since: what was asked for before may be what has ended.
    pub fn ended_since(&self, school: &str, asked: Asked) -> bool {
        let by_school = self.lock();
        let heard = by_school.get(school).and_then(|entry| entry.heard_end);
        heard.is_some_and(|heard| asked.at <= heard)
    }

    fn standing(&self, school: &str) -> Option<Standing> {
        self.lock().get(school)?.standing
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, School>> {
        self.by_school
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
