//! What can be done on the screen below, with its keys, and why some of it cannot be done now.

use ratatui::layout::Position;

use super::Screen;
use crate::app::context::Context;
use crate::command::{Command, Entry, Scope};
use crate::theme::Tone;
use crate::widgets::pen::Pen;
use crate::widgets::rows::{self, Cursor};

#[derive(Debug)]
pub struct Help {
    entries: Vec<(&'static Entry, Option<String>)>,
    cursor: Cursor,
}

impl Help {
    pub fn new(entries: Vec<(&'static Entry, Option<String>)>) -> Self {
        Self {
            entries,
            cursor: Cursor::default(),
        }
    }
}

impl Screen for Help {
    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Rows, Scope::Anywhere]
    }

    fn place(&self) -> String {
        "Help".to_owned()
    }

    fn summary(&self, _context: &Context) -> String {
        match self.entries.get(self.cursor.at) {
            Some((_, Some(why))) => format!("not now: {why}"),
            _ => format!("{} of {}", self.cursor.at + 1, self.entries.len()),
        }
    }

    fn why_not(&self, command: Command, _context: &Context) -> Option<String> {
        (command == Command::Help).then(|| "this is the help; Esc goes back".to_owned())
    }

    fn command(&mut self, command: Command, context: &mut Context) {
        let page = context.body_rows();
        self.cursor.step(command, self.entries.len(), page);
    }

    fn view(&self, pen: &mut Pen<'_>, _context: &Context) -> Option<Position> {
        let window = rows::window(self.cursor.at, self.entries.len(), pen.lines());
        for (line, at) in window.enumerate() {
            let (entry, why_not) = &self.entries[at];
            let keys = match entry.keys.is_empty() {
                true => format!(":{}", entry.name),
                false => entry.keys.join(" "),
            };
            let words = match why_not {
                None => format!("{keys:<14} {}", entry.sentence),
                Some(_) => format!("{keys:<14} ({})", entry.sentence),
            };
            let tone = if why_not.is_none() {
                Tone::Plain
            } else {
                Tone::Faint
            };
            pen.row(line, at == self.cursor.at, tone, &words);
        }
        None
    }
}
