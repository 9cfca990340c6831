//! Lists and single records: what a person looks through between sheets.

use hillview_shared::accounts::Role;
use hillview_shared::api::{HillviewRequest as Ask, HillviewResponse as Reply};
use hillview_shared::assessments::{
    Assessment, AssessmentState, ListSheets, SheetState, SheetSummary,
};
use hillview_shared::calendar::Term;
use hillview_shared::classes::Class;
use hillview_shared::ids::{
    AssessmentId, ClassId, GradeId, OfferingId, PaperId, SheetId, StaffId, StudentId, SubjectId,
    TeachingId, TermId, Version, YearId,
};
use hillview_shared::marks::Score;
use hillview_shared::staff::{Staff, StaffState};
use hillview_shared::students::{
    Enrolment, ListStudents, Page, Sex, Student, StudentDetail, StudentMark, StudentStatus,
    WhichStudent,
};
use hillview_shared::subjects::{OfferingMode, Paper};
use hillview_shared::teaching::{Teaching, TeachingRole};

use crate::names::{Dice, login, person};
use crate::samples::{
    ASSESSMENTS, CLASSES, SUBJECTS, Sample, admission, day, down, entry, import, moment, number, up,
};

pub fn student(dice: &mut Dice) -> Student {
    Student {
        id: StudentId(number(dice, 30_000)),
        admission_no: admission(dice),
        name: person(dice),
        sex: Some(*dice.one(&[&Sex::Male, &Sex::Female])),
        birth_date: (dice.roll(3) > 0).then(|| day(dice, 10, 2011)),
        status: StudentStatus::Active,
        class_id: Some(ClassId(number(dice, 40))),
        class: Some(dice.one(CLASSES).to_owned()),
        v: Version(number(dice, 5)),
    }
}

fn paper(dice: &mut Dice) -> Paper {
    let (code, name) = SUBJECTS[dice.roll(SUBJECTS.len())];
    let grade = number(dice, 9);
    let part = dice.roll(5) == 0;
    Paper {
        id: PaperId(number(dice, 150)),
        subject_id: SubjectId(number(dice, 30)),
        subject_code: code.to_owned(),
        subject: name.to_owned(),
        offering_id: OfferingId(number(dice, 120)),
        grade_id: GradeId(grade),
        grade: format!("G{grade}"),
        mode: *dice.one(&[
            &OfferingMode::Core,
            &OfferingMode::Core,
            &OfferingMode::Variant,
        ]),
        code: if part { "GRAM" } else { "" }.to_owned(),
        name: if part { "Grammar" } else { "" }.to_owned(),
        weight: 10_000,
        out_of: Score::whole(100),
    }
}

fn summary(dice: &mut Dice) -> SheetSummary {
    let (code, _) = ASSESSMENTS[dice.roll(ASSESSMENTS.len())];
    SheetSummary {
        id: SheetId(number(dice, 40_000)),
        class_id: ClassId(number(dice, 40)),
        class: dice.one(CLASSES).to_owned(),
        assessment: code.to_owned(),
        paper_id: PaperId(number(dice, 150)),
        paper: SUBJECTS[dice.roll(SUBJECTS.len())].1.to_owned(),
        state: SheetState::Open,
        assessment_state: AssessmentState::Open,
        opens: day(dice, 1, 2026),
        closes: day(dice, 1, 2026),
        entered: number(dice, 41) - 1,
        expected: 35 + number(dice, 10),
        teacher: (dice.roll(4) > 0).then(|| person(dice)),
    }
}

pub fn page<T>(dice: &mut Dice, rows: usize, make: impl Fn(&mut Dice) -> T) -> Page<T> {
    let rows: Vec<T> = (0..rows).map(|_| make(dice)).collect();
    let next = (dice.roll(2) == 0).then(|| format!("{} {}", person(dice), rows.len()));
    Page { rows, next }
}

pub fn lists(dice: &mut Dice, to: &mut Vec<Sample>) {
    for rows in [1, 8, 50] {
        up(
            to,
            Ask::ListStudents {
                request: ListStudents {
                    class: (dice.roll(2) == 0).then_some(ClassId(number(dice, 40))),
                    search: (dice.roll(2) == 0)
                        .then(|| person(dice).to_lowercase().chars().take(4).collect()),
                    ..ListStudents::default()
                },
            },
        );
        down(to, Reply::ListStudents(Ok(page(dice, rows, student))));
    }
    up(
        to,
        Ask::ListSheets {
            request: ListSheets {
                mine: true,
                ..ListSheets::default()
            },
        },
    );
    down(to, Reply::ListSheets(Ok(page(dice, 12, summary))));
    up(
        to,
        Ask::ShowStudent {
            request: WhichStudent::Id(StudentId(number(dice, 30_000))),
        },
    );
    down(to, Reply::ShowStudent(Ok(detail(dice))));
    of_the_year(dice, to);
    import(dice, to);
}

/// What is set up once a year and listed whole, or nearly.
fn of_the_year(dice: &mut Dice, to: &mut Vec<Sample>) {
    down(
        to,
        Reply::ListClasses(Ok(Page {
            rows: (0..10).map(|_| class(dice)).collect(),
            next: None,
        })),
    );
    down(
        to,
        Reply::ListPapers(Ok((0..12).map(|_| paper(dice)).collect())),
    );
    down(
        to,
        Reply::ListTerms(Ok((0..3).map(|_| term(dice)).collect())),
    );
    down(
        to,
        Reply::ListStaff(Ok(Page {
            rows: (0..6).map(|_| staff(dice)).collect(),
            next: None,
        })),
    );
    down(
        to,
        Reply::ListTeaching(Ok(Page {
            rows: (0..6).map(|_| teaching(dice)).collect(),
            next: None,
        })),
    );
    down(
        to,
        Reply::ListAssessments(Ok((0..3).map(|_| assessment(dice)).collect())),
    );
}

fn detail(dice: &mut Dice) -> StudentDetail {
    StudentDetail {
        student: student(dice),
        enrolments: vec![Enrolment {
            class: dice.one(CLASSES).to_owned(),
            year: "2026".to_owned(),
            starts: day(dice, 1, 2026),
            ends: None,
        }],
        marks: (0..8)
            .map(|_| StudentMark {
                assessment: ASSESSMENTS[dice.roll(ASSESSMENTS.len())].0.to_owned(),
                paper: SUBJECTS[dice.roll(SUBJECTS.len())].1.to_owned(),
                entry: entry(dice),
                out_of: Score::whole(100),
                level: Some(
                    dice.one(&["EE1", "EE2", "ME1", "ME2", "AE1", "BE1"])
                        .to_owned(),
                ),
            })
            .collect(),
    }
}

fn class(dice: &mut Dice) -> Class {
    let grade = number(dice, 9);
    let stream = dice.one(&["East", "West", "North", "South", "Blue", "A", "B"]);
    Class {
        id: ClassId(number(dice, 40)),
        year: "2026".to_owned(),
        grade_id: GradeId(grade),
        grade: format!("G{grade}"),
        stream: stream.to_owned(),
        name: format!("{grade} {stream}"),
        students: 30 + number(dice, 20),
        class_teacher: Some(person(dice)),
    }
}

fn term(dice: &mut Dice) -> Term {
    Term {
        id: TermId(number(dice, 9)),
        year_id: YearId(number(dice, 3)),
        year: "2026".to_owned(),
        name: format!("T{}", number(dice, 3)),
        starts: day(dice, 1, 2026),
        ends: day(dice, 1, 2026),
    }
}

pub fn staff(dice: &mut Dice) -> Staff {
    let name = person(dice);
    Staff {
        id: StaffId(number(dice, 90)),
        staff_no: format!("TSC{:05}", number(dice, 90_000)),
        username: Some(login(&name)),
        name,
        state: StaffState::Active,
        roles: vec![Role::Teacher.into()],
        last_seen: Some(moment(dice)),
        second_factor: false,
    }
}

pub fn teaching(dice: &mut Dice) -> Teaching {
    Teaching {
        id: TeachingId(number(dice, 300)),
        staff_id: StaffId(number(dice, 90)),
        staff: person(dice),
        class_id: ClassId(number(dice, 40)),
        class: dice.one(CLASSES).to_owned(),
        offering_id: Some(OfferingId(number(dice, 120))),
        subject: Some(SUBJECTS[dice.roll(SUBJECTS.len())].1.to_owned()),
        role: *dice.one(&[&TeachingRole::SubjectTeacher, &TeachingRole::ClassTeacher]),
        starts: day(dice, 1, 2026),
        ends: None,
    }
}

fn assessment(dice: &mut Dice) -> Assessment {
    let (code, name) = ASSESSMENTS[dice.roll(ASSESSMENTS.len())];
    Assessment {
        id: AssessmentId(number(dice, 20)),
        code: code.to_owned(),
        name: name.to_owned(),
        term: format!("2026 T{}", number(dice, 3)),
        opens: day(dice, 1, 2026),
        closes: day(dice, 1, 2026),
        state: *dice.one(&[&AssessmentState::Open, &AssessmentState::Locked]),
        direct_levels: false,
        sheets: number(dice, 400),
    }
}
