//! Tokens of scripts: sessions that last, of logins that have no password.

use hillview_shared::accounts::Role;
use hillview_shared::ids::{Moment, SessionId, UserId};

use super::{Db, Failure, Tx};

/// A token that is open.
#[derive(sqlx::FromRow)]
pub struct Row {
    pub id: SessionId,
    pub user_id: UserId,
    pub username: String,
    pub token_hash: Vec<u8>,
    pub created_at: Moment,
    pub last_seen_at: Moment,
    pub ends_at: Moment,
}

/// A token to write.
pub struct NewToken<'a> {
    pub hash: &'a [u8; 32],
    pub user: UserId,
    pub name: &'a str,
    pub address: &'a str,
    pub at: Moment,
    pub ends: Moment,
}

/// Open tokens, by name.
pub async fn list(db: &Db, now: Moment) -> Result<Vec<Row>, Failure> {
    db.query(
        "select s.id, s.user_id, u.username, s.token_hash, s.created_at, s.last_seen_at, s.ends_at \
         from session s \
         join user u on u.id = s.user_id \
         where s.kind = 'token' and s.ended_at is null and s.ends_at > ? \
         order by u.username, s.id",
    )
    .bind(now)
    .all()
    .await
}

/// One open token.
pub async fn find(tx: &mut Tx, token: SessionId, now: Moment) -> Result<Option<Row>, Failure> {
    tx.query(
        "select s.id, s.user_id, u.username, s.token_hash, s.created_at, s.last_seen_at, s.ends_at \
         from session s \
         join user u on u.id = s.user_id \
         where s.id = ? and s.kind = 'token' and s.ended_at is null and s.ends_at > ?",
    )
    .bind(token)
    .bind(now)
    .optional()
    .await
}

/// How many open tokens a login has.
pub async fn count(tx: &mut Tx, user: UserId, now: Moment) -> Result<i64, Failure> {
    tx.query(
        "select count(*) from session \
         where user_id = ? and kind = 'token' and ended_at is null and ends_at > ?",
    )
    .bind(user)
    .bind(now)
    .scalar()
    .await
}

pub async fn add(tx: &mut Tx, new: &NewToken<'_>) -> Result<SessionId, Failure> {
    tx.query(
        "insert into session (token_hash, user_id, client, address, created_at, last_seen_at, \
         ends_at, kind, name, idle_micros) \
         values (?, ?, 'token', ?, ?, ?, ?, 'token', ?, null)",
    )
    .bind(&new.hash[..])
    .bind(new.user)
    .bind(new.address)
    .bind(new.at)
    .bind(new.at)
    .bind(new.ends)
    .bind(new.name)
    .insert()
    .await
    .map(SessionId)
}

/// Adds the login of a script, which has no password and so cannot log in.
pub async fn add_login(tx: &mut Tx, name: &str, by: UserId, at: Moment) -> Result<UserId, Failure> {
    tx.query(
        "insert into user (username, name, password, must_change, state, created_at, created_by, \
         updated_at) values (?, ?, '', ?, 'active', ?, ?, ?)",
    )
    .bind(name)
    .bind(name)
    .bind(false)
    .bind(at)
    .bind(by)
    .bind(at)
    .insert()
    .await
    .map(UserId)
}

/// Whether a login is a script's: of nobody on the staff, without a password, and with the role of
/// scripts and no other.
pub async fn is_of_script(tx: &mut Tx, user: UserId) -> Result<bool, Failure> {
    let found: i64 = tx
        .query(
            "select count(*) from user u \
             where u.id = ? and u.staff_id is null and u.password = '' \
             and exists (select 1 from user_role ur join role r on r.id = ur.role_id \
             where ur.user_id = u.id and r.code = ?) \
             and not exists (select 1 from user_role ur join role r on r.id = ur.role_id \
             where ur.user_id = u.id and r.code <> ?)",
        )
        .bind(user)
        .bind(Role::Service)
        .bind(Role::Service)
        .scalar()
        .await?;
    Ok(found > 0)
}

/// Opens the login of a script, or shuts it.
pub async fn set_state(
    tx: &mut Tx,
    user: UserId,
    state: &'static str,
    at: Moment,
) -> Result<(), Failure> {
    tx.query("update user set state = ?, v = v + 1, updated_at = ? where id = ? and password = ''")
        .bind(state)
        .bind(at)
        .bind(user)
        .execute()
        .await?;
    Ok(())
}

/// Takes back what the login of a script was given.
pub async fn revoke_grants(
    tx: &mut Tx,
    user: UserId,
    (by, at): (UserId, Moment),
) -> Result<(), Failure> {
    tx.query(
        "update access_grant set revoked_at = ?, revoked_by = ?, v = v + 1 \
         where user_id = ? and revoked_at is null and (ends_at is null or ends_at > ?)",
    )
    .bind(at)
    .bind(by)
    .bind(user)
    .bind(at)
    .execute()
    .await?;
    Ok(())
}
