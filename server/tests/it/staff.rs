//! Staff: found, changed, shut out, given new passwords; who may make whom.

use std::time::Duration;

use hillview_server::Error;
use hillview_server::caller::{self, Caller, SessionKey};
use hillview_server::service::accounts::{self, Peer};
use hillview_server::service::schools::{self, NewSchool};
use hillview_server::service::{State, staff};
use hillview_server::testing::{Installation, PASSWORD, on_each_engine, peer};
use hillview_shared::accounts::{ChangePassword, LogIn, Role, RoleCode};
use hillview_shared::staff::{AddStaff, DisableStaff, EditStaff, Staff, StaffState, WhichStaff};
use hillview_shared::{ApiError, Kind};

/// `Ok` when the login was made, the refusal's code otherwise.
async fn make(state: &State, caller: &Caller, username: &str, role: Role) -> Result<(), String> {
    let request = AddStaff {
        staff_no: format!("N-{username}"),
        name: "Grace Wambui".to_owned(),
        username: username.to_owned(),
        roles: vec![role.into()],
    };
    match staff::add(state, caller, request).await {
        Ok(_) => Ok(()),
        Err(Error::Refused(told)) => Err(told.code),
        Err(other) => panic!("not refused but failed: {other}"),
    }
}

/// The administrator of a school that has nobody else.
async fn first_admin(state: &State) -> Caller {
    let new = NewSchool {
        code: "kilimani",
        name: "Kilimani Primary",
        pack: "ke-cbe",
        admin: "admin",
    };
    let password = schools::create(state, &new).await.unwrap();
    let peer: Peer = peer();
    let request = LogIn {
        school: "kilimani".to_owned(),
        user: "admin".to_owned(),
        password: password.clone(),
        code: None,
        device: None,
    };
    let (_, key) = accounts::log_in(state, &peer, request).await.unwrap();
    let admin = caller::resolve_unsettled(state, &key, &"test".into())
        .await
        .unwrap();
    let request = ChangePassword {
        old: password,
        new: "correct horse battery".to_owned(),
    };
    let changed = accounts::change_password(state, &peer, &admin, request).await;
    let (_, key) = changed.unwrap();
    caller::resolve(state, &key, &"test".into()).await.unwrap()
}

#[tokio::test]
async fn an_administrator_makes_the_first_head_and_no_other() {
    on_each_engine(async |it| {
        let admin = first_admin(&it.state).await;
        let denied = Err("denied".to_owned());
        // Two at the same moment: one of them is the first.
        let (one, two) = futures::future::join(
            make(&it.state, &admin, "head", Role::HeadTeacher),
            make(&it.state, &admin, "other", Role::HeadTeacher),
        )
        .await;
        assert!(one != two, "{one:?} {two:?}");
        assert!(one == denied || two == denied, "{one:?} {two:?}");
        for role in [Role::HeadTeacher, Role::DeputyHead] {
            assert_eq!(
                make(&it.state, &admin, "third", role).await,
                denied,
                "{role}"
            );
        }
        assert_eq!(
            make(&it.state, &admin, "third", Role::Teacher).await,
            Ok(())
        );
        // A school whose head has left may be given one again.
        let disable = async |tx: &mut hillview_server::db::Tx| {
            let all = "update user set state = 'disabled' where username in ('head', 'other')";
            Ok(tx.query(all).execute().await?)
        };
        admin.db().write(disable).await.unwrap();
        assert_eq!(
            make(&it.state, &admin, "again", Role::HeadTeacher).await,
            Ok(())
        );
    })
    .await;
}

#[tokio::test]
async fn a_head_makes_heads_and_deputies_and_nobody_else_does() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let head = school.caller("head").await;
        for (username, role) in [("second", Role::HeadTeacher), ("deputy", Role::DeputyHead)] {
            assert_eq!(
                make(&it.state, &head, username, role).await,
                Ok(()),
                "{role}"
            );
            for other in ["admin", "registrar"] {
                let other = school.caller(other).await;
                let made = make(&it.state, &other, "third", role).await;
                assert_eq!(made, Err("denied".to_owned()), "{role}");
            }
        }
    })
    .await;
}

fn told<T>(outcome: Result<T, Error>) -> ApiError {
    match outcome {
        Err(Error::Refused(told)) => told,
        Err(other) => panic!("not refused but failed: {other}"),
        Ok(_) => panic!("not refused"),
    }
}

fn which(who: &str) -> WhichStaff {
    WhichStaff {
        staff: who.to_owned(),
    }
}

async fn log_in(state: &State, user: &str, password: &str) -> Result<SessionKey, Error> {
    let request = LogIn {
        school: "kilimani".to_owned(),
        user: user.to_owned(),
        password: password.to_owned(),
        code: None,
        device: None,
    };
    let (_, key) = accounts::log_in(state, &peer(), request).await?;
    Ok(key)
}

fn changed(who: &str) -> EditStaff {
    EditStaff {
        staff: who.to_owned(),
        name: None,
        staff_no: None,
        roles: None,
    }
}

fn with_roles(who: &str, roles: &[Role]) -> EditStaff {
    EditStaff {
        roles: Some(roles.iter().map(|role| (*role).into()).collect()),
        ..changed(who)
    }
}

async fn shut_out(state: &State, caller: &Caller, who: &str, undo: bool) -> Result<Staff, Error> {
    let request = DisableStaff {
        staff: who.to_owned(),
        undo,
        reason: "a test".to_owned(),
    };
    staff::disable(state, caller, request).await
}

/// Whether a session is still good at its next call.
async fn lives(state: &State, of: &Caller) -> bool {
    caller::resolve(state, of.key(), &"test".into())
        .await
        .is_ok()
}

#[tokio::test]
async fn other_roles_end_sessions_and_another_name_does_not() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let (admin, teacher) = (school.caller("admin").await, school.caller("teacher").await);
        let request = EditStaff {
            name: Some("John  Otieno Were".to_owned()),
            staff_no: Some("TSC/9".to_owned()),
            ..changed("T4")
        };
        let edited = staff::edit(&it.state, &admin, request).await.unwrap();
        assert_eq!(
            (edited.name.as_str(), edited.staff_no.as_str()),
            ("John Otieno Were", "TSC/9")
        );
        assert!(lives(&it.state, &teacher).await);
        let same = staff::edit(&it.state, &admin, with_roles("teacher", &[Role::Teacher])).await;
        assert_eq!(same.unwrap(), edited);
        assert!(lives(&it.state, &teacher).await, "nothing was another");
        let both = with_roles("teacher", &[Role::Teacher, Role::Registrar, Role::Teacher]);
        let edited = staff::edit(&it.state, &admin, both).await.unwrap();
        assert_eq!(
            edited.roles,
            [Role::Registrar, Role::Teacher].map(RoleCode::from)
        );
        assert!(!lives(&it.state, &teacher).await);
        let taken = EditStaff {
            staff_no: Some("t1".to_owned()),
            ..changed("teacher")
        };
        let unknown = EditStaff {
            roles: Some(vec![RoleCode("boss".to_owned())]),
            ..changed("teacher")
        };
        for (request, code) in [
            (taken, "number-taken"),
            (unknown, "unknown-role"),
            (with_roles("teacher", &[]), "no-role"),
            (with_roles("teacher", &[Role::HeadTeacher]), "denied"),
            (
                with_roles("teacher", &[Role::PlatformAdmin]),
                "unknown-role",
            ),
            (with_roles("head", &[Role::Teacher]), "denied"),
            (changed("nobody"), "unknown-staff"),
        ] {
            assert_eq!(
                told(staff::edit(&it.state, &admin, request).await).code,
                code
            );
        }
    })
    .await;
}

#[tokio::test]
async fn whoever_is_shut_out_is_out_at_once_until_let_in_again() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let (head, teacher) = (school.caller("head").await, school.caller("teacher").await);
        let admin = school.caller("admin").await;
        let out = shut_out(&it.state, &admin, "teacher", false).await.unwrap();
        assert_eq!(out.state, StaffState::Disabled);
        assert!(!lives(&it.state, &teacher).await);
        assert_eq!(
            told(log_in(&it.state, "teacher", PASSWORD).await).code,
            "wrong-password"
        );
        let reset = staff::reset(&it.state, &admin, which("teacher")).await;
        assert_eq!(told(reset).code, "disabled");
        let again = shut_out(&it.state, &admin, "teacher", true).await.unwrap();
        assert_eq!(again.state, StaffState::Active);
        assert!(log_in(&it.state, "teacher", PASSWORD).await.is_ok());
        for (who, caller, code) in [
            ("head", &head, "own-login"),
            ("head", &admin, "denied"),
            ("nobody", &head, "unknown-staff"),
        ] {
            assert_eq!(
                told(shut_out(&it.state, caller, who, false).await).code,
                code,
                "{who}"
            );
        }
        // The last one who has what only its holders give stays.
        make(&it.state, &head, "second", Role::HeadTeacher)
            .await
            .unwrap();
        let second = it_settled(it, "second").await;
        assert!(shut_out(&it.state, &second, "head", false).await.is_ok());
        let last = staff::edit(&it.state, &second, with_roles("second", &[Role::Teacher])).await;
        assert_eq!(told(last).code, "last-holder");
        assert!(shut_out(&it.state, &second, "head", true).await.is_ok());
        let not_last =
            staff::edit(&it.state, &second, with_roles("second", &[Role::Teacher])).await;
        assert!(not_last.is_ok());
    })
    .await;
}

/// Somebody who was just added, with the password that was chosen.
async fn it_settled(it: &Installation, username: &str) -> Caller {
    let db = it.state.tenants.school("kilimani").await.unwrap().db;
    let one_time = accounts::reset_password(&it.state, "kilimani", &db, username)
        .await
        .unwrap();
    let request = LogIn {
        school: "kilimani".to_owned(),
        user: username.to_owned(),
        password: one_time.clone(),
        code: None,
        device: None,
    };
    let (_, key) = accounts::log_in(&it.state, &peer(), request).await.unwrap();
    let who = caller::resolve_unsettled(&it.state, &key, &"test".into())
        .await
        .unwrap();
    let request = ChangePassword {
        old: one_time,
        new: PASSWORD.to_owned(),
    };
    let (_, key) = accounts::change_password(&it.state, &peer(), &who, request)
        .await
        .unwrap();
    caller::resolve(&it.state, &key, &"test".into())
        .await
        .unwrap()
}

#[tokio::test]
async fn a_one_time_password_is_good_until_it_is_changed_for_a_week() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let (admin, teacher) = (school.caller("admin").await, school.caller("teacher").await);
        let given = staff::reset(&it.state, &admin, which("T4")).await.unwrap();
        assert_eq!(given.username, "teacher");
        assert!(!lives(&it.state, &teacher).await, "sessions end");
        assert_eq!(
            told(log_in(&it.state, "teacher", PASSWORD).await).code,
            "wrong-password"
        );
        let first = log_in(&it.state, "teacher", &given.password).await.unwrap();
        let second = log_in(&it.state, "teacher", &given.password).await.unwrap();
        let live = async |key| {
            let known = caller::resolve_unsettled(&it.state, key, &peer()).await;
            known.is_ok()
        };
        assert!(!live(&first).await, "the later login shuts the earlier out");
        assert!(live(&second).await);

        let given = staff::reset(&it.state, &admin, which("teacher"))
            .await
            .unwrap();
        let week = Duration::from_secs(7 * 24 * 60 * 60);
        it.state.clock.advance(week);
        let late = told(log_in(&it.state, "teacher", &given.password).await);
        assert_eq!(late.code, "one-time-password-over");
        assert!(late.message.contains("expired"), "{late}");
        assert!(given.ends <= it.state.clock.now());
        assert_eq!(
            told(log_in(&it.state, "teacher", "wrong").await).code,
            "wrong-password"
        );
        assert!(!format!("{given:?}").contains(&given.password));
    })
    .await;
}

#[tokio::test]
async fn nobody_takes_over_the_login_of_who_may_more() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let (head, admin) = (school.caller("head").await, school.caller("admin").await);
        let refusal = told(staff::reset(&it.state, &admin, which("head")).await);
        assert_eq!(refusal.kind, Kind::Denied);
        assert!(
            log_in(&it.state, "head", PASSWORD).await.is_ok(),
            "nothing was changed"
        );
        for who in ["registrar", "teacher"] {
            assert!(
                staff::reset(&it.state, &admin, which(who)).await.is_ok(),
                "{who}"
            );
        }
        assert!(
            staff::reset(&it.state, &head, which("registrar"))
                .await
                .is_ok()
        );
        // A number that is somebody else's login, as an older release let it be, means nobody.
        let number = async |tx: &mut hillview_server::db::Tx| {
            let number =
                "update staff set staff_no = 'head', staff_key = 'head' where staff_no = 'T4'";
            Ok(tx.query(number).execute().await?)
        };
        admin.db().write(number).await.unwrap();
        let refusal = told(staff::reset(&it.state, &admin, which("head")).await);
        assert_eq!(refusal.code, "ambiguous-staff");
    })
    .await;
}
