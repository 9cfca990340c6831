//! The Hillview server: all rules, in front of SQLite or MySQL and Redis.

pub mod api;
pub mod cache;
pub mod caller;
pub mod chain;
pub mod config;
pub mod db;
pub mod error;
pub mod gate;
mod greeting;
mod listen;
pub mod logging;
pub mod ops;
mod paced;
pub mod reach;
mod room;
pub mod rules;
pub mod serve;
pub mod service;
#[cfg(feature = "testing")]
pub mod testing;
pub mod tls;
mod workers;

pub use error::{Error, Result};
