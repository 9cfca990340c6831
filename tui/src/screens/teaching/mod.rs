//! Who teaches what: of the school, of a class, of a member of staff.

mod assign;
mod many;
mod preview;

use hillview_shared::api::{HillviewRequest, Reply};
use hillview_shared::students::Page;
use hillview_shared::teaching::{ListTeaching, Teaching};

use self::assign::{AssignForm, EndForm};
use self::many::Begin;
use crate::app::context::Context;
use crate::command::{Command, Scope};
use crate::shapes::form::Form;
use crate::shapes::list::{Answer, Listing};
use crate::theme::Tone;
use crate::widgets::columns::Column;
use crate::widgets::inputs::{Input, Inputs};

const PLACE: &str = "Teaching";
const CLASS: usize = 0;
const STAFF: usize = 1;

#[derive(Debug)]
pub struct TeachingList {
    staff: Option<String>,
    class: Option<String>,
    all_dates: bool,
    /// What the rows on the screen are of, to begin a new assignment with.
    shown: (Option<String>, Option<String>),
}

impl TeachingList {
    pub fn new(staff: Option<String>, class: Option<String>) -> Self {
        Self {
            shown: (staff.clone(), class.clone()),
            staff,
            class,
            all_dates: false,
        }
    }
}

/// What somebody teaches in a class.
fn what(teaching: &Teaching) -> String {
    match &teaching.subject {
        Some(subject) => subject.clone(),
        None => teaching.role.to_string(),
    }
}

impl Listing for TeachingList {
    type Row = Teaching;
    const COLUMNS: &'static [Column] = &[
        Column::new("Class", 11),
        Column::new("Subject or role", 16).grows(),
        Column::new("Who", 16).grows(),
        Column::new("From", 11).gives_way(),
        Column::new("To", 11),
    ];
    const NOUNS: (&'static str, &'static str) = ("assignment", "assignments");

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Teaching, Scope::Rows, Scope::Anywhere]
    }

    fn place(&self) -> String {
        PLACE.to_owned()
    }

    fn filters(&self) -> Inputs {
        let text = |text: &Option<String>| Input::text(text.as_deref().unwrap_or_default(), 60);
        Inputs::new([
            ("Class", text(&self.class)),
            ("Login or staff number", text(&self.staff)),
        ])
    }

    fn request(
        &self,
        filters: &Inputs,
        (after, limit): (Option<String>, u16),
        _context: &Context,
    ) -> HillviewRequest {
        let request = ListTeaching {
            class: filters.given(CLASS),
            staff: filters.given(STAFF),
            all_dates: self.all_dates,
            after,
            limit,
        };
        HillviewRequest::ListTeaching { request }
    }

    fn asked(&mut self, filters: &Inputs) {
        self.shown = (filters.given(STAFF), filters.given(CLASS));
    }

    fn page(&mut self, answer: Answer) -> Reply<Page<Teaching>> {
        crate::reply!(answer, ListTeaching)
    }

    fn cells(&self, teaching: &Teaching, context: &Context) -> (Tone, Vec<String>) {
        let today = context.today();
        let over = teaching.ends.is_some_and(|ends| ends < today);
        let tone = match over || teaching.starts > today {
            true => Tone::Faint,
            false => Tone::Plain,
        };
        let cells = vec![
            teaching.class.clone(),
            what(teaching),
            teaching.staff.clone(),
            teaching.starts.to_string(),
            teaching
                .ends
                .map_or("-".to_owned(), |ends| ends.to_string()),
        ];
        (tone, cells)
    }

    fn none(&self, _filters: &Inputs) -> String {
        "Nobody is assigned here, as far as you may see.".to_owned()
    }

    fn note(&self, _rows: &[Teaching]) -> String {
        if self.all_dates { ", of all dates" } else { "" }.to_owned()
    }

    fn why_not(
        &self,
        command: Command,
        teaching: Option<&Teaching>,
        context: &Context,
    ) -> Option<String> {
        match (command, teaching) {
            (Command::Teaching, _) => Some("it is on the screen".to_owned()),
            (Command::End, None) => Some("there is no assignment to end".to_owned()),
            (Command::End, Some(teaching)) => teaching
                .ends
                .filter(|ends| *ends < context.today())
                .map(|ends| format!("it ended on {ends}")),
            _ => None,
        }
    }

    fn command(
        &mut self,
        command: Command,
        teaching: Option<&Teaching>,
        context: &mut Context,
    ) -> bool {
        let (staff, class) = self.shown.clone();
        match (command, teaching) {
            (Command::ShowAll, _) => {
                self.all_dates = !self.all_dates;
                return true;
            }
            (Command::Add, _) => context.show(Form::new(AssignForm::new(staff, class))),
            (Command::AssignMany, _) => context.show(Form::new(Begin::new(staff, class))),
            (Command::End, Some(teaching)) => {
                context.show(Form::new(EndForm::new(teaching.clone())));
            }
            _ => {}
        }
        false
    }
}
