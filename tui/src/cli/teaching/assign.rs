//! Saying who teaches what: one assignment, or a file of them.

use std::path::PathBuf;

use chrono::NaiveDate;
use clap::Args;
use hillview_shared::ApiError;
use hillview_shared::teaching::{
    ASSIGN_MOST, AssignMany as Request, AssignOutcome, AssignTeaching, Assigned, TeachingRole,
};
use serde::{Deserialize, Serialize};

use super::{COLUMNS, Row};
use crate::cli::connection::{Session, ask};
use crate::cli::output::{self, Column, Outcome, say};
use crate::cli::prompts::reading;
use crate::cli::{Context, imports, one_of};
use crate::config::Format;

/// Assign a member of staff to a class, from today or from a day
#[derive(Args)]
#[command(before_help = "\
Examples:
  hillview staff assign akinyi --class '4 East'                  (class teacher)
  hillview staff assign akinyi --class '4 East' --subject MAT    (subject teacher)
  hillview staff assign grace --class 5A --role deputy --from 2026-05-04 --to 2026-07-31
  hillview staff assign grace --class '4 East' --replace         (instead of the present class teacher)")]
pub struct Assign {
    /// The login's name or the staff number
    #[arg(value_name = "WHO")]
    staff: String,
    /// The class
    #[arg(long)]
    class: String,
    /// The subject, by code or name
    #[arg(long)]
    subject: Option<String>,
    /// In what capacity: with a subject, subject teacher; else class teacher
    #[arg(long, value_parser = one_of(TeachingRole::ALL, TeachingRole::word))]
    role: Option<TeachingRole>,
    /// The first day; today when not said
    #[arg(long, value_name = "YYYY-MM-DD")]
    from: Option<NaiveDate>,
    /// The last day; no end when not said
    #[arg(long, value_name = "YYYY-MM-DD")]
    to: Option<NaiveDate>,
    /// End the assignment of the present class teacher the day before
    #[arg(long)]
    replace: bool,
}

/// Assign many at once from a CSV file: all of them or none
///
/// The columns are class, staff, subject, role, from, to and replace; the last five may be empty or left out. Without
/// --apply it only says what would happen. Exit code 6 when a line is refused.
#[derive(Args)]
#[command(before_help = "\
Examples:
  hillview staff assign-many term-2.csv
  hillview staff assign-many term-2.csv --apply
  hillview staff assign-many - --apply --format json < term-2.csv")]
pub struct AssignMany {
    /// The file; - reads standard input
    file: PathBuf,
    /// Assign, and do not only say what would happen
    #[arg(long)]
    apply: bool,
}

pub async fn assign(assign: Assign, context: &Context) -> Result<Outcome, ApiError> {
    let session = Session::open(context).await?;
    let request = AssignTeaching {
        role: role(assign.role, assign.subject.as_deref()),
        staff: assign.staff,
        class: assign.class,
        subject: assign.subject,
        starts: assign.from,
        ends: assign.to,
        replace: assign.replace,
    };
    let assigned = ask!(session, assign_teaching(request))?;
    output::one(context.settings.format, COLUMNS, &Row::from(assigned))?;
    Ok(Outcome::Done)
}

/// What somebody is who is not said to be anything.
fn role(said: Option<TeachingRole>, subject: Option<&str>) -> TeachingRole {
    said.unwrap_or(match subject {
        Some(_) => TeachingRole::SubjectTeacher,
        None => TeachingRole::ClassTeacher,
    })
}

/// A line of the file.
#[derive(Deserialize)]
struct Line {
    class: String,
    staff: String,
    #[serde(default)]
    subject: Option<String>,
    #[serde(default)]
    role: Option<String>,
    #[serde(default)]
    from: Option<NaiveDate>,
    #[serde(default)]
    to: Option<NaiveDate>,
    #[serde(default)]
    replace: Option<String>,
}

/// What becomes of a line, as printed.
#[derive(Serialize)]
struct Told {
    line: u64,
    class: String,
    staff: String,
    subject: Option<String>,
    role: TeachingRole,
    outcome: AssignOutcome,
    words: String,
}

const TOLD: &[Column] = &[
    ("line", "LINE"),
    ("class", "CLASS"),
    ("staff", "WHO"),
    ("subject", "SUBJECT"),
    ("role", "AS"),
    ("outcome", "WHAT"),
    ("words", "WHY"),
];

#[derive(Serialize)]
struct Report {
    applied: bool,
    lines: Vec<Told>,
}

pub async fn assign_many(assign: AssignMany, context: &Context) -> Result<Outcome, ApiError> {
    let file = assign.file.clone();
    let bytes = reading(move || imports::read(&file)).await?;
    let asked = parse(&bytes)?;
    let session = Session::open(context).await?;
    let request = Request {
        assignments: asked.iter().map(|(_, asked)| asked.clone()).collect(),
        preview: !assign.apply,
    };
    let assigned = ask!(session, assign_many(request))?;
    let report = report(asked, assigned);
    match context.settings.format {
        Format::Json => output::write(output::json(&report)?.as_bytes())?,
        format => output::list(format, TOLD, &report.lines)?,
    }
    let count = |outcome| {
        let of = report.lines.iter().filter(|line| line.outcome == outcome);
        of.count()
    };
    let refused = count(AssignOutcome::Refused);
    let new = count(AssignOutcome::New) + count(AssignOutcome::Replaces);
    let same = count(AssignOutcome::Same);
    let counts = format!("{new} new, {same} there already, {refused} refused");
    say(&match (report.applied, refused) {
        (true, _) => counts,
        (false, 0) => format!("preview: {counts}; --apply assigns them"),
        (false, _) => format!("{counts}; nothing was assigned"),
    });
    Ok(match refused {
        0 => Outcome::Done,
        _ => Outcome::Invalid,
    })
}

fn report(asked: Vec<(u64, AssignTeaching)>, assigned: Assigned) -> Report {
    let lines = asked.into_iter().zip(assigned.lines);
    let told = |((line, asked), told): ((u64, AssignTeaching), _)| {
        let told: hillview_shared::teaching::AssignedLine = told;
        Told {
            line,
            class: told.class.unwrap_or(asked.class),
            staff: told.staff.unwrap_or(asked.staff),
            subject: asked.subject,
            role: asked.role,
            outcome: told.outcome,
            words: told.words,
        }
    };
    Report {
        applied: assigned.applied,
        lines: lines.map(told).collect(),
    }
}

/// The assignments of a file, each with its line.
fn parse(bytes: &[u8]) -> Result<Vec<(u64, AssignTeaching)>, ApiError> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .comment(Some(b'#'))
        .from_reader(bytes);
    let headers = reader.headers().map_err(|error| bad(None, &error))?;
    let headers: csv::StringRecord = headers.iter().map(str::to_ascii_lowercase).collect();
    for wanted in ["class", "staff"] {
        if !headers.iter().any(|heading| heading == wanted) {
            let message = format!("the file has no column {wanted}");
            return Err(ApiError::invalid("no-header", message)
                .hint("the first line names the columns: class,staff,subject,role,from,to"));
        }
    }
    let mut asked = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| bad(None, &error))?;
        let line = record.position().map_or(0, csv::Position::line);
        if record.iter().all(str::is_empty) {
            continue;
        }
        let read: Line = record
            .deserialize(Some(&headers))
            .map_err(|error| bad(Some(line), &error))?;
        asked.push((line, assignment(read, line)?));
    }
    if asked.is_empty() || asked.len() > ASSIGN_MOST {
        let message = format!(
            "a file has 1 to {ASSIGN_MOST} assignments, not {}",
            asked.len()
        );
        return Err(ApiError::invalid("bad-limit", message));
    }
    Ok(asked)
}

fn assignment(line: Line, number: u64) -> Result<AssignTeaching, ApiError> {
    let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
    let subject = filled(line.subject);
    let said = match filled(line.role) {
        None => None,
        Some(word) => Some(word.to_ascii_lowercase().parse().map_err(|unknown| {
            let unknown: hillview_shared::text::UnknownWord = unknown;
            ApiError::invalid("bad-line", format!("line {number}: {unknown}"))
        })?),
    };
    let replace = match filled(line.replace).as_deref() {
        None | Some("no" | "false" | "0") => false,
        Some("yes" | "true" | "1") => true,
        Some(other) => {
            let message = format!("line {number}: {other:?} is neither yes nor no");
            return Err(ApiError::invalid("bad-line", message));
        }
    };
    Ok(AssignTeaching {
        role: role(said, subject.as_deref()),
        staff: line.staff,
        class: line.class,
        subject,
        starts: line.from,
        ends: line.to,
        replace,
    })
}

fn bad(line: Option<u64>, error: &csv::Error) -> ApiError {
    let place = line.map_or_else(String::new, |line| format!("line {line}: "));
    ApiError::invalid("bad-line", format!("{place}{error}"))
        .hint("dates are written 2026-05-04; every line has as many cells as the first")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_assignments_is_read_with_its_lines() {
        let text = "\u{feff}Class,Staff,Subject,Role,From,To\n\
            4 East , akinyi,,,,\n\
            # a remark\n\
            ,,,,,\n\
            5A,T4,MAT,,2026-05-04,2026-07-31\n\
            5B,grace,,Deputy,,\n";
        let asked = parse(text.as_bytes()).unwrap();
        let lines: Vec<_> = asked
            .iter()
            .map(|(line, one)| (*line, one.class.as_str(), one.role))
            .collect();
        assert_eq!(
            lines,
            [
                (2, "4 East", TeachingRole::ClassTeacher),
                (5, "5A", TeachingRole::SubjectTeacher),
                (6, "5B", TeachingRole::Deputy),
            ]
        );
        assert_eq!(asked[1].1.ends, NaiveDate::from_ymd_opt(2026, 7, 31));
        assert!(asked.iter().all(|(_, one)| !one.replace));
    }

    #[test]
    fn a_line_that_cannot_be_read_is_named() {
        for (text, code, word) in [
            ("class,subject\n4A,MAT\n", "no-header", "staff"),
            ("class,staff\n", "bad-limit", "not 0"),
            ("class,staff,role\n4A,x,boss\n", "bad-line", "line 2"),
            ("class,staff,from\n4A,x,tomorrow\n", "bad-line", "line 2"),
            ("class,staff,replace\n4A,x,maybe\n", "bad-line", "maybe"),
            ("class,staff\n4A\n", "bad-line", "2"),
        ] {
            let error = parse(text.as_bytes()).unwrap_err();
            assert_eq!(error.code, code, "{text:?} {error}");
            assert!(error.message.contains(word), "{text:?} {error}");
        }
    }
}
