//! What whoever runs the server does with logins, when nobody can log in to do it: also with those
//! that belong to no member of staff, and on the platform. Not asked here: who may; it is theirs.

use hillview_shared::ApiError;
use hillview_shared::accounts::RoleCode;
use hillview_shared::audit::Action;
use hillview_shared::ids::StaffId;
use hillview_shared::staff::StaffState;

use super::endings::{tell_changed, tell_ended};
use super::logins::{NewLogin, OneTime, add_login};
use super::second_factor::take_away;
use crate::db::accounts::{self, Login, User};
use crate::db::{Db, Tx, roles, sessions, staff};
use crate::error::Result;
use crate::service::audit::{self, By, Event};
use crate::service::{State, fields, staff as people};

/// Stands for no member of staff.
const NOBODY: StaffId = StaffId(0);

/// Every login, by its name.
pub async fn list(db: &Db) -> Result<Vec<User>> {
    Ok(accounts::everybody(db).await?)
}

/// Adds a login without a member of staff.
pub async fn add(state: &State, db: &Db, new: &NewLogin<'_>, one_time: &OneTime) -> Result<()> {
    fields::name("name", new.name, people::NAME_MAX)?;
    let now = state.clock.now();
    let write = async |tx: &mut Tx| {
        roles::hold(tx).await?;
        are_known(tx, new.roles).await?;
        add_login(tx, new, one_time, now).await?;
        let username = new.username.trim().to_lowercase();
        if let Some(other) = staff::namesake(tx, NOBODY, "", &username).await? {
            return Err(people::namesake("none", &username, &other).into());
        }
        let words: Vec<&str> = new.roles.iter().map(|role| role.0.as_str()).collect();
        let event = Event::new(Action::UserAdd, &username);
        let event = event.detail(format!("roles: {}", words.join(", ")));
        audit::note(tx, &By::server(now), event).await
    };
    db.write(write).await
}

/// A role that is none would be left out without a word.
async fn are_known(tx: &mut Tx, given: &[RoleCode]) -> Result<()> {
    let known = roles::list(tx).await?;
    let unknown = |role: &&RoleCode| known.iter().all(|known| known.code != **role);
    let Some(role) = given.iter().find(unknown) else {
        return Ok(());
    };
    fields::sought("role", &role.0)?;
    let known: Vec<&str> = known.iter().map(|known| known.code.0.as_str()).collect();
    let message = format!("there is no role {:?}", role.0);
    Err(ApiError::invalid("unknown-role", message)
        .hint(format!("the roles are {}", known.join(", ")))
        .into())
}

/// Shuts a login out, with its member of staff where it has one, or lets it in again.
pub async fn disable(
    state: &State,
    school: &str,
    db: &Db,
    username: &str,
    undo: bool,
) -> Result<StaffState> {
    let (wanted, action) = match undo {
        true => (StaffState::Active, Action::StaffEnable),
        false => (StaffState::Disabled, Action::StaffDisable),
    };
    let now = state.clock.now();
    let write = async |tx: &mut Tx| {
        roles::hold(tx).await?;
        let login = named(tx, username).await?;
        accounts::hold(tx, login.id).await?;
        accounts::set_login_state(tx, login.id, wanted, now).await?;
        if let Some(member) = accounts::staff_of(tx, login.id).await? {
            staff::hold(tx, member).await?;
            staff::set_state(tx, member, wanted).await?;
        }
        let ended = sessions::end_all(tx, login.id, now).await?;
        let event = Event::new(action, &login.username);
        audit::note(tx, &By::server(now), event).await?;
        Ok(ended)
    };
    let ended = db.write(write).await?;
    tell_ended(state, school, ended).await;
    Ok(wanted)
}

/// Takes a login's second factor away, and ends its sessions.
pub async fn reset_second_factor(
    state: &State,
    school: &str,
    db: &Db,
    username: &str,
) -> Result<()> {
    let now = state.clock.now();
    let write = async |tx: &mut Tx| {
        let login = named(tx, username).await?;
        take_away(tx, &login, &By::server(now), now).await
    };
    let ended = db.write(write).await?;
    tell_ended(state, school, ended).await;
    tell_changed(state, school).await;
    Ok(())
}

async fn named(tx: &mut Tx, username: &str) -> Result<Login> {
    fields::sought("user", username)?;
    let key = people::key(username);
    let found = accounts::find_login(tx, &key).await?;
    found.ok_or_else(|| {
        let message = format!("there is no user {username:?}");
        ApiError::new(hillview_shared::Kind::NotFound, "not-found", message)
            .hint("hillview-server user list shows those there are")
            .into()
    })
}
