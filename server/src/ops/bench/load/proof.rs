//! What was acknowledged is read back: from the sheets as they stand, and from their histories.

use std::collections::{BTreeMap, HashMap};

use anyhow::{Context, bail};
use futures::{StreamExt, TryStreamExt, stream};
use hillview_shared::api::{HillviewRequest, HillviewResponse, Resume};
use hillview_shared::assessments::{OpenSheet, Sheet, SheetOpened, WhichSheet};
use hillview_shared::ids::{Moment, SheetId, StudentId, Version};
use hillview_shared::marks::{Entry, MarkChange, ShowHistory};
use serde::Serialize;
use tokio::time::{Duration, sleep};

use super::person::Save;
use crate::ops::bench::line::{Line, Way};

/// How many people look after their saves at the same time.
const AT_ONCE: usize = 16;
/// As histories name this client.
const SOURCE: &str = "bench";

/// What was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Proof {
    /// Saves that were acknowledged, and the marks that they stored.
    pub saves: u64,
    pub marks: u64,
    /// Marks of saves whose answer did not come.
    pub unknown: u64,
    /// Acknowledged, and not there.
    pub lost: u64,
    /// There more often than it was acknowledged.
    pub doubled: u64,
}

/// The saves of one sheet, by whomever, and somebody who may look at it.
struct OfSheet {
    reader: usize,
    saves: Vec<Save>,
}

/// Reads back what people have saved since a moment by the server's clock.
pub async fn read_back(
    people: Vec<(Way, Resume, Vec<Save>)>,
    since: Moment,
) -> anyhow::Result<Proof> {
    let mut sheets: BTreeMap<(String, SheetId), OfSheet> = BTreeMap::new();
    let mut readers = Vec::new();
    for (reader, (way, session, saves)) in people.into_iter().enumerate() {
        for save in saves {
            let of = sheets.entry((session.school.clone(), save.sheet));
            let of = of.or_insert_with(|| OfSheet {
                reader,
                saves: Vec::new(),
            });
            of.saves.push(save);
        }
        readers.push((way, session));
    }
    let mut by_reader: BTreeMap<usize, Vec<(SheetId, Vec<Save>)>> = BTreeMap::new();
    for ((_, sheet), OfSheet { reader, saves }) in sheets {
        by_reader.entry(reader).or_default().push((sheet, saves));
    }
    let proofs = by_reader.into_iter().map(async |(reader, sheets)| {
        let (way, session) = &readers[reader];
        let (line, _) = way.go_on(session).await?;
        let mut proof = Proof::default();
        for (sheet, saves) in sheets {
            let (standing, history) = (stands(&line, sheet).await?, changes(&line, sheet).await?);
            let changes = history
                .iter()
                .filter(|it| it.source == SOURCE && it.at >= since);
            proof.add(&compared(&saves, &standing, changes));
        }
        anyhow::Ok(proof)
    });
    let sum = async |mut sum: Proof, proof| {
        sum.add(&proof);
        Ok(sum)
    };
    stream::iter(proofs)
        .buffer_unordered(AT_ONCE)
        .try_fold(Proof::default(), sum)
        .await
}

impl Proof {
    fn add(&mut self, other: &Self) {
        self.saves += other.saves;
        self.marks += other.marks;
        self.unknown += other.unknown;
        self.lost += other.lost;
        self.doubled += other.doubled;
    }
}

/// Compares what was acknowledged with what stands and with what the history tells.
fn compared<'a>(
    saves: &[Save],
    standing: &Sheet,
    history: impl Iterator<Item = &'a MarkChange>,
) -> Proof {
    let mut proof = Proof::default();
    let mut told: HashMap<StudentId, BTreeMap<Version, &Entry>> = HashMap::new();
    let mut unknown: HashMap<StudentId, Vec<&Entry>> = HashMap::new();
    for save in saves {
        proof.saves += u64::from(save.version.is_some());
        for (student, entry) in &save.marks {
            match save.version {
                Some(version) => {
                    proof.marks += 1;
                    let before = told.entry(*student).or_default().insert(version, entry);
                    // No two saves of a sheet have one version.
                    proof.lost += u64::from(before.is_some());
                }
                None => {
                    proof.unknown += 1;
                    unknown.entry(*student).or_default().push(entry);
                }
            }
        }
    }
    let numbers = standing.rows.iter().map(|row| (&*row.adm, row));
    let numbers: HashMap<_, _> = numbers.collect();
    let mut kept: HashMap<StudentId, Vec<&Entry>> = HashMap::new();
    for change in history {
        match numbers.get(&*change.admission_no) {
            Some(row) => kept.entry(row.id).or_default().push(&change.after),
            None => proof.doubled += 1,
        }
    }
    for row in &standing.rows {
        let told = told.remove(&row.id).unwrap_or_default();
        let mut expected: Vec<&Entry> = told.values().copied().collect();
        // What is the same already leaves no line.
        expected.dedup();
        let mut maybe = unknown.remove(&row.id).unwrap_or_default();
        let last = told.last_key_value();
        let stands = last.is_none_or(|(version, entry)| row.v == *version && row.entry == **entry);
        proof.lost += u64::from(!stands && maybe.is_empty());
        let mut expected = expected.into_iter().peekable();
        for after in kept.remove(&row.id).unwrap_or_default() {
            if expected.next_if_eq(&after).is_some() {
                continue;
            }
            match maybe.iter().position(|entry| *entry == after) {
                Some(place) => drop(maybe.swap_remove(place)),
                None => proof.doubled += 1,
            }
        }
        proof.lost += u64::try_from(expected.count()).unwrap_or(u64::MAX);
    }
    // Whoever is not on the sheet any more has lost all.
    let rest = told.values().map(BTreeMap::len).sum::<usize>();
    proof.lost += u64::try_from(rest).unwrap_or(u64::MAX);
    proof
}

async fn stands(line: &Line, sheet: SheetId) -> anyhow::Result<Sheet> {
    let request = OpenSheet {
        sheet: WhichSheet::Id(sheet),
        newer_than: None,
    };
    match ask(line, HillviewRequest::OpenSheet { request }).await? {
        HillviewResponse::OpenSheet(Ok(SheetOpened::Sheet(sheet))) => Ok(*sheet),
        _ => bail!("sheet {sheet} does not come back"),
    }
}

async fn changes(line: &Line, sheet: SheetId) -> anyhow::Result<Vec<MarkChange>> {
    let mut all: Vec<MarkChange> = Vec::new();
    loop {
        let request = ShowHistory {
            sheet,
            student: None,
            after: all.last().map_or(0, |change| change.sequence),
        };
        let response = ask(line, HillviewRequest::ShowHistory { request }).await?;
        let HillviewResponse::ShowHistory(Ok(more)) = response else {
            bail!("the history of sheet {sheet} does not come back");
        };
        if more.is_empty() {
            return Ok(all);
        }
        all.extend(more);
    }
}

/// Asks until the server has time: reading back is no part of the load.
async fn ask(line: &Line, request: HillviewRequest) -> anyhow::Result<HillviewResponse> {
    loop {
        let refusal = match line.call(request.clone()).await? {
            Ok(response) => return Ok(response),
            Err(refusal) => refusal,
        };
        let wait = refusal.again_in;
        let wait =
            wait.with_context(|| format!("what was saved cannot be read back: {refusal}"))?;
        sleep(Duration::from_secs(wait.into())).await;
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use hillview_shared::assessments::{SheetRow, SheetState};
    use hillview_shared::grading::{Rounding, Scheme};
    use hillview_shared::marks::Score;

    use super::*;

    fn score(marks: i32) -> Entry {
        Entry::Score(Score::whole(marks))
    }

    fn save(version: Option<i64>, marks: i32) -> Save {
        Save {
            sheet: SheetId(1),
            marks: vec![(StudentId(7), score(marks))],
            version: version.map(Version),
        }
    }

    fn sheet(marks: i32, version: i64) -> Sheet {
        Sheet {
            id: SheetId(1),
            v: Version(version),
            class: "4 East".to_owned(),
            paper: "English".to_owned(),
            assessment: "MID".to_owned(),
            out_of: Score::whole(100),
            state: SheetState::Open,
            closed: None,
            closes: NaiveDate::MAX,
            direct_levels: false,
            scheme: Scheme {
                code: "s".to_owned(),
                rounding: Rounding::None,
                bands: Vec::new(),
            },
            rows: vec![SheetRow {
                id: StudentId(7),
                adm: "00007".to_owned(),
                name: "Amina".to_owned(),
                entry: score(marks),
                v: Version(version),
            }],
        }
    }

    fn change(marks: i32) -> MarkChange {
        MarkChange {
            sequence: 1,
            admission_no: "00007".to_owned(),
            student_name: "Amina".to_owned(),
            before: Entry::Blank,
            after: score(marks),
            by: "Wanjiru".to_owned(),
            at: Moment(5),
            source: SOURCE.to_owned(),
            reason: None,
        }
    }

    fn found(saves: &[Save], standing: &Sheet, history: &[i32]) -> (u64, u64) {
        let history: Vec<MarkChange> = history.iter().map(|marks| change(*marks)).collect();
        let proof = compared(saves, standing, history.iter());
        (proof.lost, proof.doubled)
    }

    #[test]
    fn what_is_lost_or_doubled_is_found() {
        let saves = [save(Some(2), 20), save(Some(1), 10)];
        assert_eq!(found(&saves, &sheet(20, 2), &[10, 20]), (0, 0));
        assert_eq!(
            found(&saves, &sheet(20, 2), &[20]),
            (2, 1),
            "not in its order"
        );
        assert_eq!(found(&saves, &sheet(20, 2), &[10]), (1, 0), "no line of it");
        assert_eq!(
            found(&saves, &sheet(10, 1), &[10, 20]),
            (1, 0),
            "not standing"
        );
        assert_eq!(found(&saves, &sheet(20, 2), &[10, 20, 20]), (0, 1));
        assert_eq!(found(&saves, &sheet(30, 3), &[10, 20, 30]), (1, 1));
        let gone = Sheet {
            rows: Vec::new(),
            ..sheet(20, 2)
        };
        assert_eq!(found(&saves, &gone, &[]), (2, 0));
    }

    #[test]
    fn what_nobody_answered_may_be_there_or_not() {
        let saves = [save(Some(1), 10), save(None, 20)];
        assert_eq!(found(&saves, &sheet(10, 1), &[10]), (0, 0));
        assert_eq!(found(&saves, &sheet(20, 2), &[10, 20]), (0, 0));
        assert_eq!(found(&saves, &sheet(20, 2), &[10, 20, 20]), (0, 1));
    }

    #[test]
    fn the_same_mark_again_has_no_line() {
        let saves = [save(Some(1), 10), save(Some(2), 10)];
        assert_eq!(found(&saves, &sheet(10, 2), &[10]), (0, 0));
    }
}
