//! Lists the log, the newest line first.

use hillview_shared::ApiError;
use hillview_shared::audit::{Action, AuditEntry, ListAudit};
use hillview_shared::ids::Moment;
use hillview_shared::students::Page;

use super::refusals;
use crate::caller::Caller;
use crate::db::audit::{self, Filter};
use crate::error::Result;
use crate::service::{State, fields};

/// Lists lines of the log that match all of what is asked for.
pub async fn list(state: &State, caller: &Caller, request: ListAudit) -> Result<Page<AuditEntry>> {
    let limit = fields::page(request.limit)?;
    let username = request.username.as_deref().map(str::trim);
    let username = username.map(str::to_lowercase);
    fields::sought("user name", username.as_deref().unwrap_or_default())?;
    let action = request.action.as_deref().unwrap_or_default().trim();
    fields::sought("action", action)?;
    let until = match &request.after {
        Some(after) => place(after)?,
        // Before this moment; no line has a place before the first.
        None => request
            .until
            .map_or((Moment(i64::MAX), i64::MAX), |until| (until, i64::MIN)),
    };
    refusals::flush(state, caller.tenant()).await;
    let filter = Filter {
        actions: &beginning_with(action),
        username: username.as_deref(),
        refused: request.refused,
        from: request.from.unwrap_or(Moment(0)),
        until,
        limit: limit + 1,
    };
    let rows = audit::list(caller.db(), filter).await?;
    Ok(fields::paged(rows, limit, |entry: &AuditEntry| {
        format!("{}.{}", entry.at.0, entry.sequence)
    }))
}

/// Where a page ended: the moment and the place of its last line.
fn place(after: &str) -> Result<(Moment, i64), ApiError> {
    let parts = after.split_once('.');
    let parsed = parts.and_then(|(at, sequence)| Some((at.parse().ok()?, sequence.parse().ok()?)));
    let (at, sequence) = parsed.ok_or_else(fields::bad_page)?;
    Ok((Moment(at), sequence))
}

/// The actions that begin with a word; all, and so none to look for, when there is no word. A word
/// that no action begins with is looked for as it is: it finds nothing.
fn beginning_with(word: &str) -> Vec<&str> {
    if word.is_empty() {
        return Vec::new();
    }
    let known = Action::ALL.iter().map(|action| action.word());
    let found: Vec<&str> = known.filter(|known| known.starts_with(word)).collect();
    match found.is_empty() {
        true => vec![word],
        false => found,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_is_found_by_how_it_begins() {
        assert_eq!(beginning_with("grant").len(), 3);
        assert_eq!(beginning_with("log-in"), ["log-in", "log-in-refused"]);
        assert_eq!(beginning_with("log-out"), ["log-out"]);
        assert_eq!(beginning_with("none"), ["none"]);
        assert!(beginning_with("").is_empty());
    }

    #[test]
    fn a_page_goes_on_where_it_ended() {
        assert_eq!(place("17.4"), Ok((Moment(17), 4)));
        for bad in ["", "17", "17.", "17.4.1", "x.4"] {
            assert!(place(bad).is_err(), "{bad:?}");
        }
    }
}
