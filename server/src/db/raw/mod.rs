//! What the engine does by itself: the statements of the product without the product, to measure it against.
//!
//! Not here: anything that a server in service runs.

pub mod save;
