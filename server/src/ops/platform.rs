//! `platform …`: the logins that look after schools, when nobody can log in to make them.

use hillview_shared::accounts::PLATFORM;

use super::{print, with_state};
use crate::config::Config;
use crate::service::schools;

#[derive(clap::Subcommand)]
pub enum Command {
    /// Make a platform administrator and print the login's one-time password
    ///
    /// They make, suspend, rename, export and remove schools and see nothing of what is in them.
    /// They log in with `platform` as the school's code. A login that is there gets a new
    /// password, and its sessions end.
    #[command(after_help = "\
Example:
  hillview-server platform admin wanjiku
  hillview login --school platform --user wanjiku")]
    Admin {
        /// User name: 2 to 40 of a-z, 0-9, dot, dash and underscore
        user: String,
    },
}

impl Command {
    pub(super) async fn run(self, config: &Config) -> anyhow::Result<()> {
        let Self::Admin { user } = self;
        let password = with_state(config, async |state| {
            schools::platform_admin(state, &user).await
        })
        .await?;
        print(&format!(
            "log in with the school {PLATFORM}, the user {user} and the one-time password"
        ))?;
        print(&password)
    }
}
