//! Newtypes for what identifies a thing, so that a student's id is never taken for a sheet's.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! ids {
    ($($(#[$meta:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[cfg_attr(feature = "sql", derive(sqlx::Type), sqlx(transparent))]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

ids! {
    /// A school, in the control schema only.
    SchoolId,
    /// An academic year.
    YearId,
    /// A term of a year.
    TermId,
    /// A level of the school, such as upper primary.
    LevelId,
    /// A grade, such as Grade 7.
    GradeId,
    /// A class: a grade's stream in one year.
    ClassId,
    /// A subject.
    SubjectId,
    /// A subject as taught in a grade.
    OfferingId,
    /// What marks are entered for.
    PaperId,
    /// A student.
    StudentId,
    /// A member of staff.
    StaffId,
    /// A login.
    UserId,
    /// One sitting in a term.
    AssessmentId,
    /// Assessment × class × paper.
    SheetId,
    /// An assignment of a member of staff to a class.
    TeachingId,
    /// A permission that was given.
    GrantId,
    /// A permission that somebody asks for.
    RequestId,
    /// A session.
    SessionId,
    /// One import of a file.
    ImportId,
    /// A grading scheme.
    SchemeId,
    /// The version of a row or of a sheet; 0 means "never written".
    Version,
}

/// The client's name for one write, so that the same write sent twice has one effect.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct OperationId(pub [u8; 16]);

impl fmt::Display for OperationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for OperationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OperationId({self})")
    }
}

/// A session's secret. Only its hash is stored, and its `Debug` says nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Token(pub [u8; 32]);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

macro_rules! sent_as_bytes {
    ($name:ident, $length:literal) => {
        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_bytes(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let bytes = bytes::Bytes::deserialize(from)?;
                let bytes = <[u8; $length]>::try_from(&bytes[..]).map_err(|_| {
                    serde::de::Error::invalid_length(bytes.len(), &stringify!($length))
                })?;
                Ok(Self(bytes))
            }
        }
    };
}

sent_as_bytes!(OperationId, 16);
sent_as_bytes!(Token, 32);

/// A moment: microseconds since 1970-01-01T00:00:00 UTC, always by the server's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "sql", derive(sqlx::Type), sqlx(transparent))]
#[serde(transparent)]
pub struct Moment(pub i64);

impl Moment {
    /// The moment in UTC.
    pub fn utc(self) -> chrono::DateTime<chrono::Utc> {
        chrono::DateTime::from_timestamp_micros(self.0).unwrap_or_default()
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.utc().format("%Y-%m-%dT%H:%M:%SZ").fmt(f)
    }
}
