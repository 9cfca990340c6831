//! The server's own binary, as a process that can be stopped in order or killed.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// Longer than a start or a stop takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// The server's binary: cargo puts it beside the folder of the tests' own.
pub fn binary() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let folder = tests.parent().and_then(Path::parent).unwrap();
    let binary = folder.join("hillview-server");
    assert!(
        binary.exists(),
        "{} is not built: run scripts/test, or cargo build -p hillview-server",
        binary.display()
    );
    binary
}

/// A command of the server, with nothing in its surroundings but these settings.
pub fn server(settings: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(binary());
    command
        .arg("--config")
        .arg(settings)
        .args(arguments)
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// A server that listens.
pub struct Serving(Child);

impl Serving {
    /// Starts it and waits until it listens.
    pub async fn start(settings: &Path) -> Self {
        let mut command = server(settings, &["serve"]);
        let mut child = command.stdout(Stdio::null()).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut said = String::new();
        let listens = async {
            while let Some(line) = log.next_line().await.unwrap() {
                if line.contains("\"listening\"") {
                    return;
                }
                said += &line;
                said += "\n";
            }
            panic!("the server ended before it listened:\n{said}");
        };
        timeout(PATIENCE, listens).await.unwrap();
        // The rest is read, so that a full pipe never holds the server up.
        tokio::spawn(async move { while let Ok(Some(_)) = log.next_line().await {} });
        Self(child)
    }

    /// Kills it with SIGKILL, and waits until it is gone.
    pub async fn kill(mut self) {
        self.0.kill().await.unwrap();
    }

    /// Stops it in order, which must end well.
    pub async fn stop(mut self) {
        let id = i32::try_from(self.0.id().unwrap()).unwrap();
        kill_process(Pid::from_raw(id).unwrap(), Signal::TERM).unwrap();
        let status = timeout(PATIENCE, self.0.wait()).await.unwrap().unwrap();
        assert!(status.success(), "{status}");
    }
}
