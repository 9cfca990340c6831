//! Ends that are slow on purpose: a byte now and then, or answers that are never read.

use std::time::{Duration, Instant};

use hillview::client::hello;
use hillview_server::limits::Limits;
use hillview_server::testing::{Engine, Installation, PASSWORD, Served, on_each_engine};
use hillview_shared::accounts::Role;
use hillview_shared::api::{HillviewRequest, HillviewResponse, Resume};
use hillview_shared::students::ListStudents;
use hillview_shared::wire::{Call, FRAME_MAX};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::line::{Bare, login};
use crate::process::Process;
use crate::wire::class_of_forty;

const SOON: Duration = Duration::from_secs(30);

fn impatient() -> Limits {
    Limits {
        handshake: Duration::from_secs(1),
        frame: Duration::from_secs(1),
        stalled: Duration::from_secs(1),
        ..Limits::default()
    }
}

fn students() -> Call {
    let request = ListStudents {
        limit: 200,
        ..ListStudents::default()
    };
    Call::encode(&HillviewRequest::ListStudents { request }).unwrap()
}

/// Sends a byte every tenth of a second until the server closes.
async fn drip(server: &Served) -> Duration {
    let mut line = TcpStream::connect(server.address).await.unwrap();
    let began = Instant::now();
    // The head of a TLS record that announces a long handshake message.
    line.write_all(&[22, 3, 1, 2, 0]).await.unwrap();
    let mut said = [0; 64];
    loop {
        tokio::select! {
            read = line.read(&mut said) => if read.unwrap_or(0) == 0 { return began.elapsed() },
            () = tokio::time::sleep(Duration::from_millis(100)) => {
                let _ = line.write_all(&[0]).await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_byte_now_and_then_is_given_up() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let server = it.serve_within(impatient()).await;
        let mut honest = Bare::greeted(&server.socket).await;
        assert_eq!(honest.log_in(&school.code, "head").await, None);

        let shaken = timeout(SOON, drip(&server)).await.unwrap();
        println!("a handshake byte by byte: closed after {shaken:?} (limit 1 s)");

        let mut slow = Bare::greeted(&server.socket).await;
        assert_eq!(slow.log_in(&school.code, "teacher").await, None);
        let began = Instant::now();
        let length = u32::try_from(FRAME_MAX / 2).unwrap().to_be_bytes();
        assert!(slow.send_bytes(&length).await);
        let given_up = async {
            while slow.send_bytes(&[0]).await {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        timeout(SOON, given_up).await.unwrap();
        println!(
            "a frame byte by byte: closed after {:?} (limit 1 s)",
            began.elapsed()
        );
        assert!(honest.is_alive().await);
        server.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_on_a_slow_line_has_its_time() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let server = it.serve_within(impatient()).await;
        let mut slow = Bare::greeted(&server.socket).await;
        assert_eq!(slow.log_in(&school.code, "teacher").await, None);
        // A ping in 2,400 bytes of a field that nobody knows, at 1,200 bytes a second.
        let padded = crate::line::odd_call("Ping", [("colour", "x".repeat(2_400))]);
        let frame = crate::line::frame_of(2, &padded);
        for piece in frame.chunks(120) {
            assert!(slow.send_bytes(piece).await);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert!(slow.answer().await.is_some());
        server.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_never_reads_is_given_up() {
    on_each_engine(async |it| {
        let school = class_of_forty(it).await;
        let server = it.serve_within(impatient()).await;
        let mut honest = Bare::greeted(&server.socket).await;
        assert_eq!(honest.log_in(&school.code, "head").await, None);
        let mut deaf = Bare::greeted(&server.socket).await;
        assert_eq!(deaf.log_in(&school.code, "registrar").await, None);
        let began = Instant::now();
        let shouting = async { while deaf.try_send(students()).await {} };
        timeout(SOON, shouting).await.expect("the server closes");
        println!(
            "answers never read: closed after {:?} (limit 1 s)",
            began.elapsed()
        );
        assert!(honest.is_alive().await);
        server.stop().await;
    })
    .await;
}

/// A thousand that are logged in, ask for long lists, and never read one.
#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_clients_that_never_read_cost_little() {
    const USERS: usize = 20;
    const EACH: usize = 50;
    let it = Installation::new(Engine::Sqlite).await;
    let school = class_of_forty(&it).await;
    for number in 0..USERS {
        let username = format!("deaf{number}");
        school.add_login(&username, Role::Registrar).await;
    }
    let (server, other) = Process::start(it.folder()).await;
    let socket = it.folder().join("hillview.sock");
    let mut deaf = Vec::new();
    for number in 0..USERS {
        let session = session(&socket, &school.code, &format!("deaf{number}")).await;
        for _ in 0..EACH {
            let mut bare = Bare::open(&socket).await;
            let request = hello("tui", Some(session.clone()));
            let call = Call::encode(&HillviewRequest::Hello { request }).unwrap();
            assert!(bare.call(call).await.unwrap().error().is_none());
            deaf.push(bare);
        }
    }
    let before = server.resident();
    let shouts = deaf.iter_mut().map(async |bare| {
        let mut sent = 0_u32;
        let shout = async {
            while bare.try_send(students()).await {
                sent += 1;
            }
        };
        // Until the server takes no more from this one.
        let _ = timeout(Duration::from_secs(4), shout).await;
        sent
    });
    let sent: u32 = futures::future::join_all(shouts).await.into_iter().sum();
    let during = server.resident();
    let began = Instant::now();
    let pinged = other.ask(async |api, context| api.ping(context).await);
    timeout(SOON, pinged).await.unwrap().unwrap();
    println!(
        "{} deaf clients, {sent} calls sent: {before} KiB before, {during} KiB during; another's \
         ping took {:?}",
        deaf.len(),
        began.elapsed()
    );
    assert_eq!(deaf.len(), 1_000);
    assert!(
        during < before + 256 * 1024,
        "{before} KiB, then {during} KiB"
    );
    drop(deaf);
    server.end();
    it.remove().await;
}

async fn session(socket: &std::path::Path, school: &str, user: &str) -> Resume {
    let mut bare = Bare::greeted(socket).await;
    let request = login(school, user, PASSWORD);
    let call = Call::encode(&HillviewRequest::LogIn { request }).unwrap();
    let answer = bare.call(call.clone()).await.unwrap();
    let HillviewResponse::LogIn(logged_in) = answer.decode(&call).unwrap() else {
        panic!("another answer")
    };
    Resume {
        school: school.to_owned(),
        token: logged_in.unwrap().token,
    }
}
