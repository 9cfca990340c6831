//! How far the class of a class teacher is.

use hillview_shared::ApiError;
use hillview_shared::api::{HillviewRequest, HillviewResponse};
use hillview_shared::assessments::{ListSheets, SheetState, SheetSummary};
use hillview_shared::classes::Class;

use crate::app::context::Context;
use crate::app::fetch::Fetch;

/// The class of which the caller is the class teacher, and its sheets.
#[derive(Debug)]
pub struct MyClass {
    class: Class,
    /// The caller's name, as sheets name their teachers.
    me: String,
    pub fetch: Fetch,
    pub sheets: Vec<SheetSummary>,
}

impl MyClass {
    /// Asks for the sheets of the caller's class.
    pub fn of(class: Class, me: String, context: &mut Context) -> Self {
        let request = ListSheets {
            class: Some(class.id),
            limit: super::PAGE,
            ..ListSheets::default()
        };
        let ticket = context.call(HillviewRequest::ListSheets { request });
        Self {
            class,
            me,
            fetch: Fetch::Waiting(ticket),
            sheets: Vec::new(),
        }
    }

    pub fn listed(&mut self, answer: Result<HillviewResponse, ApiError>) {
        if let Some(page) = self.fetch.settle(crate::reply!(answer, ListSheets)) {
            self.sheets = page.rows;
        }
    }

    /// What is complete and who owes marks.
    pub fn words(&self) -> String {
        let (name, students) = (&self.class.name, self.class.students);
        let mut words = format!("My class: {name}, students: {students}.");
        if self.fetch != Fetch::Done {
            return words;
        }
        let owing: Vec<&SheetSummary> = self.sheets.iter().filter(|one| is_owing(one)).collect();
        let all = self.sheets.len();
        words += &format!(" Complete: {} of {all} papers.", all - owing.len());
        if !owing.is_empty() {
            let owing: Vec<String> = owing.iter().map(|sheet| self.owed(sheet)).collect();
            words += &format!(" Owing: {}", owing.join(", "));
        }
        words
    }

    /// A paper that owes marks, and who enters them.
    fn owed(&self, sheet: &SheetSummary) -> String {
        match &sheet.teacher {
            Some(teacher) if *teacher == self.me => format!("{} (you)", sheet.paper),
            Some(teacher) => format!("{} ({teacher})", sheet.paper),
            None => sheet.paper.clone(),
        }
    }
}

fn is_owing(sheet: &SheetSummary) -> bool {
    sheet.state == SheetState::Open && sheet.entered < sheet.expected
}
