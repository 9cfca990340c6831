//! What a measurement must know of the school, asked over the wire.

use std::collections::HashMap;

use anyhow::Context;
use chrono::{Days, NaiveDate};
use hillview_shared::accounts::LogIn;
use hillview_shared::api::{HillviewRequest, HillviewResponse};
use hillview_shared::assessments::{AddAssessment, ListSheets, WhichAssessment};
use hillview_shared::classes::ListClasses;
use hillview_shared::ids::{AssessmentId, ClassId};
use hillview_shared::marks::Score;
use hillview_shared::staff::ListStaff;
use hillview_shared::students::ListStudents;
use hillview_shared::teaching::{ListTeaching, TeachingRole};

use super::files::Class;
use crate::ops::bench::line::{Line, Way};

/// Rows of a page.
const PAGE: u16 = 200;

/// Makes a call of this name: the server's answer or refusal, or the loss of the line.
macro_rules! ask {
    ($line:expr, $call:ident $(, $request:expr)?) => {{
        let answer = $line
            .call(HillviewRequest::$call { $(request: $request)? })
            .await?;
        match answer {
            Ok(HillviewResponse::$call(answer)) => answer,
            Ok(_) => anyhow::bail!("the server answered another call"),
            Err(refusal) => Err(refusal),
        }
    }};
}
pub(super) use ask;

/// Reads a list page by page.
macro_rules! all_pages {
    ($line:expr, $call:ident, $request:expr) => {{
        let mut request = $request;
        let mut rows = Vec::new();
        loop {
            let page = ask!($line, $call, request.clone())?;
            rows.extend(page.rows);
            match page.next {
                Some(next) => request.after = Some(next),
                None => break rows,
            }
        }
    }};
}

fn all_classes() -> ListClasses {
    ListClasses {
        limit: PAGE,
        ..ListClasses::default()
    }
}

/// A connection of somebody.
pub async fn enter(way: &Way, school: &str, user: &str, password: &str) -> anyhow::Result<Line> {
    let line = way.connect().await?;
    let request = LogIn {
        school: school.to_owned(),
        user: user.to_owned(),
        password: password.to_owned(),
        code: None,
        device: None,
    };
    ask!(line, LogIn, request).with_context(|| format!("{user} cannot log in"))?;
    Ok(line)
}

/// Makes an assessment of the whole school and opens it.
pub async fn open(head: &Line, code: &str, today: NaiveDate) -> anyhow::Result<AssessmentId> {
    let request = AddAssessment {
        code: code.to_owned(),
        name: code.to_owned(),
        term: String::new(),
        out_of: Some(Score::whole(100)),
        opens: today.checked_sub_days(Days::new(1)),
        closes: today.checked_add_days(Days::new(1)),
        direct_levels: false,
        grades: Vec::new(),
    };
    let added = ask!(head, AddAssessment, request)?;
    let code = code.to_owned();
    ask!(head, OpenAssessment, WhichAssessment { code })?;
    Ok(added.id)
}

/// The classes that have a class teacher and students, with what their sheets are headed by.
pub async fn classes(head: &Line, of: AssessmentId) -> anyhow::Result<Vec<Class>> {
    let staff = ListStaff {
        limit: PAGE,
        ..ListStaff::default()
    };
    let staff = all_pages!(head, ListStaff, staff);
    let logins = staff.into_iter().map(|one| (one.id, one.username));
    let logins: HashMap<_, _> = logins.collect();
    let teaching = ListTeaching {
        limit: PAGE,
        ..ListTeaching::default()
    };
    let mut teachers: HashMap<ClassId, String> = HashMap::new();
    for one in all_pages!(head, ListTeaching, teaching) {
        let login = logins.get(&one.staff_id).cloned().flatten();
        if one.role == TeachingRole::ClassTeacher
            && let Some(login) = login
        {
            teachers.insert(one.class_id, login);
        }
    }
    let sheets = ListSheets {
        assessment: Some(of),
        limit: PAGE,
        ..ListSheets::default()
    };
    let mut papers: HashMap<ClassId, Vec<String>> = HashMap::new();
    for sheet in all_pages!(head, ListSheets, sheets) {
        papers.entry(sheet.class_id).or_default().push(sheet.paper);
    }
    let mut classes = Vec::new();
    for class in all_pages!(head, ListClasses, all_classes()) {
        let (Some(teacher), Some(papers)) = (teachers.remove(&class.id), papers.remove(&class.id))
        else {
            continue;
        };
        let students = ListStudents {
            class: Some(class.id),
            limit: PAGE,
            ..ListStudents::default()
        };
        let students = all_pages!(head, ListStudents, students);
        let students = students.into_iter().map(|one| (one.admission_no, one.name));
        let students: Vec<(String, String)> = students.collect();
        if !students.is_empty() {
            classes.push(Class {
                name: class.name,
                teacher,
                students,
                papers,
            });
        }
    }
    anyhow::ensure!(
        !classes.is_empty(),
        "no class has a class teacher, students and sheets"
    );
    Ok(classes)
}

/// The codes of the grades that classes are of.
pub async fn grades(head: &Line) -> anyhow::Result<Vec<String>> {
    let mut grades: Vec<String> = Vec::new();
    for class in all_pages!(head, ListClasses, all_classes()) {
        if !grades.contains(&class.grade) {
            grades.push(class.grade);
        }
    }
    Ok(grades)
}
