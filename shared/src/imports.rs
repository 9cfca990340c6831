//! Imports: a file goes up in chunks, is previewed and applied through the same code, and every
//! row that was refused says where and why.

use serde::{Deserialize, Serialize};

use crate::ids::{ImportId, Moment};
use crate::words::words;

/// The largest file, in bytes.
pub const FILE_MAX: u64 = 20 * 1024 * 1024;
/// The largest chunk of a file in one call, in bytes.
pub const CHUNK_MAX: usize = 64 * 1024;

words! {
    /// What a file holds.
    ImportKind {
        /// A register of students.
        Students = "students",
        /// Marks: a row a student, a column a paper.
        Marks = "marks",
        /// Staff: a row a person, with login, roles and what they teach.
        Staff = "staff",
    }
}

words! {
    /// What to do with a row whose student exists with other values.
    OnDuplicate {
        /// Leave what is there.
        Skip = "skip",
        /// Take the file's values.
        Update = "update",
        /// Refuse the row.
        Error = "error",
    }
}

words! {
    /// Where an import stands.
    ImportState {
        /// The file is going up.
        Receiving = "receiving",
        /// Listed, nothing changed.
        Previewed = "previewed",
        /// Done.
        Applied = "applied",
        /// Taken back.
        Undone = "undone",
    }
}

/// Announces a file. Only the file's name travels, never its path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartImport {
    /// What it holds.
    pub kind: ImportKind,
    /// The file's name; its ending tells CSV from XLSX only when the bytes do not.
    pub file_name: String,
    /// Its length in bytes, at most [`FILE_MAX`].
    pub length: u64,
}

/// Sends a piece of the file, in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendChunk {
    /// The import.
    pub import: ImportId,
    /// Where the piece begins.
    pub offset: u64,
    /// At most [`CHUNK_MAX`] bytes.
    pub bytes: bytes::Bytes,
}

/// Reads the file that was sent and lists what it would do, or does it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunImport {
    /// The import.
    pub import: ImportId,
    /// Only list what would happen.
    pub dry_run: bool,
    /// What to do with rows whose student exists.
    pub on_duplicate: OnDuplicate,
    /// Students: create classes that do not exist.
    #[serde(default)]
    pub create_classes: bool,
    /// Students: number those who have no admission number.
    #[serde(default)]
    pub assign_numbers: bool,
    /// Marks: the class, as people write it; may be in the file instead.
    #[serde(default)]
    pub class: Option<String>,
    /// Marks: the assessment's code.
    #[serde(default)]
    pub assessment: Option<String>,
}

/// What an import did, or would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportReport {
    /// The import.
    pub import: ImportId,
    /// Whether it was only a preview.
    pub dry_run: bool,
    /// `UTF-8`, `UTF-16LE`, `windows-1252`, or `XLSX`.
    pub encoding: String,
    /// `comma`, `semicolon`, `tab`, or the name of the sheet of the workbook.
    pub layout: String,
    /// The line of the header, from 1.
    pub header_line: u32,
    /// How the columns were understood: the file's heading, and what it was taken for.
    pub columns: Vec<ColumnTaken>,
    /// Rows of data read.
    pub rows: u32,
    /// New students, marks or staff.
    pub added: u32,
    /// Changed ones.
    pub changed: u32,
    /// Those that were the same already.
    pub same: u32,
    /// Those left as they are by `skip`.
    pub skipped: u32,
    /// Rows that were refused; a row of marks counts once however many of its cells were.
    pub refused: u32,
    /// Classes that were created.
    #[serde(default)]
    pub classes_created: Vec<String>,
    /// Every problem, first line first: at most 1,000 here; ask for the rest.
    pub problems: Vec<RowProblem>,
    /// Whether there are more problems than are listed here.
    #[serde(default)]
    pub more_problems: bool,
}

/// How one column was understood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnTaken {
    /// The heading in the file.
    pub heading: String,
    /// What it was taken for; `None` when it was left out.
    #[serde(default)]
    pub taken_for: Option<String>,
}

/// Why a row, or one cell of it, was refused, or what to look at in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowProblem {
    /// The line in the file, from 1; the row in a workbook.
    pub line: u32,
    /// The heading of the column; empty for the whole row.
    pub column: String,
    /// Stable code: `missing-number`, `duplicate-in-file`, `unknown-class`, …
    pub code: String,
    /// What, why and what to do.
    pub reason: String,
    /// A warning leaves the row in.
    #[serde(default)]
    pub warning: bool,
}

/// Asks for problems of an import after the ones already listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListProblems {
    /// The import.
    pub import: ImportId,
    /// How many were listed already.
    pub after: u32,
}

/// The refused rows as a CSV file to fix and send again, in pieces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedRows {
    /// The import.
    pub import: ImportId,
    /// How many bytes are already there.
    pub offset: u64,
}

/// A piece of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// At most [`CHUNK_MAX`] bytes; empty at the end.
    pub bytes: bytes::Bytes,
    /// The file's whole length.
    pub length: u64,
}

/// Takes an import back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndoImport {
    /// The import.
    pub import: ImportId,
    /// Marks: why, where a sheet was closed meanwhile; it stands in the history.
    #[serde(default)]
    pub reason: Option<String>,
}

/// An import, as listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "sql", derive(sqlx::FromRow))]
pub struct ImportSummary {
    /// The import.
    pub id: ImportId,
    /// What the file held.
    pub kind: ImportKind,
    /// The file's name.
    pub file_name: String,
    /// Where it stands.
    pub state: ImportState,
    /// Who.
    #[cfg_attr(feature = "sql", sqlx(rename = "by_name"))]
    pub by: String,
    /// When.
    pub at: Moment,
    /// New rows.
    pub added: i64,
    /// Changed rows.
    pub changed: i64,
    /// Refused rows.
    pub refused: i64,
}
