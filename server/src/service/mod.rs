//! The rules: who may, when, what follows. One file per noun; one write is one function and one
//! transaction. Not here: SQL, Redis, and how calls arrive.

pub mod accounts;
pub mod assessments;
pub mod audit;
pub mod calendar;
pub mod classes;
pub mod fields;
pub mod grants;
mod hashing;
pub mod imports;
pub mod marks;
pub mod names;
mod numbers;
pub mod packs;
mod papers;
pub mod reference;
pub mod requests;
pub mod rights;
pub mod roles;
pub mod saves;
pub mod schools;
pub mod scopes;
pub mod spelling;
pub mod staff;
pub mod students;
pub mod subjects;
pub mod teaching;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use hillview_shared::ids::Moment;

use crate::cache::Cache;
use crate::config::Config;
use crate::db::tenants::Tenants;
use crate::error::Result;
use crate::seal::Seal;

/// What every call may use.
pub struct State {
    pub tenants: Tenants,
    pub cache: Cache,
    pub hashers: hashing::Hashers,
    pub seal: Seal,
    pub refusals: audit::Refusals,
    pub clock: Clock,
    /// Where files beside the database are kept.
    pub data_dir: std::path::PathBuf,
}

impl State {
    pub async fn open(config: &Config) -> Result<Arc<Self>> {
        Ok(Arc::new(Self {
            tenants: Tenants::open(config).await?,
            cache: Cache::open(config)?,
            hashers: hashing::Hashers::start(),
            seal: Seal::open(&config.seal_key_file)?,
            refusals: audit::Refusals::default(),
            clock: Clock::default(),
            data_dir: config.data_dir.clone(),
        }))
    }
}

/// The server's clock, which tests move forward.
#[derive(Debug, Default)]
pub struct Clock {
    ahead: AtomicI64,
}

impl Clock {
    pub fn now(&self) -> Moment {
        Moment(chrono::Utc::now().timestamp_micros() + self.ahead.load(Ordering::Relaxed))
    }

    #[cfg(feature = "testing")]
    pub fn advance(&self, by: std::time::Duration) {
        let by = i64::try_from(by.as_micros()).expect("a test moves the clock by years at most");
        self.ahead.fetch_add(by, Ordering::Relaxed);
    }
}
