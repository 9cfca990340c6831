//! For tests of both crates: private installations on each engine, and a ready school.
//!
//! SQLite with the in-process cache is always there. `HILLVIEW_TEST_DATABASE` and
//! `HILLVIEW_TEST_REDIS` name a MySQL or MariaDB server and a Redis to test on as well
//! (`scripts/test` sets them); every installation has its own schemas and its own keys there.

pub mod relay;
mod school;

use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::Arc;

use futures::FutureExt;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub use school::{PASSWORD, School, log_in, peer, settle};

use crate::config::{Config, Database, Settings};
use crate::gate::{Hook, Hooks, Watch};
use crate::limits::Limits;
use crate::serve::{Listeners, serve};
use crate::service::State;

/// What a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// SQLite and the in-process cache.
    Sqlite,
    /// MySQL or MariaDB, and Redis.
    MySql,
}

/// The engines of this run.
///
/// # Panics
/// When both are required (`HILLVIEW_TEST_REQUIRE_BOTH=1`) and the second is not there.
pub fn engines() -> Vec<Engine> {
    if std::env::var_os("HILLVIEW_TEST_DATABASE").is_some() {
        return vec![Engine::Sqlite, Engine::MySql];
    }
    let required = std::env::var("HILLVIEW_TEST_REQUIRE_BOTH").is_ok_and(|both| both == "1");
    assert!(
        !required,
        "HILLVIEW_TEST_DATABASE is not set; scripts/test sets it"
    );
    say_once();
    vec![Engine::Sqlite]
}

#[expect(clippy::print_stderr, reason = "a test says on what it failed")]
fn say_where(engine: Engine) {
    eprintln!("failed on {engine:?}");
}

#[expect(clippy::print_stderr, reason = "a test says on what it did not run")]
fn say_once() {
    static SAID: std::sync::Once = std::sync::Once::new();
    SAID.call_once(|| eprintln!("HILLVIEW_TEST_DATABASE is not set: tested on SQLite only"));
}

/// Runs a test on each engine, in an installation of its own that is removed afterwards, also
/// when the test failed.
pub async fn on_each_engine(test: impl AsyncFn(&Installation)) {
    for engine in engines() {
        let installation = Installation::new(engine).await;
        // On the heap: a long test holds much at once.
        let outcome = AssertUnwindSafe(Box::pin(test(&installation)));
        let outcome = outcome.catch_unwind().await;
        installation.remove().await;
        if let Err(panic) = outcome {
            say_where(engine);
            std::panic::resume_unwind(panic);
        }
    }
}

/// A control schema or folder of its own, with what serves it.
pub struct Installation {
    pub engine: Engine,
    pub config: Config,
    pub state: Arc<State>,
    folder: tempfile::TempDir,
}

/// A running server.
pub struct Served {
    pub socket: PathBuf,
    pub address: SocketAddr,
    stop: CancellationToken,
    task: JoinHandle<std::io::Result<()>>,
}

impl Served {
    /// Stops it as SIGTERM does, and waits until it has stopped.
    ///
    /// # Panics
    /// When the server panicked.
    pub async fn stop(self) {
        self.stop.cancel();
        let ended = self.task.await.expect("the server stops in order");
        ended.expect("the server could serve");
    }
}

impl Installation {
    /// # Panics
    /// When the engine cannot be reached.
    pub async fn new(engine: Engine) -> Self {
        let of_run = |name| std::env::var(name).ok().filter(|_| engine == Engine::MySql);
        let (database, redis) = (
            of_run("HILLVIEW_TEST_DATABASE"),
            of_run("HILLVIEW_TEST_REDIS"),
        );
        Self::on(engine, database, redis).await
    }

    /// On a database of the test's own.
    ///
    /// # Panics
    /// When it cannot be reached.
    pub async fn on(engine: Engine, database: Option<String>, redis: Option<String>) -> Self {
        let settings = Settings {
            database,
            redis,
            ..Settings::default()
        };
        Self::with(engine, settings).await
    }

    /// With settings of the test's own beside those that keep it apart from others.
    ///
    /// # Panics
    /// When the database cannot be reached.
    pub async fn with(engine: Engine, settings: Settings) -> Self {
        if std::env::var_os("HILLVIEW_LOG").is_some() {
            crate::logging::start(crate::logging::USUAL);
        }
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let name = format!("t{:010x}", rand::random::<u64>() >> 24);
        let settings = Settings {
            data_dir: Some(folder.path().to_owned()),
            schema_prefix: Some(format!("{name}_")),
            redis_prefix: Some(name.clone()),
            control_schema: Some(name),
            connections: Some(16),
            ..settings
        };
        let config = settings.resolve().expect("the settings of a test are good");
        let state = State::open(&config)
            .await
            .expect("the database of a test is there");
        Self {
            engine,
            config,
            state,
            folder,
        }
    }

    /// A second server on the same data, as after a restart or beside the first.
    ///
    /// # Panics
    /// When the database cannot be reached.
    pub async fn another(&self) -> Arc<State> {
        State::open(&self.config)
            .await
            .expect("the database of a test is there")
    }

    /// Serves it, with TLS on a free port of this machine beside the socket.
    ///
    /// # Panics
    /// When it cannot listen.
    pub async fn serve(&self) -> Served {
        self.serve_on(self.config.limits, Hooks::default()).await
    }

    /// The same with other limits.
    ///
    /// # Panics
    /// When it cannot listen.
    pub async fn serve_within(&self, limits: Limits) -> Served {
        self.serve_on(limits, Hooks::default()).await
    }

    /// The same, with something that happens to each call before it is worked on.
    ///
    /// # Panics
    /// When it cannot listen.
    pub async fn serve_hooked(&self, hook: Hook) -> Served {
        let before = Some(hook);
        let hooks = Hooks {
            before,
            ..Hooks::default()
        };
        self.serve_on(self.config.limits, hooks).await
    }

    /// Serves within limits, and tells somebody what each call sent to the database.
    ///
    /// # Panics
    /// When it cannot listen.
    pub async fn serve_watched(&self, limits: Limits, watch: Watch) -> Served {
        let after = Some(watch);
        let hooks = Hooks {
            after,
            ..Hooks::default()
        };
        self.serve_on(limits, hooks).await
    }

    /// The same as other settings of the same data have it.
    ///
    /// # Panics
    /// When it cannot listen.
    pub async fn serve_as(&self, config: Config) -> Served {
        self.start(Arc::clone(&self.state), config, Hooks::default())
            .await
    }

    /// A second server of the installation, as on another machine.
    ///
    /// # Panics
    /// When the database cannot be reached, or when it cannot listen.
    pub async fn serve_beside(&self) -> (Arc<State>, Served) {
        self.serve_beside_as(self.config.clone()).await
    }

    /// The same with settings of its own.
    ///
    /// # Panics
    /// When the database cannot be reached, or when it cannot listen.
    pub async fn serve_beside_as(&self, config: Config) -> (Arc<State>, Served) {
        let state = State::open(&config)
            .await
            .expect("the database of a test is there");
        let socket = self.folder.path().join("beside.sock");
        let config = Config { socket, ..config };
        let served = self
            .start(Arc::clone(&state), config, Hooks::default())
            .await;
        (state, served)
    }

    async fn serve_on(&self, limits: Limits, hooks: Hooks) -> Served {
        let config = Config {
            limits,
            ..self.config.clone()
        };
        self.start(Arc::clone(&self.state), config, hooks).await
    }

    async fn start(&self, state: Arc<State>, config: Config, hooks: Hooks) -> Served {
        let config = Config {
            listen: Some(([127, 0, 0, 1], 0).into()),
            ..config
        };
        let listeners = Listeners::open(&config).await.expect("a test can listen");
        let listeners = listeners.hooked(hooks);
        let address = listeners.tls_address().expect("TLS was asked for");
        let stop = CancellationToken::new();
        let shutdown = stop.clone().cancelled_owned();
        let server = serve(state, listeners, shutdown);
        Served {
            socket: config.socket,
            address,
            stop,
            task: tokio::spawn(server),
        }
    }

    /// A school with people, classes and students.
    pub async fn school(&self, code: &str) -> School {
        School::make(&self.state, code).await
    }

    /// Its settings as a file, for the server's binary.
    ///
    /// # Panics
    /// When the file cannot be written.
    pub fn settings_file(&self) -> PathBuf {
        let Config {
            data_dir,
            control_schema,
            schema_prefix,
            redis_prefix,
            ..
        } = &self.config;
        let mut text = format!(
            "data-dir = {data_dir:?}\ncontrol-schema = {control_schema:?}\n\
             schema-prefix = {schema_prefix:?}\nredis-prefix = {redis_prefix:?}\n"
        );
        if let Database::MySql(url) = &self.config.database {
            text += &format!("database = {url:?}\n");
        }
        if let Some(url) = &self.config.migration_database {
            text += &format!("migration-database = {url:?}\n");
        }
        if let Some(url) = &self.config.redis {
            text += &format!("redis = {url:?}\n");
        }
        let path = self.folder.path().join("hillview.toml");
        std::fs::write(&path, text).expect("a test can write its settings");
        path
    }

    /// The folder of its files.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Takes everything away again.
    ///
    /// # Panics
    /// When the database refuses.
    pub async fn remove(self) {
        self.state
            .tenants
            .remove_all(&self.config)
            .await
            .expect("a test's schemas can be removed");
    }
}
