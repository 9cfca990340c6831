//! Marks, their history, and the answers to the saves that entered them.

use hillview_shared::ids::{Moment, OperationId, SheetId, StudentId, UserId, Version};
use hillview_shared::marks::Entry;

use super::ROWS;
use crate::chain::{Hash, Link, RowHash};
use crate::db::{Failure, Tx, marks};

/// A mark to add.
#[derive(Clone, Debug)]
pub struct NewMark {
    pub sheet: SheetId,
    pub student: StudentId,
    pub entry: Entry,
    pub v: Version,
    pub by: UserId,
    pub at: Moment,
}

/// Adds marks where there are none; not blanks.
pub async fn add_marks(tx: &mut Tx, marks: &[NewMark]) -> Result<(), Failure> {
    for marks in marks.chunks(ROWS) {
        let mut query = tx
            .query(
                "insert into mark
                    (sheet_id, student_id, state, score, level, v, changed_by, changed_at)
                values {rows (?, ?, ?, ?, ?, ?, ?, ?)}",
            )
            .rows(marks.len());
        for mark in marks {
            query = query
                .bind(mark.sheet)
                .bind(mark.student)
                .bind(mark.entry.state())
                .bind(mark.entry.score())
                .bind(mark.entry.level())
                .bind(mark.v)
                .bind(mark.by)
                .bind(mark.at);
        }
        query.execute().await?;
    }
    Ok(())
}

/// A row of the history to add, hashed.
#[derive(Clone, Debug)]
pub struct Change {
    pub sheet: SheetId,
    pub sequence: i64,
    pub student: StudentId,
    pub before: Entry,
    pub after: Entry,
    pub by: UserId,
    pub at: Moment,
    pub operation: OperationId,
    pub source: &'static str,
    pub row_hash: RowHash,
    pub hash: Hash,
}

impl Change {
    /// The row as it is hashed.
    pub fn link(&self) -> Link<'_> {
        Link {
            sheet: self.sheet,
            sequence: self.sequence,
            student: self.student,
            before: &self.before,
            after: &self.after,
            by: self.by,
            at: self.at,
            operation: self.operation,
            source: self.source,
            reason: None,
        }
    }
}

/// Adds rows to the history, as a save does.
pub async fn add_changes(tx: &mut Tx, changes: &[Change]) -> Result<(), Failure> {
    for changes in changes.chunks(ROWS) {
        let changes: Vec<_> = changes
            .iter()
            .map(|change| marks::NewChange {
                link: change.link(),
                row_hash: change.row_hash,
                hash: change.hash,
            })
            .collect();
        marks::add_changes(tx, &changes).await?;
    }
    Ok(())
}

/// An operation that was answered.
#[derive(Clone, Debug)]
pub struct NewOperation {
    pub id: OperationId,
    pub by: UserId,
    pub request_hash: Hash,
    pub reply: Vec<u8>,
    pub at: Moment,
}

/// Adds operations.
pub async fn add_operations(tx: &mut Tx, operations: &[NewOperation]) -> Result<(), Failure> {
    for operations in operations.chunks(ROWS) {
        let mut query = tx
            .query(
                "insert into operation (id, user_id, request_hash, reply, created_at)
                values {rows (?, ?, ?, ?, ?)}",
            )
            .rows(operations.len());
        for operation in operations {
            query = query
                .bind(&operation.id.0[..])
                .bind(operation.by)
                .bind(&operation.request_hash[..])
                .bind(&operation.reply[..])
                .bind(operation.at);
        }
        query.execute().await?;
    }
    Ok(())
}
