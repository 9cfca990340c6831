//! Follows a chain row by row. Pure; both kinds of rows are checked by the same steps.

use hillview_shared::audit::Tampering;

use crate::chain::{Hash, START};

/// A row of a chain as it is stored.
pub trait Chained {
    fn sequence(&self) -> i64;
    fn previous_hash(&self) -> &[u8];
    fn hash(&self) -> &[u8];
    /// The hash that the row would have at this place behind `previous`; `None` when its columns
    /// say nothing that could have been written.
    fn hash_at(&self, sequence: i64, previous: &Hash) -> Option<Hash>;
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
            Some(hash) if hash == row.hash() && last.hash == row.previous_hash() => {
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
    let holds = |sequence| {
        let previous: Option<Hash> = row.previous_hash().try_into().ok();
        let hash = previous.and_then(|previous| row.hash_at(sequence, &previous));
        hash.is_some_and(|hash| hash == row.hash())
    };
    // A row that was moved to close a gap, or to make room, holds at its old place.
    if (1..=MOVED_MOST).any(|by| holds(sequence + by)) {
        return (sequence, Tampering::Removed);
    }
    if last.sequence > 0 && holds(sequence - 1) {
        return (last.sequence, Tampering::Added);
    }
    if next.is_some_and(|next| last.hash == next.previous_hash()) {
        return (sequence, Tampering::Added);
    }
    // A row as it was written, which the next one still follows, followed another than this.
    let followed = next.is_none_or(|next| next.previous_hash() == row.hash());
    if last.sequence > 0 && followed && holds(sequence) {
        return (last.sequence, Tampering::Changed);
    }
    (sequence, Tampering::Changed)
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    #[derive(Clone)]
    struct Row {
        sequence: i64,
        text: &'static str,
        previous: Hash,
        hash: Hash,
    }

    impl Chained for Row {
        fn sequence(&self) -> i64 {
            self.sequence
        }
        fn previous_hash(&self) -> &[u8] {
            &self.previous
        }
        fn hash(&self) -> &[u8] {
            &self.hash
        }
        fn hash_at(&self, sequence: i64, previous: &Hash) -> Option<Hash> {
            let mut hasher = Sha256::new();
            hasher.update(previous);
            hasher.update(sequence.to_be_bytes());
            hasher.update(self.text);
            Some(hasher.finalize().into())
        }
    }

    fn row(last: Option<&Row>, text: &'static str) -> Row {
        let (sequence, previous) = last.map_or((1, START), |last| (last.sequence + 1, last.hash));
        let mut row = Row {
            sequence,
            text,
            previous,
            hash: START,
        };
        row.hash = row.hash_at(sequence, &previous).unwrap();
        row
    }

    fn chain() -> Vec<Row> {
        let mut rows: Vec<Row> = Vec::new();
        for text in ["a", "b", "c", "d", "e"] {
            rows.push(row(rows.last(), text));
        }
        rows
    }

    fn fault(rows: &[Row]) -> Option<(i64, Tampering)> {
        follow(Place::START, rows).err()
    }

    #[test]
    fn what_nobody_touched_holds() {
        let rows = chain();
        let end = follow(Place::START, &rows).unwrap();
        assert_eq!((end.sequence, end.hash), (5, rows[4].hash));
        let half = follow(Place::START, &rows[..2]).unwrap();
        assert_eq!(follow(half, &rows[2..]), Ok(end), "in pieces as well");
    }

    #[test]
    fn a_changed_row_is_named_also_when_its_hash_was_made_anew() {
        for at in 0..5 {
            let mut rows = chain();
            rows[at].text = "x";
            let sequence = rows[at].sequence;
            assert_eq!(fault(&rows), Some((sequence, Tampering::Changed)));
            rows[at].hash = rows[at].hash_at(sequence, &rows[at].previous).unwrap();
            let seen = (at < 4).then_some((sequence, Tampering::Changed));
            assert_eq!(
                fault(&rows),
                seen,
                "the last row only shows against the head"
            );
        }
    }

    #[test]
    fn a_removed_row_is_named_also_when_the_gap_was_closed() {
        for at in 0..4 {
            let mut rows = chain();
            rows.remove(at);
            let sequence = i64::try_from(at).unwrap() + 1;
            assert_eq!(fault(&rows), Some((sequence, Tampering::Removed)));
            for row in &mut rows[at..] {
                row.sequence -= 1;
            }
            assert_eq!(fault(&rows), Some((sequence, Tampering::Removed)));
        }
    }

    #[test]
    fn an_added_row_is_named() {
        for at in 0..4_usize {
            let mut rows = chain();
            let mut added = row(at.checked_sub(1).map(|before| &rows[before]), "x");
            let sequence = added.sequence;
            for row in &mut rows[at..] {
                row.sequence += 1;
            }
            rows.insert(at, added.clone());
            assert_eq!(fault(&rows), Some((sequence, Tampering::Added)));
            added.hash = [9; 32];
            rows[at] = added;
            assert_eq!(fault(&rows), Some((sequence, Tampering::Added)));
        }
        let mut rows = chain();
        rows.insert(
            0,
            Row {
                sequence: 0,
                ..rows[0].clone()
            },
        );
        assert_eq!(fault(&rows), Some((0, Tampering::Added)));
    }
}
