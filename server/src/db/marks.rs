//! Marks, their history and the operations that were answered.

use hillview_shared::assessments::{AssessmentState, SheetState};
use hillview_shared::ids::{
    ClassId, Moment, OfferingId, OperationId, SchemeId, SheetId, StudentId, UserId, Version,
};
use hillview_shared::marks::{Entry, MarkState, Score};
use sqlx::FromRow;

use super::{Db, Failure, Tx};
use crate::chain::{Hash, Link};

/// What a save must know of a sheet, whoever is on it.
#[derive(Clone, Debug, FromRow)]
pub struct Head {
    pub v: Version,
    pub state: SheetState,
    pub out_of: Score,
    pub class_id: ClassId,
    pub offering_id: OfferingId,
    pub scheme_id: SchemeId,
    pub assessment_state: AssessmentState,
    pub opens: chrono::NaiveDate,
    pub closes: chrono::NaiveDate,
    pub direct_levels: bool,
    pub last_sequence: Option<i64>,
    pub last_hash: Option<Vec<u8>>,
}

/// A student on a sheet with the mark that stands there; nobody on a sheet without students.
#[derive(Debug, FromRow)]
pub struct Place {
    pub student_id: Option<StudentId>,
    pub expected: bool,
    pub mark_state: Option<MarkState>,
    pub score: Option<Score>,
    pub level: Option<String>,
    pub mark_v: Option<Version>,
    pub changed_by: Option<String>,
    pub changed_by_id: Option<UserId>,
    pub changed_at: Option<Moment>,
}

/// A sheet and one student of it; a sheet without students is one row without a student.
#[derive(Debug, FromRow)]
pub struct Standing {
    #[sqlx(flatten)]
    pub head: Head,
    pub seen_request: Option<Vec<u8>>,
    /// Only when it was the same user's.
    pub seen_reply: Option<Vec<u8>>,
    #[sqlx(flatten)]
    pub place: Place,
}

impl Place {
    /// The mark that stands, blank when there is none.
    pub fn entry(&self) -> Entry {
        stored(self.mark_state, self.score, self.level.clone())
    }
}

/// A mark as its columns have it; the table's checks keep the three fitting.
pub fn stored(state: Option<MarkState>, score: Option<Score>, level: Option<String>) -> Entry {
    state
        .and_then(|state| Entry::stored(state, score, level))
        .unwrap_or(Entry::Blank)
}

/// Counts the sheet's version up and so holds it until the transaction ends; false when there is
/// no such sheet.
pub async fn hold(tx: &mut Tx, sheet: SheetId) -> Result<bool, Failure> {
    let found = tx
        .query("update sheet set v = v + 1 where id = ?")
        .bind(sheet)
        .execute()
        .await?;
    Ok(found == 1)
}

/// Takes [`hold`]'s count back, for a save that turns out to have been answered before.
pub async fn let_go(tx: &mut Tx, sheet: SheetId) -> Result<(), Failure> {
    tx.query("update sheet set v = v - 1 where id = ?")
        .bind(sheet)
        .execute()
        .await?;
    Ok(())
}

/// Everything that a save must know, read after [`hold`]: the sheet, its students and marks, the
/// end of its history, and what was answered when this operation was seen before.
pub async fn standing(
    tx: &mut Tx,
    sheet: SheetId,
    (operation, by): (OperationId, UserId),
    today: chrono::NaiveDate,
) -> Result<Vec<Standing>, Failure> {
    tx.query(STANDING)
        .bind(&operation.0[..])
        .bind(&operation.0[..])
        .bind(by)
        .bind(today)
        .bind(today)
        .bind(sheet)
        .bind(sheet)
        .bind(sheet)
        .all()
        .await
}

const STANDING: &str = concat!(
    "select sheet.v, sheet.state, sheet.out_of, sheet.class_id, paper.offering_id, sheet.scheme_id,
        assessment.state as assessment_state, assessment.opens, assessment.closes,
        assessment.direct_levels,
        (select request_hash from operation where id = ?) as seen_request,
        (select reply from operation where id = ? and user_id = ?) as seen_reply,
        (select max(sequence) from mark_change where sheet_id = sheet.id) as last_sequence,
        (select hash from mark_change where sheet_id = sheet.id
            order by sequence desc limit 1) as last_hash,
        enrolment.student_id,
        case when ",
    super::fragments::expected!(),
    " then true else false end as expected,
        mark.state as mark_state, mark.score, mark.level, mark.v as mark_v,
        user.name as changed_by, mark.changed_by as changed_by_id, mark.changed_at
    from sheet
    join assessment on assessment.id = sheet.assessment_id
    join paper on paper.id = sheet.paper_id
    join offering on offering.id = paper.offering_id
    left join ",
    super::fragments::on_sheet!(),
    " on true
    left join mark on mark.sheet_id = sheet.id and mark.student_id = enrolment.student_id
    left join user on user.id = mark.changed_by
    where sheet.id = ?"
);

/// A mark to write, and who entered it when.
#[derive(Clone, Copy)]
pub struct NewMark<'a> {
    pub sheet: SheetId,
    pub student: StudentId,
    pub entry: &'a Entry,
    pub version: Version,
    pub by: UserId,
    pub at: Moment,
}

/// Writes marks that are not blank, over what stands there.
pub async fn put(tx: &mut Tx, marks: &[NewMark<'_>]) -> Result<(), Failure> {
    let mut query = tx
        .query(
            "insert into mark
                (sheet_id, student_id, state, score, level, v, changed_by, changed_at)
            values {rows (?, ?, ?, ?, ?, ?, ?, ?)}
            {upsert sheet_id, student_id: state, score, level, v, changed_by, changed_at}",
        )
        .rows(marks.len());
    for mark in marks {
        query = query
            .bind(mark.sheet)
            .bind(mark.student)
            .bind(mark.entry.state())
            .bind(mark.entry.score())
            .bind(mark.entry.level())
            .bind(mark.version)
            .bind(mark.by)
            .bind(mark.at);
    }
    query.execute().await?;
    Ok(())
}

/// Takes marks away; a blank has no row.
pub async fn clear(tx: &mut Tx, sheet: SheetId, students: &[StudentId]) -> Result<(), Failure> {
    tx.query("delete from mark where sheet_id = ? and student_id in ({list})")
        .bind(sheet)
        .list(students)
        .execute()
        .await?;
    Ok(())
}

/// A row of the history, hashed.
pub struct NewChange<'a> {
    pub link: Link<'a>,
    pub previous_hash: Hash,
    pub hash: Hash,
}

/// Adds rows to the history.
pub async fn add_changes(tx: &mut Tx, changes: &[NewChange<'_>]) -> Result<(), Failure> {
    let mut query = tx
        .query(
            "insert into mark_change
                (sheet_id, sequence, student_id, old_state, old_score, old_level, new_state,
                new_score, new_level, changed_by, changed_at, operation, source, reason,
                previous_hash, hash)
            values {rows (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)}",
        )
        .rows(changes.len());
    for NewChange {
        link,
        previous_hash,
        hash,
    } in changes
    {
        query = query
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
            .bind(&previous_hash[..])
            .bind(&hash[..]);
    }
    query.execute().await?;
    Ok(())
}

/// What was answered to an operation.
pub struct Answered {
    pub operation: OperationId,
    pub by: UserId,
    pub request_hash: Hash,
    pub reply: Vec<u8>,
    pub at: Moment,
}

/// Remembers what was answered to operations.
pub async fn remember(tx: &mut Tx, answered: &[Answered]) -> Result<(), Failure> {
    let mut query = tx
        .query(
            "insert into operation (id, user_id, request_hash, reply, created_at)
            values {rows (?, ?, ?, ?, ?)}",
        )
        .rows(answered.len());
    for one in answered {
        query = query
            .bind(&one.operation.0[..])
            .bind(one.by)
            .bind(&one.request_hash[..])
            .bind(&one.reply)
            .bind(one.at);
    }
    query.execute().await?;
    Ok(())
}

/// A row of the history, as shown.
#[derive(Debug, FromRow)]
pub struct Change {
    pub sequence: i64,
    pub admission_no: String,
    pub student_name: String,
    pub old_state: Option<MarkState>,
    pub old_score: Option<Score>,
    pub old_level: Option<String>,
    pub new_state: Option<MarkState>,
    pub new_score: Option<Score>,
    pub new_level: Option<String>,
    pub by_name: String,
    pub changed_at: Moment,
    pub source: String,
    pub reason: Option<String>,
}

/// The history of a sheet, or of one student on it, after a place in it.
pub async fn history(
    db: &Db,
    sheet: SheetId,
    student: Option<StudentId>,
    after: i64,
    limit: i64,
) -> Result<Vec<Change>, Failure> {
    db.query(
        "select mark_change.sequence, student.admission_no, student.name as student_name,
            mark_change.old_state, mark_change.old_score, mark_change.old_level,
            mark_change.new_state, mark_change.new_score, mark_change.new_level,
            user.name as by_name, mark_change.changed_at, mark_change.source, mark_change.reason
        from mark_change
        join student on student.id = mark_change.student_id
        join user on user.id = mark_change.changed_by
        where mark_change.sheet_id = ?
            and mark_change.sequence > ?
            and (? is null or mark_change.student_id = ?)
        order by mark_change.sequence
        limit ?",
    )
    .bind(sheet)
    .bind(after)
    .bind(student)
    .bind(student)
    .bind(limit)
    .all()
    .await
}
