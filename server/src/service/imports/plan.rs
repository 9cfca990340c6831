//! What a plan and its preview have in common: the problems of rows and the counts.

use std::collections::BTreeSet;

use hillview_shared::imports::RowProblem;
use hillview_shared::text::visible;

use super::cells::Flaw;

/// The most problems of one row that are listed.
const PER_ROW: usize = 20;
/// Problems that are kept of one import.
const KEPT: usize = 100_000;

/// The longest heading and the longest reason, in characters.
pub const COLUMN_MAX: usize = 200;
const REASON_MAX: usize = 500;

/// What an import does or would do, row by row.
#[derive(Debug, Default)]
pub struct Listing {
    pub added: u32,
    pub changed: u32,
    pub same: u32,
    pub skipped: u32,
    problems: Vec<RowProblem>,
    refused: BTreeSet<u32>,
}

impl Listing {
    /// Refuses a row, or a cell of it.
    pub fn refuse(&mut self, line: u32, column: &str, code: &str, reason: impl Into<String>) {
        self.refused.insert(line);
        self.add(line, column, code, reason.into(), false);
    }

    /// Refuses for what is wrong with a value.
    pub fn refuse_flaw(&mut self, line: u32, column: &str, flaw: Flaw) {
        self.refuse(line, column, flaw.code, flaw.reason);
    }

    /// Points at something without refusing it.
    pub fn warn(&mut self, line: u32, column: &str, code: &str, reason: impl Into<String>) {
        self.add(line, column, code, reason.into(), true);
    }

    /// Leaves a whole column out: said once, at the header.
    pub fn leave_column_out(&mut self, line: u32, column: &str, code: &str, reason: String) {
        let (heading, why) = (shown(column, COLUMN_MAX), shown(&reason, REASON_MAX));
        let said = |p: &RowProblem| p.column == heading && p.code == code && p.reason == why;
        if !self.problems.iter().any(said) {
            self.add(line, column, code, reason, false);
        }
    }

    pub fn is_refused(&self, line: u32) -> bool {
        self.refused.contains(&line)
    }

    /// How many rows are refused.
    pub fn refused(&self) -> u32 {
        u32::try_from(self.refused.len()).unwrap_or(u32::MAX)
    }

    /// Every problem, in the order of the file.
    pub fn into_problems(mut self) -> Vec<RowProblem> {
        self.problems.sort_by_key(|problem| problem.line);
        self.problems
    }

    fn add(&mut self, line: u32, column: &str, code: &str, reason: String, warning: bool) {
        if self.problems.len() == KEPT {
            return;
        }
        let of_row = self.problems.iter().rev().take(PER_ROW);
        if of_row.filter(|problem| problem.line == line).count() == PER_ROW {
            return;
        }
        self.problems.push(RowProblem {
            line,
            column: shown(column, COLUMN_MAX),
            code: code.to_owned(),
            reason: shown(&reason, REASON_MAX),
            warning,
        });
    }
}

/// Text of a file as it may be shown: nothing hidden in it, and not longer than its column.
pub fn shown(text: &str, most: usize) -> String {
    visible(text).chars().take(most).collect()
}

/// `3, 7 and 9`.
pub fn listed<T: ToString>(items: &[T]) -> String {
    let items: Vec<String> = items.iter().map(T::to_string).collect();
    match items.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

/// Whether two names have no word in common, so that they can hardly be one person's.
pub fn strangers(a: &str, b: &str) -> bool {
    let (a, b) = (
        hillview_shared::text::fold(a),
        hillview_shared::text::fold(b),
    );
    !a.is_empty()
        && !b.is_empty()
        && !a
            .split(' ')
            .any(|word| b.split(' ').any(|other| word == other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_counts_once_and_its_problems_are_bounded() {
        let mut listing = Listing::default();
        for _ in 0..50 {
            listing.refuse(7, "English", "out-of-range", "101 is over 100");
        }
        listing.refuse(3, "", "missing-name", "no name");
        listing.warn(9, "", "sample-row", "left out");
        assert_eq!(listing.refused(), 2);
        assert!(listing.is_refused(7) && !listing.is_refused(9));
        let lines: Vec<u32> = listing.into_problems().iter().map(|p| p.line).collect();
        assert_eq!(lines.len(), PER_ROW + 2);
        assert_eq!((lines[0], lines[1], lines[PER_ROW + 1]), (3, 7, 9));
    }

    #[test]
    fn text_of_a_file_is_made_fit_to_be_shown() {
        let mut listing = Listing::default();
        let heading = format!("Name\u{1b}[2J{}", "x".repeat(300));
        listing.refuse(2, &heading, "not-a-name", "y".repeat(600));
        listing.leave_column_out(1, &heading, "unknown-column", "z".repeat(600));
        listing.leave_column_out(1, &heading, "unknown-column", "z".repeat(600));
        let problems = listing.into_problems();
        assert_eq!(problems.len(), 2);
        assert!(problems[1].column.starts_with("Name\u{fffd}[2J"));
        assert_eq!(problems[1].column.chars().count(), COLUMN_MAX);
        assert_eq!(problems[1].reason.chars().count(), REASON_MAX);
    }

    #[test]
    fn lists_read_as_sentences() {
        assert_eq!(listed::<u32>(&[]), "");
        assert_eq!(listed(&[3]), "3");
        assert_eq!(listed(&[3, 7, 9]), "3, 7 and 9");
    }

    #[test]
    fn one_word_in_common_is_enough_for_a_name() {
        assert!(!strangers("WANJIKU Mary", "Mary Wanjiku Kamau"));
        assert!(strangers("John Doe", "Mary Wanjiku"));
        assert!(!strangers("", "Mary Wanjiku"));
    }
}
