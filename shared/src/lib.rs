//! What the two ends of Hillview's wire have in common: the calls, the words they carry, and the
//! rules of marks and grading that both ends must read the same way.
//!
//! Nothing here opens a socket, touches a file or reads a clock: the clients and the server do
//! that. The feature `sql` lets the server read database rows straight into these types.
#![warn(missing_docs)]

pub mod accounts;
pub mod api;
pub mod assessments;
pub mod audit;
pub mod calendar;
pub mod classes;
pub mod error;
pub mod grading;
pub mod grants;
pub mod ids;
pub mod imports;
pub mod marks;
pub mod roles;
pub mod school;
pub mod schools;
pub mod sessions;
pub mod staff;
pub mod students;
pub mod subjects;
pub mod teaching;
pub mod text;
pub mod wire;
mod words;

pub use error::{ApiError, Kind};
