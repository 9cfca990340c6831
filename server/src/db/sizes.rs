//! How much room tables take, as the engine counts it: whole pages.

use serde::Serialize;
use sqlx::{AssertSqlSafe, Executor, FromRow};

use super::engine::{Db, Engine};
use super::failure::Failure;
use crate::error::Result;

/// The room of one table, in bytes.
#[derive(Clone, Debug, Serialize, FromRow)]
pub struct Room {
    pub table: String,
    /// The rows themselves, which are kept in the order of the primary key.
    pub data: i64,
    /// All other indexes.
    pub index: i64,
}

/// Every table, the largest first.
pub async fn tables(db: &Db) -> Result<Vec<Room>> {
    let mut permit = db.reading().await?;
    let found = match &db.0.engine {
        Engine::MySql(pool) => {
            let mut on = pool.acquire().await.map_err(Failure::from)?;
            permit.arrived();
            // Else the engine tells what it counted some time ago.
            let names: Vec<String> = sqlx::query_scalar(
                "select cast(table_name as char) from information_schema.tables
                where table_schema = database()",
            )
            .fetch_all(&mut *on)
            .await
            .map_err(Failure::from)?;
            for name in names {
                let plain = |c: char| c.is_ascii_lowercase() || c == '_';
                assert!(name.chars().all(plain), "a table's name is plain");
                // Whoever may not have it counted is told what is known.
                let counted = on
                    .execute(AssertSqlSafe(format!("analyze local table `{name}`")))
                    .await;
                drop(counted);
            }
            let asked = sqlx::query_as(
                "select cast(table_name as char) as `table`,
                    cast(data_length as signed) as data, cast(index_length as signed) as `index`
                from information_schema.tables
                where table_schema = database()
                order by data_length + index_length desc",
            );
            asked.fetch_all(&mut *on).await
        }
        Engine::Sqlite { readers, .. } => {
            let mut on = readers.acquire().await.map_err(Failure::from)?;
            permit.arrived();
            let asked = sqlx::query_as(
                "select named.tbl_name as 'table',
                    sum(case when named.type = 'table' then pages.pgsize else 0 end) as data,
                    sum(case when named.type = 'index' then pages.pgsize else 0 end) as 'index'
                from dbstat pages
                join sqlite_schema named on named.name = pages.name
                where pages.aggregate = true
                group by named.tbl_name
                order by sum(pages.pgsize) desc",
            );
            asked.fetch_all(&mut *on).await
        }
    };
    Ok(found.map_err(Failure::from)?)
}
