//! S7: a session that was ended is dead within a second, on every connection of every server.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hillview::client::{Client, ServerAddress, hello};
use hillview_server::Error;
use hillview_server::cache::Known;
use hillview_server::caller::{self, SessionKey};
use hillview_server::db::{accounts as logins, counted, sessions};
use hillview_server::service::accounts;
use hillview_server::testing::{Engine, Installation, PASSWORD, School, Served, on_each_engine};
use hillview_shared::Kind;
use hillview_shared::accounts::{ChangePassword, Role, Who};
use hillview_shared::api::Resume;
use hillview_shared::sessions::{EndSession, ListSessions};

use crate::line::{connect, log_in, login, trust};

/// A call that begins this long after the end is refused.
const DEAD: Duration = Duration::from_secs(1);

/// What ends a session.
#[derive(Clone, Copy, Debug)]
enum Cause {
    LogOut,
    PasswordChanged,
    PasswordReset,
    EndedByAdmin,
    Disabled,
    RoleChanged,
}

const CAUSES: [Cause; 6] = [
    Cause::LogOut,
    Cause::PasswordChanged,
    Cause::PasswordReset,
    Cause::EndedByAdmin,
    Cause::Disabled,
    Cause::RoleChanged,
];

/// A new connection that takes a session up, and who is logged in on it then.
async fn resuming(server: &Served, resume: &Resume) -> (Client, Option<Who>) {
    let address = ServerAddress::Unix(server.socket.clone());
    let greeting = hello("cli", Some(resume.clone()));
    let (client, welcome) = Client::connect(&address, &trust(Path::new("/nowhere")), greeting)
        .await
        .unwrap();
    (client, welcome.who)
}

async fn resumed(server: &Served, resume: &Resume) -> Client {
    let (client, who) = resuming(server, resume).await;
    assert!(who.is_some(), "the session is live");
    client
}

/// Whether somebody is logged in on a connection.
async fn is_live(client: &Client) -> bool {
    let answer = client
        .ask(async |api, context| api.list_classes(context, Default::default()).await)
        .await;
    match answer {
        Ok(_) => true,
        Err(told) if told.kind == Kind::SessionEnded || told.code == "not-logged-in" => false,
        Err(other) => panic!("{other}"),
    }
}

/// Ends the sessions of `user`, of which `first` is a connection.
async fn end(
    it: &Installation,
    school: &School,
    cause: Cause,
    user: &str,
    first: &Client,
    admin: &Client,
) {
    let db = it.state.tenants.school(&school.code).await.unwrap().db;
    match cause {
        Cause::LogOut => first
            .ask(async |api, context| api.log_out(context).await)
            .await
            .unwrap(),
        Cause::PasswordChanged => {
            let request = ChangePassword {
                old: PASSWORD.to_owned(),
                new: "another and longer one".to_owned(),
            };
            first
                .ask(async |api, context| api.change_password(context, request).await)
                .await
                .unwrap();
        }
        Cause::PasswordReset => {
            accounts::reset_password(&it.state, &school.code, &db, user)
                .await
                .unwrap();
        }
        Cause::EndedByAdmin => {
            let of_user = ListSessions {
                username: Some(user.to_owned()),
                ..Default::default()
            };
            let open = admin
                .ask(async |api, context| api.list_sessions(context, of_user).await)
                .await;
            for row in open.unwrap().rows {
                let request = EndSession { session: row.id };
                admin
                    .ask(async |api, context| api.end_session(context, request).await)
                    .await
                    .unwrap();
            }
        }
        // Without a notice, as when Redis is away or another program did it.
        Cause::Disabled | Cause::RoleChanged => {
            let now = it.state.clock.now();
            db.write(async |tx| {
                let login = logins::find_login(&mut *tx, user).await?.unwrap();
                match cause {
                    Cause::Disabled => {
                        tx.query("update user set state = 'disabled' where id = ?")
                            .bind(login.id)
                            .execute()
                            .await?;
                    }
                    _ => logins::give_role(tx, login.id, &Role::Registrar.into()).await?,
                }
                sessions::end_all(tx, login.id, now).await?;
                Ok(())
            })
            .await
            .unwrap();
        }
    }
}

/// Whose session is ended: a disabled login and one with another password are used up.
fn user_for(cause: Cause) -> &'static str {
    match cause {
        Cause::LogOut | Cause::EndedByAdmin | Cause::RoleChanged => "head",
        Cause::PasswordChanged => "teacher",
        Cause::PasswordReset => "classteacher",
        Cause::Disabled => "registrar",
    }
}

/// How long after the end the first call was made that was refused; nothing when it comes late.
async fn death(client: &Client, ended: Instant) -> Option<Duration> {
    loop {
        let asked = ended.elapsed();
        if !is_live(client).await {
            return Some(asked);
        }
        if asked >= DEAD {
            return None;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ended_session_is_dead_within_a_second_on_all_connections_of_all_servers() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let here = it.serve().await;
        // SQLite belongs to one server; its connections must agree all the same.
        let beside = match it.engine {
            Engine::Sqlite => None,
            Engine::MySql => Some(it.serve_beside().await),
        };
        let there = beside.as_ref().map_or(&here, |(_, served)| served);
        let admin = connect(there).await;
        log_in(&admin, &school.code, "admin").await;
        let (mut dead, mut late, mut worst) = (0, 0, Duration::ZERO);
        for (number, cause) in CAUSES.into_iter().enumerate() {
            let user = user_for(cause);
            let first = connect(&here).await;
            let request = login(&school.code, user, PASSWORD);
            let begun = first
                .ask(async |api, context| api.log_in(context, request).await)
                .await
                .unwrap();
            let resume = Resume { school: school.code.clone(), token: begun.token };
            let others = [
                resumed(&here, &resume).await,
                resumed(there, &resume).await,
                resumed(there, &resume).await,
            ];
            for client in &others {
                assert!(is_live(client).await && is_live(client).await);
            }
            end(it, &school, cause, user, &first, &admin).await;
            let ended = Instant::now();
            for client in &others {
                match death(client, ended).await {
                    Some(asked) => {
                        worst = worst.max(asked);
                        dead += 1;
                    }
                    None => late += 1,
                }
            }
            let known = matches!(cause, Cause::PasswordChanged);
            assert_eq!(is_live(&first).await, known, "{cause:?} ({number})");
            let (_, who) = resuming(there, &resume).await;
            assert_eq!(who, None, "{cause:?}: nobody takes it up again");
        }
        eprintln!(
            "S7 on {:?}: {} causes, {dead} connections dead, the last after {} ms, {late} later than a second",
            it.engine,
            CAUSES.len(),
            worst.as_millis()
        );
        assert_eq!((dead, late), (3 * CAUSES.len(), 0));
        here.stop().await;
        if let Some((state, served)) = beside {
            served.stop().await;
            state.tenants.close().await;
        }
    })
    .await;
}

/// With Redis, the other server knows of an ended session from the notice alone.
#[tokio::test]
async fn another_server_is_told_and_refuses_without_asking_the_database() {
    on_each_engine(async |it| {
        if it.engine == Engine::Sqlite {
            return;
        }
        let school = it.school("kilimani").await;
        let other = it.another().await;
        let following = Arc::clone(&other);
        let following = tokio::spawn(async move { following.cache.follow().await });
        let known = |key: &SessionKey| matches!(other.cache.session(key), Known::Ended);
        let told = async |user: &str, patience: Duration| {
            let caller = school.caller(user).await;
            let there = caller::resolve(&other, caller.key(), &"test".into()).await;
            assert!(there.is_ok());
            accounts::log_out(&it.state, &caller).await.unwrap();
            let asked = Instant::now();
            while !known(caller.key()) && asked.elapsed() < patience {
                tokio::task::yield_now().await;
            }
            caller.key().clone()
        };
        // The line of notices comes up by itself; the first may come too early for it.
        let began = Instant::now();
        while !known(&told("head", Duration::from_millis(300)).await) {
            assert!(began.elapsed() < Duration::from_secs(20), "no notice came");
        }
        let key = told("teacher", Duration::from_secs(20)).await;
        let (answer, statements) = counted(caller::resolve(&other, &key, &"test".into())).await;
        let Err(Error::Refused(refusal)) = answer else {
            panic!("an ended session was admitted");
        };
        assert_eq!((refusal.kind, statements), (Kind::SessionEnded, 0));
        following.abort();
        other.tenants.close().await;
    })
    .await;
}
