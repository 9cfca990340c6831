//! `bench seed`: marks and their history brought in by the seed, by plain inserts, and by whatever
//! the engine has for much at once.
//!
//! Each way fills a school of its own, which is the same as the others' but for its marks. The
//! other two ways begin with rows that are made up already, and have as many writers as the seed.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use serde::Serialize;

use super::private::Place;
use super::report::{On, Report};
use crate::config::{Config, Database};
use crate::db::raw::{self, Dump};
use crate::db::{Db, Failure};
use crate::ops::demo::folder::Folder;
use crate::ops::seed::{self, Batch, CLASS, Laid, Seeded, Size};
use crate::service::State;

/// Marks of a student in all assessments, at least.
const A_STUDENT: u64 = 170;

/// Measure how fast marks and their history are seeded, against the database's own ways
///
/// In each round the same rows go into the same tables three times: by the seed; by plain inserts
/// of 1,000 rows; and by LOAD DATA INFILE, or on SQLite by plain inserts in one transaction. All in
/// schools of their own, which are removed afterwards.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  hillview-server bench seed
  hillview-server bench seed --marks 1800000 --rounds 1
  hillview-server bench seed --database 'mysql://…' --json seed.json")]
pub struct Seed {
    /// How many marks; each has a line of history
    #[arg(long, default_value_t = 200_000, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    marks: u64,
    /// How often all ways are gone
    #[arg(long, default_value_t = 3, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,
    /// Write the figures into this file as well
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Rates are the medians of the rounds; parts are the medians of what they were in each round.
#[derive(Serialize)]
struct Figures {
    marks: u64,
    /// Rows of marks, history and operations.
    rows: u64,
    rounds: u16,
    seed_rows_per_second: u64,
    plain_rows_per_second: u64,
    /// What `bulk` is here.
    bulk: &'static str,
    /// None when the database does not let it be done here.
    bulk_rows_per_second: Option<u64>,
    /// Why there is none.
    bulk_lacking: Option<String>,
    /// The seed's rate, in hundredths of that of plain inserts.
    seed_to_plain_percent: u64,
    seed_to_bulk_percent: Option<u64>,
    each: Vec<Round>,
}

/// How long each way took.
#[derive(Clone, Serialize)]
struct Round {
    seed_ms: u64,
    plain_ms: u64,
    bulk_ms: Option<u64>,
    #[serde(skip)]
    rows: u64,
    #[serde(skip)]
    lacking: Option<String>,
}

/// Much at once, as the engine does it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bulk {
    LoadData,
    OneTransaction,
}

impl Bulk {
    fn of(config: &Config) -> Self {
        match config.database {
            Database::MySql(_) => Self::LoadData,
            Database::Sqlite(_) => Self::OneTransaction,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::LoadData => "LOAD DATA INFILE",
            Self::OneTransaction => "one transaction",
        }
    }
}

impl Seed {
    pub(super) async fn run(self, given: &Config) -> anyhow::Result<()> {
        let place = Place::like(given)?;
        let measured = self.measure(&place).await;
        place.remove().await?;
        measured?.say(self.json.as_deref())
    }

    async fn measure(&self, place: &Place) -> anyhow::Result<Report<Figures>> {
        let state = State::open(&place.config).await?;
        let on = On::of(&state, place.config.redis.is_some()).await?;
        let (bulk, mut each) = (Bulk::of(&place.config), Vec::new());
        for number in 0..self.rounds {
            each.push(self.round(&state, bulk, number).await?);
        }
        state.tenants.close().await;
        let figures = self.figures(bulk, each)?;
        Ok(Report {
            bench: "seed",
            on,
            figures,
        })
    }

    /// The ways one after the other, every second time backwards: what comes later may find the
    /// machine busier.
    async fn round(&self, state: &State, way: Bulk, number: u16) -> anyhow::Result<Round> {
        let size = self.size(number);
        let (seeded, plain, bulk);
        if number.is_multiple_of(2) {
            seeded = by_seed(state, &size).await?;
            plain = by_plain(state, &size).await?;
            bulk = by_bulk(state, &size, way).await?;
        } else {
            bulk = by_bulk(state, &size, way).await?;
            plain = by_plain(state, &size).await?;
            seeded = by_seed(state, &size).await?;
        }
        Ok(Round {
            seed_ms: millis(seeded.marks_took),
            plain_ms: millis(plain),
            bulk_ms: bulk.as_ref().ok().copied().map(millis),
            rows: seeded.marks + seeded.changes + seeded.operations,
            lacking: bulk.err(),
        })
    }

    /// A school that the marks fill nearly.
    fn size(&self, round: u16) -> Size {
        let classes = self.marks.div_ceil(A_STUDENT * CLASS as u64);
        let classes = usize::try_from(classes).unwrap_or(usize::MAX);
        Size {
            students: classes * CLASS,
            teachers: classes * 10,
            marks: self.marks,
            seed: u64::from(round),
        }
    }

    fn figures(&self, bulk: Bulk, each: Vec<Round>) -> anyhow::Result<Figures> {
        let first = each.first().context("there was no round")?;
        let (rows, lacking) = (first.rows, first.lacking.clone());
        let of = |figure: &dyn Fn(&Round) -> Option<u64>| {
            let all: Option<Vec<u64>> = each.iter().map(figure).collect();
            all.map(median)
        };
        let rate = |round: &Round, ms: u64| round.rows * 1_000 / ms.max(1);
        let part = |round: &Round, ms: u64| ms * 100 / round.seed_ms.max(1);
        Ok(Figures {
            marks: self.marks,
            rows,
            rounds: self.rounds,
            seed_rows_per_second: of(&|it| Some(rate(it, it.seed_ms))).unwrap_or(0),
            plain_rows_per_second: of(&|it| Some(rate(it, it.plain_ms))).unwrap_or(0),
            bulk: bulk.name(),
            bulk_rows_per_second: of(&|it| it.bulk_ms.map(|ms| rate(it, ms))),
            bulk_lacking: lacking,
            seed_to_plain_percent: of(&|it| Some(part(it, it.plain_ms))).unwrap_or(0),
            seed_to_bulk_percent: of(&|it| it.bulk_ms.map(|ms| part(it, ms))),
            each,
        })
    }
}

async fn by_seed(state: &State, size: &Size) -> anyhow::Result<Seeded> {
    let fill = async |laid: &Laid| Ok(laid.fill(state, &|_| {}).await?);
    with_school(state, "seed", size, fill).await
}

async fn by_plain(state: &State, size: &Size) -> anyhow::Result<Duration> {
    let fill = async |laid: &Laid| {
        let batches = batches(laid).await?;
        let began = Instant::now();
        plain(&laid.db, &batches).await?;
        Ok(began.elapsed())
    };
    with_school(state, "plain", size, fill).await
}

async fn by_bulk(
    state: &State,
    size: &Size,
    way: Bulk,
) -> anyhow::Result<Result<Duration, String>> {
    let fill = async |laid: &Laid| {
        let batches = batches(laid).await?;
        match way {
            Bulk::LoadData => load_data(&laid.db, &batches).await,
            Bulk::OneTransaction => Ok(Ok(one_transaction(&laid.db, &batches).await?)),
        }
    };
    with_school(state, "bulk", size, fill).await
}

/// Works on a school that lacks its marks, and takes it away again.
async fn with_school<T>(
    state: &State,
    code: &str,
    size: &Size,
    work: impl AsyncFnOnce(&Laid) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let laid = seed::lay(state, code, code, size, &|_| {}).await?;
    let done = work(&laid).await;
    laid.db.close().await;
    laid.remove(state).await?;
    done
}

/// All rows, made up in advance.
async fn batches(laid: &Laid) -> anyhow::Result<Vec<Batch>> {
    let (book, fillings) = (Arc::clone(&laid.book), Arc::clone(&laid.fillings));
    let making = tokio::task::spawn_blocking(move || {
        let mut all = Vec::new();
        book.fill(&fillings, |batch| {
            all.push(batch);
            true
        })?;
        Ok::<_, crate::Error>(all)
    });
    Ok(making.await.context("making up marks failed")??)
}

/// As many rows a transaction as the seed has, and as many writers.
async fn plain(db: &Db, batches: &[Batch]) -> Result<(), Failure> {
    let marks = async {
        for batch in batches {
            let mut tx = db.begin().await?;
            raw::insert_marks(&mut tx, &batch.marks).await?;
            raw::insert_operations(&mut tx, &batch.operations).await?;
            tx.commit().await?;
        }
        Ok(())
    };
    let changes = async {
        for batch in batches {
            let mut tx = db.begin().await?;
            raw::insert_changes(&mut tx, &batch.changes).await?;
            tx.commit().await?;
        }
        Ok(())
    };
    tokio::try_join!(marks, changes).map(drop)
}

async fn one_transaction(db: &Db, batches: &[Batch]) -> anyhow::Result<Duration> {
    let began = Instant::now();
    let mut tx = db.begin().await?;
    for batch in batches {
        raw::insert_marks(&mut tx, &batch.marks).await?;
        raw::insert_operations(&mut tx, &batch.operations).await?;
    }
    for batch in batches {
        raw::insert_changes(&mut tx, &batch.changes).await?;
    }
    tx.commit().await?;
    Ok(began.elapsed())
}

/// Has the database read files; the time, or why it does not.
async fn load_data(db: &Db, batches: &[Batch]) -> anyhow::Result<Result<Duration, String>> {
    let own = Folder::make()?;
    // Nothing is said where any place will do (MariaDB), and where none will (MySQL): trying tells.
    let said = raw::reads_from(db).await?.unwrap_or_default();
    let from = match said.as_str() {
        "" => own.path(),
        folder => Path::new(folder),
    };
    // The database's system user has to get in. What is in there is made up.
    std::fs::set_permissions(own.path(), PermissionsExt::from_mode(0o755))?;
    let dumps = match dump(from, batches) {
        Ok(dumps) => dumps,
        Err(error) => {
            let folder = from.display();
            return Ok(Err(format!(
                "files cannot be written into {folder}: {error}"
            )));
        }
    };
    let began = Instant::now();
    let [marks, operations, changes] = &dumps;
    let first = load(db, [marks, operations]);
    let second = load(db, [changes]);
    match tokio::try_join!(first, second) {
        Ok(_) => Ok(Ok(began.elapsed())),
        Err(failure) => Ok(Err(format!(
            "the database did not read the files: {failure}"
        ))),
    }
}

async fn load(db: &Db, dumps: impl IntoIterator<Item = &Dump>) -> Result<(), Failure> {
    let mut tx = db.begin().await?;
    for dump in dumps {
        raw::load(&mut tx, dump).await?;
    }
    tx.commit().await
}

fn dump(folder: &Path, batches: &[Batch]) -> std::io::Result<[Dump; 3]> {
    Ok([
        Dump::marks(folder, batches.iter().flat_map(|it| &it.marks))?,
        Dump::operations(folder, batches.iter().flat_map(|it| &it.operations))?,
        Dump::changes(folder, batches.iter().flat_map(|it| &it.changes))?,
    ])
}

fn median(mut all: Vec<u64>) -> u64 {
    all.sort_unstable();
    all.get(all.len() / 2).copied().unwrap_or(0)
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
