//! Measuring a server as its clients see it: a private one of the given settings is started beside
//! this program, and asked over the real wire. Nothing of a real installation is touched.

mod line;
mod login;
mod private;
mod report;

use crate::config::Config;

#[derive(clap::Subcommand)]
pub enum Command {
    Login(login::Login),
}

impl Command {
    pub(super) async fn run(self, config: &Config) -> anyhow::Result<()> {
        match self {
            Self::Login(login) => login.run(config).await,
        }
    }
}
