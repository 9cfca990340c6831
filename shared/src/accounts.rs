//! Logins, sessions and what a session may do.

use serde::{Deserialize, Serialize};

use crate::ids::{Moment, Token, UserId};
use crate::school::SchoolSummary;
use crate::words::words;

words! {
    /// The roles that every school begins with. What each may do is the school's own to change, and
    /// a school may add more: what travels is a [`RoleCode`].
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
        /// Sees published results of linked children, nothing else.
        Parent = "parent",
        /// A script; reaches what it was granted.
        Service = "service",
        /// Makes, suspends and removes schools and sees nothing of any; only in the school
        /// [`PLATFORM`].
        PlatformAdmin = "platform-admin",
    }
}

/// The code of the school that is none: whoever logs in there manages schools.
pub const PLATFORM: &str = "platform";

/// A role by its code: 2 to 40 of `a-z 0-9 -`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "sql", derive(sqlx::Type), sqlx(transparent))]
#[serde(transparent)]
pub struct RoleCode(pub String);

impl From<Role> for RoleCode {
    fn from(role: Role) -> Self {
        Self(role.word().to_owned())
    }
}

impl PartialEq<Role> for RoleCode {
    fn eq(&self, role: &Role) -> bool {
        self.0 == role.word()
    }
}

impl std::fmt::Display for RoleCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.0)
    }
}

words! {
    /// What a role may contain and a grant may give. The list is closed: a permission that is not
    /// here cannot be given.
    Permission {
        /// See students.
        StudentsRead = "students.read",
        /// Add, edit and move students.
        StudentsWrite = "students.write",
        /// Add classes.
        ClassesWrite = "classes.write",
        /// Add subjects and papers.
        SubjectsWrite = "subjects.write",
        /// See mark sheets.
        MarksRead = "marks.read",
        /// Enter marks.
        MarksEnter = "marks.enter",
        /// Submit sheets for approval.
        MarksSubmit = "marks.submit",
        /// Approve or return submitted sheets.
        MarksApprove = "marks.approve",
        /// Enter outside the dates or after submission, with a reason.
        MarksUnlock = "marks.unlock",
        /// Import files of marks.
        MarksImport = "marks.import",
        /// Add, open and lock assessments.
        AssessmentsWrite = "assessments.write",
        /// Compute results.
        ResultsCompute = "results.compute",
        /// Publish results.
        ResultsPublish = "results.publish",
        /// Issue report cards.
        ReportsIssue = "reports.issue",
        /// See staff and who teaches what.
        StaffRead = "staff.read",
        /// Add, edit and disable staff, reset passwords.
        StaffManage = "staff.manage",
        /// Assign staff to classes and subjects.
        TeachingAssign = "teaching.assign",
        /// Change what roles may do.
        RolesManage = "roles.manage",
        /// Give, extend and revoke grants, and decide requests.
        GrantsManage = "grants.manage",
        /// See and end the sessions of others.
        SessionsManage = "sessions.manage",
        /// Make and revoke the tokens of scripts.
        TokensManage = "tokens.manage",
        /// Change the school's settings and policies.
        ConfigWrite = "config.write",
        /// Import files of students.
        ImportRun = "import.run",
        /// Export in bulk.
        ExportBulk = "export.bulk",
        /// See and check the audit log.
        AuditRead = "audit.read",
        /// Run backups.
        BackupRun = "backup.run",
        /// Make, rename, suspend, export and remove schools.
        SchoolsManage = "schools.manage",
    }
}

impl Permission {
    /// Every permission but the one that reaches beyond a school.
    pub const OF_A_SCHOOL: &'static [Self] = {
        let (all, last) = (Self::ALL, Self::ALL.len() - 1);
        assert!(matches!(all[last], Self::SchoolsManage));
        all.split_at(last).0
    };

    /// Whether it can be granted on a part of the school; the others are of the whole school.
    pub const fn on_a_part(self) -> bool {
        matches!(
            self,
            Self::StudentsRead
                | Self::StudentsWrite
                | Self::MarksRead
                | Self::MarksEnter
                | Self::MarksSubmit
                | Self::MarksApprove
                | Self::MarksUnlock
                | Self::MarksImport
                | Self::ResultsCompute
                | Self::ResultsPublish
                | Self::ReportsIssue
                | Self::ExportBulk
        )
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
    /// A code of the second factor, or a recovery code; asked for with the error
    /// [`SECOND_FACTOR_NEEDED`] once the password is right.
    #[serde(default)]
    pub code: Option<String>,
    /// What an earlier login on this device gave: strangers who guess at the same account cannot
    /// use up its tries.
    #[serde(default)]
    pub device: Option<Token>,
}

/// The code of the error of a login whose password is right and whose second factor is missing.
pub const SECOND_FACTOR_NEEDED: &str = "second-factor-needed";

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
    /// To be kept on this device beyond the session, for [`LogIn::device`]; `None` when what was
    /// shown is still good.
    #[serde(default)]
    pub device: Option<Token>,
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
    pub roles: Vec<RoleCode>,
    /// The permissions on the whole school.
    pub permissions: Vec<Permission>,
    /// Nothing but a change of password is allowed until it is changed.
    pub must_change_password: bool,
    /// When the session ends at the latest.
    pub session_ends: Moment,
    /// How it stands with the second factor.
    #[serde(default)]
    pub second_factor: SecondFactor,
}

words! {
    /// How it stands with a login's second factor.
    #[derive(Default)]
    SecondFactor {
        /// Not set up, and no role of the login asks for it.
        #[default]
        Off = "off",
        /// Set up: a login needs a code.
        On = "on",
        /// Not set up though a role asks for it: nothing but setting it up is allowed.
        Missing = "missing",
    }
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
    /// The new one: [`PASSWORD_MIN`] to [`PASSWORD_MAX`] characters, any of them but controls, and
    /// none that is guessed early.
    pub new: String,
}

impl std::fmt::Debug for ChangePassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ChangePassword(…)")
    }
}

/// Begins to set up a second factor for the caller; it counts once a code was confirmed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BeginSecondFactor {
    /// The caller's password.
    pub password: String,
}

impl std::fmt::Debug for BeginSecondFactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BeginSecondFactor(…)")
    }
}

/// What an authenticator needs to know (RFC 6238: SHA-1, six digits, 30 s).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondFactorSecret {
    /// The secret in base32, to be typed in.
    pub secret: String,
    /// The same as an `otpauth://` address.
    pub uri: String,
}

impl std::fmt::Debug for SecondFactorSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecondFactorSecret(…)")
    }
}

/// Confirms the secret with a code that the authenticator shows.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfirmSecondFactor {
    /// Six digits.
    pub code: String,
}

impl std::fmt::Debug for ConfirmSecondFactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ConfirmSecondFactor(…)")
    }
}

/// Codes that each stand in for the second factor once. Shown once, never readable again.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveryCodes {
    /// The codes.
    pub codes: Vec<String>,
}

impl std::fmt::Debug for RecoveryCodes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RecoveryCodes(…)")
    }
}

/// Takes the caller's second factor away, unless a role asks for it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DropSecondFactor {
    /// The caller's password.
    pub password: String,
    /// A code, or a recovery code.
    pub code: String,
}

impl std::fmt::Debug for DropSecondFactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DropSecondFactor(…)")
    }
}
