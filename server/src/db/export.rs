//! Every row of every table of a school, as they stood at one moment.
//!
//! Which tables and columns there are is asked of the database, so that none can be forgotten. Not
//! here: what may leave the school, and where it goes.

use futures::TryStreamExt;
use sqlx::{
    AssertSqlSafe, ColumnIndex, Database, Decode, Executor, MySqlConnection, Row, SqliteConnection,
};

use super::engine::{Db, Engine, Permit};
use super::failure::{Failure, Why};
use super::storage;
use crate::error::Result;

/// A column, and the table that it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    pub table: String,
    pub name: String,
    /// Bytes, which are given in hex.
    bytes: bool,
}

/// All tables as they stood when this was opened; what is written later does not show. It reads on
/// a connection of its own, which ends with it.
pub struct Snapshot {
    on: On,
    permit: Permit,
}

enum On {
    MySql(MySqlConnection),
    Sqlite(SqliteConnection),
}

impl Snapshot {
    pub async fn open(db: &Db) -> Result<Self, Failure> {
        let mut permit = db.reading().await?;
        let on = match &db.0.engine {
            Engine::MySql(pool) => On::MySql(pool.acquire().await?.detach()),
            Engine::Sqlite { readers, .. } => On::Sqlite(readers.acquire().await?.detach()),
        };
        permit.taken_out();
        let mut snapshot = Self { on, permit };
        match &mut snapshot.on {
            On::MySql(on) => {
                on.execute("set transaction isolation level repeatable read")
                    .await?;
                on.execute("start transaction with consistent snapshot, read only")
                    .await?;
            }
            On::Sqlite(on) => {
                on.execute("begin").await?;
            }
        }
        Ok(snapshot)
    }

    /// Every column of every table, without the notes of which migrations were run.
    pub async fn columns(&mut self) -> Result<Vec<Column>, Failure> {
        let rows: Vec<(String, String, String)> = match &mut self.on {
            On::MySql(on) => {
                sqlx::query_as(
                    "select cast(c.table_name as char), cast(c.column_name as char), cast(c.data_type as char) \
                     from information_schema.columns c \
                     join information_schema.tables t on t.table_schema = c.table_schema and t.table_name = c.table_name \
                     where c.table_schema = database() and t.table_type = 'BASE TABLE' \
                     order by c.table_name, c.ordinal_position",
                )
                .fetch_all(on)
                .await?
            }
            On::Sqlite(on) => {
                sqlx::query_as(
                    "select t.name, c.name, c.type \
                     from sqlite_schema t \
                     join pragma_table_info(t.name) c \
                     where t.type = 'table' and substr(t.name, 1, 7) <> 'sqlite_' \
                     order by t.name, c.cid",
                )
                .fetch_all(on)
                .await?
            }
        };
        let plain = |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let mut columns = Vec::new();
        for (table, name, kind) in rows {
            if table == "_sqlx_migrations" {
                continue;
            }
            if !plain(&table) || !plain(&name) {
                return Err(Failure::of(Why::Other));
            }
            let kind = kind.to_ascii_lowercase();
            columns.push(Column {
                bytes: kind.contains("blob") || kind.contains("binary"),
                table,
                name,
            });
        }
        Ok(columns)
    }

    /// Gives each row of a table as text, one value a column; `None` is null.
    pub async fn rows(
        &mut self,
        columns: &[Column],
        each: impl FnMut(&[Option<&str>]) -> Result<()>,
    ) -> Result<()> {
        let Some(first) = columns.first() else {
            return Ok(());
        };
        let values = columns.iter().map(|column| match (column.bytes, &self.on) {
            (true, _) => format!("lower(hex(`{}`))", column.name),
            (false, On::MySql(_)) => format!("cast(`{}` as char)", column.name),
            (false, On::Sqlite(_)) => format!("cast(`{}` as text)", column.name),
        });
        let values = values.collect::<Vec<_>>().join(", ");
        // Only names that the database gave, which `columns` has found plain.
        let sql = AssertSqlSafe(["select ", &values, " from `", &first.table, "`"].concat());
        match &mut self.on {
            On::MySql(on) => stream(on, sql, columns.len(), each).await,
            On::Sqlite(on) => stream(on, sql, columns.len(), each).await,
        }
    }

    /// Closes the connection.
    pub async fn close(self) {
        match self.on {
            On::MySql(on) => storage::leave(on).await,
            On::Sqlite(on) => {
                // Nothing was written, so nothing is lost with a connection that does not close.
                let _ = sqlx::Connection::close(on).await;
            }
        }
        drop(self.permit);
    }
}

/// In one row after another, whatever their number.
async fn stream<'e, DB: Database>(
    on: impl Executor<'e, Database = DB>,
    sql: AssertSqlSafe<String>,
    columns: usize,
    mut each: impl FnMut(&[Option<&str>]) -> Result<()>,
) -> Result<()>
where
    for<'r> &'r str: Decode<'r, DB>,
    usize: ColumnIndex<DB::Row>,
{
    let mut rows = sqlx::raw_sql(sql).fetch(on);
    while let Some(row) = rows.try_next().await.map_err(Failure::from)? {
        let values = (0..columns).map(|column| row.try_get_unchecked(column));
        let values: Vec<Option<&str>> = values.collect::<Result<_, _>>().map_err(Failure::from)?;
        each(&values)?;
    }
    Ok(())
}
