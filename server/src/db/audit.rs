//! The audit log: only ever added to, at its end, by whoever holds its head.

use super::{Failure, Tx};
use crate::chain::{AuditLink, Hash};

/// Where the log ends.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Head {
    pub sequence: i64,
    pub hash: Vec<u8>,
}

/// The end of the log, held until the transaction ends; `None` when it was removed.
pub async fn hold_head(tx: &mut Tx) -> Result<Option<Head>, Failure> {
    tx.query("select sequence, hash from audit_head where id = 1 {lock}")
        .optional()
        .await
}

/// A row, hashed.
pub struct NewEntry<'a> {
    pub link: AuditLink<'a>,
    pub previous_hash: Hash,
    pub hash: Hash,
}

/// Adds rows after [`hold_head`].
pub async fn append(tx: &mut Tx, entries: &[NewEntry<'_>]) -> Result<(), Failure> {
    let mut query = tx
        .query(
            "insert into audit
                (sequence, at, username, address, source, action, subject, outcome, refused,
                detail, previous_hash, hash)
            values {rows (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)}",
        )
        .rows(entries.len());
    for NewEntry {
        link,
        previous_hash,
        hash,
    } in entries
    {
        query = query
            .bind(link.sequence)
            .bind(link.at)
            .bind(link.username)
            .bind(link.address)
            .bind(link.source)
            .bind(link.action)
            .bind(link.subject)
            .bind(link.outcome)
            .bind(link.refused)
            .bind(link.detail)
            .bind(&previous_hash[..])
            .bind(&hash[..]);
    }
    query.execute().await?;
    Ok(())
}

/// Moves the end of the log after [`append`].
pub async fn move_head(tx: &mut Tx, sequence: i64, hash: &Hash) -> Result<(), Failure> {
    tx.query("update audit_head set sequence = ?, hash = ? where id = 1")
        .bind(sequence)
        .bind(&hash[..])
        .execute()
        .await?;
    Ok(())
}
