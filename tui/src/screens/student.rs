//! A student's page: who, where enrolled, and the marks of the year.
//!
//! ```text
//!  Hassan Amina  20240005  female, born 2016-03-14, 4 East, active
//!  Classes  4 East (2026) since 2026-01-05
//!                              T1-MID     T1-END     T2-MID
//!   English / Grammar          35 EE2     38 ME1     52 EE2
//!   Mathematics                48 ME2     AB         -
//! ```

use hillview_shared::ApiError;
use hillview_shared::api::{HillviewRequest, HillviewResponse};
use hillview_shared::ids::StudentId;
use hillview_shared::marks::Entry;
use hillview_shared::students::{StudentDetail, StudentMark, WhichStudent};
use ratatui::layout::Position;

use super::Screen;
use crate::app::context::Context;
use crate::app::fetch::Fetch;
use crate::command::{Command, Scope};
use crate::msg::Ticket;
use crate::theme::Tone;
use crate::widgets::pen::Pen;
use crate::widgets::rows::{self, Cursor};
use crate::widgets::text;

const PAPER: usize = 26;
const ASSESSMENT: usize = 12;

#[derive(Debug)]
pub struct StudentPage {
    id: StudentId,
    fetch: Fetch,
    detail: Option<Box<StudentDetail>>,
    papers: Vec<String>,
    assessments: Vec<String>,
    cursor: Cursor,
    /// How many of the latest assessments are scrolled out of sight.
    back: usize,
}

impl StudentPage {
    pub fn new(id: StudentId) -> Self {
        Self {
            id,
            fetch: Fetch::Never,
            detail: None,
            papers: Vec::new(),
            assessments: Vec::new(),
            cursor: Cursor::default(),
            back: 0,
        }
    }

    fn mark(&self, paper: &str, assessment: &str) -> String {
        let fits = |mark: &&StudentMark| mark.paper == paper && mark.assessment == assessment;
        let marks = self.detail.iter().flat_map(|detail| &detail.marks);
        let Some(mark) = marks.into_iter().find(fits) else {
            return "-".to_owned();
        };
        match (&mark.entry, &mark.level) {
            (Entry::Blank, _) => "-".to_owned(),
            (Entry::Score(score), Some(level)) => format!("{score} {level}"),
            (Entry::Score(score), None) => format!("{score}/{}", mark.out_of),
            (entry, _) => entry.to_string(),
        }
    }

    /// The assessments that fit, the latest of them `back` from the end.
    fn shown(&self, columns: usize) -> &[String] {
        let fit = (columns.saturating_sub(PAPER + 3) / ASSESSMENT).max(1);
        let end = self.assessments.len() - self.back.min(self.assessments.len());
        &self.assessments[end.saturating_sub(fit)..end]
    }

    fn hidden_earlier(&self, columns: usize) -> usize {
        let first = self.shown(columns).first();
        let at = self.assessments.iter().position(|one| Some(one) == first);
        at.unwrap_or(0)
    }
}

impl Screen for StudentPage {
    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Student, Scope::Rows, Scope::Anywhere]
    }

    fn place(&self) -> String {
        "Student".to_owned()
    }

    fn summary(&self, context: &Context) -> String {
        match self.hidden_earlier(usize::from(context.columns)) {
            0 => String::new(),
            earlier => format!("{earlier} earlier assessments to the left"),
        }
    }

    fn start(&mut self, context: &mut Context) {
        let request = WhichStudent::Id(self.id);
        self.fetch = Fetch::Waiting(context.call(HillviewRequest::ShowStudent { request }));
    }

    fn fetch(&self) -> Option<&Fetch> {
        Some(&self.fetch)
    }

    fn why_not(&self, command: Command, context: &Context) -> Option<String> {
        let hidden = self.hidden_earlier(usize::from(context.columns));
        match command {
            Command::Earlier if hidden == 0 => Some("no earlier assessment is there".to_owned()),
            Command::Later if self.back == 0 => Some("the latest assessment is shown".to_owned()),
            _ => None,
        }
    }

    fn command(&mut self, command: Command, context: &mut Context) {
        match command {
            Command::Earlier => self.back += 1,
            Command::Later => self.back = self.back.saturating_sub(1),
            movement => {
                let page = context.body_rows().saturating_sub(4);
                self.cursor.step(movement, self.papers.len(), page);
            }
        }
    }

    fn waits_for(&self, ticket: Ticket) -> bool {
        self.fetch.waits_for(ticket)
    }

    fn answer(
        &mut self,
        _ticket: Ticket,
        answer: Result<HillviewResponse, ApiError>,
        _context: &mut Context,
    ) {
        let Some(detail) = self.fetch.settle(crate::reply!(answer, ShowStudent)) else {
            return;
        };
        (self.papers, self.assessments) = (Vec::new(), Vec::new());
        for mark in &detail.marks {
            if !self.papers.contains(&mark.paper) {
                self.papers.push(mark.paper.clone());
            }
            if !self.assessments.contains(&mark.assessment) {
                self.assessments.push(mark.assessment.clone());
            }
        }
        self.papers.sort();
        self.detail = Some(Box::new(detail));
        self.cursor.clamp(self.papers.len());
    }

    fn view(&self, pen: &mut Pen<'_>, _context: &Context) -> Option<Position> {
        let Some(detail) = &self.detail else {
            pen.put(1, 2, Tone::Plain, &self.fetch.words().unwrap_or_default());
            return None;
        };
        let student = &detail.student;
        let mut about = vec![student.admission_no.clone()];
        about.extend(student.sex.map(|sex| sex.to_string()));
        about.extend(student.birth_date.map(|date| format!("born {date}")));
        about.extend(student.class.clone());
        about.push(student.status.to_string());
        pen.put(0, 1, Tone::Heading, &student.name);
        pen.put(1, 1, Tone::Plain, &about.join(", "));
        let classes: Vec<String> = detail
            .enrolments
            .iter()
            .map(|one| match one.ends {
                None => format!("{} ({}) since {}", one.class, one.year, one.starts),
                Some(ends) => format!("{} ({}) {} to {ends}", one.class, one.year, one.starts),
            })
            .collect();
        pen.put(
            2,
            1,
            Tone::Plain,
            &format!("Classes: {}", classes.join("; ")),
        );
        let shown = self.shown(pen.columns());
        if shown.is_empty() {
            pen.put(4, 2, Tone::Plain, "No mark of this year that you may see.");
        }
        for (column, assessment) in shown.iter().enumerate() {
            pen.put(3, 2 + PAPER + column * ASSESSMENT, Tone::Faint, assessment);
        }
        let window = rows::window(self.cursor.at, self.papers.len(), pen.lines() - 4);
        for (line, at) in window.enumerate() {
            let paper = &self.papers[at];
            let mut words = text::left(paper, PAPER - 1, pen.theme) + " ";
            for assessment in shown {
                let mark = self.mark(paper, assessment);
                words += &text::left(&mark, ASSESSMENT, pen.theme);
            }
            pen.row(line + 4, at == self.cursor.at, Tone::Plain, &words);
        }
        None
    }
}
