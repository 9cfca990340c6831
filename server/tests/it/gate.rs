//! What every call passes: who may, what is said when it goes wrong, and what happens to a call
//! whose client or server goes away.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hillview::client::{Client, ServerAddress, hello};
use hillview_server::gate::Hook;
use hillview_server::service::accounts;
use hillview_server::testing::{PASSWORD, on_each_engine};
use hillview_shared::Kind;
use hillview_shared::accounts::ChangePassword;
use hillview_shared::api::{HillviewRequest, Resume};
use hillview_shared::assessments::WhichSheet;
use hillview_shared::ids::Version;
use hillview_shared::marks::Entry;
use tokio::sync::{Notify, Semaphore};

use crate::line::{connect, log_in, login, trust};
use crate::wire::{class_of_forty, english, open, save_all};

#[tokio::test(flavor = "multi_thread")]
async fn who_is_refused_learns_why() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let server = it.serve().await;
        let client = connect(&server).await;
        for (code, user) in [
            (&*school.code, "teacher"),
            ("nowhere", "teacher"),
            (&school.code, "x"),
        ] {
            let request = login(code, user, "not the password");
            let refused = client
                .ask(async |api, context| api.log_in(context, request).await)
                .await;
            let refused = refused.unwrap_err();
            assert_eq!(
                (refused.kind, &*refused.code),
                (Kind::Denied, "wrong-password")
            );
            assert_eq!(refused.kind.exit_code(), 4);
            assert!(refused.hint.is_some());
        }
        let refused = client
            .ask(async |api, context| api.list_classes(context, Default::default()).await)
            .await;
        assert_eq!(refused.unwrap_err().code, "not-logged-in");

        log_in(&client, &school.code, "teacher").await;
        client
            .ask(async |api, context| api.list_classes(context, Default::default()).await)
            .await
            .unwrap();
        let refused = client
            .ask(async |api, context| api.list_staff(context, Default::default()).await)
            .await;
        assert_eq!(refused.unwrap_err().kind, Kind::Denied);

        let mut newer = hello("tui", None);
        newer.protocol += 1;
        let address = ServerAddress::Unix(server.socket.clone());
        let refused = Client::connect(&address, &trust(Path::new("/nowhere")), newer).await;
        let refused = refused.err().unwrap();
        assert_eq!(refused.code, "wrong-protocol");
        assert_eq!(refused.kind.exit_code(), 9);
        assert_eq!(refused.hint.as_deref(), Some("update the server"));
        server.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_taken_up_again_until_it_has_ended() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let server = it.serve().await;
        let (first, second) = (connect(&server).await, connect(&server).await);
        let request = login(&school.code, "teacher", PASSWORD);
        let session = first
            .ask(async |api, context| api.log_in(context, request).await)
            .await;
        let session = session.unwrap();
        let resume = Resume {
            school: school.code.clone(),
            token: session.token,
        };
        let address = ServerAddress::Unix(server.socket.clone());
        let nowhere = trust(Path::new("/nowhere"));
        let (third, welcome) =
            Client::connect(&address, &nowhere, hello("cli", Some(resume.clone())))
                .await
                .unwrap();
        assert_eq!(welcome.who.unwrap().username, "teacher");
        drop(second);

        first
            .ask(async |api, context| api.log_out(context).await)
            .await
            .unwrap();
        let ended = third
            .ask(async |api, context| api.list_classes(context, Default::default()).await)
            .await;
        assert_eq!(ended.unwrap_err().kind, Kind::SessionEnded);
        let (_, welcome) = Client::connect(&address, &nowhere, hello("cli", Some(resume)))
            .await
            .unwrap();
        assert_eq!(welcome.who, None);
        server.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_one_time_password_opens_nothing_but_its_change() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let db = it.state.tenants.school(&school.code).await.unwrap().db;
        let once = accounts::reset_password(&it.state, &school.code, &db, "teacher")
            .await
            .unwrap();
        let server = it.serve().await;
        let client = connect(&server).await;
        let request = login(&school.code, "teacher", &once);
        let who = client
            .ask(async |api, context| api.log_in(context, request).await)
            .await;
        assert!(who.unwrap().who.must_change_password);
        client
            .ask(async |api, context| api.who_am_i(context).await)
            .await
            .unwrap();
        let refused = client
            .ask(async |api, context| api.list_classes(context, Default::default()).await)
            .await;
        assert_eq!(refused.unwrap_err().code, "must-change-password");

        let request = ChangePassword {
            old: once,
            new: "a new and long one".to_owned(),
        };
        client
            .ask(async |api, context| api.change_password(context, request).await)
            .await
            .unwrap();
        client
            .ask(async |api, context| api.list_classes(context, Default::default()).await)
            .await
            .unwrap();
        server.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_answers_with_a_reference() {
    on_each_engine(async |it| {
        let hook: Hook = Arc::new(|request| {
            let falls = matches!(request, HillviewRequest::ListTerms {});
            Box::pin(async move { assert!(!falls, "a test's panic") })
        });
        let school = it.school("kilimani").await;
        let server = it.serve_hooked(hook).await;
        let client = connect(&server).await;
        log_in(&client, &school.code, "teacher").await;
        let fault = client
            .ask(async |api, context| api.list_terms(context).await)
            .await;
        let fault = fault.unwrap_err();
        assert_eq!((fault.kind, &*fault.code), (Kind::Fault, "fault"));
        assert_eq!(fault.reference.unwrap().len(), 8);
        client
            .ask(async |api, context| api.list_classes(context, Default::default()).await)
            .await
            .unwrap();
        server.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_goes_does_not_stop_its_save() {
    on_each_engine(async |it| {
        let school = class_of_forty(it).await;
        let (came, go) = (Arc::new(Notify::new()), Arc::new(Semaphore::new(0)));
        let hook: Hook = Arc::new({
            let (came, go) = (Arc::clone(&came), Arc::clone(&go));
            move |request| {
                let saves = matches!(request, HillviewRequest::SaveMarks { .. });
                let (came, go) = (Arc::clone(&came), Arc::clone(&go));
                Box::pin(async move {
                    if saves {
                        came.notify_one();
                        go.acquire().await.unwrap().forget();
                    }
                })
            }
        });
        let server = it.serve_hooked(hook).await;
        let (client, other) = (connect(&server).await, connect(&server).await);
        for client in [&client, &other] {
            log_in(client, &school.code, "teacher").await;
        }
        let sheet = open(&client, english()).await;
        let request = save_all(&sheet);
        let saving = tokio::spawn(async move {
            client
                .ask(async |api, context| api.save_marks(context, request).await)
                .await
        });
        came.notified().await;
        saving.abort();
        assert!(saving.await.unwrap_err().is_cancelled());
        go.add_permits(1);
        // Stopping waits for the call, whose client is gone.
        let id = WhichSheet::Id(sheet.id);
        let saved = async {
            while open(&other, id.clone()).await.v == Version(sheet.v.0) {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), saved)
            .await
            .unwrap();
        let after = open(&other, id).await;
        assert!(after.rows.iter().all(|row| row.entry != Entry::Blank));
        server.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_lets_a_call_finish_and_answer() {
    on_each_engine(async |it| {
        let (came, go) = (Arc::new(Notify::new()), Arc::new(Semaphore::new(0)));
        let hook: Hook = Arc::new({
            let (came, go) = (Arc::clone(&came), Arc::clone(&go));
            move |request| {
                let waits = matches!(request, HillviewRequest::Ping {});
                let (came, go) = (Arc::clone(&came), Arc::clone(&go));
                Box::pin(async move {
                    if waits {
                        came.notify_one();
                        go.acquire().await.unwrap().forget();
                    }
                })
            }
        });
        let server = it.serve_hooked(hook).await;
        let client = connect(&server).await;
        let socket = server.socket.clone();
        let ping = tokio::spawn({
            let client = client.clone();
            async move {
                client
                    .ask(async |api, context| api.who_am_i(context).await)
                    .await
            }
        });
        assert_eq!(ping.await.unwrap().unwrap_err().code, "not-logged-in");
        let ping = tokio::spawn({
            let client = client.clone();
            async move {
                client
                    .ask(async |api, context| api.ping(context).await)
                    .await
            }
        });
        came.notified().await;
        let stopping = tokio::spawn(server.stop());
        while socket.exists() {
            tokio::task::yield_now().await;
        }
        go.add_permits(1);
        ping.await.unwrap().unwrap();
        stopping.await.unwrap();
        client.closed().await;
    })
    .await;
}
