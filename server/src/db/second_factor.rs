//! Second factors and recovery codes.

use hillview_shared::ids::{Moment, UserId};

use super::{Failure, On, Tx};

/// A second factor; it counts once it is confirmed.
#[derive(sqlx::FromRow)]
pub struct Factor {
    pub secret: Vec<u8>,
    pub key_name: String,
    pub last_step: i64,
    pub confirmed_at: Option<Moment>,
}

pub async fn find(on: impl Into<On<'_>>, user: UserId) -> Result<Option<Factor>, Failure> {
    on.into()
        .query(
            "select secret, key_name, last_step, confirmed_at from second_factor where user_id = ?",
        )
        .bind(user)
        .optional()
        .await
}

/// Writes a secret that is not confirmed yet, in place of an earlier one.
pub async fn begin(
    tx: &mut Tx,
    user: UserId,
    (secret, key_name): (&[u8], &str),
    at: Moment,
) -> Result<(), Failure> {
    tx.query(
        "insert into second_factor (user_id, secret, key_name, last_step, begun_at) \
         values (?, ?, ?, 0, ?) {upsert user_id: secret, key_name, last_step, begun_at}",
    )
    .bind(user)
    .bind(secret)
    .bind(key_name)
    .bind(at)
    .execute()
    .await?;
    Ok(())
}

/// Makes a factor count; says whether it was there and did not count yet.
pub async fn confirm(tx: &mut Tx, user: UserId, step: i64, at: Moment) -> Result<bool, Failure> {
    let rows = tx
        .query(
            "update second_factor set confirmed_at = ?, last_step = ? \
             where user_id = ? and confirmed_at is null",
        )
        .bind(at)
        .bind(step)
        .bind(user)
        .execute()
        .await?;
    Ok(rows == 1)
}

/// Uses a step up; says whether it was later than the last one used.
pub async fn use_step(tx: &mut Tx, user: UserId, step: i64) -> Result<bool, Failure> {
    let rows = tx
        .query(
            "update second_factor set last_step = ? \
             where user_id = ? and last_step < ? and confirmed_at is not null",
        )
        .bind(step)
        .bind(user)
        .bind(step)
        .execute()
        .await?;
    Ok(rows == 1)
}

/// Uses a recovery code up; says whether there was one.
pub async fn use_code(
    tx: &mut Tx,
    user: UserId,
    hash: &[u8; 32],
    at: Moment,
) -> Result<bool, Failure> {
    let rows = tx
        .query(
            "update recovery_code set used_at = ? \
             where user_id = ? and code_hash = ? and used_at is null",
        )
        .bind(at)
        .bind(user)
        .bind(&hash[..])
        .execute()
        .await?;
    Ok(rows == 1)
}

/// Writes recovery codes in place of earlier ones.
pub async fn keep_codes(tx: &mut Tx, user: UserId, hashes: &[[u8; 32]]) -> Result<(), Failure> {
    tx.query("delete from recovery_code where user_id = ?")
        .bind(user)
        .execute()
        .await?;
    let mut insert = tx
        .query("insert into recovery_code (user_id, code_hash) values {rows (?, ?)}")
        .rows(hashes.len());
    for hash in hashes {
        insert = insert.bind(user).bind(&hash[..]);
    }
    insert.execute().await?;
    Ok(())
}

/// Takes a factor and its codes away; says whether there was one that counted.
pub async fn remove(tx: &mut Tx, user: UserId) -> Result<bool, Failure> {
    tx.query("delete from recovery_code where user_id = ?")
        .bind(user)
        .execute()
        .await?;
    let counted: i64 = tx
        .query("select count(*) from second_factor where user_id = ? and confirmed_at is not null")
        .bind(user)
        .scalar()
        .await?;
    tx.query("delete from second_factor where user_id = ?")
        .bind(user)
        .execute()
        .await?;
    Ok(counted > 0)
}
