//! Pieces that screens are drawn from: text of a display width, rows with a cursor, a field.
//!
//! A widget knows nothing of schools, calls or commands' meaning.

pub mod columns;
pub mod field;
pub mod inputs;
pub mod pen;
pub mod rows;
pub mod text;
