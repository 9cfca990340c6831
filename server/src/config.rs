//! Settings: a flag beats the environment, which beats the file, which beats the default.
//!
//! Not here: what a setting does. Secrets (a password in `database` or `redis`) can come from the
//! environment or the file and are never printed.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use serde::Deserialize;

use crate::limits::{Limits, Rate};
use crate::proxy::Network;

const IDLE: Duration = Duration::from_secs(300);

/// Settings as given; what is absent falls through to the next source.
#[derive(Clone, Default, clap::Args, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Settings {
    /// Read settings from this TOML file
    #[arg(
        long,
        global = true,
        env = "HILLVIEW_SERVER_CONFIG",
        value_name = "FILE"
    )]
    #[serde(skip)]
    pub config: Option<PathBuf>,
    /// Keep data in this folder
    #[arg(long, global = true, env = "HILLVIEW_DATA_DIR", value_name = "FOLDER")]
    pub data_dir: Option<PathBuf>,
    /// Use this database: sqlite: (in the data folder) or mysql://user:password@host/?socket=PATH
    #[arg(
        long,
        global = true,
        env = "HILLVIEW_DATABASE",
        value_name = "URL",
        hide_env_values = true
    )]
    pub database: Option<String>,
    /// Make and migrate schemas as this database user; the one of --database then gets no more rights than it needs
    #[arg(
        long,
        global = true,
        env = "HILLVIEW_MIGRATION_DATABASE",
        value_name = "URL",
        hide_env_values = true
    )]
    pub migration_database: Option<String>,
    /// Count wrong passwords for all servers and tell them of changes through this Redis; in this process without it
    #[arg(
        long,
        global = true,
        env = "HILLVIEW_REDIS",
        value_name = "URL",
        hide_env_values = true
    )]
    pub redis: Option<String>,
    /// Trust Redis, with rediss://, by a certificate of the authority in this PEM file
    #[arg(long, global = true, env = "HILLVIEW_REDIS_CA", value_name = "FILE")]
    pub redis_ca: Option<PathBuf>,
    /// Listen on this Unix socket
    #[arg(long, global = true, env = "HILLVIEW_SOCKET", value_name = "PATH")]
    pub socket: Option<PathBuf>,
    /// Listen with TLS on this address and port
    #[arg(
        long,
        global = true,
        env = "HILLVIEW_LISTEN",
        value_name = "ADDRESS:PORT"
    )]
    pub listen: Option<SocketAddr>,
    /// Take the addresses of clients from the PROXY header with which this proxy begins each connection; an address or a
    /// network as 10.0.0.0/24, may be repeated
    #[arg(
        long,
        global = true,
        env = "HILLVIEW_PROXY",
        value_name = "ADDRESS",
        value_delimiter = ','
    )]
    pub proxy: Vec<Network>,
    /// Use this certificate chain, PEM
    #[arg(
        long,
        global = true,
        env = "HILLVIEW_TLS_CERT",
        value_name = "FILE",
        requires = "tls_key"
    )]
    pub tls_cert: Option<PathBuf>,
    /// Use this private key, PEM
    #[arg(
        long,
        global = true,
        env = "HILLVIEW_TLS_KEY",
        value_name = "FILE",
        requires = "tls_cert"
    )]
    pub tls_key: Option<PathBuf>,
    /// Seal the secrets of second factors with the key in this file, which several servers of the same data must share;
    /// seal.key in the data folder, made at the first start, without it
    #[arg(
        long,
        global = true,
        env = "HILLVIEW_SEAL_KEY_FILE",
        value_name = "FILE"
    )]
    pub seal_key_file: Option<PathBuf>,
    /// Open at most this many connections to MySQL at the same time
    #[arg(long, global = true, env = "HILLVIEW_CONNECTIONS", value_name = "N")]
    pub connections: Option<u32>,
    /// Remember nothing that was read: each call asks the database; for measuring, and for finding faults
    #[arg(
        long,
        global = true,
        env = "HILLVIEW_NO_CACHE",
        value_parser = clap::builder::FalseyValueParser::new()
    )]
    pub no_cache: bool,
    /// Calls of one user, above which they are told to wait
    #[arg(skip)]
    pub user_rate: Option<Rate>,
    /// Calls from one address, above which they are told to wait
    #[arg(skip)]
    pub address_rate: Option<Rate>,
    /// Name of the schema that lists the schools, on MySQL
    #[arg(skip)]
    pub control_schema: Option<String>,
    /// What the name of a school's schema begins with, on MySQL
    #[arg(skip)]
    pub schema_prefix: Option<String>,
    /// What every key in Redis begins with
    #[arg(skip)]
    pub redis_prefix: Option<String>,
}

/// Settings as used.
#[derive(Clone)]
pub struct Config {
    pub data_dir: PathBuf,
    pub database: Database,
    /// The URL of the user that makes and migrates schemas, where that is another.
    pub migration_database: Option<String>,
    pub redis: Option<String>,
    /// The authority of Redis's certificate; the system's when absent.
    pub redis_ca: Option<PathBuf>,
    pub socket: PathBuf,
    pub listen: Option<SocketAddr>,
    /// Whose connections begin with the address of another.
    pub proxy: Vec<Network>,
    /// Certificate and key; made at the first start when absent.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// What seals the secrets of second factors; made at the first start.
    pub seal_key_file: PathBuf,
    pub connections: u32,
    /// Nothing that was read is remembered in this process.
    pub no_cache: bool,
    /// A connection to the database that nobody used for this long is closed.
    pub idle: Duration,
    pub limits: Limits,
    pub control_schema: String,
    pub schema_prefix: String,
    pub redis_prefix: String,
}

/// Where the data are.
#[derive(Clone)]
pub enum Database {
    /// Files in this folder.
    Sqlite(PathBuf),
    /// The URL, with its password.
    MySql(String),
}

impl Settings {
    /// Adds the file and the defaults.
    pub fn resolve(self) -> anyhow::Result<Config> {
        let file = match &self.config {
            Some(path) => read_file(path)?,
            None => Self::default(),
        };
        let data_dir = match self.data_dir.or(file.data_dir) {
            Some(folder) => folder,
            None => usual_folder()?,
        };
        let usual = Limits::default();
        let database = self.database.or(file.database);
        let control_schema = identifier(self.control_schema.or(file.control_schema), "hillview")?;
        let schema_prefix = identifier(self.schema_prefix.or(file.schema_prefix), "hv_")?;
        // Else a school could have the code that makes its schema the one that lists the schools.
        anyhow::ensure!(
            !control_schema.starts_with(&schema_prefix),
            "control-schema {control_schema:?} begins with schema-prefix {schema_prefix:?}: choose another"
        );
        let database = parse_database(database.as_deref().unwrap_or("sqlite:"), &data_dir)?;
        let migration_database = self.migration_database.or(file.migration_database);
        if let Some(url) = &migration_database {
            both_on_mysql(&database, &parse_database(url, &data_dir)?)?;
        }
        Ok(Config {
            database,
            migration_database,
            redis: self.redis.or(file.redis),
            redis_ca: self.redis_ca.or(file.redis_ca),
            socket: self
                .socket
                .or(file.socket)
                .unwrap_or_else(|| data_dir.join("hillview.sock")),
            listen: self.listen.or(file.listen),
            proxy: match self.proxy.is_empty() {
                true => file.proxy,
                false => self.proxy,
            },
            tls: self
                .tls_cert
                .or(file.tls_cert)
                .zip(self.tls_key.or(file.tls_key)),
            idle: IDLE,
            seal_key_file: self
                .seal_key_file
                .or(file.seal_key_file)
                .unwrap_or_else(|| data_dir.join("seal.key")),
            connections: self.connections.or(file.connections).unwrap_or(100).max(4),
            no_cache: self.no_cache || file.no_cache,
            limits: Limits {
                user_rate: checked(self.user_rate.or(file.user_rate), usual.user_rate)?,
                address_rate: checked(self.address_rate.or(file.address_rate), usual.address_rate)?,
                ..usual
            },
            control_schema,
            schema_prefix,
            redis_prefix: identifier(self.redis_prefix.or(file.redis_prefix), "hv")?,
            data_dir,
        })
    }
}

fn read_file(path: &Path) -> anyhow::Result<Settings> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read the settings in {}", path.display()))?;
    // The error of the parser quotes the line, which may hold a password: only its place is told.
    toml::from_str(&text).map_err(|error| {
        let line = error
            .span()
            .map_or(1, |span| text[..span.start].lines().count().max(1));
        anyhow::anyhow!("{}, line {line}: {}", path.display(), error.message())
    })
}

fn usual_folder() -> anyhow::Result<PathBuf> {
    let folders = directories::ProjectDirs::from("", "", "hillview");
    let folders = folders.context("no home folder to keep data in; give --data-dir")?;
    Ok(folders.data_dir().to_owned())
}

fn both_on_mysql(database: &Database, migration: &Database) -> anyhow::Result<()> {
    let both = matches!(
        (database, migration),
        (Database::MySql(_), Database::MySql(_))
    );
    anyhow::ensure!(
        both,
        "a migration database is a second user of a MySQL database: both are mysql://…"
    );
    Ok(())
}

fn parse_database(url: &str, data_dir: &Path) -> anyhow::Result<Database> {
    match url.split_once(':') {
        Some(("sqlite", "")) => Ok(Database::Sqlite(data_dir.to_owned())),
        Some(("sqlite", folder)) => Ok(Database::Sqlite(
            folder.strip_prefix("//").unwrap_or(folder).into(),
        )),
        Some(("mysql" | "mariadb", _)) => Ok(Database::MySql(url.to_owned())),
        // Not quoted: it may hold a password.
        _ => anyhow::bail!("the database is neither sqlite: nor mysql://…"),
    }
}

fn checked(given: Option<Rate>, usual: Rate) -> anyhow::Result<Rate> {
    let rate = given.unwrap_or(usual);
    if rate.a_second == 0 || rate.burst < usual.burst / 10 {
        anyhow::bail!(
            "a rate of {} calls a second and {} at once is too low: at least 1 and {}",
            rate.a_second,
            rate.burst,
            usual.burst / 10
        );
    }
    Ok(rate)
}

/// These names become part of SQL text and of keys, so they are plain.
fn identifier(given: Option<String>, default: &str) -> anyhow::Result<String> {
    let name = given.unwrap_or_else(|| default.to_owned());
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if name.is_empty() || name.len() > 30 || !name.chars().all(plain) {
        anyhow::bail!("{name:?} is not a name of 1 to 30 of a-z, 0-9 and _");
    }
    Ok(name)
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(folder) => write!(f, "SQLite in {}", folder.display()),
            Self::MySql(_) => f.write_str("MySQL"),
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Settings(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> (tempfile::TempDir, Settings) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hillview.toml");
        std::fs::write(&path, text).unwrap();
        let settings = Settings {
            config: Some(path),
            data_dir: Some(folder.path().into()),
            ..Settings::default()
        };
        (folder, settings)
    }

    #[test]
    fn what_is_given_beats_the_file_which_beats_the_default() {
        let (_folder, mut settings) = file("socket = '/a'\nconnections = 7\n");
        settings.socket = Some("/b".into());
        let config = settings.resolve().unwrap();
        assert_eq!(config.socket, Path::new("/b"));
        assert_eq!(config.connections, 7);
        assert_eq!(config.redis_prefix, "hv");
    }

    #[test]
    fn a_mistake_is_named_without_quoting_a_password() {
        let (_folder, settings) = file("\ndatabse = 'mysql://u:secret@h/'\n");
        let error = format!("{:#}", settings.resolve().err().unwrap());
        assert!(
            error.contains("databse") && error.contains("line"),
            "{error}"
        );
        assert!(!error.contains("secret"), "{error}");

        let (_folder, settings) = file("database = 'oracle://u:secret@h/'\n");
        let error = format!("{:#}", settings.resolve().err().unwrap());
        assert!(!error.contains("secret"), "{error}");
    }

    #[test]
    fn no_school_can_have_the_schema_that_lists_the_schools() {
        let (_folder, settings) = file("control-schema = 'hillview'\nschema-prefix = 'hill'\n");
        let error = settings.resolve().err().unwrap().to_string();
        assert!(error.contains("hillview"), "{error}");
    }

    #[test]
    fn names_that_become_sql_are_plain() {
        for name in ["", "a`b", "A", "x y"] {
            assert!(identifier(Some(name.to_owned()), "d").is_err(), "{name:?}");
        }
        assert_eq!(identifier(None, "hv_").unwrap(), "hv_");
    }

    #[test]
    fn sqlite_lives_in_the_data_folder_or_where_it_is_told() {
        let folder = |url| match parse_database(url, Path::new("/data")).unwrap() {
            Database::Sqlite(folder) => folder,
            Database::MySql(_) => panic!("not sqlite"),
        };
        assert_eq!(folder("sqlite:"), Path::new("/data"));
        assert_eq!(folder("sqlite:/x"), Path::new("/x"));
        assert_eq!(folder("sqlite:///x"), Path::new("/x"));
    }
}
