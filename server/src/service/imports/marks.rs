//! The plan of an import of marks: which sheet each column is for, whose each row is, and what
//! changes. Nothing is written here.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use hillview_shared::grading::Scheme;
use hillview_shared::ids::{SheetId, StudentId, Version};
use hillview_shared::imports::OnDuplicate;
use hillview_shared::marks::{Edit, Entry, EntryRules, Score};
use hillview_shared::text::fold;

use super::cells;
use super::header::{Column, Table};
use super::headings::{Field, out_of_suffix};
use super::plan::{Listing, listed, strangers};
use super::read::Line;
use crate::service::papers::{Meaning, PaperNames, meaning};

/// A class as far as its marks go.
#[derive(Default)]
pub struct ClassView {
    pub name: String,
    pub students: Vec<Pupil>,
    pub sheets: Vec<SheetView>,
}

/// A student of the class.
pub struct Pupil {
    pub id: StudentId,
    pub admission_no: String,
    pub name: String,
}

/// A sheet of the assessment, and the marks on it.
pub struct SheetView {
    pub id: SheetId,
    pub paper: PaperNames,
    pub out_of: Score,
    /// The scheme, where levels are entered directly.
    pub levels: Option<Arc<Scheme>>,
    /// Why the caller may enter nothing on it now, with the code of the reason.
    pub closed: Option<(&'static str, String)>,
    /// Those who are expected or have a mark.
    pub marks: HashMap<StudentId, (Entry, Version)>,
}

/// A mark to save, and what it replaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    pub before: Entry,
    pub edit: Edit,
}

/// Everything that an import of marks does.
#[derive(Default)]
pub struct Plan {
    pub edits: BTreeMap<SheetId, Vec<Planned>>,
    pub listing: Listing,
    /// What each column was taken for, by its place.
    pub taken: HashMap<usize, String>,
}

/// Adds what some rows do to the marks of one class.
pub fn plan_class(
    table: &Table,
    rows: &[&Line],
    class: &ClassView,
    on_duplicate: OnDuplicate,
    plan: &mut Plan,
) {
    let columns = columns(table, rows, class, plan);
    let whose = whose(table, rows, class, &mut plan.listing);
    for (row, pupil) in rows.iter().zip(whose) {
        let Some(pupil) = pupil else { continue };
        for (place, sheet) in &columns {
            let text = row.cell(*place);
            if !text.is_empty() {
                let heading = &table.columns[*place].heading;
                let cell = Cell {
                    line: row.number,
                    heading,
                    text,
                };
                enter(&cell, pupil, sheet, on_duplicate, plan);
            }
        }
    }
}

struct Cell<'a> {
    line: u32,
    heading: &'a str,
    text: &'a str,
}

/// The columns that are for a sheet of the class. What is wrong with a column is said once.
fn columns<'c>(
    table: &Table,
    rows: &[&Line],
    class: &'c ClassView,
    plan: &mut Plan,
) -> Vec<(usize, &'c SheetView)> {
    let papers: Vec<PaperNames> = class
        .sheets
        .iter()
        .map(|sheet| sheet.paper.clone())
        .collect();
    let mut columns: Vec<(usize, &SheetView)> = Vec::new();
    for (place, column) in table.columns.iter().enumerate() {
        if column.heading.is_empty() || column.field.is_some() || is_of_others(table, rows, place) {
            continue;
        }
        let found = sheet_of(column, &papers, class).and_then(|(sheet, out_of)| {
            let in_row = table.out_of.as_ref().map(|line| line.cell(place));
            check_out_of(sheet, out_of, in_row.unwrap_or(""))?;
            let twice = columns.iter().find(|(_, other)| other.id == sheet.id);
            match (twice, &sheet.closed) {
                (Some((first, _)), _) => {
                    let other = &table.columns[*first].heading;
                    let reason = format!("{other:?} is for the same paper: leave one of them");
                    Err(("duplicate-column", reason))
                }
                (None, Some((code, why))) => Err((*code, why.clone())),
                (None, None) => Ok(sheet),
            }
        });
        match found {
            Ok(sheet) => {
                plan.taken
                    .entry(place)
                    .or_insert_with(|| sheet.paper.label());
                columns.push((place, sheet));
            }
            Err((code, reason)) => {
                let reason = format!("{reason}; its marks were left out");
                let line = table.header_line;
                plan.listing
                    .leave_column_out(line, &column.heading, code, reason);
            }
        }
    }
    columns
}

/// Whether only rows of other classes have something in a column: of a paper that is not taught here.
fn is_of_others(table: &Table, rows: &[&Line], place: usize) -> bool {
    let filled = |row: &Line| !row.cell(place).is_empty();
    !rows.iter().any(|row| filled(row)) && table.rows.iter().any(filled)
}

type ColumnFlaw = (&'static str, String);

/// The sheet that a heading means, and the out-of that it names.
fn sheet_of<'c>(
    column: &Column,
    papers: &[PaperNames],
    class: &'c ClassView,
) -> Result<(&'c SheetView, Option<Score>), ColumnFlaw> {
    let heading = column.heading.as_str();
    // CHE/1 is a paper, although it could be an out-of.
    let (meant, out_of) = match meaning(papers, heading) {
        Meaning::Nothing => {
            let (name, out_of) = out_of_suffix(heading);
            (meaning(papers, name), out_of)
        }
        meant => (meant, None),
    };
    match meant {
        Meaning::Paper(place) => Ok((&class.sheets[place], out_of)),
        Meaning::Several(places) => {
            let labels: Vec<String> = places.iter().map(|at| papers[*at].label()).collect();
            let reason = format!("it could be {}: name one", listed(&labels));
            Err(("which-paper", reason))
        }
        Meaning::Nothing => {
            let known: Vec<String> = papers.iter().map(PaperNames::label).collect();
            let reason = format!(
                "{} has no such paper in this assessment; it has {}",
                class.name,
                listed(&known)
            );
            Err(("unknown-column", reason))
        }
    }
}

/// Marks out of something else than the sheet's out-of are never converted.
fn check_out_of(sheet: &SheetView, heading: Option<Score>, in_row: &str) -> Result<(), ColumnFlaw> {
    if sheet.levels.is_some() {
        return Ok(());
    }
    let in_row = match in_row {
        "" => None,
        text => Some(Score::parse(text).map_err(|error| ("unreadable-out-of", error.to_string()))?),
    };
    if let (Some(heading), Some(in_row)) = (heading, in_row)
        && heading != in_row
    {
        let reason = format!(
            "its heading says out of {heading}, the row of maximum marks says {in_row}: correct \
             one of them"
        );
        return Err(("out-of-unclear", reason));
    }
    match heading.or(in_row).filter(|out_of| *out_of != sheet.out_of) {
        None => Ok(()),
        Some(out_of) => {
            let reason = format!(
                "the file's marks are out of {out_of}, the sheet's out of {}: convert them, or \
                 have the sheet's out-of changed",
                sheet.out_of
            );
            Err(("out-of-differs", reason))
        }
    }
}

/// Whose each row is: by admission number, or by a name that is one student's and one row's only.
fn whose<'c>(
    table: &Table,
    rows: &[&Line],
    class: &'c ClassView,
    listing: &mut Listing,
) -> Vec<Option<&'c Pupil>> {
    let mut by_number: HashMap<String, &Pupil> = HashMap::new();
    let mut by_name: HashMap<String, Vec<&Pupil>> = HashMap::new();
    for pupil in &class.students {
        by_number.insert(cells::number_key(&pupil.admission_no), pupil);
        by_name.entry(fold(&pupil.name)).or_default().push(pupil);
    }
    let finder = Finder {
        table,
        class,
        by_number,
        by_name,
    };
    let mut whose: Vec<Option<&Pupil>> = Vec::with_capacity(rows.len());
    let mut lines: HashMap<StudentId, Vec<u32>> = HashMap::new();
    for row in rows {
        let pupil = finder.find(row, listing);
        if let Some(pupil) = pupil {
            lines.entry(pupil.id).or_default().push(row.number);
        }
        whose.push(pupil);
    }
    for (row, pupil) in rows.iter().zip(&mut whose) {
        let Some(found) = *pupil else { continue };
        let same = &lines[&found.id];
        if same.len() > 1 {
            let reason = format!(
                "lines {} are both about {}: leave one of them, or give the admission numbers",
                listed(same),
                found.admission_no
            );
            listing.refuse(
                row.number,
                table.heading(Field::Number),
                "duplicate-in-file",
                reason,
            );
            *pupil = None;
        }
    }
    whose
}

struct Finder<'t, 'c> {
    table: &'t Table,
    class: &'c ClassView,
    by_number: HashMap<String, &'c Pupil>,
    by_name: HashMap<String, Vec<&'c Pupil>>,
}

impl<'c> Finder<'_, 'c> {
    /// The student of a row, or `None` when it is refused.
    fn find(&self, row: &Line, listing: &mut Listing) -> Option<&'c Pupil> {
        let name = self.table.name(row);
        let number = self.table.cell(row, Field::Number);
        let (field, found) = match number {
            "" => (Field::Name, self.named(&name)),
            number => (Field::Number, self.numbered(number)),
        };
        match found {
            Ok(pupil) => {
                if strangers(&name, &pupil.name) {
                    let reason = format!(
                        "{} is {} in the class; the file says {name}",
                        pupil.admission_no, pupil.name
                    );
                    let column = self.table.heading(Field::Name);
                    listing.warn(row.number, column, "name-differs", reason);
                }
                Some(pupil)
            }
            Err((code, reason)) => {
                listing.refuse(row.number, self.table.heading(field), code, reason);
                None
            }
        }
    }

    fn numbered(&self, number: &str) -> Result<&'c Pupil, ColumnFlaw> {
        let number = cells::read_number(number).map_err(|flaw| (flaw.code, flaw.reason))?;
        let found = self.by_number.get(&cells::number_key(&number.text));
        found.copied().ok_or_else(|| {
            let reason = format!(
                "nobody in {} has the admission number {}",
                self.class.name, number.text
            );
            ("unknown-student", reason)
        })
    }

    fn named(&self, name: &str) -> Result<&'c Pupil, ColumnFlaw> {
        let class = &self.class.name;
        match self.by_name.get(&fold(name)).map(Vec::as_slice) {
            Some([only]) => Ok(only),
            None | Some([]) if fold(name).is_empty() => {
                let reason = "the row has neither an admission number nor a name".to_owned();
                Err(("missing-number", reason))
            }
            None | Some([]) => Err(("unknown-student", format!("nobody in {class} is {name}"))),
            Some(several) => {
                let reason = format!(
                    "{} students of {class} are {name}: give the admission number",
                    several.len()
                );
                Err(("ambiguous-name", reason))
            }
        }
    }
}

/// What one cell does.
fn enter(
    cell: &Cell<'_>,
    pupil: &Pupil,
    sheet: &SheetView,
    on_duplicate: OnDuplicate,
    plan: &mut Plan,
) {
    let rules = EntryRules {
        out_of: sheet.out_of,
        levels: sheet.levels.as_deref(),
    };
    let listing = &mut plan.listing;
    let entry = match Entry::parse(cell.text, rules) {
        Ok(entry) => entry,
        Err(error) => {
            return listing.refuse(cell.line, cell.heading, error.code(), error.to_string());
        }
    };
    let Some((before, based_on)) = sheet.marks.get(&pupil.id) else {
        let reason = format!("{} does not take {}", pupil.name, sheet.paper.label());
        return listing.refuse(cell.line, cell.heading, "not-on-sheet", reason);
    };
    if *before == entry {
        listing.same += 1;
        return;
    }
    if *before == Entry::Blank {
        listing.added += 1;
    } else {
        match on_duplicate {
            OnDuplicate::Update => listing.changed += 1,
            OnDuplicate::Skip => {
                listing.skipped += 1;
                return;
            }
            OnDuplicate::Error => {
                let reason = format!("{before} stands there; the file says {entry}");
                return listing.refuse(cell.line, cell.heading, "exists", reason);
            }
        }
    }
    plan.edits.entry(sheet.id).or_default().push(Planned {
        before: before.clone(),
        edit: Edit {
            student: pupil.id,
            based_on: *based_on,
            entry,
        },
    });
}

#[cfg(test)]
#[path = "marks_tests.rs"]
mod tests;
