//! The database driver on its own, as a measure for what is made of it: the same rows into the same
//! tables without anything of the product in between.
//!
//! For measurements only. Statements are written out once, and what they take is bound as the
//! driver has it.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use sqlx::{AssertSqlSafe, Executor};

use super::engine::{Db, Engine, Inner, Tx};
use super::failure::Failure;
use super::seed::{Change, NewMark, NewOperation, ROWS};

/// An insert of [`ROWS`] rows, and how to write one of fewer.
struct Insert {
    head: &'static str,
    columns: usize,
    full: String,
}

impl Insert {
    fn new(head: &'static str, columns: usize) -> Self {
        let full = written(head, columns, ROWS);
        Self {
            head,
            columns,
            full,
        }
    }
}

fn written(head: &str, columns: usize, rows: usize) -> String {
    let row = format!("({})", vec!["?"; columns].join(", "));
    format!("{head} values {}", vec![row; rows].join(", "))
}

/// Runs an insert of these rows on either engine.
macro_rules! insert {
    ($tx:expr, $insert:expr, $rows:expr, |$row:ident| $($value:expr),+ $(,)?) => {{
        for rows in $rows.chunks(ROWS) {
            macro_rules! on {
                ($on:expr) => {{
                    let mut query = match rows.len() {
                        ROWS => sqlx::query($insert.full.as_str()),
                        few => {
                            let sql = written($insert.head, $insert.columns, few);
                            sqlx::query(AssertSqlSafe(sql))
                        }
                    };
                    for $row in rows {
                        query = query$(.bind($value))+;
                    }
                    query.execute(&mut **$on).await.map(drop)
                }};
            }
            match &mut $tx.inner {
                Inner::MySql(on) => on!(on),
                Inner::Sqlite(on) => on!(on),
            }?;
        }
        Ok(())
    }};
}

/// Inserts marks, a thousand a statement.
pub async fn insert_marks(tx: &mut Tx, marks: &[NewMark]) -> Result<(), Failure> {
    static INSERT: LazyLock<Insert> = LazyLock::new(|| {
        let head = "insert into mark \
            (sheet_id, student_id, state, score, level, v, changed_by, changed_at)";
        Insert::new(head, 8)
    });
    insert!(
        tx,
        INSERT,
        marks,
        |mark| mark.sheet.0,
        mark.student.0,
        mark.entry.state().map(|state| state.word()),
        mark.entry.score().map(|score| score.0),
        mark.entry.level(),
        mark.v.0,
        mark.by.0,
        mark.at.0,
    )
}

/// Inserts rows of the history, a thousand a statement.
pub async fn insert_changes(tx: &mut Tx, changes: &[Change]) -> Result<(), Failure> {
    static INSERT: LazyLock<Insert> = LazyLock::new(|| {
        let head = "insert into mark_change (sheet_id, sequence, student_id, old_state, old_score, \
            old_level, new_state, new_score, new_level, changed_by, changed_at, operation, source, \
            reason, row_hash, hash)";
        Insert::new(head, 16)
    });
    insert!(
        tx,
        INSERT,
        changes,
        |change| change.sheet.0,
        change.sequence,
        change.student.0,
        change.before.state().map(|state| state.word()),
        change.before.score().map(|score| score.0),
        change.before.level(),
        change.after.state().map(|state| state.word()),
        change.after.score().map(|score| score.0),
        change.after.level(),
        change.by.0,
        change.at.0,
        &change.operation.0[..],
        change.source,
        None::<&str>,
        change.row_hash.bytes(),
        &change.hash[..],
    )
}

/// Inserts operations, a thousand a statement.
pub async fn insert_operations(tx: &mut Tx, operations: &[NewOperation]) -> Result<(), Failure> {
    static INSERT: LazyLock<Insert> = LazyLock::new(|| {
        let head = "insert into operation (id, user_id, request_hash, reply, created_at)";
        Insert::new(head, 5)
    });
    insert!(
        tx,
        INSERT,
        operations,
        |operation| &operation.id.0[..],
        operation.by.0,
        &operation.request_hash[..],
        &operation.reply[..],
        operation.at.0,
    )
}

/// A table's rows in a file of the database's own format.
pub struct Dump {
    path: PathBuf,
    /// The table, and how its columns are read.
    into: &'static str,
}

impl Dump {
    /// Writes marks.
    pub fn marks<'a>(
        folder: &Path,
        marks: impl Iterator<Item = &'a NewMark>,
    ) -> std::io::Result<Self> {
        let mut text = String::new();
        for mark in marks {
            let state = or_null(mark.entry.state().map(|state| state.word()));
            let score = or_null(mark.entry.score().map(|score| score.0));
            let level = or_null(mark.entry.level());
            let _ = writeln!(
                text,
                "{}\t{}\t{state}\t{score}\t{level}\t{}\t{}\t{}",
                mark.sheet, mark.student, mark.v, mark.by, mark.at.0
            );
        }
        let into = "mark (sheet_id, student_id, state, score, level, v, changed_by, changed_at)";
        Self::write(folder.join("mark.txt"), &text, into)
    }

    /// Writes rows of the history.
    pub fn changes<'a>(
        folder: &Path,
        changes: impl Iterator<Item = &'a Change>,
    ) -> std::io::Result<Self> {
        let mut text = String::new();
        for change in changes {
            let _ = write!(
                text,
                "{}\t{}\t{}",
                change.sheet, change.sequence, change.student
            );
            for entry in [&change.before, &change.after] {
                let state = or_null(entry.state().map(|state| state.word()));
                let score = or_null(entry.score().map(|score| score.0));
                let _ = write!(text, "\t{state}\t{score}\t{}", or_null(entry.level()));
            }
            let _ = writeln!(
                text,
                "\t{}\t{}\t{}\t{}\t\\N\t{}\t{}",
                change.by,
                change.at.0,
                change.operation,
                change.source,
                hex::encode(change.row_hash.bytes()),
                hex::encode(change.hash)
            );
        }
        let into = "mark_change (sheet_id, sequence, student_id, old_state, old_score, old_level, \
            new_state, new_score, new_level, changed_by, changed_at, @operation, source, reason, \
            @row, @own) \
            set operation = unhex(@operation), row_hash = unhex(@row), hash = unhex(@own)";
        Self::write(folder.join("mark_change.txt"), &text, into)
    }

    /// Writes operations.
    pub fn operations<'a>(
        folder: &Path,
        operations: impl Iterator<Item = &'a NewOperation>,
    ) -> std::io::Result<Self> {
        let mut text = String::new();
        for operation in operations {
            let _ = writeln!(
                text,
                "{}\t{}\t{}\t{}\t{}",
                operation.id,
                operation.by,
                hex::encode(operation.request_hash),
                hex::encode(&operation.reply),
                operation.at.0
            );
        }
        let into = "operation (@id, user_id, @request, @reply, created_at) \
            set id = unhex(@id), request_hash = unhex(@request), reply = unhex(@reply)";
        Self::write(folder.join("operation.txt"), &text, into)
    }

    fn write(path: PathBuf, text: &str, into: &'static str) -> std::io::Result<Self> {
        std::fs::write(&path, text)?;
        Ok(Self { path, into })
    }
}

impl Drop for Dump {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.path) {
            tracing::warn!(file = %self.path.display(), %error, "a file of rows stays");
        }
    }
}

fn or_null(value: Option<impl std::fmt::Display>) -> String {
    value.map_or_else(|| "\\N".to_owned(), |value| value.to_string())
}

/// Where the database reads files from: any place when it is empty. `None` is any place on MariaDB,
/// no place on MySQL, and nothing on an engine that reads none.
pub async fn reads_from(db: &Db) -> Result<Option<String>, Failure> {
    match db.0.engine {
        Engine::MySql(_) => {
            // MySQL says its null in words.
            db.query("select cast(nullif(@@secure_file_priv, 'NULL') as char)")
                .scalar()
                .await
        }
        Engine::Sqlite { .. } => Ok(None),
    }
}

/// Has the database read the rows itself.
pub async fn load(tx: &mut Tx, dump: &Dump) -> Result<(), Failure> {
    let path = dump.path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    assert!(path.chars().all(plain), "the path of a dump is plain");
    let sql = format!(
        "load data infile '{path}' into table {}",
        // The character set belongs between the table and its columns.
        dump.into.replacen(" (", " character set utf8mb4 (", 1)
    );
    if let Inner::MySql(on) = &mut tx.inner {
        // Not prepared: MySQL cannot.
        (&mut **on).execute(AssertSqlSafe(sql)).await?;
    }
    Ok(())
}
