//! Shapes that screens take: a list, a form, a page of facts, something shown once.
//!
//! A shape is a whole [`Screen`](crate::screens::Screen) but for what its noun says: which rows,
//! which fields, which call. It knows no noun.

use crate::app::fetch::Fetch;
use crate::command::Command;

pub mod facts;
pub mod form;
pub mod list;
pub mod once;

/// What is lost by leaving before the answer to a write is there.
pub const AWAITED: &str = "the answer that the server was asked for, which may hold a password";

/// Why a command cannot be done while the answer to a write is waited for: nobody asks the server
/// again for a password that is shown once, so the screen that takes the answer stays.
pub fn while_asked(fetch: &Fetch, command: Command) -> Option<String> {
    let harmless = matches!(
        command,
        Command::Help
            | Command::Palette
            | Command::Quit
            | Command::LogOut
            | Command::Redraw
            | Command::Retry
    );
    let waiting = matches!(fetch, Fetch::Waiting(_));
    (waiting && !harmless)
        .then(|| "the server is being asked; its answer may hold a password".to_owned())
}
