//! Counts of what has changed in a school, in its one row of `session_policy`: whoever remembers
//! what was read looks at them before believing it.
//!
//! The count of reference data moves by itself: a transaction that writes to one of the tables in
//! [`REFERENCE`] moves it when it commits, and no function that writes has to think of it. Not here:
//! what is remembered (`cache`).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use hillview_shared::ids::SchoolId;

use super::{Db, Failure, Tx};

/// The tables that change a few times a year and are remembered.
pub const REFERENCE: &[&str] = &[
    "academic_year",
    "class",
    "grade",
    "offering",
    "paper",
    "subject",
    "term",
];

/// What a count of changes stood at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, sqlx::Type)]
#[sqlx(transparent)]
pub struct Epoch(pub i64);

/// Where a school's counts stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Epochs {
    /// Of changes to what sessions may and how long they last.
    pub epoch: Epoch,
    /// Of sessions that were ended: each has the number of its end.
    pub last_end: Epoch,
    /// Of changes to reference data.
    pub reference_epoch: Epoch,
}

/// Where the school's counts stand.
pub async fn read(db: &Db) -> Result<Epochs, Failure> {
    db.query("select epoch, last_end, reference_epoch from session_policy where id = 1")
        .one()
        .await
}

/// Gives a new school counts that no other school has had: its code may have been another's, of
/// which a server still remembers something.
pub async fn begin(tx: &mut Tx, school: SchoolId) -> Result<(), Failure> {
    let first = school.0 << 32;
    tx.query("update session_policy set epoch = ?, last_end = ?, reference_epoch = ? where id = 1")
        .bind(first)
        .bind(first)
        .bind(first)
        .execute()
        .await?;
    Ok(())
}

/// Counts an end of sessions and holds the school's one row: ends are committed in the order of
/// their numbers, so that whoever has seen a number has seen all before it.
pub async fn count_end(tx: &mut Tx) -> Result<(), Failure> {
    tx.query("update session_policy set last_end = last_end + 1 where id = 1")
        .execute()
        .await?;
    Ok(())
}

/// Sessions that were ended after an end, by the hashes of their secrets; `most` of them.
pub async fn ended_since(db: &Db, end: Epoch, most: usize) -> Result<Vec<[u8; 32]>, Failure> {
    let rows: Vec<(Vec<u8>,)> = db
        .query("select token_hash from session where end_no > ? order by end_no limit ?")
        .bind(end)
        .bind(i64::try_from(most).unwrap_or(i64::MAX))
        .all()
        .await?;
    let hashes = rows.into_iter().map(|(hash,)| hash.try_into());
    Ok(hashes.filter_map(Result::ok).collect())
}

/// Moves the count of reference data; the last statement of a transaction that wrote any.
pub(super) async fn reference_changed(tx: &mut Tx) -> Result<(), Failure> {
    tx.query("update session_policy set reference_epoch = reference_epoch + 1 where id = 1")
        .execute()
        .await?;
    Ok(())
}

/// The table that a statement writes to.
pub fn written_table(statement: &str) -> Option<&str> {
    let mut words = statement.split_ascii_whitespace();
    match (words.next()?, words.next()?) {
        ("update", table) => Some(table),
        ("insert", "into") | ("delete", "from") => words.next(),
        _ => None,
    }
}

/// Changes of reference data made from this process. Each value of the count is used once, so that
/// a school whose connections were closed and opened again is not taken for unchanged.
pub(super) struct Changes {
    count: AtomicU64,
    untold: AtomicBool,
}

impl Changes {
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            count: AtomicU64::new(next()),
            untold: AtomicBool::new(false),
        })
    }

    pub fn count(&self) -> u64 {
        self.count.load(Ordering::Acquire)
    }

    /// Whether others are still to be told; they are, once.
    pub fn take_untold(&self) -> bool {
        self.untold.load(Ordering::Relaxed) && self.untold.swap(false, Ordering::Relaxed)
    }
}

fn next() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// A transaction that wrote reference data. What was remembered before it ended is in doubt, however
/// it ended.
pub(super) struct Changing(Arc<Changes>);

impl Changing {
    pub fn by(changes: &Arc<Changes>) -> Self {
        Self(Arc::clone(changes))
    }
}

impl Drop for Changing {
    fn drop(&mut self) {
        self.0.untold.store(true, Ordering::Relaxed);
        self.0.count.store(next(), Ordering::Release);
    }
}
