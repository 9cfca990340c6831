//! Guessing at passwords (fault test S5): from many addresses, at many accounts, at several instances,
//! and the owner gets in all the same. Each test prints its counts.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::poll;
use hillview_server::cache::Limit;
use hillview_server::caller::Caller;
use hillview_server::config::Config;
use hillview_server::db::Db;
use hillview_server::service::State;
use hillview_server::service::accounts::{self, Peer};
use hillview_server::testing::{Engine, PASSWORD, on_each_engine, peer};
use hillview_server::{Error, Result};
use hillview_shared::ApiError;
use hillview_shared::accounts::{BeginSecondFactor, ChangePassword, LogIn, LoggedIn};
use hillview_shared::ids::Token;

struct Guess<'a> {
    user: &'a str,
    password: &'a str,
    address: String,
    device: Option<Token>,
}

impl Guess<'_> {
    async fn at(self, state: &State) -> Result<LoggedIn> {
        let peer = Peer {
            address: self.address.into(),
            ..peer()
        };
        let request = LogIn {
            school: "kilimani".to_owned(),
            user: self.user.to_owned(),
            password: self.password.to_owned(),
            code: None,
            device: self.device,
        };
        let logged_in = accounts::log_in(state, &peer, request).await;
        logged_in.map(|(logged_in, _)| logged_in)
    }
}

fn wrong(user: &str, address: String) -> Guess<'_> {
    Guess {
        user,
        password: "not the password",
        address,
        device: None,
    }
}

fn right(user: &str, address: &str, device: Option<Token>) -> Guess<'static> {
    Guess {
        user: Box::leak(user.to_owned().into_boxed_str()),
        password: PASSWORD,
        address: address.to_owned(),
        device,
    }
}

fn told<T>(outcome: Result<T>) -> ApiError {
    match outcome {
        Err(Error::Refused(told)) => told,
        Err(other) => panic!("not refused but failed: {other}"),
        Ok(_) => panic!("not refused"),
    }
}

/// The seconds that a refusal says to wait.
fn seconds(told: &ApiError) -> u64 {
    let words = told.message.split(' ');
    words.filter_map(|word| word.parse().ok()).next().unwrap()
}

/// What became of guesses.
#[derive(Debug, Default)]
struct Counts {
    sent: u32,
    judged: u32,
    /// The waits that were told, the first after each guess that was judged.
    waits: Vec<u64>,
}

/// Guesses, each time from another address and at the next instance, until the wait is over a minute.
async fn guess_from_everywhere(states: &[&State], user: &str) -> Counts {
    let (mut counts, mut judged) = (Counts::default(), false);
    let began = Instant::now();
    loop {
        let (n, state) = (counts.sent, states[counts.sent as usize % states.len()]);
        let address = format!("198.51.{}.{}", n / 250 % 250, n % 250);
        let told = told(wrong(user, address).at(state).await);
        counts.sent += 1;
        match told.code.as_str() {
            "wrong-password" => {
                counts.judged += 1;
                judged = true;
            }
            "too-many-tries" => {
                let wait = seconds(&told);
                if std::mem::take(&mut judged) {
                    counts.waits.push(wait);
                }
                if wait > 60 {
                    return counts;
                }
            }
            other => panic!("{other}"),
        }
        assert!(began.elapsed() < Duration::from_secs(60), "{counts:?}");
        tokio::task::yield_now().await;
    }
}

fn print(what: &str, engine: Engine, counts: &Counts) {
    eprintln!(
        "S5 {engine:?}, {what}: {} guesses sent, {} judged, waits of {:?} s",
        counts.sent, counts.judged, counts.waits
    );
}

#[tokio::test]
async fn one_account_from_many_addresses_and_its_owner_gets_in() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let home = right("teacher", "203.0.113.5", None).at(&it.state).await;
        let device = home.unwrap().device;
        assert!(
            device.is_some(),
            "a login gives its device something to show"
        );

        let counts = guess_from_everywhere(&[&it.state], "teacher").await;
        print("one account from many addresses", it.engine, &counts);
        assert!((4..=10).contains(&counts.judged), "{counts:?}");
        assert!(counts.waits.is_sorted(), "the delay grows: {counts:?}");
        assert!(
            counts.waits.last().is_some_and(|wait| *wait > 800),
            "{counts:?}"
        );

        // The owner, at home or elsewhere, mistypes once and gets in.
        let mistyped = Guess {
            device,
            ..wrong("teacher", "203.0.113.6".to_owned())
        };
        assert_eq!(told(mistyped.at(&it.state).await).code, "wrong-password");
        let again = right("teacher", "203.0.113.6", device).at(&it.state).await;
        assert_eq!(again.unwrap().device, None, "what was shown is still good");
        // Another's device is a stranger's.
        let head = right("head", "203.0.113.7", None).at(&it.state).await;
        let other = right("teacher", "203.0.113.7", head.unwrap().device);
        assert_eq!(told(other.at(&it.state).await).code, "too-many-tries");

        // Without a device, whoever manages staff lets them in with a new password.
        let db: Db = school.caller("admin").await.db().clone();
        let once = accounts::reset_password(&it.state, "kilimani", &db, "teacher").await;
        let once = once.unwrap();
        let fresh = Guess {
            password: &once,
            ..right("teacher", "203.0.113.8", None)
        };
        assert!(fresh.at(&it.state).await.is_ok());
    })
    .await;
}

#[tokio::test]
async fn a_name_that_nobody_has_is_slowed_down_alike() {
    on_each_engine(async |it| {
        it.school("kilimani").await;
        let [theirs, nobodys] = ["teacher", "nobody"].map(async |user| {
            let counts = guess_from_everywhere(&[&it.state], user).await;
            print(user, it.engine, &counts);
            counts
        });
        let (theirs, nobodys) = (theirs.await, nobodys.await);
        assert_eq!(theirs.judged, nobodys.judged);
    })
    .await;
}

#[tokio::test]
async fn many_accounts_from_one_address() {
    on_each_engine(async |it| {
        it.school("kilimani").await;
        let address = "198.51.100.9";
        let owner = right("teacher", address, None).at(&it.state).await;
        let device = owner.unwrap().device;
        let mut counts = Counts::default();
        for n in 0..130 {
            let user = format!("user{n}");
            let told = told(wrong(&user, address.to_owned()).at(&it.state).await);
            counts.sent += 1;
            if told.code == "wrong-password" {
                counts.judged += 1;
            } else if counts.waits.last() != Some(&seconds(&told)) {
                counts.waits.push(seconds(&told));
            }
        }
        print("many accounts from one address", it.engine, &counts);
        assert!((60..=100).contains(&counts.judged), "{counts:?}");
        let stranger = right("head", address, None).at(&it.state).await;
        assert_eq!(told(stranger).code, "too-many-tries");
        // Who logged in here before gets in, and so does anybody elsewhere.
        assert!(
            right("teacher", address, device)
                .at(&it.state)
                .await
                .is_ok()
        );
        assert!(
            right("head", "198.51.100.10", None)
                .at(&it.state)
                .await
                .is_ok()
        );
    })
    .await;
}

#[tokio::test]
async fn a_school_that_logs_in_at_one_moment_is_told_to_come_back_in_seconds() {
    on_each_engine(async |it| {
        it.school("kilimani").await;
        let address = "198.51.100.20";
        let at_once = Limit {
            free: 400,
            most: 400,
        };
        for _ in 0..400 {
            let taken = it.state.cache.try_once(at_once, "any", address).await;
            taken.unwrap();
        }
        let told = told(right("teacher", address, None).at(&it.state).await);
        assert_eq!((told.code.as_str(), seconds(&told)), ("busy", 5));
        it.state.cache.give_back("any", address).await;
        assert!(right("teacher", address, None).at(&it.state).await.is_ok());
    })
    .await;
}

#[tokio::test]
async fn instances_count_together() {
    on_each_engine(async |it| {
        if it.engine == Engine::Sqlite {
            // One process has the file: there is no second instance.
            return;
        }
        it.school("kilimani").await;
        let other: Arc<State> = it.another().await;
        let counts = guess_from_everywhere(&[&it.state, &other], "teacher").await;
        print("one account at two instances", it.engine, &counts);
        assert_eq!(counts.judged, 4, "{counts:?}");
        other.tenants.close().await;
    })
    .await;
}

#[tokio::test]
async fn without_redis_there_are_fewer_tries_and_not_more() {
    on_each_engine(async |it| {
        it.school("kilimani").await;
        let config = Config {
            redis: Some("redis+unix:///nowhere/redis.sock".to_owned()),
            ..it.config.clone()
        };
        let alone = State::open(&config).await.unwrap();
        let counts = guess_from_everywhere(&[&alone], "teacher").await;
        print("one account while Redis is away", it.engine, &counts);
        assert!((1..4).contains(&counts.judged), "{counts:?}");
        alone.tenants.close().await;
    })
    .await;
}

/// Guesses at the password from a session, until the wait is over a minute; gives how many were judged.
async fn guess_from_a_session(state: &State, caller: &Caller) -> u32 {
    let (mut judged, began) = (0, Instant::now());
    loop {
        // Whatever asks for the password is a try of the same account.
        let refused = match judged % 2 {
            0 => {
                let request = ChangePassword {
                    old: "not the password".to_owned(),
                    new: "a new and long one".to_owned(),
                };
                told(accounts::change_password(state, &peer(), caller, request).await)
            }
            _ => {
                let request = BeginSecondFactor {
                    password: "not the password".to_owned(),
                };
                told(accounts::begin_second_factor(state, caller, request).await)
            }
        };
        match refused.code.as_str() {
            "wrong-password" => judged += 1,
            "too-many-tries" if seconds(&refused) > 60 => return judged,
            "too-many-tries" => {}
            other => panic!("{other}"),
        }
        assert!(began.elapsed() < Duration::from_secs(60), "{judged} judged");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_stolen_session_cannot_use_up_what_its_owner_logs_in_with() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let stolen = school.caller("teacher").await;
        let home = right("teacher", "203.0.113.5", None).at(&it.state).await;
        let device = home.unwrap().device;
        let guesses = guess_from_a_session(&it.state, &stolen).await;
        // Neither the strangers' tries are gone, nor, when those are, the owner's.
        let elsewhere = right("teacher", "203.0.113.6", None).at(&it.state).await;
        assert!(elsewhere.is_ok());
        let counts = guess_from_everywhere(&[&it.state], "teacher").await;
        print("a session and strangers", it.engine, &counts);
        let home = right("teacher", "203.0.113.5", device).at(&it.state).await;
        assert!(home.is_ok());
        assert!(guesses + counts.judged <= 7, "{guesses} and {counts:?}");

        // A new password forgives the tries of sessions as well.
        let db: Db = school.caller("admin").await.db().clone();
        let once = accounts::reset_password(&it.state, "kilimani", &db, "teacher").await;
        once.unwrap();
        let any = Limit { free: 1, most: 1 };
        let wait = it
            .state
            .cache
            .wait(any, "kilimani", "teacher:session")
            .await;
        assert_eq!(wait, None);
    })
    .await;
}

#[tokio::test]
async fn a_login_that_is_cut_off_is_not_a_wrong_try() {
    on_each_engine(async |it| {
        it.school("kilimani").await;
        let state = &it.state;
        let counted = async |school: &str, name: &str| {
            let one = Limit { free: 1, most: 1 };
            state.cache.wait(one, school, name).await.is_some()
        };
        let address = "203.0.113.9";
        for password in ["not the password", PASSWORD] {
            let guess = Guess {
                password,
                ..wrong("teacher", address.to_owned())
            };
            let mut login = Box::pin(guess.at(state));
            while !counted("kilimani", "teacher").await {
                assert!(poll!(&mut login).is_pending(), "it ended too soon");
                tokio::task::yield_now().await;
            }
            // Redis has answered, so it is past that.
            assert!(poll!(&mut login).is_pending(), "it ended too soon");
            // As the gate does when the time of a call is over.
            drop(login);
            let began = Instant::now();
            for (school, name) in [("kilimani", "teacher"), ("any", address)] {
                while counted(school, name).await {
                    assert!(
                        began.elapsed() < Duration::from_secs(20),
                        "{name} stays counted"
                    );
                    tokio::task::yield_now().await;
                }
            }
        }
    })
    .await;
}
