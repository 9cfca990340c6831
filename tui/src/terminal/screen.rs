//! The backend that ratatui draws to: it keeps what the terminal shows and what is wanted, and
//! writes the shortest way from one to the other, once a frame.

use std::io::{self, Write};

use ratatui::backend::{Backend, ClearType, WindowSize};
use ratatui::buffer::{Cell, CellWidth};
use ratatui::layout::{Position, Size};

use super::abilities::Abilities;
use super::draft::{Draft, Rows, blank};
use super::pen::Pen;

/// A ratatui backend for terminals at the end of slow lines.
pub struct Screen<W> {
    to: W,
    abilities: Abilities,
    size: Size,
    pen: Pen,
    shown: Rows,
    wanted: Rows,
    /// Nothing is known about what the terminal shows.
    unknown: bool,
    cursor_shown: bool,
    /// Where the cursor is to stand; hidden when `None`.
    cursor: Option<Position>,
    /// The last place that was asked for.
    place: Position,
}

impl<W: Write> Screen<W> {
    /// A screen of this size; the first frame starts with an empty one.
    pub fn new(to: W, size: Size, abilities: Abilities) -> Self {
        let mut screen = Self {
            to,
            abilities,
            size,
            pen: Pen::new(),
            shown: Rows::new(),
            wanted: Rows::new(),
            unknown: true,
            cursor_shown: true,
            cursor: None,
            place: Position::ORIGIN,
        };
        screen.resized(size);
        screen
    }

    /// The terminal has another size, and its contents are unknown.
    pub fn resized(&mut self, size: Size) {
        self.size = size;
        self.shown = blank(size);
        self.forget();
    }

    /// Writes bytes that leave the picture and the cursor alone.
    ///
    /// # Errors
    /// When the terminal cannot be written to any more.
    pub fn write_aside(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.to.write_all(bytes).and_then(|()| self.to.flush())
    }

    fn forget(&mut self) {
        self.wanted = blank(self.size);
        self.unknown = true;
    }

    /// Takes over one cell of ratatui's, as it will look on this terminal.
    fn want(&mut self, column: u16, row: u16, cell: &Cell) {
        let (column, columns) = (usize::from(column), usize::from(self.size.width));
        let Some(row) = self.wanted.get_mut(usize::from(row)) else {
            return;
        };
        if column >= columns {
            return;
        }
        let covers = usize::from(cell.cell_width().max(1));
        let cell = self.abilities.shown_as(cell);
        // Half of a wide character cannot stay, on the left or on the right of what is set.
        if column > 0 && row[column].symbol().is_empty() {
            row[column - 1].set_symbol(" ");
        }
        let end = (column + covers).min(columns);
        if row.get(end).is_some_and(|next| next.symbol().is_empty()) {
            row[end] = Cell::EMPTY;
        }
        row[column..end].fill(Cell::EMPTY);
        match cell.cell_width() {
            0 | 1 => row[column] = cell,
            _ if column + covers > columns => {}
            _ => {
                row[column] = cell;
                row[column + 1..end].fill(Cell::new(""));
            }
        }
    }

    /// The bytes from what is shown to what is wanted, with the cursor where it is to be.
    fn frame(&mut self) -> Vec<u8> {
        if self.unknown || self.shown != self.wanted {
            let start = Draft {
                pen: self.pen.clone(),
                rows: self.shown.clone(),
            };
            let best = start.shortest(&self.wanted, self.unknown);
            (self.pen, self.shown, self.unknown) = (best.pen, best.rows, false);
        }
        if let Some(Position { x, y }) = self.cursor {
            let row = self
                .shown
                .get(usize::from(y))
                .map_or(&[][..], Vec::as_slice);
            self.pen.go(x, y, row);
        }
        if self.cursor.is_some() != self.cursor_shown {
            self.cursor_shown = self.cursor.is_some();
            let letter = if self.cursor_shown { b'h' } else { b'l' };
            self.pen.out.extend_from_slice(b"\x1b[?25");
            self.pen.out.push(letter);
        }
        std::mem::take(&mut self.pen.out)
    }
}

impl<W: Write> Backend for Screen<W> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        for (column, row, cell) in content {
            self.want(column, row, cell);
        }
        Ok(())
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.cursor = None;
        Ok(())
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.cursor = Some(self.place);
        Ok(())
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        Ok(self.place)
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        let position = position.into();
        self.place = Position {
            x: position.x.min(self.size.width.saturating_sub(1)),
            y: position.y.min(self.size.height.saturating_sub(1)),
        };
        if self.cursor.is_some() {
            self.cursor = Some(self.place);
        }
        Ok(())
    }

    fn clear(&mut self) -> io::Result<()> {
        self.forget();
        Ok(())
    }

    fn clear_region(&mut self, _: ClearType) -> io::Result<()> {
        self.forget();
        Ok(())
    }

    fn size(&self) -> io::Result<Size> {
        Ok(self.size)
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        Ok(WindowSize {
            columns_rows: self.size,
            pixels: Size::ZERO,
        })
    }

    /// Writes the frame: one write, and none when nothing changed.
    fn flush(&mut self) -> io::Result<()> {
        let bytes = self.frame();
        if bytes.is_empty() {
            return Ok(());
        }
        let written = self.to.write_all(&bytes).and_then(|()| self.to.flush());
        if written.is_err() {
            self.unknown = true;
        }
        written
    }
}
