//! One user: saves marks on their own cells of a sheet and reads them, at whichever server answers.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, ensure};
use hillview_shared::Kind;
use hillview_shared::api::{HillviewRequest, HillviewResponse, Resume};
use hillview_shared::assessments::{OpenSheet, SheetOpened, SheetRow, WhichSheet};
use hillview_shared::ids::{OperationId, SheetId};
use hillview_shared::marks::{Edit, Entry, SaveMarks, Score};
use rand::RngExt;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use super::super::line::{Line, Way};

/// How long a user without a server waits before each round of tries; up to twice as long.
const WAIT: Duration = Duration::from_millis(250);
/// Whoever finds no server for so long gives up.
const GIVES_UP: Duration = Duration::from_secs(120);

/// What happens to the servers, as users are told of it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    Before,
    Meanwhile,
    After,
    Over,
}

/// What one user writes, and nobody else.
pub struct Part {
    pub sheet: SheetId,
    /// The highest score in whole marks.
    pub highest: i32,
    pub rows: Vec<SheetRow>,
}

/// A mark with what was acknowledged.
pub struct Cell {
    pub row: SheetRow,
    /// What was there at the beginning.
    pub before: Option<Entry>,
    /// Everything that was acknowledged for it.
    pub written: Vec<Entry>,
}

/// What one user saw.
#[derive(Default)]
pub struct Seen {
    pub saves: u64,
    pub marks: u64,
    /// Saves that were sent again because nobody had answered.
    pub again: u64,
    /// From a line that broke to the next answer.
    pub without: Vec<Duration>,
    /// Calls that were answered, by phase.
    pub calls: [u64; 3],
    /// What did not go well, by its code.
    pub errors: BTreeMap<String, u64>,
    /// Marks that were not as acknowledged.
    pub lost: u64,
}

/// A user at work.
pub struct User {
    pub sheet: SheetId,
    pub cells: Vec<Cell>,
    pub seen: Seen,
    ways: Vec<Way>,
    resume: Resume,
    highest: i32,
    phase: watch::Receiver<Phase>,
    think: Duration,
    /// The server on hand.
    at: usize,
    line: Option<Line>,
    broken: Option<Instant>,
}

impl User {
    /// A user who begins at the first of the servers.
    pub fn new(
        ways: Vec<Way>,
        resume: Resume,
        part: Part,
        phase: watch::Receiver<Phase>,
        think: Duration,
    ) -> Self {
        let cell = |row: SheetRow| Cell {
            before: Some(row.entry.clone()).filter(|entry| *entry != Entry::Blank),
            row,
            written: Vec::new(),
        };
        Self {
            at: 0,
            ways,
            resume,
            sheet: part.sheet,
            highest: part.highest,
            cells: part.rows.into_iter().map(cell).collect(),
            seen: Seen::default(),
            phase,
            think,
            line: None,
            broken: None,
        }
    }

    /// Works until all is over, then looks at every mark once more.
    pub async fn work(mut self) -> anyhow::Result<Self> {
        let mut round = 0;
        while *self.phase.borrow() != Phase::Over {
            let think = self.think / 2;
            let longer = rand::rng().random_range(0..=think.as_micros().max(1));
            sleep(think + Duration::from_micros(u64::try_from(longer)?)).await;
            match round % 4 {
                3 => self.look().await?,
                _ => self.save().await?,
            }
            round += 1;
        }
        self.look().await?;
        Ok(self)
    }

    /// Reads the sheet and counts what is not as it was acknowledged.
    async fn look(&mut self) -> anyhow::Result<()> {
        let request = OpenSheet {
            sheet: WhichSheet::Id(self.sheet),
            newer_than: None,
        };
        let answer = self.ask(HillviewRequest::OpenSheet { request }).await?;
        let HillviewResponse::OpenSheet(Ok(SheetOpened::Sheet(sheet))) = answer else {
            anyhow::bail!("no sheet came");
        };
        for cell in &self.cells {
            let there = sheet.rows.iter().find(|row| row.id == cell.row.id);
            let same = |row: &&SheetRow| row.entry == cell.row.entry && row.v == cell.row.v;
            self.seen.lost += u64::from(there.filter(same).is_none());
        }
        Ok(())
    }

    async fn save(&mut self) -> anyhow::Result<()> {
        let first = rand::rng().random_range(0..self.cells.len());
        let count = rand::rng().random_range(1..=self.cells.len().min(3));
        let chosen: Vec<usize> = (first..first + count)
            .map(|number| number % self.cells.len())
            .collect();
        let edit = |cell: &Cell| Edit {
            student: cell.row.id,
            based_on: cell.row.v,
            entry: another(&cell.row.entry, self.highest),
        };
        let edits: Vec<Edit> = chosen.iter().map(|it| edit(&self.cells[*it])).collect();
        let request = SaveMarks {
            sheet: self.sheet,
            operation: OperationId(rand::random()),
            edits: edits.clone(),
            reason: None,
        };
        let answer = self.ask(HillviewRequest::SaveMarks { request }).await?;
        let HillviewResponse::SaveMarks(Ok(saved)) = answer else {
            anyhow::bail!("no answer to a save came");
        };
        ensure!(
            saved.problems.is_empty(),
            "nobody else writes these marks, and yet: {:?}",
            saved.problems
        );
        self.seen.saves += 1;
        self.seen.marks += u64::try_from(edits.len())?;
        for (number, edit) in chosen.into_iter().zip(edits) {
            let cell = &mut self.cells[number];
            cell.row.entry = edit.entry.clone();
            cell.row.v = saved.version;
            cell.written.push(edit.entry);
        }
        Ok(())
    }

    /// Asks until somebody answers: the same request, so the same operation.
    async fn ask(&mut self, request: HillviewRequest) -> anyhow::Result<HillviewResponse> {
        let began = Instant::now();
        loop {
            ensure!(began.elapsed() < GIVES_UP, "no server answers any more");
            let line = match self.line.take() {
                Some(line) => line,
                None => self.connect().await?,
            };
            match line.call(request.clone()).await {
                Ok(Ok(answer)) => {
                    self.line = Some(line);
                    if let Some(broken) = self.broken.take() {
                        self.seen.without.push(broken.elapsed());
                    }
                    let phase = *self.phase.borrow();
                    if let Some(calls) = self.seen.calls.get_mut(phase as usize) {
                        *calls += 1;
                    }
                    return Ok(answer);
                }
                Ok(Err(refusal)) => {
                    self.failed(&refusal.code);
                    let later = matches!(refusal.kind, Kind::Busy | Kind::Offline | Kind::Fault);
                    ensure!(later, "a call was refused: {refusal}");
                    let wait = refusal.again_in.map(u64::from).map(Duration::from_secs);
                    sleep(wait.unwrap_or(WAIT)).await;
                    if refusal.code != "stopping" {
                        self.line = Some(line);
                    }
                }
                Err(_) => {
                    self.failed("line-lost");
                    let save = matches!(request, HillviewRequest::SaveMarks { .. });
                    self.seen.again += u64::from(save);
                }
            }
        }
    }

    fn failed(&mut self, code: &str) {
        *self.seen.errors.entry(code.to_owned()).or_default() += 1;
        self.broken.get_or_insert_with(Instant::now);
    }

    /// Takes the session up at a server: the one on hand, or the next that answers.
    async fn connect(&mut self) -> anyhow::Result<Line> {
        let began = Instant::now();
        loop {
            for _ in 0..self.ways.len() {
                match self.ways[self.at].resume(Some(self.resume.clone())).await {
                    Ok((line, welcome)) => {
                        welcome.who.context("the session is no longer known")?;
                        return Ok(line);
                    }
                    Err(_) => {
                        self.failed("no-line");
                        self.at = (self.at + 1) % self.ways.len();
                    }
                }
            }
            ensure!(began.elapsed() < GIVES_UP, "no server answers any more");
            let more = rand::rng().random_range(0..=WAIT.as_micros());
            sleep(WAIT + Duration::from_micros(u64::try_from(more)?)).await;
        }
    }
}

/// Another mark than this one, so that each save changes something.
fn another(entry: &Entry, highest: i32) -> Entry {
    loop {
        let new = Entry::Score(Score::whole(rand::rng().random_range(0..=highest)));
        if new != *entry {
            return new;
        }
    }
}
