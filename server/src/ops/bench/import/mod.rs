//! `bench import`: files of students and marks come while others work.

mod beside;
mod bring;
mod files;
mod school;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use chrono::NaiveDate;
use serde::Serialize;

use self::beside::{Beside, People, Phase};
use self::bring::{Brought, Lines, bring, take_back};
use self::files::{File, Format};
use super::line::{Line, Way};
use super::private::{Place, Server};
use super::report::{On, Report};
use crate::config::Config;
use crate::ops::seed;
use crate::service::State;

/// Measure imports: students and marks come in files while others open sheets and save marks
///
/// A private server of the given settings is started, a school is made on it, and both are removed afterwards.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  hillview-server bench import
  hillview-server bench import --students 10000 --marks 200000 --readers 50 --xlsx
  hillview-server bench import --classes-a-file 1000 --database 'mysql://…' --json import.json")]
pub struct Import {
    /// New students, all in one file; the school has as many already, and as many marks
    #[arg(long, default_value_t = 10_000, value_name = "N", value_parser = clap::value_parser!(u32).range(40..=50_000))]
    students: u32,
    /// Marks, in a file a class with all its subjects
    #[arg(long, default_value_t = 200_000, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    marks: u32,
    /// How many classes a file of marks is of
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    classes_a_file: u16,
    /// How many files of marks come at the same time
    #[arg(long, default_value_t = 2, value_name = "N")]
    at_once: usize,
    /// How many others open sheets and save marks
    #[arg(long, default_value_t = 50, value_name = "N")]
    readers: usize,
    /// For how many seconds they work before the first file comes
    #[arg(long, default_value_t = 10, value_name = "N")]
    alone: u64,
    /// Whether they save on the sheets that the files are for; nothing is taken back then
    #[arg(long)]
    same_sheets: bool,
    /// Bring workbooks instead of CSV
    #[arg(long)]
    xlsx: bool,
    /// Write the figures into this file as well
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// The figures; times of calls are microseconds.
#[derive(Serialize)]
struct Figures {
    format: Format,
    readers: usize,
    at_once: usize,
    classes_a_file: u16,
    same_sheets: bool,
    students: Brought,
    marks: Brought,
    /// Of those who work beside it: before any file comes, and while they come and are taken back.
    alone: Beside,
    beside_students: Beside,
    beside_marks: Beside,
    beside_undo: Beside,
    /// Calls that failed and rows that were refused or lost.
    errors: usize,
    peak_memory_kib: u64,
    server_cpu_ms: u64,
}

/// What is there before the first file comes.
struct Ready {
    register: File,
    files: Vec<File>,
    lines: Lines,
    people: People,
}

impl Import {
    pub(super) async fn run(self, given: &Config) -> anyhow::Result<()> {
        let place = Place::like(given)?;
        let measured = self.measure(&place).await;
        place.remove().await?;
        measured?.say(self.json.as_deref())
    }

    async fn measure(&self, place: &Place) -> anyhow::Result<Report<Figures>> {
        let (on, today) = self.school(place).await?;
        let server = place.serve().await?;
        let Ready {
            register,
            files,
            lines,
            people,
        } = self.ready(&server.way, today).await?;

        let before = server.taken()?;
        tokio::time::sleep(Duration::from_secs(self.alone)).await;
        people.now(Phase::Students);
        let mut students = bring(&[register], &lines, 1).await?;
        students.statements = statements(&server)?;
        people.now(Phase::Marks);
        let mut marks = bring(&files, &lines, self.at_once).await?;
        marks.statements = statements(&server)? - students.statements;
        people.now(Phase::Undo);
        if !self.same_sheets {
            take_back(&mut marks, &lines, self.at_once).await?;
            take_back(&mut students, &lines, 1).await?;
        }
        let seen = people.end().await?;
        let taken = server.taken()?;
        server.stop().await?;
        let figures = Figures {
            format: self.format(),
            readers: self.readers,
            at_once: self.at_once,
            classes_a_file: self.classes_a_file,
            same_sheets: self.same_sheets,
            errors: students.errors + marks.errors + seen.errors,
            students,
            marks,
            alone: seen.of(Phase::Alone),
            beside_students: seen.of(Phase::Students),
            beside_marks: seen.of(Phase::Marks),
            beside_undo: seen.of(Phase::Undo),
            peak_memory_kib: taken.peak_kib,
            server_cpu_ms: taken.cpu_ms - before.cpu_ms,
        };
        Ok(Report {
            bench: "import",
            on,
            figures,
        })
    }

    /// Makes the school; says what it is on, and the day.
    async fn school(&self, place: &Place) -> anyhow::Result<(On, NaiveDate)> {
        let state = State::open(&place.config).await?;
        let on = On::of(&state, place.config.redis.is_some()).await?;
        let size = seed::Size {
            students: usize::try_from(self.students)?,
            teachers: usize::try_from(self.students)?
                .div_ceil(seed::CLASS)
                .max(self.readers),
            marks: self.marks.into(),
            seed: 1,
        };
        seed::school(
            &state,
            CODE,
            "Kilimani Comprehensive School",
            &size,
            &|_| (),
        )
        .await?;
        let today = state.clock.now().utc().date_naive();
        state.tenants.close().await;
        Ok((on, today))
    }

    /// Makes the files and opens the assessments that they are for; has everybody log in.
    async fn ready(&self, way: &Way, today: NaiveDate) -> anyhow::Result<Ready> {
        let head = enter(way, HEAD).await?;
        let mut saved_on = school::open(&head, "OWN", today).await?;
        let classes = school::classes(&head, saved_on).await?;
        let marks_each = classes.iter();
        let marks_each: usize = marks_each
            .map(|it| it.students.len() * it.papers.len())
            .sum();
        let mut codes = Vec::new();
        let most = usize::try_from(self.marks)?;
        for number in 1..=most.div_ceil(marks_each) {
            let code = format!("FILE-{number}");
            let opened = school::open(&head, &code, today).await?;
            if self.same_sheets && number == 1 {
                saved_on = opened;
            }
            codes.push(code);
        }
        let grades = school::grades(&head).await?;
        let format = self.format();
        let register = files::register(usize::try_from(self.students)?, &grades, HEAD, format)?;
        let most = (most, usize::from(self.classes_a_file));
        let files = files::marks(&classes, &codes, most, HEAD, format)?;
        let users: BTreeSet<&str> = files.iter().map(|file| file.by.as_str()).collect();
        let mut lines = Lines::new();
        for user in users.into_iter().chain([HEAD]) {
            lines.insert(user.to_owned(), enter(way, user).await?);
        }
        // Class teachers, each of whom may have several connections.
        let mut readers = Vec::with_capacity(self.readers);
        for class in classes.iter().cycle().take(self.readers) {
            readers.push(enter(way, &class.teacher).await?);
        }
        Ok(Ready {
            register,
            files,
            lines,
            people: People::start(readers, saved_on).await?,
        })
    }

    fn format(&self) -> Format {
        match self.xlsx {
            true => Format::Xlsx,
            false => Format::Csv,
        }
    }
}

const CODE: &str = "bench";
/// Who may do everything in the school.
const HEAD: &str = "head";

async fn enter(way: &Way, user: &str) -> anyhow::Result<Line> {
    school::enter(way, CODE, user, seed::PASSWORD).await
}

/// Statements of all runs of imports so far.
fn statements(server: &Server) -> anyhow::Result<u64> {
    let calls = server.logged()?;
    let runs = calls.iter().filter(|call| call.method == "RunImport");
    Ok(runs.map(|call| u64::from(call.statements)).sum())
}
