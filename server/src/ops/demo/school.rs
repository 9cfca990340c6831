//! The school of the demonstration, made through the same calls as any other.

use std::sync::Arc;

use chrono::Days;
use hillview_shared::accounts::{ChangePassword, LogIn, Role};
use hillview_shared::assessments::{
    AddAssessment, OpenSheet, SheetOpened, WhichAssessment, WhichSheet,
};
use hillview_shared::classes::AddClass;
use hillview_shared::ids::OperationId;
use hillview_shared::marks::{Edit, Entry, SaveMarks, Score};
use hillview_shared::staff::AddStaff;
use hillview_shared::students::AddStudent;
use hillview_shared::subjects::{AddSubject, NewPaper};
use hillview_shared::teaching::{AssignTeaching, TeachingRole};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::people::person;
use crate::caller::{self, Caller};
use crate::error::{Error, Result};
use crate::service::accounts::{self, Peer};
use crate::service::schools::{self, NewSchool};
use crate::service::{State, assessments, classes, marks, staff, students, subjects, teaching};

pub const CODE: &str = "demo";
pub const ASSESSMENT: &str = "MID";
/// Everybody's password: the school is on one private socket and gone in a moment.
pub const PASSWORD: &str = "a short demonstration";

/// A class and a subject.
pub type Taught = (&'static str, &'static str);
/// Login, number, name, and what they teach where.
pub const STAFF: &[(&str, &str, &str, &[Taught])] = &[
    (
        "w.kamau",
        "T001",
        "Wanjiru Kamau",
        &[("4 East", "ENG"), ("4 West", "ENG"), ("5 East", "MAT")],
    ),
    (
        "j.otieno",
        "T002",
        "James Otieno",
        &[("4 East", "MAT"), ("4 West", "MAT"), ("4 East", "RE")],
    ),
    (
        "m.hassan",
        "T003",
        "Mariam Hassan",
        &[("4 East", "KIS"), ("4 West", "KIS"), ("5 East", "ENG")],
    ),
    (
        "p.kiprono",
        "T004",
        "Peter Kiprono",
        &[("4 East", "SCT"), ("4 East", "AGN"), ("5 East", "SCT")],
    ),
    (
        "r.mutua",
        "T005",
        "Ruth Mutua",
        &[("4 East", "SST"), ("4 East", "CA"), ("5 East", "SST")],
    ),
];
/// Grade, stream, students, class teacher.
const CLASSES: &[(&str, &str, usize, &str)] = &[
    ("4", "East", 40, "w.kamau"),
    ("4", "West", 38, "j.otieno"),
    ("5", "East", 41, "m.hassan"),
];
/// Class, paper, who enters, how many marks are in.
const ENTERED: &[(&str, &str, &str, usize)] = &[
    ("4 East", "ENG/GRAM", "w.kamau", 24),
    ("4 East", "MAT", "j.otieno", 40),
    ("4 East", "KIS", "m.hassan", 40),
    ("4 East", "RE", "j.otieno", 12),
    ("4 West", "ENG/GRAM", "w.kamau", 38),
    ("5 East", "MAT", "w.kamau", 38),
];

/// Makes the school and gives the admission number of a student who has no grammar mark yet.
pub async fn make(state: &Arc<State>) -> Result<String> {
    let name = "Kilimani Primary";
    let new = NewSchool {
        code: CODE,
        name,
        pack: "ke-cbe",
        admin: "admin",
    };
    let password = schools::create(state, &new).await?;
    let admin = first_login(state, "admin", &password).await?;
    let mut random = StdRng::seed_from_u64(2026);
    people(state, &admin, &mut random).await?;
    assessment(state, &admin).await?;
    let mut owing = None;
    for (class, paper, teacher, count) in ENTERED {
        let teacher = log_in(state, teacher).await?;
        let left = enter(state, &teacher, (class, paper), *count, &mut random).await?;
        owing = owing.or(left);
    }
    owing.ok_or_else(|| Error::fault("make the demonstration", "every mark is entered already"))
}

async fn people(state: &State, admin: &Caller, random: &mut StdRng) -> Result<()> {
    let mut number = 20_240_000;
    let mut made = Vec::new();
    for (grade, stream, size, _) in CLASSES {
        let request = AddClass {
            grade: (*grade).into(),
            stream: (*stream).into(),
        };
        let class = classes::add(state, admin, request).await?;
        for _ in 0..*size {
            let person = person(random);
            number += 1;
            let request = AddStudent {
                admission_no: Some(number.to_string()),
                name: person.name,
                sex: Some(person.sex),
                birth_date: None,
                class: class.id,
            };
            students::add(state, admin, request).await?;
        }
        made.push(class.name);
    }
    for (username, staff_no, name, _) in STAFF {
        let request = AddStaff {
            staff_no: (*staff_no).into(),
            name: (*name).into(),
            username: (*username).into(),
            roles: vec![Role::Teacher.into()],
        };
        let added = staff::add(state, admin, request).await?;
        first_login(state, username, &added.one_time_password).await?;
    }
    let assign = async |staff: &str, class: &str, subject: Option<&str>| {
        let role = match subject {
            Some(_) => TeachingRole::SubjectTeacher,
            None => TeachingRole::ClassTeacher,
        };
        let request = AssignTeaching {
            staff: staff.into(),
            class: class.into(),
            subject: subject.map(str::to_owned),
            role,
            starts: None,
            ends: None,
            replace: false,
        };
        teaching::assign(state, admin, request).await
    };
    for (class, (.., teacher)) in made.iter().zip(CLASSES) {
        assign(teacher, class, None).await?;
    }
    for (teacher, _, _, taught) in STAFF {
        for (class, subject) in *taught {
            assign(teacher, class, Some(subject)).await?;
        }
    }
    Ok(())
}

async fn assessment(state: &State, admin: &Caller) -> Result<()> {
    let paper = |code: &str, name: &str, out_of| NewPaper {
        code: code.into(),
        name: name.into(),
        weight: out_of * 100,
        out_of: Score::whole(out_of),
    };
    let english = AddSubject {
        code: "ENG".into(),
        name: "English".into(),
        aliases: Vec::new(),
        grades: vec!["4".into(), "5".into()],
        papers: vec![
            paper("GRAM", "Grammar", 60),
            paper("COMP", "Composition", 40),
        ],
    };
    subjects::add(state, admin, english).await?;
    let today = admin.today(state.clock.now());
    let request = AddAssessment {
        code: ASSESSMENT.into(),
        name: "Mid-Term".into(),
        term: String::new(),
        out_of: None,
        opens: today.checked_sub_days(Days::new(10)),
        closes: today.checked_add_days(Days::new(4)),
        direct_levels: false,
        grades: vec!["4".into(), "5".into()],
    };
    assessments::add(state, admin, request).await?;
    assessments::open(
        state,
        admin,
        WhichAssessment {
            code: ASSESSMENT.into(),
        },
    )
    .await?;
    Ok(())
}

/// Enters marks for the first students of a sheet; gives the number of the first without one.
async fn enter(
    state: &State,
    teacher: &Caller,
    (class, paper): (&str, &str),
    count: usize,
    random: &mut StdRng,
) -> Result<Option<String>> {
    let named = WhichSheet::Named {
        class: class.into(),
        paper: paper.into(),
        assessment: ASSESSMENT.into(),
    };
    let request = OpenSheet {
        sheet: named,
        newer_than: None,
    };
    let SheetOpened::Sheet(sheet) = assessments::open_sheet(state, teacher, request).await? else {
        return Err(Error::fault(
            "make the demonstration",
            "a new sheet has no version to match",
        ));
    };
    let out_of = sheet.out_of.hundredths() / 100;
    let edits = sheet.rows.iter().take(count).map(|row| Edit {
        student: row.id,
        based_on: row.v,
        entry: match random.random_range(0..20) {
            0 => Entry::Absent,
            _ => Entry::Score(Score::whole(random.random_range(out_of / 4..=out_of))),
        },
    });
    let edits = edits.collect();
    let operation = OperationId(random.random());
    let request = SaveMarks {
        sheet: sheet.id,
        operation,
        edits,
        reason: None,
    };
    marks::save(state, teacher, request).await?;
    Ok(sheet.rows.get(count).map(|row| row.adm.clone()))
}

/// Logs in with a one-time password and chooses the one of the demonstration.
async fn first_login(state: &State, user: &str, one_time: &str) -> Result<Caller> {
    let peer = peer();
    let (_, key) = accounts::log_in(state, &peer, request(user, one_time)).await?;
    let fresh = caller::resolve_unsettled(state, &key, &peer).await?;
    let change = ChangePassword {
        old: one_time.into(),
        new: PASSWORD.into(),
    };
    let (_, key) = accounts::change_password(state, &peer, &fresh, change).await?;
    caller::resolve(state, &key, &peer).await
}

async fn log_in(state: &State, user: &str) -> Result<Caller> {
    let peer = peer();
    let (_, key) = accounts::log_in(state, &peer, request(user, PASSWORD)).await?;
    caller::resolve(state, &key, &peer).await
}

fn request(user: &str, password: &str) -> LogIn {
    LogIn {
        school: CODE.into(),
        user: user.into(),
        password: password.into(),
        code: None,
        device: None,
    }
}

fn peer() -> Peer {
    Peer {
        client: "demo".into(),
        address: "unix".into(),
    }
}
