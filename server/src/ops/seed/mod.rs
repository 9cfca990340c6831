//! `seed`: a made-up school of any size, to measure with and to try things on.
//!
//! The school itself is made like any other (`service::schools`); its people, sheets, marks and
//! their history go in by the thousand. The same seed makes the same rows, whatever the engine; only
//! what belongs to the making differs: the salt of the password, and when the school was made.
//! Until all is in, the school is in the state `making`: one that was cut short can be removed and
//! not be used.

mod calendar;
mod command;
mod layout;
mod load;
mod marks;
mod people;
mod school;
mod sheets;

pub use command::Seed;
pub use layout::CLASS;
pub use marks::Batch;
pub use school::{Laid, PASSWORD, Seeded, Size, Step, check, lay, school};
