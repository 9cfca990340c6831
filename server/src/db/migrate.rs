//! Brings a schema to the version that this program was built with.
//!
//! Steps are plain SQL, written so that they can run again: MySQL cannot take DDL back, and a kill
//! may fall between a step and its note that it is done. Not here: which schools there are.

use std::fs::File;

use hillview_shared::ids::StaffId;
use sqlx::migrate::Migrator;
use sqlx::{Executor, MySqlConnection, SqliteConnection};

use super::engine::{Db, Engine};
use super::failure::Failure;
use super::{staff_names, storage};
use crate::error::{Error, Result};

/// The sets of steps, per scope and engine.
static CONTROL_MYSQL: Migrator = sqlx::migrate!("../migrations/control/mysql");
static CONTROL_SQLITE: Migrator = sqlx::migrate!("../migrations/control/sqlite");
static SCHOOL_MYSQL: Migrator = sqlx::migrate!("../migrations/school/mysql");
static SCHOOL_SQLITE: Migrator = sqlx::migrate!("../migrations/school/sqlite");

/// Which kind of schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    Control,
    School,
}

impl Scope {
    fn steps(self, engine: &Engine) -> &'static Migrator {
        match (self, engine) {
            (Self::Control, Engine::MySql(_)) => &CONTROL_MYSQL,
            (Self::Control, Engine::Sqlite { .. }) => &CONTROL_SQLITE,
            (Self::School, Engine::MySql(_)) => &SCHOOL_MYSQL,
            (Self::School, Engine::Sqlite { .. }) => &SCHOOL_SQLITE,
        }
    }
}

/// The number of the last step of this program.
pub fn newest(scope: Scope, db: &Db) -> i64 {
    let steps = scope.steps(&db.0.engine).iter();
    steps.map(|step| step.version).max().unwrap_or(0)
}

/// The number of the last finished step of a schema; 0 when it has none.
pub async fn applied(db: &Db) -> Result<i64, Failure> {
    let tables = match &db.0.engine {
        Engine::MySql(_) => {
            "select count(*) from information_schema.tables \
             where table_schema = database() and table_name = '_sqlx_migrations'"
        }
        Engine::Sqlite { .. } => {
            "select count(*) from sqlite_schema where name = '_sqlx_migrations'"
        }
    };
    if db.query(tables).scalar::<i64>().await? == 0 {
        return Ok(0);
    }
    db.query("select coalesce(max(version), 0) from _sqlx_migrations where success")
        .scalar()
        .await
}

/// Whether every step is done, and none of a newer program.
async fn is_up_to_date(scope: Scope, db: &Db) -> Result<bool, Failure> {
    let newest = newest(scope, db);
    if applied(db).await? != newest {
        return Ok(false);
    }
    let all = scope.steps(&db.0.engine).iter().count();
    let done: i64 = db
        .query("select count(*) from _sqlx_migrations where success")
        .scalar()
        .await?;
    Ok(usize::try_from(done) == Ok(all))
}

/// Runs the missing steps, one at a time among all that try, and writes what only this program can.
/// Where no step is missing this needs no right to make tables.
pub async fn run(scope: Scope, db: &Db) -> Result<()> {
    if !is_up_to_date(scope, db).await? {
        run_steps(scope, db).await?;
    }
    match scope {
        Scope::Control => Ok(()),
        // Also where every step is done: a kill may fall between the last one and this.
        Scope::School => write_staff_names(db).await,
    }
}

/// Writes the folded names of staff whom a server of before wrote. May be killed at any point.
async fn write_staff_names(db: &Db) -> Result<()> {
    let mut last = StaffId(0);
    loop {
        let some = staff_names::unwritten(db, last).await?;
        let Some(one) = some.last() else {
            return Ok(());
        };
        last = one.id;
        db.write(async |tx| Ok(staff_names::write(tx, &some).await?))
            .await?;
    }
}

async fn run_steps(scope: Scope, db: &Db) -> Result<()> {
    let steps = scope.steps(&db.0.engine);
    let mut permit = db.writing().await?;
    match &db.0.engine {
        Engine::MySql(pool) => {
            let mut on = pool.acquire().await.map_err(Failure::from)?.detach();
            permit.taken_out();
            let done = run_mysql(steps, &mut on).await;
            // The lock is the connection's: it ends with it, also when a step failed.
            storage::leave(on).await;
            done
        }
        Engine::Sqlite { writer, .. } => {
            let mut on = writer.acquire().await.map_err(Failure::from)?;
            permit.arrived();
            run_sqlite(steps, &mut on).await
        }
    }
}

async fn run_mysql(steps: &Migrator, on: &mut MySqlConnection) -> Result<()> {
    // Not the lock of sqlx: it waits for ever on MySQL and not at all on MariaDB.
    let locked: Option<i64> =
        sqlx::query_scalar("select cast(get_lock(concat('migrate:', database()), 120) as signed)")
            .fetch_one(&mut *on)
            .await
            .map_err(Failure::from)?;
    if locked != Some(1) {
        return Err(Error::fault(
            "migrating",
            "another process holds the lock for over two minutes",
        ));
    }
    let interrupted = "delete from _sqlx_migrations where not success";
    match on.execute(interrupted).await {
        Ok(_) => {}
        // 1146: the table is not there yet.
        Err(sqlx::Error::Database(error)) if error.code().is_some_and(|code| code == "42S02") => {}
        Err(error) => return Err(Failure::from(error).into()),
    }
    let steps = unlocked(steps);
    steps.run_direct(None, on, false).await.map_err(failed)
}

async fn run_sqlite(steps: &Migrator, on: &mut SqliteConnection) -> Result<()> {
    let path: String =
        sqlx::query_scalar("select file from pragma_database_list where name = 'main'")
            .fetch_one(&mut *on)
            .await
            .map_err(Failure::from)?;
    // SQLite runs each step in a transaction; the file's lock keeps a second process out between steps.
    let lock = tokio::task::spawn_blocking(move || {
        let lock = File::create(path + ".lock")?;
        lock.lock()?;
        Ok::<_, std::io::Error>(lock)
    });
    let lock = lock.await.expect("taking a lock does not panic");
    let _lock = lock.map_err(|error| Error::fault("locking a database file", error))?;
    let steps = unlocked(steps);
    steps.run_direct(None, on, false).await.map_err(failed)
}

/// The same steps, without sqlx's own lock.
fn unlocked(steps: &Migrator) -> Migrator {
    let mut steps = Migrator {
        migrations: steps.migrations.clone(),
        ..Migrator::DEFAULT
    };
    steps.set_locking(false);
    steps
}

fn failed(error: sqlx::migrate::MigrateError) -> Error {
    Error::fault("migrating", error)
}
