//! Two marks for one cell: both are shown, and nothing goes over either of them unasked.

use hillview_shared::ids::{StudentId, Version};
use hillview_shared::marks::{Entry, Score};

use super::*;

fn score(marks: i32) -> Entry {
    Entry::Score(Score::whole(marks))
}

/// A sheet on which the first mark, 38, is in conflict; the cursor is on it.
fn conflicted() -> (Desk, EditId) {
    let mut desk = Desk::sheet(80, 24);
    desk.keys("38<Enter>");
    let (edit, new) = desk.queue();
    desk.counts = OutboxCounts {
        waiting: 0,
        held: 1,
    };
    desk.event(OutboxEvent::Conflict {
        edit,
        sheet: new.sheet,
        student: new.student,
        entry: new.entry,
        theirs: fixtures::theirs(),
    });
    desk.keys("k");
    (desk, edit)
}

#[test]
fn a_conflict_shows_both_marks_who_and_when() {
    let (mut desk, _) = conflicted();
    assert!(desk.line_with("Achieng").ends_with("CONFLICT"));
    desk.shows("yours 38, theirs 41 (M. Hassan, 14:04): m keep mine  t take theirs");
    desk.shows("m keep mine  t take theirs");
    desk.shows("1 to settle (o)");
    desk.keys("j");
    desk.hides("yours 38");
    assert!(desk.line_with("Achieng").ends_with("CONFLICT"));
}

#[test]
fn keeping_mine_writes_over_the_version_that_was_shown() {
    let (mut desk, edit) = conflicted();
    desk.keys("m");
    let kept = desk.saves.remove(0);
    assert_eq!(kept.entry, score(38));
    assert_eq!(kept.based_on, Version(50));
    assert_eq!(kept.replaces, Some(edit));
    assert!(desk.line_with("Achieng").ends_with("writing"));
}

#[test]
fn taking_theirs_drops_mine() {
    let (mut desk, edit) = conflicted();
    desk.keys("t");
    assert!(matches!(desk.others.last(), Some(Effect::Drop(dropped)) if *dropped == edit));
    assert!(desk.saves.is_empty());
    assert!(desk.line_with("Achieng").contains("41"));
    assert!(desk.line_with("Achieng").ends_with("saved"));
    // It may be undone: then mine is written over theirs, knowingly.
    desk.keys("u");
    assert_eq!(
        (&desk.saves[0].entry, desk.saves[0].based_on),
        (&score(38), Version(50))
    );
}

#[test]
fn nothing_is_typed_over_a_conflict_before_it_is_settled() {
    let (mut desk, _) = conflicted();
    for key in ["4", "a", "<Del>", "<F2>"] {
        desk.keys(key);
        desk.shows("two marks stand here: m keeps yours, t takes theirs");
    }
    assert!(desk.saves.is_empty());
}

#[test]
fn a_fill_or_a_paste_never_writes_over_a_conflict() {
    let mut desk = Desk::sheet(80, 24);
    desk.keys("40<Enter>");
    desk.store_all();
    desk.keys("gf");
    desk.shows("39 marks to enter");
    // It comes between the look at the marks and the key that enters them.
    desk.send(Msg::Outbox {
        event: OutboxEvent::Loaded(vec![Pending {
            edit: EditId(100),
            sheet: fixtures::GRAMMAR,
            student: StudentId(4),
            label: String::new(),
            based_on: Version(0),
            entry: Entry::Blank,
            state: PendingState::Conflict {
                theirs: fixtures::theirs(),
            },
        }]),
        counts: OutboxCounts {
            waiting: 0,
            held: 1,
        },
    });
    desk.keys("<Enter>");
    assert_eq!(desk.saves.len(), 38);
    assert!(desk.saves.iter().all(|edit| edit.student != StudentId(4)));
    desk.keys("gf");
    desk.shows("there is no mark to enter");
}

#[test]
fn the_outbox_lists_what_waits_and_drops_only_what_is_held() {
    let (mut desk, edit) = conflicted();
    desk.keys("j47<Enter>");
    desk.queue();
    desk.keys("o");
    desk.shows("38       conflict: 41 by M. Hassan  4 East English / Grammar T2-END: 2024000…");
    desk.shows("47       queued");
    desk.keys("<Down><Del>");
    desk.shows("this mark will be sent");
    desk.keys("<Up><Del>");
    desk.shows("Forget 38 for 4 East English / Grammar T2-END: 20240001 Achieng");
    desk.keys("y");
    assert!(matches!(desk.others.last(), Some(Effect::Drop(dropped)) if *dropped == edit));
    let (sheet, student) = (fixtures::GRAMMAR, StudentId(1));
    desk.event(OutboxEvent::Dropped {
        edit,
        sheet,
        student,
    });
    desk.hides("conflict");
}
