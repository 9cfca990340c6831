//! What many assignments would do, before they are made: each line with what becomes of it.
//!
//! ```text
//!   Class      Subject or role    Who              What
//! > 4 East     class-teacher      J. Otieno        refused: W. Kamau is the class teacher
//!   5 West     Mathematics        J. Otieno        new
//! ```

use hillview_shared::api::HillviewRequest;
use hillview_shared::teaching::{
    AssignMany, AssignOutcome, AssignTeaching, Assigned, AssignedLine, TeachingRole,
};
use ratatui::layout::Position;

use crate::app::context::{Context, Wish};
use crate::app::fetch::{Fetch, in_words};
use crate::command::{Command, Scope};
use crate::msg::Ticket;
use crate::screens::Screen;
use crate::shapes::list::Answer;
use crate::theme::Tone;
use crate::widgets::columns::{Column, Columns};
use crate::widgets::pen::Pen;
use crate::widgets::rows::{self, Cursor};
use crate::widgets::text;

const COLUMNS: [Column; 4] = [
    Column::new("Class", 10),
    Column::new("Subject or role", 14).grows(),
    Column::new("Who", 12).grows(),
    Column::new("What becomes of it", 20).grows(),
];

#[derive(Debug)]
pub struct Preview {
    assignments: Vec<AssignTeaching>,
    lines: Vec<AssignedLine>,
    fetch: Fetch,
    /// The answer that is waited for is to the real thing.
    applying: bool,
    cursor: Cursor,
}

impl Preview {
    pub fn new(assignments: Vec<AssignTeaching>, would: Assigned) -> Self {
        Self {
            assignments,
            lines: would.lines,
            fetch: Fetch::Done,
            applying: false,
            cursor: Cursor::default(),
        }
    }

    fn ask(&mut self, preview: bool, context: &mut Context) {
        self.applying = !preview;
        let request = AssignMany {
            assignments: self.assignments.clone(),
            preview,
        };
        self.fetch = Fetch::Waiting(context.call(HillviewRequest::AssignMany { request }));
    }

    fn count(&self, outcome: AssignOutcome) -> usize {
        let of_it = self.lines.iter().filter(|line| line.outcome == outcome);
        of_it.count()
    }

    fn done(&self, context: &mut Context) {
        let made = self.count(AssignOutcome::New) + self.count(AssignOutcome::Replaces);
        // This, and the form that it was made from.
        context.wish(Wish::Close);
        context.wish(Wish::CloseAndRefresh);
        context.say(format!(
            "made: {}",
            text::count(made, "assignment", "assignments")
        ));
    }
}

/// What becomes of a line, in words.
fn what(line: &AssignedLine) -> String {
    let outcome = match line.outcome {
        AssignOutcome::New => "new",
        AssignOutcome::Same => "is so already",
        AssignOutcome::Replaces => "replaces",
        AssignOutcome::Refused => "refused",
    };
    match line.words.is_empty() {
        true => outcome.to_owned(),
        false => format!("{outcome}: {}", line.words),
    }
}

impl Screen for Preview {
    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Assigned, Scope::Rows, Scope::Anywhere]
    }

    fn place(&self) -> String {
        "Assign many".to_owned()
    }

    fn summary(&self, _context: &Context) -> String {
        if let Some(words) = self.fetch.words() {
            return words;
        }
        let counts = [
            (AssignOutcome::New, "new"),
            (AssignOutcome::Replaces, "replacing"),
            (AssignOutcome::Same, "so already"),
            (AssignOutcome::Refused, "refused"),
        ];
        let counts = counts.map(|(outcome, word)| (self.count(outcome), word));
        let some = counts.iter().filter(|(count, _)| *count > 0);
        let words: Vec<String> = some
            .map(|(count, word)| format!("{count} {word}"))
            .collect();
        format!("{}; nothing is changed yet", words.join(", "))
    }

    fn fetch(&self) -> Option<&Fetch> {
        Some(&self.fetch)
    }

    fn why_not(&self, command: Command, _context: &Context) -> Option<String> {
        let waiting = matches!(self.fetch, Fetch::Waiting(_));
        let refused = self.count(AssignOutcome::Refused);
        let row = self.assignments.get(self.cursor.at);
        match command {
            Command::Apply | Command::Replace | Command::Remove if waiting => {
                Some("the server is being asked".to_owned())
            }
            Command::Apply | Command::Remove if self.assignments.is_empty() => {
                Some("no assignment is left".to_owned())
            }
            Command::Apply if refused > 0 => Some(format!(
                "{} refused: r replaces a class teacher, Del leaves it out",
                text::count(refused, "is", "are")
            )),
            Command::Replace if row.is_none_or(|row| row.role != TeachingRole::ClassTeacher) => {
                Some("only a class teacher is replaced".to_owned())
            }
            _ => None,
        }
    }

    fn command(&mut self, command: Command, context: &mut Context) {
        let at = self.cursor.at;
        match command {
            Command::Apply => self.ask(false, context),
            Command::Replace => {
                if let Some(row) = self.assignments.get_mut(at) {
                    row.replace = !row.replace;
                    self.ask(true, context);
                }
            }
            Command::Remove => {
                if at < self.assignments.len().min(self.lines.len()) {
                    self.assignments.remove(at);
                    self.lines.remove(at);
                }
                self.cursor.clamp(self.assignments.len());
                if !self.assignments.is_empty() {
                    self.ask(true, context);
                }
            }
            movement => {
                let page = context.body_rows().saturating_sub(3);
                self.cursor.step(movement, self.lines.len(), page);
            }
        }
    }

    fn waits_for(&self, ticket: Ticket) -> bool {
        self.fetch.waits_for(ticket)
    }

    fn answer(&mut self, _ticket: Ticket, answer: Answer, context: &mut Context) {
        let reply = crate::reply!(answer, AssignMany);
        match self.fetch.settle(reply) {
            Some(assigned) if assigned.lines.len() == self.assignments.len() => {
                self.lines = assigned.lines;
                if assigned.applied {
                    self.done(context);
                } else if self.applying {
                    context.refuse("it changed meanwhile: nothing is assigned");
                }
            }
            Some(_) => context.refuse("the server answered something else than was asked"),
            None => {
                if let Fetch::Failed(error) = &self.fetch {
                    context.refuse(in_words(error));
                }
            }
        }
    }

    fn view(&self, pen: &mut Pen<'_>, _context: &Context) -> Option<Position> {
        let columns = Columns::fit(&COLUMNS, pen.columns().saturating_sub(3), pen.theme);
        let titles = columns.line(COLUMNS.iter().map(|column| column.title));
        pen.put(0, 2, Tone::Faint, &titles);
        // The reason of the line under the cursor stands whole at the end.
        let room = pen.lines().saturating_sub(3);
        for (line, at) in rows::window(self.cursor.at, self.lines.len(), room).enumerate() {
            let (Some(row), Some(outcome)) = (self.assignments.get(at), self.lines.get(at)) else {
                break;
            };
            let subject = row.subject.as_deref().unwrap_or(row.role.word());
            let cells = [
                outcome.class.as_deref().unwrap_or(&row.class),
                subject,
                outcome.staff.as_deref().unwrap_or(&row.staff),
                &what(outcome),
            ];
            let tone = match outcome.outcome {
                AssignOutcome::Refused => Tone::Bad,
                AssignOutcome::Replaces => Tone::Waiting,
                AssignOutcome::Same => Tone::Faint,
                AssignOutcome::New => Tone::Plain,
            };
            let selected = at == self.cursor.at;
            pen.row(line + 1, selected, tone, &columns.line(cells));
        }
        if let Some(outcome) = self.lines.get(self.cursor.at) {
            let words = text::wrap(&text::clean(&what(outcome), pen.theme), pen.columns() - 2);
            for (at, words) in words.iter().take(2).enumerate() {
                pen.put(pen.lines() - 2 + at, 1, Tone::Plain, words);
            }
        }
        None
    }
}
