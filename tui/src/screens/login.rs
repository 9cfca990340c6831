//! Logging in: at the start, and in place when a session has ended.

use hillview_shared::ApiError;
use hillview_shared::accounts::{self, PASSWORD_MAX, Who};
use ratatui::layout::Position;

use super::Screen;
use crate::app::context::{Context, Wish};
use crate::app::fetch::{Fetch, in_words};
use crate::command::{Command, Scope};
use crate::msg::{Effect, Key, LineState, Ticket};
use crate::theme::Tone;
use crate::widgets::field::Field;
use crate::widgets::pen::Pen;
use crate::widgets::text;

const LABELS: [&str; 3] = ["School", "User", "Password"];
const SCHOOL: usize = 0;
const USER: usize = 1;
const PASSWORD: usize = 2;

#[derive(Debug)]
pub struct LogIn {
    fields: [Field; 3],
    focus: usize,
    /// Why one is asked.
    why: Option<String>,
    fetch: Fetch,
    error: Option<String>,
}

impl LogIn {
    pub fn new(school: &str, user: &str, why: Option<&str>) -> Self {
        let fields = [
            Field::new(school, 40),
            Field::new(user, 80),
            Field::password(PASSWORD_MAX),
        ];
        let empty = fields.iter().position(|field| field.text().is_empty());
        Self {
            fields,
            focus: empty.unwrap_or(PASSWORD),
            why: why.map(str::to_owned),
            fetch: Fetch::Never,
            error: None,
        }
    }

    fn submit(&mut self, context: &mut Context) {
        if self.focus < PASSWORD {
            self.focus += 1;
            return;
        }
        let text = |at: usize| self.fields[at].text().trim().to_owned();
        if let Some(empty) = (0..3).find(|at| self.fields[*at].text().trim().is_empty()) {
            self.focus = empty;
            let label = LABELS[empty].to_lowercase();
            return context.refuse(format!("the {label} is missing"));
        }
        let ticket = context.ticket();
        let request = accounts::LogIn {
            school: text(SCHOOL),
            user: text(USER),
            password: self.fields[PASSWORD].text().to_owned(),
            code: None,
            device: None,
        };
        self.fetch = Fetch::Waiting(ticket);
        self.error = None;
        context.effect(Effect::LogIn { ticket, request });
    }
}

/// A hint when a password was typed in capitals only.
fn caps_hint(password: &str) -> &'static str {
    let letters = || password.chars().filter(|c| c.is_alphabetic());
    if letters().count() > 2 && letters().all(char::is_uppercase) {
        " It was all in capitals: is Caps Lock on?"
    } else {
        ""
    }
}

impl Screen for LogIn {
    fn scopes(&self) -> &'static [Scope] {
        &[Scope::LogIn, Scope::Fields, Scope::Anywhere]
    }

    fn place(&self) -> String {
        "Log in".to_owned()
    }

    fn is_login(&self) -> bool {
        true
    }

    fn typing(&self) -> bool {
        true
    }

    fn fetch(&self) -> Option<&Fetch> {
        None
    }

    fn is_waiting(&self) -> bool {
        matches!(self.fetch, Fetch::Waiting(_))
    }

    fn stop_waiting(&mut self, context: &mut Context) {
        if let Fetch::Waiting(ticket) = std::mem::take(&mut self.fetch) {
            context.effect(Effect::StopLogIn(ticket));
            context.say("stopped: nobody is logged in");
        }
    }

    fn why_not(&self, command: Command, _context: &Context) -> Option<String> {
        (command == Command::Submit && self.is_waiting())
            .then(|| "the server is being asked".to_owned())
    }

    fn command(&mut self, command: Command, context: &mut Context) {
        match command {
            Command::Submit => self.submit(context),
            Command::NextField => self.focus = (self.focus + 1) % LABELS.len(),
            Command::PreviousField => self.focus = (self.focus + LABELS.len() - 1) % LABELS.len(),
            _ => {}
        }
    }

    fn type_key(&mut self, key: Key, _context: &mut Context) -> bool {
        self.fields[self.focus].key(key)
    }

    fn paste(&mut self, text: &str, _context: &mut Context) {
        self.fields[self.focus].paste(text);
    }

    fn waits_for(&self, ticket: Ticket) -> bool {
        self.fetch.waits_for(ticket)
    }

    fn logged_in(&mut self, answer: Result<Box<Who>, ApiError>, context: &mut Context) {
        match answer {
            Ok(who) => {
                self.fetch = Fetch::Done;
                context.wish(Wish::Entered(who));
            }
            Err(error) => {
                let caps = caps_hint(self.fields[PASSWORD].text());
                self.error = Some(in_words(&error) + caps);
                self.fetch = Fetch::Failed(error);
                self.fields[PASSWORD] = Field::password(PASSWORD_MAX);
                self.focus = PASSWORD;
                context.effect(Effect::Bell);
            }
        }
    }

    fn view(&self, pen: &mut Pen<'_>, context: &Context) -> Option<Position> {
        pen.wipe();
        let title = self.why.as_deref().unwrap_or("Log in");
        pen.put(1, 4, Tone::Heading, title);
        pen.put(3, 4, Tone::Faint, "Server");
        pen.put(3, 14, Tone::Plain, &context.server);
        let mut cursor = None;
        for (at, (label, field)) in LABELS.iter().zip(&self.fields).enumerate() {
            let line = 4 + at;
            let (shown, caret) = field.shown(pen.columns() - 16, pen.theme);
            pen.put(line, 4, Tone::Faint, label);
            pen.put(line, 14, Tone::Plain, &shown);
            if at == self.focus {
                pen.put(line, 2, Tone::Plain, ">");
                cursor = Some(pen.position(line, 14 + caret));
            }
        }
        let refused = match &context.line {
            LineState::Refused(error) => Some(in_words(error)),
            _ => None,
        };
        let words = match (&self.fetch, refused, &self.error) {
            (Fetch::Waiting(_), None, _) => {
                Some(("asking the server; Esc stops".to_owned(), Tone::Plain))
            }
            (_, Some(refused), _) => Some((refused, Tone::Bad)),
            (_, None, error) => error.clone().map(|error| (error, Tone::Bad)),
        };
        if let Some((words, tone)) = words {
            let lines = text::wrap(&text::clean(&words, pen.theme), pen.columns() - 8);
            for (at, words) in lines.iter().enumerate() {
                pen.put(8 + at, 4, tone, words);
            }
        }
        cursor
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_password_all_in_capitals_gets_the_hint() {
        for (password, hinted) in [
            ("SECRET-WORD-9", true),
            ("Secret-Word-9", false),
            ("12345678", false),
            ("AB", false),
        ] {
            assert_eq!(!caps_hint(password).is_empty(), hinted, "{password}");
        }
    }
}
