//! The marks that are not stored yet: queued, refused, in conflict. None leaves by itself
//! without being stored.

use ratatui::layout::Position;

use super::Screen;
use crate::app::context::{Confirmation, Context, Open};
use crate::command::{Command, Scope};
use crate::msg::{EditId, Effect, OutboxEvent, Pending, PendingState};
use crate::theme::Tone;
use crate::widgets::pen::Pen;
use crate::widgets::rows::{self, Cursor};
use crate::widgets::text;

#[derive(Debug, Default)]
pub struct Outbox {
    edits: Vec<Pending>,
    cursor: Cursor,
}

impl Outbox {
    fn read(&mut self, context: &Context) {
        self.edits = context.pending.values().cloned().collect();
        self.cursor.clamp(self.edits.len());
    }

    fn current(&self) -> Option<&Pending> {
        self.edits.get(self.cursor.at)
    }

    fn drop_edit(&self, context: &mut Context) {
        if let Some(edit) = self.current() {
            let question = format!("Forget {} for {}?", edit.entry, edit.label);
            context.ask(question, Confirmation::DropEdit(edit.edit));
        }
    }
}

impl Screen for Outbox {
    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Outbox, Scope::Rows, Scope::Anywhere]
    }

    fn place(&self) -> String {
        "Outbox".to_owned()
    }

    fn summary(&self, _context: &Context) -> String {
        match self.edits.len() {
            0 => String::new(),
            number => text::count(number, "mark", "marks") + " not stored on the server yet",
        }
    }

    fn start(&mut self, context: &mut Context) {
        self.read(context);
    }

    fn why_not(&self, command: Command, _context: &Context) -> Option<String> {
        match (command, self.current().map(|edit| &edit.state)) {
            (Command::Outbox, _) => Some("it is on the screen".to_owned()),
            (Command::Open | Command::DropEdit, None) => Some("nothing waits here".to_owned()),
            (Command::DropEdit, Some(PendingState::Queued)) => Some(
                "this mark will be sent; only refused ones and conflicts are dropped".to_owned(),
            ),
            _ => None,
        }
    }

    fn command(&mut self, command: Command, context: &mut Context) {
        match (command, self.current()) {
            (Command::Open, Some(edit)) => context.open(Open::Sheet {
                sheet: edit.sheet,
                student: Some(edit.student),
            }),
            (Command::DropEdit, _) => self.drop_edit(context),
            _ => {
                let page = context.body_rows().saturating_sub(1);
                self.cursor.step(command, self.edits.len(), page);
            }
        }
    }

    fn outbox(&mut self, _event: &OutboxEvent, context: &mut Context) {
        self.read(context);
    }

    fn confirmed(&mut self, what: Confirmation, context: &mut Context) {
        if let Confirmation::DropEdit(EditId(edit)) = what {
            context.effect(Effect::Drop(EditId(edit)));
        }
    }

    fn view(&self, pen: &mut Pen<'_>, _context: &Context) -> Option<Position> {
        pen.put(0, 2, Tone::Faint, "Mark     State");
        if self.edits.is_empty() {
            pen.put(
                1,
                2,
                Tone::Plain,
                "Nothing waits: every mark is stored on the server.",
            );
        }
        let window = rows::window(self.cursor.at, self.edits.len(), pen.lines() - 1);
        for (line, at) in window.enumerate() {
            let edit = &self.edits[at];
            let (state, tone) = match &edit.state {
                PendingState::Queued => ("queued".to_owned(), Tone::Waiting),
                PendingState::Refused { message, .. } => (format!("refused: {message}"), Tone::Bad),
                PendingState::Conflict { theirs } => (
                    format!("conflict: {} by {}", theirs.entry, theirs.by),
                    Tone::Bad,
                ),
            };
            let words = format!("{:<8} {state}  {}", edit.entry.to_string(), edit.label);
            pen.row(line + 1, at == self.cursor.at, tone, &words);
        }
        None
    }
}
