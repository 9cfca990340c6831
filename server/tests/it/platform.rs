//! A platform administrator: schools made, suspended, renamed and removed over the wire, by
//! somebody who sees nothing of any.

use std::time::{Duration, Instant};

use hillview::client::Client;
use hillview_server::Error;
use hillview_server::caller::{self, SessionKey};
use hillview_server::db::{accounts as logins, schools as rows};
use hillview_server::service::schools::{self, Actor};
use hillview_server::service::{State, accounts};
use hillview_server::testing::{Installation, PASSWORD, on_each_engine, peer};
use hillview_shared::accounts::{ChangePassword, PLATFORM, Permission, Role, RoleCode};
use hillview_shared::assessments::ListSheets;
use hillview_shared::schools::{
    AddSchool, ListSchools, RemoveSchool, RenameSchool, SchoolEntry, SuspendSchool,
};
use hillview_shared::students::{ListStudents, WhichStudent};
use hillview_shared::{ApiError, Kind};

use crate::line::{connect, log_in, login};

/// Makes a platform administrator and logs them in with a password of their own.
async fn platform_admin(it: &Installation, client: &Client) {
    let password = schools::platform_admin(&it.state, "asha").await.unwrap();
    let request = login(PLATFORM, "asha", &password);
    client
        .ask(async |api, context| api.log_in(context, request).await)
        .await
        .unwrap();
    let request = ChangePassword {
        old: password,
        new: PASSWORD.to_owned(),
    };
    client
        .ask(async |api, context| api.change_password(context, request).await)
        .await
        .unwrap();
}

async fn list(client: &Client, request: ListSchools) -> Result<Vec<SchoolEntry>, ApiError> {
    let page = client
        .ask(async |api, context| api.list_schools(context, request).await)
        .await?;
    Ok(page.rows)
}

async fn suspend(client: &Client, code: &str, undo: bool) -> Result<SchoolEntry, ApiError> {
    let code = code.to_owned();
    client
        .ask(async |api, context| {
            api.suspend_school(context, SuspendSchool { code, undo })
                .await
        })
        .await
}

async fn remove(client: &Client, code: &str, confirm: &str) -> Result<(), ApiError> {
    let request = RemoveSchool {
        code: code.to_owned(),
        confirm: confirm.to_owned(),
    };
    client
        .ask(async |api, context| api.remove_school(context, request).await)
        .await
}

async fn add(client: &Client, code: &str, name: &str) -> Result<String, ApiError> {
    let request = AddSchool {
        code: code.to_owned(),
        name: name.to_owned(),
        pack: "ke-cbe".to_owned(),
        admin: "admin".to_owned(),
    };
    let added = client
        .ask(async |api, context| api.add_school(context, request).await)
        .await?;
    assert_eq!((&*added.school.name, &*added.school.state), (name, "open"));
    Ok(added.one_time_password)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_admin_looks_after_schools_and_sees_nothing_of_any() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let server = it.serve().await;
        let client = connect(&server).await;
        platform_admin(it, &client).await;

        let password = add(&client, "kisumu", "Kisumu Girls'").await.unwrap();
        let other = connect(&server).await;
        let request = login("kisumu", "admin", &password);
        let admin = other
            .ask(async |api, context| api.log_in(context, request).await)
            .await
            .unwrap();
        assert_eq!(admin.who.school.name, "Kisumu Girls'");
        for (code, expected) in [
            ("kisumu", "school-exists"),
            ("platform", "code-reserved"),
            ("Kisumu", "bad-code"),
        ] {
            let refused = add(&client, code, "Kisumu Girls'").await;
            assert_eq!(refused.unwrap_err().code, expected);
        }

        let all = list(&client, ListSchools::default()).await.unwrap();
        let codes: Vec<_> = all.iter().map(|it| (&*it.code, &*it.name)).collect();
        assert_eq!(
            codes,
            [
                ("kilimani", "Kilimani Primary"),
                ("kisumu", "Kisumu Girls'")
            ]
        );
        let second = ListSchools {
            after: Some("kilimani".to_owned()),
            limit: 1,
        };
        assert_eq!(list(&client, second).await.unwrap(), all[1..]);

        sees_nothing(&client, &school).await;
        let platform = it.state.tenants.school(PLATFORM).await.unwrap().db;
        let noted = platform.query(
            "select count(*) from audit \
             where action = 'school-add' and username = 'asha' and subject = 'kisumu' \
             and outcome = 'ok' and detail = ?",
        );
        let noted = noted.bind("Kisumu Girls'").scalar::<i64>().await;
        assert_eq!(noted.unwrap(), 1);
        server.stop().await;
    })
    .await;
}

/// What a head teacher of the school sees is not there for whoever is logged in on this connection.
async fn sees_nothing(client: &Client, school: &hillview_server::testing::School) {
    let who = client
        .ask(async |api, context| api.who_am_i(context).await)
        .await
        .unwrap();
    assert_eq!(who.school.code, PLATFORM);
    assert_eq!(who.school.term, None);
    assert_eq!(who.roles, [RoleCode::from(Role::PlatformAdmin)]);
    assert!(who.may(Permission::SchoolsManage));
    let of_students = [Permission::StudentsRead, Permission::MarksRead];
    assert!(!of_students.iter().any(|it| who.may(*it)));

    let classes = client
        .ask(async |api, context| api.list_classes(context, Default::default()).await)
        .await;
    assert_eq!(classes.unwrap().rows, []);
    let terms = client
        .ask(async |api, context| api.list_terms(context).await)
        .await;
    assert_eq!(terms.unwrap(), []);
    let students = client
        .ask(async |api, context| api.list_students(context, ListStudents::default()).await)
        .await;
    assert!(students.is_err() || students.unwrap().rows.is_empty());
    let sheets = client
        .ask(async |api, context| api.list_sheets(context, ListSheets::default()).await)
        .await;
    assert!(sheets.is_err() || sheets.unwrap().rows.is_empty());
    let one = WhichStudent::Id(school.students[0].id);
    let student = client
        .ask(async |api, context| api.show_student(context, one).await)
        .await;
    assert_eq!(student.unwrap_err().kind, Kind::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_in_a_school_manages_schools() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let head = school.caller("head").await;
        // A school that writes the permission into its own roles gains nothing by it.
        head.db()
            .write(async |tx| {
                let code = RoleCode("chief".to_owned());
                tx.query("insert into role (code) values ('chief')")
                    .execute()
                    .await?;
                tx.query(
                    "insert into role_permission (role_id, permission) \
                     select id, 'schools.manage' from role where code = 'chief'",
                )
                .execute()
                .await?;
                Ok(logins::give_role(tx, head.user(), &code).await?)
            })
            .await
            .unwrap();
        let server = it.serve().await;
        let client = connect(&server).await;
        log_in(&client, "kilimani", "head").await;
        let refused = list(&client, ListSchools::default()).await.unwrap_err();
        assert_eq!(refused.kind, Kind::Denied);
        let refused = suspend(&client, "kilimani", false).await.unwrap_err();
        assert_eq!(refused.kind, Kind::Denied);
        let refused = add(&client, "other", "Other").await.unwrap_err();
        assert_eq!(refused.kind, Kind::Denied);
        server.stop().await;
    })
    .await;
}

/// Calls again and again until the caller is refused; gives the code, and when that call was made.
async fn until_refused(state: &State, key: &SessionKey, since: Instant) -> (String, Duration) {
    loop {
        let called = since.elapsed();
        match caller::resolve(state, key, &peer()).await {
            Ok(_) => tokio::task::yield_now().await,
            Err(Error::Refused(told)) => return (told.code, called),
            Err(other) => panic!("{other}"),
        }
        assert!(called < Duration::from_secs(60), "never refused");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_school_is_shut_within_a_second_everywhere_and_opens_again() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        it.school("kisumu").await;
        let other = it.another().await;
        let server = it.serve().await;
        let client = connect(&server).await;
        platform_admin(it, &client).await;
        let here = school.caller("teacher").await.key().clone();
        let there = school.caller_at(&other, "head").await.key().clone();

        assert_eq!(
            suspend(&client, "kilimani", true).await.unwrap_err().code,
            "wrong-state"
        );
        let done = suspend(&client, "kilimani", false).await.unwrap();
        assert_eq!(done.state, "suspended");
        let since = Instant::now();
        let ((code, one), (_, two)) = tokio::join!(
            until_refused(&it.state, &here, since),
            until_refused(&other, &there, since)
        );
        assert!(["suspended", "session-ended"].contains(&&*code), "{code}");
        assert!(one.max(two) < Duration::from_secs(1), "{one:?} {two:?}");

        let person = connect(&server).await;
        let request = login("kilimani", "teacher", PASSWORD);
        let refused = person
            .ask(async |api, context| api.log_in(context, request).await)
            .await
            .unwrap_err();
        assert_eq!((refused.kind, &*refused.code), (Kind::Denied, "suspended"));
        assert!(refused.message.contains("kilimani") && refused.hint.is_some());
        log_in(&person, "kisumu", "teacher").await;

        suspend(&client, "kilimani", true).await.unwrap();
        for (state, key) in [(&it.state, &here), (&other, &there)] {
            let (code, _) = until_refused(state, key, Instant::now()).await;
            assert_eq!(code, "session-ended");
        }
        log_in(&person, "kilimani", "teacher").await;
        other.tenants.close().await;
        server.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_name_stands_everywhere_at_once() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let other = it.another().await;
        let there = school.caller_at(&other, "head").await.key().clone();
        let name = "Kilimani \u{201c}Hill\u{201d} School";
        let request = RenameSchool {
            code: "kilimani".to_owned(),
            name: format!("  {name} "),
        };
        let renamed = schools::rename(&it.state, Actor::Server, &request).await;
        assert_eq!(renamed.unwrap().name, name);
        let since = Instant::now();
        assert_eq!(school.caller("head").await.school_name(), name);
        loop {
            let old = since.elapsed();
            let caller = caller::resolve(&other, &there, &peer()).await.unwrap();
            if caller.school_name() == name {
                break;
            }
            assert!(old < Duration::from_secs(1), "the old name");
            tokio::task::yield_now().await;
        }
        let db = school.caller("head").await.db().clone();
        let kept = db.query("select name from profile where id = 1");
        assert_eq!(kept.scalar::<String>().await.unwrap(), name);

        for (code, name, expected) in [
            ("nowhere", "X", "not-found"),
            ("platform", "X", "not-found"),
            ("kilimani", " ", "empty"),
            ("kilimani", "a\u{1b}[2J", "hidden-character"),
        ] {
            let request = RenameSchool {
                code: code.to_owned(),
                name: name.to_owned(),
            };
            let refused = schools::rename(&it.state, Actor::Server, &request).await;
            assert_eq!(refused.unwrap_err().told().code, expected);
        }
        other.tenants.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_school_is_gone_and_its_code_is_free() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let other = it.another().await;
        let server = it.serve().await;
        let client = connect(&server).await;
        platform_admin(it, &client).await;
        let here = school.caller("teacher").await.key().clone();
        let there = school.caller_at(&other, "head").await.key().clone();

        for (code, expected) in [
            ("kilimani", "wrong-state"),
            ("nowhere", "not-found"),
            ("platform", "not-found"),
        ] {
            let refused = remove(&client, code, "Kilimani Primary").await;
            assert_eq!(refused.unwrap_err().code, expected);
        }
        suspend(&client, "kilimani", false).await.unwrap();
        let refused = remove(&client, "kilimani", "kilimani").await;
        assert_eq!(refused.unwrap_err().code, "not-confirmed");
        remove(&client, "kilimani", "Kilimani Primary")
            .await
            .unwrap();
        assert_eq!(list(&client, ListSchools::default()).await.unwrap(), []);
        let file = it.folder().join("schools/kilimani.db");
        assert!(!file.exists());

        let password = add(&client, "kilimani", "Another").await.unwrap();
        for (state, key) in [(&it.state, &here), (&other, &there)] {
            let (code, took) = until_refused(state, key, Instant::now()).await;
            assert!(["session-ended", "not-found"].contains(&&*code), "{code}");
            assert!(took < Duration::from_secs(1));
            let tenant = state.tenants.school("kilimani").await.unwrap();
            assert_eq!(&*tenant.name, "Another");
            let students = tenant.db.query("select count(*) from student");
            assert_eq!(students.scalar::<i64>().await.unwrap(), 0);
        }
        let request = login("kilimani", "admin", &password);
        assert!(
            accounts::log_in(&other, &peer(), request).await.is_ok(),
            "the new school has no login"
        );
        other.tenants.close().await;
        server.stop().await;
    })
    .await;
}

#[tokio::test]
async fn a_removal_that_was_killed_is_finished_by_the_same_command() {
    on_each_engine(async |it| {
        it.school("kilimani").await;
        let control = it.state.tenants.control();
        control
            .write(async |tx| Ok(rows::set_state(tx, "kilimani", "removing").await?))
            .await
            .unwrap();
        let request = SuspendSchool {
            code: "kilimani".to_owned(),
            undo: true,
        };
        let refused = schools::suspend(&it.state, Actor::Server, &request).await;
        assert_eq!(refused.unwrap_err().told().code, "wrong-state");
        // As if the kill had fallen between the data and the list.
        it.state.tenants.remove("kilimani").await.unwrap();
        let request = RemoveSchool {
            code: "kilimani".to_owned(),
            confirm: "Kilimani Primary".to_owned(),
        };
        schools::remove(&it.state, Actor::Server, &request)
            .await
            .unwrap();
        assert_eq!(it.state.tenants.all().await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn the_platform_is_made_once_and_each_time_says_a_password_that_works() {
    on_each_engine(async |it| {
        let first = schools::platform_admin(&it.state, "Asha").await.unwrap();
        let second = schools::platform_admin(&it.state, "asha").await.unwrap();
        let other = schools::platform_admin(&it.state, "baraka").await.unwrap();
        for (user, password, works) in [
            ("asha", &first, false),
            ("asha", &second, true),
            ("baraka", &other, true),
        ] {
            let request = login(PLATFORM, user, password);
            let done = accounts::log_in(&it.state, &peer(), request).await;
            assert_eq!(done.is_ok(), works, "{user}");
        }
        let db = it.state.tenants.school(PLATFORM).await.unwrap().db;
        let count = db.query("select count(*) from user");
        assert_eq!(count.scalar::<i64>().await.unwrap(), 2);
        let listed = schools::list(&it.state, ListSchools::default()).await;
        assert_eq!(listed.unwrap().rows, []);
    })
    .await;
}
