//! What the terminal can show, and what a cell becomes on it.

use ratatui::buffer::{Cell, CellWidth};
use ratatui::style::{Color, Modifier};

use super::pen::SEEN_ON_BLANK;

/// What the terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Abilities {
    /// Off for `NO_COLOR`: bold and reverse video are left.
    pub colour: bool,
    /// The locale is not UTF-8: every other character becomes a sign of ASCII.
    pub ascii: bool,
}

impl Abilities {
    /// A cell as this terminal shows it; what cannot be seen is taken away, so that two cells
    /// that look alike are equal.
    pub(super) fn shown_as(self, cell: &Cell) -> Cell {
        let mut shown = Cell::EMPTY;
        shown.set_symbol(self.symbol(cell.symbol()));
        if self.colour {
            shown.fg = cell.fg;
            shown.bg = cell.bg;
        }
        shown.modifier = cell.modifier;
        if shown.symbol() == " " && !shown.modifier.intersects(SEEN_ON_BLANK) {
            shown.fg = Color::Reset;
            shown.modifier = Modifier::empty();
        }
        shown
    }

    /// The last fence: whatever a screen lets through, no control or direction-changing character
    /// reaches the terminal.
    fn symbol(self, symbol: &str) -> &str {
        let harmful = |c: char| {
            c.is_control()
                || matches!(c, '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        };
        if symbol.is_ascii() && symbol.len() == 1 && !harmful(char::from(symbol.as_bytes()[0])) {
            return symbol;
        }
        let stranger = if self.ascii { "?" } else { "\u{fffd}" };
        if symbol.is_empty() {
            return " ";
        }
        if symbol.chars().any(harmful) || symbol.cell_width() == 0 {
            return stranger;
        }
        if !self.ascii {
            return symbol;
        }
        match symbol.chars().next() {
            Some(base) if base.is_ascii() => &symbol[..1],
            Some('\u{2500}'..='\u{2501}' | '\u{2550}' | '\u{2013}' | '\u{2014}') => "-",
            Some('\u{2502}'..='\u{2503}' | '\u{2551}') => "|",
            Some('\u{250c}'..='\u{254b}' | '\u{2552}'..='\u{256c}') => "+",
            Some('\u{2018}' | '\u{2019}' | '\u{2bc}') => "'",
            Some('\u{2026}') => "~",
            _ => stranger,
        }
    }
}
