//! The server, on each engine. One file per noun; a file that is not listed here is not run.
#![cfg(test)]

mod accounts;
<<<<<<< HEAD
mod cache;
=======
mod hostile;
mod line;
>>>>>>> ab0f6e8 (wire: tests of bytes, hostile ends and failing lines; a relay for slow ones)
mod marks;
mod migrations;
mod reference;
mod schools;
mod statements;
mod tenants;
mod wire;
