//! Bringing schemas up to date.

mod again;
mod marks;
mod staff;
