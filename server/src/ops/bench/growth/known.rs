//! What the two who ask know of the school: found through the same calls.

use anyhow::{Context, bail};
use hillview_shared::accounts::LogIn;
use hillview_shared::api::{HillviewRequest, HillviewResponse};
use hillview_shared::assessments::{
    AssessmentState, ListSheets, OpenSheet, Sheet, SheetOpened, SheetState, SheetSummary,
    WhichSheet,
};
use hillview_shared::classes::{Class, ListClasses};
use hillview_shared::ids::{SheetId, Version};
use hillview_shared::students::{ListStudents, Page, Student};

use super::CODE;
use crate::ops::bench::line::Line;
use crate::ops::bench::private::Server;
use crate::ops::seed::PASSWORD;

/// The pages that are walked through, of the most rows that there are: half of them is deep.
const PAGES: usize = 200;
const PAGE: u16 = 200;
/// Teachers who are looked at for sheets to enter marks in.
const TEACHERS: usize = 20;
/// Sheets that marks are entered in.
const ENTERED: usize = 8;

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Head,
    Teacher,
}

pub struct Known {
    head: Line,
    teacher: Line,
    pub registrar: Line,
    pub classes: Vec<Class>,
    pub students: Vec<Student>,
    pub sheets: Vec<SheetId>,
    /// In the middle of the lists.
    pub deep_students: Option<String>,
    pub deep_sheets: Option<String>,
    pub deep_classes: Option<String>,
    /// The teacher's, with the marks as they stand.
    pub own: Vec<Sheet>,
}

impl Known {
    pub async fn learn(server: &Server) -> anyhow::Result<Self> {
        let head = enter(server, "head").await?;
        let (students, deep_students) = walk(async |after| students(&head, after).await).await?;
        let (sheets, deep_sheets) = walk(async |after| sheets(&head, after).await).await?;
        let (classes, deep_classes) = walk(async |after| classes(&head, after).await).await?;
        let (teacher, own) = teacher(server).await?;
        anyhow::ensure!(
            !students.is_empty() && !sheets.is_empty() && !classes.is_empty(),
            "the school is empty"
        );
        Ok(Self {
            teacher,
            registrar: enter(server, "registrar").await?,
            head,
            classes,
            students,
            sheets: sheets.iter().map(|sheet| sheet.id).collect(),
            deep_students,
            deep_sheets,
            deep_classes,
            own,
        })
    }

    pub fn line(&self, who: Who) -> &Line {
        match who {
            Who::Head => &self.head,
            Who::Teacher => &self.teacher,
        }
    }

    /// Every mark of a sheet was stored.
    pub fn saved(&mut self, sheet: SheetId, version: Version) {
        let saved = self.own.iter_mut().find(|own| own.id == sheet);
        for row in saved.into_iter().flat_map(|own| &mut own.rows) {
            row.v = version;
        }
    }
}

/// A call that must be answered.
pub async fn ask(line: &Line, request: HillviewRequest) -> anyhow::Result<HillviewResponse> {
    Ok(line.call(request).await??)
}

async fn enter(server: &Server, user: &str) -> anyhow::Result<Line> {
    let line = server.way.connect().await?;
    let request = LogIn {
        school: CODE.to_owned(),
        user: user.to_owned(),
        password: PASSWORD.to_owned(),
        code: None,
        device: None,
    };
    let asked = ask(&line, HillviewRequest::LogIn { request }).await;
    asked.with_context(|| format!("{user} cannot log in"))?;
    Ok(line)
}

/// The rows of a list, and where its middle page begins.
async fn walk<T>(
    page: impl AsyncFn(Option<String>) -> anyhow::Result<Page<T>>,
) -> anyhow::Result<(Vec<T>, Option<String>)> {
    let (mut all, mut begins) = (Vec::new(), vec![None]);
    while let Some(after) = begins.last().cloned().filter(|_| begins.len() <= PAGES) {
        let page = page(after).await?;
        all.extend(page.rows);
        match page.next {
            Some(next) => begins.push(Some(next)),
            None => break,
        }
    }
    let middle = begins.len() / 2;
    Ok((all, begins.swap_remove(middle)))
}

async fn students(line: &Line, after: Option<String>) -> anyhow::Result<Page<Student>> {
    let request = ListStudents {
        after,
        limit: PAGE,
        ..ListStudents::default()
    };
    match ask(line, HillviewRequest::ListStudents { request }).await? {
        HillviewResponse::ListStudents(Ok(page)) => Ok(page),
        _ => bail!("no list of students came"),
    }
}

async fn classes(line: &Line, after: Option<String>) -> anyhow::Result<Page<Class>> {
    let request = ListClasses {
        after,
        // Smaller, so that a small school has a middle as well.
        limit: 20,
        ..ListClasses::default()
    };
    match ask(line, HillviewRequest::ListClasses { request }).await? {
        HillviewResponse::ListClasses(Ok(page)) => Ok(page),
        _ => bail!("no list of classes came"),
    }
}

async fn sheets(line: &Line, after: Option<String>) -> anyhow::Result<Page<SheetSummary>> {
    let request = ListSheets {
        after,
        limit: PAGE,
        ..ListSheets::default()
    };
    list_sheets(line, request).await
}

async fn list_sheets(line: &Line, request: ListSheets) -> anyhow::Result<Page<SheetSummary>> {
    match ask(line, HillviewRequest::ListSheets { request }).await? {
        HillviewResponse::ListSheets(Ok(page)) => Ok(page),
        _ => bail!("no list of sheets came"),
    }
}

/// The first teacher who may enter marks, and the sheets for it.
async fn teacher(server: &Server) -> anyhow::Result<(Line, Vec<Sheet>)> {
    for number in 1..=TEACHERS {
        let Ok(line) = enter(server, &format!("t{number:05}")).await else {
            break;
        };
        let mine = ListSheets {
            mine: true,
            limit: PAGE,
            ..ListSheets::default()
        };
        let mut own = Vec::new();
        for row in list_sheets(&line, mine).await?.rows {
            let open = row.state == SheetState::Open;
            if own.len() < ENTERED && open && row.assessment_state == AssessmentState::Open {
                own.push(open_sheet(&line, row.id).await?);
            }
        }
        own.retain(|sheet| sheet.closed.is_none() && !sheet.direct_levels);
        if !own.is_empty() {
            return Ok((line, own));
        }
    }
    bail!("no teacher of the school may enter marks")
}

async fn open_sheet(line: &Line, sheet: SheetId) -> anyhow::Result<Sheet> {
    let request = OpenSheet {
        sheet: WhichSheet::Id(sheet),
        newer_than: None,
    };
    match ask(line, HillviewRequest::OpenSheet { request }).await? {
        HillviewResponse::OpenSheet(Ok(SheetOpened::Sheet(sheet))) => Ok(*sheet),
        _ => bail!("the sheet did not open"),
    }
}
