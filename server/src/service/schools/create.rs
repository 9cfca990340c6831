//! Making a school, and the platform: a database like a school's that is none.

use hillview_shared::ApiError;
use hillview_shared::accounts::{PLATFORM, Role};
use hillview_shared::audit::Action;
use hillview_shared::schools::{AddSchool, SchoolAdded};

use super::{Actor, NAME_MAX, find, move_state, noted};
use crate::db::schools::{self, School};
use crate::db::{Db, accounts as logins, calendar, epochs};
use crate::error::{Error, Result};
use crate::service::audit::{self, By, Event};
use crate::service::{State, accounts, fields, packs, rights};

/// A school to make.
pub struct NewSchool<'a> {
    pub code: &'a str,
    pub name: &'a str,
    pub pack: &'a str,
    pub admin: &'a str,
}

/// A school that is made and not open for work yet, and its first login's password.
pub struct Ready {
    school: School,
    pub password: String,
}

/// Makes a school with its first login and gives that login's one-time password.
///
/// A kill half-way leaves the school in the state `making`; the same command then goes on.
pub async fn create(state: &State, new: &NewSchool<'_>) -> Result<String> {
    let ready = prepare(state, new).await?;
    let password = ready.password.clone();
    ready.open(state, Actor::Server).await?;
    Ok(password)
}

/// The same for a platform administrator. When the answer is lost the password is, too: whoever runs
/// the server gives another, or the school is removed and made again.
pub async fn add(state: &State, actor: Actor<'_>, request: &AddSchool) -> Result<SchoolAdded> {
    let new = NewSchool {
        code: request.code.trim(),
        name: &fields::name("name", &request.name, NAME_MAX)?,
        pack: request.pack.trim(),
        admin: &request.admin,
    };
    fields::sought("pack", new.pack)?;
    let ready = prepare(state, &new).await?;
    let one_time_password = ready.password.clone();
    ready.open(state, actor).await?;
    Ok(SchoolAdded {
        school: find(state, new.code).await?.into(),
        one_time_password,
    })
}

/// Makes a school that is not open for work yet.
pub async fn prepare(state: &State, new: &NewSchool<'_>) -> Result<Ready> {
    check_code(new.code)?;
    let name = fields::name("name", new.name, NAME_MAX)?;
    let admin = accounts::check_username(new.admin)?;
    let pack = packs::Pack::named(new.pack)?;
    let (school, db) = begin(state, new.code, &name).await?;
    let one_time = accounts::one_time(state).await?;
    let login = accounts::NewLogin {
        staff: None,
        username: &admin,
        name: "Administrator",
        roles: &[Role::SchoolAdmin.into(), Role::Registrar.into()],
        by: None,
    };
    let now = state.clock.now();
    let loaded = calendar::time_zone(&db).await?.is_some();
    db.write(async |tx| {
        if !loaded {
            packs::load(tx, &pack, &name, now).await?;
            accounts::add_roles(tx).await?;
            epochs::begin(tx, school.id).await?;
        }
        // The first try may have got this far without showing its password.
        match logins::find_login(&mut *tx, &admin).await? {
            Some(known) => {
                logins::set_password(tx, known.id, known.v, &one_time.hash, true, now).await?;
            }
            None => {
                accounts::add_login(tx, &login, &one_time, now).await?;
                let event = Event::new(Action::UserAdd, &admin).detail(login.name);
                audit::note(tx, &By::server(now), event).await?;
            }
        }
        Ok(())
    })
    .await?;
    db.close().await;
    Ok(Ready {
        school,
        password: one_time.password,
    })
}

impl Ready {
    /// Opens it for work.
    pub async fn open(self, state: &State, actor: Actor<'_>) -> Result<()> {
        move_state(state, &self.school, "making", "open").await?;
        let event = Event::new(Action::SchoolAdd, &self.school.code).detail(&self.school.name);
        noted(state, actor, event).await
    }
}

/// Makes a platform administrator and gives the login's one-time password; one that is there gets a
/// new password, and its sessions end. The platform itself is made when it is missing.
pub async fn platform_admin(state: &State, username: &str) -> Result<String> {
    let username = accounts::check_username(username)?;
    make_platform(state).await?;
    let db = state.tenants.school(PLATFORM).await?.db;
    if logins::find_login(&db, &username).await?.is_some() {
        return accounts::reset_password(state, PLATFORM, &db, &username).await;
    }
    let one_time = accounts::one_time(state).await?;
    let login = accounts::NewLogin {
        staff: None,
        username: &username,
        name: "Platform administrator",
        roles: &[Role::PlatformAdmin.into()],
        by: None,
    };
    let now = state.clock.now();
    db.write(async |tx| {
        accounts::add_login(tx, &login, &one_time, now).await?;
        let event = Event::new(Action::UserAdd, &username).detail(Role::PlatformAdmin.word());
        audit::note(tx, &By::server(now), event).await
    })
    .await?;
    Ok(one_time.password)
}

/// The platform has the tables of a school and none of what a pack brings, so that logins,
/// sessions, second factors and the audit log work there as anywhere.
async fn make_platform(state: &State) -> Result<()> {
    let known = schools::find(state.tenants.control(), PLATFORM).await?;
    if known.is_some_and(|platform| platform.state == "open") {
        return Ok(());
    }
    let (platform, db) = begin(state, PLATFORM, "Platform").await?;
    let now = state.clock.now();
    let loaded = calendar::time_zone(&db).await?.is_some();
    db.write(async |tx| {
        if !loaded {
            calendar::set_profile(tx, "Platform", "en", "UTC", now).await?;
            // Its only role: nobody there is a head teacher.
            let role = Role::PlatformAdmin;
            logins::add_role(tx, role, rights::of(role)).await?;
        }
        Ok(())
    })
    .await?;
    db.close().await;
    move_state(state, &platform, "making", "open").await
}

/// Puts a school on the list in the state `making`, or goes on with one that is there, and makes
/// its empty tables.
async fn begin(state: &State, code: &str, name: &str) -> Result<(School, Db)> {
    let control = state.tenants.control();
    let known = schools::find(control, code).await?;
    if known.is_some_and(|school| school.state != "making") {
        let text = format!("there is a school {code} already");
        return Err(ApiError::conflict("school-exists", text)
            .hint("choose another code")
            .into());
    }
    let now = state.clock.now();
    let school = control
        .write(async |tx| {
            schools::add(tx, code, name, now).await?;
            Ok(schools::find(&mut *tx, code).await?)
        })
        .await?;
    let school = school.ok_or_else(|| Error::fault("making a school", "it went meanwhile"))?;
    Ok((school, state.tenants.prepare(code).await?))
}

fn check_code(code: &str) -> Result<(), ApiError> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !(2..=20).contains(&code.len()) || !code.chars().all(plain) {
        fields::sought("code", code)?;
        let text = format!("{code:?} is not a school's code");
        return Err(ApiError::invalid("bad-code", text).hint("use 2 to 20 of a-z, 0-9 and dash"));
    }
    if code == PLATFORM {
        let text = format!("{code} is the code of the platform itself");
        return Err(ApiError::invalid("code-reserved", text).hint("choose another code"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_can_stand_in_the_name_of_a_schema_and_of_a_file() {
        for good in ["kilimani", "st-marys-2", "a1"] {
            assert_eq!(check_code(good), Ok(()));
        }
        for bad in [
            "",
            "a",
            "Kilimani",
            "a/b",
            "..",
            "a`b",
            "a_b",
            "aaaaaaaaaaaaaaaaaaaaa",
            "platform",
        ] {
            assert!(check_code(bad).is_err(), "{bad:?}");
        }
    }
}
