//! Which year and term it is, by the school's own day.

use chrono::NaiveDate;
use hillview_shared::ApiError;
use hillview_shared::calendar::Term;
use hillview_shared::ids::YearId;

use crate::caller::Caller;
use crate::db::{On, calendar};
use crate::error::Result;
use crate::service::{State, fields, reference};

/// Lists the terms, the latest first.
pub async fn list(state: &State, caller: &Caller) -> Result<Vec<Term>> {
    let terms = reference::terms(state, caller.tenant()).await?;
    Ok(terms.to_vec())
}

/// The term of a day: the one that it lies in, else the next one to come, else the last one.
pub fn current(terms: &[Term], today: NaiveDate) -> Option<&Term> {
    let not_over = terms.iter().filter(|term| term.ends >= today);
    not_over
        .min_by_key(|term| term.starts)
        .or_else(|| terms.iter().max_by_key(|term| term.ends))
}

/// The current year of a school, read anew.
pub async fn current_year(on: impl Into<On<'_>>, today: NaiveDate) -> Result<YearId> {
    let terms = calendar::terms(on).await?;
    let term = current(&terms, today).ok_or_else(no_calendar)?;
    Ok(term.year_id)
}

/// The current year of the caller's school, as it is remembered.
pub async fn this_year(state: &State, caller: &Caller) -> Result<YearId> {
    let terms = reference::terms(state, caller.tenant()).await?;
    let today = caller.today(state.clock.now());
    let term = current(&terms, today).ok_or_else(no_calendar)?;
    Ok(term.year_id)
}

/// The term that somebody names: `2026 T1`, `T1` of the current year, or nothing for the current
/// one.
pub fn find<'a>(terms: &'a [Term], today: NaiveDate, text: &str) -> Result<&'a Term> {
    let now = current(terms, today).ok_or_else(no_calendar)?;
    let text = text.trim();
    if text.is_empty() {
        return Ok(now);
    }
    fields::sought("term", text)?;
    let named = |term: &&Term| match text.split_once(char::is_whitespace) {
        Some((year, name)) => term.year == year && term.name.eq_ignore_ascii_case(name.trim()),
        None => term.year_id == now.year_id && term.name.eq_ignore_ascii_case(text),
    };
    terms.iter().find(named).ok_or_else(|| {
        let known: Vec<String> = terms
            .iter()
            .rev()
            .map(|term| format!("{} {}", term.year, term.name))
            .collect();
        ApiError::invalid("unknown-term", format!("there is no term {text:?}"))
            .hint(format!("the terms are {}", known.join(", ")))
            .into()
    })
}

fn no_calendar() -> ApiError {
    ApiError::invalid("no-calendar", "the school has no academic year yet")
        .hint("an administrator sets the calendar first")
}

#[cfg(test)]
mod tests {
    use hillview_shared::ids::TermId;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn terms() -> Vec<Term> {
        let term = |id, year: i64, name: &str, starts: &str, ends: &str| Term {
            id: TermId(id),
            year_id: YearId(year),
            year: year.to_string(),
            name: name.into(),
            starts: day(starts),
            ends: day(ends),
        };
        vec![
            term(3, 2026, "T2", "2026-04-27", "2026-07-31"),
            term(2, 2026, "T1", "2026-01-05", "2026-04-02"),
            term(1, 2025, "T1", "2025-01-06", "2025-04-04"),
        ]
    }

    #[test]
    fn a_day_in_the_holidays_belongs_to_the_term_to_come() {
        let terms = terms();
        for (today, id) in [
            ("2025-02-01", 1),
            ("2025-12-24", 2),
            ("2026-04-02", 2),
            ("2026-04-10", 3),
            ("2027-01-01", 3),
        ] {
            assert_eq!(
                current(&terms, day(today)).unwrap().id,
                TermId(id),
                "{today}"
            );
        }
        assert!(current(&[], day("2026-01-01")).is_none());
    }

    #[test]
    fn the_same_name_in_two_years_is_two_terms() {
        let terms = terms();
        let today = day("2026-05-01");
        assert_eq!(find(&terms, today, "t1").unwrap().id, TermId(2));
        assert_eq!(find(&terms, today, "2025 T1").unwrap().id, TermId(1));
        assert_eq!(find(&terms, today, "").unwrap().id, TermId(3));
        assert!(find(&terms, today, "T9").is_err());
    }
}
