//! Single changes to people, teaching and schools, with what comes back.

use hillview_shared::accounts::Role;
use hillview_shared::api::{HillviewRequest as Ask, HillviewResponse as Reply};
use hillview_shared::classes::AddClass;
use hillview_shared::ids::{ClassId, StudentId, TeachingId, Version};
use hillview_shared::imports::{
    ImportKind, ImportState, ImportSummary, ListProblems, RefusedRows, StartImport,
};
use hillview_shared::schools::{ListSchools, SchoolEntry};
use hillview_shared::staff::{
    AddStaff, DisableStaff, EditStaff, OneTimePassword, StaffAdded, WhichStaff,
};
use hillview_shared::students::{AddStudent, EditStudent, MoveStudent, Sex, WhichStudent};
use hillview_shared::teaching::{
    AssignMany, AssignOutcome, AssignTeaching, Assigned, AssignedLine, EndTeaching, TeachingRole,
};

use crate::lists::{page, staff, student, teaching};
use crate::names::{Dice, login, person};
use crate::samples::{CLASSES, SUBJECTS, Sample, admission, day, down, moment, number, up};

pub fn changes(dice: &mut Dice, to: &mut Vec<Sample>) {
    students(dice, to);
    people(dice, to);
    assignments(dice, to);
    imports(dice, to);
    let request = ListSchools::default();
    up(to, Ask::ListSchools { request });
    down(to, Reply::ListSchools(Ok(page(dice, 6, school))));
}

fn students(dice: &mut Dice, to: &mut Vec<Sample>) {
    let request = AddStudent {
        admission_no: Some(admission(dice)),
        name: person(dice),
        sex: Some(Sex::Female),
        birth_date: Some(day(dice, 10, 2011)),
        class: ClassId(number(dice, 40)),
    };
    up(to, Ask::AddStudent { request });
    down(to, Reply::AddStudent(Ok(student(dice))));
    let request = EditStudent {
        student: StudentId(number(dice, 30_000)),
        based_on: Version(number(dice, 5)),
        name: Some(person(dice)),
        admission_no: None,
        sex: None,
        birth_date: None,
        status: None,
    };
    up(to, Ask::EditStudent { request });
    let request = MoveStudent {
        student: StudentId(number(dice, 30_000)),
        class: ClassId(number(dice, 40)),
    };
    up(to, Ask::MoveStudent { request });
    let request = WhichStudent::AdmissionNo(admission(dice));
    up(to, Ask::ShowStudent { request });
    let request = AddClass {
        grade: format!("Grade {}", number(dice, 9)),
        stream: "East".to_owned(),
    };
    up(to, Ask::AddClass { request });
}

fn people(dice: &mut Dice, to: &mut Vec<Sample>) {
    let name = person(dice);
    let request = AddStaff {
        staff_no: format!("TSC{:05}", number(dice, 90_000)),
        username: login(&name),
        name,
        roles: vec![Role::Teacher.into()],
    };
    up(to, Ask::AddStaff { request });
    let added = StaffAdded {
        staff: staff(dice),
        one_time_password: String::new(),
        ends: Some(moment(dice)),
    };
    down(to, Reply::AddStaff(Ok(added)));
    let who = || login("Somebody Else");
    let request = EditStaff {
        staff: who(),
        name: Some(person(dice)),
        staff_no: None,
        roles: None,
    };
    up(to, Ask::EditStaff { request });
    let request = DisableStaff {
        staff: who(),
        undo: false,
        reason: "on leave".to_owned(),
    };
    up(to, Ask::DisableStaff { request });
    let request = WhichStaff { staff: who() };
    up(to, Ask::ResetPassword { request });
    let given = OneTimePassword {
        username: who(),
        password: String::new(),
        ends: moment(dice),
    };
    down(to, Reply::ResetPassword(Ok(given)));
}

fn assignment(dice: &mut Dice) -> AssignTeaching {
    AssignTeaching {
        staff: login(&person(dice)),
        class: dice.one(CLASSES).to_owned(),
        subject: Some(SUBJECTS[dice.roll(SUBJECTS.len())].0.to_owned()),
        role: TeachingRole::SubjectTeacher,
        starts: None,
        ends: None,
        replace: false,
    }
}

fn assignments(dice: &mut Dice, to: &mut Vec<Sample>) {
    let request = assignment(dice);
    up(to, Ask::AssignTeaching { request });
    down(to, Reply::AssignTeaching(Ok(teaching(dice))));
    let request = AssignMany {
        assignments: (0..8).map(|_| assignment(dice)).collect(),
        preview: dice.roll(2) == 0,
    };
    up(to, Ask::AssignMany { request });
    let line = |dice: &mut Dice| AssignedLine {
        outcome: *dice.one(&[&AssignOutcome::New, &AssignOutcome::Same]),
        class: Some(dice.one(CLASSES).to_owned()),
        staff: Some(person(dice)),
        words: String::new(),
    };
    let assigned = Assigned {
        applied: true,
        lines: (0..8).map(|_| line(dice)).collect(),
    };
    down(to, Reply::AssignMany(Ok(assigned)));
    let request = EndTeaching {
        teaching: TeachingId(number(dice, 300)),
        last_day: Some(day(dice, 1, 2026)),
    };
    up(to, Ask::EndTeaching { request });
}

fn imports(dice: &mut Dice, to: &mut Vec<Sample>) {
    let import = hillview_shared::ids::ImportId(number(dice, 60));
    let request = StartImport {
        kind: *dice.one(&[
            &ImportKind::Students,
            &ImportKind::Marks,
            &ImportKind::Staff,
        ]),
        file_name: "register.csv".to_owned(),
        length: 20_000,
    };
    up(to, Ask::StartImport { request });
    down(to, Reply::StartImport(Ok(import)));
    down(to, Reply::SendChunk(Ok(())));
    let request = ListProblems { import, after: 0 };
    up(to, Ask::ListProblems { request });
    let request = RefusedRows { import, offset: 0 };
    up(to, Ask::RefusedRows { request });
    let summary = |dice: &mut Dice| ImportSummary {
        id: hillview_shared::ids::ImportId(number(dice, 60)),
        kind: ImportKind::Students,
        file_name: "register.csv".to_owned(),
        state: ImportState::Applied,
        by: person(dice),
        at: moment(dice),
        added: number(dice, 600),
        changed: number(dice, 60),
        refused: 0,
    };
    let all = (0..5).map(|_| summary(dice)).collect();
    down(to, Reply::ListImports(Ok(all)));
}

fn school(dice: &mut Dice) -> SchoolEntry {
    let name = dice.one(&["Kilimani Primary", "Moi Avenue School", "St Mary's Academy"]);
    SchoolEntry {
        code: name.split(' ').next().unwrap_or_default().to_lowercase(),
        name: name.to_owned(),
        state: "open".to_owned(),
        created: moment(dice),
    }
}
