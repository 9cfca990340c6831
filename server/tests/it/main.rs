//! The server, on each engine. One file per noun; a file that is not listed here fails the build's
//! own check (`scripts/check-layers`).

mod accounts;
mod migrations;
mod schools;
mod statements;
mod tenants;
