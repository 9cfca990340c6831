//! The commands about classes, and finding one as people write it.

use clap::{Args, Subcommand};
use hillview_shared::classes::{AddClass, Class};
use hillview_shared::text::fold;
use hillview_shared::{ApiError, Kind};
use serde::Serialize;

use super::Context;
use super::connection::{Session, ask};
use super::output::{self, Column, Outcome};

#[derive(Subcommand)]
pub enum Command {
    /// List the classes of the current year that you may see
    #[command(before_help = "\
Examples:
  hillview classes list
  hillview classes list --format json")]
    List,
    Add(Add),
}

/// Add a class to the current year
#[derive(Args)]
#[command(before_help = "\
Examples:
  hillview classes add 4 East
  hillview classes add 'Grade 7'    (a grade without streams)")]
pub struct Add {
    /// The grade: 4, G4, Grade 4
    grade: String,
    /// The stream's label, where the grade has several
    stream: Option<String>,
}

#[derive(Serialize)]
struct Row {
    name: String,
    grade: String,
    stream: String,
    year: String,
    students: i64,
    class_teacher: Option<String>,
    id: i64,
}

const COLUMNS: &[Column] = &[
    ("name", "CLASS"),
    ("grade", "GRADE"),
    ("stream", "STREAM"),
    ("year", "YEAR"),
    ("students", "STUDENTS"),
    ("class_teacher", "CLASS TEACHER"),
    ("id", ""),
];

impl From<Class> for Row {
    fn from(class: Class) -> Self {
        Self {
            name: class.name,
            grade: class.grade,
            stream: class.stream,
            year: class.year,
            students: class.students,
            class_teacher: class.class_teacher,
            id: class.id.0,
        }
    }
}

pub async fn run(command: Command, context: &Context) -> Result<Outcome, ApiError> {
    let session = Session::open(context).await?;
    match command {
        Command::List => {
            let classes = ask!(session, list_classes())?;
            let rows: Vec<Row> = classes.into_iter().map(Row::from).collect();
            output::list(context.settings.format, COLUMNS, &rows)?;
        }
        Command::Add(add) => {
            let request = AddClass {
                grade: add.grade,
                stream: add.stream.unwrap_or_default(),
            };
            let class = ask!(session, add_class(request))?;
            output::one(context.settings.format, COLUMNS, &Row::from(class))?;
        }
    }
    Ok(Outcome::Done)
}

/// The class of a name as people write it: `4A`, `4 East`, `Grade 4 - Blue`.
pub async fn find(session: &Session, name: &str) -> Result<Class, ApiError> {
    pick(ask!(session, list_classes())?, name)
}

fn pick(classes: Vec<Class>, name: &str) -> Result<Class, ApiError> {
    let wanted = key(name);
    let known: Vec<&str> = classes.iter().map(|class| class.name.as_str()).collect();
    let hint = format!("your classes are {}", known.join(", "));
    let found = classes.into_iter().find(|class| {
        [
            key(&class.name),
            key(&format!("{}{}", class.grade, class.stream)),
        ]
        .contains(&wanted)
    });
    found.ok_or_else(|| {
        let message = format!("no class {name:?}, or it is not yours to see");
        ApiError::new(Kind::NotFound, "unknown-class", message).hint(hint)
    })
}

/// What is left of a name when spacing, case and the word for grade do not count.
fn key(name: &str) -> String {
    let folded = fold(name);
    let rest = ["grade ", "class ", "std ", "standard ", "year "]
        .iter()
        .find_map(|word| folded.strip_prefix(word))
        .unwrap_or(&folded);
    let joined: String = rest.split(' ').collect();
    match joined.strip_prefix('g') {
        Some(number) if number.starts_with(|c: char| c.is_ascii_digit()) => number.to_owned(),
        _ => joined,
    }
}

#[cfg(test)]
mod tests {
    use hillview_shared::ids::{ClassId, GradeId};

    use super::*;

    fn class(id: i64, grade: &str, stream: &str, name: &str) -> Class {
        Class {
            id: ClassId(id),
            year: "2026".into(),
            grade_id: GradeId(1),
            grade: grade.into(),
            stream: stream.into(),
            name: name.into(),
            students: 0,
            class_teacher: None,
        }
    }

    #[test]
    fn a_class_is_found_as_people_write_it() {
        let classes = || {
            vec![
                class(1, "G4", "A", "4 A"),
                class(2, "G4", "East", "4 East"),
                class(3, "G7", "", "Grade 7"),
                class(4, "PP1", "", "PP1"),
                class(5, "F1", "Blue", "Form 1 Blue"),
            ]
        };
        for (name, id) in [
            ("4A", 1),
            ("4 a", 1),
            ("Grade 4 - East", 2),
            ("g4 EAST", 2),
            ("7", 3),
            ("Grade 7", 3),
            ("pp1", 4),
            ("F1 Blue", 5),
            ("form 1 blue", 5),
        ] {
            assert_eq!(pick(classes(), name).unwrap().id, ClassId(id), "{name}");
        }
        let error = pick(classes(), "4").unwrap_err();
        assert_eq!(
            (error.kind, error.code.as_str()),
            (Kind::NotFound, "unknown-class")
        );
        assert!(error.hint.unwrap().contains("4 A, 4 East"));
    }
}
