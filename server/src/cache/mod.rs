//! What may be lost: sessions already read, and counts of tries. In Redis when several instances
//! share it, in this process otherwise.
//!
//! A cache never fails a call: without Redis, sessions come from the database and tries are counted
//! in this process. Not here: anything that must be kept.

mod limits;
mod local;
mod remote;
mod sessions;

pub use limits::Limit;
pub use sessions::SessionKey;

use crate::config::Config;
use crate::error::Result;

/// The cache, with the twin that counts when Redis is away.
pub struct Cache {
    remote: Option<remote::Remote>,
    local: local::Local,
}

impl Cache {
    /// Reaches Redis lazily: a server starts without it too.
    pub fn open(config: &Config) -> Result<Self> {
        let remote = match &config.redis {
            Some(url) => Some(remote::Remote::open(url, &config.redis_prefix)?),
            None => None,
        };
        Ok(Self {
            remote,
            local: local::Local::new(),
        })
    }
}
