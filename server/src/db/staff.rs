//! Staff, and who teaches what.

use chrono::NaiveDate;
use hillview_shared::accounts::RoleCode;
use hillview_shared::ids::{ClassId, Moment, OfferingId, StaffId, TeachingId, UserId};
use hillview_shared::staff::{Staff, StaffState};
use hillview_shared::teaching::{Teaching, TeachingRole};

use super::{Db, Failure, Tx};

type Row = (
    StaffId,
    String,
    String,
    Option<String>,
    StaffState,
    Option<String>,
);

macro_rules! staff {
    ($rest:literal) => {
        concat!(
            "select staff.id, staff.staff_no, staff.name, user.username, staff.state,
                (select group_concat(role.code) from user_role
                    join role on role.id = user_role.role_id
                    where user_role.user_id = user.id) as roles
            from staff
            left join user on user.staff_id = staff.id ",
            $rest
        )
    };
}

fn staff((id, staff_no, name, username, state, roles): Row) -> Staff {
    let roles = roles.unwrap_or_default();
    let codes = roles.split(',').filter(|code| !code.is_empty());
    let mut roles: Vec<_> = codes.map(|code| RoleCode(code.to_owned())).collect();
    roles.sort_unstable();
    Staff {
        id,
        staff_no,
        name,
        username,
        state,
        roles,
        last_seen: None,
        second_factor: false,
    }
}

/// All staff, by name.
pub async fn list(db: &Db) -> Result<Vec<Staff>, Failure> {
    let rows: Vec<Row> = db
        .query(staff!("order by staff.name, staff.id"))
        .all()
        .await?;
    Ok(rows.into_iter().map(staff).collect())
}

/// The member of staff of a login's name or a staff number, both folded to lower case.
pub async fn find(db: &Db, text: &str) -> Result<Option<Staff>, Failure> {
    let row: Option<Row> = db
        .query(staff!(
            "where user.username = ? or staff.staff_key = ? order by staff.id limit 1"
        ))
        .bind(text)
        .bind(text)
        .optional()
        .await?;
    Ok(row.map(staff))
}

/// Adds a member of staff.
pub async fn add(
    tx: &mut Tx,
    staff_no: &str,
    name: &str,
    by: UserId,
    at: Moment,
) -> Result<StaffId, Failure> {
    let id = tx
        .query(
            "insert into staff (staff_no, staff_key, name, state, created_at, created_by)
            values (?, ?, ?, 'active', ?, ?)",
        )
        .bind(staff_no)
        .bind(staff_no.to_lowercase())
        .bind(name)
        .bind(at)
        .bind(by)
        .insert()
        .await?;
    Ok(StaffId(id))
}

macro_rules! teaching {
    ($rest:literal) => {
        concat!(
            "select teaching.id, teaching.staff_id, staff.name as staff, teaching.class_id,
                class.name as class, teaching.offering_id, subject.name as subject, teaching.role,
                teaching.starts, teaching.ends
            from teaching
            join staff on staff.id = teaching.staff_id
            join class on class.id = teaching.class_id
            join grade on grade.id = class.grade_id
            left join offering on offering.id = teaching.offering_id
            left join subject on subject.id = offering.subject_id ",
            $rest
        )
    };
}

/// Who teaches what on a day, class by class; only one member of staff where one is named.
pub async fn teaching(
    db: &Db,
    staff: Option<StaffId>,
    today: NaiveDate,
) -> Result<Vec<Teaching>, Failure> {
    db.query(teaching!(
        "where teaching.starts <= ? and (teaching.ends is null or teaching.ends >= ?)
            and (? is null or teaching.staff_id = ?)
        order by grade.ordinal, class.name, teaching.role, subject.name, teaching.id"
    ))
    .bind(today)
    .bind(today)
    .bind(staff)
    .bind(staff)
    .all()
    .await
}

/// An assignment to make.
#[derive(Clone, Copy)]
pub struct NewTeaching {
    pub staff: StaffId,
    pub class: ClassId,
    pub offering: Option<OfferingId>,
    pub role: TeachingRole,
    pub starts: NaiveDate,
}

/// Holds a class's row, so that two assignments of it are made one after the other.
pub async fn hold_class(tx: &mut Tx, class: ClassId) -> Result<(), Failure> {
    tx.query("update class set v = v + 1 where id = ?")
        .bind(class)
        .execute()
        .await?;
    Ok(())
}

/// The assignments of a class on a day.
pub async fn of_class(
    tx: &mut Tx,
    class: ClassId,
    today: NaiveDate,
) -> Result<Vec<Teaching>, Failure> {
    tx.query(teaching!(
        "where teaching.class_id = ?
            and teaching.starts <= ? and (teaching.ends is null or teaching.ends >= ?)
        order by teaching.id"
    ))
    .bind(class)
    .bind(today)
    .bind(today)
    .all()
    .await
}

/// Makes an assignment.
pub async fn assign(
    tx: &mut Tx,
    new: NewTeaching,
    by: UserId,
    at: Moment,
) -> Result<TeachingId, Failure> {
    let id = tx
        .query(
            "insert into teaching (staff_id, class_id, offering_id, role, starts, created_at,
                created_by)
            values (?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(new.staff)
        .bind(new.class)
        .bind(new.offering)
        .bind(new.role)
        .bind(new.starts)
        .bind(at)
        .bind(by)
        .insert()
        .await?;
    Ok(TeachingId(id))
}
