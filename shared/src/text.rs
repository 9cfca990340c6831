//! Text from people: folding for search and keys, and the neutralising of control characters.

use std::fmt;

/// A word that is not one of a closed list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownWord {
    /// The word that was read.
    pub word: String,
    /// The words that would have been understood.
    pub known: &'static [&'static str],
}

impl fmt::Display for UnknownWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is none of {}", self.word, self.known.join(", "))
    }
}

impl std::error::Error for UnknownWord {}

/// Whether a character could disturb a terminal or hide text: C0 and C1 controls, bidirectional
/// overrides and isolates, zero-width characters, line and paragraph separators.
///
/// Source of the bidirectional list: Unicode Technical Report 36, section 2.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{180E}'
            | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{2069}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}')
}

/// Shows hidden characters as visible marks (`\u{FFFD}`), for every sink that prints data.
pub fn visible(text: &str) -> std::borrow::Cow<'_, str> {
    if text.chars().any(is_hidden) {
        text.chars()
            .map(|c| if is_hidden(c) { '\u{FFFD}' } else { c })
            .collect::<String>()
            .into()
    } else {
        text.into()
    }
}

/// Folds text for comparison: lower case, without accents' common Latin forms, apostrophes and
/// punctuation dropped, white space collapsed. `Ng'ang'a` and `NGANGA` fold alike, and so do an
/// accented letter and a letter with its accent behind it.
///
/// Used for search and for matching headers and names, never for display.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.chars().flat_map(char::to_lowercase) {
        match unaccented(c) {
            '\'' | '\u{2018}' | '\u{2019}' | '`' | '\u{02BC}' | '\u{0300}'..='\u{036F}' => {}
            c if c.is_alphanumeric() => folded.push(c),
            _ if folded.is_empty() || folded.ends_with(' ') => {}
            _ => folded.push(' '),
        }
    }
    if folded.ends_with(' ') {
        folded.pop();
    }
    folded
}

fn unaccented(c: char) -> char {
    match c {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ā' | 'ă' | 'ą' => 'a',
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => 'c',
        'ď' => 'd',
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' | 'ẽ' => 'e',
        'ĝ' | 'ğ' | 'ġ' | 'ģ' => 'g',
        'ĥ' => 'h',
        'ì' | 'í' | 'î' | 'ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' => 'i',
        'ĵ' => 'j',
        'ķ' => 'k',
        'ĺ' | 'ļ' | 'ľ' => 'l',
        'ñ' | 'ń' | 'ņ' | 'ň' => 'n',
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ō' | 'ŏ' | 'ő' => 'o',
        'ŕ' | 'ŗ' | 'ř' => 'r',
        'ś' | 'ŝ' | 'ş' | 'š' => 's',
        'ţ' | 'ť' => 't',
        'ù' | 'ú' | 'û' | 'ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' => 'u',
        'ŵ' => 'w',
        'ý' | 'ÿ' | 'ŷ' => 'y',
        'ź' | 'ż' | 'ž' => 'z',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_ignores_case_accents_apostrophes_and_spacing() {
        for (text, folded) in [
            ("Ng'ang'a  Peter ", "nganga peter"),
            ("O\u{2019}Brien", "obrien"),
            ("Wanjikũ wa Kamaũ", "wanjiku wa kamau"),
            ("Wanjiku\u{303} wa KAMAU\u{303}", "wanjiku wa kamau"),
            ("Mu\u{303}thoni\u{301}", "muthoni"),
            ("\u{130}pek", "ipek"),
            ("Adm_No.", "adm no"),
            ("Science & Technology", "science technology"),
            ("", ""),
        ] {
            assert_eq!(fold(text), folded, "{text:?}");
        }
    }

    #[test]
    fn hidden_characters_become_visible() {
        assert_eq!(visible("Amina"), "Amina");
        assert_eq!(
            visible("A\u{1b}[2Jb\u{202e}c\u{200b}"),
            "A\u{fffd}[2Jb\u{fffd}c\u{fffd}"
        );
    }
}
