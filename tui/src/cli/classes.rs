//! The commands about classes, and finding one as people write it.

use clap::{Args, Subcommand};
use hillview_shared::classes::{AddClass, Class, ListClasses};
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
  hillview classes list --search 'Grade 4'
  hillview classes list --format json")]
    List {
        /// Only of this grade or stream, or with words in the name that begin so
        #[arg(long, value_name = "TEXT")]
        search: Option<String>,
    },
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
        Command::List { search } => {
            let classes = all(&session, search).await?;
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

async fn all(session: &Session, search: Option<String>) -> Result<Vec<Class>, ApiError> {
    let mut request = ListClasses {
        search,
        limit: 200,
        ..ListClasses::default()
    };
    let mut all = Vec::new();
    loop {
        let page = ask!(session, list_classes(request.clone()))?;
        all.extend(page.rows);
        if page.next.is_none() {
            return Ok(all);
        }
        request.after = page.next;
    }
}

/// The class of a name as people write it: `4A`, `4 East`, `Grade 4 - Blue`.
pub async fn find(session: &Session, name: &str) -> Result<Class, ApiError> {
    let request = ListClasses {
        class: Some(name.to_owned()),
        ..ListClasses::default()
    };
    if let Some(class) = ask!(session, list_classes(request))?
        .rows
        .into_iter()
        .next()
    {
        return Ok(class);
    }
    let known = ask!(session, list_classes(ListClasses::default()))?;
    let names: Vec<&str> = known.rows.iter().map(|class| class.name.as_str()).collect();
    let hint = match (names.as_slice(), known.next) {
        ([], _) => "you see no class this year".to_owned(),
        (names, None) => format!("your classes are {}", names.join(", ")),
        _ => "hillview classes list shows those there are".to_owned(),
    };
    let message = format!("no class {name:?}, or it is not yours to see");
    Err(ApiError::new(Kind::NotFound, "unknown-class", message).hint(hint))
}
