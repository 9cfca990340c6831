//! From the bytes of a file to lines of cells: what kind of file it is, and how its text is
//! encoded. What the cells mean is decided by `header`.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use hillview_shared::ApiError;
use hillview_shared::imports::FILE_MAX;
use unicode_normalization::UnicodeNormalization;

use super::{delimited, workbook};

/// The most that a file may unpack to, in bytes.
pub const UNPACKED_MAX: u64 = 200 * 1024 * 1024;
/// The most rows of data in a file.
pub const ROWS_MAX: usize = 50_000;
/// The most lines of a file, with what stands around the data.
pub const LINES_MAX: usize = ROWS_MAX + 1_000;
/// The most columns of a file.
pub const COLUMNS_MAX: usize = 200;
/// The most bytes in a cell.
pub const CELL_MAX: usize = 64 * 1024;

/// One way to see a file as lines of cells: a text with a separator, or a sheet of a workbook.
pub struct Grid {
    /// `UTF-8`, `UTF-16LE`, `windows-1252` or `XLSX`.
    pub encoding: String,
    /// The separator's name, or the sheet's.
    pub layout: String,
    /// The lines that are not empty.
    pub lines: Vec<Line>,
}

/// A line with its number in the file, from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub number: u32,
    pub cells: csv::StringRecord,
}

impl Line {
    /// The text of a cell; empty where the line is shorter.
    pub fn cell(&self, column: usize) -> &str {
        self.cells.get(column).unwrap_or("")
    }
}

/// Shows `take` one grid after another until it takes one.
///
/// # Errors
/// When the file is none that can be read, breaks a limit, or no grid is taken.
pub fn first<T>(
    bytes: &[u8],
    take: &mut dyn FnMut(Grid) -> Option<T>,
) -> Result<Option<T>, ApiError> {
    if bytes.len() as u64 > FILE_MAX {
        return Err(too_large("file", "20 MiB"));
    }
    refuse_foreign(bytes)?;
    if bytes.starts_with(b"PK\x03\x04") {
        return workbook::first(bytes, take);
    }
    let (text, encoding) = decode(bytes)?;
    if text.trim().is_empty() {
        return Err(ApiError::invalid("empty-file", "the file is empty"));
    }
    if text.trim_start().starts_with('<') {
        return Err(ApiError::invalid(
            "unknown-format",
            "the file is a web page or XML, whatever its name ends in",
        )
        .hint("open it in a spreadsheet and save it as .xlsx or .csv"));
    }
    delimited::first(&text, encoding.name(), take)
}

/// The refusal of a file beyond a limit.
pub fn too_large(what: &str, limit: &str) -> ApiError {
    ApiError::invalid(
        "too-large",
        format!("the {what} is larger than {limit}, the most that is taken"),
    )
    .hint("split it, for example a file a grade")
}

/// Adds a cell to a line as it was meant: without the space around it, without what exports put
/// before a formula so that it stays text (`'=1`), `="007"` as the text `007`, and an accent that
/// stands behind its letter in one character with it.
pub fn push_cell(
    line: &mut csv::StringRecord,
    number: u32,
    column: usize,
    text: &str,
) -> Result<(), ApiError> {
    if text.len() > CELL_MAX {
        let what = format!("cell in line {number}, column {}", column + 1);
        return Err(too_large(&what, "64 KiB"));
    }
    let text = text.trim_matches(|c: char| c.is_whitespace() || is_zero_width(c));
    let guarded = |rest: &&str| rest.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = match text.strip_prefix('\'').filter(guarded) {
        Some(rest) => rest,
        None => text
            .strip_prefix("=\"")
            .and_then(|rest| rest.strip_suffix('"'))
            .unwrap_or(text),
    };
    if text.is_ascii() {
        line.push_field(text);
    } else {
        line.push_field(&text.nfc().collect::<String>());
    }
    Ok(())
}

/// Characters that take no room and say nothing about a name or number.
pub fn is_zero_width(c: char) -> bool {
    matches!(
        c,
        '\u{00AD}' | '\u{200B}'..='\u{200D}' | '\u{2060}' | '\u{FEFF}'
    )
}

/// Refuses what is neither text nor a ZIP archive, by its first bytes.
fn refuse_foreign(bytes: &[u8]) -> Result<(), ApiError> {
    const FOREIGN: [(&[u8], &str); 9] = [
        (b"%PDF", "a PDF"),
        (b"{\\rtf", "an RTF document"),
        (b"\x89PNG", "a picture"),
        (b"\xFF\xD8\xFF", "a picture"),
        (b"GIF8", "a picture"),
        (b"\x1F\x8B", "a packed file"),
        (b"7z\xBC\xAF\x27\x1C", "a packed file"),
        (b"Rar!", "a packed file"),
        (b"SQLite format 3", "a database"),
    ];
    if bytes.is_empty() {
        return Err(ApiError::invalid("empty-file", "the file is empty"));
    }
    if bytes.starts_with(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1") {
        return Err(ApiError::invalid(
            "old-workbook",
            "the file is an old .xls workbook, or a workbook with a password",
        )
        .hint("open it in a spreadsheet and save it as .xlsx, without a password"));
    }
    match FOREIGN.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        Some((_, what)) => Err(unknown_format(what)),
        None => Ok(()),
    }
}

/// The refusal of a file that is something else.
pub fn unknown_format(what: &str) -> ApiError {
    ApiError::invalid("unknown-format", format!("the file is {what}"))
        .hint("send a .csv or .xlsx file")
}

/// The text of a file, and the encoding that it was in.
fn decode(bytes: &[u8]) -> Result<(Cow<'_, str>, &'static Encoding), ApiError> {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        return Ok((encoding.decode_with_bom_removal(bytes).0, encoding));
    }
    if let Some(encoding) = unmarked_utf16(bytes) {
        return Ok((encoding.decode_without_bom_handling(bytes).0, encoding));
    }
    if bytes.contains(&0) {
        return Err(unknown_format("neither text nor a workbook"));
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Ok((text.into(), UTF_8));
    }
    let encoding = guess(bytes);
    Ok((encoding.decode_without_bom_handling(bytes).0, encoding))
}

/// UTF-16 without its mark: mostly ASCII, so nearly every second byte is 0.
fn unmarked_utf16(bytes: &[u8]) -> Option<&'static Encoding> {
    let sample = &bytes[..bytes.len().min(4096)];
    let zeros = |first: usize| {
        let (zeros, all) = sample
            .iter()
            .skip(first)
            .step_by(2)
            .fold((0_usize, 0_usize), |(zeros, all), byte| {
                (zeros + usize::from(*byte == 0), all + 1)
            });
        (zeros * 10, all)
    };
    let ((even, evens), (odd, odds)) = (zeros(0), zeros(1));
    if odds > 1 && odd >= odds * 7 && even < evens {
        Some(UTF_16LE)
    } else if evens > 1 && even >= evens * 7 && odd < odds {
        Some(UTF_16BE)
    } else {
        None
    }
}

/// The encoding of text that is not Unicode: Windows-1252 unless the letters speak clearly for
/// another alphabet of the same family. East Asian guesses are noise in a school's register.
fn guess(bytes: &[u8]) -> &'static Encoding {
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    detector.feed(&bytes[..bytes.len().min(1024 * 1024)], true);
    let guessed = detector.guess(None, chardetng::Utf8Detection::Deny);
    if guessed.is_single_byte() && guessed.name().starts_with("windows-") {
        guessed
    } else {
        WINDOWS_1252
    }
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
