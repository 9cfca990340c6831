//! Assessments.

use chrono::NaiveDate;
use hillview_shared::assessments::{Assessment, AssessmentState};
use hillview_shared::ids::{AssessmentId, GradeId, Moment, TermId, UserId, YearId};
use hillview_shared::marks::Score;

use super::{Db, Failure, Tx};

macro_rules! assessment {
    ($rest:literal) => {
        concat!(
            "select assessment.id, assessment.code, assessment.name,
                academic_year.name || ' ' || term.name as term, assessment.opens,
                assessment.closes, assessment.state, assessment.direct_levels,
                (select count(*) from sheet where sheet.assessment_id = assessment.id) as sheets
            from assessment
            join term on term.id = assessment.term_id
            join academic_year on academic_year.id = assessment.year_id ",
            $rest
        )
    };
}

/// The assessments of a year, in the order of their dates.
pub async fn list(db: &Db, year: YearId) -> Result<Vec<Assessment>, Failure> {
    db.query(assessment!(
        "where assessment.year_id = ?
        order by assessment.opens, assessment.id"
    ))
    .bind(year)
    .all()
    .await
}

/// The assessment of a code in a year.
pub async fn coded(db: &Db, year: YearId, code: &str) -> Result<Option<Assessment>, Failure> {
    db.query(assessment!(
        "where assessment.year_id = ? and assessment.code = ?"
    ))
    .bind(year)
    .bind(code)
    .optional()
    .await
}

/// One assessment, inside the transaction that changes it.
pub async fn one(tx: &mut Tx, assessment: AssessmentId) -> Result<Assessment, Failure> {
    tx.query(assessment!("where assessment.id = ?"))
        .bind(assessment)
        .one()
        .await
}

/// An assessment to add.
pub struct NewAssessment<'a> {
    pub term: TermId,
    pub year: YearId,
    pub code: &'a str,
    pub name: &'a str,
    pub out_of: Option<Score>,
    pub opens: NaiveDate,
    pub closes: NaiveDate,
    pub direct_levels: bool,
}

/// Adds an assessment in draft.
pub async fn add(
    tx: &mut Tx,
    new: &NewAssessment<'_>,
    by: UserId,
    at: Moment,
) -> Result<AssessmentId, Failure> {
    let id = tx
        .query(
            "insert into assessment (term_id, year_id, code, name, out_of, opens, closes, state,
                direct_levels, created_at, created_by)
            values (?, ?, ?, ?, ?, ?, ?, 'draft', ?, ?, ?)",
        )
        .bind(new.term)
        .bind(new.year)
        .bind(new.code)
        .bind(new.name)
        .bind(new.out_of)
        .bind(new.opens)
        .bind(new.closes)
        .bind(new.direct_levels)
        .bind(at)
        .bind(by)
        .insert()
        .await?;
    Ok(AssessmentId(id))
}

/// Says which grades an assessment covers.
pub async fn cover(
    tx: &mut Tx,
    assessment: AssessmentId,
    grades: &[GradeId],
) -> Result<(), Failure> {
    let mut query = tx
        .query("insert into assessment_grade (assessment_id, grade_id) values {rows (?, ?)}")
        .rows(grades.len());
    for grade in grades {
        query = query.bind(assessment).bind(*grade);
    }
    query.execute().await?;
    Ok(())
}

/// Puts an assessment into a state; the row stays held until the transaction ends.
pub async fn set_state(
    tx: &mut Tx,
    assessment: AssessmentId,
    state: AssessmentState,
) -> Result<(), Failure> {
    tx.query("update assessment set state = ?, v = v + 1 where id = ?")
        .bind(state)
        .bind(assessment)
        .execute()
        .await?;
    Ok(())
}
