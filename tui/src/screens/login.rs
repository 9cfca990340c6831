//! Logging in: at the start, and in place when a session has ended.

use hillview_shared::ApiError;
use hillview_shared::accounts::{self, SECOND_FACTOR_NEEDED, Who};
use ratatui::layout::Position;

use super::Screen;
use crate::app::context::{Context, Typed, Wish};
use crate::app::fetch::{Fetch, in_words};
use crate::command::{Command, Scope};
use crate::msg::{Effect, Key, LineState, Ticket};
use crate::theme::Tone;
use crate::widgets::inputs::{self, Input, Inputs};
use crate::widgets::pen::Pen;

const SCHOOL: usize = 0;
const USER: usize = 1;
const PASSWORD: usize = 2;
/// Only asked for once the server says so; the password stays.
const CODE: usize = 3;

#[derive(Debug)]
pub struct LogIn {
    inputs: Inputs,
    /// Why one is asked.
    why: Option<String>,
    /// The password as it was sent, whatever is typed while the answer is waited for.
    sent: Option<Typed>,
    /// The code likewise.
    sent_code: Option<Typed>,
    fetch: Fetch,
    error: Option<String>,
}

impl LogIn {
    pub fn new(school: &str, user: &str, why: Option<&str>) -> Self {
        let mut inputs = Inputs::new([
            ("School", Input::text(school, 40)),
            ("User", Input::text(user, 80)),
            ("Password", Input::password()),
        ]);
        let empty = (SCHOOL..PASSWORD).find(|at| inputs.raw(*at).is_empty());
        inputs.focus = empty.unwrap_or(PASSWORD);
        Self {
            inputs,
            why: why.map(str::to_owned),
            sent: None,
            sent_code: None,
            fetch: Fetch::Never,
            error: None,
        }
    }

    fn asks_for_a_code(&self) -> bool {
        self.inputs.len() > CODE
    }

    fn submit(&mut self, context: &mut Context) {
        if self.inputs.go_on() {
            return;
        }
        let labels = ["school", "user", "password", "code"];
        let mut asked = labels.iter().enumerate().take(self.inputs.len());
        if let Some((empty, label)) = asked.find(|(at, _)| self.inputs.text(*at).is_empty()) {
            self.inputs.focus = empty;
            return context.refuse(format!("the {label} is missing"));
        }
        let ticket = context.ticket();
        let code = self
            .asks_for_a_code()
            .then(|| self.inputs.text(CODE).to_owned());
        let request = accounts::LogIn {
            school: self.inputs.text(SCHOOL).to_owned(),
            user: self.inputs.text(USER).to_owned(),
            password: self.inputs.raw(PASSWORD).to_owned(),
            code,
            device: None,
        };
        self.sent = Some(Typed(request.password.clone()));
        self.sent_code = request.code.clone().map(Typed);
        self.fetch = Fetch::Waiting(ticket);
        self.error = None;
        context.effect(Effect::LogIn { ticket, request });
    }

    /// What is wrong is typed again, and the rest stays.
    fn refused(&mut self, error: ApiError, context: &mut Context) {
        if self.asks_for_a_code() {
            let typed = self.inputs.text(CODE);
            if self.sent_code.as_ref().is_some_and(|sent| sent.0 == typed) {
                self.inputs.set(CODE, Input::text("", 40));
                self.inputs.focus = CODE;
            }
            self.error = Some(in_words(&error));
        } else if error.code == SECOND_FACTOR_NEEDED {
            self.inputs.push("Code", Input::text("", 40));
            self.inputs.focus = CODE;
            self.fetch = Fetch::Never;
            return;
        } else {
            let typed = self.inputs.raw(PASSWORD);
            self.error = Some(in_words(&error) + caps_hint(typed));
            if self.sent.as_ref().is_some_and(|sent| sent.0 == typed) {
                self.inputs.set(PASSWORD, Input::password());
                self.inputs.focus = PASSWORD;
            }
        }
        self.fetch = Fetch::Failed(error);
        context.effect(Effect::Bell);
    }

    /// A code is of one school, login and password: with another of them it is not asked for yet.
    fn forget_code(&mut self) {
        if self.inputs.focus < CODE && self.asks_for_a_code() {
            self.inputs.truncate(CODE);
            self.error = None;
        }
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
            field => self.inputs.step(field),
        }
    }

    fn type_key(&mut self, key: Key, _context: &mut Context) -> bool {
        let before = (SCHOOL..CODE)
            .map(|at| self.inputs.raw(at).len())
            .sum::<usize>();
        let taken = self.inputs.key(key);
        let after = (SCHOOL..CODE)
            .map(|at| self.inputs.raw(at).len())
            .sum::<usize>();
        if before != after {
            self.forget_code();
        }
        taken
    }

    fn paste(&mut self, text: &str, _context: &mut Context) {
        self.inputs.paste(text);
        self.forget_code();
    }

    fn waits_for(&self, ticket: Ticket) -> bool {
        self.fetch.waits_for(ticket)
    }

    fn logged_in(&mut self, answer: Result<Box<Who>, ApiError>, context: &mut Context) {
        match answer {
            Ok(who) => {
                self.fetch = Fetch::Done;
                context.wish(Wish::Entered {
                    who,
                    typed: self.sent.take(),
                    closes: false,
                });
            }
            Err(error) => self.refused(error, context),
        }
    }

    fn view(&self, pen: &mut Pen<'_>, context: &Context) -> Option<Position> {
        pen.wipe();
        let title = self.why.as_deref().unwrap_or("Log in");
        pen.put(1, 4, Tone::Heading, title);
        pen.put(3, 4, Tone::Faint, "Server");
        pen.put(3, 14, Tone::Plain, &context.server);
        let (cursor, line) = self.inputs.draw(pen, 4);
        let refused = match &context.line {
            LineState::Refused(error) => Some(in_words(error)),
            _ => None,
        };
        let words = match (&self.fetch, refused, &self.error) {
            (Fetch::Waiting(_), None, _) => {
                Some(("asking the server; Esc stops".to_owned(), Tone::Plain))
            }
            (_, Some(refused), _) => Some((refused, Tone::Bad)),
            (_, None, None) if self.asks_for_a_code() => Some((
                "The code that your authenticator shows now, or one of your recovery codes."
                    .to_owned(),
                Tone::Plain,
            )),
            (_, None, error) => error.clone().map(|error| (error, Tone::Bad)),
        };
        if let Some((words, tone)) = words {
            inputs::tell(pen, line + 1, tone, &words);
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
