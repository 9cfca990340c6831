//! Follows a chain row by row. Pure; both kinds of rows are checked by the same steps.

use hillview_shared::audit::Tampering;

use crate::chain::{Hash, START};

/// A row of a chain as it is stored: its hash, and what it keeps beside it of itself and of the row
/// before. The log keeps other things there than the histories.
pub trait Chained {
    fn sequence(&self) -> i64;
    fn hash(&self) -> &[u8];
    /// The hash that the row would have at this place behind `previous`; `None` when its columns
    /// say nothing that could have been written.
    fn hash_at(&self, sequence: i64, previous: &Hash) -> Option<Hash>;
    /// Whether what it keeps beside its hash is what belongs there, of a row whose hash is right
    /// behind `previous`.
    fn fits(&self, previous: &Hash) -> bool;
    /// Whether the row, with its hash, is as it was written at this place, whatever stands before
    /// it; false when it does not say.
    fn holds(&self, sequence: i64) -> bool;
    /// Whether the row says that this was the hash of the row before it.
    fn names(&self, previous: &[u8]) -> bool;
}

/// A place in a chain with the hash of its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub sequence: i64,
    pub hash: Hash,
}

impl Place {
    /// Before the first row.
    pub const START: Self = Self {
        sequence: 0,
        hash: START,
    };
}

/// The rows of a chain that somebody took out at once and closed the gap behind, at most, for the
/// first to be named.
const MOVED_MOST: i64 = 16;

/// Follows the rows from a place that is known to be good; gives the place of the last one, or
/// what was done to which row first.
pub fn follow<R: Chained>(start: Place, rows: &[R]) -> Result<Place, (i64, Tampering)> {
    let mut last = start;
    for (number, row) in rows.iter().enumerate() {
        let sequence = last.sequence + 1;
        if row.sequence() < sequence {
            return Err((row.sequence(), Tampering::Added));
        }
        if row.sequence() > sequence {
            return Err((sequence, Tampering::Removed));
        }
        match row.hash_at(sequence, &last.hash) {
            Some(hash) if hash == row.hash() && row.fits(&last.hash) => {
                last = Place { sequence, hash };
            }
            _ => return Err(blame(last, row, rows.get(number + 1))),
        }
    }
    Ok(last)
}

/// What was done, when a row does not follow the one before it.
fn blame<R: Chained>(last: Place, row: &R, next: Option<&R>) -> (i64, Tampering) {
    let sequence = row.sequence();
    // A row that was moved to close a gap, or to make room, holds at its old place.
    if (1..=MOVED_MOST).any(|by| row.holds(sequence + by)) {
        return (sequence, Tampering::Removed);
    }
    if last.sequence > 0 && row.holds(sequence - 1) {
        return (last.sequence, Tampering::Added);
    }
    if next.is_some_and(|next| next.names(&last.hash)) {
        return (sequence, Tampering::Added);
    }
    // A row as it was written, which the next one still follows, followed another than this.
    let follows = row.hash_at(sequence, &last.hash);
    let follows = follows.is_some_and(|hash| hash == row.hash()) || row.names(&last.hash);
    let followed = next.is_none_or(|next| next.names(row.hash()));
    if last.sequence > 0 && !follows && followed && row.holds(sequence) {
        return (last.sequence, Tampering::Changed);
    }
    (sequence, Tampering::Changed)
}

#[cfg(test)]
mod tests;
