//! Classes.

use hillview_shared::accounts::Permission;
use hillview_shared::classes::{AddClass, Class};
use hillview_shared::ids::ClassId;
use hillview_shared::{ApiError, Kind};

use crate::caller::Caller;
use crate::db::classes;
use crate::error::Result;
use crate::service::State;
use crate::service::calendar::this_year;
use crate::service::{fields, reference, spelling};

/// The longest stream label, in characters.
pub const STREAM_MAX: usize = 20;

/// Lists the classes of the current year within the caller's reach.
pub async fn list(state: &State, caller: &Caller) -> Result<Vec<Class>> {
    let db = caller.db();
    let today = caller.today(state.clock.now());
    let within = caller.classes(Permission::StudentsRead);
    if within.as_ref().is_some_and(Vec::is_empty) {
        return Ok(Vec::new());
    }
    let year = this_year(state, caller).await?;
    Ok(classes::list(db, year, within.as_deref(), today).await?)
}

/// Adds a class to the current year.
pub async fn add(state: &State, caller: &Caller, request: AddClass) -> Result<Class> {
    let db = caller.db();
    let now = state.clock.now();
    let today = caller.today(now);
    let stream = request.stream.trim().to_owned();
    fields::optional("stream", &stream, STREAM_MAX)?;
    let grades = classes::grades(db).await?;
    let grade = spelling::find_grade(&grades, &request.grade)?;
    let name = spelling::class_name(grade, &stream);
    let year = this_year(state, caller).await?;
    let twice = || ApiError::conflict("class-exists", format!("there is a class {name} already"));
    // `4 north` beside `4 North` would be two classes that nobody can tell apart.
    let known = classes::named(db.into(), year).await?;
    if known.iter().any(|class| class.is(&name)) {
        return Err(twice().into());
    }
    let added = db
        .write(async |tx| {
            let id = classes::add(
                tx,
                year,
                grade.grade_id,
                (&stream, &name),
                caller.user(),
                now,
            )
            .await?;
            Ok(classes::one(tx, id, today).await?)
        })
        .await;
    added.map_err(|error| {
        error
            .on_unique("class_year_id_grade_id_stream_unique", twice())
            .on_unique("class_year_id_name_unique", twice())
    })
}

/// The class of the current year that somebody means, within the caller's reach.
pub async fn find(state: &State, caller: &Caller, text: &str) -> Result<classes::Named> {
    fields::sought("class", text)?;
    let year = this_year(state, caller).await?;
    let named = reference::classes(state, caller.tenant(), year).await?;
    let found = named
        .iter()
        .find(|class| class.is(text) && caller.sees_class(class.id));
    found
        .cloned()
        .ok_or_else(|| unknown(&format!("class {text:?}")).into())
}

/// Refuses a class that the caller does not see, and one of another year, in the words of one that
/// does not exist.
pub async fn must_be_current(state: &State, caller: &Caller, class: ClassId) -> Result<()> {
    if caller.sees_class(class) {
        let year = this_year(state, caller).await?;
        if classes::year(caller.db(), class).await? == Some(year) {
            return Ok(());
        }
    }
    Err(unknown("such class").into())
}

/// What is said of a class that is not there, is not of this year, or is not the caller's to see.
pub fn unknown(what: &str) -> ApiError {
    let message = format!("there is no {what} this year, or it is not yours to see");
    ApiError::new(Kind::NotFound, "unknown-class", message)
        .hint("hillview classes list shows those there are")
}
