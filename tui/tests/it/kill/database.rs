//! The same when the database is killed under a server that stays (promise R2).

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hillview::client::ServerAddress;
use hillview_server::testing::{Engine, Installation, engines};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::Command;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::writer::{Counts, Writer};
use super::{Line, PATIENCE, SCHOOL, begin, prepare, proof, seed, tell};
use crate::process::Serving;

const KILLS: usize = 5;

/// A MariaDB of this test's own.
struct Database(tempfile::TempDir);

impl Database {
    async fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("hv").tempdir().unwrap();
        let database = Self(folder);
        database.run("start").await;
        database
    }

    async fn run(&self, verb: &str) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/dev-db");
        let status = Command::new(script).arg(verb).arg(self.0.path()).status();
        assert!(status.await.unwrap().success(), "scripts/dev-db {verb}");
    }

    fn url(&self) -> String {
        let socket = self.0.path().join("mysql.sock");
        format!("mysql://root@localhost/?socket={}", socket.display())
    }

    fn kill(&self, what: &str) -> Option<()> {
        let number = std::fs::read_to_string(self.0.path().join(what)).ok()?;
        let process = Pid::from_raw(number.trim().parse().ok()?)?;
        kill_process(process, Signal::KILL).ok()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // Nothing is left running; after a test that passed, both have been stopped already.
        self.kill("mysql.pid");
        self.kill("redis.pid");
    }
}

/// Has all writers save while the database is killed and started again.
async fn killed_under_them(
    database: &Database,
    line: &Line,
    writers: Vec<Writer>,
    random: &mut StdRng,
) -> Vec<Writer> {
    let acknowledged = Arc::new(Notify::new());
    let enough = Arc::new(AtomicBool::new(false));
    let mut working = JoinSet::new();
    for mut writer in writers {
        let line = line.clone();
        let (acknowledged, enough) = (Arc::clone(&acknowledged), Arc::clone(&enough));
        working.spawn(async move {
            let client = line.open().await.unwrap();
            writer
                .save_until_told(&client, &acknowledged, &enough)
                .await;
            writer
        });
    }
    for _ in 0..KILLS {
        timeout(PATIENCE, acknowledged.notified()).await.unwrap();
        // Not a wait for something: the kill must come at any moment of a save.
        sleep(Duration::from_millis(random.random_range(0..300))).await;
        database.kill("mysql.pid").unwrap();
        database.run("start").await;
    }
    timeout(PATIENCE, acknowledged.notified()).await.unwrap();
    enough.store(true, Ordering::Relaxed);
    timeout(PATIENCE, working.join_all()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_killed_while_it_saves_loses_no_mark_and_doubles_none() {
    if !engines().contains(&Engine::MySql) {
        return;
    }
    let seed = seed();
    tell(&format!("kill -9 of the database begins, seed {seed}"));
    let mut random = StdRng::seed_from_u64(seed);
    let database = Database::start().await;
    let installation = Installation::on(Engine::MySql, Some(database.url()), None).await;
    prepare(&installation).await;
    let server = Serving::start(&installation.settings_file()).await;
    let address = ServerAddress::Unix(installation.config.socket.clone());
    let (line, writers) = begin(address, &mut random).await;
    let mut writers = killed_under_them(&database, &line, writers, &mut random).await;
    let client = line.open().await.unwrap();
    for writer in &mut writers {
        writer.finish(&client).await.unwrap();
    }
    server.stop().await;
    let counts: Counts = writers.iter().map(|writer| writer.counts).sum();
    let rows = proof::compare(&installation, SCHOOL, &writers).await;
    tell(&format!(
        "kill -9 of the database, seed {seed}: {KILLS} kills, {counts}\n  \
         history: {rows} rows, none lost, none doubled, chain unbroken"
    ));
    // The server itself tries again what the kill undid, so that few saves fail.
    assert!(counts.saves > KILLS);
    installation.remove().await;
    database.run("stop").await;
}
