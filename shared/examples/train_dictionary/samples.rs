//! Calls and replies, about as often as a school makes them.

use bytes::Bytes;
use chrono::NaiveDate;
use hillview_shared::accounts::{LogIn, LoggedIn, Permission, Role, SecondFactor, Who};
use hillview_shared::api::{
    Hello, HillviewRequest as Ask, HillviewResponse as Reply, PROTOCOL, Resume, Welcome,
};
use hillview_shared::assessments::{
    OpenSheet, Sheet, SheetOpened, SheetRow, SheetState, WhichSheet,
};
use hillview_shared::classes::ListClasses;
use hillview_shared::grading::{Band, Rounding, Scheme};
use hillview_shared::ids::{
    Moment, OperationId, SheetId, StudentId, TermId, Token, UserId, Version,
};
use hillview_shared::imports::{ColumnTaken, ImportReport, OnDuplicate, RowProblem, RunImport};
use hillview_shared::marks::{
    Edit, Entry, EntryError, MarkChange, MarksSaved, Problem, SaveMarks, Score, ShowHistory, Theirs,
};
use hillview_shared::school::{CurrentTerm, SchoolSummary};
use hillview_shared::staff::ListStaff;
use hillview_shared::teaching::ListTeaching;
use hillview_shared::wire::{Answer, Call, DICTIONARIES};
use hillview_shared::{ApiError, Kind};

use crate::changes::changes;
use crate::lists::lists;
use crate::names::{Dice, login, person};
use crate::rights::rights;

pub enum Sample {
    Up(Bytes),
    Down(Bytes),
}

pub fn make() -> Vec<Sample> {
    let mut samples = Vec::new();
    for seed in 1..=160 {
        let mut dice = Dice::new(seed * 7_919);
        let dice = &mut dice;
        sessions(dice, &mut samples);
        sheets(dice, &mut samples);
        lists(dice, &mut samples);
        rights(dice, &mut samples);
        changes(dice, &mut samples);
        errors(dice, &mut samples);
    }
    samples
}

pub fn up(to: &mut Vec<Sample>, ask: Ask) {
    to.push(Sample::Up(Call::encode(&ask).expect("a sample fits").0));
}

pub fn down(to: &mut Vec<Sample>, reply: Reply) {
    to.push(Sample::Down(
        Answer::encode(&reply).expect("a sample fits").0,
    ));
}

pub fn number(dice: &mut Dice, most: usize) -> i64 {
    i64::try_from(dice.roll(most)).expect("small") + 1
}

pub fn moment(dice: &mut Dice) -> Moment {
    Moment(1_770_000_000_000_000 + number(dice, 2_000_000_000) * 9_000)
}

pub fn day(dice: &mut Dice, years: usize, from: i32) -> NaiveDate {
    let year = from + i32::try_from(dice.roll(years)).expect("small");
    let of_year = u32::try_from(dice.roll(365)).expect("small") + 1;
    NaiveDate::from_yo_opt(year, of_year).expect("every year has 365 days")
}

pub fn admission(dice: &mut Dice) -> String {
    let n = number(dice, 9_000);
    match dice.roll(4) {
        0 => format!("ADM{n:03}"),
        1 => format!("2026{n:03}"),
        2 => format!("{n:04}"),
        _ => format!("KP/{n}/2026"),
    }
}

pub const SUBJECTS: &[(&str, &str)] = &[
    ("ENG", "English"),
    ("KIS", "Kiswahili"),
    ("MAT", "Mathematics"),
    ("SCT", "Science and Technology"),
    ("SST", "Social Studies"),
    ("CRE", "Christian Religious Education"),
    ("CA", "Creative Arts"),
    ("AGN", "Agriculture and Nutrition"),
    ("INS", "Integrated Science"),
    ("ENV", "Environmental Activities"),
    ("IND", "Indigenous Language"),
    ("CRA", "Creative Activities"),
    ("PTS", "Pre-Technical Studies"),
];

pub const CLASSES: &[&str] = &[
    "4 East", "4 West", "5 North", "5A", "6 East", "6B", "7 Blue", "8 Red", "9 South", "3 East",
    "2 West", "1A", "PP1 East", "PP2", "Grade 4", "Grade 7",
];

pub const ASSESSMENTS: &[(&str, &str)] = &[
    ("T1-OPEN", "Opener"),
    ("T1-MID", "Mid-Term"),
    ("T1-END", "End of Term"),
    ("T2-OPEN", "Opener"),
    ("T2-MID", "Mid-Term"),
    ("T2-END", "End of Term"),
    ("T3-OPEN", "Opener"),
    ("T3-MID", "Mid-Term"),
    ("T3-END", "End of Term"),
];

pub fn scheme(four: bool) -> Scheme {
    let rows: &[(&str, &str, i32, i32)] = if four {
        &[
            ("EE", "Exceeding expectation", 75, 4),
            ("ME", "Meeting expectation", 41, 3),
            ("AE", "Approaching expectation", 21, 2),
            ("BE", "Below expectation", 0, 1),
        ]
    } else {
        &[
            ("EE1", "Exceeding expectation 1", 90, 8),
            ("EE2", "Exceeding expectation 2", 75, 7),
            ("ME1", "Meeting expectation 1", 58, 6),
            ("ME2", "Meeting expectation 2", 41, 5),
            ("AE1", "Approaching expectation 1", 31, 4),
            ("AE2", "Approaching expectation 2", 21, 3),
            ("BE1", "Below expectation 1", 11, 2),
            ("BE2", "Below expectation 2", 0, 1),
        ]
    };
    Scheme {
        code: if four { "ke-cbe-4" } else { "ke-cbe-8" }.to_owned(),
        rounding: Rounding::None,
        bands: rows
            .iter()
            .map(|(code, label, lower, points)| Band {
                code: (*code).to_owned(),
                label: (*label).to_owned(),
                lower: lower * 100,
                points: points * 100,
            })
            .collect(),
    }
}

pub fn entry(dice: &mut Dice) -> Entry {
    match dice.roll(20) {
        0 => Entry::Absent,
        1 => Entry::Exempt,
        2 => Entry::Score(Score(i32::try_from(dice.roll(200)).expect("small") * 50)),
        _ => Entry::Score(Score::whole(i32::try_from(dice.roll(101)).expect("small"))),
    }
}

fn who(dice: &mut Dice) -> Who {
    let name = person(dice);
    let school = dice.one(&["Kilimani Primary", "Moi Avenue School", "St Mary's Academy"]);
    let role = *dice.one(&[&Role::Teacher, &Role::HeadTeacher, &Role::Registrar]);
    Who {
        user: UserId(number(dice, 90)),
        username: login(&name),
        name,
        school: SchoolSummary {
            code: school.split(' ').next().unwrap_or_default().to_lowercase(),
            name: school.to_owned(),
            term: Some(CurrentTerm {
                id: TermId(number(dice, 9)),
                name: format!("2026 T{}", number(dice, 3)),
            }),
        },
        roles: vec![role.into()],
        permissions: match role {
            Role::Teacher => vec![],
            Role::Registrar => vec![
                Permission::StudentsRead,
                Permission::StudentsWrite,
                Permission::ImportRun,
            ],
            _ => Permission::ALL.to_vec(),
        },
        must_change_password: false,
        session_ends: moment(dice),
        second_factor: SecondFactor::Off,
    }
}

fn sessions(dice: &mut Dice, to: &mut Vec<Sample>) {
    let who = who(dice);
    let token = Token(dice.bytes());
    let school = who.school.code.clone();
    up(
        to,
        Ask::Hello {
            request: Hello {
                protocol: PROTOCOL,
                client: dice.one(&["tui 0.1.0", "cli 0.1.0"]).to_owned(),
                dictionaries: DICTIONARIES.to_vec(),
                resume: Some(Resume {
                    school: school.clone(),
                    token,
                }),
            },
        },
    );
    down(
        to,
        Reply::Hello(Ok(Welcome {
            protocol: PROTOCOL,
            server: "0.1.0".to_owned(),
            time: moment(dice),
            dictionary: 2,
            who: Some(who.clone()),
        })),
    );
    up(
        to,
        Ask::LogIn {
            request: LogIn {
                school,
                user: who.username.clone(),
                password: String::new(),
                code: None,
                device: None,
            },
        },
    );
    down(
        to,
        Reply::LogIn(Ok(LoggedIn {
            token,
            who: who.clone(),
            device: None,
        })),
    );
    down(to, Reply::WhoAmI(Ok(who)));
    plain_asks(to);
    down(to, Reply::LogOut(Ok(())));
    for _ in 0..6 {
        down(to, Reply::Ping(Ok(moment(dice))));
    }
}

fn plain_asks(to: &mut Vec<Sample>) {
    for ask in [
        Ask::Ping {},
        Ask::WhoAmI {},
        Ask::LogOut {},
        Ask::ListTerms {},
        Ask::ListClasses {
            request: ListClasses::default(),
        },
        Ask::ListPapers {},
        Ask::ListAssessments {},
        Ask::ListTeaching {
            request: ListTeaching::default(),
        },
        Ask::ListStaff {
            request: ListStaff::default(),
        },
        Ask::ListImports {},
    ] {
        up(to, ask);
    }
}

fn sheet(dice: &mut Dice, filled: bool) -> Sheet {
    let (code, _) = ASSESSMENTS[dice.roll(ASSESSMENTS.len())];
    let (_, subject) = SUBJECTS[dice.roll(SUBJECTS.len())];
    let four = dice.roll(4) == 0;
    let first = number(dice, 30_000);
    let v = number(dice, 60);
    Sheet {
        id: SheetId(number(dice, 40_000)),
        v: Version(v),
        class: dice.one(CLASSES).to_owned(),
        paper: match dice.roll(4) {
            0 => format!("{subject} / Grammar"),
            _ => subject.to_owned(),
        },
        assessment: code.to_owned(),
        out_of: Score::whole(*dice.one(&[&100, &100, &50, &30, &70])),
        state: SheetState::Open,
        closed: (dice.roll(5) == 0).then(|| "entry closed on 14 Nov".to_owned()),
        closes: day(dice, 1, 2026),
        direct_levels: false,
        scheme: scheme(four),
        rows: (0..35 + number(dice, 10))
            .map(|n| SheetRow {
                id: StudentId(first + n),
                adm: admission(dice),
                name: person(dice),
                entry: if filled { entry(dice) } else { Entry::Blank },
                v: Version(if filled { number(dice, 60) } else { 0 }),
            })
            .collect(),
    }
}

fn sheets(dice: &mut Dice, to: &mut Vec<Sample>) {
    for round in 0..4 {
        let sheet = sheet(dice, round % 2 == 0);
        up(
            to,
            Ask::OpenSheet {
                request: OpenSheet {
                    sheet: WhichSheet::Id(sheet.id),
                    newer_than: (dice.roll(2) == 0).then_some(sheet.v),
                },
            },
        );
        for edits in [1, 1, 3, sheet.rows.len()] {
            up(
                to,
                Ask::SaveMarks {
                    request: save(dice, &sheet, edits),
                },
            );
            down(
                to,
                Reply::SaveMarks(Ok(MarksSaved {
                    version: Version(sheet.v.0 + 1),
                    entered: u32::try_from(number(dice, 40)).expect("small"),
                    problems: problems(dice, &sheet),
                })),
            );
        }
        up(
            to,
            Ask::ShowHistory {
                request: ShowHistory {
                    sheet: sheet.id,
                    student: Some(sheet.rows[0].id),
                    after: 0,
                },
            },
        );
        down(to, Reply::ShowHistory(Ok(history(dice, &sheet))));
        down(
            to,
            Reply::OpenSheet(Ok(SheetOpened::Sheet(Box::new(sheet)))),
        );
    }
    down(to, Reply::OpenSheet(Ok(SheetOpened::Unchanged)));
}

fn save(dice: &mut Dice, sheet: &Sheet, edits: usize) -> SaveMarks {
    SaveMarks {
        sheet: sheet.id,
        operation: OperationId(dice.bytes()),
        edits: sheet
            .rows
            .iter()
            .take(edits)
            .map(|row| Edit {
                student: row.id,
                based_on: row.v,
                entry: entry(dice),
            })
            .collect(),
        reason: None,
    }
}

fn problems(dice: &mut Dice, sheet: &Sheet) -> Vec<Problem> {
    let row = &sheet.rows[dice.roll(sheet.rows.len())];
    let out_of_range = EntryError::OutOfRange(Score::whole(105), sheet.out_of);
    match dice.roll(8) {
        0 => vec![Problem {
            student: row.id,
            code: "conflict".to_owned(),
            message: "somebody else saved this mark meanwhile".to_owned(),
            theirs: Some(Theirs {
                entry: entry(dice),
                version: Version(number(dice, 60)),
                by: person(dice),
                at: moment(dice),
            }),
        }],
        1 => vec![Problem {
            student: row.id,
            code: out_of_range.code().to_owned(),
            message: out_of_range.to_string(),
            theirs: None,
        }],
        _ => vec![],
    }
}

fn history(dice: &mut Dice, sheet: &Sheet) -> Vec<MarkChange> {
    let by = person(dice);
    let rows = 1 + dice.roll(8);
    (1..)
        .zip(sheet.rows.iter().take(rows))
        .map(|(sequence, row)| MarkChange {
            sequence,
            admission_no: row.adm.clone(),
            student_name: row.name.clone(),
            before: Entry::Blank,
            after: entry(dice),
            by: by.clone(),
            at: moment(dice),
            source: dice.one(&["tui", "cli", "import"]).to_owned(),
            reason: None,
        })
        .collect()
}

pub fn import(dice: &mut Dice, to: &mut Vec<Sample>) {
    let import = hillview_shared::ids::ImportId(number(dice, 60));
    up(
        to,
        Ask::RunImport {
            request: RunImport {
                import,
                dry_run: dice.roll(2) == 0,
                on_duplicate: OnDuplicate::Update,
                create_classes: false,
                assign_numbers: false,
                class: None,
                assessment: None,
            },
        },
    );
    let rows = u32::try_from(number(dice, 600)).expect("small");
    down(
        to,
        Reply::RunImport(Ok(ImportReport {
            import,
            dry_run: true,
            encoding: "UTF-8".to_owned(),
            layout: "comma".to_owned(),
            header_line: 1,
            columns: ["name", "admission_number", "grade", "stream", "gender"]
                .iter()
                .map(|heading| ColumnTaken {
                    heading: (*heading).to_owned(),
                    taken_for: Some(heading.replace('_', " ")),
                })
                .collect(),
            rows,
            added: rows / 2,
            changed: rows / 4,
            same: rows / 8,
            skipped: 0,
            refused: 2,
            classes_created: vec![],
            problems: vec![RowProblem {
                line: rows,
                column: "admission_number".to_owned(),
                code: "missing-number".to_owned(),
                reason: "no admission number".to_owned(),
                warning: false,
            }],
            more_problems: false,
        })),
    );
}

fn errors(dice: &mut Dice, to: &mut Vec<Sample>) {
    let sheet = ApiError::not_found("sheet");
    let ended = ApiError::new(Kind::SessionEnded, "session-ended", "the session has ended")
        .hint("log in again");
    let denied = ApiError::denied("you may not do this: it needs the permission marks.enter")
        .hint("ask the head teacher or the school's administrator");
    let password = ApiError::new(
        Kind::Denied,
        "wrong-password",
        "no such login in this school, or another password",
    );
    let fault = ApiError {
        reference: Some(format!("{:08x}", number(dice, 2_000_000_000))),
        ..ApiError::new(
            Kind::Fault,
            "fault",
            "the server failed; nothing was changed",
        )
    };
    down(to, Reply::OpenSheet(Err(sheet)));
    down(to, Reply::SaveMarks(Err(ended)));
    down(to, Reply::ListStudents(Err(denied)));
    down(to, Reply::LogIn(Err(password)));
    down(to, Reply::SaveMarks(Err(fault)));
    down(to, Reply::ShowStudent(Err(ApiError::not_found("student"))));
}
