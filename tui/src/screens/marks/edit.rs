//! Changing marks: typing one, clearing one, settling a conflict, taking a change back.

use hillview_shared::ids::{StudentId, Version};
use hillview_shared::marks::{Entry, EntryError, EntryRules};

use super::Marks;
use super::cell::Cell;
use super::preview::Preview;
use super::undo::Change;
use crate::app::context::{Confirmation, Context};
use crate::msg::{Effect, Key, NewEdit};
use crate::widgets::field::Field;
use crate::widgets::text;

/// The most characters of a mark: `1000.00/1000.00` fits.
pub const MARK_CHARACTERS: usize = 16;

/// What keys mean now.
#[derive(Debug)]
pub enum Mode {
    Move,
    Edit(Edit),
    Find(Field),
    Preview(Preview),
}

/// A mark being typed.
#[derive(Debug)]
pub struct Edit {
    pub field: Field,
    /// Begun from the mark that is there: emptying it means to clear the mark.
    pub of_existing: bool,
    /// Enter was pressed and the text refused; its reason stays in sight.
    pub refused: bool,
}

impl Marks {
    pub(super) fn current(&self) -> Option<&Cell> {
        self.cells.get(self.cursor.at)
    }

    pub(super) fn rules(&self) -> Option<EntryRules<'_>> {
        let sheet = self.sheet.as_ref()?;
        Some(EntryRules {
            out_of: sheet.out_of,
            levels: sheet.direct_levels.then_some(&sheet.scheme),
        })
    }

    /// Why this row takes no mark now.
    pub(super) fn locked(&self) -> Option<String> {
        let Some(sheet) = &self.sheet else {
            return Some("the sheet is not here yet".to_owned());
        };
        if let Some(closed) = &sheet.closed {
            return Some(closed.clone());
        }
        let cell = self.current();
        match cell {
            None => Some("nobody is on this sheet".to_owned()),
            Some(cell) if cell.theirs().is_some() => {
                Some("two marks stand here: m keeps yours, t takes theirs".to_owned())
            }
            Some(_) => None,
        }
    }

    /// Starts typing a mark with a first key.
    pub(super) fn begin(&mut self, key: Key, context: &mut Context) {
        if let Some(why) = self.locked() {
            return context.refuse(why);
        }
        let mut field = Field::new("", MARK_CHARACTERS);
        field.key(key);
        self.mode = Mode::Edit(Edit {
            field,
            of_existing: false,
            refused: false,
        });
    }

    /// Starts changing the mark that is there, or the text given.
    pub(super) fn reopen(&mut self, text: Option<&str>) {
        let Some(cell) = self.current() else {
            return;
        };
        let text = text.map_or_else(|| cell.shown().to_string(), str::to_owned);
        self.mode = Mode::Edit(Edit {
            field: Field::new(&text, MARK_CHARACTERS),
            of_existing: true,
            refused: false,
        });
    }

    /// Reads what is typed.
    pub(super) fn read(&self, text: &str) -> Result<Entry, EntryError> {
        match self.rules() {
            Some(rules) => Entry::parse(text, rules),
            None => Err(EntryError::Unreadable(text.to_owned())),
        }
    }

    /// Enters what is typed. False when it is refused: then nothing moves on.
    pub(super) fn commit(&mut self, context: &mut Context) -> bool {
        let Mode::Edit(edit) = &self.mode else {
            return true;
        };
        match self.read(edit.field.text()) {
            Err(error) => {
                let words = format!("{error}; the mark stays as typed until it is right");
                if let Mode::Edit(edit) = &mut self.mode {
                    edit.refused = true;
                }
                context.refuse(words);
                false
            }
            Ok(Entry::Blank) if edit.of_existing && self.has_mark() => {
                self.mode = Mode::Move;
                self.clear(context);
                false
            }
            Ok(entry) => {
                self.mode = Mode::Move;
                if entry != Entry::Blank {
                    self.enter(entry, context);
                }
                true
            }
        }
    }

    pub(super) fn cancel(&mut self, context: &mut Context) {
        if let Mode::Edit(edit) = std::mem::replace(&mut self.mode, Mode::Move) {
            let text = edit.field.text();
            if let Some(cell) = self.cells.get(self.cursor.at)
                && !text.is_empty()
                && *text != cell.shown().to_string()
            {
                context.say(format!("{text} was not entered; u brings it back"));
                self.changes.dropped(cell.student, text);
            }
        }
    }

    /// Enters a mark in the row of the cursor, as a change of its own.
    pub(super) fn enter(&mut self, entry: Entry, context: &mut Context) {
        let step = self.set(self.cursor.at, entry, context);
        self.changes.did(step.into_iter().collect());
    }

    /// Enters a mark in a row; tells what changed, if anything did.
    pub(super) fn set(&mut self, at: usize, entry: Entry, context: &mut Context) -> Option<Change> {
        let cell = self.cells.get_mut(at)?;
        let unchanged = cell.is_saved() && entry == cell.stored;
        // Whoever enters a mark has not seen what stands against it: that is settled by itself.
        if unchanged || cell.theirs().is_some() {
            return None;
        }
        let (student, before) = (cell.student, cell.shown().clone());
        match cell.held().filter(|_| entry == cell.stored) {
            Some(edit) => {
                // Back to what is stored: the refused edit is all that there is to forget.
                cell.settle();
                context.effect(Effect::Drop(edit));
            }
            None => {
                let based_on = cell.version;
                self.write(at, entry.clone(), based_on, context);
            }
        }
        Some(Change {
            student,
            before,
            after: entry,
        })
    }

    /// Gives a mark to the outbox and shows it.
    fn write(&mut self, at: usize, entry: Entry, based_on: Version, context: &mut Context) {
        let (Some(sheet), Some(cell)) = (&self.sheet, self.cells.get_mut(at)) else {
            return;
        };
        let ticket = context.ticket();
        context.effect(Effect::Save(NewEdit {
            ticket,
            sheet: self.id,
            student: cell.student,
            label: format!(
                "{} {} {}: {} {}",
                sheet.class, sheet.paper, sheet.assessment, cell.adm, cell.name
            ),
            based_on,
            entry: entry.clone(),
            reason: None,
            replaces: cell.held(),
        }));
        cell.edited(entry, ticket);
    }

    pub(super) fn clear(&mut self, context: &mut Context) {
        let Some(cell) = self.current() else {
            return;
        };
        if cell.stored == Entry::Blank {
            return self.clear_now(context);
        }
        let question = format!("Clear the saved {} of {}?", cell.stored, cell.name);
        context.ask(question, Confirmation::ClearMark);
    }

    pub(super) fn clear_now(&mut self, context: &mut Context) {
        self.enter(Entry::Blank, context);
    }

    fn has_mark(&self) -> bool {
        self.current()
            .is_some_and(|cell| *cell.shown() != Entry::Blank)
    }

    /// Writes the own mark over the version that was shown beside it.
    pub(super) fn keep_mine(&mut self, context: &mut Context) {
        if let Some(cell) = self.current()
            && let Some(theirs) = cell.theirs()
        {
            let (mine, based_on) = (cell.shown().clone(), theirs.version);
            self.write(self.cursor.at, mine, based_on, context);
        }
    }

    pub(super) fn take_theirs(&mut self, context: &mut Context) {
        let Some(cell) = self.cells.get_mut(self.cursor.at) else {
            return;
        };
        if let Some(edit) = cell.held() {
            let (student, before) = (cell.student, cell.shown().clone());
            cell.take_theirs();
            let after = cell.shown().clone();
            context.effect(Effect::Drop(edit));
            self.changes.did(vec![Change {
                student,
                before,
                after,
            }]);
        }
    }

    pub(super) fn undo(&mut self, context: &mut Context) {
        if let Some((student, text)) = self.changes.take_dropped() {
            self.go_to(student);
            return self.reopen(Some(&text));
        }
        if let Some(step) = self.changes.undo() {
            let marks = step.into_iter().map(|one| (one.student, one.before));
            self.set_all(marks.collect(), context);
        }
    }

    pub(super) fn redo(&mut self, context: &mut Context) {
        if let Some(step) = self.changes.redo() {
            let marks = step.into_iter().map(|one| (one.student, one.after));
            self.set_all(marks.collect(), context);
        }
    }

    pub(super) fn go_to(&mut self, student: StudentId) {
        let at = self.cells.iter().position(|cell| cell.student == student);
        self.cursor.at = at.unwrap_or(self.cursor.at);
    }

    fn set_all(&mut self, marks: Vec<(StudentId, Entry)>, context: &mut Context) {
        if let Some((first, _)) = marks.first() {
            self.go_to(*first);
        }
        let mut left_out = 0;
        for (student, entry) in marks {
            let at = self.cells.iter().position(|cell| cell.student == student);
            match at.filter(|at| self.cells[*at].theirs().is_none()) {
                Some(at) => {
                    self.set(at, entry, context);
                }
                None => left_out += 1,
            }
        }
        if left_out > 0 {
            let marks = text::count(left_out, "mark", "marks");
            context.refuse(format!("left as it is, in conflict: {marks}"));
        }
    }
}
