//! Logging in, staying in, and being shut out.

use std::time::Duration;

use hillview_server::cache::Limit;
use hillview_server::caller::{self, SessionKey};
use hillview_server::db::{counted, sessions};
use hillview_server::service::State;
use hillview_server::service::accounts;
use hillview_server::testing::{PASSWORD, School, on_each_engine, peer};
use hillview_server::{Error, Result};
use hillview_shared::accounts::{ChangePassword, LogIn, LoggedIn, Permission, Role};
use hillview_shared::api::Resume;
use hillview_shared::ids::{OfferingId, Token};
use hillview_shared::{ApiError, Kind};

fn request(school: &str, user: &str, password: &str) -> LogIn {
    LogIn {
        school: school.to_owned(),
        user: user.to_owned(),
        password: password.to_owned(),
        code: None,
        device: None,
    }
}

async fn log_in(state: &State, user: &str, password: &str) -> Result<(LoggedIn, SessionKey)> {
    accounts::log_in(state, &peer(), request("kilimani", user, password)).await
}

fn told<T>(outcome: Result<T>) -> ApiError {
    match outcome {
        Err(Error::Refused(told)) => told,
        Err(other) => panic!("not refused but failed: {other}"),
        Ok(_) => panic!("not refused"),
    }
}

async fn is_live(state: &State, key: &SessionKey) -> bool {
    match caller::resolve_unsettled(state, key, &"test".into()).await {
        Ok(_) => true,
        Err(Error::Refused(told)) if told.kind == Kind::SessionEnded => false,
        Err(other) => panic!("{other}"),
    }
}

async fn change(
    state: &State,
    key: &SessionKey,
    old: &str,
    new: &str,
) -> Result<(LoggedIn, SessionKey)> {
    let caller = caller::resolve_unsettled(state, key, &"test".into()).await?;
    let request = ChangePassword {
        old: old.to_owned(),
        new: new.to_owned(),
    };
    accounts::change_password(state, &peer(), &caller, request).await
}

#[tokio::test]
async fn a_login_says_who_and_what_they_may() {
    on_each_engine(async |it| {
        it.school("kilimani").await;
        let (logged_in, key) = log_in(&it.state, " ClassTeacher ", PASSWORD).await.unwrap();
        let who = logged_in.who;
        assert_eq!(
            (who.username.as_str(), who.name.as_str()),
            ("classteacher", "Amina Hassan")
        );
        assert_eq!(
            (who.school.code.as_str(), who.school.name.as_str()),
            ("kilimani", "Kilimani Primary")
        );
        assert_eq!(who.roles, [Role::Teacher]);
        assert_eq!(who.permissions, []);
        assert!(who.school.term.is_some(), "the pack brings a calendar");
        assert!(is_live(&it.state, &key).await);

        let (logged_in, _) = log_in(&it.state, "head", PASSWORD).await.unwrap();
        assert!(logged_in.who.may(Permission::MarksRead));
    })
    .await;
}

#[tokio::test]
async fn a_teacher_reaches_what_is_assigned_and_nothing_else() {
    on_each_engine(async |it| {
        let School { east, west, .. } = &it.school("kilimani").await;
        let school = it.school("other").await;
        let teacher = school.caller("teacher").await;
        let leader = school.caller("classteacher").await;
        assert!(teacher.sees_class(school.east.id) && !teacher.sees_class(school.west.id));
        let english = teacher.own_parts()[0].offering.unwrap();
        let enters = |caller: &caller::Caller, class, offering| {
            caller.may_on(Permission::MarksEnter, class, offering)
        };
        let other = OfferingId(english.0 + 1);
        assert!(enters(&teacher, school.east.id, english));
        assert!(!enters(&teacher, school.east.id, other));
        assert!(enters(&leader, school.east.id, english));
        assert!(enters(&leader, school.east.id, other));
        assert!(!enters(&leader, school.west.id, english));
        assert_ne!(east.id, west.id);
        assert_eq!(
            told(teacher.require(Permission::StudentsWrite)).kind,
            Kind::Denied
        );
    })
    .await;
}

#[tokio::test]
async fn whatever_was_wrong_the_words_are_the_same() {
    on_each_engine(async |it| {
        it.school("kilimani").await;
        let mut refusals = Vec::new();
        for (school, user, password) in [
            ("kilimani", "teacher", "wrong password"),
            ("kilimani", "nobody", PASSWORD),
            ("nowhere", "teacher", PASSWORD),
            ("../control", "teacher", PASSWORD),
        ] {
            let outcome =
                accounts::log_in(&it.state, &peer(), request(school, user, password)).await;
            refusals.push(told(outcome));
        }
        assert_eq!(refusals[0].code, "wrong-password");
        assert!(
            refusals.iter().all(|refusal| *refusal == refusals[0]),
            "{refusals:#?}"
        );
    })
    .await;
}

#[tokio::test]
async fn a_one_time_password_works_for_its_change_only() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let db = school.caller("admin").await.db().clone();
        let one_time = accounts::reset_password(&it.state, "kilimani", &db, "Teacher")
            .await
            .unwrap();
        assert_eq!(
            told(log_in(&it.state, "teacher", PASSWORD).await).code,
            "wrong-password"
        );

        let (logged_in, key) = log_in(&it.state, "teacher", &one_time).await.unwrap();
        assert!(logged_in.who.must_change_password);
        let refused = told(caller::resolve(&it.state, &key, &"test".into()).await);
        assert_eq!(refused.code, "must-change-password");

        let weak = told(change(&it.state, &key, &one_time, &one_time).await);
        assert_eq!(weak.code, "weak-password");
        let (logged_in, key) = change(&it.state, &key, &one_time, "a new long one")
            .await
            .unwrap();
        assert!(!logged_in.who.must_change_password);
        assert!(
            caller::resolve(&it.state, &key, &"test".into())
                .await
                .is_ok()
        );
        assert_eq!(
            told(log_in(&it.state, "teacher", &one_time).await).code,
            "wrong-password"
        );
        assert!(log_in(&it.state, "teacher", "a new long one").await.is_ok());
    })
    .await;
}

#[tokio::test]
async fn a_changed_password_ends_all_sessions_and_gives_a_new_one() {
    on_each_engine(async |it| {
        it.school("kilimani").await;
        let (_, here) = log_in(&it.state, "teacher", PASSWORD).await.unwrap();
        let (_, elsewhere) = log_in(&it.state, "teacher", PASSWORD).await.unwrap();
        let (_, colleague) = log_in(&it.state, "head", PASSWORD).await.unwrap();
        let wrong = told(change(&it.state, &here, "wrong password", "a new long one").await);
        assert_eq!(wrong.kind, Kind::Denied);
        let (_, new) = change(&it.state, &here, PASSWORD, "a new long one")
            .await
            .unwrap();
        assert!(!is_live(&it.state, &here).await);
        assert!(!is_live(&it.state, &elsewhere).await);
        assert!(is_live(&it.state, &new).await && is_live(&it.state, &colleague).await);
    })
    .await;
}

#[tokio::test]
async fn a_session_is_resumed_until_it_is_logged_out() {
    on_each_engine(async |it| {
        it.school("kilimani").await;
        let (logged_in, key) = log_in(&it.state, "teacher", PASSWORD).await.unwrap();
        let resume = Resume {
            school: "Kilimani".to_owned(),
            token: logged_in.token,
        };
        // Another instance knows the session too.
        let other = it.another().await;
        let resumed = accounts::resume(&other, &peer(), &resume).await.unwrap();
        let (who, other_key) = resumed.expect("the session is live");
        assert_eq!((who.username.as_str(), &other_key), ("teacher", &key));

        let caller = caller::resolve(&it.state, &key, &"test".into())
            .await
            .unwrap();
        accounts::log_out(&it.state, &caller).await.unwrap();
        assert!(!is_live(&it.state, &key).await);
        assert!(
            accounts::resume(&it.state, &peer(), &resume)
                .await
                .unwrap()
                .is_none()
        );
        dead_within_a_second(&other, &key).await;

        for resume in [
            Resume {
                school: "nowhere".to_owned(),
                token: logged_in.token,
            },
            Resume {
                school: "kilimani".to_owned(),
                token: Token([7; 32]),
            },
        ] {
            assert!(
                accounts::resume(&it.state, &peer(), &resume)
                    .await
                    .unwrap()
                    .is_none()
            );
        }
        other.tenants.close().await;
    })
    .await;
}

/// An instance with an in-process cache may believe a session a little longer, but not a second.
async fn dead_within_a_second(state: &State, key: &SessionKey) {
    let ended = std::time::Instant::now();
    loop {
        // As old as when the call begins: how long the answer takes is the machine's.
        let lived = ended.elapsed();
        if !is_live(state, key).await {
            return;
        }
        assert!(lived < Duration::from_secs(1), "it lives {lived:?} after");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_caller_that_is_known_costs_no_statement() {
    on_each_engine(async |it| {
        it.school("kilimani").await;
        let (_, key) = log_in(&it.state, "teacher", PASSWORD).await.unwrap();
        let peer = "test".into();
        let (caller, statements) = counted(caller::resolve(&it.state, &key, &peer)).await;
        assert_eq!((caller.unwrap().source(), statements), ("test", 0));
        it.state.cache.forget_sessions(std::slice::from_ref(&key));
        let (caller, statements) = counted(caller::resolve(&it.state, &key, &peer)).await;
        assert!(caller.is_ok() && statements <= 4, "{statements} statements");
    })
    .await;
}

#[tokio::test]
async fn a_session_ends_when_it_is_idle_and_at_the_latest_after_thirty_days() {
    on_each_engine(async |it| {
        it.school("kilimani").await;
        let (_, idle) = log_in(&it.state, "teacher", PASSWORD).await.unwrap();
        it.state.clock.advance(Duration::from_secs(13 * 3600));
        it.state.cache.forget_sessions(std::slice::from_ref(&idle));
        assert!(!is_live(&it.state, &idle).await);

        let (_, busy) = log_in(&it.state, "head", PASSWORD).await.unwrap();
        // Used every half day, it lives; but not for ever.
        let mut half_days = 0;
        while is_live(&it.state, &busy).await {
            it.state.clock.advance(Duration::from_secs(12 * 3600 - 60));
            it.state.cache.forget_sessions(std::slice::from_ref(&busy));
            half_days += 1;
            assert!(half_days <= 70, "it lived for over 30 days");
        }
        assert!(half_days >= 60, "it ended after {half_days} half days");
    })
    .await;
}

/// The password is right when it is read and no longer when the session would be written.
#[tokio::test]
async fn a_login_that_was_changed_while_the_password_was_checked_gives_no_session() {
    on_each_engine(async |it| {
        it.school("kilimani").await;
        let tenant = it.state.tenants.school("kilimani").await.unwrap();
        for change in [
            "update user set v = v + 1 where username = 'teacher'",
            "update user set state = 'disabled' where username = 'teacher'",
        ] {
            let mut tx = tenant.db.begin().await.unwrap();
            tx.query(change).execute().await.unwrap();
            let changed = async {
                // A try is taken once the login has been read.
                let once = Limit { free: 1, most: 1 };
                let read = || it.state.cache.wait(once, "kilimani", "teacher");
                while read().await.is_none() {
                    tokio::task::yield_now().await;
                }
                tx.commit().await.unwrap();
            };
            let login = log_in(&it.state, "teacher", PASSWORD);
            let (outcome, ()) = futures::future::join(login, changed).await;
            assert_eq!(told(outcome).code, "wrong-password", "{change}");
            it.state.cache.forgive("kilimani", "teacher").await;
        }
        let sessions = tenant.db.query(
            "select count(*) from session join user on user.id = session.user_id \
             where user.username = 'teacher'",
        );
        assert_eq!(sessions.scalar::<i64>().await.unwrap(), 0);
    })
    .await;
}

#[tokio::test]
async fn a_call_goes_on_when_it_cannot_be_noted_that_its_session_was_used() {
    on_each_engine(async |it| {
        it.school("kilimani").await;
        let (_, key) = log_in(&it.state, "teacher", PASSWORD).await.unwrap();
        let tenant = it.state.tenants.school("kilimani").await.unwrap();
        it.state.clock.advance(Duration::from_secs(120));
        let forget = || it.state.cache.forget_sessions(std::slice::from_ref(&key));
        forget();
        let session = caller::resolve(&it.state, &key, &"test".into()).await;
        let session = session.unwrap().session().id;
        let mut tx = tenant.db.begin().await.unwrap();
        let now = it.state.clock.now();
        sessions::touch(&mut tx, session, now).await.unwrap();
        it.state.clock.advance(Duration::from_secs(120));
        forget();
        let caller = caller::resolve(&it.state, &key, &"test".into()).await;
        let seen = caller.unwrap().session().last_seen;
        assert!(seen < it.state.clock.now(), "it was not noted");
        tx.commit().await.unwrap();
        forget();
        let caller = caller::resolve(&it.state, &key, &"test".into()).await;
        assert!(caller.unwrap().session().last_seen > seen);
    })
    .await;
}

/// The same with Redis and without.
#[tokio::test]
async fn tries_that_must_wait_are_not_counted_and_the_window_is_not_prolonged() {
    on_each_engine(async |it| {
        let limit = Limit { free: 2, most: 3 };
        let one = || it.state.cache.try_once(limit, "kilimani", "amina@unix");
        let rest = async || {
            let wait = one().await.expect_err("there are three tries");
            assert!(wait > Duration::from_secs(800), "{wait:?}");
            assert!(wait <= Duration::from_secs(900), "{wait:?}");
            wait
        };
        let third = async || {
            let began = std::time::Instant::now();
            let mut refused = 0;
            while one().await.is_err() {
                refused += 1;
                assert!(began.elapsed() < Duration::from_secs(60), "put off again");
                tokio::task::yield_now().await;
            }
            refused
        };
        assert_eq!((one().await, one().await), (Ok(()), Ok(())));
        assert!(third().await > 1, "the pause was not kept");
        let first = rest().await;
        it.state.cache.give_back("kilimani", "amina@unix").await;
        assert!(third().await > 1, "the pause was not kept");
        let second = rest().await;
        assert!(
            first - second >= Duration::from_millis(900),
            "{first:?} {second:?}"
        );
        it.state.cache.forgive("kilimani", "amina@unix").await;
        assert_eq!(one().await, Ok(()));
    })
    .await;
}
