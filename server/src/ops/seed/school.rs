//! Making the school: through the service as far as there is one, then by the thousand.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hillview_shared::ApiError;
use hillview_shared::audit::Action;
use hillview_shared::ids::{GradeId, SubjectId};
use hillview_shared::marks::Score;
use hillview_shared::schools::RemoveSchool;
use serde::Serialize;

use super::layout::{self, Layout};
use super::marks::{Book, Filling};
use super::people::{self, Timetable};
use super::sheets::Papers;
use super::{calendar, load};
use crate::db::{Db, accounts, classes, schools as known, subjects};
use crate::error::{Error, Result};
use crate::service::State;
use crate::service::audit::{self, By, Event};
use crate::service::packs::Pack;
use crate::service::schools::{self, Actor, NewSchool, Ready};

/// Everybody's password.
pub const PASSWORD: &str = "a measured school";
const PACK: &str = "ke-cbe";
/// Who makes the school.
const ADMIN: &str = "admin";

/// How large a school is, and which one of that size.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    pub students: usize,
    pub teachers: usize,
    pub marks: u64,
    pub seed: u64,
}

/// How far it has come.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    pub what: &'static str,
    pub done: u64,
    pub of: u64,
}

/// What was made.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Seeded {
    pub students: usize,
    /// Teachers, without the office.
    pub teachers: usize,
    /// Of both years.
    pub classes: usize,
    pub assessments: usize,
    pub sheets: usize,
    pub marks: u64,
    /// Rows of the history of marks.
    pub changes: u64,
    pub operations: u64,
    #[serde(rename = "took_ms", serialize_with = "as_millis")]
    pub took: Duration,
    /// Of that, for marks, history and operations.
    #[serde(rename = "marks_took_ms", serialize_with = "as_millis")]
    pub marks_took: Duration,
}

fn as_millis<S: serde::Serializer>(time: &Duration, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_u64(super::command::millis(*time))
}

/// Makes a school with people and marks. Its logins are `admin`, `head`, `deputy`, `registrar` and
/// the teachers `t00001`, `t00002` and so on, the first of whom have a class.
pub async fn school(
    state: &Arc<State>,
    code: &str,
    name: &str,
    size: &Size,
    progress: &dyn Fn(Step),
) -> Result<Seeded> {
    let began = Instant::now();
    let laid = lay(state, code, name, size, progress).await?;
    let filled = laid.fill(state, progress).await;
    laid.db.close().await;
    let seeded = filled?;
    laid.ready.open(state, Actor::Server).await?;
    Ok(Seeded {
        took: began.elapsed(),
        ..seeded
    })
}

/// A school with everything but marks, not open yet.
pub struct Laid {
    code: String,
    name: String,
    pub db: Db,
    ready: Ready,
    size: Size,
    pub book: Arc<Book>,
    pub fillings: Arc<[Filling]>,
    /// What was made so far.
    seeded: Seeded,
}

/// Refuses a size of which one number does not fit the others.
pub fn check(size: &Size) -> Result<()> {
    Layout::of(size, &Pack::named(PACK)?).map(|_| ())
}

/// Makes a school that lacks its marks.
pub async fn lay(
    state: &State,
    code: &str,
    name: &str,
    size: &Size,
    progress: &dyn Fn(Step),
) -> Result<Laid> {
    let layout = Layout::of(size, &Pack::named(PACK)?)?;
    refuse_known(state, code).await?;
    let new = NewSchool {
        code,
        name,
        pack: PACK,
        admin: ADMIN,
    };
    let ready = schools::prepare(state, &new).await?;
    let db = state.tenants.prepare(code).await?;
    let laid = people_and_sheets(state, &db, &layout, size, progress).await;
    match laid {
        Ok((book, fillings, seeded)) => Ok(Laid {
            code: code.to_owned(),
            name: name.to_owned(),
            db,
            ready,
            size: *size,
            book: Arc::new(book),
            fillings: fillings.into(),
            seeded,
        }),
        Err(error) => {
            db.close().await;
            Err(error)
        }
    }
}

impl Laid {
    /// Takes it away again, when its database is closed.
    pub async fn remove(self, state: &State) -> Result<()> {
        let (code, confirm) = (self.code, self.name);
        schools::remove(state, Actor::Server, &RemoveSchool { code, confirm }).await
    }

    /// Brings the marks in.
    pub async fn fill(&self, state: &State, progress: &dyn Fn(Step)) -> Result<Seeded> {
        let began = Instant::now();
        let (book, fillings) = (Arc::clone(&self.book), Arc::clone(&self.fillings));
        let loaded = load::marks(&self.db, book, fillings, self.size.marks, progress).await?;
        let marks_took = began.elapsed();
        note(state, &self.db, &self.size).await?;
        Ok(Seeded {
            marks: loaded.marks,
            changes: loaded.changes,
            operations: loaded.operations,
            marks_took,
            ..self.seeded
        })
    }
}

/// Unlike a school that is made by hand, one that is half made is not gone on with.
async fn refuse_known(state: &State, code: &str) -> Result<()> {
    let Some(school) = known::find(state.tenants.control(), code).await? else {
        return Ok(());
    };
    let text = format!("there is a school {code} already; it is {}", school.state);
    let suspend = match school.state.as_str() {
        "open" => format!("hillview-server school suspend {code}, then "),
        _ => String::new(),
    };
    let hint = format!(
        "choose another code, or remove it: {suspend}hillview-server school remove {code} --confirm='{}'",
        school.name
    );
    Err(ApiError::conflict("school-exists", text).hint(hint).into())
}

async fn people_and_sheets(
    state: &State,
    db: &Db,
    layout: &Layout,
    size: &Size,
    progress: &dyn Fn(Step),
) -> Result<(Book, Vec<Filling>, Seeded)> {
    let admin = accounts::find_login(db, ADMIN).await?;
    let admin = admin.ok_or_else(|| Error::fault("seed a school", "it has no administrator"))?;
    let password = state.hashers.hash(PASSWORD).await?;
    two_papers(db).await?;
    let years = calendar::add(db).await?;
    let papers = Papers::read(db, layout).await?;
    let offerings = [0, 1].map(|year| papers.offerings(layout, year));
    let timetables = offerings
        .each_ref()
        .map(|of_year| Timetable::of(of_year, size.teachers));
    let people = load::People {
        classes: papers.classes(layout, &years),
        students: people::students(&layout.groups, size.seed),
        enrolments: people::enrolments(&layout.groups, &years),
        staff: people::staff(size.teachers, size.seed),
        teaching: people::teaching(&years, &offerings, &timetables),
    };
    let (admin_id, v) = (admin.id, admin.v);
    let now = state.clock.now();
    db.write(async |tx| {
        accounts::set_password(tx, admin_id, v, &password, false, now).await?;
        Ok(())
    })
    .await?;
    load::people(db, &people, (admin.id, &password), &years, progress).await?;
    let assessments = calendar::assessments(&years, layout.assessments);
    let (sheets, fillings) = papers.sheets(layout, &assessments, &timetables, admin.id);
    let grades = papers.grades(layout);
    let covered: Vec<_> = (0..assessments.len())
        .map(|assessment| grades[layout::year(assessment, assessments.len())].clone())
        .collect();
    load::sheets(db, (&assessments, &covered), &sheets, admin.id, progress).await?;
    let book = Book::new(size.seed, &layout.groups, people.by_name(layout));
    let seeded = Seeded {
        students: people.students.len(),
        teachers: size.teachers,
        classes: people.classes.len(),
        assessments: assessments.len(),
        sheets: sheets.len(),
        ..Seeded::default()
    };
    Ok((book, fillings, seeded))
}

/// Says in the school's log where all this came from.
async fn note(state: &State, db: &Db, size: &Size) -> Result<()> {
    let now = state.clock.now();
    let detail = format!(
        "made up: {} students, {} teachers, {} marks, seed {}",
        size.students, size.teachers, size.marks, size.seed
    );
    let event = Event::new(Action::ImportApply, "seed").detail(detail);
    db.write(async |tx| audit::note(tx, &By::server(now), event.clone()).await)
        .await
}

/// Gives the languages two papers in the grades of the school.
async fn two_papers(db: &Db) -> Result<()> {
    let grades = classes::grades(db).await?;
    let ours = |code: &str| {
        let mut all = layout::GRADES.iter();
        all.any(|(before, now)| *before == code || *now == code)
    };
    let grades: Vec<GradeId> = grades
        .iter()
        .filter(|grade| ours(&grade.code))
        .map(|grade| grade.grade_id)
        .collect();
    db.write(async |tx| {
        for (code, papers) in layout::TWO_PAPERS {
            let subject = subjects::coded(tx, code).await?;
            let (subject, _) = subject.ok_or_else(|| lacks(code))?;
            for grade in &grades {
                let subject = SubjectId(subject);
                let offering = subjects::offering(tx, *grade, subject).await?;
                let offering = offering.ok_or_else(|| lacks(code))?;
                subjects::clear_papers(tx, offering).await?;
                for (ordinal, (code, name, out_of)) in (1..).zip(papers) {
                    let new = subjects::NewPaper {
                        code,
                        name,
                        ordinal,
                        weight: out_of * 100,
                        out_of: Score::whole(out_of),
                    };
                    subjects::add_paper(tx, offering, &new).await?;
                }
            }
        }
        Ok(())
    })
    .await
}

fn lacks(what: &str) -> Error {
    Error::fault("seed a school", format!("the pack has no {what}"))
}
