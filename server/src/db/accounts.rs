//! Logins, roles and sessions.

use chrono::NaiveDate;
use hillview_shared::accounts::{Permission, Role, RoleCode};
use hillview_shared::ids::{ClassId, Moment, OfferingId, StaffId, UserId};
use hillview_shared::school::CurrentTerm;
use hillview_shared::teaching::TeachingRole;
use serde::{Deserialize, Serialize};

use super::grants::{self, Granted};
use super::{Db, Failure, On, Tx};

/// A login, for checking a password.
#[derive(sqlx::FromRow)]
pub struct Login {
    pub id: UserId,
    pub username: String,
    pub name: String,
    pub password: String,
    pub state: String,
    pub v: i64,
}

/// What a session stands for, as read from the database and kept in the cache.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    pub id: i64,
    pub user: UserId,
    pub staff: Option<StaffId>,
    pub username: String,
    pub name: String,
    pub must_change: bool,
    pub last_seen: Moment,
    pub ends: Moment,
    pub roles: Vec<RoleCode>,
    pub permissions: Vec<Permission>,
    pub teaching: Vec<Taught>,
    pub grants: Vec<Granted>,
}

/// A class, or a subject of a class, that somebody teaches from a day to a day, now or later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow)]
pub struct Taught {
    pub class_id: ClassId,
    pub offering_id: Option<OfferingId>,
    pub role: TeachingRole,
    pub starts: NaiveDate,
    pub ends: Option<NaiveDate>,
}

/// A session to write.
pub struct NewSession<'a> {
    pub hash: &'a [u8; 32],
    pub user: UserId,
    pub client: &'a str,
    pub address: &'a str,
    pub at: Moment,
    pub ends: Moment,
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

pub async fn find_login(on: impl Into<On<'_>>, username: &str) -> Result<Option<Login>, Failure> {
    on.into()
        .query("select id, username, name, password, state, v from user where username = ?")
        .bind(username)
        .optional()
        .await
}

pub async fn login(on: impl Into<On<'_>>, user: UserId) -> Result<Login, Failure> {
    on.into()
        .query("select id, username, name, password, state, v from user where id = ?")
        .bind(user)
        .one()
        .await
}

/// A session that has not ended and whose login is active; idle ones count as ended.
pub async fn read_session(
    db: &Db,
    hash: &[u8; 32],
    seen_after: Moment,
    now: Moment,
    today: NaiveDate,
) -> Result<Option<Session>, Failure> {
    type Found = (
        i64,
        UserId,
        Option<StaffId>,
        String,
        String,
        bool,
        Moment,
        Moment,
    );
    let found: Option<Found> = db
        .query(
            "select s.id, u.id, u.staff_id, u.username, u.name, u.must_change, s.last_seen_at, s.ends_at \
             from session s \
             join user u on u.id = s.user_id \
             where s.token_hash = ? and s.ended_at is null and s.ends_at > ? and s.last_seen_at > ? \
             and u.state = 'active'",
        )
        .bind(&hash[..])
        .bind(now)
        .bind(seen_after)
        .optional()
        .await?;
    let Some((id, user, staff, username, name, must_change, last_seen, ends)) = found else {
        return Ok(None);
    };
    let (roles, permissions) = rights(db, user).await?;
    let teaching = match staff {
        Some(staff) => taught(db, staff, today).await?,
        None => Vec::new(),
    };
    let grants = grants::of_user(db, user, now, today).await?;
    Ok(Some(Session {
        id,
        user,
        staff,
        username,
        name,
        must_change,
        last_seen,
        ends,
        roles,
        permissions,
        teaching,
        grants,
    }))
}

/// Permissions that this version does not know give nothing.
async fn rights(db: &Db, user: UserId) -> Result<(Vec<RoleCode>, Vec<Permission>), Failure> {
    let rows: Vec<(RoleCode, Option<String>)> = db
        .query(
            "select r.code, p.permission \
             from user_role ur \
             join role r on r.id = ur.role_id \
             left join role_permission p on p.role_id = r.id \
             where ur.user_id = ? \
             order by r.code, p.permission",
        )
        .bind(user)
        .all()
        .await?;
    let mut roles: Vec<RoleCode> = rows.iter().map(|(role, _)| role.clone()).collect();
    let given = rows
        .iter()
        .filter_map(|(_, permission)| permission.as_deref()?.parse().ok());
    let mut permissions: Vec<Permission> = given.collect();
    roles.sort_unstable();
    roles.dedup();
    permissions.sort_unstable();
    permissions.dedup();
    Ok((roles, permissions))
}

async fn taught(db: &Db, staff: StaffId, today: NaiveDate) -> Result<Vec<Taught>, Failure> {
    db.query(
        "select class_id, offering_id, role, starts, ends \
         from teaching \
         where staff_id = ? and (ends is null or ends >= ?) \
         order by id",
    )
    .bind(staff)
    .bind(today)
    .all()
    .await
}

/// The term that a day is in, or else the one that starts next, or else the last.
pub async fn current_term(db: &Db, today: NaiveDate) -> Result<Option<CurrentTerm>, Failure> {
    db.query(
        "select t.id, y.name || ' ' || t.name as name \
         from term t \
         join academic_year y on y.id = t.year_id \
         order by case when t.ends >= ? then 0 else 1 end, \
         case when t.ends >= ? then t.starts end, \
         t.ends desc \
         limit 1",
    )
    .bind(today)
    .bind(today)
    .optional()
    .await
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

pub async fn add_session(tx: &mut Tx, new: &NewSession<'_>) -> Result<i64, Failure> {
    tx.query(
        "insert into session (token_hash, user_id, client, address, created_at, last_seen_at, ends_at) \
         values (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(&new.hash[..])
    .bind(new.user)
    .bind(new.client)
    .bind(new.address)
    .bind(new.at)
    .bind(new.at)
    .bind(new.ends)
    .insert()
    .await
}

pub async fn touch_session(tx: &mut Tx, session: i64, now: Moment) -> Result<(), Failure> {
    tx.query("update session set last_seen_at = ? where id = ?")
        .bind(now)
        .bind(session)
        .execute()
        .await?;
    Ok(())
}

pub async fn end_session(tx: &mut Tx, session: i64, now: Moment) -> Result<(), Failure> {
    tx.query("update session set ended_at = ? where id = ? and ended_at is null")
        .bind(now)
        .bind(session)
        .execute()
        .await?;
    Ok(())
}

/// The hashes of a login's open sessions.
pub async fn open_sessions(
    on: impl Into<On<'_>>,
    user: UserId,
    now: Moment,
) -> Result<Vec<Vec<u8>>, Failure> {
    let rows: Vec<(Vec<u8>,)> = on
        .into()
        .query(
            "select token_hash from session where user_id = ? and ended_at is null and ends_at > ?",
        )
        .bind(user)
        .bind(now)
        .all()
        .await?;
    Ok(rows.into_iter().map(|(hash,)| hash).collect())
}

pub async fn end_sessions(tx: &mut Tx, user: UserId, now: Moment) -> Result<(), Failure> {
    tx.query("update session set ended_at = ? where user_id = ? and ended_at is null")
        .bind(now)
        .bind(user)
        .execute()
        .await?;
    Ok(())
}

/// The hashes of every open session of the school.
pub async fn every_open_session(
    on: impl Into<On<'_>>,
    now: Moment,
) -> Result<Vec<Vec<u8>>, Failure> {
    let rows: Vec<(Vec<u8>,)> = on
        .into()
        .query("select token_hash from session where ended_at is null and ends_at > ?")
        .bind(now)
        .all()
        .await?;
    Ok(rows.into_iter().map(|(hash,)| hash).collect())
}

pub async fn end_every_session(tx: &mut Tx, now: Moment) -> Result<(), Failure> {
    tx.query("update session set ended_at = ? where ended_at is null")
        .bind(now)
        .execute()
        .await?;
    Ok(())
}

/// Sets a password if the login is still at version `v`; says whether it was.
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
            "update user set password = ?, must_change = ?, v = v + 1, updated_at = ? \
             where id = ? and v = ?",
        )
        .bind(password)
        .bind(must_change)
        .bind(now)
        .bind(user)
        .bind(v)
        .execute()
        .await?;
    Ok(rows == 1)
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

/// Adds an active login whose password must be changed.
pub async fn add_user(tx: &mut Tx, new: &NewUser<'_>) -> Result<UserId, Failure> {
    tx.query(
        "insert into user (staff_id, username, name, password, must_change, state, created_at, created_by, updated_at) \
         values (?, ?, ?, ?, ?, 'active', ?, ?, ?)",
    )
    .bind(new.staff)
    .bind(new.username)
    .bind(new.name)
    .bind(new.password)
    .bind(true)
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

/// How many active logins have a role. Holds the role, so that two who ask do so one after the other.
pub async fn hold_and_count(tx: &mut Tx, role: Role) -> Result<i64, Failure> {
    let held: Option<(i64,)> = tx
        .query("select id from role where code = ? {lock}")
        .bind(role)
        .optional()
        .await?;
    let Some((role,)) = held else { return Ok(0) };
    tx.query(
        "select count(*) from user_role join user on user.id = user_role.user_id \
         where user_role.role_id = ? and user.state = 'active'",
    )
    .bind(role)
    .scalar()
    .await
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
