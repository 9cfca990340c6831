//! What an import of marks is planned from, and how the plan is carried out: by the rules of the
//! save that a teacher's marks take.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use hillview_shared::accounts::Permission;
use hillview_shared::ids::{AssessmentId, ClassId, OperationId, SheetId, StudentId, Version};
use hillview_shared::imports::RunImport;
use hillview_shared::marks::{Edit, Entry, MarksSaved};
use hillview_shared::{ApiError, Kind};
use serde::{Deserialize, Serialize};

use super::header::Table;
use super::headings::Field;
use super::marks::{ClassView, Plan, Planned, Pupil, SheetView, plan_class};
use super::plan::Listing;
use super::read::Line;
use super::run::{When, aside, changed_meanwhile};
use crate::caller::Caller;
use crate::db::classes::{self, Named};
use crate::db::imports::Changed;
use crate::db::imports::marks::{self as held, SheetHead};
use crate::db::{Tx, marks as stored};
use crate::error::{Error, Result};
use crate::service::State;
use crate::service::assessments;
use crate::service::calendar::current_year;
use crate::service::marks::Write;
use crate::service::papers::PaperNames;
use crate::service::saves::save_all;

/// Sheets that are read together: other calls of the same thread have their turn in between.
const READ: usize = 64;

/// What a mark was before, and what the import made of it.
#[derive(Debug, Serialize, Deserialize)]
pub struct Previous {
    pub student: StudentId,
    pub entry: Entry,
    /// The version that the import gave the mark; 0 where it cleared it.
    pub version: Version,
}

/// The sheets of an assessment that a file of marks may be for.
pub struct Book {
    heads: Vec<SheetHead>,
}

impl Book {
    pub async fn read(caller: &Caller, assessment: AssessmentId) -> Result<Self> {
        let heads = held::sheets(caller.db(), assessment).await?;
        Ok(Self { heads })
    }

    /// The names of its papers, by which a header is known: each once, however many classes have it.
    pub fn papers(&self) -> Vec<PaperNames> {
        let mut seen = HashSet::new();
        let heads = self.heads.iter();
        let new = heads
            .filter(|head| seen.insert((&head.subject_code, &head.paper_code, &head.paper_name)));
        new.map(PaperNames::from).collect()
    }
}

/// Plans the import from what the school has now; nothing is held or written.
pub async fn plan(
    state: &State,
    caller: &Caller,
    table: &Arc<Table>,
    request: &RunImport,
    (book, when): (&Book, When),
) -> Result<(Plan, Vec<Option<String>>)> {
    let db = caller.db();
    let year = current_year(db, when.today).await?;
    let mut named = classes::named(db.into(), year).await?;
    named.retain(|class| caller.sees_class(class.id));
    let (of_table, how) = (Arc::clone(table), request.clone());
    let grouped = aside(move || {
        let mut plan = Plan::default();
        let by_class = classes_of(&of_table, &how, &named, &mut plan);
        by_class.map(|by_class| (by_class, plan))
    });
    let (by_class, mut plan) = grouped.await??;
    let views = views(state, caller, &by_class, book, when).await?;
    let (table, how) = (Arc::clone(table), request.clone());
    let planned = aside(move || {
        for (view, (_, rows)) in views.iter().zip(by_class.values()) {
            let rows: Vec<&Line> = rows.iter().map(|row| &table.rows[*row]).collect();
            plan_class(&table, &rows, view, how.on_duplicate, &mut plan);
        }
        if plan.taken.is_empty() && !by_class.is_empty() {
            return Err(no_papers(plan));
        }
        for line in &table.samples {
            let reason = "this is the template's sample, not a student: it was left out";
            plan.listing.warn(*line, "", "sample-row", reason);
        }
        let columns = table.columns.iter().enumerate();
        let taken = columns.map(|(place, column)| match plan.taken.get(&place) {
            Some(paper) => Some(paper.clone()),
            None => column.field.and_then(Field::words).map(str::to_owned),
        });
        let taken = taken.collect();
        Ok((plan, taken))
    });
    planned.await?
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

/// The rows of each class, by their places in the table.
type ByClass = BTreeMap<ClassId, (Named, Vec<usize>)>;

/// The rows of each class: all of the one that was named, or each row's own.
fn classes_of(
    table: &Table,
    request: &RunImport,
    named: &[Named],
    plan: &mut Plan,
) -> Result<ByClass> {
    let find = |text: &str| named.iter().find(|class| class.is(text));
    let mut by_class = ByClass::new();
    let in_rows = table.column(Field::Class).is_some();
    let in_title = table.class.as_ref().filter(|_| !in_rows);
    let for_all = request.class.as_ref().or(in_title);
    if let Some(text) = for_all {
        let class = find(text).ok_or_else(|| unknown_class(text))?;
        let rows = rows_of(table, class, named, &mut plan.listing);
        by_class.insert(class.id, (class.clone(), rows));
        return Ok(by_class);
    }
    // Rows of one class mostly stand together, and a class is sought among hundreds.
    let mut known: HashMap<_, Option<&Named>> = HashMap::new();
    for (place, row) in table.rows.iter().enumerate() {
        let class = known.entry((table.cell(row, Field::Class), class_cells(table, row)));
        match *class.or_insert_with(|| class_of(table, row, named)) {
            Some(class) => {
                let entry = by_class.entry(class.id);
                let (_, rows) = entry.or_insert_with(|| (class.clone(), Vec::new()));
                rows.push(place);
            }
            None if class_text(table, row).is_empty() => {
                let reason = "the row names no class, and none was named for the file";
                plan.listing.refuse(row.number, "", "missing-class", reason);
            }
            None => {
                let reason = unknown_class(&class_text(table, row)).message;
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
fn rows_of(table: &Table, class: &Named, named: &[Named], listing: &mut Listing) -> Vec<usize> {
    let (rows, others): (_, Vec<_>) = (0..table.rows.len())
        .partition(|place| may_be_of(table, &table.rows[*place], class, named));
    for place in others {
        let row = &table.rows[place];
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

/// The sheets of each class, with the marks on them and whether the caller may write each.
async fn views(
    state: &State,
    caller: &Caller,
    by_class: &ByClass,
    book: &Book,
    when: When,
) -> Result<Vec<ClassView>> {
    let mut views: BTreeMap<ClassId, ClassView> = BTreeMap::new();
    for (id, (class, _)) in by_class {
        let name = class.class.clone();
        let view = ClassView {
            name,
            ..ClassView::default()
        };
        views.insert(*id, view);
    }
    // Where each sheet stands among those of its class.
    let mut places: HashMap<SheetId, (ClassId, usize)> = HashMap::new();
    for head in &book.heads {
        let Some(view) = views.get_mut(&head.class_id) else {
            continue;
        };
        if !caller.sees_marks(head.class_id, head.offering_id) {
            continue;
        }
        let levels = match head.direct_levels {
            true => Some(assessments::scheme(state, caller, caller.db(), head.scheme_id).await?),
            false => None,
        };
        places.insert(head.id, (head.class_id, view.sheets.len()));
        view.sheets.push(SheetView {
            id: head.id,
            paper: PaperNames::from(head),
            out_of: head.out_of,
            levels,
            closed: closed(caller, head, when),
            marks: HashMap::new(),
        });
    }
    let ids = views.values().flat_map(|view| &view.sheets);
    let ids: Vec<SheetId> = ids.map(|sheet| sheet.id).collect();
    let mut pupils: HashSet<(ClassId, StudentId)> = HashSet::new();
    for some in ids.chunks(READ) {
        for line in held::lines(caller.db(), some, when.today).await? {
            let Some((class, place)) = places.get(&line.sheet_id) else {
                continue;
            };
            let Some(view) = views.get_mut(class) else {
                continue;
            };
            let entry = stored::stored(line.state, line.score, line.level);
            let mark = (entry, line.v.unwrap_or(Version(0)));
            view.sheets[*place].marks.insert(line.student_id, mark);
            if pupils.insert((*class, line.student_id)) {
                view.students.push(Pupil {
                    id: line.student_id,
                    admission_no: line.admission_no,
                    name: line.name,
                });
            }
        }
    }
    Ok(views.into_values().collect())
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

/// Saves what was planned, and keeps what the marks were.
pub async fn carry_out(
    state: &State,
    tx: &mut Tx,
    caller: &Caller,
    plan: &Plan,
    when: When,
) -> Result<Vec<Changed>> {
    let edits = plan.edits.values();
    let edits: Vec<Vec<Edit>> = edits
        .map(|planned| planned.iter().map(|one| one.edit.clone()).collect())
        .collect();
    let writes = plan.edits.keys().zip(&edits).map(|(sheet, edits)| Write {
        sheet: *sheet,
        operation: OperationId(rand::random()),
        edits,
        reason: None,
        source: "import",
        now: when.now,
        today: when.today,
    });
    let writes: Vec<Write<'_>> = writes.collect();
    let mut changes = Vec::with_capacity(writes.len());
    let saved = save_all(state, tx, caller, &writes).await?;
    for ((sheet, planned), saved) in plan.edits.iter().zip(saved) {
        changes.push(changed(*sheet, planned, &saved.reply)?);
    }
    Ok(changes)
}

/// What a save changed, to take it back; refuses one that did not land whole.
fn changed(sheet: SheetId, planned: &[Planned], saved: &MarksSaved) -> Result<Changed> {
    if let Some(problem) = saved.problems.first() {
        let message = format!(
            "{} while the file was imported; nothing was",
            problem.message
        );
        return Err(changed_meanwhile(message).into());
    }
    let previous = planned.iter().map(|planned| Previous {
        student: planned.edit.student,
        entry: planned.before.clone(),
        version: match planned.edit.entry {
            Entry::Blank => Version(0),
            _ => saved.version,
        },
    });
    let previous: Vec<Previous> = previous.collect();
    let previous = serde_json::to_string(&previous)
        .map_err(|error| Error::fault("keep what marks were", error))?;
    Ok(Changed {
        entity: "sheet".to_owned(),
        entity_id: sheet.0,
        previous: Some(previous),
    })
}
