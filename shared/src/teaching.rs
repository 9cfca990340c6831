//! Who teaches what: the assignments that let a teacher see a class.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::ids::{ClassId, OfferingId, StaffId, TeachingId};
use crate::words::words;

words! {
    /// In what capacity somebody teaches a class.
    TeachingRole {
        /// Reaches everything of the class.
        ClassTeacher = "class-teacher",
        /// Stands in for the class teacher, with the same reach.
        Deputy = "deputy",
        /// Reaches one subject of the class.
        SubjectTeacher = "subject-teacher",
    }
}

/// An assignment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "sql", derive(sqlx::FromRow))]
pub struct Teaching {
    /// The assignment.
    pub id: TeachingId,
    /// Who.
    pub staff_id: StaffId,
    /// Their name.
    pub staff: String,
    /// The class.
    pub class_id: ClassId,
    /// Its name.
    pub class: String,
    /// The subject as taught in the grade; `None` for a class teacher or deputy.
    pub offering_id: Option<OfferingId>,
    /// The subject's name.
    pub subject: Option<String>,
    /// In what capacity.
    pub role: TeachingRole,
    /// The first day.
    pub starts: NaiveDate,
    /// The last day; `None` for no end.
    pub ends: Option<NaiveDate>,
}

/// Which assignments to list, by class: those of the whole school, or the caller's own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListTeaching {
    /// Of one member of staff, by the login's name or the staff number.
    #[serde(default)]
    pub staff: Option<String>,
    /// Of one class, as people write it.
    #[serde(default)]
    pub class: Option<String>,
    /// Also those that have ended or begin later.
    #[serde(default)]
    pub all_dates: bool,
    /// Where the page before ended.
    #[serde(default)]
    pub after: Option<String>,
    /// Rows of a page: 1 to 200, 50 when 0.
    #[serde(default)]
    pub limit: u16,
}

/// Assigns a member of staff to a class, from today or from a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssignTeaching {
    /// The login's name or the staff number.
    pub staff: String,
    /// The class, as people write it: `4 East`, `4A`.
    pub class: String,
    /// The subject, by code, name or alias; empty for a class teacher or deputy.
    #[serde(default)]
    pub subject: Option<String>,
    /// In what capacity.
    pub role: TeachingRole,
    /// The first day; today when not said.
    #[serde(default)]
    pub starts: Option<NaiveDate>,
    /// The last day; no end when not said.
    #[serde(default)]
    pub ends: Option<NaiveDate>,
    /// Ends the assignment of the class's present class teacher the day before, instead of
    /// refusing a second one.
    #[serde(default)]
    pub replace: bool,
}

/// The most assignments of one [`AssignMany`].
pub const ASSIGN_MOST: usize = 500;

/// Assigns many at once: all of them or, when one is refused, none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssignMany {
    /// The assignments, at most [`ASSIGN_MOST`].
    pub assignments: Vec<AssignTeaching>,
    /// Only says what would happen.
    #[serde(default)]
    pub preview: bool,
}

/// What becomes of each assignment of [`AssignMany`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assigned {
    /// Whether they were made: no preview, and none was refused.
    pub applied: bool,
    /// One line for each, in the order of the request.
    pub lines: Vec<AssignedLine>,
}

words! {
    /// What becomes of an assignment.
    AssignOutcome {
        /// It is new.
        New = "new",
        /// It was there already.
        Same = "same",
        /// It is new and ends that of another.
        Replaces = "replaces",
        /// It is refused.
        Refused = "refused",
    }
}

/// What becomes of one assignment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssignedLine {
    /// What becomes of it.
    pub outcome: AssignOutcome,
    /// The class in its own spelling, where it was found.
    #[serde(default)]
    pub class: Option<String>,
    /// The member of staff's name, where they were found.
    #[serde(default)]
    pub staff: Option<String>,
    /// Why it was refused, or whom it replaces.
    #[serde(default)]
    pub words: String,
}

/// Ends an assignment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndTeaching {
    /// The assignment.
    pub teaching: TeachingId,
    /// Its last day; yesterday when not said, so that it ends at once.
    #[serde(default)]
    pub last_day: Option<NaiveDate>,
}
