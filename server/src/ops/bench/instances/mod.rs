//! `bench instances`: several servers of the same data, of which one is killed, or all are started
//! anew one after another, while people work.

mod haproxy;
mod proof;
mod user;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use hillview_shared::accounts::{LogIn, Role};
use hillview_shared::api::{HillviewRequest, HillviewResponse, Resume};
use hillview_shared::assessments::{
    AssessmentState, ListSheets, OpenSheet, Sheet, SheetOpened, WhichSheet,
};
use serde::Serialize;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use self::haproxy::HaProxy;
use self::proof::Proof;
use self::user::{Part, Phase, Seen, User};
use super::line::{Line, Way};
use super::private::{ANY_RATE, Place, Server};
use super::report::{On, Report, Times, histogram, micros, times};
use crate::config::Config;
use crate::db::accounts as logins;
use crate::ops::demo::school;
use crate::service::State;
use crate::service::accounts::{self, NewLogin, OneTime};

/// Measure several servers: users save and read marks while a server is killed, and move over to the others
///
/// Private servers are started on the given MySQL and Redis, and removed afterwards. In the end every mark and its
/// history are compared with what was acknowledged.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  hillview-server bench instances --database 'mysql://…' --redis 'redis://…' --kill
  hillview-server bench instances --database 'mysql://…' --redis 'redis://…' --rolling --haproxy /usr/sbin/haproxy
  hillview-server bench instances --config server.toml --servers 2 --users 50 --seconds 15 --kill --json instances.json")]
pub struct Instances {
    /// How many servers
    #[arg(long, default_value_t = 3, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=16))]
    servers: u16,
    /// How many users
    #[arg(long, default_value_t = 200, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1_000))]
    users: u16,
    /// For how long
    #[arg(long, default_value_t = 60, value_name = "N", value_parser = clap::value_parser!(u16).range(3..))]
    seconds: u16,
    /// Milliseconds between the calls of a user; up to half less
    #[arg(long, default_value_t = 500, value_name = "N")]
    think: u16,
    /// Kill a server after a third of the time, and start it again after two
    #[arg(long, conflicts_with = "rolling")]
    kill: bool,
    /// Stop the servers in order and start them again, one after another, after a third of the time
    #[arg(long)]
    rolling: bool,
    /// Put this HAProxy in front; without it users choose a server by themselves
    #[arg(long, value_name = "PATH")]
    haproxy: Option<PathBuf>,
    /// Write the figures into this file as well
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// The figures; times are microseconds.
#[derive(Serialize)]
struct Figures {
    servers: u16,
    users: u16,
    seconds: u16,
    haproxy: bool,
    /// `kill`, `rolling` or `nothing`.
    happened: &'static str,
    saves_acknowledged: u64,
    marks_acknowledged: u64,
    /// Acknowledged marks that were not there when they were looked for.
    lost: u64,
    /// Changes in the histories beyond those that were acknowledged.
    doubled: u64,
    /// Saves that were sent again because nobody had answered.
    sent_again: u64,
    /// What users met before they were answered, by its code.
    errors: BTreeMap<String, u64>,
    /// Users that gave up, and why the first did.
    gave_up: usize,
    why: Option<String>,
    /// From a line that broke, or a call that was put off, to the next answer.
    without_a_server: Times,
    calls_a_second: Calls,
}

/// By what happened to the servers.
#[derive(Serialize)]
struct Calls {
    before: u64,
    meanwhile: u64,
    after: u64,
}

impl Instances {
    pub(super) async fn run(self, given: &Config) -> anyhow::Result<()> {
        let mut place = Place::like(given)?;
        // All users come from one address here, which a proxy tells the servers.
        place.config.limits.address_rate = ANY_RATE;
        if self.haproxy.is_some() {
            place.config.proxy = vec!["127.0.0.1".parse()?];
        }
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

        let mut servers = place.serve_many(self.servers.into()).await?;
        let proxy = match &self.haproxy {
            Some(program) => {
                let addresses: Vec<SocketAddr> = servers.iter().map(|it| it.address).collect();
                Some(HaProxy::start(program, &place.config.data_dir, &addresses).await?)
            }
            None => None,
        };
        let ways: Vec<Way> = match &proxy {
            Some(proxy) => vec![proxy.way.clone()],
            None => servers.iter().map(|server| server.way.clone()).collect(),
        };
        let (tell, phase) = watch::channel(Phase::Before);
        let users = self.users(&ways, &phase).await?;
        let mut working: JoinSet<_> = users.into_iter().map(User::work).collect();
        let lasted = self.happen(&mut servers, &tell).await?;
        tell.send_replace(Phase::Over);

        let (mut done, mut why, mut gave_up) = (Vec::new(), None, 0);
        while let Some(outcome) = working.join_next().await {
            match outcome? {
                Ok(user) => done.push(user),
                Err(error) => {
                    gave_up += 1;
                    why.get_or_insert_with(|| format!("{error:#}"));
                }
            }
        }
        let (line, _) = enter(&servers[0].socket, &name_of(0)).await?;
        let mut proof = Proof::default();
        for user in &mut done {
            proof.compare(&line, user).await?;
        }
        for server in servers {
            server.stop().await?;
        }
        let seen = done.into_iter().map(|user| user.seen).collect();
        let mut figures = self.figures(seen, &proof, lasted)?;
        (figures.gave_up, figures.why) = (gave_up, why);
        Ok(Report {
            bench: "instances",
            on,
            figures,
        })
    }

    /// Lets happen what is asked for; gives how long each phase took.
    async fn happen(
        &self,
        servers: &mut [Server],
        tell: &watch::Sender<Phase>,
    ) -> anyhow::Result<[Duration; 3]> {
        let third = Duration::from_secs(self.seconds.into()) / 3;
        let began = Instant::now();
        sleep(third).await;
        tell.send_replace(Phase::Meanwhile);
        let before = began.elapsed();
        if self.kill {
            let victim = servers.last_mut().context("there is a server")?;
            victim.kill().await?;
            sleep(third).await;
            victim.start_again().await?;
        } else if self.rolling {
            for server in &mut *servers {
                server.terminate().await?;
                server.start_again().await?;
                // A proxy looks every second, and wants two good looks.
                sleep(Duration::from_secs(3)).await;
            }
        } else {
            sleep(third).await;
        }
        tell.send_replace(Phase::After);
        let meanwhile = began.elapsed() - before;
        sleep(third).await;
        Ok([before, meanwhile, began.elapsed() - before - meanwhile])
    }

    fn figures(
        &self,
        all: Vec<Seen>,
        proof: &Proof,
        lasted: [Duration; 3],
    ) -> anyhow::Result<Figures> {
        let (mut sum, mut without) = (Seen::default(), histogram());
        for seen in all {
            sum.saves += seen.saves;
            sum.marks += seen.marks;
            sum.again += seen.again;
            sum.lost += seen.lost;
            for (code, count) in seen.errors {
                *sum.errors.entry(code).or_default() += count;
            }
            for (sum, calls) in sum.calls.iter_mut().zip(seen.calls) {
                *sum += calls;
            }
            for time in seen.without {
                without.record(micros(time))?;
            }
        }
        let rate = |phase: usize| sum.calls[phase] * 1_000_000 / micros(lasted[phase]).max(1);
        Ok(Figures {
            servers: self.servers,
            users: self.users,
            seconds: self.seconds,
            haproxy: self.haproxy.is_some(),
            happened: match (self.kill, self.rolling) {
                (true, _) => "kill",
                (_, true) => "rolling",
                _ => "nothing",
            },
            saves_acknowledged: sum.saves,
            marks_acknowledged: sum.marks,
            lost: sum.lost + proof.lost,
            doubled: proof.doubled,
            sent_again: sum.again,
            errors: sum.errors,
            gave_up: 0,
            why: None,
            without_a_server: times(&without),
            calls_a_second: Calls {
                before: rate(0),
                meanwhile: rate(1),
                after: rate(2),
            },
        })
    }

    /// Adds the logins, all with one hash: making them is not what is measured.
    async fn people(&self, state: &State) -> anyhow::Result<()> {
        let tenant = state.tenants.school(school::CODE).await?;
        let one_time = OneTime {
            password: school::PASSWORD.to_owned(),
            hash: state.hashers.hash(school::PASSWORD).await?,
        };
        let now = state.clock.now();
        let (people, roles) = (self.users, [Role::HeadTeacher.into()]);
        let write = async |tx: &mut crate::db::Tx| {
            for number in 0..people {
                let username = name_of(number);
                let new = NewLogin {
                    staff: None,
                    username: &username,
                    name: "Somebody",
                    roles: &roles,
                    by: None,
                };
                let user = accounts::add_login(tx, &new, &one_time, now).await?;
                let settled = logins::set_password(tx, user, 1, &one_time.hash, false, now).await?;
                debug_assert!(settled, "a new login is of its first version");
            }
            Ok(())
        };
        Ok(tenant.db.write(write).await?)
    }

    /// Logs everybody in and gives each some students of a sheet that nobody else writes.
    async fn users(
        &self,
        ways: &[Way],
        phase: &watch::Receiver<Phase>,
    ) -> anyhow::Result<Vec<User>> {
        let (line, _) = enter(&ways[0], &name_of(0)).await?;
        let sheets = open_sheets(&line).await?;
        let each = usize::from(self.users).div_ceil(sheets.len());
        let mut users = Vec::new();
        for number in 0..self.users {
            let place = usize::from(number);
            let sheet = &sheets[place % sheets.len()];
            let own = sheet.rows.iter().skip(place / sheets.len()).step_by(each);
            let part = Part {
                sheet: sheet.id,
                highest: sheet.out_of.hundredths() / 100,
                rows: own.cloned().collect(),
            };
            anyhow::ensure!(!part.rows.is_empty(), "too many users for these sheets");
            // As many at each of the servers.
            let mut ways = ways.to_vec();
            let first = place % ways.len();
            ways.rotate_left(first);
            let (_, resume) = enter(&ways[0], &name_of(number)).await?;
            let think = Duration::from_millis(self.think.into());
            users.push(User::new(ways, resume, part, phase.clone(), think));
        }
        Ok(users)
    }
}

/// The sheets that take scores now, with their students.
async fn open_sheets(line: &Line) -> anyhow::Result<Vec<Sheet>> {
    let request = ListSheets {
        limit: 200,
        ..ListSheets::default()
    };
    let answer = line.call(HillviewRequest::ListSheets { request }).await??;
    let HillviewResponse::ListSheets(Ok(listed)) = answer else {
        anyhow::bail!("no list of sheets came");
    };
    let mut sheets = Vec::new();
    for row in listed.rows {
        if row.assessment_state != AssessmentState::Open {
            continue;
        }
        let request = OpenSheet {
            sheet: WhichSheet::Id(row.id),
            newer_than: None,
        };
        let answer = line.call(HillviewRequest::OpenSheet { request }).await??;
        if let HillviewResponse::OpenSheet(Ok(SheetOpened::Sheet(sheet))) = answer {
            sheets.push(*sheet);
        }
    }
    anyhow::ensure!(!sheets.is_empty(), "no sheet takes marks");
    Ok(sheets)
}

async fn enter(way: &Way, user: &str) -> anyhow::Result<(Line, Resume)> {
    let line = way.connect().await?;
    let request = LogIn {
        school: school::CODE.to_owned(),
        user: user.to_owned(),
        password: school::PASSWORD.to_owned(),
        code: None,
        device: None,
    };
    let answer = line.call(HillviewRequest::LogIn { request }).await??;
    let HillviewResponse::LogIn(Ok(begun)) = answer else {
        anyhow::bail!("no answer to a login came");
    };
    let resume = Resume {
        school: school::CODE.to_owned(),
        token: begun.token,
    };
    Ok((line, resume))
}

fn name_of(number: u16) -> String {
    format!("person{number:05}")
}
