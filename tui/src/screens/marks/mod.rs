//! The mark sheet: a column of marks to fly through.
//!
//! What is typed goes to the outbox at once and is never waited for. A cell shows the newest
//! edit of its mark until the outbox says that this very edit is saved: a late answer about an
//! older one moves the version on and changes nothing that is seen.

mod cell;
mod edit;
mod paste;
mod preview;
mod undo;
mod update;
mod view;

use hillview_shared::ApiError;
use hillview_shared::api::HillviewResponse;
use hillview_shared::assessments::Sheet;
use hillview_shared::ids::{SheetId, StudentId, Version};
use ratatui::layout::Position;

use self::cell::Cell;
use self::edit::Mode;
use self::undo::Changes;
use super::Screen;
use crate::app::context::{Confirmation, Context};
use crate::app::fetch::Fetch;
use crate::command::{Command, Scope};
use crate::msg::{Key, OutboxEvent, Ticket};
use crate::widgets::pen::Pen;
use crate::widgets::rows::Cursor;

/// A sheet on the screen.
#[derive(Debug)]
pub struct Marks {
    id: SheetId,
    /// Where the cursor goes when the sheet is there.
    wanted: Option<StudentId>,
    fetch: Fetch,
    /// The newest version that was saved from here while the sheet was asked for: an answer from
    /// before it is asked for again, or the next mark would be against one's own.
    overtaken: Option<Version>,
    /// The sheet as it came; its rows live on in `cells`.
    sheet: Option<Box<Sheet>>,
    cells: Vec<Cell>,
    cursor: Cursor,
    mode: Mode,
    changes: Changes,
}

impl Marks {
    pub fn new(id: SheetId, wanted: Option<StudentId>) -> Self {
        Self {
            id,
            wanted,
            fetch: Fetch::Never,
            overtaken: None,
            sheet: None,
            cells: Vec::new(),
            cursor: Cursor::default(),
            mode: Mode::Move,
            changes: Changes::default(),
        }
    }
}

impl Screen for Marks {
    fn scopes(&self) -> &'static [Scope] {
        match &self.mode {
            Mode::Edit(_) => &[Scope::MarkEdit, Scope::Rows, Scope::Anywhere],
            Mode::Find(_) => &[Scope::Search, Scope::Anywhere],
            Mode::Preview(_) => &[Scope::Preview, Scope::Rows, Scope::Anywhere],
            Mode::Move if self.current().is_some_and(|cell| cell.theirs().is_some()) => {
                &[Scope::Conflict, Scope::Marks, Scope::Rows, Scope::Anywhere]
            }
            Mode::Move => &[Scope::Marks, Scope::Rows, Scope::Anywhere],
        }
    }

    fn place(&self) -> String {
        match &self.sheet {
            Some(sheet) => format!("{}  {}  {}", sheet.class, sheet.paper, sheet.assessment),
            None => "Mark sheet".to_owned(),
        }
    }

    fn summary(&self, context: &Context) -> String {
        view::summary(self, context)
    }

    fn typing(&self) -> bool {
        matches!(self.mode, Mode::Edit(_) | Mode::Find(_))
    }

    fn start(&mut self, context: &mut Context) {
        self.ask(context);
    }

    fn fetch(&self) -> Option<&Fetch> {
        Some(&self.fetch)
    }

    fn grows_old(&self) -> bool {
        true
    }

    fn why_not(&self, command: Command, _context: &Context) -> Option<String> {
        self.reason_against(command)
    }

    fn command(&mut self, command: Command, context: &mut Context) {
        self.run(command, context);
    }

    fn type_key(&mut self, key: Key, context: &mut Context) -> bool {
        self.typed(key, context)
    }

    fn paste(&mut self, text: &str, context: &mut Context) {
        self.pasted(text, context);
    }

    fn waits_for(&self, ticket: Ticket) -> bool {
        self.fetch.waits_for(ticket)
    }

    fn answer(
        &mut self,
        _ticket: Ticket,
        answer: Result<HillviewResponse, ApiError>,
        context: &mut Context,
    ) {
        let reply = crate::reply!(answer, OpenSheet);
        if let Some(opened) = self.fetch.settle(reply) {
            self.opened(opened, context);
            self.ask_again(context);
        } else if self.sheet.is_some() {
            context.tell_failure(&self.fetch);
        }
    }

    fn outbox(&mut self, event: &OutboxEvent, context: &mut Context) {
        self.heard(event, context);
    }

    fn confirmed(&mut self, what: Confirmation, context: &mut Context) {
        if what == Confirmation::ClearMark {
            self.clear_now(context);
        }
    }

    fn unsaved(&self) -> Option<String> {
        let lost = self.cells.iter().find(|cell| cell.is_not_kept());
        match (&self.mode, lost) {
            (Mode::Edit(edit), _) if !edit.field.text().is_empty() => {
                Some(format!("the typed {}", edit.field.text()))
            }
            (Mode::Preview(_), _) => Some("the marks that are not entered yet".to_owned()),
            (_, Some(cell)) => Some(format!(
                "the mark of {}, which could not be kept on this machine",
                cell.name
            )),
            _ => None,
        }
    }

    fn view(&self, pen: &mut Pen<'_>, context: &Context) -> Option<Position> {
        view::draw(self, pen, context)
    }
}
