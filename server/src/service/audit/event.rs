//! One line of the log before it is written: its texts fit their columns and hide nothing.

use hillview_shared::audit::{Action, OK};
use hillview_shared::ids::Moment;
use hillview_shared::text::visible;

use crate::caller::Caller;
use crate::service::accounts::Peer;

/// Who did it, from where, and when.
#[derive(Clone, Debug)]
pub struct By {
    pub(super) username: Option<String>,
    pub(super) address: String,
    pub(super) source: String,
    pub(super) at: Moment,
}

/// What was done, to what, and how it ended. Never give it passwords, tokens, codes or marks.
#[derive(Clone, Debug)]
pub struct Event {
    pub(super) action: Action,
    pub(super) subject: String,
    pub(super) outcome: String,
    pub(super) detail: String,
}

impl By {
    /// Somebody who is logged in.
    pub fn caller(caller: &Caller, at: Moment) -> Self {
        Self {
            username: Some(fitting(&caller.session().username, 40)),
            address: fitting(caller.address(), 60),
            source: fitting(caller.source(), 20),
            at,
        }
    }

    /// Somebody at the other end who has no session, or none yet: pass the login's name once it
    /// is proved.
    pub fn peer(peer: &Peer, username: Option<&str>, at: Moment) -> Self {
        Self {
            username: username.map(|name| fitting(name, 40)),
            address: fitting(&peer.address, 60),
            source: fitting(&peer.client, 20),
            at,
        }
    }

    /// A command of the server's binary.
    pub fn server(at: Moment) -> Self {
        Self {
            username: None,
            address: "unix".to_owned(),
            source: "server".to_owned(),
            at,
        }
    }
}

#[cfg(feature = "testing")]
impl By {
    /// The same, at another time.
    #[must_use]
    pub fn at(mut self, at: Moment) -> Self {
        self.at = at;
        self
    }
}

impl Event {
    /// Something that was done. The subject says to what or whom, in words.
    pub fn new(action: Action, subject: impl AsRef<str>) -> Self {
        Self {
            action,
            subject: fitting(subject.as_ref(), 200),
            outcome: OK.to_owned(),
            detail: String::new(),
        }
    }

    /// More, in words: what it was before and is now, and why.
    #[must_use]
    pub fn detail(mut self, detail: impl AsRef<str>) -> Self {
        self.detail = fitting(detail.as_ref(), 500);
        self
    }

    /// It was not done, and the code of the refusal.
    #[must_use]
    pub fn refused(mut self, code: &str) -> Self {
        self.outcome = fitting(code, 40);
        self
    }

    pub(super) fn is_refused(&self) -> bool {
        self.outcome != OK
    }
}

/// Cut to the column, with hidden characters made visible.
fn fitting(text: &str, most: usize) -> String {
    let text = visible(text);
    if text.chars().count() <= most {
        return text.into_owned();
    }
    text.chars().take(most - 1).chain(['\u{2026}']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_fit_their_columns_and_hide_nothing() {
        let event = Event::new(Action::GrantGive, "x".repeat(300)).detail("a\u{202e}b\nc");
        assert_eq!(event.subject.chars().count(), 200);
        assert!(event.subject.ends_with("x\u{2026}"));
        assert_eq!(event.detail, "a\u{fffd}b\u{fffd}c");
        assert!(!event.is_refused());
        assert!(event.refused("denied").is_refused());
    }
}
