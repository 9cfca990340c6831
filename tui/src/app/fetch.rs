//! Where a screen stands with what it asked the server for.

use hillview_shared::{ApiError, Kind};

use crate::msg::Ticket;

/// The state of one question to the server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Fetch {
    #[default]
    Never,
    Waiting(Ticket),
    Done,
    Failed(ApiError),
}

impl Fetch {
    pub fn waits_for(&self, ticket: Ticket) -> bool {
        *self == Self::Waiting(ticket)
    }

    /// Takes an answer: keeps its error, and gives what it holds.
    pub fn settle<T>(&mut self, reply: Result<T, ApiError>) -> Option<T> {
        match reply {
            Ok(value) => {
                *self = Self::Done;
                Some(value)
            }
            Err(error) => {
                *self = Self::Failed(error);
                None
            }
        }
    }

    /// What to say in place of what is not there yet.
    pub fn words(&self) -> Option<String> {
        match self {
            Self::Never | Self::Done => None,
            Self::Waiting(_) => Some("asking the server; Esc leaves".to_owned()),
            Self::Failed(error) => Some(in_words(error)),
        }
    }

    /// Whether asking again may help, once the line or the session is back.
    pub fn may_be_retried(&self) -> bool {
        matches!(self, Self::Failed(error) if matches!(
            error.kind,
            Kind::Offline | Kind::SessionEnded | Kind::Busy
        ))
    }
}

/// An error as a line: what, why, what to do, and what to quote.
pub fn in_words(error: &ApiError) -> String {
    let mut words = error.message.clone();
    if let Some(hint) = &error.hint {
        words += "; ";
        words += hint;
    }
    words += &format!(" [{}]", error.code);
    if let Some(reference) = &error.reference {
        words += &format!(" reference {reference}");
    }
    words
}

/// Takes the answer of one call out of what the wire may carry.
#[macro_export]
macro_rules! reply {
    ($answer:expr, $call:ident) => {
        match $answer {
            Ok(hillview_shared::api::HillviewResponse::$call(reply)) => reply,
            Ok(_) => Err(hillview_shared::ApiError::new(
                hillview_shared::Kind::Fault,
                "wrong-answer",
                "the server answered something else than was asked",
            )),
            Err(error) => Err(error),
        }
    };
}
