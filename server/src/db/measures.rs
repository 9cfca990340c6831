//! What the engine tells of itself: how much lies on the disk, and how many rows it has read.
//! For measurements only; a database user that may not look is told nothing.

use super::engine::{Db, Engine};
use super::failure::Failure;

/// A table with its indexes, as it lies on the disk.
#[derive(Debug, sqlx::FromRow)]
pub struct Stored {
    pub table: String,
    pub bytes: i64,
}

/// Every table of a school; `None` where the engine does not tell this user.
pub async fn stored(db: &Db) -> Option<Vec<Stored>> {
    match &db.0.engine {
        Engine::Sqlite { readers, .. } => {
            let asked = sqlx::query_as(
                "select m.tbl_name as \"table\", sum(s.pgsize) as bytes
                from dbstat as s
                join sqlite_schema as m on m.name = s.name
                where s.aggregate = true
                group by m.tbl_name
                order by m.tbl_name",
            );
            asked.fetch_all(readers).await.ok()
        }
        Engine::MySql(pool) => {
            let maria = sqlx::query_as(
                "select cast(substring_index(name, '/', -1) as char) as `table`,
                    cast(file_size as signed) as bytes
                from information_schema.innodb_sys_tablespaces
                where substring_index(name, '/', 1) = database()
                order by name",
            );
            let mysql = sqlx::query_as(
                "select cast(substring_index(name, '/', -1) as char) as `table`,
                    cast(file_size as signed) as bytes
                from information_schema.innodb_tablespaces
                where substring_index(name, '/', 1) = database()
                order by name",
            );
            // Each engine has its own name for the list.
            match maria.fetch_all(pool).await {
                Ok(stored) => Some(stored),
                Err(_) => mysql.fetch_all(pool).await.ok(),
            }
        }
    }
}

/// The rows that a database server has read so far, for all that ask it; `None` where it does not
/// count them.
pub async fn rows_read(db: &Db) -> Result<Option<u64>, Failure> {
    let Engine::MySql(pool) = &db.0.engine else {
        return Ok(None);
    };
    let asked = sqlx::query_as("show global status like 'Handler_read%'");
    let counts: Vec<(String, String)> = asked.fetch_all(pool).await?;
    let counts = counts.iter().map(|(_, count)| count.parse::<u64>());
    Ok(counts.sum::<Result<u64, _>>().ok())
}
