//! The command: one school or several of the same size, told of while they are made and after.

use std::cell::Cell;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use hillview_shared::ApiError;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use super::school::{PASSWORD, Seeded, Size, Step, school};
use crate::config::Config;
use crate::db::sizes::{self, Room};
use crate::db::storage;
use crate::error::Error;
use crate::ops::print;
use crate::service::State;

/// Make a school with people and marks, all made up, to measure with and to try things on
///
/// Grades 4 to 9 in classes of 40, the year before and this one, up to nine assessments a year with
/// about ten papers each. The newest assessment is open and partly entered. The same --seed makes
/// the same rows. Everybody's password is printed: never seed a server that others reach.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  hillview-server seed --students 400 --teachers 60 --marks 40000
  hillview-server seed --students 10000 --teachers 3000 --marks 1800000 --json seed.json
  hillview-server seed --schools 50
  hillview-server school remove seed --confirm='Kilimani Comprehensive School'")]
pub struct Seed {
    /// How many students, of all schools together
    #[arg(long, default_value_t = 10_000, value_name = "N")]
    students: usize,
    /// How many teachers, of all schools together
    #[arg(long, default_value_t = 3_000, value_name = "N")]
    teachers: usize,
    /// How many marks, of all schools together
    #[arg(long, default_value_t = 1_800_000, value_name = "N")]
    marks: u64,
    /// How many schools to spread them over; their codes get a number
    #[arg(long, default_value_t = 1, value_name = "N")]
    schools: usize,
    /// Which of the many schools of that size
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
    /// Code of the school
    #[arg(long, default_value = "seed")]
    code: String,
    /// Write what was made into this file as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Names of schools: the last repeat with a number.
const NAMES: [&str; 20] = [
    "Kilimani",
    "Moi Avenue",
    "Kisauni",
    "Nyali",
    "Milimani",
    "Kapsabet",
    "Kibera",
    "Ruiru",
    "Kakamega",
    "Homa Bay",
    "Isiolo",
    "Lodwar",
    "Voi",
    "Malindi",
    "Narok",
    "Nanyuki",
    "Embu",
    "Machakos",
    "Kitale",
    "Garissa",
];
/// The most schools of one run.
const SCHOOLS_MAX: usize = 500;

/// What was made, and how fast.
#[derive(Serialize)]
struct Report {
    hillview: &'static str,
    release: bool,
    database: String,
    seed: u64,
    password: &'static str,
    took_ms: u64,
    /// Rows of marks, history and operations, and how many went in each second of their part.
    mark_rows: u64,
    mark_rows_per_second: u64,
    schools: Vec<Made>,
}

/// One school.
#[derive(Serialize)]
struct Made {
    code: String,
    name: String,
    #[serde(flatten)]
    seeded: Seeded,
    /// Of all tables, in bytes.
    stored_bytes: i64,
    /// The same without the history of marks.
    stored_bytes_without_history: i64,
    tables: Vec<Room>,
}

/// The table of the history of marks.
const HISTORY: &str = "mark_change";

impl Made {
    async fn of(state: &State, code: String, name: String, seeded: Seeded) -> anyhow::Result<Self> {
        let tables = sizes::tables(&state.tenants.school(&code).await?.db).await?;
        let bytes = |room: &Room| room.data + room.index;
        let stored_bytes = tables.iter().map(bytes).sum();
        let history: i64 = tables
            .iter()
            .filter(|room| room.table == HISTORY)
            .map(bytes)
            .sum();
        Ok(Self {
            code,
            name,
            seeded,
            stored_bytes,
            stored_bytes_without_history: stored_bytes - history,
            tables,
        })
    }
}

impl Seed {
    pub(crate) async fn run(self, config: &Config) -> anyhow::Result<()> {
        self.check()?;
        let state = State::open(config).await?;
        let making = Cell::new(0);
        let made = tokio::select! {
            made = self.make(&state, &making) => made,
            _ = tokio::signal::ctrl_c() => Err(self.cut_short(making.get())),
        };
        let report = match made {
            Ok(schools) => self.report(&state, schools).await,
            Err(error) => Err(error),
        };
        state.tenants.close().await;
        let report = report?;
        if let Some(file) = &self.json {
            let text = serde_json::to_string_pretty(&report)? + "\n";
            std::fs::write(file, text)
                .with_context(|| format!("cannot write {}", file.display()))?;
        }
        say(&report)
    }

    fn check(&self) -> Result<(), Error> {
        let refuse = |text: String, hint: &str| {
            Err(ApiError::invalid("bad-schools", text).hint(hint).into())
        };
        match self.schools {
            0 => refuse(
                "no schools are to be made".to_owned(),
                "give --schools 1 or more",
            ),
            many if many > SCHOOLS_MAX => refuse(
                format!("{many} schools are more than {SCHOOLS_MAX}"),
                "run the command several times, each with another --code",
            ),
            many if many > 1 && many > self.students.min(self.teachers) => refuse(
                format!(
                    "{} students and {} teachers cannot be spread over {many} schools",
                    self.students, self.teachers
                ),
                "each school has at least one of both",
            ),
            _ => Ok(()),
        }
    }

    async fn make(
        &self,
        state: &std::sync::Arc<State>,
        making: &Cell<usize>,
    ) -> anyhow::Result<Vec<Made>> {
        let mut all = Vec::new();
        for place in 0..self.schools {
            making.set(place);
            let (code, name) = (self.code(place), self.name(place));
            let told = Told::new(&code);
            let size = self.size(place);
            let seeded = school(state, &code, &name, &size, &|step| told.tell(step)).await?;
            told.done();
            all.push(Made::of(state, code, name, seeded).await?);
        }
        Ok(all)
    }

    /// The part of one school, so that all parts together are what was asked for.
    fn size(&self, place: usize) -> Size {
        let part = |all: usize| all / self.schools + usize::from(place < all % self.schools);
        let (schools, at) = (self.schools as u64, place as u64);
        Size {
            students: part(self.students),
            teachers: part(self.teachers),
            marks: self.marks / schools + u64::from(at < self.marks % schools),
            seed: self.seed.wrapping_add(at),
        }
    }

    fn code(&self, place: usize) -> String {
        match self.schools {
            1 => self.code.clone(),
            _ => format!("{}{:02}", self.code, place + 1),
        }
    }

    fn name(&self, place: usize) -> String {
        let name = NAMES[place % NAMES.len()];
        match place / NAMES.len() {
            0 => format!("{name} Comprehensive School"),
            turn => format!("{name} Comprehensive School {}", turn + 1),
        }
    }

    fn cut_short(&self, place: usize) -> anyhow::Error {
        let (code, name) = (self.code(place), self.name(place));
        let text = format!("interrupted: the school {code} is half made, and nobody can log in");
        let hint = format!("remove it: hillview-server school remove {code} --confirm='{name}'");
        Error::from(ApiError::conflict("interrupted", text).hint(hint)).into()
    }

    async fn report(&self, state: &State, schools: Vec<Made>) -> anyhow::Result<Report> {
        let took: Duration = schools.iter().map(|made| made.seeded.took).sum();
        let marks_took: Duration = schools.iter().map(|made| made.seeded.marks_took).sum();
        let rows = |made: &Made| made.seeded.marks + made.seeded.changes + made.seeded.operations;
        let mark_rows: u64 = schools.iter().map(rows).sum();
        Ok(Report {
            hillview: env!("CARGO_PKG_VERSION"),
            release: !cfg!(debug_assertions),
            database: storage::name(state.tenants.control()).await?,
            seed: self.seed,
            password: PASSWORD,
            took_ms: millis(took),
            mark_rows,
            mark_rows_per_second: mark_rows * 1_000 / millis(marks_took).max(1),
            schools,
        })
    }
}

pub fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Says what was made and how to get in.
fn say(report: &Report) -> anyhow::Result<()> {
    for made in &report.schools {
        let Made {
            code, name, seeded, ..
        } = made;
        print(&format!(
            "{code}: {name}, {} students in {} classes of two years, {} teachers, {} sheets of {} assessments, {} marks with {} lines of history",
            seeded.students,
            seeded.classes,
            seeded.teachers,
            seeded.sheets,
            seeded.assessments,
            seeded.marks,
            seeded.changes,
        ))?;
        print(&format!(
            "{code}: {} KiB stored, {} KiB of them without the history of marks",
            made.stored_bytes / 1024,
            made.stored_bytes_without_history / 1024
        ))?;
    }
    print(&format!(
        "made in {} ms on {}; {} rows of marks, history and operations, {} a second",
        report.took_ms, report.database, report.mark_rows, report.mark_rows_per_second
    ))?;
    print(&format!(
        "log in as head, deputy, registrar, admin, or a teacher t00001, t00002 and so on, with the password: {PASSWORD}"
    ))
}

/// Tells how far a school has come: a bar on a terminal, a line a step elsewhere.
struct Told {
    code: String,
    bar: Option<ProgressBar>,
    last: Cell<&'static str>,
}

impl Told {
    fn new(code: &str) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style =
                ProgressStyle::with_template("{msg} {human_pos} of {human_len} {wide_bar} {eta}");
            let bar = ProgressBar::new(0);
            match style {
                Ok(style) => bar.with_style(style.progress_chars("=> ")),
                Err(_) => bar,
            }
        });
        Self {
            code: code.to_owned(),
            bar,
            last: Cell::new(""),
        }
    }

    fn tell(&self, Step { what, done, of }: Step) {
        let began = self.last.replace(what) != what;
        match &self.bar {
            Some(bar) => {
                if began {
                    bar.reset();
                    bar.set_length(of);
                    bar.set_message(format!("{}: {what}", self.code));
                }
                bar.set_position(done);
            }
            None if began => tracing::info!(school = self.code, what, of, "seeding"),
            None => {}
        }
    }

    fn done(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
