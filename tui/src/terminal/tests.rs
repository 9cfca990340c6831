//! What this backend writes, judged by a terminal emulator and counted.

use std::cell::RefCell;
use std::io::{self, Write};
use std::num::NonZeroU16;
use std::rc::Rc;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use ratatui::Terminal;
use ratatui::buffer::{Buffer, CellWidth};
use ratatui::layout::{Position, Size};
use ratatui::style::{Color, Modifier, Style};

use super::{Abilities, Screen};

const FULL: Abilities = Abilities {
    colour: true,
    ascii: false,
};

/// What was written, and in how many writes.
#[derive(Clone, Default)]
struct Line(Rc<RefCell<Vec<Vec<u8>>>>);

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().push(bytes.to_vec());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A terminal with an emulator at its other end.
struct Bench {
    line: Line,
    terminal: Terminal<Screen<Line>>,
    emulator: vt100::Parser,
}

impl Bench {
    fn new(columns: u16, rows: u16, abilities: Abilities) -> Self {
        let line = Line::default();
        let screen = Screen::new(line.clone(), Size::new(columns, rows), abilities);
        Self {
            line,
            terminal: Terminal::new(screen).unwrap(),
            emulator: vt100::Parser::new(size(rows), size(columns), 0),
        }
    }

    /// Draws, and gives what was written.
    fn draw(&mut self, view: impl FnOnce(&mut ratatui::Frame<'_>)) -> Vec<u8> {
        self.terminal.draw(view).unwrap();
        let writes = std::mem::take(&mut *self.line.0.borrow_mut());
        assert!(writes.len() <= 1, "a frame is one write");
        let bytes = writes.concat();
        self.emulator.process(&bytes);
        bytes
    }

    fn resize(&mut self, columns: u16, rows: u16) {
        self.emulator
            .screen_mut()
            .set_size(size(rows), size(columns));
        // A terminal that is resized shows anything.
        self.emulator.process(b"\x1b[3;3Hleft over\x1b[7m");
        let size = Size::new(columns, rows);
        self.terminal.backend_mut().resized(size);
        self.terminal.clear().unwrap();
    }
}

fn size(size: u16) -> NonZeroU16 {
    NonZeroU16::new(size).unwrap()
}

fn emulated(color: Color) -> vt100::Color {
    match color {
        Color::Reset => vt100::Color::Default,
        Color::Red => vt100::Color::Idx(1),
        Color::Blue => vt100::Color::Idx(4),
        Color::LightGreen => vt100::Color::Idx(10),
        Color::Indexed(index) => vt100::Color::Idx(index),
        Color::Rgb(red, green, blue) => vt100::Color::Rgb(red, green, blue),
        other => panic!("the frames have no {other}"),
    }
}

/// Fails where the emulator's screen does not look like ratatui's buffer.
fn assert_same(emulator: &vt100::Screen, buffer: &Buffer, told: &str) {
    let mut covered = 0;
    for position in buffer.area.positions() {
        let Position { x, y } = position;
        if x == 0 {
            covered = 0;
        }
        let (wanted, found) = (&buffer[position], emulator.cell(y, x).unwrap());
        if covered > 0 {
            assert!(found.is_wide_continuation(), "{told}: {x},{y}");
            covered -= 1;
            continue;
        }
        covered = wanted.cell_width().saturating_sub(1);
        let text = if found.has_contents() {
            found.contents()
        } else {
            " "
        };
        assert_eq!(
            text,
            wanted.symbol(),
            "{told}: {x},{y}\n{}",
            emulator.contents()
        );
        assert_eq!(
            found.bgcolor(),
            emulated(wanted.bg),
            "{told}: behind {x},{y}"
        );
        let has = |modifier| wanted.modifier.contains(modifier);
        assert_eq!(found.inverse(), has(Modifier::REVERSED), "{told}: {x},{y}");
        assert_eq!(
            found.underline(),
            has(Modifier::UNDERLINED),
            "{told}: {x},{y}"
        );
        // What a blank without these does not show need not be sent.
        if text != " " || found.inverse() || found.underline() {
            assert_eq!(found.fgcolor(), emulated(wanted.fg), "{told}: {x},{y}");
            assert_eq!(found.bold(), has(Modifier::BOLD), "{told}: {x},{y}");
            assert_eq!(found.dim(), has(Modifier::DIM), "{told}: {x},{y}");
            assert_eq!(found.italic(), has(Modifier::ITALIC), "{told}: {x},{y}");
        }
    }
}

fn any_style(random: &mut StdRng) -> Style {
    let colours = [
        Color::Reset,
        Color::Reset,
        Color::Red,
        Color::Blue,
        Color::LightGreen,
        Color::Indexed(200),
        Color::Rgb(1, 20, 200),
    ];
    let modifiers = [
        Modifier::empty(),
        Modifier::empty(),
        Modifier::BOLD,
        Modifier::DIM,
        Modifier::BOLD.union(Modifier::ITALIC),
        Modifier::REVERSED,
        Modifier::UNDERLINED,
        Modifier::ITALIC.union(Modifier::REVERSED),
    ];
    // The emulator knows bold or dim, never both; so a style replaces the one before.
    Style::reset()
        .fg(colours[random.random_range(0..colours.len())])
        .bg(colours[random.random_range(0..colours.len()) / 2])
        .add_modifier(modifiers[random.random_range(0..modifiers.len())])
}

/// Changes the picture as a program might: text here and there, blocks gone, rows moved.
fn change(picture: &mut Buffer, random: &mut StdRng) {
    const WORDS: [&str; 7] = [
        "Ng'ang'a Peter",
        "   ",
        "Ame\u{301}lie",
        "王小明",
        "ab王c",
        "…é─│",
        "52  EE2  saved",
    ];
    let (columns, rows) = (picture.area.width, picture.area.height);
    for _ in 0..random.random_range(0..6) {
        let (x, y) = (
            random.random_range(0..columns),
            random.random_range(0..rows),
        );
        match random.random_range(0..10) {
            0 => {
                let block = ratatui::layout::Rect::new(
                    x,
                    y,
                    columns - x,
                    random.random_range(1..=rows - y),
                );
                for position in block.positions() {
                    picture[position].reset();
                }
            }
            1 => {
                let lines = random.random_range(1..4).min(rows - 1);
                let (width, lines) = (usize::from(columns), usize::from(lines));
                if random.random() {
                    picture.content.rotate_left(width * lines);
                } else {
                    picture.content.rotate_right(width * lines);
                }
            }
            _ => {
                let word = WORDS[random.random_range(0..WORDS.len())];
                picture.set_stringn(x, y, word, usize::from(columns - x), any_style(random));
            }
        }
    }
    mend(picture);
}

/// A buffer is well formed when nothing stands under the second half of a wide character.
fn mend(picture: &mut Buffer) {
    for y in 0..picture.area.height {
        let mut x = 0;
        while x < picture.area.width {
            let width = picture[(x, y)].cell_width().max(1);
            if x + width > picture.area.width {
                picture[(x, y)].reset();
            }
            for under in x + 1..(x + width).min(picture.area.width) {
                picture[(under, y)].reset();
            }
            x += width;
        }
    }
}

#[test]
fn thousands_of_random_frames_look_as_ratatui_means_them() {
    for seed in 0..40 {
        let mut random = StdRng::seed_from_u64(seed);
        let (mut columns, mut rows) = (random.random_range(4..90), random.random_range(2..30));
        let mut bench = Bench::new(columns, rows, FULL);
        let mut picture = Buffer::empty(ratatui::layout::Rect::new(0, 0, columns, rows));
        for frame in 0..100 {
            if random.random_range(0..50) == 0 {
                (columns, rows) = (random.random_range(4..90), random.random_range(2..30));
                bench.resize(columns, rows);
                picture = Buffer::empty(ratatui::layout::Rect::new(0, 0, columns, rows));
            }
            change(&mut picture, &mut random);
            let cursor = (random.random_range(0..3) > 0).then(|| {
                Position::new(
                    random.random_range(0..columns),
                    random.random_range(0..rows),
                )
            });
            bench.draw(|to| {
                to.buffer_mut().clone_from(&picture);
                if let Some(cursor) = cursor {
                    to.set_cursor_position(cursor);
                }
            });
            let told = format!("seed {seed}, frame {frame}");
            let screen = bench.emulator.screen();
            assert_same(screen, &picture, &told);
            assert_eq!(screen.hide_cursor(), cursor.is_none(), "{told}");
            if let Some(Position { x, y }) = cursor {
                assert_eq!(screen.cursor_position(), (y, x), "{told}");
            }
            let again = bench.draw(|to| {
                to.buffer_mut().clone_from(&picture);
                if let Some(cursor) = cursor {
                    to.set_cursor_position(cursor);
                }
            });
            assert_eq!(again, b"", "{told}: the same frame again");
        }
    }
}

const STUDENTS: [&str; 6] = [
    "Achieng Grace Otieno",
    "Barasa Kevin Wekesa",
    "Chebet Faith Jepkosgei",
    "Ng'ang'a Peter Mwangi",
    "Hassan Amina Abdi",
    "Kiprono Dennis Kipchirchir",
];

/// A marks sheet as the screens draw it: one line above, one below, the grid in between.
struct Sheet {
    top: usize,
    at: usize,
    typed: &'static str,
    saved: usize,
}

impl Sheet {
    fn draw(&self, frame: &mut ratatui::Frame<'_>) {
        let buffer = frame.buffer_mut();
        let heading = Style::new().add_modifier(Modifier::BOLD);
        let green = Style::new().fg(Color::Green);
        let top =
            " Kilimani Primary  4 East  English / Grammar  out of 60         W. Kamau  online";
        buffer.set_string(0, 0, top, Style::new().add_modifier(Modifier::REVERSED));
        let heads = "   #  Adm no    Name                                 Mark  Level   State";
        buffer.set_string(0, 1, heads, heading);
        for line in 0..20 {
            let (row, y) = (self.top + line, u16::try_from(line).unwrap() + 2);
            let name = STUDENTS[row % STUDENTS.len()];
            let text = format!("  {:>2}  {}  {name}", row + 1, 20_240_000 + row);
            buffer.set_string(0, y, text, Style::new());
            if row < self.saved {
                buffer.set_string(53, y, format!("{:>4}  ME1", 30 + row % 30), Style::new());
                buffer.set_string(67, y, "saved", green);
            } else if row == self.at {
                buffer.set_string(53, y, format!("{:<4}", self.typed), Style::new());
            }
        }
        let state = format!(" {:>2} of 40   mean 41.3", self.saved);
        buffer.set_string(0, 22, state, Style::new());
        let keys = " Enter save, down  a absent  e exempt  u undo  / find  h history  F2 submit  ?";
        buffer.set_string(0, 23, keys, Style::new());
        let y = u16::try_from(self.at - self.top).unwrap() + 2;
        let x = 53 + u16::try_from(self.typed.len()).unwrap();
        frame.set_cursor_position((x, y));
    }
}

#[test]
fn a_sheet_stays_within_the_bytes_of_a_slow_line() {
    let mut bench = Bench::new(80, 24, FULL);
    let mut sheet = Sheet {
        top: 0,
        at: 0,
        typed: "",
        saved: 0,
    };
    let first = bench.draw(|frame| sheet.draw(frame)).len();
    assert!(first <= 2_000, "first paint: {first}");
    let mut all = first;
    for student in 0..40 {
        for typed in ["4", "47"] {
            sheet.typed = typed;
            let digit = bench.draw(|frame| sheet.draw(frame)).len();
            assert!((1..=4).contains(&digit), "typed digit: {digit}");
            all += digit;
        }
        (sheet.saved, sheet.typed) = (student + 1, "");
        sheet.at = (student + 1).min(39);
        let scrolls = sheet.at >= 20;
        sheet.top = sheet.at.saturating_sub(19);
        let commit = bench.draw(|frame| sheet.draw(frame)).len();
        let most = if scrolls { 130 } else { 60 };
        assert!(commit <= most, "commit of {student}: {commit}");
        all += commit;
    }
    assert!(all <= 14_000, "forty marks: {all}");
    let screen = bench.emulator.screen().contents();
    assert!(screen.contains("  40  20240039"), "{screen}");
    assert!(screen.contains(" 40 of 40"), "{screen}");
}

#[test]
fn without_colour_and_utf8_only_plain_ascii_is_written() {
    let mut bench = Bench::new(
        20,
        3,
        Abilities {
            colour: false,
            ascii: true,
        },
    );
    let written = bench.draw(|frame| {
        let style = Style::new().fg(Color::Red).bg(Color::Blue);
        let bold = style.add_modifier(Modifier::BOLD);
        frame
            .buffer_mut()
            .set_string(0, 0, "─┌│ Ame\u{301}lie…", bold);
        frame.buffer_mut().set_string(0, 1, "王小明x", style);
    });
    assert!(written.is_ascii());
    let screen = bench.emulator.screen();
    assert_eq!(screen.contents(), "-+| Amelie~\n? ? ? x");
    let cell = screen.cell(0, 0).unwrap();
    assert!(cell.bold());
    assert_eq!(cell.fgcolor(), vt100::Color::Default);
    assert_eq!(cell.bgcolor(), vt100::Color::Default);
}

#[test]
fn no_control_or_direction_character_reaches_the_terminal() {
    let mut bench = Bench::new(40, 5, FULL);
    let symbols = [
        "\u{1b}]52;c;eA==\u{7}",
        "\u{202e}",
        "\u{9b}",
        "\u{301}",
        "a\u{200f}",
    ];
    let written = bench.draw(|frame| {
        for (y, symbol) in (0..).zip(symbols) {
            frame.buffer_mut()[(0, y)].set_symbol(symbol);
        }
    });
    let text = String::from_utf8(written).unwrap();
    let shown = ["\u{fffd}"; 5].join("\r\n");
    assert_eq!(text, format!("\u{1b}[m\u{1b}[H\u{1b}[2J{shown}\u{1b}[?25l"));
}
