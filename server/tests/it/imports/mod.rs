//! Files of students and of marks: previewed, applied, refused row by row, and taken back.

mod files;
mod marks;
mod sheets;
mod staff;
pub mod steps;
mod students;
mod wire;
