//! What a command prints and how it ends: data on standard output as a table, JSON or CSV, words
//! on standard error, and one exit code for each way to end.
//!
//! A row is described once, as a type with serde: its field names are the names in JSON and the
//! header of CSV, and they do not change. Scores are numbers in JSON, written as exact decimals;
//! words such as `absent` are text; what is not known is `null` in JSON and empty in CSV.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use comfy_table::{Cell, CellAlignment, Table};
use hillview_shared::marks::Score;
use hillview_shared::text::{is_hidden, visible};
use hillview_shared::{ApiError, Kind};
use serde::Serialize;
use serde_json::Value;

use crate::config::Format;

/// How a command that ran to its end came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Done,
    Conflict,
    Invalid,
    Partly,
}

impl Outcome {
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Conflict => 5,
            Self::Invalid => 6,
            Self::Partly => 8,
        }
    }
}

/// The error of a command that was interrupted by Ctrl-C.
pub fn interrupted() -> ApiError {
    ApiError::new(Kind::Other, INTERRUPTED, "interrupted")
}

/// An error of the command line itself.
pub fn usage(code: &str, message: impl Into<String>) -> ApiError {
    ApiError::new(Kind::Usage, code, message)
}

const INTERRUPTED: &str = "interrupted";
const READER_GONE: &str = "reader-gone";

/// Says on standard error why a command failed, and gives its exit code.
pub fn fail(error: &ApiError) -> ExitCode {
    match error.code.as_str() {
        // Whoever closed the pipe has seen enough: `hillview students list | head`.
        READER_GONE => return ExitCode::SUCCESS,
        INTERRUPTED => return ExitCode::from(130),
        _ => {}
    }
    say(&format!("error: {}", visible(&error.message)));
    if let Some(hint) = &error.hint {
        say(&format!("hint: {}", visible(hint)));
    }
    say(&format!("code: {}", visible(&error.code)));
    if let Some(reference) = &error.reference {
        say(&format!("reference: {}", visible(reference)));
    }
    ExitCode::from(error.kind.exit_code())
}

/// Says a line on standard error, or several.
pub fn say(lines: &str) {
    let mut stderr = io::stderr().lock();
    for line in lines.split('\n') {
        // A closed standard error leaves nobody to tell.
        let _ = writeln!(stderr, "{}", visible(line));
    }
}

/// Whether somebody reads standard error on a screen, so that progress may move there.
pub fn is_watched() -> bool {
    io::stderr().is_terminal()
}

/// Writes to standard output.
pub fn write(bytes: &[u8]) -> Result<(), ApiError> {
    let mut stdout = io::stdout().lock();
    stdout
        .write_all(bytes)
        .and_then(|()| stdout.flush())
        .map_err(|error| {
            let code = if error.kind() == io::ErrorKind::BrokenPipe {
                READER_GONE
            } else {
                "cannot-write"
            };
            usage(code, format!("cannot write to standard output: {error}"))
        })
}

/// The error of printing what is shown only once: nobody has it then, so a reader that is gone is
/// no success.
pub fn shown_once(printed: Result<(), ApiError>, again: &str) -> Result<(), ApiError> {
    printed.map_err(|error| {
        let text = format!(
            "done, but what is shown only once reached nobody: {}",
            error.message
        );
        usage("secret-not-shown", text).hint(again)
    })
}

/// A field of a row and the heading of its column in a table; without a heading, tables leave the
/// field out.
pub type Column = (&'static str, &'static str);

/// Prints rows in the wanted format.
pub fn list<T: Serialize>(format: Format, columns: &[Column], rows: &[T]) -> Result<(), ApiError> {
    let text = match format {
        Format::Json => json(&rows)?,
        Format::Csv => csv(columns, rows)?,
        Format::Table => table(columns, rows)?,
    };
    write(text.as_bytes())
}

/// Prints one thing: a line a field in a table, one object in JSON, one row in CSV.
pub fn one<T: Serialize>(format: Format, columns: &[Column], row: &T) -> Result<(), ApiError> {
    if format != Format::Table {
        return match format {
            Format::Json => write(json(row)?.as_bytes()),
            _ => list(format, columns, std::slice::from_ref(row)),
        };
    }
    let columns = shown(columns);
    let value = to_value(row)?;
    let width = columns.iter().map(|(_, heading)| heading.len()).max();
    let width = width.unwrap_or_default() + 2;
    let mut text = String::new();
    for (field, heading) in columns {
        let heading = heading.to_lowercase();
        let line = format!("{heading:width$}{}", visible(&cell(&value[field])));
        text.push_str(line.trim_end());
        text.push('\n');
    }
    write(text.as_bytes())
}

/// JSON, indented, with a line end. Hidden characters are written as escapes: the same data, and
/// harmless on a terminal.
pub fn json<T: Serialize>(data: &T) -> Result<String, ApiError> {
    let text = serde_json::to_string_pretty(data).map_err(|error| unprintable(&error))?;
    let mut plain = String::with_capacity(text.len() + 1);
    for c in text.chars() {
        if c != '\n' && is_hidden(c) {
            plain.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            plain.push(c);
        }
    }
    plain.push('\n');
    Ok(plain)
}

/// Prints rows as a further table under an empty line; nothing when there are none.
pub fn part<T: Serialize>(columns: &[Column], rows: &[T]) -> Result<(), ApiError> {
    if rows.is_empty() {
        return Ok(());
    }
    write(format!("\n{}", table(columns, rows)?).as_bytes())
}

fn table<T: Serialize>(columns: &[Column], rows: &[T]) -> Result<String, ApiError> {
    let columns: Vec<Column> = shown(columns);
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    table.set_header(columns.iter().map(|(_, heading)| *heading));
    for row in rows {
        let row = to_value(row)?;
        table.add_row(columns.iter().map(|(field, _)| {
            let value = &row[*field];
            let cell = Cell::new(visible(&cell(value)));
            if value.is_number() {
                cell.set_alignment(CellAlignment::Right)
            } else {
                cell
            }
        }));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    Ok(table.trim_fmt() + "\n")
}

fn shown(columns: &[Column]) -> Vec<Column> {
    columns
        .iter()
        .copied()
        .filter(|(_, heading)| !heading.is_empty())
        .collect()
}

pub fn csv<T: Serialize>(columns: &[Column], rows: &[T]) -> Result<String, ApiError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let written = || -> Result<Vec<u8>, Box<dyn std::error::Error>> {
        writer.write_record(columns.iter().map(|(field, _)| field))?;
        for row in rows {
            let row = serde_json::to_value(row)?;
            writer.write_record(columns.iter().map(|(field, _)| match &row[*field] {
                value @ (Value::Number(_) | Value::Bool(_)) => cell(value),
                value => neutral(&cell(value)),
            }))?;
        }
        Ok(writer
            .into_inner()
            .map_err(csv::IntoInnerError::into_error)?)
    };
    let bytes = written().map_err(|error| unprintable(&*error))?;
    String::from_utf8(bytes).map_err(|error| unprintable(&error))
}

/// Keeps a spreadsheet from taking text for a formula: an apostrophe goes before it, which the
/// import takes away again. Hidden characters become visible marks: the file may end on a terminal.
fn neutral(text: &str) -> String {
    let shown = visible(text);
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{shown}")
    } else {
        shown.into_owned()
    }
}

/// A value as one cell's text.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(yes) => (if *yes { "yes" } else { "no" }).to_owned(),
        Value::Array(values) => values.iter().map(cell).collect::<Vec<_>>().join("; "),
        other => other.to_string(),
    }
}

fn to_value<T: Serialize>(row: &T) -> Result<Value, ApiError> {
    serde_json::to_value(row).map_err(|error| unprintable(&error))
}

fn unprintable(error: &dyn std::fmt::Display) -> ApiError {
    usage("cannot-write", format!("cannot print this: {error}"))
}

/// A score as JSON has it: a number, with the decimals that it was entered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal(pub Score);

impl Serialize for Decimal {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.0
            .to_string()
            .parse::<serde_json::Number>()
            .map_err(serde::ser::Error::custom)?
            .serialize(to)
    }
}

/// What the server keeps in hundredths, such as a paper's weight.
pub fn hundredths(value: i32) -> Decimal {
    Decimal(Score(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Row {
        name: &'static str,
        score: Option<Decimal>,
        tags: Vec<&'static str>,
    }

    const COLUMNS: &[Column] = &[("name", "NAME"), ("score", "SCORE"), ("tags", "TAGS")];

    fn rows() -> Vec<Row> {
        vec![
            Row {
                name: "=1+1",
                score: Some(Decimal(Score(6750))),
                tags: vec!["a", "b"],
            },
            Row {
                name: "Ann\u{1b}[2J, \"Ng'ang'a\"",
                score: None,
                tags: vec![],
            },
        ]
    }

    #[test]
    fn a_table_has_no_frame_and_shows_hidden_characters() {
        assert_eq!(
            table(COLUMNS, &rows()).unwrap(),
            "NAME                 SCORE  TAGS\n\
             =1+1                  67.5  a; b\n\
             Ann\u{fffd}[2J, \"Ng'ang'a\"\n"
        );
    }

    #[test]
    fn csv_neutralises_formulas_and_quotes() {
        assert_eq!(
            csv(COLUMNS, &rows()).unwrap(),
            "name,score,tags\n'=1+1,67.5,a; b\n\"Ann\u{fffd}[2J, \"\"Ng'ang'a\"\"\",,\n"
        );
    }

    /// What would disturb a terminal, hide, or act in a spreadsheet, as if it had come from the server.
    const HOSTILE: [&str; 14] = [
        "\u{1b}[2J",
        "\u{1b}]52;c;cm0=\u{7}",
        "\u{1b}]8;;http://x\u{1b}\\",
        "\u{9b}31m",
        "\r",
        "a\nb",
        "\u{8}",
        "\0",
        "\u{202e}",
        "\u{2066}",
        "\u{200b}",
        "\u{feff}",
        "\u{2028}",
        "\u{7f}",
    ];

    #[test]
    fn no_format_lets_a_hidden_character_through() {
        for name in HOSTILE {
            let row = Row {
                name,
                score: None,
                tags: vec![name],
            };
            for (format, text) in [
                ("table", table(COLUMNS, std::slice::from_ref(&row)).unwrap()),
                ("csv", csv(COLUMNS, std::slice::from_ref(&row)).unwrap()),
                ("json", json(&row).unwrap()),
            ] {
                let raw = text.chars().filter(|c| *c != '\n' && is_hidden(*c)).count();
                assert_eq!(raw, 0, "{format}: {text:?}");
            }
            let back: Value = serde_json::from_str(&json(&row).unwrap()).unwrap();
            assert_eq!(back["name"], name, "JSON is the same data");
            let lines = csv(COLUMNS, std::slice::from_ref(&row))
                .unwrap()
                .lines()
                .count();
            assert_eq!(lines, 2, "{name:?} is no line of its own");
        }
    }

    #[test]
    fn every_formula_starter_is_neutralised() {
        for starter in ["=", "+", "-", "@", "\t", "\r"] {
            let text = neutral(&format!("{starter}1+1"));
            assert!(text.starts_with('\''), "{starter:?}: {text:?}");
        }
        assert_eq!(neutral("A-1"), "A-1");
    }

    #[test]
    fn every_score_is_the_same_decimal_in_json() {
        for hundredths in 0..=Score::MAX.0 {
            let score = Score(hundredths);
            let json = serde_json::to_string(&Decimal(score)).unwrap();
            assert_eq!(json, score.to_string());
        }
    }
}
