//! A cursor over rows, and the window of rows that a screen shows. Only that window is drawn.

use std::ops::Range;

use crate::command::Command;

/// Which row the cursor is on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    pub at: usize,
}

impl Cursor {
    /// Moves by a command, with `page` rows on the screen; false when it is no movement.
    pub fn step(&mut self, command: Command, rows: usize, page: usize) -> bool {
        let last = rows.saturating_sub(1);
        let at = match command {
            Command::Up => self.at.saturating_sub(1),
            Command::Down | Command::Next => self.at + 1,
            Command::PageUp => self.at.saturating_sub(page.max(1)),
            Command::PageDown => self.at + page.max(1),
            Command::First => 0,
            Command::Last => last,
            _ => return false,
        };
        self.at = at.min(last);
        true
    }

    /// Keeps the cursor on a row when there are fewer.
    pub fn clamp(&mut self, rows: usize) {
        self.at = self.at.min(rows.saturating_sub(1));
    }
}

/// The rows to show in `height` lines so that `at` is among them.
///
/// It turns whole pages, because scrolling line by line costs a whole screen a row on a slow
/// line; the last page is full.
pub fn window(at: usize, rows: usize, height: usize) -> Range<usize> {
    let height = height.max(1);
    let first = (at / height * height).min(rows.saturating_sub(height));
    first..rows.min(first + height)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_turns_pages_and_the_last_one_is_full() {
        for (at, shown) in [(0, 0..20), (19, 0..20), (20, 20..40), (40, 21..41)] {
            assert_eq!(window(at, 41, 20), shown, "{at}");
        }
        assert_eq!(window(0, 0, 20), 0..0);
        assert_eq!(window(3, 5, 0), 3..4);
    }

    #[test]
    fn the_cursor_stays_on_the_rows() {
        let mut cursor = Cursor::default();
        for (command, at) in [
            (Command::Up, 0),
            (Command::PageDown, 4),
            (Command::Last, 9),
            (Command::Down, 9),
            (Command::PageUp, 5),
            (Command::First, 0),
        ] {
            assert!(cursor.step(command, 10, 4));
            assert_eq!(cursor.at, at, "{command:?}");
        }
        assert!(!cursor.step(Command::Help, 10, 4));
        assert!(cursor.step(Command::Last, 0, 4));
        assert_eq!(cursor.at, 0);
    }
}
