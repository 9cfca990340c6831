//! Who is at work: their roles, and their sessions.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use hillview_shared::accounts::LogIn;
use hillview_shared::api::{HillviewRequest, HillviewResponse, Resume};
use rand::RngExt;
use serde::Serialize;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::deeds::{Mix, Role};
use super::ground::Ground;
use crate::ops::bench::line::{Line, Way};
use crate::ops::bench::private::Server;
use crate::ops::seed;

/// How many log in at the same time: as many as wait for a processor anyhow, and fewer than a
/// server has room for.
const AT_ONCE: usize = 100;
/// The office has so many people for each of its own.
const A_REGISTRAR: usize = 100;
/// Whoever is told to come back does so for so long.
const COMES_BACK: Duration = Duration::from_secs(300);

/// Who is at work, in the order in which they come.
pub struct People {
    pub all: Vec<Employed>,
    /// Sessions of others, who only sign out.
    pub leaving: Vec<Resume>,
    pub came: Came,
}

/// One of them.
#[derive(Clone)]
pub struct Employed {
    pub role: Role,
    pub session: Resume,
}

/// What it took to log all of them in.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Came {
    pub logins: usize,
    pub took_ms: u64,
    pub server_cpu_ms: u64,
    pub peak_memory_kib: u64,
}

/// A school and a login in it.
type Login = (usize, String);

impl People {
    /// Logs in as many people as there are to be, each login once, and some more who sign out later.
    pub async fn log_in(
        server: &Server,
        ground: &Ground,
        (most, leaving): (usize, usize),
        mix: Mix,
    ) -> anyhow::Result<Self> {
        let began = Instant::now();
        let before = server.taken()?;
        let people: Vec<(Role, Login)> =
            (0..most).map(|n| employed(ground, n, most, mix)).collect();
        let mut once: Vec<Login> = people.iter().map(|(_, login)| login.clone()).collect();
        once.sort_unstable();
        once.dedup();
        let others = (0..leaving).map(|n| employed(ground, n, leaving, Mix::L4).1);
        let all: Vec<Login> = once.iter().cloned().chain(others).collect();
        let logins = all.len();
        let mut sessions = each(&server.way, ground, all).await?;
        let leaving = sessions.split_off(once.len());
        let by_login: BTreeMap<&Login, &Resume> = once.iter().zip(&sessions).collect();
        let all = people.iter().map(|(role, login)| Employed {
            role: *role,
            session: by_login[login].clone(),
        });
        let taken = server.taken()?;
        Ok(Self {
            all: all.collect(),
            leaving,
            came: Came {
                logins,
                took_ms: u64::try_from(began.elapsed().as_millis())?,
                server_cpu_ms: taken.cpu_ms - before.cpu_ms,
                peak_memory_kib: taken.peak_kib,
            },
        })
    }
}

/// Who the n-th person of so many is. The schools take turns, and in each of them the teachers come
/// from all who teach, so that as many of them are class teachers as in the school.
fn employed(ground: &Ground, n: usize, most: usize, mix: Mix) -> (Role, Login) {
    let schools = ground.schools.len();
    let (school, n) = (n % schools, n / schools);
    let of_school = most.div_ceil(schools);
    let role = match (mix, n) {
        (Mix::L4, _) => Role::Teacher,
        (Mix::L1, 0) => Role::Head,
        (Mix::L1, 1) => Role::Deputy,
        (Mix::L1, n) if n % A_REGISTRAR == 2 => Role::Registrar,
        (Mix::L1, _) => Role::Teacher,
    };
    let one = match of_school < ground.teachers {
        true => n * ground.teachers / of_school,
        false => n % ground.teachers,
    };
    (role, (school, ground.login(role, one)))
}

/// A session of each login, in their order.
async fn each(way: &Way, ground: &Ground, logins: Vec<Login>) -> anyhow::Result<Vec<Resume>> {
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let mut all = JoinSet::new();
    for (place, (school, user)) in logins.into_iter().enumerate() {
        let request = LogIn {
            school: ground.schools[school].clone(),
            user,
            password: seed::PASSWORD.to_owned(),
            code: None,
            device: None,
        };
        let (way, turns) = (way.clone(), Arc::clone(&turns));
        all.spawn(async move {
            let _turn = turns.acquire().await?;
            anyhow::Ok((place, come(&way, request).await?))
        });
    }
    let mut sessions = BTreeMap::new();
    while let Some(came) = all.join_next().await {
        let (place, session) = came??;
        sessions.insert(place, session);
    }
    Ok(sessions.into_values().collect())
}

/// One person logs in, and comes back when told to.
async fn come(way: &Way, request: LogIn) -> anyhow::Result<Resume> {
    let began = Instant::now();
    let line = way.connect().await?;
    loop {
        let refusal = match try_once(&line, &request).await? {
            Ok(session) => return Ok(session),
            Err(refusal) => refusal,
        };
        let wait = refusal.again_in.filter(|_| began.elapsed() < COMES_BACK);
        let wait = wait.with_context(|| format!("{} cannot log in: {refusal}", request.user))?;
        // Not all at the same moment again.
        let spread = rand::rng().random_range(0..1000);
        sleep(Duration::from_secs(wait.into()) + Duration::from_millis(spread)).await;
    }
}

async fn try_once(
    line: &Line,
    request: &LogIn,
) -> anyhow::Result<Result<Resume, hillview_shared::ApiError>> {
    let (school, request) = (request.school.clone(), request.clone());
    let answer = match line.call(HillviewRequest::LogIn { request }).await? {
        Ok(answer) => answer,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let HillviewResponse::LogIn(Ok(logged_in)) = answer else {
        anyhow::bail!("the server answers something else to a login");
    };
    let token = logged_in.token;
    Ok(Ok(Resume { school, token }))
}
