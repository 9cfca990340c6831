//! The server's own binary, in a process of its own: for what shows only there.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use hillview::client::{Client, ServerAddress, hello};
use hillview_server::limits::{Limits, Rate};
use hillview_server::testing::Installation;
use rustix::process::{Pid, Signal, kill_process};

use crate::line::trust;

/// A server that serves a folder, embedded.
pub struct Process {
    child: Child,
    /// Reads the log all the time: a full pipe would hold the server up.
    log: Option<JoinHandle<()>>,
    said: Arc<Mutex<String>>,
}

/// The server's binary on a folder, without the environment's settings.
pub fn binary(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hillview-server"));
    command.env_clear().arg("--data-dir").arg(data);
    command
}

/// Limits that a test of something else does not meet.
pub fn unhurried() -> Limits {
    let rate = Rate {
        a_second: 1_000_000,
        burst: 100_000_000,
    };
    Limits {
        user_rate: rate,
        address_rate: rate,
        ..Limits::default()
    }
}

impl Process {
    /// Starts it and waits until it answers.
    pub async fn start(data: &Path) -> (Self, Client) {
        Self::run(binary(data), data).await
    }

    /// Starts it on an installation, with [`unhurried`] rates.
    pub async fn start_unhurried(it: &Installation) -> (Self, Client) {
        let settings = it.settings_file();
        let Rate { a_second, burst } = unhurried().user_rate;
        let rates = format!("user-rate = {{ a-second = {a_second}, burst = {burst} }}\n");
        let text = std::fs::read_to_string(&settings).unwrap() + &rates;
        std::fs::write(&settings, text).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_hillview-server"));
        command.env_clear().arg("--config").arg(settings);
        Self::run(command, it.folder()).await
    }

    pub async fn run(mut command: Command, data: &Path) -> (Self, Client) {
        let mut child = command.arg("serve").stderr(Stdio::piped()).spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let said = Arc::new(Mutex::new(String::new()));
        let log = std::thread::spawn({
            let said = Arc::clone(&said);
            move || {
                for line in stderr.lines() {
                    *said.lock().unwrap() += &(line.unwrap() + "\n");
                }
            }
        });
        let server = Self {
            child,
            log: Some(log),
            said,
        };
        let address = ServerAddress::Unix(data.join("hillview.sock"));
        let answers = async {
            loop {
                match Client::connect(&address, &trust(data), hello("cli", None)).await {
                    Ok((client, _)) => return client,
                    Err(_) => tokio::task::yield_now().await,
                }
            }
        };
        let client = tokio::time::timeout(Duration::from_secs(60), answers)
            .await
            .unwrap();
        (server, client)
    }

    /// Its memory, in KiB.
    pub fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status
            .lines()
            .find(|line| line.starts_with("VmRSS:"))
            .unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    /// Waits until its log has these words so many times.
    pub async fn logged(&self, words: &str, times: usize) {
        let logged = async {
            while self.said.lock().unwrap().matches(words).count() < times {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(30), logged).await;
        assert!(
            waited.is_ok(),
            "no {words:?} in {}",
            self.said.lock().unwrap()
        );
    }

    pub fn signal(&self, signal: Signal) {
        let id = Pid::from_raw(self.child.id().try_into().unwrap()).unwrap();
        kill_process(id, signal).unwrap();
    }

    /// Ends it as a service manager does, and gives its log.
    pub fn end(mut self) -> String {
        self.signal(Signal::TERM);
        self.log.take().unwrap().join().unwrap();
        let log = self.said.lock().unwrap().clone();
        assert!(self.child.wait().unwrap().success(), "{log}");
        log
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // A test that failed leaves no server behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
