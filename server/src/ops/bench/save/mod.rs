//! `bench save`: sheets of forty marks saved a second, beside what the engine does by itself.
//!
//! Both sides take turns in the same run, on the same disk, with as many connections. The engine
//! by itself is measured twice: with the statements that write only, and with the one that reads
//! what a save must know as well.

mod compared;
mod past;
mod through;

use std::ops::Range;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::Context;
use chrono::NaiveDate;
use hillview_shared::marks::{Entry, Score};
use serde::Serialize;

use self::compared::{Compared, Round, Total};
use self::past::Past;
use self::through::Through;
use super::forty::{MARKS, New};
use super::machine;
use super::private::{ANY_RATE, Place, Server};
use super::report::{On, Report};
use crate::config::Config;
use crate::db::raw_saves::Counts;
use crate::service::State;

/// The school that the server saves in, and the one beside it.
const SERVED: &str = "served";
const RAW: &str = "raw";

/// Measure saves: sheets of 40 marks a second, against the database by itself
///
/// Many connections save whole sheets over TLS, first into empty sheets, then over the marks that stand.
/// In turns with them, as many connections to the database commit the same rows to a second school,
/// without the server: what the server does a second is told as a share of that.
/// A private server of the given settings is started, and all is removed afterwards.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  hillview-server bench save
  hillview-server bench save --writers 64 --sheets 20
  hillview-server bench save --database 'mysql://…' --redis 'redis://…' --json save.json")]
pub struct Save {
    /// How many connections save at the same time
    #[arg(long, default_value_t = 16, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=500))]
    writers: u16,
    /// How many sheets each of them saves in a round
    #[arg(long, default_value_t = 40, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    sheets: u16,
    /// How many rounds are measured, after one to warm up
    #[arg(long, default_value_t = 5, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=100))]
    rounds: u16,
    /// Write the figures into this file as well
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// The figures; times are microseconds unless they say otherwise.
#[derive(Serialize)]
struct Figures {
    writers: u16,
    sheets_a_round: u16,
    rounds: u16,
    marks_a_sheet: usize,
    /// Statements of a save, begin and commit not counted.
    statements: u32,
    /// The most there were: now and then a call reads its session as well.
    statements_most: u32,
    /// Into empty sheets.
    fresh: Compared,
    /// Over marks that stand.
    changes: Compared,
    /// What stands in the tables afterwards; the school beside has twice the saves.
    rows: Stored,
}

/// The rows of both schools.
#[derive(Serialize)]
struct Stored {
    served: Counts,
    raw: Counts,
}

/// Which of a class's sheets are written on, and for the how-manieth time.
#[derive(Clone)]
struct Turn {
    sheets: Range<usize>,
    before: usize,
}

/// The three that are compared.
struct Sides<'a> {
    server: &'a Server,
    through: Through,
    past: Past,
}

impl Save {
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
        let writers = usize::from(self.writers);
        let (served, raw) = (
            New::make(&state, SERVED, writers).await?,
            New::make(&state, RAW, writers).await?,
        );
        state.tenants.close().await;
        let server = place.serve().await?;
        let a_side = usize::from(self.sheets) * usize::from(self.rounds + 1);
        let through = Through::enter(&server.way, &served, writers, a_side).await?;
        // Its sheets are for two.
        let (line, user) = raw.enter(&server.way, 0).await?;
        let classes = raw.fill(&line, writers, 2 * a_side).await?;
        let state = State::open(&place.config).await?;
        let engine = state.tenants.raw(RAW, u32::from(self.writers), MARKS);
        let mut sides = Sides {
            server: &server,
            through,
            past: Past::new(engine, user, classes),
        };
        let fresh = self.compare(&mut sides, 0).await?;
        let changes = self.compare(&mut sides, 1).await?;
        let (statements, statements_most) = statements(&server)?;
        let raw = sides.past.counts().await?;
        let beside = state.tenants.raw(SERVED, 1, MARKS);
        let rows = Stored {
            served: beside.counts().await?,
            raw,
        };
        beside.close().await;
        sides.past.close().await;
        state.tenants.close().await;
        server.stop().await?;
        Ok(Report {
            bench: "save",
            on,
            figures: Figures {
                writers: self.writers,
                sheets_a_round: self.sheets,
                rounds: self.rounds,
                marks_a_sheet: MARKS,
                statements,
                statements_most,
                fresh,
                changes,
                rows,
            },
        })
    }

    /// All rounds: each side in each, and another first each time.
    async fn compare(&self, sides: &mut Sides<'_>, before: usize) -> anyhow::Result<Compared> {
        let mut totals = [(); 3].map(|()| Total::new());
        for round in 0..=usize::from(self.rounds) {
            for place in 0..3 {
                let which = (place + round) % 3;
                let done = sides
                    .one(which, round, usize::from(self.sheets), before)
                    .await?;
                // The first round warms up.
                if round > 0 {
                    totals[which].add(done)?;
                }
            }
        }
        Ok(Compared::of(&totals))
    }
}

impl Sides<'_> {
    /// One side's round.
    async fn one(
        &mut self,
        which: usize,
        round: usize,
        sheets: usize,
        before: usize,
    ) -> anyhow::Result<Round> {
        let turn = |part: usize| Turn {
            sheets: part * sheets..(part + 1) * sheets,
            before,
        };
        let own = std::process::id();
        let (client, server) = (machine::cpu_ms(own)?, self.server.taken()?);
        let began = Instant::now();
        let times = match which {
            0 => self.through.save(&turn(round)).await?,
            1 => self.past.save(&turn(2 * round), None).await?,
            _ => self.past.save(&turn(2 * round + 1), Some(today())).await?,
        };
        Ok(Round {
            took: began.elapsed(),
            times,
            client_ms: machine::cpu_ms(own)? - client,
            server_ms: self.server.taken()?.cpu_ms - server.cpu_ms,
        })
    }
}

/// Statements of a save: usually, and at most.
fn statements(server: &Server) -> anyhow::Result<(u32, u32)> {
    let logged = server.logged()?.into_iter();
    let saves = logged.filter(|call| call.method == "SaveMarks");
    let mut counts: Vec<u32> = saves.map(|call| call.statements).collect();
    counts.sort_unstable();
    let most = counts.last().copied().context("no save was logged")?;
    Ok((counts[counts.len() / 2], most))
}

/// The day on which sheets are open.
fn today() -> NaiveDate {
    chrono::Utc::now().date_naive()
}

/// The marks of a sheet on which marks were written so often before; none is the same twice running.
fn entries(before: usize) -> Vec<Entry> {
    let score = |student| i32::try_from((student * 7 + before * 13) % 97).unwrap_or_default();
    (0..MARKS)
        .map(|student| Entry::Score(Score::whole(score(student))))
        .collect()
}
