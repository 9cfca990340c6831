//! A database per school, and the only place that opens one.
//!
//! Each school has its own schema (or file) and its own lazy pool, whose connections are born in
//! that schema and never leave it. A shared pool with `USE` would answer from the wrong school: a
//! prepared statement stays bound to the schema it was prepared in. Not here: who may reach which
//! school.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::NaiveDate;
use hillview_shared::ids::Moment;
use hillview_shared::{ApiError, Kind};
use tokio::sync::Semaphore;

use super::calendar;
use super::engine::{Db, Pools};
use super::migrate::{self, Scope};
use super::schools::{self, School};
use super::storage::{self, MySqlServer};
use crate::config::{Config, Database};
use crate::error::{Error, Result};

/// Connections of one school.
const PER_SCHOOL: u32 = 4;
/// How long a school's name and state are believed before they are read again.
const BELIEVED: Duration = Duration::from_secs(5);

/// The schools' databases.
pub struct Tenants {
    storage: Storage,
    control: Db,
    live: Mutex<HashMap<String, Live>>,
    live_max: usize,
    permits: Arc<Semaphore>,
}

enum Storage {
    MySql {
        server: Box<MySqlServer>,
        prefix: String,
    },
    Sqlite(PathBuf),
}

/// One school, open for work. Hold it for one request: a school in use is never closed.
#[derive(Clone)]
pub struct Tenant {
    pub code: Arc<str>,
    pub name: Arc<str>,
    /// By it the server knows which day it is at the school.
    pub zone: chrono_tz::Tz,
    pub db: Db,
}

struct Live {
    tenant: Tenant,
    read: Instant,
    used: Instant,
}

impl Tenant {
    /// Which day it is at the school.
    pub fn today(&self, now: Moment) -> NaiveDate {
        now.utc().with_timezone(&self.zone).date_naive()
    }
}

impl Tenants {
    /// Opens the control schema, brings it up to date, and refuses a database that may forget.
    pub async fn open(config: &Config) -> Result<Self> {
        let (storage, control, permits) = match &config.database {
            Database::Sqlite(folder) => {
                let file = folder.join("control.db");
                let permits = Arc::new(Semaphore::new(config.connections as usize));
                make_folder(&folder.join("schools"))?;
                let engine = storage::open_file(&file, true, PER_SCHOOL);
                (Storage::Sqlite(folder.clone()), engine, permits)
            }
            Database::MySql(url) => {
                let server = Box::new(MySqlServer::connect(url, config.connections).await?);
                server.create(&config.control_schema).await?;
                let permits = Arc::new(Semaphore::new(server.connections as usize));
                let control = server.pool(&config.control_schema, PER_SCHOOL);
                let prefix = config.schema_prefix.clone();
                (Storage::MySql { server, prefix }, control, permits)
            }
        };
        let control = Db(Arc::new(Pools::new(
            control,
            PER_SCHOOL,
            Arc::clone(&permits),
        )));
        storage::check_durable(&control).await?;
        migrate::run(Scope::Control, &control).await?;
        Ok(Self {
            live_max: (config.connections / PER_SCHOOL).max(1) as usize,
            live: Mutex::default(),
            storage,
            control,
            permits,
        })
    }

    /// The control schema.
    pub fn control(&self) -> &Db {
        &self.control
    }

    /// A school that is open for work, by its code.
    pub async fn school(&self, code: &str) -> Result<Tenant> {
        if let Some(tenant) = self.fresh(code) {
            return Ok(tenant);
        }
        let found = schools::find(&self.control, code).await?;
        match found {
            Some(school) if school.state == "open" => self.serve(&school).await,
            Some(school) if school.state == "suspended" => Err(suspended(&school).into()),
            _ => Err(ApiError::not_found("school").into()),
        }
    }

    /// Every school, also those not open for work.
    pub async fn all(&self) -> Result<Vec<School>> {
        Ok(schools::all(&self.control).await?)
    }

    /// Makes a school's schema or file when it is missing, and brings it up to date.
    pub async fn prepare(&self, code: &str) -> Result<Db> {
        match &self.storage {
            Storage::MySql { server, prefix } => server.create(&schema(prefix, code)).await?,
            Storage::Sqlite(_) => {}
        }
        let db = self.connect(code, true);
        storage::check_durable(&db).await?;
        migrate::run(Scope::School, &db).await?;
        Ok(db)
    }

    /// Closes every pool, for a graceful stop.
    pub async fn close(&self) {
        let live = std::mem::take(&mut *self.lock());
        for (_, Live { tenant, .. }) in live {
            storage::close(&tenant.db).await;
        }
        storage::close(&self.control).await;
    }

    /// How many schools have a pool now.
    pub fn open_now(&self) -> usize {
        self.lock().len()
    }

    /// Removes every schema of an installation, for tests; files go with their folder.
    #[cfg(feature = "testing")]
    pub async fn remove_all(&self, config: &Config) -> Result<()> {
        let all = self.all().await?;
        self.close().await;
        if let Storage::MySql { server, prefix } = &self.storage {
            for school in all {
                server.remove(&schema(prefix, &school.code)).await?;
            }
            server.remove(&config.control_schema).await?;
        }
        Ok(())
    }

    /// A live school whose state was read lately.
    fn fresh(&self, code: &str) -> Option<Tenant> {
        let mut live = self.lock();
        let entry = live.get_mut(code)?;
        entry.used = Instant::now();
        (entry.read.elapsed() < BELIEVED).then(|| entry.tenant.clone())
    }

    async fn serve(&self, school: &School) -> Result<Tenant> {
        let known = self
            .lock()
            .get(&school.code)
            .map(|live| (live.tenant.db.clone(), live.tenant.zone));
        let (db, zone) = match known {
            Some(known) => known,
            None => {
                let db = self.connect(&school.code, false);
                check_version(&school.code, &db).await?;
                let zone = calendar::time_zone(&db).await?.unwrap_or_default();
                let zone = zone
                    .parse()
                    .map_err(|_| Error::fault("read a school's time zone", "it is unknown"))?;
                (db, zone)
            }
        };
        Ok(self.keep(Tenant {
            zone,
            code: school.code.as_str().into(),
            name: school.name.as_str().into(),
            db,
        }))
    }

    /// Remembers a live school, and closes the one that was not used for longest if there are too
    /// many. When two calls opened the same school at once, the second takes what the first has.
    fn keep(&self, mut tenant: Tenant) -> Tenant {
        let now = Instant::now();
        let mut closing = Vec::new();
        let mut live = self.lock();
        if let Some(first) = live.get(&*tenant.code) {
            let second = std::mem::replace(&mut tenant.db, first.tenant.db.clone());
            if !Arc::ptr_eq(&second.0, &tenant.db.0) {
                closing.push(second);
            }
        }
        let entry = Live {
            tenant: tenant.clone(),
            read: now,
            used: now,
        };
        live.insert(tenant.code.to_string(), entry);
        if live.len() > self.live_max {
            // Only the map holds a school that nobody works in.
            let idle = live
                .iter()
                .filter(|(_, entry)| Arc::strong_count(&entry.tenant.db.0) == 1);
            let oldest = idle
                .min_by_key(|(_, entry)| entry.used)
                .map(|(code, _)| code.clone());
            let oldest = oldest.and_then(|code| live.remove(&code));
            closing.extend(oldest.map(|old| old.tenant.db));
        }
        drop(live);
        for db in closing {
            tokio::spawn(async move { storage::close(&db).await });
        }
        tenant
    }

    fn connect(&self, code: &str, create: bool) -> Db {
        let engine = match &self.storage {
            Storage::MySql { server, prefix } => server.pool(&schema(prefix, code), PER_SCHOOL),
            Storage::Sqlite(folder) => {
                let file = folder.join("schools").join(format!("{code}.db"));
                storage::open_file(&file, create, PER_SCHOOL)
            }
        };
        let permits = Arc::clone(&self.permits);
        Db(Arc::new(Pools::new(engine, PER_SCHOOL, permits)))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Live>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The schema's name. Codes were checked when the school was made, and are looked up before.
fn schema(prefix: &str, code: &str) -> String {
    format!("{prefix}{code}")
}

fn make_folder(folder: &Path) -> Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|error| Error::fault("making the data folder", error))
}

async fn check_version(code: &str, db: &Db) -> Result<()> {
    let (applied, newest) = (
        migrate::applied(db).await?,
        migrate::newest(Scope::School, db),
    );
    let (which, hint) = match applied.cmp(&newest) {
        std::cmp::Ordering::Equal => return Ok(()),
        std::cmp::Ordering::Less => (
            "older",
            "whoever runs the server: run `hillview-server migrate`",
        ),
        std::cmp::Ordering::Greater => (
            "newer",
            "whoever runs the server: start the newer hillview-server",
        ),
    };
    let text = format!(
        "the data of school {code} are {which} than this server: step {applied}, not {newest}"
    );
    tracing::warn!(school = code, applied, newest, "school not served");
    Err(ApiError::new(Kind::Fault, "schema-version", text)
        .hint(hint)
        .into())
}

fn suspended(school: &School) -> ApiError {
    let text = format!("the school {} is suspended", school.code);
    ApiError::new(Kind::Denied, "suspended", text).hint("ask whoever runs the server")
}
