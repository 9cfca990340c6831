//! Classes, assessments and sheets, and what they are made from.

use chrono::NaiveDate;
use hillview_shared::accounts::RoleCode;
use hillview_shared::assessments::AssessmentState;
use hillview_shared::ids::{
    AssessmentId, ClassId, GradeId, Moment, OfferingId, PaperId, SchemeId, SheetId, TermId, UserId,
    Version, YearId,
};
use hillview_shared::marks::Score;
use sqlx::FromRow;

use super::ROWS;
use crate::db::{Db, Failure, Tx};

/// A paper that every student of a grade takes, as its sheets have it.
#[derive(Clone, Debug, FromRow)]
pub struct Paper {
    pub grade_id: GradeId,
    pub offering_id: OfferingId,
    pub subject: String,
    pub paper_id: PaperId,
    pub out_of: Score,
    pub scheme_id: SchemeId,
}

/// The papers that are taken by default, in the order of grades, subjects and papers.
pub async fn papers(db: &Db) -> Result<Vec<Paper>, Failure> {
    db.query(
        "select offering.grade_id, paper.offering_id, subject.code as subject,
            paper.id as paper_id, paper.out_of, level.score_scheme_id as scheme_id
        from paper
        join offering on offering.id = paper.offering_id
        join subject on subject.id = offering.subject_id
        join grade on grade.id = offering.grade_id
        join level on level.id = grade.level_id
        where offering.by_default
        order by grade.ordinal, offering.ordinal, paper.ordinal",
    )
    .all()
    .await
}

/// Every role by its code.
pub async fn roles(db: &Db) -> Result<Vec<(i64, RoleCode)>, Failure> {
    db.query("select id, code from role order by id")
        .all()
        .await
}

/// A class to add.
pub struct NewClass {
    pub id: ClassId,
    pub year: YearId,
    pub grade: GradeId,
    pub stream: String,
    pub name: String,
}

/// Adds classes.
pub async fn add_classes(
    tx: &mut Tx,
    classes: &[NewClass],
    by: UserId,
    at: Moment,
) -> Result<(), Failure> {
    for classes in classes.chunks(ROWS) {
        let mut query = tx
            .query(
                "insert into class (id, year_id, grade_id, stream, name, created_at, created_by)
                values {rows (?, ?, ?, ?, ?, ?, ?)}",
            )
            .rows(classes.len());
        for class in classes {
            query = query
                .bind(class.id)
                .bind(class.year)
                .bind(class.grade)
                .bind(&class.stream)
                .bind(&class.name)
                .bind(at)
                .bind(by);
        }
        query.execute().await?;
    }
    Ok(())
}

/// An assessment to add, in whatever state.
pub struct NewAssessment {
    pub id: AssessmentId,
    pub term: TermId,
    pub year: YearId,
    pub code: String,
    pub name: String,
    pub opens: NaiveDate,
    pub closes: NaiveDate,
    pub state: AssessmentState,
    pub v: Version,
    pub at: Moment,
}

/// Adds assessments.
pub async fn add_assessments(
    tx: &mut Tx,
    assessments: &[NewAssessment],
    by: UserId,
) -> Result<(), Failure> {
    let mut query = tx
        .query(
            "insert into assessment (id, term_id, year_id, code, name, opens, closes, state,
                direct_levels, v, created_at, created_by)
            values {rows (?, ?, ?, ?, ?, ?, ?, ?, false, ?, ?, ?)}",
        )
        .rows(assessments.len());
    for assessment in assessments {
        query = query
            .bind(assessment.id)
            .bind(assessment.term)
            .bind(assessment.year)
            .bind(&assessment.code)
            .bind(&assessment.name)
            .bind(assessment.opens)
            .bind(assessment.closes)
            .bind(assessment.state)
            .bind(assessment.v)
            .bind(assessment.at)
            .bind(by);
    }
    query.execute().await?;
    Ok(())
}

/// A sheet to add.
#[derive(Clone, Copy)]
pub struct NewSheet {
    pub id: SheetId,
    pub assessment: AssessmentId,
    pub class: ClassId,
    pub paper: PaperId,
    pub scheme: SchemeId,
    pub out_of: Score,
    pub v: Version,
}

/// Adds sheets that are open.
pub async fn add_sheets(tx: &mut Tx, sheets: &[NewSheet]) -> Result<(), Failure> {
    for sheets in sheets.chunks(ROWS) {
        let mut query = tx
            .query(
                "insert into sheet
                    (id, assessment_id, class_id, paper_id, scheme_id, out_of, state, v)
                values {rows (?, ?, ?, ?, ?, ?, 'open', ?)}",
            )
            .rows(sheets.len());
        for sheet in sheets {
            query = query
                .bind(sheet.id)
                .bind(sheet.assessment)
                .bind(sheet.class)
                .bind(sheet.paper)
                .bind(sheet.scheme)
                .bind(sheet.out_of)
                .bind(sheet.v);
        }
        query.execute().await?;
    }
    Ok(())
}
