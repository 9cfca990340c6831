//! Measuring a server as its clients see it: a private one of the given settings is started beside
//! this program, and asked over the real wire. Nothing of a real installation is touched.

mod connections;
mod forty;
mod growth;
mod import;
mod instances;
mod line;
mod load;
mod login;
mod machine;
mod private;
mod report;
mod save;
mod search;
mod seed;
mod wire;

use crate::config::Config;

#[derive(clap::Subcommand)]
pub enum Command {
    Connections(connections::Connections),
    Growth(growth::Growth),
    Instances(instances::Instances),
    Import(import::Import),
    Load(load::Load),
    Login(login::Login),
    Save(save::Save),
    Search(search::Search),
    Seed(seed::Seed),
    Wire(wire::Wire),
}

impl Command {
    pub(super) async fn run(self, config: &Config) -> anyhow::Result<()> {
        match self {
            Self::Connections(connections) => connections.run(config).await,
            Self::Growth(growth) => growth.run(config).await,
            Self::Instances(instances) => Box::pin(instances.run(config)).await,
            Self::Import(import) => Box::pin(import.run(config)).await,
            Self::Load(load) => load.run(config).await,
            Self::Login(login) => Box::pin(login.run(config)).await,
            Self::Save(save) => save.run(config).await,
            Self::Search(search) => search.run(config).await,
            Self::Seed(seed) => seed.run(config).await,
            Self::Wire(wire) => wire.run(config).await,
        }
    }
}
