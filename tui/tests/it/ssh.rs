//! Over SSH, as registrars on another campus work: a private sshd on this machine, with the
//! restrictions that `docs/OPERATIONS.md` shows.

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use hillview_server::testing::on_each_engine;
use portable_pty::CommandBuilder;
use rustix::process::Signal;
use tokio::task::block_in_place;

use crate::desk::Desk;
use crate::harness::{CTRL_Q, Pty};
use crate::pty::{desk, open_sheet, type_marks};
use crate::ready::{Ready, SCHOOL};

/// An SSH server that starts Hillview and nothing else, for one key.
struct Sshd {
    folder: tempfile::TempDir,
    port: u16,
    process: Child,
}

impl Sshd {
    fn start(desk: &Desk, socket: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for key in ["host", "key"] {
            let made = Command::new("ssh-keygen")
                .args(["-q", "-t", "ed25519", "-N", "", "-f"])
                .arg(folder.path().join(key))
                .status();
            assert!(
                made.expect("ssh-keygen is there (openssh-client)")
                    .success()
            );
        }
        std::fs::copy(folder.path().join("key.pub"), folder.path().join("allowed")).unwrap();
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let config = folder.path().join("config");
        std::fs::write(&config, settings(folder.path(), port, desk, socket)).unwrap();
        let program = ["/usr/sbin/sshd", "/usr/local/sbin/sshd", "/usr/bin/sshd"]
            .into_iter()
            .map(PathBuf::from)
            .find(|path| path.exists())
            .expect("sshd is there (openssh-server; scripts/test installs it)");
        let mut process = Command::new(program)
            .args(["-D", "-e", "-f"])
            .arg(config)
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut told = BufReader::new(process.stderr.take().unwrap()).lines();
        let listens = told
            .by_ref()
            .map(Result::unwrap)
            .any(|line| line.contains("listening on"));
        assert!(listens, "sshd does not start");
        // It goes on to tell, and must not find the pipe full or closed.
        std::thread::spawn(move || told.for_each(drop));
        Self {
            folder,
            port,
            process,
        }
    }

    /// What a registrar types.
    fn client(&self) -> CommandBuilder {
        let user = Command::new("id").arg("-un").output().unwrap().stdout;
        let user = String::from_utf8(user).unwrap();
        let mut command = CommandBuilder::new("ssh");
        command.args([
            "-F",
            "none",
            "-t",
            "-o",
            "StrictHostKeyChecking=no",
            "-o",
            "BatchMode=yes",
        ]);
        let known = self.folder.path().join("known_hosts");
        command.args(["-o", &format!("UserKnownHostsFile={}", known.display())]);
        command.args(["-o", "LogLevel=ERROR", "-p", &self.port.to_string(), "-i"]);
        command.arg(self.folder.path().join("key"));
        command.arg(format!("{}@127.0.0.1", user.trim()));
        command.env("TERM", "xterm");
        command
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn settings(folder: &Path, port: u16, desk: &Desk, socket: &Path) -> String {
    let (folder, home, socket) = (folder.display(), desk.home().display(), socket.display());
    let hillview = env!("CARGO_BIN_EXE_hillview");
    format!(
        "ListenAddress 127.0.0.1\n\
         Port {port}\n\
         HostKey {folder}/host\n\
         AuthorizedKeysFile {folder}/allowed\n\
         PidFile none\n\
         StrictModes no\n\
         UsePAM no\n\
         PasswordAuthentication no\n\
         PermitRootLogin prohibit-password\n\
         ForceCommand HOME={home} LANG=C.UTF-8 {hillview} --server unix:{socket} --school {SCHOOL}\n\
         PermitTTY yes\n\
         DisableForwarding yes\n\
         PermitUserRC no\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mark_typed_over_ssh_is_there_after_the_connection_was_cut() {
    on_each_engine(async |installation| {
        let ready = Ready::make(installation).await;
        let served = installation.serve().await;
        let desk = desk(&served);
        desk.log_in(SCHOOL, "teacher");
        block_in_place(|| {
            let sshd = Sshd::start(&desk, &served.socket);
            let mut pty = Pty::start(sshd.client());
            open_sheet(&mut pty);
            type_marks(&mut pty, [47]);
            pty.wait_for("saved");
            pty.press("5");
            pty.wait_for("BE2");
            pty.signal(Signal::KILL);
            pty.ended();

            let mut pty = Pty::start(sshd.client());
            open_sheet(&mut pty);
            pty.wait_for("47  EE2    saved");
            assert!(pty.screen().contains(" 1 of 40"), "{}", pty.screen());
            pty.press(CTRL_Q);
            assert!(pty.ended().success());
        });
        assert_eq!(ready.scores().await[..2], [Some(47), None]);
        served.stop().await;
    })
    .await;
}
