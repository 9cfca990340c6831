//! Classes: a grade's stream in one year.

use serde::{Deserialize, Serialize};

use crate::ids::{ClassId, GradeId};

/// A class of a year.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "sql", derive(sqlx::FromRow))]
pub struct Class {
    /// The class.
    pub id: ClassId,
    /// The year's name.
    pub year: String,
    /// The grade.
    pub grade_id: GradeId,
    /// The grade's code, such as `G4`.
    pub grade: String,
    /// The stream's label; empty where a grade has no streams.
    pub stream: String,
    /// `4 East`, or `Grade 4` without streams.
    pub name: String,
    /// Students enrolled today.
    pub students: i64,
    /// The class teacher's name, when there is one.
    pub class_teacher: Option<String>,
}

/// Lists the classes of the current year that the caller may see, the youngest grade first, a page
/// at a time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListClasses {
    /// Only the one that this means, as people write it: `4 East`, `4e`, `Grade 4 - East`.
    #[serde(default)]
    pub class: Option<String>,
    /// Only where the name has words that begin so, or of the grade or the stream that this means.
    #[serde(default)]
    pub search: Option<String>,
    /// Only those of which the caller is the class teacher today.
    #[serde(default)]
    pub mine: bool,
    /// Where the last page ended: its `next`.
    #[serde(default)]
    pub after: Option<String>,
    /// Rows a page, 1 to 200; 0 for 50.
    #[serde(default)]
    pub limit: u16,
}

/// Adds a class to the current year.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddClass {
    /// The grade, as people write it: `4`, `G4`, `Grade 4`.
    pub grade: String,
    /// The stream's label; empty for none. At most 20 characters.
    #[serde(default)]
    pub stream: String,
}
