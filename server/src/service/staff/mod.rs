//! Staff and their logins: who is there, added, changed, shut out, given a new password.

mod edits;
mod guards;
mod passwords;

use std::collections::HashMap;

use hillview_shared::ids::{Moment, StaffId};
use hillview_shared::staff::{ListStaff, Staff};
use hillview_shared::students::Page;
use hillview_shared::text::fold;
use hillview_shared::{ApiError, Kind};

use crate::caller::Caller;
use crate::db::staff_names::{self, Filter};
use crate::db::{On, Tx, sessions, staff};
use crate::error::Result;
use crate::service::{State, fields};

pub use edits::{add, added, disable, edit, events, namesake, shown};
pub use guards::{Giving, Roles, above, keep_holders, may_give, may_take_over};
pub use passwords::{issue, reset};

/// The longest name, in characters.
pub const NAME_MAX: usize = 120;
/// The longest staff number, in characters.
pub const NUMBER_MAX: usize = 30;
/// The most roles of one login: a page of staff must fit a frame.
pub const ROLES_MAX: usize = 10;
/// The longest key of a page, in bytes: a folded name and an id.
const PAGE_KEY_MAX: usize = 1_000;
/// Between the two halves of a page's key; no name has it.
const KEY: char = '\u{1}';

/// Lists or searches staff by name: words that begin words of the name or the login, or the
/// beginning of the number. Only a page of them is read in full.
pub async fn list(_: &State, caller: &Caller, request: ListStaff) -> Result<Page<Staff>> {
    let limit = fields::page(request.limit)?;
    fields::optional("search", &request.search, NAME_MAX)?;
    let after = request.after.unwrap_or_default();
    let (name, id) = match after.as_str() {
        "" => ("", StaffId(0)),
        key => page_key(key)?,
    };
    let folded = fold(&request.search);
    let mut words = folded.split_whitespace();
    let number = request.search.trim().to_lowercase();
    let filter = Filter {
        words: std::array::from_fn(|_| words.next().unwrap_or_default()),
        number: &number,
        disabled: request.disabled,
        after: (name, id),
        limit: limit + 1,
    };
    let found = staff_names::list(caller.db(), &filter).await?;
    let page = fields::paged(found, limit, |(name, id)| format!("{name}{KEY}{id}"));
    let ids: Vec<StaffId> = page.rows.iter().map(|(_, id)| *id).collect();
    if ids.is_empty() {
        return Ok(Page {
            rows: Vec::new(),
            next: None,
        });
    }
    let read = staff::some(caller.db(), &ids).await?;
    let mut read: HashMap<StaffId, Staff> = read.into_iter().map(|one| (one.id, one)).collect();
    Ok(Page {
        rows: ids.iter().filter_map(|id| read.remove(id)).collect(),
        next: page.next,
    })
}

fn page_key(text: &str) -> Result<(&str, StaffId), ApiError> {
    let key = text.split_once(KEY).filter(|_| text.len() <= PAGE_KEY_MAX);
    let (name, id) = key.ok_or_else(fields::bad_page)?;
    let id = id.parse().map_err(|_| fields::bad_page())?;
    Ok((name, StaffId(id)))
}

/// The member of staff that a login's name or a staff number means.
pub async fn find(on: impl Into<On<'_>>, text: &str) -> Result<Staff> {
    fields::sought("member of staff", text)?;
    let key = key(text);
    let found = staff::found(on, &[&key]).await?;
    Ok(meant(&found, text)?.clone())
}

/// A login's name or a staff number as it is compared.
pub fn key(text: &str) -> String {
    text.trim().to_lowercase()
}

/// The one of these whose login or number a text is. What is the login of one and the number of
/// another means nobody: guessing would give somebody's rights to somebody else.
pub fn meant<'a>(found: &'a [Staff], text: &str) -> Result<&'a Staff, ApiError> {
    let key = key(text);
    let mut meant = found
        .iter()
        .filter(|one| one.username.as_ref() == Some(&key) || one.staff_no.to_lowercase() == key);
    let first = meant.next().ok_or_else(|| unknown(text))?;
    match meant.next() {
        None => Ok(first),
        Some(other) => {
            let message = format!(
                "{text:?} is the login of one and the number of another: {} and {}",
                first.name, other.name
            );
            Err(ApiError::conflict("ambiguous-staff", message)
                .hint("name them by the other of the two"))
        }
    }
}

/// What is said of somebody who is not there, or is not the caller's to see.
pub fn unknown(text: &str) -> ApiError {
    let message = format!("no member of staff has the login or number {text:?}");
    ApiError::new(Kind::NotFound, "unknown-staff", message)
        .hint("hillview staff list shows those there are")
}

/// A member of staff who is held until the transaction ends.
pub async fn held(tx: &mut Tx, id: StaffId) -> Result<Staff> {
    staff::hold(tx, id).await?;
    read_back(tx, id).await
}

async fn read_back(tx: &mut Tx, id: StaffId) -> Result<Staff> {
    let read = staff::some(tx, &[id]).await?.pop();
    read.ok_or_else(|| ApiError::not_found("member of staff").into())
}

/// Ends the sessions of a member of staff's login; gives the hashes of those that were open.
async fn end_sessions(tx: &mut Tx, id: StaffId, now: Moment) -> Result<Vec<[u8; 32]>> {
    match staff::login(&mut *tx, id).await? {
        Some(user) => Ok(sessions::end_all(tx, user, now).await?),
        None => Ok(Vec::new()),
    }
}
