//! Every change of one mark, the latest first.

use hillview_shared::ApiError;
use hillview_shared::api::{HillviewRequest, HillviewResponse};
use hillview_shared::ids::{SheetId, StudentId};
use hillview_shared::marks::{Entry, MarkChange, ShowHistory};
use ratatui::layout::Position;

use super::Screen;
use crate::app::context::Context;
use crate::app::fetch::Fetch;
use crate::command::{Command, Scope};
use crate::msg::Ticket;
use crate::theme::Tone;
use crate::widgets::pen::Pen;
use crate::widgets::rows::{self, Cursor};
use crate::widgets::text;

/// The most lines that the popup takes from the sheet below it.
const LINES: usize = 10;

#[derive(Debug)]
pub struct History {
    sheet: SheetId,
    student: StudentId,
    name: String,
    fetch: Fetch,
    changes: Vec<MarkChange>,
    cursor: Cursor,
}

impl History {
    pub fn new(sheet: SheetId, student: StudentId, name: String) -> Self {
        Self {
            sheet,
            student,
            name,
            fetch: Fetch::Never,
            changes: Vec::new(),
            cursor: Cursor::default(),
        }
    }
}

impl Screen for History {
    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Rows, Scope::Anywhere]
    }

    fn place(&self) -> String {
        "History of a mark".to_owned()
    }

    fn lines(&self, _context: &Context) -> Option<usize> {
        Some(LINES)
    }

    fn start(&mut self, context: &mut Context) {
        let request = ShowHistory {
            sheet: self.sheet,
            student: Some(self.student),
            after: 0,
        };
        self.fetch = Fetch::Waiting(context.call(HillviewRequest::ShowHistory { request }));
    }

    fn fetch(&self) -> Option<&Fetch> {
        Some(&self.fetch)
    }

    fn command(&mut self, command: Command, _context: &mut Context) {
        self.cursor.step(command, self.changes.len(), LINES - 2);
    }

    fn waits_for(&self, ticket: Ticket) -> bool {
        self.fetch.waits_for(ticket)
    }

    fn answer(
        &mut self,
        _ticket: Ticket,
        answer: Result<HillviewResponse, ApiError>,
        _context: &mut Context,
    ) {
        let reply = crate::reply!(answer, ShowHistory);
        if let Some(mut changes) = self.fetch.settle(reply) {
            changes.reverse();
            self.changes = changes;
            self.cursor.clamp(self.changes.len());
        }
    }

    fn view(&self, pen: &mut Pen<'_>, context: &Context) -> Option<Position> {
        let title = format!(
            "Every change of the mark of {}, the latest first",
            self.name
        );
        pen.put(1, 1, Tone::Heading, &title);
        if let Some(words) = self.fetch.words() {
            pen.put(2, 2, Tone::Plain, &words);
        } else if self.changes.is_empty() {
            pen.put(2, 2, Tone::Plain, "This mark was never changed.");
        }
        let height = pen.lines().saturating_sub(2);
        let window = rows::window(self.cursor.at, self.changes.len(), height);
        for (line, at) in window.enumerate() {
            let change = &self.changes[at];
            let blank = |entry: &Entry| match entry {
                Entry::Blank => "blank".to_owned(),
                entry => entry.to_string(),
            };
            let mut words = format!(
                "{}  {:>5} to {}  {}  {}",
                text::left(&context.clock(change.at), 17, pen.theme),
                blank(&change.before),
                text::left(&blank(&change.after), 6, pen.theme),
                text::left(&change.by, 20, pen.theme),
                change.source,
            );
            if let Some(reason) = &change.reason {
                words += &format!("  {reason}");
            }
            pen.row(line + 2, at == self.cursor.at, Tone::Plain, &words);
        }
        None
    }
}
