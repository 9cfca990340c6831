//! Staff and their logins.

use serde::{Deserialize, Serialize};

use crate::accounts::Role;
use crate::ids::StaffId;

/// A member of staff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "sql", derive(sqlx::FromRow))]
pub struct Staff {
    /// The member of staff.
    pub id: StaffId,
    /// Staff number, unique.
    pub staff_no: String,
    /// Full name.
    pub name: String,
    /// The login's name, when there is one.
    pub username: Option<String>,
}

/// Adds a member of staff with a login.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddStaff {
    /// Staff number, 1 to 30 characters.
    pub staff_no: String,
    /// Full name, 1 to 120 characters.
    pub name: String,
    /// The login's name: 2 to 40 of `a-z 0-9 . _ -`.
    pub username: String,
    /// The roles of the login.
    pub roles: Vec<Role>,
}

/// The answer to [`AddStaff`]: a password that works once and must be changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffAdded {
    /// The new member of staff.
    pub staff: Staff,
    /// Shown once, never readable again.
    pub one_time_password: String,
}
