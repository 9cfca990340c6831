//! Whether a sheet is open today, and for how long.

use chrono::NaiveDate;
use hillview_shared::assessments::{AssessmentState, SheetState, SheetSummary};

/// Whether marks may be entered today.
pub fn is_open(sheet: &SheetSummary, today: NaiveDate) -> bool {
    sheet.assessment_state == AssessmentState::Open
        && sheet.state == SheetState::Open
        && (sheet.opens..=sheet.closes).contains(&today)
}

/// `open`, or why it is not.
pub fn state(sheet: &SheetSummary, today: NaiveDate) -> String {
    match (sheet.assessment_state, sheet.state) {
        (AssessmentState::Draft, _) => "not yet open".to_owned(),
        (AssessmentState::Locked | AssessmentState::Published, _) => {
            sheet.assessment_state.to_string()
        }
        (AssessmentState::Open, SheetState::Submitted | SheetState::Approved) => {
            sheet.state.to_string()
        }
        (AssessmentState::Open, SheetState::Open) if today < sheet.opens => {
            format!("opens {}", sheet.opens.format("%-d %b"))
        }
        (AssessmentState::Open, SheetState::Open) if today > sheet.closes => {
            format!("closed {}", sheet.closes.format("%-d %b"))
        }
        (AssessmentState::Open, SheetState::Open) => "open".to_owned(),
    }
}

/// The most days that are counted; beyond them the day itself says more.
const COUNTED: i64 = 99;
/// From so many days on, a day and its month do not say which year.
const YEAR: i64 = 365;

/// How long an open sheet stays open, in at most nine characters.
pub fn due(sheet: &SheetSummary, today: NaiveDate) -> String {
    if !is_open(sheet, today) {
        return "-".to_owned();
    }
    match (sheet.closes - today).num_days() {
        0 => "today".to_owned(),
        1 => "tomorrow".to_owned(),
        days @ ..=COUNTED => format!("{days} days"),
        ..YEAR => sheet.closes.format("%-d %b").to_string(),
        _ => sheet.closes.format("%b %Y").to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hillview_shared::ids::{ClassId, PaperId, SheetId};

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn sheet(assessment_state: AssessmentState, state: SheetState) -> SheetSummary {
        SheetSummary {
            id: SheetId(1),
            class_id: ClassId(1),
            class: "4 East".into(),
            assessment: "T2-END".into(),
            paper_id: PaperId(1),
            paper: "Mathematics".into(),
            state,
            assessment_state,
            opens: day("2026-07-20"),
            closes: day("2026-07-31"),
            entered: 0,
            expected: 40,
            teacher: None,
        }
    }

    #[test]
    fn a_sheet_that_closes_far_away_says_when() {
        let mut open = sheet(AssessmentState::Open, SheetState::Open);
        let today = day("2026-07-28");
        for (closes, left) in [
            ("2026-07-27", "-"),
            ("2026-07-28", "today"),
            ("2026-07-29", "tomorrow"),
            ("2026-11-04", "99 days"),
            ("2026-11-05", "5 Nov"),
            ("2027-07-27", "27 Jul"),
            ("2027-07-28", "Jul 2027"),
            ("2099-08-31", "Aug 2099"),
        ] {
            open.closes = day(closes);
            assert_eq!(due(&open, today), left, "{closes}");
            assert!(left.len() <= 9);
        }
    }

    #[test]
    fn a_sheet_says_whether_and_how_long_it_is_open() {
        use {AssessmentState as A, SheetState as S};
        for (assessment, own, today, says, left) in [
            (A::Open, S::Open, "2026-07-28", "open", "3 days"),
            (A::Open, S::Open, "2026-07-30", "open", "tomorrow"),
            (A::Open, S::Open, "2026-07-31", "open", "today"),
            (A::Open, S::Open, "2026-08-01", "closed 31 Jul", "-"),
            (A::Open, S::Open, "2026-07-19", "opens 20 Jul", "-"),
            (A::Open, S::Submitted, "2026-07-28", "submitted", "-"),
            (A::Draft, S::Open, "2026-07-28", "not yet open", "-"),
            (A::Locked, S::Approved, "2026-07-28", "locked", "-"),
        ] {
            let sheet = sheet(assessment, own);
            assert_eq!(is_open(&sheet, day(today)), says == "open", "{today}");
            assert_eq!(state(&sheet, day(today)), says, "{today}");
            assert_eq!(due(&sheet, day(today)), left, "{today}");
        }
    }
}
