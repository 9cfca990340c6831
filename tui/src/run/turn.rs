//! One turn of the screen: what happened goes into the core, and its effects are carried out.

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;

use hillview_shared::accounts::{LogIn, LoggedIn};
use hillview_shared::api::{HillviewRequest, HillviewResponse};
use hillview_shared::ids::{Moment, OperationId};
use hillview_shared::{ApiError, Kind};
use ratatui::layout::Size;
use tokio::sync::mpsc::UnboundedSender;

use super::files;
use super::line::Line;
use super::login::Attempt;
use super::saving::Patience;
use super::{Asker, Event, now};
use crate::app::App;
use crate::client::Client;
use crate::config::Settings;
use crate::msg::{Effect, LineState, Msg, NewEdit, Ticket};
use crate::outbox::Outbox;
use crate::terminal::Taken;
use crate::tokens::{Session, Tokens};

/// The core with everything that it has outside.
pub(super) struct Turn {
    pub(super) app: App,
    over: bool,
    pub(super) server: String,
    pub(super) state_folder: PathBuf,
    pub(super) tokens: Tokens,
    pub(super) session: Option<Session>,
    pub(super) line: Line,
    pub(super) client: Option<Client>,
    /// The first attempt to connect runs: a login typed meanwhile waits for what comes of it.
    pub(super) connecting: bool,
    /// The login that is to be sent when nothing is in its way.
    pub(super) next_login: Option<(Ticket, LogIn)>,
    pub(super) attempt: Attempt,
    /// How many sessions there were: an answer from an earlier one says nothing about this one.
    pub(super) sessions: u64,
    /// Since when there is no line.
    pub(super) offline_since: Option<Moment>,
    /// Somebody is logged in on the present line, and may do more than change the password.
    pub(super) may_save: bool,
    pub(super) outbox: Option<Outbox>,
    /// A save is on its way, or waits to be tried again.
    pub(super) saving: Option<OperationId>,
    pub(super) patience: Patience,
    /// Edits of this turn, written to the disk together.
    pub(super) edits: Vec<NewEdit>,
    pub(super) farewell: Vec<String>,
    pub(super) tell: UnboundedSender<Event>,
}

impl Turn {
    pub(super) fn new(
        app: App,
        settings: &Settings,
        tokens: Tokens,
        session: Option<Session>,
        line: Line,
        tell: UnboundedSender<Event>,
    ) -> Self {
        Self {
            app,
            over: false,
            server: settings.server.clone(),
            state_folder: settings.folders.state.clone(),
            tokens,
            session,
            line,
            client: None,
            connecting: true,
            next_login: None,
            attempt: Attempt::None,
            sessions: 0,
            offline_since: None,
            may_save: false,
            outbox: None,
            saving: None,
            patience: Patience::default(),
            edits: Vec::new(),
            farewell: Vec::new(),
            tell,
        }
    }

    pub(super) fn app(&self) -> &App {
        &self.app
    }

    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    /// What there is to say when the terminal is as before.
    pub(super) fn farewell(&mut self) -> Vec<String> {
        let counts = self.outbox.as_ref().map(Outbox::counts).unwrap_or_default();
        let left = counts.waiting + counts.held;
        if left > 0 {
            self.farewell.push(format!(
                "{left} marks are not saved yet; they are kept on this machine (hillview outbox list)"
            ));
        }
        std::mem::take(&mut self.farewell)
    }

    /// Takes in one thing that happened.
    ///
    /// # Errors
    /// When the terminal cannot be written to any more.
    pub(super) fn happened(&mut self, event: Event, taken: &mut Taken) -> io::Result<()> {
        self.tell_core(vec![Msg::Now(now())], taken)?;
        let messages = self.take_in(event, taken)?;
        self.tell_core(messages, taken)
    }

    /// Ends a turn: what was typed goes to the disk, then what waits goes to the server.
    ///
    /// # Errors
    /// When the terminal cannot be written to any more.
    pub(super) fn end(&mut self, taken: &mut Taken) -> io::Result<()> {
        let kept = self.keep_edits();
        self.tell_core(kept, taken)?;
        let sent = self.send_next();
        self.tell_core(sent, taken)
    }

    /// Gives the core messages, and whatever follows from carrying out its effects.
    fn tell_core(&mut self, messages: Vec<Msg>, taken: &mut Taken) -> io::Result<()> {
        let mut messages = VecDeque::from(messages);
        while let Some(message) = messages.pop_front() {
            for effect in self.app.update(message) {
                messages.extend(self.carry_out(effect, taken)?);
            }
        }
        Ok(())
    }

    fn take_in(&mut self, event: Event, taken: &mut Taken) -> io::Result<Vec<Msg>> {
        Ok(match event {
            Event::Input(Msg::Resize { columns, rows }) => {
                taken.resized(Size::new(columns, rows))?;
                vec![Msg::Resize { columns, rows }]
            }
            Event::Input(message) | Event::File(message) => vec![message],
            Event::Line(change) => self.line_changed(change),
            Event::Answered {
                asker,
                session,
                answer,
            } => self.answered(asker, session, answer),
            Event::SaveAgain(operation) => {
                self.save_again(operation);
                Vec::new()
            }
            Event::Stop => {
                self.over = true;
                Vec::new()
            }
        })
    }

    fn carry_out(&mut self, effect: Effect, taken: &mut Taken) -> io::Result<Vec<Msg>> {
        match effect {
            Effect::Call { ticket, request } => self.ask(Asker::Screen(ticket), *request),
            Effect::LogIn { ticket, request } => self.log_in(ticket, request),
            Effect::ChangePassword { ticket, request } => {
                let request = HillviewRequest::ChangePassword { request };
                self.ask(Asker::Password(ticket), request);
            }
            Effect::StopLogIn(ticket) => self.stop_login(ticket),
            Effect::LogOut => return Ok(self.log_out()),
            Effect::Save(edit) => self.edits.push(edit),
            Effect::Drop(edit) => return Ok(self.give_up(edit)),
            Effect::ReadFile { ticket, path } => files::read(ticket, path, &self.tell),
            Effect::WriteFile {
                ticket,
                path,
                bytes,
            } => files::write(ticket, path, bytes, &self.tell),
            Effect::Retry => self.line.try_now(),
            Effect::Bell => taken.bell()?,
            Effect::Redraw => taken.redraw()?,
            Effect::Quit => self.over = true,
        }
        Ok(Vec::new())
    }

    /// Asks the server; the answer comes as an event.
    pub(super) fn ask(&self, asker: Asker, request: HillviewRequest) {
        let (client, tell) = (self.client.clone(), self.tell.clone());
        let session = self.sessions;
        tokio::spawn(async move {
            let answer = match client {
                Some(client) => client.call(request).await.map(Box::new),
                None => Err(ApiError::offline("there is no line to the server")),
            };
            // Nobody listens any more when the screens are left.
            let _ = tell.send(Event::Answered {
                asker,
                session,
                answer,
            });
        });
    }

    fn answered(
        &mut self,
        asker: Asker,
        session: u64,
        answer: Result<Box<HillviewResponse>, ApiError>,
    ) -> Vec<Msg> {
        let ended = matches!(&answer, Err(error) if error.kind == Kind::SessionEnded);
        let present = session == self.sessions;
        let mut messages = match asker {
            Asker::Screen(ticket) if ended && !present => {
                let answer = Err(asked_before());
                vec![Msg::Answer { ticket, answer }]
            }
            Asker::Screen(ticket) => {
                if let Ok(answer) = &answer
                    && let HillviewResponse::ConfirmSecondFactor(Ok(_)) = **answer
                {
                    // What was barred for want of a second factor is no longer.
                    self.may_save = present;
                }
                vec![Msg::Answer { ticket, answer }]
            }
            Asker::LogIn(ticket) => self.login_answered(ticket, new_session(answer)),
            Asker::Password(ticket) => self.logged_in(ticket, new_session(answer)),
            Asker::UnwantedSession => {
                self.unwanted_ended();
                Vec::new()
            }
            Asker::Outbox(operation) => {
                let reply = answer.and_then(|answer| match *answer {
                    HillviewResponse::SaveMarks(reply) => reply,
                    _ => Err(wrong_answer()),
                });
                self.saved(operation, reply)
            }
            Asker::Nobody => Vec::new(),
        };
        if ended && present && !matches!(asker, Asker::UnwantedSession | Asker::Nobody) {
            self.may_save = false;
            messages.push(Msg::Line(LineState::SessionEnded));
        }
        messages
    }
}

fn new_session(answer: Result<Box<HillviewResponse>, ApiError>) -> Result<LoggedIn, ApiError> {
    answer.and_then(|answer| match *answer {
        HillviewResponse::LogIn(reply) | HillviewResponse::ChangePassword(reply) => reply,
        _ => Err(wrong_answer()),
    })
}

/// The session in which a screen asked has ended, and there is another one already.
fn asked_before() -> ApiError {
    let words = "the session changed before the answer came";
    ApiError::new(Kind::Busy, "session-changed", words).hint("F5 asks again")
}

fn wrong_answer() -> ApiError {
    ApiError::new(
        Kind::Fault,
        "wrong-answer",
        "the server answered another question",
    )
}
