//! The chains that make a changed, added or removed row show: of a sheet's history, and of a
//! school's audit log.
//!
//! Each row's hash covers the row and the hash of the row before it. The bytes that are hashed
//! are written out here once and never change: old rows are checked with them for ever.
//!
//! A row of the audit log keeps the hash of the row before beside its own. A row of a history, of
//! which there are thousands of times as many, keeps a [`RowHash`] instead, which tells as much to
//! somebody who looks for the row that was touched.

use hillview_shared::ids::{Moment, OperationId, SheetId, StudentId, UserId};
use hillview_shared::marks::Entry;
use sha2::{Digest, Sha256};

pub type Hash = [u8; 32];

/// What stands before the first row of a sheet, and of the audit log.
pub const START: Hash = [0; 32];

/// What a row of the history keeps beside its hash, so that the row that was touched can be named
/// where the chain is broken. Half of it is of the row by itself: that row is as it was written,
/// at a place, whatever stands before it. Half is the beginning of the hash of the row before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RowHash([u8; 8]);

impl RowHash {
    const HALF: usize = 4;

    fn new(own: &Hash, previous: &Hash) -> Self {
        let mut bytes = [0; 8];
        bytes[..Self::HALF].copy_from_slice(&own[..Self::HALF]);
        bytes[Self::HALF..].copy_from_slice(&previous[..Self::HALF]);
        Self(bytes)
    }

    /// As it is stored; `None` when that could not have been written.
    pub fn stored(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether both say the same of their rows by themselves.
    pub fn same_row(&self, other: &Self) -> bool {
        self.0[..Self::HALF] == other.0[..Self::HALF]
    }

    /// Whether this is how the hash of the row before began.
    pub fn names(&self, previous: &[u8]) -> bool {
        previous.starts_with(&self.0[Self::HALF..])
    }
}

/// One row of the history, as it is hashed.
#[derive(Clone, Copy, Debug)]
pub struct Link<'a> {
    pub sheet: SheetId,
    pub sequence: i64,
    pub student: StudentId,
    pub before: &'a Entry,
    pub after: &'a Entry,
    pub by: UserId,
    pub at: Moment,
    pub operation: OperationId,
    pub source: &'a str,
    pub reason: Option<&'a str>,
}

impl Link<'_> {
    /// The hash of this row behind `previous`.
    pub fn hash(&self, previous: &Hash) -> Hash {
        self.digest(b"hillview mark_change 1\0", previous)
    }

    /// What the row keeps beside its hash. That covers the hash, so that it shows when only the
    /// hash was changed.
    pub fn row_hash(&self, previous: &Hash, hash: &Hash) -> RowHash {
        RowHash::new(
            &self.digest(b"hillview mark_change row 1\0", hash),
            previous,
        )
    }

    fn digest(&self, purpose: &[u8], first: &Hash) -> Hash {
        let mut hasher = Sha256::new();
        hasher.update(purpose);
        hasher.update(first);
        for number in [
            self.sheet.0,
            self.sequence,
            self.student.0,
            self.by.0,
            self.at.0,
        ] {
            hasher.update(number.to_be_bytes());
        }
        hasher.update(self.operation.0);
        for entry in [self.before, self.after] {
            put_entry(&mut hasher, entry);
        }
        put_text(&mut hasher, Some(self.source));
        put_text(&mut hasher, self.reason);
        hasher.finalize().into()
    }
}

/// One row of the audit log, as it is hashed.
#[derive(Clone, Copy, Debug)]
pub struct AuditLink<'a> {
    pub sequence: i64,
    pub at: Moment,
    pub username: Option<&'a str>,
    pub address: &'a str,
    pub source: &'a str,
    pub action: &'a str,
    pub subject: &'a str,
    pub outcome: &'a str,
    pub refused: bool,
    pub detail: &'a str,
}

impl AuditLink<'_> {
    /// The hash of this row behind `previous`.
    pub fn hash(&self, previous: &Hash) -> Hash {
        let mut hasher = Sha256::new();
        hasher.update(b"hillview audit 1\0");
        hasher.update(previous);
        hasher.update(self.sequence.to_be_bytes());
        hasher.update(self.at.0.to_be_bytes());
        put_text(&mut hasher, self.username);
        for text in [
            self.address,
            self.source,
            self.action,
            self.subject,
            self.outcome,
            self.detail,
        ] {
            put_text(&mut hasher, Some(text));
        }
        hasher.update([u8::from(self.refused)]);
        hasher.finalize().into()
    }
}

fn put_entry(hasher: &mut Sha256, entry: &Entry) {
    put_text(hasher, entry.state().map(|state| state.word()));
    match entry.score() {
        Some(score) => {
            hasher.update([1]);
            hasher.update(score.hundredths().to_be_bytes());
        }
        None => hasher.update([0]),
    }
    put_text(hasher, entry.level());
}

/// The length goes first, so that no two rows write the same bytes.
fn put_text(hasher: &mut Sha256, text: Option<&str>) {
    match text {
        Some(text) => {
            hasher.update([1]);
            hasher.update((text.len() as u64).to_be_bytes());
            hasher.update(text.as_bytes());
        }
        None => hasher.update([0]),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use hillview_shared::marks::Score;

    use super::*;

    fn each_with_another_part<'a>(
        link: Link<'a>,
        zero: &'a Entry,
        absent: &'a Entry,
    ) -> Vec<Link<'a>> {
        vec![
            link,
            Link {
                sheet: SheetId(9),
                ..link
            },
            Link {
                sequence: 2,
                ..link
            },
            Link {
                student: StudentId(9),
                ..link
            },
            Link {
                before: absent,
                ..link
            },
            Link {
                before: zero,
                after: &Entry::Blank,
                ..link
            },
            Link {
                after: absent,
                ..link
            },
            Link {
                by: UserId(9),
                ..link
            },
            Link {
                at: Moment(9),
                ..link
            },
            Link {
                operation: OperationId([9; 16]),
                ..link
            },
            Link {
                source: "cli",
                ..link
            },
            Link {
                reason: Some(""),
                ..link
            },
            Link {
                reason: Some("late"),
                ..link
            },
        ]
    }

    #[test]
    fn every_part_of_a_row_changes_its_hash() {
        let (zero, absent) = (Entry::Score(Score(0)), Entry::Absent);
        let link = Link {
            sheet: SheetId(1),
            sequence: 1,
            student: StudentId(2),
            before: &Entry::Blank,
            after: &zero,
            by: UserId(3),
            at: Moment(4),
            operation: OperationId([5; 16]),
            source: "tui",
            reason: None,
        };
        let changed = each_with_another_part(link, &zero, &absent);
        let hashes: HashSet<Hash> = changed.iter().map(|link| link.hash(&START)).collect();
        assert_eq!(hashes.len(), changed.len());
        let by_itself = link.row_hash(&START, &START);
        for other in &changed[1..] {
            assert!(!other.row_hash(&START, &START).same_row(&by_itself));
        }
        assert!(!link.row_hash(&START, &[1; 32]).same_row(&by_itself));
        assert!(link.row_hash(&[1; 32], &START).same_row(&by_itself));
        assert_ne!(
            link.hash(&START),
            link.hash(&[1; 32]),
            "the row before counts"
        );
    }

    #[test]
    fn the_bytes_never_change() {
        let link = Link {
            sheet: SheetId(1),
            sequence: 1,
            student: StudentId(2),
            before: &Entry::Blank,
            after: &Entry::Score(Score(5200)),
            by: UserId(3),
            at: Moment(1_700_000_000_000_000),
            operation: OperationId([7; 16]),
            source: "tui",
            reason: Some("late script"),
        };
        assert_eq!(
            hex::encode(link.hash(&START)),
            "53ced5109985c5014344efca05705603d28890a226f19ecf9165424db2666025"
        );
        let row_hash = link.row_hash(&[0xab; 32], &link.hash(&[0xab; 32]));
        assert_eq!(hex::encode(row_hash.bytes()), "e5b78648abababab");
    }
}
