//! `user …`: logins, when nobody can log in to make them.

use hillview_shared::accounts::RoleCode;
use hillview_shared::audit::Action;

use super::{print, with_state};
use crate::config::Config;
use crate::error::Result;
use crate::service::audit::{self, By, Event};
use crate::service::{State, accounts};

#[derive(clap::Subcommand)]
pub enum Command {
    /// Add a login without a member of staff, and print its one-time password
    Add {
        /// Code of the school
        school: String,
        /// User name: 2 to 40 of a-z, 0-9, dot, dash and underscore
        user: String,
        /// Name of the person
        #[arg(long)]
        name: String,
        /// Role to give; may be repeated
        #[arg(long = "role", required = true)]
        roles: Vec<String>,
    },
    /// Give a login a new one-time password, and end its sessions
    Reset {
        /// Code of the school
        school: String,
        /// User name
        user: String,
    },
}

impl Command {
    pub(super) async fn run(self, config: &Config) -> anyhow::Result<()> {
        let password = match self {
            Self::Add {
                school,
                user,
                name,
                roles,
            } => {
                let roles: Vec<_> = roles.into_iter().map(RoleCode).collect();
                let login = accounts::NewLogin {
                    staff: None,
                    username: &user,
                    name: &name,
                    roles: &roles,
                    by: None,
                };
                with_state(config, async |state| add(state, &school, &login).await).await?
            }
            Self::Reset { school, user } => {
                with_state(config, async |state| reset(state, &school, &user).await).await?
            }
        };
        print(&password)
    }
}

/// Adds a login and gives its one-time password.
pub async fn add(state: &State, school: &str, login: &accounts::NewLogin<'_>) -> Result<String> {
    let tenant = state.tenants.school(school).await?;
    let one_time = accounts::one_time(state).await?;
    let now = state.clock.now();
    tenant
        .db
        .write(async |tx| {
            accounts::add_login(tx, login, &one_time, now).await?;
            let roles: Vec<&str> = login.roles.iter().map(|role| role.0.as_str()).collect();
            let event = Event::new(Action::UserAdd, login.username).detail(roles.join(", "));
            audit::note(tx, &By::server(now), event).await
        })
        .await?;
    Ok(one_time.password)
}

/// Gives a login a new one-time password.
pub async fn reset(state: &State, school: &str, user: &str) -> Result<String> {
    let tenant = state.tenants.school(school).await?;
    accounts::reset_password(state, school, &tenant.db, user).await
}
