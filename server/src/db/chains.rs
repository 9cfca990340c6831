//! What a check of the chains reads: rows as they are stored, believed in nothing.

use hillview_shared::ids::{Moment, SheetId, StudentId, UserId};
use sqlx::FromRow;

use super::{Db, Failure};

/// A row of the audit log.
#[derive(Clone, Debug, FromRow)]
pub struct Entry {
    pub sequence: i64,
    pub at: Moment,
    pub username: Option<String>,
    pub address: String,
    pub source: String,
    pub action: String,
    pub subject: String,
    pub outcome: String,
    pub refused: bool,
    pub detail: String,
    pub previous_hash: Vec<u8>,
    pub hash: Vec<u8>,
}

/// The audit log after a place in it.
pub async fn entries(db: &Db, after: i64, limit: i64) -> Result<Vec<Entry>, Failure> {
    db.query(
        "select sequence, at, username, address, source, action, subject, outcome, refused,
            detail, previous_hash, hash
        from audit
        where sequence > ?
        order by sequence
        limit ?",
    )
    .bind(after)
    .bind(limit)
    .all()
    .await
}

/// The next sheets, with how long their histories are.
pub async fn sheets(
    db: &Db,
    after: SheetId,
    limit: i64,
) -> Result<Vec<(SheetId, Option<i64>)>, Failure> {
    db.query(
        "select sheet.id,
            (select max(sequence) from mark_change where sheet_id = sheet.id) as length
        from sheet
        where sheet.id > ?
        order by sheet.id
        limit ?",
    )
    .bind(after)
    .bind(limit)
    .all()
    .await
}

/// What a row of [`contents`] is, in the order in which they come for each sheet.
pub const CHANGE: i64 = 1;
pub const MARK: i64 = 2;
pub const SHEET: i64 = 3;

/// A row of a sheet's history; or a mark, in the columns of what it became; or the sheet.
#[derive(Clone, Debug, FromRow)]
pub struct Content {
    pub kind: i64,
    pub sheet_id: SheetId,
    pub sequence: i64,
    pub student_id: StudentId,
    pub old_state: Option<String>,
    pub old_score: Option<i32>,
    pub old_level: Option<String>,
    pub new_state: Option<String>,
    pub new_score: Option<i32>,
    pub new_level: Option<String>,
    pub changed_by: UserId,
    pub changed_at: Moment,
    pub operation: Option<Vec<u8>>,
    pub source: Option<String>,
    pub reason: Option<String>,
    pub row_hash: Option<Vec<u8>>,
    pub hash: Option<Vec<u8>>,
    /// Of a mark or a sheet.
    pub v: i64,
}

/// Histories, marks and versions of the sheets behind one and up to another, as they are at one
/// moment: one statement, so that no save comes in between. At most `limit` rows of history after
/// the place `beyond`; with fewer, all is there.
pub async fn contents(
    db: &Db,
    (behind, to): (SheetId, SheetId),
    beyond: i64,
    limit: i64,
) -> Result<Vec<Content>, Failure> {
    db.query(concat!(
        "select kind, sheet_id, sequence, student_id, old_state, old_score, old_level, new_state,
            new_score, new_level, changed_by, changed_at, operation, source, reason,
            row_hash, hash, v
        from (select 1 as kind, sheet_id, sequence, student_id, old_state, old_score, old_level,
                new_state, new_score, new_level, changed_by, changed_at, operation, source,
                reason, row_hash, hash, 0 as v
            from mark_change
            where sheet_id > ? and sheet_id <= ? and sequence > ?
            order by sheet_id, sequence
            limit ?) history
        union all
        select 2, sheet_id, 0, student_id, null, null, null, ",
        super::fragments::entered_state!(),
        ", score, level, changed_by,
            changed_at, null, null, null, null, null, v
        from mark
        where sheet_id > ? and sheet_id <= ?
        union all
        select 3, id, 0, 0, null, null, null, null, null, null, 0, 0, null, null, null, null,
            null, v
        from sheet
        where id > ? and id <= ?
        order by sheet_id, kind, sequence, student_id"
    ))
    .bind(behind)
    .bind(to)
    .bind(beyond)
    .bind(limit)
    .bind(behind)
    .bind(to)
    .bind(behind)
    .bind(to)
    .all()
    .await
}
