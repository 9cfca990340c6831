//! What a password must look like. No rules of composition: it needs a length, and it must be none
//! that somebody would try early.
//!
//! A password counts as common when it can be put together cheaply: from a common word, a walk over
//! the keyboard, a word about the person or the school, and a few digits and signs. Not here: how
//! passwords are hashed (`hashing`).

use std::collections::HashMap;
use std::sync::LazyLock;

use hillview_shared::ApiError;
use hillview_shared::accounts::{PASSWORD_MAX, PASSWORD_MIN};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::service::hashing::normal;

/// One word a line, the very commonest first; a blank line ends those.
const COMMON: &str = include_str!("common_passwords.txt");
/// The longest word that is looked up.
const WORD_MAX: usize = 24;
/// What is cheaper than this is common.
const ENOUGH: usize = 11;
/// What one of the very commonest words, a word about the person, and a walk over the keyboard cost.
const TOP: usize = 4;
/// What any other common word costs: two of them make a password.
const WORD: usize = 7;

/// Where fingers walk, from left to right; they walk back as well.
const WALKS: [&str; 8] = [
    "01234567890",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiop[]",
    "asdfghjkl;'",
    "zxcvbnm,./",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/",
    "qazwsxedcrfvtgbyhnujmikolp",
    "1q2w3e4r5t6y7u8i9o0p",
];

/// Refuses a new password that is too short, too long, or easily guessed. `about` are words about
/// the person and the school.
pub fn check(new: &str, about: &[&str]) -> Result<(), ApiError> {
    let new = normal(new);
    let length = new.chars().count();
    let reason = if new.chars().any(char::is_control) {
        "the new password holds a control character, which not every keyboard can type".to_owned()
    } else if length < PASSWORD_MIN {
        format!("the new password has {length} characters; it needs at least {PASSWORD_MIN}")
    } else if length > PASSWORD_MAX {
        format!("the new password has {length} characters; at most {PASSWORD_MAX} are kept")
    } else if is_common(&new, about) {
        "the new password is one of those that are guessed first".to_owned()
    } else {
        return Ok(());
    };
    Err(ApiError::invalid("weak-password", reason).hint("several words make a good password"))
}

fn is_common(password: &str, about: &[&str]) -> bool {
    let lower: Vec<char> = bare(password).collect();
    let own = own_words(about);
    // The cheapest way to put the first n characters together.
    let mut cheapest: Vec<Option<usize>> = vec![None; lower.len() + 1];
    cheapest[0] = Some(0);
    for from in 0..lower.len() {
        let Some(so_far) = cheapest[from] else {
            continue;
        };
        let mut reach = |to: usize, cost: usize| {
            let cost = so_far + cost;
            cheapest[to] = Some(cheapest[to].map_or(cost, |known| known.min(cost)));
        };
        if !lower[from].is_alphabetic() {
            reach(from + 1, 1);
        }
        for to in from + 3..=lower.len().min(from + 2 * WORD_MAX) {
            let piece = &lower[from..to];
            if is_repeated(&lower, from, to) {
                reach(to, 1);
            } else if is_walk(piece) {
                reach(to, TOP);
            } else if piece.len() <= WORD_MAX {
                let word: String = piece.iter().map(|c| folded(*c)).collect();
                if let Some(cost) = own.get(&word).or_else(|| DEAR.get(&word)) {
                    reach(to, *cost);
                }
            }
        }
    }
    cheapest[lower.len()].is_some_and(|cost| cost < ENOUGH)
}

/// What words cost, by their folded form.
static DEAR: LazyLock<HashMap<String, usize>> = LazyLock::new(|| {
    let mut words = HashMap::new();
    let mut cost = TOP;
    for line in COMMON.lines().filter(|line| !line.starts_with('#')) {
        if line.is_empty() {
            cost = WORD;
        } else {
            words
                .entry(line.chars().map(folded).collect())
                .or_insert(cost);
        }
    }
    words
});

/// Words about somebody, each and its parts.
fn own_words(about: &[&str]) -> HashMap<String, usize> {
    let mut own = HashMap::new();
    for text in about {
        let lower: String = bare(text).collect();
        let parts = lower.split(|c: char| !c.is_alphanumeric());
        let whole: String = lower.chars().filter(|c| c.is_alphanumeric()).collect();
        for word in parts.chain([whole.as_str()]) {
            if word.chars().count() >= 3 {
                own.insert(word.chars().map(folded).collect(), TOP);
            }
        }
    }
    own
}

/// In lower case and without accents.
fn bare(text: &str) -> impl Iterator<Item = char> {
    let marks = |c: &char| !is_combining_mark(*c);
    text.nfkd().filter(marks).flat_map(char::to_lowercase)
}

/// Letters and what is written in their place look alike.
fn folded(c: char) -> char {
    match c {
        '0' => 'o',
        '1' | '!' | '|' | 'l' => 'i',
        '2' => 'z',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '6' | '9' => 'g',
        '7' | '+' => 't',
        '8' => 'b',
        other => other,
    }
}

/// Whether it is one sign again and again, or a piece of a walk, forth or back.
fn is_walk(piece: &[char]) -> bool {
    if piece.iter().all(|c| *c == piece[0]) {
        return true;
    }
    let forth: String = piece.iter().collect();
    let back: String = piece.iter().rev().collect();
    WALKS
        .iter()
        .any(|walk| walk.contains(&forth) || walk.contains(&back))
}

/// Whether the piece says again what stands before it.
fn is_repeated(all: &[char], from: usize, to: usize) -> bool {
    let length = to - from;
    from >= length && all[from - length..from] == all[from..to]
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABOUT: [&str; 4] = [
        "amina.hassan",
        "Amina Wanjikũ Hassan",
        "kilimani",
        "Kilimani Primary",
    ];

    fn reason(new: &str) -> Option<String> {
        check(new, &ABOUT).err().map(|error| error.message)
    }

    #[test]
    fn a_length_and_nothing_else_is_asked_for() {
        for good in [
            "long enough",
            "ñandúñandú",
            "correct horse battery",
            "a new long one",
            "another good password",
            "jrktwpqzmx",
            "8391 0275 4463",
            "abcd-efgh-jkmn-pqrs-not",
            "Mvua ya kwanza 7",
            "密码是一个很长的句子",
        ] {
            assert_eq!(reason(good), None, "{good}");
        }
        assert!(reason("too short").unwrap().contains("9 characters"));
        assert!(reason(&"xy".repeat(65)).unwrap().contains("130"));
        assert_eq!(reason(&"long words ".repeat(11)), None);
    }

    #[test]
    fn what_is_guessed_first_is_refused() {
        for bad in [
            "password123",
            "P@ssw0rd2026",
            "Password!!!",
            "passwordpassword",
            "1234567890",
            "0987654321",
            "qwertyuiop",
            "1qaz2wsx3edc",
            "aaaaaaaaaaaa",
            "abcabcabcabc",
            "qwerty123456",
            "teacher2026",
            "schoolteacher",
            "mwalimu12345",
            "iloveyou2026",
            "michael123",
            "2026-11-26",
            "trustno1trustno1",
            "Kilimani2026",
            "kilimaniprimary1",
            "AminaHassan",
            "amina.hassan",
            "Wanjiku2026",
            "hassanamina!",
            "manchester",
        ] {
            let told = reason(bad).unwrap_or_else(|| panic!("{bad} was taken"));
            assert!(told.contains("guessed first"), "{bad}: {told}");
        }
    }

    #[test]
    fn control_characters_are_refused() {
        assert!(reason("long\tenough").unwrap().contains("control"));
        assert!(reason("long enough\u{1b}[A").unwrap().contains("control"));
    }
}
