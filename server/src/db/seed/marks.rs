//! Marks, and the answers to the saves that entered them.

use hillview_shared::ids::{Moment, OperationId, SheetId, StudentId, UserId, Version};
use hillview_shared::marks::Entry;

use super::ROWS;
use crate::chain::Hash;
use crate::db::{Failure, Tx};

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

/// Adds marks where there are none.
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
