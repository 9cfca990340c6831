//! The audit log: what is written, with what it tells of, and by whom.

use hillview_server::db::{Db, Failure};
use hillview_server::error::{Error, Result};
use hillview_server::service::State;
use hillview_server::service::accounts::{self, Peer};
use hillview_server::service::audit::{self, By, Event};
use hillview_server::testing::{PASSWORD, on_each_engine};
use hillview_shared::accounts::LogIn;
use hillview_shared::audit::Action;

type Line = (i64, Option<String>, String, String, String, String, String);

/// Every line after a place in the log: sequence, login, address, source, action, subject, outcome.
async fn lines(db: &Db, after: i64) -> Result<Vec<Line>, Failure> {
    db.query(
        "select sequence, username, address, source, action, subject, outcome from audit
        where sequence > ? order by sequence",
    )
    .bind(after)
    .all()
    .await
}

async fn end(db: &Db) -> i64 {
    let end = db.query("select sequence from audit_head").scalar().await;
    end.unwrap()
}

fn event(subject: &str) -> Event {
    Event::new(Action::GrantGive, subject)
}

async fn try_login(state: &State, user: &str, password: &str) -> Result<()> {
    let peer = Peer {
        client: "tui".into(),
        address: "192.0.2.7".into(),
    };
    let request = LogIn {
        school: "kilimani".to_owned(),
        user: user.to_owned(),
        password: password.to_owned(),
        code: None,
        device: None,
    };
    accounts::log_in(state, &peer, request).await.map(|_| ())
}

#[tokio::test]
async fn a_line_lands_with_its_write_or_not_at_all() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let head = school.caller("head").await;
        let (db, by) = (head.db(), head.by(it.state.clock.now()));
        let before = end(db).await;
        let undone = db.write(async |tx| {
            audit::note(tx, &by, event("undone")).await?;
            Err::<(), _>(Error::fault("a test", "takes it back"))
        });
        undone.await.unwrap_err();
        assert_eq!(end(db).await, before);
        let done = db.write(async |tx| {
            audit::note_all(tx, &by, &[event("one"), event("two")]).await?;
            audit::note(tx, &By::server(it.state.clock.now()), event("three")).await
        });
        done.await.unwrap();
        let found = lines(db, before).await.unwrap();
        let told: Vec<_> = found
            .iter()
            .map(|(sequence, user, address, source, _, subject, _)| {
                let user = user.as_deref().unwrap_or("-");
                format!("{} {user} {address} {source} {subject}", sequence - before)
            })
            .collect();
        assert_eq!(
            told,
            [
                "1 head unix test one",
                "2 head unix test two",
                "3 - unix server three"
            ]
        );
    })
    .await;
}

#[tokio::test]
async fn many_at_once_leave_no_gap() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let head = school.caller("head").await;
        let (db, by) = (head.db(), head.by(it.state.clock.now()));
        let before = end(db).await;
        let subjects: Vec<String> = (0..40).map(|number| format!("no {number}")).collect();
        let writes = subjects.iter().map(async |subject| {
            let write = db.write(async |tx| audit::note(tx, &by, event(subject)).await);
            write.await
        });
        for done in futures::future::join_all(writes).await {
            done.unwrap();
        }
        let found = lines(db, before).await.unwrap();
        let sequences: Vec<i64> = found.iter().map(|line| line.0).collect();
        assert_eq!(sequences, (before + 1..=before + 40).collect::<Vec<_>>());
        assert_eq!(end(db).await, before + 40);
    })
    .await;
}

#[tokio::test]
async fn logins_are_written_and_what_was_typed_into_them_is_not() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let head = school.caller("head").await;
        let before = end(head.db()).await;
        let typed = "my-secret-password";
        try_login(&it.state, "teacher", PASSWORD).await.unwrap();
        try_login(&it.state, "teacher", "wrong one")
            .await
            .unwrap_err();
        try_login(&it.state, typed, "wrong one").await.unwrap_err();
        accounts::log_out(&it.state, &head).await.unwrap();
        let found = lines(head.db(), before).await.unwrap();
        let told: Vec<_> = found
            .iter()
            .map(|(_, user, address, _, action, subject, outcome)| {
                let user = user.as_deref().unwrap_or("-");
                format!("{user} {address} {action} {subject} {outcome}")
            })
            .collect();
        assert_eq!(
            told,
            [
                "teacher 192.0.2.7 log-in teacher ok",
                "- 192.0.2.7 log-in-refused teacher wrong-password",
                "- 192.0.2.7 log-in-refused no login of the school wrong-password",
                "head unix log-out head ok",
            ]
        );
    })
    .await;
}
