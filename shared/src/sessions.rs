//! Sessions that can be seen and ended, the tokens of scripts, and how long sessions last.

use serde::{Deserialize, Serialize};

use crate::accounts::Permission;
use crate::grants::Scope;
use crate::ids::{Moment, SessionId, UserId};

/// A session that has not ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "sql", derive(sqlx::FromRow))]
pub struct SessionSummary {
    /// The session.
    pub id: SessionId,
    /// The login's name.
    pub username: String,
    /// The person's name.
    pub name: String,
    /// The client that it began with: `tui`, `cli`.
    pub client: String,
    /// From where, or `unix` for this machine.
    pub address: String,
    /// When it began.
    pub created: Moment,
    /// When it was last used, to the minute.
    pub last_seen: Moment,
    /// When it ends at the latest.
    pub ends: Moment,
    /// Whether it is the session that asks.
    #[cfg_attr(feature = "sql", sqlx(default))]
    pub current: bool,
}

/// Which sessions to list, the last used first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListSessions {
    /// Of the whole school; the caller's own otherwise.
    #[serde(default)]
    pub all: bool,
    /// Of one login.
    #[serde(default)]
    pub username: Option<String>,
    /// Where the page before ended.
    #[serde(default)]
    pub after: Option<String>,
    /// Rows of a page: 1 to 200, 50 when 0.
    #[serde(default)]
    pub limit: u16,
}

/// Ends a session: the caller's own, or with the right any of the school.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndSession {
    /// The session.
    pub session: SessionId,
}

/// How long sessions of the school last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionPolicy {
    /// A session that nobody used for so long has ended: 5 to 1,440 minutes.
    pub idle_minutes: u16,
    /// A session ends so long after its login at the latest: 1 to 90 days.
    pub days: u16,
}

/// The token of a script, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenSummary {
    /// The token: a session that lasts.
    pub id: SessionId,
    /// Its login.
    pub user: UserId,
    /// The name of the token's login: 2 to 40 of `a-z 0-9 . _ -`.
    pub name: String,
    /// What it may do.
    pub permissions: Vec<Permission>,
    /// Where.
    pub scope: Scope,
    /// Who made it.
    pub made_by: String,
    /// When.
    pub created: Moment,
    /// When it was last used.
    pub last_seen: Option<Moment>,
    /// When it ends.
    pub ends: Moment,
}

/// Makes a token for a script. Nobody can give it more than they have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddToken {
    /// A name for the script: 2 to 40 of `a-z 0-9 . _ -`.
    pub name: String,
    /// What it may do.
    pub permissions: Vec<Permission>,
    /// Where.
    pub scope: Scope,
    /// For how many days: 1 to 365.
    pub days: u16,
    /// Why: 1 to 200 characters.
    pub reason: String,
}

/// The answer to [`AddToken`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenAdded {
    /// The token.
    pub token: TokenSummary,
    /// What a script shows: `hillview_CODE_HEX`, the school's code and the session's secret.
    /// Shown once, never readable again.
    pub secret: String,
}

impl std::fmt::Debug for TokenAdded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenAdded")
            .field("token", &self.token)
            .finish_non_exhaustive()
    }
}

/// Revokes a token, at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevokeToken {
    /// The token.
    pub token: SessionId,
}
