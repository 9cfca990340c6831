//! One line of text being typed. The caret moves by what a reader calls a character.

use unicode_segmentation::UnicodeSegmentation;

use super::text;
use crate::msg::{Code, Key};
use crate::theme::Theme;

/// A field's text and its caret.
#[derive(Clone, PartialEq, Eq)]
pub struct Field {
    text: String,
    /// Byte offset, always between two graphemes.
    caret: usize,
    /// The most characters that it takes.
    limit: usize,
    hidden: bool,
}

/// A password must not reach a log through a screen's `Debug`.
impl std::fmt::Debug for Field {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = if self.hidden { "…" } else { &self.text };
        f.debug_struct("Field")
            .field("text", &text)
            .field("caret", &self.caret)
            .finish_non_exhaustive()
    }
}

impl Field {
    pub fn new(text: &str, limit: usize) -> Self {
        Self {
            text: text.to_owned(),
            caret: text.len(),
            limit,
            hidden: false,
        }
    }

    /// A field that shows a star for each character.
    pub fn password(limit: usize) -> Self {
        Self {
            hidden: true,
            ..Self::new("", limit)
        }
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// Takes a key that edits; false when the key is not for a field.
    pub fn key(&mut self, key: Key) -> bool {
        if let Some(c) = key.text() {
            self.insert(c);
            return true;
        }
        match (key.code, key.ctrl) {
            (Code::Backspace, false) => {
                let from = self.before();
                self.text.replace_range(from..self.caret, "");
                self.caret = from;
            }
            (Code::Delete, false) => {
                let to = self.after();
                self.text.replace_range(self.caret..to, "");
            }
            (Code::Left, false) => self.caret = self.before(),
            (Code::Right, false) => self.caret = self.after(),
            (Code::Home, false) | (Code::Char('a'), true) => self.caret = 0,
            (Code::End, false) | (Code::Char('e'), true) => self.caret = self.text.len(),
            (Code::Char('u'), true) => {
                self.text.replace_range(..self.caret, "");
                self.caret = 0;
            }
            _ => return false,
        }
        true
    }

    /// Inserts pasted text: its first line, without hidden characters.
    pub fn paste(&mut self, pasted: &str) {
        let line = pasted.lines().next().unwrap_or_default();
        for c in line.chars() {
            if !hillview_shared::text::is_hidden(c) {
                self.insert(c);
            }
        }
    }

    /// What is seen in `columns`, and the column of the caret in it.
    pub fn shown(&self, columns: usize, theme: Theme) -> (String, usize) {
        let stars;
        let (before, after) = if self.hidden {
            stars = "*".repeat(self.text.graphemes(true).count());
            stars.split_at(self.text[..self.caret].graphemes(true).count())
        } else {
            self.text.split_at(self.caret)
        };
        let (before, after) = (text::clean(before, theme), text::clean(after, theme));
        // One column is for the caret behind the last character.
        let mut start = before.as_ref();
        while text::width(start) + 1 > columns {
            match start.graphemes(true).next() {
                Some(first) => start = &start[first.len()..],
                None => break,
            }
        }
        let caret = text::width(start);
        let mut shown = start.to_owned();
        for grapheme in after.graphemes(true) {
            if text::width(&shown) + text::width(grapheme) > columns {
                break;
            }
            shown.push_str(grapheme);
        }
        (shown, caret)
    }

    fn insert(&mut self, c: char) {
        if self.text.chars().count() < self.limit {
            self.text.insert(self.caret, c);
            self.caret += c.len_utf8();
        }
    }

    fn before(&self) -> usize {
        let before = self.text[..self.caret].grapheme_indices(true).next_back();
        before.map_or(0, |(at, _)| at)
    }

    fn after(&self) -> usize {
        let next = self.text[self.caret..].graphemes(true).next();
        self.caret + next.map_or(0, str::len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theme::Palette;

    const THEME: Theme = Theme {
        palette: Palette::Monochrome,
        ascii: false,
    };

    fn press(field: &mut Field, codes: &[Code]) {
        for code in codes {
            assert!(field.key(Key::plain(*code)), "{code:?}");
        }
    }

    #[test]
    fn the_caret_moves_by_what_a_reader_calls_a_character() {
        let mut field = Field::new("ae\u{301}王", 10);
        press(&mut field, &[Code::Left, Code::Left, Code::Delete]);
        assert_eq!(field.text(), "a王");
        press(&mut field, &[Code::End, Code::Backspace, Code::Char('b')]);
        assert_eq!(field.text(), "ab");
        press(&mut field, &[Code::Home, Code::Backspace, Code::Char('c')]);
        assert_eq!(field.text(), "cab");
        assert!(!field.key(Key::plain(Code::Enter)));
    }

    #[test]
    fn a_long_text_shows_the_part_around_the_caret() {
        let mut field = Field::new("abcdefgh", 20);
        assert_eq!(field.shown(5, THEME), ("efgh".into(), 4));
        press(&mut field, &[Code::Home]);
        assert_eq!(field.shown(5, THEME), ("abcde".into(), 0));
    }

    #[test]
    fn a_password_shows_stars_and_is_never_in_a_log() {
        let mut field = Field::password(20);
        field.paste("hunter\u{1b}2\nmore");
        assert_eq!(field.text(), "hunter2");
        assert_eq!(field.shown(10, THEME), ("*******".into(), 7));
        assert!(!format!("{field:?}").contains("hunter"));
    }

    #[test]
    fn a_field_takes_no_more_than_its_limit() {
        let mut field = Field::new("", 3);
        field.paste("12345");
        assert_eq!(field.text(), "123");
    }
}
