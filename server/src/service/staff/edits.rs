//! Adding and changing staff. What somebody may do changes with their roles, so their sessions end.

use hillview_shared::ApiError;
use hillview_shared::accounts::RoleCode;
use hillview_shared::audit::Action;
use hillview_shared::staff::{AddStaff, DisableStaff, EditStaff, Staff, StaffAdded, StaffState};

use super::guards::must_have_one;
use super::{
    NAME_MAX, NUMBER_MAX, Roles, end_sessions, find, held, keep_holders, key, may_give,
    may_take_over, read_back,
};
use crate::caller::Caller;
use crate::db::{Tx, accounts as logins, staff};
use crate::error::{Error, Result};
use crate::service::accounts::{self, NewLogin, tell_ended};
use crate::service::audit::{self, Event};
use crate::service::{State, fields};

/// The longest reason, in characters.
const REASON_MAX: usize = 200;
/// No two members of staff have the same number.
const NUMBER_UNIQUE: &str = "staff_staff_key_unique";

/// Adds a member of staff with a login and a password that works once.
pub async fn add(state: &State, caller: &Caller, request: AddStaff) -> Result<StaffAdded> {
    let staff_no = fields::number("staff number", &request.staff_no, NUMBER_MAX)?;
    let name = fields::name("name", &request.name, NAME_MAX)?;
    let username = accounts::check_username(&request.username)?;
    let roles = sorted(&request.roles);
    must_have_one(&roles)?;
    let one_time = accounts::one_time(state).await?;
    let now = state.clock.now();
    let added = caller
        .db()
        .write(async |tx| {
            let known = Roles::hold(tx, now).await?;
            may_give(tx, caller, &known, &roles).await?;
            let id = staff::add(tx, (&staff_no, &name, &username), caller.user(), now).await?;
            let new = NewLogin {
                staff: Some(id),
                username: &username,
                name: &name,
                roles: &roles,
                by: Some(caller.user()),
            };
            accounts::add_login(tx, &new, &one_time, now).await?;
            let added = read_back(tx, id).await?;
            means_one(tx, &added).await?;
            audit::note(tx, &caller.by(now), self::added(&added)).await?;
            Ok(added)
        })
        .await;
    Ok(StaffAdded {
        staff: added.map_err(|error| number_taken(error, &staff_no))?,
        one_time_password: one_time.password,
        ends: Some(logins::one_time_ends(now)),
    })
}

/// Changes a member of staff; new roles end their sessions.
pub async fn edit(state: &State, caller: &Caller, request: EditStaff) -> Result<Staff> {
    let name = match &request.name {
        Some(name) => Some(fields::name("name", name, NAME_MAX)?),
        None => None,
    };
    let number = match &request.staff_no {
        Some(number) => Some(fields::number("staff number", number, NUMBER_MAX)?),
        None => None,
    };
    let roles = request.roles.as_deref().map(sorted);
    if let Some(roles) = &roles {
        must_have_one(roles)?;
    }
    let now = state.clock.now();
    let found = find(caller.db(), &request.staff).await?;
    let edited = caller
        .db()
        .write(async |tx| {
            let known = Roles::hold(tx, now).await?;
            let before = held(tx, found.id).await?;
            let number = number.as_deref().unwrap_or(&before.staff_no);
            let name = name.as_deref().unwrap_or(&before.name);
            staff::edit(tx, &before, (number, name), now).await?;
            let mut ended = Vec::new();
            if let Some(roles) = roles.as_ref().filter(|roles| **roles != before.roles) {
                change_roles(tx, caller, &known, &before, roles).await?;
                ended = end_sessions(tx, before.id, now).await?;
            }
            let after = read_back(tx, before.id).await?;
            if after.staff_no != before.staff_no {
                means_one(tx, &after).await?;
            }
            audit::note_all(tx, &caller.by(now), &events(&before, &after)).await?;
            Ok((after, ended))
        })
        .await;
    let taken = number.as_deref().unwrap_or_default();
    let (staff, ended) = edited.map_err(|error| number_taken(error, taken))?;
    tell_ended(state, caller.school_code(), ended).await;
    Ok(staff)
}

/// Gives a login other roles: those that are new must be the caller's to give, and the login the
/// caller's to change.
pub async fn change_roles(
    tx: &mut Tx,
    caller: &Caller,
    known: &Roles,
    before: &Staff,
    roles: &[RoleCode],
) -> Result<()> {
    let Some(user) = staff::login(&mut *tx, before.id).await? else {
        let message = format!("{} has no login that could have a role", before.name);
        return Err(ApiError::conflict("no-login", message).into());
    };
    may_take_over(caller, known, before)?;
    let new: Vec<RoleCode> = roles
        .iter()
        .filter(|role| !before.roles.contains(role))
        .cloned()
        .collect();
    may_give(tx, caller, known, &new).await?;
    if roles.len() > super::ROLES_MAX {
        let message = format!("a login has at most {} roles", super::ROLES_MAX);
        return Err(ApiError::invalid("too-many-roles", message).into());
    }
    logins::take_roles(tx, user).await?;
    for role in roles {
        logins::give_role(tx, user, role).await?;
    }
    let taken = before.roles.iter().filter(|role| !roles.contains(role));
    let taken: Vec<RoleCode> = taken.cloned().collect();
    keep_holders(tx, known, &taken).await
}

/// Shuts somebody out, which ends their sessions at once, or lets them in again. What they were
/// given and teach stays, and is of no use meanwhile.
pub async fn disable(state: &State, caller: &Caller, request: DisableStaff) -> Result<Staff> {
    fields::optional("reason", &request.reason, REASON_MAX)?;
    let wanted = match request.undo {
        true => StaffState::Active,
        false => StaffState::Disabled,
    };
    let found = find(caller.db(), &request.staff).await?;
    if caller.staff() == Some(found.id) && wanted == StaffState::Disabled {
        let message = "you cannot shut yourself out";
        return Err(ApiError::conflict("own-login", message)
            .hint("somebody else who manages staff can")
            .into());
    }
    let now = state.clock.now();
    let (staff, ended) = caller
        .db()
        .write(async |tx| {
            let known = Roles::hold(tx, now).await?;
            let before = held(tx, found.id).await?;
            may_take_over(caller, &known, &before)?;
            if before.state == wanted {
                return Ok((before, Vec::new()));
            }
            staff::set_state(tx, before.id, wanted).await?;
            if let Some(user) = staff::login(&mut *tx, before.id).await? {
                logins::set_login_state(tx, user, wanted, now).await?;
            }
            let ended = end_sessions(tx, before.id, now).await?;
            if wanted == StaffState::Disabled {
                keep_holders(tx, &known, &before.roles).await?;
            }
            let after = read_back(tx, before.id).await?;
            let action = match wanted {
                StaffState::Active => Action::StaffEnable,
                StaffState::Disabled => Action::StaffDisable,
            };
            let event = Event::new(action, shown(&after)).detail(&request.reason);
            audit::note(tx, &caller.by(now), event).await?;
            Ok((after, ended))
        })
        .await?;
    tell_ended(state, caller.school_code(), ended).await;
    Ok(staff)
}

/// What the audit log says of somebody who is new.
pub fn added(who: &Staff) -> Event {
    let event = Event::new(Action::StaffAdd, shown(who));
    event.detail(format!("roles: {}", words(&who.roles)))
}

/// What the audit log says of a change.
pub fn events(before: &Staff, after: &Staff) -> Vec<Event> {
    let mut events = Vec::new();
    let mut note = |action, detail| events.push(Event::new(action, shown(after)).detail(detail));
    if before.name != after.name || before.staff_no != after.staff_no {
        let (name, number) = (&before.name, &before.staff_no);
        note(Action::StaffEdit, format!("was {name}, {number}"));
    }
    let only = |here: &[RoleCode], there: &[RoleCode]| -> Vec<RoleCode> {
        let here = here.iter().filter(|role| !there.contains(role));
        here.cloned().collect()
    };
    let (given, taken) = (
        only(&after.roles, &before.roles),
        only(&before.roles, &after.roles),
    );
    if !given.is_empty() {
        note(Action::RoleGive, words(&given));
    }
    if !taken.is_empty() {
        note(Action::RoleTake, words(&taken));
    }
    events
}

/// A member of staff as the audit log names them.
pub fn shown(who: &Staff) -> String {
    match &who.username {
        Some(username) => format!("{username} ({}, {})", who.name, who.staff_no),
        None => format!("{}, {}", who.name, who.staff_no),
    }
}

fn words(roles: &[RoleCode]) -> String {
    let words: Vec<&str> = roles.iter().map(|role| role.0.as_str()).collect();
    words.join(", ")
}

/// Refuses a number that is somebody else's login, and a login that is somebody else's number: what
/// is meant for one of them would go to the other.
async fn means_one(tx: &mut Tx, who: &Staff) -> Result<()> {
    let (number, login) = (
        key(&who.staff_no),
        who.username.as_deref().unwrap_or_default(),
    );
    match staff::namesake(tx, who.id, &number, login).await? {
        None => Ok(()),
        Some(other) => Err(namesake(&who.staff_no, login, &other).into()),
    }
}

/// The refusal of a number and a login of which one means somebody else.
pub fn namesake(staff_no: &str, login: &str, other: &str) -> ApiError {
    let message = format!(
        "the number {staff_no} or the login {login} would mean {other} too: nobody's number is the \
         login of somebody else"
    );
    ApiError::conflict("means-two", message).hint("choose another number or another login")
}

/// Roles each once, in the order in which they are read back.
fn sorted(roles: &[RoleCode]) -> Vec<RoleCode> {
    let mut roles = roles.to_vec();
    roles.sort_unstable();
    roles.dedup();
    roles
}

fn number_taken(error: Error, staff_no: &str) -> Error {
    let message = format!("staff number {staff_no} is taken");
    error.on_unique(NUMBER_UNIQUE, ApiError::conflict("number-taken", message))
}
