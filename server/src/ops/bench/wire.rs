//! `bench wire`: what each common call takes on the line, in bytes, TLS and all.

use std::path::PathBuf;

use anyhow::bail;
use hillview_shared::api::{HillviewRequest as Ask, HillviewResponse as Reply};
use hillview_shared::assessments::{ListSheets, OpenSheet, Sheet, SheetOpened, WhichSheet};
use hillview_shared::ids::{OperationId, SheetId, Version};
use hillview_shared::marks::{Edit, Entry, SaveMarks, Score};
use hillview_shared::students::ListStudents;
use serde::Serialize;

use super::forty::New;
use super::line::{Line, Way};
use super::private::Place;
use super::report::{On, Report};
use crate::config::Config;
use crate::service::State;

const CODE: &str = "wire";
/// Classes of forty: a page of fifty students is more than one.
const CLASSES: usize = 2;
/// The slowest line that people work on, in bits a second.
const LINE: u64 = 9_600;

/// Measure bytes: what each common call takes on the line, over TLS
///
/// The seconds are those that the bytes alone take on a line of 9.6 kbit/s, both ways one after the other.
/// A private server of the given settings is started, and all is removed afterwards.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  hillview-server bench wire
  hillview-server bench wire --json wire.json")]
pub struct Wire {
    /// Write the figures into this file as well
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[derive(Serialize)]
struct Figures {
    line_bits_a_second: u64,
    calls: Vec<Bytes>,
}

/// What one call took.
#[derive(Serialize)]
struct Bytes {
    call: &'static str,
    up: u64,
    down: u64,
    ms_on_the_line: u64,
}

/// A line with the bytes of each call on it.
struct Counted {
    line: Line,
    before: (u64, u64),
    calls: Vec<Bytes>,
}

impl Wire {
    pub(super) async fn run(self, given: &Config) -> anyhow::Result<()> {
        let place = Place::like(given)?;
        let measured = measure(&place).await;
        place.remove().await?;
        measured?.say(self.json.as_deref())
    }
}

async fn measure(place: &Place) -> anyhow::Result<Report<Figures>> {
    let state = State::open(&place.config).await?;
    let on = On::of(&state, place.config.redis.is_some()).await?;
    let school = New::make(&state, CODE, 1).await?;
    state.tenants.close().await;
    let server = place.serve().await?;
    let (line, _) = school.enter(&server.way, 0).await?;
    let classes = school.fill(&line, CLASSES, 1).await?;
    let calls = calls(&school, &server.way, classes[0].sheets[0]).await?;
    server.stop().await?;
    Ok(Report {
        bench: "wire",
        on,
        figures: Figures {
            line_bits_a_second: LINE,
            calls,
        },
    })
}

async fn calls(school: &New, way: &Way, sheet: SheetId) -> anyhow::Result<Vec<Bytes>> {
    let mut on = Counted::connect(way).await?;
    on.call("log in", school.log_in(0)).await?;
    on.call("ping", Ask::Ping {}).await?;
    let empty = on.open("open a sheet of 40, empty", sheet, None).await?;
    let Some(empty) = empty else {
        bail!("an unknown sheet was called unchanged");
    };
    on.save("save 40 marks", &empty, 40).await?;
    let full = on
        .open("open a sheet of 40, with marks", sheet, None)
        .await?;
    let Some(full) = full else {
        bail!("an unknown sheet was called unchanged");
    };
    on.save("save 1 mark", &full, 1).await?;
    let newest = Version(full.v.0 + 1);
    let unchanged = on.open("open it again, unchanged", sheet, Some(newest));
    anyhow::ensure!(unchanged.await?.is_none(), "a sheet changed by itself");
    let request = ListSheets::default();
    on.call("list sheets", Ask::ListSheets { request }).await?;
    let request = ListStudents::default();
    on.call("list 50 students", Ask::ListStudents { request })
        .await?;
    let request = ListStudents {
        search: Some("wan".to_owned()),
        ..ListStudents::default()
    };
    on.call("search students", Ask::ListStudents { request })
        .await?;
    Ok(on.calls)
}

impl Counted {
    async fn connect(way: &Way) -> anyhow::Result<Self> {
        let mut counted = Self {
            line: way.connect().await?,
            before: (0, 0),
            calls: Vec::new(),
        };
        counted.count("connect and say hello");
        Ok(counted)
    }

    /// Makes a call and counts it.
    async fn call(&mut self, name: &'static str, ask: Ask) -> anyhow::Result<Reply> {
        let answer = self.line.call(ask).await??;
        self.count(name);
        Ok(answer)
    }

    /// Notes what has gone over the line since the last call.
    fn count(&mut self, call: &'static str) {
        let meter = &self.line.meter;
        let now = (meter.written(), meter.read());
        let (up, down) = (now.0 - self.before.0, now.1 - self.before.1);
        self.before = now;
        self.calls.push(Bytes {
            call,
            up,
            down,
            ms_on_the_line: (up + down) * 8 * 1000 / LINE,
        });
    }

    /// Opens a sheet; `None` when it is unchanged.
    async fn open(
        &mut self,
        name: &'static str,
        sheet: SheetId,
        newer_than: Option<Version>,
    ) -> anyhow::Result<Option<Sheet>> {
        let request = OpenSheet {
            sheet: WhichSheet::Id(sheet),
            newer_than,
        };
        match self.call(name, Ask::OpenSheet { request }).await? {
            Reply::OpenSheet(Ok(SheetOpened::Sheet(sheet))) => Ok(Some(*sheet)),
            Reply::OpenSheet(Ok(SheetOpened::Unchanged)) => Ok(None),
            _ => bail!("no sheet came"),
        }
    }

    async fn save(
        &mut self,
        name: &'static str,
        sheet: &Sheet,
        marks: usize,
    ) -> anyhow::Result<()> {
        let edits = (0..).zip(sheet.rows.iter().take(marks));
        let edits = edits.map(|(number, row)| Edit {
            student: row.id,
            based_on: row.v,
            entry: match number % 17 {
                9 => Entry::Absent,
                13 => Entry::Score(Score(4_750 + number)),
                _ => Entry::Score(Score::whole(31 + number * 7 % 65)),
            },
        });
        let request = SaveMarks {
            sheet: sheet.id,
            operation: OperationId(rand::random()),
            edits: edits.collect(),
            reason: None,
        };
        match self.call(name, Ask::SaveMarks { request }).await? {
            Reply::SaveMarks(Ok(saved)) if saved.problems.is_empty() => Ok(()),
            _ => bail!("a save did not land"),
        }
    }
}
