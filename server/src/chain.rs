//! The chains that make a changed, added or removed row show: of a sheet's history, and of a
//! school's audit log.
//!
//! Each row's hash covers the row and the hash of the row before it. The bytes that are hashed
//! are written out here once and never change: old rows are checked with them for ever.

use hillview_shared::ids::{Moment, OperationId, SheetId, StudentId, UserId};
use hillview_shared::marks::Entry;
use sha2::{Digest, Sha256};

pub type Hash = [u8; 32];

/// What stands before the first row of a sheet, and of the audit log.
pub const START: Hash = [0; 32];

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
        let mut hasher = Sha256::new();
        hasher.update(b"hillview mark_change 1\0");
        hasher.update(previous);
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
    }
}
