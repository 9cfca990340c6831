//! The commands about students.

use chrono::NaiveDate;
use clap::{Args, Subcommand};
use hillview_shared::ApiError;
use hillview_shared::ids::ClassId;
use hillview_shared::students::{
    AddStudent, EditStudent, ListStudents, MoveStudent, Sex, Student, StudentDetail, StudentMark,
    StudentStatus, WhichStudent,
};
use serde::Serialize;

use super::connection::{Session, ask};
use super::output::{self, Column, Decimal, Outcome};
use super::{Context, classes, imports, one_of};
use crate::config::Format;

#[derive(Subcommand)]
pub enum Command {
    List(List),
    Show(Show),
    Add(Add),
    Edit(Edit),
    Move(Move),
    Import(imports::Students),
    Export(Export),
}

/// List students by name, or search them
#[derive(Args)]
#[command(before_help = "\
Examples:
  hillview students list --class '4 East'
  hillview students list --search 'wanj'
  hillview students list --all --format csv > students.csv")]
pub struct List {
    /// Only this class
    #[arg(long)]
    class: Option<String>,
    /// Only whose name has words that begin so, or whose number begins so
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
    /// Also those who have left
    #[arg(long)]
    all: bool,
}

/// Show a student with classes and marks
#[derive(Args)]
#[command(before_help = "\
Examples:
  hillview students show 4312
  hillview students show ADM001 --format json")]
pub struct Show {
    /// The admission number
    #[arg(value_name = "ADM")]
    number: String,
}

/// Add a student to a class
#[derive(Args)]
#[command(before_help = "\
Examples:
  hillview students add --name \"Wanjiku wa Kamau\" --class '4 East' --number 4312 --sex female
  hillview students add --name 'Baraka Otieno' --class 4A --born 2016-03-09    (the server numbers)")]
pub struct Add {
    /// The full name
    #[arg(long)]
    name: String,
    /// The class to enrol in, from today
    #[arg(long)]
    class: String,
    /// The admission number; without it the server gives one
    #[arg(long, value_name = "ADM")]
    number: Option<String>,
    /// The sex
    #[arg(long, value_parser = one_of(Sex::ALL, Sex::word))]
    sex: Option<Sex>,
    /// The birth date
    #[arg(long, value_name = "YYYY-MM-DD")]
    born: Option<NaiveDate>,
}

/// Change a student; what is not named stays
#[derive(Args)]
#[command(before_help = "\
Examples:
  hillview students edit 4312 --name 'Wanjiku Kamau'
  hillview students edit 4312 --status transferred")]
pub struct Edit {
    /// The admission number
    #[arg(value_name = "ADM")]
    adm: String,
    #[command(flatten)]
    changes: Changes,
}

#[derive(Args)]
#[group(required = true, multiple = true)]
struct Changes {
    /// A new name
    #[arg(long)]
    name: Option<String>,
    /// A new admission number
    #[arg(long, value_name = "ADM")]
    number: Option<String>,
    /// The sex
    #[arg(long, value_parser = one_of(Sex::ALL, Sex::word))]
    sex: Option<Sex>,
    /// The birth date
    #[arg(long, value_name = "YYYY-MM-DD")]
    born: Option<NaiveDate>,
    /// The status; anything but active ends the enrolment today
    #[arg(long, value_parser = one_of(StudentStatus::ALL, StudentStatus::word))]
    status: Option<StudentStatus>,
}

/// Move students to another class from today
#[derive(Args)]
#[command(before_help = "\
Examples:
  hillview students move 4312 --class '4 West'
  hillview students move 4312 4313 4314 --class 4B")]
pub struct Move {
    /// The admission numbers
    #[arg(value_name = "ADM", required = true)]
    numbers: Vec<String>,
    /// The class to move to
    #[arg(long)]
    class: String,
}

/// Write students as a CSV file that an import takes
#[derive(Args)]
#[command(before_help = "\
Examples:
  hillview students export > students.csv
  hillview students export --class '4 East' > 4-east.csv")]
pub struct Export {
    /// Only this class
    #[arg(long)]
    class: Option<String>,
}

/// A student as printed.
#[derive(Serialize)]
pub struct Row {
    admission_no: String,
    name: String,
    sex: Option<Sex>,
    birth_date: Option<NaiveDate>,
    class: Option<String>,
    status: StudentStatus,
    id: i64,
    version: i64,
}

const COLUMNS: &[Column] = &[
    ("admission_no", "NUMBER"),
    ("name", "NAME"),
    ("sex", "SEX"),
    ("birth_date", "BORN"),
    ("class", "CLASS"),
    ("status", "STATUS"),
    ("id", ""),
    ("version", ""),
];

impl From<Student> for Row {
    fn from(student: Student) -> Self {
        Self {
            admission_no: student.admission_no,
            name: student.name,
            sex: student.sex,
            birth_date: student.birth_date,
            class: student.class,
            status: student.status,
            id: student.id.0,
            version: student.v.0,
        }
    }
}

pub async fn run(command: Command, context: &Context) -> Result<Outcome, ApiError> {
    let format = context.settings.format;
    match command {
        Command::List(list) => {
            let session = Session::open(context).await?;
            let rows = list_all(&session, list.class.as_deref(), list.search, list.all).await?;
            output::list(format, COLUMNS, &rows)?;
        }
        Command::Show(show) => return self::show(show, context).await,
        Command::Add(add) => {
            let session = Session::open(context).await?;
            let request = AddStudent {
                admission_no: add.number,
                name: add.name,
                sex: add.sex,
                birth_date: add.born,
                class: classes::find(&session, &add.class).await?.id,
            };
            let student = ask!(session, add_student(request))?;
            output::one(format, COLUMNS, &Row::from(student))?;
        }
        Command::Edit(edit) => {
            let session = Session::open(context).await?;
            let student = find(&session, &edit.adm).await?;
            let request = EditStudent {
                student: student.id,
                based_on: student.v,
                name: edit.changes.name,
                admission_no: edit.changes.number,
                sex: edit.changes.sex,
                birth_date: edit.changes.born,
                status: edit.changes.status,
            };
            let student = ask!(session, edit_student(request))?;
            output::one(format, COLUMNS, &Row::from(student))?;
        }
        Command::Move(command) => return move_all(command, context).await,
        Command::Import(import) => return imports::students(import, context).await,
        Command::Export(export) => {
            let session = Session::open(context).await?;
            let rows = list_all(&session, export.class.as_deref(), None, false).await?;
            output::list(Format::Csv, &COLUMNS[..5], &rows)?;
        }
    }
    Ok(Outcome::Done)
}

/// The student of an admission number.
pub async fn find(session: &Session, number: &str) -> Result<Student, ApiError> {
    let which = WhichStudent::AdmissionNo(number.to_owned());
    Ok(ask!(session, show_student(which))
        .map_err(|error| named(error, number))?
        .student)
}

/// Says whose number it was that nobody has.
fn named(mut error: ApiError, number: &str) -> ApiError {
    if error.kind == hillview_shared::Kind::NotFound {
        error.message = format!("{number}: {}", error.message);
    }
    error
}

async fn list_all(
    session: &Session,
    class: Option<&str>,
    search: Option<String>,
    all: bool,
) -> Result<Vec<Row>, ApiError> {
    let class: Option<ClassId> = match class {
        Some(name) => Some(classes::find(session, name).await?.id),
        None => None,
    };
    let mut request = ListStudents {
        class,
        search,
        all,
        after: None,
        limit: 200,
    };
    let mut rows = Vec::new();
    loop {
        let page = ask!(session, list_students(request.clone()))?;
        rows.extend(page.rows.into_iter().map(Row::from));
        if page.next.is_none() {
            return Ok(rows);
        }
        request.after = page.next;
    }
}

async fn move_all(command: Move, context: &Context) -> Result<Outcome, ApiError> {
    let session = Session::open(context).await?;
    let class = classes::find(&session, &command.class).await?.id;
    // All are looked up first, so that a wrong number moves nobody.
    let mut students = Vec::new();
    for number in &command.numbers {
        students.push(find(&session, number).await?.id);
    }
    let mut rows = Vec::new();
    for student in students {
        let moved = ask!(session, move_student(MoveStudent { student, class }))?;
        rows.push(Row::from(moved));
    }
    output::list(context.settings.format, COLUMNS, &rows)?;
    Ok(Outcome::Done)
}

/// A student's page as printed in JSON.
#[derive(Serialize)]
struct Detail {
    #[serde(flatten)]
    student: Row,
    enrolments: Vec<Enrolment>,
    marks: Vec<Mark>,
}

#[derive(Serialize)]
struct Enrolment {
    class: String,
    year: String,
    starts: NaiveDate,
    ends: Option<NaiveDate>,
}

const ENROLMENT_COLUMNS: &[Column] = &[
    ("class", "CLASS"),
    ("year", "YEAR"),
    ("starts", "FROM"),
    ("ends", "TO"),
];

#[derive(Serialize)]
struct Mark {
    assessment: String,
    paper: String,
    mark: String,
    state: &'static str,
    score: Option<Decimal>,
    out_of: Decimal,
    level: Option<String>,
}

const MARK_COLUMNS: &[Column] = &[
    ("assessment", "ASSESSMENT"),
    ("paper", "PAPER"),
    ("mark", "MARK"),
    ("out_of", "OUT OF"),
    ("level", "LEVEL"),
];

impl From<StudentMark> for Mark {
    fn from(mark: StudentMark) -> Self {
        Self {
            assessment: mark.assessment,
            paper: mark.paper,
            mark: mark.entry.to_string(),
            state: mark.entry.state().map_or("blank", |state| state.word()),
            score: mark.entry.score().map(Decimal),
            out_of: Decimal(mark.out_of),
            level: mark.level.or_else(|| mark.entry.level().map(str::to_owned)),
        }
    }
}

impl From<StudentDetail> for Detail {
    fn from(detail: StudentDetail) -> Self {
        Self {
            student: detail.student.into(),
            enrolments: detail
                .enrolments
                .into_iter()
                .map(|enrolment| Enrolment {
                    class: enrolment.class,
                    year: enrolment.year,
                    starts: enrolment.starts,
                    ends: enrolment.ends,
                })
                .collect(),
            marks: detail.marks.into_iter().map(Mark::from).collect(),
        }
    }
}

async fn show(show: Show, context: &Context) -> Result<Outcome, ApiError> {
    let session = Session::open(context).await?;
    let which = WhichStudent::AdmissionNo(show.number.clone());
    let detail: Detail = ask!(session, show_student(which))
        .map_err(|error| named(error, &show.number))?
        .into();
    match context.settings.format {
        Format::Json => output::write(output::json(&detail)?.as_bytes())?,
        Format::Csv => output::one(Format::Csv, COLUMNS, &detail.student)?,
        Format::Table => {
            output::one(Format::Table, COLUMNS, &detail.student)?;
            output::part(ENROLMENT_COLUMNS, &detail.enrolments)?;
            output::part(MARK_COLUMNS, &detail.marks)?;
        }
    }
    Ok(Outcome::Done)
}
