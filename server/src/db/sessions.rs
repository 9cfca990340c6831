//! Sessions: what they stand for and may reach; begun, seen, ended, listed, thrown away.
//!
//! The servers remember sessions and look at the school's counts only (`epochs`). Whatever changes what
//! sessions may moves the epoch in the same transaction ([`changed`]); an end is counted and numbered,
//! so that the sessions of everybody else need not be read again.

use chrono::NaiveDate;
use hillview_shared::accounts::{Permission, RoleCode, SecondFactor};
use hillview_shared::ids::{ClassId, Moment, OfferingId, SessionId, StaffId, UserId};
use hillview_shared::sessions::{SessionPolicy, SessionSummary};
use hillview_shared::teaching::TeachingRole;

use super::epochs::{self, Epochs};
use super::fragments::session_is_open;
use super::grants::{self, Granted};
use super::{Db, Failure, Tx};

/// What a session stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub id: SessionId,
    pub user: UserId,
    pub staff: Option<StaffId>,
    pub username: String,
    pub name: String,
    pub must_change: bool,
    pub second_factor: SecondFactor,
    pub last_seen: Moment,
    /// For how many microseconds it may go unused; `None` for a script's token.
    pub idle: Option<i64>,
    pub ends: Moment,
    pub roles: Vec<RoleCode>,
    pub permissions: Vec<Permission>,
    pub teaching: Vec<Taught>,
    pub grants: Vec<Granted>,
}

/// A class, or a subject of a class, that somebody teaches from a day to a day, now or later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Taught {
    pub class_id: ClassId,
    pub offering_id: Option<OfferingId>,
    pub role: TeachingRole,
    pub starts: NaiveDate,
    pub ends: Option<NaiveDate>,
}

/// A login's session to write. A script's token is another function's.
pub struct NewSession<'a> {
    pub hash: &'a [u8; 32],
    pub user: UserId,
    pub client: &'a str,
    pub address: &'a str,
    pub at: Moment,
}

#[derive(sqlx::FromRow)]
struct Found {
    id: SessionId,
    user_id: UserId,
    staff_id: Option<StaffId>,
    username: String,
    name: String,
    must_change: bool,
    factors: i64,
    asking: i64,
    last_seen_at: Moment,
    idle: Option<i64>,
    ends: Moment,
    #[sqlx(flatten)]
    epochs: Epochs,
}

/// A session that is open and whose login is active, with the epochs that it is at least as new as.
pub async fn read(
    db: &Db,
    hash: &[u8; 32],
    now: Moment,
    today: NaiveDate,
) -> Result<Option<(Session, Epochs)>, Failure> {
    let found: Option<Found> = db
        .query(concat!(
            "select s.id, s.user_id, u.staff_id, u.username, u.name, u.must_change, s.last_seen_at, ",
            "(select count(*) from second_factor f ",
            "where f.user_id = u.id and f.confirmed_at is not null) as factors, ",
            "(select count(*) from user_role ur join role r on r.id = ur.role_id ",
            "where ur.user_id = u.id and r.second_factor) as asking, ",
            "case when s.kind = 'login' and p.idle_minutes * 60000000 < s.idle_micros ",
            "then p.idle_minutes * 60000000 else s.idle_micros end as idle, ",
            "case when s.kind = 'login' and s.created_at + p.days * 86400000000 < s.ends_at ",
            "then s.created_at + p.days * 86400000000 else s.ends_at end as ends, ",
            "p.epoch, p.last_end, p.reference_epoch ",
            "from session s ",
            "join session_policy p on p.id = 1 ",
            "join user u on u.id = s.user_id ",
            "where s.token_hash = ? and u.state = 'active' and ",
            session_is_open!()
        ))
        .bind(&hash[..])
        .bind(now)
        .bind(now)
        .bind(now)
        .bind(now)
        .optional()
        .await?;
    let Some(found) = found else {
        return Ok(None);
    };
    // After the epochs: what is read here may be newer than they are, never older.
    let (roles, permissions) = rights(db, found.user_id).await?;
    let teaching = match found.staff_id {
        Some(staff) => taught(db, staff, today).await?,
        None => Vec::new(),
    };
    let grants = grants::of_user(db, found.user_id, now, today).await?;
    let session = Session {
        id: found.id,
        user: found.user_id,
        staff: found.staff_id,
        username: found.username,
        name: found.name,
        must_change: found.must_change,
        second_factor: match (found.factors, found.asking) {
            (0, 0) => SecondFactor::Off,
            // A script has none, whatever its role says.
            (0, _) if found.idle.is_none() => SecondFactor::Off,
            (0, _) => SecondFactor::Missing,
            _ => SecondFactor::On,
        },
        last_seen: found.last_seen_at,
        idle: found.idle,
        ends: found.ends,
        roles,
        permissions,
        teaching,
        grants,
    };
    Ok(Some((session, found.epochs)))
}

/// Whether a session is open and its login active.
pub async fn is_open(db: &Db, hash: &[u8; 32], now: Moment) -> Result<bool, Failure> {
    let open: i64 = db
        .query(concat!(
            "select count(*) from session s ",
            "join session_policy p on p.id = 1 ",
            "join user u on u.id = s.user_id ",
            "where s.token_hash = ? and u.state = 'active' and ",
            session_is_open!()
        ))
        .bind(&hash[..])
        .bind(now)
        .bind(now)
        .bind(now)
        .bind(now)
        .scalar()
        .await?;
    Ok(open > 0)
}

/// Permissions that this version does not know give nothing.
pub async fn rights(db: &Db, user: UserId) -> Result<(Vec<RoleCode>, Vec<Permission>), Failure> {
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

/// Moves the school's epoch: every server reads its sessions again within a second. Call it in the
/// transaction that changes what a session may, late, because it holds the school's one row.
pub async fn changed(tx: &mut Tx) -> Result<(), Failure> {
    tx.query("update session_policy set epoch = epoch + 1 where id = 1")
        .execute()
        .await?;
    Ok(())
}

/// How long sessions of the school last.
pub async fn policy(db: &Db) -> Result<SessionPolicy, Failure> {
    let found = db.query("select idle_minutes, days from session_policy where id = 1");
    Ok(policy_of(found.one().await?))
}

/// The same, held until the transaction ends.
pub async fn hold_policy(tx: &mut Tx) -> Result<SessionPolicy, Failure> {
    let found = tx.query("select idle_minutes, days from session_policy where id = 1 {lock}");
    Ok(policy_of(found.one().await?))
}

fn policy_of((idle_minutes, days): (i64, i64)) -> SessionPolicy {
    let short = |number: i64| u16::try_from(number).unwrap_or(u16::MAX);
    SessionPolicy {
        idle_minutes: short(idle_minutes),
        days: short(days),
    }
}

/// Sets how long sessions last. Open ones end by it too; a longer one is for later logins: what is
/// over by the policy until now, or by this one, is ended for good.
pub async fn set_policy(
    tx: &mut Tx,
    (before, policy): (SessionPolicy, SessionPolicy),
    now: Moment,
) -> Result<(), Failure> {
    let idle = i64::from(before.idle_minutes.min(policy.idle_minutes)) * 60_000_000;
    let life = i64::from(before.days.min(policy.days)) * 86_400_000_000;
    tx.query(
        "update session set ended_at = ?, ends_at = ? \
         where kind = 'login' and ended_at is null \
         and (created_at <= ? or last_seen_at <= ?)",
    )
    .bind(now)
    .bind(now)
    .bind(now.0 - life)
    .bind(now.0 - idle)
    .execute()
    .await?;
    tx.query(
        "update session_policy set idle_minutes = ?, days = ?, epoch = epoch + 1 where id = 1",
    )
    .bind(i64::from(policy.idle_minutes))
    .bind(i64::from(policy.days))
    .execute()
    .await?;
    Ok(())
}

/// Begins the session of a login, for as long as the school's policy says.
pub async fn add(tx: &mut Tx, new: &NewSession<'_>) -> Result<(), Failure> {
    tx.query(
        "insert into session (token_hash, user_id, client, address, created_at, last_seen_at, ends_at, \
         kind, idle_micros) \
         select ?, ?, ?, ?, ?, ?, ? + days * 86400000000, 'login', idle_minutes * 60000000 \
         from session_policy where id = 1",
    )
    .bind(&new.hash[..])
    .bind(new.user)
    .bind(new.client)
    .bind(new.address)
    .bind(new.at)
    .bind(new.at)
    .bind(new.at)
    .execute()
    .await?;
    Ok(())
}

pub async fn touch(tx: &mut Tx, session: SessionId, now: Moment) -> Result<(), Failure> {
    tx.query("update session set last_seen_at = ? where id = ?")
        .bind(now)
        .bind(session)
        .execute()
        .await?;
    Ok(())
}

/// Ends one session.
pub async fn end(tx: &mut Tx, session: SessionId, now: Moment) -> Result<(), Failure> {
    epochs::count_end(tx).await?;
    tx.query(
        "update session set ended_at = ?, ends_at = ?,
            end_no = (select last_end from session_policy where id = 1)
        where id = ? and ended_at is null",
    )
    .bind(now)
    .bind(now)
    .bind(session)
    .execute()
    .await?;
    Ok(())
}

/// Ends every session and token of a login; gives the hashes of those that were open.
pub async fn end_all(tx: &mut Tx, user: UserId, now: Moment) -> Result<Vec<[u8; 32]>, Failure> {
    let open = tx
        .query("select token_hash from session where user_id = ? and ended_at is null")
        .bind(user)
        .all()
        .await?;
    epochs::count_end(tx).await?;
    tx.query(
        "update session set ended_at = ?, ends_at = ?,
            end_no = (select last_end from session_policy where id = 1)
        where user_id = ? and ended_at is null",
    )
    .bind(now)
    .bind(now)
    .bind(user)
    .execute()
    .await?;
    Ok(hashes(open))
}

/// Ends every session and token of a login but one; gives the hashes of those that were open.
pub async fn end_others(
    tx: &mut Tx,
    user: UserId,
    but: SessionId,
    now: Moment,
) -> Result<Vec<[u8; 32]>, Failure> {
    let open = tx
        .query("select token_hash from session where user_id = ? and id <> ? and ended_at is null")
        .bind(user)
        .bind(but)
        .all()
        .await?;
    epochs::count_end(tx).await?;
    tx.query(
        "update session set ended_at = ?, ends_at = ?,
            end_no = (select last_end from session_policy where id = 1)
        where user_id = ? and id <> ? and ended_at is null",
    )
    .bind(now)
    .bind(now)
    .bind(user)
    .bind(but)
    .execute()
    .await?;
    Ok(hashes(open))
}

/// Ends every session of the school but the tokens of scripts; gives the hashes of those that were
/// open.
pub async fn end_every(tx: &mut Tx, now: Moment) -> Result<Vec<[u8; 32]>, Failure> {
    let open = tx
        .query(
            "select token_hash from session \
             where kind = 'login' and ended_at is null and ends_at > ?",
        )
        .bind(now)
        .all()
        .await?;
    // Too many to be asked for one by one: every server reads all anew.
    changed(tx).await?;
    tx.query(
        "update session set ended_at = ?, ends_at = ? where kind = 'login' and ended_at is null",
    )
    .bind(now)
    .bind(now)
    .execute()
    .await?;
    Ok(hashes(open))
}

fn hashes(rows: Vec<(Vec<u8>,)>) -> Vec<[u8; 32]> {
    let hashes = rows.into_iter().map(|(hash,)| hash.try_into());
    hashes.filter_map(Result::ok).collect()
}

/// Which open sessions to list.
#[derive(Clone, Copy)]
pub struct Filter {
    /// Of one login only.
    pub user: Option<UserId>,
    /// Where the page before ended; sessions used later are not on this one.
    pub after: (Moment, SessionId),
    pub limit: i64,
}

/// Open sessions of logins, the last used first.
pub async fn list(db: &Db, filter: &Filter, now: Moment) -> Result<Vec<SessionSummary>, Failure> {
    let (seen, id) = filter.after;
    let (first, last) = match filter.user {
        Some(user) => (user, user),
        None => (UserId(0), UserId(i64::MAX)),
    };
    db.query(concat!(
        "select s.id, u.username, u.name, s.client, s.address, s.created_at as created, ",
        "s.last_seen_at as last_seen, ",
        "case when s.created_at + p.days * 86400000000 < s.ends_at ",
        "then s.created_at + p.days * 86400000000 else s.ends_at end as ends ",
        "from session s ",
        "join session_policy p on p.id = 1 ",
        "join user u on u.id = s.user_id ",
        "where s.kind = 'login' and u.state = 'active' and s.user_id between ? and ? ",
        "and (s.last_seen_at < ? or (s.last_seen_at = ? and s.id < ?)) and ",
        session_is_open!(),
        " order by s.last_seen_at desc, s.id desc limit ?"
    ))
    .bind(first)
    .bind(last)
    .bind(seen)
    .bind(seen)
    .bind(id)
    .bind(now)
    .bind(now)
    .bind(now)
    .bind(now)
    .bind(filter.limit)
    .all()
    .await
}

/// A session that somebody may want to end.
#[derive(sqlx::FromRow)]
pub struct Open {
    pub user_id: UserId,
    pub username: String,
    pub token_hash: Vec<u8>,
}

/// An open session of a login.
pub async fn find(tx: &mut Tx, session: SessionId, now: Moment) -> Result<Option<Open>, Failure> {
    tx.query(concat!(
        "select s.user_id, u.username, s.token_hash ",
        "from session s ",
        "join session_policy p on p.id = 1 ",
        "join user u on u.id = s.user_id ",
        "where s.id = ? and s.kind = 'login' and ",
        session_is_open!()
    ))
    .bind(session)
    .bind(now)
    .bind(now)
    .bind(now)
    .bind(now)
    .optional()
    .await
}

/// Sessions that are over since before a moment, a few of them.
pub async fn over(db: &Db, before: Moment, most: i64) -> Result<Vec<SessionId>, Failure> {
    let rows: Vec<(SessionId,)> = db
        .query("select id from session where ends_at < ? order by ends_at limit ?")
        .bind(before)
        .bind(most)
        .all()
        .await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Throws sessions away.
pub async fn remove(tx: &mut Tx, sessions: &[SessionId]) -> Result<u64, Failure> {
    tx.query("delete from session where id in ({list})")
        .list(sessions)
        .execute()
        .await
}
