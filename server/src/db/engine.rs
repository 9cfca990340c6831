//! Two engines behind one query type.
//!
//! `db.query(SQL).bind(x).all::<Row>()` reads; `db.write(async |tx| …)` runs a transaction and
//! runs it again when a deadlock or a lost connection undid it. Not here: which school a `Db`
//! belongs to (`tenants`), and how a literal becomes a dialect (`statement`).

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

#[cfg(feature = "testing")]
use sqlx::Executor;
use sqlx::mysql::{MySqlArguments, MySqlRow};
use sqlx::pool::MaybePoolConnection;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{
    Arguments as _, Encode, FromRow, MySql, MySqlPool, Sqlite, SqlitePool, Transaction, Type,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::failure::{Failure, Why};
use super::statement::{Dialect, padded, written};
use crate::error::Error;

/// How often a transaction that was undone through no fault of its own is run again.
const TRIES: u32 = 6;

/// One school's database, or the control schema. Cheap to clone; hold it for one request.
#[derive(Clone)]
pub struct Db(pub(super) Arc<Pools>);

pub(super) struct Pools {
    pub engine: Engine,
    /// Shared by all schools: what the database server lets in at the same time.
    pub permits: Arc<Semaphore>,
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
    inner: Inner,
    _permit: OwnedSemaphorePermit,
}

enum Inner {
    MySql(Transaction<'static, MySql>),
    Sqlite(Transaction<'static, Sqlite>),
}

/// What a statement runs on: `&Db` for reads, `&mut Tx` inside a transaction.
pub enum On<'c> {
    Db(&'c Db),
    Tx(&'c mut Tx),
}

/// A row that can be read from both engines.
pub trait Row:
    for<'r> FromRow<'r, MySqlRow> + for<'r> FromRow<'r, SqliteRow> + Send + Unpin
{
}
impl<T> Row for T where
    T: for<'r> FromRow<'r, MySqlRow> + for<'r> FromRow<'r, SqliteRow> + Send + Unpin
{
}

/// A value that can be bound on both engines.
pub trait Bind<'t>: Encode<'t, MySql> + Type<MySql> + Encode<'t, Sqlite> + Type<Sqlite> {}
impl<'t, T> Bind<'t> for T where
    T: Encode<'t, MySql> + Type<MySql> + Encode<'t, Sqlite> + Type<Sqlite>
{
}

/// A statement with its values, ready to run.
#[must_use = "a query does nothing until it is run"]
pub struct Query<'c> {
    on: On<'c>,
    template: &'static str,
    many: usize,
    arguments: Arguments,
    broken: Option<sqlx::error::BoxDynError>,
}

enum Arguments {
    MySql(MySqlArguments),
    Sqlite(SqliteArguments),
}

tokio::task_local! {
    static STATEMENTS: Arc<AtomicU32>;
}

/// Runs a future and says how many statements it sent; begin and commit are not counted.
pub async fn counted<F: Future>(work: F) -> (F::Output, u32) {
    let count = Arc::new(AtomicU32::new(0));
    let output = STATEMENTS.scope(Arc::clone(&count), work).await;
    (output, count.load(Ordering::Relaxed))
}

impl Db {
    pub fn query(&self, sql: &'static str) -> Query<'_> {
        On::Db(self).query(sql)
    }

    /// Opens a transaction: READ COMMITTED on MySQL (set by the session), BEGIN IMMEDIATE on SQLite.
    pub async fn begin(&self) -> Result<Tx, Failure> {
        let permit = self.permit().await;
        let inner = match &self.0.engine {
            Engine::MySql(pool) => Inner::MySql(pool.begin().await?),
            Engine::Sqlite { writer, .. } => {
                Inner::Sqlite(writer.begin_with("begin immediate").await?)
            }
        };
        Ok(Tx {
            inner,
            _permit: permit,
        })
    }

    /// Runs `work` in a transaction and commits. A deadlock or a connection lost before the commit
    /// undoes everything, so the work is run again; an outcome that is unknown is not.
    pub async fn write<T>(
        &self,
        mut work: impl AsyncFnMut(&mut Tx) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut tries = 0;
        loop {
            let outcome = async {
                let mut tx = self.begin().await?;
                let done = work(&mut tx).await?;
                tx.commit().await?;
                Ok(done)
            };
            tries += 1;
            match outcome.await {
                Err(Error::Database(failure)) if failure.may_retry() && tries < TRIES => {
                    // Spread over time, so that two that collided do not collide again.
                    let pause = rand::random_range(5..15 << tries);
                    tokio::time::sleep(Duration::from_millis(pause)).await;
                }
                outcome => return outcome,
            }
        }
    }

    /// Has a statement checked by the engine, without running it.
    #[cfg(feature = "testing")]
    pub async fn prepare(&self, sql: &'static str, many: usize) -> Result<(), Failure> {
        let (ready, sql, _permit) = self.query(sql).rows(many).ready().await?;
        match ready {
            Ready::MySql(mut on, _) => (&mut *on).prepare(sql).await.map(drop)?,
            Ready::Sqlite(mut on, _) => (&mut *on).prepare(sql).await.map(drop)?,
        }
        Ok(())
    }

    /// Closes its connections; whoever still works in it fails.
    pub async fn close(&self) {
        super::storage::close(self).await;
    }

    fn dialect(&self) -> Dialect {
        match self.0.engine {
            Engine::MySql(_) => Dialect::MySql,
            Engine::Sqlite { .. } => Dialect::Sqlite,
        }
    }

    async fn permit(&self) -> OwnedSemaphorePermit {
        let permits = Arc::clone(&self.0.permits);
        permits
            .acquire_owned()
            .await
            .expect("the semaphore is never closed")
    }
}

impl Tx {
    pub fn query(&mut self, sql: &'static str) -> Query<'_> {
        On::Tx(self).query(sql)
    }

    pub async fn commit(self) -> Result<(), Failure> {
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
    pub fn query(self, template: &'static str) -> Query<'c> {
        let arguments = match self.dialect() {
            Dialect::MySql => Arguments::MySql(MySqlArguments::default()),
            Dialect::Sqlite => Arguments::Sqlite(SqliteArguments::default()),
        };
        Query {
            on: self,
            template,
            many: 0,
            arguments,
            broken: None,
        }
    }

    fn dialect(&self) -> Dialect {
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

/// A connection with the arguments of its engine.
enum Ready<'c> {
    MySql(MaybePoolConnection<'c, MySql>, MySqlArguments),
    Sqlite(MaybePoolConnection<'c, Sqlite>, SqliteArguments),
}

/// Runs one fetching method on whichever engine it is.
macro_rules! fetch {
    ($query:expr, $method:ident, $row:ty) => {{
        let (ready, sql, _permit) = $query.ready().await?;
        Ok(match ready {
            Ready::MySql(mut on, values) => {
                sqlx::query_as_with::<_, $row, _>(sql, values)
                    .$method(&mut *on)
                    .await
            }
            Ready::Sqlite(mut on, values) => {
                sqlx::query_as_with::<_, $row, _>(sql, values)
                    .$method(&mut *on)
                    .await
            }
        }?)
    }};
}

impl<'c> Query<'c> {
    /// Binds the next value, in the order of the question marks.
    pub fn bind<'t>(mut self, value: impl Bind<'t>) -> Self {
        let added = match &mut self.arguments {
            Arguments::MySql(values) => values.add(value),
            Arguments::Sqlite(values) => values.add(value),
        };
        self.broken = self.broken.or(added.err());
        self
    }

    /// How often `{rows …}` is repeated; bind the values row by row.
    pub fn rows(mut self, rows: usize) -> Self {
        self.many = rows;
        self
    }

    /// Binds what `{list}` stands for, at its place among the question marks. Nothing is in an empty list.
    pub fn list<'t, T: Bind<'t> + Copy>(mut self, items: &[T]) -> Self {
        self.many = items.len();
        let Some(last) = items.last() else {
            return self;
        };
        let padding = padded(items.len()) - items.len();
        let items = items.iter().chain(std::iter::repeat_n(last, padding));
        items.fold(self, |query, item| query.bind(*item))
    }

    pub async fn all<T: Row>(self) -> Result<Vec<T>, Failure> {
        fetch!(self, fetch_all, T)
    }

    pub async fn one<T: Row>(self) -> Result<T, Failure> {
        fetch!(self, fetch_one, T)
    }

    pub async fn optional<T: Row>(self) -> Result<Option<T>, Failure> {
        fetch!(self, fetch_optional, T)
    }

    /// The only column of the only row.
    pub async fn scalar<T>(self) -> Result<T, Failure>
    where
        (T,): Row,
    {
        self.one::<(T,)>().await.map(|(value,)| value)
    }

    /// The number of rows matched; of an upsert it means different things on different engines.
    pub async fn execute(self) -> Result<u64, Failure> {
        self.run().await.map(|(rows, _)| rows)
    }

    /// Inserts one row and gives its id.
    pub async fn insert(self) -> Result<i64, Failure> {
        self.run().await.map(|(_, id)| id)
    }

    async fn run(self) -> Result<(u64, i64), Failure> {
        let (ready, sql, _permit) = self.ready().await?;
        Ok(match ready {
            Ready::MySql(mut on, values) => {
                let done = sqlx::query_with(sql, values).execute(&mut *on).await?;
                (done.rows_affected(), done.last_insert_id().cast_signed())
            }
            Ready::Sqlite(mut on, values) => {
                let done = sqlx::query_with(sql, values).execute(&mut *on).await?;
                (done.rows_affected(), done.last_insert_rowid())
            }
        })
    }

    async fn ready(
        self,
    ) -> Result<(Ready<'c>, sqlx::SqlStr, Option<OwnedSemaphorePermit>), Failure> {
        if let Some(error) = self.broken {
            return Err(sqlx::Error::Encode(error).into());
        }
        let _ = STATEMENTS.try_with(|count| count.fetch_add(1, Ordering::Relaxed));
        let sql = written(self.template, self.on.dialect(), self.many);
        let permit = match &self.on {
            On::Db(db) => Some(db.permit().await),
            On::Tx(_) => None,
        };
        let ready = match (self.on, self.arguments) {
            (On::Db(db), Arguments::MySql(values)) => match &db.0.engine {
                Engine::MySql(pool) => Ready::MySql(pool.acquire().await?.into(), values),
                Engine::Sqlite { .. } => return Err(Failure::of(Why::Other)),
            },
            (On::Db(db), Arguments::Sqlite(values)) => match &db.0.engine {
                Engine::Sqlite { readers, .. } => {
                    Ready::Sqlite(readers.acquire().await?.into(), values)
                }
                Engine::MySql(_) => return Err(Failure::of(Why::Other)),
            },
            (
                On::Tx(Tx {
                    inner: Inner::MySql(tx),
                    ..
                }),
                Arguments::MySql(values),
            ) => Ready::MySql((&mut **tx).into(), values),
            (
                On::Tx(Tx {
                    inner: Inner::Sqlite(tx),
                    ..
                }),
                Arguments::Sqlite(values),
            ) => Ready::Sqlite((&mut **tx).into(), values),
            _ => return Err(Failure::of(Why::Other)),
        };
        Ok((ready, sql, permit))
    }
}
