//! A list that comes by pages: columns, a search or filters, and what can be done with a row.

use std::fmt;

use hillview_shared::ApiError;
use hillview_shared::api::{HillviewRequest, HillviewResponse, Reply};
use hillview_shared::students::Page;
use ratatui::layout::Position;

use super::{AWAITED, while_asked};
use crate::app::context::{Confirmation, Context};
use crate::app::fetch::{Fetch, in_words};
use crate::command::{Command, Scope};
use crate::msg::{Key, Ticket};
use crate::screens::Screen;
use crate::theme::Tone;
use crate::widgets::columns::{Column, Columns};
use crate::widgets::inputs::{self, Inputs};
use crate::widgets::pen::Pen;
use crate::widgets::rows::{self, Cursor};
use crate::widgets::text;

/// Rows asked for at once, and at most.
const PAGE: u16 = 50;
const MOST: u16 = 200;

/// What an answer holds.
pub type Answer = Result<HillviewResponse, ApiError>;

/// What a list is of.
pub trait Listing: fmt::Debug {
    type Row: fmt::Debug;
    const COLUMNS: &'static [Column];
    /// One and many, such as `student` and `students`.
    const NOUNS: (&'static str, &'static str);

    fn scopes(&self) -> &'static [Scope];

    fn place(&self) -> String;

    /// What the rows can be searched or filtered by.
    fn filters(&self) -> Inputs {
        Inputs::default()
    }

    /// Why the filters cannot be as they are.
    fn wrong(&self, _filters: &Inputs) -> Option<String> {
        None
    }

    /// Asks for the rows after a place, so many of them.
    fn request(
        &self,
        filters: &Inputs,
        page: (Option<String>, u16),
        context: &Context,
    ) -> HillviewRequest;

    /// Hears what is asked for.
    fn asked(&mut self, _filters: &Inputs) {}

    /// Takes the rows out of the answer.
    ///
    /// # Errors
    /// When there are none in it.
    fn page(&mut self, answer: Answer) -> Reply<Page<Self::Row>>;

    fn cells(&self, row: &Self::Row, context: &Context) -> (Tone, Vec<String>);

    /// What to say where there is no row.
    fn none(&self, filters: &Inputs) -> String;

    /// What there is to say behind the number of these rows, such as `, also former ones`.
    fn note(&self, _rows: &[Self::Row]) -> String {
        String::new()
    }

    fn why_not(
        &self,
        _command: Command,
        _row: Option<&Self::Row>,
        _context: &Context,
    ) -> Option<String> {
        None
    }

    /// Does what a command means here; true asks for the rows again.
    fn command(&mut self, command: Command, row: Option<&Self::Row>, context: &mut Context)
    -> bool;

    /// Takes the answer to a call that a person said yes to; gives what there is to say.
    ///
    /// # Errors
    /// When it was refused.
    fn acted(&mut self, _answer: Answer, _context: &mut Context) -> Reply<String> {
        Ok(String::new())
    }
}

/// A list on the screen.
#[derive(Debug)]
pub struct List<L: Listing> {
    listing: L,
    filters: Inputs,
    /// As they were when the rows were asked for.
    applied: Inputs,
    filtering: bool,
    fetch: Fetch,
    /// What was done with a row.
    acting: Fetch,
    /// The answer that is waited for continues the list.
    continues: bool,
    rows: Vec<L::Row>,
    next: Option<String>,
    cursor: Cursor,
    /// The row to go back to when so many rows are there again.
    back_to: Option<usize>,
}

impl<L: Listing> List<L> {
    pub fn new(listing: L) -> Self {
        let filters = listing.filters();
        Self {
            listing,
            applied: filters.clone(),
            filters,
            filtering: false,
            fetch: Fetch::Never,
            acting: Fetch::Never,
            continues: false,
            rows: Vec::new(),
            next: None,
            cursor: Cursor::default(),
            back_to: None,
        }
    }

    /// With the search open.
    pub fn filtering(mut self) -> Self {
        self.filtering = true;
        self
    }

    fn ask(&mut self, after: Option<String>, context: &mut Context) {
        self.continues = after.is_some();
        if !self.continues && !self.rows.is_empty() {
            self.back_to.get_or_insert(self.cursor.at);
        }
        // Asked again, the row that the cursor is on is among the first, or a further page has it.
        let known = u16::try_from(self.rows.len()).unwrap_or(MOST);
        let limit = match self.back_to {
            Some(_) if self.continues => MOST,
            _ if self.continues => PAGE,
            _ => known.clamp(PAGE, MOST),
        };
        self.listing.asked(&self.applied);
        let request = self.listing.request(&self.applied, (after, limit), context);
        self.fetch = Fetch::Waiting(context.call(request));
    }

    fn run_search(&mut self, context: &mut Context) {
        if let Some(why) = self.listing.wrong(&self.filters) {
            return context.refuse(why);
        }
        self.filtering = false;
        self.applied.clone_from(&self.filters);
        self.rows.clear();
        (self.next, self.back_to) = (None, None);
        self.cursor = Cursor::default();
        self.ask(None, context);
    }

    fn row(&self) -> Option<&L::Row> {
        self.rows.get(self.cursor.at)
    }

    /// Lines above the rows.
    fn above(&self) -> usize {
        if self.filters.is_empty() { 1 } else { 2 }
    }

    fn move_by(&mut self, command: Command, context: &mut Context) -> bool {
        let page = context.body_rows().saturating_sub(self.above());
        let moved = self.cursor.step(command, self.rows.len(), page);
        if moved {
            self.back_to = None;
        }
        let at_end = self.cursor.at + 1 >= self.rows.len();
        let waiting = matches!(self.fetch, Fetch::Waiting(_));
        if moved && at_end && !waiting && self.next.is_some() {
            self.ask(self.next.clone(), context);
        }
        moved
    }

    /// Goes back to where the cursor was before the rows were asked for again.
    fn go_back(&mut self, context: &mut Context) {
        if let Some(at) = self.back_to {
            if at >= self.rows.len() && self.next.is_some() {
                self.ask(self.next.clone(), context);
            } else {
                (self.cursor.at, self.back_to) = (at, None);
            }
        }
        self.cursor.clamp(self.rows.len());
    }

    /// The line above the head: what is searched for.
    fn search_line(&self, pen: &mut Pen<'_>) -> Option<Position> {
        if self.filters.len() == 1 {
            let (label, field) = self.filters.only()?;
            let label = format!("{label}:");
            let column = label.len() + 2;
            pen.put(0, 1, Tone::Faint, &label);
            let (shown, caret) = field.shown(pen.columns().saturating_sub(column + 2), pen.theme);
            pen.put(0, column, Tone::Plain, &shown);
            return self.filtering.then(|| pen.position(0, column + caret));
        }
        let words = match self.applied.summary() {
            none if none.is_empty() => "All of them; / says which to show".to_owned(),
            some => format!("Only: {some}"),
        };
        pen.put(0, 1, Tone::Faint, &words);
        None
    }

    fn draw_filters(&self, pen: &mut Pen<'_>) -> Option<Position> {
        let title = format!(
            "Which {} to show; what is left empty leaves out none.",
            L::NOUNS.1
        );
        inputs::tell(pen, 1, Tone::Heading, &title);
        self.filters.draw(pen, 3).0
    }
}

impl<L: Listing> Screen for List<L> {
    fn scopes(&self) -> &'static [Scope] {
        match self.filtering {
            true => &[Scope::Search, Scope::Fields, Scope::Anywhere],
            false => self.listing.scopes(),
        }
    }

    fn place(&self) -> String {
        self.listing.place()
    }

    fn summary(&self, _context: &Context) -> String {
        if matches!(self.acting, Fetch::Waiting(_)) {
            return "asking the server".to_owned();
        }
        if self.fetch != Fetch::Done && self.rows.is_empty() {
            return String::new();
        }
        let (one, many) = L::NOUNS;
        let rows = text::count(self.rows.len(), one, many);
        let more = if self.next.is_some() {
            ", more below"
        } else {
            ""
        };
        format!("{rows}{}{more}", self.listing.note(&self.rows))
    }

    fn typing(&self) -> bool {
        self.filtering
    }

    fn start(&mut self, context: &mut Context) {
        self.ask(None, context);
    }

    fn fetch(&self) -> Option<&Fetch> {
        Some(&self.fetch)
    }

    fn why_not(&self, command: Command, context: &Context) -> Option<String> {
        let busy = while_asked(&self.acting, command);
        if busy.is_some() && !command.is_movement() {
            return busy;
        }
        if command == Command::Open && self.rows.is_empty() {
            return Some(format!("there is no {} to open", L::NOUNS.0));
        }
        self.listing.why_not(command, self.row(), context)
    }

    fn command(&mut self, command: Command, context: &mut Context) {
        match command {
            Command::Search => self.filtering = true,
            Command::RunSearch => self.run_search(context),
            Command::CancelSearch => {
                self.filtering = false;
                self.filters.clone_from(&self.applied);
            }
            field @ (Command::NextField | Command::PreviousField) => self.filters.step(field),
            other => {
                if self.move_by(other, context) {
                    return;
                }
                let row = self.rows.get(self.cursor.at);
                if self.listing.command(other, row, context) {
                    self.ask(None, context);
                }
            }
        }
    }

    fn type_key(&mut self, key: Key, _context: &mut Context) -> bool {
        self.filtering && self.filters.key(key)
    }

    fn paste(&mut self, text: &str, context: &mut Context) {
        if self.filters.is_empty() {
            return context.refuse("nothing can be pasted here");
        }
        self.filtering = true;
        self.filters.paste(text);
    }

    fn waits_for(&self, ticket: Ticket) -> bool {
        self.fetch.waits_for(ticket) || self.acting.waits_for(ticket)
    }

    fn answer(&mut self, ticket: Ticket, answer: Answer, context: &mut Context) {
        if self.acting.waits_for(ticket) {
            match self.listing.acted(answer, context) {
                Ok(words) => {
                    self.acting = Fetch::Done;
                    context.say(words);
                    self.ask(None, context);
                }
                Err(error) => {
                    context.refuse(in_words(&error));
                    self.acting = Fetch::Failed(error);
                }
            }
            return;
        }
        let page = self.listing.page(answer);
        if let Some(page) = self.fetch.settle(page) {
            if !self.continues {
                self.rows.clear();
            }
            self.rows.extend(page.rows);
            self.next = page.next;
            self.go_back(context);
        } else {
            self.back_to = None;
            if !self.rows.is_empty() {
                context.tell_failure(&self.fetch);
            }
        }
    }

    fn confirmed(&mut self, what: Confirmation, context: &mut Context) {
        if let Confirmation::Call(request) = what {
            self.acting = Fetch::Waiting(context.call(*request));
        }
    }

    fn unsaved(&self) -> Option<String> {
        matches!(self.acting, Fetch::Waiting(_)).then(|| AWAITED.to_owned())
    }

    fn view(&self, pen: &mut Pen<'_>, context: &Context) -> Option<Position> {
        if self.filtering && self.filters.len() > 1 {
            return self.draw_filters(pen);
        }
        let mut cursor = None;
        let head = self.above() - 1;
        if head > 0 {
            cursor = self.search_line(pen);
        }
        let columns = Columns::fit(L::COLUMNS, pen.columns().saturating_sub(3), pen.theme);
        let titles = columns.line(L::COLUMNS.iter().map(|column| column.title));
        pen.put(head, 2, Tone::Faint, &titles);
        let first = head + 1;
        if let Some(words) = self.fetch.words().filter(|_| self.rows.is_empty()) {
            inputs::tell_at(pen, first, 2, Tone::Plain, &words);
        } else if self.rows.is_empty() {
            inputs::tell_at(
                pen,
                first,
                2,
                Tone::Plain,
                &self.listing.none(&self.applied),
            );
        }
        let window = rows::window(self.cursor.at, self.rows.len(), pen.lines() - first);
        for (line, at) in window.enumerate() {
            let (tone, cells) = self.listing.cells(&self.rows[at], context);
            let words = columns.line(cells.iter().map(String::as_str));
            let selected = at == self.cursor.at && !self.filtering;
            pen.row(first + line, selected, tone, &words);
        }
        cursor
    }
}
