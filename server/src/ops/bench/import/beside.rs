//! Those who work beside an import: they open their sheets and save marks.

use std::time::{Duration, Instant};

use anyhow::Context;
use hdrhistogram::Histogram;
use hillview_shared::api::{HillviewRequest, HillviewResponse};
use hillview_shared::assessments::{
    ListSheets, OpenSheet, Sheet, SheetOpened, SheetSummary, WhichSheet,
};
use hillview_shared::ids::{AssessmentId, OperationId};
use hillview_shared::marks::{Edit, Entry, SaveMarks, Score};
use rand::RngExt;
use serde::Serialize;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::school::ask;
use crate::ops::bench::line::Line;
use crate::ops::bench::report::{Times, histogram, micros, times};

/// How long somebody looks at a sheet, on average.
const LOOKS: usize = 500;
/// Of so many sheets that somebody opens, one is saved on.
const SAVES_ONE_IN: usize = 4;
/// Marks of a save.
const SAVED: usize = 5;

/// What goes on beside them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Alone,
    Students,
    Marks,
    Undo,
    Over,
}

/// Phases in which times are taken.
const PHASES: usize = Phase::Over as usize;

/// Microseconds of calls in one phase.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Beside {
    pub open: Times,
    pub save: Times,
}

/// What the people beside an import saw.
pub struct Seen {
    open: [Histogram<u64>; PHASES],
    save: [Histogram<u64>; PHASES],
    pub errors: usize,
}

impl Seen {
    fn new() -> Self {
        Self {
            open: std::array::from_fn(|_| histogram()),
            save: std::array::from_fn(|_| histogram()),
            errors: 0,
        }
    }

    pub fn of(&self, phase: Phase) -> Beside {
        Beside {
            open: times(&self.open[phase as usize]),
            save: times(&self.save[phase as usize]),
        }
    }

    fn add(&mut self, other: &Self) -> anyhow::Result<()> {
        for phase in 0..PHASES {
            self.open[phase].add(&other.open[phase])?;
            self.save[phase].add(&other.save[phase])?;
        }
        self.errors += other.errors;
        Ok(())
    }
}

/// The people, at work until told otherwise.
pub struct People {
    phase: watch::Sender<Phase>,
    all: JoinSet<anyhow::Result<Seen>>,
}

impl People {
    /// Starts them, each on the sheets of an assessment.
    pub async fn start(lines: Vec<Line>, of: AssessmentId) -> anyhow::Result<Self> {
        let (phase, watched) = watch::channel(Phase::Alone);
        let mut all = JoinSet::new();
        for line in lines {
            let request = ListSheets {
                assessment: Some(of),
                ..ListSheets::default()
            };
            let sheets = ask!(line, ListSheets, request)?.rows;
            anyhow::ensure!(!sheets.is_empty(), "a reader has no sheet");
            all.spawn(work(line, sheets, watched.clone()));
        }
        Ok(Self { phase, all })
    }

    pub fn now(&self, phase: Phase) {
        self.phase.send_replace(phase);
    }

    /// Ends their work; what all of them saw.
    pub async fn end(mut self) -> anyhow::Result<Seen> {
        self.now(Phase::Over);
        let mut seen = Seen::new();
        while let Some(one) = self.all.join_next().await {
            seen.add(&one??)?;
        }
        Ok(seen)
    }
}

async fn work(
    line: Line,
    sheets: Vec<SheetSummary>,
    phase: watch::Receiver<Phase>,
) -> anyhow::Result<Seen> {
    let mut seen = Seen::new();
    let below = |most: usize| rand::rng().random_range(0..most);
    loop {
        sleep(Duration::from_millis(below(2 * LOOKS) as u64)).await;
        let now = *phase.borrow();
        if now == Phase::Over {
            return Ok(seen);
        }
        let place = below(sheets.len());
        let asked = Instant::now();
        let request = OpenSheet {
            sheet: WhichSheet::Id(sheets[place].id),
            newer_than: None,
        };
        let opened = ask!(line, OpenSheet, request);
        seen.open[now as usize].record(micros(asked.elapsed()))?;
        let Ok(SheetOpened::Sheet(sheet)) = opened else {
            seen.errors += 1;
            continue;
        };
        if below(SAVES_ONE_IN) == 0 {
            let request = save(&sheet).context("a sheet has no students")?;
            let asked = Instant::now();
            let saved = ask!(line, SaveMarks, request);
            seen.save[now as usize].record(micros(asked.elapsed()))?;
            // Somebody else may have saved the same mark meanwhile: that is told, and no error.
            let told = |saved: hillview_shared::marks::MarksSaved| {
                saved
                    .problems
                    .iter()
                    .all(|problem| problem.theirs.is_some())
            };
            seen.errors += usize::from(!saved.is_ok_and(told));
        }
    }
}

/// Other marks for some students who stand together.
fn save(sheet: &Sheet) -> Option<SaveMarks> {
    let mut random = rand::rng();
    let first = random.random_range(0..sheet.rows.len().max(1));
    let rows = sheet.rows.iter().skip(first).take(SAVED);
    let edits: Vec<Edit> = rows
        .map(|row| Edit {
            student: row.id,
            based_on: row.v,
            entry: Entry::Score(Score::whole(random.random_range(0..=100))),
        })
        .collect();
    (!edits.is_empty()).then(|| SaveMarks {
        sheet: sheet.id,
        operation: OperationId(random.random()),
        edits,
        reason: None,
    })
}
