//! `bench search`: students found by name, number and class, and lists far down, in a school of
//! any size.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, bail};
use hdrhistogram::Histogram;
use hillview_shared::accounts::LogIn;
use hillview_shared::api::{HillviewRequest as Ask, HillviewResponse as Reply};
use hillview_shared::students::{ListStudents, Page, Student};
use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::line::{Line, Way};
use super::private::{ANY_RATE, Place, Server};
use super::report::{On, Report, Times, histogram, micros, times};
use crate::config::Config;
use crate::ops::seed;
use crate::service::State;

const CODE: &str = "search";
/// Who sees every student.
const USER: &str = "head";
/// How many search at once, where it is not one.
const MANY: usize = 16;

/// Measure searches: students by name, number and class, first pages and the last, over TLS
///
/// Each kind is asked by one user and then by sixteen at once, each of whom asks again as soon as the answer is there.
/// A private server of the given settings is started, a school is made on it, and both are removed afterwards.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  hillview-server bench search
  hillview-server bench search --students 100000 --calls 100
  hillview-server bench search --database 'mysql://…' --json search.json")]
pub struct Search {
    /// How many students there are
    #[arg(long, default_value_t = 10_000, value_name = "N", value_parser = clap::value_parser!(u32).range(40..=1_000_000))]
    students: u32,
    /// How many calls of each kind are measured, by one and again by sixteen
    #[arg(long, default_value_t = 320, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    calls: u32,
    /// Write the figures into this file as well
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// The figures; times are microseconds.
#[derive(Serialize)]
struct Figures {
    students: u32,
    at_once: usize,
    kinds: Vec<Kind>,
}

/// What one kind of call took.
#[derive(Serialize)]
struct Kind {
    kind: &'static str,
    /// In the page that came.
    rows: usize,
    /// Statements of a call, the most there were.
    statements: u32,
    one: Times,
    many: Times,
}

impl Search {
    pub(super) async fn run(self, given: &Config) -> anyhow::Result<()> {
        let mut place = Place::like(given)?;
        place.config.limits.user_rate = ANY_RATE;
        let measured = self.measure(&place).await;
        place.remove().await?;
        measured?.say(self.json.as_deref())
    }

    async fn measure(&self, place: &Place) -> anyhow::Result<Report<Figures>> {
        let state = State::open(&place.config).await?;
        let on = On::of(&state, place.config.redis.is_some()).await?;
        let students = usize::try_from(self.students)?;
        let size = seed::Size {
            students,
            teachers: students.div_ceil(seed::CLASS),
            marks: self.students.into(),
            seed: 1,
        };
        seed::school(&state, CODE, "A School", &size, &|_| {}).await?;
        state.tenants.close().await;
        let server = place.serve().await?;
        let mut lines = Vec::new();
        for _ in 0..MANY {
            lines.push(Arc::new(enter(&server.way).await?));
        }
        let mut kinds = Vec::new();
        for (kind, request) in requests(&lines[0]).await? {
            kinds.push(self.kind(&server, &lines, kind, request).await?);
        }
        server.stop().await?;
        let figures = Figures {
            students: self.students,
            at_once: MANY,
            kinds,
        };
        Ok(Report {
            bench: "search",
            on,
            figures,
        })
    }

    async fn kind(
        &self,
        server: &Server,
        lines: &[Arc<Line>],
        kind: &'static str,
        request: ListStudents,
    ) -> anyhow::Result<Kind> {
        let before = server.logged()?.len();
        let rows = page(&lines[0], request.clone()).await?.rows.len();
        let one = ask(&lines[..1], &request, self.calls).await?;
        let many = ask(lines, &request, self.calls).await?;
        let logged = server.logged()?.into_iter().skip(before);
        let statements = logged.map(|call| call.statements).max();
        Ok(Kind {
            kind,
            rows,
            statements: statements.unwrap_or_default(),
            one: times(&one),
            many: times(&many),
        })
    }
}

/// What is asked, in words.
async fn requests(line: &Line) -> anyhow::Result<Vec<(&'static str, ListStudents)>> {
    let search = |text: &str| ListStudents {
        search: Some(text.to_owned()),
        ..ListStudents::default()
    };
    let first = page(line, ListStudents::default()).await?;
    let some = first.rows.first().context("there are no students")?;
    let last = ListStudents {
        after: Some(last(line).await?),
        ..ListStudents::default()
    };
    let class = ListStudents {
        class: some.class_id,
        ..ListStudents::default()
    };
    let half: String = some.admission_no.chars().take(3).collect();
    Ok(vec![
        ("the first page", ListStudents::default()),
        ("the last page", last),
        ("a class", class),
        ("the beginning of a name", search("wan")),
        ("two words of a name", search("mar wan")),
        ("a name that nobody has", search("zzyzx")),
        ("the beginning of a number", search(&half)),
        ("a whole number", search(&some.admission_no)),
        ("a number that nobody has", search("zz0")),
    ])
}

/// Where the last page begins.
async fn last(line: &Line) -> anyhow::Result<String> {
    let mut after = None;
    loop {
        let request = ListStudents {
            after: after.clone(),
            limit: 200,
            ..ListStudents::default()
        };
        match (page(line, request).await?.next, after) {
            (None, after) => return Ok(after.unwrap_or_default()),
            (next, _) => after = next,
        }
    }
}

/// So many calls by all of these lines together, each asking again as soon as it is answered.
async fn ask(
    lines: &[Arc<Line>],
    request: &ListStudents,
    calls: u32,
) -> anyhow::Result<Histogram<u64>> {
    let each = usize::try_from(calls)?.div_ceil(lines.len());
    let mut all = JoinSet::new();
    for line in lines {
        let (line, request) = (Arc::clone(line), request.clone());
        all.spawn(async move {
            let mut times = histogram();
            for _ in 0..each {
                let asked = Instant::now();
                page(&line, request.clone()).await?;
                times.record(micros(asked.elapsed()))?;
            }
            anyhow::Ok(times)
        });
    }
    let mut times = histogram();
    while let Some(done) = all.join_next().await {
        times.add(done??)?;
    }
    Ok(times)
}

async fn page(line: &Line, request: ListStudents) -> anyhow::Result<Page<Student>> {
    match line.call(Ask::ListStudents { request }).await?? {
        Reply::ListStudents(Ok(page)) => Ok(page),
        _ => bail!("no list of students came"),
    }
}

async fn enter(way: &Way) -> anyhow::Result<Line> {
    let line = way.connect().await?;
    let request = LogIn {
        school: CODE.to_owned(),
        user: USER.to_owned(),
        password: seed::PASSWORD.to_owned(),
        code: None,
        device: None,
    };
    line.call(Ask::LogIn { request }).await??;
    Ok(line)
}
