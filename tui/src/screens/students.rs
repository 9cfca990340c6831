//! Students: a list, found by name or admission number, a page at a time.

use hillview_shared::ApiError;
use hillview_shared::api::{HillviewRequest, HillviewResponse};
use hillview_shared::classes::Class;
use hillview_shared::students::{ListStudents, Student, StudentStatus};
use ratatui::layout::Position;

use super::Screen;
use crate::app::context::{Context, Open};
use crate::app::fetch::Fetch;
use crate::command::{Command, Scope};
use crate::msg::{Key, Ticket};
use crate::theme::Tone;
use crate::widgets::field::Field;
use crate::widgets::pen::Pen;
use crate::widgets::rows::{self, Cursor};
use crate::widgets::text;

/// Rows asked for at once.
const PAGE: u16 = 50;

#[derive(Debug)]
pub struct Students {
    class: Option<Class>,
    field: Field,
    typing: bool,
    /// What was searched for last.
    search: String,
    all: bool,
    fetch: Fetch,
    /// The answer that is waited for continues the list.
    continues: bool,
    students: Vec<Student>,
    next: Option<String>,
    cursor: Cursor,
}

impl Students {
    pub fn new(class: Option<Class>, searching: bool) -> Self {
        Self {
            class,
            field: Field::new("", 60),
            typing: searching,
            search: String::new(),
            all: false,
            fetch: Fetch::Never,
            continues: false,
            students: Vec::new(),
            next: None,
            cursor: Cursor::default(),
        }
    }

    fn ask(&mut self, after: Option<String>, context: &mut Context) {
        self.continues = after.is_some();
        let request = ListStudents {
            class: self.class.as_ref().map(|class| class.id),
            search: (!self.search.is_empty()).then(|| self.search.clone()),
            all: self.all,
            after,
            limit: PAGE,
        };
        self.fetch = Fetch::Waiting(context.call(HillviewRequest::ListStudents { request }));
    }

    fn run_search(&mut self, context: &mut Context) {
        self.typing = false;
        self.search = self.field.text().trim().to_owned();
        self.students.clear();
        self.cursor = Cursor::default();
        self.ask(None, context);
    }

    fn move_by(&mut self, command: Command, context: &mut Context) {
        let page = context.body_rows().saturating_sub(2);
        self.cursor.step(command, self.students.len(), page);
        let at_end = self.cursor.at + 1 >= self.students.len();
        if at_end && self.fetch == Fetch::Done && self.next.is_some() {
            let after = self.next.take();
            self.ask(after, context);
        }
    }
}

impl Screen for Students {
    fn scopes(&self) -> &'static [Scope] {
        match self.typing {
            true => &[Scope::Search, Scope::Anywhere],
            false => &[Scope::Students, Scope::Rows, Scope::Anywhere],
        }
    }

    fn place(&self) -> String {
        match &self.class {
            Some(class) => format!("Students of {}", class.name),
            None => "Students".to_owned(),
        }
    }

    fn summary(&self, _context: &Context) -> String {
        if self.fetch != Fetch::Done && self.students.is_empty() {
            return String::new();
        }
        let more = if self.next.is_some() {
            ", more below"
        } else {
            ""
        };
        let students = text::count(self.students.len(), "student", "students");
        let all = if self.all { ", also former ones" } else { "" };
        format!("{students}{all}{more}")
    }

    fn typing(&self) -> bool {
        self.typing
    }

    fn start(&mut self, context: &mut Context) {
        self.ask(None, context);
    }

    fn fetch(&self) -> Option<&Fetch> {
        Some(&self.fetch)
    }

    fn why_not(&self, command: Command, _context: &Context) -> Option<String> {
        let nothing = command == Command::Open && self.students.is_empty();
        nothing.then(|| "there is no student to open".to_owned())
    }

    fn command(&mut self, command: Command, context: &mut Context) {
        match command {
            Command::Open => {
                if let Some(student) = self.students.get(self.cursor.at) {
                    context.open(Open::Student(student.id));
                }
            }
            Command::Search => self.typing = true,
            Command::RunSearch => self.run_search(context),
            Command::CancelSearch => {
                self.typing = false;
                self.field = Field::new(&self.search, 60);
            }
            Command::ShowAll => {
                self.all = !self.all;
                self.ask(None, context);
            }
            movement => self.move_by(movement, context),
        }
    }

    fn type_key(&mut self, key: Key, _context: &mut Context) -> bool {
        self.typing && self.field.key(key)
    }

    fn paste(&mut self, text: &str, _context: &mut Context) {
        self.typing = true;
        self.field.paste(text);
    }

    fn waits_for(&self, ticket: Ticket) -> bool {
        self.fetch.waits_for(ticket)
    }

    fn answer(
        &mut self,
        _ticket: Ticket,
        answer: Result<HillviewResponse, ApiError>,
        context: &mut Context,
    ) {
        if let Some(page) = self.fetch.settle(crate::reply!(answer, ListStudents)) {
            if !self.continues {
                self.students.clear();
            }
            self.students.extend(page.rows);
            self.next = page.next;
            self.cursor.clamp(self.students.len());
        } else if !self.students.is_empty() {
            context.tell_failure(&self.fetch);
        }
    }

    fn view(&self, pen: &mut Pen<'_>, _context: &Context) -> Option<Position> {
        pen.put(0, 1, Tone::Faint, "Search (name or number):");
        let (shown, caret) = self.field.shown(pen.columns() - 28, pen.theme);
        pen.put(0, 26, Tone::Plain, &shown);
        let name = pen.columns().saturating_sub(3 + 12 + 2 + 14 + 12);
        let theme = pen.theme;
        let line = |adm: &str, student: &str, class: &str, last: &str| {
            format!(
                "{}  {}  {}{last}",
                text::left(adm, 12, theme),
                text::left(student, name, theme),
                text::left(class, 12, theme),
            )
        };
        pen.put(1, 2, Tone::Faint, &line("Adm no", "Name", "Class", "Sex"));
        if let Some(words) = self.fetch.words().filter(|_| self.students.is_empty()) {
            pen.put(2, 2, Tone::Plain, &words);
        } else if self.students.is_empty() {
            let none = match self.search.is_empty() {
                true => "There is no student that you may see.".to_owned(),
                false => format!(
                    "Nobody's name or admission number begins with {:?}.",
                    self.search
                ),
            };
            pen.put(2, 2, Tone::Plain, &none);
        }
        let window = rows::window(self.cursor.at, self.students.len(), pen.lines() - 2);
        for (at_line, at) in window.enumerate() {
            let student = &self.students[at];
            let last = match (student.status, student.sex) {
                (StudentStatus::Active, sex) => sex.map_or("-", |sex| sex.word()),
                (status, _) => status.word(),
            };
            let class = student.class.as_deref().unwrap_or("-");
            let words = line(&student.admission_no, &student.name, class, last);
            pen.row(
                at_line + 2,
                at == self.cursor.at && !self.typing,
                Tone::Plain,
                &words,
            );
        }
        self.typing.then(|| pen.position(0, 26 + caret))
    }
}
