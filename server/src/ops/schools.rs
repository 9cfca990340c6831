//! `school …` and `migrate`: schools are made, listed, suspended and brought up to date.

use hillview_shared::ApiError;
use hillview_shared::accounts::Role;
use hillview_shared::text::is_hidden;

use super::{Format, packs, print, with_state};
use crate::config::Config;
use crate::db::{accounts as logins, calendar, schools};
use crate::error::{Error, Result};
use crate::service::{State, accounts};

#[derive(clap::Subcommand)]
pub enum Command {
    /// Make a school with its first login, and print that login's one-time password
    Create {
        /// Code that people give when they log in: 2 to 20 of a-z, 0-9 and dash
        code: String,
        /// Name as it stands on every screen
        #[arg(long)]
        name: String,
        /// Country pack to begin with
        #[arg(long, default_value = "ke-cbe")]
        pack: String,
        /// User name of the first login, which sets the school up
        #[arg(long)]
        admin: String,
    },
    /// List the schools
    List {
        #[arg(long, value_enum, default_value = "table")]
        format: Format,
    },
    /// Let nobody log in to a school any more; its data stay
    Suspend {
        code: String,
        /// Open the school again
        #[arg(long)]
        undo: bool,
    },
}

impl Command {
    pub(super) async fn run(self, config: &Config) -> anyhow::Result<()> {
        match self {
            Self::Create {
                code,
                name,
                pack,
                admin,
            } => {
                let new = NewSchool {
                    code: &code,
                    name: &name,
                    pack: &pack,
                    admin: &admin,
                };
                // Said before the school opens: killed in between, the command is run again and
                // says another password. The other way round, nobody would know one.
                with_state(config, async |state| {
                    let password = prepare(state, &new).await?;
                    print(&format!(
                        "school {code} is ready; first login {admin} with the one-time password"
                    ))
                    .and_then(|()| print(&password))
                    .map_err(|error| Error::fault("say the password", error.to_string()))?;
                    open(state, &code).await
                })
                .await
            }
            Self::List { format } => {
                let all = with_state(config, async |state| state.tenants.all().await).await?;
                list(&all, format)
            }
            Self::Suspend { code, undo } => {
                with_state(config, async |state| suspend(state, &code, undo).await).await
            }
        }
    }
}

/// A school to make.
pub struct NewSchool<'a> {
    pub code: &'a str,
    pub name: &'a str,
    pub pack: &'a str,
    pub admin: &'a str,
}

/// Makes a school and gives the one-time password of its first login.
///
/// A kill half-way leaves the school in the state `making`; the same command then goes on.
pub async fn create(state: &State, new: &NewSchool<'_>) -> Result<String> {
    let password = prepare(state, new).await?;
    open(state, new.code).await?;
    Ok(password)
}

/// Makes a school that is not open for work yet.
async fn prepare(state: &State, new: &NewSchool<'_>) -> Result<String> {
    check_code(new.code)?;
    check_name(new.name)?;
    let admin = accounts::check_username(new.admin)?;
    let pack = packs::Pack::named(new.pack)?;
    let control = state.tenants.control();
    let known = schools::find(control, new.code).await?;
    if known.is_some_and(|school| school.state != "making") {
        let text = format!("there is a school {} already", new.code);
        return Err(ApiError::conflict("school-exists", text)
            .hint("choose another code")
            .into());
    }
    let now = state.clock.now();
    control
        .write(async |tx| Ok(schools::add(tx, new.code, new.name, now).await?))
        .await?;
    let db = state.tenants.prepare(new.code).await?;
    let one_time = accounts::one_time(state).await?;
    let login = accounts::NewLogin {
        staff: None,
        username: &admin,
        name: "Administrator",
        roles: &[Role::SchoolAdmin.into(), Role::Registrar.into()],
        by: None,
    };
    let loaded = calendar::time_zone(&db).await?.is_some();
    db.write(async |tx| {
        if !loaded {
            packs::load(tx, &pack, new.name, now).await?;
            accounts::add_roles(tx).await?;
        }
        // The first try may have got this far without showing its password.
        match logins::find_login(&mut *tx, &admin).await? {
            Some(known) => {
                logins::set_password(tx, known.id, known.v, &one_time.hash, true, now).await?;
            }
            None => {
                accounts::add_login(tx, &login, &one_time, now).await?;
            }
        }
        Ok(())
    })
    .await?;
    db.close().await;
    Ok(one_time.password)
}

/// Opens a school that is made for work.
async fn open(state: &State, code: &str) -> Result<()> {
    let control = state.tenants.control();
    control
        .write(async |tx| Ok(schools::set_state(tx, code, "open").await?))
        .await
}

/// Brings every school up to date; one that fails does not keep the others back.
pub async fn migrate_all(state: &State) -> anyhow::Result<()> {
    let mut failed = 0;
    for school in state.tenants.all().await? {
        match state.tenants.prepare(&school.code).await {
            Ok(db) => {
                db.close().await;
                print(&format!("{}: up to date", school.code))?;
            }
            Err(error) => {
                failed += 1;
                print(&format!("{}: {error}", school.code))?;
            }
        }
    }
    anyhow::ensure!(failed == 0, "{failed} schools are not up to date");
    Ok(())
}

async fn suspend(state: &State, code: &str, undo: bool) -> Result<()> {
    let (from, to) = if undo {
        ("suspended", "open")
    } else {
        ("open", "suspended")
    };
    let school = schools::find(state.tenants.control(), code).await?;
    let school = school.ok_or_else(|| ApiError::not_found("school"))?;
    if school.state != from {
        let text = format!("the school {code} is {}, not {from}", school.state);
        return Err(ApiError::conflict("wrong-state", text).into());
    }
    let control = state.tenants.control();
    control
        .write(async |tx| Ok(schools::set_state(tx, code, to).await?))
        .await
}

fn list(all: &[schools::School], format: Format) -> anyhow::Result<()> {
    if format == Format::Json {
        let rows: Vec<_> = all
            .iter()
            .map(|school| serde_json::json!({"code": school.code, "name": school.name, "state": school.state}))
            .collect();
        return print(&serde_json::to_string_pretty(&rows)?);
    }
    let row = |code: &str, state: &str, name: &str| format!("{code:20} {state:10} {name}");
    print(&row("CODE", "STATE", "NAME"))?;
    all.iter()
        .try_for_each(|school| print(&row(&school.code, &school.state, &school.name)))
}

fn check_code(code: &str) -> Result<(), ApiError> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if (2..=20).contains(&code.len()) && code.chars().all(plain) {
        return Ok(());
    }
    let text = format!("{code:?} is not a school's code");
    Err(ApiError::invalid("bad-code", text).hint("use 2 to 20 of a-z, 0-9 and dash"))
}

fn check_name(name: &str) -> Result<(), ApiError> {
    let length = name.chars().count();
    if (1..=120).contains(&length) && !name.chars().any(is_hidden) && name.trim() == name {
        return Ok(());
    }
    let text = format!("{name:?} is not a name of 1 to 120 visible characters");
    Err(ApiError::invalid("bad-name", text))
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
        ] {
            assert!(check_code(bad).is_err(), "{bad:?}");
        }
    }
}
