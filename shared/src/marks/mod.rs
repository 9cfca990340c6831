//! Marks: what may be entered, how it is read from text, and the calls that save it.
//!
//! The rules are those of a mark sheet: a mark is blank, scored, a level, absent, exempt, withheld
//! or irregular; 0 is a score; scores are whole hundredths and never floats; what is out of range
//! or unreadable is refused with its reason, never changed into something else.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::grading::Scheme;
use crate::ids::{Moment, OperationId, SheetId, StudentId, Version};
use crate::words::words;

/// A score or an out-of in whole hundredths: 67.5 is 6750. Range 0 to 1,000.00.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[cfg_attr(feature = "sql", derive(sqlx::Type), sqlx(transparent))]
#[serde(transparent)]
pub struct Score(pub i32);

impl Score {
    /// The largest out-of that a sheet may have.
    pub const MAX: Self = Self(100_000);

    /// A score of whole marks.
    pub const fn whole(marks: i32) -> Self {
        Self(marks * 100)
    }

    /// The hundredths.
    pub const fn hundredths(self) -> i32 {
        self.0
    }

    /// Reads a number with at most two decimals, written with a point or a comma.
    ///
    /// # Errors
    /// When the text is no such number, is negative, or is above [`Score::MAX`].
    pub fn parse(text: &str) -> Result<Self, EntryError> {
        let unreadable = || EntryError::Unreadable(text.trim().to_owned());
        let number = text.trim();
        if let Some(rest) = number.strip_prefix(['-', '\u{2212}']) {
            Self::parse(rest)?;
            return Err(EntryError::Negative(number.to_owned()));
        }
        let (whole, decimals) = number.split_once(['.', ',']).unwrap_or((number, ""));
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if (whole.is_empty() && decimals.is_empty()) || !digits(whole) || !digits(decimals) {
            return Err(unreadable());
        }
        let decimals = decimals.trim_end_matches('0');
        if decimals.len() > 2 {
            return Err(EntryError::TooFine(number.to_owned()));
        }
        let too_large = || EntryError::TooLarge(number.to_owned());
        let whole: i32 = if whole.is_empty() {
            0
        } else {
            whole.parse().map_err(|_| too_large())?
        };
        let hundredths: i32 = format!("{decimals:0<2}")
            .parse()
            .map_err(|_| unreadable())?;
        whole
            .checked_mul(100)
            .and_then(|sum| sum.checked_add(hundredths))
            .map(Self)
            .filter(|score| *score <= Self::MAX)
            .ok_or_else(too_large)
    }

    /// This score as a share of `from`, scaled to `to`, when that comes out in whole hundredths.
    fn scaled(self, from: Self, to: Self) -> Option<Self> {
        let product = i64::from(self.0) * i64::from(to.0);
        let from = i64::from(from.0);
        (from > 0 && product % from == 0)
            .then(|| i32::try_from(product / from).ok())
            .flatten()
            .map(Self)
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, hundredths) = (self.0 / 100, self.0 % 100);
        let text = match hundredths {
            0 => whole.to_string(),
            h if h % 10 == 0 => format!("{whole}.{}", h / 10),
            h => format!("{whole}.{h:02}"),
        };
        f.pad(&text)
    }
}

words! {
    /// What is known of a mark. A blank is no mark, so it is no state.
    MarkState {
        /// Has a score, or a level where the assessment takes levels.
        Scored = "scored",
        /// AB: was not there.
        Absent = "absent",
        /// EX: need not be there.
        Exempt = "exempt",
        /// W: the result is withheld.
        Withheld = "withheld",
        /// Y: an irregularity was reported.
        Irregular = "irregular",
    }
}

/// One mark as entered, shown and sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Entry {
    /// No mark; saving this clears one.
    Blank,
    /// A score. 0 is a score.
    Score(Score),
    /// A level's code, where the assessment takes levels directly.
    Level(String),
    /// AB.
    Absent,
    /// EX.
    Exempt,
    /// W.
    Withheld,
    /// Y.
    Irregular,
}

/// What a sheet accepts.
#[derive(Clone, Copy, Debug)]
pub struct EntryRules<'a> {
    /// The highest score.
    pub out_of: Score,
    /// When the assessment takes levels directly: the scheme whose codes or points are accepted,
    /// instead of scores.
    pub levels: Option<&'a Scheme>,
}

impl Entry {
    /// Reads what a teacher types or a file holds: `67.5`, `67,5`, `17/20`, `85%`, `AB`, `ABS`,
    /// `X`, `-`, `EX`, `W`, `Y`, and a level's code or points where levels are taken. Empty text
    /// is [`Entry::Blank`]. Case and surrounding space do not matter.
    ///
    /// # Errors
    /// With the reason, when the text is unreadable or outside the sheet's range.
    pub fn parse(text: &str, rules: EntryRules<'_>) -> Result<Self, EntryError> {
        let text = text.trim();
        match text.to_ascii_uppercase().as_str() {
            "" => return Ok(Self::Blank),
            "AB" | "ABS" | "ABSENT" | "X" | "-" => return Ok(Self::Absent),
            "EX" | "EXEMPT" => return Ok(Self::Exempt),
            "W" => return Ok(Self::Withheld),
            "Y" => return Ok(Self::Irregular),
            _ => {}
        }
        let entry = match rules.levels {
            Some(scheme) => Self::Level(
                scheme
                    .band_named(text)
                    .ok_or_else(|| EntryError::NoSuchLevel(text.to_owned(), scheme.codes()))?
                    .code
                    .clone(),
            ),
            None => Self::Score(parse_score(text, rules.out_of)?),
        };
        entry.check(rules)?;
        Ok(entry)
    }

    /// Checks an entry, however it was made, against the sheet's rules.
    ///
    /// # Errors
    /// With the reason, when the sheet does not take it.
    pub fn check(&self, rules: EntryRules<'_>) -> Result<(), EntryError> {
        match (self, rules.levels) {
            (Self::Score(score), None) if score.0 < 0 => {
                Err(EntryError::Negative(score.to_string()))
            }
            (Self::Score(score), None) if *score > rules.out_of => {
                Err(EntryError::OutOfRange(*score, rules.out_of))
            }
            (Self::Score(score), Some(scheme)) => {
                Err(EntryError::NoSuchLevel(score.to_string(), scheme.codes()))
            }
            (Self::Level(code), None) => Err(EntryError::TakesScores(code.clone())),
            (Self::Level(code), Some(scheme)) if !scheme.bands.iter().any(|b| b.code == *code) => {
                Err(EntryError::NoSuchLevel(code.clone(), scheme.codes()))
            }
            _ => Ok(()),
        }
    }

    /// The state under which this is stored; `None` for a blank, which is no mark.
    pub fn state(&self) -> Option<MarkState> {
        match self {
            Self::Blank => None,
            Self::Score(_) | Self::Level(_) => Some(MarkState::Scored),
            Self::Absent => Some(MarkState::Absent),
            Self::Exempt => Some(MarkState::Exempt),
            Self::Withheld => Some(MarkState::Withheld),
            Self::Irregular => Some(MarkState::Irregular),
        }
    }

    /// The score, when there is one.
    pub fn score(&self) -> Option<Score> {
        if let Self::Score(score) = self {
            Some(*score)
        } else {
            None
        }
    }

    /// The level's code, when one was entered directly.
    pub fn level(&self) -> Option<&str> {
        if let Self::Level(code) = self {
            Some(code)
        } else {
            None
        }
    }

    /// Puts a stored mark together again; `None` when the three do not fit each other.
    pub fn stored(state: MarkState, score: Option<Score>, level: Option<String>) -> Option<Self> {
        match (state, score, level) {
            (MarkState::Scored, Some(score), None) => Some(Self::Score(score)),
            (MarkState::Scored, None, Some(level)) => Some(Self::Level(level)),
            (MarkState::Absent, None, None) => Some(Self::Absent),
            (MarkState::Exempt, None, None) => Some(Self::Exempt),
            (MarkState::Withheld, None, None) => Some(Self::Withheld),
            (MarkState::Irregular, None, None) => Some(Self::Irregular),
            _ => None,
        }
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blank => f.pad(""),
            Self::Score(score) => score.fmt(f),
            Self::Level(code) => f.pad(code),
            Self::Absent => f.pad("AB"),
            Self::Exempt => f.pad("EX"),
            Self::Withheld => f.pad("W"),
            Self::Irregular => f.pad("Y"),
        }
    }
}

fn parse_score(text: &str, out_of: Score) -> Result<Score, EntryError> {
    let inexact = || EntryError::Inexact(text.to_owned(), out_of);
    if let Some(percent) = text.strip_suffix('%') {
        let percent = Score::parse(percent)?;
        return percent
            .scaled(Score::whole(100), out_of)
            .ok_or_else(inexact);
    }
    if let Some((part, whole)) = text.split_once('/') {
        let (part, whole) = (Score::parse(part)?, Score::parse(whole)?);
        if part > whole {
            return Err(EntryError::OutOfRange(part, whole));
        }
        return part.scaled(whole, out_of).ok_or_else(inexact);
    }
    Score::parse(text)
}

/// Why an entry is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// Neither a number nor a known mark.
    #[error("{0:?} is no mark; type a number, a for absent or e for exempt")]
    Unreadable(String),
    /// Below 0.
    #[error("{0} is below 0")]
    Negative(String),
    /// More than two decimals.
    #[error("{0} has more than two decimals")]
    TooFine(String),
    /// Beyond any out-of.
    #[error("{0} is over 1,000, the most a paper may have")]
    TooLarge(String),
    /// Above the sheet's out-of.
    #[error("{0} is over {1}")]
    OutOfRange(Score, Score),
    /// A fraction or percentage that is no whole number of hundredths.
    #[error("{0} of {1} is no whole number of hundredths; type the mark itself")]
    Inexact(String, Score),
    /// Not a level of the scheme.
    #[error("{0:?} is no level; this sheet takes {1}")]
    NoSuchLevel(String, String),
    /// A level where scores are taken.
    #[error("{0:?} is a level; this sheet takes scores")]
    TakesScores(String),
}

impl EntryError {
    /// The stable code of the reason.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(_) | Self::TooFine(_) => "unreadable-mark",
            Self::Negative(_) | Self::TooLarge(_) | Self::OutOfRange(..) => "out-of-range",
            Self::Inexact(..) => "inexact-mark",
            Self::NoSuchLevel(..) => "no-such-level",
            Self::TakesScores(_) => "takes-scores",
        }
    }
}

/// One mark to save: whose, what, and the version it was based on (0 for blank).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edit {
    /// Whose mark.
    pub student: StudentId,
    /// The version that the writer saw; the mark is a conflict when it has another one now.
    pub based_on: Version,
    /// The new value.
    pub entry: Entry,
}

/// Saves marks of one sheet. Sending the same operation again changes nothing and gives the same
/// reply. At most 500 edits, one a student.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaveMarks {
    /// The sheet.
    pub sheet: SheetId,
    /// The client's name for this write.
    pub operation: OperationId,
    /// The marks.
    pub edits: Vec<Edit>,
    /// Why, where a reason is needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What became of a save. Every mark that is not among `problems` is stored for good, and has
/// the version `version` now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarksSaved {
    /// The sheet's new version, and that of each mark that was stored.
    pub version: Version,
    /// How many students of the sheet have a mark now.
    pub entered: u32,
    /// The marks that were not stored, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<Problem>,
}

/// Why one mark of a save was not stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Whose mark.
    pub student: StudentId,
    /// Stable code: `conflict`, `out-of-range`, `not-on-sheet` and those of [`EntryError`].
    pub code: String,
    /// What and why, for the person.
    pub message: String,
    /// In a conflict: what the sheet holds instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub theirs: Option<Theirs>,
}

/// The stored mark that stands against an edit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Theirs {
    /// Its value.
    pub entry: Entry,
    /// Its version; base the next edit on it to overwrite.
    pub version: Version,
    /// Who wrote it.
    pub by: String,
    /// When.
    pub at: Moment,
}

/// Asks for the history of one student's mark on a sheet, or of the whole sheet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShowHistory {
    /// The sheet.
    pub sheet: SheetId,
    /// The student; `None` for the whole sheet.
    #[serde(default)]
    pub student: Option<StudentId>,
    /// Only changes after this sequence number of the sheet.
    #[serde(default)]
    pub after: i64,
}

/// One change of one mark. Rows are only ever added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarkChange {
    /// Its place in the sheet's history, from 1.
    pub sequence: i64,
    /// Whose mark.
    pub admission_no: String,
    /// Whose mark.
    pub student_name: String,
    /// The value before.
    pub before: Entry,
    /// The value after.
    pub after: Entry,
    /// Who changed it.
    pub by: String,
    /// When.
    pub at: Moment,
    /// With what: `tui`, `cli`, `import`.
    pub source: String,
    /// Why, when a reason was needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

#[cfg(test)]
mod tests;
