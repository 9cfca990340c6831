//! One row of a sheet: the stored mark, and the newest edit of it that is not stored yet.

use hillview_shared::assessments::SheetRow;
use hillview_shared::ids::{StudentId, Version};
use hillview_shared::marks::{Entry, Theirs};

use crate::msg::{EditId, OutboxEvent, Pending, PendingState, Ticket};
use crate::theme::Tone;

/// A student's mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    pub student: StudentId,
    pub adm: String,
    pub name: String,
    /// What the server holds, as far as this client knows.
    pub stored: Entry,
    pub version: Version,
    local: Option<Local>,
}

/// An edit on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Local {
    entry: Entry,
    ticket: Option<Ticket>,
    edit: Option<EditId>,
    state: LocalState,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum LocalState {
    /// Not on disk yet.
    Writing,
    Queued,
    Sending,
    Refused(String),
    Conflict(Theirs),
    NotKept(String),
}

impl Cell {
    pub fn new(row: SheetRow) -> Self {
        Self {
            student: row.id,
            adm: row.adm,
            name: row.name,
            stored: row.entry,
            version: row.v,
            local: None,
        }
    }

    /// What is seen: the newest edit, or what is stored.
    pub fn shown(&self) -> &Entry {
        self.local
            .as_ref()
            .map_or(&self.stored, |local| &local.entry)
    }

    /// Whether what is seen is stored for good.
    pub fn is_saved(&self) -> bool {
        self.local.is_none()
    }

    /// Whether the mark counts as entered: what was refused does not.
    pub fn is_entered(&self) -> bool {
        let refused = self.reason().is_some();
        *self.shown() != Entry::Blank && !refused
    }

    /// The mark that stands against the edit.
    pub fn theirs(&self) -> Option<&Theirs> {
        match self.local.as_ref().map(|local| &local.state) {
            Some(LocalState::Conflict(theirs)) => Some(theirs),
            _ => None,
        }
    }

    /// Why the edit was refused, or could not be kept.
    pub fn reason(&self) -> Option<&str> {
        match self.local.as_ref().map(|local| &local.state) {
            Some(LocalState::Refused(why) | LocalState::NotKept(why)) => Some(why),
            _ => None,
        }
    }

    pub fn is_not_kept(&self) -> bool {
        let state = self.local.as_ref().map(|local| &local.state);
        matches!(state, Some(LocalState::NotKept(_)))
    }

    /// The refused or conflicted edit that waits for a decision.
    pub fn held(&self) -> Option<EditId> {
        let local = self.local.as_ref()?;
        match local.state {
            LocalState::Refused(_) | LocalState::Conflict(_) => local.edit,
            _ => None,
        }
    }

    /// The state as a word, and how it is meant.
    pub fn state(&self) -> (String, Tone) {
        let Some(local) = &self.local else {
            let word = if self.stored == Entry::Blank {
                ""
            } else {
                "saved"
            };
            return (word.to_owned(), Tone::Good);
        };
        match &local.state {
            LocalState::Writing => ("writing".to_owned(), Tone::Waiting),
            LocalState::Queued => ("queued".to_owned(), Tone::Waiting),
            LocalState::Sending => ("sending".to_owned(), Tone::Waiting),
            LocalState::Refused(why) => (format!("refused: {why}"), Tone::Bad),
            LocalState::Conflict(_) => ("CONFLICT".to_owned(), Tone::Bad),
            LocalState::NotKept(why) => (format!("not kept: {why}"), Tone::Bad),
        }
    }

    /// Shows an edit that was just given to the outbox.
    pub fn edited(&mut self, entry: Entry, ticket: Ticket) {
        self.local = Some(Local {
            entry,
            ticket: Some(ticket),
            edit: None,
            state: LocalState::Writing,
        });
    }

    /// Forgets the edit: what is stored is what is seen.
    pub fn settle(&mut self) {
        self.local = None;
    }

    /// Takes their mark for the stored one and forgets the edit.
    pub fn take_theirs(&mut self) {
        if let Some(theirs) = self.theirs().cloned() {
            (self.stored, self.version) = (theirs.entry, theirs.version);
            self.local = None;
        }
    }

    /// Keeps what another picture of the same row knows of an edit.
    pub fn keep_edit_of(&mut self, older: Self) {
        self.local = older.local;
        // A row that was asked for before a save landed is older than what the outbox told.
        if older.version > self.version {
            (self.stored, self.version) = (older.stored, older.version);
        }
    }

    /// Shows what the journal holds for this mark, unless a newer edit is shown already.
    pub fn restore(&mut self, pending: &Pending) {
        let newer = self
            .local
            .as_ref()
            .is_some_and(|local| local.edit.is_none() || local.edit > Some(pending.edit));
        if newer {
            return;
        }
        let sending = self.local.as_ref().is_some_and(|local| {
            local.edit == Some(pending.edit) && local.state == LocalState::Sending
        });
        let state = match &pending.state {
            PendingState::Queued if sending => LocalState::Sending,
            PendingState::Queued => LocalState::Queued,
            PendingState::Refused { message, .. } => LocalState::Refused(message.clone()),
            PendingState::Conflict { theirs } => LocalState::Conflict(theirs.clone()),
        };
        self.local = Some(Local {
            entry: pending.entry.clone(),
            ticket: None,
            edit: Some(pending.edit),
            state,
        });
    }

    /// Hears what happened to an edit of this mark.
    pub fn heard(&mut self, event: &OutboxEvent) {
        match event {
            OutboxEvent::Queued { ticket, pending } => {
                if let Some(local) = self
                    .local
                    .as_mut()
                    .filter(|one| one.ticket == Some(*ticket))
                {
                    local.edit = Some(pending.edit);
                    local.state = LocalState::Queued;
                } else {
                    // Entered on another picture of the same sheet.
                    self.restore(pending);
                }
            }
            OutboxEvent::NotKept {
                ticket, message, ..
            } => {
                if let Some(local) = self
                    .local
                    .as_mut()
                    .filter(|one| one.ticket == Some(*ticket))
                {
                    local.state = LocalState::NotKept(message.clone());
                }
            }
            OutboxEvent::Saved {
                edit,
                entry,
                version,
                ..
            } => {
                if *version > self.version {
                    // A cleared mark has no version any more.
                    let cleared = *entry == Entry::Blank;
                    self.version = if cleared { Version(0) } else { *version };
                    self.stored = entry.clone();
                }
                if self.is_at(*edit) {
                    self.local = None;
                }
            }
            OutboxEvent::Sending { edit, .. } => self.becomes(*edit, LocalState::Sending),
            OutboxEvent::Waiting { edit, .. } => self.becomes(*edit, LocalState::Queued),
            OutboxEvent::Refused { edit, message, .. } => {
                self.becomes(*edit, LocalState::Refused(message.clone()));
            }
            OutboxEvent::Conflict { edit, theirs, .. } => {
                self.becomes(*edit, LocalState::Conflict(theirs.clone()));
            }
            OutboxEvent::Dropped { edit, .. } => {
                if self.is_at(*edit) {
                    self.local = None;
                }
            }
            OutboxEvent::Loaded(_) => {}
        }
    }

    fn is_at(&self, edit: EditId) -> bool {
        self.local
            .as_ref()
            .is_some_and(|local| local.edit == Some(edit))
    }

    fn becomes(&mut self, edit: EditId, state: LocalState) {
        if let Some(local) = self.local.as_mut().filter(|one| one.edit == Some(edit)) {
            local.state = state;
        }
    }
}
