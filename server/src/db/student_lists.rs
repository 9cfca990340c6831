//! Lists of students, by name or by number, and the search for them.

use hillview_shared::ids::{ClassId, StudentId};
use hillview_shared::students::Student;
use sqlx::FromRow;

use super::staff_names::begins_a_word;
use super::students::student;
use super::{Db, Failure};

/// A student with the key that lists are ordered by.
#[derive(Debug, FromRow)]
pub struct Listed {
    #[sqlx(flatten)]
    pub student: Student,
    pub sort_name: String,
}

/// Which students.
pub struct Filter<'a> {
    /// Only those in one of these classes; everyone when `None`.
    pub within: Option<&'a [ClassId]>,
    /// Folded beginnings of words of the name: each must fit.
    pub words: [&'a str; 3],
    /// The folded beginning of the admission number, which fits instead of the name.
    pub number: &'a str,
    pub all: bool,
    pub after: After<'a>,
    pub limit: i64,
}

/// The order, and what stands before the page in it.
#[derive(Clone, Copy)]
pub enum After<'a> {
    /// By name: a folded name and an id.
    Name(&'a str, StudentId),
    /// By number, and only those whose number fits: a folded admission number.
    Number(&'a str),
}

/// A page of students. A statement for each kind of filter, because each is found in another way.
pub async fn list(db: &Db, filter: &Filter<'_>) -> Result<Vec<Listed>, Failure> {
    match (filter.after, filter.within) {
        (After::Number(after), _) => numbers(db, filter, after).await,
        (After::Name(name, id), Some(within)) => of_classes(db, filter, (name, id), within).await,
        (After::Name(name, id), None) if filter.number.is_empty() => {
            of_school(db, filter, (name, id)).await
        }
        (After::Name(name, id), None) => searched(db, filter, (name, id)).await,
    }
}

/// Those whose number fits, by number: in a school, the page is the next piece of an index; classes
/// are few.
async fn numbers(db: &Db, filter: &Filter<'_>, after: &str) -> Result<Vec<Listed>, Failure> {
    let (from, to) = beginning(filter.number);
    let query = match filter.within {
        None => db.query(student!(
            "where student.admission_key >= ? and student.admission_key <> ?
                and student.admission_key < ? and (? or student.status = 'active')
            order by student.admission_key
            limit ?"
        )),
        Some(classes) => db
            .query(student!(
                "where enrolment.class_id in ({list})
                    and student.admission_key >= ? and student.admission_key <> ?
                    and student.admission_key < ? and (? or student.status = 'active')
                order by student.admission_key
                limit ?"
            ))
            .list(classes),
    };
    query
        .bind(from.max(after))
        .bind(after)
        .bind(to)
        .bind(filter.all)
        .bind(filter.limit)
        .all()
        .await
}

/// From a place on in the order of names.
async fn of_school(
    db: &Db,
    filter: &Filter<'_>,
    (name, id): (&str, StudentId),
) -> Result<Vec<Listed>, Failure> {
    db.query(student!(
        "where student.sort_name >= ? and (student.sort_name > ? or student.id > ?)
            and (? or student.status = 'active')
        order by student.sort_name, student.id
        limit ?"
    ))
    .bind(name)
    .bind(name)
    .bind(id)
    .bind(filter.all)
    .bind(filter.limit)
    .all()
    .await
}

/// Those whose name or number fits. Names are looked through in the index that orders them, which
/// has all of them close together; numbers have an index of their own.
async fn searched(
    db: &Db,
    filter: &Filter<'_>,
    (name, id): (&str, StudentId),
) -> Result<Vec<Listed>, Failure> {
    let (from, to) = beginning(filter.number);
    let mut query = db.query(
        "select student.id, student.admission_no, student.name, student.sex, student.birth_date,
            student.status, enrolment.class_id, class.name as class, student.v, student.sort_name
        from (select id from (select id from student
                where sort_name >= ? and (sort_name > ? or id > ?)
                    and (' ' || sort_name) like ?
                    and (' ' || sort_name) like ?
                    and (' ' || sort_name) like ?
                    and (? or status = 'active')
                order by sort_name, id
                limit ?) of_name
            union select id from (select id from student
                where admission_key >= ? and admission_key < ?
                    and sort_name >= ? and (sort_name > ? or id > ?)
                    and (? or status = 'active')
                order by sort_name, id
                limit ?) of_number) fitting
        join student on student.id = fitting.id
        left join enrolment on enrolment.open_student_id = student.id
        left join class on class.id = enrolment.class_id
        order by student.sort_name, student.id
        limit ?",
    );
    query = query.bind(name).bind(name).bind(id);
    for word in filter.words {
        query = query.bind(begins_a_word(word));
    }
    query
        .bind(filter.all)
        .bind(filter.limit)
        .bind(from)
        .bind(to)
        .bind(name)
        .bind(name)
        .bind(id)
        .bind(filter.all)
        .bind(filter.limit)
        .bind(filter.limit)
        .all()
        .await
}

/// Those of some classes, which are few.
async fn of_classes(
    db: &Db,
    filter: &Filter<'_>,
    (name, id): (&str, StudentId),
    classes: &[ClassId],
) -> Result<Vec<Listed>, Failure> {
    let (from, to) = beginning(filter.number);
    let mut query = db
        .query(
            "select student.id, student.admission_no, student.name, student.sex,
                student.birth_date, student.status, enrolment.class_id, class.name as class,
                student.v, student.sort_name
            from enrolment
            join student on student.id = enrolment.open_student_id
            join class on class.id = enrolment.class_id
            where enrolment.class_id in ({list})
                and student.sort_name >= ? and (student.sort_name > ? or student.id > ?)
                and (? or student.status = 'active')
                and (((' ' || student.sort_name) like ?
                        and (' ' || student.sort_name) like ?
                        and (' ' || student.sort_name) like ?)
                    or (student.admission_key >= ? and student.admission_key < ?))
            order by student.sort_name, student.id
            limit ?",
        )
        .list(classes)
        .bind(name)
        .bind(name)
        .bind(id)
        .bind(filter.all);
    for word in filter.words {
        query = query.bind(begins_a_word(word));
    }
    query.bind(from).bind(to).bind(filter.limit).all().await
}

/// From where to where texts begin so, by their bytes: no text has the last character of all.
fn beginning(text: &str) -> (&str, String) {
    (text, format!("{text}{}", char::MAX))
}
