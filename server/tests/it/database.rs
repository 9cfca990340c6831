//! A database that a test may kill or set wrongly, because no other test uses it.

use std::path::Path;

/// A MariaDB of a test's own, made by `scripts/dev-db`.
pub struct Database {
    folder: tempfile::TempDir,
}

impl Database {
    pub async fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("hv").tempdir().unwrap();
        let database = Self { folder };
        database.dev_db("start").await;
        database
    }

    pub async fn dev_db(&self, verb: &str) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/dev-db");
        let mut command = tokio::process::Command::new(script);
        let done = command.arg(verb).arg(self.folder.path()).status().await;
        assert!(done.unwrap().success(), "scripts/dev-db {verb} failed");
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn url(&self) -> String {
        let socket = self.folder.path().join("mysql.sock");
        format!("mysql://root@localhost/?socket={}", socket.display())
    }

    pub fn kill(&self, what: &str) -> Option<()> {
        let pid = std::fs::read_to_string(self.folder.path().join(what)).ok()?;
        let pid = rustix::process::Pid::from_raw(pid.trim().parse().ok()?)?;
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).ok()
    }
}

impl Drop for Database {
    /// A test that fails leaves nothing running; one that passed has stopped both in order.
    fn drop(&mut self) {
        self.kill("mysql.pid");
        self.kill("redis.pid");
    }
}
