//! The chain under the name that saving calls it by.

pub use crate::chain::{Hash, Link, START};
