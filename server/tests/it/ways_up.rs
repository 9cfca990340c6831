//! Ways up: how somebody could come to more than was given to them. Each was open once.

use std::time::Duration;

use hillview_server::caller::Caller;
use hillview_server::db::Tx;
use hillview_server::service::{State, accounts, grants, roles, staff, teaching};
use hillview_server::testing::{Installation, PASSWORD, on_each_engine, peer};
use hillview_server::{Error, Result};
use hillview_shared::accounts::{LogIn, Permission, Role, RoleCode};
use hillview_shared::grants::{ExtendGrant, GiveGrant, Grant, RevokeGrant, Scope, ScopeKind};
use hillview_shared::ids::{Moment, Version};
use hillview_shared::roles::SaveRole;
use hillview_shared::staff::{AddStaff, DisableStaff, EditStaff, IssuePasswords, WhichStaff};
use hillview_shared::teaching::{AssignMany, AssignOutcome, AssignTeaching, TeachingRole};

/// `ok`, or the code of the refusal.
fn code<T>(outcome: Result<T>) -> String {
    match outcome {
        Ok(_) => "ok".to_owned(),
        Err(Error::Refused(told)) => told.code,
        Err(other) => panic!("not refused but failed: {other}"),
    }
}

fn which(staff: &str) -> WhichStaff {
    WhichStaff {
        staff: staff.to_owned(),
    }
}

async fn hire(state: &State, by: &Caller, username: &str, role: &str) -> String {
    let request = AddStaff {
        staff_no: format!("N-{username}"),
        name: "Grace Wambui".to_owned(),
        username: username.to_owned(),
        roles: vec![RoleCode(role.to_owned())],
    };
    code(staff::add(state, by, request).await)
}

async fn run(caller: &Caller, sql: &'static str) {
    let run = async |tx: &mut Tx| Ok(tx.query(sql).execute().await?);
    caller.db().write(run).await.unwrap();
}

async fn give(state: &State, by: &Caller, to: &str, starts: Option<Moment>) -> Result<Grant> {
    let request = GiveGrant {
        to: to.to_owned(),
        permission: Permission::MarksUnlock,
        scope: Scope {
            kind: ScopeKind::School,
            name: None,
            subject: None,
        },
        starts,
        days: Some(7),
        reason: "stands in for the deputy".to_owned(),
    };
    grants::give(state, by, request).await
}

async fn log_in(it: &Installation, user: &str, password: &str) -> String {
    let request = LogIn {
        school: "kilimani".to_owned(),
        user: user.to_owned(),
        password: password.to_owned(),
        code: None,
        device: None,
    };
    code(accounts::log_in(&it.state, &peer(), request).await)
}

/// What an administrator could do to get a teacher's login.
async fn taken_over(state: &State, admin: &Caller) -> Vec<(&'static str, String)> {
    let roles = Some(vec![Role::Registrar.into(), Role::Teacher.into()]);
    let edit = EditStaff {
        staff: "teacher".to_owned(),
        staff_no: None,
        name: None,
        roles,
    };
    let disable = |undo| DisableStaff {
        staff: "teacher".to_owned(),
        undo,
        reason: String::new(),
    };
    let issue = IssuePasswords { limit: 100 };
    run(
        admin,
        "update user set password = '' where username = 'teacher'",
    )
    .await;
    let issued = staff::issue(state, admin, issue).await.unwrap();
    vec![
        ("issue", issued.len().to_string()),
        (
            "reset",
            code(staff::reset(state, admin, which("teacher")).await),
        ),
        (
            "second factor",
            code(accounts::reset_second_factor(state, admin, which("teacher")).await),
        ),
        ("roles", code(staff::edit(state, admin, edit).await)),
        (
            "disable",
            code(staff::disable(state, admin, disable(false)).await),
        ),
        (
            "enable",
            code(staff::disable(state, admin, disable(true)).await),
        ),
    ]
}

#[tokio::test]
async fn whoever_manages_staff_takes_over_no_login_that_was_granted_more() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let (head, admin) = (school.caller("head").await, school.caller("admin").await);
        let later = Moment(it.state.clock.now().0 + 3_600_000_000);
        for starts in [None, Some(later)] {
            let given = give(&it.state, &head, "teacher", starts).await.unwrap();
            for (way, outcome) in taken_over(&it.state, &admin).await {
                let shut = if way == "issue" { "0" } else { "denied" };
                assert_eq!(outcome, shut, "{way}, granted from {starts:?}");
            }
            let revoke = RevokeGrant {
                grant: given.id,
                reason: String::new(),
            };
            grants::revoke(&it.state, &head, revoke).await.unwrap();
        }
        for (way, outcome) in taken_over(&it.state, &admin).await {
            let open = match way {
                "issue" => "1",
                "second factor" => "second-factor-off",
                _ => "ok",
            };
            assert_eq!(outcome, open, "{way}, with nothing granted");
        }
        give(&it.state, &head, "teacher", None).await.unwrap();
        it.state.clock.advance(Duration::from_secs(8 * 24 * 3600));
        let admin = school.caller("admin").await;
        let reset = staff::reset(&it.state, &admin, which("teacher")).await;
        assert_eq!(code(reset), "ok", "it is over");
    })
    .await;
}

#[tokio::test]
async fn an_administrator_makes_no_head_where_anybody_else_leads() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let (head, admin) = (school.caller("head").await, school.caller("admin").await);
        let exams = SaveRole {
            code: RoleCode("exams-office".to_owned()),
            permissions: vec![Permission::MarksApprove],
            second_factor: false,
            v: Version(0),
        };
        roles::save(&it.state, &head, exams).await.unwrap();
        for (number, role) in (1..).zip(["deputy-head", "exams-office"]) {
            let username = format!("leader{number}");
            let hired = hire(&it.state, &head, &username, role).await;
            assert_eq!(hired, "ok");
        }
        run(
            &admin,
            "update user set state = 'disabled' where username = 'head'",
        )
        .await;
        for leader in [
            "update user set state = 'disabled' where username = 'leader1'",
            "update user set state = 'disabled' where username = 'leader2'",
        ] {
            for role in ["head-teacher", "deputy-head"] {
                let made = hire(&it.state, &admin, "crony", role).await;
                assert_eq!(made, "denied", "{role}");
            }
            run(&admin, leader).await;
        }
        let made = hire(&it.state, &admin, "crony", "head-teacher").await;
        assert_eq!(made, "ok", "nobody leads it any more");
    })
    .await;
}

#[tokio::test]
async fn nobody_resets_their_own_second_factor() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let head = school.caller("head").await;
        let other = school.hire("second", "head-teacher").await;
        run(
            &head,
            "insert into second_factor (user_id, secret, key_name, begun_at, confirmed_at, last_step)
            select id, 'x', 'x', 1, 1, 0 from user where username = 'head'",
        )
        .await;
        let reset = accounts::reset_second_factor(&it.state, &head, which("HEAD")).await;
        assert_eq!(code(reset), "denied");
        let there = head.db().query("select count(*) from second_factor");
        assert_eq!(there.scalar::<i64>().await.unwrap(), 1);
        let reset = accounts::reset_second_factor(&it.state, &other, which("head")).await;
        assert_eq!(code(reset), "ok");
    })
    .await;
}

#[tokio::test]
async fn a_new_password_is_not_shut_out_by_tries_at_the_old_one() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let admin = school.caller("admin").await;
        for _ in 0..3 {
            let wrong = log_in(it, "teacher", "not the password").await;
            assert_eq!(wrong, "wrong-password");
        }
        assert_eq!(log_in(it, "teacher", PASSWORD).await, "too-many-tries");
        let given = staff::reset(&it.state, &admin, which("teacher")).await;
        let given = given.unwrap();
        assert_eq!(log_in(it, "teacher", &given.password).await, "ok");
    })
    .await;
}

#[tokio::test]
async fn nothing_is_given_to_somebody_whose_login_is_anothers_number() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let (head, admin) = (school.caller("head").await, school.caller("admin").await);
        let number = |staff: &str, number: &str| EditStaff {
            staff: staff.to_owned(),
            staff_no: Some(number.to_owned()),
            name: None,
            roles: None,
        };
        for (staff, other) in [("teacher", "Registrar"), ("teacher", "ADMIN")] {
            let edited = staff::edit(&it.state, &admin, number(staff, other)).await;
            assert_eq!(code(edited), "means-two", "{other}");
        }
        let add = |staff_no: &str, username: &str| AddStaff {
            staff_no: staff_no.to_owned(),
            name: "Grace Wambui".to_owned(),
            username: username.to_owned(),
            roles: vec![Role::Teacher.into()],
        };
        for (staff_no, username, outcome) in [
            ("N1", "t1", "means-two"),
            ("Head", "grace", "means-two"),
            ("W5", "w5", "ok"),
        ] {
            let added = staff::add(&it.state, &admin, add(staff_no, username)).await;
            assert_eq!(code(added), outcome, "{staff_no} {username}");
        }
        // As an older release let it be.
        run(
            &admin,
            "update staff set staff_no = 'registrar', staff_key = 'registrar'
            where id = (select staff_id from user where username = 'teacher')",
        )
        .await;
        let given = give(&it.state, &head, "registrar", None).await;
        assert_eq!(code(given), "ambiguous-login");
        let given = give(&it.state, &head, "teacher", None).await.unwrap();
        assert_eq!(given.username, "teacher");
    })
    .await;
}

#[tokio::test]
async fn an_administrator_does_not_assign_themselves() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let office = school.hire("office", "school-admin").await;
        let head = school.caller("head").await;
        let leads = |staff: &str| AssignTeaching {
            staff: staff.to_owned(),
            class: "4 West".to_owned(),
            subject: None,
            role: TeachingRole::ClassTeacher,
            starts: None,
            ends: None,
            replace: true,
        };
        for own in ["office", "N-OFFICE"] {
            let assigned = teaching::assign(&it.state, &office, leads(own)).await;
            assert_eq!(code(assigned), "denied", "{own}");
            let many = AssignMany {
                assignments: vec![leads(own)],
                preview: false,
            };
            let many = teaching::assign_many(&it.state, &office, many).await;
            let many = many.unwrap();
            assert!(!many.applied);
            assert_eq!(many.lines[0].outcome, AssignOutcome::Refused);
        }
        let other = teaching::assign(&it.state, &office, leads("teacher")).await;
        assert_eq!(code(other), "ok");
        let head = teaching::assign(&it.state, &head, leads("head")).await;
        assert_eq!(code(head), "ok", "who reaches all marks may");
    })
    .await;
}

#[tokio::test]
async fn the_role_of_the_platform_is_not_made_with_a_blank_beside_it() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let head = school.caller("head").await;
        for word in ["platform-admin", " platform-admin", "platform-admin\t "] {
            let request = SaveRole {
                code: RoleCode(word.to_owned()),
                permissions: Vec::new(),
                second_factor: false,
                v: Version(0),
            };
            let saved = roles::save(&it.state, &head, request).await;
            assert_eq!(code(saved), "bad-role", "{word:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_grant_that_is_over_is_not_extended_past_the_most_of_a_login() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let head = school.caller("head").await;
        let first = give(&it.state, &head, "teacher", None).await.unwrap();
        it.state.clock.advance(Duration::from_secs(8 * 24 * 3600));
        let head = school.caller("head").await;
        let mut last = None;
        for _ in 0..100 {
            last = Some(give(&it.state, &head, "teacher", None).await.unwrap());
        }
        let extend = async |grant: &Grant| {
            let request = ExtendGrant {
                grant: grant.id,
                days: Some(7),
            };
            code(grants::extend(&it.state, &head, request).await)
        };
        assert_eq!(extend(&first).await, "too-many-grants");
        let last = last.unwrap();
        assert_eq!(extend(&last).await, "ok", "it counts already");
        let revoke = RevokeGrant {
            grant: last.id,
            reason: String::new(),
        };
        grants::revoke(&it.state, &head, revoke).await.unwrap();
        assert_eq!(extend(&first).await, "ok", "there is room");
    })
    .await;
}
