//! What a person may be told when a call fails. Database internals never come this far.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A refused or failed call: what and why in `message`, what to do in `hint`, a code to quote.
///
/// Codes are strings, so that a client that is older than the server still shows the text of a
/// code it does not know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiError {
    /// The family, which sets the exit code of the command line.
    pub kind: Kind,
    /// Stable, kebab-case, for scripts: `out-of-range`, `wrong-password`.
    pub code: String,
    /// What failed and why, lower case, with the value.
    #[serde(serialize_with = "cut")]
    pub message: String,
    /// What to do next.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        serialize_with = "cut_some"
    )]
    pub hint: Option<String>,
    /// The reference under which the server logged a fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The same call may be sent again in so many seconds: nothing of it was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again_in: Option<u32>,
}

/// The family of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// No such thing, or not for this caller: the two look alike on purpose.
    NotFound,
    /// The caller may not do this, or is not logged in.
    Denied,
    /// Somebody else's change is in the way.
    Conflict,
    /// The request's data breaks a rule.
    Invalid,
    /// The server has too much to do; the same call may work in a moment.
    Busy,
    /// The session has ended; log in again and repeat the call.
    SessionEnded,
    /// This server does not know the call.
    Unsupported,
    /// The server failed; nothing was changed unless the message says so.
    Fault,
    /// The server could not be reached. Made by clients, never sent.
    Offline,
    /// The command line or a setting cannot be understood. Made by clients, never sent.
    Usage,
    /// A family that this version does not know.
    Other,
}

impl Kind {
    const WORDS: [(Self, &'static str); 11] = [
        (Self::NotFound, "not-found"),
        (Self::Denied, "denied"),
        (Self::Conflict, "conflict"),
        (Self::Invalid, "invalid"),
        (Self::Busy, "busy"),
        (Self::SessionEnded, "session-ended"),
        (Self::Unsupported, "unsupported"),
        (Self::Fault, "fault"),
        (Self::Offline, "offline"),
        (Self::Usage, "usage"),
        (Self::Other, "other"),
    ];

    /// The word as sent.
    pub fn word(self) -> &'static str {
        Self::WORDS
            .iter()
            .find(|(kind, _)| *kind == self)
            .map_or("other", |(_, word)| word)
    }

    /// The exit code of the command line for an error of this family.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Usage => 2,
            Self::NotFound => 3,
            Self::Denied | Self::SessionEnded => 4,
            Self::Conflict => 5,
            Self::Invalid => 6,
            Self::Offline => 7,
            Self::Busy | Self::Unsupported | Self::Fault | Self::Other => 9,
        }
    }
}

impl Serialize for Kind {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.word())
    }
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let word = std::borrow::Cow::<'de, str>::deserialize(from)?;
        let known = Self::WORDS.iter().find(|(_, known)| *known == word);
        Ok(known.map_or(Self::Other, |(kind, _)| *kind))
    }
}

impl ApiError {
    /// An error of a family, with its code and what happened.
    pub fn new(kind: Kind, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            kind,
            code: code.into(),
            message: message.into(),
            hint: None,
            reference: None,
            again_in: None,
        }
    }

    /// Adds what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Bad data: what and why.
    pub fn invalid(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Kind::Invalid, code, message)
    }

    /// Nothing of that name, or nothing that this caller may see.
    pub fn not_found(what: &str) -> Self {
        Self::new(
            Kind::NotFound,
            "not-found",
            format!("no such {what}, or it is not yours to see"),
        )
    }

    /// The caller lacks a right.
    pub fn denied(message: impl Into<String>) -> Self {
        Self::new(Kind::Denied, "denied", message)
    }

    /// Somebody else's change is in the way.
    pub fn conflict(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Kind::Conflict, code, message)
    }

    /// The server could not be reached; made by clients.
    pub fn offline(message: impl Into<String>) -> Self {
        Self::new(Kind::Offline, "offline", message)
    }
}

/// What is sent of a text at most, in characters. Messages quote what was given; an error must fit
/// into a frame whatever that was.
const TEXT_MAX: usize = 500;

fn cut<S: serde::Serializer>(text: &str, to: S) -> Result<S::Ok, S::Error> {
    match text.char_indices().nth(TEXT_MAX) {
        None => to.serialize_str(text),
        Some(_) => {
            let kept: String = text.chars().take(TEXT_MAX - 1).chain(['…']).collect();
            to.serialize_str(&kept)
        }
    }
}

#[expect(clippy::ref_option, reason = "serde hands the field over like this")]
fn cut_some<S: serde::Serializer>(text: &Option<String>, to: S) -> Result<S::Ok, S::Error> {
    match text {
        Some(text) => cut(text, to),
        None => to.serialize_none(),
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ApiError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_family_keeps_its_code_and_text() {
        let json = r#"{"kind":"on-fire","code":"x","message":"m","new_field":1}"#;
        let error: ApiError = serde_json::from_str(json).unwrap();
        assert_eq!((error.kind, error.code.as_str()), (Kind::Other, "x"));
    }

    #[test]
    fn every_family_survives_the_wire() {
        for (kind, _) in Kind::WORDS {
            let json = serde_json::to_string(&kind).unwrap();
            assert_eq!(serde_json::from_str::<Kind>(&json).unwrap(), kind);
        }
    }
}
