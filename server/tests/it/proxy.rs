//! A proxy in front of the server: whose address counts, and what becomes of headers that are not
//! good, not in time, or from somebody who is no proxy.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use hillview::client::{Client, ServerAddress, hello};
use hillview_server::config::Config;
use hillview_server::limits::Limits;
use hillview_server::testing::relay::{Quality, Relay};
use hillview_server::testing::{Installation, PASSWORD, Served, on_each_engine};
use hillview_shared::accounts::LogIn;
use hillview_shared::api::Resume;
use hillview_shared::audit::ListAudit;
use hillview_shared::sessions::ListSessions;
use hillview_shared::{ApiError, Kind};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::line::{connect, log_in, login, trust};
use crate::process::{Process, binary};

const SOON: Duration = Duration::from_secs(30);

/// The first version's header of a client.
fn first(client: &str) -> Bytes {
    let (kind, to) = match client.parse().unwrap() {
        IpAddr::V4(_) => ("TCP4", "10.0.0.1"),
        IpAddr::V6(_) => ("TCP6", "2001:db8::1"),
    };
    format!("PROXY {kind} {client} {to} 54321 7443\r\n").into()
}

/// The second version's header of a client.
fn second(client: &str) -> Bytes {
    let (family, mut body) = match client.parse().unwrap() {
        IpAddr::V4(client) => (0x11, [client.octets(), [10, 0, 0, 1]].concat()),
        IpAddr::V6(client) => (0x21, [client.octets(), [0; 16]].concat()),
    };
    body.extend([0xd4, 0x31, 0x1d, 0x13]);
    frame(0x21, family, &body)
}

/// What a proxy says on a connection of its own.
fn own() -> Bytes {
    frame(0x20, 0, &[])
}

fn frame(command: u8, family: u8, body: &[u8]) -> Bytes {
    let length = u16::try_from(body.len()).unwrap().to_be_bytes();
    let head = [command, family, length[0], length[1]];
    [b"\r\n\r\n\0\r\nQUIT\n", &head[..], body].concat().into()
}

/// Serves an installation for a proxy at this address.
async fn behind(it: &Installation, proxy: &str, limits: Limits) -> Served {
    let config = Config {
        proxy: vec![proxy.parse().unwrap()],
        limits,
        ..it.config.clone()
    };
    it.serve_as(config).await
}

/// Connects through something that says this first.
async fn through(
    it: &Installation,
    server: &Served,
    first: &Bytes,
) -> Result<(Client, Relay), ApiError> {
    let relay = Relay::saying(server.address, Quality::default(), first.clone());
    let relay = relay.await.unwrap();
    let address: ServerAddress = format!("tls://{}", relay.address()).parse().unwrap();
    let trust = trust(it.folder());
    let (client, _) = Client::connect(&address, &trust, hello("tui", None)).await?;
    Ok((client, relay))
}

async fn refused(it: &Installation, server: &Served, first: &Bytes) {
    let connected = timeout(SOON, through(it, server, first)).await.unwrap();
    let error = connected.err().expect("no line comes of it");
    assert_eq!(error.kind, Kind::Offline, "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_and_the_audit_log_have_the_clients_address() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let server = behind(it, "127.0.0.0/8", Limits::default()).await;
        let head = connect(&server).await;
        log_in(&head, &school.code, "head").await;
        for (header, address) in [
            (first("192.0.2.7"), "192.0.2.7"),
            (second("192.0.2.8"), "192.0.2.8"),
            (first("2001:db8::7"), "2001:db8::7"),
            (second("2001:db8::8"), "2001:db8::8"),
            (second("::ffff:192.0.2.9"), "192.0.2.9"),
            (own(), "127.0.0.1"),
            (Bytes::from("PROXY UNKNOWN\r\n"), "127.0.0.1"),
        ] {
            let (client, _relay) = through(it, &server, &header).await.unwrap();
            log_in(&client, &school.code, "teacher").await;
            let request = ListSessions::default();
            let open = client.ask(async |api, context| api.list_sessions(context, request).await);
            let open = open.await.unwrap().rows;
            let this = open.iter().find(|row| row.current).unwrap();
            assert_eq!(this.address, address);
            let request = ListAudit::default();
            let log = head.ask(async |api, context| api.list_audit(context, request).await);
            let newest = &log.await.unwrap().rows[0];
            assert_eq!(
                (newest.action.as_str(), newest.address.as_str()),
                ("log-in", address)
            );
        }
        server.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_is_taken_from_the_proxy_alone_and_from_it_always() {
    on_each_engine(async |it| {
        let elsewhere = behind(it, "192.0.2.9", Limits::default()).await;
        refused(it, &elsewhere, &first("192.0.2.7")).await;
        refused(it, &elsewhere, &second("192.0.2.7")).await;
        assert!(through(it, &elsewhere, &Bytes::new()).await.is_ok());
        elsewhere.stop().await;

        let server = behind(it, "127.0.0.1", Limits::default()).await;
        refused(it, &server, &Bytes::new()).await;
        // A client that brings a header of its own comes after that of the proxy.
        let forged = [second("192.0.2.7"), second("10.0.0.1")].concat();
        refused(it, &server, &forged.into()).await;
        assert!(through(it, &server, &second("192.0.2.7")).await.is_ok());
        server.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_client_behind_a_proxy_is_counted_for_itself() {
    on_each_engine(async |it| {
        let limits = Limits {
            of_address: 2,
            ..Limits::default()
        };
        let server = behind(it, "127.0.0.1", limits).await;
        // Also those on the proxy's own machine.
        for client in ["192.0.2.7", "127.0.0.1"] {
            let mut lines = Vec::new();
            for _ in 0..2 {
                lines.push(through(it, &server, &second(client)).await.unwrap());
            }
            refused(it, &server, &second(client)).await;
            assert!(through(it, &server, &second("192.0.2.8")).await.is_ok());
        }
        // The proxy itself, on this machine, may look as often as it likes.
        let mut looks = Vec::new();
        for _ in 0..5 {
            looks.push(through(it, &server, &own()).await.unwrap());
        }
        server.stop().await;
    })
    .await;
}

/// Tries a login that does not exist, and gives the code of the refusal.
async fn guess(client: &Client, number: usize) -> String {
    let request = LogIn {
        user: format!("nobody{number}"),
        ..login("kilimani", "", PASSWORD)
    };
    let answer = client.ask(async |api, context| api.log_in(context, request).await);
    answer.await.err().unwrap().code
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_tries_count_for_the_clients_address() {
    on_each_engine(async |it| {
        it.school("kilimani").await;
        let limits = Limits {
            stranger_calls: 1_000,
            ..Limits::default()
        };
        let server = behind(it, "127.0.0.1", limits).await;
        let (guesser, _line) = through(it, &server, &second("192.0.2.7")).await.unwrap();
        let mut wrong = 0;
        while guess(&guesser, wrong).await == "wrong-password" {
            wrong += 1;
            assert!(wrong < 150, "nobody stops it");
        }
        assert_eq!(guess(&guesser, 1_000).await, "too-many-tries");
        let (other, _line) = through(it, &server, &first("192.0.2.8")).await.unwrap();
        assert_eq!(guess(&other, 1_001).await, "wrong-password");
        log_in(&other, "kilimani", "teacher").await;
        server.stop().await;
    })
    .await;
}

/// How a raw connection ends that sends this.
async fn ends(server: &Served, said: &[u8]) -> Vec<u8> {
    let mut line = TcpStream::connect(server.address).await.unwrap();
    // A server that has heard enough may close before all is written.
    let _ = line.write_all(said).await;
    let mut answer = Vec::new();
    let _ = timeout(SOON, line.read_to_end(&mut answer)).await.unwrap();
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_headers_end_their_own_connection_and_nothing_else() {
    on_each_engine(async |it| {
        let limits = Limits {
            handshake: Duration::from_secs(1),
            ..Limits::default()
        };
        let server = behind(it, "127.0.0.1", limits).await;
        let mut oversize = second("192.0.2.7").to_vec();
        oversize[14..16].copy_from_slice(&[0xff, 0xff]);
        let endless = [b"PROXY TCP4 ", &[b'1'; 100_000][..]].concat();
        for header in [
            // Cut: whoever says no more is given up after the time of the handshake.
            b"".to_vec(),
            b"PROXY TCP4 192".to_vec(),
            second("192.0.2.7")[..20].to_vec(),
            second("192.0.2.7").to_vec(),
            // Wrong.
            oversize,
            endless,
            b"PROXY TCP9 192.0.2.7 10.0.0.1 1 2\r\n".to_vec(),
            frame(0x21, 0x12, &[0; 12]).to_vec(),
            frame(0x31, 0x11, &[0; 12]).to_vec(),
        ] {
            assert_eq!(ends(&server, &header).await, b"", "{header:?}");
        }
        // Each byte in time, all of them too late.
        let mut slow = TcpStream::connect(server.address).await.unwrap();
        let drip = async {
            for byte in second("192.0.2.7").iter().cycle() {
                if slow.write_all(&[*byte]).await.is_err() {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        timeout(SOON, drip).await.unwrap();
        assert!(through(it, &server, &second("192.0.2.7")).await.is_ok());
        server.stop().await;
    })
    .await;
}

/// What a proxy does to see whether a server is there, each in the ways of HAProxy.
async fn look(address: SocketAddr, said: &[u8], reset: bool) {
    let mut line = TcpStream::connect(address).await.unwrap();
    line.write_all(said).await.unwrap();
    if reset {
        line.set_zero_linger().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn looks_of_a_proxy_leave_nothing_in_the_log() {
    let data = tempfile::tempdir().unwrap();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let mut command = binary(data.path());
    command.args(["--proxy", "127.0.0.1", "--listen", &address.to_string()]);
    let (server, _local) = Process::run(command, data.path()).await;
    for reset in [true, false] {
        look(address, &[], reset).await;
        look(address, &own(), reset).await;
        look(address, b"PROXY UNKNOWN\r\n", reset).await;
        look(address, &second("127.0.0.1"), reset).await;
    }
    // A look that goes on to TLS and no further.
    let proxied = Relay::saying(address, Quality::default(), own())
        .await
        .unwrap();
    let shown: ServerAddress = format!("tls://{}", proxied.address()).parse().unwrap();
    let known = data.path().join("known_servers");
    hillview::client::server_key(&shown, &known).await.unwrap();
    // What is no header at all is told, with what to set.
    let mut other = TcpStream::connect(address).await.unwrap();
    other.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    server.logged("send-proxy-v2", 1).await;
    let log = server.end();
    let loud = log
        .lines()
        .filter(|line| !line.contains(r#""level":"INFO""#));
    assert_eq!(loud.count(), 1, "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_taken_up_through_a_proxy_and_beside_it() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let server = behind(it, "127.0.0.1", Limits::default()).await;
        let (client, _line) = through(it, &server, &second("192.0.2.7")).await.unwrap();
        let request = login(&school.code, "teacher", PASSWORD);
        let begun = client.ask(async |api, context| api.log_in(context, request).await);
        let token = begun.await.unwrap().token;
        let resume = Resume {
            school: school.code.clone(),
            token,
        };
        let socket = ServerAddress::Unix(server.socket.clone());
        let greeting = hello("cli", Some(resume));
        let taken_up = Client::connect(&socket, &trust(it.folder()), greeting).await;
        assert!(taken_up.unwrap().1.who.is_some());
        server.stop().await;
    })
    .await;
}
