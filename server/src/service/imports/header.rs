//! From lines of cells to a table: where the header is, what its columns are, and which lines
//! below it are data. Titles, instructions, repeated headers, totals and averages are left out.

use hillview_shared::imports::ImportKind;

use super::headings::{Field, out_of_suffix};
use super::read::{Grid, Line};
use crate::service::papers::key;

/// Lines in which the header is looked for.
const HEADER_WITHIN: usize = 40;

/// A column of a table.
#[derive(Debug)]
pub struct Column {
    /// As it stands in the file.
    pub heading: String,
    pub field: Option<Field>,
}

/// The lines of data of a file, with its columns.
pub struct Table {
    pub encoding: String,
    pub layout: String,
    pub header_line: u32,
    pub columns: Vec<Column>,
    pub rows: Vec<Line>,
    /// The line that says how much each paper is out of.
    pub out_of: Option<Line>,
    /// The class that a title above the header names.
    pub class: Option<String>,
    /// Lines of a template's sample or instructions.
    pub samples: Vec<u32>,
}

impl Table {
    /// Makes a table of the grid, when a header for this kind of import is found. `is_paper` says
    /// of a heading whether it names a paper.
    pub fn of(grid: Grid, kind: ImportKind, is_paper: &dyn Fn(&str) -> bool) -> Option<Self> {
        let within = &grid.lines[..grid.lines.len().min(HEADER_WITHIN)];
        let scores = within.iter().map(|line| worth(line, kind, is_paper));
        let (at, best) = scores.enumerate().max_by_key(|(at, worth)| {
            // The first of equals: a header may be repeated on every printed page.
            (*worth, std::cmp::Reverse(*at))
        })?;
        if best == 0 {
            return None;
        }
        let header = &grid.lines[at];
        let columns = columns(header, kind);
        let mut table = Self {
            encoding: grid.encoding,
            layout: grid.layout,
            header_line: header.number,
            class: grid.lines[..at].iter().find_map(class_in_title),
            out_of: None,
            columns,
            rows: Vec::new(),
            samples: Vec::new(),
        };
        table.out_of = grid.lines[..at]
            .iter()
            .find(|line| table.sort(line) == Sort::OutOf)
            .cloned();
        for line in grid.lines.into_iter().skip(at + 1) {
            match table.sort(&line) {
                Sort::Data => table.rows.push(line),
                Sort::OutOf => table.out_of = table.out_of.or(Some(line)),
                Sort::Sample => table.samples.push(line.number),
                Sort::Other => {}
            }
        }
        Some(table)
    }

    /// The first column of a field.
    pub fn column(&self, field: Field) -> Option<usize> {
        self.columns
            .iter()
            .position(|column| column.field == Some(field))
    }

    /// The heading of a field's column; empty where there is none.
    pub fn heading(&self, field: Field) -> &str {
        self.column(field)
            .map_or("", |column| &self.columns[column].heading)
    }

    /// A row's cell in a field's column; empty where there is none.
    pub fn cell<'a>(&self, row: &'a Line, field: Field) -> &'a str {
        self.column(field).map_or("", |column| row.cell(column))
    }

    /// A row's name: the full one, or its parts together.
    pub fn name(&self, row: &Line) -> String {
        if self.column(Field::Name).is_some() {
            return self.cell(row, Field::Name).to_owned();
        }
        [Field::FirstName, Field::MiddleName, Field::LastName]
            .map(|part| self.cell(row, part))
            .iter()
            .filter(|part| !part.is_empty())
            .copied()
            .collect::<Vec<_>>()
            .join(" ")
    }

    fn sort(&self, line: &Line) -> Sort {
        let first = line
            .cells
            .iter()
            .find(|cell| !cell.is_empty())
            .unwrap_or("");
        if first.starts_with('#') {
            return Sort::Other;
        }
        let (mut filled, mut repeated) = (0, 0);
        for (column, cell) in line.cells.iter().enumerate() {
            if cell.is_empty() {
                continue;
            }
            filled += 1;
            let heading = self.columns.get(column).map_or("", |c| &c.heading);
            repeated += usize::from(key(heading) == key(cell));
        }
        if filled > 1 && repeated == filled {
            return Sort::Other;
        }
        let number = self.cell(line, Field::Number);
        let label = key(first);
        if number.is_empty() || number == first {
            if OUT_OF_LABELS.contains(&label.as_str()) {
                return Sort::OutOf;
            }
            if SUMMARY_LABELS.contains(&label.as_str()) {
                return Sort::Other;
            }
        }
        let sample = SAMPLE_NAMES.contains(&key(&self.name(line)).as_str())
            || line.cells.iter().any(is_instruction);
        if sample { Sort::Sample } else { Sort::Data }
    }
}

#[derive(PartialEq, Eq)]
enum Sort {
    Data,
    OutOf,
    Sample,
    Other,
}

const OUT_OF_LABELS: [&str; 11] = [
    "max",
    "maxmark",
    "maxmarks",
    "maxscore",
    "maximum",
    "maximummark",
    "maximummarks",
    "maximumscore",
    "outof",
    "possiblemarks",
    "markedoutof",
];

const SUMMARY_LABELS: [&str; 24] = [
    "total",
    "totals",
    "totalmarks",
    "grandtotal",
    "sum",
    "average",
    "averages",
    "avg",
    "mean",
    "means",
    "meanscore",
    "meanmark",
    "meanmarks",
    "averagescore",
    "averagemark",
    "averagemarks",
    "classmean",
    "classaverage",
    "classtotal",
    "subjectmean",
    "subjectaverage",
    "streammean",
    "entries",
    "jumla",
];

const SAMPLE_NAMES: [&str; 7] = [
    "teachernamehere",
    "studentnamehere",
    "namehere",
    "yournamehere",
    "samplestudent",
    "examplestudent",
    "studentname",
];

/// Whether a cell tells how to fill a template in: `ADM001 (optional)`.
fn is_instruction(cell: &str) -> bool {
    let cell = cell.to_lowercase();
    ["(optional)", "(required)", "(mandatory)"]
        .iter()
        .any(|ending| cell.ends_with(ending))
}

/// How much a line looks like the header: 0 for not at all.
fn worth(line: &Line, kind: ImportKind, is_paper: &dyn Fn(&str) -> bool) -> usize {
    let field = |heading: &str| Field::of_kind(heading, kind);
    let fields: Vec<Field> = line.cells.iter().filter_map(field).collect();
    let has = |field| fields.contains(&field);
    let named = has(Field::Name) || (has(Field::FirstName) && has(Field::LastName));
    let told = fields
        .iter()
        .filter(|field| **field != Field::Ignored)
        .count();
    let enough = match kind {
        ImportKind::Students | ImportKind::Staff => named && told > 1,
        ImportKind::Marks => {
            let filled = line.cells.iter().filter(|cell| !cell.is_empty()).count();
            (named || has(Field::Number)) && filled > told.min(1)
        }
    };
    if !enough {
        return 0;
    }
    let papers = match kind {
        ImportKind::Students | ImportKind::Staff => 0,
        ImportKind::Marks => {
            let papers = |heading: &&str| is_paper(heading) || is_paper(out_of_suffix(heading).0);
            line.cells.iter().filter(papers).count()
        }
    };
    fields.len() + papers
}

fn columns(header: &Line, kind: ImportKind) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::with_capacity(header.cells.len());
    for heading in &header.cells {
        // A second column of the same heading is left out: the first one counts.
        let field = Field::of_kind(heading, kind).map(|field| {
            match columns.iter().any(|column| column.field == Some(field)) {
                true => Field::Ignored,
                false => field,
            }
        });
        columns.push(Column {
            heading: heading.to_owned(),
            field,
        });
    }
    columns
}

/// The class in a title line: `Class: 4 East`, or `Class` with the name in the next cell.
fn class_in_title(line: &Line) -> Option<String> {
    let mut cells = line.cells.iter().filter(|cell| !cell.is_empty());
    while let Some(cell) = cells.next() {
        let (label, value) = cell.split_once(':').unwrap_or((cell, ""));
        if !matches!(Field::of(label), Some(Field::Class | Field::Grade)) {
            continue;
        }
        let value = match value.trim() {
            "" => cells.next()?.trim(),
            value => value,
        };
        return Some(value.to_owned());
    }
    None
}

#[cfg(test)]
#[path = "header_tests.rs"]
mod tests;
