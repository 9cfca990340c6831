//! A server for a measurement: its own folder, schemas and keys; a process of its own, so that its
//! memory and time are its own too.

use std::io::BufRead;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail};
use serde::Deserialize;
use tokio::process::{Child, Command};

use super::line::Way;
use crate::config::{Config, Database};
use crate::logging;
use crate::ops::demo::folder::Folder;
use crate::service::State;

/// A tick of the clock in which Linux counts a process's time, in milliseconds.
const TICK: u64 = 10;
/// How long a server may take to start.
const START_MAX: Duration = Duration::from_secs(30);

/// Where a private server keeps its things.
pub struct Place {
    pub config: Config,
    folder: Folder,
}

/// A private server at work.
pub struct Server {
    child: Child,
    /// By TLS.
    pub way: Way,
    /// By the Unix socket.
    pub socket: Way,
    log: PathBuf,
}

/// A line of the server's log about a call.
#[derive(Clone, Debug, Deserialize)]
pub struct Logged {
    pub method: String,
    pub micros: u64,
    pub statements: u32,
    pub outcome: String,
}

/// What a process has taken.
#[derive(Clone, Copy, Debug)]
pub struct Taken {
    /// The most memory at one time, in KiB.
    pub peak_kib: u64,
    /// Time on processors, in milliseconds.
    pub cpu_ms: u64,
}

impl Place {
    /// A place like the given one in engine and cache.
    pub fn like(given: &Config) -> anyhow::Result<Self> {
        let folder = Folder::make()?;
        let name = format!("b{:08x}", rand::random::<u32>());
        let free = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let data_dir = folder.path().to_owned();
        let database = match &given.database {
            Database::Sqlite(_) => Database::Sqlite(data_dir.clone()),
            Database::MySql(url) => Database::MySql(url.clone()),
        };
        let config = Config {
            database,
            socket: data_dir.join("s"),
            listen: Some(free),
            tls: None,
            seal_key_file: data_dir.join("seal.key"),
            schema_prefix: format!("{name}_"),
            redis_prefix: name.clone(),
            control_schema: name,
            data_dir,
            ..given.clone()
        };
        Ok(Self { config, folder })
    }

    /// Starts the server and waits until it answers.
    pub async fn serve(&self) -> anyhow::Result<Server> {
        let address = self.config.listen.context("it listens nowhere")?;
        let identity = self.folder.path().join(crate::tls::OWN_FILE);
        crate::tls::identity(&self.config.data_dir, None)?;
        let way = Way::to(address, &identity)?;
        let log = self.folder.path().join("log");
        let own = std::env::current_exe().context("cannot tell where this program is")?;
        let child = Command::new(own)
            .arg("serve")
            .arg("--config")
            .arg(self.settings(address)?)
            .env("HILLVIEW_LOG", logging::USUAL)
            .stdin(Stdio::null())
            .stderr(std::fs::File::create(&log)?)
            .kill_on_drop(true)
            .spawn()
            .context("cannot start the server")?;
        let socket = Way::Unix(self.config.socket.clone());
        let mut server = Server {
            child,
            way,
            socket,
            log,
        };
        let began = std::time::Instant::now();
        while server.way.connect().await.is_err() {
            if let Some(status) = server.child.try_wait()? {
                bail!("the server ended with {status}");
            }
            anyhow::ensure!(began.elapsed() < START_MAX, "the server does not answer");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(server)
    }

    fn settings(&self, address: SocketAddr) -> anyhow::Result<PathBuf> {
        let Config {
            data_dir,
            socket,
            connections,
            control_schema,
            schema_prefix,
            redis_prefix,
            ..
        } = &self.config;
        let mut text = format!(
            "data-dir = {data_dir:?}\nsocket = {socket:?}\nlisten = \"{address}\"\n\
             connections = {connections}\ncontrol-schema = {control_schema:?}\n\
             schema-prefix = {schema_prefix:?}\nredis-prefix = {redis_prefix:?}\n"
        );
        if let Database::MySql(url) = &self.config.database {
            text += &format!("database = {url:?}\n");
        }
        if let Some(url) = &self.config.redis {
            text += &format!("redis = {url:?}\n");
        }
        let path = self.folder.path().join("hillview.toml");
        std::fs::write(&path, text)?;
        Ok(path)
    }

    /// Takes its schemas away; the folder goes by itself.
    pub async fn remove(self) -> anyhow::Result<()> {
        let state = State::open(&self.config).await?;
        Ok(state.tenants.remove_all(&self.config).await?)
    }
}

impl Server {
    pub fn taken(&self) -> anyhow::Result<Taken> {
        let pid = self.child.id().context("the server is gone")?;
        let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
        let peak = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next());
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
        // The name in brackets may hold spaces; user and system time are 11 and 12 after it.
        let after = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
        let ticks: u64 = after
            .split(' ')
            .skip(11)
            .take(2)
            .filter_map(|ticks| ticks.parse::<u64>().ok())
            .sum();
        Ok(Taken {
            peak_kib: peak.context("no peak of memory is told")?.parse()?,
            cpu_ms: ticks * TICK,
        })
    }

    /// The calls that were answered so far, as the server logged them.
    pub fn logged(&self) -> anyhow::Result<Vec<Logged>> {
        let log = std::fs::File::open(&self.log)?;
        let mut calls = Vec::new();
        for line in std::io::BufReader::new(log).lines() {
            let line = line?;
            if line.contains(r#""message":"call""#) {
                calls.push(serde_json::from_str(&line)?);
            }
        }
        Ok(calls)
    }

    pub async fn stop(mut self) -> anyhow::Result<()> {
        if let Some(pid) = self.child.id().and_then(|pid| i32::try_from(pid).ok())
            && let Some(pid) = rustix::process::Pid::from_raw(pid)
        {
            rustix::process::kill_process(pid, rustix::process::Signal::TERM)?;
        }
        self.child.wait().await?;
        Ok(())
    }
}
