//! Marks by the thousand: the sheets of an assessment, what stands on them, and holding many of them.

use std::collections::HashMap;

use chrono::NaiveDate;
use hillview_shared::assessments::{AssessmentState, SheetState};
use hillview_shared::ids::{
    AssessmentId, ClassId, OfferingId, SchemeId, SheetId, StudentId, Version,
};
use hillview_shared::marks::{MarkState, Score};
use sqlx::FromRow;

use crate::db::marks::{Head, Place};
use crate::db::{Db, Failure, Tx};

/// A sheet with its paper's names and what decides whether it may be written.
#[derive(Clone, Debug, FromRow)]
pub struct SheetHead {
    pub id: SheetId,
    pub class_id: ClassId,
    pub offering_id: OfferingId,
    pub subject_code: String,
    pub subject: String,
    pub subject_short: String,
    pub aliases: String,
    pub paper_code: String,
    pub paper_name: String,
    pub out_of: Score,
    pub scheme_id: SchemeId,
    pub state: SheetState,
    pub assessment_state: AssessmentState,
    pub opens: NaiveDate,
    pub closes: NaiveDate,
    pub direct_levels: bool,
}

/// Every sheet of an assessment.
pub async fn sheets(db: &Db, assessment: AssessmentId) -> Result<Vec<SheetHead>, Failure> {
    db.query(
        "select sheet.id, sheet.class_id, paper.offering_id, subject.code as subject_code,
            subject.name as subject, subject.short_name as subject_short, subject.aliases,
            paper.code as paper_code, paper.name as paper_name, sheet.out_of, sheet.scheme_id,
            sheet.state, assessment.state as assessment_state, assessment.opens,
            assessment.closes, assessment.direct_levels
        from sheet
        join assessment on assessment.id = sheet.assessment_id
        join paper on paper.id = sheet.paper_id
        join offering on offering.id = paper.offering_id
        join subject on subject.id = offering.subject_id
        where sheet.assessment_id = ?
        order by sheet.id",
    )
    .bind(assessment)
    .all()
    .await
}

/// A student on a sheet, with the mark that stands.
#[derive(Debug, FromRow)]
pub struct Line {
    pub sheet_id: SheetId,
    pub student_id: StudentId,
    pub admission_no: String,
    pub name: String,
    pub state: Option<MarkState>,
    pub score: Option<Score>,
    pub level: Option<String>,
    pub v: Option<Version>,
}

/// The students expected on sheets and those who have a mark there. Who left the class and came
/// back may stand twice.
pub async fn lines(db: &Db, sheets: &[SheetId], today: NaiveDate) -> Result<Vec<Line>, Failure> {
    db.query(LINES)
        .list(sheets)
        .bind(today)
        .bind(today)
        .all()
        .await
}

const LINES: &str = concat!(
    "select sheet.id as sheet_id, student.id as student_id, student.admission_no, student.name,
        mark.state, mark.score, mark.level, mark.v
    from sheet
    join assessment on assessment.id = sheet.assessment_id
    join paper on paper.id = sheet.paper_id
    join offering on offering.id = paper.offering_id
    join enrolment on enrolment.class_id = sheet.class_id
    join student on student.id = enrolment.student_id
    left join mark on mark.sheet_id = sheet.id and mark.student_id = enrolment.student_id
        and ",
    crate::db::fragments::entered!(),
    "
    where sheet.id in ({list}) and (mark.student_id is not null or ",
    crate::db::fragments::expected!(),
    ")"
);

/// A sheet that is held.
#[derive(Debug, FromRow)]
struct Held {
    id: SheetId,
    #[sqlx(flatten)]
    head: Head,
}

/// Counts the versions of sheets up and so holds them until the transaction ends.
pub async fn hold(tx: &mut Tx, sheets: &[SheetId]) -> Result<HashMap<SheetId, Head>, Failure> {
    tx.query("update sheet set v = v + 1 where id in ({list})")
        .list(sheets)
        .execute()
        .await?;
    let held: Vec<Held> = tx
        .query(
            "select sheet.id, sheet.v, sheet.state, sheet.out_of, sheet.class_id,
                paper.offering_id, sheet.scheme_id, assessment.state as assessment_state,
                assessment.opens, assessment.closes, assessment.direct_levels,
                (select max(sequence) from mark_change
                    where sheet_id = sheet.id) as last_sequence,
                (select hash from mark_change where sheet_id = sheet.id
                    order by sequence desc limit 1) as last_hash
            from sheet
            join assessment on assessment.id = sheet.assessment_id
            join paper on paper.id = sheet.paper_id
            where sheet.id in ({list})",
        )
        .list(sheets)
        .all()
        .await?;
    Ok(held.into_iter().map(|held| (held.id, held.head)).collect())
}

/// A student's place on a sheet.
#[derive(Debug, FromRow)]
struct PlaceOn {
    sheet_id: SheetId,
    #[sqlx(flatten)]
    place: Place,
}

/// Who stands on sheets and with which marks, read after [`hold`].
pub async fn places(
    tx: &mut Tx,
    sheets: &[SheetId],
    today: NaiveDate,
) -> Result<HashMap<SheetId, Vec<Place>>, Failure> {
    let found: Vec<PlaceOn> = tx
        .query(PLACES)
        .bind(today)
        .bind(today)
        .list(sheets)
        .list(sheets)
        .all()
        .await?;
    let mut places: HashMap<SheetId, Vec<Place>> = HashMap::with_capacity(sheets.len());
    for PlaceOn { sheet_id, place } in found {
        places.entry(sheet_id).or_default().push(place);
    }
    Ok(places)
}

const PLACES: &str = concat!(
    "select enrolment.sheet_id, enrolment.student_id,
        case when ",
    crate::db::fragments::expected!(),
    " then true else false end as expected,
        ",
    crate::db::fragments::entered_state!(),
    " as mark_state, mark.score, mark.level, mark.v as mark_v,
        user.name as changed_by, mark.changed_by as changed_by_id, mark.changed_at
    from (select enrolment.id, sheet.id as sheet_id, enrolment.student_id, enrolment.starts,
            enrolment.ends
        from sheet
        join enrolment on enrolment.class_id = sheet.class_id
        where sheet.id in ({list})
        union all select 0, sheet_id, student_id, null, null from mark
        where sheet_id in ({list})) enrolment
    join sheet on sheet.id = enrolment.sheet_id
    join assessment on assessment.id = sheet.assessment_id
    join paper on paper.id = sheet.paper_id
    join offering on offering.id = paper.offering_id
    left join mark on mark.sheet_id = enrolment.sheet_id
        and mark.student_id = enrolment.student_id
    left join user on user.id = mark.changed_by"
);
