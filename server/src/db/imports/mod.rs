//! Imports: the file in pieces, what was refused, and what is needed to take one back.

use chrono::NaiveDate;
use hillview_shared::ids::{ImportId, Moment, UserId};
use hillview_shared::imports::{ImportKind, ImportState, ImportSummary, RowProblem};
use sqlx::FromRow;

use super::{Db, Failure, On, Tx};

pub mod marks;
pub mod staff;
pub mod students;

/// An import as it stands.
#[derive(Clone, Debug, FromRow)]
pub struct Job {
    pub id: ImportId,
    pub kind: ImportKind,
    pub length: i64,
    pub received: i64,
    pub state: ImportState,
    pub report: Option<String>,
    pub created_by: UserId,
}

/// Sizes of multi-row statements, so that few different ones are prepared.
const BATCHES: [usize; 5] = [256, 64, 16, 4, 1];
/// The most items of one list.
pub(super) const LIST: usize = 1024;

/// Cuts rows into batches of a few sizes, the largest first.
pub fn batches<T>(mut rows: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let size = BATCHES.into_iter().find(|size| *size <= rows.len())?;
        let (batch, rest) = rows.split_at(size);
        rows = rest;
        Some(batch)
    })
}

/// Announces a file.
pub async fn add_job(
    tx: &mut Tx,
    kind: ImportKind,
    (file_name, length): (&str, i64),
    by: UserId,
    at: Moment,
) -> Result<ImportId, Failure> {
    let id = tx
        .query(
            "insert into import_job
                (kind, file_name, length, received, state, created_by, created_at)
            values (?, ?, ?, 0, 'receiving', ?, ?)",
        )
        .bind(kind)
        .bind(file_name)
        .bind(length)
        .bind(by)
        .bind(at)
        .insert()
        .await?;
    Ok(ImportId(id))
}

/// An import.
pub async fn job(on: On<'_>, import: ImportId) -> Result<Option<Job>, Failure> {
    on.query(
        "select id, kind, length, received, state, report, created_by
        from import_job
        where id = ?",
    )
    .bind(import)
    .optional()
    .await
}

/// An import, held until the transaction ends.
pub async fn hold_job(tx: &mut Tx, import: ImportId) -> Result<Option<Job>, Failure> {
    tx.query(
        "select id, kind, length, received, state, report, created_by
        from import_job
        where id = ?
        {lock}",
    )
    .bind(import)
    .optional()
    .await
}

/// The latest imports: of some kinds everybody's, of the others one person's.
pub async fn list(
    db: &Db,
    kinds: &[ImportKind],
    by: UserId,
    limit: i64,
) -> Result<Vec<ImportSummary>, Failure> {
    db.query(
        "select import_job.id, import_job.kind, import_job.file_name, import_job.state,
            user.name as by_name, import_job.created_at as at, import_job.added, import_job.changed,
            import_job.refused
        from import_job
        join user on user.id = import_job.created_by
        where import_job.created_by = ? or import_job.kind in ({list})
        order by import_job.id desc
        limit ?",
    )
    .bind(by)
    .list(kinds)
    .bind(limit)
    .all()
    .await
}

/// One import, as listed.
pub async fn summary(tx: &mut Tx, import: ImportId) -> Result<ImportSummary, Failure> {
    tx.query(
        "select import_job.id, import_job.kind, import_job.file_name, import_job.state,
            user.name as by_name, import_job.created_at as at, import_job.added, import_job.changed,
            import_job.refused
        from import_job
        join user on user.id = import_job.created_by
        where import_job.id = ?",
    )
    .bind(import)
    .one()
    .await
}

/// Keeps a piece of a file.
pub async fn add_chunk(
    tx: &mut Tx,
    import: ImportId,
    position: i64,
    bytes: &[u8],
) -> Result<(), Failure> {
    tx.query("insert into import_chunk (import_id, position, bytes) values (?, ?, ?)")
        .bind(import)
        .bind(position)
        .bind(bytes)
        .execute()
        .await?;
    let length = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
    tx.query("update import_job set received = ? where id = ?")
        .bind(position.saturating_add(length))
        .bind(import)
        .execute()
        .await?;
    Ok(())
}

/// The whole file, as far as it is here.
pub async fn file(db: &Db, import: ImportId) -> Result<Vec<u8>, Failure> {
    let pieces: Vec<(Vec<u8>,)> = db
        .query("select bytes from import_chunk where import_id = ? order by position")
        .bind(import)
        .all()
        .await?;
    let length = pieces.iter().map(|(bytes,)| bytes.len()).sum();
    let mut file = Vec::with_capacity(length);
    for (bytes,) in pieces {
        file.extend_from_slice(&bytes);
    }
    Ok(file)
}

/// A file, or the beginning of one, that lies here until it is imported.
#[derive(Debug, FromRow)]
pub struct Waiting {
    pub id: ImportId,
    pub created_by: UserId,
    pub created_at: Moment,
}

/// The files that wait for their import, the latest first.
pub async fn waiting(tx: &mut Tx) -> Result<Vec<Waiting>, Failure> {
    tx.query(
        "select id, created_by, created_at
        from import_job
        where state in ('receiving', 'previewed')
            and exists (select 1 from import_chunk where import_chunk.import_id = import_job.id)
        order by id desc",
    )
    .all()
    .await
}

/// Forgets the pieces of files.
pub async fn clear_files(tx: &mut Tx, imports: &[ImportId]) -> Result<(), Failure> {
    tx.query("delete from import_chunk where import_id in ({list})")
        .list(imports)
        .execute()
        .await?;
    Ok(())
}

/// What is kept of a run.
pub struct Done<'a> {
    pub state: ImportState,
    pub options: &'a str,
    pub report: &'a str,
    pub added: u32,
    pub changed: u32,
    pub refused: u32,
    pub at: Moment,
}

/// Notes what a run did.
pub async fn finish(tx: &mut Tx, import: ImportId, done: &Done<'_>) -> Result<(), Failure> {
    tx.query(
        "update import_job
        set state = ?, options = ?, report = ?, added = ?, changed = ?, refused = ?,
            finished_at = ?
        where id = ?",
    )
    .bind(done.state)
    .bind(done.options)
    .bind(done.report)
    .bind(i64::from(done.added))
    .bind(i64::from(done.changed))
    .bind(i64::from(done.refused))
    .bind(done.at)
    .bind(import)
    .execute()
    .await?;
    Ok(())
}

/// Puts an import into another state.
pub async fn set_state(tx: &mut Tx, import: ImportId, state: ImportState) -> Result<(), Failure> {
    tx.query("update import_job set state = ? where id = ?")
        .bind(state)
        .bind(import)
        .execute()
        .await?;
    Ok(())
}

/// A problem as its columns have it.
#[derive(FromRow)]
struct ProblemRow {
    line: i64,
    heading: String,
    code: String,
    reason: String,
    warning: bool,
}

/// Replaces the problems of an import.
pub async fn put_problems(
    tx: &mut Tx,
    import: ImportId,
    problems: &[RowProblem],
) -> Result<(), Failure> {
    tx.query("delete from import_problem where import_id = ?")
        .bind(import)
        .execute()
        .await?;
    let mut ordinal = 0_i64;
    for batch in batches(problems) {
        let mut query = tx
            .query(
                "insert into import_problem
                    (import_id, ordinal, line, heading, code, reason, warning)
                values {rows (?, ?, ?, ?, ?, ?, ?)}",
            )
            .rows(batch.len());
        for problem in batch {
            ordinal += 1;
            query = query
                .bind(import)
                .bind(ordinal)
                .bind(i64::from(problem.line))
                .bind(&problem.column)
                .bind(&problem.code)
                .bind(&problem.reason)
                .bind(problem.warning);
        }
        query.execute().await?;
    }
    Ok(())
}

/// The problems of an import after the first ones.
pub async fn problems(
    on: On<'_>,
    import: ImportId,
    after: u32,
    limit: i64,
) -> Result<Vec<RowProblem>, Failure> {
    let rows: Vec<ProblemRow> = on
        .query(
            "select line, heading, code, reason, warning
            from import_problem
            where import_id = ? and ordinal > ?
            order by ordinal
            limit ?",
        )
        .bind(import)
        .bind(i64::from(after))
        .bind(limit)
        .all()
        .await?;
    let problem = |row: ProblemRow| RowProblem {
        line: u32::try_from(row.line).unwrap_or(u32::MAX),
        column: row.heading,
        code: row.code,
        reason: row.reason,
        warning: row.warning,
    };
    Ok(rows.into_iter().map(problem).collect())
}

/// Replaces the file of refused rows, cut into pieces.
pub async fn put_refused(
    tx: &mut Tx,
    import: ImportId,
    file: &[u8],
    piece: usize,
) -> Result<(), Failure> {
    tx.query("delete from import_refused where import_id = ?")
        .bind(import)
        .execute()
        .await?;
    let mut position = 0_i64;
    for bytes in file.chunks(piece) {
        tx.query("insert into import_refused (import_id, position, bytes) values (?, ?, ?)")
            .bind(import)
            .bind(position)
            .bind(bytes)
            .execute()
            .await?;
        position += i64::try_from(bytes.len()).unwrap_or(i64::MAX);
    }
    Ok(())
}

/// The piece of the file of refused rows that begins at a place, and the file's length.
pub async fn refused(db: &Db, import: ImportId, position: i64) -> Result<(Vec<u8>, i64), Failure> {
    let piece: Option<(Vec<u8>,)> = db
        .query("select bytes from import_refused where import_id = ? and position = ?")
        .bind(import)
        .bind(position)
        .optional()
        .await?;
    let last: Option<(i64,)> = db
        .query(
            "select position + length(bytes) from import_refused
            where import_id = ?
            order by position desc
            limit 1",
        )
        .bind(import)
        .optional()
        .await?;
    let bytes = piece.map(|(bytes,)| bytes).unwrap_or_default();
    Ok((bytes, last.map_or(0, |(length,)| length)))
}

/// Something that an import changed: what it was before, as JSON, unless it was added.
#[derive(Clone, Debug, FromRow)]
pub struct Changed {
    pub entity: String,
    pub entity_id: i64,
    pub previous: Option<String>,
}

/// Keeps what an import changed.
pub async fn add_changes(
    tx: &mut Tx,
    import: ImportId,
    changes: &[Changed],
) -> Result<(), Failure> {
    let mut ordinal = 0_i64;
    for batch in batches(changes) {
        let mut query = tx
            .query(
                "insert into import_change (import_id, ordinal, entity, entity_id, previous)
                values {rows (?, ?, ?, ?, ?)}",
            )
            .rows(batch.len());
        for change in batch {
            ordinal += 1;
            query = query
                .bind(import)
                .bind(ordinal)
                .bind(&change.entity)
                .bind(change.entity_id)
                .bind(&change.previous);
        }
        query.execute().await?;
    }
    Ok(())
}

/// What an import changed.
pub async fn changes(db: &Db, import: ImportId) -> Result<Vec<Changed>, Failure> {
    db.query(
        "select entity, entity_id, previous
        from import_change
        where import_id = ?
        order by ordinal",
    )
    .bind(import)
    .all()
    .await
}

/// An open enrolment, to put it back.
#[derive(Clone, Debug, FromRow, serde::Serialize, serde::Deserialize)]
pub struct Enrolled {
    pub id: i64,
    pub student_id: hillview_shared::ids::StudentId,
    pub class_id: hillview_shared::ids::ClassId,
    pub starts: NaiveDate,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_come_in_few_sizes() {
        let rows = [0; 600];
        let sizes: Vec<usize> = batches(&rows).map(<[i32]>::len).collect();
        assert_eq!(sizes, [256, 256, 64, 16, 4, 4]);
        assert_eq!(batches(&rows[..0]).count(), 0);
    }
}
