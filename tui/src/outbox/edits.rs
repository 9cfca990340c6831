//! Edits and batches as the journal keeps them.

use hillview_shared::ids::{Moment, OperationId, SheetId, StudentId, Version};
use hillview_shared::marks::{Edit, Entry, SaveMarks, Theirs};
use serde::{Deserialize, Serialize};

use crate::msg::{EditId, OutboxEvent, Pending, PendingState};

/// A student's mark on a sheet.
pub(super) type Mark = (SheetId, StudentId);

/// Whose marks wait here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// The server as given.
    pub server: String,
    pub school: String,
    pub user: String,
}

/// An edit as it was queued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) id: u64,
    pub(super) sheet: SheetId,
    pub(super) student: StudentId,
    pub(super) label: String,
    pub(super) based_on: Version,
    pub(super) entry: Entry,
    pub(super) reason: Option<String>,
    pub(super) at: Moment,
}

/// An edit and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Item {
    pub(super) kept: Kept,
    pub(super) standing: Standing,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Standing {
    Waiting,
    /// In a batch that was not answered yet.
    Sent,
    Refused {
        code: String,
        message: String,
    },
    Conflict {
        theirs: Theirs,
    },
}

/// Edits of one sheet that go to the server under one operation, the same after a crash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Batch {
    pub(super) operation: OperationId,
    pub(super) sheet: SheetId,
    pub(super) reason: Option<String>,
    pub(super) edits: Vec<Sent>,
}

/// An edit as it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sent {
    pub(super) id: u64,
    pub(super) edit: Edit,
}

impl Batch {
    pub(super) fn request(&self) -> SaveMarks {
        SaveMarks {
            sheet: self.sheet,
            operation: self.operation,
            edits: self.edits.iter().map(|sent| sent.edit.clone()).collect(),
            reason: self.reason.clone(),
        }
    }

    pub(super) fn sending(&self) -> Vec<OutboxEvent> {
        let sending = |sent: &Sent| OutboxEvent::Sending {
            edit: EditId(sent.id),
            sheet: self.sheet,
            student: sent.edit.student,
        };
        self.edits.iter().map(sending).collect()
    }

    pub(super) fn waiting(&self) -> Vec<OutboxEvent> {
        let waiting = |sent: &Sent| OutboxEvent::Waiting {
            edit: EditId(sent.id),
            sheet: self.sheet,
            student: sent.edit.student,
        };
        self.edits.iter().map(waiting).collect()
    }
}

impl Kept {
    pub(super) fn mark(&self) -> Mark {
        (self.sheet, self.student)
    }

    /// The edit as it is told while it waits.
    pub(super) fn pending(&self) -> Pending {
        Pending {
            edit: EditId(self.id),
            sheet: self.sheet,
            student: self.student,
            label: self.label.clone(),
            based_on: self.based_on,
            entry: self.entry.clone(),
            state: PendingState::Queued,
        }
    }

    pub(super) fn dropped(&self) -> OutboxEvent {
        OutboxEvent::Dropped {
            edit: EditId(self.id),
            sheet: self.sheet,
            student: self.student,
        }
    }
}

impl Item {
    pub(super) fn held(&self) -> bool {
        matches!(
            self.standing,
            Standing::Refused { .. } | Standing::Conflict { .. }
        )
    }

    pub(super) fn pending(&self) -> Pending {
        Pending {
            state: match &self.standing {
                Standing::Waiting | Standing::Sent => PendingState::Queued,
                Standing::Refused { code, message } => PendingState::Refused {
                    code: code.clone(),
                    message: message.clone(),
                },
                Standing::Conflict { theirs } => PendingState::Conflict {
                    theirs: theirs.clone(),
                },
            },
            ..self.kept.pending()
        }
    }
}
