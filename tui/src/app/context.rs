//! What every screen sees of the session, and how a screen says what it wants.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use bytes::Bytes;
use chrono::NaiveDate;
use hillview_shared::accounts::{Permission, Who};
use hillview_shared::api::HillviewRequest;
use hillview_shared::classes::Class;
use hillview_shared::ids::{Moment, SheetId, StudentId};
use hillview_shared::imports::ImportKind;

use crate::app::fetch::Fetch;
use crate::command::Command;
use crate::msg::{EditId, Effect, LineState, OutboxCounts, Pending, Start, Ticket};
use crate::screens::Screen;
use crate::theme::Theme;

/// The session, the line, the outbox, the time and the size of the terminal.
#[derive(Debug)]
pub struct Context {
    pub server: String,
    pub who: Option<Who>,
    pub line: LineState,
    pub counts: OutboxCounts,
    /// What the outbox holds, oldest first.
    pub pending: BTreeMap<EditId, Pending>,
    pub now: Moment,
    pub utc_offset: i32,
    pub columns: u16,
    pub rows: u16,
    pub theme: Theme,
    /// What there is to say until the next key.
    pub notice: Option<Notice>,
    tickets: u64,
    pub(super) effects: Vec<Effect>,
    pub(super) wishes: Vec<Wish>,
}

/// A sentence for the person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub words: String,
    pub bad: bool,
}

/// What a screen wants of the stack.
#[derive(Debug)]
pub enum Wish {
    Open(Open),
    /// Leave this screen.
    Close,
    /// Leave this screen; the one below asks anew for what it shows.
    CloseAndRefresh,
    /// Leave this screen and give the one below a command.
    CloseAndRun(Command),
    /// Leave this screen; the one below hears that the person said yes.
    CloseAndConfirm(Confirmation),
    /// Show a screen that belongs to the one that wishes it.
    Show(Box<dyn Screen>),
    /// Somebody is logged in.
    Entered {
        who: Box<Who>,
        /// The password, for the screen that must ask for it next.
        typed: Option<Typed>,
        /// Leaves the screen that wishes it.
        closes: bool,
    },
}

/// A password that was just typed, handed from one screen to the next.
pub struct Typed(pub String);

impl fmt::Debug for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Typed(…)")
    }
}

/// A screen to open, named by what it shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Open {
    Sheet {
        sheet: SheetId,
        student: Option<StudentId>,
    },
    Sheets,
    Students {
        class: Option<Class>,
        searching: bool,
    },
    Student(StudentId),
    Classes,
    History {
        sheet: SheetId,
        student: StudentId,
        name: String,
    },
    Outbox,
    Help,
    Palette,
    ChangePassword,
    SetUpFactor,
    DropFactor,
    Staff,
    Teaching {
        /// Of one member of staff, by login or number.
        staff: Option<String>,
        class: Option<String>,
    },
    /// What was granted to one login, or all that one may see.
    Grants(Option<String>),
    AskFor,
    Requests,
    Sessions,
    Audit,
    Roles,
    Schools,
    Import(ImportKind),
    Imports,
    Confirm {
        question: String,
        what: Confirmation,
    },
}

/// What a yes means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Confirmation {
    Quit,
    LogOut,
    Leave,
    ClearMark,
    DropEdit(EditId),
    /// Send what is filled in.
    Submit,
    /// Make a call.
    Call(Box<HillviewRequest>),
}

impl Context {
    pub fn new(start: Start) -> Self {
        Self {
            server: start.server,
            who: None,
            line: LineState::Connecting,
            counts: OutboxCounts::default(),
            pending: BTreeMap::new(),
            now: start.now,
            utc_offset: start.utc_offset,
            columns: start.columns,
            rows: start.rows,
            theme: start.theme,
            notice: None,
            tickets: 0,
            effects: Vec::new(),
            wishes: Vec::new(),
        }
    }

    /// A name for a question that no other question has.
    pub fn ticket(&mut self) -> Ticket {
        self.tickets += 1;
        Ticket(self.tickets)
    }

    /// Asks the server; the answer comes under the ticket.
    pub fn call(&mut self, request: HillviewRequest) -> Ticket {
        let ticket = self.ticket();
        let request = Box::new(request);
        self.effects.push(Effect::Call { ticket, request });
        ticket
    }

    /// Reads a file of this machine; it comes under the ticket.
    pub fn read_file(&mut self, path: impl Into<String>) -> Ticket {
        let (ticket, path) = (self.ticket(), path.into());
        self.effects.push(Effect::ReadFile { ticket, path });
        ticket
    }

    /// Writes a new file on this machine; what became of it comes under the ticket.
    pub fn write_file(&mut self, path: PathBuf, bytes: Bytes) -> Ticket {
        let ticket = self.ticket();
        self.effects.push(Effect::WriteFile {
            ticket,
            path,
            bytes,
        });
        ticket
    }

    pub fn effect(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    pub fn open(&mut self, open: Open) {
        self.wishes.push(Wish::Open(open));
    }

    pub fn wish(&mut self, wish: Wish) {
        self.wishes.push(wish);
    }

    pub fn show(&mut self, screen: impl Screen + 'static) {
        self.wishes.push(Wish::Show(Box::new(screen)));
    }

    /// Asks, and makes a call when the person says yes.
    pub fn ask_to_call(&mut self, question: impl Into<String>, request: HillviewRequest) {
        self.ask(question, Confirmation::Call(Box::new(request)));
    }

    pub fn ask(&mut self, question: impl Into<String>, what: Confirmation) {
        let question = question.into();
        self.open(Open::Confirm { question, what });
    }

    /// Says something that went as it should.
    pub fn say(&mut self, words: impl Into<String>) {
        let words = words.into();
        self.notice = Some(Notice { words, bad: false });
    }

    /// Says why something was not done.
    pub fn refuse(&mut self, words: impl Into<String>) {
        let words = words.into();
        self.notice = Some(Notice { words, bad: true });
        self.effects.push(Effect::Bell);
    }

    /// Says why what is shown could not be renewed or continued.
    pub fn tell_failure(&mut self, fetch: &Fetch) {
        if let Some(words) = fetch.words() {
            self.refuse(words);
        }
    }

    pub fn may(&self, permission: Permission) -> bool {
        self.who.as_ref().is_some_and(|who| who.may(permission))
    }

    /// The date where the person is.
    pub fn today(&self) -> NaiveDate {
        self.local(self.now).date_naive()
    }

    /// When a day begins where the person is.
    pub fn midnight(&self, day: NaiveDate) -> Moment {
        let local = day.and_time(chrono::NaiveTime::MIN).and_utc();
        Moment(local.timestamp_micros() - i64::from(self.utc_offset) * 1_000_000)
    }

    /// A moment as people say it: the time today, the day and the time before that.
    pub fn clock(&self, moment: Moment) -> String {
        let local = self.local(moment);
        if local.date_naive() == self.today() {
            local.format("%H:%M").to_string()
        } else {
            local.format("%-d %b %Y %H:%M").to_string()
        }
    }

    /// A time of day to the second.
    pub fn clock_with_seconds(&self, moment: Moment) -> String {
        self.local(moment).format("%H:%M:%S").to_string()
    }

    /// The rows between the status line and the two lines at the bottom.
    pub fn body_rows(&self) -> usize {
        usize::from(self.rows).saturating_sub(3)
    }

    fn local(&self, moment: Moment) -> chrono::DateTime<chrono::Utc> {
        moment.utc() + chrono::Duration::seconds(i64::from(self.utc_offset))
    }
}
