//! Who teaches what.

use hillview_shared::ApiError;
use hillview_shared::accounts::Permission;
use hillview_shared::ids::{GradeId, OfferingId};
use hillview_shared::students::Page;
use hillview_shared::teaching::{AssignTeaching, ListTeaching, Teaching, TeachingRole};

use crate::caller::Caller;
use crate::db::classes::Named;
use crate::db::staff::{self, NewTeaching};
use crate::db::{Db, sessions, subjects};
use crate::error::Result;
use crate::service::State;
use crate::service::{accounts, classes, fields, spelling};

/// Lists the assignments in force: all of the school, or the caller's own.
pub async fn list(
    state: &State,
    caller: &Caller,
    _request: ListTeaching,
) -> Result<Page<Teaching>> {
    let rows = rows(state, caller).await?;
    Ok(Page { rows, next: None })
}

async fn rows(state: &State, caller: &Caller) -> Result<Vec<Teaching>> {
    let today = caller.today(state.clock.now());
    if caller.may(Permission::StaffRead) {
        return Ok(staff::teaching(caller.db(), None, today).await?);
    }
    match caller.staff() {
        Some(own) => Ok(staff::teaching(caller.db(), Some(own), today).await?),
        None => Ok(Vec::new()),
    }
}

/// Assigns a member of staff to a class, or to a subject of it, from today. A class has one class
/// teacher; an assignment that is there already is given back as it is.
pub async fn assign(state: &State, caller: &Caller, request: AssignTeaching) -> Result<Teaching> {
    fields::sought("member of staff", &request.staff)?;
    let db = caller.db();
    let now = state.clock.now();
    let today = caller.today(now);
    let who = staff::find(db, &request.staff.trim().to_lowercase())
        .await?
        .ok_or_else(|| {
            let message = format!(
                "no member of staff has the login or number {:?}",
                request.staff
            );
            ApiError::new(hillview_shared::Kind::NotFound, "unknown-staff", message)
                .hint("hillview staff list shows those there are")
        })?;
    let class = classes::find(state, caller, &request.class).await?;
    let offering = offering(db, &request, &class).await?;
    let new = NewTeaching {
        staff: who.id,
        class: class.id,
        offering,
        role: request.role,
        starts: today,
    };
    let assigned = db
        .write(async |tx| {
            staff::hold_class(tx, class.id).await?;
            let there = staff::of_class(tx, class.id, today).await?;
            if let Some(same) = there.iter().find(|one| is(one, &new)) {
                return Ok(same.clone());
            }
            let leader = there
                .iter()
                .find(|one| one.role == TeachingRole::ClassTeacher);
            if let (TeachingRole::ClassTeacher, Some(leader)) = (new.role, leader) {
                let message = format!("{} has a class teacher: {}", class.class, leader.staff);
                return Err(ApiError::conflict("two-class-teachers", message)
                    .hint("make the second one a deputy")
                    .into());
            }
            let id = staff::assign(tx, new, caller.user(), now).await?;
            sessions::changed(tx).await?;
            let made = staff::of_class(tx, class.id, today).await?;
            let made = made.into_iter().find(|one| one.id == id);
            made.ok_or_else(|| ApiError::not_found("assignment").into())
        })
        .await?;
    accounts::tell_changed(state, caller.school_code()).await;
    Ok(assigned)
}

fn is(one: &Teaching, new: &NewTeaching) -> bool {
    (one.staff_id, one.offering_id, one.role) == (new.staff, new.offering, new.role)
}

/// The subject that is taught; a class teacher has none.
async fn offering(db: &Db, request: &AssignTeaching, class: &Named) -> Result<Option<OfferingId>> {
    match (request.role, request.subject.as_deref().map(str::trim)) {
        (TeachingRole::SubjectTeacher, None | Some("")) => {
            let message = "a subject teacher teaches a subject: name it";
            Err(ApiError::invalid("no-subject", message).into())
        }
        (TeachingRole::SubjectTeacher, Some(text)) => {
            find_subject(db, class.grade.grade_id, &class.class, text)
                .await
                .map(Some)
        }
        (_, None | Some("")) => Ok(None),
        (role, Some(_)) => {
            let message = format!("a {role} has the whole class, not one subject");
            Err(ApiError::invalid("subject-not-allowed", message).into())
        }
    }
}

/// The offering of a grade that somebody means by a subject.
pub async fn find_subject(db: &Db, grade: GradeId, class: &str, text: &str) -> Result<OfferingId> {
    fields::sought("subject", text)?;
    let offered = subjects::named(db, grade).await?;
    let found = offered.iter().find(|subject| {
        spelling::is_subject(
            text,
            [&subject.code, &subject.name, &subject.short_name],
            &subject.aliases,
        )
    });
    found.map(|subject| subject.offering_id).ok_or_else(|| {
        let known: Vec<&str> = offered
            .iter()
            .map(|subject| subject.code.as_str())
            .collect();
        ApiError::invalid("unknown-subject", format!("{class} is not taught {text:?}"))
            .hint(format!("its subjects are {}", known.join(", ")))
            .into()
    })
}
