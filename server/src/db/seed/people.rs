//! Students with their enrolments, staff with their logins, and who teaches what.

use chrono::NaiveDate;
use hillview_shared::ids::{ClassId, Moment, OfferingId, StaffId, StudentId, UserId};
use hillview_shared::students::Sex;
use hillview_shared::teaching::TeachingRole;

use super::ROWS;
use crate::db::students::{admission_key, search_name, sort_name};
use crate::db::{Failure, Tx, staff};

/// A student to add.
pub struct NewStudent {
    pub id: StudentId,
    pub admission_no: String,
    pub name: String,
    pub sex: Sex,
    pub birth_date: NaiveDate,
}

/// Adds active students.
pub async fn add_students(
    tx: &mut Tx,
    students: &[NewStudent],
    by: UserId,
    at: Moment,
) -> Result<(), Failure> {
    for students in students.chunks(ROWS) {
        let mut query = tx
            .query(
                "insert into student (id, admission_no, admission_key, name, sort_name,
                    search_name, sex, birth_date, status, created_at, created_by, updated_at,
                    updated_by)
                values {rows (?, ?, ?, ?, ?, ?, ?, ?, 'active', ?, ?, ?, ?)}",
            )
            .rows(students.len());
        for student in students {
            query = query
                .bind(student.id)
                .bind(&student.admission_no)
                .bind(admission_key(&student.admission_no))
                .bind(&student.name)
                .bind(sort_name(&student.name))
                .bind(search_name(&student.name))
                .bind(student.sex)
                .bind(student.birth_date)
                .bind(at)
                .bind(by)
                .bind(at)
                .bind(by);
        }
        query.execute().await?;
    }
    Ok(())
}

/// An enrolment to add; open without an end.
pub struct NewEnrolment {
    pub id: i64,
    pub student: StudentId,
    pub class: ClassId,
    pub starts: NaiveDate,
    pub ends: Option<NaiveDate>,
    pub at: Moment,
}

/// Adds enrolments.
pub async fn add_enrolments(
    tx: &mut Tx,
    enrolments: &[NewEnrolment],
    by: UserId,
) -> Result<(), Failure> {
    for enrolments in enrolments.chunks(ROWS) {
        let mut query = tx
            .query(
                "insert into enrolment (id, student_id, class_id, starts, ends, open_student_id,
                    created_at, created_by)
                values {rows (?, ?, ?, ?, ?, ?, ?, ?)}",
            )
            .rows(enrolments.len());
        for enrolment in enrolments {
            let open = enrolment.ends.is_none().then_some(enrolment.student);
            query = query
                .bind(enrolment.id)
                .bind(enrolment.student)
                .bind(enrolment.class)
                .bind(enrolment.starts)
                .bind(enrolment.ends)
                .bind(open)
                .bind(enrolment.at)
                .bind(by);
        }
        query.execute().await?;
    }
    Ok(())
}

/// A member of staff to add.
pub struct NewStaff {
    pub id: StaffId,
    pub staff_no: String,
    pub name: String,
    pub username: String,
}

/// Adds active staff.
pub async fn add_staff(
    tx: &mut Tx,
    staff: &[NewStaff],
    by: UserId,
    at: Moment,
) -> Result<(), Failure> {
    for staff in staff.chunks(ROWS) {
        let mut query = tx
            .query(
                "insert into staff (id, staff_no, staff_key, name, sort_name, search_name, state,
                    created_at, created_by)
                values {rows (?, ?, ?, ?, ?, ?, 'active', ?, ?)}",
            )
            .rows(staff.len());
        for one in staff {
            query = query
                .bind(one.id)
                .bind(&one.staff_no)
                .bind(one.staff_no.to_lowercase())
                .bind(&one.name)
                .bind(staff::sort_name(&one.name))
                .bind(staff::search_name(&one.name, Some(&one.username)))
                .bind(at)
                .bind(by);
        }
        query.execute().await?;
    }
    Ok(())
}

/// The login of a member of staff.
pub struct NewUser<'a> {
    pub id: UserId,
    pub staff: StaffId,
    pub username: &'a str,
    pub name: &'a str,
}

/// Adds logins that all have one password, which they need not change.
pub async fn add_users(
    tx: &mut Tx,
    users: &[NewUser<'_>],
    password: &str,
    by: UserId,
    at: Moment,
) -> Result<(), Failure> {
    for users in users.chunks(ROWS) {
        let mut query = tx
            .query(
                "insert into user (id, staff_id, username, name, password, must_change, state,
                    created_at, created_by, updated_at)
                values {rows (?, ?, ?, ?, ?, false, 'active', ?, ?, ?)}",
            )
            .rows(users.len());
        for user in users {
            query = query
                .bind(user.id)
                .bind(user.staff)
                .bind(user.username)
                .bind(user.name)
                .bind(password)
                .bind(at)
                .bind(by)
                .bind(at);
        }
        query.execute().await?;
    }
    Ok(())
}

/// Gives logins roles by their numbers.
pub async fn give_roles(tx: &mut Tx, roles: &[(UserId, i64)]) -> Result<(), Failure> {
    for roles in roles.chunks(ROWS) {
        let mut query = tx
            .query("insert into user_role (user_id, role_id) values {rows (?, ?)}")
            .rows(roles.len());
        for (user, role) in roles {
            query = query.bind(*user).bind(*role);
        }
        query.execute().await?;
    }
    Ok(())
}

/// An assignment to add.
pub struct NewTeaching {
    pub id: i64,
    pub staff: StaffId,
    pub class: ClassId,
    pub offering: Option<OfferingId>,
    pub role: TeachingRole,
    pub starts: NaiveDate,
    pub ends: Option<NaiveDate>,
    pub at: Moment,
}

/// Adds assignments.
pub async fn add_teaching(
    tx: &mut Tx,
    assignments: &[NewTeaching],
    by: UserId,
) -> Result<(), Failure> {
    for assignments in assignments.chunks(ROWS) {
        let mut query = tx
            .query(
                "insert into teaching (id, staff_id, class_id, offering_id, role, starts, ends,
                    created_at, created_by)
                values {rows (?, ?, ?, ?, ?, ?, ?, ?, ?)}",
            )
            .rows(assignments.len());
        for new in assignments {
            query = query
                .bind(new.id)
                .bind(new.staff)
                .bind(new.class)
                .bind(new.offering)
                .bind(new.role)
                .bind(new.starts)
                .bind(new.ends)
                .bind(new.at)
                .bind(by);
        }
        query.execute().await?;
    }
    Ok(())
}
