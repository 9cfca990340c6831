//! What went wrong in the database, in the few kinds that the server acts on.

use std::fmt;

use sqlx::error::{DatabaseError, ErrorKind};
use sqlx::mysql::MySqlDatabaseError;

/// A failed statement: its kind, and its cause for the log.
#[derive(Debug)]
pub struct Failure {
    pub why: Why,
    source: Option<Box<sqlx::Error>>,
}

/// Kinds that differ in what to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// A unique constraint, by its name in the migrations.
    Unique(String),
    /// A foreign key: what is pointed to is not there, or is still pointed to.
    ForeignKey,
    /// Deadlock, lock wait, busy: the transaction is undone and may be tried again.
    Busy,
    /// No connection; nothing of an open transaction was kept.
    Away,
    /// The connection was lost while committing: kept or not, nobody knows yet.
    Unknown,
    /// Exactly one row was expected.
    NoRow,
    /// Anything else: a defect.
    Other,
}

impl Failure {
    /// An error of COMMIT itself: a lost connection leaves the outcome open.
    pub(super) fn of_commit(error: sqlx::Error) -> Self {
        let mut failure = Self::from(error);
        if failure.why == Why::Away {
            failure.why = Why::Unknown;
        }
        failure
    }

    pub(super) fn of(why: Why) -> Self {
        Self { why, source: None }
    }

    /// Whether the same transaction may simply be run again.
    pub fn may_retry(&self) -> bool {
        matches!(self.why, Why::Busy | Why::Away)
    }

    /// Whether a connection that was open is no more.
    pub(super) fn is_loss(&self) -> bool {
        let waited = matches!(
            self.source.as_deref(),
            None | Some(sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed)
        );
        matches!(self.why, Why::Away | Why::Unknown) && !waited
    }

    /// Whether it was the unique constraint of this name.
    pub fn is_unique(&self, constraint: &str) -> bool {
        matches!(&self.why, Why::Unique(name) if name == constraint)
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        let why = match &error {
            sqlx::Error::Database(error) => kind_of(error.as_ref()),
            sqlx::Error::RowNotFound => Why::NoRow,
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::BeginFailed => Why::Away,
            _ => Why::Other,
        };
        Self {
            why,
            source: Some(Box::new(error)),
        }
    }
}

fn kind_of(error: &dyn DatabaseError) -> Why {
    match error.kind() {
        ErrorKind::UniqueViolation => return Why::Unique(constraint(error.message())),
        ErrorKind::ForeignKeyViolation => return Why::ForeignKey,
        _ => {}
    }
    let mysql = error.try_downcast_ref::<MySqlDatabaseError>();
    let sqlite = || error.code()?.parse::<i32>().ok();
    match mysql.map(MySqlDatabaseError::number) {
        // Lock wait time-out, deadlock, record changed since last read (MariaDB).
        Some(1205 | 1213 | 1020) => Why::Busy,
        // Too many connections, shutdown, killed, read-only while failing over, disk full.
        Some(1040 | 1053 | 1203 | 1226 | 1290 | 1317 | 1927 | 3100 | 1021) => Why::Away,
        Some(_) => Why::Other,
        // The low byte is the primary code: busy, locked; I/O error, full, cannot open.
        None => match sqlite().map(|code| code & 0xff) {
            Some(5 | 6) => Why::Busy,
            Some(10 | 13 | 14) => Why::Away,
            _ => Why::Other,
        },
    }
}

/// The constraint's name as the migrations spell it: `table_column_column_unique`.
///
/// MySQL says `… for key 'student.student_admission_key_unique'` (MariaDB without the table),
/// SQLite lists the columns: `UNIQUE constraint failed: student.admission_key`.
fn constraint(message: &str) -> String {
    if let Some((_, columns)) = message.split_once("constraint failed: ") {
        let mut name = String::new();
        for column in columns.split(", ") {
            let (table, column) = column.split_once('.').unwrap_or(("", column));
            if name.is_empty() {
                name.push_str(table);
            }
            name.push('_');
            name.push_str(column);
        }
        return name + "_unique";
    }
    let key = message.rsplit('\'').nth(1).unwrap_or_default();
    key.rsplit('.').next().unwrap_or_default().to_owned()
}

impl fmt::Display for Failure {
    /// Without the values that a driver quotes (`Duplicate entry 'Amina …'`): they are people's data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match &self.why {
            Why::Unique(name) => return write!(f, "the constraint {name} was broken"),
            Why::ForeignKey => "a foreign key was broken",
            Why::Busy => "others hold the same rows",
            Why::Away => "the database cannot be reached",
            Why::Unknown => "the database was lost during a commit",
            Why::NoRow => "a row was expected and is not there",
            Why::Other => "a statement failed",
        };
        match self.source.as_deref() {
            Some(sqlx::Error::Database(error)) => {
                write!(f, "{what} (code {})", error.code().unwrap_or_default())
            }
            Some(error) => write!(f, "{what}: {error}"),
            None => f.write_str(what),
        }
    }
}

// Without its source: it would be printed after this, with the values.
impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use super::constraint;

    #[test]
    fn a_unique_constraint_has_one_name_on_every_engine() {
        for message in [
            "Duplicate entry '17' for key 'student_admission_key_unique'",
            "Duplicate entry 'O'Neil' for key 'student.student_admission_key_unique'",
            "UNIQUE constraint failed: student.admission_key",
        ] {
            assert_eq!(constraint(message), "student_admission_key_unique");
        }
        assert_eq!(
            constraint("UNIQUE constraint failed: term.year_id, term.ordinal"),
            "term_year_id_ordinal_unique"
        );
    }
}
