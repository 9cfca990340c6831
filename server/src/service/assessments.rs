//! Assessments and their sheets: made, opened, listed and shown.

use std::sync::Arc;

use chrono::NaiveDate;
use hillview_shared::ApiError;
use hillview_shared::accounts::Permission;
use hillview_shared::assessments::{
    AddAssessment, Assessment, AssessmentState, ListSheets, OpenSheet, Sheet, SheetOpened,
    SheetRow, SheetState, SheetSummary, WhichAssessment, WhichSheet,
};
use hillview_shared::audit::Action;
use hillview_shared::grading::Scheme;
use hillview_shared::ids::{ClassId, SchemeId, SheetId, Version, YearId};
use hillview_shared::marks::Score;
use hillview_shared::students::Page;

use crate::caller::Caller;
use crate::db::assessments::{self, NewAssessment};
use crate::db::epochs::Epoch;
use crate::db::{On, classes, marks, sheets};
use crate::error::{Error, Result};
use crate::reach::Part;
use crate::service::State;
use crate::service::audit::{self, Event};
use crate::service::calendar::{find, this_year};
use crate::service::papers::{Meaning, PaperNames, meaning};
use crate::service::{fields, reference, spelling};

/// Lists the assessments of the current year.
pub async fn list(state: &State, caller: &Caller) -> Result<Vec<Assessment>> {
    if !caller.works_here() {
        return Ok(Vec::new());
    }
    let db = caller.db();
    let year = this_year(state, caller).await?;
    Ok(assessments::list(db, year).await?)
}

/// Adds an assessment in draft.
pub async fn add(state: &State, caller: &Caller, request: AddAssessment) -> Result<Assessment> {
    let code = fields::code(&request.code)?;
    let name = fields::name("name", &request.name, 60)?;
    if request
        .out_of
        .is_some_and(|out_of| out_of.0 < 1 || out_of > Score::MAX)
    {
        let message = "an out-of lies between 0.01 and 1,000";
        return Err(ApiError::invalid("out-of-range", message).into());
    }
    let db = caller.db();
    let now = state.clock.now();
    let terms = reference::terms(state, caller.tenant()).await?;
    let term = find(&terms, caller.today(now), &request.term)?;
    let (opens, closes) = (
        request.opens.unwrap_or(term.starts),
        request.closes.unwrap_or(term.ends),
    );
    fields::day("first day of entry", opens)?;
    fields::day("last day of entry", closes)?;
    if opens > closes {
        let message = format!("entry would close on {closes}, before it opens on {opens}");
        return Err(ApiError::invalid("dates-reversed", message).into());
    }
    let known = classes::grades(db).await?;
    let mut grades = spelling::find_grades(&known, &request.grades)?;
    if grades.is_empty() {
        grades.extend(known.iter().map(|grade| grade.grade_id));
    }
    let new = NewAssessment {
        term: term.id,
        year: term.year_id,
        code: &code,
        name: &name,
        out_of: request.out_of,
        opens,
        closes,
        direct_levels: request.direct_levels,
    };
    let added = db
        .write(async |tx| {
            let id = assessments::add(tx, &new, caller.user(), now).await?;
            assessments::cover(tx, id, &grades).await?;
            Ok(assessments::one(tx, id).await?)
        })
        .await;
    added.map_err(|error| {
        let message = format!("there is an assessment {code} in {} already", term.year);
        let twice = ApiError::conflict("code-taken", message);
        error.on_unique("assessment_year_id_code_unique", twice)
    })
}

/// Opens an assessment and makes the sheets that it lacks; opening an open one adds the sheets of
/// classes that have come since.
pub async fn open(state: &State, caller: &Caller, request: WhichAssessment) -> Result<Assessment> {
    set_state(state, caller, &request, AssessmentState::Open).await
}

/// Locks an assessment: no entry any more.
pub async fn lock(state: &State, caller: &Caller, request: WhichAssessment) -> Result<Assessment> {
    set_state(state, caller, &request, AssessmentState::Locked).await
}

async fn set_state(
    state: &State,
    caller: &Caller,
    request: &WhichAssessment,
    to: AssessmentState,
) -> Result<Assessment> {
    let found = coded(state, caller, &request.code).await?;
    if found.state == AssessmentState::Published {
        let message = format!("{} is published", found.code);
        return Err(ApiError::conflict("published", message).into());
    }
    let db = caller.db();
    db.write(async |tx| {
        assessments::set_state(tx, found.id, to).await?;
        sheets::count_up_all(tx, found.id).await?;
        if to == AssessmentState::Open {
            sheets::make(tx, found.id).await?;
        }
        let changed = assessments::one(tx, found.id).await?;
        let action = match to {
            AssessmentState::Open => Action::AssessmentOpen,
            _ => Action::AssessmentLock,
        };
        let event = Event::new(action, format!("{}, {}", changed.code, changed.term))
            .detail(format!("it was {}", found.state));
        audit::note(tx, &caller.by(state.clock.now()), event).await?;
        Ok(changed)
    })
    .await
}

/// The assessment that somebody names: `T1-MID` of the current year, or `2026/T1-MID`.
pub async fn coded(state: &State, caller: &Caller, text: &str) -> Result<Assessment> {
    let found = match year_and_code(state, caller, text).await? {
        (Some(year), code) => assessments::coded(caller.db(), year, &code).await?,
        (None, _) => None,
    };
    found.ok_or_else(|| unknown(text).into())
}

fn unknown(assessment: &str) -> ApiError {
    let message = format!("no assessment {assessment:?}");
    ApiError::new(hillview_shared::Kind::NotFound, "not-found", message)
        .hint("hillview assessments list shows those there are")
}

/// The year, when there is one, and the code of an assessment that somebody names.
async fn year_and_code(
    state: &State,
    caller: &Caller,
    text: &str,
) -> Result<(Option<YearId>, String)> {
    fields::sought("assessment", text)?;
    let terms = reference::terms(state, caller.tenant()).await?;
    let (year, code) = match text.trim().split_once('/') {
        Some((year, code)) => {
            let named = terms.iter().find(|term| term.year == year.trim());
            (named.map(|term| term.year_id), code)
        }
        None => {
            let today = caller.today(state.clock.now());
            (Some(find(&terms, today, "")?.year_id), text)
        }
    };
    Ok((year, code.trim().to_ascii_uppercase()))
}

/// Lists sheets within the caller's reach, with their progress.
pub async fn list_sheets(
    state: &State,
    caller: &Caller,
    request: ListSheets,
) -> Result<Page<SheetSummary>> {
    let limit = fields::page(request.limit)?;
    let mut within = match request.mine {
        true => Some(caller.own_parts()),
        false => caller.parts(Permission::MarksRead),
    };
    if let Some(class) = request.class {
        let offering = None;
        let parts = within.get_or_insert_with(|| vec![Part { class, offering }]);
        parts.retain(|part| part.class == class);
    }
    if within.as_ref().is_some_and(Vec::is_empty) {
        return Ok(Page {
            rows: Vec::new(),
            next: None,
        });
    }
    let after = request.after.as_deref().map_or(Ok(0), str::parse);
    let filter = sheets::Filter {
        within: within.as_deref(),
        assessment: request.assessment,
        after: SheetId(after.map_err(|_| fields::bad_page())?),
        limit: limit + 1,
    };
    let today = caller.today(state.clock.now());
    let rows = sheets::list(caller.db(), filter, today).await?;
    Ok(fields::paged(rows, limit, |sheet: &SheetSummary| {
        sheet.id.to_string()
    }))
}

/// Opens a sheet, or says that the client's copy is the current one.
pub async fn open_sheet(state: &State, caller: &Caller, request: OpenSheet) -> Result<SheetOpened> {
    let db = caller.db();
    let id = which(state, caller, request.sheet).await?;
    let head = sheets::head(db, id)
        .await?
        .ok_or_else(|| ApiError::not_found("sheet"))?;
    caller.must_see_marks(head.class_id, head.offering_id)?;
    if request.newer_than == Some(head.v) {
        return Ok(SheetOpened::Unchanged);
    }
    let today = caller.today(state.clock.now());
    let mut rows: Vec<SheetRow> = Vec::new();
    for line in sheets::lines(db, id, today).await? {
        if rows.last().is_some_and(|row| row.id == line.student_id) {
            continue;
        }
        rows.push(SheetRow {
            id: line.student_id,
            adm: line.admission_no,
            name: line.name,
            entry: marks::stored(line.state, line.score, line.level),
            v: line.v.unwrap_or(Version(0)),
        });
    }
    let scheme = scheme(state, caller, db, head.scheme_id).await?;
    let dates = (head.opens, head.closes);
    Ok(SheetOpened::Sheet(Box::new(Sheet {
        id,
        v: head.v,
        class: head.class,
        paper: head.paper,
        assessment: head.assessment,
        out_of: head.out_of,
        state: head.state,
        closed: closed(head.assessment_state, head.state, dates, today),
        closes: head.closes,
        direct_levels: head.direct_levels,
        scheme: (*scheme).clone(),
        rows,
    })))
}

/// The sheet that is meant: by id, or by the names that people use.
async fn which(state: &State, caller: &Caller, sheet: WhichSheet) -> Result<SheetId> {
    let (class, paper, assessment) = match sheet {
        WhichSheet::Id(id) => return Ok(id),
        WhichSheet::Named {
            class,
            paper,
            assessment,
        } => (class, paper, assessment),
    };
    fields::sought("class", &class)?;
    fields::sought("paper", &paper)?;
    let (year, code) = year_and_code(state, caller, &assessment).await?;
    let year = year.ok_or_else(|| unknown(&assessment))?;
    let classes = reference::classes(state, caller.tenant(), year).await?;
    let classes = classes.iter().filter(|known| known.is(&class));
    let classes: Vec<ClassId> = classes.map(|known| known.id).collect();
    let mut named = sheets::named(caller.db(), (year, &code), &classes).await?;
    if named.is_empty() {
        // An assessment without this sheet is another thing than none.
        coded(state, caller, &assessment).await?;
    }
    named.retain(|sheet| caller.sees_marks(sheet.class_id, sheet.offering_id));
    let papers: Vec<PaperNames> = named.iter().map(PaperNames::from).collect();
    match meaning(&papers, &paper) {
        Meaning::Paper(place) => Ok(named[place].id),
        Meaning::Nothing => Err(ApiError::not_found("sheet")
            .hint("hillview marks progress shows the sheets that you may see")
            .into()),
        Meaning::Several(places) => {
            let papers: Vec<String> = places.iter().map(|at| named[*at].code()).collect();
            let message = format!("{paper:?} has {} papers", papers.len());
            Err(ApiError::invalid("which-paper", message)
                .hint(format!("name one of {}", papers.join(", ")))
                .into())
        }
    }
}

/// Why nothing may be entered on a sheet today; `None` when it may.
pub fn closed(
    assessment: AssessmentState,
    sheet: SheetState,
    (opens, closes): (NaiveDate, NaiveDate),
    today: NaiveDate,
) -> Option<String> {
    match (assessment, sheet) {
        (AssessmentState::Draft, _) => Some("the assessment is not yet open".into()),
        (AssessmentState::Locked, _) => Some("the assessment is locked".into()),
        (AssessmentState::Published, _) => Some("the results are published".into()),
        (AssessmentState::Open, SheetState::Submitted) => Some("the sheet is submitted".into()),
        (AssessmentState::Open, SheetState::Approved) => Some("the sheet is approved".into()),
        (AssessmentState::Open, SheetState::Open) if today < opens => {
            Some(format!("entry opens on {}", opens.format("%-d %b %Y")))
        }
        (AssessmentState::Open, SheetState::Open) if today > closes => {
            Some(format!("entry closed on {}", closes.format("%-d %b %Y")))
        }
        (AssessmentState::Open, SheetState::Open) => None,
    }
}

/// A grading scheme. Schemes never change, so each is read once.
pub async fn scheme<'c>(
    state: &State,
    caller: &Caller,
    on: impl Into<On<'c>>,
    id: SchemeId,
) -> Result<Arc<Scheme>> {
    let (cache, of) = (&state.cache, &state.cache.reference().schemes);
    let (key, never) = ((caller.tenant().id, id.0), Epoch(0));
    if let Some(scheme) = cache.recall(of, key, never) {
        return Ok(scheme);
    }
    let rows = sheets::scheme(on.into(), id).await?;
    let head = rows
        .first()
        .ok_or_else(|| Error::fault("read a grading scheme", "no bands"))?;
    let scheme = Arc::new(Scheme {
        code: head.scheme.clone(),
        rounding: head.rounding,
        bands: rows.into_iter().map(|row| row.band).collect(),
    });
    cache.remember(of, key, &scheme, never);
    Ok(scheme)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entry_is_open_on_the_first_and_the_last_day_and_not_beside_them() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let dates = (day("2026-07-01"), day("2026-07-31"));
        let open = |today: &str| closed(AssessmentState::Open, SheetState::Open, dates, day(today));
        assert_eq!(
            open("2026-06-30").as_deref(),
            Some("entry opens on 1 Jul 2026")
        );
        assert_eq!(open("2026-07-01"), None);
        assert_eq!(open("2026-07-31"), None);
        assert_eq!(
            open("2026-08-01").as_deref(),
            Some("entry closed on 31 Jul 2026")
        );
        for state in [
            AssessmentState::Draft,
            AssessmentState::Locked,
            AssessmentState::Published,
        ] {
            assert!(closed(state, SheetState::Open, dates, day("2026-07-15")).is_some());
        }
        for state in [SheetState::Submitted, SheetState::Approved] {
            assert!(closed(AssessmentState::Open, state, dates, day("2026-07-15")).is_some());
        }
    }
}
