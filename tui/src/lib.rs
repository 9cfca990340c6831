//! The Hillview client: a terminal screen for teachers and a command line for scripts.

pub mod app;
pub mod cli;
pub mod client;
pub mod command;
pub mod config;
pub mod keymap;
pub mod msg;
pub mod outbox;
pub mod run;
pub mod screens;
pub mod shapes;
pub mod terminal;
pub mod theme;
pub mod tokens;
pub mod widgets;
