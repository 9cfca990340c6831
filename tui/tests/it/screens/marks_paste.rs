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
    paste(&mut desk, "7\na\nq\nu\n");
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

fn students(desk: &Desk) -> Vec<(i64, Entry)> {
    let edits = desk.saves.iter();
    edits
        .map(|edit| (edit.student.0, edit.entry.clone()))
        .collect()
}

#[test]
fn an_unknown_admission_number_refuses_its_line_and_no_other_line_goes_by_order() {
    let mut desk = Desk::sheet(80, 24);
    paste(
        &mut desk,
        "Adm No\tMark\n20240005\t38\n20249999\t52\n20240002\t47\n\t11\n20240003\t\n",
    );
    assert!(desk.saves.is_empty());
    assert!(desk.line_with("Hassan").ends_with("38  ME1    new"));
    assert!(desk.line_with("Barasa").ends_with("47  EE2    new"));
    assert!(!desk.line_with("Achieng").contains("new"));
    desk.shows("By admission number, in whatever order the lines stand.");
    desk.shows("Left out as a heading: Adm No, Mark");
    desk.shows("20249999: not on this sheet, with 52");
    desk.shows("11: no admission number stands beside it");
    desk.shows("2 marks to enter, 2 refused");
    desk.keys("<Enter>");
    assert_eq!(students(&desk), [(5, score(38)), (2, score(47))]);
    desk.shows("2 marks entered; u takes back; left out: 2");
}

#[test]
fn an_admission_number_pasted_twice_enters_neither_mark() {
    let mut desk = Desk::sheet(80, 24);
    paste(
        &mut desk,
        "20240005\t38\n20240002\t47\n20240005\t41\n20240003\t\n",
    );
    assert!(desk.line_with("Hassan").ends_with("more than once: 38, 41"));
    desk.shows("20240005: there more than once, none is entered: 38, 41");
    desk.shows("1 mark to enter, 2 refused");
    desk.keys("<Enter>");
    assert_eq!(students(&desk), [(2, score(47))]);
}

#[test]
fn the_column_of_numbers_is_found_wherever_it_stands() {
    let mut desk = Desk::sheet(80, 24);
    paste(
        &mut desk,
        "1\t20240005\tHassan Amina\t38\t\n2\t20240002\tBarasa Kevin\t47\t\n",
    );
    desk.keys("<Enter>");
    assert_eq!(students(&desk), [(5, score(38)), (2, score(47))]);
}

#[test]
fn a_preview_by_order_says_so() {
    let mut desk = Desk::sheet(80, 24);
    desk.keys("jj");
    paste(&mut desk, "52\n47");
    desk.shows("In order from row 3 down: a line for each row.");
    desk.keys("<Esc>");
    paste(&mut desk, "20239001\t52\n20239002\t47");
    desk.shows("In order from row 3 down: no admission number found.");
    desk.keys("<Enter>");
    assert_eq!(students(&desk), [(3, score(52)), (4, score(47))]);
}

#[test]
fn a_heading_over_a_column_takes_no_row() {
    let mut desk = Desk::sheet(80, 24);
    paste(&mut desk, "Marks\n52\n47");
    desk.shows("Left out as a heading: Marks");
    desk.keys("<Enter>");
    assert_eq!(students(&desk), [(1, score(52)), (2, score(47))]);
    // What may be a heading or a slip would move all the others.
    paste(&mut desk, "CAT 1\n52\n47");
    desk.shows("the first line is no mark: \"CAT 1\"");
    desk.hides("Nothing is entered yet");
}

#[test]
fn many_refused_lines_leave_room_for_the_rows() {
    let mut desk = Desk::sheet(60, 20);
    let unknown: String = (1..30).map(|n| format!("9{n:03}\t12\n")).collect();
    paste(&mut desk, &format!("20240040\t38\n{unknown}"));
    desk.shows("9003: not on this sheet, with 12");
    desk.shows("and 26 more lines like these");
    assert!(desk.line_with("20240040").contains("38"));
    desk.shows("1 mark to enter, 29 refused");
    desk.keys("<PgUp>");
    assert!(desk.line_with("> ").contains("20240029"));
}

#[test]
fn a_column_pasted_over_a_typed_mark_does_not_lose_it() {
    let mut desk = Desk::sheet(80, 24);
    desk.keys("4");
    paste(&mut desk, "52\n47");
    desk.shows("4 was not entered; u brings it back");
    desk.keys("<Esc>u");
    assert!(
        desk.line_with("> ")
            .contains("Achieng Grace Otieno       4")
    );
}

#[test]
fn a_sheet_that_changes_under_a_preview_says_so() {
    let mut desk = Desk::sheet(80, 24);
    paste(&mut desk, "52\n47");
    desk.send(Msg::Line(LineState::Offline {
        since: NOW,
        retry_at: None,
    }));
    desk.send(Msg::Line(LineState::Online));
    desk.serve();
    desk.shows("the sheet has changed meanwhile: nothing was entered, paste it again");
    desk.keys("<Enter>");
    assert!(desk.saves.is_empty());
}

#[test]
fn a_paste_whose_lines_end_as_the_enter_key_does_is_a_column_too() {
    let mut desk = Desk::sheet(80, 24);
    paste(&mut desk, "52\r47\r\r38\r");
    desk.shows("3 marks to enter");
    desk.keys("<Enter>");
    assert_eq!(
        students(&desk),
        [(1, score(52)), (2, score(47)), (4, score(38))]
    );
}

#[test]
fn the_reason_against_the_mark_of_the_cursor_is_whole_on_a_narrow_screen() {
    let mut desk = Desk::sheet(60, 20);
    paste(&mut desk, "61\n52");
    desk.shows("20240001: 61 is over 60");
    desk.keys("j");
    desk.hides("is over 60");
}
