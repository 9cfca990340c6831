//! Bringing the rows in: large transactions, and marks and their history by a writer each, while a
//! thread of its own makes up what comes next.

use std::sync::Arc;

use hillview_shared::ids::{GradeId, UserId};
use tokio::sync::mpsc;

use super::calendar::{Year, moment};
use super::layout::Layout;
use super::marks::{Batch, Book, Filling};
use super::people::{OFFICE, users};
use super::school::Step;
use crate::db::seed::{
    self, NewAssessment, NewClass, NewEnrolment, NewSheet, NewStaff, NewStudent, NewTeaching, ROWS,
};
use crate::db::students::sort_name;
use crate::db::{Db, assessments};
use crate::error::{Error, Result};

/// Rows of one transaction where they are narrow.
const LARGE: usize = 50 * ROWS;
/// Batches that wait for a writer.
const AHEAD: usize = 3;

/// The people of the school and where they belong.
pub struct People {
    pub classes: Vec<NewClass>,
    pub students: Vec<NewStudent>,
    pub enrolments: Vec<NewEnrolment>,
    pub staff: Vec<NewStaff>,
    pub teaching: Vec<NewTeaching>,
}

/// Rows that went in.
#[derive(Clone, Copy, Default)]
pub struct Loaded {
    pub marks: u64,
    pub changes: u64,
    pub operations: u64,
}

impl People {
    /// The students of each group in the order of their names, counted from 0.
    pub fn by_name(&self, layout: &Layout) -> Vec<Vec<usize>> {
        let groups = layout.groups.iter().map(|group| {
            let mut students: Vec<usize> = (group.first..group.first + group.students).collect();
            students.sort_by_cached_key(|student| sort_name(&self.students[*student].name));
            students
        });
        groups.collect()
    }
}

/// Adds people, classes and who teaches what. `admin`: the first login, and everybody's password.
pub async fn people(
    db: &Db,
    people: &People,
    (admin, password): (UserId, &str),
    years: &[Year; 2],
    progress: &dyn Fn(Step),
) -> Result<()> {
    let roles = seed::roles(db).await?;
    let role = |code: &str| {
        let found = roles.iter().find(|(_, role)| role.0 == code);
        let found = found.map(|(id, _)| *id);
        found.ok_or_else(|| Error::fault("seed a school", format!("it has no role {code}")))
    };
    let users = users(&people.staff, admin);
    let teacher = role("teacher")?;
    let mut given = Vec::with_capacity(users.len());
    for (place, user) in users.iter().enumerate() {
        given.push(match OFFICE.get(place) {
            Some((.., code)) => (user.id, role(code)?),
            None => (user.id, teacher),
        });
    }
    let at = moment(years[0].starts, 8 * 60);
    db.write(async |tx| {
        seed::add_staff(tx, &people.staff, admin, at).await?;
        seed::add_users(tx, &users, password, admin, at).await?;
        seed::give_roles(tx, &given).await?;
        seed::add_classes(tx, &people.classes, admin, at).await?;
        Ok(seed::add_teaching(tx, &people.teaching, admin).await?)
    })
    .await?;
    let of = (people.students.len() + people.enrolments.len()) as u64;
    let mut done = 0;
    let mut told = |rows: usize| {
        done += rows as u64;
        progress(Step {
            what: "students",
            done,
            of,
        });
    };
    for students in people.students.chunks(LARGE) {
        db.write(async |tx| Ok(seed::add_students(tx, students, admin, at).await?))
            .await?;
        told(students.len());
    }
    for enrolments in people.enrolments.chunks(LARGE) {
        db.write(async |tx| Ok(seed::add_enrolments(tx, enrolments, admin).await?))
            .await?;
        told(enrolments.len());
    }
    Ok(())
}

/// Adds assessments, which cover these grades of their year, and their sheets.
pub async fn sheets(
    db: &Db,
    (all, grades): (&[NewAssessment], &[Vec<GradeId>]),
    sheets: &[NewSheet],
    admin: UserId,
    progress: &dyn Fn(Step),
) -> Result<()> {
    db.write(async |tx| {
        seed::add_assessments(tx, all, admin).await?;
        for (assessment, grades) in all.iter().zip(grades) {
            assessments::cover(tx, assessment.id, grades).await?;
        }
        Ok(())
    })
    .await?;
    let mut done = 0;
    for some in sheets.chunks(LARGE) {
        db.write(async |tx| Ok(seed::add_sheets(tx, some).await?))
            .await?;
        done += some.len();
        progress(Step {
            what: "sheets",
            done: done as u64,
            of: sheets.len() as u64,
        });
    }
    Ok(())
}

/// Adds marks, history and operations.
pub async fn marks(
    db: &Db,
    book: Arc<Book>,
    fillings: Arc<[Filling]>,
    of: u64,
    progress: &dyn Fn(Step),
) -> Result<Loaded> {
    let (to_marks, mut for_marks) = mpsc::channel::<Arc<Batch>>(AHEAD);
    let (to_history, mut for_history) = mpsc::channel::<Arc<Batch>>(AHEAD);
    let making = tokio::task::spawn_blocking(move || {
        book.fill(&fillings, |batch| {
            let batch = Arc::new(batch);
            let sent = to_marks.blocking_send(Arc::clone(&batch));
            sent.is_ok() && to_history.blocking_send(batch).is_ok()
        })
    });
    let marks = async {
        let mut loaded = Loaded::default();
        while let Some(batch) = for_marks.recv().await {
            db.write(async |tx| {
                seed::add_marks(tx, &batch.marks).await?;
                Ok(seed::add_operations(tx, &batch.operations).await?)
            })
            .await?;
            loaded.marks += batch.marks.len() as u64;
            loaded.operations += batch.operations.len() as u64;
            progress(Step {
                what: "marks",
                done: loaded.marks,
                of,
            });
        }
        Ok::<_, Error>(loaded)
    };
    let changes = async {
        let mut changes = 0;
        while let Some(batch) = for_history.recv().await {
            db.write(async |tx| Ok(seed::add_changes(tx, &batch.changes).await?))
                .await?;
            changes += batch.changes.len() as u64;
        }
        Ok::<_, Error>(changes)
    };
    let (loaded, changes) = tokio::try_join!(marks, changes)?;
    drop((for_marks, for_history));
    making
        .await
        .map_err(|error| Error::fault("make up marks", error))??;
    Ok(Loaded { changes, ..loaded })
}
