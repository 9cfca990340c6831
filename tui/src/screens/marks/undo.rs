//! What was changed on this sheet since it was opened, for undo and redo.

use hillview_shared::ids::StudentId;
use hillview_shared::marks::Entry;

/// One mark before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub student: StudentId,
    pub before: Entry,
    pub after: Entry,
}

/// Steps to take back and to do again; a fill or a paste is one step.
#[derive(Debug, Default)]
pub struct Changes {
    done: Vec<Vec<Change>>,
    undone: Vec<Vec<Change>>,
    /// What was typed when an edit was left with Esc.
    dropped: Option<(StudentId, String)>,
}

impl Changes {
    pub fn did(&mut self, step: Vec<Change>) {
        if !step.is_empty() {
            self.done.push(step);
            self.undone.clear();
            self.dropped = None;
        }
    }

    pub fn dropped(&mut self, student: StudentId, text: &str) {
        self.dropped = Some((student, text.to_owned()));
    }

    pub fn take_dropped(&mut self) -> Option<(StudentId, String)> {
        self.dropped.take()
    }

    /// The step to take back; it may be done again afterwards.
    pub fn undo(&mut self) -> Option<Vec<Change>> {
        let step = self.done.pop()?;
        self.undone.push(step.clone());
        Some(step)
    }

    pub fn redo(&mut self) -> Option<Vec<Change>> {
        let step = self.undone.pop()?;
        self.done.push(step.clone());
        Some(step)
    }

    pub fn can_undo(&self) -> bool {
        !self.done.is_empty() || self.dropped.is_some()
    }

    pub fn can_redo(&self) -> bool {
        !self.undone.is_empty()
    }
}
