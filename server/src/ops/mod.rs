//! The commands of the server's binary. They act on the data folder or the database directly,
//! through the same functions as the calls.

mod bench;
pub mod database;
pub mod demo;
pub mod platform;
pub mod schools;
pub mod seed;
pub mod users;

use std::io::Write;
use std::sync::Arc;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::config::{Config, Settings};
use crate::serve::{self, Listeners};
use crate::service::{State, audit};
use crate::{logging, open_files};

/// Files that a server needs beside those of its connections.
const OTHER_FILES: u64 = 100;

/// The server of Hillview: school administration in the terminal
#[derive(clap::Parser)]
#[command(name = "hillview-server", version)]
pub struct Cli {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Serve until interrupted
    Serve,
    /// Show a throw-away school with people and marks
    ///
    /// It is made on SQLite in a folder of its own and removed at the end. No other setting or configuration file is
    /// looked at, so that nothing of a real installation is touched.
    Demo,
    /// Bring the data of all schools up to this version
    Migrate,
    /// Make, list, suspend, rename, export and remove schools
    #[command(subcommand)]
    School(schools::Command),
    /// Make the logins that look after schools
    #[command(subcommand)]
    Platform(platform::Command),
    /// Print what the server's database user needs
    #[command(subcommand)]
    Database(database::Command),
    /// List logins, add them, shut them out, give new passwords
    #[command(subcommand)]
    User(users::Command),
    Seed(seed::Seed),
    /// Measure a private server of these settings
    #[command(subcommand)]
    Bench(bench::Command),
}

/// How a list is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    Table,
    Json,
}

impl Cli {
    /// What is logged where the environment does not say.
    pub fn usual_log(&self) -> &'static str {
        match self.command {
            Command::Demo | Command::Bench(_) => logging::NOTHING,
            _ => logging::USUAL,
        }
    }

    pub async fn run(self) -> anyhow::Result<()> {
        let config = || self.settings.resolve();
        match self.command {
            Command::Demo => demo::run().await,
            Command::Serve => serve(&config()?).await,
            Command::Migrate => {
                let state = State::open(&config()?).await?;
                let done = schools::migrate_all(&state).await;
                state.tenants.close().await;
                done
            }
            Command::School(command) => command.run(&config()?).await,
            Command::Platform(command) => command.run(&config()?).await,
            Command::Database(command) => command.run(&config()?).await,
            Command::User(command) => command.run(&config()?).await,
            Command::Seed(seed) => seed.run(&config()?).await,
            Command::Bench(command) => Box::pin(command.run(&config()?)).await,
        }
    }
}

/// Serves until SIGINT or SIGTERM, then lets running calls finish.
async fn serve(config: &Config) -> anyhow::Result<()> {
    crate::logging::place_panics();
    raise_open_files(config);
    let state = State::open(config).await?;
    let listeners = Listeners::open(config).await?;
    let shutdown = signalled(&[SignalKind::interrupt(), SignalKind::terminate()])?;
    reload_on_hangup(&listeners)?;
    serve::serve(Arc::clone(&state), listeners, shutdown).await?;
    audit::flush_all(&state).await;
    state.tenants.close().await;
    Ok(())
}

/// Waits for any of these signals, none of which ends the program by itself from now on.
fn signalled(kinds: &[SignalKind]) -> std::io::Result<impl Future<Output = ()> + Send + 'static> {
    let signals = kinds.iter().map(|kind| signal(*kind));
    let mut signals = signals.collect::<Result<Vec<Signal>, _>>()?;
    Ok(async move {
        let any = signals.iter_mut().map(|signal| Box::pin(signal.recv()));
        futures::future::select_all(any).await;
    })
}

/// A connection is an open file, and so is one to the database.
fn raise_open_files(config: &Config) {
    let connections = u64::try_from(config.limits.connections).unwrap_or(u64::MAX);
    let needed = connections + u64::from(config.connections) + OTHER_FILES;
    match open_files::raise() {
        Some(limit) if limit < needed => {
            let hint = open_files::HINT;
            tracing::warn!(
                limit,
                needed,
                hint,
                "too few files may be open for all connections"
            );
        }
        _ => {}
    }
}

/// Has the certificate read again at each SIGHUP; connections that are open keep the old one.
fn reload_on_hangup(listeners: &Listeners) -> anyhow::Result<()> {
    let mut hangup = signal(SignalKind::hangup())?;
    let certificates = listeners.certificates();
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            match certificates.as_ref().map(|them| (them, them.reload())) {
                None => tracing::info!("no TLS listener: nothing to read again"),
                Some((them, Ok(()))) => {
                    tracing::info!(fingerprint = them.fingerprint(), "certificate read again");
                }
                Some((them, Err(error))) => {
                    let fingerprint = them.fingerprint();
                    let error = format!("{error:#}");
                    tracing::error!(error, fingerprint, "the certificate stays as it was");
                }
            }
        }
    });
    Ok(())
}

/// Runs a command's work and closes the databases after it, also when it failed.
async fn with_state<T>(
    config: &Config,
    work: impl AsyncFnOnce(&State) -> crate::Result<T>,
) -> anyhow::Result<T> {
    let state = State::open(config).await?;
    let done = work(&state).await;
    state.tenants.close().await;
    Ok(done?)
}

/// Prints a line of the answer.
fn print(line: &str) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stdout(), "{line}")?)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
