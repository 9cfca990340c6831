//! What is queued survives every end of the program, goes out in order, and once.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use hillview_shared::ids::{Moment, OperationId, SheetId, StudentId, Version};
use hillview_shared::marks::{Entry, MarksSaved, Problem, Score, Theirs};
use hillview_shared::{ApiError, Kind};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::journal::PREFIX;
use super::{Outbox, Owner, stored};
use crate::msg::{EditId, NewEdit, OutboxCounts, OutboxEvent, PendingState, Ticket};

fn owner() -> Owner {
    Owner {
        server: "unix:/run/hillview.sock".into(),
        school: "kili".into(),
        user: "akinyi".into(),
    }
}

fn open(folder: &Path) -> Outbox {
    Outbox::open(folder, owner()).unwrap()
}

fn edit(sheet: i64, student: i64, score: i32, based_on: i64) -> NewEdit {
    NewEdit {
        ticket: Ticket(7),
        sheet: SheetId(sheet),
        student: StudentId(student),
        label: format!("sheet {sheet}, student {student}"),
        based_on: Version(based_on),
        entry: Entry::Score(Score::whole(score)),
        reason: None,
        replaces: None,
    }
}

fn queue(outbox: &mut Outbox, edit: NewEdit) -> EditId {
    let events = outbox.queue(&[edit], Moment(1)).unwrap();
    match events.last() {
        Some(OutboxEvent::Queued { pending, .. }) => pending.edit,
        other => panic!("{other:?}"),
    }
}

fn saved(version: i64, problems: Vec<Problem>) -> MarksSaved {
    MarksSaved {
        version: Version(version),
        entered: 1,
        problems,
    }
}

fn problem(student: i64, code: &str, theirs: Option<(i32, i64)>) -> Problem {
    Problem {
        student: StudentId(student),
        code: code.into(),
        message: format!("because of {code}"),
        theirs: theirs.map(|(score, version)| Theirs {
            entry: Entry::Score(Score::whole(score)),
            version: Version(version),
            by: "M. Hassan".into(),
            at: Moment(5),
        }),
    }
}

/// What a save holds: its operation, and student, score and base of each edit.
type Save = (OperationId, Vec<(i64, i32, i64)>);

/// What the next save holds.
fn next(outbox: &mut Outbox) -> Option<Save> {
    let (save, _) = outbox.next_save()?;
    let whole = |entry: &Entry| entry.score().unwrap().hundredths() / 100;
    let edits = save.edits.iter();
    Some((
        save.operation,
        edits
            .map(|edit| (edit.student.0, whole(&edit.entry), edit.based_on.0))
            .collect(),
    ))
}

fn journal(folder: &Path) -> PathBuf {
    fs::read_dir(folder.join("outbox"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.to_string_lossy().ends_with(".1.journal"))
        .unwrap()
}

/// The ends of the records of a journal.
fn ends(bytes: &[u8]) -> Vec<usize> {
    let mut at = "hillview outbox 1\n".len();
    let mut ends = vec![at];
    while at < bytes.len() {
        let length = u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
        at += PREFIX + length as usize;
        ends.push(at);
    }
    ends
}

/// A folder as it would be after a power cut that left these bytes of the journal.
fn after_cut(from: &Path, bytes: &[u8]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("outbox")).unwrap();
    let name = journal(from).file_name().unwrap().to_owned();
    fs::write(folder.path().join("outbox").join(name), bytes).unwrap();
    folder
}

fn ids(outbox: &Outbox) -> BTreeSet<EditId> {
    outbox
        .pending()
        .iter()
        .map(|pending| pending.edit)
        .collect()
}

/// Two hundred steps of a day with a bad line; after each, how long the journal was and what it
/// held.
fn a_day(folder: &Path, seed: u64) -> Vec<(u64, BTreeSet<EditId>)> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut outbox = open(folder);
    let mut history = vec![(outbox.journal.length(), BTreeSet::new())];
    for step in 1..=200 {
        let student = random.random_range(1..60);
        match random.random_range(0..10) {
            0..=6 => {
                let sheet = random.random_range(1..3);
                queue(
                    &mut outbox,
                    edit(sheet, student, random.random_range(0..60), 0),
                );
            }
            7 => {
                outbox.next_save();
            }
            8 => {
                if let Some((operation, edits)) = next(&mut outbox) {
                    history.push((outbox.journal.length(), ids(&outbox)));
                    let refused = edits.iter().filter(|(student, ..)| student % 5 == 0);
                    let problems =
                        refused.map(|(student, ..)| problem(*student, "conflict", Some((61, 9))));
                    outbox.answered(operation, &saved(step, problems.collect()));
                }
            }
            _ => {
                let held = outbox
                    .pending()
                    .into_iter()
                    .find(|pending| pending.state != PendingState::Queued);
                if let Some(held) = held {
                    outbox.give_up(&[held.edit]).unwrap();
                }
            }
        }
        history.push((outbox.journal.length(), ids(&outbox)));
    }
    for student in 1..=12 {
        queue(&mut outbox, edit(3, student, 50, 0));
        history.push((outbox.journal.length(), ids(&outbox)));
    }
    // As after a kill: nothing is tidied up.
    std::mem::forget(outbox);
    history
}

#[test]
fn a_cut_at_any_byte_loses_nothing_that_was_queued() {
    let folder = tempfile::tempdir().unwrap();
    let history = a_day(folder.path(), 1);
    let bytes = fs::read(journal(folder.path())).unwrap();
    let ends = ends(&bytes);
    // Around every fourth record, and every byte of the last three.
    let around = ends.iter().step_by(4).flat_map(|end| end - 1..=end + 1);
    let last = ends[ends.len() - 4]..=bytes.len();
    let cuts: BTreeSet<usize> = around.filter(|cut| *cut >= ends[1]).chain(last).collect();
    for cut in cuts {
        let after = after_cut(folder.path(), &bytes[..cut]);
        let outbox = open(after.path());
        let told = history
            .iter()
            .rfind(|(length, _)| *length <= cut as u64)
            .unwrap();
        assert_eq!(ids(&outbox), told.1, "cut at {cut}");
        let torn = ends.binary_search(&cut).is_err();
        assert_eq!(outbox.damages().len(), usize::from(torn), "cut at {cut}");
        if let Some(damage) = outbox.damages().first() {
            let begin = *ends.iter().rfind(|end| **end < cut).unwrap();
            assert_eq!(fs::read(&damage.aside).unwrap(), &bytes[begin..cut]);
        }
    }
}

#[test]
fn a_damaged_byte_costs_its_record_alone_and_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let mut outbox = open(folder.path());
    let queued: Vec<EditId> = (1..=5)
        .map(|student| queue(&mut outbox, edit(1, student, 50, 0)))
        .collect();
    let bytes = fs::read(journal(folder.path())).unwrap();
    let ends = ends(&bytes);
    for at in ends[1]..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x10;
        let after = after_cut(folder.path(), &damaged);
        let found = open(after.path());
        let hit = ends.iter().position(|end| *end > at).unwrap() - 2;
        let mut left: BTreeSet<EditId> = queued.iter().copied().collect();
        left.remove(&queued[hit]);
        assert_eq!(ids(&found), left, "byte {at}");
        let damage = &found.damages()[0];
        assert_eq!(damage.bytes, ends[hit + 2] - ends[hit + 1]);
        assert!(damage.aside.to_string_lossy().ends_with(".damaged-1"));
        drop(found);
        let again = open(after.path());
        assert_eq!((again.damages(), ids(&again)), (&[][..], left));
    }
}

#[test]
fn edits_go_in_order_a_sheet_at_once_and_the_newest_of_a_mark() {
    let folder = tempfile::tempdir().unwrap();
    let mut outbox = open(folder.path());
    for (sheet, student, score) in [(1, 1, 40), (1, 2, 41), (2, 9, 42), (1, 1, 43), (1, 3, 44)] {
        queue(&mut outbox, edit(sheet, student, score, 0));
    }
    let (first, edits) = next(&mut outbox).unwrap();
    assert_eq!(edits, [(2, 41, 0), (1, 43, 0), (3, 44, 0)]);
    let events = outbox.answered(first, &saved(5, vec![]));
    assert_eq!(events.len(), 3);
    assert!(events.iter().all(|event| matches!(
        event,
        OutboxEvent::Saved {
            version: Version(5),
            ..
        }
    )));
    let (second, edits) = next(&mut outbox).unwrap();
    assert_eq!(edits, [(9, 42, 0)]);
    outbox.answered(second, &saved(1, vec![]));
    assert_eq!(next(&mut outbox), None);
    assert_eq!(outbox.counts(), OutboxCounts::default());
}

#[test]
fn a_later_edit_has_a_greater_name_whatever_the_clock_says() {
    let folder = tempfile::tempdir().unwrap();
    let mut outbox = open(folder.path());
    let mut names = Vec::new();
    for now in [2_000_000, 2_000_000, 5, 2_000_001] {
        outbox.queue(&[edit(1, now, 40, 0)], Moment(now)).unwrap();
        names.push(outbox.pending().iter().map(|pending| pending.edit).max());
        if now == 5 {
            drop(outbox);
            outbox = open(folder.path());
        }
    }
    assert!(names.is_sorted_by(|a, b| a < b), "{names:?}");
}

#[test]
fn a_save_without_an_answer_is_the_same_save_after_a_crash() {
    let folder = tempfile::tempdir().unwrap();
    let mut outbox = open(folder.path());
    queue(&mut outbox, edit(1, 1, 40, 0));
    let sent = next(&mut outbox).unwrap();
    queue(&mut outbox, edit(1, 1, 41, 0));
    queue(&mut outbox, edit(1, 2, 42, 3));
    assert_eq!(outbox.postponed().len(), 1);
    let bytes = fs::read(journal(folder.path())).unwrap();
    let after = after_cut(folder.path(), &bytes);
    for folder in [folder.path(), after.path()] {
        drop(outbox);
        outbox = open(folder);
        assert_eq!(next(&mut outbox).unwrap(), sent);
    }
    outbox.answered(sent.0, &saved(6, vec![]));
    assert!(
        outbox.answered(sent.0, &saved(6, vec![])).is_empty(),
        "an answer counts once"
    );
    // The later edit of the same mark was typed over our own earlier one.
    let (_, edits) = next(&mut outbox).unwrap();
    assert_eq!(edits, [(1, 41, 6), (2, 42, 3)]);
}

#[test]
fn an_edit_that_waits_moves_on_with_its_mark() {
    let folder = tempfile::tempdir().unwrap();
    let mut outbox = open(folder.path());
    queue(&mut outbox, edit(1, 1, 40, 0));
    let (first, _) = next(&mut outbox).unwrap();
    queue(&mut outbox, edit(1, 1, 41, 0));
    outbox.answered(first, &saved(5, vec![]));
    let (second, edits) = next(&mut outbox).unwrap();
    assert_eq!(edits, [(1, 41, 5)]);
    // The screen still shows what it knew before both.
    queue(&mut outbox, edit(1, 1, 42, 0));
    outbox.answered(second, &saved(8, vec![]));
    drop(outbox);
    let mut outbox = open(folder.path());
    let (third, edits) = next(&mut outbox).unwrap();
    assert_eq!(edits, [(1, 42, 8)]);
    outbox.answered(third, &saved(9, vec![]));
    // Now nothing waits, and a mark based on nothing is based on nothing.
    queue(&mut outbox, edit(1, 1, 43, 0));
    assert_eq!(next(&mut outbox).unwrap().1, [(1, 43, 0)]);
}

#[test]
fn what_was_refused_stays_until_the_person_decides() {
    let folder = tempfile::tempdir().unwrap();
    let mut outbox = open(folder.path());
    let queued: Vec<EditId> = (1..=4)
        .map(|student| queue(&mut outbox, edit(1, student, 40, 0)))
        .collect();
    let (operation, _) = next(&mut outbox).unwrap();
    let problems = vec![
        problem(1, "conflict", Some((41, 7))),
        problem(2, "out-of-range", None),
        // Somebody has typed the same.
        problem(3, "conflict", Some((40, 8))),
    ];
    let events = outbox.answered(operation, &saved(9, problems));
    assert!(
        matches!(&events[0], OutboxEvent::Conflict { theirs, .. } if theirs.version == Version(7))
    );
    assert!(matches!(&events[1], OutboxEvent::Refused { code, .. } if code == "out-of-range"));
    assert!(matches!(
        events[2],
        OutboxEvent::Saved {
            version: Version(8),
            ..
        }
    ));
    assert!(matches!(
        events[3],
        OutboxEvent::Saved {
            version: Version(9),
            ..
        }
    ));
    drop(outbox);

    let mut outbox = open(folder.path());
    assert_eq!(
        outbox.counts(),
        OutboxCounts {
            waiting: 0,
            held: 2
        }
    );
    assert_eq!(next(&mut outbox), None);
    let mut again = edit(1, 1, 40, 7);
    again.replaces = Some(queued[0]);
    let events = outbox.queue(&[again], Moment(2)).unwrap();
    assert!(matches!(events[0], OutboxEvent::Dropped { edit, .. } if edit == queued[0]));
    outbox.give_up(&[queued[1]]).unwrap();
    assert_eq!(next(&mut outbox).unwrap().1, [(1, 40, 7)]);
    assert_eq!(
        outbox.counts(),
        OutboxCounts {
            waiting: 1,
            held: 0
        }
    );
    // What is on its way cannot be given up.
    let on_its_way = outbox.pending()[0].edit;
    outbox.give_up(&[on_its_way]).unwrap();
    assert_eq!(outbox.counts().waiting, 1);
}

#[test]
fn a_save_refused_as_a_whole_is_held_and_can_be_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut outbox = open(folder.path());
    let queued = queue(&mut outbox, edit(1, 1, 40, 0));
    let (first, _) = next(&mut outbox).unwrap();
    let closed = ApiError::new(Kind::Conflict, "sheet-closed", "the sheet was submitted");
    let events = outbox.refused(first, &closed);
    assert!(matches!(&events[..], [OutboxEvent::Refused { code, .. }] if code == "sheet-closed"));
    drop(outbox);
    let mut outbox = open(folder.path());
    outbox.retry(&[queued]).unwrap();
    let (second, edits) = next(&mut outbox).unwrap();
    assert_eq!(edits, [(1, 40, 0)]);
    assert_ne!(first, second);
}

#[test]
fn a_second_program_has_its_own_journal_and_leaves_it_to_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let (mut one, mut two) = (open(folder.path()), open(folder.path()));
    queue(&mut one, edit(1, 1, 40, 0));
    let moved = queue(&mut two, edit(1, 1, 41, 0));
    let sent = next(&mut two).unwrap();
    queue(&mut two, edit(1, 2, 42, 0));
    one.take_over().unwrap();
    assert_eq!(one.counts().waiting, 1, "the other one still runs");
    let found = stored(folder.path()).unwrap();
    let counts: Vec<usize> = found.iter().map(|journal| journal.pending.len()).collect();
    assert_eq!(counts, [1, 2]);
    drop(two);
    one.take_over().unwrap();
    one.take_over().unwrap();
    assert_eq!(one.counts().waiting, 3);
    assert!(ids(&one).contains(&moved));
    let found = stored(folder.path()).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].owner, owner());
    assert_eq!(
        next(&mut one).unwrap(),
        sent,
        "under the operation that it was sent with"
    );
    one.answered(sent.0, &saved(4, vec![]));
    assert_eq!(next(&mut one).unwrap().1, [(1, 40, 4), (2, 42, 0)]);
}

#[test]
fn journals_are_private_and_shortened_when_nothing_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let mut outbox = open(folder.path());
    let empty = fs::read(journal(folder.path())).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&journal(folder.path())), 0o600);
    assert_eq!(mode(&folder.path().join("outbox")), 0o700);
    let mut longest = 0;
    for round in 0..2_000 {
        queue(&mut outbox, edit(1, round, 40, 0));
        let (operation, _) = next(&mut outbox).unwrap();
        outbox.answered(operation, &saved(round, vec![]));
        longest = longest.max(outbox.journal.length());
    }
    assert!((60 * 1024..70 * 1024).contains(&longest), "{longest}");
    drop(outbox);
    assert_eq!(fs::read(journal(folder.path())).unwrap(), empty);
    assert!(stored(folder.path()).unwrap().is_empty());
}

#[test]
fn another_persons_journal_is_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    let mut outbox = open(folder.path());
    queue(&mut outbox, edit(1, 1, 40, 0));
    drop(outbox);
    // The two names become the same name of a file.
    let other = Owner {
        user: "AKINYI".into(),
        ..owner()
    };
    let error = Outbox::open(folder.path(), other).err().unwrap();
    assert_eq!(error.code, "no-outbox");
    assert!(
        error.message.contains("holds marks of akinyi"),
        "{}",
        error.message
    );
    assert_eq!(open(folder.path()).counts().waiting, 1);
}
