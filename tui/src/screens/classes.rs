//! The classes that one may see: a list, searched by grade, stream or name, a page at a time.

use hillview_shared::api::{HillviewRequest, Reply};
use hillview_shared::classes::{Class, ListClasses};
use hillview_shared::students::Page;

use crate::app::context::{Context, Open};
use crate::command::{Command, Scope};
use crate::shapes::list::{Answer, Listing};
use crate::theme::Tone;
use crate::widgets::columns::Column;
use crate::widgets::inputs::{Input, Inputs};

#[derive(Debug)]
pub struct ClassList;

impl Listing for ClassList {
    type Row = Class;
    const COLUMNS: &'static [Column] = &[
        Column::new("Class", 16),
        Column::new("Students", 9),
        Column::new("Class teacher", 16).grows(),
    ];
    const NOUNS: (&'static str, &'static str) = ("class", "classes");

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Classes, Scope::Rows, Scope::Anywhere]
    }

    fn place(&self) -> String {
        "Classes".to_owned()
    }

    fn filters(&self) -> Inputs {
        Inputs::new([("Search (grade, stream or class)", Input::text("", 60))])
    }

    fn request(
        &self,
        filters: &Inputs,
        (after, limit): (Option<String>, u16),
        _context: &Context,
    ) -> HillviewRequest {
        let request = ListClasses {
            search: filters.given(0),
            after,
            limit,
            ..ListClasses::default()
        };
        HillviewRequest::ListClasses { request }
    }

    fn page(&mut self, answer: Answer) -> Reply<Page<Class>> {
        crate::reply!(answer, ListClasses)
    }

    fn cells(&self, class: &Class, _context: &Context) -> (Tone, Vec<String>) {
        let cells = vec![
            class.name.clone(),
            format!("{:>8}", class.students),
            class.class_teacher.clone().unwrap_or("-".to_owned()),
        ];
        (Tone::Plain, cells)
    }

    fn none(&self, filters: &Inputs) -> String {
        match filters.given(0) {
            Some(text) => format!("No class that you may see fits {text:?}."),
            None => "There is no class that you may see.".to_owned(),
        }
    }

    fn note(&self, classes: &[Class]) -> String {
        let students: i64 = classes.iter().map(|class| class.students).sum();
        format!(", students: {students}")
    }

    fn why_not(
        &self,
        command: Command,
        _class: Option<&Class>,
        _context: &Context,
    ) -> Option<String> {
        (command == Command::Classes).then(|| "they are on the screen".to_owned())
    }

    fn command(&mut self, command: Command, class: Option<&Class>, context: &mut Context) -> bool {
        if let (Command::Open, Some(class)) = (command, class) {
            context.open(Open::Students {
                class: Some(class.clone()),
                searching: false,
            });
        }
        false
    }
}
