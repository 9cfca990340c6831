//! Schools as whoever runs the installation sees them: what they are called and whether they are
//! open, and nothing of what is in them.
//!
//! The commands of the server's binary and the calls of a platform administrator come here alike:
//! [`Actor`] says which. A school's row in the control schema and its data are in two databases, so
//! what touches both is written so that it can be done again after a kill in the middle.

mod create;
mod export;
mod remove;

pub use create::{NewSchool, Ready, add, create, platform_admin, prepare};
pub use export::export;
pub use remove::remove;

use hillview_shared::ApiError;
use hillview_shared::accounts::PLATFORM;
use hillview_shared::audit::Action;
use hillview_shared::schools::{ListSchools, RenameSchool, SchoolEntry, SuspendSchool};
use hillview_shared::students::Page;

use crate::caller::Caller;
use crate::db::schools::{self, School};
use crate::db::{Db, Tx, calendar};
use crate::error::Result;
use crate::service::audit::{self, By, Event};
use crate::service::{State, accounts, fields};

/// The longest name of a school, in characters.
const NAME_MAX: usize = 120;

/// Who does it.
#[derive(Clone, Copy)]
pub enum Actor<'a> {
    /// A platform administrator.
    Person(&'a Caller),
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
    let action = match request.undo {
        false => Action::SchoolSuspend,
        true => Action::SchoolResume,
    };
    let event = Event::new(action, &school.code);
    let noting = Some((actor, event.clone()));
    if request.undo {
        end_sessions(state, &school, noting).await?;
        move_state(state, &school, from, to).await?;
    } else {
        move_state(state, &school, from, to).await?;
        end_sessions(state, &school, noting).await?;
    }
    noted(state, actor, event).await?;
    to.clone_into(&mut school.state);
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
    let detail = format!("from {} to {name}", school.name);
    let event = Event::new(Action::SchoolRename, &school.code).detail(detail);
    within(state, &school, async |db| {
        db.write(async |tx| {
            calendar::rename(tx, &name, now).await?;
            note_in(tx, state, actor, event.clone()).await
        })
        .await
    })
    .await?;
    let control = state.tenants.control();
    control
        .write(async |tx| Ok(schools::rename(tx, school.id, &name).await?))
        .await?;
    state.tenants.doubt(&school.code);
    school.name = name;
    noted(state, actor, event).await?;
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

/// Ends every session of a school, and notes in its own log why.
async fn end_sessions(
    state: &State,
    school: &School,
    noting: Option<(Actor<'_>, Event)>,
) -> Result<()> {
    let noting = noting.as_ref();
    within(state, school, async |db| {
        accounts::end_all_sessions(state, &school.code, db, async |tx| match noting {
            Some((actor, event)) => note_in(tx, state, *actor, event.clone()).await,
            None => Ok(()),
        })
        .await
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

/// Notes in a log what was done, as the last thing of its transaction.
async fn note_in(tx: &mut Tx, state: &State, actor: Actor<'_>, event: Event) -> Result<()> {
    let now = state.clock.now();
    let by = match actor {
        Actor::Person(caller) => caller.by(now),
        Actor::Server => By::server(now),
    };
    audit::note(tx, &by, event).await
}

/// Notes in the platform's log what was done to a school. There is none before the first platform
/// administrator.
async fn noted(state: &State, actor: Actor<'_>, event: Event) -> Result<()> {
    let platform = schools::find(state.tenants.control(), PLATFORM).await?;
    if platform.is_none_or(|platform| platform.state != "open") {
        return Ok(());
    }
    let platform = state.tenants.school(PLATFORM).await?;
    platform
        .db
        .write(async |tx| note_in(tx, state, actor, event.clone()).await)
        .await
}

fn wrong_state(school: &School, wanted: &str) -> ApiError {
    let text = format!(
        "the school {} is {}, not {wanted}",
        school.code, school.state
    );
    ApiError::conflict("wrong-state", text)
}
