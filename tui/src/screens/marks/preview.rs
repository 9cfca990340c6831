//! Many marks at once: pasted, or filled down. They are shown against the names first.

use hillview_shared::marks::Entry;

use super::Marks;
use super::edit::Mode;
use crate::app::context::Context;
use crate::theme::Tone;
use crate::widgets::text;

/// The most notes that are shown under the rows.
const NOTES: usize = 5;

/// Marks to look at before they are entered.
#[derive(Debug, Default)]
pub struct Preview {
    /// By row: the mark, or why there is none.
    pub marks: Vec<(usize, Result<Entry, String>)>,
    /// Lines beyond the last row.
    pub without_row: usize,
    /// Lines that are for no row of this sheet, or for one that has another line as well.
    refused: usize,
    /// How lines found their rows, and which did not.
    notes: Vec<(Tone, String)>,
}

impl Preview {
    /// What is shown for a row.
    pub fn of(&self, row: usize) -> Option<&Result<Entry, String>> {
        let found = self.marks.iter().find(|(at, _)| *at == row);
        found.map(|(_, mark)| mark)
    }

    pub fn good(&self) -> usize {
        self.marks.iter().filter(|(_, mark)| mark.is_ok()).count()
    }

    pub fn note(&mut self, tone: Tone, words: &str) {
        // Of a number that is there three times, one note is enough.
        if self.notes.last().is_none_or(|(_, last)| last != words) {
            self.notes.push((tone, words.to_owned()));
        }
    }

    /// Counts a line that is entered nowhere, and says why.
    pub fn refuse(&mut self, words: &str) {
        self.refused += 1;
        self.note(Tone::Bad, words);
    }

    /// What stands under the rows, in as few lines as there is room for.
    pub fn notes(&self) -> Vec<(Tone, String)> {
        let mut notes = self.notes.clone();
        if notes.len() > NOTES {
            let more = notes.split_off(NOTES - 1).len();
            notes.push((Tone::Bad, format!("and {more} more lines like these")));
        }
        notes
    }

    fn left_out(&self) -> usize {
        self.marks.len() - self.good() + self.refused
    }

    /// What Enter will do.
    pub fn words(&self) -> String {
        let (good, bad) = (self.good(), self.left_out());
        let mut words = text::count(good, "mark", "marks") + " to enter";
        if bad > 0 {
            words += &format!(", {bad} refused");
        }
        if self.without_row > 0 {
            words += &format!(", {} beyond the last row", self.without_row);
        }
        words + ". Nothing is entered yet."
    }
}

impl Marks {
    /// Takes pasted text: into the mark being typed, or as a column to look at.
    pub(super) fn pasted(&mut self, text: &str, context: &mut Context) {
        let single = text.lines().skip(1).all(|line| line.trim().is_empty());
        match &mut self.mode {
            Mode::Find(field) => return field.paste(text),
            Mode::Edit(edit) if single => return edit.field.paste(text.trim()),
            Mode::Preview(_) => return context.refuse("first enter or leave the marks shown"),
            Mode::Edit(_) | Mode::Move => {}
        }
        let closed = self.sheet.as_ref().and_then(|sheet| sheet.closed.clone());
        if self.cells.is_empty() || closed.is_some() {
            return context.refuse(closed.unwrap_or_else(|| "the sheet is empty".to_owned()));
        }
        // What was being typed can be brought back.
        self.cancel(context);
        match self.pasted_marks(text) {
            Ok(preview) => self.look_at(preview, context),
            Err(why) => context.refuse(why),
        }
    }

    /// Offers the mark of the cursor's row for every blank below it.
    pub(super) fn fill_down(&mut self, context: &mut Context) {
        let Some(entry) = self.current().map(|cell| cell.shown().clone()) else {
            return;
        };
        let below = self.cells.iter().enumerate().skip(self.cursor.at + 1);
        let blanks =
            below.filter(|(_, cell)| *cell.shown() == Entry::Blank && cell.theirs().is_none());
        let marks = blanks.map(|(at, _)| (at, Ok(entry.clone()))).collect();
        let preview = Preview {
            marks,
            ..Preview::default()
        };
        self.look_at(preview, context);
    }

    pub(super) fn enter_preview(&mut self, context: &mut Context) {
        let Mode::Preview(preview) = std::mem::replace(&mut self.mode, Mode::Move) else {
            return;
        };
        let left_out = preview.left_out() + preview.without_row;
        let mut step = Vec::new();
        for (at, mark) in preview.marks {
            if let Ok(entry) = mark {
                step.extend(self.set(at, entry, context));
            }
        }
        let entered = step.len();
        self.changes.did(step);
        let words = text::count(entered, "mark", "marks") + " entered; u takes back";
        if left_out == 0 {
            context.say(words);
        } else {
            context.refuse(format!("{words}; left out: {left_out}"));
        }
    }

    fn look_at(&mut self, preview: Preview, context: &mut Context) {
        if preview.marks.is_empty() && preview.left_out() + preview.without_row == 0 {
            return context.refuse("there is no mark to enter");
        }
        if let Some((first, _)) = preview.marks.first() {
            self.cursor.at = *first;
        }
        self.mode = Mode::Preview(preview);
    }
}
