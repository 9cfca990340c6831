//! Measuring a server as its clients see it: a private one of the given settings is started beside
//! this program, and asked over the real wire. Nothing of a real installation is touched.

mod forty;
mod growth;
mod line;
mod login;
mod private;
mod report;
mod save;
mod search;
mod wire;

use crate::config::Config;

#[derive(clap::Subcommand)]
pub enum Command {
    Growth(growth::Growth),
    Login(login::Login),
    Save(save::Save),
    Search(search::Search),
    Wire(wire::Wire),
}

impl Command {
    pub(super) async fn run(self, config: &Config) -> anyhow::Result<()> {
        match self {
            // It measures more than fits into a small future.
            Self::Growth(growth) => Box::pin(growth.run(config)).await,
            Self::Login(login) => login.run(config).await,
            Self::Save(save) => save.run(config).await,
            Self::Search(search) => search.run(config).await,
            Self::Wire(wire) => wire.run(config).await,
        }
    }
}
