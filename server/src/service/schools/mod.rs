//! Schools as whoever runs the installation sees them: what they are called and whether they are
//! open, and nothing of what is in them.
//!
//! The commands of the server's binary and the calls of a platform administrator come here alike:
//! [`Actor`] says which. A school's row in the control schema and its data are in two databases, so
//! what touches both is written so that it can be done again after a kill in the middle.

mod create;

pub use create::{NewSchool, add, create, platform_admin, prepare};

use hillview_shared::ApiError;
use hillview_shared::accounts::PLATFORM;
use hillview_shared::schools::{ListSchools, RenameSchool, SchoolEntry, SuspendSchool};
use hillview_shared::students::Page;

use crate::caller::Caller;
use crate::db::schools::{self, School};
use crate::db::{Db, calendar};
use crate::error::Result;
use crate::service::{State, accounts, fields};

/// The longest name of a school, in characters.
const NAME_MAX: usize = 120;

/// Who does it.
#[derive(Clone, Copy)]
pub enum Actor<'a> {
    /// A platform administrator.
    Caller(&'a Caller),
    /// A command of the server's binary.
    Server,
}

pub async fn list(state: &State, request: ListSchools) -> Result<Page<SchoolEntry>> {
    let limit = fields::page(request.limit)?;
    let after = request.after.unwrap_or_default();
    if after.len() > 20 {
        return Err(fields::bad_page().into());
    }
    let rows = schools::list(state.tenants.control(), &after, limit + 1).await?;
    Ok(fields::paged(rows, limit, |school| school.code.clone()))
}

/// Shuts a school to everybody, or opens it again. Its sessions end, and with `undo` once more: a
/// kill may have fallen before they had.
pub async fn suspend(
    state: &State,
    actor: Actor<'_>,
    request: &SuspendSchool,
) -> Result<SchoolEntry> {
    let mut school = find(state, &request.code).await?;
    let (from, to) = match request.undo {
        false => ("open", "suspended"),
        true => ("suspended", "open"),
    };
    if school.state != from {
        return Err(wrong_state(&school, from).into());
    }
    if request.undo {
        end_sessions(state, &school).await?;
    }
    move_state(state, &school, from, to).await?;
    if !request.undo {
        end_sessions(state, &school).await?;
    }
    to.clone_into(&mut school.state);
    noted(state, actor, &school, to).await?;
    Ok(school.into())
}

/// Gives a school another name, in its own data first: what was cut short is done by doing it again.
pub async fn rename(
    state: &State,
    actor: Actor<'_>,
    request: &RenameSchool,
) -> Result<SchoolEntry> {
    let name = fields::name("name", &request.name, NAME_MAX)?;
    let mut school = find(state, &request.code).await?;
    if !matches!(school.state.as_str(), "open" | "suspended") {
        return Err(wrong_state(&school, "open").into());
    }
    let now = state.clock.now();
    within(state, &school, async |db| {
        db.write(async |tx| Ok(calendar::rename(tx, &name, now).await?))
            .await
    })
    .await?;
    let control = state.tenants.control();
    control
        .write(async |tx| Ok(schools::rename(tx, school.id, &name).await?))
        .await?;
    state.tenants.doubt(&school.code);
    school.name = name;
    noted(state, actor, &school, "renamed").await?;
    Ok(school.into())
}

/// A school by its code; the platform is none.
async fn find(state: &State, code: &str) -> Result<School> {
    let found = match code {
        PLATFORM => None,
        _ => schools::find(state.tenants.control(), code).await?,
    };
    Ok(found.ok_or_else(|| ApiError::not_found("school"))?)
}

/// Moves a school to another state, unless somebody else did meanwhile; every server knows within
/// a second.
async fn move_state(state: &State, school: &School, from: &str, to: &str) -> Result<()> {
    let control = state.tenants.control();
    let moved = control
        .write(async |tx| Ok(schools::move_state(tx, school.id, from, to).await?))
        .await?;
    if !moved {
        let text = format!(
            "the state of the school {} was changed meanwhile",
            school.code
        );
        return Err(ApiError::conflict("changed-meanwhile", text)
            .hint("list the schools and decide again")
            .into());
    }
    state.tenants.doubt(&school.code);
    Ok(())
}

async fn end_sessions(state: &State, school: &School) -> Result<()> {
    within(state, school, async |db| {
        accounts::end_all_sessions(state, &school.code, db).await
    })
    .await
}

/// Works in a school's data, whatever its state, and closes them afterwards.
async fn within<T>(
    state: &State,
    school: &School,
    work: impl AsyncFnOnce(&Db) -> Result<T>,
) -> Result<T> {
    let db = state.tenants.behind(school).await?;
    let done = work(&db).await;
    db.close().await;
    done
}

/// Notes what was done.
async fn noted(_state: &State, actor: Actor<'_>, school: &School, what: &str) -> Result<()> {
    let by = match actor {
        Actor::Caller(caller) => Some(caller.user().0),
        Actor::Server => None,
    };
    tracing::info!(event = "school", school = school.code, by, what);
    Ok(())
}

fn wrong_state(school: &School, wanted: &str) -> ApiError {
    let text = format!(
        "the school {} is {}, not {wanted}",
        school.code, school.state
    );
    ApiError::conflict("wrong-state", text)
}
