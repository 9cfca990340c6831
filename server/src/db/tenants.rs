//! A database per school, and the only place that opens one.
//!
//! Each school has its own schema (or file) and its own lazy pool, whose connections are born in
//! that schema and never leave it. A shared pool with `USE` would answer from the wrong school: a
//! prepared statement stays bound to the schema it was prepared in. Not here: who may reach which
//! school.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::NaiveDate;
use hillview_shared::ids::{Moment, SchoolId};
use hillview_shared::{ApiError, Kind};

use super::calendar;
use super::connections::Connections;
use super::engine::{Db, Engine, Pools, Turns};
use super::migrate::{self, Scope};
use super::privileges::{self, Account};
use super::raw_saves::Raw;
use super::schools::{self, School};
use super::storage::{self, MySqlServer};
use crate::config::{Config, Database};
use crate::error::{Error, Result};

/// A school's name and state are read again after this long, while calls go on.
const FRESH: Duration = Duration::from_millis(250);
/// And after this long no call goes on without: whoever a school is shut to is out within a second.
const BELIEVED: Duration = Duration::from_millis(700);
/// What calls get to finish in a school that was shut.
const CALLS_END: Duration = Duration::from_secs(10);

/// The schools' databases.
pub struct Tenants {
    storage: Storage,
    control: Db,
    live: LiveSchools,
    live_max: usize,
    idle: Duration,
    connections: Arc<Connections>,
    turns: Turns,
    /// Each call asks for the school's name and state.
    no_cache: bool,
}

/// The schools with a pool, by code.
type LiveSchools = Arc<Mutex<HashMap<String, Live>>>;

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
    /// Never given again, unlike the code: what outlives a call is kept under it.
    pub id: SchoolId,
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
    /// Somebody is reading its state.
    asked: bool,
}

/// What is known of a school without asking.
enum Known {
    Fresh(Tenant),
    /// Good for this call; the next should know better.
    Aging(Tenant),
    Nothing,
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
        let idle = config.idle;
        let (storage, control, most, turns) = match &config.database {
            Database::Sqlite(folder) => {
                let file = folder.join("control.db");
                make_folder(&folder.join("schools"))?;
                let turns = Turns::IN_A_FILE;
                let engine = storage::open_file(&file, true, turns.reading, idle);
                let storage = Storage::Sqlite(folder.clone());
                (storage, engine, config.connections, turns)
            }
            Database::MySql(url) => {
                let owner = config.migration_database.as_deref();
                let server = MySqlServer::connect(url, owner, config.connections).await?;
                let server = Box::new(server);
                let most = server.connections;
                let turns = Turns::of(most);
                let control = server.pool(&config.control_schema, turns.all(), idle);
                let prefix = config.schema_prefix.clone();
                (Storage::MySql { server, prefix }, control, most, turns)
            }
        };
        let connections = Connections::new(most);
        if let Storage::MySql { server, .. } = &storage {
            let schema = (&*config.control_schema, Scope::Control);
            make_schema(server, schema, idle, &connections).await?;
        }
        let pools = Pools::new(control, turns, Arc::clone(&connections));
        let control = Db(Arc::new(pools));
        storage::check_durable(&control).await?;
        migrate::run(Scope::Control, &control).await?;
        Ok(Self {
            // A pool without a connection costs next to nothing.
            live_max: most as usize,
            live: LiveSchools::default(),
            idle,
            storage,
            turns,
            control,
            connections,
            no_cache: config.no_cache,
        })
    }

    /// The control schema.
    pub fn control(&self) -> &Db {
        &self.control
    }

    /// A school that is open for work, by its code.
    pub async fn school(&self, code: &str) -> Result<Tenant> {
        match self.known(code) {
            Known::Fresh(tenant) => return Ok(tenant),
            Known::Aging(tenant) => {
                let (live, control) = (Arc::clone(&self.live), self.control.clone());
                let code = code.to_owned();
                tokio::spawn(async move {
                    // What cannot be read now is read by whoever comes when it is too old.
                    if let Ok(found) = schools::find(&control, &code).await {
                        learn(&live, &code, found.as_ref());
                    }
                });
                return Ok(tenant);
            }
            Known::Nothing => {}
        }
        let found = schools::find(&self.control, code).await?;
        if let Some(tenant) = learn(&self.live, code, found.as_ref()) {
            return Ok(tenant);
        }
        match found {
            Some(school) if school.state == "open" => self.serve(&school).await,
            Some(school) if school.state == "suspended" => Err(suspended(&school).into()),
            _ => Err(ApiError::not_found("school").into()),
        }
    }

    /// Makes the next call ask for a school's name and state.
    pub fn doubt(&self, code: &str) {
        if let Some(live) = lock(&self.live).get_mut(code)
            && let Some(old) = Instant::now().checked_sub(BELIEVED)
        {
            live.read = old;
        }
    }

    /// A school's database whatever its state, for whoever looks after schools; close it afterwards.
    pub async fn behind(&self, school: &School) -> Result<Db> {
        let db = self.connect(&school.code, false);
        check_version(&school.code, &db).await?;
        Ok(db)
    }

    /// Every database there is: the schools', also those not open for work, and the platform's.
    pub async fn all(&self) -> Result<Vec<School>> {
        Ok(schools::all(&self.control).await?)
    }

    /// Makes a school's schema or file when it is missing, and brings it up to date.
    pub async fn prepare(&self, code: &str) -> Result<Db> {
        if let Storage::MySql { server, prefix } = &self.storage {
            let schema = (&*schema(prefix, code), Scope::School);
            make_schema(server, schema, self.idle, &self.connections).await?;
        }
        let db = self.connect(code, true);
        storage::check_durable(&db).await?;
        migrate::run(Scope::School, &db).await?;
        Ok(db)
    }

    /// The statements that give a database user what a server needs, for every school there is;
    /// `None` where the database has no users.
    pub async fn grants(&self, config: &Config, user: Option<&str>) -> Result<Option<Vec<String>>> {
        let Storage::MySql { server, prefix } = &self.storage else {
            return Ok(None);
        };
        let account = match user {
            Some(user) => Account::parse(user)?,
            None => server.account.clone(),
        };
        let nothing = BTreeSet::new();
        let of = |schema: &str, scope| {
            privileges::statements(schema, &account, &privileges::needed(scope), &nothing)
        };
        let mut all = of(&config.control_schema, Scope::Control);
        for school in self.all().await? {
            all.extend(of(&schema(prefix, &school.code), Scope::School));
        }
        Ok(Some(all))
    }

    /// Removes a school's schema or file with all that is in it; does nothing when it is not there.
    pub async fn remove(&self, code: &str) -> Result<()> {
        let live = lock(&self.live).remove(code);
        if let Some(live) = live {
            storage::close(&live.tenant.db).await;
        }
        match &self.storage {
            Storage::MySql { server, prefix } => server.remove(&schema(prefix, code)).await,
            Storage::Sqlite(folder) => {
                let file = folder.join("schools").join(format!("{code}.db"));
                let removed = tokio::task::spawn_blocking(move || storage::remove_file(&file));
                let removed = removed.await.expect("removing a file does not panic");
                removed.map_err(|error| Error::fault("removing a school's file", error))
            }
        }
    }

    /// Closes every pool, for a graceful stop.
    pub async fn close(&self) {
        let live = std::mem::take(&mut *lock(&self.live));
        for (_, Live { tenant, .. }) in live {
            storage::close(&tenant.db).await;
        }
        storage::close(&self.control).await;
    }

    /// How many schools have a pool now.
    pub fn open_now(&self) -> usize {
        lock(&self.live).len()
    }

    /// How many connections this process has open to the database now, idle ones included.
    #[cfg(feature = "testing")]
    pub fn connections_now(&self) -> usize {
        self.connections.open()
    }

    /// Removes every schema of an installation that was made to be thrown away; files go with their
    /// folder.
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

    fn known(&self, code: &str) -> Known {
        let mut live = lock(&self.live);
        let Some(entry) = live.get_mut(code) else {
            return Known::Nothing;
        };
        entry.used = Instant::now();
        let age = entry.read.elapsed();
        match () {
            () if self.no_cache => Known::Nothing,
            () if age < FRESH || (age < BELIEVED && entry.asked) => {
                Known::Fresh(entry.tenant.clone())
            }
            () if age < BELIEVED => {
                entry.asked = true;
                Known::Aging(entry.tenant.clone())
            }
            () => Known::Nothing,
        }
    }

    async fn serve(&self, school: &School) -> Result<Tenant> {
        let db = self.connect(&school.code, false);
        check_version(&school.code, &db).await?;
        let zone = calendar::time_zone(&db).await?.unwrap_or_default();
        let zone = zone
            .parse()
            .map_err(|_| Error::fault("read a school's time zone", "it is unknown"))?;
        Ok(self.keep(Tenant {
            id: school.id,
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
        let mut live = lock(&self.live);
        if let Some(first) = live.get(&*tenant.code)
            && first.tenant.id == tenant.id
        {
            let second = std::mem::replace(&mut tenant.db, first.tenant.db.clone());
            if !Arc::ptr_eq(&second.0, &tenant.db.0) {
                closing.push(second);
            }
        }
        let entry = Live {
            tenant: tenant.clone(),
            read: now,
            used: now,
            asked: false,
        };
        let before = live.insert(tenant.code.to_string(), entry);
        closing.extend(
            before
                .map(|it| it.tenant.db)
                .filter(|db| !Arc::ptr_eq(&db.0, &tenant.db.0)),
        );
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
            close_later(db);
        }
        tenant
    }

    /// A school's database for a measurement of what the engine does by itself, with saves of so
    /// many marks each. Its connections are beside those that the settings allow.
    pub fn raw(&self, code: &str, connections: u32, marks: usize) -> Raw {
        Raw::of(self.engine(code, connections, false), marks)
    }

    fn connect(&self, code: &str, create: bool) -> Db {
        let most = match &self.storage {
            Storage::MySql { .. } => self.turns.all(),
            Storage::Sqlite(_) => self.turns.reading,
        };
        let engine = self.engine(code, most, create);
        let connections = Arc::clone(&self.connections);
        Db(Arc::new(Pools::new(engine, self.turns, connections)))
    }

    fn engine(&self, code: &str, most: u32, create: bool) -> Engine {
        match &self.storage {
            Storage::MySql { server, prefix } => {
                server.pool(&schema(prefix, code), most, self.idle)
            }
            Storage::Sqlite(folder) => {
                let file = folder.join("schools").join(format!("{code}.db"));
                storage::open_file(&file, create, most, self.idle)
            }
        }
    }
}

fn lock(live: &LiveSchools) -> std::sync::MutexGuard<'_, HashMap<String, Live>> {
    live.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes what was read of a school into account: its name, and whether it is still open and the
/// same. Gives it if it has a pool here and may be worked in.
fn learn(live: &LiveSchools, code: &str, found: Option<&School>) -> Option<Tenant> {
    let mut live = lock(live);
    let entry = live.get_mut(code)?;
    if let Some(school) = found
        && school.state == "open"
        && school.id == entry.tenant.id
    {
        entry.read = Instant::now();
        entry.asked = false;
        if school.name != *entry.tenant.name {
            entry.tenant.name = school.name.as_str().into();
        }
        return Some(entry.tenant.clone());
    }
    let shut = live.remove(code);
    drop(live);
    if let Some(shut) = shut {
        close_later(shut.tenant.db);
    }
    None
}

/// Closes a school's connections once the calls that work in it are done, or have had their time.
fn close_later(db: Db) {
    tokio::spawn(async move {
        let began = Instant::now();
        while Arc::strong_count(&db.0) > 1 && began.elapsed() < CALLS_END {
            tokio::time::sleep(CALLS_END / 500).await;
        }
        storage::close(&db).await;
    });
}

/// Makes a schema when it is missing. Where there is a migration user, that one also brings it up
/// to date and gives the server's own user its rights in it.
async fn make_schema(
    server: &MySqlServer,
    (schema, scope): (&str, Scope),
    idle: Duration,
    connections: &Arc<Connections>,
) -> Result<()> {
    server.create(schema).await?;
    let Some(engine) = server.owners_pool(schema, idle) else {
        return Ok(());
    };
    let pools = Pools::new(engine, Turns::TO_MIGRATE, Arc::clone(connections));
    let owners = Db(Arc::new(pools));
    let done = migrate::run(scope, &owners).await;
    storage::close(&owners).await;
    done?;
    server.set_rights(schema, &privileges::needed(scope)).await
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
