//! The screens: one file per noun. Popups are screens that leave the one below in sight.
//!
//! A screen is a state machine without clock, file or task: it is given keys, commands and
//! answers, and says through the [`Context`] what it wants. It never names another screen; it
//! wishes something opened, and the app knows how.

use std::fmt;
use std::path::PathBuf;

use hillview_shared::ApiError;
use hillview_shared::api::HillviewResponse;
use ratatui::layout::Position;

use crate::app::context::{Confirmation, Context};
use crate::app::fetch::Fetch;
use crate::command::{Command, Scope};
use crate::msg::{GivenFile, Key, OutboxEvent, Ticket};
use crate::widgets::pen::Pen;

pub mod audit;
pub mod classes;
pub mod confirm;
pub mod grants;
pub mod help;
pub mod history;
pub mod imports;
pub mod login;
pub mod marks;
pub mod outbox;
pub mod palette;
pub mod password;
pub mod requests;
pub mod roles;
pub mod schools;
pub mod second_factor;
pub mod server_key;
pub mod sessions;
pub mod sheets;
pub mod staff;
pub mod student;
pub mod students;
pub mod teaching;

/// One screen of the stack.
pub trait Screen: fmt::Debug {
    /// Where it stands in the command table, the nearest scope first.
    fn scopes(&self) -> &'static [Scope];

    /// Where the person is, for the line above.
    fn place(&self) -> String;

    /// What there is to say at the bottom while there is no notice.
    fn summary(&self, _context: &Context) -> String {
        String::new()
    }

    /// For a popup: how many lines it takes at the bottom. `None` takes the whole body.
    fn lines(&self, _context: &Context) -> Option<usize> {
        None
    }

    /// Whether letters are text now.
    fn typing(&self) -> bool {
        false
    }

    /// Whether this is where one logs in.
    fn is_login(&self) -> bool {
        false
    }

    /// What must be done on it before anything else, so that nobody leaves it.
    fn bars(&self) -> Option<Command> {
        None
    }

    /// Whether there is nothing to say any more once the server is reached.
    fn ends_online(&self) -> bool {
        false
    }

    /// Whether it means nothing without the screen below it.
    fn is_about_the_one_below(&self) -> bool {
        false
    }

    /// Whether it waits for an answer, or shows one, that going back gives up before it leaves the
    /// screen.
    fn is_waiting(&self) -> bool {
        false
    }

    /// Gives up the answer that it waits for.
    fn stop_waiting(&mut self, _context: &mut Context) {}

    /// Asks for what it shows: when opened, on request, when the line or the session is back.
    fn start(&mut self, _context: &mut Context) {}

    /// Where it stands with the server.
    fn fetch(&self) -> Option<&Fetch> {
        None
    }

    /// Whether others may change what it shows while there is no line.
    fn grows_old(&self) -> bool {
        false
    }

    /// Why a command of its scopes cannot be done now.
    fn why_not(&self, _command: Command, _context: &Context) -> Option<String> {
        None
    }

    fn command(&mut self, command: Command, context: &mut Context);

    /// Takes a key that writes or edits text; false when it is none.
    fn type_key(&mut self, _key: Key, _context: &mut Context) -> bool {
        false
    }

    fn paste(&mut self, _text: &str, context: &mut Context) {
        context.refuse("nothing can be pasted here");
    }

    /// Whether an answer under this ticket is for this screen and still wanted.
    fn waits_for(&self, _ticket: Ticket) -> bool {
        false
    }

    fn answer(
        &mut self,
        _ticket: Ticket,
        _answer: Result<HillviewResponse, ApiError>,
        _context: &mut Context,
    ) {
    }

    /// The answer to a login or a change of password.
    fn logged_in(
        &mut self,
        _answer: Result<Box<hillview_shared::accounts::Who>, ApiError>,
        _context: &mut Context,
    ) {
    }

    /// The file that it asked for.
    fn file_read(&mut self, _read: Result<GivenFile, ApiError>, _context: &mut Context) {}

    /// Where the file is that it wanted written.
    fn file_written(&mut self, _written: Result<PathBuf, ApiError>, _context: &mut Context) {}

    fn outbox(&mut self, _event: &OutboxEvent, _context: &mut Context) {}

    fn confirmed(&mut self, _what: Confirmation, _context: &mut Context) {}

    /// What would be lost by leaving now, such as `the typed 4`.
    fn unsaved(&self) -> Option<String> {
        None
    }

    /// What is asked before leaving.
    fn leaving(&self) -> Option<String> {
        let unsaved = self.unsaved()?;
        Some(format!("Leave and lose {unsaved}?"))
    }

    /// Draws, and says where the terminal's cursor belongs.
    fn view(&self, pen: &mut Pen<'_>, context: &Context) -> Option<Position>;
}
