//! What goes into the core of the client and what comes out of it: messages and effects.
//!
//! `App::update` takes one [`Msg`] and gives the [`Effect`]s that follow; it waits for nothing.
//! The run loop carries effects out (calls, the outbox, files, the terminal's bell) and brings their
//! outcome back as messages. No type of the terminal's library appears here: the core knows its
//! own [`Key`].

use std::fmt;
use std::path::PathBuf;

use bytes::Bytes;
use hillview_shared::ApiError;
use hillview_shared::accounts::{ChangePassword, LogIn, Who};
use hillview_shared::api::{HillviewRequest, HillviewResponse};
use hillview_shared::ids::{Moment, SheetId, StudentId, Version};
use hillview_shared::marks::{Entry, Theirs};

/// One key press, free of any terminal library.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    pub code: Code,
    pub ctrl: bool,
    pub alt: bool,
    /// Only told for keys that are no characters: `G` is `Char('G')` with `shift` off.
    pub shift: bool,
}

/// Which key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    Char(char),
    Enter,
    Esc,
    Tab,
    BackTab,
    Backspace,
    Delete,
    Insert,
    Up,
    Down,
    Left,
    Right,
    Home,
    End,
    PageUp,
    PageDown,
    F(u8),
}

impl Key {
    /// The key alone.
    pub const fn plain(code: Code) -> Self {
        Self {
            code,
            ctrl: false,
            alt: false,
            shift: false,
        }
    }

    /// The key with Control held.
    pub const fn ctrl(code: Code) -> Self {
        Self {
            ctrl: true,
            ..Self::plain(code)
        }
    }

    /// The character that this key would write into a field.
    pub fn text(self) -> Option<char> {
        match self.code {
            Code::Char(c) if !self.ctrl && !self.alt => Some(c),
            _ => None,
        }
    }
}

/// The core's name for one thing that it asked for; the answer carries it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(pub u64);

/// The outbox's name for one edit, the same across restarts; a later edit has a greater one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EditId(pub u64);

/// What happens to the core.
#[derive(Debug)]
pub enum Msg {
    Key(Key),
    /// Pasted text: bracketed, or a burst of keys that the run loop takes for a paste.
    Paste(String),
    Resize {
        columns: u16,
        rows: u16,
    },
    /// What became of an [`Effect::Call`]. The outer error is made by the client (offline, or an
    /// answer that it cannot read); the inner one is the server's.
    Answer {
        ticket: Ticket,
        answer: Result<Box<HillviewResponse>, ApiError>,
    },
    /// What became of an [`Effect::LogIn`] or [`Effect::ChangePassword`]; the run loop has already
    /// stored the new token.
    LoggedIn {
        ticket: Ticket,
        answer: Result<Box<Who>, ApiError>,
    },
    /// A stored session was resumed (at start, or after the line came back).
    Resumed(Box<Who>),
    Outbox {
        event: OutboxEvent,
        /// What the outbox holds after the event.
        counts: OutboxCounts,
    },
    /// What became of an [`Effect::ReadFile`].
    FileRead {
        ticket: Ticket,
        read: Result<GivenFile, ApiError>,
    },
    /// What became of an [`Effect::WriteFile`].
    FileWritten {
        ticket: Ticket,
        written: Result<PathBuf, ApiError>,
    },
    Line(LineState),
    /// Something to tell the person: damage that was found, a key that is remembered.
    Say {
        words: String,
        bad: bool,
    },
    /// The time by the client's clock, sent before other messages and never on a tick.
    Now(Moment),
}

/// A file of the person's machine, whole.
#[derive(Clone, PartialEq, Eq)]
pub struct GivenFile {
    /// Where it is, from the root on.
    pub path: PathBuf,
    pub bytes: Bytes,
}

/// What people keep in files is in no log.
impl fmt::Debug for GivenFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GivenFile")
            .field("path", &self.path)
            .field("length", &self.bytes.len())
            .finish()
    }
}

/// How much the outbox holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutboxCounts {
    /// Edits that are on disk and still go to the server by themselves.
    pub waiting: usize,
    /// Edits that were refused or conflicted and wait for the person.
    pub held: usize,
}

/// What happened to an edit. Only the event of a mark's newest edit changes what a screen shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutboxEvent {
    /// What the journal held at start, or at login as this user.
    Loaded(Vec<Pending>),
    /// The edit is on disk (after fsync).
    Queued { ticket: Ticket, pending: Pending },
    /// The edit could not be written to disk; nothing is kept of it but what the screen shows.
    NotKept {
        ticket: Ticket,
        sheet: SheetId,
        student: StudentId,
        message: String,
    },
    /// The edit is on its way.
    Sending {
        edit: EditId,
        sheet: SheetId,
        student: StudentId,
    },
    /// The line went before the answer came; the edit waits again.
    Waiting {
        edit: EditId,
        sheet: SheetId,
        student: StudentId,
    },
    /// The server has it for good.
    Saved {
        edit: EditId,
        sheet: SheetId,
        student: StudentId,
        entry: Entry,
        /// The sheet's version since then, and the mark's unless it was cleared.
        version: Version,
        entered: u32,
    },
    /// The server refused it; it is kept until the person decides.
    Refused {
        edit: EditId,
        sheet: SheetId,
        student: StudentId,
        entry: Entry,
        code: String,
        message: String,
    },
    /// Somebody else's mark stands against it; both are kept until the person decides.
    Conflict {
        edit: EditId,
        sheet: SheetId,
        student: StudentId,
        entry: Entry,
        theirs: Theirs,
    },
    /// A held edit was dropped, or replaced by a newer one.
    Dropped {
        edit: EditId,
        sheet: SheetId,
        student: StudentId,
    },
}

/// An edit in the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    pub edit: EditId,
    pub sheet: SheetId,
    pub student: StudentId,
    /// Whose mark on which sheet, in words, for lists of what waits: the journal keeps it.
    pub label: String,
    pub based_on: Version,
    pub entry: Entry,
    pub state: PendingState,
}

/// Where an edit in the journal stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PendingState {
    Queued,
    Refused { code: String, message: String },
    Conflict { theirs: Theirs },
}

/// What the line to the server does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LineState {
    /// The first attempt runs.
    Connecting,
    Online,
    /// `retry_at` is a time of day and not a countdown, so that waiting draws nothing.
    Offline {
        since: Moment,
        retry_at: Option<Moment>,
    },
    /// Connected, but nobody is logged in any more.
    SessionEnded,
    /// The server, or the client about the server, said no for good: a changed key, an older
    /// protocol. It is not tried again by itself.
    Refused(Box<ApiError>),
}

/// What the core wants done.
#[derive(Debug)]
pub enum Effect {
    /// Sends a call; the answer comes as [`Msg::Answer`].
    Call {
        ticket: Ticket,
        request: Box<HillviewRequest>,
    },
    /// Starts a session, stores its token, opens the user's outbox.
    LogIn { ticket: Ticket, request: LogIn },
    /// Gives up a login whose answer is not there yet: if it comes, its session ends at once.
    StopLogIn(Ticket),
    /// Changes the password and stores the session's new token.
    ChangePassword {
        ticket: Ticket,
        request: ChangePassword,
    },
    /// Ends the session and forgets its token. What the outbox holds stays on disk.
    LogOut,
    /// Gives an edit to the outbox.
    Save(NewEdit),
    /// Forgets a refused or conflicted edit for good.
    Drop(EditId),
    /// Reads a file that is no larger than an import may be; `~` is the person's home.
    ReadFile { ticket: Ticket, path: String },
    /// Writes a new file that only the person reads; one that is there stays as it is.
    WriteFile {
        ticket: Ticket,
        path: PathBuf,
        bytes: Bytes,
    },
    /// Tries the line now instead of at `retry_at`.
    Retry,
    /// Sounds the terminal's bell.
    Bell,
    /// Draws the whole screen anew.
    Redraw,
    /// Leaves; the outbox stays on disk.
    Quit,
}

/// One mark to save.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEdit {
    pub ticket: Ticket,
    pub sheet: SheetId,
    pub student: StudentId,
    /// Whose mark on which sheet, in words, for lists of what waits: the journal keeps it.
    pub label: String,
    /// The version that the screen last knew as stored. The outbox moves it on when an earlier
    /// edit of the same mark in this outbox lands first.
    pub based_on: Version,
    pub entry: Entry,
    pub reason: Option<String>,
    /// The refused or conflicted edit that this one settles: both change in one step.
    pub replaces: Option<EditId>,
}

/// What the core is told when it starts.
#[derive(Clone, Debug)]
pub struct Start {
    /// The server as given, such as `unix:/run/hillview.sock`.
    pub server: String,
    pub school: Option<String>,
    pub user: Option<String>,
    /// A token is being tried: wait for [`Msg::Resumed`] or [`LineState::SessionEnded`] instead
    /// of asking for a password.
    pub resuming: bool,
    pub now: Moment,
    /// Local time less UTC, in seconds.
    pub utc_offset: i32,
    pub columns: u16,
    pub rows: u16,
    pub theme: crate::theme::Theme,
}
