//! Passwords: which are taken, and how their hashes grow.

use futures::poll;
use hillview_server::cache::Limit;
use hillview_server::db::accounts as logins;
use hillview_server::service::accounts::{self, Peer};
use hillview_server::testing::{PASSWORD, on_each_engine, peer};
use hillview_server::{Error, Result};
use hillview_shared::ApiError;
use hillview_shared::accounts::{ChangePassword, LogIn};

fn request(password: &str) -> LogIn {
    LogIn {
        school: "kilimani".to_owned(),
        user: "teacher".to_owned(),
        password: password.to_owned(),
        code: None,
        device: None,
    }
}

fn told<T>(outcome: Result<T>) -> ApiError {
    match outcome {
        Err(Error::Refused(told)) => told,
        Err(other) => panic!("not refused but failed: {other}"),
        Ok(_) => panic!("not refused"),
    }
}

#[tokio::test]
async fn a_hash_of_old_is_made_anew_at_the_next_login() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let db = school.caller("teacher").await.db().clone();
        let cheap = it.state.hashers.hash_of_old(PASSWORD).await.unwrap();
        db.write(async |tx| {
            let set = tx.query("update user set password = ? where username = 'teacher'");
            set.bind(cheap.as_str()).execute().await?;
            Ok(())
        })
        .await
        .unwrap();
        let stored = async || -> String {
            let stored = db.query("select password from user where username = 'teacher'");
            stored.scalar().await.unwrap()
        };
        let refused = accounts::log_in(&it.state, &peer(), request("not the password")).await;
        assert_eq!(told(refused).code, "wrong-password");
        assert_eq!(stored().await, cheap, "a wrong password changes nothing");

        // Two at once: both are right, and neither is in the other's way.
        let logins = [(), ()].map(|()| accounts::log_in(&it.state, &DESK, request(PASSWORD)));
        for login in futures::future::join_all(logins).await {
            login.unwrap();
        }
        let todays = stored().await;
        assert!(todays.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        accounts::log_in(&it.state, &peer(), request(PASSWORD))
            .await
            .unwrap();
        assert_eq!(stored().await, todays, "it is made anew once");
    })
    .await;
}

static DESK: std::sync::LazyLock<Peer> = std::sync::LazyLock::new(peer);

#[tokio::test]
async fn a_password_that_is_guessed_first_is_refused() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let teacher = school.caller("teacher").await;
        for (new, word) in [
            ("short one", "9 characters"),
            ("Password2026!", "guessed first"),
            ("JohnOtieno99", "guessed first"),
            ("kilimani-teacher", "guessed first"),
            ("a bell \u{7} in it", "control character"),
            (PASSWORD, "present one"),
        ] {
            let request = ChangePassword {
                old: PASSWORD.to_owned(),
                new: new.to_owned(),
            };
            let changed = accounts::change_password(&it.state, &peer(), &teacher, request).await;
            let told = told(changed);
            assert_eq!(told.code, "weak-password", "{new}");
            assert!(told.message.contains(word), "{new}: {told}");
        }
        let request = ChangePassword {
            old: PASSWORD.to_owned(),
            new: "n\u{303}andu\u{301} na tembo".to_owned(),
        };
        let changed = accounts::change_password(&it.state, &peer(), &teacher, request).await;
        changed.unwrap();
        // Another keyboard composes the letters.
        let login = accounts::log_in(&it.state, &peer(), self::request("ñandú na tembo")).await;
        login.unwrap();
    })
    .await;
}

/// Whoever has stolen a password and a session changes the password in the moment in which it is reset.
#[tokio::test]
async fn a_change_under_way_does_not_undo_a_reset() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let admin = school.caller("admin").await;
        let hash = it
            .state
            .hashers
            .hash_of_old("a password of the office")
            .await;
        let hash = hash.unwrap();
        let users = ["teacher", "classteacher", "registrar", "head"];
        for (user, polls) in users.into_iter().zip([1, 30, 300, 3_000]) {
            let thief = school.caller(user).await;
            let request = ChangePassword {
                old: PASSWORD.to_owned(),
                new: "a new and long one".to_owned(),
            };
            let desk = peer();
            let change = accounts::change_password(&it.state, &desk, &thief, request);
            let mut change = Box::pin(change);
            let any = Limit { free: 1, most: 1 };
            let name = format!("{user}:session");
            let begun = async || it.state.cache.wait(any, "kilimani", &name).await.is_some();
            while !begun().await {
                assert!(poll!(&mut change).is_pending(), "it ended too soon");
                tokio::task::yield_now().await;
            }
            let mut changed = None;
            for _ in 0..polls {
                if let std::task::Poll::Ready(outcome) = poll!(&mut change) {
                    changed = Some(outcome);
                    break;
                }
                tokio::task::yield_now().await;
            }
            let reset = admin.db().write(async |tx| {
                let login = logins::find_login(&mut *tx, user).await?.unwrap();
                let now = it.state.clock.now();
                let ended = accounts::replace_password(tx, &login, &hash, true, now).await?;
                Ok(ended)
            });
            reset.await.unwrap();
            let changed = match changed {
                Some(outcome) => outcome,
                None => change.await,
            };
            if changed.is_err() {
                let code = told(changed).code;
                assert!(["changed-meanwhile", "wrong-password"].contains(&&*code));
            }
            let login = logins::find_login(admin.db(), user).await.unwrap().unwrap();
            assert!(login.must_change, "{user}: the reset was undone");
            assert_eq!(login.password, hash);
        }
    })
    .await;
}
