//! Logins and roles.

use hillview_shared::accounts::{Permission, Role, RoleCode};
use hillview_shared::ids::{Moment, StaffId, UserId};
use hillview_shared::staff::StaffState;

use super::{Db, Failure, On, Tx};

/// How long a one-time password is good: 7 days, in microseconds.
pub const ONE_TIME_LIFE: i64 = 7 * 24 * 60 * 60 * 1_000_000;

/// A login, for checking a password.
#[derive(sqlx::FromRow)]
pub struct Login {
    pub id: UserId,
    pub username: String,
    pub name: String,
    /// Empty for a login that was never given one.
    pub password: String,
    pub must_change: bool,
    /// When a one-time password is of no use any more.
    pub password_ends_at: Option<Moment>,
    pub state: String,
    pub v: i64,
}

/// A login to write.
pub struct NewUser<'a> {
    pub staff: Option<StaffId>,
    pub username: &'a str,
    pub name: &'a str,
    pub password: &'a str,
    pub by: Option<UserId>,
    pub at: Moment,
}

macro_rules! login {
    ($rest:literal) => {
        concat!(
            "select id, username, name, password, must_change, password_ends_at, state, v from user ",
            $rest
        )
    };
}

pub async fn find_login(on: impl Into<On<'_>>, username: &str) -> Result<Option<Login>, Failure> {
    on.into()
        .query(login!("where username = ?"))
        .bind(username)
        .optional()
        .await
}

pub async fn login(on: impl Into<On<'_>>, user: UserId) -> Result<Login, Failure> {
    on.into()
        .query(login!("where id = ?"))
        .bind(user)
        .one()
        .await
}

/// A login as a list shows it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct User {
    pub username: String,
    pub name: String,
    pub state: String,
    pub staff_no: Option<String>,
    /// With commas between them.
    pub roles: Option<String>,
    pub second_factor: bool,
    pub last_seen: Option<Moment>,
}

/// Every login, by its name.
pub async fn everybody(db: &Db) -> Result<Vec<User>, Failure> {
    db.query(
        "select user.username, user.name, user.state, staff.staff_no, \
            (select group_concat(role.code) from user_role \
                join role on role.id = user_role.role_id \
                where user_role.user_id = user.id) as roles, \
            exists (select 1 from second_factor where second_factor.user_id = user.id \
                and second_factor.confirmed_at is not null) as second_factor, \
            (select max(session.last_seen_at) from session \
                where session.user_id = user.id) as last_seen \
        from user \
        left join staff on staff.id = user.staff_id \
        order by user.username",
    )
    .all()
    .await
}

/// The member of staff whose login it is.
pub async fn staff_of(tx: &mut Tx, user: UserId) -> Result<Option<StaffId>, Failure> {
    tx.query("select staff_id from user where id = ?")
        .bind(user)
        .scalar()
        .await
}

/// Whether a role of a login asks for a second factor.
pub async fn asks_second_factor(on: impl Into<On<'_>>, user: UserId) -> Result<bool, Failure> {
    let asking: i64 = on
        .into()
        .query(
            "select count(*) from user_role ur join role r on r.id = ur.role_id \
             where ur.user_id = ? and r.second_factor",
        )
        .bind(user)
        .scalar()
        .await?;
    Ok(asking > 0)
}

/// Holds a login until the transaction ends, if it is still at version `v` and active; says whether
/// it is.
pub async fn hold_login(tx: &mut Tx, user: UserId, v: i64) -> Result<bool, Failure> {
    let found: Option<(i64,)> = tx
        .query("select id from user where id = ? and v = ? and state = 'active' {lock}")
        .bind(user)
        .bind(v)
        .optional()
        .await?;
    Ok(found.is_some())
}

/// Sets a password if the login is still at version `v`; says whether it was. One that must be
/// changed ends by itself.
pub async fn set_password(
    tx: &mut Tx,
    user: UserId,
    v: i64,
    password: &str,
    must_change: bool,
    now: Moment,
) -> Result<bool, Failure> {
    let rows = tx
        .query(
            "update user set password = ?, must_change = ?, password_ends_at = ?, v = v + 1, \
             updated_at = ? \
             where id = ? and v = ?",
        )
        .bind(password)
        .bind(must_change)
        .bind(must_change.then(|| one_time_ends(now)))
        .bind(now)
        .bind(user)
        .bind(v)
        .execute()
        .await?;
    Ok(rows == 1)
}

/// Holds a login until the transaction ends.
pub async fn hold(tx: &mut Tx, user: UserId) -> Result<(), Failure> {
    let _: Option<(i64,)> = tx
        .query("select id from user where id = ? {lock}")
        .bind(user)
        .optional()
        .await?;
    Ok(())
}

/// Makes whoever is checking a login's password meanwhile find it changed.
pub async fn touch_login(tx: &mut Tx, user: UserId, now: Moment) -> Result<(), Failure> {
    tx.query("update user set v = v + 1, updated_at = ? where id = ?")
        .bind(now)
        .bind(user)
        .execute()
        .await?;
    Ok(())
}

/// Keeps another hash of the same password. The caller holds the login.
pub async fn keep_hash(tx: &mut Tx, user: UserId, hash: &str) -> Result<(), Failure> {
    tx.query("update user set password = ? where id = ?")
        .bind(hash)
        .bind(user)
        .execute()
        .await?;
    Ok(())
}

/// When a one-time password that is given now ends.
pub fn one_time_ends(now: Moment) -> Moment {
    Moment(now.0 + ONE_TIME_LIFE)
}

/// Adds an active login whose password must be changed.
pub async fn add_user(tx: &mut Tx, new: &NewUser<'_>) -> Result<UserId, Failure> {
    tx.query(
        "insert into user (staff_id, username, name, password, must_change, password_ends_at, \
         state, created_at, created_by, updated_at) \
         values (?, ?, ?, ?, ?, ?, 'active', ?, ?, ?)",
    )
    .bind(new.staff)
    .bind(new.username)
    .bind(new.name)
    .bind(new.password)
    .bind(true)
    .bind(one_time_ends(new.at))
    .bind(new.at)
    .bind(new.by)
    .bind(new.at)
    .insert()
    .await
    .map(UserId)
}

pub async fn give_role(tx: &mut Tx, user: UserId, role: &RoleCode) -> Result<(), Failure> {
    tx.query(
        "insert into user_role (user_id, role_id) \
         select ?, id from role where code = ? and true {keep user_id, role_id}",
    )
    .bind(user)
    .bind(role.0.as_str())
    .execute()
    .await?;
    Ok(())
}

/// Takes all roles from a login.
pub async fn take_roles(tx: &mut Tx, user: UserId) -> Result<(), Failure> {
    tx.query("delete from user_role where user_id = ?")
        .bind(user)
        .execute()
        .await?;
    Ok(())
}

/// Lets a login in, or shuts it out.
pub async fn set_login_state(
    tx: &mut Tx,
    user: UserId,
    state: StaffState,
    now: Moment,
) -> Result<(), Failure> {
    tx.query("update user set state = ?, v = v + 1, updated_at = ? where id = ?")
        .bind(state)
        .bind(now)
        .bind(user)
        .execute()
        .await?;
    Ok(())
}

/// Adds a role with its permissions; a role that is there keeps what the school made of it.
pub async fn add_role(tx: &mut Tx, role: Role, permissions: &[Permission]) -> Result<(), Failure> {
    let known: Option<(i64,)> = tx
        .query("select id from role where code = ?")
        .bind(role)
        .optional()
        .await?;
    if known.is_some() {
        return Ok(());
    }
    let id = tx
        .query("insert into role (code) values (?)")
        .bind(role)
        .insert()
        .await?;
    if permissions.is_empty() {
        return Ok(());
    }
    let mut insert = tx
        .query("insert into role_permission (role_id, permission) values {rows (?, ?)}")
        .rows(permissions.len());
    for permission in permissions {
        insert = insert.bind(id).bind(*permission);
    }
    insert.execute().await?;
    Ok(())
}
