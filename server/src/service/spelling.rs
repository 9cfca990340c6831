//! Which grade, class, subject or paper of the school somebody means, and what a new class is
//! called. How grades and streams are spelt is in `names`.

use hillview_shared::ApiError;
use hillview_shared::ids::GradeId;
use hillview_shared::text::fold;

use crate::db::classes::{self, Grade};
use crate::db::sheets;
use crate::service::fields;
use crate::service::names::{self, GradeNames};

/// The most grades that one request may name: more than any school has.
const GRADES_MAX: usize = 60;

/// The grades that somebody means, each once.
pub fn find_grades(known: &[Grade], texts: &[String]) -> Result<Vec<GradeId>, ApiError> {
    if texts.len() > GRADES_MAX {
        let message = format!(
            "{} grades are named; at most {GRADES_MAX} may be",
            texts.len()
        );
        return Err(ApiError::invalid("too-many-grades", message));
    }
    let found = texts.iter().map(|text| find_grade(known, text));
    let found = found.map(|grade| grade.map(|grade| grade.grade_id));
    let mut grades = found.collect::<Result<Vec<_>, _>>()?;
    grades.sort_unstable();
    grades.dedup();
    Ok(grades)
}

/// The grade that somebody means.
pub fn find_grade<'a>(grades: &'a [Grade], text: &str) -> Result<&'a Grade, ApiError> {
    fields::sought("grade", text)?;
    let found = names::find_grade(grades, text);
    found.ok_or_else(|| {
        let known: Vec<&str> = grades.iter().map(|grade| grade.name.as_str()).collect();
        ApiError::invalid("unknown-grade", format!("there is no grade {text:?}"))
            .hint(format!("the grades are {}", known.join(", ")))
    })
}

impl GradeNames for Grade {
    fn code(&self) -> &str {
        &self.code
    }
    fn name(&self) -> &str {
        &self.name
    }
    fn short(&self) -> &str {
        &self.short
    }
}

/// Whether somebody means this stream of this grade.
fn is_class(text: &str, grade: &Grade, stream: &str) -> bool {
    names::split_class(std::slice::from_ref(grade), text)
        .is_some_and(|(_, meant)| names::same_stream(&meant, stream))
}

/// The name of a class: `4A` where the stream is one character, `4 East` otherwise, the grade's
/// name where there are no streams.
pub fn class_name(grade: &Grade, stream: &str) -> String {
    match stream.chars().count() {
        0 => grade.name.clone(),
        1 => format!("{}{stream}", grade.short),
        _ => format!("{} {stream}", grade.short),
    }
}

/// Further names of a subject as they are stored: folded, between bars.
pub fn alias_text<'a>(aliases: impl IntoIterator<Item = &'a String>) -> String {
    aliases
        .into_iter()
        .map(|alias| fold(alias))
        .collect::<Vec<_>>()
        .join("|")
}

/// Whether somebody means this subject.
pub fn is_subject(text: &str, names: [&str; 3], aliases: &str) -> bool {
    let folded = fold(text);
    !folded.is_empty()
        && (names.into_iter().any(|name| fold(name) == folded)
            || aliases.split('|').any(|alias| alias == folded))
}

impl classes::Named {
    /// Whether somebody means this class.
    pub fn is(&self, text: &str) -> bool {
        fold(text) == fold(&self.class) || is_class(text, &self.grade, &self.stream)
    }

    /// Whether somebody names this class's grade or its stream, and no more.
    pub fn is_part(&self, text: &str) -> bool {
        let of_grade = names::find_grade(std::slice::from_ref(&self.grade), text);
        of_grade.is_some() || names::same_stream(text, &self.stream)
    }
}

impl sheets::Named {
    /// `ENG/GRAM`, or `MAT` where there is one paper.
    pub fn code(&self) -> String {
        match self.paper_code.as_str() {
            "" => self.subject_code.clone(),
            paper => format!("{}/{paper}", self.subject_code),
        }
    }
}

#[cfg(test)]
mod tests {
    use hillview_shared::ids::GradeId;

    use super::*;

    #[test]
    fn classes_are_known_however_they_are_written() {
        let four = Grade {
            grade_id: GradeId(4),
            code: "G4".into(),
            name: "Grade 4".into(),
            short: "4".into(),
        };
        for (text, stream) in [
            ("4A", "A"),
            ("4 a", "A"),
            ("Grade 4 A", "A"),
            ("4 East", "East"),
            ("Grade 4 - Blue", "Blue"),
            ("Grade Four East", "East"),
            ("4", ""),
        ] {
            assert!(is_class(text, &four, stream), "{text:?} {stream:?}");
        }
        for (text, stream) in [
            ("4B", "A"),
            ("14A", "A"),
            ("A", "A"),
            ("4", "A"),
            ("5A", "A"),
            ("", ""),
        ] {
            assert!(!is_class(text, &four, stream), "{text:?} {stream:?}");
        }
        assert_eq!(class_name(&four, "A"), "4A");
        assert_eq!(class_name(&four, "East"), "4 East");
        assert_eq!(class_name(&four, ""), "Grade 4");
    }

    #[test]
    fn subjects_are_known_by_any_of_their_names() {
        let names = ["SCT", "Science & Technology", "Sci Tech"];
        for text in [
            "sct",
            "Science & Technology",
            "SCIENCE AND TECHNOLOGY",
            "sci tech",
            "Science",
        ] {
            assert!(
                is_subject(text, names, "science and technology|science"),
                "{text:?}"
            );
        }
        for text in ["", "Sc", "Technology"] {
            assert!(
                !is_subject(text, names, "science and technology|science"),
                "{text:?}"
            );
        }
    }
}
