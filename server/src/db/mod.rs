//! All SQL. One file per noun; a function that writes takes the open transaction.
//!
//! Not here: who may do what (that is `service`), and anything that decides on data it has read.

pub mod accounts;
pub mod engine;
mod failure;
pub mod migrate;
pub mod schools;
mod statement;
mod storage;
pub mod tenants;

pub use engine::{Db, On, Tx, counted};
pub use failure::{Failure, Why};
