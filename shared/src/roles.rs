//! Roles: named sets of permissions, each school's own to change.

use serde::{Deserialize, Serialize};

use crate::accounts::{Permission, RoleCode};
use crate::ids::Version;

/// A role of the school.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleDetail {
    /// Its code.
    pub code: RoleCode,
    /// What it may do on the whole school, sorted.
    pub permissions: Vec<Permission>,
    /// Whether its logins need a second factor.
    pub second_factor: bool,
    /// Whether every school has it; such a role cannot be dropped.
    pub built_in: bool,
    /// How many active logins have it.
    pub logins: u32,
    /// The version, for [`SaveRole`].
    pub v: Version,
}

/// Adds a role, or changes what it may do. The sessions of its logins know at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaveRole {
    /// Its code.
    pub code: RoleCode,
    /// What it may do from now on. Permissions on marks, results and rights can only be given by
    /// somebody who has them.
    pub permissions: Vec<Permission>,
    /// Whether its logins need a second factor.
    #[serde(default)]
    pub second_factor: bool,
    /// The version that the change is based on; 0 for a new role.
    pub v: Version,
}

/// Drops a role that no login has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DropRole {
    /// Its code.
    pub code: RoleCode,
}
