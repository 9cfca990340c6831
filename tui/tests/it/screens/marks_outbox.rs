//! What the grid makes of the outbox's news: states, refusals, late answers, a line that goes.

use hillview_shared::assessments::SheetOpened;
use hillview_shared::ids::{StudentId, Version};
use hillview_shared::marks::{Entry, Score};
use hillview_shared::students::Page;

use super::*;

fn score(marks: i32) -> Entry {
    Entry::Score(Score::whole(marks))
}

#[test]
fn each_state_of_a_mark_has_its_word() {
    let mut desk = Desk::sheet(80, 24);
    desk.keys("52<Enter>");
    assert!(desk.line_with("Achieng").ends_with("writing"));
    let (edit, new) = desk.queue();
    assert!(desk.line_with("Achieng").ends_with("queued"));
    desk.shows("1 queued, online");
    let (sheet, student) = (new.sheet, new.student);
    desk.event(OutboxEvent::Sending {
        edit,
        sheet,
        student,
    });
    assert!(desk.line_with("Achieng").ends_with("sending"));
    desk.event(OutboxEvent::Waiting {
        edit,
        sheet,
        student,
    });
    assert!(desk.line_with("Achieng").ends_with("queued"));
    desk.saved(edit, &new, 2);
    assert!(desk.line_with("Achieng").ends_with("saved"));
    desk.hides("1 queued");
}

#[test]
fn a_late_answer_never_clears_a_newer_edit() {
    let mut desk = Desk::sheet(80, 24);
    desk.keys("52<Enter>");
    let (first, first_new) = desk.queue();
    desk.keys("k53<Enter>");
    desk.saved(first, &first_new, 2);
    assert!(desk.line_with("Achieng").contains("53"));
    assert!(desk.line_with("Achieng").ends_with("writing"));
    let (second, second_new) = desk.queue();
    // The same news again, and a refusal of what is history.
    desk.counts.waiting += 1;
    desk.saved(first, &first_new, 2);
    desk.event(OutboxEvent::Refused {
        edit: first,
        sheet: first_new.sheet,
        student: first_new.student,
        entry: first_new.entry,
        code: "out-of-range".into(),
        message: "late".into(),
    });
    assert!(desk.line_with("Achieng").ends_with("queued"));
    desk.saved(second, &second_new, 3);
    assert!(desk.line_with("Achieng").contains("53"));
    desk.keys("k54<Enter>");
    assert_eq!(desk.saves[0].based_on, Version(3));
}

#[test]
fn a_sheet_that_comes_late_keeps_newer_edits_and_the_typed_text() {
    let mut desk = Desk::sheet(80, 24);
    desk.keys("<F5>52<Enter>");
    let (edit, new) = desk.queue();
    desk.keys("4");
    desk.serve();
    assert!(desk.line_with("Achieng").ends_with("queued"));
    assert!(desk.line_with(">   2").contains("  4  "));
    desk.saved(edit, &new, 7);
    // An answer that was on its way before the save landed.
    desk.keys("<F5>");
    desk.serve();
    assert!(desk.line_with("Achieng").contains("52"));
    assert!(desk.line_with("Achieng").ends_with("saved"));
}

#[test]
fn an_answer_that_nobody_waits_for_changes_nothing() {
    let mut desk = Desk::sheet(80, 24);
    let before = desk.screen();
    let answer = HillviewResponse::ListClasses(Ok(Page {
        rows: Vec::new(),
        next: None,
    }));
    desk.answer(Ticket(9_999), Ok(answer));
    assert_eq!(desk.screen(), before);
}

#[test]
fn a_refused_mark_stays_until_it_is_typed_again() {
    let mut desk = Desk::sheet(80, 24);
    desk.keys("52<Enter>");
    let (edit, new) = desk.queue();
    desk.counts = OutboxCounts {
        waiting: 0,
        held: 1,
    };
    desk.event(OutboxEvent::Refused {
        edit,
        sheet: new.sheet,
        student: new.student,
        entry: new.entry,
        code: "out-of-range".into(),
        message: "52 is over 50".into(),
    });
    assert!(
        desk.line_with("Achieng")
            .ends_with("52  EE2    refused: 52 is over 50")
    );
    desk.shows("1 to settle (o), online");
    desk.shows("0 of 40");
    desk.keys("k");
    desk.shows("52 is over 50; type it again, or Del clears it");
    desk.keys("48<Enter>");
    assert_eq!(desk.saves[0].replaces, Some(edit));
    assert_eq!(desk.saves[0].based_on, Version(0));
}

#[test]
fn clearing_a_refused_mark_forgets_it() {
    let mut desk = Desk::sheet(80, 24);
    desk.keys("52<Enter>");
    let (edit, new) = desk.queue();
    desk.event(OutboxEvent::Refused {
        edit,
        sheet: new.sheet,
        student: new.student,
        entry: new.entry,
        code: "not-on-sheet".into(),
        message: "not on this sheet".into(),
    });
    desk.keys("k<Del>");
    assert!(matches!(desk.others.last(), Some(Effect::Drop(dropped)) if *dropped == edit));
    assert!(desk.saves.is_empty());
    assert!(!desk.line_with("Achieng").contains("52"));
}

#[test]
fn a_mark_that_cannot_be_kept_on_this_machine_says_so() {
    let mut desk = Desk::sheet(80, 24);
    desk.keys("52<Enter>");
    let new = desk.saves.remove(0);
    desk.event(OutboxEvent::NotKept {
        ticket: new.ticket,
        sheet: new.sheet,
        student: new.student,
        message: "the disk is full".into(),
    });
    assert!(desk.line_with("Achieng").contains("not kept: the disk"));
    desk.keys("<Esc>");
    desk.shows("Leave and lose the mark of Achieng Grace Otieno");
    desk.keys("nk52<Enter>");
    assert_eq!(desk.saves.len(), 1);
}

#[test]
fn what_the_journal_held_is_shown_when_the_sheet_opens() {
    let mut desk = Desk::home(80, 24);
    let held = |edit, student, marks, state| Pending {
        edit: EditId(edit),
        sheet: fixtures::GRAMMAR,
        student: StudentId(student),
        label: format!("4 East English / Grammar T2-END: student {student}"),
        based_on: Version(0),
        entry: score(marks),
        state,
    };
    desk.counts = OutboxCounts {
        waiting: 2,
        held: 1,
    };
    desk.event(OutboxEvent::Loaded(vec![
        held(1, 1, 31, PendingState::Queued),
        held(2, 1, 32, PendingState::Queued),
        held(
            3,
            2,
            33,
            PendingState::Conflict {
                theirs: fixtures::theirs(),
            },
        ),
    ]));
    desk.keys("<Enter>");
    desk.serve();
    assert!(desk.line_with("Achieng").contains("32"));
    assert!(desk.line_with("Achieng").ends_with("queued"));
    assert!(desk.line_with("Barasa").ends_with("CONFLICT"));
}

#[test]
fn without_a_line_work_goes_on_and_the_line_says_since_when() {
    let mut desk = Desk::sheet(80, 24);
    desk.send(Msg::Line(LineState::Offline {
        since: Moment(NOW.0 - 180_000_000),
        retry_at: Some(Moment(NOW.0 + 8_000_000)),
    }));
    desk.keys("52<Enter>47<Enter>");
    desk.queue();
    desk.queue();
    desk.shows("2 queued, offline since 14:02, next try 14:05:08");
    desk.keys("R");
    assert!(matches!(desk.others.last(), Some(Effect::Retry)));
    desk.send(Msg::Line(LineState::Online));
    desk.shows("2 queued, online");
    desk.keys("R");
    desk.shows("the server is reached already");
}

#[test]
fn a_sheet_that_could_not_be_opened_opens_when_the_line_is_back() {
    let mut desk = Desk::home(80, 24);
    let offline = LineState::Offline {
        since: NOW,
        retry_at: None,
    };
    desk.send(Msg::Line(offline));
    desk.keys("<Enter>");
    let (ticket, _) = desk.calls.remove(0);
    desk.answer(
        ticket,
        Err(ApiError::offline("the server cannot be reached")),
    );
    desk.shows("the server cannot be reached [offline]");
    desk.send(Msg::Line(LineState::Online));
    desk.serve();
    desk.shows("Achieng");
}

#[test]
fn a_sheet_asks_for_what_others_changed_when_the_line_is_back() {
    let mut desk = Desk::sheet(80, 24);
    desk.keys("52<Enter>");
    desk.queue();
    let offline = LineState::Offline {
        since: NOW,
        retry_at: None,
    };
    desk.send(Msg::Line(offline));
    assert!(desk.calls.is_empty());
    desk.send(Msg::Line(LineState::Online));
    assert!(matches!(
        &desk.calls[..],
        [(_, HillviewRequest::OpenSheet { request })] if request.newer_than == Some(Version(1))
    ));
    desk.serve();
    assert!(desk.line_with("Achieng").ends_with("queued"));
}

#[test]
fn leaving_asks_when_a_mark_is_queued_or_typed() {
    let mut desk = Desk::sheet(80, 24);
    desk.keys("4<C-q>");
    desk.shows("Leave Hillview? the typed 4 is lost. y yes, n no");
    desk.keys("n7<Enter>");
    assert_eq!(desk.saves[0].entry, score(47));
    desk.queue();
    desk.keys("<C-q>");
    desk.shows("Leave Hillview? not sent yet, kept on this machine: 1 mark.");
    desk.keys("<Enter>");
    assert!(
        !desk
            .others
            .iter()
            .any(|effect| matches!(effect, Effect::Quit))
    );
    desk.keys("<C-q>y");
    assert!(matches!(desk.others.last(), Some(Effect::Quit)));
}

#[test]
fn leaving_with_nothing_to_lose_does_not_ask() {
    let mut desk = Desk::home(80, 24);
    desk.keys("<C-q>");
    assert!(matches!(desk.others.last(), Some(Effect::Quit)));
}

/// The journal of an earlier run is sent while the sheet is being read: its answer is from before.
#[test]
fn a_sheet_read_before_a_save_landed_is_asked_for_again() {
    let mut desk = Desk::sheet(80, 24);
    desk.keys("52<Enter>");
    let (edit, new) = desk.queue();
    desk.keys("<F5>");
    let (ticket, request) = desk.calls.pop().expect("the sheet is asked for");
    let early = fixtures::answer(&request);
    desk.saved(edit, &new, 100);
    assert!(desk.calls.is_empty(), "not before the answer is there");
    desk.answer(ticket, Ok(early));
    let (ticket, request) = desk.calls.pop().expect("it is asked for again");
    let HillviewRequest::OpenSheet { request } = request else {
        panic!("another call: {request:?}")
    };
    let answer = fixtures::answer(&HillviewRequest::OpenSheet { request });
    let HillviewResponse::OpenSheet(Ok(SheetOpened::Sheet(mut sheet))) = answer else {
        panic!("another answer")
    };
    sheet.v = Version(100);
    let row = sheet.rows.iter_mut().find(|row| row.id == new.student);
    let row = row.expect("the student is on the sheet");
    (row.entry, row.v) = (new.entry.clone(), Version(100));
    let answer = HillviewResponse::OpenSheet(Ok(SheetOpened::Sheet(sheet)));
    desk.answer(ticket, Ok(answer));
    assert!(desk.calls.is_empty(), "once");
    desk.keys("k53<Enter>");
    assert_eq!(
        desk.saves.last().unwrap().based_on,
        Version(100),
        "the next mark is against the one that was saved"
    );
}
