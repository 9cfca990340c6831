//! What may be lost: sessions already read, counts of tries, notices of what has changed.
//!
//! A cache never fails a call: without Redis, tries are counted in this process, and others learn of
//! changes from the database. Not here: anything that must be kept.

mod limits;
mod local;
mod notices;
mod remote;
mod sessions;

pub use limits::Limit;
pub use notices::Notice;
pub use sessions::{Known, SessionKey};

use std::sync::Arc;

use crate::config::Config;
use crate::error::Result;

/// What this process remembers, and the way to Redis where several share one.
pub struct Cache {
    remote: Option<Arc<remote::Remote>>,
    local: local::Local,
    sessions: sessions::Sessions,
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
        Ok(Self {
            remote,
            local: local::Local::new(),
            sessions: sessions::Sessions::new(),
        })
    }
}
