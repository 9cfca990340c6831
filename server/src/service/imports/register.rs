//! What an import of students is planned from, and how the plan is carried out: many rows a
//! statement, all in one transaction.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use chrono::{Days, NaiveDate};
use hillview_shared::ApiError;
use hillview_shared::ids::{ClassId, StudentId};
use hillview_shared::imports::RunImport;
use hillview_shared::students::Student;
use serde::{Deserialize, Serialize};

use super::cells::number_key;
use super::header::Table;
use super::headings::Field;
use super::run::{When, aside, changed_meanwhile};
use super::students::{Change, ClassRef, Plan, School, plan};
use crate::caller::Caller;
use crate::db::imports::{Changed, Enrolled, students as bulk};
use crate::db::students::NewStudent;
use crate::db::{Tx, classes, sheets};
use crate::error::{Error, Result};
use crate::service::calendar::current_year;

/// Students that are read together: other calls of the same thread have their turn in between.
const READ: i64 = 1_000;

/// What a changed student was before, and what the import made of it.
#[derive(Debug, Serialize, Deserialize)]
pub struct Previous {
    pub student: Student,
    /// The version that the import gave the row.
    pub version: i64,
    /// The enrolment that the import ended, when it moved the student.
    pub enrolled: Option<Enrolled>,
    pub moved: bool,
}

/// Plans the import from what the school has now; nothing is held or written.
pub async fn planned(
    caller: &Caller,
    table: &Arc<Table>,
    request: &RunImport,
    when: When,
) -> Result<(Plan, Vec<Option<String>>)> {
    let db = caller.db();
    let year = current_year(db, when.today).await?;
    let grades = classes::grades(db).await?;
    let known = classes::named(db.into(), year).await?;
    let mut students: Vec<Student> = Vec::new();
    loop {
        let after = students.last().map_or(StudentId(0), |last| last.id);
        let some = bulk::after(db, after, READ).await?;
        if some.is_empty() {
            break;
        }
        students.extend(some);
    }
    let (table, request) = (Arc::clone(table), request.clone());
    let work = move || {
        let school = School {
            today: when.today,
            grades: &grades,
            classes: &known,
            students: &students,
        };
        let plan = plan(&table, &school, &request);
        let taken = taken(&table, &plan);
        (plan, taken)
    };
    aside(work).await
}

/// Does what was planned.
pub async fn carry_out(
    tx: &mut Tx,
    caller: &Caller,
    plan: &Plan,
    when: When,
) -> Result<Vec<Changed>> {
    let year = current_year(&mut *tx, when.today).await?;
    let mut changes = Vec::with_capacity(plan.adds.len());
    let mut new_classes = Vec::with_capacity(plan.classes.len());
    for class in &plan.classes {
        let names = (class.stream.as_str(), class.name.as_str());
        let added = classes::add(tx, year, class.grade, names, caller.user(), when.now).await;
        let id = added.map_err(|error| {
            let meanwhile = changed_by_somebody(&format!("class {}", class.name));
            Error::from(error).on_unique("class_year_id_grade_id_stream_unique", meanwhile)
        })?;
        changes.push(changed("class", id.0, None));
        new_classes.push(id);
    }
    let apply = Apply {
        caller,
        classes: &new_classes,
        when,
    };
    apply.change(tx, &plan.changes, &mut changes).await?;
    apply.add(tx, plan, &mut changes).await?;
    let affected: Vec<ClassId> = apply.affected(plan).into_iter().collect();
    sheets::count_up(tx, &affected).await?;
    Ok(changes)
}

fn taken(table: &Table, plan: &Plan) -> Vec<Option<String>> {
    let words = |column: &super::header::Column| match (column.field, plan.order) {
        (Some(Field::BirthDate), Some(order)) => Some(format!("birth date ({})", order.words())),
        (field, _) => field?.words().map(str::to_owned),
    };
    table.columns.iter().map(words).collect()
}

fn changed(entity: &str, id: i64, previous: Option<String>) -> Changed {
    Changed {
        entity: entity.to_owned(),
        entity_id: id,
        previous,
    }
}

struct Apply<'a> {
    caller: &'a Caller,
    classes: &'a [ClassId],
    when: When,
}

impl Apply<'_> {
    fn class(&self, class: ClassRef) -> ClassId {
        match class {
            ClassRef::Known(id) => id,
            ClassRef::New(place) => self.classes[place],
        }
    }

    /// The classes whose sheets look different afterwards.
    fn affected(&self, plan: &Plan) -> BTreeSet<ClassId> {
        let added = plan.adds.iter().map(|add| self.class(add.class));
        let moved = plan.changes.iter().filter_map(|change| change.class);
        let before = plan
            .changes
            .iter()
            .filter_map(|change| change.before.class_id);
        let moved = moved.map(|class| self.class(class));
        added.chain(moved).chain(before).collect()
    }

    /// Changes students whose rows still have the version that was planned on.
    async fn change(
        &self,
        tx: &mut Tx,
        planned: &[Change],
        changes: &mut Vec<Changed>,
    ) -> Result<()> {
        if planned.is_empty() {
            return Ok(());
        }
        let (by, at) = (self.caller.user(), self.when.now);
        let students: Vec<StudentId> = planned.iter().map(|change| change.before.id).collect();
        let held = bulk::hold(tx, &students).await?;
        let moved_on = planned
            .iter()
            .find(|change| held.get(&change.before.id) != Some(&change.before.v));
        if let Some(change) = moved_on {
            return Err(changed_by_somebody(&change.before.admission_no).into());
        }
        let moving = planned.iter().filter(|change| change.class.is_some());
        let moving: Vec<StudentId> = moving.map(|change| change.before.id).collect();
        let enrolled: HashMap<StudentId, Enrolled> = bulk::enrolled(tx, &moving)
            .await?
            .into_iter()
            .map(|enrolled| (enrolled.student_id, enrolled))
            .collect();
        bulk::leave(tx, &moving, self.yesterday()).await?;
        let after: Vec<&Student> = planned.iter().map(|change| &change.after).collect();
        bulk::change(tx, &after, by, at).await?;
        let enrolments: Vec<(StudentId, ClassId, NaiveDate)> = planned
            .iter()
            .filter_map(|change| {
                Some((change.before.id, self.class(change.class?), self.when.today))
            })
            .collect();
        bulk::enrol(tx, &enrolments, by, at).await?;
        for change in planned {
            let previous = Previous {
                student: change.before.clone(),
                version: change.before.v.0 + 1,
                enrolled: enrolled.get(&change.before.id).cloned(),
                moved: change.class.is_some(),
            };
            let previous = serde_json::to_string(&previous)
                .map_err(|error| Error::fault("keep what a student was", error))?;
            changes.push(changed("student", change.before.id.0, Some(previous)));
        }
        Ok(())
    }

    async fn add(&self, tx: &mut Tx, plan: &Plan, changes: &mut Vec<Changed>) -> Result<()> {
        let (by, at) = (self.caller.user(), self.when.now);
        let new: Vec<NewStudent<'_>> = plan
            .adds
            .iter()
            .map(|add| NewStudent {
                admission_no: &add.admission_no,
                name: &add.name,
                sex: add.sex,
                birth_date: add.birth_date,
            })
            .collect();
        let added = bulk::add(tx, &new, by, at).await.map_err(Error::from);
        added.map_err(|error| {
            let taken = changed_by_somebody("one of the new students");
            error.on_unique("student_admission_key_unique", taken)
        })?;
        let keys: Vec<String> = plan
            .adds
            .iter()
            .map(|add| number_key(&add.admission_no))
            .collect();
        let wanted: Vec<&str> = keys.iter().map(String::as_str).collect();
        let ids = bulk::of_keys(tx, &wanted).await?;
        let mut enrolments = Vec::with_capacity(keys.len());
        for (add, key) in plan.adds.iter().zip(&keys) {
            let id = ids.get(key).copied();
            let id = id.ok_or_else(|| Error::fault("add students", "one of them is not there"))?;
            enrolments.push((id, self.class(add.class), self.when.today));
            changes.push(changed("student", id.0, None));
        }
        Ok(bulk::enrol(tx, &enrolments, by, at).await?)
    }

    fn yesterday(&self) -> NaiveDate {
        let today = self.when.today;
        today.checked_sub_days(Days::new(1)).unwrap_or(today)
    }
}

fn changed_by_somebody(who: &str) -> ApiError {
    changed_meanwhile(format!(
        "somebody else changed {who} meanwhile; nothing was imported"
    ))
}
