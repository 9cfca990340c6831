//! Staff and their logins.

use serde::{Deserialize, Serialize};

use crate::accounts::RoleCode;
use crate::ids::{Moment, StaffId};
use crate::words::words;

words! {
    /// Whether somebody works here and may log in.
    StaffState {
        /// May log in.
        Active = "active",
        /// May not log in; what they did stays under their name.
        Disabled = "disabled",
    }
}

/// A member of staff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Staff {
    /// The member of staff.
    pub id: StaffId,
    /// Staff number, unique.
    pub staff_no: String,
    /// Full name.
    pub name: String,
    /// The login's name, when there is one.
    pub username: Option<String>,
    /// Whether they may log in.
    pub state: StaffState,
    /// The roles of the login, sorted.
    pub roles: Vec<RoleCode>,
    /// When the login was last used; `None` when never.
    #[serde(default)]
    pub last_seen: Option<Moment>,
    /// Whether the login has a second factor.
    #[serde(default)]
    pub second_factor: bool,
}

/// Which staff to list, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListStaff {
    /// Only those of whose name and login words begin with these, of which eight count, or whose
    /// number begins so.
    #[serde(default)]
    pub search: String,
    /// Also those who are disabled.
    #[serde(default)]
    pub disabled: bool,
    /// Where the page before ended.
    #[serde(default)]
    pub after: Option<String>,
    /// Rows of a page: 1 to 200, 50 when 0.
    #[serde(default)]
    pub limit: u16,
}

/// A member of staff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WhichStaff {
    /// The login's name or the staff number.
    pub staff: String,
}

/// Changes a member of staff; what is not said stays. New roles end the login's sessions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditStaff {
    /// The login's name or the staff number.
    pub staff: String,
    /// The new name, 1 to 120 characters.
    #[serde(default)]
    pub name: Option<String>,
    /// The new staff number, 1 to 30 characters.
    #[serde(default)]
    pub staff_no: Option<String>,
    /// All roles of the login from now on.
    #[serde(default)]
    pub roles: Option<Vec<RoleCode>>,
}

/// Disables a member of staff, which ends their sessions at once, or lets them in again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisableStaff {
    /// The login's name or the staff number.
    pub staff: String,
    /// Lets them in again.
    #[serde(default)]
    pub undo: bool,
    /// Why: up to 200 characters.
    #[serde(default)]
    pub reason: String,
}

/// A password that allows nothing but to change it, for so long. Shown once, never readable again.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OneTimePassword {
    /// The login's name.
    pub username: String,
    /// The password.
    pub password: String,
    /// At this moment it is of no use any more.
    pub ends: Moment,
}

impl std::fmt::Debug for OneTimePassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OneTimePassword")
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

/// Gives one-time passwords to logins that never had a password, such as imported ones.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuePasswords {
    /// At most so many in one call: 1 to 100, 50 when 0. Called again it goes on with the others.
    #[serde(default)]
    pub limit: u16,
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
    pub roles: Vec<RoleCode>,
}

/// The answer to [`AddStaff`]: a password that works once and must be changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffAdded {
    /// The new member of staff.
    pub staff: Staff,
    /// Shown once, never readable again.
    pub one_time_password: String,
    /// At this moment it is of no use any more.
    #[serde(default)]
    pub ends: Option<Moment>,
}
