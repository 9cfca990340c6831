//! The stack of screens, and the way of a message through it.
//!
//! [`App::update`] is plain and synchronous: the old state and a message in, the new state and
//! effects out. [`App::view`] only reads. What a screen wishes opened is looked up here, so that
//! screens need not know each other.

pub mod context;
pub mod fetch;
mod stack;
mod view;

use hillview_shared::accounts::Who;
use hillview_shared::api::{HillviewRequest, HillviewResponse};
use hillview_shared::{ApiError, Kind};

use crate::app::context::{Confirmation, Context, Notice, Open, Wish};
use crate::app::fetch::Fetch;
use crate::command::{Command, Scope};
use crate::keymap;
use crate::msg::{Code, Effect, Key, LineState, Msg, OutboxEvent, PendingState, Start, Ticket};
use crate::screens::Screen;
use crate::screens::server_key::{self, ServerKey};

/// The smallest terminal in which the screens are whole.
pub const SMALLEST: (u16, u16) = (60, 20);

/// The client's state.
#[derive(Debug)]
pub struct App {
    /// The top is last; empty while a stored session is tried.
    stack: Vec<Box<dyn Screen>>,
    context: Context,
    /// The names to offer at a login.
    school: String,
    user: String,
    /// The question what the person may do by now, which the server changes at any time.
    rights: Fetch,
}

impl App {
    pub fn new(start: Start) -> Self {
        let (school, user) = (
            start.school.clone().unwrap_or_default(),
            start.user.clone().unwrap_or_default(),
        );
        let resuming = start.resuming;
        let mut app = Self {
            stack: Vec::new(),
            context: Context::new(start),
            school,
            user,
            rights: Fetch::Never,
        };
        if !resuming {
            app.ask_login(None);
        }
        app
    }

    /// Takes one message.
    pub fn update(&mut self, message: Msg) -> Vec<Effect> {
        let mut asker = None;
        match message {
            Msg::Now(now) => self.context.now = now,
            Msg::Resize { columns, rows } => {
                (self.context.columns, self.context.rows) = (columns, rows);
            }
            Msg::Key(key) => self.key(key),
            Msg::Paste(text) => self.paste(&text),
            Msg::Answer { ticket, answer } => {
                asker = self.answer(ticket, answer.map(|boxed| *boxed));
            }
            Msg::LoggedIn { ticket, answer } => asker = self.logged_in(ticket, answer),
            Msg::Resumed(who) => self.entered(*who, None),
            Msg::Outbox { event, counts } => {
                self.context.counts = counts;
                self.remember(&event);
                for screen in &mut self.stack {
                    screen.outbox(&event, &mut self.context);
                }
            }
            Msg::FileRead { ticket, read } => {
                let asker = self.stack.iter_mut().find(|one| one.waits_for(ticket));
                if let Some(asker) = asker {
                    asker.file_read(read, &mut self.context);
                }
            }
            Msg::FileWritten { ticket, written } => {
                let asker = self.stack.iter_mut().find(|one| one.waits_for(ticket));
                if let Some(asker) = asker {
                    asker.file_written(written, &mut self.context);
                }
            }
            Msg::Line(line) => self.line(line),
            Msg::Say { words, bad } => self.context.notice = Some(Notice { words, bad }),
        }
        self.grant(asker);
        std::mem::take(&mut self.context.effects)
    }

    fn is_too_small(&self) -> bool {
        self.context.columns < SMALLEST.0 || self.context.rows < SMALLEST.1
    }

    fn key(&mut self, key: Key) {
        let leaves = keymap::find(&[Scope::Anywhere], key, true) == Some(Command::Quit);
        if self.is_too_small() && !leaves {
            // What cannot be seen must not be changed.
            return self.context.effect(Effect::Bell);
        }
        self.context.notice = None;
        let Some(top) = self.stack.last_mut() else {
            if leaves || key.code == Code::Esc {
                self.context.effect(Effect::Quit);
            }
            return;
        };
        if top.typing() && top.type_key(key, &mut self.context) {
            return;
        }
        match keymap::find(top.scopes(), key, top.typing()) {
            Some(command) => self.run(command),
            None => {
                if !top.type_key(key, &mut self.context) {
                    let name = keymap::name(key);
                    self.context
                        .refuse(format!("{name} does nothing here; ? or F1 shows the keys"));
                }
            }
        }
    }

    fn paste(&mut self, text: &str) {
        if self.is_too_small() {
            return self.context.effect(Effect::Bell);
        }
        self.context.notice = None;
        // Terminals send the line ends of a paste as those of the Enter key.
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        if let Some(top) = self.stack.last_mut() {
            top.paste(&text, &mut self.context);
        }
    }

    /// Gives an answer to the screen that waits for it, and says where that stands.
    fn answer(
        &mut self,
        ticket: Ticket,
        answer: Result<HillviewResponse, ApiError>,
    ) -> Option<usize> {
        if self.rights.waits_for(ticket) {
            self.rights_are(answer);
            return None;
        }
        let at = self.stack.iter().position(|one| one.waits_for(ticket))?;
        let asker = &mut self.stack[at];
        asker.answer(ticket, answer, &mut self.context);
        let ended = |fetch: &Fetch| matches!(fetch, Fetch::Failed(error) if error.kind == Kind::SessionEnded);
        if asker.fetch().is_some_and(ended) {
            self.session_ended();
        }
        Some(at)
    }

    /// Asks what the person may do by now.
    fn ask_rights(&mut self) {
        let waiting = matches!(self.rights, Fetch::Waiting(_));
        if self.context.who.is_some() && !waiting && self.context.line == LineState::Online {
            self.rights = Fetch::Waiting(self.context.call(HillviewRequest::WhoAmI {}));
        }
    }

    fn rights_are(&mut self, answer: Result<HillviewResponse, ApiError>) {
        // Refused, what was known stays: it is asked again before anything is refused for it.
        let Some(now) = self.rights.settle(crate::reply!(answer, WhoAmI)) else {
            return;
        };
        let Some(known) = self
            .context
            .who
            .as_mut()
            .filter(|known| (known.user, &known.school.code) == (now.user, &now.school.code))
        else {
            return;
        };
        if (&known.permissions, &known.roles) != (&now.permissions, &now.roles) {
            (known.permissions, known.roles) = (now.permissions, now.roles);
            self.context
                .say("what you may do has changed: try again what was refused");
        }
    }

    fn logged_in(&mut self, ticket: Ticket, answer: Result<Box<Who>, ApiError>) -> Option<usize> {
        let at = self.stack.iter().position(|one| one.waits_for(ticket))?;
        self.stack[at].logged_in(answer, &mut self.context);
        Some(at)
    }

    fn line(&mut self, line: LineState) {
        let back = line == LineState::Online && self.context.line != LineState::Online;
        let ended = line == LineState::SessionEnded;
        if let LineState::Refused(error) = &line {
            self.context.refuse(fetch::in_words(error));
            if error.code == server_key::CHANGED && self.context.line != line {
                let screen = ServerKey::new(&self.context.server, error);
                self.stack.push(Box::new(screen));
            }
        }
        if line == LineState::Online {
            self.stack.retain(|screen| !screen.ends_online());
        }
        self.context.line = line;
        if ended {
            self.session_ended();
        }
        if back && self.context.who.is_some() {
            self.ask_again();
        }
    }

    /// Lets every screen ask again that got no answer for want of a line or a session, or whose
    /// answer may have grown old meanwhile.
    fn ask_again(&mut self) {
        for screen in &mut self.stack {
            let again = screen.fetch().is_some_and(|fetch| {
                fetch.may_be_retried() || (screen.grows_old() && *fetch == Fetch::Done)
            });
            if again {
                screen.start(&mut self.context);
            }
        }
    }

    /// Keeps the picture of the outbox that a sheet opened later is drawn from.
    fn remember(&mut self, event: &OutboxEvent) {
        let pending = &mut self.context.pending;
        match event {
            OutboxEvent::Loaded(all) => {
                *pending = all.iter().map(|one| (one.edit, one.clone())).collect();
            }
            OutboxEvent::Queued { pending: one, .. } => {
                pending.insert(one.edit, one.clone());
            }
            OutboxEvent::Refused {
                edit,
                code,
                message,
                ..
            } => {
                if let Some(known) = pending.get_mut(edit) {
                    let (code, message) = (code.clone(), message.clone());
                    known.state = PendingState::Refused { code, message };
                }
            }
            OutboxEvent::Conflict { edit, theirs, .. } => {
                if let Some(known) = pending.get_mut(edit) {
                    let theirs = theirs.clone();
                    known.state = PendingState::Conflict { theirs };
                }
            }
            OutboxEvent::Saved { edit, .. } | OutboxEvent::Dropped { edit, .. } => {
                pending.remove(edit);
            }
            OutboxEvent::NotKept { .. }
            | OutboxEvent::Sending { .. }
            | OutboxEvent::Waiting { .. } => {}
        }
    }
}
