//! The line itself: how many bytes it takes, and what is noticed when it fails.

use std::time::Duration;

use bytes::BytesMut;
use hillview::client::{Client, ServerAddress, hello};
use hillview_server::service::{assessments, students};
use hillview_server::testing::relay::{Quality, Relay, Traffic};
use hillview_server::testing::{Engine, Installation, School, on_each_engine};
use hillview_shared::Kind;
use hillview_shared::api::{HillviewRequest as Call, HillviewResponse as Reply};
use hillview_shared::assessments::{
    AddAssessment, OpenSheet, Sheet, SheetOpened, WhichAssessment, WhichSheet,
};
use hillview_shared::ids::OperationId;
use hillview_shared::marks::{Edit, Entry, SaveMarks, Score};
use hillview_shared::students::{AddStudent, ListStudents};
use hillview_shared::wire::{self, ClientCodec, ServerCodec};
use tarpc::{ClientMessage, Request, Response};
use tokio_util::codec::{Decoder, Encoder};

use crate::line::{log_in, trust};
use crate::samples::{About, name};

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
pub async fn class_of_forty(it: &Installation) -> School {
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

pub fn english() -> WhichSheet {
    WhichSheet::Named {
        class: "4 East".to_owned(),
        paper: "ENG".to_owned(),
        assessment: "T1-MID".to_owned(),
    }
}

pub async fn open(client: &Client, sheet: WhichSheet) -> Sheet {
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

pub fn save_all(sheet: &Sheet) -> SaveMarks {
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

/// Lists as they are looked through, and what each may take, both ways together.
fn lists() -> [(&'static str, Call, u64); 12] {
    fn usual<T: Default>() -> T {
        T::default()
    }
    let search = ListStudents {
        search: Some("wek".to_owned()),
        ..usual()
    };
    [
        ("students", Call::ListStudents { request: usual() }, 950),
        ("a search", Call::ListStudents { request: search }, 350),
        ("sheets", Call::ListSheets { request: usual() }, 450),
        ("classes", Call::ListClasses { request: usual() }, 200),
        ("papers", Call::ListPapers {}, 2_800),
        ("assessments", Call::ListAssessments {}, 170),
        ("staff", Call::ListStaff { request: usual() }, 300),
        ("teaching", Call::ListTeaching { request: usual() }, 220),
        ("roles", Call::ListRoles {}, 300),
        ("grants", Call::ListGrants { request: usual() }, 120),
        ("sessions", Call::ListSessions { request: usual() }, 220),
        ("the log", Call::ListAudit { request: usual() }, 650),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_fit_their_bytes() {
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
        log_in(&client, &school.code, "head").await;
        let mut replies = Vec::new();
        for (what, call, most) in lists() {
            let before = relay.traffic();
            let answer = client.call(call).await.unwrap();
            let took = (relay.traffic() - before).sum();
            println!("{what}: {took} bytes, at most {most}");
            assert!(took <= most, "{what}: {took} is more than {most}");
            assert!(format!("{answer:?}").contains("(Ok("), "{answer:?}");
            replies.push(answer);
        }
        let [first, newest] = [1, 2].map(|dictionary| {
            let replies = replies.iter();
            replies.map(|it| frame_down(it, dictionary)).sum::<usize>()
        });
        println!(
            "these replies: {first} bytes with the first dictionary, {newest} with the newest"
        );
        assert!(newest < first, "{newest} {first}");
        server.stop().await;
    })
    .await;
}

/// The bytes of a call's frame, packed with a dictionary.
fn frame_up(call: &Call, dictionary: u32) -> usize {
    let mut codec = ClientCodec::new();
    codec.packing().choose(&[dictionary]);
    let mut line = BytesMut::new();
    // The first goes unpacked.
    for id in 0..2 {
        line.clear();
        let request = Request {
            context: tarpc::context::current(),
            id,
            message: wire::Call::encode(call).unwrap(),
        };
        codec
            .encode(ClientMessage::Request(request), &mut line)
            .unwrap();
    }
    line.len()
}

/// The bytes of a reply's frame to a client that packs with a dictionary.
fn frame_down(reply: &Reply, dictionary: u32) -> usize {
    let (mut client, mut server) = (ClientCodec::new(), ServerCodec::new(Default::default()));
    client.packing().choose(&[dictionary]);
    let mut line = BytesMut::new();
    for id in 0..2 {
        line.clear();
        let request = Request {
            context: tarpc::context::current(),
            id,
            message: wire::Call::encode(&Call::Ping {}).unwrap(),
        };
        client
            .encode(ClientMessage::Request(request), &mut line)
            .unwrap();
        server.decode(&mut line).unwrap().unwrap();
        let response = Response {
            request_id: id,
            message: Ok(wire::Answer::encode(reply).unwrap()),
        };
        server.encode(response, &mut line).unwrap();
    }
    line.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_dictionary_knows_every_call() {
    let it = Installation::new(Engine::Sqlite).await;
    let about = About::school(&it).await;
    let (mut first, mut newest) = (0, 0);
    for call in about.samples() {
        let (before, after) = (frame_up(&call, 1), frame_up(&call, 2));
        println!("{}: {before} bytes, now {after}", name(&call));
        (first, newest) = (first + before, newest + after);
    }
    println!("all samples: {first} bytes with the first dictionary, {newest} with the newest");
    assert!(newest * 10 < first * 9, "{newest} {first}");
    it.remove().await;
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
        for _ in 0..3 {
            let before = relay.traffic().down;
            relay.until(|traffic| traffic.down > before).await;
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
async fn a_cut_line_fails_calls_at_once() {
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
        let ping = client.ask(async |api, context| api.ping(context).await);
        let cut = async {
            tokio::task::yield_now().await;
            relay.cut();
        };
        let (ping, ()) = tokio::join!(ping, cut);
        assert_eq!(ping.unwrap_err().kind, Kind::Offline);
        client.closed().await;
        server.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_died_in_silence_is_noticed() {
    on_each_engine(async |it| {
        let server = it.serve().await;
        let relay = Relay::start(server.address, Quality::default())
            .await
            .unwrap();
        let keys = tempfile::tempdir().unwrap();
        let quiet = Duration::from_millis(200);
        let (address, trust) = (through(&relay), trust(keys.path()));
        let (client, _) = Client::connect_within(&address, &trust, hello("tui", None), quiet)
            .await
            .unwrap();
        relay.hold();
        let noticed = tokio::time::timeout(Duration::from_secs(20), client.closed()).await;
        assert!(noticed.is_ok() && client.is_closed());
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
