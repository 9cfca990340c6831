//! Permissions given for a time, and asked for.

mod ground;
mod listing;
mod reach;
mod refusals;
mod requests;
