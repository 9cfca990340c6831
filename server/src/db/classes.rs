//! Grades and classes.

use chrono::NaiveDate;
use hillview_shared::classes::Class;
use hillview_shared::ids::{ClassId, GradeId, LevelId, Moment, SchemeId, UserId, YearId};
use sqlx::FromRow;

use super::{Db, Failure, On, Tx};

/// A grade under the names that people use.
#[derive(Clone, Debug, FromRow)]
pub struct Grade {
    pub grade_id: GradeId,
    pub code: String,
    pub name: String,
    pub short: String,
}

/// Every grade, the youngest first.
pub async fn grades(on: impl Into<On<'_>>) -> Result<Vec<Grade>, Failure> {
    on.into()
        .query("select id as grade_id, code, name, short from grade order by ordinal")
        .all()
        .await
}

macro_rules! class {
    ($rest:literal) => {
        concat!(
            "select class.id, academic_year.name as year, class.grade_id, grade.code as grade,
                class.stream, class.name,
                (select count(*) from enrolment where enrolment.class_id = class.id
                    and enrolment.starts <= ?
                    and (enrolment.ends is null or enrolment.ends >= ?)) as students,
                (select min(staff.name) from teaching join staff on staff.id = teaching.staff_id
                    where teaching.class_id = class.id and teaching.role = 'class-teacher'
                    and teaching.starts <= ?
                    and (teaching.ends is null or teaching.ends >= ?)) as class_teacher
            from class
            join academic_year on academic_year.id = class.year_id
            join grade on grade.id = class.grade_id ",
            $rest
        )
    };
}

/// Some classes, the youngest grade first. Only those of a page, because it counts their students.
pub async fn some(db: &Db, some: &[ClassId], today: NaiveDate) -> Result<Vec<Class>, Failure> {
    db.query(class!(
        "where class.id in ({list})
        order by grade.ordinal, class.name"
    ))
    .bind(today)
    .bind(today)
    .bind(today)
    .bind(today)
    .list(some)
    .all()
    .await
}

/// One class, inside the transaction that made it.
pub async fn one(tx: &mut Tx, class: ClassId, today: NaiveDate) -> Result<Class, Failure> {
    tx.query(class!("where class.id = ?"))
        .bind(today)
        .bind(today)
        .bind(today)
        .bind(today)
        .bind(class)
        .one()
        .await
}

/// The year of a class.
pub async fn year(db: &Db, class: ClassId) -> Result<Option<YearId>, Failure> {
    let found: Option<(YearId,)> = db
        .query("select year_id from class where id = ?")
        .bind(class)
        .optional()
        .await?;
    Ok(found.map(|(year,)| year))
}

/// Adds a class.
pub async fn add(
    tx: &mut Tx,
    year: YearId,
    grade: GradeId,
    (stream, name): (&str, &str),
    by: UserId,
    at: Moment,
) -> Result<ClassId, Failure> {
    let id = tx
        .query(
            "insert into class (year_id, grade_id, stream, name, created_at, created_by)
            values (?, ?, ?, ?, ?, ?)",
        )
        .bind(year)
        .bind(grade)
        .bind(stream)
        .bind(name)
        .bind(at)
        .bind(by)
        .insert()
        .await?;
    Ok(ClassId(id))
}

/// A class under the names that people use.
#[derive(Clone, Debug, FromRow)]
pub struct Named {
    pub id: ClassId,
    #[sqlx(flatten)]
    pub grade: Grade,
    pub stream: String,
    pub class: String,
}

/// Every class of a year under its names.
pub async fn named(on: On<'_>, year: YearId) -> Result<Vec<Named>, Failure> {
    on.query(
        "select class.id, class.grade_id, grade.code, grade.name, grade.short, class.stream,
            class.name as class
        from class
        join grade on grade.id = class.grade_id
        where class.year_id = ?
        order by grade.ordinal, class.name",
    )
    .bind(year)
    .all()
    .await
}

/// A level under the names that people use.
#[derive(Clone, Debug, FromRow)]
pub struct Level {
    pub id: LevelId,
    pub code: String,
    pub name: String,
}

/// Every level, the youngest first.
pub async fn levels(on: impl Into<On<'_>>) -> Result<Vec<Level>, Failure> {
    on.into()
        .query("select id, code, name from level order by ordinal")
        .all()
        .await
}

/// Adds a level, for packs.
pub async fn add_level(
    tx: &mut Tx,
    (code, name): (&str, &str),
    ordinal: i32,
    scores: SchemeId,
    levels: SchemeId,
) -> Result<LevelId, Failure> {
    let id = tx
        .query(
            "insert into level (code, name, ordinal, score_scheme_id, level_scheme_id)
            values (?, ?, ?, ?, ?)",
        )
        .bind(code)
        .bind(name)
        .bind(ordinal)
        .bind(scores)
        .bind(levels)
        .insert()
        .await?;
    Ok(LevelId(id))
}

/// Adds a grade that comes after another, for packs.
pub async fn add_grade(
    tx: &mut Tx,
    level: LevelId,
    (code, name, short): (&str, &str, &str),
    ordinal: i32,
    before: Option<GradeId>,
) -> Result<GradeId, Failure> {
    let id = tx
        .query("insert into grade (level_id, code, name, short, ordinal) values (?, ?, ?, ?, ?)")
        .bind(level)
        .bind(code)
        .bind(name)
        .bind(short)
        .bind(ordinal)
        .insert()
        .await?;
    if let Some(before) = before {
        tx.query("update grade set next_grade_id = ? where id = ?")
            .bind(id)
            .bind(before)
            .execute()
            .await?;
    }
    Ok(GradeId(id))
}
