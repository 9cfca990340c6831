//! The calls that are made in a school of each size, and what one of them costs.

use std::time::{Duration, Instant};

use anyhow::ensure;
use hillview_shared::api::{HillviewRequest, HillviewResponse};
use hillview_shared::assessments::{ListSheets, OpenSheet, WhichSheet};
use hillview_shared::classes::ListClasses;
use hillview_shared::ids::OperationId;
use hillview_shared::marks::{Edit, Entry, SaveMarks, Score, ShowHistory};
use hillview_shared::staff::ListStaff;
use hillview_shared::students::{ListStudents, Student, WhichStudent};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde::Serialize;

use super::known::{Known, Who, ask};
use crate::db::{Db, measures};
use crate::ops::bench::private::{Logged, Server};
use crate::ops::bench::report::{Times, histogram, micros, times};

/// Made before those that count: what is read for the first time is not there yet.
const WARM_UP: u32 = 10;
/// The server logs a call after it has answered it, sooner than that.
const LOGGED_IN: Duration = Duration::from_millis(200);

/// What one call costs in a school of one size.
#[derive(Serialize)]
pub struct CallFigures {
    call: &'static str,
    /// As the client sees it, over TLS.
    client: Times,
    /// In the server, with its database.
    server: Times,
    /// The server's time on processors, the mean; an embedded database is in it.
    cpu_micros: u64,
    /// The median, and the most of one call: what is remembered costs none.
    statements: u32,
    statements_most: u32,
    /// By the database, the mean; `None` where it does not count them.
    rows_read: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Call {
    OpenSheet,
    SaveSheet,
    ListOwnSheets,
    ListSheets,
    ListSheetsDeep,
    ClassProgress,
    ShowHistory,
    ListStudents,
    ListStudentsDeep,
    SearchName,
    SearchNumber,
    ShowStudent,
    ListStaff,
    ListClasses,
    ListClassesDeep,
}

const CALLS: [Call; 15] = [
    Call::OpenSheet,
    Call::SaveSheet,
    Call::ListOwnSheets,
    Call::ListSheets,
    Call::ListSheetsDeep,
    Call::ClassProgress,
    Call::ShowHistory,
    Call::ListStudents,
    Call::ListStudentsDeep,
    Call::SearchName,
    Call::SearchNumber,
    Call::ShowStudent,
    Call::ListStaff,
    Call::ListClasses,
    Call::ListClassesDeep,
];

impl Call {
    fn name(self) -> &'static str {
        match self {
            Self::OpenSheet => "open a sheet",
            Self::SaveSheet => "save a sheet",
            Self::ListOwnSheets => "own sheets",
            Self::ListSheets => "all sheets, first page",
            Self::ListSheetsDeep => "all sheets, deep page",
            Self::ClassProgress => "progress of a class",
            Self::ShowHistory => "history of a sheet",
            Self::ListStudents => "students, first page",
            Self::ListStudentsDeep => "students, deep page",
            Self::SearchName => "search a name",
            Self::SearchNumber => "search a number",
            Self::ShowStudent => "show a student",
            Self::ListStaff => "staff, first page",
            Self::ListClasses => "classes, first page",
            Self::ListClassesDeep => "classes, deep page",
        }
    }

    fn by(self) -> Who {
        match self {
            Self::SaveSheet | Self::ListOwnSheets => Who::Teacher,
            _ => Who::Head,
        }
    }

    /// The call for the n-th time.
    fn request(self, school: &Known, turn: u32, random: &mut StdRng) -> HillviewRequest {
        let after = |deep: &Option<String>, is_deep: bool| deep.clone().filter(|_| is_deep);
        match self {
            Self::OpenSheet => {
                let request = OpenSheet {
                    sheet: WhichSheet::Id(any(&school.sheets, random)),
                    newer_than: None,
                };
                HillviewRequest::OpenSheet { request }
            }
            Self::SaveSheet => save(school, turn, random),
            Self::ListOwnSheets => sheets(ListSheets {
                mine: true,
                ..ListSheets::default()
            }),
            Self::ListSheets | Self::ListSheetsDeep => sheets(ListSheets {
                after: after(&school.deep_sheets, self == Self::ListSheetsDeep),
                ..ListSheets::default()
            }),
            Self::ClassProgress => sheets(ListSheets {
                class: school.classes.choose(random).map(|class| class.id),
                ..ListSheets::default()
            }),
            Self::ShowHistory => {
                let request = ShowHistory {
                    sheet: any(&school.sheets, random),
                    student: None,
                    after: 0,
                };
                HillviewRequest::ShowHistory { request }
            }
            Self::ListStudents | Self::ListStudentsDeep => students(ListStudents {
                after: after(&school.deep_students, self == Self::ListStudentsDeep),
                ..ListStudents::default()
            }),
            Self::SearchName => search(school, random, |student| {
                // As much as somebody types before looking.
                let family = student.name.split(' ').next_back();
                family.unwrap_or_default().chars().take(4).collect()
            }),
            Self::SearchNumber => search(school, random, |student| student.admission_no.clone()),
            Self::ShowStudent => {
                let student = school.students.choose(random);
                let student = student.expect("the school has students");
                let request = WhichStudent::Id(student.id);
                HillviewRequest::ShowStudent { request }
            }
            Self::ListStaff => {
                let request = ListStaff::default();
                HillviewRequest::ListStaff { request }
            }
            Self::ListClasses | Self::ListClassesDeep => {
                let request = ListClasses {
                    after: after(&school.deep_classes, self == Self::ListClassesDeep),
                    ..ListClasses::default()
                };
                HillviewRequest::ListClasses { request }
            }
        }
    }
}

fn any<T: Copy>(all: &[T], random: &mut StdRng) -> T {
    *all.choose(random).expect("the school has some of each")
}

fn sheets(request: ListSheets) -> HillviewRequest {
    HillviewRequest::ListSheets { request }
}

fn students(request: ListStudents) -> HillviewRequest {
    HillviewRequest::ListStudents { request }
}

fn search(
    school: &Known,
    random: &mut StdRng,
    word: impl FnOnce(&Student) -> String,
) -> HillviewRequest {
    students(ListStudents {
        search: school.students.choose(random).map(word),
        ..ListStudents::default()
    })
}

/// Every mark of a sheet, another one each time.
fn save(school: &Known, turn: u32, random: &mut StdRng) -> HillviewRequest {
    let own = &school.own;
    let at = usize::try_from(turn).unwrap_or_default();
    let (sheet, round) = (&own[at % own.len()], at / own.len());
    let entry = Entry::Score(Score::whole(if round.is_multiple_of(2) { 1 } else { 2 }));
    let edits = sheet.rows.iter().map(|row| Edit {
        student: row.id,
        based_on: row.v,
        entry: entry.clone(),
    });
    let request = SaveMarks {
        sheet: sheet.id,
        operation: OperationId(random.random()),
        edits: edits.collect(),
        reason: None,
    };
    HillviewRequest::SaveMarks { request }
}

/// Makes each call so often, one after the other.
pub async fn measure(
    server: &Server,
    control: &Db,
    school: &mut Known,
    times: u32,
) -> anyhow::Result<Vec<CallFigures>> {
    let mut figures = Vec::new();
    for call in CALLS {
        figures.push(one(server, control, school, call, times).await?);
    }
    Ok(figures)
}

async fn one(
    server: &Server,
    control: &Db,
    school: &mut Known,
    call: Call,
    count: u32,
) -> anyhow::Result<CallFigures> {
    // The same in each size.
    let mut random = StdRng::seed_from_u64(7);
    for turn in 0..WARM_UP {
        make(school, call, turn, &mut random).await?;
    }
    let before = settled(server).await?.len();
    let (taken, read) = (server.taken()?, measures::rows_read(control).await?);
    let mut client = histogram();
    for turn in WARM_UP..WARM_UP + count {
        let took = make(school, call, turn, &mut random).await?;
        client.record(micros(took))?;
    }
    let cpu_ms = server.taken()?.cpu_ms - taken.cpu_ms;
    let read_since = measures::rows_read(control).await?;
    let logged = settled(server).await?.split_off(before);
    ensure!(
        logged.len() == usize::try_from(count)?,
        "{}: {count} calls were made, and {} are in the server's log",
        call.name(),
        logged.len()
    );
    let mut in_server = histogram();
    for line in &logged {
        in_server.record(line.micros)?;
    }
    let mut statements: Vec<u32> = logged.iter().map(|line| line.statements).collect();
    statements.sort_unstable();
    let rows_read = read_since.zip(read).map(|(now, before)| now - before);
    Ok(CallFigures {
        call: call.name(),
        client: times(&client),
        server: times(&in_server),
        cpu_micros: cpu_ms * 1_000 / u64::from(count),
        statements: statements[statements.len() / 2],
        statements_most: statements.last().copied().unwrap_or_default(),
        rows_read: rows_read.map(|rows| rows / u64::from(count)),
    })
}

/// Makes a call, and says how long its answer took.
async fn make(
    school: &mut Known,
    call: Call,
    turn: u32,
    random: &mut StdRng,
) -> anyhow::Result<Duration> {
    let request = call.request(school, turn, random);
    let sheet = match &request {
        HillviewRequest::SaveMarks { request } => Some(request.sheet),
        _ => None,
    };
    let asked = Instant::now();
    let answer = ask(school.line(call.by()), request).await?;
    let took = asked.elapsed();
    if let (Some(sheet), HillviewResponse::SaveMarks(Ok(saved))) = (sheet, answer) {
        ensure!(saved.problems.is_empty(), "a mark was not saved");
        school.saved(sheet, saved.version);
    }
    Ok(took)
}

/// The calls in the log, once all that were answered are in it.
async fn settled(server: &Server) -> anyhow::Result<Vec<Logged>> {
    let mut logged = server.logged()?;
    loop {
        tokio::time::sleep(LOGGED_IN).await;
        let now = server.logged()?;
        if now.len() == logged.len() {
            return Ok(now);
        }
        logged = now;
    }
}
