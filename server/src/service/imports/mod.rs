//! Imports: from the bytes of a file to what is stored, and back.
//!
//! `read`, `delimited` and `workbook` make lines of cells; `header` finds the columns; `cells` and
//! `dates` read single values. None of them knows the school: the plan of `students` or `marks` is
//! made of their table and of what the school has, and the preview and the import are that plan.

#[cfg(any(test, feature = "testing"))]
pub mod books;
pub mod cells;
pub mod dates;
pub mod delimited;
pub mod header;
pub mod read;
pub mod workbook;
