//! The server, on each engine. One file per noun; a file that is not listed here is not run.
#![cfg(test)]

mod accounts;
mod api_reference;
mod audit;

mod database;
mod database_killed;
mod durability;
mod exports;
mod fifty_schools;
mod gate;
mod grants;
mod hostile;
mod imports;
mod limits;
mod line;
mod log;
mod marks;
mod migrate_command;
mod migrations;
mod names;
mod passwords;
mod platform;
mod process;
mod redis_faults;
mod reference;
mod roles;
mod schools;
mod sessions;
mod slow_peers;
mod staff;
mod statements;
mod students;
mod tampering;
mod tenants;
mod two_servers;
mod wire;
