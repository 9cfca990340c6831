//! Marks, their history and the operations that were answered.

use std::collections::HashMap;

use hillview_shared::assessments::{AssessmentState, SheetState};
use hillview_shared::ids::{
    ClassId, Moment, OfferingId, OperationId, SchemeId, SheetId, StudentId, UserId, Version,
};
use hillview_shared::marks::{Entry, MarkState, Score};
use sqlx::FromRow;

use super::{Db, Failure, Tx};
use crate::chain::{Hash, Link, RowHash};

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

/// A student on a sheet with the mark that stands there, or who cleared it; nobody on a sheet
/// without students.
#[derive(Debug, Default, FromRow)]
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

/// Everything that a save must know.
#[derive(Debug)]
pub struct Standing {
    pub sheet: Asked,
    /// Whoever is or was in the class, and whoever has a mark.
    pub places: Vec<Place>,
}

/// The sheet, and what was answered to the operation.
#[derive(Debug, FromRow)]
pub struct Asked {
    #[sqlx(flatten)]
    pub head: Head,
    pub seen_request: Option<Vec<u8>>,
    /// Only when it was the same user's.
    pub seen_reply: Option<Vec<u8>>,
}

#[derive(Debug, FromRow)]
pub struct Enrolled {
    student_id: StudentId,
    expected: bool,
}

#[derive(Debug, FromRow)]
pub struct Mark {
    student_id: StudentId,
    /// None where it was cleared.
    state: Option<MarkState>,
    score: Option<Score>,
    level: Option<String>,
    v: Version,
    changed_by: UserId,
    changed_by_name: Option<String>,
    changed_at: Moment,
}

/// A row of what [`standing`] reads: only the columns of its kind are read.
#[derive(Debug)]
pub enum StandingRow {
    Sheet(Box<Asked>),
    Enrolled(Enrolled),
    Mark(Mark),
}

impl<'r, R: sqlx::Row> FromRow<'r, R> for StandingRow
where
    &'static str: sqlx::ColumnIndex<R>,
    i64: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
    Asked: FromRow<'r, R>,
    Enrolled: FromRow<'r, R>,
    Mark: FromRow<'r, R>,
{
    fn from_row(row: &'r R) -> Result<Self, sqlx::Error> {
        match row.try_get::<i64, _>("kind")? {
            1 => Asked::from_row(row).map(Box::new).map(Self::Sheet),
            2 => Enrolled::from_row(row).map(Self::Enrolled),
            _ => Mark::from_row(row).map(Self::Mark),
        }
    }
}

impl Place {
    /// The mark that stands, blank when there is none.
    pub fn entry(&self) -> Entry {
        stored(self.mark_state, self.score, self.level.clone())
    }

    /// What an edit must be based on: the version of the mark that stands. A blank has none, also
    /// where the save is known that cleared it.
    pub fn version(&self) -> Version {
        let standing = self.mark_state.and(self.mark_v);
        standing.unwrap_or(Version(0))
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
    let found = tx.query(HOLD).bind(sheet).execute().await?;
    Ok(found == 1)
}

pub(super) const HOLD: &str = "update sheet set v = v + 1 where id = ?";

/// Takes [`hold`]'s count back, for a save that turns out to have been answered before.
pub async fn let_go(tx: &mut Tx, sheet: SheetId) -> Result<(), Failure> {
    tx.query("update sheet set v = v - 1 where id = ?")
        .bind(sheet)
        .execute()
        .await?;
    Ok(())
}

/// Everything that a save must know, read after [`hold`]; `None` when there is no such sheet.
pub async fn standing(
    tx: &mut Tx,
    sheet: SheetId,
    (operation, by): (OperationId, UserId),
    today: chrono::NaiveDate,
) -> Result<Option<Standing>, Failure> {
    let rows: Vec<StandingRow> = tx
        .query(STANDING)
        .bind(&operation.0[..])
        .bind(&operation.0[..])
        .bind(by)
        .bind(sheet)
        .bind(sheet)
        .bind(sheet)
        .bind(today)
        .bind(today)
        .bind(sheet)
        .bind(sheet)
        .all()
        .await?;
    Ok(gathered(rows))
}

/// Puts the rows together: one place for each student.
fn gathered(rows: Vec<StandingRow>) -> Option<Standing> {
    let (mut sheet, mut places) = (None, HashMap::<_, Place>::with_capacity(rows.len()));
    for row in rows {
        match row {
            StandingRow::Sheet(the) => sheet = Some(*the),
            // Who left the class and came back stands twice: being expected once is enough.
            StandingRow::Enrolled(it) => {
                places.entry(it.student_id).or_default().expected |= it.expected;
            }
            StandingRow::Mark(mark) => {
                let place = places.entry(mark.student_id).or_default();
                *place = Place {
                    student_id: None,
                    expected: place.expected,
                    mark_state: mark.state,
                    score: mark.score,
                    level: mark.level,
                    mark_v: Some(mark.v),
                    changed_by: mark.changed_by_name,
                    changed_by_id: Some(mark.changed_by),
                    changed_at: Some(mark.changed_at),
                };
            }
        }
    }
    let places = places.into_iter().map(|(student, place)| Place {
        student_id: Some(student),
        ..place
    });
    let places = places.collect();
    sheet.map(|sheet| Standing { sheet, places })
}

/// Three kinds of rows in one statement, which sees one moment: the sheet, who is or was in the
/// class, and the marks.
pub(super) const STANDING: &str = concat!(
    "select 1 as kind, sheet.v, sheet.state, sheet.out_of, sheet.class_id, paper.offering_id,
        sheet.scheme_id, assessment.state as assessment_state, assessment.opens,
        assessment.closes, assessment.direct_levels,
        (select request_hash from operation where id = ?) as seen_request,
        (select reply from operation where id = ? and user_id = ?) as seen_reply,
        (select max(sequence) from mark_change where sheet_id = ?) as last_sequence,
        (select hash from mark_change where sheet_id = ?
            order by sequence desc limit 1) as last_hash,
        null as student_id, null as expected, null as score, null as level,
        null as changed_by, null as changed_by_name, null as changed_at
    from sheet
    join assessment on assessment.id = sheet.assessment_id
    join paper on paper.id = sheet.paper_id
    where sheet.id = ?
    union all
    select 2, null, null, null, null, null, null, null, null, null, null, null, null, null, null,
        enrolment.student_id, case when ",
    super::fragments::expected!(),
    " then true else false end, null, null, null, null, null
    from sheet
    join assessment on assessment.id = sheet.assessment_id
    join paper on paper.id = sheet.paper_id
    join offering on offering.id = paper.offering_id
    join enrolment on enrolment.class_id = sheet.class_id
    where sheet.id = ?
    union all
    select 3, mark.v, ",
    super::fragments::entered_state!(),
    ", null, null, null, null, null, null, null, null, null, null,
        null, null, mark.student_id, null, mark.score, mark.level, mark.changed_by, user.name,
        mark.changed_at
    from mark
    left join user on user.id = mark.changed_by
    where mark.sheet_id = ?"
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

/// What the table has for a mark that was cleared: the row stays, for who cleared it and when.
const CLEARED: &str = "blank";

/// Writes marks over what stands there; a blank clears it.
pub async fn put(tx: &mut Tx, marks: &[NewMark<'_>]) -> Result<(), Failure> {
    let mut query = tx.query(PUT).rows(marks.len());
    for mark in marks {
        query
            .push(mark.sheet)
            .push(mark.student)
            .push(mark.entry.state().map_or(CLEARED, MarkState::word))
            .push(mark.entry.score())
            .push(mark.entry.level())
            .push(mark.version)
            .push(mark.by)
            .push(mark.at);
    }
    query.execute().await?;
    Ok(())
}

pub(super) const PUT: &str = "insert into mark
        (sheet_id, student_id, state, score, level, v, changed_by, changed_at)
    values {rows (?, ?, ?, ?, ?, ?, ?, ?)}
    {upsert sheet_id, student_id: state, score, level, v, changed_by, changed_at}";

/// A row of the history, hashed.
pub struct NewChange<'a> {
    pub link: Link<'a>,
    pub row_hash: RowHash,
    pub hash: Hash,
}

impl<'a> NewChange<'a> {
    /// The row behind the one with this hash.
    pub fn behind(previous: &Hash, link: Link<'a>) -> Self {
        let hash = link.hash(previous);
        Self {
            link,
            row_hash: link.row_hash(previous, &hash),
            hash,
        }
    }
}

/// Adds rows to the history.
pub async fn add_changes(tx: &mut Tx, changes: &[NewChange<'_>]) -> Result<(), Failure> {
    let mut query = tx.query(ADD_CHANGES).rows(changes.len());
    for NewChange {
        link,
        row_hash,
        hash,
    } in changes
    {
        query
            .push(link.sheet)
            .push(link.sequence)
            .push(link.student)
            .push(link.before.state())
            .push(link.before.score())
            .push(link.before.level())
            .push(link.after.state())
            .push(link.after.score())
            .push(link.after.level())
            .push(link.by)
            .push(link.at)
            .push(&link.operation.0[..])
            .push(link.source)
            .push(link.reason)
            .push(row_hash.bytes())
            .push(&hash[..]);
    }
    query.execute().await?;
    Ok(())
}

pub(super) const ADD_CHANGES: &str = "insert into mark_change
        (sheet_id, sequence, student_id, old_state, old_score, old_level, new_state,
        new_score, new_level, changed_by, changed_at, operation, source, reason,
        row_hash, hash)
    values {rows (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)}";

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
    let mut query = tx.query(REMEMBER).rows(answered.len());
    for one in answered {
        query
            .push(&one.operation.0[..])
            .push(one.by)
            .push(&one.request_hash[..])
            .push(&one.reply)
            .push(one.at);
    }
    query.execute().await?;
    Ok(())
}

pub(super) const REMEMBER: &str =
    "insert into operation (id, user_id, request_hash, reply, created_at)
    values {rows (?, ?, ?, ?, ?)}";

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
