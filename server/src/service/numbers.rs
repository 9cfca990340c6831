//! Admission numbers that the server chooses: as the school writes them, one higher than the highest.
//!
//! A school writes `ADM007`, `2026/0041` or plain `0041`. What stands before the last digits of the
//! latest number is how it writes them now. Not here: what is taken, which the database and the
//! file of an import say.

use crate::db::students::admission_key;

/// How a school writes its numbers: something, or nothing, before digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// As it is written.
    prefix: String,
    /// As it is compared.
    key: String,
}

impl Pattern {
    /// The pattern of a number, if it ends with digits.
    pub fn of(number: &str) -> Option<Self> {
        let prefix = number.trim_end_matches(|c: char| c.is_ascii_digit());
        (prefix.len() < number.len()).then(|| Self {
            prefix: prefix.to_owned(),
            key: admission_key(prefix),
        })
    }

    /// The folded beginning of every number of this pattern.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The digits of a folded number of this pattern.
    fn digits<'k>(&self, key: &'k str) -> Option<&'k str> {
        let digits = key.strip_prefix(&*self.key)?;
        let only_digits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        only_digits.then_some(digits)
    }

    /// The highest of folded numbers, as the school writes it.
    pub fn highest<'k>(&self, keys: impl Iterator<Item = &'k String>) -> Option<String> {
        let digits = keys.filter_map(|key| self.digits(key));
        let highest = digits.max_by_key(|digits| (digits.len(), *digits));
        highest.map(|digits| format!("{}{digits}", self.prefix))
    }
}

/// The number after the highest one, as wide as it. Counted in digits, so that none is too large.
pub fn next(highest: Option<&str>) -> String {
    let highest = highest.unwrap_or("0000");
    let prefix = highest.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = &highest[prefix.len()..];
    let below = digits.trim_end_matches('9');
    let zeros = "0".repeat(digits.len() - below.len());
    match below.as_bytes().split_last() {
        Some((last, before)) => {
            let before = String::from_utf8_lossy(before);
            format!("{prefix}{before}{}{zeros}", char::from(last + 1))
        }
        None => format!("{prefix}1{zeros}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_on_as_the_school_writes_them() {
        for (highest, number) in [
            (None, "0001"),
            (Some("0009"), "0010"),
            (Some("20240007"), "20240008"),
            (Some("999"), "1000"),
            (Some("ADM008"), "ADM009"),
            (Some("ADM999"), "ADM1000"),
            (Some("2026/0041"), "2026/0042"),
            (Some("\u{d6}9"), "\u{d6}10"),
            (Some("12A"), "12A1"),
            (Some("0199"), "0200"),
            (Some("18446744073709551615"), "18446744073709551616"),
            (Some("99999999999999999999"), "100000000000000000000"),
        ] {
            assert_eq!(next(highest), number, "{highest:?}");
        }
    }

    #[test]
    fn the_highest_is_of_the_same_pattern() {
        let keys = ["adm007", "adm012", "adm9", "adm12x", "adm", "0900", "b/3"].map(str::to_owned);
        let highest = |like: &str| Pattern::of(like)?.highest(keys.iter());
        assert_eq!(highest("ADM001").as_deref(), Some("ADM012"));
        assert_eq!(highest("0001").as_deref(), Some("0900"));
        assert_eq!(highest("B/1").as_deref(), Some("B/3"));
        assert_eq!(highest("C1"), None);
        assert_eq!(Pattern::of("12A"), None);
    }
}
