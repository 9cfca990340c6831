//! For tests: the statements that were sent, and how an engine would carry them out.

use std::sync::{Mutex, PoisonError};

use sqlx::mysql::{MySqlArguments, MySqlRow};
use sqlx::sqlite::SqliteArguments;
use sqlx::{AssertSqlSafe, Row as _, SqlSafeStr};

use super::Failure;
use super::engine::{Db, Engine};
use super::failure::Why;
use super::query::Arguments;

/// A statement as it was sent, with its values.
#[derive(Clone, Debug)]
pub struct Statement {
    /// As it stands in the source.
    pub template: &'static str,
    /// As the engine was told.
    pub sql: String,
    pub(super) values: Arguments,
}

impl Statement {
    /// As it stands in the source, on one line.
    pub fn one_line(&self) -> String {
        let words: Vec<_> = self.template.split_whitespace().collect();
        words.join(" ")
    }
}

/// The statements of a piece of work.
#[derive(Default)]
pub(super) struct Statements(Mutex<Vec<Statement>>);

impl Statements {
    pub fn add(&self, statement: Statement) {
        self.all().push(statement);
    }

    pub fn take(&self) -> Vec<Statement> {
        std::mem::take(&mut self.all())
    }

    fn all(&self) -> std::sync::MutexGuard<'_, Vec<Statement>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A step of a plan: how one table, under the name that the statement gives it, is read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Step {
    pub table: String,
    /// MySQL's word (`ref`, `range`, `ALL`), or SQLite's whole line.
    pub how: String,
    /// The index, where MySQL names one.
    pub index: Option<String>,
    /// How many rows of it MySQL thinks it will read.
    pub rows: u64,
}

/// More rows than a page has: an index of which so many are read in order is not left early.
const PAGE: u64 = 500;

impl Step {
    /// Whether the whole table, or one index of it from end to end, is read.
    pub fn is_scan(&self) -> bool {
        let whole_index = self.how == "index" && self.rows > PAGE;
        self.how == "ALL" || whole_index || self.how.starts_with("SCAN ")
    }
}

impl Db {
    /// Has MySQL count a table's rows, as it does now and then by itself.
    pub async fn analyze(&self, table: &'static str) -> Result<(), Failure> {
        if let Engine::MySql(pool) = &self.0.engine {
            let sql = AssertSqlSafe(format!("analyze table {table}"));
            sqlx::raw_sql(sql).execute(pool).await?;
        }
        Ok(())
    }

    /// How the engine would carry a statement out.
    pub async fn plan(&self, statement: &Statement) -> Result<Vec<Step>, Failure> {
        let sql = &statement.sql;
        match (&self.0.engine, &statement.values) {
            (Engine::MySql(pool), Arguments::MySql(values)) => {
                // Without the word, MySQL 9 answers with a tree and MariaDB with rows.
                let sql = AssertSqlSafe(format!("explain format=traditional {sql}")).into_sql_str();
                let query = sqlx::query_with(sql, MySqlArguments::clone(values));
                let rows = query.fetch_all(pool).await?;
                rows.iter().filter_map(step_of_mysql).collect()
            }
            (Engine::Sqlite { readers, .. }, Arguments::Sqlite(values)) => {
                let sql = AssertSqlSafe(format!("explain query plan {sql}")).into_sql_str();
                let query = sqlx::query_with(sql, SqliteArguments::clone(values));
                let rows = query.fetch_all(readers).await?;
                let steps = rows
                    .iter()
                    .map(|row| Ok(step_of_sqlite(row.try_get("detail")?)));
                steps.collect()
            }
            _ => Err(Failure::of(Why::Other)),
        }
    }
}

/// A line without a table says what the statement does with what it has read; one of `INSERT` names
/// the table that it writes to.
fn step_of_mysql(row: &MySqlRow) -> Option<Result<Step, Failure>> {
    let step = || {
        let what: Option<String> = row.try_get("select_type")?;
        if what.is_some_and(|what| what.eq_ignore_ascii_case("insert")) {
            return Ok(None);
        }
        let table: Option<String> = row.try_get("table")?;
        let how: Option<String> = row.try_get("type")?;
        let index: Option<String> = row.try_get("key")?;
        let rows: Option<u64> = row.try_get_unchecked("rows")?;
        Ok(table.zip(how).map(|(table, how)| Step {
            table,
            how,
            index,
            rows: rows.unwrap_or(0),
        }))
    };
    step().transpose()
}

fn step_of_sqlite(detail: String) -> Step {
    let words = detail.split_once(' ');
    let table = words.filter(|(verb, _)| ["SCAN", "SEARCH"].contains(verb));
    let table = table.and_then(|(_, rest)| rest.split(' ').next());
    Step {
        table: table.unwrap_or_default().to_owned(),
        how: detail.clone(),
        index: None,
        rows: 0,
    }
}
