//! Sessions already read, so that a call costs no statement to know its caller. In this process
//! only, never in Redis: what comes back from an old dump cannot bring back a session.
//!
//! Nothing is believed for longer than [`FRESH`] without the database: each school counts what ends
//! or changes its sessions, and a session that was read before the count moved is read again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use moka::sync::Cache;

use crate::caller::Session;
use crate::db::sessions::Epoch;

/// How long the school's epoch is believed: a session is dead everywhere a second after its end.
pub const FRESH: Duration = Duration::from_millis(900);
/// How long a session is remembered: who teaches what depends on the day, and its use is noted.
const LIFE: Duration = Duration::from_secs(15);
/// How long it is remembered that a session has ended. Afterwards the database says it again.
const ENDED: Duration = Duration::from_secs(60 * 60);

/// What a connection knows of its session: the school and the hash of the secret.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SessionKey {
    pub school: String,
    pub hash: [u8; 32],
}

impl std::fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SessionKey")
            .field("school", &self.school)
            .finish_non_exhaustive()
    }
}

/// What is known of a session.
#[derive(Debug)]
pub enum Known {
    /// It was as it is a moment ago.
    Live(Arc<Session>),
    /// It is remembered; whether it still holds, the school's epoch says.
    Stale,
    /// It has ended, and an ended session never lives again.
    Ended,
    Unknown,
}

pub(super) struct Sessions {
    remembered: Cache<SessionKey, (Arc<Session>, Epoch)>,
    ended: Cache<SessionKey, ()>,
    epochs: Mutex<HashMap<String, Seen>>,
}

/// What was last seen of a school's epoch.
struct Seen {
    /// `None`: something was changed from here, so what was seen before counts no more.
    epoch: Option<Epoch>,
    /// When it was asked for, or when that was changed.
    at: Instant,
}

impl Sessions {
    pub fn new() -> Self {
        let remembered = Cache::builder().max_capacity(20_000).time_to_live(LIFE);
        let ended = Cache::builder().max_capacity(20_000).time_to_live(ENDED);
        Self {
            remembered: remembered.build(),
            ended: ended.build(),
            epochs: Mutex::default(),
        }
    }

    pub fn get(&self, key: &SessionKey, now: Instant) -> Known {
        if self.ended.contains_key(key) {
            return Known::Ended;
        }
        let Some((session, epoch)) = self.remembered.get(key) else {
            return Known::Unknown;
        };
        match self.epochs().get(&key.school) {
            Some(seen) if seen.epoch.is_some_and(|seen| seen != epoch) => Known::Unknown,
            Some(seen) if seen.epoch.is_some() && now.duration_since(seen.at) < FRESH => {
                Known::Live(session)
            }
            _ => Known::Stale,
        }
    }

    /// `epoch` is what the database said in answer to a question of the moment `asked`.
    pub fn saw(&self, school: &str, epoch: Epoch, asked: Instant) {
        let mut epochs = self.epochs();
        match epochs.get_mut(school) {
            // An answer that was under way when something newer came in.
            Some(seen) if asked < seen.at => {}
            Some(seen) => {
                *seen = Seen {
                    epoch: Some(epoch),
                    at: asked,
                };
            }
            None => {
                let seen = Seen {
                    epoch: Some(epoch),
                    at: asked,
                };
                epochs.insert(school.to_owned(), seen);
            }
        }
    }

    pub fn keep(&self, key: &SessionKey, session: &Arc<Session>, epoch: Epoch) {
        self.remembered
            .insert(key.clone(), (Arc::clone(session), epoch));
    }

    pub fn end(&self, key: SessionKey) {
        self.remembered.invalidate(&key);
        self.ended.insert(key, ());
    }

    /// Asks for the school's epoch before a session of it is believed again.
    pub fn doubt(&self, school: &str) {
        if let Some(seen) = self.epochs().get_mut(school) {
            *seen = Seen {
                epoch: None,
                at: Instant::now(),
            };
        }
    }

    #[cfg(feature = "testing")]
    pub fn forget(&self, key: &SessionKey) {
        self.remembered.invalidate(key);
    }

    fn epochs(&self) -> MutexGuard<'_, HashMap<String, Seen>> {
        self.epochs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl super::Cache {
    /// What is known of a session without asking anybody.
    pub fn session(&self, key: &SessionKey) -> Known {
        self.sessions.get(key, Instant::now())
    }

    /// Remembers a session that was asked for at `asked`, and the epoch that came with it.
    pub fn keep_session(
        &self,
        key: &SessionKey,
        session: &Arc<Session>,
        epoch: Epoch,
        asked: Instant,
    ) {
        self.sessions.keep(key, session, epoch);
        self.sessions.saw(&key.school, epoch, asked);
    }

    /// The school's epoch, asked for at `asked`.
    pub fn saw_epoch(&self, school: &str, epoch: Epoch, asked: Instant) {
        self.sessions.saw(school, epoch, asked);
    }

    /// Makes the next call of each session read it from the database.
    #[cfg(feature = "testing")]
    pub fn forget_sessions(&self, keys: &[SessionKey]) {
        keys.iter().for_each(|key| self.sessions.forget(key));
    }
}

#[cfg(test)]
mod tests {
    use hillview_shared::ids::{Moment, SessionId, UserId};

    use super::*;

    fn session() -> Arc<Session> {
        Arc::new(Session {
            id: SessionId(1),
            user: UserId(1),
            staff: None,
            username: "amina".to_owned(),
            name: "Amina Hassan".to_owned(),
            must_change: false,
            second_factor: hillview_shared::accounts::SecondFactor::Off,
            last_seen: Moment(0),
            idle: None,
            ends: Moment(i64::MAX),
            roles: Vec::new(),
            permissions: Vec::new(),
            teaching: Vec::new(),
            grants: Vec::new(),
        })
    }

    fn key() -> SessionKey {
        SessionKey {
            school: "kilimani".to_owned(),
            hash: [7; 32],
        }
    }

    fn word(known: &Known) -> &'static str {
        match known {
            Known::Live(_) => "live",
            Known::Stale => "stale",
            Known::Ended => "ended",
            Known::Unknown => "unknown",
        }
    }

    #[test]
    fn a_session_is_believed_while_the_epoch_stands_and_was_asked_for_just_now() {
        let (sessions, key, began) = (Sessions::new(), key(), Instant::now());
        let at = |millis| began + Duration::from_millis(millis);
        let known = |millis| word(&sessions.get(&key, at(millis)));
        assert_eq!(known(0), "unknown");
        sessions.keep(&key, &session(), Epoch(5));
        assert_eq!(known(0), "stale", "the epoch was never asked for");
        sessions.saw("kilimani", Epoch(5), at(0));
        assert_eq!(
            (known(0), known(899), known(900)),
            ("live", "live", "stale")
        );
        sessions.saw("kilimani", Epoch(5), at(1_000));
        assert_eq!(known(1_899), "live");
        sessions.saw("kilimani", Epoch(6), at(2_000));
        assert_eq!((known(2_000), known(9_000)), ("unknown", "unknown"));
        sessions.keep(&key, &session(), Epoch(6));
        assert_eq!(known(2_000), "live");
    }

    #[test]
    fn an_answer_from_before_a_change_counts_for_nothing() {
        let (sessions, key, began) = (Sessions::new(), key(), Instant::now());
        sessions.keep(&key, &session(), Epoch(5));
        sessions.saw("kilimani", Epoch(5), began);
        sessions.doubt("kilimani");
        sessions.saw("kilimani", Epoch(5), began);
        assert_eq!(word(&sessions.get(&key, began)), "stale");
        let later = Instant::now();
        sessions.saw("kilimani", Epoch(6), later);
        assert_eq!(word(&sessions.get(&key, later)), "unknown");
    }

    #[test]
    fn what_has_ended_stays_so_though_a_late_reader_puts_it_back() {
        let (sessions, now) = (Sessions::new(), Instant::now());
        sessions.saw("kilimani", Epoch(5), now);
        sessions.end(key());
        sessions.keep(&key(), &session(), Epoch(5));
        assert_eq!(word(&sessions.get(&key(), now)), "ended");
    }
}
