//! The played school's people: staff, who teaches what, rights, sessions, the audit log.

use hillview_shared::accounts::{Permission, RecoveryCodes, Role, SecondFactorSecret, Who};
use hillview_shared::api::{HillviewRequest, HillviewResponse};
use hillview_shared::grants::{AccessRequest, Grant, GrantState, RequestState, Scope, ScopeKind};
use hillview_shared::ids::{
    ClassId, GrantId, Moment, OfferingId, RequestId, StaffId, TeachingId, Version,
};
use hillview_shared::roles::RoleDetail;
use hillview_shared::staff::{OneTimePassword, Staff, StaffAdded, StaffState};
use hillview_shared::students::Page;
use hillview_shared::teaching::{
    AssignOutcome, AssignTeaching, Assigned, AssignedLine, Teaching, TeachingRole,
};

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

/// Who looks after the installation.
pub fn platform() -> Who {
    use Permission::*;
    let mut who = Who {
        username: "root".into(),
        name: "Root".into(),
        roles: vec![Role::PlatformAdmin.into()],
        permissions: vec![SchoolsManage, SessionsManage, AuditRead],
        ..kamau()
    };
    who.school.code = hillview_shared::accounts::PLATFORM.into();
    who.school.name = "Platform".into();
    who.school.term = None;
    who
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

pub fn page<T>(rows: Vec<T>) -> Page<T> {
    Page { rows, next: None }
}

/// What the server answers.
pub fn answer(request: &HillviewRequest) -> HillviewResponse {
    let played = of_accounts(request)
        .or_else(|| of_staff(request))
        .or_else(|| of_teaching(request))
        .or_else(|| of_grants(request))
        .or_else(|| super::imports::answer(request))
        .or_else(|| super::records::answer(request));
    played.unwrap_or_else(|| panic!("no played answer to {request:?}"))
}

fn of_accounts(request: &HillviewRequest) -> Option<HillviewResponse> {
    use HillviewRequest as Q;
    use HillviewResponse as A;
    Some(match request {
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
        _ => return None,
    })
}

fn of_staff(request: &HillviewRequest) -> Option<HillviewResponse> {
    use HillviewRequest as Q;
    use HillviewResponse as A;
    Some(match request {
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
            ends: None,
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
        _ => return None,
    })
}

fn of_teaching(request: &HillviewRequest) -> Option<HillviewResponse> {
    use HillviewRequest as Q;
    use HillviewResponse as A;
    Some(match request {
        Q::ListTeaching { request } => {
            let today = day("2026-07-28");
            let now = |one: &Teaching| one.ends.is_none_or(|ends| ends >= today);
            let found = teaching().into_iter();
            let of = |one: &Teaching| match request.staff.as_deref() {
                Some("j.otieno") => one.staff == "J. Otieno",
                Some("w.kamau") => one.staff == "W. Kamau",
                _ => true,
            };
            let found = found.filter(|one| of(one) && (request.all_dates || now(one)));
            A::ListTeaching(Ok(page(found.collect())))
        }
        Q::ListPapers {} => A::ListPapers(Ok(super::teaching::papers())),
        Q::AssignTeaching { request } => A::AssignTeaching(Ok(Teaching {
            subject: request.subject.clone(),
            role: request.role,
            ..teaching().remove(0)
        })),
        Q::AssignMany { request } => {
            let lines: Vec<AssignedLine> = request.assignments.iter().map(would_be).collect();
            let refused = |line: &AssignedLine| line.outcome == AssignOutcome::Refused;
            let applied = !request.preview && !lines.iter().any(refused);
            A::AssignMany(Ok(Assigned { applied, lines }))
        }
        Q::EndTeaching { .. } => A::EndTeaching(Ok(teaching().remove(0))),
        _ => return None,
    })
}

/// There is a class teacher, who is not replaced unasked.
fn would_be(assignment: &AssignTeaching) -> AssignedLine {
    let second = assignment.role == TeachingRole::ClassTeacher;
    let (outcome, words) = match (second, assignment.replace) {
        (false, _) => (AssignOutcome::New, ""),
        (true, false) => (
            AssignOutcome::Refused,
            "W. Kamau is the class teacher of 4 East",
        ),
        (true, true) => (AssignOutcome::Replaces, "W. Kamau"),
    };
    AssignedLine {
        outcome,
        class: Some(assignment.class.clone()),
        staff: Some("Otieno James".into()),
        words: words.into(),
    }
}

pub fn grants() -> Vec<Grant> {
    let grant = |id, name: &str, scope: Scope, days: Option<i64>, state| Grant {
        id: GrantId(id),
        username: "j.otieno".into(),
        name: name.into(),
        permission: Permission::MarksEnter,
        scope,
        starts: Moment(super::NOW.0 - 86_400_000_000),
        ends: days.map(|days| Moment(super::NOW.0 + days * 86_400_000_000)),
        reason: "covers for M. Hassan, who is on leave until the end of the term".into(),
        given_by: "r.mutua".into(),
        state,
        revoked_by: (state == GrantState::Revoked).then(|| "r.mutua".into()),
    };
    let class = Scope {
        kind: ScopeKind::Subject,
        name: Some("5 West".into()),
        subject: Some("Mathematics".into()),
    };
    vec![
        grant(1, "J. Otieno", class, Some(3), GrantState::Active),
        grant(2, "M. Hassan", Scope::SCHOOL, None, GrantState::Active),
        grant(3, "M. Hassan", Scope::SCHOOL, Some(9), GrantState::Revoked),
    ]
}

pub fn requests() -> Vec<AccessRequest> {
    let request = |id, username: &str, state| AccessRequest {
        id: RequestId(id),
        username: username.into(),
        name: username.to_uppercase(),
        permission: Permission::MarksUnlock,
        scope: Scope {
            kind: ScopeKind::Class,
            name: Some("4 East".into()),
            subject: None,
        },
        days: Some(3),
        reason: "two scripts were found late".into(),
        at: super::NOW,
        state,
        decided_by: None,
        answer: None,
    };
    vec![
        request(1, "w.kamau", RequestState::Open),
        request(2, "r.mutua", RequestState::Open),
        request(3, "j.otieno", RequestState::Denied),
    ]
}

fn of_grants(request: &HillviewRequest) -> Option<HillviewResponse> {
    use HillviewRequest as Q;
    use HillviewResponse as A;
    let of = |id: GrantId| grants().into_iter().find(|grant| grant.id == id);
    Some(match request {
        Q::ListGrants { request } => {
            let fits = |grant: &Grant| {
                (request.past || grant.state == GrantState::Active)
                    && (!request.ending_soon || grant.id == GrantId(1))
            };
            A::ListGrants(Ok(page(grants().into_iter().filter(fits).collect())))
        }
        Q::GiveGrant { request } => A::GiveGrant(Ok(Grant {
            permission: request.permission,
            ..grants().remove(0)
        })),
        Q::ExtendGrant { request } => A::ExtendGrant(Ok(of(request.grant)?)),
        Q::RevokeGrant { request } => A::RevokeGrant(Ok(of(request.grant)?)),
        Q::ListRequests { request } => {
            let fits = |one: &AccessRequest| request.decided || one.state == RequestState::Open;
            A::ListRequests(Ok(page(requests().into_iter().filter(fits).collect())))
        }
        Q::RequestAccess { .. } => A::RequestAccess(Ok(requests().remove(0))),
        Q::DecideRequest { request } => A::DecideRequest(Ok(AccessRequest {
            state: request.decision,
            ..requests().remove(0)
        })),
        _ => return None,
    })
}

/// An answer whose every text that a person wrote holds something hostile.
pub fn spoil(answer: HillviewResponse, hostile: &str) -> HillviewResponse {
    let json = serde_json::to_value(&answer).expect("an answer is data");
    let json = spoiled(json, hostile, "");
    serde_json::from_value(json).expect("only texts were changed")
}

fn spoiled(value: serde_json::Value, hostile: &str, key: &str) -> serde_json::Value {
    use serde_json::Value;
    const WRITTEN: [&str; 21] = [
        "name",
        "staff",
        "class",
        "subject",
        "reason",
        "username",
        "given_by",
        "staff_no",
        "words",
        "answer",
        "secret",
        "uri",
        "codes",
        "address",
        "detail",
        "one_time_password",
        "file_name",
        "heading",
        "column",
        "layout",
        "classes_created",
    ];
    match value {
        Value::String(text) if WRITTEN.contains(&key) => Value::String(format!("{text}{hostile}")),
        Value::Array(all) => {
            let all = all.into_iter().map(|one| spoiled(one, hostile, key));
            Value::Array(all.collect())
        }
        Value::Object(fields) => {
            let fields = fields.into_iter().map(|(key, value)| {
                let value = spoiled(value, hostile, &key);
                (key, value)
            });
            Value::Object(fields.collect())
        }
        other => other,
    }
}
