//! A form: fields, a question before what destroys, one call, and what the server says to it.

use std::collections::VecDeque;
use std::fmt;

use chrono::NaiveDate;
use hillview_shared::api::{HillviewRequest, Reply};
use ratatui::layout::Position;

use super::list::Answer;
use super::{AWAITED, while_asked};
use crate::app::context::{Confirmation, Context, Wish};
use crate::app::fetch::{Fetch, in_words};
use crate::command::{Command, Scope};
use crate::msg::{Effect, Key, Ticket};
use crate::screens::Screen;
use crate::theme::Tone;
use crate::widgets::inputs::{self, Inputs};
use crate::widgets::pen::Pen;
use crate::widgets::text;

/// Which field is wrong, and why.
#[derive(Debug)]
pub struct Wrong {
    pub at: usize,
    pub why: String,
}

impl Wrong {
    pub fn new(at: usize, why: impl Into<String>) -> Self {
        let why = why.into();
        Self { at, why }
    }
}

/// The text of a field that must not be empty.
///
/// # Errors
/// When it is, with the words for what is missing.
pub fn needed(inputs: &Inputs, at: usize, what: &str) -> Result<String, Wrong> {
    let given = inputs.given(at);
    given.ok_or_else(|| Wrong::new(at, format!("the {what} is missing")))
}

/// A date as it is typed, `2026-07-31`; nothing where nothing is typed.
///
/// # Errors
/// When it is no date.
pub fn date(inputs: &Inputs, at: usize) -> Result<Option<NaiveDate>, Wrong> {
    let Some(text) = inputs.given(at) else {
        return Ok(None);
    };
    let date = text.parse().map(Some);
    date.map_err(|_| Wrong::new(at, format!("{text:?} is no date such as 2026-07-31")))
}

/// What follows when it is done.
#[derive(Debug)]
pub struct Done {
    pub say: String,
    /// What is shown over the screen that the form was opened from.
    pub then: Option<Box<dyn Screen>>,
    /// The form stays below it, for second thoughts.
    pub stays: bool,
}

impl Done {
    pub fn say(words: impl Into<String>) -> Self {
        Self {
            say: words.into(),
            then: None,
            stays: false,
        }
    }

    pub fn show(screen: impl Screen + 'static) -> Self {
        Self {
            say: String::new(),
            then: Some(Box::new(screen)),
            stays: false,
        }
    }

    /// Shows what would be, over the form.
    pub fn over(screen: impl Screen + 'static) -> Self {
        Self {
            stays: true,
            ..Self::show(screen)
        }
    }
}

/// What a form is for.
pub trait Filling: fmt::Debug {
    fn place(&self) -> String;

    /// What happens when it is sent, for whoever fills it in.
    fn title(&self) -> String;

    fn inputs(&self) -> Inputs;

    /// What must be asked for before it can be filled in, such as the roles there are.
    fn wants(&self) -> Vec<HillviewRequest> {
        Vec::new()
    }

    /// Takes what was asked for.
    ///
    /// # Errors
    /// When it was refused.
    fn loaded(&mut self, _answer: Answer, _inputs: &mut Inputs) -> Reply<()> {
        Ok(())
    }

    /// Shows and hides fields after a key.
    fn changed(&mut self, _inputs: &mut Inputs) {}

    /// The call.
    ///
    /// # Errors
    /// When a field is wrong.
    fn request(&mut self, inputs: &Inputs, context: &Context) -> Result<HillviewRequest, Wrong>;

    /// What is asked before it is sent.
    fn question(&self, _inputs: &Inputs) -> Option<String> {
        None
    }

    /// Takes the answer.
    ///
    /// # Errors
    /// When it was refused.
    fn answered(&mut self, answer: Answer, context: &mut Context) -> Reply<Done>;
}

/// A form on the screen.
#[derive(Debug)]
pub struct Form<F: Filling> {
    filling: F,
    inputs: Inputs,
    /// As it began, to know whether anything was filled in.
    begun: String,
    wants: VecDeque<HillviewRequest>,
    /// What is asked for before it can be filled in.
    loading: Fetch,
    sent: Fetch,
    error: Option<String>,
}

impl<F: Filling> Form<F> {
    pub fn new(mut filling: F) -> Self {
        let mut inputs = filling.inputs();
        filling.changed(&mut inputs);
        Self {
            wants: filling.wants().into(),
            begun: inputs.summary(),
            filling,
            inputs,
            loading: Fetch::Never,
            sent: Fetch::Never,
            error: None,
        }
    }

    fn load_next(&mut self, context: &mut Context) {
        if let Some(request) = self.wants.front() {
            self.loading = Fetch::Waiting(context.call(request.clone()));
        }
    }

    fn loaded(&mut self, answer: Answer, context: &mut Context) {
        let untouched = self.begun == self.inputs.summary();
        let loaded = self.filling.loaded(answer, &mut self.inputs);
        if self.loading.settle(loaded).is_some() {
            self.wants.pop_front();
            self.load_next(context);
            self.filling.changed(&mut self.inputs);
            if untouched {
                self.begun = self.inputs.summary();
            }
        }
    }

    fn submit(&mut self, context: &mut Context) {
        if self.inputs.go_on() {
            return;
        }
        match self.filling.request(&self.inputs, context) {
            Err(wrong) => self.refuse(wrong, context),
            Ok(_) => match self.filling.question(&self.inputs) {
                Some(question) => context.ask(question, Confirmation::Submit),
                None => self.send(context),
            },
        }
    }

    fn refuse(&mut self, wrong: Wrong, context: &mut Context) {
        self.inputs.focus = wrong.at;
        self.error = Some(wrong.why);
        context.effect(Effect::Bell);
    }

    fn send(&mut self, context: &mut Context) {
        match self.filling.request(&self.inputs, context) {
            Err(wrong) => self.refuse(wrong, context),
            Ok(request) => {
                self.error = None;
                self.sent = Fetch::Waiting(context.call(request));
            }
        }
    }
}

impl<F: Filling> Screen for Form<F> {
    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Form, Scope::Fields, Scope::Anywhere]
    }

    fn place(&self) -> String {
        self.filling.place()
    }

    fn typing(&self) -> bool {
        true
    }

    fn start(&mut self, context: &mut Context) {
        self.load_next(context);
    }

    fn fetch(&self) -> Option<&Fetch> {
        let sent = matches!(self.sent, Fetch::Failed(_));
        Some(if sent { &self.sent } else { &self.loading })
    }

    fn why_not(&self, command: Command, _context: &Context) -> Option<String> {
        let waits = |fetch: &Fetch| matches!(fetch, Fetch::Waiting(_));
        match command {
            Command::Submit if waits(&self.loading) => Some("the server is being asked".to_owned()),
            field if field.is_of_a_field() => None,
            other => while_asked(&self.sent, other),
        }
    }

    fn command(&mut self, command: Command, context: &mut Context) {
        match command {
            Command::Submit => self.submit(context),
            field => self.inputs.step(field),
        }
    }

    fn type_key(&mut self, key: Key, _context: &mut Context) -> bool {
        let taken = self.inputs.key(key);
        if taken {
            self.filling.changed(&mut self.inputs);
        }
        taken
    }

    fn paste(&mut self, text: &str, _context: &mut Context) {
        self.inputs.paste(text);
    }

    fn waits_for(&self, ticket: Ticket) -> bool {
        self.sent.waits_for(ticket) || self.loading.waits_for(ticket)
    }

    fn answer(&mut self, ticket: Ticket, answer: Answer, context: &mut Context) {
        if self.loading.waits_for(ticket) {
            return self.loaded(answer, context);
        }
        match self.filling.answered(answer, context) {
            Ok(done) => {
                self.sent = if done.stays {
                    Fetch::Never
                } else {
                    Fetch::Done
                };
                if !done.stays {
                    context.wish(Wish::CloseAndRefresh);
                }
                if let Some(screen) = done.then {
                    context.wish(Wish::Show(screen));
                }
                if !done.say.is_empty() {
                    context.say(done.say);
                }
            }
            Err(error) => {
                self.error = Some(in_words(&error));
                self.sent = Fetch::Failed(error);
                context.effect(Effect::Bell);
            }
        }
    }

    fn confirmed(&mut self, what: Confirmation, context: &mut Context) {
        if what == Confirmation::Submit {
            self.send(context);
        }
    }

    fn unsaved(&self) -> Option<String> {
        if matches!(self.sent, Fetch::Waiting(_)) {
            return Some(AWAITED.to_owned());
        }
        let filled = self.inputs.summary() != self.begun;
        (filled && self.sent != Fetch::Done).then(|| "what is filled in".to_owned())
    }

    fn view(&self, pen: &mut Pen<'_>, _context: &Context) -> Option<Position> {
        let title = self.filling.title();
        let title = text::wrap(&text::clean(&title, pen.theme), pen.columns() - 8);
        for (at, words) in title.iter().enumerate() {
            pen.put(at + 1, 4, Tone::Heading, words);
        }
        let (cursor, line) = self.inputs.draw(pen, title.len() + 2);
        let (words, tone) = match (&self.sent, &self.loading, &self.error) {
            (Fetch::Waiting(_), _, _) => ("asking the server".to_owned(), Tone::Plain),
            (_, _, Some(error)) => (error.clone(), Tone::Bad),
            (_, loading, None) => (loading.words().unwrap_or_default(), Tone::Plain),
        };
        inputs::tell(pen, line + 1, tone, &words);
        cursor
    }
}
