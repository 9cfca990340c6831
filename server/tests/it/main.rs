//! The server, on each engine. One file per noun; a file that is not listed here is not run.
#![cfg(test)]

mod accounts;
mod migrations;
mod schools;
mod statements;
mod tenants;
