//! Two engines, and their transactions.
//!
//! `db.write(async |tx| …)` runs a transaction, and runs it again when a deadlock or a lost
//! connection undid it. Inside, everything goes through `tx`: a statement on the `Db` would wait
//! for a second connection. Not here: which school a `Db` belongs to (`tenants`), and what a
//! statement is (`query`).

use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::{MySql, MySqlPool, Sqlite, SqlitePool, Transaction};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::connections::{Account, Admitted, Connections};
use super::epochs::{self, Changes, Changing};
use super::failure::{Failure, Why};
use super::query::Query;
use super::sent;
use super::statement::Dialect;
use super::storage::WAIT;
use crate::error::Error;

/// How often a transaction that was undone through no fault of its own is run again.
const TRIES: u32 = 6;
/// And for how long: whoever waits is told in time.
const PATIENCE: Duration = Duration::from_secs(6);

/// One school's database, or the control schema. Cheap to clone; hold it for one request.
#[derive(Clone)]
pub struct Db(pub(super) Arc<Pools>);

pub(super) struct Pools {
    pub engine: Engine,
    reading: Queue,
    writing: Queue,
    /// Shared by all schools: what the database server lets in at the same time.
    connections: Arc<Connections>,
    changes: Arc<Changes>,
}

/// The way to one pool.
struct Queue {
    /// One for each connection that may be in use. Taken first, so that a school's queue waits here
    /// and holds nothing that another school could use.
    turns: Arc<Semaphore>,
    account: Arc<Account>,
}

/// The right to one connection of a pool, and so of the server.
pub(super) struct Permit {
    _turn: OwnedSemaphorePermit,
    admitted: Admitted,
}

impl Permit {
    /// The connection is there.
    pub fn arrived(&mut self) {
        self.admitted.arrived();
    }

    /// The connection left its pool and is closed by whoever holds this.
    pub fn taken_out(&mut self) {
        self.admitted.taken_out();
    }
}

/// How many connections of one school are in use at the same time, at most.
#[derive(Clone, Copy)]
pub(super) struct Turns {
    pub reading: u32,
    pub writing: u32,
}

impl Turns {
    /// SQLite has one writer.
    pub const IN_A_FILE: Self = Self {
        reading: 4,
        writing: 1,
    };
    /// The migration user's, while nobody else works in the schema.
    pub const TO_MIGRATE: Self = Self {
        reading: 1,
        writing: 1,
    };

    /// Of so many connections to MySQL, which all schools share: no school takes most of them to
    /// write. Those that commit together go to the disk in one flush.
    pub fn of(most: u32) -> Self {
        Self {
            reading: 4,
            writing: (most / 4).clamp(1, 12),
        }
    }

    /// Of an engine that reads and writes on the same connections.
    pub fn all(self) -> u32 {
        self.reading + self.writing
    }
}

impl Pools {
    pub fn new(engine: Engine, turns: Turns, connections: Arc<Connections>) -> Self {
        let queue = |most: u32, account| Queue {
            turns: Arc::new(Semaphore::new(most as usize)),
            account,
        };
        let (readers, writers) = match &engine {
            // The connections are the same; a turn to read is free while every writer waits for the disk.
            Engine::MySql(pool) => {
                let account = connections.account(pool.clone());
                (Arc::clone(&account), account)
            }
            Engine::Sqlite { readers, writer } => (
                connections.account(readers.clone()),
                connections.account(writer.clone()),
            ),
        };
        Self {
            engine,
            reading: queue(turns.reading, readers),
            writing: queue(turns.writing, writers),
            connections,
            changes: Changes::new(),
        }
    }
}

pub(super) enum Engine {
    MySql(MySqlPool),
    Sqlite {
        readers: SqlitePool,
        writer: SqlitePool,
    },
}

/// An open write transaction. Dropped without [`Tx::commit`], it leaves no trace.
pub struct Tx {
    pub(super) inner: Inner,
    /// Set once it writes reference data.
    changing: Option<Changing>,
    changes: Arc<Changes>,
    _permit: Permit,
}

pub(super) enum Inner {
    MySql(Transaction<'static, MySql>),
    Sqlite(Transaction<'static, Sqlite>),
}

/// What a statement runs on: `&Db` for reads, `&mut Tx` inside a transaction.
pub enum On<'c> {
    Db(&'c Db),
    Tx(&'c mut Tx),
}

impl Db {
    pub fn query(&self, sql: &'static str) -> Query<'_> {
        On::Db(self).query(sql)
    }

    /// Opens a transaction: READ COMMITTED on MySQL (set by the session), BEGIN IMMEDIATE on SQLite.
    pub async fn begin(&self) -> Result<Tx, Failure> {
        sent::begins();
        let mut permit = self.writing().await?;
        let inner = match &self.0.engine {
            Engine::MySql(pool) => Inner::MySql(pool.begin().await?),
            Engine::Sqlite { writer, .. } => {
                Inner::Sqlite(writer.begin_with("begin immediate").await?)
            }
        };
        permit.arrived();
        Ok(Tx {
            inner,
            changing: None,
            changes: Arc::clone(&self.0.changes),
            _permit: permit,
        })
    }

    /// Runs `work` in a transaction and commits. A deadlock or a connection lost before the commit
    /// undoes everything, so the work is run again; an outcome that is unknown is not.
    pub async fn write<T>(
        &self,
        mut work: impl AsyncFnMut(&mut Tx) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let (mut tries, began) = (0, Instant::now());
        loop {
            let outcome = async {
                let mut tx = self.begin().await?;
                let done = work(&mut tx).await?;
                tx.commit().await?;
                Ok(done)
            };
            tries += 1;
            let outcome = outcome.await;
            if let Err(Error::Database(failure)) = &outcome
                && failure.is_loss()
            {
                super::storage::distrust();
            }
            match outcome {
                Err(Error::Database(failure))
                    if failure.may_retry() && tries < TRIES && began.elapsed() < PATIENCE =>
                {
                    // Spread over time, so that two that collided do not collide again.
                    let pause = rand::random_range(5..15 << tries);
                    tokio::time::sleep(Duration::from_millis(pause)).await;
                }
                outcome => return outcome,
            }
        }
    }

    /// Another number after each change of reference data that was made through it.
    pub fn changes(&self) -> u64 {
        self.0.changes.count()
    }

    /// Whether reference data were changed through it since this was asked last.
    pub fn take_changed(&self) -> bool {
        self.0.changes.take_untold()
    }

    /// Closes its connections; whoever still works in it fails.
    pub async fn close(&self) {
        super::storage::close(self).await;
    }

    pub(super) fn dialect(&self) -> Dialect {
        match self.0.engine {
            Engine::MySql(_) => Dialect::MySql,
            Engine::Sqlite { .. } => Dialect::Sqlite,
        }
    }

    /// The right to one connection for a statement that reads.
    pub(super) async fn reading(&self) -> Result<Permit, Failure> {
        self.permit(&self.0.reading).await
    }

    /// The right to a connection that writes.
    pub(super) async fn writing(&self) -> Result<Permit, Failure> {
        self.permit(&self.0.writing).await
    }

    /// The school's turn, then the server's.
    async fn permit(&self, queue: &Queue) -> Result<Permit, Failure> {
        let both = async {
            let turn = Arc::clone(&queue.turns).acquire_owned().await;
            Permit {
                _turn: turn.expect("the semaphore is never closed"),
                admitted: self.0.connections.admit(&queue.account).await,
            }
        };
        let waited = tokio::time::timeout(WAIT * 2, both).await;
        waited.map_err(|_| Failure::of(Why::Busy))
    }
}

impl Tx {
    /// Takes note of a statement that is about to run.
    pub(super) fn note(&mut self, statement: &str) {
        let table = epochs::written_table(statement);
        if self.changing.is_none() && table.is_some_and(|it| epochs::REFERENCE.contains(&it)) {
            self.changing = Some(Changing::by(&self.changes));
        }
    }

    pub fn query(&mut self, sql: &'static str) -> Query<'_> {
        On::Tx(self).query(sql)
    }

    pub async fn commit(mut self) -> Result<(), Failure> {
        if self.changing.is_some() {
            epochs::reference_changed(&mut self).await?;
        }
        match self.inner {
            Inner::MySql(tx) => tx.commit().await,
            Inner::Sqlite(tx) => tx.commit().await,
        }
        .map_err(Failure::of_commit)
    }
}

impl<'c> From<&'c Db> for On<'c> {
    fn from(db: &'c Db) -> Self {
        On::Db(db)
    }
}

impl<'c> From<&'c mut Tx> for On<'c> {
    fn from(tx: &'c mut Tx) -> Self {
        On::Tx(tx)
    }
}

impl<'c> On<'c> {
    pub(super) fn dialect(&self) -> Dialect {
        match self {
            On::Db(db) => db.dialect(),
            On::Tx(Tx {
                inner: Inner::MySql(_),
                ..
            }) => Dialect::MySql,
            On::Tx(Tx {
                inner: Inner::Sqlite(_),
                ..
            }) => Dialect::Sqlite,
        }
    }
}
