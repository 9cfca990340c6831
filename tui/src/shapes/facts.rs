//! A page of facts: a label, and what is known under it.

use ratatui::layout::Position;

use crate::app::context::Context;
use crate::command::{Command, Scope};
use crate::screens::Screen;
use crate::theme::Tone;
use crate::widgets::pen::Pen;
use crate::widgets::rows::Cursor;
use crate::widgets::text;

#[derive(Debug)]
pub struct Facts {
    place: &'static str,
    heading: String,
    facts: Vec<(&'static str, String)>,
    cursor: Cursor,
}

impl Facts {
    pub fn new(
        place: &'static str,
        heading: impl Into<String>,
        facts: impl IntoIterator<Item = (&'static str, String)>,
    ) -> Self {
        let known = |(_, words): &(&str, String)| !words.is_empty();
        Self {
            place,
            heading: heading.into(),
            facts: facts.into_iter().filter(known).collect(),
            cursor: Cursor::default(),
        }
    }

    fn lines(&self, columns: usize, theme: crate::theme::Theme) -> Vec<(&'static str, String)> {
        let room = columns.saturating_sub(self.label() + 3).max(8);
        let mut lines = Vec::new();
        for (label, words) in &self.facts {
            for (at, words) in text::wrap(&text::clean(words, theme), room)
                .into_iter()
                .enumerate()
            {
                lines.push((if at == 0 { label } else { "" }, words));
            }
        }
        lines
    }

    fn label(&self) -> usize {
        let widths = self.facts.iter().map(|(label, _)| label.len());
        widths.max().unwrap_or(0) + 2
    }
}

impl Screen for Facts {
    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Rows, Scope::Anywhere]
    }

    fn place(&self) -> String {
        self.place.to_owned()
    }

    fn command(&mut self, command: Command, context: &mut Context) {
        let lines = self
            .lines(usize::from(context.columns), context.theme)
            .len();
        let page = context.body_rows().saturating_sub(2).max(1);
        // The cursor is the first line of a page: without rows to choose from, keys turn pages.
        if lines > page {
            self.cursor.step(command, lines + 1 - page, page);
        }
    }

    fn view(&self, pen: &mut Pen<'_>, _context: &Context) -> Option<Position> {
        pen.put(0, 1, Tone::Heading, &self.heading);
        let lines = self.lines(pen.columns(), pen.theme);
        let height = pen.lines().saturating_sub(2);
        let first = self.cursor.at.min(lines.len().saturating_sub(height));
        let window = first..lines.len().min(first + height);
        for (line, at) in window.enumerate() {
            let (label, words) = &lines[at];
            pen.put(line + 2, 1, Tone::Faint, label);
            pen.put(line + 2, 1 + self.label(), Tone::Plain, words);
        }
        None
    }
}
