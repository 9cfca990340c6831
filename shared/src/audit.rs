//! The audit log: what was done, refused, given and taken, append-only and chained by hash.

use serde::{Deserialize, Serialize};

use crate::ids::Moment;
use crate::words::words;

words! {
    /// What the log has lines for. A newer server may have more.
    Action {
        /// Somebody logged in.
        LogIn = "log-in",
        /// Somebody logged out.
        LogOut = "log-out",
        /// A login was refused.
        LogInRefused = "log-in-refused",
        /// A call was refused for want of a right.
        Refused = "refused",
        /// Somebody changed their own password.
        PasswordChange = "password-change",
        /// A one-time password was given.
        PasswordReset = "password-reset",
        /// A second factor was set up.
        SecondFactorOn = "second-factor-on",
        /// A second factor was dropped by whom it belongs to.
        SecondFactorOff = "second-factor-off",
        /// A second factor was taken away by somebody else.
        SecondFactorReset = "second-factor-reset",
        /// A recovery code stood in for the second factor.
        SecondFactorRecovery = "second-factor-recovery",
        /// A member of staff was added, with a login.
        StaffAdd = "staff-add",
        /// A member of staff was edited.
        StaffEdit = "staff-edit",
        /// A member of staff was removed, because the import that added them was taken back.
        StaffRemove = "staff-remove",
        /// A login was shut.
        StaffDisable = "staff-disable",
        /// A login was opened again.
        StaffEnable = "staff-enable",
        /// A login without a member of staff was added.
        UserAdd = "user-add",
        /// A role was made or changed.
        RoleSave = "role-save",
        /// A role was dropped.
        RoleDrop = "role-drop",
        /// A role was given to a login.
        RoleGive = "role-give",
        /// A role was taken from a login.
        RoleTake = "role-take",
        /// A grant was given.
        GrantGive = "grant-give",
        /// A grant was extended.
        GrantExtend = "grant-extend",
        /// A grant was revoked.
        GrantRevoke = "grant-revoke",
        /// Somebody asked for access.
        RequestMake = "request-make",
        /// A request was approved.
        RequestApprove = "request-approve",
        /// A request was denied.
        RequestDeny = "request-deny",
        /// Somebody was assigned to teach.
        TeachingAssign = "teaching-assign",
        /// An assignment was ended.
        TeachingEnd = "teaching-end",
        /// A session was ended by hand.
        SessionEnd = "session-end",
        /// A token for a script was made.
        TokenAdd = "token-add",
        /// A token was revoked.
        TokenRevoke = "token-revoke",
        /// A policy of the school was changed.
        PolicySave = "policy-save",
        /// A file was imported.
        ImportApply = "import-apply",
        /// An import was taken back.
        ImportUndo = "import-undo",
        /// Data were taken out.
        Export = "export",
        /// A mark was changed on a closed sheet.
        MarksUnlock = "marks-unlock",
        /// An assessment was opened.
        AssessmentOpen = "assessment-open",
        /// An assessment was locked.
        AssessmentLock = "assessment-lock",
        /// Results were published.
        Publish = "publish",
        /// A school was made.
        SchoolAdd = "school-add",
        /// A school was suspended.
        SchoolSuspend = "school-suspend",
        /// A suspended school was opened again.
        SchoolResume = "school-resume",
        /// A school was renamed.
        SchoolRename = "school-rename",
        /// A school's data were exported.
        SchoolExport = "school-export",
        /// A school was removed.
        SchoolRemove = "school-remove",
    }
}

/// The outcome of what was not refused.
pub const OK: &str = "ok";

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "sql", derive(sqlx::FromRow))]
pub struct AuditEntry {
    /// Its place in the log, from 1, without a gap.
    pub sequence: i64,
    /// When.
    pub at: Moment,
    /// The login's name; `None` when nobody was logged in or the server's own command did it.
    pub username: Option<String>,
    /// From where, or `unix` for this machine.
    pub address: String,
    /// The client: `tui`, `cli`, `server`.
    pub source: String,
    /// What was done: a word such as `log-in`, `grant-give`, `marks-unlock`.
    pub action: String,
    /// To what or whom, in words.
    pub subject: String,
    /// `ok`, or the code of the refusal.
    pub outcome: String,
    /// More, in words: what it was before and is now, and why.
    pub detail: String,
}

/// Which lines to list, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListAudit {
    /// Only this action, or those that begin with it: `grant` finds `grant-give`.
    #[serde(default)]
    pub action: Option<String>,
    /// Only of this login.
    #[serde(default)]
    pub username: Option<String>,
    /// Only refusals.
    #[serde(default)]
    pub refused: bool,
    /// From this moment on.
    #[serde(default)]
    pub from: Option<Moment>,
    /// Before this moment.
    #[serde(default)]
    pub until: Option<Moment>,
    /// Where the page before ended.
    #[serde(default)]
    pub after: Option<String>,
    /// Rows of a page: 1 to 200, 50 when 0.
    #[serde(default)]
    pub limit: u16,
}

/// Checks a piece of the chains: the audit log first, then the histories of marks, sheet by sheet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifyAudit {
    /// Where the check before stopped; `None` begins.
    #[serde(default)]
    pub after: Option<String>,
    /// A head of the log that was written down before: it must still be in the log. Send it with
    /// each piece.
    #[serde(default)]
    pub expect: Option<String>,
}

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditChecked {
    /// Rows that this piece looked at.
    pub rows: u64,
    /// The first fault; nothing is looked at after it.
    pub fault: Option<AuditFault>,
    /// Where to go on; `None` when all is checked.
    pub next: Option<String>,
    /// The log's last line that was checked, `SEQUENCE:HASH` in hex, once all is checked: written
    /// down elsewhere, it shows later that nothing up to it was changed.
    pub head: Option<String>,
}

words! {
    /// What was done to a row behind the server's back.
    Tampering {
        /// It is not what was written.
        Changed = "changed",
        /// It was written and is not there.
        Removed = "removed",
        /// It is there and was not written.
        Added = "added",
    }
}

/// A row that was changed, removed or added behind the server's back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditFault {
    /// `audit`, or the sheet whose history it is, or the mark that its history does not have.
    pub log: String,
    /// The row's place in that log; for a mark, the place of its last change, 0 without one.
    pub sequence: i64,
    /// What was done to it.
    pub what: Tampering,
}
