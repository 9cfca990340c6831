//! Academic years and terms.

use chrono::NaiveDate;
use hillview_shared::calendar::Term;
use hillview_shared::ids::{Moment, TermId, YearId};

use super::{Db, Failure, On, Tx};

/// The school's time zone, once it is set up.
pub async fn time_zone(db: &Db) -> Result<Option<String>, Failure> {
    let found: Option<(String,)> = db
        .query("select time_zone from profile where id = 1")
        .optional()
        .await?;
    Ok(found.map(|(zone,)| zone))
}

/// Sets the school up with its name, language and time zone.
pub async fn set_profile(
    tx: &mut Tx,
    name: &str,
    locale: &str,
    time_zone: &str,
    at: Moment,
) -> Result<(), Failure> {
    tx.query(
        "insert into profile (id, name, locale, time_zone, updated_at) values (1, ?, ?, ?, ?)",
    )
    .bind(name)
    .bind(locale)
    .bind(time_zone)
    .bind(at)
    .execute()
    .await?;
    Ok(())
}

/// Gives the school another name.
pub async fn rename(tx: &mut Tx, name: &str, at: Moment) -> Result<(), Failure> {
    tx.query("update profile set name = ?, v = v + 1, updated_at = ? where id = 1")
        .bind(name)
        .bind(at)
        .execute()
        .await?;
    Ok(())
}

/// Every term, the latest first.
pub async fn terms(on: impl Into<On<'_>>) -> Result<Vec<Term>, Failure> {
    on.into()
        .query(
            "select term.id, term.year_id, academic_year.name as year, term.name, term.starts,
            term.ends
        from term
        join academic_year on academic_year.id = term.year_id
        order by term.starts desc, term.id desc",
        )
        .all()
        .await
}

/// Adds a year.
pub async fn add_year(
    tx: &mut Tx,
    name: &str,
    starts: NaiveDate,
    ends: NaiveDate,
) -> Result<YearId, Failure> {
    let id = tx
        .query("insert into academic_year (name, starts, ends) values (?, ?, ?)")
        .bind(name)
        .bind(starts)
        .bind(ends)
        .insert()
        .await?;
    Ok(YearId(id))
}

/// Adds a term to a year.
pub async fn add_term(
    tx: &mut Tx,
    year: YearId,
    ordinal: i32,
    name: &str,
    dates: (NaiveDate, NaiveDate),
) -> Result<TermId, Failure> {
    let id = tx
        .query("insert into term (year_id, ordinal, name, starts, ends) values (?, ?, ?, ?, ?)")
        .bind(year)
        .bind(ordinal)
        .bind(name)
        .bind(dates.0)
        .bind(dates.1)
        .insert()
        .await?;
    Ok(TermId(id))
}
