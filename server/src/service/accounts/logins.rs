//! Logins: made, given a new password, given roles.

use hillview_shared::ApiError;
use hillview_shared::accounts::RoleCode;
use hillview_shared::audit::Action;
use hillview_shared::ids::{Moment, StaffId, UserId};

use super::endings::tell_ended;
use super::sessions::replace_password;
use super::throttle;
use crate::db::accounts::{self, NewUser};
use crate::db::{Db, Tx};
use crate::error::{Error, Result};
use crate::service::audit::{self, By, Event};
use crate::service::{State, rights};

/// A new password that works once.
pub struct OneTime {
    pub password: String,
    pub hash: String,
}

/// A login to add.
pub struct NewLogin<'a> {
    pub staff: Option<StaffId>,
    pub username: &'a str,
    pub name: &'a str,
    pub roles: &'a [RoleCode],
    pub by: Option<UserId>,
}

/// Gives a login a new one-time password and ends its sessions, whoever it belongs to: for the
/// server's own command.
pub async fn reset_password(
    state: &State,
    school: &str,
    db: &Db,
    username: &str,
) -> Result<String> {
    let username = username.trim().to_lowercase();
    let one_time = one_time(state).await?;
    let now = state.clock.now();
    let ended = db
        .write(async |tx| {
            let login = accounts::find_login(&mut *tx, &username).await?;
            let login = login.ok_or_else(|| ApiError::not_found("user"))?;
            let ended = replace_password(tx, &login, &one_time.hash, true, now).await?;
            let event = Event::new(Action::PasswordReset, &username);
            audit::note(tx, &By::server(now), event).await?;
            Ok(ended)
        })
        .await?;
    tell_ended(state, school, ended).await;
    throttle::forgive(state, school, &username).await;
    Ok(one_time.password)
}

/// A new one-time password, hashed before a transaction is opened.
pub async fn one_time(state: &State) -> Result<OneTime> {
    let password = signs();
    let hash = state.hashers.hash(&password).await?;
    Ok(OneTime { password, hash })
}

/// Sixteen random signs in groups, to be typed by hand.
pub(super) fn signs() -> String {
    // Without letters and digits that look alike; 16 of 31 are 79 bits.
    const SIGNS: &[u8; 31] = b"abcdefghjkmnpqrstuvwxyz23456789";
    let signs: Vec<u8> = (0..16)
        .map(|_| SIGNS[rand::random_range(0..SIGNS.len())])
        .collect();
    let groups: Vec<_> = signs.chunks(4).map(String::from_utf8_lossy).collect();
    groups.join("-")
}

/// Adds a login that must change its password; its name must be free.
pub async fn add_login(
    tx: &mut Tx,
    new: &NewLogin<'_>,
    one_time: &OneTime,
    at: Moment,
) -> Result<UserId> {
    let username = check_username(new.username)?;
    let row = NewUser {
        staff: new.staff,
        username: &username,
        name: new.name,
        password: &one_time.hash,
        by: new.by,
        at,
    };
    let user = accounts::add_user(tx, &row).await.map_err(|failure| {
        let text = format!("there is a user {username} already");
        let taken = ApiError::conflict("username-taken", text).hint("choose another user name");
        Error::from(failure).on_unique("user_username_unique", taken)
    })?;
    for role in new.roles {
        accounts::give_role(tx, user, role).await?;
    }
    Ok(user)
}

/// Adds the roles that a school begins with.
pub async fn add_roles(tx: &mut Tx) -> Result<()> {
    for role in rights::roles() {
        accounts::add_role(tx, role, rights::of(role)).await?;
    }
    Ok(())
}

/// The user name in lower case, if it is one.
pub fn check_username(given: &str) -> Result<String, ApiError> {
    let name = given.trim().to_lowercase();
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
    if (2..=40).contains(&name.len()) && name.chars().all(plain) {
        return Ok(name);
    }
    let text = format!("{given:?} is not a user name");
    Err(ApiError::invalid("bad-username", text)
        .hint("use 2 to 40 of a-z, 0-9, dot, dash and underscore"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_names_are_plain_and_in_lower_case() {
        assert_eq!(check_username(" Wanjiku.K ").unwrap(), "wanjiku.k");
        for bad in ["", "x", "a b", "ñandú", &"x".repeat(41)] {
            assert_eq!(check_username(bad).unwrap_err().code, "bad-username");
        }
    }
}
