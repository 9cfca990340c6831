//! `marks set`: reads the sheet, checks what was given, and saves it in one operation.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use clap::Args;
use hillview_shared::assessments::{Sheet, SheetRow};
use hillview_shared::ids::{OperationId, StudentId};
use hillview_shared::marks::{Edit, Entry, EntryRules, MarksSaved, SaveMarks};
use hillview_shared::{ApiError, Kind};
use rand::Rng;
use serde::Serialize;

use super::Which;
use crate::cli::Context;
use crate::cli::connection::{Session, ask};
use crate::cli::output::{self, Column, Outcome, say, usage};
use crate::cli::prompts::stdin_text;

/// Enter marks of a sheet: a number, AB, EX, W, Y, or nothing to clear
///
/// All marks go in one operation. Those that are refused or in conflict are listed, the others are stored: exit code 8
/// when some were, 5 when all were in conflict, 6 when all were refused.
#[derive(Args)]
#[command(before_help = "\
Examples:
  hillview marks set --class 4A --subject MAT --assessment T1-MID 4312=67.5 4313=AB
  hillview marks set --class 4A --subject MAT --assessment T1-MID 4312=            (clears the mark)
  cut -f1,3 marks.tsv | hillview marks set --class 4A --subject ENG/GRAM --assessment T1-MID -")]
pub struct Set {
    #[command(flatten)]
    which: Which,
    /// Admission number and mark; - reads lines of them from standard input
    #[arg(value_name = "ADM=MARK", required = true)]
    marks: Vec<String>,
    /// Why, where a reason is needed
    #[arg(long)]
    reason: Option<String>,
}

/// What became of one mark.
#[derive(Serialize)]
struct Row {
    admission_no: String,
    name: Option<String>,
    mark: String,
    outcome: &'static str,
    code: Option<String>,
    message: Option<String>,
    theirs: Option<String>,
    theirs_by: Option<String>,
    theirs_at: Option<String>,
    version: Option<i64>,
}

const COLUMNS: &[Column] = &[
    ("admission_no", "NUMBER"),
    ("name", "NAME"),
    ("mark", "MARK"),
    ("outcome", "OUTCOME"),
    ("code", "CODE"),
    ("message", "WHY"),
    ("theirs", ""),
    ("theirs_by", ""),
    ("theirs_at", ""),
    ("version", ""),
];

pub async fn set(command: &Set, context: &Context) -> Result<Outcome, ApiError> {
    let wanted = wanted(&command.marks).await?;
    let session = Session::open(context).await.map_err(not_sent)?;
    let sheet = super::open(&session, &command.which)
        .await
        .map_err(not_sent)?;
    let mut rows = Vec::new();
    let mut edits = Vec::new();
    for (number, text) in &wanted {
        let (row, edit) = check(&sheet, number, text);
        rows.push(row);
        edits.extend(edit);
    }
    if !edits.is_empty() {
        let request = SaveMarks {
            sheet: sheet.id,
            operation: new_operation(),
            edits,
            reason: command.reason.clone(),
        };
        let saved = save(session, request.clone(), context).await?;
        settle(&mut rows, &sheet, &request, &saved);
    }
    let stored = rows.iter().filter(|row| row.outcome == "saved").count();
    output::list(context.settings.format, COLUMNS, &rows)?;
    say(&format!("{stored} of {} marks stored", rows.len()));
    Ok(match stored {
        _ if stored == rows.len() => Outcome::Done,
        0 if rows.iter().all(|row| row.outcome == "conflict") => Outcome::Conflict,
        0 => Outcome::Invalid,
        _ => Outcome::Partly,
    })
}

/// The pairs of number and mark, from the arguments or from standard input.
async fn wanted(arguments: &[String]) -> Result<Vec<(String, String)>, ApiError> {
    let mut pairs = Vec::new();
    for argument in arguments {
        if argument == "-" {
            let text = stdin_text().await?;
            for line in text.lines().filter(|line| !line.trim().is_empty()) {
                pairs.push(pair(line)?);
            }
        } else {
            pairs.push(pair(argument)?);
        }
    }
    let mut seen = BTreeSet::new();
    for (number, _) in &pairs {
        if !seen.insert(number.to_lowercase()) {
            return Err(usage("named-twice", format!("{number} is given twice")));
        }
    }
    Ok(pairs)
}

/// One pair: `4312=67.5`, or with a blank, a tab or a comma between the two.
fn pair(text: &str) -> Result<(String, String), ApiError> {
    let text = text.trim_matches([' ', '\r', '\n']);
    let (number, mark) = text
        .rsplit_once('=')
        .or_else(|| text.split_once('\t'))
        .or_else(|| text.split_once([' ', ',']))
        .ok_or_else(|| {
            usage(
                "no-mark",
                format!("{text:?} is no admission number with a mark"),
            )
            .hint("write ADM=MARK, such as 4312=67.5")
        })?;
    let (number, mark) = (number.trim(), mark.trim());
    if number.is_empty() {
        return Err(usage(
            "no-mark",
            format!("{text:?} has no admission number"),
        ));
    }
    Ok((number.to_owned(), mark.to_owned()))
}

/// The row of a student on a sheet, by admission number in any case.
pub fn on_sheet<'a>(sheet: &'a Sheet, number: &str) -> Result<&'a SheetRow, ApiError> {
    sheet
        .rows
        .iter()
        .find(|row| row.adm.to_lowercase() == number.to_lowercase())
        .ok_or_else(|| {
            let message = format!("{number} is not on this sheet");
            ApiError::new(Kind::NotFound, "not-on-sheet", message)
        })
}

fn check(sheet: &Sheet, number: &str, text: &str) -> (Row, Option<Edit>) {
    let mut row = Row {
        admission_no: number.to_owned(),
        name: None,
        mark: text.to_owned(),
        outcome: "refused",
        code: None,
        message: None,
        theirs: None,
        theirs_by: None,
        theirs_at: None,
        version: None,
    };
    let student = match on_sheet(sheet, number) {
        Ok(student) => student,
        Err(error) => {
            row.code = Some(error.code);
            row.message = Some(error.message);
            return (row, None);
        }
    };
    row.admission_no.clone_from(&student.adm);
    row.name = Some(student.name.clone());
    let rules = EntryRules {
        out_of: sheet.out_of,
        levels: sheet.direct_levels.then_some(&sheet.scheme),
    };
    match Entry::parse(text, rules) {
        Ok(entry) => {
            row.mark = entry.to_string();
            let edit = Edit {
                student: student.id,
                based_on: student.v,
                entry,
            };
            (row, Some(edit))
        }
        Err(error) => {
            row.code = Some(error.code().to_owned());
            row.message = Some(error.to_string());
            (row, None)
        }
    }
}

/// Saves; where the line is lost with the answer on it, asks again with the same operation, which
/// has one effect however often it arrives.
async fn save(
    mut session: Session,
    request: SaveMarks,
    context: &Context,
) -> Result<MarksSaved, ApiError> {
    let mut pauses = [1, 2, 4].into_iter();
    loop {
        let error = match ask!(session, save_marks(request.clone())) {
            Err(error) if error.kind == Kind::Offline => error,
            settled => return settled,
        };
        session = loop {
            let Some(pause) = pauses.next() else {
                return Err(unknown_outcome(&request, &error));
            };
            tokio::time::sleep(Duration::from_secs(pause)).await;
            match Session::open(context).await {
                Ok(session) => break session,
                Err(error) if error.kind == Kind::Offline => {}
                Err(_) => return Err(unknown_outcome(&request, &error)),
            }
        };
    }
}

fn unknown_outcome(request: &SaveMarks, error: &ApiError) -> ApiError {
    ApiError::new(
        Kind::Offline,
        "unknown-outcome",
        format!(
            "{}; whether the {} marks are stored is not known",
            error.message,
            request.edits.len()
        ),
    )
    .hint("repeat the command when the server answers: what is stored already stays as it is")
}

fn not_sent(error: ApiError) -> ApiError {
    if error.kind == Kind::Offline {
        return error.hint("nothing was sent; repeat the command when the server answers");
    }
    error
}

fn settle(rows: &mut [Row], sheet: &Sheet, request: &SaveMarks, saved: &MarksSaved) {
    let sent: BTreeSet<StudentId> = request.edits.iter().map(|edit| edit.student).collect();
    let problems: HashMap<StudentId, _> = saved
        .problems
        .iter()
        .map(|problem| (problem.student, problem))
        .collect();
    for row in rows {
        let Ok(student) = on_sheet(sheet, &row.admission_no) else {
            continue;
        };
        match problems.get(&student.id) {
            Some(problem) => {
                if problem.theirs.is_some() {
                    row.outcome = "conflict";
                }
                row.code = Some(problem.code.clone());
                row.message = Some(problem.message.clone());
                if let Some(theirs) = &problem.theirs {
                    row.theirs = Some(theirs.entry.to_string());
                    row.theirs_by = Some(theirs.by.clone());
                    row.theirs_at = Some(theirs.at.to_string());
                    row.version = Some(theirs.version.0);
                }
            }
            None if sent.contains(&student.id) => {
                row.outcome = "saved";
                row.version = Some(saved.version.0);
            }
            None => {}
        }
    }
}

fn new_operation() -> OperationId {
    let mut bytes = [0; 16];
    rand::rng().fill_bytes(&mut bytes);
    OperationId(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_is_read_as_people_write_it() {
        for (text, number, mark) in [
            ("4312=67.5", "4312", "67.5"),
            ("4312=", "4312", ""),
            ("4312 = AB", "4312", "AB"),
            ("4312\t17/20", "4312", "17/20"),
            ("4312\t", "4312", ""),
            ("TSC 12=9", "TSC 12", "9"),
            ("4312,67.5", "4312", "67.5"),
            ("4312 67,5", "4312", "67,5"),
            ("a=b=9", "a=b", "9"),
        ] {
            let pair = pair(text).unwrap();
            assert_eq!((pair.0.as_str(), pair.1.as_str()), (number, mark), "{text}");
        }
        for text in ["4312", "=9", ""] {
            assert_eq!(pair(text).unwrap_err().code, "no-mark", "{text}");
        }
    }

    #[tokio::test]
    async fn a_student_is_named_once() {
        let marks = ["A1=3".to_owned(), "a1=4".to_owned()];
        assert_eq!(wanted(&marks).await.unwrap_err().code, "named-twice");
    }
}
