//! The client's tests through its binary and its public parts; a module for each.

mod cli;
mod cli_reference;
mod client;
mod desk;
mod screens;
