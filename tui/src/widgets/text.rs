//! Text measured and cut as the terminal shows it: by display width, grapheme by grapheme.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::theme::Theme;

/// How many columns a text takes.
pub fn width(text: &str) -> usize {
    text.width()
}

/// A text that is safe to draw: hidden characters as visible marks, and nothing but ASCII where
/// the terminal shows no more.
pub fn clean(text: &str, theme: Theme) -> Cow<'_, str> {
    let text = hillview_shared::text::visible(text);
    if !theme.ascii || text.is_ascii() {
        return text;
    }
    let ascii = text.graphemes(true).map(|grapheme| match grapheme {
        "\u{2019}" | "\u{2018}" => "'",
        "\u{2026}" => "~",
        other if other.is_ascii() => other,
        _ => "?",
    });
    Cow::Owned(ascii.collect())
}

/// A clean text in at most `columns`, its end marked where it is cut.
pub fn cut(text: &str, columns: usize, theme: Theme) -> String {
    let text = clean(text, theme);
    if text.width() <= columns {
        return text.into_owned();
    }
    let mark = theme.cut();
    let mut room = columns.saturating_sub(mark.width());
    let mut kept = String::new();
    for grapheme in text.graphemes(true) {
        match room.checked_sub(grapheme.width()) {
            Some(left) => room = left,
            None => break,
        }
        kept.push_str(grapheme);
    }
    if columns >= mark.width() {
        kept.push_str(mark);
    }
    kept
}

/// Cut, and filled with spaces to exactly `columns`.
pub fn left(text: &str, columns: usize, theme: Theme) -> String {
    let mut text = cut(text, columns, theme);
    let missing = columns.saturating_sub(text.width());
    text.extend(std::iter::repeat_n(' ', missing));
    text
}

/// Cut, with the spaces in front.
pub fn right(text: &str, columns: usize, theme: Theme) -> String {
    let text = cut(text, columns, theme);
    let missing = columns.saturating_sub(text.width());
    format!("{}{text}", " ".repeat(missing))
}

/// A number with its noun: `1 mark`, `2 marks`.
pub fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// Breaks a sentence into lines of at most `columns`: at spaces, and within a word that is longer
/// than a line, so that none of it is out of sight.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.last_mut().expect("there is always a line");
        if last.is_empty() {
            last.push_str(word);
        } else if last.width() + 1 + word.width() <= columns {
            last.push(' ');
            last.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
        while let Some(rest) = lines.last_mut().and_then(|last| split_off(last, columns)) {
            lines.push(rest);
        }
    }
    lines
}

/// Cuts a line to `columns`, and gives what was behind.
fn split_off(line: &mut String, columns: usize) -> Option<String> {
    if columns < 2 || line.width() <= columns {
        return None;
    }
    let mut width = 0;
    let mut graphemes = line.grapheme_indices(true);
    let behind = graphemes.find(|(_, grapheme)| {
        width += grapheme.width();
        width > columns
    });
    let (at, _) = behind?;
    (at > 0).then(|| line.split_off(at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theme::Palette;

    const THEME: Theme = Theme {
        palette: Palette::Monochrome,
        ascii: false,
    };
    const ASCII: Theme = Theme {
        ascii: true,
        ..THEME
    };

    #[test]
    fn names_are_cut_by_display_width() {
        for (text, cut_to_six) in [
            ("Amina", "Amina"),
            ("Hassan Amina", "Hassa…"),
            ("王小明同学", "王小…"),
            ("Wanjiku\u{301}", "Wanji…"),
            (
                "e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}",
                "e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}",
            ),
        ] {
            let fitted = cut(text, 6, THEME);
            assert_eq!(fitted, cut_to_six);
            assert!(width(&fitted) <= 6);
            assert_eq!(width(&left(text, 6, THEME)), 6, "{text}");
            assert_eq!(width(&right(text, 6, THEME)), 6, "{text}");
        }
        assert_eq!(cut("Hassan Amina", 0, THEME), "");
    }

    #[test]
    fn hidden_characters_are_shown_and_ascii_terminals_get_ascii() {
        assert_eq!(clean("A\u{1b}[2J\u{202e}", THEME), "A\u{fffd}[2J\u{fffd}");
        assert_eq!(clean("Jos\u{e9} O\u{2019}Brien", ASCII), "Jos? O'Brien");
        assert_eq!(cut("Hassan Amina", 6, ASCII), "Hassa~");
    }

    #[test]
    fn sentences_break_at_spaces() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("", 7), [""]);
    }

    #[test]
    fn lines_break_at_spaces_and_within_a_word_that_is_too_long() {
        assert_eq!(wrap("a mark of 60", 6), ["a mark", "of 60"]);
        assert_eq!(wrap("at 0123456789ab.", 6), ["at", "012345", "6789ab", "."]);
        assert_eq!(wrap("王小明同学", 5), ["王小", "明同", "学"]);
        assert_eq!(wrap("", 6), [""]);
    }
}
