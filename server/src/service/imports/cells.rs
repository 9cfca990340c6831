//! Single values as people write them: admission numbers and names.

use hillview_shared::text::is_hidden;

use super::read::is_zero_width;
use crate::service::students::{NAME_MAX, NUMBER_MAX};

/// What is wrong with a value: a stable code and the sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    pub code: &'static str,
    pub reason: String,
}

impl Flaw {
    pub fn new(code: &'static str, reason: impl Into<String>) -> Self {
        Self {
            code,
            reason: reason.into(),
        }
    }
}

/// One line of text: space of any kind becomes a single space, what takes no room goes. Everything
/// else stays as it is, so names are kept as written.
///
/// # Errors
/// When a character is hidden in it that could disturb a screen, or one that was lost before.
pub fn one_line(text: &str) -> Result<String, Flaw> {
    let mut line = String::with_capacity(text.len());
    for c in text.chars().filter(|c| !is_zero_width(*c)) {
        if c.is_whitespace() {
            if !line.is_empty() && !line.ends_with(' ') {
                line.push(' ');
            }
        } else if is_hidden(c) {
            let reason = format!(
                "it hides the character U+{:04X}; type it anew",
                u32::from(c)
            );
            return Err(Flaw::new("hidden-character", reason));
        } else if c == char::REPLACEMENT_CHARACTER {
            let reason = "a letter of it was lost when the file was saved; type it anew, and save \
                          the file as CSV UTF-8 or XLSX";
            return Err(Flaw::new("lost-character", reason));
        } else {
            line.push(c);
        }
    }
    if line.ends_with(' ') {
        line.pop();
    }
    Ok(line)
}

/// Reads a full name.
///
/// # Errors
/// When it cannot be kept as it is.
pub fn read_name(text: &str) -> Result<String, Flaw> {
    let name = one_line(text)?;
    if name.chars().count() > NAME_MAX {
        let reason = format!("the name is longer than {NAME_MAX} characters");
        return Err(Flaw::new("name-too-long", reason));
    }
    if !name.is_empty() && !name.chars().any(char::is_alphabetic) {
        let reason = format!("{name:?} has no letter; is it in the wrong column?");
        return Err(Flaw::new("not-a-name", reason));
    }
    Ok(name)
}

/// An admission number, and a warning when the spreadsheet has spoilt it.
#[derive(Debug, PartialEq, Eq)]
pub struct Number {
    /// As text, without what spreadsheets add.
    pub text: String,
    pub warning: Option<Flaw>,
}

/// Reads an admission number: text in which leading zeros count. A `.0` that a spreadsheet put
/// behind a whole number goes.
///
/// # Errors
/// When it cannot be kept.
pub fn read_number(text: &str) -> Result<Number, Flaw> {
    let text = one_line(text)?;
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let text = match text.split_once('.') {
        Some((whole, zeros))
            if digits(whole) && digits(zeros) && zeros.trim_matches('0').is_empty() =>
        {
            whole.to_owned()
        }
        _ => text,
    };
    if text.chars().count() > NUMBER_MAX {
        let reason = format!("the admission number is longer than {NUMBER_MAX} characters");
        return Err(Flaw::new("number-too-long", reason));
    }
    if text.contains(' ') {
        let reason = format!("the admission number {text:?} has a space in it");
        return Err(Flaw::new("bad-number", reason));
    }
    let warning = scientific(&text).then(|| {
        let reason = format!(
            "{text} looks like a number that a spreadsheet shortened; format the column as text \
             and type the number in full"
        );
        Flaw::new("scientific-notation", reason)
    });
    Ok(Number { text, warning })
}

/// Whether this is `2.02401E+11` or the like. `4E1` is not: classes and numbers look so.
fn scientific(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else {
        return false;
    };
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let signed = exponent.strip_prefix(['+', '-']);
    let (whole, decimals) = mantissa.split_once([',', '.']).unwrap_or((mantissa, ""));
    digits(whole)
        && (decimals.is_empty() || digits(decimals))
        && digits(signed.unwrap_or(exponent))
        && (signed.is_some() || !decimals.is_empty())
}

/// The form in which admission numbers are compared: case does not matter.
pub fn number_key(number: &str) -> String {
    crate::db::students::admission_key(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn admission_numbers_are_text() {
        for (text, number) in [
            ("ADM001", "ADM001"),
            ("007", "007"),
            ("2024001.0", "2024001"),
            ("2024001.00", "2024001"),
            ("\u{a0}2024001\u{200b} ", "2024001"),
            ("A.0", "A.0"),
            ("12.5", "12.5"),
            ("KE/2024/7", "KE/2024/7"),
            ("4E1", "4E1"),
            ("", ""),
        ] {
            let read = read_number(text).unwrap();
            assert_eq!(
                (read.text.as_str(), read.warning),
                (number, None),
                "{text:?}"
            );
        }
    }

    #[test]
    fn a_shortened_number_is_pointed_out() {
        for text in ["2.02401E+11", "2,024e+6", "1E+05", "2.5E3"] {
            let read = read_number(text).unwrap();
            assert_eq!(read.text, text);
            assert_eq!(read.warning.unwrap().code, "scientific-notation", "{text}");
        }
    }

    #[test]
    fn names_are_kept_as_they_are() {
        for (text, name) in [
            ("Ng'ang'a", "Ng'ang'a"),
            ("O\u{2019}Brien", "O\u{2019}Brien"),
            ("Wanjiku wa Kamau", "Wanjiku wa Kamau"),
            ("Wanjikũ\u{a0} Njoki\n", "Wanjikũ Njoki"),
            ("MARY\u{200b} ANNE", "MARY ANNE"),
        ] {
            assert_eq!(read_name(text).unwrap(), name);
        }
    }

    #[test]
    fn names_that_would_spoil_a_screen_are_refused() {
        for (text, code) in [
            ("Amina\u{1b}[2J", "hidden-character"),
            ("Amina \u{202e}ikram", "hidden-character"),
            ("Am\u{fffd}lie", "lost-character"),
            ("2024001", "not-a-name"),
        ] {
            assert_eq!(read_name(text).unwrap_err().code, code, "{text:?}");
        }
        assert_eq!(
            read_name(&"a".repeat(121)).unwrap_err().code,
            "name-too-long"
        );
        assert_eq!(
            read_number(&"1".repeat(41)).unwrap_err().code,
            "number-too-long"
        );
    }
}
