//! Pasted text as a table, and which row of the sheet each of its lines is for.
//!
//! Where admission numbers of the sheet stand beside the marks, the numbers decide about every
//! line. A line whose number is unknown, or is there twice, gives nobody a mark: the order of the
//! lines never stands in for a number.

use hillview_shared::marks::Entry;

use super::Marks;
use super::cell::Cell;
use super::preview::Preview;
use crate::theme::Tone;

/// With what a heading over a column of marks begins.
const HEADINGS: [&str; 6] = ["mark", "score", "total", "level", "grade", "points"];

/// Lines of cells, as a spreadsheet copies them.
struct Table<'a> {
    lines: Vec<Vec<&'a str>>,
    /// The last column in which anything stands.
    marks: usize,
}

impl<'a> Table<'a> {
    fn of(text: &'a str) -> Self {
        let cells = |line: &'a str| line.split('\t').map(str::trim).collect();
        let lines: Vec<Vec<&str>> = text.lines().map(cells).collect();
        let last = |line: &Vec<&str>| line.iter().rposition(|cell| !cell.is_empty());
        let marks = lines.iter().filter_map(last).max().unwrap_or_default();
        Self { lines, marks }
    }

    fn mark(&self, line: &[&'a str]) -> &'a str {
        line.get(self.marks).copied().unwrap_or_default()
    }
}

impl Marks {
    /// Pasted marks with the rows that they are for.
    ///
    /// # Errors
    /// When it cannot be told for whom they are.
    pub(super) fn pasted_marks(&self, text: &str) -> Result<Preview, String> {
        let table = Table::of(text);
        match self.number_column(&table) {
            Some(column) => Ok(self.by_number(&table, column)),
            None => self.by_order(&table),
        }
    }

    fn row_numbered(&self, number: &str) -> Option<usize> {
        let numbered = |cell: &Cell| cell.adm.eq_ignore_ascii_case(number);
        self.cells.iter().position(numbered)
    }

    /// The column before the marks with the most admission numbers of this sheet.
    fn number_column(&self, table: &Table<'_>) -> Option<usize> {
        let known = |column: usize| {
            let cells = table.lines.iter().filter_map(|line| line.get(column));
            cells
                .filter(|cell| self.row_numbered(cell).is_some())
                .count()
        };
        let columns = (0..table.marks).map(|column| (known(column), std::cmp::Reverse(column)));
        let (found, column) = columns.max()?;
        (found > 0).then_some(column.0)
    }

    /// Lines go to the students whose numbers they name, wherever they stand.
    fn by_number(&self, table: &Table<'_>, column: usize) -> Preview {
        let mut preview = Preview::default();
        preview.note(
            Tone::Plain,
            "By admission number, in whatever order the lines stand.",
        );
        let mut rows: Vec<(usize, Vec<&str>)> = Vec::new();
        let filled = |line: &&Vec<&str>| line.iter().any(|cell| !cell.is_empty());
        for line in table.lines.iter().filter(filled) {
            let number = line.get(column).copied().unwrap_or_default();
            let mark = table.mark(line);
            match self.row_numbered(number) {
                Some(row) => match rows.iter_mut().find(|(known, _)| *known == row) {
                    Some((_, marks)) => marks.push(mark),
                    None => rows.push((row, vec![mark])),
                },
                None if rows.is_empty() && self.heads_a_column(mark) && !has_digit(number) => {
                    preview.note(Tone::Plain, &left_out_as_heading(line));
                }
                None if mark.is_empty() => {}
                None if number.is_empty() => {
                    preview.refuse(&format!("{mark}: no admission number stands beside it"));
                }
                None => preview.refuse(&format!("{number}: not on this sheet, with {mark}")),
            }
        }
        for (row, marks) in rows {
            match marks[..] {
                [mark] => preview.marks.extend(self.judged(row, mark)),
                _ => self.refuse_repeated(row, &marks, &mut preview),
            }
        }
        preview
    }

    /// Which of a student's marks is meant cannot be told: none of them is entered.
    fn refuse_repeated(&self, row: usize, marks: &[&str], preview: &mut Preview) {
        if marks.iter().all(|mark| mark.is_empty()) {
            return;
        }
        let blank = |mark: &&str| if mark.is_empty() { "blank" } else { *mark }.to_owned();
        let marks: Vec<String> = marks.iter().map(blank).collect();
        let (adm, all) = (&self.cells[row].adm, marks.join(", "));
        for _ in 1..marks.len() {
            preview.refuse(&format!(
                "{adm}: there more than once, none is entered: {all}"
            ));
        }
        preview
            .marks
            .push((row, Err(format!("more than once: {all}"))));
    }

    /// One line a row, from the cursor down.
    fn by_order(&self, table: &Table<'_>) -> Result<Preview, String> {
        let mut preview = Preview::default();
        let alone = match table.marks {
            0 => "a line for each row",
            _ => "no admission number found",
        };
        let way = format!("In order from row {} down: {alone}.", self.cursor.at + 1);
        preview.note(Tone::Plain, &way);
        let mut lines = &table.lines[..];
        let filled = |line: &Vec<&str>| !table.mark(line).is_empty();
        let first = lines.iter().position(filled).unwrap_or_default();
        let several = lines.iter().filter(|line| filled(line)).count() > 1;
        let mark = lines.get(first).map_or("", |line| table.mark(line));
        if several && self.heads_a_column(mark) {
            let word = mark.to_lowercase();
            if !HEADINGS.iter().any(|heading| word.starts_with(heading)) {
                // As a heading it takes no row, as a slip it takes one: all others depend on it.
                return Err(format!(
                    "the first line is no mark: {mark:?}; is it a heading? Paste without it"
                ));
            }
            preview.note(Tone::Plain, &left_out_as_heading(&lines[first]));
            lines = &lines[first + 1..];
        }
        for (offset, line) in lines.iter().enumerate() {
            let (at, mark) = (self.cursor.at + offset, table.mark(line));
            if at < self.cells.len() {
                preview.marks.extend(self.judged(at, mark));
            } else if !mark.is_empty() {
                preview.without_row += 1;
            }
        }
        Ok(preview)
    }

    /// Words where marks should be.
    fn heads_a_column(&self, mark: &str) -> bool {
        self.read(mark).is_err() && mark.contains(char::is_alphabetic)
    }

    /// A row's pasted mark; nothing for a blank, which changes nothing.
    fn judged(&self, at: usize, text: &str) -> Option<(usize, Result<Entry, String>)> {
        let mark = match self.read(text) {
            Ok(Entry::Blank) => return None,
            Ok(_) if self.cells[at].theirs().is_some() => Err("in conflict".to_owned()),
            Ok(entry) => Ok(entry),
            Err(error) => Err(error.to_string()),
        };
        Some((at, mark))
    }
}

fn has_digit(text: &str) -> bool {
    text.contains(|c: char| c.is_ascii_digit())
}

fn left_out_as_heading(line: &[&str]) -> String {
    let words: Vec<&str> = line
        .iter()
        .copied()
        .filter(|cell| !cell.is_empty())
        .collect();
    format!("Left out as a heading: {}", words.join(", "))
}
