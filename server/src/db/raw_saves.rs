//! The save of a sheet as plain statements, in the same kind of transaction, with values that are
//! given: nothing is checked, judged or hashed.

use chrono::NaiveDate;
use hillview_shared::ids::{Moment, OperationId, SheetId, UserId};
use serde::Serialize;
use sqlx::{FromRow, MySqlPool, SqlStr, SqlitePool};

use crate::chain::Hash;
use crate::db::Failure;
use crate::db::engine::Engine;
use crate::db::marks::{
    ADD_CHANGES, HOLD, NewChange, NewMark, PUT, REMEMBER, STANDING, StandingRow,
};
use crate::db::statement::{Dialect, written};

/// The way to one school's schema, past the product.
pub struct Raw {
    pool: Pool,
    texts: Texts,
}

enum Pool {
    MySql(MySqlPool),
    /// The one connection that writes.
    Sqlite(SqlitePool),
}

/// The statements of a save, written out once.
struct Texts {
    hold: SqlStr,
    standing: SqlStr,
    put: SqlStr,
    add_changes: SqlStr,
    remember: SqlStr,
}

/// What a save writes.
pub struct Rows<'a> {
    pub sheet: SheetId,
    pub marks: Vec<NewMark<'a>>,
    pub changes: Vec<NewChange<'a>>,
    pub operation: OperationId,
    pub by: UserId,
    pub request_hash: Hash,
    pub reply: &'a [u8],
    pub at: Moment,
    /// The day for which the sheet is read before, where it is.
    pub read: Option<NaiveDate>,
}

/// Rows that saves leave behind.
#[derive(Debug, FromRow, Serialize)]
pub struct Counts {
    pub marks: i64,
    pub changes: i64,
    pub operations: i64,
}

const COUNTS: &str = "select (select count(*) from mark) as marks,
    (select count(*) from mark_change) as changes,
    (select count(*) from operation) as operations";

/// Carries a save out on whichever engine it is.
macro_rules! carry_out {
    ($pool:expr, $begin:expr, $texts:expr, $rows:expr) => {{
        let (texts, rows): (&Texts, &Rows<'_>) = ($texts, $rows);
        let mut tx = $pool.begin_with($begin).await?;
        sqlx::query(texts.hold.clone())
            .bind(rows.sheet)
            .execute(&mut *tx)
            .await?;
        if let Some(today) = rows.read {
            let read: Vec<StandingRow> = sqlx::query_as(texts.standing.clone())
                .bind(&rows.operation.0[..])
                .bind(&rows.operation.0[..])
                .bind(rows.by)
                .bind(rows.sheet)
                .bind(rows.sheet)
                .bind(rows.sheet)
                .bind(today)
                .bind(today)
                .bind(rows.sheet)
                .bind(rows.sheet)
                .fetch_all(&mut *tx)
                .await?;
            std::hint::black_box(read);
        }
        let mut put = sqlx::query(texts.put.clone());
        for mark in &rows.marks {
            put = put
                .bind(mark.sheet)
                .bind(mark.student)
                .bind(mark.entry.state())
                .bind(mark.entry.score())
                .bind(mark.entry.level())
                .bind(mark.version)
                .bind(mark.by)
                .bind(mark.at);
        }
        put.execute(&mut *tx).await?;
        let mut add = sqlx::query(texts.add_changes.clone());
        for change in &rows.changes {
            let link = &change.link;
            add = add
                .bind(link.sheet)
                .bind(link.sequence)
                .bind(link.student)
                .bind(link.before.state())
                .bind(link.before.score())
                .bind(link.before.level())
                .bind(link.after.state())
                .bind(link.after.score())
                .bind(link.after.level())
                .bind(link.by)
                .bind(link.at)
                .bind(&link.operation.0[..])
                .bind(link.source)
                .bind(link.reason)
                .bind(change.row_hash.bytes())
                .bind(&change.hash[..]);
        }
        add.execute(&mut *tx).await?;
        sqlx::query(texts.remember.clone())
            .bind(&rows.operation.0[..])
            .bind(rows.by)
            .bind(&rows.request_hash[..])
            .bind(rows.reply)
            .bind(rows.at)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
    }};
}

impl Raw {
    /// For saves of so many marks each.
    pub(in crate::db) fn of(engine: Engine, marks: usize) -> Self {
        let (pool, dialect) = match engine {
            Engine::MySql(pool) => (Pool::MySql(pool), Dialect::MySql),
            Engine::Sqlite { writer, .. } => (Pool::Sqlite(writer), Dialect::Sqlite),
        };
        let text = |template| written(template, dialect, marks);
        let texts = Texts {
            hold: text(HOLD),
            standing: text(STANDING),
            put: text(PUT),
            add_changes: text(ADD_CHANGES),
            // One answer, however many marks.
            remember: written(REMEMBER, dialect, 1),
        };
        Self { pool, texts }
    }

    /// Saves, durably.
    pub async fn save(&self, rows: &Rows<'_>) -> Result<(), Failure> {
        match &self.pool {
            Pool::MySql(pool) => carry_out!(pool, "begin", &self.texts, rows),
            Pool::Sqlite(writer) => carry_out!(writer, "begin immediate", &self.texts, rows),
        }
        Ok(())
    }

    /// What stands in the tables.
    pub async fn counts(&self) -> Result<Counts, Failure> {
        Ok(match &self.pool {
            Pool::MySql(pool) => sqlx::query_as(COUNTS).fetch_one(pool).await?,
            Pool::Sqlite(writer) => sqlx::query_as(COUNTS).fetch_one(writer).await?,
        })
    }

    pub async fn close(&self) {
        match &self.pool {
            Pool::MySql(pool) => pool.close().await,
            Pool::Sqlite(writer) => writer.close().await,
        }
    }
}
