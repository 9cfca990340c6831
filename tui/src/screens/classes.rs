//! The classes that one may see.

use hillview_shared::ApiError;
use hillview_shared::api::{HillviewRequest, HillviewResponse};
use hillview_shared::classes::Class;
use ratatui::layout::Position;

use super::Screen;
use crate::app::context::{Context, Open};
use crate::app::fetch::Fetch;
use crate::command::{Command, Scope};
use crate::msg::Ticket;
use crate::theme::Tone;
use crate::widgets::pen::Pen;
use crate::widgets::rows::{self, Cursor};
use crate::widgets::text;

#[derive(Debug, Default)]
pub struct Classes {
    fetch: Fetch,
    classes: Vec<Class>,
    cursor: Cursor,
}

impl Screen for Classes {
    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Classes, Scope::Rows, Scope::Anywhere]
    }

    fn place(&self) -> String {
        "Classes".to_owned()
    }

    fn summary(&self, _context: &Context) -> String {
        if self.fetch != Fetch::Done && self.classes.is_empty() {
            return String::new();
        }
        let students: i64 = self.classes.iter().map(|class| class.students).sum();
        let classes = text::count(self.classes.len(), "class", "classes");
        format!("{classes}, students: {students}")
    }

    fn start(&mut self, context: &mut Context) {
        self.fetch = Fetch::Waiting(context.call(HillviewRequest::ListClasses {}));
    }

    fn fetch(&self) -> Option<&Fetch> {
        Some(&self.fetch)
    }

    fn why_not(&self, command: Command, _context: &Context) -> Option<String> {
        match command {
            Command::Open if self.classes.is_empty() => {
                Some("there is no class to open".to_owned())
            }
            Command::Classes => Some("they are on the screen".to_owned()),
            _ => None,
        }
    }

    fn command(&mut self, command: Command, context: &mut Context) {
        match (command, self.classes.get(self.cursor.at)) {
            (Command::Open, Some(class)) => context.open(Open::Students {
                class: Some(class.clone()),
                searching: false,
            }),
            _ => {
                let page = context.body_rows().saturating_sub(1);
                self.cursor.step(command, self.classes.len(), page);
            }
        }
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
        if let Some(classes) = self.fetch.settle(crate::reply!(answer, ListClasses)) {
            self.classes = classes;
            self.cursor.clamp(self.classes.len());
        }
    }

    fn view(&self, pen: &mut Pen<'_>, _context: &Context) -> Option<Position> {
        pen.put(
            0,
            2,
            Tone::Faint,
            "Class            Students  Class teacher",
        );
        if let Some(words) = self.fetch.words() {
            pen.put(1, 2, Tone::Plain, &words);
        } else if self.classes.is_empty() {
            pen.put(1, 2, Tone::Plain, "There is no class that you may see.");
        }
        let window = rows::window(self.cursor.at, self.classes.len(), pen.lines() - 1);
        for (line, at) in window.enumerate() {
            let class = &self.classes[at];
            let words = format!(
                "{} {:>8}  {}",
                text::left(&class.name, 16, pen.theme),
                class.students,
                class.class_teacher.as_deref().unwrap_or("-"),
            );
            pen.row(line + 1, at == self.cursor.at, Tone::Plain, &words);
        }
        None
    }
}
