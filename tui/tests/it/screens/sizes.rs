//! Sizes, colours, character sets: what a terminal can be.

use hillview_shared::api::HillviewResponse;
use hillview_shared::assessments::{Sheet, SheetOpened};
use ratatui::style::Color;

use super::*;

/// A sheet with names of one's own, in a theme.
fn sheet_of(names: &[&str], theme: Theme) -> Desk {
    let mut desk = Desk::start(80, 24, theme);
    desk.send(Msg::Resumed(Box::new(fixtures::kamau())));
    desk.serve();
    desk.keys("<Enter>");
    let (ticket, _) = desk.calls.remove(0);
    let sheet = Sheet {
        rows: names
            .iter()
            .enumerate()
            .map(|(at, name)| fixtures::row(at, name))
            .collect(),
        ..fixtures::grammar()
    };
    let opened = SheetOpened::Sheet(Box::new(sheet));
    desk.answer(ticket, Ok(HillviewResponse::OpenSheet(Ok(opened))));
    desk
}

#[test]
fn sixty_by_twenty_is_usable() {
    let mut desk = Desk::sheet(60, 20);
    desk.keys("52<Enter>61<Enter>");
    insta::assert_snapshot!(desk.screen(), @"
     Kilim…  2026 T2  4 East  English / Gra… w.kamau@hillview.e…
        #  Adm no    Name           Mark of 60  Level  State
        1  20240001  Achieng Grace Ot…      52  EE2    writing
    >   2  20240002  Barasa Kevin           61         61 is ov…
        3  20240003  Chebet Faith
        4  20240004  Ng'ang'a Peter
        5  20240005  Hassan Amina
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
     61 is over 60; the mark stays as typed until it is  online
     right
    ");
}

#[test]
fn home_at_sixty_by_twenty() {
    let mut desk = Desk::home(60, 20);
    insta::assert_snapshot!(desk.screen(), @"
     Kilimani Primary  2026 T2  My sheets    w.kamau@hillview.e…
      Class     Paper          Entered  State         Due
    > 4 East    English / Gra…    0/40  open          3 days
      4 East    English / Com…    3/40  open          tomorrow
      4 East    Mathematics      38/40  closed 24 Jul -
      4 East    Creative Arts    40/40  submitted     -








     My class: 4 East, students: 40. Complete: 1 of 5 papers.
     Owing: English / Grammar (J. Otieno), English /
     Composition (J. Otieno), Mathematics (J. Otieno),
     Kiswahili / Insha (J. Otieno)
     4 sheets, marks owing: 77                           online
     Enter open  s students  / find student  c classes  ? help
    ");
}

#[test]
fn smaller_says_so_and_changes_nothing() {
    let mut desk = Desk::sheet(80, 24);
    desk.keys("4");
    desk.resize(20, 5);
    desk.shows("This terminal is");
    desk.keys("7<Enter>");
    desk.send(Msg::Paste("1\n2".into()));
    for (columns, rows) in [(1, 1), (2, 40), (200, 1), (59, 20), (60, 19)] {
        desk.resize(columns, rows);
        desk.screen();
        desk.keys("x");
    }
    desk.resize(80, 24);
    assert!(desk.saves.is_empty());
    assert!(desk.line_with(">   1").contains("  4  "));
    desk.resize(20, 5);
    desk.keys("<C-q>");
    desk.resize(80, 24);
    desk.shows("the typed 4 is lost");
}

#[test]
fn a_resize_keeps_the_cursor_and_what_is_typed() {
    let mut desk = Desk::sheet(80, 24);
    desk.keys("G<Up>35");
    for (columns, rows) in [(60, 20), (132, 50), (80, 24)] {
        desk.resize(columns, rows);
        let line = desk.line_with(">  39");
        assert!(line.contains("35  ME1"), "{line}");
        let (column, row) = desk.cursor();
        let at = line.find("35  ME1").unwrap() + 2;
        assert_eq!(
            (usize::from(column), desk.line(usize::from(row))),
            (at, line)
        );
    }
    desk.keys("<Left>4<Enter>");
    assert_eq!(desk.saves.len(), 0);
    desk.shows("345 is over 60");
}

#[test]
fn every_screen_draws_at_every_size() {
    for keys in [
        "",
        "s",
        "/",
        "c",
        "?",
        ":",
        "<Enter>",
        "<Enter>h",
        "<Enter>?",
        "<Enter>/",
        "o",
        ":password",
    ] {
        let mut desk = Desk::home(80, 24);
        desk.keys(keys);
        desk.serve();
        for columns in [60, 61, 79, 80, 109, 110, 200] {
            for rows in [20, 21, 24, 60] {
                desk.resize(columns, rows);
                desk.screen();
            }
        }
    }
}

/// Every screen about people and rights, from a head's home on: each `|` waits for the answers.
const PLACES: [&str; 40] = [
    ":sessions<Enter>|",
    ":sessions<Enter>|m|",
    ":sessions<Enter>|<Enter>",
    ":audit<Enter>|",
    ":audit<Enter>|/",
    ":audit<Enter>|<Enter>",
    ":audit<Enter>|v<Enter>|",
    ":roles<Enter>|",
    ":roles<Enter>|<Enter>",
    ":roles<Enter>|e",
    ":roles<Enter>|a",
    ":staff<Enter>|",
    ":staff<Enter>|/",
    ":staff<Enter>|<Enter>",
    ":staff<Enter>|a|<Tab><Tab><Tab>",
    ":staff<Enter>|je|",
    ":staff<Enter>|jd",
    ":staff<Enter>|jPy|",
    ":teaching<Enter>|",
    ":teaching<Enter>|/",
    ":teaching<Enter>|a|",
    ":teaching<Enter>|<Del>",
    ":teaching<Enter>|m|",
    ":teaching<Enter>|m|<Enter>j.otieno<Enter><Enter>| ",
    ":teaching<Enter>|m|<Enter>j.otieno<Enter><Enter>| <Enter><Enter>|",
    ":teaching<Enter>|m|<Right><Enter>4 east<Enter>|",
    ":grants<Enter>|",
    ":grants<Enter>|<Enter>",
    ":grants<Enter>|a|<Tab><Tab>",
    ":requests<Enter>|",
    ":requests<Enter>|d",
    ":set-up<Enter>secret<Enter>|",
    ":set-up<Enter>secret<Enter>|123456<Enter>|",
    ":import-staff<Enter>|",
    ":import-staff<Enter>|staff.csv<Enter><Enter>",
    ":import-staff<Enter>|staff.csv<Enter><Enter>|j",
    ":import-staff<Enter>|staff.csv<Enter><Enter>|<Enter>y|",
    ":import-students<Enter>|a.csv<Enter><Enter><Enter><Enter>|c",
    ":imports<Enter>|",
    ":imports<Enter>|u",
];

#[test]
fn every_screen_of_people_and_rights_draws_at_every_size() {
    for keys in PLACES {
        let mut desk = Desk::home_of(super::people::head());
        desk.play(keys);
        for (columns, rows) in [(60, 20), (79, 21), (80, 24), (110, 60), (200, 20)] {
            desk.resize(columns, rows);
            let screen = desk.screen();
            assert!(screen.contains("help"), "{keys}\n{screen}");
            desk.shows("r.mutua@");
            desk.shows("online");
        }
    }
}

#[test]
fn the_screens_of_the_platform_draw_at_every_size() {
    for keys in ["", "a", "n", "x", "<Enter>", "jj<Del>"] {
        let mut desk = Desk::home_of(super::people::platform());
        desk.play(keys);
        for (columns, rows) in [(60, 20), (80, 24), (200, 60)] {
            desk.resize(columns, rows);
            desk.shows("root@");
        }
    }
}

#[test]
fn control_characters_in_names_of_people_are_shown_as_marks() {
    const HOSTILE: &str = "A\u{1b}]52;c;eA\u{7}\u{202e}\u{200b}\r\nB";
    for keys in PLACES {
        let mut desk = Desk::home_of(super::people::head());
        for keys in keys.split('|') {
            desk.keys(keys);
            desk.serve_with(|answer| super::people::spoil(answer, HOSTILE));
        }
        for cell in &desk.buffer().content {
            let symbol = cell.symbol();
            let hidden = symbol.chars().any(hillview_shared::text::is_hidden);
            assert!(!hidden, "{keys}: {symbol:?}");
        }
    }
}

#[test]
fn monochrome_writes_no_colour_and_selects_by_reverse_video() {
    for keys in ["", "<Enter>", "<Enter>61<Enter>", "s", "?", ":"] {
        let mut desk = Desk::home(80, 24);
        desk.keys(keys);
        desk.serve();
        let buffer = desk.buffer();
        for cell in &buffer.content {
            assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset), "{keys}");
        }
    }
    let mut desk = Desk::home(80, 24);
    let buffer = desk.buffer();
    let reversed =
        |cell: &ratatui::buffer::Cell| cell.modifier.contains(ratatui::style::Modifier::REVERSED);
    assert!(reversed(&buffer[(2, 2)]));
    assert!(!reversed(&buffer[(2, 3)]));
}

#[test]
fn colours_are_the_sixteen_that_every_terminal_has() {
    let theme = Theme {
        palette: Palette::Sixteen,
        ascii: false,
    };
    let mut desk = sheet_of(&["Hassan Amina", "Barasa Kevin"], theme);
    desk.keys("61<Enter>");
    let buffer = desk.buffer();
    let known = [
        Color::Reset,
        Color::Green,
        Color::Yellow,
        Color::Red,
        Color::Cyan,
    ];
    assert!(buffer.content.iter().all(|cell| known.contains(&cell.fg)));
    assert!(buffer.content.iter().any(|cell| cell.fg == Color::Red));
}

#[test]
fn an_ascii_terminal_gets_ascii_only() {
    let theme = Theme {
        ascii: true,
        ..MONOCHROME
    };
    let long = "Wanjik\u{169} wa Kama\u{169} with a name that is much too long for its column";
    let mut desk = sheet_of(&[long, "王小明", "O\u{2019}Brien"], theme);
    for keys in ["", "61<Enter>", "<Esc>?", "<Esc>:undo", "<Esc>/x"] {
        desk.keys(keys);
        let screen = desk.screen();
        assert!(screen.is_ascii(), "{keys}\n{screen}");
    }
}

#[test]
fn wide_and_combining_names_keep_the_columns_straight() {
    let names = [
        "Hassan Amina",
        "王小明王小明王小明王小明王小明王小明",
        "Wanjiku\u{301} wa Kamau\u{303}",
        "\u{1f469}\u{200d}\u{1f3eb} Teacher",
    ];
    let mut desk = sheet_of(&names, MONOCHROME);
    desk.keys("52<Enter>52<Enter>52<Enter>52<Enter>");
    let buffer = desk.buffer();
    let column = |row: u16| {
        (0..80).find(|x| buffer[(*x, row)].symbol() == "5" && buffer[(x + 1, row)].symbol() == "2")
    };
    let first = column(2);
    assert!(first.is_some());
    for row in 3..6 {
        assert_eq!(column(row), first, "{}", desk.screen());
    }
}

#[test]
fn control_and_override_characters_in_names_are_shown_as_marks() {
    let mut desk = sheet_of(
        &["A\u{1b}]52;c;eA\u{7}", "B\u{202e}nimA\u{200b}", "C\r\nD"],
        MONOCHROME,
    );
    desk.shows("A\u{fffd}]52;c;eA\u{fffd}");
    desk.shows("B\u{fffd}nimA\u{fffd}");
    desk.shows("C\u{fffd}\u{fffd}D");
    for cell in &desk.buffer().content {
        assert!(!cell.symbol().chars().any(hillview_shared::text::is_hidden));
    }
}

#[test]
fn nothing_changes_on_the_screen_while_nothing_happens() {
    let mut desk = Desk::sheet(80, 24);
    desk.keys("52<Enter>4");
    let before = desk.buffer();
    desk.send(Msg::Now(Moment(NOW.0 + 30_000_000)));
    desk.send(Msg::Line(LineState::Online));
    assert_eq!(desk.buffer(), before);
}

#[test]
fn school_term_place_user_and_server_are_always_on_the_screen() {
    for (columns, rows) in [(80, 24), (120, 30)] {
        let mut desk = Desk::home(columns, rows);
        for keys in ["", "<Enter>", "52", "?"] {
            desk.keys(keys);
            desk.serve();
            let line = desk.line(0);
            for word in ["Kilimani", "2026 T2", "w.kamau@hillview.example"] {
                assert!(line.contains(word), "{word} in {line:?}");
            }
            desk.shows("online");
        }
    }
}
