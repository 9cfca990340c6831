//! Changing one's password: wanted, or asked for at the first login.

use hillview_shared::accounts::{ChangePassword, PASSWORD_MAX, PASSWORD_MIN, Who};
use hillview_shared::{ApiError, Kind};
use ratatui::layout::Position;

use super::Screen;
use crate::app::context::{Context, Wish};
use crate::app::fetch::{Fetch, in_words};
use crate::command::{Command, Scope};
use crate::msg::{Effect, Key, Ticket};
use crate::theme::Tone;
use crate::widgets::field::Field;
use crate::widgets::pen::Pen;
use crate::widgets::text;

const LABELS: [&str; 3] = ["Present password", "New password", "Once more"];

#[derive(Debug)]
pub struct Password {
    fields: [Field; 3],
    focus: usize,
    /// Nothing else is allowed before it is changed.
    first: bool,
    fetch: Fetch,
    error: Option<String>,
}

impl Password {
    fn new(first: bool) -> Self {
        Self {
            fields: std::array::from_fn(|_| Field::password(PASSWORD_MAX)),
            focus: 0,
            first,
            fetch: Fetch::Never,
            error: None,
        }
    }

    /// Asked for at the first login.
    pub fn first() -> Self {
        Self::new(true)
    }

    pub fn wanted() -> Self {
        Self::new(false)
    }

    fn submit(&mut self, context: &mut Context) {
        if self.focus + 1 < LABELS.len() {
            self.focus += 1;
            return;
        }
        let [old, new, again] = self.fields.each_ref().map(Field::text);
        let (why, focus) = if old.is_empty() {
            ("the present password is missing".to_owned(), 0)
        } else if new.chars().count() < PASSWORD_MIN {
            (
                format!("the new password needs at least {PASSWORD_MIN} characters"),
                1,
            )
        } else if new == old {
            ("the new password is the present one".to_owned(), 1)
        } else if new != again {
            (
                "the new password was not typed the same twice".to_owned(),
                2,
            )
        } else {
            let ticket = context.ticket();
            let request = ChangePassword {
                old: old.to_owned(),
                new: new.to_owned(),
            };
            context.effect(Effect::ChangePassword { ticket, request });
            self.fetch = Fetch::Waiting(ticket);
            self.error = None;
            return;
        };
        self.focus = focus;
        self.error = Some(why);
        context.effect(Effect::Bell);
    }
}

impl Screen for Password {
    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Password, Scope::Fields, Scope::Anywhere]
    }

    fn place(&self) -> String {
        "Change the password".to_owned()
    }

    fn typing(&self) -> bool {
        true
    }

    fn why_not(&self, command: Command, _context: &Context) -> Option<String> {
        let waiting = matches!(self.fetch, Fetch::Waiting(_));
        (command == Command::Submit && waiting).then(|| "the server is being asked".to_owned())
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
                context.wish(Wish::Close);
                context.wish(Wish::Entered(who));
                context.say("the password is changed");
            }
            Err(error) if error.kind == Kind::SessionEnded => context.wish(Wish::Close),
            Err(error) => {
                if error.kind == Kind::Denied {
                    // The present one is wrong: it is typed again, and the others stay.
                    self.fields[0] = Field::password(PASSWORD_MAX);
                    self.focus = 0;
                }
                self.error = Some(in_words(&error));
                self.fetch = Fetch::Failed(error);
                context.effect(Effect::Bell);
            }
        }
    }

    fn unsaved(&self) -> Option<String> {
        let typed = self.fields.iter().any(|field| !field.text().is_empty());
        (typed && !self.first).then(|| "the passwords typed".to_owned())
    }

    fn view(&self, pen: &mut Pen<'_>, _context: &Context) -> Option<Position> {
        let title = match self.first {
            true => "Choose a password of your own: the present one was made for the first login.",
            false => "Change your password. Your other sessions end.",
        };
        let mut line = 1;
        for words in text::wrap(title, pen.columns() - 8) {
            pen.put(line, 4, Tone::Heading, &words);
            line += 1;
        }
        let mut cursor = None;
        for (at, (label, field)) in LABELS.iter().zip(&self.fields).enumerate() {
            let line = line + 1 + at;
            let (shown, caret) = field.shown(pen.columns() - 24, pen.theme);
            pen.put(line, 4, Tone::Faint, label);
            pen.put(line, 22, Tone::Plain, &shown);
            if at == self.focus {
                pen.put(line, 2, Tone::Plain, ">");
                cursor = Some(pen.position(line, 22 + caret));
            }
        }
        let length = format!("{PASSWORD_MIN} to {PASSWORD_MAX} characters, any of them.");
        pen.put(line + 5, 4, Tone::Faint, &length);
        let words = match (&self.fetch, &self.error) {
            (Fetch::Waiting(_), _) => "asking the server",
            (_, error) => error.as_deref().unwrap_or_default(),
        };
        for (at, words) in text::wrap(words, pen.columns() - 8).iter().enumerate() {
            pen.put(line + 7 + at, 4, Tone::Bad, words);
        }
        cursor
    }
}
