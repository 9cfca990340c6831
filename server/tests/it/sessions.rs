//! Sessions seen and ended by hand, how long they last, and what is thrown away.

use std::time::Duration;

use hillview_server::caller::{self, Caller, SessionKey};
use hillview_server::db::{counted, sessions};
use hillview_server::service::State;
use hillview_server::service::accounts::{self, listing, policy};
use hillview_server::testing::{Installation, PASSWORD, on_each_engine, peer};
use hillview_server::{Error, Result};
use hillview_shared::ids::{SessionId, UserId};
use hillview_shared::sessions::{EndSession, ListSessions, SessionPolicy, SessionSummary};
use hillview_shared::{ApiError, Kind};

use crate::line::login;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn told<T>(outcome: Result<T>) -> ApiError {
    match outcome {
        Err(Error::Refused(told)) => told,
        Err(other) => panic!("not refused but failed: {other}"),
        Ok(_) => panic!("not refused"),
    }
}

async fn is_live(state: &State, key: &SessionKey) -> bool {
    match caller::resolve(state, key, &peer()).await {
        Ok(_) => true,
        Err(Error::Refused(told)) if told.kind == Kind::SessionEnded => false,
        Err(other) => panic!("{other}"),
    }
}

async fn all(it: &Installation, caller: &Caller, mut request: ListSessions) -> Vec<SessionSummary> {
    let mut rows = Vec::new();
    loop {
        let page = listing::list(&it.state, caller, request.clone()).await;
        let page = page.unwrap();
        rows.extend(page.rows);
        let Some(next) = page.next else { return rows };
        request.after = Some(next);
    }
}

fn of(name: &str) -> ListSessions {
    ListSessions {
        username: Some(name.to_owned()),
        ..ListSessions::default()
    }
}

fn of_everybody() -> ListSessions {
    ListSessions {
        all: true,
        limit: 2,
        ..ListSessions::default()
    }
}

#[tokio::test]
async fn everybody_sees_their_own_sessions_and_no_others() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let teacher = school.caller("teacher").await;
        it.state.clock.advance(Duration::from_secs(5));
        let again = school.caller("teacher").await;
        school.caller("admin").await;

        let own = all(it, &again, ListSessions::default()).await;
        assert_eq!(own.len(), 2);
        assert_eq!(
            own.iter()
                .map(|row| (row.id, row.current))
                .collect::<Vec<_>>(),
            [(again.session().id, true), (teacher.session().id, false)],
            "the last used first"
        );
        assert_eq!(
            (&*own[0].username, &*own[0].name),
            ("teacher", "John Otieno")
        );
        assert_eq!((&*own[0].client, &*own[0].address), ("test 0", "unix"));
        assert!(own[0].ends.0 - own[0].created.0 == 30 * 24 * 3600 * 1_000_000);

        assert_eq!(
            told(listing::list(&it.state, &again, of_everybody()).await).kind,
            Kind::Denied
        );
        assert_eq!(
            told(listing::list(&it.state, &again, of("admin")).await).kind,
            Kind::Denied
        );
        assert_eq!(all(it, &again, of(" Teacher ")).await.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn an_administrator_sees_all_sessions_page_by_page() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        school.caller("teacher").await;
        it.state.clock.advance(Duration::from_secs(5));
        school.caller("teacher").await;
        let admin = school.caller("admin").await;
        let (page, statements) = counted(listing::list(&it.state, &admin, of_everybody())).await;
        assert!(
            page.unwrap().next.is_some() && statements == 1,
            "{statements} statements"
        );
        let rows = all(it, &admin, of_everybody()).await;
        let mut ids: Vec<SessionId> = rows.iter().map(|row| row.id).collect();
        assert!(
            rows.windows(2)
                .all(|two| two[0].last_seen >= two[1].last_seen)
        );
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), rows.len(), "page by page, each once");
        assert!(rows.iter().filter(|row| row.username == "teacher").count() == 2);
        assert_eq!(all(it, &admin, of("teacher")).await.len(), 2);
        assert_eq!(
            told(listing::list(&it.state, &admin, of("nobody")).await).kind,
            Kind::NotFound
        );
        for after in ["", "x", "1", "1-x", "99999999999999999999-1"] {
            let odd = ListSessions {
                after: Some(after.to_owned()),
                ..ListSessions::default()
            };
            assert_eq!(
                told(listing::list(&it.state, &admin, odd).await).code,
                "bad-page"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn a_session_is_ended_by_its_own_or_by_who_may() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let end = async |caller: &Caller, session| {
            listing::end(&it.state, caller, EndSession { session }).await
        };
        let (one, two) = (
            school.caller("teacher").await,
            school.caller("teacher").await,
        );
        let admin = school.caller("admin").await;
        let foreign = told(end(&one, admin.session().id).await);
        let unknown = told(end(&one, SessionId(9_999)).await);
        assert_eq!(
            foreign, unknown,
            "somebody else's is like one that is not there"
        );
        assert!(is_live(&it.state, admin.key()).await);

        end(&one, two.session().id).await.unwrap();
        assert!(!is_live(&it.state, two.key()).await && is_live(&it.state, one.key()).await);
        assert_eq!(
            told(end(&one, two.session().id).await).kind,
            Kind::NotFound,
            "once"
        );
        end(&admin, one.session().id).await.unwrap();
        let (known, statements) = counted(caller::resolve(&it.state, one.key(), &peer())).await;
        assert_eq!((told(known).kind, statements), (Kind::SessionEnded, 0));
        assert_eq!(
            all(it, &admin, ListSessions::default()).await.len(),
            2,
            "its own stay"
        );
    })
    .await;
}

#[tokio::test]
async fn a_shorter_policy_ends_open_sessions_and_a_longer_one_is_for_later_ones() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let (teacher, head) = (school.caller("teacher").await, school.caller("head").await);
        let save = async |caller: &Caller, idle_minutes, days| {
            policy::save(&it.state, caller, SessionPolicy { idle_minutes, days }).await
        };
        let usual = policy::show(&it.state, &teacher).await.unwrap();
        assert_eq!(
            usual,
            SessionPolicy {
                idle_minutes: 720,
                days: 30
            }
        );
        assert_eq!(told(save(&head, 4, 30).await).code, "bad-policy");

        // Half an hour without a call: open by the usual policy, over by the new one.
        it.state.clock.advance(Duration::from_secs(30 * 60));
        assert!(is_live(&it.state, teacher.key()).await);
        save(&head, 20, 2).await.unwrap();
        assert!(
            !is_live(&it.state, teacher.key()).await,
            "remembered, and over at once"
        );

        let fresh = school.caller("teacher").await;
        assert!(fresh.session().ends.0 - it.state.clock.now().0 <= 2 * 86_400_000_000);
        let head = school.caller("head").await;
        save(&head, 1_440, 90).await.unwrap();
        it.state.clock.advance(Duration::from_secs(21 * 60));
        it.state
            .cache
            .forget_sessions(std::slice::from_ref(fresh.key()));
        assert!(
            !is_live(&it.state, fresh.key()).await,
            "it keeps what it began with"
        );
        let later = school.caller("teacher").await;
        it.state.clock.advance(Duration::from_secs(23 * 3_600));
        it.state
            .cache
            .forget_sessions(std::slice::from_ref(later.key()));
        assert!(is_live(&it.state, later.key()).await);
    })
    .await;
}

#[tokio::test]
async fn what_a_short_policy_ended_does_not_live_again_under_a_long_one() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let (at_once, later) = (school.caller("teacher").await, school.caller("head").await);
        let save = async |idle_minutes, days| {
            let admin = school.caller("admin").await;
            let policy = SessionPolicy { idle_minutes, days };
            policy::save(&it.state, &admin, policy).await.unwrap();
        };
        let pass = |minutes: u64| it.state.clock.advance(Duration::from_secs(minutes * 60));
        let used = async |caller: &Caller| {
            let key = caller.key();
            it.state.cache.forget_sessions(std::slice::from_ref(key));
            is_live(&it.state, key).await
        };
        // Over at the moment of the short policy.
        pass(30);
        assert!(used(&later).await);
        save(20, 30).await;
        assert!(!is_live(&it.state, at_once.key()).await);
        save(720, 30).await;
        assert!(!is_live(&it.state, at_once.key()).await);
        assert!(is_live(&it.state, later.key()).await);

        // Over while the short policy held, and nobody asked.
        save(20, 30).await;
        pass(21);
        save(720, 30).await;
        assert!(!is_live(&it.state, later.key()).await);

        // The same by days, and what is open stays so.
        let old = school.caller("teacher").await;
        for _ in 0..3 {
            pass(9 * 60);
            assert!(used(&old).await);
        }
        let young = school.caller("teacher").await;
        save(1_440, 1).await;
        save(1_440, 30).await;
        assert!(!is_live(&it.state, old.key()).await);
        assert!(is_live(&it.state, young.key()).await);
    })
    .await;
}

#[tokio::test]
async fn in_five_minutes_a_session_that_is_used_does_not_end() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let head = school.caller("head").await;
        let short = SessionPolicy {
            idle_minutes: 5,
            days: 1,
        };
        policy::save(&it.state, &head, short).await.unwrap();
        let teacher = school.caller("teacher").await;
        for _ in 0..6 {
            for seconds in [40, 275] {
                it.state.clock.advance(Duration::from_secs(seconds));
                it.state
                    .cache
                    .forget_sessions(std::slice::from_ref(teacher.key()));
                assert!(is_live(&it.state, teacher.key()).await, "after {seconds} s");
            }
        }
        it.state.clock.advance(Duration::from_secs(301));
        it.state
            .cache
            .forget_sessions(std::slice::from_ref(teacher.key()));
        assert!(!is_live(&it.state, teacher.key()).await);
    })
    .await;
}

/// A script's token is a session without a limit of idleness, of a login without a password.
#[tokio::test]
async fn a_token_lasts_until_its_own_end_and_is_not_listed() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let admin = school.caller("admin").await;
        let policy = SessionPolicy {
            idle_minutes: 5,
            days: 1,
        };
        policy::save(&it.state, &admin, policy).await.unwrap();
        let now = it.state.clock.now();
        let key = SessionKey {
            school: school.code.clone(),
            hash: [9; 32],
        };
        let add = "insert into session (token_hash, user_id, client, address, created_at, \
                   last_seen_at, ends_at, kind, name, idle_micros) \
                   values (?, ?, '', '', ?, ?, ?, 'token', 'timetable', null)";
        admin
            .db()
            .write(async |tx| {
                tx.query(add)
                    .bind(&key.hash[..])
                    .bind(admin.user())
                    .bind(now)
                    .bind(now)
                    .bind(now.0 + 20 * 86_400_000_000)
                    .execute()
                    .await?;
                Ok(())
            })
            .await
            .unwrap();
        assert_eq!(
            all(
                it,
                &admin,
                ListSessions {
                    all: true,
                    ..Default::default()
                }
            )
            .await
            .iter()
            .filter(|row| row.client.is_empty())
            .count(),
            0
        );
        it.state.clock.advance(19 * DAY);
        assert!(is_live(&it.state, &key).await);
        it.state.clock.advance(2 * DAY);
        assert!(!is_live(&it.state, &key).await);
    })
    .await;
}

#[tokio::test]
async fn sessions_long_over_are_thrown_away_a_few_at_a_time() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let admin = school.caller("admin").await;
        let now = it.state.clock.now();
        let count = async || {
            let rows = admin.db().query("select count(*) from session");
            rows.scalar::<i64>().await.unwrap()
        };
        let there = count().await;
        let long_ago = now.0 - 31 * 86_400_000_000;
        let add = async |number: u16, ends: i64| {
            let mut hash = [0; 32];
            hash[..2].copy_from_slice(&number.to_be_bytes());
            admin
                .db()
                .write(async |tx| {
                    tx.query(
                        "insert into session (token_hash, user_id, client, address, created_at, \
                         last_seen_at, ends_at) values (?, ?, '', '', 0, 0, ?)",
                    )
                    .bind(&hash[..])
                    .bind(admin.user())
                    .bind(ends)
                    .execute()
                    .await?;
                    Ok(())
                })
                .await
                .unwrap();
        };
        for number in 0..250 {
            add(number, long_ago).await;
        }
        add(250, now.0 - 29 * 86_400_000_000).await;
        assert_eq!(listing::throw_away(admin.db(), now).await.unwrap(), 200);
        assert_eq!(listing::throw_away(admin.db(), now).await.unwrap(), 50);
        assert_eq!(listing::throw_away(admin.db(), now).await.unwrap(), 0);
        assert_eq!(count().await, there + 1, "what ended 29 days ago stays");

        // A session that was ended by hand goes by the day of that, not by the end it had.
        school.caller("teacher").await;
        let user: UserId = school.caller("teacher").await.user();
        let end = admin
            .db()
            .write(async |tx| Ok(sessions::end_all(tx, user, now).await?));
        assert_eq!(end.await.unwrap().len(), 2);
        it.state.clock.advance(31 * DAY);
        let before = count().await;
        let request = login(&school.code, "teacher", PASSWORD);
        accounts::log_in(&it.state, &peer(), request).await.unwrap();
        let deadline = std::time::Instant::now() + Duration::from_secs(20);
        while count().await > before + 1 - 2 {
            assert!(std::time::Instant::now() < deadline, "a login tidies up");
            tokio::task::yield_now().await;
        }
    })
    .await;
}
