//! The school as its people see it: the name on every screen.

use serde::{Deserialize, Serialize};

use crate::ids::TermId;

/// What stands at the top of every screen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchoolSummary {
    /// The code used at login.
    pub code: String,
    /// The name, such as `Kilimani Primary`.
    pub name: String,
    /// The current term by the server's clock, or the nearest one.
    #[serde(default)]
    pub term: Option<CurrentTerm>,
}

/// The term that a school is in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "sql", derive(sqlx::FromRow))]
pub struct CurrentTerm {
    /// The term.
    pub id: TermId,
    /// `2026 T2`.
    pub name: String,
}
