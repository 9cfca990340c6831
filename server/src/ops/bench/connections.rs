//! `bench connections`: many connections, of which few do something.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hillview_shared::wire::QUIET_MAX;
use rand::RngExt;
use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::load::ground::{Ground, Size};
use super::load::people::People;
use super::load::person::Person;
use super::load::step::{Pace, Window, come_in, live};
use super::load::tally::Tally;
use super::load::{Mix, Transport};
use super::private::{Place, Server, Taken};
use super::report::{On, Report, Times, micros, ratio, times};
use crate::config::Config;
use crate::open_files;
use crate::service::State;

/// Connections of one login: below what a server lets one user have.
const OF_LOGIN: usize = 50;
/// Files that a process needs beside those of its connections.
const OTHER_FILES: u64 = 300;

/// Measure many connections: most are idle, and the others read now and then
///
/// A private server of the given settings is started, a school is made on it, and all is removed afterwards.
/// Each connection has gone on with a session. Idle ones say nothing but a sign of life, as the client does.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  hillview-server bench connections
  hillview-server bench connections --count 10000 --active 1000 --json connections.json
  hillview-server bench connections --transport unix --database 'mysql://…' --redis 'redis://…'")]
pub struct Connections {
    /// How many connections
    #[arg(long, default_value_t = 10_000, value_name = "N")]
    count: usize,
    /// How many of them do something; one in ten without it
    #[arg(long, value_name = "N")]
    active: Option<usize>,
    /// For how long is measured, once all are open
    #[arg(long, default_value_t = 60, value_name = "N")]
    seconds: u64,
    /// How long those that do something think before each call, on average
    #[arg(long, default_value_t = 5.0, value_name = "SECONDS")]
    think: f64,
    /// How they come
    #[arg(long, value_enum, default_value_t = Transport::Tls)]
    transport: Transport,
    /// Write the figures into this file as well
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// The figures; times are microseconds unless they say otherwise.
#[derive(Serialize)]
struct Figures {
    connections: usize,
    active: usize,
    transport: Transport,
    /// As many files as either process may have open.
    open_files: Option<u64>,
    opening: Opening,
    /// Calls of those that do something, from the moment at which they were meant to be made.
    calls: Times,
    calls_a_second: f64,
    errors: u64,
    /// Connections that were not there any more at the end.
    lost: u64,
    memory: Memory,
    server_cpu_ms: u64,
}

#[derive(Serialize)]
struct Opening {
    took_ms: u64,
    a_second: f64,
    /// Connecting, the handshake, and hello with a session.
    times: Times,
    server_cpu_ms: u64,
}

/// The server's, in KiB, and what of it came with each connection.
#[derive(Serialize)]
struct Memory {
    without_connections_kib: u64,
    open_kib: u64,
    after_work_kib: u64,
    peak_kib: u64,
    kib_a_connection: f64,
    kib_a_connection_after_work: f64,
}

impl Connections {
    pub(super) async fn run(self, given: &Config) -> anyhow::Result<()> {
        self.check(given)?;
        let place = Place::like(given)?;
        let measured = self.measure(&place).await;
        place.remove().await?;
        measured?.say(self.json.as_deref())
    }

    fn check(&self, given: &Config) -> anyhow::Result<()> {
        anyhow::ensure!(
            (0.01..=3_600.0).contains(&self.think),
            "--think takes 0.01 to 3600 seconds"
        );
        let most = given.limits.connections;
        anyhow::ensure!(
            (1..=most).contains(&self.count),
            "a server takes 1 to {most} connections"
        );
        anyhow::ensure!(
            self.active() <= self.count && self.seconds > 0,
            "no more are active than there are, for 1 second or more"
        );
        let limit = open_files::raise().unwrap_or(u64::MAX);
        let needed = u64::try_from(self.count)? + OTHER_FILES;
        anyhow::ensure!(
            limit >= needed,
            "{needed} files must be open at the same time, and {limit} may be; {}",
            open_files::HINT
        );
        Ok(())
    }

    fn active(&self) -> usize {
        self.active.unwrap_or(self.count / 10)
    }

    async fn measure(&self, place: &Place) -> anyhow::Result<Report<Figures>> {
        let state = State::open(&place.config).await?;
        let on = On::of(&state, place.config.redis.is_some()).await?;
        let logins = self.count.div_ceil(OF_LOGIN);
        let ground = Ground::make(&state, &Size::of_teachers(logins)).await;
        state.tenants.close().await;
        let ground = ground?;
        let server = place.serve().await?;
        let people = People::log_in(&server, &ground, (self.count, 0), Mix::L4).await;
        server.stop().await?;
        // A new one, which has not grown with the logins.
        let server = place.serve().await?;
        let figures = self.work(&server, &people?).await;
        server.stop().await?;
        Ok(Report {
            bench: "connections",
            on,
            figures: figures?,
        })
    }

    async fn work(&self, server: &Server, people: &People) -> anyhow::Result<Figures> {
        let ways = [self.transport.to(server)];
        let empty = server.taken()?;
        let began = Instant::now();
        let arrived = come_in(&ways, &people.all, Mix::L1).await?;
        let took = began.elapsed();
        let open = server.taken()?;
        let (tally, lost) = self.use_them(arrived.people).await?;
        let after = server.taken()?;
        let (calls, _) = tally.overall();
        let errors = tally.deeds.values().flat_map(|calls| calls.errors.values());
        let connections = u64::try_from(self.count)?;
        Ok(Figures {
            connections: self.count,
            active: self.active(),
            transport: self.transport,
            open_files: open_files::raise(),
            opening: Opening {
                took_ms: micros(took) / 1_000,
                a_second: ratio(connections * 1_000_000, micros(took)),
                times: times(&arrived.times),
                server_cpu_ms: open.cpu_ms - empty.cpu_ms,
            },
            calls: times(&calls),
            calls_a_second: ratio(calls.len(), self.seconds),
            errors: errors.sum(),
            lost,
            memory: Memory::of(&empty, &open, &after, connections),
            server_cpu_ms: after.cpu_ms - open.cpu_ms,
        })
    }

    /// Some do something; the others are there. Says how many connections were lost.
    async fn use_them(&self, mut people: Vec<Person>) -> anyhow::Result<(Tally, u64)> {
        let opens = Instant::now();
        let window = Window {
            opens,
            closes: opens + Duration::from_secs(self.seconds),
        };
        let idle = people.split_off(self.active());
        let tally = Arc::new(Mutex::new(Tally::default()));
        let pace = Pace::Closed(Duration::from_secs_f64(self.think));
        let mut working = JoinSet::new();
        for person in people {
            working.spawn(live(person, pace, window, Arc::clone(&tally)));
        }
        let mut waiting = JoinSet::new();
        for person in idle {
            waiting.spawn(stay(person, window.closes));
        }
        let mut lost = 0;
        while let Some(there) = waiting.join_next().await {
            lost += u64::from(!there?);
        }
        while let Some(person) = working.join_next().await {
            lost += u64::from(!person?.ping().await);
        }
        let tally = std::mem::take(&mut *tally.lock().unwrap_or_else(PoisonError::into_inner));
        Ok((tally, lost))
    }
}

/// Says nothing but a sign of life, as the client does; whether there was an answer to the end.
async fn stay(mut person: Person, until: Instant) -> bool {
    // Not all at the same moment: they have come one after the other.
    let mut next = Instant::now() + QUIET_MAX.mul_f64(person.random.random_range(0.0..1.0));
    while next < until {
        sleep_until(next).await;
        if !person.ping().await {
            return false;
        }
        next += QUIET_MAX;
    }
    sleep_until(until).await;
    person.ping().await
}

impl Memory {
    fn of(empty: &Taken, open: &Taken, after: &Taken, connections: u64) -> Self {
        let of_each =
            |taken: &Taken| ratio(taken.now_kib.saturating_sub(empty.now_kib), connections);
        Self {
            without_connections_kib: empty.now_kib,
            open_kib: open.now_kib,
            after_work_kib: after.now_kib,
            peak_kib: after.peak_kib,
            kib_a_connection: of_each(open),
            kib_a_connection_after_work: of_each(after),
        }
    }
}
