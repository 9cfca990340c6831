//! Sessions already read, so that a call costs no statement to know its caller.
//!
//! In Redis, a session that is forgotten stays barred for a moment: a reader that asked the database just
//! before would otherwise put the old answer back.

use std::sync::Arc;
use std::time::Duration;

use super::Cache;
use crate::caller::Session;

/// How long a session is believed without asking the database.
pub const LIFE: Duration = Duration::from_secs(60);
/// How long a forgotten session is not taken in again: longer than any read takes.
pub const BARRED: Duration = Duration::from_secs(15);

/// What a connection knows of its session: the school and the hash of the secret.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SessionKey {
    pub school: String,
    pub hash: [u8; 32],
}

impl std::fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SessionKey")
            .field("school", &self.school)
            .finish_non_exhaustive()
    }
}

impl Cache {
    pub async fn session(&self, key: &SessionKey) -> Option<Arc<Session>> {
        match &self.remote {
            Some(remote) => remote.session(key).await.map(Arc::new),
            None => self.local.session(key),
        }
    }

    pub async fn keep_session(&self, key: &SessionKey, session: &Arc<Session>) {
        match &self.remote {
            Some(remote) => remote.keep_session(key, session).await,
            None => self.local.keep_session(key, session),
        }
    }

    /// Makes the next call of each session ask the database.
    pub async fn forget_sessions(&self, keys: &[SessionKey]) {
        match &self.remote {
            Some(remote) => remote.forget_sessions(keys).await,
            None => keys.iter().for_each(|key| self.local.forget_session(key)),
        }
    }
}
