//! The audit log: what is written, with what it tells of, and by whom.

use std::time::{Duration, Instant};

use hillview_server::caller::Caller;
use hillview_server::db::{Db, Failure, counted};
use hillview_server::error::{Error, Result};
use hillview_server::service::State;
use hillview_server::service::accounts::{self, Peer};
use hillview_server::service::audit::{self, By, Event};
use hillview_server::testing::{PASSWORD, on_each_engine};
use hillview_shared::ApiError;
use hillview_shared::accounts::{ChangePassword, LogIn};
use hillview_shared::audit::{Action, ListAudit};
use hillview_shared::ids::Moment;

use crate::line::{connect, log_in};

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

/// A moment of the test's own, in seconds.
fn second(second: i64) -> Moment {
    Moment(second * 1_000_000)
}

/// Lines at seconds 1 to 30: every third is a grant given by the head, every third a refusal, and
/// the others are revoked by the registrar.
async fn thirty(db: &Db, head: &By, registrar: &By) {
    let write = db.write(async |tx| {
        for number in 1..=30 {
            let subject = number.to_string();
            let (by, event) = match number % 3 {
                0 => (head, Event::new(Action::GrantGive, subject)),
                1 => (head, Event::new(Action::Refused, subject).refused("denied")),
                _ => (registrar, Event::new(Action::GrantRevoke, subject)),
            };
            audit::note(tx, &by.clone().at(second(number)), event).await?;
        }
        Ok(())
    });
    write.await.unwrap();
}

/// When the lines were written that a request finds, page by page, and on how many pages they are.
async fn seconds(state: &State, head: &Caller, request: ListAudit) -> (Vec<i64>, usize) {
    let (mut after, mut all, mut pages) = (None, Vec::new(), 0);
    loop {
        let request = ListAudit {
            after,
            limit: 4,
            until: request.until.or(Some(second(1_000))),
            ..request.clone()
        };
        let page = audit::list(state, head, request).await.unwrap();
        all.extend(page.rows.into_iter().map(|entry| entry.at.0 / 1_000_000));
        pages += 1;
        if page.next.is_none() {
            return (all, pages);
        }
        after = page.next;
    }
}

#[tokio::test]
async fn lines_are_found_by_each_filter_page_by_page() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let (head, registrar) = (
            school.caller("head").await,
            school.caller("registrar").await,
        );
        let now = it.state.clock.now();
        thirty(head.db(), &head.by(now), &registrar.by(now)).await;
        let found = async |request| seconds(&it.state, &head, request).await;
        let newest_first =
            |wanted: fn(&i64) -> bool| -> Vec<i64> { (1..=30).rev().filter(wanted).collect() };
        let any = ListAudit::default();
        assert_eq!(found(any.clone()).await, (newest_first(|_| true), 8));
        let action = |word: &str| ListAudit {
            action: Some(word.to_owned()),
            ..any.clone()
        };
        let of = |name: &str| ListAudit {
            username: Some(name.to_owned()),
            ..any.clone()
        };
        let (grants, gives) = (action("grant"), action("grant-give"));
        assert_eq!(
            found(grants.clone()).await,
            (newest_first(|n| n % 3 != 1), 5)
        );
        assert_eq!(found(gives.clone()).await.0, newest_first(|n| n % 3 == 0));
        assert!(found(action("import")).await.0.is_empty());
        assert_eq!(found(of(" HEAD ")).await.0, newest_first(|n| n % 3 != 2));
        assert!(found(of("nobody")).await.0.is_empty());
        let both = ListAudit {
            username: Some("head".to_owned()),
            ..grants
        };
        assert_eq!(found(both).await.0, newest_first(|n| n % 3 == 0));
        let refused = ListAudit {
            refused: true,
            ..any.clone()
        };
        assert_eq!(found(refused).await.0, newest_first(|n| n % 3 == 1));
        for request in [of("head"), action("refused"), any] {
            let between = ListAudit {
                from: Some(second(7)),
                until: Some(second(13)),
                refused: true,
                ..request
            };
            assert_eq!(found(between).await.0, [10, 7]);
        }
    })
    .await;
}

#[tokio::test]
async fn a_page_of_the_log_is_one_statement() {
    on_each_engine(async |it| {
        let head = it.school("kilimani").await.caller("head").await;
        let request = ListAudit {
            action: Some("log".to_owned()),
            ..ListAudit::default()
        };
        let (page, statements) = counted(audit::list(&it.state, &head, request)).await;
        assert!(!page.unwrap().rows.is_empty());
        assert_eq!(statements, 1);
    })
    .await;
}

#[tokio::test]
async fn whoever_is_refused_again_and_again_does_not_fill_the_log() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let (head, teacher) = (school.caller("head").await, school.caller("teacher").await);
        let before = end(head.db()).await;
        let refusal = ApiError::denied("you may not");
        for _ in 0..500 {
            audit::call_refused(&it.state, &teacher, "SaveRole", &refusal).await;
        }
        let written = end(head.db()).await - before;
        assert!((10..=30).contains(&written), "{written} lines");
        // Somebody else who is refused is still seen.
        audit::call_refused(&it.state, &head, "SaveRole", &refusal).await;
        assert_eq!(end(head.db()).await, before + written + 1);
        it.state
            .clock
            .advance(std::time::Duration::from_secs(3_600));
        let request = ListAudit {
            refused: true,
            limit: 1,
            ..ListAudit::default()
        };
        let page = audit::list(&it.state, &head, request).await.unwrap();
        let line = &page.rows[0];
        let told = format!("{} more were refused and not written", 500 - written);
        assert_eq!(
            (&*line.detail, line.username.as_deref()),
            (&*told, Some("teacher"))
        );
        assert_eq!(end(head.db()).await, before + written + 2);
    })
    .await;
}

/// Refuses a call; gives the statements that whoever is refused waits for.
async fn refuse(state: &State, caller: &Caller) -> u32 {
    let refusal = ApiError::denied("you may not");
    let refused = audit::call_refused(state, caller, "SaveRole", &refusal);
    counted(refused).await.1
}

/// Refuses each so often that a line is left to be written, an hour ago.
async fn leave_to_tell(state: &State, callers: &[Caller]) {
    for caller in callers {
        for _ in 0..22 {
            refuse(state, caller).await;
        }
    }
    state.clock.advance(Duration::from_secs(3_600));
}

#[tokio::test]
async fn whoever_is_refused_does_not_wait_for_the_lines_of_others() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let head = school.caller("head").await;
        let db = head.db();
        let mut others = Vec::new();
        for _ in 0..2 {
            others.push(school.caller("teacher").await);
        }
        let alone = refuse(&it.state, &head).await;
        leave_to_tell(&it.state, &others).await;
        let before = end(db).await;
        assert_eq!(refuse(&it.state, &head).await, alone);
        let began = Instant::now();
        while end(db).await < before + 3 {
            assert!(
                began.elapsed() < Duration::from_secs(20),
                "they were not written"
            );
            tokio::task::yield_now().await;
        }

        // Whoever looks at the log waits for one transaction, however many lines it is.
        let look = async || {
            let request = ListAudit::default();
            counted(audit::list(&it.state, &head, request)).await.1
        };
        leave_to_tell(&it.state, &others[..1]).await;
        let one = look().await;
        leave_to_tell(&it.state, &others).await;
        // One more at most, by how many rows are inserted at once; a transaction each would be three.
        assert!(look().await < one + 3, "a transaction for each");
        assert!(look().await < one, "each is told once");
    })
    .await;
}

#[tokio::test]
async fn what_is_left_to_tell_is_told_before_the_server_stops() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let teacher = school.caller("teacher").await;
        let refusal = ApiError::denied("you may not");
        for _ in 0..50 {
            audit::call_refused(&it.state, &teacher, "SaveRole", &refusal).await;
        }
        let before = end(teacher.db()).await;
        audit::flush_all(&it.state).await;
        audit::flush_all(&it.state).await;
        assert_eq!(end(teacher.db()).await, before + 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_refused_is_written_and_one_that_reads_costs_nothing() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let db = school.caller("head").await.db().clone();
        let server = it.serve().await;
        let client = connect(&server).await;
        log_in(&client, &school.code, "teacher").await;
        let before = end(&db).await;
        client
            .ask(async |api, context| api.list_classes(context, Default::default()).await)
            .await
            .unwrap();
        assert_eq!(end(&db).await, before);
        let refused = client
            .ask(async |api, context| api.list_staff(context, Default::default()).await)
            .await;
        refused.unwrap_err();
        // Refused by the call itself, not by its rule.
        let request = ChangePassword {
            old: "not this one".to_owned(),
            new: "but this new one".to_owned(),
        };
        let refused = client
            .ask(async |api, context| api.change_password(context, request).await)
            .await;
        refused.unwrap_err();
        let found = lines(&db, before).await.unwrap();
        let told: Vec<_> = found
            .iter()
            .map(|(_, user, address, source, action, subject, outcome)| {
                let user = user.as_deref().unwrap_or("-");
                format!("{user} {address} {source} {action} {subject} {outcome}")
            })
            .collect();
        assert_eq!(
            told,
            [
                "teacher unix tui refused list_staff denied",
                "teacher unix tui refused change_password wrong-password",
            ]
        );
        server.stop().await;
    })
    .await;
}
