//! A played school: Kilimani Primary, its class 4 East, and what the server answers about it.

use chrono::NaiveDate;
use hillview_shared::accounts::{Permission, Role, Who};
use hillview_shared::api::{HillviewRequest, HillviewResponse};
use hillview_shared::assessments::{
    AssessmentState, Sheet, SheetOpened, SheetRow, SheetState, SheetSummary, WhichSheet,
};
use hillview_shared::classes::{Class, ListClasses};
use hillview_shared::grading::{Band, Rounding, Scheme};
use hillview_shared::ids::{
    ClassId, GradeId, Moment, PaperId, SheetId, StudentId, TermId, UserId, Version,
};
use hillview_shared::marks::{Entry, MarkChange, Score, Theirs};
use hillview_shared::school::{CurrentTerm, SchoolSummary};
use hillview_shared::students::{
    Enrolment, Page, Sex, Student, StudentDetail, StudentMark, StudentStatus,
};

use super::people;

pub const GRAMMAR: SheetId = SheetId(11);
/// A sheet on which three marks are there already.
pub const COMPOSITION: SheetId = SheetId(12);
/// A sheet that is closed.
pub const CLOSED: SheetId = SheetId(13);
/// A sheet that takes levels.
pub const LEVELS: SheetId = SheetId(14);

pub fn day(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

pub fn kamau() -> Who {
    Who {
        user: UserId(7),
        username: "w.kamau".into(),
        name: "W. Kamau".into(),
        school: SchoolSummary {
            code: "KILIMANI".into(),
            name: "Kilimani Primary".into(),
            term: Some(CurrentTerm {
                id: TermId(2),
                name: "2026 T2".into(),
            }),
        },
        roles: vec![Role::Teacher.into()],
        permissions: vec![Permission::StudentsRead],
        must_change_password: false,
        session_ends: Moment(super::NOW.0 + 3_600_000_000),
        second_factor: hillview_shared::accounts::SecondFactor::Off,
    }
}

pub fn names() -> Vec<String> {
    let first = [
        "Achieng Grace Otieno",
        "Barasa Kevin",
        "Chebet Faith",
        "Ng'ang'a Peter",
        "Hassan Amina",
        "Kiprono Dennis",
        "Moraa Esther",
        "Mwangi John",
    ];
    let rest = (9..=40).map(|number| format!("Student Number {number}"));
    first.into_iter().map(str::to_owned).chain(rest).collect()
}

pub fn scheme() -> Scheme {
    let bands = [
        ("EE1", 90, 8),
        ("EE2", 75, 7),
        ("ME1", 58, 6),
        ("ME2", 41, 5),
        ("AE1", 31, 4),
        ("AE2", 21, 3),
        ("BE1", 11, 2),
        ("BE2", 0, 1),
    ];
    Scheme {
        code: "ke-cbe-8".into(),
        rounding: Rounding::None,
        bands: bands
            .iter()
            .map(|(code, lower, points)| Band {
                code: (*code).into(),
                label: String::new(),
                lower: lower * 100,
                points: points * 100,
            })
            .collect(),
    }
}

pub fn row(at: usize, name: &str) -> SheetRow {
    SheetRow {
        id: StudentId(at as i64 + 1),
        adm: format!("{}", 20_240_001 + at),
        name: name.into(),
        entry: Entry::Blank,
        v: Version(0),
    }
}

pub fn grammar() -> Sheet {
    let rows = names();
    Sheet {
        id: GRAMMAR,
        v: Version(1),
        class: "4 East".into(),
        paper: "English / Grammar".into(),
        assessment: "T2-END".into(),
        out_of: Score::whole(60),
        state: SheetState::Open,
        closed: None,
        closes: day("2026-07-31"),
        direct_levels: false,
        scheme: scheme(),
        rows: rows
            .iter()
            .enumerate()
            .map(|(at, name)| row(at, name))
            .collect(),
    }
}

pub fn composition() -> Sheet {
    let mut sheet = Sheet {
        id: COMPOSITION,
        v: Version(9),
        paper: "English / Composition".into(),
        out_of: Score::whole(40),
        ..grammar()
    };
    let marks = [
        Entry::Score(Score::whole(30)),
        Entry::Score(Score::whole(25)),
        Entry::Absent,
    ];
    for (row, entry) in sheet.rows.iter_mut().zip(marks) {
        (row.entry, row.v) = (entry, Version(9));
    }
    sheet
}

fn sheet(id: SheetId) -> Sheet {
    match id {
        COMPOSITION => composition(),
        CLOSED => Sheet {
            id: CLOSED,
            paper: "Mathematics".into(),
            closed: Some("entry closed on 24 Jul".into()),
            ..composition()
        },
        LEVELS => Sheet {
            id: LEVELS,
            paper: "Creative Arts".into(),
            direct_levels: true,
            ..grammar()
        },
        _ => grammar(),
    }
}

fn summary(
    id: SheetId,
    paper: &str,
    entered: i64,
    closes: &str,
    state: SheetState,
) -> SheetSummary {
    SheetSummary {
        id,
        class_id: ClassId(4),
        class: "4 East".into(),
        assessment: "T2-END".into(),
        paper_id: PaperId(id.0),
        paper: paper.into(),
        state,
        assessment_state: AssessmentState::Open,
        opens: day("2026-07-20"),
        closes: day(closes),
        entered,
        expected: 40,
        teacher: Some("J. Otieno".into()),
    }
}

/// The one class of the fixtures, where it is asked for.
fn classes(request: &ListClasses) -> Page<Class> {
    let begins = |text: &Option<String>| {
        let text = text.as_deref().unwrap_or_default().to_lowercase();
        class().name.to_lowercase().starts_with(&text)
    };
    let fits = begins(&request.class) && begins(&request.search);
    Page {
        rows: Vec::from_iter(fits.then(class)),
        next: None,
    }
}

pub fn class() -> Class {
    Class {
        id: ClassId(4),
        year: "2026".into(),
        grade_id: GradeId(4),
        grade: "G4".into(),
        stream: "East".into(),
        name: "4 East".into(),
        students: 40,
        class_teacher: Some("W. Kamau".into()),
    }
}

pub fn student(at: usize, name: &str) -> Student {
    Student {
        id: StudentId(at as i64 + 1),
        admission_no: format!("{}", 20_240_001 + at),
        name: name.into(),
        sex: Some(Sex::Female),
        birth_date: Some(day("2016-03-14")),
        status: StudentStatus::Active,
        class_id: Some(ClassId(4)),
        class: Some("4 East".into()),
        v: Version(1),
    }
}

fn sheets(mine: bool) -> Vec<SheetSummary> {
    let mut sheets = vec![
        summary(
            GRAMMAR,
            "English / Grammar",
            0,
            "2026-07-31",
            SheetState::Open,
        ),
        summary(
            COMPOSITION,
            "English / Composition",
            3,
            "2026-07-29",
            SheetState::Open,
        ),
        summary(CLOSED, "Mathematics", 38, "2026-07-24", SheetState::Open),
        summary(
            LEVELS,
            "Creative Arts",
            40,
            "2026-07-31",
            SheetState::Submitted,
        ),
    ];
    if !mine {
        sheets.push(summary(
            SheetId(15),
            "Kiswahili / Insha",
            12,
            "2026-07-31",
            SheetState::Open,
        ));
    }
    sheets
}

fn detail() -> StudentDetail {
    let mark = |assessment: &str, paper: &str, entry, level: Option<&str>| StudentMark {
        assessment: assessment.into(),
        paper: paper.into(),
        entry,
        out_of: Score::whole(60),
        level: level.map(str::to_owned),
    };
    let score = |marks| Entry::Score(Score::whole(marks));
    StudentDetail {
        student: student(4, "Hassan Amina"),
        enrolments: vec![Enrolment {
            class: "4 East".into(),
            year: "2026".into(),
            starts: day("2026-01-05"),
            ends: None,
        }],
        marks: vec![
            mark("T1-MID", "English / Grammar", score(35), Some("ME1")),
            mark("T1-END", "English / Grammar", Entry::Absent, None),
            mark("T1-END", "Mathematics", score(52), Some("EE2")),
        ],
    }
}

/// What the server answers.
pub fn answer(request: &HillviewRequest) -> HillviewResponse {
    use HillviewRequest as Q;
    use HillviewResponse as A;
    match request {
        Q::ListSheets { request } => A::ListSheets(Ok(Page {
            rows: sheets(request.mine),
            next: None,
        })),
        Q::ListClasses { request } => A::ListClasses(Ok(classes(request))),
        Q::OpenSheet { request } => {
            let WhichSheet::Id(id) = request.sheet else {
                panic!("the screen opens sheets by id");
            };
            A::OpenSheet(Ok(SheetOpened::Sheet(Box::new(sheet(id)))))
        }
        Q::ListStudents { request } => {
            let wanted = request.search.clone().unwrap_or_default().to_lowercase();
            let all = names();
            let found = all
                .iter()
                .enumerate()
                .filter(|(_, name)| name.to_lowercase().contains(&wanted));
            let found: Vec<Student> = found.map(|(at, name)| student(at, name)).collect();
            let from: usize = request
                .after
                .as_ref()
                .map_or(0, |after| after.parse().expect("a played page"));
            let rows: Vec<Student> = found.iter().skip(from).take(25).cloned().collect();
            let next = (from + 25 < found.len()).then(|| (from + 25).to_string());
            A::ListStudents(Ok(Page { rows, next }))
        }
        Q::ShowStudent { .. } => A::ShowStudent(Ok(detail())),
        Q::ShowHistory { .. } => {
            let change = |sequence, before, after| MarkChange {
                sequence,
                admission_no: "20240001".into(),
                student_name: "Achieng Grace Otieno".into(),
                before,
                after,
                by: "M. Hassan".into(),
                at: Moment(super::NOW.0 - (3 - sequence) * 60_000_000),
                source: "tui".into(),
                reason: None,
            };
            let score = |marks| Entry::Score(Score::whole(marks));
            A::ShowHistory(Ok(vec![
                change(1, Entry::Blank, score(25)),
                change(2, score(25), score(30)),
            ]))
        }
        other => people::answer(other),
    }
}

/// A colleague's mark, a minute old.
pub fn theirs() -> Theirs {
    Theirs {
        entry: Entry::Score(Score::whole(41)),
        version: Version(50),
        by: "M. Hassan".into(),
        at: Moment(super::NOW.0 - 60_000_000),
    }
}
