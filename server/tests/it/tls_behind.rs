//! TLS to what stands behind the server: a database and a Redis that prove who they are, or are not used.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use hillview_server::cache::{Cache, Limit};
use hillview_server::config::{Config, Settings};
use hillview_server::service::State;
use hillview_server::testing::engines;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use sqlx::Row;
use tokio::process::{Child, Command};

use crate::database::Database;

/// An authority's certificate, and the certificate and key of a server that it signed.
struct Signed {
    authority: PathBuf,
    certificate: PathBuf,
    key: PathBuf,
}

fn signed(folder: &Path) -> Signed {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let names = vec!["localhost".to_owned()];
    let params = CertificateParams::new(names).unwrap();
    let certificate = params.signed_by(&key, &authority).unwrap();
    std::fs::create_dir_all(folder).unwrap();
    let write = |name: &str, text: String| {
        let file = folder.join(name);
        std::fs::write(&file, text).unwrap();
        file
    };
    Signed {
        authority: write("ca.pem", authority.pem()),
        certificate: write("cert.pem", certificate.pem()),
        key: write("key.pem", key.serialize_pem()),
    }
}

fn free_port() -> u16 {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    free.local_addr().unwrap().port()
}

async fn listens(port: u16) {
    let listens = async {
        while tokio::net::TcpStream::connect(("127.0.0.1", port))
            .await
            .is_err()
        {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), listens)
        .await
        .unwrap();
}

fn start(program: &str, arguments: &[String]) -> Child {
    let mut command = Command::new(program);
    command.args(arguments).kill_on_drop(true);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.spawn().unwrap()
}

/// Settings of an installation of the test's own.
fn config(folder: &Path, change: impl FnOnce(&mut Settings)) -> Config {
    let mut settings = Settings {
        data_dir: Some(folder.to_owned()),
        connections: Some(4),
        ..Settings::default()
    };
    change(&mut settings);
    settings.resolve().unwrap()
}

/// MariaDB with TLS on the data of a database that was stopped.
fn start_mariadb(folder: &Path, port: u16, ours: &Signed) -> Child {
    let place = |name: &str| folder.join(name).display().to_string();
    let shown = |file: &Path| file.display().to_string();
    let arguments = [
        "--no-defaults".to_owned(),
        format!("--datadir={}", place("mysql")),
        // Not with others: a server that starts clears the temporary tables away that it finds.
        format!("--tmpdir={}", folder.display()),
        format!("--socket={}", place("tls.sock")),
        format!("--pid-file={}", place("tls.pid")),
        format!("--port={port}"),
        "--bind-address=127.0.0.1".to_owned(),
        "--user=root".to_owned(),
        "--innodb-flush-log-at-trx-commit=1".to_owned(),
        "--skip-log-bin".to_owned(),
        "--character-set-server=utf8mb4".to_owned(),
        format!("--ssl-ca={}", shown(&ours.authority)),
        format!("--ssl-cert={}", shown(&ours.certificate)),
        format!("--ssl-key={}", shown(&ours.key)),
    ];
    let path = std::env::var("PATH").unwrap_or_default();
    let program = ["/usr/sbin", "/usr/local/sbin"];
    let program = path.split(':').chain(program);
    let program = program
        .map(|folder| format!("{folder}/mariadbd"))
        .find(|it| Path::new(it).exists());
    start(&program.unwrap(), &arguments)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_proves_who_it_is() {
    if engines().len() < 2 {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (ours, others) = (
        signed(&folder.path().join("a")),
        signed(&folder.path().join("b")),
    );
    let database = Database::start().await;
    database.dev_db("stop").await;
    let port = free_port();
    let running = start_mariadb(database.folder(), port, &ours);
    listens(port).await;

    let url = |mode: &str, authority: &Path| {
        format!(
            "mysql://root@localhost:{port}/?ssl-mode={mode}&ssl-ca={}",
            authority.display()
        )
    };
    let open = async |url: String| {
        let config = config(folder.path(), |settings| settings.database = Some(url));
        State::open(&config).await
    };
    for mode in ["VERIFY_CA", "VERIFY_IDENTITY"] {
        let refused = open(url(mode, &others.authority)).await;
        assert!(refused.is_err(), "{mode} with another authority");
        let state = open(url(mode, &ours.authority)).await.unwrap();
        state.tenants.close().await;
    }
    let pool = sqlx::MySqlPool::connect(&url("VERIFY_IDENTITY", &ours.authority))
        .await
        .unwrap();
    let version = sqlx::query("show session status like 'Ssl_version'")
        .fetch_one(&pool)
        .await;
    let version: String = version.unwrap().get(1);
    println!("the database speaks {version}");
    assert_eq!(version, "TLSv1.3");
    pool.close().await;
    drop(running);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_proves_who_it_is() {
    const ONCE: Limit = Limit { free: 1, most: 1 };
    if engines().len() < 2 {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (ours, others) = (
        signed(&folder.path().join("a")),
        signed(&folder.path().join("b")),
    );
    let port = free_port();
    let pairs = [
        ("--port", "0".to_owned()),
        ("--tls-port", port.to_string()),
        ("--tls-cert-file", ours.certificate.display().to_string()),
        ("--tls-key-file", ours.key.display().to_string()),
        ("--tls-ca-cert-file", ours.authority.display().to_string()),
        ("--tls-auth-clients", "no".to_owned()),
        ("--save", String::new()),
        ("--dir", folder.path().display().to_string()),
    ];
    let arguments: Vec<_> = pairs
        .into_iter()
        .flat_map(|(name, value)| [name.to_owned(), value])
        .collect();
    let running = start("redis-server", &arguments);
    listens(port).await;

    let cache = |authority: &Path| {
        let config = config(folder.path(), |settings| {
            settings.redis = Some(format!("rediss://localhost:{port}/"));
            settings.redis_ca = Some(authority.to_owned());
        });
        Cache::open(&config).unwrap()
    };
    // Who shares a Redis shares its counts; who does not believe it counts alone.
    let (one, two) = (cache(&ours.authority), cache(&ours.authority));
    let name = shared_by(&one, &two, ONCE).await;
    let alone = cache(&others.authority);
    assert!(alone.try_once(ONCE, "kilimani", &name).await.is_ok());
    drop(running);
}

/// The name of somebody whose try at the one is counted at the other. A Redis that is slow to answer,
/// as on a busy machine, is done without for a while: then it is tried with the next name.
async fn shared_by(one: &Cache, two: &Cache, limit: Limit) -> String {
    let deadline = Instant::now() + Duration::from_secs(60);
    for number in 0.. {
        let name = format!("amina-{number}");
        assert!(one.try_once(limit, "kilimani", &name).await.is_ok());
        if two.try_once(limit, "kilimani", &name).await.is_err() {
            return name;
        }
        assert!(Instant::now() < deadline, "each counts for itself");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    unreachable!("numbers do not end")
}
