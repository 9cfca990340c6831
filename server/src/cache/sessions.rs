//! Sessions already read, so that a call costs no statement to know its caller. In this process
//! only, never in Redis: what comes back from an old dump cannot bring back a session.
//!
//! Each school counts what changes its sessions and numbers their ends (`epochs`): a session that was
//! read before the count moved is read again, and those that have ended are known one by one.

use std::sync::Arc;
use std::time::{Duration, Instant};

use moka::sync::Cache;

use super::epochs::{Asked, Holds, Seen};
use super::tally::Kind;
use crate::caller::Session;
use crate::db::epochs::{Epoch, Epochs};

/// How long a session is remembered: who teaches what depends on the day, and its use is noted.
const LIFE: Duration = Duration::from_secs(15);
/// How long it is remembered that a session has ended. Afterwards the database says it again.
const ENDED: Duration = Duration::from_secs(60 * 60);
/// Sessions that are remembered, and those that are known to have ended.
const MOST: u64 = 20_000;
/// Ends that are asked for one by one; where more came, all of the school's sessions are read anew.
pub const ENDS_MOST: usize = 1_000;

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
    /// It is remembered; whether it still holds, the school's counts say.
    Stale,
    /// It has ended, and an ended session never lives again.
    Ended,
    Unknown,
}

pub(super) struct Sessions {
    remembered: Cache<SessionKey, (Arc<Session>, Epochs)>,
    ended: Cache<SessionKey, ()>,
}

impl Sessions {
    pub fn new(off: bool) -> Self {
        let most = if off { 0 } else { MOST };
        let remembered = Cache::builder().max_capacity(most).time_to_live(LIFE);
        let ended = Cache::builder().max_capacity(most).time_to_live(ENDED);
        Self {
            remembered: remembered.build(),
            ended: ended.build(),
        }
    }

    pub fn get(&self, seen: &Seen, key: &SessionKey, now: Instant) -> Known {
        if self.ended.contains_key(key) {
            return Known::Ended;
        }
        let Some((session, read)) = self.remembered.get(key) else {
            return Known::Unknown;
        };
        match seen.session_holds(&key.school, read, now) {
            Holds::Yes => Known::Live(session),
            Holds::Ask => Known::Stale,
            Holds::No => Known::Unknown,
        }
    }

    /// Remembers a session, unless it may be one that ended while it was read.
    pub fn keep(&self, seen: &Seen, key: &SessionKey, read: (&Arc<Session>, Epochs), asked: Asked) {
        let (session, epochs) = read;
        self.remembered
            .insert(key.clone(), (Arc::clone(session), epochs));
        // Afterwards: an end that is heard of later finds it there.
        if seen.ended_since(&key.school, asked) {
            self.remembered.invalidate(key);
        }
    }

    pub fn end(&self, seen: &Seen, key: SessionKey) {
        // First: whoever read it before must not put it back after this.
        seen.heard_end(&key.school);
        self.remembered.invalidate(&key);
        self.ended.insert(key, ());
    }

    #[cfg(feature = "testing")]
    pub fn forget(&self, key: &SessionKey) {
        self.remembered.invalidate(key);
    }
}

impl super::Cache {
    /// What is known of a session without asking anybody.
    pub fn session(&self, key: &SessionKey) -> Known {
        let known = self.sessions.get(&self.seen, key, Instant::now());
        if matches!(known, Known::Live(_)) {
            self.tally.hit(Kind::Sessions);
        }
        known
    }

    /// Remembers a session that was asked for, and the counts that came with it.
    pub fn keep_session(
        &self,
        key: &SessionKey,
        session: &Arc<Session>,
        epochs: Epochs,
        asked: Asked,
    ) {
        self.tally.miss(Kind::Sessions);
        self.sessions
            .keep(&self.seen, key, (session, epochs), asked);
        self.seen.saw_beside(&key.school, epochs, asked);
    }

    /// The end of a session after which the database has counted others of the school.
    pub fn ends_to_ask_for(&self, school: &str, epochs: Epochs) -> Option<Epoch> {
        self.seen.ends_to_ask_for(school, epochs)
    }

    /// Where the school's counts stand, and the sessions that have ended since they were seen last.
    pub fn saw_epochs(&self, school: &str, epochs: Epochs, asked: Asked, ended: Vec<[u8; 32]>) {
        let all = ended.len() < ENDS_MOST;
        for hash in ended {
            let school = school.to_owned();
            self.sessions.end(&self.seen, SessionKey { school, hash });
        }
        self.seen.saw(school, epochs, asked, all);
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

    fn key(number: u8) -> SessionKey {
        SessionKey {
            school: "kilimani".to_owned(),
            hash: [number; 32],
        }
    }

    fn epochs(epoch: i64, last_end: i64) -> Epochs {
        Epochs {
            epoch: Epoch(epoch),
            last_end: Epoch(last_end),
            reference_epoch: Epoch(0),
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

    /// What one process knows, at moments of the test's own.
    struct Process {
        sessions: Sessions,
        seen: Seen,
        began: Instant,
    }

    impl Process {
        fn new() -> Self {
            Self {
                sessions: Sessions::new(false),
                seen: Seen::default(),
                began: Instant::now(),
            }
        }

        fn asked(&self, millis: u64) -> Asked {
            Asked::at(self.began + Duration::from_millis(millis))
        }

        fn keep(&self, number: u8, read: Epochs, asked: u64) {
            let session = session();
            self.sessions.keep(
                &self.seen,
                &key(number),
                (&session, read),
                self.asked(asked),
            );
        }

        fn saw(&self, epochs: Epochs, asked: u64) {
            self.seen.saw("kilimani", epochs, self.asked(asked), true);
        }

        fn known(&self, number: u8, millis: u64) -> &'static str {
            let now = self.began + Duration::from_millis(millis);
            word(&self.sessions.get(&self.seen, &key(number), now))
        }
    }

    #[test]
    fn a_session_is_believed_while_the_epoch_stands_and_was_asked_for_just_now() {
        let it = Process::new();
        assert_eq!(it.known(1, 0), "unknown");
        it.keep(1, epochs(5, 0), 0);
        assert_eq!(it.known(1, 0), "stale", "the counts were never asked for");
        it.saw(epochs(5, 0), 0);
        let seen = [0, 899, 900].map(|millis| it.known(1, millis));
        assert_eq!(seen, ["live", "live", "stale"]);
        it.saw(epochs(5, 0), 1_000);
        assert_eq!(it.known(1, 1_899), "live");
        it.saw(epochs(6, 0), 2_000);
        assert_eq!(
            (it.known(1, 2_000), it.known(1, 9_000)),
            ("unknown", "unknown")
        );
        it.keep(1, epochs(6, 0), 2_000);
        assert_eq!(it.known(1, 2_000), "live");
    }

    #[test]
    fn an_answer_from_before_a_change_counts_for_nothing() {
        let it = Process::new();
        it.keep(1, epochs(5, 0), 0);
        it.saw(epochs(5, 0), 0);
        it.seen.doubt("kilimani");
        it.saw(epochs(5, 0), 0);
        assert_eq!(it.known(1, 0), "stale");
        it.saw(epochs(6, 0), 60_000);
        assert_eq!(it.known(1, 60_000), "unknown");
    }

    #[test]
    fn what_has_ended_stays_so_though_a_late_reader_puts_it_back() {
        let it = Process::new();
        it.saw(epochs(5, 0), 0);
        it.keep(2, epochs(5, 0), 0);
        it.sessions.end(&it.seen, key(1));
        it.keep(1, epochs(5, 0), 0);
        assert_eq!((it.known(1, 0), it.known(2, 0)), ("ended", "live"));
        // Also where so many have ended that this one is forgotten.
        it.sessions.ended.invalidate(&key(1));
        assert_eq!(it.known(1, 0), "unknown");
    }

    #[test]
    fn an_end_costs_the_sessions_of_others_nothing_while_all_ends_are_known() {
        let it = Process::new();
        it.saw(epochs(5, 7), 0);
        it.keep(1, epochs(5, 7), 0);
        assert_eq!(it.seen.ends_to_ask_for("kilimani", epochs(5, 7)), None);
        assert_eq!(
            it.seen.ends_to_ask_for("kilimani", epochs(5, 9)),
            Some(Epoch(7))
        );
        it.saw(epochs(5, 9), 100);
        assert_eq!(it.known(1, 100), "live");
        // A session's own read brings no ends: it says nothing of the others.
        it.seen.saw_beside("kilimani", epochs(5, 10), it.asked(950));
        assert_eq!(it.known(1, 1_000), "stale");
        // More ends than are asked for: whatever was read before them is read anew.
        it.seen
            .saw("kilimani", epochs(5, 3_000), it.asked(1_000), false);
        it.keep(2, epochs(5, 3_000), 1_000);
        assert_eq!(
            (it.known(1, 1_000), it.known(2, 1_000)),
            ("unknown", "live")
        );
    }
}
