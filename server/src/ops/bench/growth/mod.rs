//! `bench growth`: what a call costs in schools of several sizes.

mod calls;
mod import;
mod known;
mod size;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde::Serialize;

use self::calls::CallFigures;
use self::size::SchoolSize;
use super::private::{ANY_RATE, Place, Server};
use super::report::{On, Report};
use crate::config::Config;
use crate::db::{Db, measures};
use crate::ops::seed::{self, Size};
use crate::service::State;

/// The school of a step.
const CODE: &str = "growth";
const NAME: &str = "A School that Grows";
const SHORT: &str = "1000:20000,10000:180000";
const FULL: &str = "1000:180000,10000:1800000,100000:18000000";

/// Measure growth: what each call costs in schools of several sizes
///
/// For each size a private server with a school of it is started, and one user at a time makes a fixed set of calls.
/// A size for which neither the minutes nor the disk suffice is left out, and the figures say so.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  hillview-server bench growth
  hillview-server bench growth --sizes 500:10000,5000:100000 --calls 50
  hillview-server bench growth --full --minutes 60 --database 'mysql://…' --redis 'redis://…' --json growth.json")]
pub struct Growth {
    /// Sizes of schools: students and marks of each
    #[arg(long, value_delimiter = ',', default_value = SHORT, value_name = "STUDENTS:MARKS,…")]
    sizes: Vec<SchoolSize>,
    /// Schools of 1,000, 10,000 and 100,000 students with 180 marks for each, and 200 of each call
    #[arg(long, conflicts_with = "sizes")]
    full: bool,
    /// How often each call is made
    #[arg(long, default_value_t = 200, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    calls: u32,
    /// Begin no size that would not be done after so long
    #[arg(long, default_value_t = 60, value_name = "N")]
    minutes: u64,
    /// Write the figures into this file as well
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// The figures; times are microseconds unless they say otherwise.
#[derive(Serialize)]
struct Figures {
    calls_of_each: u32,
    steps: Vec<StepFigures>,
    left_out: Vec<LeftOut>,
}

/// What was found in a school of one size.
#[derive(Serialize)]
struct StepFigures {
    students: usize,
    teachers: usize,
    marks: u64,
    seed_ms: u64,
    /// While marks went in: with their lines of history, of which there are more.
    marks_a_second: u64,
    /// Data and indexes of the school; `None` where the engine does not tell.
    disk_bytes: Option<i64>,
    /// Of that, the history of marks.
    history_bytes: Option<i64>,
    /// How long it took to import 1,000 more students.
    import_ms: u64,
    peak_memory_kib: u64,
    calls: Vec<CallFigures>,
}

/// A size that was not measured.
#[derive(Serialize)]
struct LeftOut {
    students: usize,
    marks: u64,
    why: String,
}

impl Growth {
    pub(super) async fn run(mut self, given: &Config) -> anyhow::Result<()> {
        if self.full {
            let sizes = FULL.split(',').map(str::parse);
            self.sizes = sizes.collect::<anyhow::Result<_>>()?;
        }
        self.sizes.sort_unstable_by_key(|size| size.marks);
        // Before the first is measured: the last may take an hour to come to.
        for size in &self.sizes {
            seed::check(&wanted(*size))?;
        }
        let (mut on, mut steps, mut left_out) = (None, Vec::new(), Vec::new());
        let until = Instant::now() + Duration::from_secs(self.minutes * 60);
        let mut last: Option<(SchoolSize, Duration)> = None;
        for size in &self.sizes {
            let mut place = Place::like(given)?;
            place.config.limits.user_rate = ANY_RATE;
            let left = until.saturating_duration_since(Instant::now());
            let why = match last {
                Some((before, took)) => size.does_not_fit(before, took, left),
                None => None,
            };
            if let Some(why) = why.or(size.does_not_fit_on(&place.config.data_dir)?) {
                let (students, marks) = (size.students, size.marks);
                left_out.push(LeftOut {
                    students,
                    marks,
                    why,
                });
                continue;
            }
            let began = Instant::now();
            let measured = self.step(&place, *size).await;
            place.remove().await?;
            let (step, of) = measured?;
            steps.push(step);
            on = Some(of);
            last = Some((*size, began.elapsed()));
        }
        let on = on.ok_or_else(|| anyhow::anyhow!("the disk is too full for the smallest size"))?;
        let figures = Figures {
            calls_of_each: self.calls,
            steps,
            left_out,
        };
        let report = Report {
            bench: "growth",
            on,
            figures,
        };
        report.say(self.json.as_deref())
    }

    async fn step(&self, place: &Place, size: SchoolSize) -> anyhow::Result<(StepFigures, On)> {
        let state = State::open(&place.config).await?;
        let on = On::of(&state, place.config.redis.is_some()).await?;
        let seeded = seed::school(&state, CODE, NAME, &wanted(size), &|_| ()).await?;
        let server = place.serve().await?;
        let measured = self.calls(&server, state.tenants.control()).await;
        let peak_memory_kib = server.taken()?.peak_kib;
        server.stop().await?;
        let (calls, import) = measured?;
        let (disk_bytes, history_bytes) = on_disk(&state.tenants.school(CODE).await?.db).await;
        state.tenants.close().await;
        let figures = StepFigures {
            students: seeded.students,
            teachers: seeded.teachers,
            marks: seeded.marks,
            seed_ms: millis(seeded.took),
            marks_a_second: seeded.marks * 1_000 / millis(seeded.marks_took).max(1),
            disk_bytes,
            history_bytes,
            import_ms: millis(import),
            peak_memory_kib,
            calls,
        };
        Ok((figures, on))
    }

    /// Each call in turn, and then the import, which changes what there is.
    async fn calls(
        &self,
        server: &Server,
        control: &Db,
    ) -> anyhow::Result<(Vec<CallFigures>, Duration)> {
        let mut school = known::Known::learn(server).await?;
        let calls = calls::measure(server, control, &mut school, self.calls).await?;
        let import = import::students(&school).await?;
        Ok((calls, import))
    }
}

fn wanted(size: SchoolSize) -> Size {
    Size {
        students: size.students,
        teachers: size.teachers(),
        marks: size.marks,
        seed: 1,
    }
}

/// What the school takes on the disk, and its history alone.
async fn on_disk(db: &Db) -> (Option<i64>, Option<i64>) {
    let Some(stored) = measures::stored(db).await else {
        return (None, None);
    };
    let of = |fits: fn(&str) -> bool| {
        let tables = stored.iter().filter(|it| fits(&it.table));
        Some(tables.map(|it| it.bytes).sum())
    };
    (of(|_| true), of(|table| table == "mark_change"))
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schools_of_both_sets_have_room_for_their_marks() {
        for size in [SHORT, FULL].into_iter().flat_map(|sizes| sizes.split(',')) {
            let size = size.parse().unwrap();
            assert!(seed::check(&wanted(size)).is_ok(), "{size:?}");
        }
    }
}
