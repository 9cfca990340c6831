//! Writes lines into an area of the screen, cleaned and cut to it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::text;
use crate::theme::{Theme, Tone};

/// A place to draw in.
pub struct Pen<'a> {
    buffer: &'a mut Buffer,
    pub area: Rect,
    pub theme: Theme,
}

impl<'a> Pen<'a> {
    pub fn new(buffer: &'a mut Buffer, area: Rect, theme: Theme) -> Self {
        Self {
            buffer,
            area,
            theme,
        }
    }

    pub fn columns(&self) -> usize {
        usize::from(self.area.width)
    }

    pub fn lines(&self) -> usize {
        usize::from(self.area.height)
    }

    /// Writes a text at a column of a line; what does not fit is cut.
    pub fn put(&mut self, line: usize, column: usize, tone: Tone, words: &str) {
        if line >= self.lines() || column >= self.columns() {
            return;
        }
        let words = text::cut(words, self.columns() - column, self.theme);
        let style = self.theme.style(tone);
        let (x, y) = (self.area.x + narrow(column), self.area.y + narrow(line));
        self.buffer.set_string(x, y, words, style);
    }

    /// Writes a text that ends at the right edge.
    pub fn put_right(&mut self, line: usize, tone: Tone, words: &str) {
        let words = text::cut(words, self.columns(), self.theme);
        let column = self.columns() - text::width(&words);
        self.put(line, column, tone, &words);
    }

    /// Empties the whole area, for what is drawn over something else.
    pub fn wipe(&mut self) {
        for position in self.area.positions() {
            self.buffer[position].reset();
        }
    }

    /// Empties one line, for what is drawn over it.
    pub fn clear_line(&mut self, line: usize) {
        let blank = " ".repeat(self.columns());
        self.put(line, 0, Tone::Plain, &blank);
    }

    /// The screen's position of a line and column, for the terminal's cursor.
    pub fn position(&self, line: usize, column: usize) -> ratatui::layout::Position {
        let column = column.min(self.columns().saturating_sub(1));
        ratatui::layout::Position::new(self.area.x + narrow(column), self.area.y + narrow(line))
    }

    /// Draws a row of a list with the cursor on it or not: a mark in front, and reverse video.
    pub fn row(&mut self, line: usize, selected: bool, tone: Tone, words: &str) {
        let mark = if selected { ">" } else { " " };
        let words = text::left(words, self.columns().saturating_sub(3), self.theme);
        let tone = if selected { Tone::Selected } else { tone };
        self.put(line, 0, Tone::Plain, mark);
        self.put(line, 2, tone, words.trim_end());
    }
}

fn narrow(cells: usize) -> u16 {
    u16::try_from(cells).unwrap_or(u16::MAX)
}
