//! Classes.

use hillview_shared::accounts::Permission;
use hillview_shared::classes::{AddClass, Class, ListClasses};
use hillview_shared::ids::ClassId;
use hillview_shared::students::Page;
use hillview_shared::text::fold;
use hillview_shared::{ApiError, Kind};

use crate::caller::Caller;
use crate::db::classes;
use crate::error::Result;
use crate::service::State;
use crate::service::calendar::this_year;
use crate::service::{fields, reference, spelling};

/// The longest stream label, in characters.
pub const STREAM_MAX: usize = 20;

/// Lists the classes of the current year within the caller's reach. Their names are remembered, and
/// so only a page of them is read.
pub async fn list(state: &State, caller: &Caller, request: ListClasses) -> Result<Page<Class>> {
    let limit = fields::page(request.limit)?;
    for text in [&request.class, &request.search].into_iter().flatten() {
        fields::sought("class", text)?;
    }
    let within = caller.classes(Permission::StudentsRead);
    let own = request.mine.then(|| caller.own_classes());
    if [&within, &own].into_iter().flatten().any(Vec::is_empty) {
        return Ok(Page {
            rows: Vec::new(),
            next: None,
        });
    }
    let search = request.search.as_deref().map(Search::of);
    let fits = |class: &&classes::Named| {
        let among = |some: &Vec<ClassId>| some.contains(&class.id);
        within.as_ref().is_none_or(among)
            && own.as_ref().is_none_or(among)
            && request.class.as_ref().is_none_or(|text| class.is(text))
            && search.as_ref().is_none_or(|search| search.fits(class))
    };
    let year = this_year(state, caller).await?;
    let named = reference::classes(state, caller.tenant(), year).await?;
    let behind = match &request.after {
        None => 0,
        Some(last) => {
            let is_last = |class: &classes::Named| class.id.to_string() == *last;
            let at = named.iter().position(is_last);
            at.ok_or_else(fields::bad_page)? + 1
        }
    };
    let fitting = named[behind..].iter().filter(fits).map(|class| class.id);
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let fitting: Vec<ClassId> = fitting.take(most.saturating_add(1)).collect();
    let page = fields::paged(fitting, limit, ClassId::to_string);
    let rows = match page.rows.is_empty() {
        true => Vec::new(),
        false => {
            let today = caller.today(state.clock.now());
            classes::some(caller.db(), &page.rows, today).await?
        }
    };
    Ok(Page {
        rows,
        next: page.next,
    })
}

/// What classes are searched by.
struct Search<'a> {
    text: &'a str,
    words: Vec<String>,
}

impl<'a> Search<'a> {
    fn of(text: &'a str) -> Self {
        Self {
            text,
            words: fold(text).split_whitespace().map(str::to_owned).collect(),
        }
    }

    /// Whether the class, its grade or its stream is meant, or each word begins one of its name.
    fn fits(&self, class: &classes::Named) -> bool {
        let name = fold(&class.class);
        let begins = |word: &String| name.split(' ').any(|known| known.starts_with(word));
        self.words.iter().all(begins) || class.is(self.text) || class.is_part(self.text)
    }
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
