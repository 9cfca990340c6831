//! Home: what is mine, what is owed.
//!
//! ```text
//!  My sheets
//!    Class    Paper                          Entered  State             Due
//! >  4 East   English / Grammar                24/40  open              3 days
//!    4 East   Mathematics                      40/40  submitted         -
//!  My class: 4 East, 40 students. Ready: 6 of 9 papers. Owing: CRE (J. Otieno)
//! ```

mod due;
mod my_class;

use hillview_shared::ApiError;
use hillview_shared::accounts::Permission;
use hillview_shared::api::{HillviewRequest, HillviewResponse};
use hillview_shared::assessments::{ListSheets, SheetSummary};
use hillview_shared::classes::ListClasses;
use ratatui::layout::Position;

use self::due::{due, is_open, state};
use self::my_class::MyClass;
use super::Screen;
use crate::app::context::{Context, Open};
use crate::app::fetch::Fetch;
use crate::command::{Command, Scope};
use crate::msg::{OutboxEvent, Ticket};
use crate::theme::Tone;
use crate::widgets::pen::Pen;
use crate::widgets::rows::{self, Cursor};
use crate::widgets::text;

/// Rows asked for at once.
const PAGE: u16 = 100;

#[derive(Debug, Default)]
pub struct Sheets {
    fetch: Fetch,
    sheets: Vec<SheetSummary>,
    next: Option<String>,
    cursor: Cursor,
    /// The answer that is waited for continues the list.
    continues: bool,
    /// All that one may see instead of what one teaches.
    all: bool,
    /// One of the two was asked for: it is shown, even when it is empty.
    chosen: bool,
    classes: Fetch,
    my_class: Option<MyClass>,
}

impl Sheets {
    fn ask(&mut self, after: Option<String>, context: &mut Context) {
        self.continues = after.is_some();
        let request = ListSheets {
            mine: !self.all,
            after,
            limit: PAGE,
            ..ListSheets::default()
        };
        self.fetch = Fetch::Waiting(context.call(HillviewRequest::ListSheets { request }));
    }

    fn listed(&mut self, answer: Result<HillviewResponse, ApiError>, context: &mut Context) {
        if let Some(page) = self.fetch.settle(crate::reply!(answer, ListSheets)) {
            if !self.continues {
                self.sheets.clear();
            }
            self.sheets.extend(page.rows);
            self.next = page.next;
            self.cursor.clamp(self.sheets.len());
            if self.sheets.is_empty() && !self.all && !self.chosen {
                // A class teacher without a subject, or a head: theirs is what they may see.
                self.all = true;
                self.ask(None, context);
            }
        } else if !self.sheets.is_empty() {
            context.tell_failure(&self.fetch);
        }
    }

    fn classes_listed(
        &mut self,
        answer: Result<HillviewResponse, ApiError>,
        context: &mut Context,
    ) {
        let classes = self.classes.settle(crate::reply!(answer, ListClasses));
        let me = context.who.as_ref().map(|who| who.name.clone());
        if let (Some(classes), Some(me)) = (classes, me) {
            let class = classes.rows.into_iter().next();
            self.my_class = class.map(|class| MyClass::of(class, me, context));
        }
    }

    fn move_by(&mut self, command: Command, context: &mut Context) {
        let page = context.body_rows().saturating_sub(2);
        self.cursor.step(command, self.sheets.len(), page);
        let at_end = self.cursor.at + 1 >= self.sheets.len();
        let waiting = matches!(self.fetch, Fetch::Waiting(_));
        if at_end && !waiting && self.next.is_some() {
            self.ask(self.next.clone(), context);
        }
    }
}

impl Screen for Sheets {
    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Sheets, Scope::Rows, Scope::Anywhere]
    }

    fn place(&self) -> String {
        if self.all { "All sheets" } else { "My sheets" }.to_owned()
    }

    fn summary(&self, context: &Context) -> String {
        if self.fetch != Fetch::Done && self.sheets.is_empty() {
            return String::new();
        }
        let today = context.today();
        let open = self.sheets.iter().filter(|sheet| is_open(sheet, today));
        let owing: i64 = open
            .map(|sheet| (sheet.expected - sheet.entered).max(0))
            .sum();
        let more = if self.next.is_some() {
            ", more below"
        } else {
            ""
        };
        let sheets = text::count(self.sheets.len(), "sheet", "sheets");
        format!("{sheets}, marks owing: {owing}{more}")
    }

    fn start(&mut self, context: &mut Context) {
        self.ask(None, context);
        self.classes = Fetch::Waiting(context.call(HillviewRequest::ListClasses {
            request: ListClasses {
                mine: true,
                ..ListClasses::default()
            },
        }));
    }

    fn fetch(&self) -> Option<&Fetch> {
        Some(&self.fetch)
    }

    fn why_not(&self, command: Command, context: &Context) -> Option<String> {
        match command {
            Command::MySheets if !self.all => Some("they are on the screen".to_owned()),
            Command::Open if self.sheets.is_empty() => Some("there is no sheet to open".to_owned()),
            Command::MineOrAll
                if self.my_class.is_none() && !context.may(Permission::MarksRead) =>
            {
                Some("you see the sheets that you teach".to_owned())
            }
            _ => None,
        }
    }

    fn command(&mut self, command: Command, context: &mut Context) {
        match command {
            Command::Open => {
                if let Some(sheet) = self.sheets.get(self.cursor.at) {
                    let (sheet, student) = (sheet.id, None);
                    context.open(Open::Sheet { sheet, student });
                }
            }
            Command::MineOrAll => {
                self.all = !self.all;
                self.chosen = true;
                self.sheets.clear();
                self.next = None;
                self.start(context);
            }
            movement => self.move_by(movement, context),
        }
    }

    fn waits_for(&self, ticket: Ticket) -> bool {
        let of_class = |mine: &MyClass| mine.fetch.waits_for(ticket);
        [&self.fetch, &self.classes]
            .iter()
            .any(|fetch| fetch.waits_for(ticket))
            || self.my_class.as_ref().is_some_and(of_class)
    }

    fn answer(
        &mut self,
        ticket: Ticket,
        answer: Result<HillviewResponse, ApiError>,
        context: &mut Context,
    ) {
        if self.fetch.waits_for(ticket) {
            self.listed(answer, context);
        } else if self.classes.waits_for(ticket) {
            self.classes_listed(answer, context);
        } else if let Some(mine) = &mut self.my_class {
            mine.listed(answer);
        }
    }

    fn outbox(&mut self, event: &OutboxEvent, _context: &mut Context) {
        if let OutboxEvent::Saved { sheet, entered, .. } = event {
            let of_class = self.my_class.iter_mut().flat_map(|mine| &mut mine.sheets);
            let lists = self.sheets.iter_mut().chain(of_class);
            for known in lists.filter(|known| known.id == *sheet) {
                known.entered = i64::from(*entered);
            }
        }
    }

    fn view(&self, pen: &mut Pen<'_>, context: &Context) -> Option<Position> {
        let theme = pen.theme;
        // The assessment's code gives way to the paper's name when it is narrow.
        let code = if pen.columns() >= 80 { 10 } else { 0 };
        let paper = pen.columns().saturating_sub(3 + 10 + code + 8 + 16 + 9);
        let line =
            |class: &str, name: &str, assessment: &str, entered: &str, state: &str, due: &str| {
                format!(
                    "{} {}{}{}  {}{due}",
                    text::left(class, 9, theme),
                    text::left(name, paper, theme),
                    text::left(&format!(" {assessment}"), code, theme),
                    text::right(entered, 8, theme),
                    text::left(state, 14, theme),
                )
            };
        let head = line("Class", "Paper", "For", "Entered", "State", "Due");
        pen.put(0, 2, Tone::Faint, &head);
        let summary = self
            .my_class
            .as_ref()
            .map(MyClass::words)
            .unwrap_or_default();
        let mut words = match summary.is_empty() {
            true => Vec::new(),
            false => text::wrap(&text::clean(&summary, pen.theme), pen.columns() - 2),
        };
        words.truncate(4);
        let room = pen.lines().saturating_sub(1 + words.len());
        if let Some(waiting) = self.fetch.words().filter(|_| self.sheets.is_empty()) {
            pen.put(1, 2, Tone::Plain, &waiting);
        } else if self.sheets.is_empty() {
            let none = "No open sheet is yours. s lists students, c lists classes.";
            pen.put(1, 2, Tone::Plain, none);
        }
        let today = context.today();
        for (at_line, at) in rows::window(self.cursor.at, self.sheets.len(), room).enumerate() {
            let sheet = &self.sheets[at];
            let entered = format!("{}/{}", sheet.entered, sheet.expected);
            let (state, due) = (state(sheet, today), due(sheet, today));
            let row = line(
                &sheet.class,
                &sheet.paper,
                &sheet.assessment,
                &entered,
                &state,
                &due,
            );
            let tone = if is_open(sheet, today) {
                Tone::Plain
            } else {
                Tone::Faint
            };
            pen.row(at_line + 1, at == self.cursor.at, tone, &row);
        }
        let first = pen.lines() - words.len();
        for (at, words) in words.iter().enumerate() {
            pen.put(first + at, 1, Tone::Plain, words);
        }
        None
    }
}
