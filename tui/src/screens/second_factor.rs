//! The second factor of one's login: setting it up, and dropping it.
//!
//! ```text
//!     Set up your second factor: a code from your telephone at each login.
//!
//!     1. In an authenticator app, add an account by this key:
//!        JBSW Y3DP EHPK 3PXP
//!     2. Type the code that it shows now.
//!
//!   > Code  ______
//! ```

use hillview_shared::ApiError;
use hillview_shared::accounts::{
    BeginSecondFactor, ConfirmSecondFactor, DropSecondFactor, RecoveryCodes, SecondFactor,
    SecondFactorSecret,
};
use hillview_shared::api::{HillviewRequest, Reply};
use ratatui::layout::Position;

use super::Screen;
use crate::app::context::{Context, Typed, Wish};
use crate::app::fetch::{Fetch, in_words};
use crate::command::{Command, Scope};
use crate::msg::{Effect, Key, Ticket};
use crate::shapes::form::{Done, Filling, Wrong};
use crate::shapes::list::Answer;
use crate::shapes::once::Once;
use crate::shapes::{AWAITED, while_asked};
use crate::theme::Tone;
use crate::widgets::inputs::{self, Input, Inputs};
use crate::widgets::pen::Pen;
use crate::widgets::text;

const PLACE: &str = "Second factor";

/// Sets it up: the password, then a code of the new authenticator.
#[derive(Debug)]
pub struct SetUpFactor {
    /// Nothing else is allowed before it is set up.
    first: bool,
    /// The password, when it was typed just now.
    typed: Option<Typed>,
    /// The only input: the password, then the code.
    inputs: Inputs,
    fetch: Fetch,
    error: Option<String>,
    secret: Option<SecondFactorSecret>,
    /// What was typed and sent, whatever is typed while the answer is waited for.
    sent: Option<Typed>,
}

impl SetUpFactor {
    /// Asked for by a role, right after the login.
    pub fn first(typed: Option<Typed>) -> Self {
        Self {
            first: true,
            typed,
            ..Self::wanted()
        }
    }

    pub fn wanted() -> Self {
        Self {
            first: false,
            typed: None,
            inputs: Inputs::new([("Password", Input::password())]),
            fetch: Fetch::Never,
            error: None,
            secret: None,
            sent: None,
        }
    }

    fn begin(&mut self, password: String, context: &mut Context) {
        let request = BeginSecondFactor { password };
        self.fetch = Fetch::Waiting(context.call(HillviewRequest::BeginSecondFactor { request }));
    }

    fn submit(&mut self, context: &mut Context) {
        self.error = None;
        let typed = self.inputs.text(0).to_owned();
        if typed.is_empty() {
            let what = if self.secret.is_some() {
                "code"
            } else {
                "password"
            };
            self.error = Some(format!("the {what} is missing"));
            return context.effect(Effect::Bell);
        }
        self.sent = Some(Typed(self.inputs.raw(0).to_owned()));
        if self.secret.is_none() {
            return self.begin(self.inputs.raw(0).to_owned(), context);
        }
        let code: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
        let request = ConfirmSecondFactor { code };
        self.fetch = Fetch::Waiting(context.call(HillviewRequest::ConfirmSecondFactor { request }));
    }

    fn begun(&mut self, reply: Reply<SecondFactorSecret>, context: &mut Context) {
        self.typed = None;
        match reply {
            Ok(secret) => {
                self.secret = Some(secret);
                self.inputs = Inputs::new([("Code", Input::text("", 10))]);
                self.fetch = Fetch::Done;
            }
            Err(error) => self.failed(error, context),
        }
    }

    fn confirmed_by(&mut self, reply: Reply<RecoveryCodes>, context: &mut Context) {
        match reply {
            Ok(codes) => {
                self.fetch = Fetch::Done;
                if let Some(who) = &mut context.who {
                    who.second_factor = SecondFactor::On;
                }
                context.wish(Wish::Close);
                context.show(recovery(&codes));
            }
            Err(error) => self.failed(error, context),
        }
    }

    fn failed(&mut self, error: ApiError, context: &mut Context) {
        let sent = self.sent.take();
        if sent.is_some_and(|Typed(sent)| sent == self.inputs.raw(0)) {
            let input = match self.secret {
                Some(_) => Input::text("", 10),
                None => Input::password(),
            };
            self.inputs.set(0, input);
        }
        self.error = Some(in_words(&error));
        self.fetch = Fetch::Failed(error);
        context.effect(Effect::Bell);
    }
}

/// The page that shows the codes, two in a line.
fn recovery(codes: &RecoveryCodes) -> Once {
    let lines = codes.codes.chunks(2).map(|two| ("", two.join("   ")));
    Once::new(
        PLACE,
        "Your second factor is set up. Write down your recovery codes:",
        lines,
        "Each of them stands in for the code of your authenticator once, when your telephone is \
         lost or broken. Keep them on paper, away from your password.",
    )
}

/// A secret in groups of four, as it is typed off.
fn in_groups(secret: &str) -> String {
    let letters: Vec<char> = secret.chars().filter(|c| !c.is_whitespace()).collect();
    let groups = letters
        .chunks(4)
        .map(|group| group.iter().collect::<String>());
    groups.collect::<Vec<_>>().join(" ")
}

impl Screen for SetUpFactor {
    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Form, Scope::Fields, Scope::Anywhere]
    }

    fn place(&self) -> String {
        PLACE.to_owned()
    }

    fn typing(&self) -> bool {
        true
    }

    fn bars(&self) -> Option<Command> {
        self.first.then_some(Command::SetUpFactor)
    }

    fn start(&mut self, context: &mut Context) {
        let waiting = matches!(self.fetch, Fetch::Waiting(_));
        if self.secret.is_none()
            && !waiting
            && let Some(Typed(password)) = &self.typed
        {
            let password = password.clone();
            self.begin(password, context);
        }
    }

    fn fetch(&self) -> Option<&Fetch> {
        Some(&self.fetch)
    }

    fn why_not(&self, command: Command, _context: &Context) -> Option<String> {
        while_asked(&self.fetch, command)
    }

    fn command(&mut self, command: Command, context: &mut Context) {
        if command == Command::Submit {
            self.submit(context);
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

    fn answer(&mut self, _ticket: Ticket, answer: Answer, context: &mut Context) {
        match self.secret {
            None => self.begun(crate::reply!(answer, BeginSecondFactor), context),
            Some(_) => self.confirmed_by(crate::reply!(answer, ConfirmSecondFactor), context),
        }
    }

    fn unsaved(&self) -> Option<String> {
        let shown = self.secret.is_some() && self.fetch != Fetch::Never;
        match self.fetch {
            Fetch::Waiting(_) if shown => Some(AWAITED.to_owned()),
            _ => (shown && !self.first).then(|| "the key that is shown".to_owned()),
        }
    }

    fn view(&self, pen: &mut Pen<'_>, _context: &Context) -> Option<Position> {
        let title = match self.first {
            true => "Your role asks for a second factor: a code from your telephone.",
            false => "Set up a second factor: a code from your telephone at each login.",
        };
        inputs::tell(pen, 1, Tone::Heading, title);
        let mut line = 4;
        if let Some(secret) = &self.secret {
            let key = in_groups(&secret.secret);
            let uri = text::clean(&secret.uri, pen.theme);
            pen.put(
                3,
                4,
                Tone::Plain,
                "1. Add an account to your authenticator app with this key:",
            );
            inputs::tell_at(pen, 4, 7, Tone::Heading, &key);
            pen.put(6, 7, Tone::Plain, "or with this address:");
            for (at, part) in text::wrap(&uri, pen.columns() - 14).iter().enumerate() {
                pen.put(7 + at, 7, Tone::Plain, part);
                line = 8 + at;
            }
            pen.put(
                line + 1,
                4,
                Tone::Plain,
                "2. Type the code that it shows now.",
            );
            line += 3;
        } else if self.typed.is_none() {
            inputs::tell(pen, 3, Tone::Plain, "It begins with your password.");
            line = 5;
        }
        let (cursor, end) = match self.typed {
            Some(_) => (None, line),
            None => self.inputs.draw(pen, line),
        };
        let (words, tone) = match (&self.fetch, &self.error) {
            (Fetch::Waiting(_), _) => ("asking the server", Tone::Plain),
            (_, error) => (error.as_deref().unwrap_or_default(), Tone::Bad),
        };
        inputs::tell(pen, end + 1, tone, words);
        cursor
    }
}

/// Takes it away again.
#[derive(Debug)]
pub struct DropFactor;

impl Filling for DropFactor {
    fn place(&self) -> String {
        PLACE.to_owned()
    }

    fn title(&self) -> String {
        "Drop your second factor: your password alone lets in whoever knows it.".to_owned()
    }

    fn inputs(&self) -> Inputs {
        Inputs::new([
            ("Password", Input::password()),
            ("Code, or a recovery code", Input::text("", 40)),
        ])
    }

    fn request(&mut self, inputs: &Inputs, _context: &Context) -> Result<HillviewRequest, Wrong> {
        for (at, what) in ["password", "code"].iter().enumerate() {
            if inputs.text(at).is_empty() {
                return Err(Wrong::new(at, format!("the {what} is missing")));
            }
        }
        let request = DropSecondFactor {
            password: inputs.raw(0).to_owned(),
            code: inputs.text(1).to_owned(),
        };
        Ok(HillviewRequest::DropSecondFactor { request })
    }

    fn question(&self, _inputs: &Inputs) -> Option<String> {
        Some("Drop your second factor?".to_owned())
    }

    fn answered(&mut self, answer: Answer, context: &mut Context) -> Reply<Done> {
        crate::reply!(answer, DropSecondFactor)?;
        if let Some(who) = &mut context.who {
            who.second_factor = SecondFactor::Off;
        }
        Ok(Done::say("the second factor is dropped"))
    }
}
