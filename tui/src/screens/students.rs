//! Students: a list, found by name or admission number, a page at a time.

use hillview_shared::api::{HillviewRequest, Reply};
use hillview_shared::classes::Class;
use hillview_shared::students::{ListStudents, Page, Student, StudentStatus};

use crate::app::context::{Context, Open};
use crate::command::{Command, Scope};
use crate::shapes::list::{Answer, Listing};
use crate::theme::Tone;
use crate::widgets::columns::Column;
use crate::widgets::inputs::{Input, Inputs};

#[derive(Debug)]
pub struct Students {
    class: Option<Class>,
    all: bool,
}

impl Students {
    pub fn new(class: Option<Class>) -> Self {
        Self { class, all: false }
    }
}

impl Listing for Students {
    type Row = Student;
    const COLUMNS: &'static [Column] = &[
        Column::new("Adm no", 14),
        Column::new("Name", 16).grows(),
        Column::new("Class", 12),
        Column::new("Sex", 12),
    ];
    const NOUNS: (&'static str, &'static str) = ("student", "students");

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Students, Scope::Rows, Scope::Anywhere]
    }

    fn place(&self) -> String {
        match &self.class {
            Some(class) => format!("Students of {}", class.name),
            None => "Students".to_owned(),
        }
    }

    fn filters(&self) -> Inputs {
        Inputs::new([("Search (name or number)", Input::text("", 60))])
    }

    fn request(
        &self,
        filters: &Inputs,
        (after, limit): (Option<String>, u16),
        _context: &Context,
    ) -> HillviewRequest {
        let request = ListStudents {
            class: self.class.as_ref().map(|class| class.id),
            search: filters.given(0),
            all: self.all,
            after,
            limit,
        };
        HillviewRequest::ListStudents { request }
    }

    fn page(&mut self, answer: Answer) -> Reply<Page<Student>> {
        crate::reply!(answer, ListStudents)
    }

    fn cells(&self, student: &Student, _context: &Context) -> (Tone, Vec<String>) {
        let last = match (student.status, student.sex) {
            (StudentStatus::Active, sex) => sex.map_or("-", |sex| sex.word()),
            (status, _) => status.word(),
        };
        let class = student.class.as_deref().unwrap_or("-");
        let cells = [&student.admission_no, &student.name, class, last];
        (Tone::Plain, cells.map(str::to_owned).to_vec())
    }

    fn none(&self, filters: &Inputs) -> String {
        match filters.text(0) {
            "" => "There is no student that you may see.".to_owned(),
            search => format!("Nobody's name or admission number begins with {search:?}."),
        }
    }

    fn note(&self, _rows: &[Student]) -> String {
        if self.all { ", also former ones" } else { "" }.to_owned()
    }

    fn command(
        &mut self,
        command: Command,
        student: Option<&Student>,
        context: &mut Context,
    ) -> bool {
        match (command, student) {
            (Command::Open, Some(student)) => context.open(Open::Student(student.id)),
            (Command::ShowAll, _) => {
                self.all = !self.all;
                return true;
            }
            _ => {}
        }
        false
    }
}
