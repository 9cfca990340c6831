//! The line itself: how many bytes it takes, who is refused, what happens when one end fails.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hillview::client::{Client, ServerAddress, hello};
use hillview_server::gate::Hook;
use hillview_server::service::{assessments, students};
use hillview_server::testing::relay::{Quality, Relay, Traffic};
use hillview_server::testing::{Installation, School, on_each_engine};
use hillview_shared::Kind;
use hillview_shared::api::{HillviewRequest, Resume};
use hillview_shared::assessments::{
    AddAssessment, OpenSheet, Sheet, SheetOpened, WhichAssessment, WhichSheet,
};
use hillview_shared::ids::{OperationId, Version};
use hillview_shared::marks::{Edit, Entry, SaveMarks, Score};
use hillview_shared::students::AddStudent;
use tokio::sync::{Notify, Semaphore};

use crate::line::{connect, log_in, login, trust};

/// Thirty-five more for a class of forty: three parts each, and none as the dictionary knew them.
const GIVEN: [&str; 7] = [
    "Salome",
    "Cosmas",
    "Immaculate",
    "Zipporah",
    "Hezron",
    "Rukia",
    "Titus",
];
const MIDDLE: [&str; 5] = ["Kerubo", "Mbithe", "Lagat", "Wekesa", "Adhiambo"];
const LAST: [&str; 5] = ["Nyakundi", "Kilonzo", "Cheruiyot", "Masinde", "Oduor"];

/// A school where English of 4 East may be entered for forty students.
async fn class_of_forty(it: &Installation) -> School {
    let school = it.school("kilimani").await;
    let registrar = school.caller("registrar").await;
    for number in 0..35 {
        let (given, of_five) = (GIVEN[number / 5], number % 5);
        let request = AddStudent {
            admission_no: Some(format!("{}/2026", 3_100 + number * 7)),
            name: format!(
                "{given} {} {}",
                MIDDLE[of_five],
                LAST[(of_five + number / 5) % 5]
            ),
            sex: None,
            birth_date: None,
            class: school.east.id,
        };
        students::add(&it.state, &registrar, request).await.unwrap();
    }
    let admin = school.caller("admin").await;
    let code = || "T1-MID".to_owned();
    let today = it.state.clock.now().utc().date_naive();
    let request = AddAssessment {
        code: code(),
        name: "Mid-Term".to_owned(),
        term: String::new(),
        out_of: None,
        opens: Some(today - chrono::Days::new(1)),
        closes: Some(today + chrono::Days::new(7)),
        direct_levels: false,
        grades: vec![],
    };
    assessments::add(&it.state, &admin, request).await.unwrap();
    assessments::open(&it.state, &admin, WhichAssessment { code: code() })
        .await
        .unwrap();
    school
}

fn english() -> WhichSheet {
    WhichSheet::Named {
        class: "4 East".to_owned(),
        paper: "ENG".to_owned(),
        assessment: "T1-MID".to_owned(),
    }
}

async fn open(client: &Client, sheet: WhichSheet) -> Sheet {
    let request = OpenSheet {
        sheet,
        newer_than: None,
    };
    let opened = client
        .ask(async |api, context| api.open_sheet(context, request).await)
        .await;
    let SheetOpened::Sheet(sheet) = opened.unwrap() else {
        panic!("nothing was known before")
    };
    *sheet
}

fn save_all(sheet: &Sheet) -> SaveMarks {
    let edits = (0..).zip(&sheet.rows).map(|(number, row)| Edit {
        student: row.id,
        based_on: row.v,
        entry: match number % 17 {
            9 => Entry::Absent,
            13 => Entry::Score(Score(4_750 + number)),
            _ => Entry::Score(Score::whole(31 + number * 7 % 65)),
        },
    });
    let operation = OperationId([
        0xa7, 3, 91, 200, 17, 66, 5, 240, 9, 77, 130, 51, 8, 19, 222, 1,
    ]);
    SaveMarks {
        sheet: sheet.id,
        operation,
        edits: edits.collect(),
        reason: None,
    }
}

fn through(relay: &Relay) -> ServerAddress {
    format!("tls://{}", relay.address()).parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sheet_of_forty_fits_its_bytes() {
    on_each_engine(async |it| {
        let school = class_of_forty(it).await;
        let server = it.serve().await;
        let relay = Relay::start(server.address, Quality::default())
            .await
            .unwrap();
        let keys = tempfile::tempdir().unwrap();
        let (client, _) =
            Client::connect(&through(&relay), &trust(keys.path()), hello("tui", None))
                .await
                .unwrap();
        let shaken = relay.traffic();
        log_in(&client, &school.code, "teacher").await;
        let logged_in = relay.traffic();
        // Found by name once, opened by number from then on.
        let id = WhichSheet::Id(open(&client, english()).await.id);

        let before = relay.traffic();
        let empty = open(&client, id.clone()).await;
        let opened = relay.traffic();
        assert_eq!(empty.rows.len(), 40);
        let request = save_all(&empty);
        let saved = client
            .ask(async |api, context| api.save_marks(context, request).await)
            .await;
        let after_save = relay.traffic();
        let saved = saved.unwrap();
        assert_eq!((saved.problems.len(), saved.entered), (0, 40));
        let full = open(&client, id.clone()).await;
        let reopened = relay.traffic();
        assert!(full.rows.iter().all(|row| row.entry != Entry::Blank));
        let request = OpenSheet {
            sheet: id,
            newer_than: Some(saved.version),
        };
        let unchanged = client.ask(async |api, context| api.open_sheet(context, request).await);
        assert_eq!(unchanged.await, Ok(SheetOpened::Unchanged));
        let known = relay.traffic();

        let counts = [
            ("handshake and hello", shaken, 4_000),
            ("log in", logged_in - shaken, 1_000),
            ("open a sheet of 40, empty", opened - before, 2_000),
            ("save 40 marks", after_save - opened, 1_000),
            (
                "open a sheet of 40, with marks",
                reopened - after_save,
                2_000,
            ),
            ("open it again, unchanged", known - reopened, 300),
        ];
        for (what, Traffic { up, down }, most) in counts {
            println!("{what}: {up} up, {down} down, at most {most} together");
        }
        for (what, traffic, most) in counts {
            assert!(
                traffic.sum() <= most,
                "{what}: {traffic:?} is more than {most}"
            );
        }
        server.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_minute_fits_its_bytes() {
    on_each_engine(async |it| {
        let server = it.serve().await;
        let relay = Relay::start(server.address, Quality::default())
            .await
            .unwrap();
        let keys = tempfile::tempdir().unwrap();
        // The same client with a clock that runs 75 times as fast: what it would say in a minute and
        // a quarter it says in a second.
        let quiet = hillview_shared::wire::QUIET_MAX / 75;
        let (address, trust) = (through(&relay), trust(keys.path()));
        let (client, _) = Client::connect_within(&address, &trust, hello("tui", None), quiet)
            .await
            .unwrap();
        let (start, from) = (relay.traffic(), std::time::Instant::now());
        let mut down = start.down;
        for _ in 0..3 {
            while relay.traffic().down == down {
                tokio::task::yield_now().await;
            }
            down = relay.traffic().down;
        }
        let said = (relay.traffic() - start).sum();
        let minutes = from.elapsed().as_secs_f64() * 75.0 / 60.0;
        println!("idle: {said} bytes in {minutes} minutes");
        // Three signs of life, in three times 75 seconds.
        assert!(said <= 3 * 200, "{said}");
        assert!(
            from.elapsed() >= quiet * 3 - quiet / 10,
            "{:?}",
            from.elapsed()
        );
        assert!(!client.is_closed());
        server.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_line_is_noticed_and_calls_fail() {
    on_each_engine(async |it| {
        let server = it.serve().await;
        let relay = Relay::start(server.address, Quality::default())
            .await
            .unwrap();
        let keys = tempfile::tempdir().unwrap();
        let (client, _) =
            Client::connect(&through(&relay), &trust(keys.path()), hello("tui", None))
                .await
                .unwrap();
        relay.hold();
        let mut ping = Box::pin(client.ask(async |api, context| api.ping(context).await));
        assert!(
            tokio::time::timeout(Duration::from_millis(100), &mut ping)
                .await
                .is_err()
        );
        relay.cut();
        assert_eq!(ping.await.unwrap_err().kind, Kind::Offline);
        client.closed().await;
        server.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_line_carries_a_sheet() {
    on_each_engine(async |it| {
        let school = class_of_forty(it).await;
        let server = it.serve().await;
        let quality = Quality {
            delay: Duration::from_millis(150),
            rate: Some(9_600 / 8),
        };
        let relay = Relay::start(server.address, quality).await.unwrap();
        let keys = tempfile::tempdir().unwrap();
        let (client, _) =
            Client::connect(&through(&relay), &trust(keys.path()), hello("tui", None))
                .await
                .unwrap();
        log_in(&client, &school.code, "teacher").await;
        assert_eq!(open(&client, english()).await.rows.len(), 40);
        server.stop().await;
    })
    .await;
}

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
            .ask(async |api, context| api.list_classes(context).await)
            .await;
        assert_eq!(refused.unwrap_err().code, "not-logged-in");

        log_in(&client, &school.code, "teacher").await;
        client
            .ask(async |api, context| api.list_classes(context).await)
            .await
            .unwrap();
        let refused = client
            .ask(async |api, context| api.list_staff(context).await)
            .await;
        assert_eq!(refused.unwrap_err().kind, Kind::Denied);

        let mut newer = hello("tui", None);
        newer.protocol += 1;
        let address = ServerAddress::Unix(server.socket.clone());
        let refused = Client::connect(&address, &trust(Path::new("/nowhere")), newer).await;
        let refused = refused.err().unwrap();
        assert_eq!(refused.code, "wrong-protocol");
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
        let request = login(&school.code, "teacher", hillview_server::testing::PASSWORD);
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
            .ask(async |api, context| api.list_classes(context).await)
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
            .ask(async |api, context| api.list_classes(context).await)
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
