//! Subjects, their offerings in grades, and the papers that marks are entered for.

use serde::{Deserialize, Serialize};

use crate::ids::{GradeId, OfferingId, PaperId, SubjectId};
use crate::marks::Score;
use crate::words::words;

words! {
    /// How students come to an offering.
    OfferingMode {
        /// Every student of the grade takes it.
        Core = "core",
        /// Chosen per student.
        Elective = "elective",
        /// One of a group, such as CRE, IRE and HRE.
        Variant = "variant",
    }
}

/// One paper of a subject as taught in a grade; a subject with one paper has one row a grade.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "sql", derive(sqlx::FromRow))]
pub struct Paper {
    /// The paper.
    pub id: PaperId,
    /// The subject.
    pub subject_id: SubjectId,
    /// `ENG`.
    pub subject_code: String,
    /// `English`.
    pub subject: String,
    /// The subject as taught in the grade.
    pub offering_id: OfferingId,
    /// The grade.
    pub grade_id: GradeId,
    /// The grade's code.
    pub grade: String,
    /// How students come to it.
    pub mode: OfferingMode,
    /// The paper's code, empty where it is the only one.
    pub code: String,
    /// The paper's name, empty where it is the only one.
    pub name: String,
    /// Its weight in the subject, in hundredths.
    pub weight: i32,
    /// The out-of that a new sheet starts with.
    pub out_of: Score,
}

/// A paper of a subject.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewPaper {
    /// Unique in the subject, at most 20 characters: `GRAM`.
    pub code: String,
    /// `Grammar`.
    pub name: String,
    /// Its weight in the subject, in hundredths.
    pub weight: i32,
    /// The out-of that a new sheet starts with.
    pub out_of: Score,
}

impl NewPaper {
    /// The paper of a subject that has one: without a code or a name, out of 100.
    pub fn only() -> Self {
        Self {
            code: String::new(),
            name: String::new(),
            weight: 10_000,
            out_of: Score::whole(100),
        }
    }
}

/// Adds a subject in the named grades, or gives a subject that is there other papers in them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddSubject {
    /// Unique code, at most 20 characters: `FRE`.
    pub code: String,
    /// Name, at most 60 characters: `French`.
    pub name: String,
    /// Other names it is known by, such as `Français`.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// The grades that it is taught in, as people write them.
    pub grades: Vec<String>,
    /// Its papers; one out of 100 when empty.
    #[serde(default)]
    pub papers: Vec<NewPaper>,
}
