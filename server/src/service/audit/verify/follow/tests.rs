//! Chains of both kinds that somebody touched.

use hillview_shared::ids::{Moment, OperationId, SheetId, StudentId, UserId};
use hillview_shared::marks;

use super::*;
use crate::chain::{AuditLink, Link};
use crate::db::chains::{CHANGE, Content, Entry};
use crate::db::marks::NewChange;

/// A row that a test makes and touches.
trait Row: Chained + Clone {
    /// As it is written at a place behind a row.
    fn new(sequence: i64, text: &str, previous: &Hash) -> Self;
    /// Puts other words in, and leaves all else.
    fn say(&mut self, text: &str);
    fn text(&self) -> &str;
    fn set_sequence(&mut self, sequence: i64);
    fn set_hash(&mut self, hash: &Hash);
    /// Gives it what it would have kept as it is now, behind a row, but for its hash.
    fn keep_anew(&mut self, previous: &Hash);
}

impl Row for Entry {
    fn new(sequence: i64, text: &str, previous: &Hash) -> Self {
        let link = AuditLink {
            sequence,
            at: Moment(9),
            username: Some("amina"),
            address: "unix",
            source: "tui",
            action: "log-in",
            subject: "amina",
            outcome: "ok",
            refused: false,
            detail: text,
        };
        Self {
            sequence,
            at: link.at,
            username: link.username.map(str::to_owned),
            address: link.address.to_owned(),
            source: link.source.to_owned(),
            action: link.action.to_owned(),
            subject: link.subject.to_owned(),
            outcome: link.outcome.to_owned(),
            refused: link.refused,
            detail: text.to_owned(),
            previous_hash: previous.to_vec(),
            hash: link.hash(previous).to_vec(),
        }
    }
    fn say(&mut self, text: &str) {
        text.clone_into(&mut self.detail);
    }
    fn text(&self) -> &str {
        &self.detail
    }
    fn set_sequence(&mut self, sequence: i64) {
        self.sequence = sequence;
    }
    fn set_hash(&mut self, hash: &Hash) {
        self.hash = hash.to_vec();
    }
    fn keep_anew(&mut self, previous: &Hash) {
        self.previous_hash = previous.to_vec();
    }
}

fn link(sequence: i64, text: &str) -> Link<'_> {
    Link {
        sheet: SheetId(3),
        sequence,
        student: StudentId(4),
        before: &marks::Entry::Blank,
        after: &marks::Entry::Absent,
        by: UserId(5),
        at: Moment(9),
        operation: OperationId([6; 16]),
        source: "tui",
        reason: Some(text),
    }
}

impl Row for Content {
    fn new(sequence: i64, text: &str, previous: &Hash) -> Self {
        let NewChange {
            link,
            row_hash,
            hash,
        } = NewChange::behind(previous, link(sequence, text));
        Self {
            kind: CHANGE,
            sheet_id: link.sheet,
            sequence,
            student_id: link.student,
            old_state: None,
            old_score: None,
            old_level: None,
            new_state: Some("absent".to_owned()),
            new_score: None,
            new_level: None,
            changed_by: link.by,
            changed_at: link.at,
            operation: Some(link.operation.0.to_vec()),
            source: Some(link.source.to_owned()),
            reason: Some(text.to_owned()),
            row_hash: Some(row_hash.bytes().to_vec()),
            hash: Some(hash.to_vec()),
            v: 0,
        }
    }
    fn say(&mut self, text: &str) {
        self.reason = Some(text.to_owned());
    }
    fn text(&self) -> &str {
        self.reason.as_deref().unwrap()
    }
    fn set_sequence(&mut self, sequence: i64) {
        self.sequence = sequence;
    }
    fn set_hash(&mut self, hash: &Hash) {
        self.hash = Some(hash.to_vec());
    }
    fn keep_anew(&mut self, previous: &Hash) {
        let hash = hash(self);
        let kept = link(self.sequence, self.text()).row_hash(previous, &hash);
        self.row_hash = Some(kept.bytes().to_vec());
    }
}

fn hash(row: &impl Chained) -> Hash {
    row.hash().try_into().unwrap()
}

/// The hash of the row before a place, counted from 0.
fn behind<R: Row>(rows: &[R], at: usize) -> Hash {
    at.checked_sub(1)
        .map_or(START, |before| hash(&rows[before]))
}

fn number(at: usize) -> i64 {
    i64::try_from(at).unwrap() + 1
}

fn chain<R: Row>() -> Vec<R> {
    let mut rows: Vec<R> = Vec::new();
    for text in ["a", "b", "c", "d", "e"] {
        let at = rows.len();
        rows.push(R::new(number(at), text, &behind(&rows, at)));
    }
    rows
}

/// A chain of rows that keep nothing beside their hashes.
fn old_chain() -> Vec<Content> {
    let mut rows = chain::<Content>();
    rows.iter_mut().for_each(|row| row.row_hash = None);
    rows
}

fn fault<R: Chained>(rows: &[R]) -> Option<(i64, Tampering)> {
    follow(Place::START, rows).err()
}

/// Takes a row out; with `close` the rows behind it move up.
fn take_out<R: Row>(rows: &mut Vec<R>, at: usize, close: bool) {
    rows.remove(at);
    if close {
        for (at, row) in rows.iter_mut().enumerate() {
            row.set_sequence(number(at));
        }
    }
}

/// Puts a row in, and moves those behind it down.
fn put_in<R: Row>(rows: &mut Vec<R>, at: usize, added: R) {
    rows.insert(at, added);
    for (at, row) in rows.iter_mut().enumerate() {
        row.set_sequence(number(at));
    }
}

fn what_nobody_touched<R: Row>(rows: &[R]) {
    let end = follow(Place::START, rows).unwrap();
    assert_eq!((end.sequence, end.hash), (5, hash(&rows[4])));
    let half = follow(Place::START, &rows[..2]).unwrap();
    assert_eq!(follow(half, &rows[2..]), Ok(end), "in pieces as well");
}

#[test]
fn what_nobody_touched_holds() {
    what_nobody_touched(&chain::<Entry>());
    what_nobody_touched(&chain::<Content>());
    what_nobody_touched(&old_chain());
    let mut rows = chain::<Content>();
    rows[..2].iter_mut().for_each(|row| row.row_hash = None);
    what_nobody_touched(&rows);
}

fn changed<R: Row>() {
    for at in 0..5 {
        let here = Some((number(at), Tampering::Changed));
        let mut rows = chain::<R>();
        rows[at].say("x");
        assert_eq!(fault(&rows), here);
        let previous = behind(&rows, at);
        rows[at].keep_anew(&previous);
        assert_eq!(fault(&rows), here, "all anew but the hash");
        rows[at] = R::new(number(at), "x", &previous);
        let seen = here.filter(|_| at < 4);
        assert_eq!(
            fault(&rows),
            seen,
            "the last row only shows against the head"
        );
        let mut rows = chain::<R>();
        rows[at].set_hash(&[9; 32]);
        assert_eq!(fault(&rows), here, "the hash alone");
        rows[at].keep_anew(&previous);
        assert_eq!(fault(&rows), here, "the hash, and what is kept fits it");
        let mut rows = chain::<R>();
        rows[at].keep_anew(&[9; 32]);
        assert_eq!(fault(&rows), here, "what is kept of the row before");
    }
}

#[test]
fn a_changed_row_is_named_also_when_its_hash_was_made_anew() {
    changed::<Entry>();
    changed::<Content>();
    // Of two, the first.
    let mut rows = chain::<Content>();
    rows[1] = Content::new(2, "x", &behind(&rows, 1));
    rows[3].say("y");
    assert_eq!(fault(&rows), Some((2, Tampering::Changed)));
}

fn removed<R: Row>() {
    for at in 0..4 {
        let here = Some((number(at), Tampering::Removed));
        for close in [false, true] {
            let mut rows = chain::<R>();
            take_out(&mut rows, at, close);
            assert_eq!(fault(&rows), here);
            while rows.len() > at + 1 {
                take_out(&mut rows, at, close);
                assert_eq!(fault(&rows), here, "several at once");
            }
        }
    }
}

#[test]
fn a_removed_row_is_named_also_when_the_gap_was_closed() {
    removed::<Entry>();
    removed::<Content>();
}

fn added<R: Row>() {
    for at in 0..4_usize {
        let here = Some((number(at), Tampering::Added));
        let mut rows = chain::<R>();
        let added = R::new(number(at), "x", &behind(&rows, at));
        put_in(&mut rows, at, added);
        assert_eq!(fault(&rows), here);
        rows[at].set_hash(&[9; 32]);
        assert_eq!(fault(&rows), here);
    }
    let mut rows = chain::<R>();
    let mut none = rows[0].clone();
    none.set_sequence(0);
    rows.insert(0, none);
    assert_eq!(fault(&rows), Some((0, Tampering::Added)));
}

#[test]
fn an_added_row_is_named() {
    added::<Entry>();
    added::<Content>();
}

/// Whatever is done shows; the row is named where the hashes alone tell.
#[test]
fn rows_that_keep_nothing_beside_their_hash_are_checked_by_it() {
    for at in 0..4_usize {
        let mut rows = old_chain();
        rows[at].say("x");
        assert_eq!(fault(&rows), Some((number(at), Tampering::Changed)));
        let mut rows = old_chain();
        rows[at] = Content::new(number(at), "x", &behind(&rows, at));
        rows[at].row_hash = None;
        assert!(fault(&rows).is_some_and(|(sequence, _)| sequence <= number(at) + 1));
        let mut rows = old_chain();
        take_out(&mut rows, at, false);
        assert_eq!(fault(&rows), Some((number(at), Tampering::Removed)));
        let mut rows = old_chain();
        take_out(&mut rows, at, true);
        assert_eq!(fault(&rows), Some((number(at), Tampering::Changed)));
        let mut rows = old_chain();
        let mut added = Content::new(number(at), "x", &START);
        added.row_hash = None;
        put_in(&mut rows, at, added);
        assert!(fault(&rows).is_some_and(|(sequence, _)| sequence <= number(at) + 1));
    }
}
