//! Subjects, offerings, papers and schemes.

use hillview_shared::grading::Scheme;
use hillview_shared::ids::{GradeId, Moment, OfferingId, SchemeId, SubjectId, UserId};
use hillview_shared::marks::Score;
use hillview_shared::subjects::{OfferingMode, Paper};
use sqlx::FromRow;

use super::{Failure, On, Tx};

/// Every paper of every grade, in the order of grades and subjects.
pub async fn papers(on: On<'_>) -> Result<Vec<Paper>, Failure> {
    on.query(
        "select paper.id, offering.subject_id, subject.code as subject_code,
            subject.name as subject, paper.offering_id, offering.grade_id, grade.code as grade,
            offering.mode, paper.code, paper.name, paper.weight, paper.out_of
        from paper
        join offering on offering.id = paper.offering_id
        join subject on subject.id = offering.subject_id
        join grade on grade.id = offering.grade_id
        order by grade.ordinal, offering.ordinal, paper.ordinal",
    )
    .all()
    .await
}

/// A subject as taught in a grade, under the names that people use.
#[derive(Clone, Debug, FromRow)]
pub struct Named {
    pub offering_id: OfferingId,
    pub subject_id: SubjectId,
    pub code: String,
    pub name: String,
    pub short_name: String,
    pub aliases: String,
}

/// What every grade offers, under its names.
pub async fn named(on: impl Into<On<'_>>) -> Result<Vec<(GradeId, Named)>, Failure> {
    #[derive(FromRow)]
    struct Row {
        grade_id: GradeId,
        #[sqlx(flatten)]
        named: Named,
    }
    let rows: Vec<Row> = on
        .into()
        .query(
            "select offering.grade_id, offering.id as offering_id, subject.id as subject_id,
                subject.code, subject.name, subject.short_name, subject.aliases
            from offering
            join subject on subject.id = offering.subject_id
            order by offering.grade_id, offering.ordinal",
        )
        .all()
        .await?;
    let named = rows.into_iter();
    Ok(named.map(|row| (row.grade_id, row.named)).collect())
}

/// A subject to add. `aliases` are folded, between bars.
pub struct NewSubject<'a> {
    pub code: &'a str,
    pub name: &'a str,
    pub short_name: &'a str,
    pub aliases: &'a str,
}

/// Adds a subject.
pub async fn add(
    tx: &mut Tx,
    new: &NewSubject<'_>,
    by: Option<UserId>,
    at: Moment,
) -> Result<SubjectId, Failure> {
    let id = tx
        .query(
            "insert into subject (code, name, short_name, aliases, created_at, created_by)
            values (?, ?, ?, ?, ?, ?)",
        )
        .bind(new.code)
        .bind(new.name)
        .bind(new.short_name)
        .bind(new.aliases)
        .bind(at)
        .bind(by)
        .insert()
        .await?;
    Ok(SubjectId(id))
}

/// A subject to teach in a grade.
pub struct NewOffering<'a> {
    pub grade: GradeId,
    pub subject: SubjectId,
    pub mode: OfferingMode,
    pub group: Option<&'a str>,
    pub by_default: bool,
}

/// Adds an offering behind those that the grade has.
pub async fn offer(tx: &mut Tx, new: &NewOffering<'_>) -> Result<OfferingId, Failure> {
    let last: Option<i64> = tx
        .query("select max(ordinal) from offering where grade_id = ?")
        .bind(new.grade)
        .scalar()
        .await?;
    let id = tx
        .query(
            "insert into offering (grade_id, subject_id, mode, variant_group, by_default, ordinal)
            values (?, ?, ?, ?, ?, ?)",
        )
        .bind(new.grade)
        .bind(new.subject)
        .bind(new.mode)
        .bind(new.group)
        .bind(new.by_default)
        .bind(last.unwrap_or(0) + 1)
        .insert()
        .await?;
    Ok(OfferingId(id))
}

/// A paper to add. The only paper of an offering has an empty code and name.
pub struct NewPaper<'a> {
    pub code: &'a str,
    pub name: &'a str,
    pub ordinal: i32,
    pub weight: i32,
    pub out_of: Score,
}

/// Adds a paper to an offering.
pub async fn add_paper(
    tx: &mut Tx,
    offering: OfferingId,
    new: &NewPaper<'_>,
) -> Result<(), Failure> {
    tx.query(
        "insert into paper (offering_id, code, name, ordinal, weight, out_of)
        values (?, ?, ?, ?, ?, ?)",
    )
    .bind(offering)
    .bind(new.code)
    .bind(new.name)
    .bind(new.ordinal)
    .bind(new.weight)
    .bind(new.out_of)
    .execute()
    .await?;
    Ok(())
}

/// Takes the papers of an offering away; fails on a paper that has sheets.
pub async fn clear_papers(tx: &mut Tx, offering: OfferingId) -> Result<(), Failure> {
    tx.query("delete from paper where offering_id = ?")
        .bind(offering)
        .execute()
        .await?;
    Ok(())
}

/// The subject of a code.
pub async fn coded(tx: &mut Tx, code: &str) -> Result<Option<(i64, String)>, Failure> {
    tx.query("select id, name from subject where code = ?")
        .bind(code)
        .optional()
        .await
}

/// The offering of a subject in a grade.
pub async fn offering(
    tx: &mut Tx,
    grade: GradeId,
    subject: SubjectId,
) -> Result<Option<OfferingId>, Failure> {
    let found: Option<(OfferingId,)> = tx
        .query("select id from offering where grade_id = ? and subject_id = ?")
        .bind(grade)
        .bind(subject)
        .optional()
        .await?;
    Ok(found.map(|(id,)| id))
}

/// Adds a scheme with its bands.
pub async fn add_scheme(tx: &mut Tx, scheme: &Scheme, at: Moment) -> Result<SchemeId, Failure> {
    let id = tx
        .query("insert into scheme (code, version, rounding, created_at) values (?, 1, ?, ?)")
        .bind(&scheme.code)
        .bind(scheme.rounding)
        .bind(at)
        .insert()
        .await?;
    let mut query = tx
        .query(
            "insert into band (scheme_id, ordinal, code, label, lower, points)
            values {rows (?, ?, ?, ?, ?, ?)}",
        )
        .rows(scheme.bands.len());
    for (ordinal, band) in (1..).zip(&scheme.bands) {
        let ordinal: i32 = ordinal;
        query = query
            .bind(id)
            .bind(ordinal)
            .bind(&band.code)
            .bind(&band.label)
            .bind(band.lower)
            .bind(band.points);
    }
    query.execute().await?;
    Ok(SchemeId(id))
}
