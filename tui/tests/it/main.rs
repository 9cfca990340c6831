//! The client's tests through its binary and its public parts; a module for each.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

mod cli;
mod cli_accounts;
mod cli_audit;
mod cli_factor;
mod cli_imports;
mod cli_marks;
mod cli_prompts;
mod cli_reference;
mod cli_rights;
mod cli_school;
mod cli_schools;
mod cli_sessions;
mod client;
mod cuts;
mod demo;
mod desk;
mod harness;
mod idle;
mod kill;
mod outbox;
mod process;
mod pty;
mod pty_imports;
mod ready;
mod screens;
mod served;
mod ssh;
mod story;
mod terminal;
