//! The class that a row asks for, found among those of the school or created.

use std::collections::HashMap;

use hillview_shared::ids::GradeId;

use super::cells::{Flaw, one_line};
use super::header::Table;
use super::headings::Field;
use super::read::Line;
use super::students::{ClassRef, NewClass};
use crate::db::classes::{Grade, Named};
use crate::service::classes::STREAM_MAX;
use crate::service::names::{find_grade, same_stream, split_class, stream_label};
use crate::service::spelling::class_name;

/// The most classes that one file creates: twice as many as ten thousand students have.
const CREATED_MAX: usize = 500;

/// A grade and a stream as a row asks for them. Two spellings of one stream are one wish.
#[derive(Clone, Debug)]
pub struct Wish {
    pub grade: GradeId,
    pub stream: String,
}

impl PartialEq for Wish {
    fn eq(&self, other: &Self) -> bool {
        self.grade == other.grade && same_stream(&self.stream, &other.stream)
    }
}

impl Eq for Wish {}

impl std::hash::Hash for Wish {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.grade.hash(state);
        hillview_shared::text::fold(&self.stream).hash(state);
    }
}

/// What can be wrong with the class of a row, and in which of its columns.
type WishFlaw = (Field, Flaw);

/// Reads the classes of rows. A school has far fewer classes than students, so what was read once
/// is remembered.
pub struct Wishes<'a> {
    grades: &'a [Grade],
    /// By the class or grade's field and text, and the stream's text.
    read: HashMap<(Field, String, String), Result<Option<Wish>, WishFlaw>>,
}

impl<'a> Wishes<'a> {
    pub fn new(grades: &'a [Grade]) -> Self {
        Self {
            grades,
            read: HashMap::new(),
        }
    }

    /// Reads the class of a row from its one cell, or from its grade and stream; `None` where all
    /// are empty.
    pub fn of(&mut self, table: &Table, row: &Line) -> Result<Option<Wish>, WishFlaw> {
        let (field, text) = match table.cell(row, Field::Class) {
            "" => (Field::Grade, table.cell(row, Field::Grade)),
            class => (Field::Class, class),
        };
        let stream = table.cell(row, Field::Stream);
        let key = (field, text.to_owned(), stream.to_owned());
        let read = self.read.entry(key);
        read.or_insert_with(|| wish(self.grades, field, text, stream))
            .clone()
    }
}

fn wish(
    grades: &[Grade],
    field: Field,
    text: &str,
    stream: &str,
) -> Result<Option<Wish>, WishFlaw> {
    let stream = stream_label(stream);
    if text.is_empty() {
        if stream.is_empty() {
            return Ok(None);
        }
        let reason = format!("the row has the stream {stream:?} but no grade");
        return Err((Field::Grade, Flaw::new("missing-grade", reason)));
    }
    let (grade, label) = match find_grade(grades, text) {
        Some(grade) => (grade, String::new()),
        None => split_class(grades, text).ok_or_else(|| (field, unknown_grade(text, grades)))?,
    };
    let stream = match (label.as_str(), stream.as_str()) {
        (_, "") => label,
        ("", _) => stream,
        (of_class, own) if same_stream(of_class, own) => label,
        (of_class, own) => {
            let reason = format!("the class says {of_class:?} and the stream says {own:?}");
            return Err((Field::Stream, Flaw::new("which-stream", reason)));
        }
    };
    let stream = one_line(&stream).map_err(|flaw| (Field::Stream, flaw))?;
    if stream.chars().count() > STREAM_MAX {
        let reason = format!("the stream is longer than {STREAM_MAX} characters");
        return Err((Field::Stream, Flaw::new("bad-stream", reason)));
    }
    Ok(Some(Wish {
        grade: grade.grade_id,
        stream,
    }))
}

fn unknown_grade(text: &str, grades: &[Grade]) -> Flaw {
    let ends = [grades.first(), grades.last()].map(|grade| grade.map_or("", |grade| &grade.name));
    let reason = format!(
        "{text:?} is no grade of the school, which has {} to {}",
        ends[0], ends[1]
    );
    Flaw::new("unknown-grade", reason)
}

/// The classes of the school's year, and those that the file may add.
pub struct Classes<'a> {
    grades: &'a [Grade],
    known: &'a [Named],
    /// `None` where classes are not created.
    wished: Option<Vec<(Wish, Option<usize>)>>,
}

impl<'a> Classes<'a> {
    pub fn new(grades: &'a [Grade], known: &'a [Named], create: bool) -> Self {
        Self {
            grades,
            known,
            wished: create.then(Vec::new),
        }
    }

    /// The class that is wished for. A new one is only a wish until it is settled.
    pub fn find(&mut self, wish: &Wish) -> Result<ClassRef, (Field, Flaw)> {
        let of_grade = || {
            self.known
                .iter()
                .filter(|class| class.grade.grade_id == wish.grade)
        };
        if let Some(class) = of_grade().find(|class| same_stream(&class.stream, &wish.stream)) {
            return Ok(ClassRef::Known(class.id));
        }
        let name = self.name(wish);
        let streams: Vec<&str> = of_grade().map(|class| class.class.as_str()).collect();
        if wish.stream.is_empty() && !streams.is_empty() {
            let reason = format!("{name} has the classes {}: name one", streams.join(", "));
            return Err((Field::Stream, Flaw::new("which-stream", reason)));
        }
        let Some(wished) = &mut self.wished else {
            let reason = format!("there is no class {name} this year: add it, or have it created");
            return Err((Field::Class, Flaw::new("unknown-class", reason)));
        };
        let place = wished.iter().position(|(known, _)| known == wish);
        if place.is_none() && wished.len() == CREATED_MAX {
            let reason = format!("the file names more than {CREATED_MAX} new classes");
            return Err((Field::Class, Flaw::new("too-many-classes", reason)));
        }
        let place = place.unwrap_or_else(|| {
            wished.push((wish.clone(), None));
            wished.len() - 1
        });
        Ok(ClassRef::New(place))
    }

    /// Makes a wish part of the plan, for a row that is not refused.
    pub fn settle(&mut self, class: ClassRef, plan: &mut Vec<NewClass>) -> ClassRef {
        let ClassRef::New(place) = class else {
            return class;
        };
        let wished = self
            .wished
            .as_mut()
            .expect("only a creating plan has new classes");
        let (wish, settled) = &mut wished[place];
        let at = *settled.get_or_insert(plan.len());
        if at == plan.len() {
            let (grade, stream) = (wish.grade, wish.stream.clone());
            let wish = wish.clone();
            let name = self.name(&wish);
            plan.push(NewClass {
                grade,
                stream,
                name,
            });
        }
        ClassRef::New(at)
    }

    fn name(&self, wish: &Wish) -> String {
        let grade = self
            .grades
            .iter()
            .find(|grade| grade.grade_id == wish.grade);
        grade.map_or_else(
            || wish.stream.clone(),
            |grade| class_name(grade, &wish.stream),
        )
    }
}
