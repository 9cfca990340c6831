//! The two years of a made-up school: this one comes with the pack, the one before is here.

use chrono::{Days, NaiveDate};
use hillview_shared::assessments::AssessmentState;
use hillview_shared::calendar::Term;
use hillview_shared::ids::{AssessmentId, Moment, TermId, Version, YearId};

use super::layout::{self, A_YEAR};
use crate::db::seed::NewAssessment;
use crate::db::{Db, calendar};
use crate::error::{Error, Result};

/// The name of the year that the pack brings.
const NOW: &str = "2026";
/// The year before: name, first and last day, terms.
const BEFORE: (&str, Day, Day) = ("2025", (2025, 1, 6), (2025, 10, 24));
const TERMS: [(&str, Day, Day); 3] = [
    ("T1", (2025, 1, 6), (2025, 4, 4)),
    ("T2", (2025, 4, 28), (2025, 8, 1)),
    ("T3", (2025, 8, 25), (2025, 10, 24)),
];
/// Entry of the newest assessment does not end, so that the school can be worked in at any time.
const NEVER: Day = (2099, 12, 31);

type Day = (i32, u32, u32);

fn day((year, month, day): Day) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).expect("the days here are days")
}

pub fn after(day: NaiveDate, days: u64) -> NaiveDate {
    day.checked_add_days(Days::new(days)).unwrap_or(day)
}

fn before(day: NaiveDate, days: u64) -> NaiveDate {
    day.checked_sub_days(Days::new(days)).unwrap_or(day)
}

/// A moment of a day, in minutes from its beginning in Kenya.
pub fn moment(day: NaiveDate, minutes: i64) -> Moment {
    const NAIROBI: i64 = 3 * 60;
    let midnight = day.and_time(chrono::NaiveTime::MIN).and_utc();
    Moment(midnight.timestamp_micros() + (minutes - NAIROBI) * 60_000_000)
}

/// A year of the school.
#[derive(Clone, Debug)]
pub struct Year {
    pub id: YearId,
    pub starts: NaiveDate,
    /// The day before the next year; `None` for this one.
    pub ends: Option<NaiveDate>,
    terms: Vec<(TermId, NaiveDate, NaiveDate)>,
}

/// Adds the year before, and gives both.
pub async fn add(db: &Db) -> Result<[Year; 2]> {
    db.write(async |tx| {
        let (name, starts, ends) = BEFORE;
        let year = calendar::add_year(tx, name, day(starts), day(ends)).await?;
        for (ordinal, (name, starts, ends)) in (1..).zip(TERMS) {
            calendar::add_term(tx, year, ordinal, name, (day(starts), day(ends))).await?;
        }
        Ok(())
    })
    .await?;
    let terms = calendar::terms(db).await?;
    let (now, last) = (year(&terms, NOW)?, year(&terms, BEFORE.0)?);
    let ends = Some(before(now.starts, 1));
    Ok([Year { ends, ..last }, now])
}

fn year(terms: &[Term], name: &str) -> Result<Year> {
    let mut terms: Vec<&Term> = terms.iter().filter(|term| term.year == name).collect();
    terms.sort_unstable_by_key(|term| term.starts);
    let first = terms.first();
    let first = first.ok_or_else(|| Error::fault("seed a school", "the pack has no year 2026"))?;
    Ok(Year {
        id: first.year_id,
        starts: first.starts,
        ends: None,
        terms: terms
            .iter()
            .map(|term| (term.id, term.starts, term.ends))
            .collect(),
    })
}

/// The newest of the assessments of both years, the oldest first.
pub fn assessments(years: &[Year; 2], count: usize) -> Vec<NewAssessment> {
    let all = years.iter().flat_map(of_year);
    let mut newest: Vec<_> = all.skip(layout::ASSESSMENTS - count).collect();
    for (index, assessment) in newest.iter_mut().enumerate() {
        assessment.id = AssessmentId(index as i64 + 1);
        (assessment.state, assessment.v) = match count - index {
            1 => (AssessmentState::Open, Version(2)),
            2 => (AssessmentState::Locked, Version(3)),
            _ => (AssessmentState::Published, Version(4)),
        };
    }
    if let Some(last) = newest.last_mut() {
        last.closes = day(NEVER);
    }
    newest
}

/// How often a sheet was counted up because its assessment changed.
pub fn counted_up(state: AssessmentState) -> i64 {
    match state {
        AssessmentState::Draft | AssessmentState::Open => 0,
        AssessmentState::Locked => 1,
        AssessmentState::Published => 2,
    }
}

fn of_year(year: &Year) -> Vec<NewAssessment> {
    let mut all = Vec::with_capacity(A_YEAR);
    for (ordinal, (term, starts, ends)) in (1..).zip(&year.terms) {
        let dates = [
            ("OPENER", "Opener", after(*starts, 7), after(*starts, 14)),
            ("MID", "Mid-Term", after(*starts, 32), after(*starts, 41)),
            ("END", "End-Term", before(*ends, 14), *ends),
        ];
        all.extend(dates.into_iter().map(|(code, name, opens, closes)| {
            let (code, name) = (
                format!("T{ordinal}-{code}"),
                format!("Term {ordinal} {name}"),
            );
            NewAssessment {
                id: AssessmentId(0),
                term: *term,
                year: year.id,
                code,
                name,
                opens,
                closes,
                state: AssessmentState::Draft,
                v: Version(1),
                at: moment(before(opens, 3), 10 * 60),
            }
        }));
    }
    all
}
