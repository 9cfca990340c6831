//! What one end may take of a server: the numbers, and a bucket that lets calls through at a rate.
//!
//! They are for floods, not for people: a school of a thousand behind one address, a person on a
//! line of 9.6 kbit/s and an import of the longest file meet none of them.

use std::time::{Duration, Instant};

use hillview_shared::api::HillviewRequest;
use hillview_shared::wire::{IDLE_MAX, time_limit};
use hillview_shared::{ApiError, Kind};
use serde::Deserialize;

/// The limits of one server.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections in all.
    pub connections: usize,
    /// Connections from one address; a school of a thousand people may sit behind one.
    pub of_address: u32,
    /// Connections that nobody has logged in on; the oldest of them gives way to one more.
    pub strangers: usize,
    /// Connections of one user: screens, scripts and what a cut line left behind.
    pub of_user: u32,
    /// Calls of one user that are worked on at the same time.
    pub in_hand_of_user: u32,
    /// Calls on a connection that nobody is logged in on; then it is closed.
    pub stranger_calls: u32,
    /// Calls of one user.
    pub user_rate: Rate,
    /// Calls from one address.
    pub address_rate: Rate,
    /// Whether this machine's own addresses and its Unix socket count as one address each. They
    /// do not: a proxy on this machine stands for everybody, and so does the socket under SSH.
    pub count_local: bool,
    /// From a connection to the end of its TLS handshake.
    pub handshake: Duration,
    /// From there to the first call.
    pub silent: Duration,
    /// Between calls.
    pub idle: Duration,
    /// For a frame that has begun to come, before its speed is looked at.
    pub frame: Duration,
    /// For a client to take at least [`TAKEN_MIN`] of the answers that wait for it.
    pub stalled: Duration,
    /// The same when answers fill half of `unsent`.
    pub stalled_pressed: Duration,
    /// Bytes of answers that wait to be sent, of all connections together.
    pub unsent: usize,
}

/// What a client must take of waiting answers in [`Limits::stalled`].
pub const TAKEN_MIN: u64 = 4 * 1024;
/// The bytes a second that a frame must come at when it takes longer than [`Limits::frame`].
pub const FRAME_RATE: u64 = 400;
/// What a call without a session counts at its address.
pub const STRANGER_COST: u32 = 5;
/// What a call counts beside itself that its user had no right to make.
pub const REFUSED_COST: u32 = 20;
/// What a call counts that may run for minutes.
const LONG_COST: u32 = 50;
/// What other calls may take at the most.
const USUAL: Duration = Duration::from_secs(30);

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 12_000,
            of_address: 2_500,
            strangers: 6_000,
            of_user: 64,
            in_hand_of_user: 64,
            stranger_calls: 60,
            user_rate: Rate {
                a_second: 200,
                burst: 2_000,
            },
            address_rate: Rate {
                a_second: 1_000,
                burst: 10_000,
            },
            count_local: false,
            handshake: Duration::from_secs(20),
            silent: Duration::from_secs(20),
            idle: IDLE_MAX,
            frame: Duration::from_secs(60),
            stalled: Duration::from_secs(120),
            stalled_pressed: Duration::from_secs(5),
            unsent: 256 << 20,
        }
    }
}

/// What a call counts in a rate.
pub fn cost(request: &HillviewRequest) -> u32 {
    match time_limit(request) > USUAL {
        true => LONG_COST,
        false => 1,
    }
}

/// So many calls a second in the long run, and so many at once.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Rate {
    pub a_second: u32,
    pub burst: u32,
}

/// What is left of a burst, kept as the moment at which it is whole again.
#[derive(Clone, Copy, Debug)]
pub struct Bucket {
    whole: Instant,
}

impl Bucket {
    pub fn new(now: Instant) -> Self {
        Self { whole: now }
    }

    /// Takes `cost` calls out of it, or says how long to wait.
    pub fn take(&mut self, rate: Rate, cost: u32, now: Instant) -> Result<(), Duration> {
        let each = Duration::from_secs(1) / rate.a_second;
        let whole = self.whole.max(now) + each * cost;
        let most = now + each * rate.burst.max(cost);
        if whole > most {
            return Err(whole - most);
        }
        self.whole = whole;
        Ok(())
    }

    pub fn is_whole(&self, now: Instant) -> bool {
        self.whole <= now
    }
}

/// Refuses a call that came too soon. Nothing of it was done: the client waits and sends it again.
pub fn too_fast(wait: Duration) -> ApiError {
    again(
        "too-fast",
        "too many calls in too short a time",
        seconds(wait),
    )
}

/// Refuses a call beside too many others.
pub fn too_many_calls(at_once: u32) -> ApiError {
    let text = format!("more than {at_once} calls of one user at once");
    again("too-many-at-once", &text, 1)
}

/// Refuses a call whose answer there is no room for.
pub fn no_room() -> ApiError {
    again("no-room", "too many answers wait to be fetched", 5)
}

/// Refuses one connection more.
pub fn too_many_connections(most: u32) -> ApiError {
    let text = format!("this user has {most} connections already");
    ApiError::new(Kind::Busy, "too-many-connections", text)
        .hint("close other windows and scripts of this user, then try again")
}

fn again(code: &str, text: &str, seconds: u32) -> ApiError {
    ApiError {
        again_in: Some(seconds),
        ..ApiError::new(Kind::Busy, code, text).hint(format!("try again in {seconds} s"))
    }
}

fn seconds(wait: Duration) -> u32 {
    let whole = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    u32::try_from(whole).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_goes_through_and_then_the_rate_holds() {
        let rate = Rate {
            a_second: 10,
            burst: 20,
        };
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        let mut bucket = Bucket::new(start);
        for _ in 0..20 {
            assert_eq!(bucket.take(rate, 1, at(0)), Ok(()));
        }
        assert_eq!(
            bucket.take(rate, 1, at(0)),
            Err(Duration::from_millis(100)),
            "one call in a tenth of a second"
        );
        assert_eq!(bucket.take(rate, 1, at(99)), Err(Duration::from_millis(1)));
        assert_eq!(bucket.take(rate, 1, at(100)), Ok(()));
        assert_eq!(
            bucket.take(rate, 5, at(100)),
            Err(Duration::from_millis(500))
        );
        assert!(!bucket.is_whole(at(2_099)) && bucket.is_whole(at(2_100)));
        for _ in 0..20 {
            assert_eq!(bucket.take(rate, 1, at(9_000)), Ok(()));
        }
        assert!(
            bucket.take(rate, 1, at(9_000)).is_err(),
            "it saves up no more"
        );
    }

    #[test]
    fn a_call_dearer_than_a_burst_goes_through_alone() {
        let rate = Rate {
            a_second: 1,
            burst: 3,
        };
        let start = Instant::now();
        let mut bucket = Bucket::new(start);
        assert_eq!(bucket.take(rate, 50, start), Ok(()));
        assert!(bucket.take(rate, 1, start).is_err());
    }

    #[test]
    fn a_refusal_says_when_to_come_back() {
        let told = too_fast(Duration::from_millis(1_200));
        assert_eq!((told.kind, told.again_in), (Kind::Busy, Some(2)));
        assert_eq!(told.hint.as_deref(), Some("try again in 2 s"));
    }
}
