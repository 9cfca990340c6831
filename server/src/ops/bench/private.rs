//! Servers for a measurement: their own folder, schemas and keys; processes of their own, so that
//! their memory and time are their own too.

use std::fs::OpenOptions;
use std::io::{BufRead, Read, Seek, SeekFrom};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::process::{Child, Command};

use super::line::Way;
use super::machine;
use crate::config::{Config, Database};
use crate::limits::Rate;
use crate::logging;
use crate::ops::demo::folder::Folder;
use crate::service::State;

/// How long a server may take to start.
const START_MAX: Duration = Duration::from_secs(30);

/// A rate that nobody comes to, for clients that ask as fast as they are answered.
pub const ANY_RATE: Rate = Rate {
    a_second: 1_000_000,
    burst: 100_000_000,
};

/// Where private servers keep their things.
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
    /// Where it listens for TLS.
    pub address: SocketAddr,
    settings: PathBuf,
    log: PathBuf,
    /// Before it are the lines of one that was here earlier.
    log_begins: u64,
}

/// A line of the server's log about a call.
#[derive(Clone, Debug, Deserialize)]
pub struct Logged {
    pub method: String,
    pub micros: u64,
    pub statements: u32,
    pub outcome: String,
}

/// What a server was asked for of one kind of thing that it remembers.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Cached {
    pub kind: String,
    /// It was there.
    pub hits: u64,
    /// It was read from the database.
    pub misses: u64,
    /// Misses of what was there and had changed since.
    pub outdated: u64,
}

/// What a process has taken.
#[derive(Clone, Copy, Debug)]
pub struct Taken {
    /// The most memory at one time, in KiB.
    pub peak_kib: u64,
    /// The memory now, in KiB.
    pub now_kib: u64,
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
        self.serve_on(0, address).await
    }

    /// Starts several servers of the same data with the same key, each on a port of its own.
    pub async fn serve_many(&self, count: usize) -> anyhow::Result<Vec<Server>> {
        let shared = matches!(self.config.database, Database::MySql(_));
        anyhow::ensure!(
            count == 1 || shared && self.config.redis.is_some(),
            "several servers share a MySQL and a Redis: give --database and --redis"
        );
        // All held at once, so that no port is given twice.
        let held = (0..count).map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)));
        let held = held.collect::<Result<Vec<_>, _>>()?;
        let free = held.iter().map(TcpListener::local_addr);
        let free = free.collect::<Result<Vec<_>, _>>()?;
        drop(held);
        let mut servers = Vec::new();
        for (number, address) in free.into_iter().enumerate() {
            servers.push(self.serve_on(number, address).await?);
        }
        Ok(servers)
    }

    async fn serve_on(&self, number: usize, address: SocketAddr) -> anyhow::Result<Server> {
        let folder = self.folder.path();
        crate::tls::identity(folder, None)?;
        let socket = match number {
            0 => self.config.socket.clone(),
            number => folder.join(format!("s{number}")),
        };
        let settings = folder.join(format!("hillview{number}.toml"));
        std::fs::write(&settings, self.settings(&socket, address))?;
        let log = folder.join(format!("log{number}"));
        let log_begins = std::fs::metadata(&log).map_or(0, |log| log.len());
        let mut server = Server {
            log_begins,
            child: spawn(&settings, &log)?,
            way: Way::to(address, &folder.join(crate::tls::OWN_FILE))?,
            socket: Way::Unix(socket),
            address,
            settings,
            log,
        };
        server.answers().await?;
        Ok(server)
    }

    fn settings(&self, socket: &Path, address: SocketAddr) -> String {
        let Config {
            data_dir,
            connections,
            limits,
            proxy,
            control_schema,
            schema_prefix,
            redis_prefix,
            no_cache,
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
        if *no_cache {
            text += "no-cache = true\n";
        }
        if !proxy.is_empty() {
            let proxies: Vec<String> = proxy.iter().map(ToString::to_string).collect();
            text += &format!("proxy = {proxies:?}\n");
        }
        let rates = [
            ("user-rate", limits.user_rate),
            ("address-rate", limits.address_rate),
        ];
        for (name, Rate { a_second, burst }) in rates {
            text += &format!("{name} = {{ a-second = {a_second}, burst = {burst} }}\n");
        }
        text
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
        let kib = |name: &str| {
            let mut lines = status.lines();
            let told = lines.find_map(|line| line.strip_prefix(name)?.split_whitespace().next());
            anyhow::Ok(told.context("its memory is not told")?.parse()?)
        };
        Ok(Taken {
            peak_kib: kib("VmHWM:")?,
            now_kib: kib("VmRSS:")?,
            cpu_ms: machine::cpu_ms(pid)?,
        })
    }

    /// The calls that were answered so far, as the server logged them.
    pub fn logged(&self) -> anyhow::Result<Vec<Logged>> {
        self.logged_between(self.log_begins, u64::MAX)
    }

    /// Where the log ends now.
    pub fn log_end(&self) -> anyhow::Result<u64> {
        Ok(std::fs::metadata(&self.log)?.len())
    }

    /// The calls that were answered between two ends of the log.
    pub fn logged_between(&self, from: u64, until: u64) -> anyhow::Result<Vec<Logged>> {
        lines(&self.log, (from, until), r#""message":"call""#)
    }

    /// Stops it, and gives what its cache was asked for in all its life: it says the last of it when
    /// it stops.
    pub async fn cached(self) -> anyhow::Result<Vec<Cached>> {
        let (log, part) = (self.log.clone(), (self.log_begins, u64::MAX));
        self.stop().await?;
        let mut kinds: Vec<Cached> = Vec::new();
        for line in lines::<Cached>(&log, part, r#""message":"cache""#)? {
            match kinds.iter_mut().find(|known| known.kind == line.kind) {
                Some(known) => {
                    known.hits += line.hits;
                    known.misses += line.misses;
                    known.outdated += line.outdated;
                }
                None => kinds.push(line),
            }
        }
        Ok(kinds)
    }

    pub async fn stop(mut self) -> anyhow::Result<()> {
        self.terminate().await
    }

    /// Ends it as a service manager does, and waits until it is gone.
    pub async fn terminate(&mut self) -> anyhow::Result<()> {
        if let Some(pid) = self.child.id().and_then(|pid| i32::try_from(pid).ok())
            && let Some(pid) = rustix::process::Pid::from_raw(pid)
        {
            rustix::process::kill_process(pid, rustix::process::Signal::TERM)?;
        }
        self.child.wait().await?;
        Ok(())
    }

    /// Ends it as a power cut does.
    pub async fn kill(&mut self) -> anyhow::Result<()> {
        Ok(self.child.kill().await?)
    }

    /// Starts it again where it was, and waits until it answers.
    pub async fn start_again(&mut self) -> anyhow::Result<()> {
        self.child = spawn(&self.settings, &self.log)?;
        self.answers().await
    }

    /// Waits until it takes calls. Asked by the socket: TLS may be for a proxy alone.
    async fn answers(&mut self) -> anyhow::Result<()> {
        let began = std::time::Instant::now();
        while self.socket.connect().await.is_err() {
            if let Some(status) = self.child.try_wait()? {
                bail!("the server ended with {status}");
            }
            anyhow::ensure!(began.elapsed() < START_MAX, "the server does not answer");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }
}

fn spawn(settings: &Path, log: &Path) -> anyhow::Result<Child> {
    let own = std::env::current_exe().context("cannot tell where this program is")?;
    // What it logged before it was killed stays.
    let log = OpenOptions::new().create(true).append(true).open(log)?;
    Command::new(own)
        .arg("serve")
        .arg("--config")
        .arg(settings)
        .env("HILLVIEW_LOG", logging::USUAL)
        .stdin(Stdio::null())
        .stderr(log)
        .kill_on_drop(true)
        .spawn()
        .context("cannot start the server")
}

/// The lines of a part of a log that hold these words.
fn lines<T: DeserializeOwned>(
    log: &Path,
    (from, until): (u64, u64),
    words: &str,
) -> anyhow::Result<Vec<T>> {
    let mut log = std::fs::File::open(log)?;
    log.seek(SeekFrom::Start(from))?;
    let log = log.take(until.saturating_sub(from));
    let mut found = Vec::new();
    for line in std::io::BufReader::new(log).lines() {
        let line = line?;
        if line.contains(words) {
            found.push(serde_json::from_str(&line)?);
        }
    }
    Ok(found)
}
