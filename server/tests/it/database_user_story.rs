//! What people do at a school, with a server whose database user holds no more rights than it needs:
//! a table or a right that is missing from `db/privileges.rs` stops it.

use hillview_server::caller::Caller;
use hillview_server::service::accounts::{self, listing, policy, tokens};
use hillview_server::service::{State, audit, grants, imports, requests, roles, staff, teaching};
use hillview_server::testing::{Installation, PASSWORD, School, engines, peer};
use hillview_shared::accounts::{
    ChangePassword, DropSecondFactor, LogIn, Permission, Role, RoleCode,
};
use hillview_shared::audit::VerifyAudit;
use hillview_shared::grants::{
    DecideRequest, ExtendGrant, GiveGrant, RequestAccess, RequestState, RevokeGrant, Scope,
};
use hillview_shared::ids::Version;
use hillview_shared::imports::ImportKind;
use hillview_shared::roles::{DropRole, SaveRole};
use hillview_shared::sessions::{AddToken, EndSession, RevokeToken, SessionPolicy};
use hillview_shared::staff::{AddStaff, DisableStaff, EditStaff, IssuePasswords, WhichStaff};
use hillview_shared::teaching::{AssignTeaching, EndTeaching, TeachingRole};

use crate::database_user::Users;
use crate::imports::steps::{back, plain, send};
use crate::second_factor::{next_step, set_up};

#[tokio::test]
async fn a_school_is_run_with_two_database_users() {
    if engines().len() < 2 {
        return;
    }
    let users = Users::make().await;
    let it = users.installation().await;
    let school = it.school("kilimani").await;
    let head = school.caller("head").await;
    roles_and_staff(&it.state, &head).await;
    who_teaches(&it.state, &head).await;
    brought_and_taken_back(&it, &head).await;
    given_and_taken(&it.state, &school, &head).await;
    a_script(&it.state, &head).await;
    logins(&it, &school).await;
    let head = school.caller("head").await;
    ends_of_sessions(&it, &school, &head).await;
    let checked = audit::verify(&it.state, &head, VerifyAudit::default()).await;
    assert_eq!(checked.unwrap().fault, None);
    it.remove().await;
    users.remove().await;
}

async fn roles_and_staff(state: &State, head: &Caller) {
    let save = |permissions: &[Permission], v| SaveRole {
        code: RoleCode("librarian".to_owned()),
        permissions: permissions.to_vec(),
        second_factor: false,
        v,
    };
    let role = roles::save(state, head, save(&[Permission::StudentsRead], Version(0))).await;
    let v = role.unwrap().v;
    let more = [Permission::StudentsRead, Permission::StaffRead];
    roles::save(state, head, save(&more, v)).await.unwrap();
    let add = AddStaff {
        staff_no: "L1".to_owned(),
        name: "Lilian Achieng".to_owned(),
        username: "lilian".to_owned(),
        roles: vec![RoleCode("librarian".to_owned())],
    };
    staff::add(state, head, add).await.unwrap();
    let edit = EditStaff {
        staff: "lilian".to_owned(),
        name: Some("Lilian Atieno".to_owned()),
        staff_no: Some("L2".to_owned()),
        roles: Some(vec![Role::Teacher.into()]),
    };
    staff::edit(state, head, edit).await.unwrap();
    for undo in [false, true] {
        let request = DisableStaff {
            staff: "lilian".to_owned(),
            undo,
            reason: "leave".to_owned(),
        };
        staff::disable(state, head, request).await.unwrap();
    }
    let which = WhichStaff {
        staff: "lilian".to_owned(),
    };
    staff::reset(state, head, which).await.unwrap();
    let code = RoleCode("librarian".to_owned());
    roles::drop(state, head, DropRole { code }).await.unwrap();
}

async fn who_teaches(state: &State, head: &Caller) {
    let assign = |replace| AssignTeaching {
        staff: "lilian".to_owned(),
        class: "4 East".to_owned(),
        subject: None,
        role: TeachingRole::ClassTeacher,
        starts: None,
        ends: None,
        replace,
    };
    assert!(teaching::assign(state, head, assign(false)).await.is_err());
    let assigned = teaching::assign(state, head, assign(true)).await.unwrap();
    let end = EndTeaching {
        teaching: assigned.id,
        last_day: None,
    };
    teaching::end(state, head, end).await.unwrap();
}

async fn brought_and_taken_back(it: &Installation, head: &Caller) {
    let file = "Staff No,Name,Username,Role,Class Teacher Of,Subjects Taught\n\
                N1,Otieno Were,,Teacher,,4 West: MAT\n\
                L2,Lilian Nekesa,,Teacher; Registrar,,\n";
    let import = send(&it.state, head, ImportKind::Staff, file.as_bytes()).await;
    let import = import.unwrap();
    let how = hillview_shared::imports::RunImport {
        on_duplicate: hillview_shared::imports::OnDuplicate::Update,
        ..plain(import)
    };
    let done = imports::run(&it.state, head, how).await.unwrap();
    assert_eq!(done.problems, []);
    let issue = IssuePasswords { limit: 100 };
    let issued = staff::issue(&it.state, head, issue).await;
    assert!(!issued.unwrap().is_empty());
    imports::undo(&it.state, head, back(import)).await.unwrap();
    // What is not taken back on its own is taken back with nobody having worked since.
    let again = send(&it.state, head, ImportKind::Staff, file.as_bytes()).await;
    let again = again.unwrap();
    imports::run(&it.state, head, plain(again)).await.unwrap();
    imports::undo(&it.state, head, back(again)).await.unwrap();
}

async fn given_and_taken(state: &State, school: &School, head: &Caller) {
    let teacher = school.caller("teacher").await;
    let give = GiveGrant {
        to: "teacher".to_owned(),
        permission: Permission::MarksUnlock,
        scope: Scope::SCHOOL,
        starts: None,
        days: Some(3),
        reason: "moderation".to_owned(),
    };
    let grant = grants::give(state, head, give).await.unwrap().id;
    let extend = ExtendGrant {
        grant,
        days: Some(7),
    };
    grants::extend(state, head, extend).await.unwrap();
    let revoke = RevokeGrant {
        grant,
        reason: "done".to_owned(),
    };
    grants::revoke(state, head, revoke).await.unwrap();
    let ask = RequestAccess {
        permission: Permission::StudentsRead,
        scope: Scope::SCHOOL,
        days: Some(3),
        reason: "a trip".to_owned(),
    };
    let asked = requests::make(state, &teacher, ask).await.unwrap();
    let decide = DecideRequest {
        request: asked.id,
        decision: RequestState::Approved,
        answer: String::new(),
    };
    requests::decide(state, head, decide).await.unwrap();
}

async fn a_script(state: &State, head: &Caller) {
    for _ in 0..2 {
        let request = AddToken {
            name: "library".to_owned(),
            permissions: vec![Permission::StudentsRead],
            scope: Scope::SCHOOL,
            days: 30,
            reason: "lists".to_owned(),
        };
        let token = tokens::add(state, head, request).await.unwrap().token.id;
        let revoke = RevokeToken { token };
        tokens::revoke(state, head, revoke).await.unwrap();
    }
}

/// With a device, a second factor, a recovery code, and a new password.
async fn logins(it: &Installation, school: &School) {
    let state = &it.state;
    let teacher = school.caller("teacher").await;
    let (phone, codes) = set_up(it, &teacher).await;
    next_step(it);
    let log_in = async |code: &str, device| {
        let request = LogIn {
            school: "kilimani".to_owned(),
            user: "teacher".to_owned(),
            password: PASSWORD.to_owned(),
            code: Some(code.to_owned()),
            device,
        };
        accounts::log_in(state, &peer(), request).await.unwrap().0
    };
    let device = log_in(&phone.code(state), None).await.device;
    assert!(device.is_some());
    assert_eq!(log_in(&codes[0], device).await.device, None);
    next_step(it);
    let drop = DropSecondFactor {
        password: PASSWORD.to_owned(),
        code: phone.code(state),
    };
    accounts::drop_second_factor(state, &teacher, drop)
        .await
        .unwrap();
    set_up(it, &teacher).await;
    let admin = school.caller("admin").await;
    let which = WhichStaff {
        staff: "teacher".to_owned(),
    };
    accounts::reset_second_factor(state, &admin, which)
        .await
        .unwrap();
    // Eleven devices: the oldest is forgotten.
    for _ in 0..11 {
        school.caller("classteacher").await;
    }
    let caller = school.caller("classteacher").await;
    let change = ChangePassword {
        old: PASSWORD.to_owned(),
        new: "a new and long one".to_owned(),
    };
    let changed = accounts::change_password(state, &peer(), &caller, change).await;
    changed.unwrap();
}

async fn ends_of_sessions(it: &Installation, school: &School, head: &Caller) {
    let state = &it.state;
    let registrar = school.caller("registrar").await;
    let end = EndSession {
        session: registrar.session().id,
    };
    listing::end(state, head, end).await.unwrap();
    let registrar = school.caller("registrar").await;
    accounts::log_out(state, &registrar).await.unwrap();
    for idle_minutes in [30, 720] {
        let request = SessionPolicy {
            idle_minutes,
            days: 30,
        };
        policy::save(state, head, request).await.unwrap();
    }
    let long_after = hillview_shared::ids::Moment(state.clock.now().0 + 400 * 86_400_000_000);
    let thrown = listing::throw_away(head.db(), long_after).await;
    assert!(thrown.unwrap() > 0);
}
