//! Requests for permissions: made, listed, decided by those who manage grants, withdrawn.

use hillview_shared::accounts::{Permission, Role};
use hillview_shared::audit::Action;
use hillview_shared::grants::{
    AccessRequest, DecideRequest, ListRequests, RequestAccess, RequestState,
};
use hillview_shared::ids::{GrantId, Moment, RequestId};
use hillview_shared::students::Page;
use hillview_shared::{ApiError, Kind};

use crate::caller::Caller;
use crate::db::grants::NewGrant;
use crate::db::requests::{self, Decision, Filter, NewRequest, Row};
use crate::db::{Tx, sessions};
use crate::error::Result;
use crate::service::audit::{self, Event};
use crate::service::grants::{REASON_MAX, check_days, end_after, give_in};
use crate::service::scopes::{self, spelt};
use crate::service::{State, accounts, fields};

/// The most requests of a login that nobody has decided.
const MOST: i64 = 20;

/// Lists requests, the newest first: everybody's for those who decide, else the caller's own.
pub async fn list(
    _: &State,
    caller: &Caller,
    request: ListRequests,
) -> Result<Page<AccessRequest>> {
    let limit = fields::page(request.limit)?;
    let before = match &request.after {
        None => i64::MAX,
        Some(after) => after.parse().map_err(|_| fields::bad_page())?,
    };
    let filter = Filter {
        by: (!caller.may(Permission::GrantsManage)).then(|| caller.user()),
        decided: request.decided,
        before: RequestId(before),
        limit: limit + 1,
    };
    let rows = requests::list(caller.db(), filter).await?;
    let rows = rows.into_iter().map(told).collect();
    Ok(fields::paged(rows, limit, |request: &AccessRequest| {
        request.id.to_string()
    }))
}

/// Asks for a permission.
pub async fn make(state: &State, caller: &Caller, request: RequestAccess) -> Result<AccessRequest> {
    may_ask(caller)?;
    let reason = fields::name("reason", &request.reason, REASON_MAX)?;
    check_days(request.days)?;
    let place = scopes::find(state, caller, request.permission, &request.scope).await?;
    let now = state.clock.now();
    caller
        .db()
        .write(async |tx| {
            if requests::count(tx, caller.user()).await? >= MOST {
                let message = format!("you have {MOST} requests that nobody has decided");
                return Err(ApiError::conflict("too-many-requests", message)
                    .hint("withdraw some, or wait")
                    .into());
            }
            let new = NewRequest {
                by: caller.user(),
                permission: request.permission,
                place,
                days: request.days,
                reason: &reason,
                at: now,
            };
            let id = requests::add(tx, &new).await?;
            let row = one(tx, id).await?;
            let event = Event::new(Action::RequestMake, what(&row)).detail(&reason);
            audit::note(tx, &caller.by(now), event).await?;
            Ok(told(row))
        })
        .await
}

/// Approves, which makes the grant, denies or withdraws a request.
pub async fn decide(
    state: &State,
    caller: &Caller,
    request: DecideRequest,
) -> Result<AccessRequest> {
    let answer = request.answer.trim();
    fields::optional("answer", answer, REASON_MAX)?;
    let now = state.clock.now();
    let decided = caller
        .db()
        .write(async |tx| {
            requests::hold(tx, request.request).await?;
            let row = one(tx, request.request).await?;
            may_decide(caller, &row, request.decision, answer)?;
            let grant = match request.decision {
                RequestState::Approved => Some(approve(tx, caller, &row, now).await?),
                _ => None,
            };
            let decision = Decision {
                state: request.decision,
                by: caller.user(),
                at: now,
                answer: Some(answer).filter(|answer| !answer.is_empty()),
                grant,
            };
            requests::decide(tx, row.id, &decision).await?;
            let row = one(tx, row.id).await?;
            if grant.is_some() {
                sessions::changed(tx).await?;
            }
            let action = match request.decision {
                RequestState::Approved => Some(Action::RequestApprove),
                RequestState::Denied => Some(Action::RequestDeny),
                _ => None,
            };
            if let Some(action) = action {
                let event = Event::new(action, what(&row)).detail(answer);
                audit::note(tx, &caller.by(now), event).await?;
            }
            Ok(told(row))
        })
        .await?;
    if decided.state == RequestState::Approved {
        accounts::tell_changed(state, caller.school_code()).await;
    }
    Ok(decided)
}

/// Refuses those who have no part in the running of the school, and scripts.
fn may_ask(caller: &Caller) -> Result<(), ApiError> {
    let asks = |role: &hillview_shared::accounts::RoleCode| {
        *role != Role::Parent && *role != Role::Service && *role != Role::PlatformAdmin
    };
    match caller.session().roles.iter().any(asks) {
        true => Ok(()),
        false => Err(ApiError::denied("this login cannot ask for permissions")),
    }
}

/// Whether the caller may decide a request so. Who neither made it nor decides does not see it.
fn may_decide(
    caller: &Caller,
    row: &Row,
    decision: RequestState,
    answer: &str,
) -> Result<(), ApiError> {
    let own = row.user_id == caller.user();
    let decides = caller.may(Permission::GrantsManage);
    if !own && !decides {
        return Err(ApiError::not_found("request"));
    }
    match decision {
        RequestState::Open => {
            let message = "a request is approved, denied or withdrawn";
            return Err(ApiError::invalid("bad-decision", message));
        }
        RequestState::Withdrawn if !own => {
            let message = format!("only {} can withdraw this request", row.username);
            return Err(ApiError::denied(message).hint("deny it instead"));
        }
        RequestState::Approved | RequestState::Denied if own => {
            let message = "nobody decides their own request";
            return Err(ApiError::denied(message).hint("somebody else who manages grants can"));
        }
        RequestState::Denied if answer.is_empty() => {
            let message = "say why the request is denied";
            return Err(ApiError::invalid("reason-needed", message));
        }
        _ => {}
    }
    if row.state != RequestState::Open {
        let message = match &row.decided_by {
            Some(by) => format!("the request is {} already, by {by}", row.state),
            None => format!("the request is {} already", row.state),
        };
        return Err(ApiError::new(Kind::Conflict, "decided", message));
    }
    Ok(())
}

/// Gives what was asked for, from now on.
async fn approve(tx: &mut Tx, caller: &Caller, row: &Row, now: Moment) -> Result<GrantId> {
    let new = NewGrant {
        to: row.user_id,
        permission: row.permission,
        place: row.place,
        starts: now,
        ends: end_after(now, days(row)),
        reason: &row.reason,
        by: caller.user(),
        at: now,
    };
    give_in(tx, caller, &new).await
}

async fn one(tx: &mut Tx, request: RequestId) -> Result<Row> {
    let found = requests::one(tx, request).await?;
    found.ok_or_else(|| ApiError::not_found("request").into())
}

fn days(row: &Row) -> Option<u16> {
    row.days.and_then(|days| u16::try_from(days).ok())
}

fn told(row: Row) -> AccessRequest {
    AccessRequest {
        days: days(&row),
        scope: spelt(row.place.kind, row.scope_name, row.subject),
        id: row.id,
        username: row.username,
        name: row.name,
        permission: row.permission,
        reason: row.reason,
        at: row.requested_at,
        state: row.state,
        decided_by: row.decided_by,
        answer: row.answer,
    }
}

/// Who asks for what, for the audit log.
fn what(row: &Row) -> String {
    let place = spelt(row.place.kind, row.scope_name.clone(), row.subject.clone());
    format!("{}: {} on {place}", row.username, row.permission)
}
