//! One run with so many people: they come, work, and are measured; then what they saved is read back.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hdrhistogram::Histogram;
use hillview_shared::api::{HillviewRequest, Resume};
use hillview_shared::ids::Moment;
use rand::RngExt;
use rand::rngs::StdRng;
use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::Transport;
use super::deeds::Mix;
use super::figures::StepFigures;
use super::people::{Employed, People};
use super::person::Person;
use super::proof::{self, Proof};
use super::tally::Tally;
use crate::ops::bench::line::Way;
use crate::ops::bench::machine;
use crate::ops::bench::private::{Logged, Place, Server, Taken};
use crate::ops::bench::report::{Times, histogram, micros, record, times};

/// How many come in at the same time.
const COME_IN: usize = 64;
/// In an open loop: how long after the end those who are behind go on.
const BEHIND: Duration = Duration::from_secs(30);

/// When a person makes the next call.
#[derive(Clone, Copy, Debug)]
pub enum Pace {
    /// So long after an answer, on average.
    Closed(Duration),
    /// So long after the moment of the call before, on average, whether that was answered or not.
    /// Many such people together make calls at random moments at a fixed rate.
    Open(Duration),
}

/// One run.
pub struct Step {
    pub people: usize,
    pub pace: Pace,
    pub mix: Mix,
    pub transport: Transport,
    pub warm_up: Duration,
    pub measured: Duration,
}

/// When calls count.
#[derive(Clone, Copy)]
pub struct Window {
    pub opens: Instant,
    pub closes: Instant,
}

/// What the machine had given at a moment.
struct Reading {
    server: Taken,
    generator_ms: u64,
    database_ms: Option<u64>,
    log: u64,
}

/// What was found in one run.
pub struct Found {
    pub tally: Tally,
    pub proof: Proof,
    pub calls: Vec<Logged>,
    pub server_ms: u64,
    pub generator_ms: u64,
    pub database_ms: Option<u64>,
    pub peak_kib: u64,
    pub signed_out: Option<SignedOut>,
}

/// How others signed out meanwhile.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct SignedOut {
    times: Times,
    failed: u64,
}

impl Step {
    /// Runs on servers that start with it. `database` is the process of the database.
    pub async fn run(
        &self,
        place: &Place,
        people: &People,
        database: Option<u32>,
    ) -> anyhow::Result<StepFigures> {
        let server = place.serve().await?;
        let ways = [self.transport.to(&server)];
        let found = self.work(&server, &ways, people, database).await;
        let cached = server.cached().await?;
        Ok(StepFigures::new(self, found?, cached))
    }

    async fn work(
        &self,
        server: &Server,
        ways: &[Way],
        people: &People,
        database: Option<u32>,
    ) -> anyhow::Result<Found> {
        let Arrived {
            people: all, since, ..
        } = come_in(ways, &people.all[..self.people], self.mix).await?;
        let began = Instant::now();
        let window = Window {
            opens: began + self.warm_up,
            closes: began + self.warm_up + self.measured,
        };
        let tally = Arc::new(Mutex::new(Tally::default()));
        let mut working = JoinSet::new();
        for person in all {
            working.spawn(live(person, self.pace, window, Arc::clone(&tally)));
        }
        let readings = async {
            sleep_until(window.opens).await;
            let before = Reading::take(server, database)?;
            sleep_until(window.closes).await;
            anyhow::Ok((before, Reading::take(server, database)?))
        };
        let middle = window.opens + self.measured / 2;
        let leaving = sign_out(ways, &people.leaving, middle);
        let ((before, after), signed_out) = tokio::try_join!(readings, leaving)?;
        let mut saves = Vec::new();
        while let Some(person) = working.join_next().await {
            saves.push(person?.go());
        }
        let proof = proof::read_back(saves, since).await?;
        let tally = std::mem::take(&mut *tally.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(Found {
            tally,
            proof,
            calls: server.logged_between(before.log, after.log)?,
            server_ms: after.server.cpu_ms - before.server.cpu_ms,
            generator_ms: after.generator_ms - before.generator_ms,
            database_ms: after
                .database_ms
                .zip(before.database_ms)
                .map(|(a, b)| a - b),
            peak_kib: after.server.peak_kib,
            signed_out,
        })
    }
}

/// People who have come in.
pub struct Arrived {
    pub people: Vec<Person>,
    /// The server's time before any of them did something.
    pub since: Moment,
    /// What it took each of them.
    pub times: Histogram<u64>,
}

/// All connect, and go on with their sessions; the ways take turns.
pub async fn come_in(ways: &[Way], all: &[Employed], mix: Mix) -> anyhow::Result<Arrived> {
    let mut arrived = Arrived {
        people: Vec::new(),
        since: Moment(i64::MAX),
        times: histogram(),
    };
    let mut coming = JoinSet::new();
    let mut all = all.iter().enumerate();
    loop {
        let next = match coming.len() < COME_IN {
            true => all.next(),
            false => None,
        };
        if let Some((number, employed)) = next {
            let way = ways[number % ways.len()].clone();
            let mut person = Person::new(u64::try_from(number)?, employed, mix, way);
            coming.spawn(async move {
                let began = Instant::now();
                anyhow::Ok((person.connect().await?, began.elapsed(), person))
            });
        } else if let Some(came) = coming.join_next().await {
            let (time, took, person) = came??;
            arrived.since = arrived.since.min(time);
            record(&mut arrived.times, micros(took));
            arrived.people.push(person);
        } else {
            return Ok(arrived);
        }
    }
}

impl Reading {
    fn take(server: &Server, database: Option<u32>) -> anyhow::Result<Self> {
        Ok(Self {
            server: server.taken()?,
            generator_ms: machine::cpu_ms(std::process::id())?,
            database_ms: database.and_then(|pid| machine::cpu_ms(pid).ok()),
            log: server.log_end()?,
        })
    }
}

/// One person works until the window closes.
pub async fn live(
    mut person: Person,
    pace: Pace,
    window: Window,
    tally: Arc<Mutex<Tally>>,
) -> Person {
    let (Pace::Closed(mean) | Pace::Open(mean)) = pace;
    let mut meant = Instant::now() + pause(mean, &mut person.random);
    while meant < window.closes {
        sleep_until(meant).await;
        let made = Instant::now();
        let behind = made > window.closes + BEHIND;
        if behind {
            let mut tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
            tally.given_up += 1;
        } else {
            let (deed, outcome) = person.act().await;
            if meant >= window.opens {
                let mut tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
                tally.count(deed, meant.elapsed(), made.elapsed(), outcome);
            }
        }
        let from = match pace {
            Pace::Closed(_) => Instant::now(),
            Pace::Open(_) => meant,
        };
        meant = from + pause(mean, &mut person.random);
    }
    person
}

/// A pause of random length, as between events that do not know of each other.
fn pause(mean: Duration, random: &mut StdRng) -> Duration {
    let part: f64 = random.random_range(1e-6..1.0);
    mean.mul_f64(part.recip().ln())
}

/// Others sign out at a moment, all at once.
async fn sign_out(
    ways: &[Way],
    leaving: &[Resume],
    at: Instant,
) -> anyhow::Result<Option<SignedOut>> {
    if leaving.is_empty() {
        return Ok(None);
    }
    let mut lines = Vec::new();
    for (number, session) in leaving.iter().enumerate() {
        lines.push(ways[number % ways.len()].go_on(session).await?.0);
    }
    sleep_until(at).await;
    let all = lines.iter().map(async |line| {
        let left = line.call(HillviewRequest::LogOut {}).await;
        (matches!(left, Ok(Ok(_))), at.elapsed())
    });
    let mut out = histogram();
    let mut failed = 0;
    for (left, took) in futures::future::join_all(all).await {
        failed += u64::from(!left);
        record(&mut out, micros(took));
    }
    Ok(Some(SignedOut {
        times: times(&out),
        failed,
    }))
}
