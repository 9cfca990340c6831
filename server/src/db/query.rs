//! One query type for both engines: `on.query(SQL).bind(x).all::<Row>()`.
//!
//! Not here: how a literal becomes a statement of one dialect (`statement`).

#[cfg(feature = "testing")]
use sqlx::Executor;
use sqlx::mysql::{MySqlArguments, MySqlRow};
use sqlx::pool::MaybePoolConnection;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Arguments as _, Encode, FromRow, MySql, Sqlite, Type};

#[cfg(feature = "testing")]
use super::engine::Db;
use super::engine::{Engine, Inner, On, Permit, Tx};
use super::failure::{Failure, Why};
use super::statement::{Dialect, padded, written};
use super::{sent, storage};

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

#[derive(Clone)]
#[cfg_attr(feature = "testing", derive(Debug))]
pub(super) enum Arguments {
    MySql(MySqlArguments),
    Sqlite(SqliteArguments),
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
}

/// A connection with the arguments of its engine.
enum Ready<'c> {
    MySql(MaybePoolConnection<'c, MySql>, MySqlArguments),
    Sqlite(MaybePoolConnection<'c, Sqlite>, SqliteArguments),
}

/// Runs one fetching method on whichever engine it is.
macro_rules! fetch_once {
    ($query:expr, $method:ident, $row:ty) => {
        async {
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
        }
    };
}

/// The same, and once more where the connection had been lost: by a restart of the database all
/// are that were open, and what reads by itself does no harm twice.
macro_rules! fetch {
    ($query:expr, $method:ident, $row:ty) => {{
        let again = $query.again();
        let outcome: Result<_, Failure> = fetch_once!($query, $method, $row).await;
        match (outcome, again) {
            (Err(failure), Some(again)) if failure.is_loss() => {
                storage::distrust();
                Box::pin(fetch_once!(again, $method, $row)).await
            }
            (outcome, _) => outcome,
        }
    }};
}

impl<'c> Query<'c> {
    /// Binds the next value, in the order of the question marks.
    pub fn bind<'t>(mut self, value: impl Bind<'t>) -> Self {
        self.push(value);
        self
    }

    /// The same, for the many values of [`rows`](Self::rows): a query is not small, and is not
    /// moved for each of a thousand.
    pub fn push<'t>(&mut self, value: impl Bind<'t>) -> &mut Self {
        let added = match &mut self.arguments {
            Arguments::MySql(values) => values.add(value),
            Arguments::Sqlite(values) => values.add(value),
        };
        if let Err(error) = added {
            self.broken.get_or_insert(error);
        }
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
        for item in items {
            self.push(*item);
        }
        self
    }

    /// Binds what `{pairs}` stands for. Nothing is in an empty one.
    pub fn pairs<'t, A: Bind<'t> + Copy, B: Bind<'t> + Copy>(mut self, items: &[(A, B)]) -> Self {
        self.many = items.len();
        let Some(last) = items.last() else {
            return self;
        };
        let padding = padded(items.len()) - items.len();
        let items = items.iter().chain(std::iter::repeat_n(last, padding));
        for (one, other) in items {
            self.push(*one).push(*other);
        }
        self
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

    /// A second one of a query that is not part of a transaction.
    fn again(&self) -> Option<Self> {
        let On::Db(db) = &self.on else { return None };
        let (many, arguments) = (self.many, self.arguments.clone());
        let on = On::Db(db);
        let (template, broken) = (self.template, None);
        Some(Self {
            on,
            template,
            many,
            arguments,
            broken,
        })
    }

    async fn ready(mut self) -> Result<(Ready<'c>, sqlx::SqlStr, Option<Permit>), Failure> {
        if let Some(error) = self.broken {
            return Err(sqlx::Error::Encode(error).into());
        }
        sent::sends();
        if let On::Tx(tx) = &mut self.on {
            tx.note(self.template);
        }
        let sql = written(self.template, self.on.dialect(), self.many);
        #[cfg(feature = "testing")]
        sent::writes(|| super::plans::Statement {
            template: self.template,
            sql: sql.as_str().to_owned(),
            values: self.arguments.clone(),
        });
        let mut permit = match &self.on {
            On::Db(db) => Some(db.reading().await?),
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
        if let Some(permit) = &mut permit {
            permit.arrived();
        }
        Ok((ready, sql, permit))
    }
}

#[cfg(feature = "testing")]
impl Db {
    /// Has a statement checked by the engine, without running it.
    pub async fn prepare(&self, sql: &'static str, many: usize) -> Result<(), Failure> {
        let (ready, sql, _permit) = self.query(sql).rows(many).ready().await?;
        match ready {
            Ready::MySql(mut on, _) => (&mut *on).prepare(sql).await.map(drop)?,
            Ready::Sqlite(mut on, _) => (&mut *on).prepare(sql).await.map(drop)?,
        }
        Ok(())
    }
}
