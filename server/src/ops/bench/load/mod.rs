//! `bench load`: a school at work, over the real wire.
//!
//! Every call is timed from the moment at which its person meant to make it: a server that is slow
//! to answer holds up the calls after it, and that shows too. In an open loop the moments do not
//! depend on the answers at all.

mod deeds;
mod desk;
mod figures;
pub mod ground;
pub mod people;
pub mod person;
mod proof;
pub mod step;
pub mod tally;

use std::path::PathBuf;
use std::time::Duration;

pub use deeds::Mix;

use super::line::Way;
use super::private::{Place, Server};
use super::report::{On, Report, micros};
use crate::config::Config;
use crate::service::State;
use figures::Figures;
use ground::Ground;
use people::People;
use step::{Pace, Step};

/// Measure a school at work: people with a role, a session and time to think, over TLS or the Unix socket
///
/// A private server of the given settings is started, schools are made on it, and all is removed afterwards.
/// The clients share this machine with the server: "generator" in the figures says what they took of it.
/// Afterwards every save that was acknowledged is read back; marks lost or doubled fail the command.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  hillview-server bench load
  hillview-server bench load --mix l4 --transport unix
  hillview-server bench load --users 1160 --open-loop 400 --database 'mysql://…' --redis 'redis://…'
  hillview-server bench load --steps 290,580,1160,2320 --json load.json")]
pub struct Load {
    /// How many people are at work
    #[arg(long, default_value_t = 1160, value_name = "N")]
    users: usize,
    /// One run after the other with so many people each, on the same schools
    #[arg(
        long,
        value_name = "N,…",
        value_delimiter = ',',
        conflicts_with = "users"
    )]
    steps: Vec<usize>,
    /// For how long is measured
    #[arg(long, default_value_t = 60, value_name = "N")]
    seconds: u64,
    /// And how long they work before that
    #[arg(long, default_value_t = 10, value_name = "N")]
    warm_up: u64,
    /// How long a person thinks between an answer and the next call, on average: 5 s is everybody busy at the same
    /// time, a mark typed every few seconds and a list looked at in between
    #[arg(long, default_value_t = 5.0, value_name = "SECONDS")]
    think: f64,
    /// Make this many calls a second in all, at random moments that do not wait for answers
    #[arg(long, value_name = "RATE")]
    open_loop: Option<u32>,
    /// What they do
    #[arg(long, value_enum, default_value_t = Mix::L1)]
    mix: Mix,
    /// How they come
    #[arg(long, value_enum, default_value_t = Transport::Tls)]
    transport: Transport,
    #[command(flatten)]
    size: ground::Size,
    /// So many others sign out at the same moment, in the middle
    #[arg(long, default_value_t = 0, value_name = "N", conflicts_with = "steps")]
    sign_outs: usize,
    /// Write the figures into this file as well
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// How people come to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Transport {
    Tls,
    Unix,
}

impl Transport {
    /// The way to a server.
    pub fn to(self, server: &Server) -> Way {
        match self {
            Self::Tls => server.way.clone(),
            Self::Unix => server.socket.clone(),
        }
    }
}

impl Load {
    pub(super) async fn run(self, given: &Config) -> anyhow::Result<()> {
        self.check()?;
        let place = Place::like(given)?;
        let measured = self.measure(&place).await;
        place.remove().await?;
        let report = measured?;
        report.say(self.json.as_deref())?;
        report.figures.must_be_whole()
    }

    fn check(&self) -> anyhow::Result<()> {
        anyhow::ensure!(
            (0.01..=3_600.0).contains(&self.think),
            "--think takes 0.01 to 3600 seconds"
        );
        anyhow::ensure!(self.seconds > 0, "--seconds takes at least 1");
        anyhow::ensure!(self.open_loop != Some(0), "--open-loop takes at least 1");
        anyhow::ensure!(
            self.counts().iter().all(|people| *people > 0),
            "there is no load without people"
        );
        Ok(())
    }

    /// How many people in each step.
    fn counts(&self) -> &[usize] {
        match &*self.steps {
            [] => std::slice::from_ref(&self.users),
            steps => steps,
        }
    }

    async fn measure(&self, place: &Place) -> anyhow::Result<Report<Figures>> {
        let state = State::open(&place.config).await?;
        let on = On::of(&state, place.config.redis.is_some()).await?;
        let ground = Ground::make(&state, &self.size).await;
        let database = super::machine::database(state.tenants.control()).await;
        state.tenants.close().await;
        let (ground, database) = (ground?, database?);

        let most = self.counts().iter().copied().max().unwrap_or_default();
        let server = place.serve().await?;
        let people = People::log_in(&server, &ground, (most, self.sign_outs), self.mix).await;
        server.stop().await?;
        let people = people?;

        let mut steps = Vec::new();
        for count in self.counts() {
            let step = Step {
                people: *count,
                pace: self.pace(*count),
                mix: self.mix,
                transport: self.transport,
                warm_up: Duration::from_secs(self.warm_up),
                measured: Duration::from_secs(self.seconds),
            };
            steps.push(step.run(place, &people, database).await?);
        }
        Ok(Report {
            bench: "load",
            on,
            figures: Figures::new(self, &ground, people.came, steps),
        })
    }

    fn think_ms(&self) -> u64 {
        micros(Duration::from_secs_f64(self.think)) / 1_000
    }

    /// How often each of so many people makes a call.
    fn pace(&self, people: usize) -> Pace {
        match self.open_loop {
            Some(rate) => {
                let people = u32::try_from(people).unwrap_or(u32::MAX);
                Pace::Open(Duration::from_secs(1).saturating_mul(people) / rate)
            }
            None => Pace::Closed(Duration::from_secs_f64(self.think)),
        }
    }
}
