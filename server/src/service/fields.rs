//! What every text field must keep to at the server's edge: a length, and no hidden characters.

use chrono::{Datelike, NaiveDate};
use hillview_shared::ApiError;
use hillview_shared::students::Page;
use hillview_shared::text::is_hidden;
use unicode_normalization::UnicodeNormalization;

/// The longest name that something is looked up by: a subject and its paper, `English / Grammar`.
const SOUGHT_MAX: usize = 130;

type Checked<T> = Result<T, ApiError>;

/// A name: trimmed, 1 to `most` characters, none of them hidden, white space single, an accent
/// and its letter one character.
pub fn name(field: &str, text: &str, most: usize) -> Checked<String> {
    let text = text
        .nfc()
        .collect::<String>()
        .split(' ')
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    if text.is_empty() {
        return Err(ApiError::invalid("empty", format!("the {field} is empty")));
    }
    optional(field, &text, most)?;
    Ok(text)
}

/// Text that may be empty: at most `most` characters, none of them hidden.
pub fn optional(field: &str, text: &str, most: usize) -> Checked<()> {
    let length = text.chars().count();
    if length > most {
        let message = format!("the {field} has {length} characters; at most {most} are allowed");
        return Err(ApiError::invalid("too-long", message));
    }
    if let Some(hidden) = text.chars().find(|c| is_hidden(*c)) {
        let message = format!(
            "the {field} has a hidden character, U+{:04X}",
            u32::from(hidden)
        );
        return Err(ApiError::invalid("hidden-character", message).hint("type the text again"));
    }
    Ok(())
}

/// A name that something is looked up by. Refusals quote it and finding it compares it with every
/// name of its kind, so it may not be as long as a call.
pub fn sought(field: &str, text: &str) -> Checked<()> {
    optional(field, text, SOUGHT_MAX)
}

/// A code: 1 to 20 of `A-Z 0-9 -`, given in any case.
pub fn code(text: &str) -> Checked<String> {
    let code = text.trim().to_ascii_uppercase();
    let fits = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'-';
    if !(1..=20).contains(&code.len()) || !code.bytes().all(fits) {
        sought("code", text)?;
        let message = format!("{text:?} is no code: 1 to 20 letters, digits and hyphens");
        return Err(ApiError::invalid("bad-code", message));
    }
    Ok(code)
}

/// An admission or staff number: trimmed, 1 to `most` characters without white space inside.
pub fn number(field: &str, text: &str, most: usize) -> Checked<String> {
    let number = name(field, text, most)?;
    if number.contains(char::is_whitespace) {
        let message = format!("the {field} {number:?} has a space in it");
        return Err(ApiError::invalid("bad-number", message));
    }
    Ok(number)
}

/// A day of a school's life: what lies outside these years is a slip of the pen, and a storage may not hold it.
pub fn day(field: &str, day: NaiveDate) -> Checked<()> {
    if !(2000..=2100).contains(&day.year()) {
        let message = format!("the {field}, {day}, is no day of a school that is open");
        return Err(ApiError::invalid("impossible-date", message));
    }
    Ok(())
}

/// The rows of a page: 1 to 200, 50 when not said.
pub fn page(limit: u16) -> Checked<i64> {
    match limit {
        0 => Ok(50),
        1..=200 => Ok(i64::from(limit)),
        _ => Err(ApiError::invalid("bad-limit", "a page has 1 to 200 rows")),
    }
}

/// The `after` of a page is not one that this server gave.
pub fn bad_page() -> ApiError {
    ApiError::invalid("bad-page", "this is not where a page ended")
        .hint("take it from `next` of the page before")
}

/// A page from one row more than it holds; the last row that stays gives the key.
pub fn paged<T>(mut rows: Vec<T>, limit: i64, key: impl Fn(&T) -> String) -> Page<T> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(key);
    Page { rows, next }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_their_apostrophes_and_lose_hidden_characters_loudly() {
        assert_eq!(
            name("name", "  Ng'ang'a   O'Brien ", 120).unwrap(),
            "Ng'ang'a O'Brien"
        );
        assert_eq!(name("name", "Wanjiku\u{303}", 7).unwrap(), "Wanjikũ");
        for (text, most, code) in [
            ("", 120, "empty"),
            ("   ", 120, "empty"),
            ("a\u{1b}[2J", 120, "hidden-character"),
            ("a\u{202e}b", 120, "hidden-character"),
            ("a\nb", 120, "hidden-character"),
            ("aaaa", 3, "too-long"),
        ] {
            assert_eq!(name("name", text, most).unwrap_err().code, code, "{text:?}");
        }
    }

    #[test]
    fn codes_are_upper_case_and_short() {
        assert_eq!(code(" t1-mid ").unwrap(), "T1-MID");
        for text in ["", "T1 MID", "T1/MID", "ÉTÉ", &"X".repeat(21)] {
            assert!(code(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn days_are_of_this_age() {
        for (text, fits) in [
            ("1999-12-31", false),
            ("2000-01-01", true),
            ("2100-12-31", true),
            ("2101-01-01", false),
            ("+262142-12-31", false),
            ("-262143-01-01", false),
        ] {
            assert_eq!(day("day", text.parse().unwrap()).is_ok(), fits, "{text}");
        }
    }

    #[test]
    fn the_last_page_says_so() {
        let page = paged(vec![1, 2, 3], 2, i32::to_string);
        assert_eq!((page.rows, page.next.as_deref()), (vec![1, 2], Some("2")));
        let page = paged(vec![1, 2], 2, i32::to_string);
        assert_eq!((page.rows, page.next), (vec![1, 2], None));
    }
}
