//! Second factors: set up, asked for, used once, lost, taken away.

use std::time::Duration;

use futures::poll;
use hillview_server::caller::{self, Caller, SessionKey};
use hillview_server::config::Config;
use hillview_server::db::{accounts as logins, second_factor as factors};
use hillview_server::service::State;
use hillview_server::service::accounts::{self, code_at};
use hillview_server::testing::{Installation, PASSWORD, School, on_each_engine, peer};
use hillview_server::{Error, Result};
use hillview_shared::accounts::{
    BeginSecondFactor, ConfirmSecondFactor, DropSecondFactor, LogIn, LoggedIn,
    SECOND_FACTOR_NEEDED, SecondFactor,
};
use hillview_shared::staff::WhichStaff;
use hillview_shared::{ApiError, Kind};

fn told<T>(outcome: Result<T>) -> ApiError {
    match outcome {
        Err(Error::Refused(told)) => told,
        Err(other) => panic!("not refused but failed: {other}"),
        Ok(_) => panic!("not refused"),
    }
}

async fn log_in(
    state: &State,
    password: &str,
    code: Option<&str>,
) -> Result<(LoggedIn, SessionKey)> {
    let request = LogIn {
        school: "kilimani".to_owned(),
        user: "teacher".to_owned(),
        password: password.to_owned(),
        code: code.map(str::to_owned),
        device: None,
    };
    accounts::log_in(state, &peer(), request).await
}

/// An authenticator, as it would be on a phone.
pub struct Phone(Vec<u8>);

impl Phone {
    fn new(secret: &str) -> Self {
        let digit = |c| u64::try_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(c).unwrap()).unwrap();
        let signs: Vec<char> = secret.chars().collect();
        let bytes = signs.chunks(8).flat_map(|eight| {
            let bits = eight.iter().fold(0, |bits, c| bits << 5 | digit(*c));
            bits.to_be_bytes()[3..].to_vec()
        });
        Self(bytes.collect())
    }

    pub fn code(&self, state: &State) -> String {
        code_at(&self.0, state.clock.now().0 / 30_000_000)
    }
}

/// Sets a second factor up for the teacher.
pub async fn set_up(it: &Installation, teacher: &Caller) -> (Phone, Vec<String>) {
    let begin = BeginSecondFactor {
        password: PASSWORD.to_owned(),
    };
    let begun = accounts::begin_second_factor(&it.state, teacher, begin).await;
    let begun = begun.unwrap();
    let uri = format!(
        "otpauth://totp/Hillview:teacher@kilimani?secret={}&",
        begun.secret
    );
    assert!(begun.uri.starts_with(&uri), "{}", begun.uri);
    let phone = Phone::new(&begun.secret);
    let code = phone.code(&it.state);
    let confirmed =
        accounts::confirm_second_factor(&it.state, teacher, ConfirmSecondFactor { code }).await;
    (phone, confirmed.unwrap().codes)
}

pub fn next_step(it: &Installation) {
    it.state.clock.advance(Duration::from_secs(30));
}

async fn is_live(state: &State, key: &SessionKey) -> bool {
    caller::resolve_unsettled(state, key, &"test".into())
        .await
        .is_ok()
}

#[tokio::test]
async fn a_code_is_asked_for_and_works_once() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let teacher = school.caller("teacher").await;
        let (_, elsewhere) = log_in(&it.state, PASSWORD, None).await.unwrap();
        let (phone, _) = set_up(it, &teacher).await;
        assert!(
            is_live(&it.state, teacher.key()).await,
            "this session stays"
        );
        assert!(!is_live(&it.state, &elsewhere).await, "the others end");

        let needed = told(log_in(&it.state, PASSWORD, None).await);
        assert_eq!(
            (needed.kind, needed.code.as_str()),
            (Kind::Denied, SECOND_FACTOR_NEEDED)
        );
        assert!(needed.hint.is_some());
        // Nothing is said of the second factor before the password is right.
        let wrong = told(log_in(&it.state, "not the password", Some("123456")).await);
        assert_eq!(wrong.code, "wrong-password");

        let used = phone.code(&it.state);
        let again = told(log_in(&it.state, PASSWORD, Some(&used)).await);
        assert_eq!(again.code, "wrong-code", "it confirmed the set-up");
        next_step(it);
        let code = phone.code(&it.state);
        let spaced = format!(" {} {} ", &code[..3], &code[3..]);
        let both = [(), ()].map(|()| log_in(&it.state, PASSWORD, Some(&spaced)));
        let both = futures::future::join_all(both).await;
        let good = both.iter().filter(|outcome| outcome.is_ok()).count();
        assert_eq!(good, 1, "of two at once, one is first");
        let (logged_in, _) = both.into_iter().find_map(Result::ok).unwrap();
        assert_eq!(logged_in.who.second_factor, SecondFactor::On);
    })
    .await;
}

#[tokio::test]
async fn a_recovery_code_stands_in_once() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let teacher = school.caller("teacher").await;
        let (_, codes) = set_up(it, &teacher).await;
        assert_eq!(codes.len(), 10);
        let typed = codes[3].replace('-', "").to_uppercase();
        assert!(log_in(&it.state, PASSWORD, Some(&typed)).await.is_ok());
        let again = told(log_in(&it.state, PASSWORD, Some(&codes[3])).await);
        assert_eq!(again.code, "wrong-code");
        assert!(log_in(&it.state, PASSWORD, Some(&codes[4])).await.is_ok());

        let db = teacher.db();
        for code in &codes {
            let found = db
                .query("select count(*) from recovery_code where code_hash = ?")
                .bind(code.as_bytes());
            assert_eq!(found.scalar::<i64>().await.unwrap(), 0, "stored as it is");
        }
    })
    .await;
}

#[tokio::test]
async fn wrong_codes_count_as_tries() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let teacher = school.caller("teacher").await;
        let (phone, _) = set_up(it, &teacher).await;
        next_step(it);
        let code = phone.code(&it.state);
        let other = if code == "000000" { "111111" } else { "000000" };
        for _ in 0..3 {
            let refused = told(log_in(&it.state, PASSWORD, Some(other)).await);
            assert_eq!(refused.code, "wrong-code");
        }
        let refused = told(log_in(&it.state, PASSWORD, Some(&code)).await);
        assert_eq!(refused.code, "too-many-tries");
    })
    .await;
}

#[tokio::test]
async fn it_is_dropped_with_the_password_and_a_code() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let teacher = school.caller("teacher").await;
        let (phone, _) = set_up(it, &teacher).await;
        let begin = BeginSecondFactor {
            password: PASSWORD.to_owned(),
        };
        let begun = accounts::begin_second_factor(&it.state, &teacher, begin).await;
        assert_eq!(told(begun).code, "second-factor-on");
        next_step(it);
        let (_, elsewhere) = {
            let code = phone.code(&it.state);
            log_in(&it.state, PASSWORD, Some(&code)).await.unwrap()
        };
        next_step(it);
        let drop = async |password: &str, code: &str| {
            let request = DropSecondFactor {
                password: password.to_owned(),
                code: code.to_owned(),
            };
            accounts::drop_second_factor(&it.state, &teacher, request).await
        };
        let code = phone.code(&it.state);
        assert_eq!(
            told(drop("not the password", &code).await).code,
            "wrong-password"
        );
        assert_eq!(told(drop(PASSWORD, "abc").await).code, "wrong-code");
        assert_eq!(told(drop(PASSWORD, "").await).code, SECOND_FACTOR_NEEDED);
        drop(PASSWORD, &code).await.unwrap();
        assert!(!is_live(&it.state, &elsewhere).await);
        assert!(is_live(&it.state, teacher.key()).await);
        assert!(log_in(&it.state, PASSWORD, None).await.is_ok());
        assert_eq!(told(drop(PASSWORD, &code).await).code, "second-factor-off");
    })
    .await;
}

#[tokio::test]
async fn the_secret_is_sealed_and_another_key_is_said() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let teacher = school.caller("teacher").await;
        let (phone, codes) = set_up(it, &teacher).await;
        let stored: Vec<u8> = teacher
            .db()
            .query("select secret from second_factor")
            .scalar()
            .await
            .unwrap();
        assert!(!stored.windows(20).any(|piece| piece == phone.0));

        let config = Config {
            seal_key_file: it.folder().join("other.key"),
            ..it.config.clone()
        };
        let other = State::open(&config).await.unwrap();
        let refused = told(log_in(&other, PASSWORD, Some(&phone.code(&other))).await);
        assert_eq!(refused.code, "other-seal-key");
        assert!(refused.hint.unwrap().contains("seal.key"));
        assert!(log_in(&other, PASSWORD, Some(&codes[0])).await.is_ok());
        other.tenants.close().await;
    })
    .await;
}

#[tokio::test]
async fn where_a_role_asks_for_it_nothing_else_is_allowed_before() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let teacher = school.caller("teacher").await;
        let ask = async |tx: &mut hillview_server::db::Tx| {
            let ask = tx.query("update role set second_factor = ? where code = 'teacher'");
            ask.bind(true).execute().await?;
            Ok(())
        };
        teacher.db().write(ask).await.unwrap();
        let (logged_in, key) = log_in(&it.state, PASSWORD, None).await.unwrap();
        assert_eq!(logged_in.who.second_factor, SecondFactor::Missing);
        let peer = peer();
        let refused = told(caller::resolve(&it.state, &key, &peer).await);
        assert_eq!(refused.code, "second-factor-missing");
        let new = caller::resolve_unsettled(&it.state, &key, &peer).await;
        let new = new.unwrap();
        let (phone, _) = set_up(it, &new).await;
        let settled = caller::resolve(&it.state, &key, &peer).await;
        assert_eq!(settled.unwrap().session().second_factor, SecondFactor::On);
        next_step(it);
        let request = DropSecondFactor {
            password: PASSWORD.to_owned(),
            code: phone.code(&it.state),
        };
        let dropped = accounts::drop_second_factor(&it.state, &new, request).await;
        assert_eq!(told(dropped).kind, Kind::Denied);
    })
    .await;
}

#[tokio::test]
async fn it_is_reset_by_whoever_manages_staff_and_holds_as_much() {
    on_each_engine(async |it| {
        let school: School = it.school("kilimani").await;
        let (teacher, admin) = (school.caller("teacher").await, school.caller("admin").await);
        let which = |staff: &str| WhichStaff {
            staff: staff.to_owned(),
        };
        let reset =
            async |staff| accounts::reset_second_factor(&it.state, &admin, which(staff)).await;
        assert_eq!(told(reset("teacher").await).code, "second-factor-off");
        set_up(it, &teacher).await;
        reset("Teacher").await.unwrap();
        assert!(!is_live(&it.state, teacher.key()).await);
        assert!(log_in(&it.state, PASSWORD, None).await.is_ok());
        assert_eq!(told(reset("head").await).kind, Kind::Denied, "she may more");
        assert_eq!(told(reset("nobody").await).kind, Kind::NotFound);
    })
    .await;
}

/// Whoever set it up loses the session in the moment in which they confirm.
#[tokio::test]
async fn a_session_that_has_ended_confirms_no_factor() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let (teacher, admin) = (school.caller("teacher").await, school.caller("admin").await);
        let begin = BeginSecondFactor {
            password: PASSWORD.to_owned(),
        };
        let begun = accounts::begin_second_factor(&it.state, &teacher, begin).await;
        let code = Phone::new(&begun.unwrap().secret).code(&it.state);
        let once = accounts::reset_password(&it.state, "kilimani", admin.db(), "teacher").await;
        once.unwrap();
        let request = ConfirmSecondFactor { code };
        let refused = accounts::confirm_second_factor(&it.state, &teacher, request).await;
        assert_eq!(told(refused).kind, Kind::SessionEnded);
    })
    .await;
}

/// It is begun anew, with another secret, in the moment in which the first one is confirmed.
#[tokio::test]
async fn no_factor_is_confirmed_with_the_code_of_another() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let teacher = school.caller("teacher").await;
        let begin = BeginSecondFactor {
            password: PASSWORD.to_owned(),
        };
        let begun = accounts::begin_second_factor(&it.state, &teacher, begin).await;
        let code = Phone::new(&begun.unwrap().secret).code(&it.state);

        let (user, seal) = (teacher.user(), &it.state.seal);
        let other = seal.seal(&format!("second-factor:kilimani:{}", user.0), &[7; 20]);
        let mut tx = teacher.db().begin().await.unwrap();
        logins::hold(&mut tx, user).await.unwrap();
        let now = it.state.clock.now();
        let again = factors::begin(&mut tx, user, (&other, seal.name()), now);
        again.await.unwrap();
        let request = ConfirmSecondFactor { code };
        let confirmed = accounts::confirm_second_factor(&it.state, &teacher, request);
        let mut confirmed = Box::pin(confirmed);
        for _ in 0..2_000 {
            assert!(poll!(&mut confirmed).is_pending(), "it did not wait");
            tokio::task::yield_now().await;
        }
        tx.commit().await.unwrap();
        assert_eq!(told(confirmed.await).code, "wrong-code");
    })
    .await;
}
