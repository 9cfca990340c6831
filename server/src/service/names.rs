//! What people write for a grade, a class, a sex: read, never guessed. Knows no school; the caller
//! brings its grades.

use hillview_shared::students::Sex;
use hillview_shared::text::fold;

/// The longest text that is read as a class, in characters: every word of it may end the grade's name.
pub const CLASS_MAX: usize = 60;

/// A grade by all its names, as far as spelling matters.
pub trait GradeNames {
    /// `G4`.
    fn code(&self) -> &str;
    /// `Grade 4`.
    fn name(&self) -> &str;
    /// What class names begin with: `4`.
    fn short(&self) -> &str;
}

/// Finds the grade that somebody means by `4`, `G4`, `Grade 4`, `GRADE FOUR`, `Std 4`, `PP1`, `F1`
/// or `Form 1`. A bare number must mean one grade only.
pub fn find_grade<'a, G: GradeNames>(grades: &'a [G], text: &str) -> Option<&'a G> {
    let wanted = Spelling::of(text)?;
    let mut found = grades.iter().filter(|grade| {
        [grade.code(), grade.name(), grade.short()]
            .iter()
            .filter_map(|name| Spelling::of(name))
            .any(|known| known.means(&wanted))
    });
    let grade = found.next()?;
    found.next().is_none().then_some(grade)
}

/// Splits `4A`, `4 East`, `Grade 4 - Blue` or `PP1` into the grade and the stream's label, which is
/// empty where there is none. The longest beginning that is a grade counts: `12` is Grade 12.
pub fn split_class<'a, G: GradeNames>(grades: &'a [G], text: &str) -> Option<(&'a G, String)> {
    let text = text.trim();
    if text.chars().nth(CLASS_MAX).is_some() {
        return None;
    }
    let ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
    let mut ends: Vec<usize> = ends.filter(|at| *at > 0).collect();
    ends.reverse();
    ends.into_iter().find_map(|end| {
        let (head, tail) = text.split_at(end);
        let next_to = |c: Option<char>| c.map(char::is_numeric);
        let within_number = next_to(head.chars().next_back()) == Some(true)
            && next_to(tail.chars().next()) == Some(true);
        let within_word = head.chars().next_back().is_some_and(char::is_alphabetic)
            && tail.chars().next().is_some_and(char::is_alphabetic);
        if within_number || within_word {
            return None;
        }
        Some((find_grade(grades, head)?, stream_label(tail)))
    })
}

/// A stream's label without what separates it from the grade: `- Blue`, `(East)`, `Stream A`.
pub fn stream_label(text: &str) -> String {
    let label = text.trim_matches(|c: char| !c.is_alphanumeric());
    let word = label.split_whitespace().next().unwrap_or("");
    let rest = label[word.len()..].trim_start();
    if word.eq_ignore_ascii_case("stream") && !rest.is_empty() {
        return rest.to_owned();
    }
    label.to_owned()
}

/// Whether two labels name the same stream: `east` and `East`.
pub fn same_stream(a: &str, b: &str) -> bool {
    fold(a) == fold(b)
}

/// Reads a sex in English or Kiswahili.
pub fn read_sex(text: &str) -> Option<Sex> {
    match fold(text).as_str() {
        "m" | "male" | "boy" | "mvulana" | "mume" | "me" => Some(Sex::Male),
        "f" | "female" | "girl" | "msichana" | "mke" | "ke" => Some(Sex::Female),
        _ => None,
    }
}

/// A grade's name taken apart: the word before the number, and the number or what stands for it.
#[derive(Debug, PartialEq, Eq)]
struct Spelling {
    word: &'static str,
    rest: String,
}

impl Spelling {
    fn of(text: &str) -> Option<Self> {
        let folded = fold(text);
        let folded = folded.as_str();
        let digits_at = folded
            .find(|c: char| c.is_ascii_digit())
            .or_else(|| folded.rfind(' ').map(|space| space + 1))
            .unwrap_or(0);
        let (word, rest) = folded.split_at(digits_at);
        let word = match word.trim() {
            "" => "",
            "g" | "gr" | "grade" | "std" | "standard" | "class" | "cl" | "year" | "darasa"
            | "darasa la" => "grade",
            "f" | "form" | "kidato" | "kidato cha" => "form",
            "pp" | "pre primary" | "preprimary" => "pp",
            _ => return (!folded.is_empty()).then(|| Self::whole(folded)),
        };
        if rest.is_empty() {
            return None;
        }
        let number = number_word(rest).unwrap_or(rest).trim_start_matches('0');
        Some(Self {
            word,
            rest: number.to_owned(),
        })
    }

    /// A name that is no number, such as `Playgroup`.
    fn whole(folded: &str) -> Self {
        Self {
            word: "",
            rest: folded.to_owned(),
        }
    }

    /// Whether what somebody wrote means this name. A number without a word may mean a grade or a
    /// form, but 1 is never PP1.
    fn means(&self, wanted: &Self) -> bool {
        let same_word = self.word == wanted.word || (wanted.word.is_empty() && self.word != "pp");
        self.rest == wanted.rest && same_word
    }
}

fn number_word(text: &str) -> Option<&'static str> {
    const WORDS: [(&str, &str, &str); 12] = [
        ("one", "i", "1"),
        ("two", "ii", "2"),
        ("three", "iii", "3"),
        ("four", "iv", "4"),
        ("five", "v", "5"),
        ("six", "vi", "6"),
        ("seven", "vii", "7"),
        ("eight", "viii", "8"),
        ("nine", "ix", "9"),
        ("ten", "x", "10"),
        ("eleven", "xi", "11"),
        ("twelve", "xii", "12"),
    ];
    WORDS
        .iter()
        .find(|(word, roman, _)| *word == text || *roman == text)
        .map(|(_, _, digits)| *digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Names(&'static str, &'static str, &'static str);

    impl GradeNames for Names {
        fn code(&self) -> &str {
            self.0
        }
        fn name(&self) -> &str {
            self.1
        }
        fn short(&self) -> &str {
            self.2
        }
    }

    const PRIMARY: [Names; 6] = [
        Names("PP1", "PP1", "PP1"),
        Names("G1", "Grade 1", "1"),
        Names("G2", "Grade 2", "2"),
        Names("G4", "Grade 4", "4"),
        Names("G12", "Grade 12", "12"),
        Names("PLAY", "Playgroup", "Play"),
    ];
    const FORMS: [Names; 2] = [Names("F1", "Form 1", "F1"), Names("F4", "Form 4", "F4")];

    #[test]
    fn grades_are_found_as_people_write_them() {
        for (text, code) in [
            ("4", Some("G4")),
            ("04", Some("G4")),
            ("G4", Some("G4")),
            ("g 4", Some("G4")),
            ("Grade 4", Some("G4")),
            ("GRADE FOUR", Some("G4")),
            ("Std 4", Some("G4")),
            ("Standard IV", Some("G4")),
            ("Class 4", Some("G4")),
            ("Grade 12", Some("G12")),
            ("PP1", Some("PP1")),
            ("pp 1", Some("PP1")),
            ("Pre-Primary 1", Some("PP1")),
            ("playgroup", Some("PLAY")),
            ("Form 4", None),
            ("Grade 5", None),
            ("Grade", None),
            ("", None),
        ] {
            let found = find_grade(&PRIMARY, text).map(|grade| grade.0);
            assert_eq!(found, code, "{text:?}");
        }
    }

    #[test]
    fn forms_are_not_grades_but_a_number_alone_finds_them() {
        for (text, code) in [
            ("F1", Some("F1")),
            ("Form 1", Some("F1")),
            ("FORM FOUR", Some("F4")),
            ("4", Some("F4")),
            ("Grade 4", None),
        ] {
            let found = find_grade(&FORMS, text).map(|grade| grade.0);
            assert_eq!(found, code, "{text:?}");
        }
    }

    #[test]
    fn a_number_that_means_two_grades_means_none() {
        let both = [Names("G4", "Grade 4", "4"), Names("F4", "Form 4", "F4")];
        assert!(find_grade(&both, "4").is_none());
        assert_eq!(find_grade(&both, "F4").map(|grade| grade.0), Some("F4"));
    }

    #[test]
    fn a_class_in_one_cell_is_split() {
        for (text, code, stream) in [
            ("4A", "G4", "A"),
            ("4 East", "G4", "East"),
            ("Grade 4 - Blue", "G4", "Blue"),
            ("G4-East", "G4", "East"),
            ("Grade 4", "G4", ""),
            ("Grade 4 (Red)", "G4", "Red"),
            ("Grade Four East", "G4", "East"),
            ("4 Stream B", "G4", "B"),
            ("12", "G12", ""),
            ("1 North West", "G1", "North West"),
            ("PP1 Yellow", "PP1", "Yellow"),
        ] {
            let (grade, label) = split_class(&PRIMARY, text).unwrap();
            assert_eq!((grade.0, label.as_str()), (code, stream), "{text:?}");
        }
        for text in ["", "East", "13", "9A", "Mixed 4"] {
            assert!(split_class(&PRIMARY, text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn a_text_as_long_as_a_call_is_no_class() {
        let longest = format!("4 {}", "x".repeat(CLASS_MAX - 2));
        assert!(split_class(&PRIMARY, &longest).is_some());
        assert!(split_class(&PRIMARY, &format!("{longest}x")).is_none());
        assert!(split_class(&PRIMARY, &"4 ".repeat(125_000)).is_none());
        assert!(split_class(&PRIMARY, &format!("4{}", "-".repeat(250_000))).is_none());
    }

    #[test]
    fn sexes_are_read_in_two_languages() {
        for text in ["M", "male", "BOY", " Mvulana "] {
            assert_eq!(read_sex(text), Some(Sex::Male), "{text}");
        }
        for text in ["f", "Female", "girl", "MSICHANA"] {
            assert_eq!(read_sex(text), Some(Sex::Female), "{text}");
        }
        assert_eq!(read_sex("x"), None);
    }
}
