//! `bench login`: many people log in while others work.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use hdrhistogram::Histogram;
use hillview_shared::accounts::{LogIn, Role};
use hillview_shared::api::{HillviewRequest, HillviewResponse};
use hillview_shared::assessments::{ListSheets, OpenSheet, WhichSheet};
use rand::RngExt;
use serde::Serialize;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use super::line::{Line, Way};
use super::private::Place;
use super::report::{On, Report, Times, histogram, micros, times};
use crate::config::Config;
use crate::ops::demo::school;
use crate::service::State;
use crate::service::accounts::{self, NewLogin, OneTime};

/// How long a reader looks at a sheet before the next.
const LOOKS: Duration = Duration::from_millis(500);
/// Whoever is told to come back is counted as lost after so long.
const COMES_BACK: Duration = Duration::from_secs(120);

/// Measure logins: many people log in over TLS while others read a sheet
///
/// A private server of the given settings is started, a school is made on it, and both are removed afterwards.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  hillview-server bench login
  hillview-server bench login --people 1160 --seconds 1
  hillview-server bench login --database 'mysql://…' --redis 'redis://…' --json login.json")]
pub struct Login {
    /// How many log in
    #[arg(long, default_value_t = 1160, value_name = "N")]
    people: usize,
    /// Within how many seconds they come, at random
    #[arg(long, default_value_t = 60, value_name = "N")]
    seconds: u64,
    /// How many others read a sheet, twice a second each
    #[arg(long, default_value_t = 50, value_name = "N")]
    readers: usize,
    /// Write the figures into this file as well
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// The figures; times are microseconds unless they say otherwise.
#[derive(Serialize)]
struct Figures {
    people: usize,
    seconds: u64,
    readers: usize,
    logged_in: usize,
    /// Of those who logged in: told to come back before.
    told_to_come_back: usize,
    failed: usize,
    took_ms: u64,
    login: Times,
    reads: Times,
    peak_memory_kib: u64,
    server_cpu_ms: u64,
}

/// How a login came out.
enum Came {
    In { back: bool, took: Duration },
    Lost,
}

impl Login {
    pub(super) async fn run(self, given: &Config) -> anyhow::Result<()> {
        let place = Place::like(given)?;
        let measured = self.measure(&place).await;
        place.remove().await?;
        measured?.say(self.json.as_deref())
    }

    async fn measure(&self, place: &Place) -> anyhow::Result<Report<Figures>> {
        let state = State::open(&place.config).await?;
        let on = On::of(&state, place.config.redis.is_some()).await?;
        school::make(&state).await?;
        self.people(&state).await?;
        state.tenants.close().await;
        let server = place.serve().await?;

        let (stop, stopped) = watch::channel(false);
        let mut readers = JoinSet::new();
        for number in 0..self.readers {
            let line = server.way.connect().await?;
            let (user, ..) = school::STAFF[number % school::STAFF.len()];
            enter(&line, user, school::PASSWORD).await?;
            readers.spawn(read(line, stopped.clone()));
        }
        let before = server.taken()?;
        let began = Instant::now();
        let came = self.log_in(&server.way).await;
        let took = began.elapsed();
        stop.send_replace(true);
        let mut reads = histogram();
        while let Some(times) = readers.join_next().await {
            reads.add(times??)?;
        }
        let taken = server.taken()?;
        server.stop().await?;

        let (mut logins, mut back) = (histogram(), 0);
        for came in &came {
            if let Came::In { back: told, took } = came {
                logins.record(micros(*took))?;
                back += usize::from(*told);
            }
        }
        let logged_in = usize::try_from(logins.len())?;
        let figures = Figures {
            people: self.people,
            seconds: self.seconds,
            readers: self.readers,
            logged_in,
            told_to_come_back: back,
            failed: self.people - logged_in,
            took_ms: u64::try_from(took.as_millis())?,
            login: times(&logins),
            reads: times(&reads),
            peak_memory_kib: taken.peak_kib,
            server_cpu_ms: taken.cpu_ms - before.cpu_ms,
        };
        Ok(Report {
            bench: "login",
            on,
            figures,
        })
    }

    /// Adds the logins, all with one hash: it is checking it that costs.
    async fn people(&self, state: &State) -> anyhow::Result<()> {
        let tenant = state.tenants.school(school::CODE).await?;
        let one_time = OneTime {
            password: school::PASSWORD.to_owned(),
            hash: state.hashers.hash(school::PASSWORD).await?,
        };
        let now = state.clock.now();
        let (people, roles) = (self.people, [Role::Teacher.into()]);
        let write = async |tx: &mut crate::db::Tx| {
            for number in 0..people {
                let new = NewLogin {
                    staff: None,
                    username: &name_of(number),
                    name: "Somebody",
                    roles: &roles,
                    by: None,
                };
                accounts::add_login(tx, &new, &one_time, now).await?;
            }
            Ok(())
        };
        Ok(tenant.db.write(write).await?)
    }

    async fn log_in(&self, way: &Way) -> Vec<Came> {
        let began = Instant::now();
        let within = self.seconds * 1000;
        let mut all = JoinSet::new();
        for number in 0..self.people {
            let at = began + Duration::from_millis(rand::rng().random_range(0..within.max(1)));
            let way = way.clone();
            all.spawn(async move {
                sleep_until(at).await;
                come(&way, number).await.unwrap_or(Came::Lost)
            });
        }
        all.join_all().await
    }
}

/// One person logs in, and comes back when told to.
async fn come(way: &Way, number: usize) -> anyhow::Result<Came> {
    let began = Instant::now();
    let mut back = false;
    while began.elapsed() < COMES_BACK {
        let line = way.connect().await?;
        let asked = Instant::now();
        let Err(refusal) = try_enter(&line, &name_of(number), school::PASSWORD).await? else {
            let took = asked.elapsed();
            return Ok(Came::In { back, took });
        };
        let wait = refusal
            .again_in
            .map(u64::from)
            .or_else(|| seconds(&refusal.message));
        let Some(wait) = wait.filter(|wait| *wait < COMES_BACK.as_secs()) else {
            return Ok(Came::Lost);
        };
        back = true;
        drop(line);
        // Not all at the same moment again.
        let spread = rand::rng().random_range(0..2000);
        sleep(Duration::from_secs(wait) + Duration::from_millis(spread)).await;
    }
    Ok(Came::Lost)
}

/// How long a refusal says to wait.
fn seconds(message: &str) -> Option<u64> {
    let (_, rest) = message.split_once("try again in ")?;
    rest.split(' ').next()?.parse().ok()
}

async fn try_enter(
    line: &Line,
    user: &str,
    password: &str,
) -> anyhow::Result<Result<(), hillview_shared::ApiError>> {
    let request = LogIn {
        school: school::CODE.to_owned(),
        user: user.to_owned(),
        password: password.to_owned(),
        code: None,
        device: None,
    };
    let answer = line.call(HillviewRequest::LogIn { request }).await?;
    Ok(answer.map(drop))
}

async fn enter(line: &Line, user: &str, password: &str) -> anyhow::Result<()> {
    Ok(try_enter(line, user, password).await??)
}

/// Opens a sheet again and again, until all is measured.
async fn read(line: Line, stopped: watch::Receiver<bool>) -> anyhow::Result<Histogram<u64>> {
    let request = ListSheets::default();
    let answer = line.call(HillviewRequest::ListSheets { request }).await??;
    let HillviewResponse::ListSheets(Ok(sheets)) = answer else {
        anyhow::bail!("no list of sheets came");
    };
    let sheet = sheets.rows.first().context("there is no sheet to read")?.id;
    let mut times = histogram();
    while !*stopped.borrow() {
        let asked = Instant::now();
        let request = OpenSheet {
            sheet: WhichSheet::Id(sheet),
            newer_than: None,
        };
        line.call(HillviewRequest::OpenSheet { request }).await??;
        times.record(micros(asked.elapsed()))?;
        sleep(LOOKS).await;
    }
    Ok(times)
}

fn name_of(number: usize) -> String {
    format!("person{number:05}")
}
