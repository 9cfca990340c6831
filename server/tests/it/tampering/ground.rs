//! A school with marks and a log, somebody who changes them behind the server's back, and the check.

use hillview_server::caller::Caller;
use hillview_server::db::Db;
use hillview_server::error::Result;
use hillview_server::service::{State, assessments, audit, marks};
use hillview_server::testing::{Engine, Installation, School};
use hillview_shared::assessments::{AddAssessment, ListSheets, SheetSummary, WhichAssessment};
use hillview_shared::audit::{AuditChecked, VerifyAudit};
use hillview_shared::ids::{OperationId, SheetId, StudentId, Version};
use hillview_shared::marks::{Edit, Entry, SaveMarks, Score};

/// Runs statements as somebody does who has the database's password.
pub async fn behind_the_back(db: &Db, statements: &[&'static str], numbers: &[i64]) {
    let done = db
        .write(async |tx| {
            for sql in statements {
                let mut query = tx.query(sql);
                for number in &numbers[..sql.matches('?').count()] {
                    query = query.bind(*number);
                }
                query.execute().await?;
            }
            Ok(())
        })
        .await;
    done.unwrap();
}

/// SQLite keeps the two tables by triggers, which whoever has the file takes away first.
pub async fn unguard(it: &Installation, db: &Db) {
    if it.engine == Engine::Sqlite {
        let drops = [
            "drop trigger audit_takes_no_update",
            "drop trigger audit_takes_no_delete",
            "drop trigger mark_change_takes_no_update",
            "drop trigger mark_change_takes_no_delete",
        ];
        behind_the_back(db, &drops, &[]).await;
    }
}

/// Checks everything, piece by piece; gives the last answer and how many rows were looked at.
pub async fn verify(
    state: &State,
    caller: &Caller,
    expect: Option<&str>,
) -> Result<(AuditChecked, u64)> {
    let (mut after, mut rows) = (None, 0);
    loop {
        let request = VerifyAudit {
            after,
            expect: expect.map(str::to_owned),
        };
        let checked = audit::verify(state, caller, request).await?;
        rows += checked.rows;
        if checked.next.is_none() {
            return Ok((checked, rows));
        }
        after = checked.next;
    }
}

pub async fn sheets(state: &State, teacher: &Caller) -> Vec<SheetSummary> {
    let request = ListSheets::default();
    let page = assessments::list_sheets(state, teacher, request).await;
    page.unwrap().rows
}

pub async fn save(state: &State, teacher: &Caller, sheet: SheetId, edits: Vec<Edit>) {
    let request = SaveMarks {
        sheet,
        operation: OperationId(rand::random()),
        edits,
        reason: None,
    };
    let saved = marks::save(state, teacher, request).await.unwrap();
    assert_eq!(saved.problems, []);
}

pub fn score(student: StudentId, based_on: i64, marks: i32) -> Edit {
    Edit {
        student,
        based_on: Version(based_on),
        entry: Entry::Score(Score::whole(marks)),
    }
}

/// A school whose teacher has entered English in 4 East: rows 1 to 5 of the history enter marks,
/// rows 6 to 10 change them, row 11 clears the first and row 12 changes the second once more.
pub struct Ready {
    pub school: School,
    pub head: Caller,
    pub teacher: Caller,
    pub sheet: SheetId,
}

pub async fn ready(it: &Installation) -> Ready {
    let (school, state) = (it.school("kilimani").await, &it.state);
    let admin = school.caller("admin").await;
    let today = admin.today(state.clock.now());
    let request = AddAssessment {
        code: "MID".into(),
        name: "Mid-Term".into(),
        term: String::new(),
        out_of: Some(Score::whole(60)),
        opens: Some(today),
        closes: Some(today + chrono::Days::new(7)),
        direct_levels: false,
        grades: vec!["Grade 4".into()],
    };
    assessments::add(state, &admin, request).await.unwrap();
    let which = WhichAssessment { code: "MID".into() };
    assessments::open(state, &admin, which).await.unwrap();
    let ready = Ready {
        teacher: school.caller("teacher").await,
        head: school.caller("head").await,
        sheet: sheets(state, &school.caller("teacher").await).await[0].id,
        school,
    };
    let east = || (0..5).map(|place| ready.student(place));
    let first = east().map(|student| score(student, 0, 40)).collect();
    save(state, &ready.teacher, ready.sheet, first).await;
    let second = east().map(|student| score(student, 1, 50)).collect();
    save(state, &ready.teacher, ready.sheet, second).await;
    let blank = Edit {
        entry: Entry::Blank,
        ..score(ready.student(0), 2, 0)
    };
    save(state, &ready.teacher, ready.sheet, vec![blank]).await;
    let last = score(ready.student(1), 2, 51);
    save(state, &ready.teacher, ready.sheet, vec![last]).await;
    for name in ["classteacher", "registrar", "head", "teacher", "admin"] {
        ready.school.caller(name).await;
    }
    ready
}

impl Ready {
    pub fn student(&self, place: usize) -> StudentId {
        self.school.students[place].id
    }

    pub async fn number(&self, sql: &'static str) -> i64 {
        self.head.db().query(sql).scalar().await.unwrap()
    }
}
