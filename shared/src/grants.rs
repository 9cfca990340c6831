//! Grants: a permission given to a login on a part of the school, for a time and for a reason.

use serde::{Deserialize, Serialize};

use crate::accounts::Permission;
use crate::ids::{GrantId, Moment, RequestId};
use crate::words::words;

words! {
    /// What part of the school a permission is given on.
    ScopeKind {
        /// All of it.
        School = "school",
        /// The classes of a level.
        Level = "level",
        /// The classes of a grade.
        Grade = "grade",
        /// One class.
        Class = "class",
        /// One subject of one class.
        Subject = "subject",
    }
}

/// A part of the school, in words: as people write them in requests, canonical in answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    /// What kind of part.
    pub kind: ScopeKind,
    /// The level, grade or class; `None` for the school.
    #[serde(default)]
    pub name: Option<String>,
    /// The subject of the class, for [`ScopeKind::Subject`].
    #[serde(default)]
    pub subject: Option<String>,
}

impl Scope {
    /// The whole school.
    pub const SCHOOL: Self = Self {
        kind: ScopeKind::School,
        name: None,
        subject: None,
    };
}

impl std::fmt::Display for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.name, &self.subject) {
            (None, _) => f.write_str("the school"),
            (Some(name), None) => f.write_str(name),
            (Some(name), Some(subject)) => write!(f, "{name}, {subject}"),
        }
    }
}

/// For how many days a grant may be given; `None` stands for no end.
pub const GRANT_DAYS: [u16; 8] = [1, 3, 7, 14, 30, 90, 180, 365];
/// What ends within so many days is listed as ending soon.
pub const SOON_DAYS: u16 = 7;

words! {
    /// Where a grant stands by the server's clock.
    GrantState {
        /// It begins later.
        Future = "future",
        /// It is in force.
        Active = "active",
        /// Its time is over.
        Expired = "expired",
        /// It was taken back.
        Revoked = "revoked",
    }
}

/// A permission that was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The grant.
    pub id: GrantId,
    /// The login's name.
    pub username: String,
    /// The person's name.
    pub name: String,
    /// What is allowed.
    pub permission: Permission,
    /// Where.
    pub scope: Scope,
    /// From when on.
    pub starts: Moment,
    /// Until when: at this moment it is over. `None` for no end.
    pub ends: Option<Moment>,
    /// Why.
    pub reason: String,
    /// The login that gave it.
    pub given_by: String,
    /// Where it stands.
    pub state: GrantState,
    /// The login that took it back.
    #[serde(default)]
    pub revoked_by: Option<String>,
}

/// Gives a permission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GiveGrant {
    /// The login's name or the staff number.
    pub to: String,
    /// What is allowed.
    pub permission: Permission,
    /// Where.
    pub scope: Scope,
    /// From when on; now when not said.
    #[serde(default)]
    pub starts: Option<Moment>,
    /// For how many days, one of [`GRANT_DAYS`]; `None` for no end.
    #[serde(default)]
    pub days: Option<u16>,
    /// Why: 1 to 200 characters.
    pub reason: String,
}

/// Which grants to list, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListGrants {
    /// Those of one login, by its name or the staff number; the caller's own without the right to
    /// manage grants.
    #[serde(default)]
    pub to: Option<String>,
    /// Only those that end within [`SOON_DAYS`].
    #[serde(default)]
    pub ending_soon: bool,
    /// Also those that are over or were taken back.
    #[serde(default)]
    pub past: bool,
    /// Where the page before ended.
    #[serde(default)]
    pub after: Option<String>,
    /// Rows of a page: 1 to 200, 50 when 0.
    #[serde(default)]
    pub limit: u16,
}

/// Gives a grant more time, counted from its end, or from now when that has passed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtendGrant {
    /// The grant.
    pub grant: GrantId,
    /// For how many days, one of [`GRANT_DAYS`]; `None` for no end.
    #[serde(default)]
    pub days: Option<u16>,
}

/// Takes a grant back, at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevokeGrant {
    /// The grant.
    pub grant: GrantId,
    /// Why: up to 200 characters.
    #[serde(default)]
    pub reason: String,
}

words! {
    /// Where a request for a permission stands.
    RequestState {
        /// Nobody has decided.
        Open = "open",
        /// It was granted.
        Approved = "approved",
        /// It was refused.
        Denied = "denied",
        /// Whoever asked took it back.
        Withdrawn = "withdrawn",
    }
}

/// A permission that somebody asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessRequest {
    /// The request.
    pub id: RequestId,
    /// The login that asks.
    pub username: String,
    /// The person's name.
    pub name: String,
    /// For what.
    pub permission: Permission,
    /// Where.
    pub scope: Scope,
    /// For how many days; `None` for no end.
    pub days: Option<u16>,
    /// Why.
    pub reason: String,
    /// When it was made.
    pub at: Moment,
    /// Where it stands.
    pub state: RequestState,
    /// The login that decided.
    #[serde(default)]
    pub decided_by: Option<String>,
    /// Why it was decided so.
    #[serde(default)]
    pub answer: Option<String>,
}

/// Asks for a permission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestAccess {
    /// For what.
    pub permission: Permission,
    /// Where.
    pub scope: Scope,
    /// For how many days, one of [`GRANT_DAYS`]; `None` for no end.
    #[serde(default)]
    pub days: Option<u16>,
    /// Why: 1 to 200 characters.
    pub reason: String,
}

/// Which requests to list, the newest first: all of the school for those who decide, the caller's
/// own for others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListRequests {
    /// Also those that were decided.
    #[serde(default)]
    pub decided: bool,
    /// Where the page before ended.
    #[serde(default)]
    pub after: Option<String>,
    /// Rows of a page: 1 to 200, 50 when 0.
    #[serde(default)]
    pub limit: u16,
}

/// Decides a request. Nobody decides their own; only [`RequestState::Withdrawn`] is the asker's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecideRequest {
    /// The request.
    pub request: RequestId,
    /// What becomes of it; not [`RequestState::Open`].
    pub decision: RequestState,
    /// Why: up to 200 characters; needed to deny.
    #[serde(default)]
    pub answer: String,
}
