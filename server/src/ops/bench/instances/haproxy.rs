//! A HAProxy of its own in front of private servers, with the settings of `docs/OPERATIONS.md`,
//! for fewer connections.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

use super::super::line::Way;

const START_MAX: Duration = Duration::from_secs(10);

/// The proxy; it ends when dropped.
pub struct HaProxy {
    _child: Child,
    pub way: Way,
}

impl HaProxy {
    /// Starts the program in front of servers, and waits until it passes calls on.
    pub async fn start(
        program: &Path,
        folder: &Path,
        servers: &[SocketAddr],
    ) -> anyhow::Result<Self> {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let file = folder.join("haproxy.cfg");
        std::fs::write(&file, settings(free, servers))?;
        let mut child = Command::new(program)
            .arg("-db")
            .arg("-f")
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(folder.join("haproxy.log"))?)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let way = Way::to(free, &folder.join(crate::tls::OWN_FILE))?;
        let began = Instant::now();
        while way.connect().await.is_err() {
            if let Some(status) = child.try_wait()? {
                let said = std::fs::read_to_string(folder.join("haproxy.log"))?;
                bail!("HAProxy ended with {status}: {said}");
            }
            ensure!(began.elapsed() < START_MAX, "HAProxy passes nothing on");
            sleep(Duration::from_millis(50)).await;
        }
        let _child = child;
        Ok(Self { _child, way })
    }
}

fn settings(listen: SocketAddr, servers: &[SocketAddr]) -> String {
    let mut text = format!(
        "global\n    maxconn 4000\n\
         defaults\n    mode tcp\n    balance leastconn\n    option redispatch\n    retries 3\n    \
         timeout connect 5s\n    timeout client 6m\n    timeout server 6m\n    timeout check 5s\n    \
         default-server check inter 1s fall 2 rise 2 send-proxy-v2 on-marked-down shutdown-sessions\n\
         listen hillview\n    bind {listen}\n"
    );
    for (number, server) in servers.iter().enumerate() {
        writeln!(text, "    server hillview{number} {server}").expect("a text grows");
    }
    text
}
