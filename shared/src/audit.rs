//! The audit log: what was done, refused, given and taken, append-only and chained by hash.

use serde::{Deserialize, Serialize};

use crate::ids::Moment;

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
    /// The hash of the log's last line, in hex, once all is checked: written down elsewhere, it
    /// shows later that nothing before it was changed.
    pub head: Option<String>,
}

/// A row that was changed, removed or added behind the server's back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditFault {
    /// `audit`, or the sheet whose history it is, in words.
    pub log: String,
    /// The row's place in that log.
    pub sequence: i64,
    /// `changed`, `removed` or `added`.
    pub what: String,
}
