//! Text files: which separator they use, and their cells with the line numbers of the file.

use std::borrow::Cow;

use hillview_shared::ApiError;

use super::read::{CELL_MAX, COLUMNS_MAX, Grid, LINES_MAX, Line, push_cell, too_large};

const SEPARATORS: [(u8, &str); 4] = [
    (b',', "comma"),
    (b';', "semicolon"),
    (b'\t', "tab"),
    (b'|', "bar"),
];

/// Shows `take` the text cut at one separator after another, the likeliest first.
///
/// # Errors
/// When nothing was taken and the likeliest cut breaks a limit or a quote never ends.
pub fn first<T>(
    text: &str,
    encoding: &str,
    take: &mut dyn FnMut(Grid) -> Option<T>,
) -> Result<Option<T>, ApiError> {
    let text = plain_line_ends(text);
    let (text, lines_before, separators) = match declared_separator(&text) {
        Some((separator, rest)) => (rest, 1, vec![separator]),
        None => (&*text, 0, by_likelihood(&text)),
    };
    let mut refusal = None;
    for (separator, name) in separators {
        match cut(text, separator, lines_before) {
            Ok(lines) => {
                let taken = take(Grid {
                    encoding: encoding.to_owned(),
                    layout: name.to_owned(),
                    lines,
                });
                if taken.is_some() {
                    return Ok(taken);
                }
            }
            Err(error) => refusal = refusal.or(Some(error)),
        }
    }
    refusal.map_or(Ok(None), Err)
}

/// CR and CRLF as LF, so that lines are counted alike in every file.
fn plain_line_ends(text: &str) -> Cow<'_, str> {
    if text.contains('\r') {
        text.replace("\r\n", "\n").replace('\r', "\n").into()
    } else {
        text.into()
    }
}

/// The separator that a first line `sep=;` declares, as some spreadsheets write it.
fn declared_separator(text: &str) -> Option<((u8, &'static str), &str)> {
    let (line, rest) = text.split_once('\n')?;
    let declared = line
        .trim_matches('"')
        .strip_prefix("sep=")
        .or_else(|| line.trim_matches('"').strip_prefix("SEP="))?;
    let byte = *declared.as_bytes().first()?;
    let separator = SEPARATORS.iter().find(|(known, _)| *known == byte)?;
    Some((*separator, rest))
}

/// The separators, first the one at which most of the first lines have the same number of cells.
fn by_likelihood(text: &str) -> Vec<(u8, &'static str)> {
    let sample: String = text.split_inclusive('\n').take(60).collect();
    let mut separators = SEPARATORS.to_vec();
    separators.sort_by_key(|(separator, _)| std::cmp::Reverse(regularity(&sample, *separator)));
    separators
}

/// How many lines have the commonest number of cells, if that is more than one, and that number.
fn regularity(sample: &str, separator: u8) -> (usize, usize) {
    let mut reader = reader(sample, separator);
    let mut widths: Vec<usize> = reader
        .records()
        .filter_map(Result::ok)
        .map(|record| record.len())
        .filter(|width| *width > 1)
        .collect();
    widths.sort_unstable();
    widths
        .chunk_by(|a, b| a == b)
        .map(|same| (same.len(), same[0]))
        .max()
        .unwrap_or_default()
}

fn reader(text: &str, separator: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator)
        .from_reader(text.as_bytes())
}

fn cut(text: &str, separator: u8, lines_before: u32) -> Result<Vec<Line>, ApiError> {
    if let Some(line) = endless_quote(text, separator) {
        return Err(ApiError::invalid(
            "endless-quote",
            format!(
                "a quotation mark opens in line {} and never closes",
                line + lines_before
            ),
        )
        .hint("close it, or write a quotation mark that belongs to the text twice"));
    }
    let mut reader = reader(text, separator);
    let mut record = csv::StringRecord::new();
    let mut lines = Vec::new();
    let unreadable = |error: csv::Error| ApiError::invalid("unreadable-file", error.to_string());
    while reader.read_record(&mut record).map_err(unreadable)? {
        let number = lines_before + line_number(text, record.position());
        let mut cells = csv::StringRecord::with_capacity(record.as_slice().len(), record.len());
        let cells_used = record.iter().enumerate();
        let last = cells_used
            .filter(|(_, cell)| !cell.trim().is_empty())
            .last();
        let Some((last, _)) = last else { continue };
        if last >= COLUMNS_MAX {
            return Err(too_large(&format!("line {number}"), "200 columns"));
        }
        for (column, cell) in record.iter().take(last + 1).enumerate() {
            push_cell(&mut cells, number, column, cell)?;
        }
        if lines.len() == LINES_MAX {
            return Err(too_large("file", "50,000 rows"));
        }
        lines.push(Line { number, cells });
    }
    Ok(lines)
}

/// The line on which a record begins. The reader leaves empty lines out but reports the place
/// before them, so they are counted here.
fn line_number(text: &str, position: Option<&csv::Position>) -> u32 {
    position.map_or(0, |position| {
        let at = usize::try_from(position.byte()).unwrap_or(text.len());
        let empty = text.as_bytes()[at.min(text.len())..]
            .iter()
            .take_while(|byte| **byte == b'\n')
            .count();
        u32::try_from(position.line() as usize + empty).unwrap_or(u32::MAX)
    })
}

/// The line of a quotation mark that opens a cell and is never closed, which would swallow the
/// rest of the file as one cell. Found early when the cell outgrows [`CELL_MAX`].
fn endless_quote(text: &str, separator: u8) -> Option<u32> {
    let bytes = text.as_bytes();
    let (mut line, mut cell_begins, mut quoted) = (1_u32, true, None);
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match quoted {
            Some(_) if *byte == b'"' => match bytes.get(at + 1) {
                Some(b'"') => at += 1,
                _ => quoted = None,
            },
            Some((opened, begin)) if at - begin > CELL_MAX => return Some(opened),
            Some(_) => {}
            None if *byte == b'"' && cell_begins => quoted = Some((line, at)),
            None => {}
        }
        cell_begins = quoted.is_none() && (*byte == separator || *byte == b'\n');
        line += u32::from(*byte == b'\n');
        at += 1;
    }
    quoted.map(|(opened, _)| opened)
}
