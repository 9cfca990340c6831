//! What a file would do to the school, and afterwards what it did.
//!
//! ```text
//!  1204 rows: 1180 new, 14 changed, 6 the same, 4 refused. UTF-8, comma, heading row 3
//!  Columns: Adm no, Full name (name), Class. Left out: Remarks
//!    Row   Column     Code            Why
//! >  17    Adm no     duplicate       20261017 is also in row 402
//!    913   Class      unknown-class   "1 Purple": no class of 2026
//!
//!  Row 17, Adm no: 20261017 is also in row 402 [duplicate]
//!  Nothing is changed yet
//! ```

use std::path::{Path, PathBuf};

use hillview_shared::ApiError;
use hillview_shared::api::HillviewRequest;
use hillview_shared::imports::{ColumnTaken, ImportKind, ImportReport, ListProblems, RowProblem};

use super::asked::Options;
use super::refused::Refused;
use super::upload::{Upload, file_name};
use crate::app::context::{Confirmation, Context};
use crate::app::fetch::Fetch;
use crate::command::Command;
use crate::msg::Ticket;
use crate::shapes::facts::Facts;
use crate::shapes::list::Answer;
use crate::theme::{Theme, Tone};
use crate::widgets::columns::{Column, Columns};
use crate::widgets::pen::Pen;
use crate::widgets::rows::{self, Cursor};
use crate::widgets::text;

const COLUMNS: [Column; 4] = [
    Column::new("Row", 7),
    Column::new("Column", 13),
    Column::new("Code", 18),
    Column::new("Why", 18).grows(),
];
/// The most lines that say how the columns were taken; a command shows all.
const COLUMN_LINES: usize = 2;
/// Lines at the end for the problem under the cursor, whole.
const WHOLE_LINES: usize = 3;

#[derive(Debug)]
pub struct Report {
    kind: ImportKind,
    options: Options,
    file_name: String,
    report: ImportReport,
    applying: Fetch,
    more: Fetch,
    refused: Refused,
    cursor: Cursor,
}

impl Report {
    pub fn new(upload: &Upload, report: ImportReport) -> Self {
        let path: &Path = upload.path();
        Self {
            kind: upload.kind,
            options: upload.options.clone(),
            file_name: file_name(path),
            refused: Refused::new(report.import, path),
            report,
            applying: Fetch::Never,
            more: Fetch::Never,
            cursor: Cursor::default(),
        }
    }

    pub fn file_name(&self) -> &str {
        &self.file_name
    }

    pub fn is_applied(&self) -> bool {
        !self.report.dry_run
    }

    pub fn is_applying(&self) -> bool {
        matches!(self.applying, Fetch::Waiting(_))
    }

    /// The question on which the most hangs.
    pub fn fetch(&self) -> &Fetch {
        &self.applying
    }

    pub fn summary(&self) -> String {
        if self.is_applying() {
            return "importing".to_owned();
        }
        if self.refused.is_busy() {
            return "saving the refused rows".to_owned();
        }
        if self.applying.may_be_retried() {
            return "Not known whether it is imported; Enter asks again".to_owned();
        }
        let problems = self.report.problems.len();
        let more = if self.report.more_problems { "+" } else { "" };
        let state = match self.is_applied() {
            true => format!("Import {} is done", self.report.import),
            false => "Nothing is changed yet".to_owned(),
        };
        match problems {
            0 => state,
            1 if more.is_empty() => format!("{state}; 1 problem"),
            many => format!("{state}; {many}{more} problems"),
        }
    }

    pub fn why_not(&self, command: Command) -> Option<String> {
        let report = &self.report;
        let why = match command {
            Command::Apply if self.is_applied() => "it is imported; Esc leaves",
            Command::Apply if self.is_applying() => "the server is being asked",
            Command::Apply if report.added + report.changed == 0 => "it would change nothing",
            Command::SaveRefused if report.refused == 0 => "no row was refused",
            Command::SaveRefused if self.refused.is_busy() => "they are being saved",
            Command::SaveRefused if self.is_applying() => "the server is being asked",
            _ => return None,
        };
        Some(why.to_owned())
    }

    pub fn command(&mut self, command: Command, context: &mut Context) {
        match command {
            Command::Apply => self.ask_to_apply(context),
            Command::SaveRefused => self.refused.save(context),
            Command::Columns => context.show(self.all_columns()),
            movement => {
                let columns = usize::from(context.columns);
                let above = self.top(columns, context.theme).len() + 1;
                let page = context.body_rows().saturating_sub(above + WHOLE_LINES);
                let moved = self.cursor.step(movement, self.report.problems.len(), page);
                let at_end = self.cursor.at + 1 >= self.report.problems.len();
                if moved && at_end && self.report.more_problems && !self.is_asked_for_more() {
                    self.ask_for_more(context);
                }
            }
        }
    }

    fn ask_to_apply(&self, context: &mut Context) {
        let ImportReport {
            added,
            changed,
            refused,
            ..
        } = self.report;
        let left_out = match refused {
            0 => String::new(),
            rows => format!(
                " {} left out.",
                text::count(rows as usize, "refused row is", "refused rows are")
            ),
        };
        let question = format!(
            "Import {} from {}: {added} new, {changed} changed?{left_out}",
            self.kind, self.file_name
        );
        context.ask(question, Confirmation::Submit);
    }

    /// Asked again after the line was cut, the server does nothing twice.
    pub fn apply(&mut self, context: &mut Context) {
        let request = self.options.run(self.report.import, false);
        self.applying = Fetch::Waiting(context.call(HillviewRequest::RunImport { request }));
    }

    fn is_asked_for_more(&self) -> bool {
        matches!(self.more, Fetch::Waiting(_))
    }

    fn ask_for_more(&mut self, context: &mut Context) {
        let request = ListProblems {
            import: self.report.import,
            after: u32::try_from(self.report.problems.len()).unwrap_or(u32::MAX),
        };
        self.more = Fetch::Waiting(context.call(HillviewRequest::ListProblems { request }));
    }

    pub fn waits_for(&self, ticket: Ticket) -> bool {
        self.applying.waits_for(ticket)
            || self.more.waits_for(ticket)
            || self.refused.waits_for(ticket)
    }

    pub fn answered(&mut self, ticket: Ticket, answer: Answer, context: &mut Context) {
        if self.refused.waits_for(ticket) {
            self.refused.answered(answer, context);
        } else if self.more.waits_for(ticket) {
            match self.more.settle(crate::reply!(answer, ListProblems)) {
                Some(problems) => {
                    self.report.more_problems = !problems.is_empty();
                    self.report.problems.extend(problems);
                }
                None => context.tell_failure(&self.more),
            }
        } else {
            match self.applying.settle(crate::reply!(answer, RunImport)) {
                Some(report) => {
                    // What was still asked about the preview is of no use any more.
                    self.more = Fetch::Never;
                    self.report = report;
                    self.cursor = Cursor::default();
                    context.say(format!("import {} is done", self.report.import));
                }
                None => context.tell_failure(&self.applying),
            }
        }
    }

    pub fn written(&mut self, written: Result<PathBuf, ApiError>, context: &mut Context) {
        self.refused.written(written, context);
    }

    fn counts(&self) -> String {
        let report = &self.report;
        let rows = text::count(report.rows as usize, "row", "rows");
        let counts = [
            (report.added, "new"),
            (report.changed, "changed"),
            (report.same, "the same"),
            (report.skipped, "left as they are"),
            (report.refused, "refused"),
        ];
        // New, changed and refused are said even when there are none.
        let said = |(count, word): &(u32, &str)| {
            *count > 0 || !["the same", "left as they are"].contains(word)
        };
        let counts: Vec<String> = counts
            .iter()
            .filter(|one| said(one))
            .map(|(count, word)| format!("{count} {word}"))
            .collect();
        format!(
            "{rows}: {}. {}, {}, heading row {}",
            counts.join(", "),
            report.encoding,
            report.layout,
            report.header_line
        )
    }

    fn columns_in_words(&self) -> String {
        let taken = |column: &ColumnTaken| match &column.taken_for {
            Some(name) if same(name, &column.heading) => Some(column.heading.clone()),
            Some(name) => Some(format!("{} ({name})", column.heading)),
            None => None,
        };
        let columns = &self.report.columns;
        let left_out = columns.iter().filter(|one| one.taken_for.is_none());
        let left_out: Vec<&str> = left_out.map(|one| one.heading.as_str()).collect();
        let taken: Vec<String> = columns.iter().filter_map(taken).collect();
        let taken = format!("Columns: {}", taken.join(", "));
        match left_out.is_empty() {
            true => taken,
            false => format!("Left out: {}. {taken}", left_out.join(", ")),
        }
    }

    fn all_columns(&self) -> Facts {
        let row = |column: &ColumnTaken| {
            let words = match &column.taken_for {
                Some(name) => format!("{}: taken for {name}", column.heading),
                None => format!("{}: left out", column.heading),
            };
            ("Column", words)
        };
        let heading = format!("What the columns of {} were taken for", self.file_name);
        Facts::new("Columns", heading, self.report.columns.iter().map(row))
    }

    /// The lines above the problems.
    fn top(&self, columns: usize, theme: Theme) -> Vec<(Tone, String)> {
        let room = columns.saturating_sub(2);
        let wrapped = |words: &str| text::wrap(&text::clean(words, theme), room);
        let mut lines = Vec::new();
        let mut add = |tone, words: Vec<String>| {
            lines.extend(words.into_iter().map(|words| (tone, words)));
        };
        add(Tone::Heading, wrapped(&self.counts()));
        let mut taken = wrapped(&self.columns_in_words());
        if taken.len() > COLUMN_LINES {
            taken.truncate(COLUMN_LINES);
            let last = taken.pop().unwrap_or_default();
            let more = " … c shows all";
            let kept = text::cut(&last, room.saturating_sub(more.len()), theme);
            taken.push(text::clean(&format!("{kept}{more}"), theme).into_owned());
        }
        add(Tone::Plain, taken);
        if !self.report.classes_created.is_empty() {
            let classes = self.report.classes_created.join(", ");
            let words = match self.is_applied() {
                true => format!("Classes made: {classes}"),
                false => format!("Classes to make: {classes}"),
            };
            add(Tone::Plain, wrapped(&words).into_iter().take(2).collect());
        }
        if self.kind == ImportKind::Staff && self.is_applied() && self.report.added > 0 {
            let words =
                "New logins have no password yet: hillview staff issue-passwords --out FILE";
            add(Tone::Waiting, wrapped(words));
        }
        lines
    }

    pub fn view(&self, pen: &mut Pen<'_>, _context: &Context) {
        let top = self.top(pen.columns(), pen.theme);
        for (line, (tone, words)) in top.iter().enumerate() {
            pen.put(line, 1, *tone, words);
        }
        let head = top.len();
        let problems = &self.report.problems;
        let Some(current) = problems.get(self.cursor.at) else {
            let none = "No row was refused, and there is nothing to look at in any.";
            return pen.put(head + 1, 2, Tone::Plain, none);
        };
        let columns = Columns::fit(&COLUMNS, pen.columns().saturating_sub(3), pen.theme);
        let titles = columns.line(COLUMNS.iter().map(|column| column.title));
        pen.put(head, 2, Tone::Faint, &titles);
        let room = pen.lines().saturating_sub(head + 1 + WHOLE_LINES);
        for (line, at) in rows::window(self.cursor.at, problems.len(), room).enumerate() {
            let (tone, cells) = cells(&problems[at]);
            let words = columns.line(cells.iter().map(String::as_str));
            pen.row(head + 1 + line, at == self.cursor.at, tone, &words);
        }
        let words = text::wrap(&text::clean(&whole(current), pen.theme), pen.columns() - 2);
        let first = pen.lines().saturating_sub(WHOLE_LINES);
        for (at, words) in words.iter().take(WHOLE_LINES).enumerate() {
            pen.put(first + at, 1, Tone::Plain, words);
        }
    }
}

/// Whether a heading says what it was taken for already: `Full name` and `full_name`.
fn same(name: &str, heading: &str) -> bool {
    let letters = |text: &str| -> String {
        let letters = text.chars().filter(|c| c.is_alphanumeric());
        letters.flat_map(char::to_lowercase).collect()
    };
    letters(name) == letters(heading)
}

fn cells(problem: &RowProblem) -> (Tone, [String; 4]) {
    let (tone, why) = match problem.warning {
        true => (Tone::Waiting, format!("to look at: {}", problem.reason)),
        false => (Tone::Plain, problem.reason.clone()),
    };
    let column = match problem.column.as_str() {
        "" => "whole row",
        column => column,
    };
    let cells = [
        problem.line.to_string(),
        column.to_owned(),
        problem.code.clone(),
        why,
    ];
    (tone, cells)
}

fn whole(problem: &RowProblem) -> String {
    let (_, [line, column, code, why]) = cells(problem);
    format!("Row {line}, {column}: {why} [{code}]")
}
