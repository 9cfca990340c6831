//! A school with as many empty sheets of forty as are asked for, made by the calls that make any
//! other.

use anyhow::bail;
use chrono::Days;
use hillview_shared::accounts::{ChangePassword, LogIn, Role};
use hillview_shared::api::{HillviewRequest as Ask, HillviewResponse as Reply};
use hillview_shared::assessments::{AddAssessment, ListSheets, WhichAssessment};
use hillview_shared::classes::AddClass;
use hillview_shared::ids::{AssessmentId, ClassId, SheetId, StudentId, UserId};
use hillview_shared::marks::Score;
use hillview_shared::students::AddStudent;
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::line::{Line, Way};
use crate::ops::demo::people::person;
use crate::service::State;
use crate::service::accounts::{self, NewLogin, OneTime};
use crate::service::schools::{self, NewSchool};

/// Students of a class, and so marks of a sheet.
pub const MARKS: usize = 40;
const PASSWORD: &str = "a measurement of saves";
const GRADE: &str = "4";

/// A school before it has classes.
pub struct New {
    code: &'static str,
    one_time: String,
}

/// One class, the only one that its writer writes in.
pub struct Class {
    id: ClassId,
    pub students: Vec<StudentId>,
    pub sheets: Vec<SheetId>,
}

impl New {
    /// Makes a school with so many logins that may enter marks.
    pub async fn make(state: &State, code: &'static str, writers: usize) -> anyhow::Result<Self> {
        let new = NewSchool {
            code,
            name: "A School",
            pack: "ke-cbe",
            admin: "admin",
        };
        let one_time = schools::create(state, &new).await?;
        let tenant = state.tenants.school(code).await?;
        let password = OneTime {
            hash: state.hashers.hash(&one_time).await?,
            password: one_time,
        };
        let now = state.clock.now();
        let write = async |tx: &mut crate::db::Tx| {
            for number in 0..writers {
                let login = NewLogin {
                    staff: None,
                    username: &writer(number),
                    name: "Somebody",
                    roles: &[Role::DeputyHead.into()],
                    by: None,
                };
                accounts::add_login(tx, &login, &password, now).await?;
            }
            Ok(())
        };
        tenant.db.write(write).await?;
        let one_time = password.password;
        Ok(Self { code, one_time })
    }

    /// Adds so many classes with at least so many open sheets each; the first login does.
    pub async fn fill(
        &self,
        line: &Line,
        classes: usize,
        sheets: usize,
    ) -> anyhow::Result<Vec<Class>> {
        let mut made = Vec::new();
        for number in 0..classes {
            made.push(add_class(line, number).await?);
        }
        let mut assessments = 0;
        while made.iter().any(|class| class.sheets.len() < sheets) {
            assessments += 1;
            let assessment = add_assessment(line, assessments).await?;
            let taken = take_sheets(line, assessment, &mut made).await?;
            anyhow::ensure!(taken > 0, "an assessment made no sheet");
        }
        Ok(made)
    }

    /// A line on which one of the logins is logged in, with a password of its own.
    pub async fn enter(&self, way: &Way, number: usize) -> anyhow::Result<(Line, UserId)> {
        let line = way.connect().await?;
        let first = login(self.code, number, &self.one_time);
        let Reply::LogIn(Ok(told)) = line.call(first).await?? else {
            bail!("a login was answered by something else");
        };
        let request = ChangePassword {
            old: self.one_time.clone(),
            new: PASSWORD.to_owned(),
        };
        line.call(Ask::ChangePassword { request }).await??;
        Ok((line, told.who.user))
    }

    /// What a login sends that has a password of its own.
    pub fn log_in(&self, number: usize) -> Ask {
        login(self.code, number, PASSWORD)
    }
}

async fn add_class(line: &Line, number: usize) -> anyhow::Result<Class> {
    let request = AddClass {
        grade: GRADE.to_owned(),
        stream: format!("S{number}"),
    };
    let Reply::AddClass(Ok(class)) = line.call(Ask::AddClass { request }).await?? else {
        bail!("no class came");
    };
    let mut random = StdRng::seed_from_u64(u64::try_from(number)?);
    let mut students = Vec::new();
    for _ in 0..MARKS {
        let request = AddStudent {
            admission_no: None,
            name: person(&mut random).name,
            sex: None,
            birth_date: None,
            class: class.id,
        };
        let answer = line.call(Ask::AddStudent { request }).await??;
        let Reply::AddStudent(Ok(student)) = answer else {
            bail!("no student came");
        };
        students.push(student.id);
    }
    Ok(Class {
        id: class.id,
        students,
        sheets: Vec::new(),
    })
}

/// Adds an assessment that is open for entry today.
async fn add_assessment(line: &Line, number: usize) -> anyhow::Result<AssessmentId> {
    let code = format!("A{number}");
    let today = chrono::Utc::now().date_naive();
    let request = AddAssessment {
        code: code.clone(),
        name: "Measured".to_owned(),
        term: String::new(),
        out_of: Some(Score::whole(100)),
        opens: today.checked_sub_days(Days::new(1)),
        closes: today.checked_add_days(Days::new(1)),
        direct_levels: false,
        grades: vec![GRADE.to_owned()],
    };
    line.call(Ask::AddAssessment { request }).await??;
    let request = WhichAssessment { code };
    match line.call(Ask::OpenAssessment { request }).await?? {
        Reply::OpenAssessment(Ok(opened)) => Ok(opened.id),
        _ => bail!("no assessment came"),
    }
}

/// Gives each class its sheets of an assessment, and says how many there were.
async fn take_sheets(
    line: &Line,
    assessment: AssessmentId,
    classes: &mut [Class],
) -> anyhow::Result<usize> {
    let (mut taken, mut after) = (0, None);
    loop {
        let request = ListSheets {
            assessment: Some(assessment),
            after,
            limit: 200,
            ..ListSheets::default()
        };
        let Reply::ListSheets(Ok(page)) = line.call(Ask::ListSheets { request }).await?? else {
            bail!("no list of sheets came");
        };
        for sheet in page.rows {
            // Not those of subjects that only some of a class take.
            let whole = usize::try_from(sheet.expected) == Ok(MARKS);
            let class = classes.iter_mut().find(|class| class.id == sheet.class_id);
            if let Some(class) = class.filter(|_| whole) {
                class.sheets.push(sheet.id);
                taken += 1;
            }
        }
        if page.next.is_none() {
            return Ok(taken);
        }
        after = page.next;
    }
}

fn login(school: &str, number: usize, password: &str) -> Ask {
    let request = LogIn {
        school: school.to_owned(),
        user: writer(number),
        password: password.to_owned(),
        code: None,
        device: None,
    };
    Ask::LogIn { request }
}

fn writer(number: usize) -> String {
    format!("writer{number:03}")
}
