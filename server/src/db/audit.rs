//! The audit log: only ever added to, at its end, by whoever holds its head.

use hillview_shared::audit::AuditEntry;
use hillview_shared::ids::Moment;

use super::{Db, Failure, Tx};
use crate::chain::{AuditLink, Hash};

/// The most lines of one statement, which must not have too many values.
const ROWS: usize = 1_000;

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

/// The end of the log.
pub async fn head(db: &Db) -> Result<Option<Head>, Failure> {
    db.query("select sequence, hash from audit_head where id = 1")
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
    for entries in entries.chunks(ROWS) {
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
    }
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

/// Which rows to list: those of one page and of a time.
#[derive(Clone, Copy, Debug)]
pub struct Filter<'a> {
    /// Only of these actions; of all when empty.
    pub actions: &'a [&'a str],
    pub username: Option<&'a str>,
    pub refused: bool,
    pub from: Moment,
    /// At this moment or before it, and in it before this place.
    pub until: (Moment, i64),
    pub limit: i64,
}

macro_rules! entries {
    ($rest:literal) => {
        concat!(
            "select sequence, at, username, address, source, action, subject, outcome, detail
            from audit
            where at >= ? and at <= ? and (at < ? or sequence < ?) ",
            $rest
        )
    };
}

/// Rows of the log, the newest first. Each kind of filter has an index that ends in the time, so
/// that a page is read without sorting what it leaves out; hence a statement for each.
pub async fn list(db: &Db, filter: Filter<'_>) -> Result<Vec<AuditEntry>, Failure> {
    if let Some(username) = filter.username {
        return of_login(db, filter, username).await;
    }
    if !filter.actions.is_empty() {
        return of_actions(db, filter).await;
    }
    let (at, sequence) = filter.until;
    let query = match filter.refused {
        true => db.query(entries!(
            "and refused = true order by at desc, sequence desc limit ?"
        )),
        false => db.query(entries!("order by at desc, sequence desc limit ?")),
    };
    query
        .bind(filter.from)
        .bind(at)
        .bind(at)
        .bind(sequence)
        .bind(filter.limit)
        .all()
        .await
}

async fn of_login(db: &Db, filter: Filter<'_>, username: &str) -> Result<Vec<AuditEntry>, Failure> {
    let (at, sequence) = filter.until;
    db.query(entries!(
        "and username = ? and (? = false or refused = true) and (? or action in ({list}))
        order by at desc, sequence desc limit ?"
    ))
    .bind(filter.from)
    .bind(at)
    .bind(at)
    .bind(sequence)
    .bind(username)
    .bind(filter.refused)
    .bind(filter.actions.is_empty())
    .list(filter.actions)
    .bind(filter.limit)
    .all()
    .await
}

async fn of_actions(db: &Db, filter: Filter<'_>) -> Result<Vec<AuditEntry>, Failure> {
    let (at, sequence) = filter.until;
    let mut query = db
        .query(
            "select sequence, at, username, address, source, action, subject, outcome, detail
            from ({union select sequence, at, username, address, source, action, subject, outcome,
                    detail
                from (select sequence, at, username, address, source, action, subject, outcome,
                        detail
                    from audit
                    where action = ? and at >= ? and at <= ? and (at < ? or sequence < ?)
                    and (? = false or refused = true)
                    order by at desc, sequence desc limit ?) of_one}) of_any
            order by at desc, sequence desc limit ?",
        )
        .rows(filter.actions.len());
    for action in filter.actions {
        query = query
            .bind(*action)
            .bind(filter.from)
            .bind(at)
            .bind(at)
            .bind(sequence)
            .bind(filter.refused)
            .bind(filter.limit);
    }
    query.bind(filter.limit).all().await
}
