//! `database …`: the rights of the server's database user, for whoever runs the database.

use hillview_shared::ApiError;

use super::{print, with_state};
use crate::config::Config;

#[derive(clap::Subcommand)]
pub enum Command {
    /// Print the statements that give a database user what the server needs, and no more
    ///
    /// With --migration-database the server gives these rights itself. By hand: migrate as a user
    /// who may, run these statements, and start the server as the user they name.
    Grants {
        /// The user, USER@HOST; the user of --database when not given
        #[arg(long, value_name = "USER@HOST")]
        user: Option<String>,
    },
}

impl Command {
    pub(super) async fn run(self, config: &Config) -> anyhow::Result<()> {
        let Self::Grants { user } = self;
        let statements = with_state(config, async |state| {
            let user = user.as_deref();
            let statements = state.tenants.grants(config, user).await?;
            Ok(statements.ok_or_else(|| {
                let message = "SQLite has no database users";
                ApiError::invalid("no-database-users", message)
                    .hint("its files belong to the system user that runs the server")
            })?)
        })
        .await?;
        statements
            .iter()
            .try_for_each(|statement| print(&format!("{statement};")))
    }
}
