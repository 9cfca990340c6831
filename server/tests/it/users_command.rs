//! `hillview-server user …`: logins that nobody at a school may look after.

use hillview_server::Error;
use hillview_server::caller::{self, Caller};
use hillview_server::ops::users;
use hillview_server::service::accounts::{self, NewLogin};
use hillview_server::service::schools;
use hillview_server::testing::{Installation, on_each_engine, peer};
use hillview_shared::accounts::{LogIn, PLATFORM, RoleCode};

/// `ok`, or the code of the refusal.
fn code<T>(outcome: hillview_server::Result<T>) -> String {
    match outcome {
        Ok(_) => "ok".to_owned(),
        Err(Error::Refused(told)) => told.code,
        Err(other) => panic!("not refused but failed: {other}"),
    }
}

async fn log_in(it: &Installation, school: &str, user: &str, password: &str) -> String {
    let request = LogIn {
        school: school.to_owned(),
        user: user.to_owned(),
        password: password.to_owned(),
        code: None,
        device: None,
    };
    code(accounts::log_in(&it.state, &peer(), request).await)
}

/// Action, login and source of the last line.
async fn last_line(caller: &Caller) -> (String, String, String) {
    let line = caller
        .db()
        .query("select action, subject, source from audit order by sequence desc limit 1");
    line.one().await.unwrap()
}

async fn lives(it: &Installation, caller: &Caller) -> bool {
    let found = caller::resolve_unsettled(&it.state, caller.key(), &peer()).await;
    found.is_ok()
}

#[tokio::test]
async fn a_role_that_is_none_is_refused_and_a_login_that_is_added_is_in_the_log() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let admin = school.caller("admin").await;
        let add = async |username: &str, role: &str| {
            let roles = [RoleCode(role.to_owned())];
            let new = NewLogin {
                staff: None,
                username,
                name: "Rukia Wekesa",
                roles: &roles,
                by: None,
            };
            code(users::add(&it.state, "kilimani", &new).await)
        };
        assert_eq!(add("rukia", "head-techer").await, "unknown-role");
        assert_eq!(add("t1", "teacher").await, "means-two");
        assert_eq!(add("Rukia", "teacher").await, "ok");
        let told = last_line(&admin).await;
        assert_eq!(told, ("user-add".into(), "rukia".into(), "server".into()));
    })
    .await;
}

#[tokio::test]
async fn the_first_login_of_a_school_is_shut_out_and_let_in_again() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let (admin, teacher) = (school.caller("admin").await, school.caller("teacher").await);
        let disable =
            async |user: &str, undo| code(users::disable(&it.state, "kilimani", user, undo).await);
        assert_eq!(disable("nobody", false).await, "not-found");
        assert_eq!(disable(" Admin", false).await, "ok");
        assert!(!lives(it, &admin).await);
        assert!(lives(it, &teacher).await);
        let told = last_line(&teacher).await;
        assert_eq!(
            told,
            ("staff-disable".into(), "admin".into(), "server".into())
        );
        let states = async || {
            let all = users::list(&it.state, "kilimani").await.unwrap();
            let two = ["admin", "teacher"].map(|name| all.iter().find(|it| it.username == name));
            two.map(|user| user.unwrap().state.clone())
        };
        assert_eq!(states().await, ["disabled", "active"]);
        assert_eq!(disable("admin", true).await, "ok");
        school.caller("admin").await;
        // Whoever is staff is disabled as the school would do it.
        assert_eq!(disable("teacher", false).await, "ok");
        assert_eq!(states().await, ["active", "disabled"]);
        let member = teacher
            .db()
            .query("select state from staff where staff_no = 'T4'");
        assert_eq!(member.scalar::<String>().await.unwrap(), "disabled");
    })
    .await;
}

#[tokio::test]
async fn a_platform_administrator_who_lost_the_phone_gets_in_again() {
    on_each_engine(async |it| {
        let password = schools::platform_admin(&it.state, "asha").await.unwrap();
        let db = it.state.tenants.school(PLATFORM).await.unwrap().db;
        db.write(async |tx| {
            tx.query(
                "insert into second_factor (user_id, secret, key_name, begun_at, confirmed_at, last_step)
                select id, 'x', 'x', 1, 1, 0 from user where username = 'asha'",
            )
            .execute()
            .await?;
            Ok(())
        })
        .await
        .unwrap();
        let asked = log_in(it, PLATFORM, "asha", &password).await;
        assert_eq!(asked, "second-factor-needed");
        let listed = users::list(&it.state, PLATFORM).await.unwrap();
        assert!(listed[0].second_factor);
        let reset = users::reset_second_factor(&it.state, PLATFORM, "asha").await;
        assert_eq!(code(reset), "ok");
        assert_eq!(log_in(it, PLATFORM, "asha", &password).await, "ok");
        let again = users::reset_second_factor(&it.state, PLATFORM, "asha").await;
        assert_eq!(code(again), "second-factor-off");
    })
    .await;
}
