//! What is shown once and never again: a one-time password, recovery codes.

use std::fmt;

use ratatui::layout::Position;

use crate::app::context::{Confirmation, Context};
use crate::command::{Command, Scope};
use crate::screens::Screen;
use crate::theme::Tone;
use crate::widgets::inputs;
use crate::widgets::pen::Pen;

pub struct Once {
    place: &'static str,
    heading: String,
    facts: Vec<(&'static str, String)>,
    words: &'static str,
}

/// What is shown once is in no log.
impl fmt::Debug for Once {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Once")
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}

impl Once {
    pub fn new(
        place: &'static str,
        heading: impl Into<String>,
        facts: impl IntoIterator<Item = (&'static str, String)>,
        words: &'static str,
    ) -> Self {
        Self {
            place,
            heading: heading.into(),
            facts: facts.into_iter().collect(),
            words,
        }
    }
}

const QUESTION: &str = "Is it written down? Nobody can read it again.";

impl Screen for Once {
    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Once, Scope::Anywhere]
    }

    fn place(&self) -> String {
        self.place.to_owned()
    }

    fn command(&mut self, command: Command, context: &mut Context) {
        if command == Command::WrittenDown {
            context.ask(QUESTION, Confirmation::Leave);
        }
    }

    fn unsaved(&self) -> Option<String> {
        Some("what is shown here once".to_owned())
    }

    fn leaving(&self) -> Option<String> {
        Some(QUESTION.to_owned())
    }

    fn view(&self, pen: &mut Pen<'_>, _context: &Context) -> Option<Position> {
        inputs::tell(pen, 1, Tone::Heading, &self.heading);
        let labels = self.facts.iter().map(|(label, _)| label.len());
        let column = 4 + labels.max().unwrap_or(0) + 2;
        for (at, (label, words)) in self.facts.iter().enumerate() {
            pen.put(4 + at, 4, Tone::Faint, label);
            pen.put(4 + at, column, Tone::Plain, words);
        }
        inputs::tell(pen, 5 + self.facts.len(), Tone::Plain, self.words);
        None
    }
}
