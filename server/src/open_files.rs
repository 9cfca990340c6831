//! How many files this process may have open. Each connection is one, and systems begin with few.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the limit as far as this process may, and gives it; `None` is none.
pub fn raise() -> Option<u64> {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    }
}

/// What to do where the limit is too low.
pub const HINT: &str = "raise it: LimitNOFILE= of a systemd unit, or ulimit -n before the start";
