//! Many marks at once: pasted, or filled down. They are shown against the names first.

use hillview_shared::marks::Entry;

use super::Marks;
use super::edit::Mode;
use crate::app::context::Context;
use crate::widgets::text;

/// Marks to look at before they are entered.
#[derive(Debug)]
pub struct Preview {
    /// By row: the mark, or why there is none.
    pub marks: Vec<(usize, Result<Entry, String>)>,
    /// Lines that found no row.
    pub without_row: usize,
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

    /// What Enter will do.
    pub fn words(&self) -> String {
        let (good, bad) = (self.good(), self.marks.len() - self.good());
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
        let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
        let single = lines.len() < 2 || lines[1..].iter().all(|line| line.is_empty());
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
        self.mode = Mode::Move;
        let preview = self
            .by_admission(&lines)
            .unwrap_or_else(|| self.by_order(&lines));
        self.look_at(preview, context);
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
            without_row: 0,
        };
        self.look_at(preview, context);
    }

    pub(super) fn enter_preview(&mut self, context: &mut Context) {
        let Mode::Preview(preview) = std::mem::replace(&mut self.mode, Mode::Move) else {
            return;
        };
        let (mut step, mut refused) = (Vec::new(), 0);
        for (at, mark) in preview.marks {
            match mark {
                Ok(entry) => step.extend(self.set(at, entry, context)),
                Err(_) => refused += 1,
            }
        }
        let entered = step.len();
        self.changes.did(step);
        let words = text::count(entered, "mark", "marks") + " entered; u takes back";
        if refused + preview.without_row == 0 {
            context.say(words);
        } else {
            let left_out = refused + preview.without_row;
            context.refuse(format!("{words}; left out: {left_out}"));
        }
    }

    fn look_at(&mut self, preview: Preview, context: &mut Context) {
        match preview.marks.first() {
            Some((first, _)) => {
                self.cursor.at = *first;
                self.mode = Mode::Preview(preview);
            }
            None => context.refuse("there is no mark to enter"),
        }
    }

    /// Rows that name admission numbers of this sheet go to them, wherever they stand.
    fn by_admission(&self, lines: &[&str]) -> Option<Preview> {
        let filled = lines.iter().filter(|line| !line.trim().is_empty());
        let mut marks = Vec::new();
        for line in filled {
            let mut columns = line.split('\t').map(str::trim);
            let (adm, last) = (columns.next()?, columns.next_back()?);
            let at = self
                .cells
                .iter()
                .position(|cell| cell.adm.eq_ignore_ascii_case(adm))?;
            marks.extend(self.judged(at, last));
        }
        (!marks.is_empty()).then_some(Preview {
            marks,
            without_row: 0,
        })
    }

    /// One line a row, from the cursor down; the last column of each.
    fn by_order(&self, lines: &[&str]) -> Preview {
        let mut preview = Preview {
            marks: Vec::new(),
            without_row: 0,
        };
        for (offset, line) in lines.iter().enumerate() {
            let text = line.rsplit('\t').next().unwrap_or_default();
            let at = self.cursor.at + offset;
            if at < self.cells.len() {
                preview.marks.extend(self.judged(at, text));
            } else if !text.trim().is_empty() {
                preview.without_row += 1;
            }
        }
        preview
    }

    /// A row's pasted mark; nothing for a blank, which changes nothing.
    fn judged(&self, at: usize, text: &str) -> Option<(usize, Result<Entry, String>)> {
        let mark = match self.read(text) {
            Ok(Entry::Blank) => return None,
            Ok(_) if self.cells[at].theirs().is_some() => Err("in conflict".to_owned()),
            Ok(entry) => Ok(entry),
            Err(error) => Err(error.to_string()),
        };
        Some((at, mark))
    }
}
