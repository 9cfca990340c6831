//! Calls about students and staff, and who teaches what.

use hillview_shared::accounts::Role;
use hillview_shared::api::HillviewRequest as Call;
use hillview_shared::ids::{TeachingId, Version};
use hillview_shared::staff::{
    AddStaff, DisableStaff, EditStaff, IssuePasswords, ListStaff, WhichStaff,
};
use hillview_shared::students::{
    AddStudent, EditStudent, ListStudents, MoveStudent, Sex, WhichStudent,
};
use hillview_shared::teaching::{
    AssignMany, AssignTeaching, EndTeaching, ListTeaching, TeachingRole,
};

use super::{About, day, text};

pub fn students(about: &About) -> Vec<Call> {
    vec![
        Call::ListStudents {
            request: ListStudents {
                class: Some(about.east),
                search: Some(text("achieng")),
                all: true,
                after: Some(text("Achieng Mary Atieno|1")),
                limit: 20,
            },
        },
        Call::ShowStudent {
            request: WhichStudent::AdmissionNo(text("A001")),
        },
        Call::AddStudent {
            request: AddStudent {
                admission_no: Some(text("B0017")),
                name: text("Njoroge David"),
                sex: Some(Sex::Male),
                birth_date: day("2015-03-09"),
                class: about.west,
            },
        },
        Call::EditStudent {
            request: EditStudent {
                student: about.student,
                based_on: Version(1),
                name: Some(text("Achieng Mary")),
                admission_no: Some(text("A001")),
                sex: Some(Sex::Female),
                birth_date: day("2015-03-09"),
                status: None,
            },
        },
        Call::MoveStudent {
            request: MoveStudent {
                student: about.student,
                class: about.west,
            },
        },
    ]
}

pub fn staff() -> Vec<Call> {
    let staff = || WhichStaff {
        staff: text("registrar"),
    };
    vec![
        Call::ListStaff {
            request: ListStaff {
                search: text("grace"),
                disabled: true,
                after: Some(text("Grace Njeri|1")),
                limit: 20,
            },
        },
        Call::AddStaff {
            request: AddStaff {
                staff_no: text("T77"),
                name: text("Rukia Wekesa"),
                username: text("rukia"),
                roles: vec![Role::Teacher.into()],
            },
        },
        Call::EditStaff {
            request: EditStaff {
                staff: text("registrar"),
                name: Some(text("Peter Mutua")),
                staff_no: Some(text("T2")),
                roles: Some(vec![Role::Registrar.into()]),
            },
        },
        Call::DisableStaff {
            request: DisableStaff {
                staff: text("registrar"),
                undo: true,
                reason: text("is on leave"),
            },
        },
        Call::ResetPassword { request: staff() },
        Call::ResetSecondFactor { request: staff() },
        Call::IssuePasswords {
            request: IssuePasswords { limit: 1 },
        },
    ]
}

pub fn teaching() -> Vec<Call> {
    let assignment = || AssignTeaching {
        staff: text("classteacher"),
        class: text("4 West"),
        subject: Some(text("KIS")),
        role: TeachingRole::SubjectTeacher,
        starts: day("2026-01-05"),
        ends: day("2026-12-01"),
        replace: true,
    };
    vec![
        Call::ListTeaching {
            request: ListTeaching {
                staff: Some(text("teacher")),
                class: Some(text("4 East")),
                all_dates: true,
                after: Some(text("1")),
                limit: 20,
            },
        },
        Call::AssignTeaching {
            request: assignment(),
        },
        Call::AssignMany {
            request: AssignMany {
                assignments: vec![assignment()],
                preview: true,
            },
        },
        Call::EndTeaching {
            request: EndTeaching {
                teaching: TeachingId(900_000),
                last_day: day("2026-06-30"),
            },
        },
    ]
}
