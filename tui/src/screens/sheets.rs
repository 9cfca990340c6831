//! Home: what is mine, what is owed.
//!
//! ```text
//!  My sheets
//!    Class    Paper                          Entered  State             Due
//! >  4 East   English / Grammar                24/40  open              3 days
//!    4 East   Mathematics                      40/40  submitted         -
//!  My class: 4 East, 40 students. Ready: 6 of 9 papers. Owing: CRE (J. Otieno)
//! ```

use chrono::NaiveDate;
use hillview_shared::ApiError;
use hillview_shared::accounts::Permission;
use hillview_shared::api::{HillviewRequest, HillviewResponse};
use hillview_shared::assessments::{AssessmentState, ListSheets, SheetState, SheetSummary};
use hillview_shared::classes::Class;
use ratatui::layout::Position;

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
    classes: Fetch,
    /// The caller's name, as classes and sheets name their teachers.
    me: Option<String>,
    /// The class of which the caller is the class teacher, and the sheets of it.
    my_class: Option<Class>,
    class_fetch: Fetch,
    class_sheets: Vec<SheetSummary>,
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

    fn listed(&mut self, answer: Result<HillviewResponse, ApiError>) {
        if let Some(page) = self.fetch.settle(crate::reply!(answer, ListSheets)) {
            if !self.continues {
                self.sheets.clear();
            }
            self.sheets.extend(page.rows);
            self.next = page.next;
            self.cursor.clamp(self.sheets.len());
        }
    }

    fn classes_listed(
        &mut self,
        answer: Result<HillviewResponse, ApiError>,
        context: &mut Context,
    ) {
        let Some(classes) = self.classes.settle(crate::reply!(answer, ListClasses)) else {
            return;
        };
        self.me = context.who.as_ref().map(|who| who.name.clone());
        let mine = |class: &Class| class.class_teacher.is_some() && class.class_teacher == self.me;
        self.my_class = classes.into_iter().find(mine);
        if let Some(class) = &self.my_class {
            let request = ListSheets {
                class: Some(class.id),
                limit: PAGE,
                ..ListSheets::default()
            };
            let ticket = context.call(HillviewRequest::ListSheets { request });
            self.class_fetch = Fetch::Waiting(ticket);
        }
    }

    /// How far the class of a class teacher is.
    fn my_class_words(&self) -> Option<String> {
        let class = self.my_class.as_ref()?;
        let mut words = format!("My class: {}, students: {}.", class.name, class.students);
        if self.class_fetch != Fetch::Done {
            return Some(words);
        }
        let ready = |sheet: &&SheetSummary| {
            sheet.state != SheetState::Open || sheet.entered >= sheet.expected
        };
        let count = self.class_sheets.iter().filter(ready).count();
        words += &format!(" Complete: {count} of {} papers.", self.class_sheets.len());
        let owing = self.class_sheets.iter().filter(|sheet| !ready(sheet));
        let owing: Vec<String> = owing
            .map(|sheet| match &sheet.teacher {
                Some(teacher) if Some(teacher) == self.me.as_ref() => {
                    format!("{} (you)", sheet.paper)
                }
                Some(teacher) => format!("{} ({teacher})", sheet.paper),
                None => sheet.paper.clone(),
            })
            .collect();
        if !owing.is_empty() {
            words += &format!(" Owing: {}", owing.join(", "));
        }
        Some(words)
    }

    fn move_by(&mut self, command: Command, context: &mut Context) {
        let page = context.body_rows().saturating_sub(2);
        self.cursor.step(command, self.sheets.len(), page);
        let at_end = self.cursor.at + 1 >= self.sheets.len();
        if at_end && self.fetch == Fetch::Done && self.next.is_some() {
            let after = self.next.take();
            self.ask(after, context);
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
        let today = context.today();
        let open = self
            .sheets
            .iter()
            .filter(|sheet| state(sheet, today) == "open");
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
        self.next = None;
        self.classes = Fetch::Waiting(context.call(HillviewRequest::ListClasses {}));
    }

    fn fetch(&self) -> Option<&Fetch> {
        Some(&self.fetch)
    }

    fn why_not(&self, command: Command, context: &Context) -> Option<String> {
        match command {
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
            Command::Students | Command::FindStudent => context.open(Open::Students {
                class: None,
                searching: command == Command::FindStudent,
            }),
            Command::Classes => context.open(Open::Classes),
            Command::MineOrAll => {
                self.all = !self.all;
                self.sheets.clear();
                self.start(context);
            }
            movement => self.move_by(movement, context),
        }
    }

    fn waits_for(&self, ticket: Ticket) -> bool {
        let all = [&self.fetch, &self.classes, &self.class_fetch];
        all.iter().any(|fetch| fetch.waits_for(ticket))
    }

    fn answer(
        &mut self,
        ticket: Ticket,
        answer: Result<HillviewResponse, ApiError>,
        context: &mut Context,
    ) {
        if self.fetch.waits_for(ticket) {
            self.listed(answer);
        } else if self.classes.waits_for(ticket) {
            self.classes_listed(answer, context);
        } else if let Some(page) = self.class_fetch.settle(crate::reply!(answer, ListSheets)) {
            self.class_sheets = page.rows;
        }
    }

    fn outbox(&mut self, event: &OutboxEvent, _context: &mut Context) {
        if let OutboxEvent::Saved { sheet, entered, .. } = event {
            let lists = self.sheets.iter_mut().chain(&mut self.class_sheets);
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
        let summary = self.my_class_words().unwrap_or_default();
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
            let tone = if state == "open" {
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

/// Whether marks may be entered today, or why not.
fn state(sheet: &SheetSummary, today: NaiveDate) -> String {
    match (sheet.assessment_state, sheet.state) {
        (AssessmentState::Draft, _) => "not yet open".to_owned(),
        (AssessmentState::Locked | AssessmentState::Published, _) => {
            sheet.assessment_state.to_string()
        }
        (AssessmentState::Open, SheetState::Submitted | SheetState::Approved) => {
            sheet.state.to_string()
        }
        (AssessmentState::Open, SheetState::Open) if today < sheet.opens => {
            format!("opens {}", sheet.opens.format("%-d %b"))
        }
        (AssessmentState::Open, SheetState::Open) if today > sheet.closes => {
            format!("closed {}", sheet.closes.format("%-d %b"))
        }
        (AssessmentState::Open, SheetState::Open) => "open".to_owned(),
    }
}

/// How long an open sheet stays open.
fn due(sheet: &SheetSummary, today: NaiveDate) -> String {
    if state(sheet, today) != "open" {
        return "-".to_owned();
    }
    match (sheet.closes - today).num_days() {
        0 => "today".to_owned(),
        1 => "tomorrow".to_owned(),
        days => format!("{days} days"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hillview_shared::ids::{ClassId, PaperId, SheetId};

    #[test]
    fn a_sheet_says_whether_and_how_long_it_is_open() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let sheet = |assessment_state, state| SheetSummary {
            id: SheetId(1),
            class_id: ClassId(1),
            class: "4 East".into(),
            assessment: "T2-END".into(),
            paper_id: PaperId(1),
            paper: "Mathematics".into(),
            state,
            assessment_state,
            opens: day("2026-07-20"),
            closes: day("2026-07-31"),
            entered: 0,
            expected: 40,
            teacher: None,
        };
        use {AssessmentState as A, SheetState as S};
        for (assessment, own, today, says, left) in [
            (A::Open, S::Open, "2026-07-28", "open", "3 days"),
            (A::Open, S::Open, "2026-07-30", "open", "tomorrow"),
            (A::Open, S::Open, "2026-07-31", "open", "today"),
            (A::Open, S::Open, "2026-08-01", "closed 31 Jul", "-"),
            (A::Open, S::Open, "2026-07-19", "opens 20 Jul", "-"),
            (A::Open, S::Submitted, "2026-07-28", "submitted", "-"),
            (A::Draft, S::Open, "2026-07-28", "not yet open", "-"),
            (A::Locked, S::Approved, "2026-07-28", "locked", "-"),
        ] {
            let sheet = sheet(assessment, own);
            assert_eq!(state(&sheet, day(today)), says, "{today}");
            assert_eq!(due(&sheet, day(today)), left, "{today}");
        }
    }
}
