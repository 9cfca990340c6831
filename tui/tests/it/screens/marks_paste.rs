//! A pasted column and a fill are looked at before they are entered.

use hillview_shared::marks::{Entry, Score};

use super::*;

fn score(marks: i32) -> Entry {
    Entry::Score(Score::whole(marks))
}

fn paste(desk: &mut Desk, text: &str) {
    desk.send(Msg::Paste(text.into()));
}

#[test]
fn a_pasted_column_is_shown_against_the_names_and_then_entered() {
    let mut desk = Desk::sheet(80, 24);
    paste(&mut desk, "52\r\n61\r\n\r\nab\r\n47,5\r\n");
    assert!(desk.saves.is_empty());
    assert!(desk.line_with("Achieng").ends_with("52  EE2    new"));
    assert!(desk.line_with("Barasa").ends_with("61 is over 60"));
    assert!(desk.line_with("Hassan").ends_with("47.5  EE2    new"));
    desk.shows("3 marks to enter, 1 refused. Nothing is entered yet.");
    desk.keys("<Enter>");
    let edits: Vec<(i64, Entry)> = desk
        .saves
        .iter()
        .map(|edit| (edit.student.0, edit.entry.clone()))
        .collect();
    let half = Entry::Score(Score(4_750));
    assert_eq!(edits, [(1, score(52)), (4, Entry::Absent), (5, half)]);
    desk.shows("3 marks entered; u takes back; left out: 1");
}

#[test]
fn leaving_the_preview_changes_nothing() {
    let mut desk = Desk::sheet(80, 24);
    let before = desk.screen();
    paste(&mut desk, "52\n47");
    desk.keys("<Esc>");
    assert!(desk.saves.is_empty());
    assert_eq!(desk.screen(), before);
}

#[test]
fn a_paste_never_acts_as_commands() {
    let mut desk = Desk::sheet(80, 24);
    paste(&mut desk, "a\nq\nu\n");
    desk.shows("is no mark");
    desk.keys("<Esc>");
    paste(&mut desk, "q");
    desk.keys("<Esc>");
    assert!(desk.saves.is_empty());
    assert!(
        desk.others
            .iter()
            .all(|effect| matches!(effect, Effect::Bell))
    );
}

#[test]
fn undo_takes_a_paste_back_in_one_step() {
    let mut desk = Desk::sheet(80, 24);
    paste(&mut desk, "52\n47\n38");
    desk.keys("<Enter>");
    desk.store_all();
    desk.keys("u");
    let edits: Vec<(i64, Entry)> = desk
        .saves
        .iter()
        .map(|edit| (edit.student.0, edit.entry.clone()))
        .collect();
    assert_eq!(
        edits,
        [(1, Entry::Blank), (2, Entry::Blank), (3, Entry::Blank)]
    );
}

#[test]
fn rows_with_admission_numbers_go_to_their_students() {
    let mut desk = Desk::sheet(80, 24);
    paste(
        &mut desk,
        "20240005\tHassan Amina\t38\n20240002\tBarasa Kevin\t47\n",
    );
    desk.keys("<Enter>");
    let students: Vec<i64> = desk.saves.iter().map(|edit| edit.student.0).collect();
    assert_eq!(students, [5, 2]);
}

#[test]
fn what_is_beyond_the_last_row_is_counted() {
    let mut desk = Desk::sheet(80, 24);
    desk.keys("G");
    paste(&mut desk, "10\n11\n12");
    desk.shows("1 mark to enter, 2 beyond the last row");
}

#[test]
fn a_single_pasted_mark_goes_into_the_mark_being_typed() {
    let mut desk = Desk::sheet(80, 24);
    desk.keys("4");
    paste(&mut desk, "7\n");
    desk.keys("<Enter>");
    assert_eq!(desk.saves[0].entry, score(47));
}

#[test]
fn a_fill_offers_the_blanks_below() {
    let mut desk = Desk::sheet(80, 24);
    desk.keys("50<Enter>51<Enter>gf");
    assert!(desk.line_with("Barasa").contains("51"));
    desk.shows("38 marks to enter. Nothing is entered yet.");
    desk.keys("<Enter>");
    assert_eq!(desk.saves.len(), 2 + 38);
    assert!(desk.saves[2..].iter().all(|edit| edit.entry == score(50)));
    assert_eq!(desk.saves[2].student.0, 3);
}
