//! Where the terminal's cursor stands, how its next character would look, and the shortest bytes
//! that change either.
//!
//! Only sequences that the Linux console, xterm, tmux, screen, PuTTY and Windows Terminal share.

use std::io::Write;

use ratatui::buffer::{Cell, CellWidth};
use ratatui::style::{Color, Modifier};

/// What colours and attributes a character has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Look {
    fg: Color,
    bg: Color,
    modifier: Modifier,
}

/// The attributes that are seen on a blank.
pub(super) const SEEN_ON_BLANK: Modifier = Modifier::REVERSED
    .union(Modifier::UNDERLINED)
    .union(Modifier::CROSSED_OUT);

impl Look {
    const PLAIN: Self = Self {
        fg: Color::Reset,
        bg: Color::Reset,
        modifier: Modifier::empty(),
    };

    fn of(cell: &Cell) -> Self {
        Self {
            fg: cell.fg,
            bg: cell.bg,
            modifier: cell.modifier,
        }
    }
}

/// The terminal's cursor as far as it is known, and the bytes that are to be written.
#[derive(Clone)]
pub(super) struct Pen {
    column: Option<u16>,
    row: Option<u16>,
    look: Look,
    pub(super) out: Vec<u8>,
}

impl Pen {
    /// A pen that knows nothing about the cursor; the look is plain.
    pub(super) fn new() -> Self {
        Self {
            column: None,
            row: None,
            look: Look::PLAIN,
            out: Vec::new(),
        }
    }

    /// Takes the look as unknown: somebody else may have written.
    pub(super) fn forget(&mut self) {
        self.column = None;
        self.row = None;
        self.out.extend_from_slice(b"\x1b[m");
        self.look = Look::PLAIN;
    }

    /// Moves to a cell; `shown` is what the terminal shows in that row.
    pub(super) fn go(&mut self, column: u16, row: u16, shown: &[Cell]) {
        if (self.column, self.row) == (Some(column), Some(row)) {
            return;
        }
        let mut best = absolute(column, row);
        let mut consider = |way: Vec<u8>| {
            if way.len() < best.len() {
                best = way;
            }
        };
        if let Some(from) = self.row {
            let vertical = vertical(from, row);
            // What a line feed does after the last column was written differs; a return first
            // settles it.
            let mut way = vec![b'\r'];
            way.extend_from_slice(&vertical);
            way.extend(self.forward(0, column, shown));
            consider(way);
            if from == row {
                consider(sequence(column + 1, b'G'));
            }
            if let Some(at) = self.column {
                let mut way = vertical;
                if at <= column {
                    way.extend(self.forward(at, column, shown));
                } else {
                    way.extend(backward(at - column));
                }
                consider(way);
            }
        }
        self.out.extend_from_slice(&best);
        (self.column, self.row) = (Some(column), Some(row));
    }

    /// The bytes that move right: writing again what stands there, where that is shorter.
    fn forward(&self, from: u16, to: u16, shown: &[Cell]) -> Vec<u8> {
        if from == to {
            return Vec::new();
        }
        let jump = sequence(to - from, b'C');
        let between = shown.get(usize::from(from)..usize::from(to));
        match between {
            Some(cells)
                if cells.len() < jump.len()
                    && cells
                        .iter()
                        .all(|cell| self.suits(cell) && is_plain_text(cell)) =>
            {
                let symbols = cells.iter().flat_map(|cell| cell.symbol().bytes());
                symbols.collect()
            }
            _ => jump,
        }
    }

    /// Whether a cell's character can be written without changing the look. On a blank only some
    /// of a look is seen.
    fn suits(&self, cell: &Cell) -> bool {
        let look = Look::of(cell);
        let blank = cell.symbol() == " " && look.modifier.is_empty();
        look == self.look || (blank && self.leaves_blank(look.bg))
    }

    /// Whether a blank of the present look is nothing but this background.
    fn leaves_blank(&self, bg: Color) -> bool {
        self.look.bg == bg && !self.look.modifier.intersects(SEEN_ON_BLANK)
    }

    /// Makes the next character look like that of a cell.
    pub(super) fn dress_for(&mut self, cell: &Cell) {
        if !self.suits(cell) {
            self.dress(Look::of(cell));
        }
    }

    fn dress(&mut self, look: Look) {
        if look == self.look {
            return;
        }
        let mut anew = vec![0];
        added(Look::PLAIN, look, &mut anew);
        let mut changed = Vec::new();
        removed(self.look, look, &mut changed);
        added(self.look.without_removed(look), look, &mut changed);
        let (anew, changed) = (graphics(&anew), graphics(&changed));
        let shorter = if changed.len() <= anew.len() {
            changed
        } else {
            anew
        };
        self.out.extend_from_slice(&shorter);
        self.look = look;
    }

    /// Writes one character (with what combines with it) at the cursor.
    pub(super) fn write(&mut self, symbol: &str, columns: u16) {
        self.out.extend_from_slice(symbol.as_bytes());
        let width = symbol.cell_width();
        let next = self.column.map(|column| column + width);
        // After the last column terminals wait at the edge in different ways, and about the width
        // of composed characters they disagree: there the next move says its column.
        let sure = width == 1 && symbol.chars().nth(1).is_none();
        self.column = next.filter(|next| *next < columns && sure);
    }

    /// Erases from the cursor to the end of the row.
    pub(super) fn erase_to_end(&mut self) {
        if !self.leaves_blank(Color::Reset) {
            self.dress(Look::PLAIN);
        }
        self.out.extend_from_slice(b"\x1b[K");
    }

    /// Erases everything.
    pub(super) fn erase_all(&mut self) {
        self.dress(Look::PLAIN);
        self.out.extend_from_slice(b"\x1b[H\x1b[2J");
        (self.column, self.row) = (Some(0), Some(0));
    }

    /// Moves the rows `first..=last` up (a positive number of lines) or down; blank ones come in.
    pub(super) fn scroll(&mut self, first: u16, last: u16, lines: i16) {
        self.dress(Look::PLAIN);
        self.print(format_args!("\x1b[{};{}r", first + 1, last + 1));
        // How a line feed crosses the border of a region differs, so the way there is no relative one.
        let edge = if lines > 0 { last } else { first };
        self.out.extend_from_slice(&absolute(0, edge));
        let line: &[u8] = if lines > 0 { b"\n" } else { b"\x1bM" };
        for _ in 0..lines.unsigned_abs() {
            self.out.extend_from_slice(line);
        }
        // Setting the region, or taking it away, moves the cursor home.
        self.out.extend_from_slice(b"\x1b[r");
        (self.column, self.row) = (Some(0), Some(0));
    }

    fn print(&mut self, text: std::fmt::Arguments<'_>) {
        self.out
            .write_fmt(text)
            .expect("writing to memory succeeds");
    }
}

fn is_plain_text(cell: &Cell) -> bool {
    matches!(cell.symbol().as_bytes(), [b' '..=b'~'])
}

fn absolute(column: u16, row: u16) -> Vec<u8> {
    match (column, row) {
        (0, 0) => b"\x1b[H".to_vec(),
        (0, _) => sequence(row + 1, b'H'),
        _ => format!("\x1b[{};{}H", row + 1, column + 1).into_bytes(),
    }
}

fn vertical(from: u16, to: u16) -> Vec<u8> {
    let (each, jump): (&[u8], _) = if to >= from {
        (b"\n", sequence(to - from, b'B'))
    } else {
        (b"\x1bM", sequence(from - to, b'A'))
    };
    let steps = each.repeat(usize::from(from.abs_diff(to)));
    if steps.len() <= jump.len() {
        steps
    } else {
        jump
    }
}

fn backward(by: u16) -> Vec<u8> {
    let jump = sequence(by, b'D');
    if usize::from(by) <= jump.len() {
        vec![8; usize::from(by)]
    } else {
        jump
    }
}

/// `ESC [ number letter`, where 1 is left out.
fn sequence(number: u16, letter: u8) -> Vec<u8> {
    let mut bytes = b"\x1b[".to_vec();
    if number != 1 {
        bytes.extend_from_slice(number.to_string().as_bytes());
    }
    bytes.push(letter);
    bytes
}

fn graphics(codes: &[u8]) -> Vec<u8> {
    if codes == [0] {
        return b"\x1b[m".to_vec();
    }
    let codes: Vec<String> = codes.iter().map(u8::to_string).collect();
    format!("\x1b[{}m", codes.join(";")).into_bytes()
}

/// Each attribute with the code that sets it and the one that takes it away.
const ATTRIBUTES: [(Modifier, u8, u8); 9] = [
    (Modifier::BOLD, 1, 22),
    (Modifier::DIM, 2, 22),
    (Modifier::ITALIC, 3, 23),
    (Modifier::UNDERLINED, 4, 24),
    (Modifier::SLOW_BLINK, 5, 25),
    (Modifier::RAPID_BLINK, 6, 25),
    (Modifier::REVERSED, 7, 27),
    (Modifier::HIDDEN, 8, 28),
    (Modifier::CROSSED_OUT, 9, 29),
];

impl Look {
    /// What is left of this look once what `next` lacks has been taken away: a code that takes
    /// bold away takes dim with it.
    fn without_removed(self, next: Self) -> Self {
        let gone = self.modifier.difference(next.modifier);
        let mut left = self;
        for (_, _, off) in ATTRIBUTES.iter().filter(|(one, ..)| gone.contains(*one)) {
            for (other, ..) in ATTRIBUTES.iter().filter(|(_, _, code)| code == off) {
                left.modifier.remove(*other);
            }
        }
        left
    }
}

fn removed(from: Look, to: Look, codes: &mut Vec<u8>) {
    let gone = from.modifier.difference(to.modifier);
    for (attribute, _, off) in ATTRIBUTES {
        if gone.contains(attribute) && !codes.contains(&off) {
            codes.push(off);
        }
    }
}

fn added(from: Look, to: Look, codes: &mut Vec<u8>) {
    for (attribute, on, _) in ATTRIBUTES {
        if to.modifier.difference(from.modifier).contains(attribute) {
            codes.push(on);
        }
    }
    if from.fg != to.fg {
        colour(to.fg, 30, codes);
    }
    if from.bg != to.bg {
        colour(to.bg, 40, codes);
    }
}

/// The codes of a colour on the base 30 (text) or 40 (behind it).
fn colour(colour: Color, base: u8, codes: &mut Vec<u8>) {
    let sixteen = |index: u8| {
        if index < 8 {
            base + index
        } else {
            base + 52 + index
        }
    };
    match colour {
        Color::Reset => codes.push(base + 9),
        Color::Black => codes.push(sixteen(0)),
        Color::Red => codes.push(sixteen(1)),
        Color::Green => codes.push(sixteen(2)),
        Color::Yellow => codes.push(sixteen(3)),
        Color::Blue => codes.push(sixteen(4)),
        Color::Magenta => codes.push(sixteen(5)),
        Color::Cyan => codes.push(sixteen(6)),
        Color::Gray => codes.push(sixteen(7)),
        Color::DarkGray => codes.push(sixteen(8)),
        Color::LightRed => codes.push(sixteen(9)),
        Color::LightGreen => codes.push(sixteen(10)),
        Color::LightYellow => codes.push(sixteen(11)),
        Color::LightBlue => codes.push(sixteen(12)),
        Color::LightMagenta => codes.push(sixteen(13)),
        Color::LightCyan => codes.push(sixteen(14)),
        Color::White => codes.push(sixteen(15)),
        Color::Indexed(index) if index < 16 => codes.push(sixteen(index)),
        Color::Indexed(index) => codes.extend([base + 8, 5, index]),
        Color::Rgb(red, green, blue) => codes.extend([base + 8, 2, red, green, blue]),
    }
}
