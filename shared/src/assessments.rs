//! Assessments, and the mark sheets that one has for each class and paper.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::grading::Scheme;
use crate::ids::{AssessmentId, ClassId, PaperId, SheetId, StudentId, Version};
use crate::marks::{Entry, Score};
use crate::words::words;

words! {
    /// Where an assessment stands.
    AssessmentState {
        /// Being prepared: no entry.
        Draft = "draft",
        /// Marks may be entered between its dates.
        Open = "open",
        /// No entry any more.
        Locked = "locked",
        /// Results are out.
        Published = "published",
    }
}

words! {
    /// Where a sheet stands.
    SheetState {
        /// Marks may be entered while the assessment is open.
        Open = "open",
        /// Handed in.
        Submitted = "submitted",
        /// Checked.
        Approved = "approved",
    }
}

/// One sitting in a term.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "sql", derive(sqlx::FromRow))]
pub struct Assessment {
    /// The assessment.
    pub id: AssessmentId,
    /// Unique in its year: `T1-MID`.
    pub code: String,
    /// `Mid-Term`.
    pub name: String,
    /// `2026 T1`.
    pub term: String,
    /// First day of entry.
    pub opens: NaiveDate,
    /// Last day of entry.
    pub closes: NaiveDate,
    /// Where it stands.
    pub state: AssessmentState,
    /// Whether levels are entered directly instead of scores.
    pub direct_levels: bool,
    /// How many sheets it has.
    pub sheets: i64,
}

/// Adds an assessment in draft.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddAssessment {
    /// Unique in its year, 1 to 20 characters of `A-Z 0-9 -`.
    pub code: String,
    /// Name, 1 to 60 characters.
    pub name: String,
    /// The term, such as `2026 T1` or `T1` of the current year; the current term when empty.
    #[serde(default)]
    pub term: String,
    /// The out-of of every paper of it; the papers' own where `None`.
    #[serde(default)]
    pub out_of: Option<Score>,
    /// First day of entry; the term's first when `None`.
    #[serde(default)]
    pub opens: Option<NaiveDate>,
    /// Last day of entry; the term's last when `None`.
    #[serde(default)]
    pub closes: Option<NaiveDate>,
    /// Whether levels are entered directly.
    #[serde(default)]
    pub direct_levels: bool,
    /// The grades it covers, as people write them; all when empty.
    #[serde(default)]
    pub grades: Vec<String>,
}

/// Names an assessment by its code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WhichAssessment {
    /// Its code, of the current year, or `2026/T1-MID`.
    pub code: String,
}

/// Lists the sheets that the caller may see.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListSheets {
    /// Only of this assessment; of all open ones when `None`.
    #[serde(default)]
    pub assessment: Option<AssessmentId>,
    /// Only of this class.
    #[serde(default)]
    pub class: Option<ClassId>,
    /// Only those whose subject the caller teaches, or all within reach.
    #[serde(default)]
    pub mine: bool,
    /// Where the last page ended: its `next`.
    #[serde(default)]
    pub after: Option<String>,
    /// Rows a page, 1 to 200; 0 for 50.
    #[serde(default)]
    pub limit: u16,
}

/// A sheet, as listed, with its progress.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "sql", derive(sqlx::FromRow))]
pub struct SheetSummary {
    /// The sheet.
    pub id: SheetId,
    /// The class.
    pub class_id: ClassId,
    /// The class's name.
    pub class: String,
    /// The assessment's code.
    pub assessment: String,
    /// The paper.
    pub paper_id: PaperId,
    /// `English / Grammar`, or `Mathematics` where there is one paper.
    pub paper: String,
    /// Where it stands.
    pub state: SheetState,
    /// Whether the assessment takes entries now.
    pub assessment_state: AssessmentState,
    /// First day of entry.
    pub opens: NaiveDate,
    /// Last day of entry.
    pub closes: NaiveDate,
    /// Students with a mark: absent and exempt count.
    pub entered: i64,
    /// Students expected.
    pub expected: i64,
    /// Who teaches the subject in the class.
    pub teacher: Option<String>,
}

/// Opens a sheet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenSheet {
    /// Which one.
    pub sheet: WhichSheet,
    /// The version that the client already has: the answer is then only what is newer.
    #[serde(default)]
    pub newer_than: Option<Version>,
}

/// Names one sheet: by id, or as people do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WhichSheet {
    /// By id.
    Id(SheetId),
    /// By class, subject, paper and assessment.
    Named {
        /// `4A`, `4 East`.
        class: String,
        /// By code, name or alias, with the paper behind a slash: `ENG/GRAM`.
        paper: String,
        /// By code.
        assessment: String,
    },
}

/// The answer to [`OpenSheet`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SheetOpened {
    /// The client's version is the current one.
    Unchanged,
    /// The whole sheet.
    Sheet(Box<Sheet>),
}

/// A mark sheet with its students and marks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sheet {
    /// The sheet.
    pub id: SheetId,
    /// Its version: grows with every save.
    pub v: Version,
    /// The class's name.
    pub class: String,
    /// `English / Grammar`.
    pub paper: String,
    /// The assessment's code.
    pub assessment: String,
    /// The highest score.
    pub out_of: Score,
    /// Where it stands.
    pub state: SheetState,
    /// Why nothing may be entered now, such as `entry closed on 14 Nov`; `None` when it may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<String>,
    /// Last day of entry.
    pub closes: NaiveDate,
    /// Whether levels are entered directly.
    pub direct_levels: bool,
    /// The scheme that gives the levels.
    pub scheme: Scheme,
    /// The students expected, by name, and those who have a mark although not expected.
    pub rows: Vec<SheetRow>,
}

/// One student on a sheet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SheetRow {
    /// The student.
    pub id: StudentId,
    /// Admission number.
    pub adm: String,
    /// Full name.
    pub name: String,
    /// The mark.
    #[serde(default = "blank", skip_serializing_if = "is_blank")]
    pub entry: Entry,
    /// The mark's version; 0 for blank.
    #[serde(default = "unwritten", skip_serializing_if = "is_unwritten")]
    pub v: Version,
}

fn blank() -> Entry {
    Entry::Blank
}

fn is_blank(entry: &Entry) -> bool {
    *entry == Entry::Blank
}

fn unwritten() -> Version {
    Version(0)
}

fn is_unwritten(version: &Version) -> bool {
    version.0 == 0
}
