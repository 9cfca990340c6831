//! How many connections and calls one end may have: what is beyond it is refused, says when to come
//! back, and touches nobody else.

use std::time::Duration;

use hillview_server::limits::{Limits, Rate};
use hillview_server::service::accounts;
use hillview_server::testing::on_each_engine;
use hillview_shared::Kind;
use hillview_shared::api::HillviewRequest;
use hillview_shared::wire::Call;
use tokio::time::timeout;

use crate::line::{Bare, connect, log_in, login, odd_call};

const SOON: Duration = Duration::from_secs(30);

fn ping() -> Call {
    Call::encode(&HillviewRequest::Ping {}).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_too_fast_are_refused_and_the_client_waits() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let limits = Limits {
            user_rate: Rate {
                a_second: 10,
                burst: 20,
            },
            ..Limits::default()
        };
        let server = it.serve_within(limits).await;
        let mut rude = Bare::greeted(&server.socket).await;
        assert_eq!(rude.log_in(&school.code, "teacher").await, None);
        for _ in 0..40 {
            rude.send(ping()).await;
        }
        let mut refused = 0;
        for _ in 0..40 {
            let Some(error) = rude.answer().await.unwrap().error() else {
                continue;
            };
            refused += 1;
            assert_eq!((error.kind, &*error.code), (Kind::Busy, "too-fast"));
            assert_eq!(error.again_in, Some(1));
            assert_eq!(error.hint.as_deref(), Some("try again in 1 s"));
        }
        assert!(refused >= 10, "{refused} of 40");

        // Another user of the same school is not held up, and the real client makes all its calls.
        let mut other = Bare::greeted(&server.socket).await;
        assert_eq!(other.log_in(&school.code, "head").await, None);
        assert!(other.is_alive().await);
        let polite = connect(&server).await;
        log_in(&polite, &school.code, "teacher").await;
        for _ in 0..40 {
            let pinged = polite.ask(async |api, context| api.ping(context).await);
            pinged.await.unwrap();
        }
        server.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_has_so_many_connections_and_calls_at_once() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let limits = Limits {
            of_user: 2,
            in_hand_of_user: 0,
            ..Limits::default()
        };
        let server = it.serve_within(limits).await;
        let mut bares = Vec::new();
        for _ in 0..3 {
            bares.push(Bare::greeted(&server.socket).await);
        }
        let code = &school.code;
        assert_eq!(bares[0].log_in(code, "teacher").await, None);
        assert_eq!(bares[1].log_in(code, "teacher").await, None);
        let refused = bares[2].log_in(code, "teacher").await.unwrap();
        assert_eq!(
            (refused.kind, &*refused.code),
            (Kind::Busy, "too-many-connections")
        );
        let who = Call::encode(&HillviewRequest::WhoAmI {}).unwrap();
        let nobody = bares[2].call(who).await.unwrap().error().unwrap();
        assert_eq!(nobody.code, "not-logged-in", "no session is left behind");
        assert_eq!(bares[2].log_in(code, "head").await, None);

        let at_once = bares[0].call(ping()).await.unwrap().error().unwrap();
        assert_eq!(at_once.code, "too-many-at-once");

        drop(bares);
        let mut again = Bare::greeted(&server.socket).await;
        let free = async {
            while again.log_in(code, "teacher").await.is_some() {
                tokio::task::yield_now().await;
            }
        };
        timeout(SOON, free).await.unwrap();
        server.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_session_that_only_pings_lets_go_of_its_owners_seats() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let limits = Limits {
            of_user: 3,
            ..Limits::default()
        };
        let server = it.serve_within(limits).await;
        let code = &school.code;
        let mut thieves = Vec::new();
        for _ in 0..3 {
            let mut thief = Bare::greeted(&server.socket).await;
            assert_eq!(thief.log_in(code, "teacher").await, None);
            assert!(thief.is_alive().await);
            thieves.push(thief);
        }
        let db = it.state.tenants.school(code).await.unwrap().db;
        let once = accounts::reset_password(&it.state, code, &db, "teacher").await;
        let once = once.unwrap();
        let mut owner = Bare::greeted(&server.socket).await;
        let enter = || HillviewRequest::LogIn {
            request: login(code, "teacher", &once),
        };
        let enter = || Call::encode(&enter()).unwrap();
        let full = owner.call(enter()).await.unwrap().error().unwrap();
        assert_eq!(full.code, "too-many-connections");

        // One only says hello again, one nothing that is understood; all of them stay connected.
        let again = HillviewRequest::Hello {
            request: hillview::client::hello("tui", None),
        };
        let again = Call::encode(&again).unwrap();
        let refused = thieves[1].call(again).await.unwrap().error().unwrap();
        assert_eq!(refused.code, "said-hello");
        let odd = odd_call("FlyKites", 1);
        assert!(thieves[2].call(odd).await.unwrap().error().is_some());
        assert!(
            thieves[0].is_alive().await,
            "a ping is answered all the same"
        );
        let freed = owner.call(enter()).await.unwrap();
        assert_eq!(freed.error(), None, "the one-time password is still good");
        owner.change_password(&once).await;
        let mut more = Bare::greeted(&server.socket).await;
        assert_eq!(more.log_in(code, "teacher").await, None);
        let mut most = Bare::greeted(&server.socket).await;
        assert_eq!(most.log_in(code, "teacher").await, None, "all have let go");
        server.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_make_few_calls_and_give_way() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let limits = Limits {
            strangers: 3,
            stranger_calls: 5,
            ..Limits::default()
        };
        let server = it.serve_within(limits).await;
        let mut known = Bare::greeted(&server.socket).await;
        assert_eq!(known.log_in(&school.code, "teacher").await, None);
        for _ in 0..10 {
            assert!(known.is_alive().await);
        }

        let mut talkative = Bare::greeted(&server.socket).await;
        let mut answered = 0;
        while talkative.is_alive().await {
            answered += 1;
        }
        assert_eq!(answered, 4, "hello was the first of five");

        let mut oldest = Bare::greeted(&server.socket).await;
        let mut others = Vec::new();
        for _ in 0..3 {
            others.push(Bare::greeted(&server.socket).await);
        }
        timeout(SOON, oldest.closed()).await.unwrap();
        for other in &mut others {
            assert!(other.is_alive().await);
        }
        assert!(known.is_alive().await);
        server.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_has_so_many_connections_and_calls() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let limits = Limits {
            of_address: 4,
            address_rate: Rate {
                a_second: 1,
                burst: 40,
            },
            count_local: true,
            ..Limits::default()
        };
        let server = it.serve_within(limits).await;
        let mut first = Bare::greeted(&server.socket).await;
        // Hello and the login are a stranger's, five each.
        assert_eq!(first.log_in(&school.code, "teacher").await, None);
        for _ in 0..20 {
            assert!(first.is_alive().await);
        }
        let mut second = Bare::greeted(&server.socket).await;
        // Four are left, and one more for each second that it took until here.
        let (mut refused, mut asked) = (None, 0);
        while refused.is_none() && asked < 20 {
            refused = second.call(ping()).await.unwrap().error();
            asked += 1;
        }
        let refused = refused.expect("the address's bucket is empty");
        assert_eq!(refused.code, "too-fast");
        assert!(refused.again_in.unwrap() <= 5, "{refused:?}");

        let mut places = vec![Bare::open(&server.socket).await];
        places.push(Bare::open(&server.socket).await);
        let mut too_many = Bare::open(&server.socket).await;
        timeout(Duration::from_secs(5), too_many.closed())
            .await
            .expect("closed at once, not after the time of the silent");
        server.stop().await;
    })
    .await;
}
