//! Mark sheets: their making, their lists with progress, and what one shows.

use std::collections::HashMap;

use chrono::NaiveDate;
use hillview_shared::assessments::{AssessmentState, SheetState, SheetSummary};
use hillview_shared::grading::{Band, Rounding};
use hillview_shared::ids::{
    AssessmentId, ClassId, OfferingId, PaperId, SchemeId, SheetId, StudentId, Version, YearId,
};
use hillview_shared::marks::{MarkState, Score};
use sqlx::FromRow;

use super::fragments::{paper_label, sheet_listed, sheet_listed_of, sheet_listed_page};
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
            paper_label!(),
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
            and ",
        super::fragments::entered!(),
        "
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
    pub after: SheetId,
    pub limit: i64,
}

/// Sheets of one assessment, or of all that are open, in the order in which they were made.
pub async fn list(
    db: &Db,
    filter: Filter<'_>,
    today: NaiveDate,
) -> Result<Vec<SheetSummary>, Failure> {
    let mut rows = match filter.within {
        Some(parts) => of_parts(db, filter, parts, today).await?,
        None => of_assessments(db, filter, today).await?,
    };
    let ids: Vec<SheetId> = rows.iter().map(|row| row.id).collect();
    if ids.is_empty() {
        return Ok(rows);
    }
    let counts: Vec<(SheetId, i64, i64)> = db
        .query(PROGRESS)
        .list(&ids)
        .bind(today)
        .bind(today)
        .all()
        .await?;
    let counts: HashMap<SheetId, (i64, i64)> = counts
        .into_iter()
        .map(|(id, entered, expected)| (id, (entered, expected)))
        .collect();
    for row in &mut rows {
        // A sheet that nobody is expected on has no count.
        let (entered, expected) = counts.get(&row.id).copied().unwrap_or_default();
        (row.entered, row.expected) = (entered, expected);
    }
    Ok(rows)
}

/// How many students are expected on sheets, and how many of them have a mark. Only for the sheets
/// of a page, because it reads everybody on them.
const PROGRESS: &str = concat!(
    "select sheet.id, count(distinct mark.student_id) as entered,
        count(distinct enrolment.student_id) as expected
    from sheet
    {then} assessment on assessment.id = sheet.assessment_id
    {then} paper on paper.id = sheet.paper_id
    {then} offering on offering.id = paper.offering_id
    {then} enrolment on enrolment.class_id = sheet.class_id
    left join mark on mark.sheet_id = sheet.id and mark.student_id = enrolment.student_id
        and ",
    super::fragments::entered!(),
    "
    where sheet.id in ({list}) and ",
    super::fragments::expected!(),
    " group by sheet.id"
);

/// A page of the whole school: the next sheets of each assessment, and of those the first.
async fn of_assessments(
    db: &Db,
    filter: Filter<'_>,
    today: NaiveDate,
) -> Result<Vec<SheetSummary>, Failure> {
    let assessments: Vec<(AssessmentId,)> = match filter.assessment {
        Some(one) => vec![(one,)],
        None => {
            let open = db.query("select id from assessment where state = 'open' order by id");
            open.all().await?
        }
    };
    if assessments.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = db
        .query(concat!(
            sheet_listed!(),
            paper_label!(),
            sheet_listed_of!(),
            "select id from ({union select id from (select id from sheet {by sheet_by_assessment_id}
                where assessment_id = ? and id > ? order by id limit ?) of_one}) of_any
            order by id limit ?",
            sheet_listed_page!()
        ))
        .rows(assessments.len())
        .bind(today)
        .bind(today);
    for (assessment,) in assessments {
        query = query.bind(assessment).bind(filter.after).bind(filter.limit);
    }
    query.bind(filter.limit).all().await
}

/// A page of the sheets of some classes and subjects.
async fn of_parts(
    db: &Db,
    filter: Filter<'_>,
    parts: &[Part],
    today: NaiveDate,
) -> Result<Vec<SheetSummary>, Failure> {
    let classes: Vec<ClassId> = parts.iter().map(|part| part.class).collect();
    // No offering has the number 0: it stands for the whole class.
    let parts = parts.iter();
    let parts = parts.map(|part| (part.class, part.offering.unwrap_or(OfferingId(0))));
    let parts: Vec<_> = parts.collect();
    db.query(concat!(
        sheet_listed!(),
        paper_label!(),
        sheet_listed_of!(),
        "select sheet.id
        from sheet
        join assessment on assessment.id = sheet.assessment_id
        join paper on paper.id = sheet.paper_id
        where sheet.class_id in ({list})
            and sheet.id > ?
            and ((? is null and assessment.state = 'open') or assessment.id = ?)
            and ((sheet.class_id, 0) in ({pairs})
                or (sheet.class_id, paper.offering_id) in ({pairs}))
        order by sheet.id
        limit ?",
        sheet_listed_page!()
    ))
    .bind(today)
    .bind(today)
    .list(&classes)
    .bind(filter.after)
    .bind(filter.assessment)
    .bind(filter.assessment)
    .pairs(&parts)
    .pairs(&parts)
    .bind(filter.limit)
    .all()
    .await
}

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

/// The sheets of classes in the assessment of a year and a code under their names, to find the one
/// that somebody means.
pub async fn named(
    db: &Db,
    (year, code): (YearId, &str),
    classes: &[ClassId],
) -> Result<Vec<Named>, Failure> {
    db.query(
        "select sheet.id, sheet.class_id, paper.offering_id, sheet.paper_id, subject.code as subject_code, subject.name as subject,
            subject.short_name as subject_short, subject.aliases, paper.code as paper_code,
            paper.name as paper_name
        from assessment
        join sheet on sheet.assessment_id = assessment.id
        join paper on paper.id = sheet.paper_id
        join offering on offering.id = paper.offering_id
        join subject on subject.id = offering.subject_id
        where assessment.year_id = ? and assessment.code = ? and sheet.class_id in ({list})
        order by sheet.id",
    )
    .bind(year)
    .bind(code)
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
