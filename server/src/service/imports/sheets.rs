//! Carries the plan of an import of marks out, through the same save that a teacher's marks take.

use std::collections::{BTreeMap, HashMap};

use hillview_shared::accounts::Permission;
use hillview_shared::ids::{AssessmentId, ClassId, OperationId, SheetId, StudentId, Version};
use hillview_shared::imports::RunImport;
use hillview_shared::marks::Entry;
use hillview_shared::{ApiError, Kind};
use serde::{Deserialize, Serialize};

use super::header::Table;
use super::headings::Field;
use super::marks::{ClassView, Plan, Pupil, SheetView, plan_class};
use super::plan::Listing;
use super::read::Line;
use super::run::{Outcome, When};
use crate::caller::Caller;
use crate::db::classes::{self, Named};
use crate::db::imports::Changed;
use crate::db::imports::marks::{self as held, SheetHead};
use crate::db::{Tx, marks as stored};
use crate::error::{Error, Result};
use crate::service::State;
use crate::service::assessments;
use crate::service::calendar::current_year;
use crate::service::marks::{Write, save_in};
use crate::service::papers::PaperNames;

/// What a mark was before, and what the import made of it.
#[derive(Debug, Serialize, Deserialize)]
pub struct Previous {
    pub student: StudentId,
    pub entry: Entry,
    /// The version that the import gave the mark; 0 where it cleared it.
    pub version: Version,
}

/// The names of every paper of an assessment, by which its header is known.
pub async fn papers(caller: &Caller, assessment: AssessmentId) -> Result<Vec<PaperNames>> {
    let sheets = held::sheets(caller.db().into(), assessment).await?;
    Ok(sheets.iter().map(PaperNames::from).collect())
}

/// Plans the import and, unless it is a preview, saves what was planned.
pub async fn import(
    state: &State,
    tx: &mut Tx,
    caller: &Caller,
    table: &Table,
    request: &RunImport,
    (assessment, when): (AssessmentId, When),
) -> Result<Outcome> {
    let mut plan = Plan::default();
    let by_class = classes_of(tx, caller, table, request, when, &mut plan).await?;
    let heads = held::sheets((&mut *tx).into(), assessment).await?;
    for (class, rows) in by_class.values() {
        let view = view(state, tx, caller, class, &heads, when).await?;
        plan_class(table, rows, &view, request.on_duplicate, &mut plan);
    }
    if plan.taken.is_empty() && !by_class.is_empty() {
        return Err(no_papers(plan));
    }
    for line in &table.samples {
        let reason = "this is the template's sample, not a student: it was left out";
        plan.listing.warn(*line, "", "sample-row", reason);
    }
    let mut changes = Vec::new();
    if !request.dry_run {
        for (sheet, edits) in &plan.edits {
            changes.push(save(state, tx, caller, *sheet, edits, when).await?);
        }
    }
    let columns = table.columns.iter().enumerate();
    let taken = columns.map(|(place, column)| match plan.taken.get(&place) {
        Some(paper) => Some(paper.clone()),
        None => column.field.and_then(Field::words).map(str::to_owned),
    });
    Ok(Outcome {
        ended: Vec::new(),
        events: Vec::new(),
        taken: taken.collect(),
        listing: plan.listing,
        changes,
        classes_created: Vec::new(),
    })
}

/// Nothing can be imported from the file: the first reason says why.
fn no_papers(plan: Plan) -> Error {
    let problems = plan.listing.into_problems();
    let refusal = match problems.first() {
        Some(first) => {
            let message = format!(
                "no column can be imported; {:?}: {}",
                first.column, first.reason
            );
            ApiError::invalid(first.code.as_str(), message)
        }
        None => ApiError::invalid("no-papers", "the file has no column of marks"),
    };
    refusal
        .hint("a column of marks is headed by the paper's name or code, such as: English / Grammar")
        .into()
}

type ByClass<'t> = BTreeMap<ClassId, (Named, Vec<&'t Line>)>;

/// The rows of each class: all of the one that was named, or each row's own.
async fn classes_of<'t>(
    tx: &mut Tx,
    caller: &Caller,
    table: &'t Table,
    request: &RunImport,
    when: When,
    plan: &mut Plan,
) -> Result<ByClass<'t>> {
    let year = current_year(&mut *tx, when.today).await?;
    let mut named = classes::named(tx.into(), year).await?;
    named.retain(|class| caller.sees_class(class.id));
    let find = |text: &str| named.iter().find(|class| class.is(text));
    let mut by_class = ByClass::new();
    let in_rows = table.column(Field::Class).is_some();
    let in_title = table.class.as_ref().filter(|_| !in_rows);
    let for_all = request.class.as_ref().or(in_title);
    if let Some(text) = for_all {
        let class = find(text).ok_or_else(|| unknown_class(text))?;
        let rows = rows_of(table, class, &named, &mut plan.listing);
        by_class.insert(class.id, (class.clone(), rows));
        return Ok(by_class);
    }
    for row in &table.rows {
        let text = class_text(table, row);
        match class_of(table, row, &named) {
            Some(class) => {
                let entry = by_class.entry(class.id);
                let (_, rows) = entry.or_insert_with(|| (class.clone(), Vec::new()));
                rows.push(row);
            }
            None if text.is_empty() => {
                let reason = "the row names no class, and none was named for the file";
                plan.listing.refuse(row.number, "", "missing-class", reason);
            }
            None => {
                let reason = unknown_class(&text).message;
                plan.listing
                    .refuse(row.number, class_heading(table), "unknown-class", reason);
            }
        }
    }
    if by_class.is_empty()
        && table
            .column(Field::Class)
            .or(table.column(Field::Grade))
            .is_none()
    {
        return Err(ApiError::invalid(
            "missing-class",
            "neither the call nor the file names a class",
        )
        .hint("name it, such as --class 4A")
        .into());
    }
    Ok(by_class)
}

/// The rows of the one class that was named; those that name another are refused.
fn rows_of<'t>(
    table: &'t Table,
    class: &Named,
    named: &[Named],
    listing: &mut Listing,
) -> Vec<&'t Line> {
    let (rows, others): (_, Vec<_>) = table
        .rows
        .iter()
        .partition(|row| may_be_of(table, row, class, named));
    for row in others {
        let reason = format!(
            "the row is of class {:?}, and the marks are imported for {}",
            class_text(table, row),
            class.class
        );
        listing.refuse(row.number, class_heading(table), "other-class", reason);
    }
    rows
}

/// What a row says of its class: the class or the grade, and the stream.
fn class_cells<'r>(table: &Table, row: &'r Line) -> (&'r str, &'r str) {
    let place = match table.cell(row, Field::Class) {
        "" => table.cell(row, Field::Grade),
        class => class,
    };
    (place, table.cell(row, Field::Stream))
}

fn class_text(table: &Table, row: &Line) -> String {
    let (place, stream) = class_cells(table, row);
    format!("{place} {stream}").trim().to_owned()
}

/// The class that a row names, also where the stream stands twice: `4 East` and `East`.
fn class_of<'n>(table: &Table, row: &Line, named: &'n [Named]) -> Option<&'n Named> {
    let find = |text: &str| named.iter().find(|class| class.is(text));
    find(&class_text(table, row)).or_else(|| find(table.cell(row, Field::Class)))
}

/// Whether a row says nothing against a class: it names it, or its grade or stream only, or none.
fn may_be_of(table: &Table, row: &Line, class: &Named, named: &[Named]) -> bool {
    if let Some(meant) = class_of(table, row, named) {
        return meant.id == class.id;
    }
    match class_cells(table, row) {
        (part, "") | ("", part) => part.is_empty() || class.is_part(part),
        _ => false,
    }
}

fn class_heading(table: &Table) -> &str {
    let headings = [Field::Class, Field::Grade, Field::Stream].map(|field| table.heading(field));
    let first = headings.into_iter().find(|heading| !heading.is_empty());
    first.unwrap_or_default()
}

fn unknown_class(text: &str) -> ApiError {
    let message = format!("there is no class {text:?} this year, or it is not yours to see");
    ApiError::new(Kind::NotFound, "unknown-class", message)
        .hint("hillview classes list shows those there are")
}

/// The class's sheets, with the marks on them and whether the caller may write each.
async fn view(
    state: &State,
    tx: &mut Tx,
    caller: &Caller,
    class: &Named,
    heads: &[SheetHead],
    when: When,
) -> Result<ClassView> {
    let of_class = |head: &&SheetHead| {
        head.class_id == class.id && caller.sees_marks(head.class_id, head.offering_id)
    };
    let mut view = ClassView {
        name: class.class.clone(),
        ..ClassView::default()
    };
    for head in heads.iter().filter(of_class) {
        let levels = match head.direct_levels {
            true => Some(assessments::scheme(state, caller, &mut *tx, head.scheme_id).await?),
            false => None,
        };
        view.sheets.push(SheetView {
            id: head.id,
            paper: PaperNames::from(head),
            out_of: head.out_of,
            levels,
            closed: closed(caller, head, when),
            marks: HashMap::new(),
        });
    }
    let ids: Vec<SheetId> = view.sheets.iter().map(|sheet| sheet.id).collect();
    let mut pupils: BTreeMap<StudentId, Pupil> = BTreeMap::new();
    for line in held::lines(tx, &ids, when.today).await? {
        let entry = stored::stored(line.state, line.score, line.level);
        let mark = (entry, line.v.unwrap_or(Version(0)));
        let sheet = view
            .sheets
            .iter_mut()
            .find(|sheet| sheet.id == line.sheet_id);
        if let Some(sheet) = sheet {
            sheet.marks.insert(line.student_id, mark);
        }
        pupils.entry(line.student_id).or_insert(Pupil {
            id: line.student_id,
            admission_no: line.admission_no,
            name: line.name,
        });
    }
    view.students = pupils.into_values().collect();
    Ok(view)
}

/// Why the caller may not write a sheet now. An import gives no reasons, so what needs one is
/// entered by hand.
fn closed(caller: &Caller, head: &SheetHead, when: When) -> Option<(&'static str, String)> {
    if !caller.may_on(Permission::MarksEnter, head.class_id, head.offering_id) {
        return Some((
            "not-yours",
            "you may see this paper but not enter marks".to_owned(),
        ));
    }
    let dates = (head.opens, head.closes);
    let why = assessments::closed(head.assessment_state, head.state, dates, when.today)?;
    Some(("sheet-closed", why))
}

/// Saves the planned marks of one sheet, and keeps what they were.
async fn save(
    state: &State,
    tx: &mut Tx,
    caller: &Caller,
    sheet: SheetId,
    planned: &[super::marks::Planned],
    when: When,
) -> Result<Changed> {
    let edits: Vec<_> = planned.iter().map(|planned| planned.edit.clone()).collect();
    let write = Write {
        sheet,
        operation: OperationId(rand::random()),
        edits: &edits,
        reason: None,
        source: "import",
        now: when.now,
        today: when.today,
    };
    let saved = save_in(state, tx, caller, write).await?.reply;
    if let Some(problem) = saved.problems.first() {
        let message = format!(
            "{} while the file was imported; nothing was",
            problem.message
        );
        return Err(ApiError::conflict("changed-meanwhile", message)
            .hint("import the file again")
            .into());
    }
    let previous: Vec<Previous> = planned
        .iter()
        .map(|planned| Previous {
            student: planned.edit.student,
            entry: planned.before.clone(),
            version: match planned.edit.entry {
                Entry::Blank => Version(0),
                _ => saved.version,
            },
        })
        .collect();
    let previous = serde_json::to_string(&previous)
        .map_err(|error| Error::fault("keep what marks were", error))?;
    Ok(Changed {
        entity: "sheet".to_owned(),
        entity_id: sheet.0,
        previous: Some(previous),
    })
}
