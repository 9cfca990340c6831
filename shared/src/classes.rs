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

/// Adds a class to the current year.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddClass {
    /// The grade, as people write it: `4`, `G4`, `Grade 4`.
    pub grade: String,
    /// The stream's label; empty for none. At most 20 characters.
    #[serde(default)]
    pub stream: String,
}
