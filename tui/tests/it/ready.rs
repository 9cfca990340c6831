//! A school at the end of a term: a class of forty, an open assessment, a teacher with a sheet.

use chrono::Days;
use hillview_server::service::{assessments, marks, staff, students, teaching};
use hillview_server::testing::{Installation, School};
use hillview_shared::accounts::Role;
use hillview_shared::assessments::{
    AddAssessment, OpenSheet, Sheet, SheetOpened, WhichAssessment, WhichSheet,
};
use hillview_shared::marks::{Entry, MarkChange, Score, ShowHistory};
use hillview_shared::staff::AddStaff;
use hillview_shared::students::AddStudent;
use hillview_shared::teaching::{AssignTeaching, TeachingRole};

/// The code of the school.
pub const SCHOOL: &str = "kili";

pub struct Ready<'a> {
    installation: &'a Installation,
    pub school: School,
}

impl<'a> Ready<'a> {
    /// Makes the school; `teacher` has English of 4 East, out of 60.
    pub async fn make(installation: &'a Installation) -> Self {
        let school = installation.school(SCHOOL).await;
        let state = &installation.state;
        let registrar = school.caller("registrar").await;
        for number in 8..43 {
            let request = AddStudent {
                admission_no: Some(format!("A{number:03}")),
                name: format!("Kamau Number {number}"),
                sex: None,
                birth_date: None,
                class: school.east.id,
            };
            students::add(state, &registrar, request).await.unwrap();
        }
        let admin = school.caller("admin").await;
        let today = admin.today(state.clock.now());
        let request = AddAssessment {
            code: "END".into(),
            name: "End-Term".into(),
            term: String::new(),
            out_of: Some(Score::whole(60)),
            opens: Some(today),
            closes: Some(today + Days::new(7)),
            direct_levels: false,
            grades: vec!["Grade 4".into()],
        };
        assessments::add(state, &admin, request).await.unwrap();
        let which = WhichAssessment { code: "END".into() };
        assessments::open(state, &admin, which).await.unwrap();
        Self {
            installation,
            school,
        }
    }

    /// A teacher of Mathematics in 4 West who has never logged in; gives the first password.
    pub async fn newcomer(&self) -> String {
        let state = &self.installation.state;
        let admin = self.school.caller("admin").await;
        let request = AddStaff {
            staff_no: "T90".into(),
            name: "Faith Wambui".into(),
            username: "newcomer".into(),
            roles: vec![Role::Teacher.into()],
        };
        let added = staff::add(state, &admin, request).await.unwrap();
        let request = AssignTeaching {
            staff: "newcomer".into(),
            class: "4 West".into(),
            subject: Some("MAT".into()),
            role: TeachingRole::SubjectTeacher,
            starts: None,
            ends: None,
            replace: false,
        };
        teaching::assign(state, &admin, request).await.unwrap();
        added.one_time_password
    }

    /// The sheet as the server has it.
    pub async fn sheet(&self) -> Box<Sheet> {
        let head = self.school.caller("head").await;
        let request = OpenSheet {
            sheet: WhichSheet::Named {
                class: "4 East".into(),
                paper: "ENG".into(),
                assessment: "END".into(),
            },
            newer_than: None,
        };
        match assessments::open_sheet(&self.installation.state, &head, request).await {
            Ok(SheetOpened::Sheet(sheet)) => sheet,
            other => panic!("{other:?}"),
        }
    }

    /// The marks of the sheet from the top, `None` for a blank.
    pub async fn scores(&self) -> Vec<Option<i32>> {
        let whole = |entry: Entry| entry.score().map(|score| score.hundredths() / 100);
        let sheet = self.sheet().await;
        sheet.rows.into_iter().map(|row| whole(row.entry)).collect()
    }

    /// The changes of the sheet.
    pub async fn history(&self) -> Vec<MarkChange> {
        let head = self.school.caller("head").await;
        let request = ShowHistory {
            sheet: self.sheet().await.id,
            student: None,
            after: 0,
        };
        let shown = marks::history(&self.installation.state, &head, request).await;
        shown.unwrap()
    }
}
