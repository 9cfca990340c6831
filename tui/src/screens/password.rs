//! Changing one's password: wanted, or asked for at the first login.

use hillview_shared::accounts::{ChangePassword, PASSWORD_MAX, PASSWORD_MIN, Who};
use hillview_shared::{ApiError, Kind};
use ratatui::layout::Position;

use super::Screen;
use crate::app::context::{Context, Typed, Wish};
use crate::app::fetch::{Fetch, in_words};
use crate::command::{Command, Scope};
use crate::msg::{Effect, Key, Ticket};
use crate::theme::Tone;
use crate::widgets::inputs::{self, Input, Inputs};
use crate::widgets::pen::Pen;
use crate::widgets::text;

const OLD: usize = 0;
const NEW: usize = 1;
const AGAIN: usize = 2;

#[derive(Debug)]
pub struct Password {
    inputs: Inputs,
    /// Nothing else is allowed before it is changed.
    first: bool,
    /// The present one, when it was typed just now: it is not asked for again.
    typed: Option<Typed>,
    /// The new one as it was sent, whatever is typed while the answer is waited for.
    sent: Option<Typed>,
    /// The present one as it was typed here and sent.
    sent_old: Option<Typed>,
    fetch: Fetch,
    error: Option<String>,
}

/// Whether a field still holds what was sent: what was typed since is not thrown away.
fn is(sent: &Option<Typed>, now: &str) -> bool {
    sent.as_ref().is_some_and(|Typed(sent)| sent == now)
}

impl Password {
    fn new(first: bool, typed: Option<Typed>) -> Self {
        let labels = ["Present password", "New password", "Once more"];
        let mut inputs = Inputs::new(labels.map(|label| (label, Input::password())));
        if typed.is_some() {
            inputs.show(OLD, false);
            inputs.focus = NEW;
        }
        Self {
            inputs,
            first,
            typed,
            sent: None,
            sent_old: None,
            fetch: Fetch::Never,
            error: None,
        }
    }

    /// Asked for at the first login.
    pub fn first(typed: Option<Typed>) -> Self {
        Self::new(true, typed)
    }

    pub fn wanted() -> Self {
        Self::new(false, None)
    }

    fn old(&self) -> &str {
        match &self.typed {
            Some(typed) => &typed.0,
            None => self.inputs.raw(OLD),
        }
    }

    fn submit(&mut self, context: &mut Context) {
        if self.inputs.go_on() {
            return;
        }
        let (old, new) = (self.old(), self.inputs.raw(NEW));
        let (why, focus) = if old.is_empty() {
            ("the present password is missing".to_owned(), OLD)
        } else if new.chars().count() < PASSWORD_MIN {
            (
                format!("the new password needs at least {PASSWORD_MIN} characters"),
                NEW,
            )
        } else if new == old {
            ("the new password is the present one".to_owned(), NEW)
        } else if new != self.inputs.raw(AGAIN) {
            (
                "the new password was not typed the same twice".to_owned(),
                AGAIN,
            )
        } else {
            let request = ChangePassword {
                old: old.to_owned(),
                new: new.to_owned(),
            };
            self.sent = Some(Typed(request.new.clone()));
            self.sent_old = Some(Typed(self.inputs.raw(OLD).to_owned()));
            let ticket = context.ticket();
            context.effect(Effect::ChangePassword { ticket, request });
            self.fetch = Fetch::Waiting(ticket);
            self.error = None;
            return;
        };
        self.inputs.focus = focus;
        self.error = Some(why);
        context.effect(Effect::Bell);
    }

    fn refused(&mut self, error: ApiError, context: &mut Context) {
        match error.kind {
            Kind::Denied => {
                // The present one is wrong: it is typed again, and the others stay.
                self.typed = None;
                self.inputs.show(OLD, true);
                if is(&self.sent_old, self.inputs.raw(OLD)) {
                    self.inputs.set(OLD, Input::password());
                    self.inputs.focus = OLD;
                }
            }
            Kind::Invalid => {
                // The new one is refused, such as one that many people have.
                let same = |at| is(&self.sent, self.inputs.raw(at));
                if same(NEW) && same(AGAIN) {
                    self.inputs.set(NEW, Input::password());
                    self.inputs.set(AGAIN, Input::password());
                    self.inputs.focus = NEW;
                }
            }
            _ => {}
        }
        self.error = Some(in_words(&error));
        self.fetch = Fetch::Failed(error);
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

    fn bars(&self) -> Option<Command> {
        self.first.then_some(Command::ChangePassword)
    }

    fn why_not(&self, command: Command, _context: &Context) -> Option<String> {
        let waiting = matches!(self.fetch, Fetch::Waiting(_));
        let held = matches!(command, Command::Submit | Command::Back);
        (held && waiting).then(|| "the server is being asked".to_owned())
    }

    fn command(&mut self, command: Command, context: &mut Context) {
        match command {
            Command::Submit => self.submit(context),
            field => self.inputs.step(field),
        }
    }

    fn type_key(&mut self, key: Key, _context: &mut Context) -> bool {
        self.inputs.key(key)
    }

    fn paste(&mut self, text: &str, _context: &mut Context) {
        self.inputs.paste(text);
    }

    fn waits_for(&self, ticket: Ticket) -> bool {
        self.fetch.waits_for(ticket)
    }

    fn logged_in(&mut self, answer: Result<Box<Who>, ApiError>, context: &mut Context) {
        match answer {
            Ok(who) => {
                context.wish(Wish::Entered {
                    who,
                    typed: self.sent.take(),
                    closes: true,
                });
                context.say("the password is changed");
            }
            Err(error) if error.kind == Kind::SessionEnded && !self.first => {
                context.wish(Wish::Close);
            }
            Err(error) => self.refused(error, context),
        }
    }

    fn unsaved(&self) -> Option<String> {
        let typed = (OLD..=AGAIN).any(|at| !self.inputs.raw(at).is_empty());
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
        let (cursor, end) = self.inputs.draw(pen, line + 1);
        let length = format!("{PASSWORD_MIN} to {PASSWORD_MAX} characters, any of them.");
        pen.put(end + 1, 4, Tone::Faint, &length);
        let words = match (&self.fetch, &self.error) {
            (Fetch::Waiting(_), _) => "asking the server",
            (_, error) => error.as_deref().unwrap_or_default(),
        };
        inputs::tell(pen, end + 3, Tone::Bad, words);
        cursor
    }
}
