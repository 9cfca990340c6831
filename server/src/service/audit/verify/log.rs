//! The chain of the audit log, against its head and against one that was written down before.

use hillview_shared::audit::Tampering;

use super::follow::{Chained, Place, follow};
use super::{Fault, PIECE};
use crate::chain::{AuditLink, Hash};
use crate::db::chains::Entry;
use crate::db::{Db, audit, chains};
use crate::error::Result;

impl Chained for Entry {
    fn sequence(&self) -> i64 {
        self.sequence
    }

    fn hash(&self) -> &[u8] {
        &self.hash
    }

    fn hash_at(&self, sequence: i64, previous: &Hash) -> Option<Hash> {
        let link = AuditLink {
            sequence,
            at: self.at,
            username: self.username.as_deref(),
            address: &self.address,
            source: &self.source,
            action: &self.action,
            subject: &self.subject,
            outcome: &self.outcome,
            refused: self.refused,
            detail: &self.detail,
        };
        Some(link.hash(previous))
    }

    fn fits(&self, previous: &Hash) -> bool {
        self.names(previous)
    }

    fn holds(&self, sequence: i64) -> bool {
        let previous = self.previous_hash.as_slice().try_into().ok();
        let hash = previous.and_then(|previous| self.hash_at(sequence, previous));
        hash.is_some_and(|hash| hash == self.hash.as_slice())
    }

    fn names(&self, previous: &[u8]) -> bool {
        self.previous_hash == previous
    }
}

/// How far a piece of the log was checked.
pub struct Piece {
    pub rows: u64,
    pub end: Place,
    /// Whether that is all of it.
    pub whole: bool,
}

/// Checks the next rows of the log.
///
/// The log grows meanwhile. The head is read before the rows, which must reach it, and again after
/// them, when they may not lie beyond it: each row is committed together with its head.
pub async fn check(db: &Db, start: Place, expect: Option<Place>) -> Result<Result<Piece, Fault>> {
    // Rows before the first place were never written.
    let behind = match start.sequence {
        0 => i64::MIN,
        sequence => sequence,
    };
    let before = head(db).await?;
    let rows = chains::entries(db, behind, PIECE).await?;
    let after = head(db).await?;
    let (Some(before), Some(after)) = (before, after) else {
        // Whoever took the head away wanted the end of the log not to be missed.
        let last = rows.last().map_or(start.sequence, |row| row.sequence);
        return Ok(Err(Fault::audit(last + 1, Tampering::Removed)));
    };
    Ok(
        compare(start, &rows, (before, after), expect).map_err(|(sequence, what)| {
            // What follows the head was never written, whatever it looks like.
            match what {
                Tampering::Changed if sequence > after.sequence => {
                    Fault::audit(sequence, Tampering::Added)
                }
                what => Fault::audit(sequence, what),
            }
        }),
    )
}

async fn head(db: &Db) -> Result<Option<Place>> {
    let head = audit::head(db).await?;
    Ok(head.map(|head| Place {
        sequence: head.sequence,
        // A hash of another length fits no row.
        hash: head.hash.try_into().unwrap_or([0xff; 32]),
    }))
}

fn compare(
    start: Place,
    rows: &[Entry],
    (before, after): (Place, Place),
    expect: Option<Place>,
) -> Result<Piece, (i64, Tampering)> {
    let end = follow(start, rows)?;
    let whole = i64::try_from(rows.len()) != Ok(PIECE);
    if whole && end.sequence < before.sequence {
        return Err((end.sequence + 1, Tampering::Removed));
    }
    if end.sequence > after.sequence {
        return Err((after.sequence + 1, Tampering::Added));
    }
    for known in [Some(before), Some(after), expect].into_iter().flatten() {
        let there = match known.sequence {
            0 => Some(Place::START.hash),
            sequence if sequence == start.sequence => Some(start.hash),
            sequence => {
                let row = rows.iter().find(|row| row.sequence == sequence);
                row.and_then(|row| row.hash.as_slice().try_into().ok())
            }
        };
        match there {
            Some(hash) if hash != known.hash => return Err((known.sequence, Tampering::Changed)),
            None if whole && known.sequence > end.sequence && known.sequence > after.sequence => {
                return Err((end.sequence + 1, Tampering::Removed));
            }
            _ => {}
        }
    }
    Ok(Piece {
        rows: u64::try_from(rows.len()).unwrap_or(u64::MAX),
        end,
        whole,
    })
}
