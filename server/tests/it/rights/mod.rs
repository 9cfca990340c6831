//! Every call, as every kind of login, on what is theirs and on what is not.

pub mod ground;
pub mod matrix;
pub mod samples;
