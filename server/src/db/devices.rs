//! Devices that somebody logged in on before.

use hillview_shared::ids::{Moment, UserId};

use super::{Failure, On, Tx};

/// A device's row, when it is one of this login's.
pub async fn find(
    on: impl Into<On<'_>>,
    user: UserId,
    hash: &[u8; 32],
) -> Result<Option<i64>, Failure> {
    let found: Option<(i64,)> = on
        .into()
        .query("select id from device where token_hash = ? and user_id = ?")
        .bind(&hash[..])
        .bind(user)
        .optional()
        .await?;
    Ok(found.map(|(id,)| id))
}

pub async fn add(tx: &mut Tx, user: UserId, hash: &[u8; 32], at: Moment) -> Result<(), Failure> {
    tx.query("insert into device (user_id, token_hash, seen_at) values (?, ?, ?)")
        .bind(user)
        .bind(&hash[..])
        .bind(at)
        .execute()
        .await?;
    Ok(())
}

pub async fn see(tx: &mut Tx, device: i64, at: Moment) -> Result<(), Failure> {
    tx.query("update device set seen_at = ? where id = ?")
        .bind(at)
        .bind(device)
        .execute()
        .await?;
    Ok(())
}

/// A login's devices, the last seen first.
pub async fn of(tx: &mut Tx, user: UserId) -> Result<Vec<i64>, Failure> {
    let rows: Vec<(i64,)> = tx
        .query("select id from device where user_id = ? order by seen_at desc, id desc")
        .bind(user)
        .all()
        .await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

pub async fn forget(tx: &mut Tx, devices: &[i64]) -> Result<(), Failure> {
    tx.query("delete from device where id in ({list})")
        .list(devices)
        .execute()
        .await?;
    Ok(())
}

pub async fn forget_all(tx: &mut Tx, user: UserId) -> Result<(), Failure> {
    tx.query("delete from device where user_id = ?")
        .bind(user)
        .execute()
        .await?;
    Ok(())
}
