//! Ends that mean no good: each is answered or closed, the server stays up, others notice nothing.

use std::path::Path;
use std::time::Duration;

use hillview_server::testing::{Served, on_each_engine};
use hillview_shared::Kind;
use hillview_shared::api::HillviewRequest;
use hillview_shared::wire::{Call, FRAME_MAX};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

use crate::line::{Bare, odd_call};
use crate::process::Process;

/// Longer than a server waits for a word, much shorter than it waits for the next one.
const CLOSED_BY: Duration = Duration::from_secs(30);

/// Sends bytes and waits until the server closes; what it said before.
async fn closes_on(server: &Served, bytes: &[u8]) -> Vec<u8> {
    let mut line = UnixStream::connect(&server.socket).await.unwrap();
    // The server may close before all of it is sent.
    let _ = line.write_all(bytes).await;
    let mut said = Vec::new();
    let read = timeout(CLOSED_BY, line.read_to_end(&mut said));
    // Closed with bytes unread shows as a reset.
    let _ = read.await.expect("the server must close this connection");
    said
}

fn frame(mark: u8, body: &[u8]) -> Vec<u8> {
    let mut frame = u32::try_from(body.len() + 1)
        .unwrap()
        .to_be_bytes()
        .to_vec();
    frame.push(mark);
    frame.extend(body);
    frame
}

/// A frame that fits and would unpack to 128 MiB.
fn bomb() -> Vec<u8> {
    let mut packer = zstd::bulk::Compressor::new(19).unwrap();
    let magicless = zstd::zstd_safe::FrameFormat::Magicless;
    packer
        .set_parameter(zstd::zstd_safe::CParameter::Format(magicless))
        .unwrap();
    packer.compress(&vec![0; 128 << 20]).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_frames_are_closed_and_others_go_on() {
    on_each_engine(async |it| {
        let server = it.serve().await;
        let mut other = Bare::greeted(&server.socket).await;
        let bomb = bomb();
        assert!(bomb.len() < 16 * 1024, "{}", bomb.len());
        for (what, bytes) in [
            (
                "garbage",
                b"GET / HTTP/1.1\r\nHost: hillview\r\n\r\n".to_vec(),
            ),
            (
                "noise",
                (0..4096_u32)
                    .map(|n| u8::try_from(n * n % 251).unwrap())
                    .collect(),
            ),
            ("length 0", vec![0; 4]),
            ("length 4 GiB", vec![255; 64]),
            ("a frame over the cap", {
                let mut bytes = u32::try_from(FRAME_MAX + 1).unwrap().to_be_bytes().to_vec();
                bytes.resize(FRAME_MAX + 5, 0);
                bytes
            }),
            ("not packed as it says", frame(1, b"plain text, not packed")),
            ("another dictionary", frame(77, b"whatever")),
            ("no envelope", frame(0, b"plain text, no envelope")),
            ("a bomb", frame(1, &bomb)),
        ] {
            let said = closes_on(&server, &bytes).await;
            assert!(said.is_empty(), "{what}: {said:?}");
            assert!(other.is_alive().await, "{what}");
        }
        server.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_that_is_cut_or_never_comes_is_closed_in_time() {
    on_each_engine(async |it| {
        let server = it.serve().await;
        let mut other = Bare::greeted(&server.socket).await;
        let hello = frame(0, &[0x81]);
        let cut = async {
            let mut line = UnixStream::connect(&server.socket).await.unwrap();
            line.write_all(&hello[..4]).await.unwrap();
            drop(line);
        };
        cut.await;
        // All at once: nothing at all, half a length, a byte now and then, and no TLS handshake.
        let nothing = async { closes_on(&server, &[]).await };
        let half = async { closes_on(&server, &[0, 0]).await };
        let slow = async {
            let mut line = UnixStream::connect(&server.socket).await.unwrap();
            let mut said = [0; 1];
            loop {
                tokio::select! {
                    read = line.read(&mut said) => return read.unwrap_or(0),
                    () = tokio::time::sleep(Duration::from_secs(1)) => {
                        let _ = line.write_all(&[0]).await;
                    }
                }
            }
        };
        let no_handshake = async {
            let mut line = TcpStream::connect(server.address).await.unwrap();
            let mut said = Vec::new();
            let _ = line.read_to_end(&mut said).await;
            said.len()
        };
        let all = async { tokio::join!(nothing, half, slow, no_handshake) };
        let (nothing, half, slow, no_handshake) = timeout(CLOSED_BY, all).await.unwrap();
        assert!(nothing.is_empty() && half.is_empty());
        assert_eq!((slow, no_handshake), (0, 0));
        assert!(other.is_alive().await);
        server.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_calls_are_answered_and_the_connection_lives_on() {
    on_each_engine(async |it| {
        let server = it.serve().await;
        let mut bare = Bare::greeted(&server.socket).await;
        let deep = (0..900).fold(rmp_serde::to_vec(&0).unwrap(), |inner, _| {
            let mut outer = vec![0x91];
            outer.extend(inner);
            outer
        });
        let mut nested = vec![0x81, 0xa4];
        nested.extend(b"Ping");
        nested.extend(deep);
        for call in [
            odd_call("FlyKites", 1),
            odd_call("SaveMarks", "no marks"),
            odd_call("LogIn", ["a", "b"]),
            Call(b"no MessagePack at all"[..].into()),
            Call(bytes::Bytes::new()),
            Call(nested.into()),
        ] {
            let answer = bare.call(call).await.expect("an odd call is answered");
            assert_eq!(answer.error().unwrap().kind, Kind::Unsupported);
            assert!(bare.is_alive().await);
        }
        server.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_begins_with_hello_and_says_it_once() {
    on_each_engine(async |it| {
        let server = it.serve().await;
        let mut bare = Bare::open(&server.socket).await;
        let ping = Call::encode(&HillviewRequest::Ping {}).unwrap();
        let refused = bare.call(ping).await.unwrap().error().unwrap();
        assert_eq!(refused.code, "no-hello");
        let mut bare = Bare::greeted(&server.socket).await;
        let call = HillviewRequest::Hello {
            request: hillview::client::hello("tui", None),
        };
        let refused = bare
            .call(Call::encode(&call).unwrap())
            .await
            .unwrap()
            .error()
            .unwrap();
        assert_eq!(refused.code, "said-hello");
        server.stop().await;
    })
    .await;
}

async fn many(socket: &Path, connections: usize) -> Vec<Bare> {
    let mut greeted = Vec::new();
    for _ in 0..connections {
        greeted.push(Bare::greeted(socket).await);
    }
    greeted
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_never_read_their_answers_cost_little() {
    let data = tempfile::tempdir().unwrap();
    let (server, other) = Process::start(data.path()).await;
    let mut deaf = many(&data.path().join("hillview.sock"), 100).await;
    let before = server.resident();
    let shouting = deaf.iter_mut().map(async |bare| {
        let shout = async {
            let call = odd_call(&"X".repeat(40), "and what it brings ".repeat(100));
            while bare.try_send(call.clone()).await {}
        };
        // Until the server takes no more from this one, or sends the stranger away.
        let _ = timeout(Duration::from_secs(2), shout).await;
    });
    futures::future::join_all(shouting).await;
    let grown = server.resident().saturating_sub(before);
    println!("100 deaf clients: {grown} KiB");
    assert!(grown < 100 * 256, "{grown} KiB");
    other
        .ask(async |api, context| api.ping(context).await)
        .await
        .unwrap();
    drop(deaf);
    server.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_connection_costs_little() {
    let data = tempfile::tempdir().unwrap();
    let (server, other) = Process::start(data.path()).await;
    let socket = data.path().join("hillview.sock");
    let mut idle = Vec::new();
    let mut costs = Vec::new();
    for _ in 0..4 {
        let before = server.resident();
        idle.extend(many(&socket, 100).await);
        costs.push(server.resident().saturating_sub(before) / 100);
    }
    // What a server needs once, such as room to hash passwords in, falls into some of the rounds.
    let each = costs.into_iter().min().unwrap();
    println!("an idle connection: {each} KiB");
    assert!(each <= 64, "{each} KiB");
    other
        .ask(async |api, context| api.ping(context).await)
        .await
        .unwrap();
    drop(idle);
    server.end();
}
