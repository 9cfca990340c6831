//! Students by the hundred: every statement here is for many rows.

use std::collections::HashMap;

use chrono::NaiveDate;
use hillview_shared::ids::{ClassId, Moment, StudentId, UserId, Version};
use hillview_shared::students::Student;

use super::{Enrolled, LIST, batches};
use crate::db::students::{
    NewStudent, adding, admission_key, remove_enrolments, search_name, sort_name, student,
};
use crate::db::{Db, Failure, Tx};

/// Students of the school in the order of their ids, with the class that each is in.
pub async fn after(db: &Db, after: StudentId, limit: i64) -> Result<Vec<Student>, Failure> {
    db.query(student!("where student.id > ? order by student.id limit ?"))
        .bind(after)
        .bind(limit)
        .all()
        .await
}

/// The versions of students, whose rows are held until the transaction ends.
pub async fn hold(
    tx: &mut Tx,
    students: &[StudentId],
) -> Result<HashMap<StudentId, Version>, Failure> {
    let mut versions = HashMap::with_capacity(students.len());
    for students in students.chunks(LIST) {
        let held: Vec<(StudentId, Version)> = tx
            .query("select id, v from student where id in ({list}) {lock}")
            .list(students)
            .all()
            .await?;
        versions.extend(held);
    }
    Ok(versions)
}

/// Adds students.
pub async fn add(
    tx: &mut Tx,
    students: &[NewStudent<'_>],
    by: UserId,
    at: Moment,
) -> Result<(), Failure> {
    for batch in batches(students) {
        adding(tx, batch, by, at).execute().await?;
    }
    Ok(())
}

/// The students of folded admission numbers.
pub async fn of_keys(tx: &mut Tx, keys: &[&str]) -> Result<HashMap<String, StudentId>, Failure> {
    let mut students = HashMap::with_capacity(keys.len());
    for keys in keys.chunks(LIST) {
        let found: Vec<(String, StudentId)> = tx
            .query("select admission_key, id from student where admission_key in ({list})")
            .list(keys)
            .all()
            .await?;
        students.extend(found);
    }
    Ok(students)
}

/// Writes name, sex, birth date and status of students that are there already.
pub async fn change(
    tx: &mut Tx,
    students: &[&Student],
    by: UserId,
    at: Moment,
) -> Result<(), Failure> {
    for batch in batches(students) {
        let mut query = tx
            .query(
                "insert into student (id, admission_no, admission_key, name, sort_name,
                    search_name, sex, birth_date, status, created_at, updated_at, updated_by)
                values {rows (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)}
                {upsert id: name, sort_name, search_name, sex, birth_date, status,
                    v = student.v + 1, updated_at, updated_by}",
            )
            .rows(batch.len());
        for student in batch {
            query = query
                .bind(student.id)
                .bind(&student.admission_no)
                .bind(admission_key(&student.admission_no))
                .bind(&student.name)
                .bind(sort_name(&student.name))
                .bind(search_name(&student.name))
                .bind(student.sex)
                .bind(student.birth_date)
                .bind(student.status)
                .bind(at)
                .bind(at)
                .bind(by);
        }
        query.execute().await?;
    }
    Ok(())
}

/// The open enrolments of students.
pub async fn enrolled(tx: &mut Tx, students: &[StudentId]) -> Result<Vec<Enrolled>, Failure> {
    let mut enrolled = Vec::with_capacity(students.len());
    for students in students.chunks(LIST) {
        let found: Vec<Enrolled> = tx
            .query(
                "select id, student_id, class_id, starts
                from enrolment
                where open_student_id in ({list})",
            )
            .list(students)
            .all()
            .await?;
        enrolled.extend(found);
    }
    Ok(enrolled)
}

/// Ends the open enrolments of students; one that would end before it began is taken away.
pub async fn leave(
    tx: &mut Tx,
    students: &[StudentId],
    last_day: NaiveDate,
) -> Result<(), Failure> {
    for students in students.chunks(LIST) {
        let never: Vec<(i64,)> = tx
            .query("select id from enrolment where open_student_id in ({list}) and starts > ?")
            .list(students)
            .bind(last_day)
            .all()
            .await?;
        remove_enrolments(tx, &never).await?;
        tx.query(
            "update enrolment set ends = ?, open_student_id = null
            where open_student_id in ({list})",
        )
        .bind(last_day)
        .list(students)
        .execute()
        .await?;
    }
    Ok(())
}

/// Enrols students, each in a class from a day.
pub async fn enrol(
    tx: &mut Tx,
    enrolments: &[(StudentId, ClassId, NaiveDate)],
    by: UserId,
    at: Moment,
) -> Result<(), Failure> {
    for batch in batches(enrolments) {
        let mut query = tx
            .query(
                "insert into enrolment
                    (student_id, class_id, starts, open_student_id, created_at, created_by)
                values {rows (?, ?, ?, ?, ?, ?)}",
            )
            .rows(batch.len());
        for (student, class, starts) in batch {
            query = query
                .bind(*student)
                .bind(*class)
                .bind(*starts)
                .bind(*student)
                .bind(at)
                .bind(by);
        }
        query.execute().await?;
    }
    Ok(())
}

/// Takes the open enrolments of students away, as if they had never been.
pub async fn forget_enrolments(tx: &mut Tx, students: &[StudentId]) -> Result<(), Failure> {
    for students in students.chunks(LIST) {
        let open: Vec<(i64,)> = tx
            .query("select id from enrolment where open_student_id in ({list})")
            .list(students)
            .all()
            .await?;
        remove_enrolments(tx, &open).await?;
    }
    Ok(())
}

/// Opens ended enrolments again; says which of them are still there.
pub async fn reopen(tx: &mut Tx, enrolments: &[i64]) -> Result<Vec<i64>, Failure> {
    let mut there = Vec::with_capacity(enrolments.len());
    for enrolments in enrolments.chunks(LIST) {
        tx.query(
            "update enrolment set ends = null, open_student_id = student_id where id in ({list})",
        )
        .list(enrolments)
        .execute()
        .await?;
        let found: Vec<(i64,)> = tx
            .query("select id from enrolment where id in ({list})")
            .list(enrolments)
            .all()
            .await?;
        there.extend(found.into_iter().map(|(id,)| id));
    }
    Ok(there)
}

/// The admission numbers of those students who have, or had, a mark.
pub async fn with_marks(tx: &mut Tx, students: &[StudentId]) -> Result<Vec<String>, Failure> {
    let mut numbers = Vec::new();
    for students in students.chunks(LIST) {
        let found: Vec<(String,)> = tx
            .query(
                "select admission_no from student
                where id in ({list})
                    and exists (select 1 from mark_change
                        where mark_change.student_id = student.id)
                order by id",
            )
            .list(students)
            .all()
            .await?;
        numbers.extend(found.into_iter().map(|(number,)| number));
    }
    Ok(numbers)
}

/// Removes students who have no enrolment any more.
pub async fn remove(tx: &mut Tx, students: &[StudentId]) -> Result<(), Failure> {
    for students in students.chunks(LIST) {
        tx.query("delete from student where id in ({list})")
            .list(students)
            .execute()
            .await?;
    }
    Ok(())
}

/// The names of those classes that something rests on: students, sheets, teachers or rights.
pub async fn classes_in_use(tx: &mut Tx, classes: &[ClassId]) -> Result<Vec<String>, Failure> {
    let found: Vec<(String,)> = tx
        .query(
            "select name from class
            where id in ({list})
                and (exists (select 1 from enrolment where enrolment.class_id = class.id)
                    or exists (select 1 from sheet where sheet.class_id = class.id)
                    or exists (select 1 from teaching where teaching.class_id = class.id)
                    or exists (select 1 from access_grant where access_grant.class_id = class.id)
                    or exists (select 1 from access_request
                        where access_request.class_id = class.id))
            order by id",
        )
        .list(classes)
        .all()
        .await?;
    Ok(found.into_iter().map(|(name,)| name).collect())
}

/// Removes classes that nothing rests on.
pub async fn remove_classes(tx: &mut Tx, classes: &[ClassId]) -> Result<(), Failure> {
    tx.query("delete from class where id in ({list})")
        .list(classes)
        .execute()
        .await?;
    Ok(())
}
