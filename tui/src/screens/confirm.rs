//! A question with a safe answer: only `y` does it.

use ratatui::layout::Position;

use super::Screen;
use crate::app::context::{Confirmation, Context, Wish};
use crate::command::{Command, Scope};
use crate::theme::Tone;
use crate::widgets::pen::Pen;
use crate::widgets::text;

#[derive(Debug)]
pub struct Confirm {
    question: String,
    what: Confirmation,
}

impl Confirm {
    pub fn new(question: String, what: Confirmation) -> Self {
        Self { question, what }
    }

    fn words(&self, columns: usize) -> Vec<String> {
        let words = format!("{} y yes, n no", self.question);
        text::wrap(&words, columns.saturating_sub(2))
    }
}

impl Screen for Confirm {
    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Confirm]
    }

    fn place(&self) -> String {
        "Are you sure?".to_owned()
    }

    fn lines(&self, context: &Context) -> Option<usize> {
        Some(self.words(usize::from(context.columns)).len() + 1)
    }

    fn is_about_the_one_below(&self) -> bool {
        !matches!(self.what, Confirmation::Quit | Confirmation::LogOut)
    }

    fn command(&mut self, command: Command, context: &mut Context) {
        context.wish(match command {
            Command::Yes => Wish::CloseAndConfirm(self.what.clone()),
            _ => Wish::Close,
        });
    }

    fn view(&self, pen: &mut Pen<'_>, _context: &Context) -> Option<Position> {
        let lines = self.words(pen.columns());
        let mut end = 0;
        for (at, words) in lines.iter().enumerate() {
            pen.put(at + 1, 1, Tone::Heading, words);
            end = text::width(words) + 2;
        }
        Some(pen.position(lines.len(), end))
    }
}
