//! How things look: colours where the terminal has them, and glyphs with an ASCII twin.
//!
//! Nothing hangs on colour alone: selection is reverse video and every state has its word.

use ratatui::style::{Color, Modifier, Style};

/// Which colours are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Palette {
    /// The terminal's sixteen colours.
    Sixteen,
    /// Bold and reverse video only: `NO_COLOR`, `TERM=dumb`, `--no-color`.
    Monochrome,
}

/// Colours and glyphs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    pub palette: Palette,
    /// Only ASCII is written for the frame of things: the locale is not UTF-8, or `--ascii`.
    pub ascii: bool,
}

/// What a piece of text means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Plain,
    Heading,
    /// Less important: labels, disabled commands.
    Faint,
    Good,
    Waiting,
    Bad,
    Selected,
}

impl Theme {
    pub fn style(self, tone: Tone) -> Style {
        let plain = Style::new();
        match (tone, self.palette) {
            (Tone::Selected, _) => plain.add_modifier(Modifier::REVERSED),
            (Tone::Heading, _) => plain.add_modifier(Modifier::BOLD),
            (Tone::Bad, Palette::Monochrome) => plain.add_modifier(Modifier::BOLD),
            (Tone::Good, Palette::Sixteen) => plain.fg(Color::Green),
            (Tone::Waiting, Palette::Sixteen) => plain.fg(Color::Yellow),
            (Tone::Bad, Palette::Sixteen) => plain.fg(Color::Red),
            (Tone::Faint, Palette::Sixteen) => plain.fg(Color::Cyan),
            (Tone::Plain | Tone::Good | Tone::Waiting | Tone::Faint, _) => plain,
        }
    }

    /// What stands where a name is cut.
    pub fn cut(self) -> &'static str {
        if self.ascii { "~" } else { "…" }
    }
}
