//! What an import of marks is held against: the sheets of an assessment, and the marks on some.

use chrono::NaiveDate;
use hillview_shared::assessments::{AssessmentState, SheetState};
use hillview_shared::ids::{
    AssessmentId, ClassId, OfferingId, SchemeId, SheetId, StudentId, Version,
};
use hillview_shared::marks::{MarkState, Score};
use sqlx::FromRow;

use super::LIST;
use crate::db::{Failure, On, Tx};

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
pub async fn sheets(on: On<'_>, assessment: AssessmentId) -> Result<Vec<SheetHead>, Failure> {
    on.query(
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
pub async fn lines(
    tx: &mut Tx,
    sheets: &[SheetId],
    today: NaiveDate,
) -> Result<Vec<Line>, Failure> {
    let mut lines = Vec::new();
    for sheets in sheets.chunks(LIST) {
        let found: Vec<Line> = tx
            .query(LINES)
            .list(sheets)
            .bind(today)
            .bind(today)
            .all()
            .await?;
        lines.extend(found);
    }
    Ok(lines)
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
    where sheet.id in ({list}) and (mark.student_id is not null or ",
    crate::db::fragments::expected!(),
    ")"
);
