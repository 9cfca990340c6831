//! Home, students, classes, help, the palette, and the generated page of keys.

use hillview::command;
use hillview_shared::ids::StudentId;
use hillview_shared::students::Page;

use super::*;

#[test]
fn home_shows_what_is_mine_and_what_is_owed() {
    let mut desk = Desk::home(80, 24);
    insta::assert_snapshot!(desk.screen(), @"
     Kilimani Primary  2026 T2  My sheets                  w.kamau@hillview.example
      Class     Paper                    For       Entered  State         Due
    > 4 East    English / Grammar        T2-END       0/40  open          3 days
      4 East    English / Composition    T2-END       3/40  open          tomorrow
      4 East    Mathematics              T2-END      38/40  closed 24 Jul -
      4 East    Creative Arts            T2-END      40/40  submitted     -













     My class: 4 East, students: 40. Complete: 1 of 5 papers. Owing: English /
     Grammar (J. Otieno), English / Composition (J. Otieno), Mathematics (J.
     Otieno), Kiswahili / Insha (J. Otieno)
     4 sheets, marks owing: 77                                               online
     Enter open  s students  / find student  c classes  m mine/all  ? help
    ");
}

#[test]
fn home_counts_on_as_marks_are_saved() {
    let mut desk = Desk::sheet(80, 24);
    desk.keys("52<Enter>");
    desk.store_all();
    desk.keys("<Esc>");
    assert!(desk.line_with("English / Grammar").contains("3/40"));
}

#[test]
fn a_class_teacher_may_look_at_every_sheet() {
    let mut desk = Desk::home(80, 24);
    desk.keys("m");
    desk.serve();
    desk.shows("All sheets");
    desk.shows("Kiswahili / Insha");
}

#[test]
fn who_teaches_no_subject_sees_the_sheets_within_reach_at_once() {
    let mut desk = Desk::start(80, 24, MONOCHROME);
    desk.send(Msg::Resumed(Box::new(fixtures::kamau())));
    let of_sheets = |request: &HillviewRequest| matches!(request, HillviewRequest::ListSheets { request } if request.mine);
    let at = desk
        .calls
        .iter()
        .position(|(_, request)| of_sheets(request))
        .unwrap();
    let (ticket, _) = desk.calls.remove(at);
    let nothing = Page {
        rows: Vec::new(),
        next: None,
    };
    desk.answer(ticket, Ok(HillviewResponse::ListSheets(Ok(nothing))));
    desk.serve();
    desk.shows("All sheets");
    desk.shows("Kiswahili / Insha");
}

#[test]
fn a_student_is_found_from_home_by_name() {
    let mut desk = Desk::home(80, 24);
    desk.keys("/");
    desk.serve();
    assert_eq!(desk.cursor(), (26, 1));
    desk.keys("hassan<Enter>");
    assert!(matches!(
        &desk.calls[0].1,
        HillviewRequest::ListStudents { request } if request.search.as_deref() == Some("hassan")
    ));
    desk.serve();
    desk.shows("1 student ");
    desk.keys("<Enter>");
    assert!(matches!(
        &desk.calls[0].1,
        HillviewRequest::ShowStudent {
            request: hillview_shared::students::WhichStudent::Id(StudentId(5))
        }
    ));
    desk.serve();
    insta::assert_snapshot!(desk.screen(), @"
     Kilimani Primary  2026 T2  Student                    w.kamau@hillview.example
     Hassan Amina
     20240005, female, born 2016-03-14, 4 East, active
     Classes: 4 East (2026) since 2026-01-05
                                T1-MID      T1-END
    > English / Grammar         35 ME1      AB
      Mathematics               -           52 EE2















                                                                             online
     (Left earlier)  (Right later)  Esc back  : commands  Ctrl-Q quit  ? help
    ");
    desk.keys("<Esc>");
    desk.shows("Hassan Amina");
}

#[test]
fn letters_are_text_in_a_search_and_escape_leaves_it() {
    let mut desk = Desk::home(80, 24);
    desk.keys("/");
    desk.serve();
    desk.keys("q?:A");
    desk.shows("Search (name or number): q?:A");
    desk.keys("<Esc><Esc>");
    desk.shows("My sheets");
}

#[test]
fn a_long_list_comes_by_pages_when_its_end_is_reached() {
    let mut desk = Desk::home(80, 24);
    desk.keys("s");
    desk.serve();
    desk.shows("25 students, more below");
    desk.keys("G");
    assert!(matches!(
        &desk.calls[0].1,
        HillviewRequest::ListStudents { request } if request.after.as_deref() == Some("25")
    ));
    // Asked for once, however often the end is reached.
    desk.keys("GG");
    assert_eq!(desk.calls.len(), 1);
    desk.serve();
    desk.keys("G");
    desk.shows("Student Number 40");
    desk.shows("40 students");
}

#[test]
fn a_page_that_does_not_come_is_told_and_the_list_stays() {
    let mut desk = Desk::home(80, 24);
    desk.keys("s");
    desk.serve();
    desk.keys("G");
    let (ticket, _) = desk.calls.remove(0);
    desk.answer(ticket, Err(ApiError::offline("the line was cut")));
    desk.shows("the line was cut [offline]");
    desk.shows("Student Number 25");
    desk.send(Msg::Line(LineState::Offline {
        since: NOW,
        retry_at: None,
    }));
    desk.send(Msg::Line(LineState::Online));
    desk.serve();
    desk.keys("k");
    desk.shows("25 students, more below");
}

#[test]
fn a_search_that_is_overtaken_is_not_shown() {
    let mut desk = Desk::home(80, 24);
    desk.keys("/");
    desk.serve();
    desk.keys("barasa<Enter>");
    let (late, request) = desk.calls.remove(0);
    desk.keys("/<C-u>hassan<Enter>");
    desk.serve();
    desk.answer(late, Ok(fixtures::answer(&request)));
    desk.shows("Hassan Amina");
    desk.hides("Barasa");
}

#[test]
fn a_class_opens_its_students() {
    let mut desk = Desk::home(80, 24);
    desk.keys("c");
    desk.serve();
    assert!(desk.line_with("4 East").contains("40 W. Kamau"));
    desk.keys("<Enter>");
    desk.serve();
    desk.shows("Students of 4 East");
}

#[test]
fn classes_are_searched_by_the_server() {
    let mut desk = Desk::home(80, 24);
    desk.play("c|/4 e<Enter>");
    desk.shows("1 class, students: 40");
    desk.keys("/<C-u>grade 4<Enter>");
    assert!(matches!(
        desk.call(),
        HillviewRequest::ListClasses { request }
            if request.search.as_deref() == Some("grade 4") && !request.mine
    ));
    desk.play("|/<C-u>blue<Enter>");
    desk.shows("No class that you may see fits \"blue\".");
}

#[test]
fn help_lists_the_keys_of_the_screen_and_says_what_is_off() {
    let mut desk = Desk::sheet(80, 24);
    desk.keys("?");
    desk.shows("2026 T2  Help ");
    desk.shows("a              Enter AB: the student was not there");
    desk.shows("Del            (Clear the mark; asks when it is saved)");
    desk.keys("jjjjjjjjj");
    desk.shows("not now: there is no mark to clear");
    desk.keys("G");
    desk.shows(":log-out       End the session; what is queued stays on this machine");
    desk.keys("<Esc>5<F1>");
    desk.shows("Save the mark and move down");
    desk.keys("<Esc>2<Enter>");
    assert_eq!(desk.saves.len(), 1);
}

#[test]
fn the_palette_finds_runs_and_says_why_not() {
    let mut desk = Desk::sheet(80, 24);
    desk.keys(":abs");
    desk.shows("> mark-absent");
    desk.shows("on the command line: hillview marks set");
    desk.keys("<Enter>");
    assert_eq!(desk.saves[0].entry, hillview_shared::marks::Entry::Absent);
    desk.keys(":redo<Enter>");
    desk.shows("there is nothing to redo");
    desk.keys("<C-u>open-student");
    desk.shows("not now: this belongs to: Students");
    desk.keys("<C-u>xyzxyz");
    desk.shows("No command fits what is typed.");
    desk.keys("<Esc>");
    desk.hides("xyz");
}

#[test]
fn places_open_from_a_sheet_and_nothing_typed_is_lost() {
    for (command, place) in [
        ("students", "2026 T2  Students"),
        ("find-student", "Search (name or number)"),
        ("classes", "2026 T2  Classes"),
        ("my-sheets", "2026 T2  My sheets"),
        ("outbox", "2026 T2  Outbox"),
        ("change-password", "Change your password."),
        ("help", "2026 T2  Help"),
    ] {
        let mut desk = Desk::sheet(80, 24);
        desk.keys(&format!("4<C-p>{command}"));
        desk.shows(&format!("\n> {command} "));
        desk.keys("<Enter>");
        desk.serve();
        desk.shows(place);
        desk.keys("<Esc>");
        while !desk.screen().contains("English / Grammar  T2-END") {
            desk.keys("<Esc>");
        }
        desk.keys("7<Enter>");
        let score = hillview_shared::marks::Score::whole(47);
        assert_eq!(
            desk.saves[0].entry,
            hillview_shared::marks::Entry::Score(score),
            "{command}"
        );
    }
}

#[test]
fn leaving_from_a_sheet_asks_about_what_is_typed() {
    let mut desk = Desk::sheet(80, 24);
    desk.keys("4<C-p>log-out<Enter>");
    desk.shows("End the session? It loses the typed 4. y yes, n no");
    desk.keys("n<C-p>quit<Enter>");
    desk.shows("Leave Hillview? the typed 4 is lost.");
    desk.keys("n");
    assert!(
        !desk
            .others
            .iter()
            .any(|e| matches!(e, Effect::Quit | Effect::LogOut))
    );
}

#[test]
fn places_open_from_every_screen() {
    for keys in ["", "s", "/", "c", "o", "?", "s<Enter>", ":"] {
        let mut desk = Desk::home(80, 24);
        for key in keys.split_inclusive(['s', '>']) {
            desk.keys(key);
            desk.serve();
        }
        desk.keys("<C-p><C-u>classes<Enter>");
        desk.serve();
        match keys {
            "c" => desk.shows("they are on the screen"),
            _ => desk.shows("2026 T2  Classes"),
        }
    }
}

#[test]
fn no_place_opens_before_the_login_or_the_first_password() {
    let mut desk = Desk::start(80, 24, MONOCHROME);
    desk.keys("<C-p>students<Enter>");
    desk.shows("log in first");
    let mut desk = Desk::sheet(80, 24);
    desk.send(Msg::Line(LineState::SessionEnded));
    desk.keys("<C-p>students<Enter>");
    desk.shows("log in first");
    let mut desk = Desk::start(80, 24, MONOCHROME);
    let mut who = fixtures::kamau();
    who.must_change_password = true;
    desk.send(Msg::Resumed(Box::new(who)));
    desk.keys("<C-p>my-sheets<Enter>");
    desk.shows("choose a password of your own first");
    assert!(desk.calls.is_empty());
}

#[test]
fn a_mark_entered_on_a_second_picture_of_a_sheet_shows_on_the_first() {
    let mut desk = Desk::sheet(80, 24);
    desk.keys(":my-sheets<Enter>");
    desk.serve();
    desk.keys("<Enter>");
    desk.serve();
    desk.keys("52<Enter>");
    let (edit, new) = desk.queue();
    desk.keys("<Esc><Esc>");
    assert!(desk.line_with("Achieng").ends_with("52  EE2    queued"));
    desk.saved(edit, &new, 101);
    assert!(desk.line_with("Achieng").ends_with("52  EE2    saved"));
}

#[test]
fn the_palette_shows_the_command_line_beside_when_there_is_room() {
    let mut desk = Desk::sheet(120, 30);
    desk.keys(":abs");
    assert!(desk.line_with("mark-absent").ends_with("marks set"));
}

#[test]
fn a_key_without_meaning_says_so() {
    let mut desk = Desk::home(80, 24);
    desk.keys("z");
    desk.shows("z does nothing here; ? or F1 shows the keys");
}

#[test]
fn escape_always_leads_out_and_home_is_where_it_begins() {
    let mut desk = Desk::sheet(80, 24);
    desk.keys("h");
    desk.serve();
    desk.keys("?<Esc><Esc><Esc><Esc>");
    desk.shows("this is where it begins; Ctrl-Q leaves Hillview");
    desk.shows("My sheets");
}

#[test]
fn an_error_of_the_server_is_shown_with_its_code_and_reference() {
    let mut desk = Desk::home(80, 24);
    desk.keys("s");
    let (ticket, _) = desk.calls.remove(0);
    let mut fault = ApiError::new(hillview_shared::Kind::Fault, "fault", "the server failed");
    fault.reference = Some("a1b2".into());
    desk.answer(ticket, Err(fault));
    desk.shows("the server failed [fault] reference a1b2");
}

fn page(name: &str) -> (std::path::PathBuf, String) {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.join("../docs/reference").join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    (path, text)
}

#[test]
fn the_page_of_keys_is_as_the_program_has_them() {
    let (path, written) = page("keys.md");
    if std::env::var_os("HILLVIEW_UPDATE_DOCS").is_some() {
        return std::fs::write(path, command::reference()).unwrap();
    }
    assert!(
        written == command::reference(),
        "docs/reference/keys.md is out of date: run this test with HILLVIEW_UPDATE_DOCS=1"
    );
}

#[test]
fn every_command_line_form_of_the_table_exists() {
    let (_, cli) = page("cli.md");
    for entry in command::TABLE.iter().filter(|entry| !entry.cli.is_empty()) {
        let words = entry
            .cli
            .split(' ')
            .take_while(|word| !word.starts_with("--"));
        let heading = format!("## hillview {}\n", words.collect::<Vec<_>>().join(" "));
        assert!(cli.contains(&heading), "{}: {heading}", entry.name);
    }
}

#[test]
fn what_is_not_there_yet_is_not_counted() {
    let mut desk = Desk::start(80, 24, MONOCHROME);
    desk.send(Msg::Resumed(Box::new(fixtures::kamau())));
    for (keys, none) in [
        ("", "0 sheets"),
        ("s", "0 students"),
        ("<Esc>c", "0 classes"),
    ] {
        desk.keys(keys);
        desk.shows("asking the server; Esc leaves");
        desk.hides(none);
    }
}
