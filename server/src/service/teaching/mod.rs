//! Who teaches what: listed, assigned one by one or many at once, and ended. `names` finds what a
//! request names, `judge` decides what becomes of it, `assign` carries it out.

mod assign;
mod judge;
mod names;

use hillview_shared::accounts::Permission;
use hillview_shared::ids::TeachingId;
use hillview_shared::students::Page;
use hillview_shared::teaching::{ListTeaching, Teaching};

use crate::caller::Caller;
use crate::db::teaching::{self, After, Filter};
use crate::error::{Error, Result};
use crate::service::{State, classes, fields, staff};

pub use assign::{assign, assign_many, carry_out, end, ended, events};
pub use judge::{Judged, Verdict, Wish, judge};
pub use names::{Names, find_subject, not_to_assign, own_teaching};

/// The longest key of a page, in bytes: names of a class and a subject, and numbers.
const PAGE_KEY_MAX: usize = 1_000;
/// Between the parts of a page's key; no name has it.
const KEY: char = '\u{1}';

/// Lists assignments, class by class: those of the school for who sees its staff, else the
/// caller's own.
pub async fn list(state: &State, caller: &Caller, request: ListTeaching) -> Result<Page<Teaching>> {
    let limit = fields::page(request.limit)?;
    let after = request.after.as_deref().unwrap_or_default();
    let after = page_key(after).ok_or_else(fields::bad_page)?;
    let db = caller.db();
    let own = match caller.may(Permission::StaffRead) {
        true => None,
        false => Some(caller.staff()),
    };
    let of = match (&request.staff, own) {
        (Some(text), None) => Some(staff::find(db, text).await?.id),
        (None, Some(own)) => own,
        (Some(text), Some(own)) => {
            // Who else works here is not theirs to see: what it would find is not there.
            fields::sought("member of staff", text)?;
            match staff::find(db, text).await {
                Ok(found) if Some(found.id) == own => own,
                Ok(_) | Err(Error::Refused(_)) => return Err(staff::unknown(text).into()),
                Err(error) => return Err(error),
            }
        }
        (None, None) => None,
    };
    if own == Some(None) {
        return Ok(Page {
            rows: Vec::new(),
            next: None,
        });
    }
    let class = match &request.class {
        Some(text) => Some(classes::find(state, caller, text).await?.id),
        None => None,
    };
    let filter = Filter {
        staff: of,
        class,
        all_dates: request.all_dates,
        after,
        limit: limit + 1,
    };
    let today = caller.today(state.clock.now());
    let rows = teaching::list(db, &filter, today).await?;
    let page = fields::paged(rows, limit, |row| {
        let (one, ordinal) = (&row.teaching, row.ordinal);
        let subject = one.subject.as_deref().unwrap_or_default();
        let TeachingId(id) = one.id;
        format!(
            "{ordinal}{KEY}{}{KEY}{}{KEY}{subject}{KEY}{id}",
            one.class, one.role
        )
    });
    Ok(Page {
        rows: page.rows.into_iter().map(|row| row.teaching).collect(),
        next: page.next,
    })
}

fn page_key(text: &str) -> Option<After<'_>> {
    if text.is_empty() {
        return Some(After {
            ordinal: i64::MIN,
            ..After::default()
        });
    }
    let mut parts = text.split(KEY);
    let mut part = || parts.next();
    let after = After {
        ordinal: part()?.parse().ok()?,
        class: part()?,
        role: part()?,
        subject: part()?,
        id: part()?.parse().ok()?,
    };
    (part().is_none() && text.len() <= PAGE_KEY_MAX).then_some(after)
}
