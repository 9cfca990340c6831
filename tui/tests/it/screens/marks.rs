//! The grid: typing, moving, refusing, clearing, taking back.

use hillview_shared::ids::{StudentId, Version};
use hillview_shared::marks::{Entry, Score};

use super::*;

fn score(marks: i32) -> Entry {
    Entry::Score(Score::whole(marks))
}

fn on(paper_rows_down: &str) -> Desk {
    let mut desk = Desk::home(80, 24);
    desk.keys(paper_rows_down);
    desk.keys("<Enter>");
    desk.serve();
    desk
}

#[test]
fn a_sheet_at_eighty_by_twenty_four() {
    let mut desk = Desk::sheet(80, 24);
    desk.keys("52<Enter>47,5<Enter>a38<Enter>");
    desk.store_all();
    desk.keys("4");
    assert_eq!(desk.cursor(), (45, 6));
    insta::assert_snapshot!(desk.screen(), @"
     Kilimani…  2026 T2  4 East  English / Grammar  T2-END w.kamau@hillview.example
        #  Adm no    Name              Mark of 60  Level  State
        1  20240001  Achieng Grace Otieno      52  EE2    saved
        2  20240002  Barasa Kevin            47.5  EE2    saved
        3  20240003  Chebet Faith              AB         saved
        4  20240004  Ng'ang'a Peter            38  ME1    saved
    >   5  20240005  Hassan Amina               4  BE2
        6  20240006  Kiprono Dennis
        7  20240007  Moraa Esther
        8  20240008  Mwangi John
        9  20240009  Student Number 9
       10  20240010  Student Number 10
       11  20240011  Student Number 11
       12  20240012  Student Number 12
       13  20240013  Student Number 13
       14  20240014  Student Number 14
       15  20240015  Student Number 15
       16  20240016  Student Number 16
       17  20240017  Student Number 17
       18  20240018  Student Number 18
       19  20240019  Student Number 19
       20  20240020  Student Number 20
     4 of 40, mean 45.8, closes 31 Jul                                       online
     Enter save  Esc cancel  F1 help
    ");
}

#[test]
fn forty_marks_cost_three_keys_each() {
    let mut desk = Desk::sheet(80, 24);
    let mut keys = 0;
    for at in 0..40 {
        let typed = format!("{}<Enter>", 10 + at);
        keys += parse(&typed).len();
        desk.keys(&typed);
    }
    assert_eq!(keys, 120);
    assert_eq!(desk.saves.len(), 40);
    for (at, edit) in desk.saves.iter().enumerate() {
        assert_eq!(edit.student, StudentId(at as i64 + 1));
        assert_eq!(edit.entry, score(10 + at as i32));
        assert_eq!((edit.sheet, edit.based_on), (fixtures::GRAMMAR, Version(0)));
    }
    desk.shows("that was the last row");
    desk.store_all();
    desk.keys("g");
    desk.shows("40 of 40, mean 29.5");
}

#[test]
fn what_is_over_the_out_of_is_refused_and_stays() {
    let mut desk = Desk::sheet(80, 24);
    desk.keys("61");
    assert!(desk.line_with(">   1").contains("61 is over 60"));
    for leaving in ["<Enter>", "<Down>", "<PgDn>", "<Tab>"] {
        desk.keys(leaving);
        assert_eq!(desk.cursor().1, 2, "{leaving}");
        assert!(desk.line_with(">   1").contains("  61  "), "{leaving}");
        desk.shows("61 is over 60; the mark stays as typed");
    }
    assert!(
        desk.others
            .iter()
            .any(|effect| matches!(effect, Effect::Bell))
    );
    assert!(desk.saves.is_empty());
    desk.keys("<Backspace>0<Enter>");
    assert_eq!(desk.saves[0].entry, score(60));
}

#[test]
fn what_is_no_mark_is_refused_with_its_reason() {
    let mut desk = Desk::sheet(80, 24);
    desk.keys("4x<Enter>");
    desk.shows("\"4x\" is no mark; type a number");
    desk.keys("<C-u>17/20<Enter>85%<Enter>0<Enter>");
    let entries: Vec<Entry> = desk.saves.iter().map(|edit| edit.entry.clone()).collect();
    assert_eq!(entries, [score(51), score(51), score(0)]);
}

#[test]
fn the_level_shows_while_typing() {
    let mut desk = Desk::sheet(80, 24);
    for (typed, level) in [("5", "BE2"), ("4", "EE1"), ("<Backspace>2", "EE2")] {
        desk.keys(typed);
        assert!(desk.line_with(">   1").contains(level), "{typed}");
    }
    assert!(desk.saves.is_empty());
}

#[test]
fn letters_are_commands_only_when_nothing_is_typed() {
    let mut desk = Desk::sheet(80, 24);
    desk.keys("aeWY");
    let entries: Vec<Entry> = desk.saves.iter().map(|edit| edit.entry.clone()).collect();
    assert_eq!(
        entries,
        [
            Entry::Absent,
            Entry::Exempt,
            Entry::Withheld,
            Entry::Irregular
        ]
    );
    desk.keys("1a");
    assert!(desk.line_with(">   5").contains("1a"));
    desk.keys("<Esc>jjk");
    assert!(desk.line_with("> ").contains(">   6"));
    assert_eq!(desk.saves.len(), 4);
}

#[test]
fn moving_enters_what_is_typed() {
    let mut desk = Desk::sheet(80, 24);
    desk.keys("11<Down>12<Tab>13<PgDn>14<PgUp>15<Up>16<Enter>");
    let edits: Vec<(i64, Entry)> = desk
        .saves
        .iter()
        .map(|edit| (edit.student.0, edit.entry.clone()))
        .collect();
    let expected = [(1, 11), (2, 12), (3, 13), (23, 14), (3, 15), (2, 16)];
    assert_eq!(
        edits,
        expected.map(|(student, marks)| (student, score(marks)))
    );
}

#[test]
fn a_page_turns_whole_and_ends_are_a_key_away() {
    let mut desk = Desk::sheet(80, 24);
    desk.keys("<PgDn>");
    assert_eq!(desk.cursor().1, 2);
    desk.shows(">  21  20240021");
    desk.hides("20240020");
    desk.keys("G");
    desk.shows(">  40  20240040");
    desk.keys("<Home>");
    desk.shows(">   1  20240001");
    desk.keys("<End>g");
    desk.shows(">   1  20240001");
}

#[test]
fn escape_leaves_the_mark_and_undo_brings_back_what_was_typed() {
    let mut desk = Desk::sheet(80, 24);
    desk.keys("47<Esc>");
    desk.shows("47 was not entered; u brings it back");
    assert!(!desk.line_with(">   1").contains("47"));
    desk.keys("jju");
    assert!(desk.line_with(">   1").contains("47"));
    desk.keys("<Enter>");
    assert_eq!(desk.saves[0].entry, score(47));
}

#[test]
fn clearing_a_saved_mark_asks_and_the_default_is_no() {
    let mut desk = on("j");
    desk.keys("<Del>");
    desk.shows("Clear the saved 30 of Achieng Grace Otieno? y yes, n no");
    desk.keys("<Enter>");
    assert!(desk.saves.is_empty());
    desk.keys("<Del>y");
    assert_eq!(desk.saves[0].entry, Entry::Blank);
    assert_eq!(desk.saves[0].based_on, Version(9));
    desk.store_all();
    desk.keys("<Del>");
    desk.shows("there is no mark to clear");
}

#[test]
fn emptying_a_saved_mark_asks_too() {
    let mut desk = on("j");
    desk.keys("<F2><Backspace><Backspace><Enter>");
    desk.shows("Clear the saved 30");
    desk.keys("n");
    assert!(desk.line_with(">   1").contains("30"));
    assert!(desk.saves.is_empty());
}

#[test]
fn undo_and_redo_are_new_writes_of_the_older_and_the_newer_mark() {
    let mut desk = on("j");
    desk.keys("35<Enter>");
    desk.store_all();
    desk.keys("u");
    let edit = desk.saves[0].clone();
    assert_eq!((edit.entry, edit.based_on), (score(30), Version(101)));
    assert!(desk.line_with(">   1").contains("30"));
    desk.store_all();
    desk.keys("<C-r>");
    assert_eq!(desk.saves[0].entry, score(35));
    desk.keys("<C-r>");
    desk.shows("there is nothing to redo");
}

#[test]
fn the_same_mark_again_writes_nothing() {
    let mut desk = on("j");
    desk.keys("30<Enter>25<Enter>a");
    assert!(desk.saves.is_empty());
}

#[test]
fn a_student_is_found_by_name_number_or_row() {
    let mut desk = Desk::sheet(80, 24);
    for (typed, row) in [
        ("ngang", ">   4"),
        ("20240031", ">  31"),
        ("7", ">   7"),
        ("ami has", ">   5"),
        ("student", ">   9"),
        ("student", ">  10"),
    ] {
        desk.keys("/");
        assert_eq!(desk.cursor().1, 21, "{typed}");
        desk.keys(typed);
        desk.keys("<Enter>");
        desk.shows(row);
    }
    desk.keys("/nobody<Enter>");
    desk.shows("nobody here fits \"nobody\"");
    desk.keys("<Esc>a");
    assert_eq!(desk.saves.len(), 1);
}

#[test]
fn the_next_student_without_a_mark_is_one_key_away() {
    let mut desk = on("j");
    desk.keys("n");
    desk.shows(">   4");
    desk.keys("N");
    desk.shows(">  40");
    desk.keys("n");
    desk.shows(">   4");
}

#[test]
fn a_closed_sheet_says_why_and_takes_nothing() {
    let mut desk = on("jj");
    desk.shows("entry closed on 24 Jul");
    desk.shows("(0-9 mark)  (a absent)");
    for keys in ["4", "a", "<F2>", "<Del>", "f"] {
        desk.keys(keys);
        desk.shows("entry closed on 24 Jul");
    }
    desk.send(Msg::Paste("1\n2\n3".into()));
    desk.shows("entry closed on 24 Jul");
    assert!(desk.saves.is_empty());
}

#[test]
fn a_sheet_of_levels_takes_codes_and_points() {
    let mut desk = on("jjj");
    desk.keys("8<Enter><F2>me2<Enter>9<Enter>");
    let entries: Vec<Entry> = desk.saves.iter().map(|edit| edit.entry.clone()).collect();
    assert_eq!(
        entries,
        [Entry::Level("EE1".into()), Entry::Level("ME2".into())]
    );
    desk.shows("is no level; this sheet takes EE1, EE2");
}

#[test]
fn the_history_of_a_mark_opens_over_the_sheet() {
    let mut desk = on("j");
    desk.keys("h");
    desk.serve();
    desk.shows("Every change of the mark of Achieng Grace Otieno, the latest first");
    assert!(desk.line_with("25 to 30").contains("14:04"));
    assert!(desk.line_with("blank to 25").contains("M. Hassan"));
    desk.shows("20240002");
    desk.keys("<Esc>");
    desk.hides("Every change");
}

#[test]
fn the_page_of_the_student_is_one_key_away() {
    let mut desk = Desk::sheet(80, 24);
    desk.keys("jjjjs");
    desk.serve();
    desk.shows("Hassan Amina");
    desk.shows("born 2016-03-14");
    desk.keys("<Esc>");
    desk.shows(">   5  20240005");
}

#[test]
fn what_is_typed_before_the_sheet_is_there_is_refused_aloud() {
    let mut desk = Desk::home(80, 24);
    desk.keys("<Enter>5");
    desk.shows("the sheet is not here yet");
    desk.shows("asking the server; Esc leaves");
    desk.keys("<Esc>");
    desk.shows("My sheets");
}
