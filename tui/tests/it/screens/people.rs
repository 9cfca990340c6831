//! The played school's people: staff, who teaches what, rights, sessions, the audit log.

use hillview_shared::accounts::{Permission, RecoveryCodes, Role, SecondFactorSecret, Who};
use hillview_shared::api::{HillviewRequest, HillviewResponse};
use hillview_shared::ids::{ClassId, Moment, OfferingId, StaffId, TeachingId, Version};
use hillview_shared::roles::RoleDetail;
use hillview_shared::staff::{OneTimePassword, Staff, StaffAdded, StaffState};
use hillview_shared::students::Page;
use hillview_shared::teaching::{Teaching, TeachingRole};

use super::fixtures::{day, kamau};

/// Somebody who may do everything in the school.
pub fn head() -> Who {
    let all = Permission::ALL.iter().copied();
    Who {
        username: "r.mutua".into(),
        name: "R. Mutua".into(),
        roles: vec![Role::HeadTeacher.into()],
        permissions: all
            .filter(|one| *one != Permission::SchoolsManage)
            .collect(),
        ..kamau()
    }
}

/// Somebody who sets the school up.
pub fn admin() -> Who {
    use Permission::*;
    Who {
        username: "admin".into(),
        name: "Admin".into(),
        roles: vec![Role::SchoolAdmin.into(), Role::Registrar.into()],
        permissions: vec![StudentsRead, StaffRead, StaffManage, TeachingAssign],
        ..kamau()
    }
}

pub fn staff(id: i64, name: &str, username: &str, roles: &[Role]) -> Staff {
    Staff {
        id: StaffId(id),
        staff_no: format!("T-10{id}"),
        name: name.into(),
        username: Some(username.into()),
        state: StaffState::Active,
        roles: roles.iter().map(|role| (*role).into()).collect(),
        last_seen: Some(Moment(super::NOW.0 - 60_000_000)),
        second_factor: id == 1,
    }
}

fn everybody() -> Vec<Staff> {
    let mut moraa = staff(4, "Moraa Esther", "e.moraa", &[Role::Teacher]);
    moraa.state = StaffState::Disabled;
    let mut hassan = staff(3, "Hassan Mohamed", "", &[]);
    hassan.username = None;
    vec![
        hassan,
        staff(1, "Kamau Wanjiku", "w.kamau", &[Role::Teacher]),
        moraa,
        staff(
            2,
            "Otieno James",
            "j.otieno",
            &[Role::DeputyHead, Role::Teacher],
        ),
    ]
}

fn role(role: Role, permissions: &[Permission]) -> RoleDetail {
    RoleDetail {
        code: role.into(),
        permissions: permissions.to_vec(),
        second_factor: role == Role::HeadTeacher,
        built_in: true,
        logins: 2,
        v: Version(3),
    }
}

pub fn roles() -> Vec<RoleDetail> {
    use Permission::*;
    vec![
        role(Role::DeputyHead, &[MarksRead, MarksEnter]),
        role(Role::HeadTeacher, &[MarksRead, MarksEnter, RolesManage]),
        role(Role::Registrar, &[StudentsRead, StudentsWrite]),
        role(Role::Teacher, &[]),
    ]
}

pub fn teaching() -> Vec<Teaching> {
    let one = |id, staff: &str, subject: Option<&str>, role| Teaching {
        id: TeachingId(id),
        staff_id: StaffId(id),
        staff: staff.into(),
        class_id: ClassId(4),
        class: "4 East".into(),
        offering_id: subject.map(|_| OfferingId(id)),
        subject: subject.map(str::to_owned),
        role,
        starts: day("2026-01-05"),
        ends: None,
    };
    let mut past = one(
        3,
        "M. Hassan",
        Some("English"),
        TeachingRole::SubjectTeacher,
    );
    past.ends = Some(day("2026-04-02"));
    vec![
        one(1, "W. Kamau", None, TeachingRole::ClassTeacher),
        one(
            2,
            "J. Otieno",
            Some("Mathematics"),
            TeachingRole::SubjectTeacher,
        ),
        past,
    ]
}

fn page<T>(rows: Vec<T>) -> Page<T> {
    Page { rows, next: None }
}

/// What the server answers.
pub fn answer(request: &HillviewRequest) -> HillviewResponse {
    use HillviewRequest as Q;
    use HillviewResponse as A;
    match request {
        Q::BeginSecondFactor { .. } => A::BeginSecondFactor(Ok(SecondFactorSecret {
            secret: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP".into(),
            uri: "otpauth://totp/Hillview:KILIMANI%20w.kamau?secret=\
                  JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Hillview"
                .into(),
        })),
        Q::ConfirmSecondFactor { .. } => {
            let code = |number| format!("aaaa-{number}{number}{number}{number}");
            let codes = (1..=8).map(code).collect();
            A::ConfirmSecondFactor(Ok(RecoveryCodes { codes }))
        }
        Q::DropSecondFactor { .. } => A::DropSecondFactor(Ok(())),
        Q::ListRoles {} => A::ListRoles(Ok(roles())),
        Q::ListStaff { request } => {
            let wanted = request.search.to_lowercase();
            let found = everybody().into_iter().filter(|staff| {
                (request.disabled || staff.state == StaffState::Active)
                    && staff.name.to_lowercase().contains(&wanted)
            });
            A::ListStaff(Ok(page(found.collect())))
        }
        Q::AddStaff { request } => A::AddStaff(Ok(StaffAdded {
            staff: staff(9, &request.name, &request.username, &[Role::Teacher]),
            one_time_password: "kuku-mti-4821".into(),
        })),
        Q::EditStaff { request } => {
            let name = request.name.clone().unwrap_or("Otieno James".into());
            A::EditStaff(Ok(staff(2, &name, "j.otieno", &[Role::Teacher])))
        }
        Q::DisableStaff { request } => {
            let mut staff = staff(1, "Kamau Wanjiku", "w.kamau", &[Role::Teacher]);
            if !request.undo {
                staff.state = StaffState::Disabled;
            }
            A::DisableStaff(Ok(staff))
        }
        Q::ResetPassword { request } => A::ResetPassword(Ok(OneTimePassword {
            username: request.staff.clone(),
            password: "kuku-mti-4821".into(),
            ends: Moment(super::NOW.0 + 86_400_000_000),
        })),
        Q::ResetSecondFactor { .. } => A::ResetSecondFactor(Ok(())),
        Q::ListTeaching { request } => {
            let today = day("2026-07-28");
            let found = teaching().into_iter();
            let found =
                found.filter(|one| request.all_dates || one.ends.is_none_or(|ends| ends >= today));
            A::ListTeaching(Ok(page(found.collect())))
        }
        Q::ListPapers {} => A::ListPapers(Ok(super::teaching::papers())),
        Q::AssignTeaching { request } => A::AssignTeaching(Ok(Teaching {
            subject: request.subject.clone(),
            role: request.role,
            ..teaching().remove(0)
        })),
        Q::EndTeaching { .. } => A::EndTeaching(Ok(teaching().remove(0))),
        other => panic!("no played answer to {other:?}"),
    }
}
