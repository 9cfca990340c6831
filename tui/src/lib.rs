//! The Hillview client: a terminal screen for teachers and a command line for scripts.

pub mod cli;
pub mod client;
pub mod config;
pub mod msg;
pub mod terminal;
pub mod theme;
pub mod tokens;
