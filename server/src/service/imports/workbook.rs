//! XLSX workbooks: how far they unpack is measured before anything is read, and cells are read
//! one after another, because a workbook may claim to be far wider and longer than it is.

use std::io::{Cursor, Read};

use calamine::{DataRef, Reader, SheetType, SheetVisible, Style, Xlsx, XlsxError};
use hillview_shared::ApiError;

use super::read::{
    COLUMNS_MAX, Grid, LINES_MAX, Line, UNPACKED_MAX, push_cell, too_large, unknown_format,
};

/// Tags in the parts of a workbook that are held in memory whole, such as the shared strings.
const TAGS_MAX: u64 = 4_000_000;
/// Parts of a workbook: sheets, styles, pictures.
const PARTS_MAX: usize = 5_000;

/// Shows `take` one visible sheet after another.
///
/// # Errors
/// When the file is no workbook, is damaged, or breaks a limit.
pub fn first<T>(
    bytes: &[u8],
    take: &mut dyn FnMut(Grid) -> Option<T>,
) -> Result<Option<T>, ApiError> {
    measure(bytes)?;
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|e| damaged(&e))?;
    let sheets: Vec<String> = book
        .sheets_metadata()
        .iter()
        .filter(|sheet| sheet.typ == SheetType::WorkSheet && sheet.visible == SheetVisible::Visible)
        .map(|sheet| sheet.name.clone())
        .collect();
    for name in sheets {
        let taken = take(Grid {
            encoding: "XLSX".to_owned(),
            lines: lines(&mut book, &name)?,
            layout: name,
        });
        if taken.is_some() {
            return Ok(taken);
        }
    }
    Ok(None)
}

fn damaged(error: &dyn std::fmt::Display) -> ApiError {
    ApiError::invalid(
        "damaged-workbook",
        format!("the workbook cannot be read: {error}"),
    )
    .hint("open it in a spreadsheet and save it again as .xlsx")
}

/// Unpacks every part into nothing, counting. Sizes that an archive declares are not believed.
fn measure(bytes: &[u8]) -> Result<(), ApiError> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|e| damaged(&e))?;
    if archive.len() > PARTS_MAX {
        return Err(too_large("workbook", "5,000 parts"));
    }
    let other = [
        ("xl/workbook.bin", "a binary .xlsb workbook"),
        ("word/document.xml", "a text document"),
        ("content.xml", "an OpenDocument file"),
    ];
    if let Some((_, what)) = other
        .iter()
        .find(|(part, _)| archive.index_for_name(part).is_some())
    {
        return Err(unknown_format(what).hint("save it as .xlsx and send that"));
    }
    if archive.index_for_name("[Content_Types].xml").is_none() {
        return Err(unknown_format("a packed file, not a workbook"));
    }
    let (mut unpacked, mut tags) = (0_u64, 0_u64);
    let mut buffer = vec![0; 64 * 1024];
    for index in 0..archive.len() {
        let mut part = archive.by_index(index).map_err(|e| damaged(&e))?;
        let name = part.name().map_err(|e| damaged(&e))?;
        let streamed = name.contains("worksheets/");
        loop {
            let read = part.read(&mut buffer).map_err(|e| damaged(&e))?;
            if read == 0 {
                break;
            }
            unpacked += read as u64;
            if !streamed {
                tags += buffer[..read].iter().filter(|byte| **byte == b'<').count() as u64;
            }
            if unpacked > UNPACKED_MAX || tags > TAGS_MAX {
                return Err(too_large("unpacked workbook", "200 MiB"));
            }
        }
    }
    Ok(())
}

fn lines(book: &mut Xlsx<Cursor<&[u8]>>, sheet: &str) -> Result<Vec<Line>, ApiError> {
    let mut cells = match book.worksheet_cells_reader(sheet) {
        Ok(cells) => cells,
        Err(XlsxError::NotAWorksheet(_)) => return Ok(Vec::new()),
        Err(error) => return Err(damaged(&error)),
    };
    let mut lines: Vec<Line> = Vec::new();
    // The text of all cells: many cells may show one long shared string.
    let mut shown = 0_u64;
    while let Some((cell, style)) = cells.next_cell_with_style_id().map_err(|e| damaged(&e))? {
        let text = text(cell.get_value(), cells.styles().get(style));
        if text.trim().is_empty() {
            continue;
        }
        shown += text.len() as u64;
        if shown > UNPACKED_MAX {
            return Err(too_large("text of the workbook", "200 MiB"));
        }
        let (row, column) = cell.get_position();
        let (number, column) = (row.saturating_add(1), column as usize);
        if column >= COLUMNS_MAX {
            return Err(too_large(&format!("line {number}"), "200 columns"));
        }
        if lines.last().is_none_or(|line| line.number < number) {
            if lines.len() == LINES_MAX {
                return Err(too_large("sheet", "50,000 rows"));
            }
            let cells = csv::StringRecord::new();
            lines.push(Line { number, cells });
        }
        let line = lines.last_mut().expect("a line was just made");
        if line.number != number || line.cells.len() > column {
            return Err(damaged(&"its cells are out of order"));
        }
        while line.cells.len() < column {
            line.cells.push_field("");
        }
        push_cell(&mut line.cells, number, column, &text)?;
    }
    Ok(lines)
}

/// A cell as its reader sees it.
fn text<'a>(value: &'a DataRef<'a>, style: Option<&Style>) -> std::borrow::Cow<'a, str> {
    match value {
        DataRef::Empty => "".into(),
        DataRef::String(text) | DataRef::DurationIso(text) => text.as_str().into(),
        DataRef::SharedString(text) => (*text).into(),
        DataRef::Int(number) => number.to_string().into(),
        DataRef::Float(number) => {
            let format = style
                .and_then(|style| style.number_format.as_ref())
                .map_or("", |format| format.format_code.as_str());
            shown(*number, format).into()
        }
        DataRef::Bool(true) => "TRUE".into(),
        DataRef::Bool(false) => "FALSE".into(),
        DataRef::DateTimeIso(text) => text.strip_suffix("T00:00:00").unwrap_or(text).into(),
        DataRef::DateTime(moment) if moment.is_datetime() => match moment.as_datetime() {
            Some(at) if at.time() == chrono::NaiveTime::MIN => at.date().to_string().into(),
            Some(at) => at.format("%Y-%m-%d %H:%M").to_string().into(),
            None => moment.as_f64().to_string().into(),
        },
        DataRef::DateTime(duration) => duration.as_f64().to_string().into(),
        DataRef::Error(error) => error.to_string().into(),
    }
}

/// A number with the 15 digits that spreadsheets show, as a percentage or with leading zeros
/// where its format says so: 0.85 formatted `0%` is `85%`, 7 formatted `000` is `007`.
fn shown(number: f64, format: &str) -> String {
    let text = format!("{number:.14e}")
        .parse()
        .unwrap_or(number)
        .to_string();
    if format.contains('%') {
        return percent(&text);
    }
    let all_zeros = format.len() > 1 && format.bytes().all(|byte| byte == b'0');
    if all_zeros && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return format!("{text:0>width$}", width = format.len());
    }
    text
}

/// Moves the decimal point two places to the right: `0.855` becomes `85.5%`.
fn percent(text: &str) -> String {
    let (sign, text) = text
        .strip_prefix('-')
        .map_or(("", text), |text| ("-", text));
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let decimals = format!("{decimals:0<2}");
    let (moved, rest) = decimals.split_at(2);
    let whole = format!("{whole}{moved}");
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        whole => whole,
    };
    let point = if rest.is_empty() { "" } else { "." };
    format!("{sign}{whole}{point}{rest}%")
}

#[cfg(test)]
#[path = "workbook_tests.rs"]
mod tests;
