//! The client against a real server: how a line is opened and what is said when it cannot be.

use std::path::Path;

use hillview::client::{Client, ServerAddress, Servers, Trust, hello};
use hillview_server::config::Settings;
use hillview_server::serve::{Listeners, serve};
use hillview_server::service::State;
use hillview_shared::Kind;
use hillview_shared::accounts::LogIn;
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

struct Server {
    folder: TempDir,
    tls: ServerAddress,
    fingerprint: String,
    stop: oneshot::Sender<()>,
    stopped: JoinHandle<std::io::Result<()>>,
}

impl Server {
    async fn start(folder: TempDir, listen: &str) -> Self {
        let settings = Settings {
            data_dir: Some(folder.path().to_owned()),
            listen: Some(listen.parse().unwrap()),
            ..Settings::default()
        };
        let config = settings.resolve().unwrap();
        let state = State::open(&config).await.unwrap();
        let listeners = Listeners::open(&config).await.unwrap();
        let tls = format!("tls://{}", listeners.tls_address().unwrap());
        let fingerprint = listeners.fingerprint().unwrap().to_owned();
        let (stop, stopping) = oneshot::channel();
        let stopped = tokio::spawn(serve(state, listeners, async move {
            let _ = stopping.await;
        }));
        Self {
            folder,
            tls: tls.parse().unwrap(),
            fingerprint,
            stop,
            stopped,
        }
    }

    fn unix(&self) -> ServerAddress {
        ServerAddress::Unix(self.folder.path().join("hillview.sock"))
    }

    async fn stop(self) -> TempDir {
        self.stop.send(()).unwrap();
        self.stopped.await.unwrap().unwrap();
        self.folder
    }
}

fn pinned(folder: &Path) -> Trust {
    Trust::Pinned(folder.join("client/known_servers"))
}

async fn new_server() -> Server {
    Server::start(tempfile::tempdir().unwrap(), "127.0.0.1:0").await
}

#[tokio::test]
async fn both_kinds_of_line_carry_calls() {
    let server = new_server().await;
    let trust = pinned(server.folder.path());
    for address in [server.unix(), server.tls.clone()] {
        let (client, welcome) = Client::connect(&address, &trust, hello("tui", None))
            .await
            .unwrap();
        assert!(welcome.who.is_none());
        let time = client
            .ask(async |api, context| api.ping(context).await)
            .await
            .unwrap();
        assert!(time >= welcome.time);
        let refused = client
            .ask(async |api, context| {
                let request = LogIn {
                    school: "nowhere".to_owned(),
                    user: "nobody".to_owned(),
                    password: "not a password".to_owned(),
                    code: None,
                    device: None,
                };
                api.log_in(context, request).await
            })
            .await
            .unwrap_err();
        assert_eq!(
            (refused.kind, &*refused.code),
            (Kind::Denied, "wrong-password")
        );
        let refused = client
            .ask(async |api, context| api.list_terms(context).await)
            .await
            .unwrap_err();
        assert_eq!(refused.code, "not-logged-in");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_stopped_server_ends_the_line_and_calls_fail_at_once() {
    let server = new_server().await;
    let (client, _) = Client::connect(
        &server.unix(),
        &pinned(server.folder.path()),
        hello("tui", None),
    )
    .await
    .unwrap();
    let unix = server.unix();
    let folder = server.stop().await;
    client.closed().await;
    let lost = client
        .ask(async |api, context| api.ping(context).await)
        .await
        .unwrap_err();
    assert_eq!(lost.kind, Kind::Offline);
    let gone = Client::connect(&unix, &pinned(folder.path()), hello("tui", None))
        .await
        .err()
        .unwrap();
    assert_eq!(gone.kind, Kind::Offline);
    assert!(gone.hint.unwrap().contains("start hillview-server"));
}

#[tokio::test]
async fn a_key_is_pinned_at_first_sight_and_a_changed_one_refused() {
    let server = new_server().await;
    let keys = tempfile::tempdir().unwrap();
    let trust = pinned(keys.path());
    let first = server.fingerprint.clone();
    let connect =
        async |address: &ServerAddress| Client::connect(address, &trust, hello("tui", None)).await;
    let (client, _) = connect(&server.tls).await.unwrap();
    assert_eq!(client.first_seen().unwrap().to_string(), first);
    let (client, _) = connect(&server.tls).await.unwrap();
    assert!(client.first_seen().is_none());
    drop(client);

    let ServerAddress::Tls { port, .. } = server.tls.clone() else {
        unreachable!()
    };
    drop(server.stop().await);
    let other = Server::start(tempfile::tempdir().unwrap(), &format!("127.0.0.1:{port}")).await;
    let refused = connect(&other.tls).await.err().unwrap();
    assert_eq!(refused.code, "server-key-changed");
    assert_eq!(refused.kind, Kind::Denied);
    assert!(refused.message.contains(&first), "{refused}");
    assert!(refused.message.contains(&other.fingerprint), "{refused}");
    assert!(refused.hint.unwrap().contains("server trust"));
}

/// A server beside another, with the same key or one of its own.
async fn beside(first: &Server, same_key: bool) -> Server {
    let folder = tempfile::tempdir().unwrap();
    if same_key {
        let identity = "server-identity.pem";
        let copied = folder.path().join(identity);
        std::fs::copy(first.folder.path().join(identity), copied).unwrap();
    }
    Server::start(folder, "127.0.0.1:0").await
}

#[tokio::test]
async fn of_several_servers_another_is_taken_when_one_is_gone() {
    let first = new_server().await;
    let second = beside(&first, true).await;
    assert_eq!(first.fingerprint, second.fingerprint);
    let keys = tempfile::tempdir().unwrap();
    let trust = pinned(keys.path());
    let all: Servers = format!("{},{}", first.tls, second.tls).parse().unwrap();
    let connect = async || all.connect(&trust, hello("tui", None)).await;
    let (client, _) = connect().await.unwrap();
    assert_eq!(client.first_seen().unwrap().to_string(), first.fingerprint);
    drop(first.stop().await);
    for _ in 0..8 {
        let (client, _) = connect().await.unwrap();
        assert!(client.first_seen().is_none(), "one key is known for all");
    }
    drop(second.stop().await);
    let gone = connect().await.err().unwrap();
    assert_eq!(gone.kind, Kind::Offline);
    assert!(gone.message.starts_with("none of 2 servers: "), "{gone}");
}

#[tokio::test]
async fn a_server_that_joins_with_another_key_is_refused() {
    let first = new_server().await;
    let other = beside(&first, false).await;
    let keys = tempfile::tempdir().unwrap();
    let trust = pinned(keys.path());
    Client::connect(&first.tls, &trust, hello("tui", None))
        .await
        .unwrap();
    let both = format!("{},{}", first.tls, other.tls);
    drop(first.stop().await);
    let all: Servers = both.parse().unwrap();
    let refused = all.connect(&trust, hello("tui", None)).await.err().unwrap();
    assert_eq!(
        (refused.kind, &*refused.code),
        (Kind::Denied, "server-key-changed")
    );
    let named = other.tls.to_string();
    assert!(
        refused
            .hint
            .unwrap()
            .contains(&format!("{named} server trust"))
    );
}

#[tokio::test]
async fn an_authority_of_the_school_vouches_for_a_name() {
    let server = new_server().await;
    let ServerAddress::Tls { port, .. } = server.tls.clone() else {
        unreachable!()
    };
    // Signed by itself, the server's certificate is its own authority; it names localhost.
    let trust = Trust::Authorities(server.folder.path().join("server-identity.pem"));
    let named: ServerAddress = format!("tls://localhost:{port}").parse().unwrap();
    Client::connect(&named, &trust, hello("cli", None))
        .await
        .unwrap();
    let refused = Client::connect(&server.tls, &trust, hello("cli", None))
        .await
        .err()
        .unwrap();
    assert_eq!(refused.code, "no-secure-line");
}

#[tokio::test]
async fn an_end_of_another_protocol_is_told_which_to_update() {
    let server = new_server().await;
    let mut old = hello("tui", None);
    old.protocol -= 1;
    let refused = Client::connect(&server.unix(), &pinned(server.folder.path()), old)
        .await
        .err()
        .unwrap();
    assert_eq!(refused.kind, Kind::Unsupported);
    assert_eq!(refused.hint.as_deref(), Some("update the client"));
}

#[tokio::test]
async fn a_second_server_does_not_take_the_socket_and_a_stale_one_is_replaced() {
    let server = new_server().await;
    let settings = |folder: &Path| Settings {
        data_dir: Some(folder.to_owned()),
        ..Settings::default()
    };
    let config = settings(server.folder.path()).resolve().unwrap();
    let refused = Listeners::open(&config).await.err().unwrap();
    assert!(refused.to_string().contains("another server answers"));

    let stale = tempfile::tempdir().unwrap();
    let config = settings(stale.path()).resolve().unwrap();
    drop(std::os::unix::net::UnixListener::bind(&config.socket).unwrap());
    assert!(config.socket.exists());
    Listeners::open(&config).await.unwrap();
}
