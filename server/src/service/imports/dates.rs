//! Dates of one column: the order of day and month is decided over all of it, never row by row.

use chrono::{Datelike, NaiveDate};
use hillview_shared::text::fold;

use super::cells::Flaw;

/// In which order a column of dates such as `03/04/2015` has day and month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    DayFirst,
    MonthFirst,
}

impl Order {
    /// Day first, unless that makes a date of the column impossible and month first makes none so.
    pub fn of<'a>(column: impl Iterator<Item = &'a str> + Clone) -> Self {
        let possible = |order: Self| {
            column
                .clone()
                .filter_map(Parts::of)
                .all(|parts| parts.date(order, i32::MAX).is_some())
        };
        if !possible(Self::DayFirst) && possible(Self::MonthFirst) {
            Self::MonthFirst
        } else {
            Self::DayFirst
        }
    }

    /// For the list of columns: `birth date (day/month/year)`.
    pub fn words(self) -> &'static str {
        match self {
            Self::DayFirst => "day/month/year",
            Self::MonthFirst => "month/day/year",
        }
    }
}

/// Reads a birth date: ISO, numbers in the column's order, `5-Mar-14`, or the day number of a
/// spreadsheet. Two digits of a year mean the last hundred years before `today`.
///
/// # Errors
/// When it is no date, or one that nobody at a school was born on.
pub fn read_birth_date(text: &str, order: Order, today: NaiveDate) -> Result<NaiveDate, Flaw> {
    let day = text.split(['T', ' ']).next().filter(|day| is_iso(day));
    let date = match day {
        Some(day) => iso(day),
        None => Parts::of(text)
            .and_then(|parts| parts.date(order, today.year()))
            .or_else(|| serial(text)),
    };
    let date = date.ok_or_else(|| {
        let reason = format!(
            "{text:?} is no date; write it as 2015-03-27 or in the column's order, {}",
            order.words()
        );
        Flaw::new("impossible-date", reason)
    })?;
    if date > today || date.year() < today.year() - 100 {
        let reason = format!("nobody at school was born on {date}");
        return Err(Flaw::new("impossible-date", reason));
    }
    Ok(date)
}

fn is_iso(text: &str) -> bool {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    digits == 4 && text[4..].starts_with(['-', '/', '.'])
}

fn iso(text: &str) -> Option<NaiveDate> {
    let mut parts = text.split(['-', '/', '.']).map(|part| part.parse().ok());
    let year = parts.next()??;
    let (month, day) = (parts.next()??, parts.next()??);
    let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day);
    date.filter(|_| parts.next().is_none())
}

/// The number of a day in a spreadsheet, of the years that pupils are born in.
fn serial(text: &str) -> Option<NaiveDate> {
    let days: u64 = text.strip_suffix(".0").unwrap_or(text).parse().ok()?;
    let first = NaiveDate::from_ymd_opt(1899, 12, 30)?;
    (7_000..80_000)
        .contains(&days)
        .then(|| first.checked_add_days(chrono::Days::new(days)))?
}

/// A date in three parts whose year stands last.
struct Parts {
    first: u32,
    second: u32,
    /// Whether a month's name says which of the two is the month; it is put second.
    named: bool,
    year: i32,
    short_year: bool,
}

impl Parts {
    fn of(text: &str) -> Option<Self> {
        let folded = fold(text);
        let words: Vec<&str> = folded.split(' ').collect();
        let [first, second, year] = words[..] else {
            return None;
        };
        let short_year = year.len() == 2;
        if !(short_year || year.len() == 4) {
            return None;
        }
        let year = year.parse().ok()?;
        let number = |word: &str| {
            let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
            digits.parse::<u32>().ok()
        };
        let (first, second, named) = match (month(first), month(second)) {
            (None, Some(month)) => (number(first)?, month, true),
            (Some(month), None) => (number(second)?, month, true),
            _ => (first.parse().ok()?, second.parse().ok()?, false),
        };
        Some(Self {
            first,
            second,
            named,
            year,
            short_year,
        })
    }

    fn date(&self, order: Order, this_year: i32) -> Option<NaiveDate> {
        let (day, month) = match order {
            Order::MonthFirst if !self.named => (self.second, self.first),
            _ => (self.first, self.second),
        };
        let year = match self.short_year {
            true if 2000_i32.saturating_add(self.year) <= this_year => 2000 + self.year,
            true => 1900 + self.year,
            false => self.year,
        };
        NaiveDate::from_ymd_opt(year, month, day)
    }
}

/// The month of a name in English or Kiswahili, by its first letters.
fn month(word: &str) -> Option<u32> {
    const MONTHS: [(&str, u32); 17] = [
        ("jan", 1),
        ("feb", 2),
        ("mar", 3),
        ("mac", 3),
        ("apr", 4),
        ("may", 5),
        ("mei", 5),
        ("jun", 6),
        ("jul", 7),
        ("aug", 8),
        ("ago", 8),
        ("sep", 9),
        ("oct", 10),
        ("okt", 10),
        ("nov", 11),
        ("dec", 12),
        ("des", 12),
    ];
    MONTHS
        .iter()
        .find(|(begin, _)| word.starts_with(begin))
        .map(|(_, month)| *month)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    fn read(text: &str, order: Order) -> Result<NaiveDate, Flaw> {
        read_birth_date(text, order, day(2026, 3, 10))
    }

    #[test]
    fn dates_are_read_as_people_write_them() {
        for (text, date) in [
            ("2015-03-27", day(2015, 3, 27)),
            ("2015-03-27 00:00", day(2015, 3, 27)),
            ("2015/3/7", day(2015, 3, 7)),
            ("27/03/2015", day(2015, 3, 27)),
            ("3.4.2015", day(2015, 4, 3)),
            ("03-04-15", day(2015, 4, 3)),
            ("5-Mar-14", day(2014, 3, 5)),
            ("5th March 2014", day(2014, 3, 5)),
            ("March 5, 2014", day(2014, 3, 5)),
            ("12 Desemba 1999", day(1999, 12, 12)),
            ("1-Jan-99", day(1999, 1, 1)),
            ("42000", day(2014, 12, 27)),
            ("42000.0", day(2014, 12, 27)),
        ] {
            assert_eq!(read(text, Order::DayFirst), Ok(date), "{text:?}");
        }
    }

    #[test]
    fn impossible_dates_are_refused() {
        for text in [
            "31/02/2015",
            "2015-13-01",
            "2015-02-30",
            "00/01/2015",
            "27/03/2031",
            "1/1/1800",
            "Tuesday",
            "12",
            "1/2",
            "1/2/3/4",
        ] {
            let flaw = read(text, Order::DayFirst).unwrap_err();
            assert_eq!(flaw.code, "impossible-date", "{text:?}");
        }
    }

    #[test]
    fn the_order_is_decided_over_the_column() {
        for (column, order) in [
            (&["03/04/2015", "05/06/2015"][..], Order::DayFirst),
            (&["03/04/2015", "25/06/2015"], Order::DayFirst),
            (&["03/04/2015", "06/25/2015"], Order::MonthFirst),
            (&["25/04/2015", "06/25/2015"], Order::DayFirst),
            (&["31/02/2015", "05/06/2015"], Order::DayFirst),
            (&["2015-04-03", "5-Mar-14", ""], Order::DayFirst),
        ] {
            assert_eq!(Order::of(column.iter().copied()), order, "{column:?}");
        }
        assert_eq!(read("06/25/2015", Order::MonthFirst), Ok(day(2015, 6, 25)));
        assert_eq!(read("5-Mar-14", Order::MonthFirst), Ok(day(2014, 3, 5)));
    }
}
