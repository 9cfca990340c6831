//! Logins, sessions and what a session may do.

use serde::{Deserialize, Serialize};

use crate::ids::{Moment, Token, UserId};
use crate::school::SchoolSummary;
use crate::words::words;

words! {
    /// A named set of permissions that a school gives to a login.
    Role {
        /// Runs the school; reaches everything in it.
        HeadTeacher = "head-teacher",
        /// Stands in for the head teacher.
        DeputyHead = "deputy-head",
        /// Sets the school up: staff, teaching, configuration; enters no marks.
        SchoolAdmin = "school-admin",
        /// Owns students, enrolments and imports; no marks.
        Registrar = "registrar",
        /// Teaches; reaches what the teaching assignments say.
        Teacher = "teacher",
    }
}

words! {
    /// What a role may contain. The list is closed: a permission that is not here cannot be given.
    Permission {
        /// See students of the school.
        StudentsRead = "students.read",
        /// Add, edit and move students.
        StudentsWrite = "students.write",
        /// Add classes.
        ClassesWrite = "classes.write",
        /// Add subjects and papers.
        SubjectsWrite = "subjects.write",
        /// See every sheet of the school.
        MarksRead = "marks.read",
        /// Enter marks on every sheet of the school.
        MarksEnter = "marks.enter",
        /// Enter outside the dates or after submission, with a reason.
        MarksUnlock = "marks.unlock",
        /// Add, open and lock assessments.
        AssessmentsWrite = "assessments.write",
        /// See staff and who teaches what.
        StaffRead = "staff.read",
        /// Add staff, assign teaching, reset passwords.
        StaffManage = "staff.manage",
        /// Import files of students.
        ImportRun = "import.run",
        /// Import files of marks.
        MarksImport = "marks.import",
    }
}

/// Logs in. The password's text never appears in logs, `Debug` or errors.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogIn {
    /// The school's code.
    pub school: String,
    /// The login's name, in any case.
    pub user: String,
    /// The password.
    pub password: String,
}

impl std::fmt::Debug for LogIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LogIn")
            .field("school", &self.school)
            .finish_non_exhaustive()
    }
}

/// The answer to a login.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoggedIn {
    /// The session's secret: show it in the next `hello` to resume.
    pub token: Token,
    /// Who logged in.
    pub who: Who,
}

/// Who the session belongs to and what it may do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Who {
    /// The login.
    pub user: UserId,
    /// The login's name.
    pub username: String,
    /// The person's name.
    pub name: String,
    /// The school.
    pub school: SchoolSummary,
    /// The roles.
    pub roles: Vec<Role>,
    /// The permissions on the whole school.
    pub permissions: Vec<Permission>,
    /// Nothing but a change of password is allowed until it is changed.
    pub must_change_password: bool,
    /// When the session ends at the latest.
    pub session_ends: Moment,
}

impl Who {
    /// Whether the session has a permission on the whole school.
    pub fn may(&self, permission: Permission) -> bool {
        self.permissions.contains(&permission)
    }
}

/// The shortest password, in characters.
pub const PASSWORD_MIN: usize = 10;
/// The longest password, in characters.
pub const PASSWORD_MAX: usize = 128;

/// Changes the caller's password, ends the caller's other sessions and gives this one a new token.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangePassword {
    /// The present password.
    pub old: String,
    /// The new one: [`PASSWORD_MIN`] to [`PASSWORD_MAX`] characters, any of them.
    pub new: String,
}

impl std::fmt::Debug for ChangePassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ChangePassword(…)")
    }
}
