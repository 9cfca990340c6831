//! How connections are made: their options, and the proof that what they commit stays.

use std::collections::BTreeSet;
use std::path::Path;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use sqlx::mysql::{MySqlConnectOptions, MySqlPoolOptions, MySqlSslMode};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, MySqlConnection};

use super::engine::{Db, Engine, Turns};
use super::failure::Failure;
use super::privileges::{self, Account, Right};
use crate::error::{Error, Result};

/// A connection that was idle for longer is tried before it is used: the database may have restarted.
const TRUSTED: Duration = Duration::from_secs(2);
pub(super) const WAIT: Duration = Duration::from_secs(5);

/// When a connection was last found lost. All schools are on one database.
static LOST: Mutex<Option<Instant>> = Mutex::new(None);

/// A connection was found lost: whichever was idle at that moment is tried before it is used.
pub(super) fn distrust() {
    *LOST.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
}

fn is_trusted(idle: Duration) -> bool {
    let lost = *LOST.lock().unwrap_or_else(PoisonError::into_inner);
    idle < TRUSTED && lost.is_none_or(|lost| lost.elapsed() > idle)
}

/// What the engine calls itself: `SQLite 3.50.4`, `MariaDB 10.11.14`, `MySQL 9.5.0`.
pub async fn name(db: &Db) -> Result<String> {
    let version: String = match &db.0.engine {
        Engine::MySql(pool) => {
            let asked = sqlx::query_scalar("select cast(version() as char)");
            asked.fetch_one(pool).await.map_err(Failure::from)?
        }
        Engine::Sqlite { readers, .. } => {
            let asked = sqlx::query_scalar("select 'SQLite ' || sqlite_version()");
            return Ok(asked.fetch_one(readers).await.map_err(Failure::from)?);
        }
    };
    let number = version.split('-').next().unwrap_or(&version);
    let engine = match version.contains("MariaDB") {
        true => "MariaDB",
        false => "MySQL",
    };
    Ok(format!("{engine} {number}"))
}

/// The file in which a database server keeps the number of its process; `None` where the engine is
/// part of this one.
pub async fn pid_file(db: &Db) -> Result<Option<String>> {
    let Engine::MySql(pool) = &db.0.engine else {
        return Ok(None);
    };
    let asked = sqlx::query_scalar("select cast(@@pid_file as char)");
    let file = asked.fetch_one(pool).await.map_err(Failure::from)?;
    Ok(Some(file))
}

/// A MySQL or MariaDB server.
pub struct MySqlServer {
    options: MySqlConnectOptions,
    /// The user that makes and migrates schemas, where that is not the server's own.
    owner: Option<MySqlConnectOptions>,
    /// The server's own user.
    pub account: Account,
    /// How many connections this program opens at the same time.
    pub connections: u32,
}

impl MySqlServer {
    /// Connects as the server's own user, at `url`. `owner` is the URL of the migration user.
    pub async fn connect(url: &str, owner: Option<&str>, connections: u32) -> Result<Self> {
        let options = options(url)?;
        let owner = owner.map(self::options).transpose()?;
        let mut on = options
            .connect()
            .await
            .map_err(|error| Error::from(Failure::from(error)))?;
        let account: String = sqlx::query_scalar("select cast(current_user() as char)")
            .fetch_one(&mut on)
            .await
            .map_err(Failure::from)?;
        let account = Account::parse(&account)?;
        if owner.is_some() {
            warn_of_surplus(&mut on, &account).await?;
        }
        let (server_max, statements): (i64, i64) = sqlx::query_as(
            "select cast(@@max_connections as signed), cast(@@max_prepared_stmt_count as signed)",
        )
        .fetch_one(&mut on)
        .await
        .map_err(Failure::from)?;
        leave(on).await;
        // Some are left for an administrator and a second instance that is starting.
        let fitting = u32::try_from(server_max - 10).unwrap_or(0).max(4);
        if fitting < connections {
            tracing::warn!(
                server_max,
                using = fitting,
                "the database allows fewer connections than set"
            );
        }
        let connections = connections.min(fitting);
        let capacity = (statements / i64::from(connections)).clamp(32, 512);
        let options = options.statement_cache_capacity(usize::try_from(capacity).unwrap_or(32));
        Ok(Self {
            options,
            owner,
            account,
            connections,
        })
    }

    /// Makes a schema when it is missing. The name comes from settings and checked codes only.
    pub async fn create(&self, schema: &str) -> Result<()> {
        // Looked for first: a user that makes no schemas may still use one.
        let mut on = self.administrator().await?;
        let there: i64 = sqlx::query_scalar(
            "select count(*) from information_schema.schemata where schema_name = ?",
        )
        .bind(schema)
        .fetch_one(&mut on)
        .await
        .map_err(Failure::from)?;
        let made = match there {
            0 => {
                let sql = format!(
                    "create database if not exists `{schema}` default character set utf8mb4 collate utf8mb4_bin"
                );
                administer(&mut on, schema, sql).await
            }
            _ => Ok(()),
        };
        leave(on).await;
        made
    }

    /// Removes a schema with all that is in it, and the rights in it.
    pub async fn remove(&self, schema: &str) -> Result<()> {
        if self.owner.is_some() {
            self.set_rights(schema, &BTreeSet::new()).await?;
        }
        let mut on = self.administrator().await?;
        let sql = format!("drop database if exists `{schema}`");
        let done = administer(&mut on, schema, sql).await;
        leave(on).await;
        done
    }

    /// Gives the server's own user what it needs in a schema, and takes what it has too much.
    pub async fn set_rights(&self, schema: &str, needed: &BTreeSet<Right>) -> Result<()> {
        // Everybody sees the rights that are their own.
        let mut own = self.options.connect().await.map_err(Failure::from)?;
        let held: Vec<(String, String)> = sqlx::query_as(
            "select cast(table_name as char), cast(lower(privilege_type) as char)
            from information_schema.table_privileges
            where table_schema = ? and grantee = ?",
        )
        .bind(schema)
        .bind(self.account.quoted())
        .fetch_all(&mut own)
        .await
        .map_err(Failure::from)?;
        leave(own).await;
        let held = held.into_iter().collect();
        let statements = privileges::statements(schema, &self.account, needed, &held);
        let mut on = self.administrator().await?;
        for sql in statements {
            administer(&mut on, schema, sql).await?;
        }
        leave(on).await;
        Ok(())
    }

    /// A connection of whoever makes schemas.
    async fn administrator(&self) -> Result<MySqlConnection> {
        let options = self.owner.as_ref().unwrap_or(&self.options);
        Ok(options.connect().await.map_err(Failure::from)?)
    }

    /// A pool of the migration user in one schema; `None` where the server's own user migrates.
    pub(super) fn owners_pool(&self, schema: &str, idle: Duration) -> Option<Engine> {
        let options = self.owner.clone()?;
        Some(pool(options, schema, Turns::TO_MIGRATE.all(), idle))
    }

    /// A lazy pool of connections that live in one schema.
    pub(super) fn pool(&self, schema: &str, most: u32, idle: Duration) -> Engine {
        pool(self.options.clone(), schema, most, idle)
    }
}

/// How to connect to a URL.
fn options(url: &str) -> Result<MySqlConnectOptions> {
    let options = MySqlConnectOptions::from_str(url)
        .map_err(|error| Error::fault("reading the database's URL", error))?;
    let options = options
        .disable_statement_logging()
        .collation("utf8mb4_bin")
        .timezone(Some("+00:00".to_owned()));
    Ok(secured(options))
}

/// To another machine, a connection is secure and the database proves who it is, unless the URL says
/// `ssl-mode=REQUIRED` (secure, but whoever answers is believed) or `VERIFY_CA`.
fn secured(options: MySqlConnectOptions) -> MySqlConnectOptions {
    let local = options.get_socket().is_some()
        || matches!(options.get_host(), "localhost" | "127.0.0.1" | "::1");
    let careless = matches!(
        options.get_ssl_mode(),
        MySqlSslMode::Preferred | MySqlSslMode::Disabled
    );
    match careless && !local {
        true => options.ssl_mode(MySqlSslMode::VerifyIdentity),
        false => options,
    }
}

/// Says so when the server's own user may do more than it was given table by table: what the
/// migration user gives and takes does not reach that.
async fn warn_of_surplus(on: &mut MySqlConnection, account: &Account) -> Result<()> {
    let wide: i64 = sqlx::query_scalar(
        "select (select count(*) from information_schema.user_privileges
                where grantee = ? and privilege_type <> 'USAGE')
            + (select count(*) from information_schema.schema_privileges where grantee = ?)",
    )
    .bind(account.quoted())
    .bind(account.quoted())
    .fetch_one(on)
    .await
    .map_err(Failure::from)?;
    if wide > 0 {
        tracing::warn!(
            user = account.quoted(),
            "the server's database user holds rights on whole schemas: revoke them, so that its histories stay"
        );
    }
    Ok(())
}

/// Runs a statement that names one schema.
async fn administer(on: &mut MySqlConnection, schema: &str, sql: String) -> Result<()> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(c);
    assert!(schema.chars().all(plain), "a schema's name is plain");
    on.execute(AssertSqlSafe(sql))
        .await
        .map_err(Failure::from)?;
    Ok(())
}

/// A lazy pool of connections that live in one schema.
fn pool(options: MySqlConnectOptions, schema: &str, most: u32, idle: Duration) -> Engine {
    let expected: std::sync::Arc<str> = schema.into();
    let pool = MySqlPoolOptions::new()
        .min_connections(0)
        .max_connections(most)
        .acquire_timeout(WAIT)
        .idle_timeout(idle)
        .test_before_acquire(false)
        .before_acquire(|on, meta| {
            Box::pin(async move { Ok(is_trusted(meta.idle_for) || on.ping().await.is_ok()) })
        })
        .after_connect(move |on, _| {
            let expected = std::sync::Arc::clone(&expected);
            Box::pin(async move { settle(on, &expected).await })
        })
        .connect_lazy_with(options.database(schema));
    Engine::MySql(pool)
}

/// Ends a connection that has done its work. MySQL hangs up at once, so with TLS on a Unix socket our
/// last word finds a broken pipe: that is no failure.
pub(super) async fn leave(on: MySqlConnection) {
    if let Err(error) = on.close().await {
        tracing::debug!(%error, "a finished connection did not close in order");
    }
}

/// Sets a new connection up, and proves that it is where it should be.
async fn settle(on: &mut MySqlConnection, expected: &str) -> Result<(), sqlx::Error> {
    on.execute(
        "set session sql_mode = 'ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,\
         ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION,PIPES_AS_CONCAT', \
         session innodb_lock_wait_timeout = 5",
    )
    .await?;
    on.execute("set session transaction isolation level read committed")
        .await?;
    let schema: Option<String> = sqlx::query_scalar("select database()")
        .fetch_one(&mut *on)
        .await?;
    if schema.as_deref() == Some(expected) {
        Ok(())
    } else {
        Err(sqlx::Error::Protocol(format!(
            "connected to another schema than {expected}"
        )))
    }
}

/// A file with several readers and one writer, opened when first used.
pub(super) fn open_file(file: &Path, create: bool, readers: u32, idle: Duration) -> Engine {
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(create)
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(WAIT)
        .statement_cache_capacity(512)
        .disable_statement_logging();
    let pool = |most| {
        SqlitePoolOptions::new()
            .min_connections(0)
            .max_connections(most)
            .acquire_timeout(WAIT * 2)
            .idle_timeout(idle)
            .test_before_acquire(false)
    };
    Engine::Sqlite {
        readers: pool(readers).connect_lazy_with(options.clone().pragma("query_only", "on")),
        writer: pool(1).connect_lazy_with(options),
    }
}

/// Removes a file and what stands beside it; none of them need be there.
pub(super) fn remove_file(file: &Path) -> std::io::Result<()> {
    for beside in ["", "-wal", "-shm", ".lock"] {
        let mut path = file.as_os_str().to_owned();
        path.push(beside);
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

pub(super) async fn close(db: &Db) {
    match &db.0.engine {
        Engine::MySql(pool) => pool.close().await,
        Engine::Sqlite { readers, writer } => {
            readers.close().await;
            writer.close().await;
        }
    }
}

/// Refuses a database that may lose what it has committed.
pub(super) async fn check_durable(db: &Db) -> Result<()> {
    let mut permit = db.writing().await?;
    let settings = match &db.0.engine {
        Engine::MySql(pool) => {
            let (flush, binlog, sync): (i64, i64, i64) = sqlx::query_as(
                "select cast(@@innodb_flush_log_at_trx_commit as signed), cast(@@log_bin as signed), \
                 cast(@@sync_binlog as signed)",
            )
            .fetch_one(pool)
            .await
            .map_err(Failure::from)?;
            Durability::MySql {
                flush,
                binlog: binlog != 0,
                sync,
            }
        }
        Engine::Sqlite { writer, .. } => {
            let mut on = writer.acquire().await.map_err(Failure::from)?;
            let journal = sqlx::query_scalar("pragma journal_mode")
                .fetch_one(&mut *on)
                .await;
            let synchronous = sqlx::query_scalar("pragma synchronous")
                .fetch_one(&mut *on)
                .await;
            Durability::Sqlite {
                journal: journal.map_err(Failure::from)?,
                synchronous: synchronous.map_err(Failure::from)?,
            }
        }
    };
    permit.arrived();
    settings
        .check()
        .map_err(|reason| Error::fault("the database may lose saved marks", reason))
}

/// The settings that decide whether a commit survives a power cut.
#[derive(Debug)]
enum Durability {
    MySql { flush: i64, binlog: bool, sync: i64 },
    Sqlite { journal: String, synchronous: i64 },
}

impl Durability {
    /// What must be changed, if anything.
    fn check(&self) -> Result<(), String> {
        match self {
            Self::MySql { flush, .. } if *flush != 1 => Err(format!(
                "innodb_flush_log_at_trx_commit is {flush}; set it to 1 in the database's configuration"
            )),
            Self::MySql {
                binlog: true, sync, ..
            } if *sync != 1 => Err(format!(
                "the binary log is on and sync_binlog is {sync}; set it to 1 in the database's configuration"
            )),
            Self::Sqlite { journal, .. } if journal != "wal" => Err(format!(
                "the file's journal_mode is {journal} and cannot be set to wal; keep the data folder on a local disk"
            )),
            Self::Sqlite { synchronous, .. } if *synchronous < 2 => {
                Err(format!("synchronous is {synchronous}; it must be 2 (full)"))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Durability;

    #[test]
    fn settings_that_may_lose_a_commit_are_refused_with_what_to_change() {
        let mysql = |flush, binlog, sync| {
            Durability::MySql {
                flush,
                binlog,
                sync,
            }
            .check()
        };
        assert_eq!(mysql(1, false, 0), Ok(()));
        assert_eq!(mysql(1, true, 1), Ok(()));
        assert!(
            mysql(2, false, 1)
                .unwrap_err()
                .contains("innodb_flush_log_at_trx_commit is 2")
        );
        assert!(mysql(0, true, 1).is_err());
        assert!(mysql(1, true, 0).unwrap_err().contains("sync_binlog is 0"));

        let sqlite = |journal: &str, synchronous| {
            Durability::Sqlite {
                journal: journal.to_owned(),
                synchronous,
            }
            .check()
        };
        assert_eq!(sqlite("wal", 2), Ok(()));
        assert!(
            sqlite("delete", 2)
                .unwrap_err()
                .contains("journal_mode is delete")
        );
        assert!(sqlite("wal", 1).unwrap_err().contains("synchronous is 1"));
    }
}
