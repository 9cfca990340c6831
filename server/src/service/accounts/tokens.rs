//! Tokens of scripts. Each is a login without a password, whose one session lasts until its day, and
//! which may what it was granted for as long.

use std::collections::BTreeMap;

use hillview_shared::ApiError;
use hillview_shared::accounts::{Permission, Role};
use hillview_shared::audit::Action;
use hillview_shared::grants::Scope;
use hillview_shared::ids::{Moment, Token, UserId};
use hillview_shared::sessions::{AddToken, RevokeToken, TokenAdded, TokenSummary};

use super::endings::tell_ended;
use super::logins::check_username;
use super::sessions::hash_of;
use crate::caller::Caller;
use crate::db::grants::{self, NewGrant, Place, Row as GrantRow};
use crate::db::tokens::{self, NewToken, Row};
use crate::db::{Tx, accounts, sessions};
use crate::error::{Error, Result};
use crate::service::audit::{self, Event};
use crate::service::grants::{REASON_MAX, end_after, give_in};
use crate::service::scopes::spelt;
use crate::service::{State, fields, scopes};

/// For how many days a token may be made.
const DAYS_MAX: u16 = 365;

/// Lists tokens that are open.
pub async fn list(state: &State, caller: &Caller) -> Result<Vec<TokenSummary>> {
    let now = state.clock.now();
    let rows = tokens::list(caller.db(), now).await?;
    let mut given: BTreeMap<UserId, Vec<GrantRow>> = BTreeMap::new();
    for grant in grants::of_tokens(caller.db(), now).await? {
        given.entry(grant.user_id).or_default().push(grant);
    }
    let summaries = rows.into_iter().map(|row| {
        let grants = given.remove(&row.user_id).unwrap_or_default();
        summary(&row, &grants)
    });
    Ok(summaries.collect())
}

/// Makes a token; its secret is in this answer and nowhere else.
pub async fn add(state: &State, caller: &Caller, request: AddToken) -> Result<TokenAdded> {
    let name = check_username(&request.name)?;
    let reason = fields::name("reason", &request.reason, REASON_MAX)?;
    if !(1..=DAYS_MAX).contains(&request.days) {
        let text = format!("a token lasts 1 to {DAYS_MAX} days, not {}", request.days);
        return Err(ApiError::invalid("bad-days", text).into());
    }
    let wanted = wanted(state, caller, &request).await?;
    let (secret, now) = (Token(rand::random()), state.clock.now());
    let ends = end_after(now, Some(request.days)).expect("it was given a number of days");
    let write = async |tx: &mut Tx| {
        let user = login_for(tx, &name, caller.user(), now).await?;
        for (permission, place) in &wanted {
            let new = NewGrant {
                to: user,
                permission: *permission,
                place: *place,
                starts: now,
                ends: Some(ends),
                reason: &reason,
                by: caller.user(),
                at: now,
            };
            give_in(tx, caller, &new).await?;
        }
        let new = NewToken {
            hash: &hash_of(&secret),
            user,
            name: &name,
            address: caller.address(),
            at: now,
            ends,
        };
        let id = tokens::add(tx, &new).await?;
        let words: Vec<&str> = wanted.iter().map(|(it, _)| it.word()).collect();
        let detail = format!("{} until {ends}: {reason}", words.join(", "));
        let event = Event::new(Action::TokenAdd, &name).detail(detail);
        audit::note(tx, &caller.by(now), event).await?;
        Ok((id, user))
    };
    let (id, user) = caller.db().write(write).await?;
    let given = grants::of_tokens(caller.db(), now).await?;
    let given: Vec<_> = given.into_iter().filter(|it| it.user_id == user).collect();
    let row = Row {
        id,
        user_id: user,
        username: name,
        token_hash: Vec::new(),
        created_at: now,
        last_seen_at: now,
        ends_at: ends,
    };
    Ok(TokenAdded {
        token: summary(&row, &given),
        secret: shown(caller, &secret),
    })
}

/// Revokes a token on every connection, takes back what it was granted and shuts its login.
pub async fn revoke(state: &State, caller: &Caller, request: RevokeToken) -> Result<()> {
    let now = state.clock.now();
    let write = async |tx: &mut Tx| {
        let found = tokens::find(tx, request.token, now).await?;
        let found = found.ok_or_else(|| ApiError::not_found("token"))?;
        tokens::revoke_grants(tx, found.user_id, (caller.user(), now)).await?;
        tokens::set_state(tx, found.user_id, "disabled", now).await?;
        let ended = sessions::end_all(tx, found.user_id, now).await?;
        let event = Event::new(Action::TokenRevoke, &found.username);
        audit::note(tx, &caller.by(now), event).await?;
        Ok(ended)
    };
    let ended = caller.db().write(write).await?;
    tell_ended(state, caller.school_code(), ended).await;
    Ok(())
}

/// The login of a script's name: a new one, or that of a token that is over.
async fn login_for(tx: &mut Tx, name: &str, by: UserId, now: Moment) -> Result<UserId> {
    let taken =
        |text: String| ApiError::conflict("username-taken", text).hint("choose another name");
    let Some(known) = accounts::find_login(&mut *tx, name).await? else {
        let user = tokens::add_login(tx, name, by, now)
            .await
            .map_err(|failure| {
                let refusal = taken(format!("there is a user {name} already"));
                Error::from(failure).on_unique("user_username_unique", refusal)
            })?;
        accounts::give_role(tx, user, &Role::Service.into()).await?;
        return Ok(user);
    };
    accounts::hold(tx, known.id).await?;
    // Somebody on the staff who was not given a password yet has none either.
    if !tokens::is_of_script(tx, known.id).await? {
        return Err(taken(format!("there is a user {name} already")).into());
    }
    if tokens::count(tx, known.id, now).await? > 0 {
        let text = format!("there is a token {name} already");
        return Err(taken(text)
            .hint("revoke it first, or choose another name")
            .into());
    }
    // What the one before was given beside, and for longer.
    tokens::revoke_grants(tx, known.id, (by, now)).await?;
    tokens::set_state(tx, known.id, "active", now).await?;
    Ok(known.id)
}

/// Nobody gives a token more than they have themselves on the whole school.
/// The secret as it is kept in a file, with the school that it is for.
fn shown(caller: &Caller, secret: &Token) -> String {
    format!(
        "hillview_{}_{}",
        caller.school_code(),
        hex::encode(secret.0)
    )
}

/// What the token may do, each once, with the part of the school.
async fn wanted(
    state: &State,
    caller: &Caller,
    request: &AddToken,
) -> Result<Vec<(Permission, Place)>> {
    let mut permissions = request.permissions.clone();
    permissions.sort_unstable();
    permissions.dedup();
    must_have(caller, &permissions)?;
    let mut wanted = Vec::with_capacity(permissions.len());
    for permission in permissions {
        let place = scopes::find(state, caller, permission, &request.scope).await?;
        wanted.push((permission, place));
    }
    Ok(wanted)
}

fn must_have(caller: &Caller, permissions: &[Permission]) -> Result<(), ApiError> {
    if permissions.is_empty() {
        let text = "a token that may nothing is of no use";
        return Err(ApiError::invalid("no-permissions", text).hint("say what it may do"));
    }
    match permissions.iter().find(|it| !caller.may(**it)) {
        None => Ok(()),
        Some(lacking) => {
            let text = format!("you may not give {lacking}: you do not have it yourself");
            Err(ApiError::denied(text).hint("somebody who has it can make the token"))
        }
    }
}

fn summary(row: &Row, grants: &[GrantRow]) -> TokenSummary {
    let first = grants.first();
    let mut permissions: Vec<Permission> = grants.iter().map(|grant| grant.permission).collect();
    permissions.sort_unstable();
    permissions.dedup();
    TokenSummary {
        id: row.id,
        user: row.user_id,
        name: row.username.clone(),
        permissions,
        scope: first.map_or(Scope::SCHOOL, |grant| {
            spelt(grant.scope, grant.scope_name.clone(), grant.subject.clone())
        }),
        made_by: first.map_or_else(String::new, |grant| grant.given_by.clone()),
        created: row.created_at,
        last_seen: (row.last_seen_at > row.created_at).then_some(row.last_seen_at),
        ends: row.ends_at,
    }
}
