//! Shapes that screens take: a list, a form, a page of facts, something shown once.
//!
//! A shape is a whole [`Screen`](crate::screens::Screen) but for what its noun says: which rows,
//! which fields, which call. It knows no noun.

pub mod facts;
pub mod form;
pub mod list;
pub mod once;
