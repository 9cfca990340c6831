//! Staff: who works here, and under which login.

use hillview_shared::accounts::{Permission, RoleCode};
use hillview_shared::ids::{Moment, StaffId, UserId};
use hillview_shared::staff::{Staff, StaffState};
use hillview_shared::text::fold;
use sqlx::FromRow;

use super::{Failure, On, Tx};

#[derive(FromRow)]
struct Row {
    id: StaffId,
    staff_no: String,
    name: String,
    username: Option<String>,
    state: StaffState,
    roles: Option<String>,
    last_seen: Option<Moment>,
    second_factor: bool,
}

macro_rules! staff {
    ($rest:literal) => {
        concat!(
            "select staff.id, staff.staff_no, staff.name, user.username, staff.state,
                (select group_concat(role.code) from user_role
                    join role on role.id = user_role.role_id
                    where user_role.user_id = user.id) as roles,
                (select max(session.last_seen_at) from session
                    where session.user_id = user.id) as last_seen,
                exists (select 1 from second_factor where second_factor.user_id = user.id
                    and second_factor.confirmed_at is not null) as second_factor
            from staff
            left join user on user.staff_id = staff.id ",
            $rest
        )
    };
}

impl From<Row> for Staff {
    fn from(row: Row) -> Self {
        let roles = row.roles.unwrap_or_default();
        let codes = roles.split(',').filter(|code| !code.is_empty());
        let mut roles: Vec<_> = codes.map(|code| RoleCode(code.to_owned())).collect();
        roles.sort_unstable();
        Self {
            id: row.id,
            staff_no: row.staff_no,
            name: row.name,
            username: row.username,
            state: row.state,
            roles,
            last_seen: row.last_seen,
            second_factor: row.second_factor,
        }
    }
}

/// The folded form of a name for order.
pub fn sort_name(name: &str) -> String {
    fold(name)
}

/// The folded form of a name and a login's name for search: a space before each word.
pub fn search_name(name: &str, username: Option<&str>) -> String {
    format!(" {} {}", fold(name), fold(username.unwrap_or_default()))
}

/// Some of the staff, in no order.
pub async fn some(on: impl Into<On<'_>>, staff: &[StaffId]) -> Result<Vec<Staff>, Failure> {
    let rows: Vec<Row> = on
        .into()
        .query(staff!("where staff.id in ({list})"))
        .list(staff)
        .all()
        .await?;
    Ok(rows.into_iter().map(Staff::from).collect())
}

/// The staff of logins' names or staff numbers, both folded to lower case. What is the login of
/// one may be the number of another.
pub async fn found(on: impl Into<On<'_>>, texts: &[&str]) -> Result<Vec<Staff>, Failure> {
    let rows: Vec<Row> = on
        .into()
        .query(staff!(
            "join (select staff_id as id from user where username in ({list})
                union select id from staff where staff_key in ({list})) meant on meant.id = staff.id"
        ))
        .list(texts)
        .list(texts)
        .all()
        .await?;
    Ok(rows.into_iter().map(Staff::from).collect())
}

/// Somebody else whose login is this number, or whose number is this login, both folded to lower
/// case: one text would mean two people.
pub async fn namesake(
    tx: &mut Tx,
    but: StaffId,
    staff_no: &str,
    username: &str,
) -> Result<Option<String>, Failure> {
    tx.query(
        "select user.name
        from (select id from user where username = ?
            union select user.id from staff join user on user.staff_id = staff.id
                where staff.staff_key = ?) meant
        join user on user.id = meant.id
        where user.staff_id is null or user.staff_id <> ?
        order by user.id
        limit 1",
    )
    .bind(staff_no)
    .bind(username)
    .bind(but)
    .optional()
    .await
    .map(|row: Option<(String,)>| row.map(|(name,)| name))
}

/// The login of a member of staff.
pub async fn login(on: impl Into<On<'_>>, staff: StaffId) -> Result<Option<UserId>, Failure> {
    let found: Option<(UserId,)> = on
        .into()
        .query("select id from user where staff_id = ?")
        .bind(staff)
        .optional()
        .await?;
    Ok(found.map(|(id,)| id))
}

/// Adds a member of staff, who will have a login of this name.
pub async fn add(
    tx: &mut Tx,
    (staff_no, name, username): (&str, &str, &str),
    by: UserId,
    at: Moment,
) -> Result<StaffId, Failure> {
    let id = tx
        .query(
            "insert into staff (staff_no, staff_key, name, sort_name, search_name, state,
                created_at, created_by)
            values (?, ?, ?, ?, ?, 'active', ?, ?)",
        )
        .bind(staff_no)
        .bind(staff_no.to_lowercase())
        .bind(name)
        .bind(sort_name(name))
        .bind(search_name(name, Some(username)))
        .bind(at)
        .bind(by)
        .insert()
        .await?;
    Ok(StaffId(id))
}

/// Holds a member of staff until the transaction ends.
pub async fn hold(tx: &mut Tx, staff: StaffId) -> Result<(), Failure> {
    tx.query("update staff set v = v + 1 where id = ?")
        .bind(staff)
        .execute()
        .await?;
    Ok(())
}

/// Gives a member of staff a name and a number; their login goes by the same name.
pub async fn edit(
    tx: &mut Tx,
    staff: &Staff,
    (staff_no, name): (&str, &str),
    at: Moment,
) -> Result<(), Failure> {
    tx.query(
        "update staff set staff_no = ?, staff_key = ?, name = ?, sort_name = ?, search_name = ?
        where id = ?",
    )
    .bind(staff_no)
    .bind(staff_no.to_lowercase())
    .bind(name)
    .bind(sort_name(name))
    .bind(search_name(name, staff.username.as_deref()))
    .bind(staff.id)
    .execute()
    .await?;
    tx.query("update user set name = ?, updated_at = ? where staff_id = ?")
        .bind(name)
        .bind(at)
        .bind(staff.id)
        .execute()
        .await?;
    Ok(())
}

/// Says whether somebody works here.
pub async fn set_state(tx: &mut Tx, staff: StaffId, state: StaffState) -> Result<(), Failure> {
    tx.query("update staff set state = ? where id = ?")
        .bind(state)
        .bind(staff)
        .execute()
        .await?;
    Ok(())
}

/// A login of staff that was never given a password.
#[derive(FromRow)]
pub struct Unissued {
    pub user_id: UserId,
    pub username: String,
    pub v: i64,
}

/// Active logins of staff that were never given a password and have none of these permissions, by
/// a role, or granted for now or later.
pub async fn without_password(
    on: impl Into<On<'_>>,
    but: &[Permission],
    now: Moment,
    limit: i64,
) -> Result<Vec<Unissued>, Failure> {
    on.into()
        .query(
            "select user.id as user_id, user.username, user.v
            from user
            where user.password = '' and user.state = 'active' and user.staff_id is not null
                and not exists (select 1 from user_role
                    join role_permission on role_permission.role_id = user_role.role_id
                    where user_role.user_id = user.id and role_permission.permission in ({list}))
                and not exists (select 1 from access_grant
                    where access_grant.user_id = user.id
                        and access_grant.permission in ({list})
                        and access_grant.revoked_at is null
                        and (access_grant.ends_at is null or access_grant.ends_at > ?))
            order by user.username
            limit ?",
        )
        .list(but)
        .list(but)
        .bind(now)
        .bind(limit)
        .all()
        .await
}
