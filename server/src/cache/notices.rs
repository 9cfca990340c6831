//! What the servers of an installation tell each other: through Redis, or only here where there is
//! none.
//!
//! A notice makes others quicker, never right: it may be lost, and nothing waits for it. What it
//! tells of stands in the database already.

use serde::{Deserialize, Serialize};

use super::{Cache, SessionKey};

/// Something has changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Notice {
    /// These sessions have ended; they are named by the hashes of their secrets.
    SessionsEnded {
        school: String,
        hashes: Vec<[u8; 32]>,
    },
    /// What sessions of the school may, or how long they last, is another.
    SessionsChanged { school: String },
    /// Terms, classes, subjects or papers of the school were changed.
    ReferenceChanged { school: String },
    /// Somebody logged in: the tries of that name are forgotten.
    Forgiven { name: String },
}

impl Cache {
    /// Tells every server of the installation, this one first. Call it after the commit.
    pub async fn tell(&self, notice: Notice) {
        self.hear(&notice);
        if let Some(remote) = &self.remote
            && let Ok(bytes) = rmp_serde::to_vec_named(&notice)
        {
            remote.publish(&bytes).await;
        }
    }

    /// Hears what the other servers tell, for ever. One of these runs in each server.
    pub async fn follow(&self) {
        match &self.remote {
            None => std::future::pending().await,
            Some(remote) => {
                let hear = |bytes: &[u8]| {
                    // A notice of another version of the server is none.
                    if let Ok(notice) = rmp_serde::from_slice(bytes) {
                        self.hear(&notice);
                    }
                };
                remote.follow(hear).await;
            }
        }
    }

    fn hear(&self, notice: &Notice) {
        match notice {
            Notice::SessionsEnded { school, hashes } => {
                for hash in hashes {
                    let school = school.clone();
                    let key = SessionKey {
                        school,
                        hash: *hash,
                    };
                    self.sessions.end(&self.seen, key);
                }
            }
            Notice::SessionsChanged { school } | Notice::ReferenceChanged { school } => {
                self.seen.doubt(school);
            }
            Notice::Forgiven { name } => self.local.forgive(name),
        }
    }
}
