//! Grants: a permission on a part of the school, for a time and for a reason. What they allow is
//! in `reach`; who asks for one is in `requests`.

use hillview_shared::accounts::Permission;
use hillview_shared::audit::Action;
use hillview_shared::grants::{
    ExtendGrant, GRANT_DAYS, GiveGrant, Grant, GrantState, ListGrants, RevokeGrant, SOON_DAYS,
    Scope,
};
use hillview_shared::ids::{GrantId, Moment, UserId};
use hillview_shared::students::Page;
use hillview_shared::{ApiError, Kind};

use crate::caller::Caller;
use crate::db::grants::{self, Filter, NewGrant, Receiver, Row};
use crate::db::{On, Tx, sessions};
use crate::error::Result;
use crate::service::audit::{self, Event};
use crate::service::scopes::{self, spelt};
use crate::service::{State, accounts, fields, rights};

/// The longest reason, in characters.
pub const REASON_MAX: usize = 200;
/// The most grants of a login that are not over: each is read with its sessions.
const MOST: i64 = 100;
/// How far ahead a grant may begin, in days.
const AHEAD: u16 = 365;
const DAY: i64 = 24 * 60 * 60 * 1_000_000;

/// Lists grants, the newest first: everybody's for who manages them, else the caller's own.
pub async fn list(state: &State, caller: &Caller, request: ListGrants) -> Result<Page<Grant>> {
    let limit = fields::page(request.limit)?;
    let before = match &request.after {
        None => i64::MAX,
        Some(after) => after.parse().map_err(|_| fields::bad_page())?,
    };
    let now = state.clock.now();
    let to = match &request.to {
        _ if !caller.may(Permission::GrantsManage) => Some(caller.user()),
        None => None,
        Some(text) => Some(receiver(caller.db(), text).await?.id),
    };
    let soon = Moment(now.0 + i64::from(SOON_DAYS) * DAY);
    let filter = Filter {
        to,
        ending_before: request.ending_soon.then_some(soon),
        past: request.past,
        before: GrantId(before),
        limit: limit + 1,
    };
    let rows = grants::list(caller.db(), filter, now).await?;
    let rows = rows.into_iter().map(|row| grant(row, now)).collect();
    Ok(fields::paged(rows, limit, |grant: &Grant| {
        grant.id.to_string()
    }))
}

/// Gives a permission on a part of the school, from now or a later moment on.
pub async fn give(state: &State, caller: &Caller, request: GiveGrant) -> Result<Grant> {
    let db = caller.db();
    let reason = fields::name("reason", &request.reason, REASON_MAX)?;
    check_days(request.days)?;
    let now = state.clock.now();
    let starts = request.starts.unwrap_or(now);
    check_start(starts, now)?;
    let to = receiver(db, &request.to).await?;
    if to.id == caller.user() {
        let message = "nobody gives themselves a permission";
        return Err(ApiError::denied(message)
            .hint("ask for it: hillview grants request")
            .into());
    }
    let place = scopes::find(state, caller, request.permission, &request.scope).await?;
    let given = db
        .write(async |tx| {
            let new = NewGrant {
                to: to.id,
                permission: request.permission,
                place,
                starts,
                ends: end_after(starts, request.days),
                reason: &reason,
                by: caller.user(),
                at: now,
            };
            let id = give_in(tx, caller, &new).await?;
            let row = one(tx, id).await?;
            sessions::changed(tx).await?;
            let event = Event::new(Action::GrantGive, told(&row)).detail(until(&row));
            audit::note(tx, &caller.by(now), event).await?;
            Ok(grant(row, now))
        })
        .await?;
    accounts::tell_changed(state, caller.school_code()).await;
    Ok(given)
}

/// Gives inside an open transaction, which then tells the sessions and the log.
pub async fn give_in(tx: &mut Tx, caller: &Caller, new: &NewGrant<'_>) -> Result<GrantId> {
    rights::may_hand_out(caller, &[new.permission])?;
    if !grants::hold_receiver(tx, new.to).await? {
        let message = "the login is disabled: nothing can be given to it";
        return Err(ApiError::conflict("disabled", message).into());
    }
    has_room(tx, new.to, new.at).await?;
    Ok(grants::add(tx, new).await?)
}

/// Refuses one more grant of a login that has as many as are read with its sessions.
async fn has_room(tx: &mut Tx, user: UserId, now: Moment) -> Result<()> {
    if grants::count(tx, user, now).await? >= MOST {
        let message = format!("the login has {MOST} grants that are not over");
        return Err(ApiError::conflict("too-many-grants", message)
            .hint("revoke some, or give one on a larger part of the school")
            .into());
    }
    Ok(())
}

/// Gives a grant more time, counted from its end, or from now when that has passed.
pub async fn extend(state: &State, caller: &Caller, request: ExtendGrant) -> Result<Grant> {
    check_days(request.days)?;
    let now = state.clock.now();
    let extended = caller
        .db()
        .write(async |tx| {
            let row = one(tx, request.grant).await?;
            not_revoked(&row)?;
            let Some(end) = row.ends_at else {
                let message = "the grant has no end: there is nothing to extend";
                return Err(ApiError::conflict("no-end", message).into());
            };
            if row.user_id == caller.user() {
                let message = "nobody extends their own grant";
                return Err(ApiError::denied(message).into());
            }
            rights::may_hand_out(caller, &[row.permission])?;
            if !grants::hold_receiver(tx, row.user_id).await? {
                let message = "the login is disabled: nothing can be given to it";
                return Err(ApiError::conflict("disabled", message).into());
            }
            if end <= now {
                // It counts anew.
                has_room(tx, row.user_id, now).await?;
            }
            let ends = end_after(end.max(now), request.days);
            if !grants::set_end(tx, row.id, row.v, ends).await? {
                return Err(changed_meanwhile().into());
            }
            let row = one(tx, row.id).await?;
            sessions::changed(tx).await?;
            let event = Event::new(Action::GrantExtend, told(&row)).detail(until(&row));
            audit::note(tx, &caller.by(now), event).await?;
            Ok(grant(row, now))
        })
        .await?;
    accounts::tell_changed(state, caller.school_code()).await;
    Ok(extended)
}

/// Takes a grant back, at once.
pub async fn revoke(state: &State, caller: &Caller, request: RevokeGrant) -> Result<Grant> {
    let reason = request.reason.trim();
    fields::optional("reason", reason, REASON_MAX)?;
    let now = state.clock.now();
    let revoked = caller
        .db()
        .write(async |tx| {
            let row = one(tx, request.grant).await?;
            not_revoked(&row)?;
            if row.ends_at.is_some_and(|ends| ends <= now) {
                let message = "the grant is over already";
                return Err(ApiError::conflict("over", message).into());
            }
            let by = (caller.user(), now);
            if !grants::revoke(tx, row.id, row.v, reason, by).await? {
                return Err(changed_meanwhile().into());
            }
            let row = one(tx, row.id).await?;
            sessions::changed(tx).await?;
            let event = Event::new(Action::GrantRevoke, told(&row)).detail(reason);
            audit::note(tx, &caller.by(now), event).await?;
            Ok(grant(row, now))
        })
        .await?;
    accounts::tell_changed(state, caller.school_code()).await;
    Ok(revoked)
}

/// The login that somebody means, by its name or a staff number.
async fn receiver(on: impl Into<On<'_>>, text: &str) -> Result<Receiver> {
    fields::sought("login", text)?;
    let mut found = grants::receivers(on, &text.trim().to_lowercase()).await?;
    let Some(first) = found.pop() else {
        let message = format!("nobody has the login or the staff number {text:?}");
        return Err(ApiError::new(Kind::NotFound, "unknown-login", message)
            .hint("hillview staff list shows those there are")
            .into());
    };
    match found.pop() {
        None => Ok(first),
        // To guess would give somebody's rights to somebody else.
        Some(other) => {
            let message = format!(
                "{text:?} is the login of one and the number of another: {} and {}",
                first.name, other.name
            );
            Err(ApiError::conflict("ambiguous-login", message)
                .hint("name them by the other of the two")
                .into())
        }
    }
}

async fn one(tx: &mut Tx, grant: GrantId) -> Result<Row> {
    let found = grants::one(tx, grant).await?;
    found.ok_or_else(|| ApiError::not_found("grant").into())
}

fn grant(row: Row, now: Moment) -> Grant {
    let state = if row.revoked_at.is_some() {
        GrantState::Revoked
    } else if row.ends_at.is_some_and(|ends| ends <= now) {
        GrantState::Expired
    } else if row.starts_at > now {
        GrantState::Future
    } else {
        GrantState::Active
    };
    Grant {
        id: row.id,
        username: row.username,
        name: row.name,
        permission: row.permission,
        scope: Scope {
            kind: row.scope,
            name: row.scope_name,
            subject: row.subject,
        },
        starts: row.starts_at,
        ends: row.ends_at,
        reason: row.reason,
        given_by: row.given_by,
        state,
        revoked_by: row.revoked_by,
    }
}

/// Refuses a number of days that is none of those for which something may be given.
pub fn check_days(days: Option<u16>) -> Result<(), ApiError> {
    match days {
        Some(days) if !GRANT_DAYS.contains(&days) => {
            let known = GRANT_DAYS.map(|days| days.to_string()).join(", ");
            let message = format!("a grant is not given for {days} days");
            Err(ApiError::invalid("bad-days", message)
                .hint(format!("give it for {known} days or without an end")))
        }
        _ => Ok(()),
    }
}

fn check_start(starts: Moment, now: Moment) -> Result<(), ApiError> {
    if starts < now {
        let message = format!("the grant would begin at {starts}, which has passed");
        return Err(ApiError::invalid("begins-in-the-past", message)
            .hint("leave the beginning out: it then begins at once"));
    }
    if starts.0 - now.0 > i64::from(AHEAD) * DAY {
        let message = format!("a grant begins within {AHEAD} days");
        return Err(ApiError::invalid("begins-too-late", message));
    }
    Ok(())
}

pub fn end_after(from: Moment, days: Option<u16>) -> Option<Moment> {
    days.map(|days| Moment(from.0 + i64::from(days) * DAY))
}

fn not_revoked(row: &Row) -> Result<(), ApiError> {
    if row.revoked_at.is_none() {
        return Ok(());
    }
    let by = row.revoked_by.as_deref().unwrap_or_default();
    let message = format!("{by} took the grant back");
    Err(ApiError::conflict("revoked", message).hint("give a new one"))
}

fn changed_meanwhile() -> ApiError {
    let message = "somebody else changed the grant meanwhile";
    ApiError::conflict("changed-meanwhile", message)
        .hint("look at the grant again, then repeat the change")
}

/// What a grant gives to whom, for the audit log.
fn told(row: &Row) -> String {
    let place = spelt(row.scope, row.scope_name.clone(), row.subject.clone());
    format!("{}: {} on {place}", row.username, row.permission)
}

/// From when until when and why, for the audit log.
fn until(row: &Row) -> String {
    let ends = match row.ends_at {
        Some(ends) => format!("until {ends}"),
        None => "without an end".to_owned(),
    };
    format!("from {} {ends}: {}", row.starts_at, row.reason)
}
