//! What may be lost: what was read already, counts of tries, notices of what has changed.
//!
//! A cache never fails a call: without Redis, tries are counted in this process, and others learn of
//! changes from the database. Not here: anything that must be kept.

mod epochs;
mod limits;
mod local;
mod notices;
mod reference;
mod remote;
mod sessions;
mod tally;

pub use epochs::{Asked, FRESH};
pub use limits::Limit;
pub use notices::Notice;
pub use reference::{Reference, Remembered};
pub use sessions::{ENDS_MOST, Known, SessionKey};
pub use tally::Kind;

use std::sync::Arc;

use crate::config::Config;
use crate::error::Result;

/// What this process remembers, and the way to Redis where several share one.
pub struct Cache {
    remote: Option<Arc<remote::Remote>>,
    local: local::Local,
    seen: epochs::Seen,
    sessions: sessions::Sessions,
    reference: Reference,
    tally: tally::Tally,
    off: bool,
}

impl Cache {
    /// Reaches Redis lazily: a server starts without it too.
    pub fn open(config: &Config) -> Result<Self> {
        let remote = match &config.redis {
            Some(url) => {
                let authority = config.redis_ca.as_deref();
                let remote = remote::Remote::open(url, authority, &config.redis_prefix)?;
                Some(Arc::new(remote))
            }
            None => None,
        };
        Ok(Self::new(remote, config.no_cache))
    }

    /// Remembers nothing that was read when it is `off`; tries are counted all the same.
    fn new(remote: Option<Arc<remote::Remote>>, off: bool) -> Self {
        Self {
            remote,
            local: local::Local::new(),
            seen: epochs::Seen::default(),
            sessions: sessions::Sessions::new(off),
            reference: Reference::new(off),
            tally: tally::Tally::default(),
            off,
        }
    }
}
