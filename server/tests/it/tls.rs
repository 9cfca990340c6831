//! TLS as clients meet it: one version, and a certificate that is changed while the server serves.

use std::path::Path;

use hillview::client::{Client, ServerAddress, hello};
use hillview_server::testing::on_each_engine;
use rustix::process::Signal;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::line::trust;
use crate::process::{Process, binary};

/// What a client of TLS 1.2 says first: it knows nothing of the extension that newer ones name
/// their versions in.
fn hello_of_tls_1_2() -> Vec<u8> {
    let extensions: &[u8] = &[
        0, 10, 0, 6, 0, 4, 0, 29, 0, 23, // groups: X25519, P-256
        0, 11, 0, 2, 1, 0, // points: uncompressed
        0, 13, 0, 8, 0, 6, 4, 3, 8, 4, 4, 1, // signatures
    ];
    let mut hello = vec![3, 3];
    hello.extend([7; 32]);
    hello.push(0);
    hello.extend([0, 6, 0xc0, 0x2b, 0xc0, 0x2f, 0xcc, 0xa9]);
    hello.extend([1, 0]);
    hello.extend(u16::try_from(extensions.len()).unwrap().to_be_bytes());
    hello.extend(extensions);
    let mut message = vec![1, 0];
    message.extend(u16::try_from(hello.len()).unwrap().to_be_bytes());
    message.extend(hello);
    let mut record = vec![22, 3, 1];
    record.extend(u16::try_from(message.len()).unwrap().to_be_bytes());
    record.extend(message);
    record
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_1_2_is_refused() {
    on_each_engine(async |it| {
        let server = it.serve().await;
        let mut line = TcpStream::connect(server.address).await.unwrap();
        line.write_all(&hello_of_tls_1_2()).await.unwrap();
        let mut said = Vec::new();
        // Closed with bytes unread may show as a reset, after what was said.
        let _ = line.read_to_end(&mut said).await;
        // A fatal alert: protocol version.
        assert_eq!(said, [21, 3, 3, 0, 2, 2, 70]);
        server.stop().await;
    })
    .await;
}

/// Writes a new key and certificate; both in one file, as the server keeps its own.
fn renew(file: &Path) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    std::fs::write(file, made.signing_key.serialize_pem() + &made.cert.pem()).unwrap();
}

/// A client that has never met the server, and the fingerprint that it was shown.
async fn stranger(address: &ServerAddress) -> (Client, String) {
    let keys = tempfile::tempdir().unwrap();
    let connected = Client::connect(address, &trust(keys.path()), hello("cli", None)).await;
    let (client, _) = connected.unwrap();
    let seen = client.first_seen().unwrap().to_string();
    (client, seen)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_certificate_is_taken_up_and_a_bad_one_is_not() {
    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("given.pem");
    renew(&file);
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let mut command = binary(data.path());
    command.arg("--listen").arg(port.to_string());
    command
        .arg("--tls-cert")
        .arg(&file)
        .arg("--tls-key")
        .arg(&file);
    let (server, _local) = Process::run(command, data.path()).await;
    let address: ServerAddress = format!("tls://{port}").parse().unwrap();
    let (old, first) = stranger(&address).await;

    renew(&file);
    server.signal(Signal::HUP);
    server.logged("certificate read again", 1).await;
    let (_, second) = stranger(&address).await;
    assert_ne!(first, second);
    let pinged = old.ask(async |api, context| api.ping(context).await).await;
    assert!(pinged.is_ok(), "who was connected stays so: {pinged:?}");

    std::fs::write(&file, "not a certificate").unwrap();
    server.signal(Signal::HUP);
    server.logged("the certificate stays as it was", 1).await;
    let (_, third) = stranger(&address).await;
    assert_eq!(second, third);
    let pinged = old.ask(async |api, context| api.ping(context).await).await;
    assert!(pinged.is_ok(), "{pinged:?}");
    let log = server.end();
    assert!(log.contains(&second), "the log names what is shown: {log}");
}
