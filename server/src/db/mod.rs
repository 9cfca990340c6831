//! All SQL. One file per noun; a function that writes takes the open transaction.
//!
//! Not here: who may do what (that is `service`), and anything that decides on data it has read.

pub mod accounts;
pub mod assessments;
pub mod audit;
pub mod calendar;
pub mod chains;
pub mod classes;
mod connections;
pub mod devices;
pub mod engine;
pub mod epochs;
pub mod export;
mod failure;
mod fragments;
pub mod grants;
pub mod imports;
pub mod marks;
pub mod measures;
pub mod migrate;
#[cfg(feature = "testing")]
pub mod plans;
pub mod privileges;
mod query;
pub mod raw;
pub mod raw_saves;
pub mod requests;
pub mod roles;
pub mod schools;
pub mod second_factor;
pub mod seed;
mod sent;
pub mod sessions;
pub mod sheets;
pub mod sizes;
pub mod staff;
pub mod staff_names;
mod statement;
pub mod storage;
pub mod student_lists;
pub mod students;
pub mod subjects;
pub mod teaching;
pub mod tenants;
pub mod tokens;

pub use engine::{Db, On, Tx};
pub use failure::{Failure, Why};
#[cfg(feature = "testing")]
pub use sent::noted;
pub use sent::{Sent, counted, watched};
