//! Rows of a made-up school, with numbers of their own, a thousand a statement.
//!
//! Not here: what is in them (`ops::seed`). The history goes in by the statement of a save, like any
//! other.

mod marks;
mod people;
mod structure;

pub use marks::{Change, NewMark, NewOperation, add_changes, add_marks, add_operations};
pub use people::{
    NewEnrolment, NewStaff, NewStudent, NewTeaching, NewUser, add_enrolments, add_staff,
    add_students, add_teaching, add_users, give_roles,
};
pub use structure::{
    NewAssessment, NewClass, NewSheet, Paper, add_assessments, add_classes, add_sheets, papers,
    roles,
};

/// Rows of one statement. MySQL takes 65,535 values, SQLite 32,766.
pub const ROWS: usize = 1_000;
