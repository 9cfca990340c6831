//! The Hillview server: all rules, in front of SQLite or MySQL and Redis.

pub mod api;
pub mod cache;
pub mod caller;
pub mod chain;
pub mod config;
mod counts;
pub mod db;
pub mod error;
pub mod gate;
mod greeting;
pub mod limits;
mod listen;
pub mod logging;
mod metered;
mod open_files;
pub mod ops;
mod paced;
pub mod proxy;
pub mod reach;
mod room;
pub mod rules;
mod seal;
mod seats;
pub mod serve;
pub mod service;
#[cfg(feature = "testing")]
pub mod testing;
pub mod tls;
mod unsent;
mod workers;

pub use error::{Error, Result};
