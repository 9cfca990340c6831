//! Mark sheets: their making, their lists with progress, and what one shows.

use chrono::NaiveDate;
use hillview_shared::assessments::{AssessmentState, SheetState, SheetSummary};
use hillview_shared::grading::{Band, Rounding};
use hillview_shared::ids::{
    AssessmentId, ClassId, OfferingId, PaperId, SchemeId, SheetId, StudentId, Version,
};
use hillview_shared::marks::{MarkState, Score};
use sqlx::FromRow;

use super::grants::Part;
use super::{Db, Failure, On, Tx};

/// The head of a sheet.
#[derive(Clone, Debug, FromRow)]
pub struct Head {
    pub id: SheetId,
    pub v: Version,
    pub class_id: ClassId,
    pub class: String,
    pub offering_id: OfferingId,
    pub paper: String,
    pub assessment: String,
    pub out_of: Score,
    pub state: SheetState,
    pub assessment_state: AssessmentState,
    pub opens: NaiveDate,
    pub closes: NaiveDate,
    pub direct_levels: bool,
    pub scheme_id: SchemeId,
}

/// The head of one sheet.
pub async fn head(on: impl Into<On<'_>>, sheet: SheetId) -> Result<Option<Head>, Failure> {
    on.into()
        .query(concat!(
            "select sheet.id, sheet.v, sheet.class_id, class.name as class, paper.offering_id, ",
            super::fragments::paper_label!(),
            " as paper, assessment.code as assessment, sheet.out_of, sheet.state,
            assessment.state as assessment_state, assessment.opens, assessment.closes,
            assessment.direct_levels, sheet.scheme_id
        from sheet
        join class on class.id = sheet.class_id
        join assessment on assessment.id = sheet.assessment_id
        join paper on paper.id = sheet.paper_id
        join offering on offering.id = paper.offering_id
        join subject on subject.id = offering.subject_id
        where sheet.id = ?"
        ))
        .bind(sheet)
        .optional()
        .await
}

/// A student of a sheet with the mark that stands.
#[derive(Debug, FromRow)]
pub struct Line {
    pub student_id: StudentId,
    pub admission_no: String,
    pub name: String,
    pub state: Option<MarkState>,
    pub score: Option<Score>,
    pub level: Option<String>,
    pub v: Option<Version>,
}

/// The students expected on a sheet and those who have a mark on it, by name. A student who left
/// the class and came back may stand twice, next to each other.
pub async fn lines(db: &Db, sheet: SheetId, today: NaiveDate) -> Result<Vec<Line>, Failure> {
    db.query(concat!(
        "select student.id as student_id, student.admission_no, student.name,
            mark.state, mark.score, mark.level, mark.v
        from sheet
        join assessment on assessment.id = sheet.assessment_id
        join paper on paper.id = sheet.paper_id
        join offering on offering.id = paper.offering_id
        join ",
        super::fragments::on_sheet!(),
        " on true
        join student on student.id = enrolment.student_id
        left join mark on mark.sheet_id = sheet.id and mark.student_id = enrolment.student_id
        where sheet.id = ? and (mark.student_id is not null or ",
        super::fragments::expected!(),
        ")
        order by student.sort_name, student.id"
    ))
    .bind(sheet)
    .bind(sheet)
    .bind(sheet)
    .bind(today)
    .bind(today)
    .all()
    .await
}

/// Whose sheets, and which of them.
#[derive(Clone, Copy, Debug)]
pub struct Filter<'a> {
    /// Only of these classes and subjects; everything when `None`.
    pub within: Option<&'a [Part]>,
    pub assessment: Option<AssessmentId>,
    pub class: Option<ClassId>,
    pub after: SheetId,
    pub limit: i64,
}

/// Sheets of one assessment, or of all that are open, in the order in which they were made.
pub async fn list(
    db: &Db,
    filter: Filter<'_>,
    today: NaiveDate,
) -> Result<Vec<SheetSummary>, Failure> {
    // No offering has the number 0: it stands for the whole class.
    let parts = filter.within.unwrap_or_default().iter();
    let parts = parts.map(|part| (part.class, part.offering.unwrap_or(OfferingId(0))));
    let parts: Vec<_> = parts.collect();
    db.query(LIST)
        .bind(today)
        .bind(today)
        .bind(today)
        .bind(today)
        .bind(today)
        .bind(today)
        .bind(filter.after)
        .bind(filter.assessment)
        .bind(filter.assessment)
        .bind(filter.class)
        .bind(filter.class)
        .bind(filter.within.is_none())
        .pairs(&parts)
        .pairs(&parts)
        .bind(filter.limit)
        .all()
        .await
}

const LIST: &str = concat!(
    "select sheet.id, sheet.class_id, class.name as class, assessment.code as assessment,
        sheet.paper_id, ",
    super::fragments::paper_label!(),
    " as paper, sheet.state, assessment.state as assessment_state,
        assessment.opens, assessment.closes,
        (select count(distinct enrolment.student_id) from mark
            join enrolment on enrolment.class_id = sheet.class_id
                and enrolment.student_id = mark.student_id
            where mark.sheet_id = sheet.id and ",
    super::fragments::expected!(),
    ") as entered,
        (select count(distinct enrolment.student_id) from enrolment
            where enrolment.class_id = sheet.class_id and ",
    super::fragments::expected!(),
    ") as expected,
        (select min(staff.name) from teaching join staff on staff.id = teaching.staff_id
            where teaching.class_id = sheet.class_id and teaching.offering_id = paper.offering_id
            and teaching.starts <= ? and (teaching.ends is null or teaching.ends >= ?)) as teacher
    from sheet
    join class on class.id = sheet.class_id
    join assessment on assessment.id = sheet.assessment_id
    join paper on paper.id = sheet.paper_id
    join offering on offering.id = paper.offering_id
    join subject on subject.id = offering.subject_id
    where sheet.id > ?
        and ((? is null and assessment.state = 'open') or assessment.id = ?)
        and (? is null or sheet.class_id = ?)
        and (? or (sheet.class_id, 0) in ({pairs})
            or (sheet.class_id, paper.offering_id) in ({pairs}))
    order by sheet.id
    limit ?"
);

/// Counts up the version of every sheet of these classes that is not done with, because who is
/// on it changed: a client that has the old version is then given the new one.
pub async fn count_up(tx: &mut Tx, classes: &[ClassId]) -> Result<(), Failure> {
    tx.query(
        "update sheet set v = v + 1
        where class_id in ({list})
            and assessment_id in (select id from assessment where state in ('draft', 'open'))",
    )
    .list(classes)
    .execute()
    .await?;
    Ok(())
}

/// The same for every sheet of an assessment, because what may be entered on it changed.
pub async fn count_up_all(tx: &mut Tx, assessment: AssessmentId) -> Result<(), Failure> {
    tx.query("update sheet set v = v + 1 where assessment_id = ?")
        .bind(assessment)
        .execute()
        .await?;
    Ok(())
}

/// A sheet that people may name.
#[derive(Clone, Debug, FromRow)]
pub struct Named {
    pub id: SheetId,
    pub class_id: ClassId,
    pub offering_id: OfferingId,
    pub paper_id: PaperId,
    pub subject_code: String,
    pub subject: String,
    pub subject_short: String,
    pub aliases: String,
    pub paper_code: String,
    pub paper_name: String,
}

/// The sheets of an assessment and of classes under their names, to find the one that somebody means.
pub async fn named(
    db: &Db,
    assessment: AssessmentId,
    classes: &[ClassId],
) -> Result<Vec<Named>, Failure> {
    db.query(
        "select sheet.id, sheet.class_id, paper.offering_id, sheet.paper_id, subject.code as subject_code, subject.name as subject,
            subject.short_name as subject_short, subject.aliases, paper.code as paper_code,
            paper.name as paper_name
        from sheet
        join paper on paper.id = sheet.paper_id
        join offering on offering.id = paper.offering_id
        join subject on subject.id = offering.subject_id
        where sheet.assessment_id = ? and sheet.class_id in ({list})
        order by sheet.id",
    )
    .bind(assessment)
    .list(classes)
    .all()
    .await
}

/// Makes the sheets that an assessment still lacks: one for each class of its grades and paper
/// that every student takes, or that a student of the class has chosen.
pub async fn make(tx: &mut Tx, assessment: AssessmentId) -> Result<u64, Failure> {
    tx.query(
        "insert into sheet (assessment_id, class_id, paper_id, scheme_id, out_of, state, v)
        select assessment.id, class.id, paper.id,
            case when assessment.direct_levels then level.level_scheme_id
                else level.score_scheme_id end,
            coalesce(assessment.out_of, paper.out_of), 'open', 0
        from assessment
        join assessment_grade on assessment_grade.assessment_id = assessment.id
        join grade on grade.id = assessment_grade.grade_id
        join level on level.id = grade.level_id
        join class on class.grade_id = grade.id and class.year_id = assessment.year_id
        join offering on offering.grade_id = grade.id
        join paper on paper.offering_id = offering.id
        where assessment.id = ?
            and (offering.by_default or exists (select 1 from enrolment_offering
                join enrolment on enrolment.id = enrolment_offering.enrolment_id
                where enrolment_offering.offering_id = offering.id
                and enrolment.class_id = class.id))
            and not exists (select 1 from sheet made where made.assessment_id = assessment.id
                and made.class_id = class.id and made.paper_id = paper.id)
        order by grade.ordinal, class.name, offering.ordinal, paper.ordinal",
    )
    .bind(assessment)
    .execute()
    .await
}

/// A band of a scheme, with the scheme's head.
#[derive(Debug, FromRow)]
pub struct SchemeRow {
    pub scheme: String,
    pub rounding: Rounding,
    #[sqlx(flatten)]
    pub band: Band,
}

/// The bands of a scheme, the highest first.
pub async fn scheme(on: On<'_>, scheme: SchemeId) -> Result<Vec<SchemeRow>, Failure> {
    on.query(
        "select scheme.code as scheme, scheme.rounding, band.code, band.label, band.lower,
            band.points
        from scheme
        join band on band.scheme_id = scheme.id
        where scheme.id = ?
        order by band.lower desc",
    )
    .bind(scheme)
    .all()
    .await
}
