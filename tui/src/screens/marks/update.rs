//! Keys, commands and answers of a sheet, each to what it does.

use hillview_shared::api::HillviewRequest;
use hillview_shared::assessments::{OpenSheet, SheetOpened, WhichSheet};
use hillview_shared::ids::StudentId;
use hillview_shared::marks::Entry;
use hillview_shared::text::fold;

use super::Marks;
use super::cell::Cell;
use super::edit::Mode;
use crate::app::context::{Context, Open};
use crate::app::fetch::Fetch;
use crate::command::Command;
use crate::msg::{Key, OutboxEvent};
use crate::widgets::field::Field;

impl Marks {
    /// Asks for the sheet, or for what is newer than the one that is shown.
    pub(super) fn ask(&mut self, context: &mut Context) {
        let request = OpenSheet {
            sheet: WhichSheet::Id(self.id),
            newer_than: self.sheet.as_ref().map(|sheet| sheet.v),
        };
        self.overtaken = None;
        self.fetch = Fetch::Waiting(context.call(HillviewRequest::OpenSheet { request }));
    }

    /// Asks once more when a mark was saved after the answer that came had been read.
    pub(super) fn ask_again(&mut self, context: &mut Context) {
        let read = self.sheet.as_ref().map(|sheet| sheet.v);
        if self
            .overtaken
            .take()
            .is_some_and(|saved| read < Some(saved))
        {
            self.ask(context);
        }
    }

    pub(super) fn opened(&mut self, opened: SheetOpened, context: &mut Context) {
        let SheetOpened::Sheet(mut sheet) = opened else {
            return;
        };
        let on = self
            .wanted
            .take()
            .or(self.current().map(|cell| cell.student));
        let mut older = std::mem::take(&mut self.cells);
        for row in std::mem::take(&mut sheet.rows) {
            let mut cell = Cell::new(row);
            let known = older.iter().position(|one| one.student == cell.student);
            if let Some(known) = known {
                cell.keep_edit_of(older.swap_remove(known));
            }
            self.cells.push(cell);
        }
        self.sheet = Some(sheet);
        self.restore(context);
        self.cursor.clamp(self.cells.len());
        if let Some(student) = on {
            self.go_to(student);
        }
        if matches!(self.mode, Mode::Preview(_)) {
            // Its rows were counted on the older sheet.
            self.mode = Mode::Move;
            context.refuse("the sheet has changed meanwhile: nothing was entered, paste it again");
        }
    }

    pub(super) fn heard(&mut self, event: &OutboxEvent, context: &Context) {
        if matches!(event, OutboxEvent::Loaded(_)) {
            return self.restore(context);
        }
        let Some(student) = self.subject_of(event) else {
            return;
        };
        if let (Fetch::Waiting(_), OutboxEvent::Saved { version, .. }) = (&self.fetch, event) {
            self.overtaken = self.overtaken.max(Some(*version));
        }
        if let Some(cell) = self.cells.iter_mut().find(|cell| cell.student == student) {
            cell.heard(event);
        }
    }

    pub(super) fn run(&mut self, command: Command, context: &mut Context) {
        let page = super::view::page(self, context.body_rows());
        let rows = self.cells.len();
        match command {
            Command::SaveMark => self.save_and_go_on(context),
            Command::CancelEdit => self.cancel(context),
            Command::Absent => self.enter_and_go_on(Entry::Absent, context),
            Command::Exempt => self.enter_and_go_on(Entry::Exempt, context),
            Command::Withheld => self.enter_and_go_on(Entry::Withheld, context),
            Command::Irregular => self.enter_and_go_on(Entry::Irregular, context),
            Command::EditMark => self.reopen(None),
            Command::Clear => self.clear(context),
            Command::Undo => self.undo(context),
            Command::Redo => self.redo(context),
            Command::FillDown => self.fill_down(context),
            Command::EnterPreview => self.enter_preview(context),
            Command::CancelPreview => self.mode = Mode::Move,
            Command::KeepMine => self.keep_mine(context),
            Command::TakeTheirs => self.take_theirs(context),
            Command::NextBlank => self.cursor.at = self.blank(true).unwrap_or(self.cursor.at),
            Command::PreviousBlank => self.cursor.at = self.blank(false).unwrap_or(self.cursor.at),
            Command::Find => self.mode = Mode::Find(Field::new("", 40)),
            Command::RunSearch => self.find(context),
            Command::CancelSearch => self.mode = Mode::Move,
            Command::History => self.open_history(context),
            Command::OpenStudent => {
                if let Some(cell) = self.current() {
                    context.open(Open::Student(cell.student));
                }
            }
            movement => {
                // Leaving a cell enters it; what is refused stays, and so does the cursor.
                if self.commit(context) {
                    self.cursor.step(movement, rows, page);
                }
            }
        }
    }

    pub(super) fn typed(&mut self, key: Key, context: &mut Context) -> bool {
        match &mut self.mode {
            Mode::Edit(edit) => {
                let taken = edit.field.key(key);
                edit.refused &= !taken;
                taken
            }
            Mode::Find(field) => field.key(key),
            Mode::Move if key.text().is_some_and(begins_a_mark) => {
                self.begin(key, context);
                true
            }
            Mode::Move | Mode::Preview(_) => false,
        }
    }

    pub(super) fn reason_against(&self, command: Command) -> Option<String> {
        let cell = self.current();
        let blank = cell.is_none_or(|cell| *cell.shown() == Entry::Blank);
        match command {
            Command::TypeMark
            | Command::Absent
            | Command::Exempt
            | Command::Withheld
            | Command::Irregular
            | Command::EditMark => self.locked(),
            Command::Clear | Command::FillDown if self.locked().is_some() => self.locked(),
            Command::Clear if blank => Some("there is no mark to clear".to_owned()),
            Command::FillDown if blank => Some("there is no mark to fill down".to_owned()),
            Command::Undo if !self.changes.can_undo() => {
                Some("there is nothing to undo".to_owned())
            }
            Command::Redo if !self.changes.can_redo() => {
                Some("there is nothing to redo".to_owned())
            }
            Command::NextBlank | Command::PreviousBlank if self.blank(true).is_none() => {
                Some("every student here has a mark".to_owned())
            }
            Command::Find | Command::History | Command::OpenStudent if cell.is_none() => {
                self.locked()
            }
            _ => None,
        }
    }

    fn enter_and_go_on(&mut self, entry: Entry, context: &mut Context) {
        self.enter(entry, context);
        self.go_on(context);
    }

    fn save_and_go_on(&mut self, context: &mut Context) {
        if self.commit(context) {
            self.go_on(context);
        }
    }

    /// Moves down; says so when there is nothing below, before the next digits go over this mark.
    fn go_on(&mut self, context: &mut Context) {
        let before = self.cursor.at;
        self.cursor.step(Command::Next, self.cells.len(), 1);
        if self.cursor.at == before {
            context.say("that was the last row; n goes to the next blank one");
        }
    }

    /// The next or the previous row without a mark, around the ends.
    fn blank(&self, forward: bool) -> Option<usize> {
        let rows = self.cells.len();
        let steps = 1..=rows;
        steps
            .map(|step| {
                let step = if forward { step } else { rows - step };
                (self.cursor.at + step) % rows
            })
            .find(|at| *self.cells[*at].shown() == Entry::Blank)
    }

    fn find(&mut self, context: &mut Context) {
        let Mode::Find(field) = &self.mode else {
            return;
        };
        match self.row_of(field.text()) {
            Some(at) => {
                self.cursor.at = at;
                self.mode = Mode::Move;
            }
            None => context.refuse(format!("nobody here fits {:?}", field.text())),
        }
    }

    /// The row of an admission number, a row number, or the beginnings of a name's words; of
    /// several names the next one below the cursor.
    fn row_of(&self, text: &str) -> Option<usize> {
        let (text, rows) = (text.trim(), self.cells.len());
        let whole = |cell: &Cell| cell.adm.eq_ignore_ascii_case(text);
        let number = || {
            text.parse::<usize>()
                .ok()?
                .checked_sub(1)
                .filter(|at| *at < rows)
        };
        let begins = |cell: &Cell| {
            cell.adm
                .get(..text.len())
                .is_some_and(|adm| adm.eq_ignore_ascii_case(text))
        };
        let wanted = fold(text);
        let named = |cell: &Cell| {
            let name = fold(&cell.name);
            let mut words = wanted.split(' ');
            words.all(|word| name.split(' ').any(|part| part.starts_with(word)))
        };
        let next = |fits: &dyn Fn(&Cell) -> bool| {
            let below = (1..=rows).map(|step| (self.cursor.at + step) % rows);
            below.into_iter().find(|at| fits(&self.cells[*at]))
        };
        if text.is_empty() || rows == 0 {
            return None;
        }
        next(&whole)
            .or_else(number)
            .or_else(|| next(&begins))
            .or_else(|| next(&named).filter(|_| !wanted.is_empty()))
    }

    fn open_history(&self, context: &mut Context) {
        if let Some(cell) = self.current() {
            context.open(Open::History {
                sheet: self.id,
                student: cell.student,
                name: cell.name.clone(),
            });
        }
    }

    /// Shows what the journal still holds for this sheet, the oldest edit first.
    fn restore(&mut self, context: &Context) {
        for pending in context.pending.values().filter(|one| one.sheet == self.id) {
            let mut cells = self.cells.iter_mut();
            if let Some(cell) = cells.find(|cell| cell.student == pending.student) {
                cell.restore(pending);
            }
        }
    }

    /// Whose mark an event is about, when it is about this sheet.
    fn subject_of(&self, event: &OutboxEvent) -> Option<StudentId> {
        let (sheet, student) = match event {
            OutboxEvent::Loaded(_) => return None,
            OutboxEvent::Queued { pending, .. } => (pending.sheet, pending.student),
            OutboxEvent::NotKept { sheet, student, .. }
            | OutboxEvent::Sending { sheet, student, .. }
            | OutboxEvent::Waiting { sheet, student, .. }
            | OutboxEvent::Saved { sheet, student, .. }
            | OutboxEvent::Refused { sheet, student, .. }
            | OutboxEvent::Conflict { sheet, student, .. }
            | OutboxEvent::Dropped { sheet, student, .. } => (*sheet, *student),
        };
        (sheet == self.id).then_some(student)
    }
}

/// Whether a character may be the first of a mark; letters are commands.
fn begins_a_mark(c: char) -> bool {
    c.is_ascii_digit() || matches!(c, '.' | ',' | '-')
}
