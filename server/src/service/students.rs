//! Students: who they are and which class they are in.

use chrono::{Days, NaiveDate};
use hillview_shared::accounts::Permission;
use hillview_shared::ids::{ClassId, StudentId};
use hillview_shared::marks::Entry;
use hillview_shared::students::{
    AddStudent, EditStudent, ListStudents, MoveStudent, Page, Student, StudentDetail, StudentMark,
    StudentStatus, WhichStudent,
};
use hillview_shared::text::fold;
use hillview_shared::{ApiError, Kind};

use crate::caller::Caller;
use crate::db::student_lists::{self, After, Filter, Listed};
use crate::db::students::{self, NewStudent, admission_key};
use crate::db::{Tx, marks};
use crate::error::{Error, Result};
use crate::service::State;
use crate::service::calendar::this_year;
use crate::service::numbers::{self, Pattern};
use crate::service::{assessments, classes, fields};

/// The longest name, in characters.
pub const NAME_MAX: usize = 120;
/// The longest admission number, in characters.
pub const NUMBER_MAX: usize = 40;
/// The longest key of a page, in bytes: a name that sorts and an id.
const PAGE_KEY_MAX: usize = 1_000;
/// How often a number that the server chose is chosen again because somebody else took it.
const NUMBER_TRIES: u32 = 10;
/// No two students have the same admission number.
const NUMBER_UNIQUE: &str = "student_admission_key_unique";
/// Between the two halves of a page's key, and before one that is a number; no name has it.
const KEY: char = '\u{1}';

/// Lists or searches students within the caller's reach. A text with a digit is looked for among
/// the numbers first, which an index finds however many students there are; names seldom have one.
pub async fn list(_: &State, caller: &Caller, request: ListStudents) -> Result<Page<Student>> {
    let limit = fields::page(request.limit)?;
    let mut within = caller.classes(Permission::StudentsRead);
    if let Some(class) = request.class {
        let sees = caller.sees_class(class);
        within = Some(Vec::from_iter(sees.then_some(class)));
    }
    if within.as_ref().is_some_and(Vec::is_empty) {
        return Ok(Page {
            rows: Vec::new(),
            next: None,
        });
    }
    let search = request.search.unwrap_or_default();
    fields::optional("search", &search, NAME_MAX)?;
    let folded = fold(&search);
    let mut words = folded.split(' ');
    let words = [0; 3].map(|_| words.next().unwrap_or_default());
    let number = admission_key(search.trim());
    let by_name = After::Name("", StudentId(0));
    let first = match number.contains(char::is_numeric) {
        true => After::Number(""),
        false => by_name,
    };
    let mut filter = Filter {
        within: within.as_deref(),
        words,
        number: &number,
        all: request.all,
        after: match request.after.as_deref().unwrap_or_default() {
            "" => first,
            key => page_key(key)?,
        },
        limit: limit + 1,
    };
    let mut rows = student_lists::list(caller.db(), &filter).await?;
    if rows.is_empty() && matches!(filter.after, After::Number("")) {
        filter.after = by_name;
        rows = student_lists::list(caller.db(), &filter).await?;
    }
    let page = fields::paged(rows, limit, |row| key_of(row, filter.after));
    Ok(Page {
        rows: page.rows.into_iter().map(|row| row.student).collect(),
        next: page.next,
    })
}

/// Where a page of the order goes on.
fn key_of(row: &Listed, order: After<'_>) -> String {
    match order {
        After::Name(..) => format!("{}{KEY}{}", row.sort_name, row.student.id),
        After::Number(_) => format!("{KEY}{KEY}{}", admission_key(&row.student.admission_no)),
    }
}

fn page_key(text: &str) -> Result<After<'_>, ApiError> {
    if text.len() > PAGE_KEY_MAX {
        return Err(fields::bad_page());
    }
    let (name, id) = text.split_once(KEY).ok_or_else(fields::bad_page)?;
    match id.strip_prefix(KEY) {
        Some(number) if name.is_empty() => Ok(After::Number(number)),
        _ => match id.parse() {
            Ok(id) => Ok(After::Name(name, StudentId(id))),
            Err(_) => Err(fields::bad_page()),
        },
    }
}

/// Shows a student with every enrolment, and those marks of the year that the caller may see.
pub async fn show(state: &State, caller: &Caller, request: WhichStudent) -> Result<StudentDetail> {
    let db = caller.db();
    let student = match &request {
        WhichStudent::Id(id) => students::one(db.into(), *id).await?,
        WhichStudent::AdmissionNo(number) => {
            fields::optional("admission number", number, NUMBER_MAX)?;
            students::numbered(db, &admission_key(number.trim())).await?
        }
    };
    let student = student.filter(|student| sees(caller, student));
    let student = student.ok_or_else(|| ApiError::not_found("student"))?;
    let enrolments = students::enrolments(db, student.id).await?;
    let year = this_year(state, caller).await?;
    let mut seen = students::marks(db, student.id, year).await?;
    seen.retain(|mark| caller.sees_marks(mark.class_id, mark.offering_id));
    let mut told = Vec::new();
    for mark in seen {
        let entry = marks::stored(Some(mark.state), mark.score, mark.level);
        let level = match entry {
            Entry::Score(score) => {
                let scheme = assessments::scheme(state, caller, db, mark.scheme_id).await?;
                scheme
                    .band(score, mark.out_of)
                    .map(|band| band.code.clone())
            }
            _ => None,
        };
        let (assessment, paper, out_of) = (mark.assessment, mark.paper, mark.out_of);
        told.push(StudentMark {
            assessment,
            paper,
            entry,
            out_of,
            level,
        });
    }
    Ok(StudentDetail {
        student,
        enrolments,
        marks: told,
    })
}

/// Adds a student to a class, from today.
pub async fn add(state: &State, caller: &Caller, request: AddStudent) -> Result<Student> {
    let now = state.clock.now();
    let today = caller.today(now);
    let name = fields::name("name", &request.name, NAME_MAX)?;
    born_before(request.birth_date, today)?;
    classes::must_be_current(state, caller, request.class).await?;
    caller.require_in(Permission::StudentsWrite, Some(request.class))?;
    let given = match &request.admission_no {
        Some(number) => Some(fields::number("admission number", number, NUMBER_MAX)?),
        None => None,
    };
    let add_once = || {
        caller.db().write(async |tx| {
            let number = match &given {
                Some(number) => number.clone(),
                None => choose_number(tx).await?,
            };
            let new = NewStudent {
                admission_no: &number,
                name: &name,
                sex: request.sex,
                birth_date: request.birth_date,
            };
            let id = students::add(tx, &new, caller.user(), now).await?;
            students::enrol(tx, id, request.class, today, caller.user(), now).await?;
            read_back(tx, id).await
        })
    };
    let mut added = add_once().await;
    // Somebody else took the number that was chosen: the one after it is free.
    let mut tries = 1;
    while given.is_none() && tries < NUMBER_TRIES && is_taken(&added) {
        added = add_once().await;
        tries += 1;
    }
    let taken = match given {
        Some(_) => number_taken(),
        None => numbers_contended(),
    };
    added.map_err(|error| {
        error
            .on_unique(NUMBER_UNIQUE, taken)
            .on_foreign_key(classes::unknown("such class"))
    })
}

fn is_taken(added: &Result<Student>) -> bool {
    matches!(added, Err(Error::Database(failure)) if failure.is_unique(NUMBER_UNIQUE))
}

/// The number for a student who comes without one.
async fn choose_number(tx: &mut Tx) -> Result<String> {
    let latest = students::latest_numbers((&mut *tx).into()).await?;
    let pattern = latest.iter().find_map(|number| Pattern::of(number));
    let highest = match &pattern {
        Some(pattern) => {
            let found = students::highest_number(tx.into(), pattern.key()).await?;
            let key = found.as_deref().map(admission_key);
            pattern.highest(key.iter())
        }
        None => None,
    };
    let number = numbers::next(highest.as_deref());
    if number.chars().count() > NUMBER_MAX {
        let message = format!(
            "no number can be assigned: the highest admission number is {}, and one after it would have {} characters; at most {NUMBER_MAX} are allowed",
            highest.unwrap_or_default(),
            number.chars().count()
        );
        return Err(ApiError::conflict("numbers-used-up", message)
            .hint("give the student an admission number")
            .into());
    }
    Ok(number)
}

/// Changes a student; a status other than active ends the enrolment today.
pub async fn edit(state: &State, caller: &Caller, request: EditStudent) -> Result<Student> {
    let now = state.clock.now();
    let today = caller.today(now);
    born_before(request.birth_date, today)?;
    let name = match &request.name {
        Some(name) => Some(fields::name("name", name, NAME_MAX)?),
        None => None,
    };
    let number = match &request.admission_no {
        Some(number) => Some(fields::number("admission number", number, NUMBER_MAX)?),
        None => None,
    };
    let edited = caller
        .db()
        .write(async |tx| {
            let student = students::one((&mut *tx).into(), request.student).await?;
            let mut student = student
                .filter(|student| sees(caller, student))
                .ok_or_else(|| ApiError::not_found("student"))?;
            caller.require_in(Permission::StudentsWrite, student.class_id)?;
            student.v = request.based_on;
            student.name = name.clone().unwrap_or(student.name);
            student.admission_no = number.clone().unwrap_or(student.admission_no);
            student.sex = request.sex.or(student.sex);
            student.birth_date = request.birth_date.or(student.birth_date);
            student.status = request.status.unwrap_or(student.status);
            if !students::edit(tx, &student, caller.user(), now).await? {
                let message = "somebody else changed this student meanwhile";
                return Err(ApiError::conflict("changed-meanwhile", message)
                    .hint("look at the student again, then repeat the change")
                    .into());
            }
            if student.status != StudentStatus::Active && student.class_id.is_some() {
                students::end_enrolment(tx, student.id, today).await?;
            }
            read_back(tx, student.id).await
        })
        .await;
    edited.map_err(|error| error.on_unique(NUMBER_UNIQUE, number_taken()))
}

/// Moves a student to another class from today; the old enrolment ends yesterday.
pub async fn move_to(state: &State, caller: &Caller, request: MoveStudent) -> Result<Student> {
    let now = state.clock.now();
    let today = caller.today(now);
    classes::must_be_current(state, caller, request.class).await?;
    caller.require_in(Permission::StudentsWrite, Some(request.class))?;
    let moved = caller
        .db()
        .write(async |tx| {
            if students::hold(tx, request.student).await?.is_none() {
                return Err(ApiError::not_found("student").into());
            }
            let student = read_back(tx, request.student).await?;
            if !sees(caller, &student) {
                return Err(ApiError::not_found("student").into());
            }
            caller.require_in(Permission::StudentsWrite, student.class_id)?;
            if student.status != StudentStatus::Active {
                let message = format!("the student is {}, not active", student.status);
                return Err(ApiError::conflict("not-active", message).into());
            }
            if student.class_id != Some(request.class) {
                enrol_anew(tx, caller, request.student, request.class, (today, now)).await?;
            }
            read_back(tx, request.student).await
        })
        .await;
    moved.map_err(|error| error.on_foreign_key(classes::unknown("such class")))
}

/// Ends where a student is and enrols them in another class from today.
pub async fn enrol_anew(
    tx: &mut Tx,
    caller: &Caller,
    student: StudentId,
    class: ClassId,
    (today, now): (NaiveDate, hillview_shared::ids::Moment),
) -> Result<()> {
    let yesterday = today.checked_sub_days(Days::new(1)).unwrap_or(today);
    students::end_enrolment(tx, student, yesterday).await?;
    Ok(students::enrol(tx, student, class, today, caller.user(), now).await?)
}

async fn read_back(tx: &mut Tx, id: StudentId) -> Result<Student> {
    let student = students::one(tx.into(), id).await?;
    student.ok_or_else(|| ApiError::not_found("student").into())
}

fn sees(caller: &Caller, student: &Student) -> bool {
    caller.may(Permission::StudentsRead)
        || student
            .class_id
            .is_some_and(|class| caller.sees_class(class))
}

fn born_before(birth_date: Option<NaiveDate>, today: NaiveDate) -> Result<()> {
    let earliest = NaiveDate::from_ymd_opt(1900, 1, 1);
    match birth_date {
        Some(date) if date > today || Some(date) < earliest => {
            let message = format!("{date} is no birth date: it lies before 1900 or after today");
            Err(ApiError::invalid("impossible-date", message).into())
        }
        _ => Ok(()),
    }
}

fn number_taken() -> ApiError {
    ApiError::new(
        Kind::Conflict,
        "number-taken",
        "another student has this admission number",
    )
    .hint("hillview students show NUMBER shows who")
}

fn numbers_contended() -> ApiError {
    let message = "others took every number that was chosen; nothing was saved";
    ApiError::new(Kind::Busy, "busy", message).hint("try again in a moment")
}
