//! How many bytes the real screens cost on the way to a terminal.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;

use hillview::terminal::{Abilities, Screen};
use ratatui::layout::Size;

use super::*;

/// Counts what is written.
#[derive(Clone, Default)]
struct Counter(Rc<RefCell<usize>>);

impl io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        *self.0.borrow_mut() += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A desk whose screens go to a counting terminal.
struct Line {
    desk: Desk,
    terminal: Terminal<Screen<Counter>>,
    counter: Counter,
}

impl Line {
    fn of(desk: Desk) -> Self {
        let counter = Counter::default();
        let size = Size::new(80, 24);
        let abilities = Abilities {
            colour: true,
            ascii: false,
        };
        let screen = Screen::new(counter.clone(), size, abilities);
        let terminal = Terminal::new(screen).expect("a screen of bytes");
        Self {
            desk,
            terminal,
            counter,
        }
    }

    /// Draws, and says what it cost.
    fn draw(&mut self) -> usize {
        let before = *self.counter.0.borrow();
        let app = &self.desk.app;
        self.terminal
            .draw(|frame| app.view(frame))
            .expect("bytes can be counted");
        *self.counter.0.borrow() - before
    }

    fn key(&mut self, key: &str) -> usize {
        self.desk.keys(key);
        self.draw()
    }
}

#[test]
fn the_first_paint_of_each_screen_is_small() {
    for keys in ["", "<Enter>", "s", "?"] {
        let mut desk = Desk::home(80, 24);
        desk.keys(keys);
        desk.serve();
        let first = Line::of(desk).draw();
        assert!(first <= 3_000, "{keys:?}: {first}");
    }
}

#[test]
fn the_first_paint_of_people_and_rights_is_small() {
    for keys in [
        ":staff",
        ":teaching",
        ":grants",
        ":requests",
        ":sessions",
        ":audit",
        ":roles",
    ] {
        let mut desk = Desk::home_of(super::people::head());
        desk.play(&format!("{keys}<Enter>|"));
        let first = Line::of(desk).draw();
        assert!(first <= 3_000, "{keys:?}: {first}");
    }
}

#[test]
fn forty_marks_stay_within_the_bytes_of_a_slow_line() {
    let mut line = Line::of(Desk::sheet(80, 24));
    let mut keys = Vec::new();
    let mut all = line.draw();
    for at in 0..40_i64 {
        let units = (at % 10).to_string();
        for key in ["3", &units, "<Enter>"] {
            keys.push(line.key(key));
        }
        let (edit, new) = line.desk.queue();
        let (sheet, student) = (new.sheet, new.student);
        line.desk.event(OutboxEvent::Sending {
            edit,
            sheet,
            student,
        });
        let sending = line.draw();
        line.desk.saved(edit, &new, 100 + at);
        let saved = line.draw();
        all += sending + saved;
    }
    all += keys.iter().sum::<usize>();
    keys.sort_unstable();
    let median = keys[keys.len() / 2];
    assert!(median <= 60, "a key: {median}");
    assert!(all <= 14_000, "forty marks: {all}");
}

#[test]
fn nothing_is_written_when_nothing_happens() {
    let mut line = Line::of(Desk::sheet(80, 24));
    line.draw();
    line.desk.send(Msg::Now(Moment(NOW.0 + 60_000_000)));
    assert_eq!(line.draw(), 0);
}
