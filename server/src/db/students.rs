//! Students and their enrolments.

use chrono::NaiveDate;
use hillview_shared::ids::{ClassId, Moment, StudentId, UserId, Version};
use hillview_shared::marks::{MarkState, Score};
use hillview_shared::students::{Enrolment, Sex, Student};
use sqlx::FromRow;
use unicode_normalization::UnicodeNormalization;

use super::imports::students::leave;
use super::query::Query;
use super::{Db, Failure, On, Tx};

macro_rules! student {
    ($rest:literal) => {
        concat!(
            "select student.id, student.admission_no, student.name, student.sex,
                student.birth_date, student.status, enrolment.class_id, class.name as class,
                student.v, student.sort_name
            from student
            left join enrolment on enrolment.open_student_id = student.id
            left join class on class.id = enrolment.class_id ",
            $rest
        )
    };
}

pub(super) use student;

/// The student of an id.
pub async fn one(on: On<'_>, student: StudentId) -> Result<Option<Student>, Failure> {
    on.query(student!("where student.id = ?"))
        .bind(student)
        .optional()
        .await
}

/// The student of a folded admission number.
pub async fn numbered(db: &Db, key: &str) -> Result<Option<Student>, Failure> {
    db.query(student!("where student.admission_key = ?"))
        .bind(key)
        .optional()
        .await
}

/// Every enrolment of a student, the latest first.
pub async fn enrolments(db: &Db, student: StudentId) -> Result<Vec<Enrolment>, Failure> {
    db.query(
        "select class.name as class, academic_year.name as year, enrolment.starts, enrolment.ends
        from enrolment
        join class on class.id = enrolment.class_id
        join academic_year on academic_year.id = class.year_id
        where enrolment.student_id = ?
        order by enrolment.starts desc, enrolment.id desc",
    )
    .bind(student)
    .all()
    .await
}

/// A mark on a student's page.
#[derive(Debug, FromRow)]
pub struct StudentMark {
    pub assessment: String,
    pub paper: String,
    pub class_id: ClassId,
    pub offering_id: hillview_shared::ids::OfferingId,
    pub scheme_id: hillview_shared::ids::SchemeId,
    pub state: MarkState,
    pub score: Option<Score>,
    pub level: Option<String>,
    pub out_of: Score,
}

/// The marks of a student in the year of a day.
pub async fn marks(
    db: &Db,
    student: StudentId,
    year: hillview_shared::ids::YearId,
) -> Result<Vec<StudentMark>, Failure> {
    db.query(concat!(
        "select assessment.code as assessment, ",
        super::fragments::paper_label!(),
        " as paper, sheet.class_id, paper.offering_id, sheet.scheme_id, mark.state, mark.score,
            mark.level, sheet.out_of
        from mark
        join sheet on sheet.id = mark.sheet_id
        join assessment on assessment.id = sheet.assessment_id
        join paper on paper.id = sheet.paper_id
        join offering on offering.id = paper.offering_id
        join subject on subject.id = offering.subject_id
        where mark.student_id = ? and assessment.year_id = ? and ",
        super::fragments::entered!(),
        "
        order by assessment.opens, assessment.id, offering.ordinal, paper.ordinal"
    ))
    .bind(student)
    .bind(year)
    .all()
    .await
}

/// A student to add; the keys are folded.
pub struct NewStudent<'a> {
    pub admission_no: &'a str,
    pub name: &'a str,
    pub sex: Option<Sex>,
    pub birth_date: Option<NaiveDate>,
}

/// The folded form of an admission number, by which it is unique.
pub fn admission_key(number: &str) -> String {
    number.nfc().collect::<String>().to_lowercase()
}

/// The folded form of a name for order.
pub fn sort_name(name: &str) -> String {
    hillview_shared::text::fold(name)
}

/// The folded form of a name for search: a space before each word.
pub fn search_name(name: &str) -> String {
    format!(" {}", hillview_shared::text::fold(name))
}

/// The statement that adds these students.
pub(super) fn adding<'c>(
    tx: &'c mut Tx,
    students: &[NewStudent<'_>],
    by: UserId,
    at: Moment,
) -> Query<'c> {
    let query = tx
        .query(
            "insert into student (admission_no, admission_key, name, sort_name, search_name,
                sex, birth_date, status, created_at, created_by, updated_at, updated_by)
            values {rows (?, ?, ?, ?, ?, ?, ?, 'active', ?, ?, ?, ?)}",
        )
        .rows(students.len());
    students.iter().fold(query, |query, new| {
        query
            .bind(new.admission_no)
            .bind(admission_key(new.admission_no))
            .bind(new.name)
            .bind(sort_name(new.name))
            .bind(search_name(new.name))
            .bind(new.sex)
            .bind(new.birth_date)
            .bind(at)
            .bind(by)
            .bind(at)
            .bind(by)
    })
}

/// Adds a student.
pub async fn add(
    tx: &mut Tx,
    new: &NewStudent<'_>,
    by: UserId,
    at: Moment,
) -> Result<StudentId, Failure> {
    let adding = adding(tx, std::slice::from_ref(new), by, at);
    adding.insert().await.map(StudentId)
}

/// Writes a student's row when it still has the version that the change is based on.
pub async fn edit(tx: &mut Tx, student: &Student, by: UserId, at: Moment) -> Result<bool, Failure> {
    let rows = tx
        .query(
            "update student set admission_no = ?, admission_key = ?, name = ?, sort_name = ?,
                search_name = ?, sex = ?, birth_date = ?, status = ?, v = v + 1, updated_at = ?,
                updated_by = ?
            where id = ? and v = ?",
        )
        .bind(&student.admission_no)
        .bind(admission_key(&student.admission_no))
        .bind(&student.name)
        .bind(sort_name(&student.name))
        .bind(search_name(&student.name))
        .bind(student.sex)
        .bind(student.birth_date)
        .bind(student.status)
        .bind(at)
        .bind(by)
        .bind(student.id)
        .bind(student.v)
        .execute()
        .await?;
    Ok(rows == 1)
}

/// Counts a student's version up and so holds the row; the version after it.
pub async fn hold(tx: &mut Tx, student: StudentId) -> Result<Option<Version>, Failure> {
    tx.query("update student set v = v + 1 where id = ?")
        .bind(student)
        .execute()
        .await?;
    let found: Option<(Version,)> = tx
        .query("select v from student where id = ?")
        .bind(student)
        .optional()
        .await?;
    Ok(found.map(|(v,)| v))
}

/// Ends the open enrolment of a student. One that would end before it began is taken away, as if
/// it had never been: the student was moved again on the same day.
pub async fn end_enrolment(
    tx: &mut Tx,
    student: StudentId,
    last_day: NaiveDate,
) -> Result<(), Failure> {
    let left: Option<(ClassId,)> = tx
        .query("select class_id from enrolment where open_student_id = ?")
        .bind(student)
        .optional()
        .await?;
    let Some((class,)) = left else {
        return Ok(());
    };
    super::sheets::count_up(tx, &[class]).await?;
    leave(tx, &[student], last_day).await
}

/// Takes enrolments away. Found by their numbers: MySQL would read the whole table for a subquery.
pub(in crate::db) async fn remove_enrolments(
    tx: &mut Tx,
    enrolments: &[(i64,)],
) -> Result<(), Failure> {
    if enrolments.is_empty() {
        return Ok(());
    }
    let ids: Vec<i64> = enrolments.iter().map(|(id,)| *id).collect();
    tx.query("delete from enrolment_offering where enrolment_id in ({list})")
        .list(&ids)
        .execute()
        .await?;
    tx.query("delete from enrolment where id in ({list})")
        .list(&ids)
        .execute()
        .await?;
    Ok(())
}

/// Enrols a student in a class from a day; the sheets of the class count up.
pub async fn enrol(
    tx: &mut Tx,
    student: StudentId,
    class: ClassId,
    starts: NaiveDate,
    by: UserId,
    at: Moment,
) -> Result<(), Failure> {
    super::imports::students::enrol(tx, &[(student, class, starts)], by, at).await?;
    super::sheets::count_up(tx, &[class]).await
}

/// The admission numbers of the students who were added last, the latest first.
pub async fn latest_numbers(on: On<'_>) -> Result<Vec<String>, Failure> {
    let found: Vec<(String,)> = on
        .query("select admission_no from student order by id desc limit 20")
        .all()
        .await?;
    Ok(found.into_iter().map(|(number,)| number).collect())
}

/// The highest admission number that is this folded beginning and digits.
pub async fn highest_number(on: On<'_>, beginning: &str) -> Result<Option<String>, Failure> {
    let found: Option<(String,)> = on
        .query(
            "select admission_no from student
            where admission_key >= ? and admission_key < ?
                and replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(
                substr(admission_key, ?), '0', ''), '1', ''), '2', ''), '3', ''), '4', ''), '5', ''),
                '6', ''), '7', ''), '8', ''), '9', '') = ''
            order by length(admission_key) desc, admission_key desc
            limit 1",
        )
        .bind(format!("{beginning}0"))
        .bind(format!("{beginning}:"))
        .bind(i64::try_from(beginning.chars().count()).unwrap_or(i64::MAX - 1) + 1)
        .optional()
        .await?;
    Ok(found.map(|(number,)| number))
}
