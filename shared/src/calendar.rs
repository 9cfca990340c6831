//! Academic years and terms. Names repeat every year; dates may be edited.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::ids::{TermId, YearId};

/// A term of an academic year.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "sql", derive(sqlx::FromRow))]
pub struct Term {
    /// The term.
    pub id: TermId,
    /// Its year.
    pub year_id: YearId,
    /// The year's name, such as `2026`.
    pub year: String,
    /// `T1`.
    pub name: String,
    /// First day.
    pub starts: NaiveDate,
    /// Last day.
    pub ends: NaiveDate,
}
