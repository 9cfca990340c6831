//! One-time passwords: shown once, good for one login and for a week, never readable again.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use futures::StreamExt;
use hillview_shared::ApiError;
use hillview_shared::audit::Action;
use hillview_shared::ids::{Moment, UserId};
use hillview_shared::staff::{IssuePasswords, OneTimePassword, Staff, StaffState, WhichStaff};

use super::{Roles, above, find, held, may_take_over};
use crate::caller::Caller;
use crate::db::staff::Unissued;
use crate::db::{Tx, accounts as logins, staff};
use crate::error::Result;
use crate::service::State;
use crate::service::accounts::{self, OneTime, forgive, replace_password, tell_ended};
use crate::service::audit::{self, Event};

/// For how long a call makes passwords; those that are left come with the next one.
const WORK: Duration = Duration::from_secs(10);
/// Passwords that are hashed at the same time, so that logins do not wait behind all of them.
const TOGETHER: usize = 2;

/// Gives a member of staff a new one-time password and ends their sessions.
pub async fn reset(state: &State, caller: &Caller, request: WhichStaff) -> Result<OneTimePassword> {
    let found = find(caller.db(), &request.staff).await?;
    let one_time = accounts::one_time(state).await?;
    let now = state.clock.now();
    let (username, ended) = caller
        .db()
        .write(async |tx| {
            let who = mine_to_reset(tx, caller, &found, now).await?;
            let login = match &who.username {
                Some(username) => logins::find_login(&mut *tx, username).await?,
                None => None,
            };
            let login = login.ok_or_else(|| no_login(&who))?;
            let ended = replace_password(tx, &login, &one_time.hash, true, now).await?;
            let event = Event::new(Action::PasswordReset, &login.username);
            audit::note(tx, &caller.by(now), event).await?;
            Ok((login.username, ended))
        })
        .await?;
    tell_ended(state, caller.school_code(), ended).await;
    forgive(state, caller.school_code(), &username).await;
    Ok(shown(username, one_time, now))
}

/// The member of staff, held, if the caller may give them a new password.
async fn mine_to_reset(tx: &mut Tx, caller: &Caller, found: &Staff, now: Moment) -> Result<Staff> {
    let known = Roles::hold(tx, now).await?;
    let who = held(tx, found.id).await?;
    may_take_over(caller, &known, &who)?;
    if who.state == StaffState::Disabled {
        let message = format!("{} is disabled", who.name);
        return Err(ApiError::conflict("disabled", message)
            .hint("let them in again first: hillview staff disable --undo")
            .into());
    }
    Ok(who)
}

fn no_login(who: &Staff) -> ApiError {
    ApiError::conflict("no-login", format!("{} has no login", who.name))
}

/// Gives one-time passwords to logins that never had one, as many as fit the call's time. Logins
/// of those who may do what the caller may not are left out.
pub async fn issue(
    state: &State,
    caller: &Caller,
    request: IssuePasswords,
) -> Result<Vec<OneTimePassword>> {
    let limit = match request.limit {
        0 => 50,
        1..=100 => i64::from(request.limit),
        _ => return Err(ApiError::invalid("bad-limit", "1 to 100 are given in a call").into()),
    };
    let (db, above) = (caller.db(), above(caller));
    let now = state.clock.now();
    let waiting = staff::without_password(db, &above, now, limit).await?;
    let made = hashed(state, waiting).await?;
    let now = state.clock.now();
    let given = db
        .write(async |tx| {
            // Somebody may have got a role meanwhile that the caller is not to give.
            Roles::hold(tx, now).await?;
            let still = staff::without_password(&mut *tx, &above, now, limit).await?;
            let still: HashSet<UserId> = still.into_iter().map(|login| login.user_id).collect();
            let mut given = Vec::with_capacity(made.len());
            let mut events = Vec::with_capacity(made.len());
            for (login, one_time) in &made {
                // Somebody else may have been quicker.
                let (user, hash) = (login.user_id, &one_time.hash);
                let set = still.contains(&user)
                    && logins::set_password(tx, user, login.v, hash, true, now).await?;
                let event = || Event::new(Action::PasswordReset, &login.username);
                events.extend(set.then(event));
                given.push(set);
            }
            audit::note_all(tx, &caller.by(now), &events).await?;
            Ok(given)
        })
        .await?;
    let made = made.into_iter().zip(given).filter(|(_, given)| *given);
    Ok(made
        .map(|((login, one_time), _)| shown(login.username, one_time, now))
        .collect())
}

/// Passwords for these logins, until the time is up.
async fn hashed(state: &State, waiting: Vec<Unissued>) -> Result<Vec<(Unissued, OneTime)>> {
    let began = Instant::now();
    let mut hashing = futures::stream::iter(waiting)
        .map(async |login| (login, accounts::one_time(state).await))
        .buffered(TOGETHER);
    let mut made = Vec::new();
    while let Some((login, one_time)) = hashing.next().await {
        made.push((login, one_time?));
        if began.elapsed() > WORK {
            break;
        }
    }
    Ok(made)
}

fn shown(username: String, one_time: OneTime, now: Moment) -> OneTimePassword {
    OneTimePassword {
        username,
        password: one_time.password,
        ends: logins::one_time_ends(now),
    }
}
