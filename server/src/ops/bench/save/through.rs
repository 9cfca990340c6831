//! Saves through the server, as a client makes them.

use std::sync::Arc;
use std::time::Instant;

use anyhow::bail;
use hdrhistogram::Histogram;
use hillview_shared::api::{HillviewRequest as Ask, HillviewResponse as Reply};
use hillview_shared::ids::{OperationId, Version};
use hillview_shared::marks::{Edit, SaveMarks};
use tokio::task::JoinSet;

use super::super::forty::{Class, MARKS, New};
use super::super::line::{Line, Way};
use super::super::report::{histogram, micros};
use super::{Turn, entries};

/// Who saves through the server.
pub struct Through(Vec<Arc<Writer>>);

struct Writer {
    line: Line,
    class: Class,
}

impl Through {
    /// Makes each writer a class with so many sheets.
    pub async fn enter(
        way: &Way,
        school: &New,
        writers: usize,
        sheets: usize,
    ) -> anyhow::Result<Self> {
        let mut lines = Vec::new();
        for number in 0..writers {
            lines.push(school.enter(way, number).await?.0);
        }
        let classes = school.fill(&lines[0], writers, sheets).await?;
        let both = lines.into_iter().zip(classes);
        let all = both.map(|(line, class)| Arc::new(Writer { line, class }));
        Ok(Self(all.collect()))
    }

    /// Everybody saves their sheets of a turn, one after the other.
    pub async fn save(&self, turn: &Turn) -> anyhow::Result<Histogram<u64>> {
        let mut all = JoinSet::new();
        for writer in &self.0 {
            let requests = writer.requests(turn);
            all.spawn(Arc::clone(writer).save(requests));
        }
        let mut times = histogram();
        while let Some(done) = all.join_next().await {
            times.add(done??)?;
        }
        Ok(times)
    }
}

impl Writer {
    fn requests(&self, turn: &Turn) -> Vec<Ask> {
        let entries = entries(turn.before);
        let sheets = self.class.sheets[turn.sheets.clone()].iter();
        let request = |sheet| {
            let edits = self.class.students.iter().zip(&entries);
            let edits = edits.map(|(student, entry)| Edit {
                student: *student,
                based_on: turn.version(),
                entry: entry.clone(),
            });
            SaveMarks {
                sheet,
                operation: OperationId(rand::random()),
                edits: edits.collect(),
                reason: None,
            }
        };
        sheets
            .map(|sheet| Ask::SaveMarks {
                request: request(*sheet),
            })
            .collect()
    }

    async fn save(self: Arc<Self>, requests: Vec<Ask>) -> anyhow::Result<Histogram<u64>> {
        let mut times = histogram();
        for request in requests {
            let asked = Instant::now();
            let answer = self.line.call(request).await??;
            times.record(micros(asked.elapsed()))?;
            let Reply::SaveMarks(Ok(saved)) = answer else {
                bail!("a save was answered by something else");
            };
            let whole = usize::try_from(saved.entered) == Ok(MARKS);
            anyhow::ensure!(whole && saved.problems.is_empty(), "a save did not land");
        }
        Ok(times)
    }
}

impl Turn {
    /// The version of the marks that stand.
    fn version(&self) -> Version {
        Version(i64::try_from(self.before).unwrap_or_default())
    }
}
