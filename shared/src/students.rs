//! Students and where they are enrolled.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::ids::{ClassId, StudentId, Version};
use crate::words::words;

words! {
    /// Sex, as a register has it.
    Sex {
        /// Male.
        Male = "male",
        /// Female.
        Female = "female",
    }
}

words! {
    /// Where a student stands.
    StudentStatus {
        /// At the school.
        Active = "active",
        /// Gone to another school.
        Transferred = "transferred",
        /// Finished the last grade.
        Graduated = "graduated",
        /// Left otherwise.
        Left = "left",
    }
}

/// A student, as listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "sql", derive(sqlx::FromRow))]
pub struct Student {
    /// The student.
    pub id: StudentId,
    /// Admission number: text, unique without regard to case, leading zeros kept.
    pub admission_no: String,
    /// Full name as written.
    pub name: String,
    /// Sex, when known.
    pub sex: Option<Sex>,
    /// Birth date, when known.
    pub birth_date: Option<NaiveDate>,
    /// Where the student stands.
    pub status: StudentStatus,
    /// The class that the student is in today.
    pub class_id: Option<ClassId>,
    /// That class's name.
    pub class: Option<String>,
    /// The row's version.
    pub v: Version,
}

/// Lists students that the caller may see, a page at a time: by name, or by admission number when
/// one is searched.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListStudents {
    /// Only this class.
    #[serde(default)]
    pub class: Option<ClassId>,
    /// Only where the folded name has words that begin so, or the admission number begins so. A
    /// text with a digit is a number when any that the caller may see begins so.
    #[serde(default)]
    pub search: Option<String>,
    /// Also those who are not active.
    #[serde(default)]
    pub all: bool,
    /// Where the last page ended: its `next`.
    #[serde(default)]
    pub after: Option<String>,
    /// Rows a page, 1 to 200; 0 for 50.
    #[serde(default)]
    pub limit: u16,
}

/// A page of a list, ordered by key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Ask for what is after this; `None` on the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Names one student: by id, or by admission number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WhichStudent {
    /// By id.
    Id(StudentId),
    /// By admission number, in any case.
    AdmissionNo(String),
}

/// A student's page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StudentDetail {
    /// The student.
    pub student: Student,
    /// Every enrolment, the latest first.
    pub enrolments: Vec<Enrolment>,
    /// The marks of the current year that the caller may see.
    pub marks: Vec<StudentMark>,
}

/// A student in a class from a day to a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "sql", derive(sqlx::FromRow))]
pub struct Enrolment {
    /// The class's name.
    pub class: String,
    /// The year's name.
    pub year: String,
    /// First day.
    pub starts: NaiveDate,
    /// Last day, when it has ended.
    pub ends: Option<NaiveDate>,
}

/// One mark on a student's page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StudentMark {
    /// The assessment's code.
    pub assessment: String,
    /// The subject's name, with the paper's where there are several.
    pub paper: String,
    /// The mark as entered.
    pub entry: crate::marks::Entry,
    /// Out of.
    pub out_of: crate::marks::Score,
    /// The level it reaches, for a score.
    #[serde(default)]
    pub level: Option<String>,
}

/// Adds a student.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddStudent {
    /// Admission number; `None` lets the server number.
    #[serde(default)]
    pub admission_no: Option<String>,
    /// Full name, 1 to 120 characters.
    pub name: String,
    /// Sex.
    #[serde(default)]
    pub sex: Option<Sex>,
    /// Birth date.
    #[serde(default)]
    pub birth_date: Option<NaiveDate>,
    /// The class to enrol in, from today.
    pub class: ClassId,
}

/// Changes a student. What is `None` stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditStudent {
    /// The student.
    pub student: StudentId,
    /// The version this was based on.
    pub based_on: Version,
    /// A new name.
    #[serde(default)]
    pub name: Option<String>,
    /// A new admission number.
    #[serde(default)]
    pub admission_no: Option<String>,
    /// Sex.
    #[serde(default)]
    pub sex: Option<Sex>,
    /// Birth date.
    #[serde(default)]
    pub birth_date: Option<NaiveDate>,
    /// A new status. Anything but active ends the enrolment today.
    #[serde(default)]
    pub status: Option<StudentStatus>,
}

/// Moves a student to another class from today; the old enrolment ends yesterday.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoveStudent {
    /// The student.
    pub student: StudentId,
    /// The class to move to.
    pub class: ClassId,
}
