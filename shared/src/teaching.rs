//! Who teaches what: the assignments that let a teacher see a class.

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

/// An assignment that is in force today.
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
}

/// Assigns a member of staff to a class, from today.
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
}
