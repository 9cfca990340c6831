//! The Hillview server: all rules, in front of SQLite or MySQL and Redis.

pub mod cache;
pub mod caller;
pub mod config;
pub mod db;
pub mod error;
pub mod ops;
pub mod service;

pub use error::{Error, Result};
