//! `user …`: logins, when nobody can log in to make them.

use hillview_shared::accounts::RoleCode;
use hillview_shared::staff::StaffState;
use hillview_shared::text::visible;

use super::{Format, print, with_state};
use crate::config::Config;
use crate::db::accounts::User;
use crate::error::Result;
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
    /// List the logins of a school
    #[command(after_help = "\
Example:
  hillview-server user list kilimani --format json
  hillview-server user list platform")]
    List {
        /// Code of the school
        school: String,
        #[arg(long, value_enum, default_value = "table")]
        format: Format,
    },
    /// Shut a login out at once, or let it in again
    ///
    /// For logins that nobody at the school may shut out, such as its first one and those of the
    /// platform. A member of staff is disabled with their login.
    #[command(after_help = "\
Example:
  hillview-server user disable kilimani asha
  hillview-server user disable platform asha --undo")]
    Disable {
        /// Code of the school
        school: String,
        /// User name
        user: String,
        /// Let it in again
        #[arg(long)]
        undo: bool,
    },
    /// Take a login's second factor away, and end its sessions
    #[command(after_help = "\
Example:
  hillview-server user reset-second-factor platform asha")]
    ResetSecondFactor {
        /// Code of the school
        school: String,
        /// User name
        user: String,
    },
}

impl Command {
    pub(super) async fn run(self, config: &Config) -> anyhow::Result<()> {
        let said = match self {
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
            Self::List { school, format } => {
                let all = with_state(config, async |state| list(state, &school).await).await?;
                return shown(&all, format);
            }
            Self::Disable { school, user, undo } => {
                let disabled = async |state: &State| disable(state, &school, &user, undo).await;
                let now = with_state(config, disabled).await?;
                format!("{user}: {now}")
            }
            Self::ResetSecondFactor { school, user } => {
                let reset = async |state: &State| reset_second_factor(state, &school, &user).await;
                with_state(config, reset).await?;
                format!("{user}: the second factor was taken away")
            }
        };
        print(&said)
    }
}

fn shown(all: &[User], format: Format) -> anyhow::Result<()> {
    if format == Format::Json {
        let rows: Vec<_> = all.iter().map(as_json).collect();
        return print(&serde_json::to_string_pretty(&rows)?);
    }
    let row = |user: &str, state: &str, number: &str, factor: &str, roles: &str, name: &str| {
        format!("{user:20} {state:8} {number:12} {factor:13} {roles:24} {name}")
    };
    print(&row(
        "USER",
        "STATE",
        "STAFF NUMBER",
        "SECOND FACTOR",
        "ROLES",
        "NAME",
    ))?;
    all.iter().try_for_each(|user| {
        let factor = if user.second_factor { "on" } else { "-" };
        let number = user.staff_no.as_deref().unwrap_or("-");
        let roles = user.roles.as_deref().unwrap_or("-");
        print(&row(
            &user.username,
            &user.state,
            &visible(number),
            factor,
            roles,
            &visible(&user.name),
        ))
    })
}

fn as_json(user: &User) -> serde_json::Value {
    let roles = user.roles.as_deref().unwrap_or_default().split(',');
    serde_json::json!({
        "username": user.username,
        "name": user.name,
        "state": user.state,
        "staff_no": user.staff_no,
        "roles": roles.filter(|role| !role.is_empty()).collect::<Vec<_>>(),
        "second_factor": user.second_factor,
        "last_seen": user.last_seen,
    })
}

/// The logins of a school.
pub async fn list(state: &State, school: &str) -> Result<Vec<User>> {
    let tenant = state.tenants.school(school).await?;
    accounts::by_hand::list(&tenant.db).await
}

/// Shuts a login out or lets it in; gives its state.
pub async fn disable(state: &State, school: &str, user: &str, undo: bool) -> Result<StaffState> {
    let tenant = state.tenants.school(school).await?;
    accounts::by_hand::disable(state, school, &tenant.db, user, undo).await
}

/// Takes a login's second factor away.
pub async fn reset_second_factor(state: &State, school: &str, user: &str) -> Result<()> {
    let tenant = state.tenants.school(school).await?;
    accounts::by_hand::reset_second_factor(state, school, &tenant.db, user).await
}

/// Adds a login and gives its one-time password.
pub async fn add(state: &State, school: &str, login: &accounts::NewLogin<'_>) -> Result<String> {
    let tenant = state.tenants.school(school).await?;
    let one_time = accounts::one_time(state).await?;
    accounts::by_hand::add(state, &tenant.db, login, &one_time).await?;
    Ok(one_time.password)
}

/// Gives a login a new one-time password.
pub async fn reset(state: &State, school: &str, user: &str) -> Result<String> {
    let tenant = state.tenants.school(school).await?;
    accounts::reset_password(state, school, &tenant.db, user).await
}
