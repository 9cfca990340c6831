//! The commands of the server's binary.

pub mod packs;
