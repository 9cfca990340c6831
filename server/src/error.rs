//! Everything that can go wrong in the server, and the one place where it becomes what a person
//! may be told.
//!
//! Three error types exist: `shared::ApiError` (what may be told), [`Error`] (everything, with its
//! source) and `anyhow` in the binaries.

use hillview_shared::{ApiError, Kind};

use crate::db::{Failure, Why};

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A call that did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Refused by a rule: told as it stands.
    #[error("{0}")]
    Refused(#[from] ApiError),
    /// The database failed.
    #[error("{0}")]
    Database(#[from] Failure),
    /// Anything else that a person cannot mend.
    #[error("{what}: {source}")]
    Fault {
        what: &'static str,
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Error {
    /// A fault with its cause. `what` never holds names, marks or secrets.
    pub fn fault(
        what: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Fault {
            what,
            source: source.into(),
        }
    }

    /// Says `refusal` when it was the unique constraint of this name.
    #[must_use]
    pub fn on_unique(self, constraint: &str, refusal: ApiError) -> Self {
        match self {
            Self::Database(failure) if failure.is_unique(constraint) => refusal.into(),
            other => other,
        }
    }

    /// Says `refusal` when a row that is pointed to is not there, or one that is pointed to stays.
    #[must_use]
    pub fn on_foreign_key(self, refusal: ApiError) -> Self {
        match self {
            Self::Database(failure) if failure.why == Why::ForeignKey => refusal.into(),
            other => other,
        }
    }

    /// What a person is told. Faults are logged here, once, under the reference that is told.
    pub fn told(self) -> ApiError {
        let told = match &self {
            Self::Refused(told) => return told.clone(),
            Self::Database(failure) => match failure.why {
                Why::Busy => ApiError::new(
                    Kind::Busy,
                    "busy",
                    "others are writing the same; nothing was saved",
                )
                .hint("try again in a moment"),
                Why::Away => ApiError::new(
                    Kind::Busy,
                    "database-away",
                    "the database cannot be reached; nothing was saved",
                )
                .hint("try again in a moment; the server reconnects by itself"),
                Why::Unknown => ApiError::new(
                    Kind::Fault,
                    "outcome-unknown",
                    "the database was lost while saving: it may be saved or not",
                )
                .hint("look before you repeat it; repeating a save of marks is safe"),
                _ => fault(),
            },
            Self::Fault { .. } => fault(),
        };
        let reference = format!("{:08x}", rand::random::<u32>());
        tracing::error!(reference, code = told.code, error = %self, "call failed");
        ApiError {
            reference: Some(reference),
            ..told
        }
    }
}

fn fault() -> ApiError {
    ApiError::new(
        Kind::Fault,
        "fault",
        "the server failed; nothing was changed",
    )
    .hint("tell whoever runs the server, with the reference")
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        error.told()
    }
}
