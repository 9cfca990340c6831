//! A person's desk: a home folder of its own, and the real `hillview` run in it.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use hillview_server::testing::PASSWORD;
use portable_pty::CommandBuilder;

/// Runs commands and keeps what they print as a transcript.
pub struct Desk {
    home: tempfile::TempDir,
    server: String,
    transcript: String,
    masks: Vec<(String, &'static str)>,
}

/// How a command ended.
pub struct Ended {
    pub stdout: String,
    pub stderr: String,
    pub code: Option<i32>,
}

impl Desk {
    /// A desk that talks to a server at an address.
    pub fn at(server: impl Into<String>) -> Self {
        Self {
            home: tempfile::tempdir().unwrap(),
            server: server.into(),
            transcript: String::new(),
            masks: Vec::new(),
        }
    }

    /// A command with nothing in its surroundings but this home and this server.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hillview"));
        command
            .args(arguments)
            .current_dir(self.home.path())
            .env_clear()
            .env("HOME", self.home.path())
            .env("LANG", "C.UTF-8")
            .env("HILLVIEW_SERVER", &self.server)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// The same, for a terminal.
    pub fn in_a_terminal(&self, arguments: &[&str]) -> CommandBuilder {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_hillview"));
        command.args(arguments);
        command.cwd(self.home.path());
        command.env_clear();
        command.env("HOME", self.home.path());
        command.env("LANG", "C.UTF-8");
        command.env("TERM", "xterm");
        command.env("HILLVIEW_SERVER", &self.server);
        command
    }

    /// Runs a command without showing it.
    pub fn quietly(&self, arguments: &[&str], input: &str) -> Ended {
        let mut command = self.command(arguments);
        if !input.is_empty() {
            command.stdin(Stdio::piped());
        }
        // The server of the test runs on the other threads of its runtime.
        tokio::task::block_in_place(|| ended(command, input))
    }

    /// Runs a command into the transcript; its data come back.
    pub fn run(&mut self, arguments: &[&str]) -> String {
        self.run_with(arguments, "")
    }

    /// Runs a command into the transcript, with standard input.
    pub fn run_with(&mut self, arguments: &[&str], input: &str) -> String {
        let ended = self.quietly(arguments, input);
        let words: Vec<String> = arguments.iter().map(|word| quoted(word)).collect();
        self.transcript += &format!("$ hillview {}\n", words.join(" "));
        for line in input.lines() {
            self.transcript += &format!("< {}\n", line.replace(PASSWORD, "PASSWORD"));
        }
        self.transcript += &ended.stdout;
        for line in ended.stderr.lines() {
            self.transcript += &format!("! {line}\n");
        }
        self.transcript += &format!("= {}\n\n", ended.code.unwrap_or(-1));
        ended.stdout
    }

    /// Logs in as one of the school's people.
    pub fn log_in(&self, school: &str, user: &str) {
        let ended = self.quietly(
            &[
                "login",
                "--school",
                school,
                "--user",
                user,
                "--password-stdin",
            ],
            PASSWORD,
        );
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    }

    /// Adds a teacher; gives the password that works once.
    pub fn hire(&self, number: &str, user: &str) -> String {
        let who = [
            "--number",
            number,
            "--name",
            "Akinyi Odhiambo",
            "--username",
            user,
        ];
        let as_what = ["--role", "teacher", "--format", "json"];
        let ended = self.quietly(&[&["staff", "add"][..], &who, &as_what].concat(), "");
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        let added: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
        added["one_time_password"].as_str().unwrap().to_owned()
    }

    /// Shows a word in place of something that differs from run to run.
    pub fn mask(&mut self, secret: &str, word: &'static str) {
        self.masks.push((secret.to_owned(), word));
    }

    /// Talks to the same server at another address, with the sessions there are.
    pub fn move_to(&mut self, server: &str) {
        let sessions = self.home.path().join(".local/state/hillview/sessions");
        for entry in std::fs::read_dir(&sessions).unwrap() {
            let old = entry.unwrap().path();
            let name = old.file_name().unwrap().to_str().unwrap();
            let (_, login) = name.split_once('@').unwrap();
            let new = hillview::tokens::state_name(server, "", "");
            let (server, _) = new.split_once('@').unwrap();
            std::fs::rename(&old, sessions.join(format!("{server}@{login}"))).unwrap();
        }
        self.server = server.to_owned();
    }

    /// The home folder.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// All that was run, with what differs from run to run masked.
    pub fn transcript(&self) -> String {
        let home = self.home.path().display().to_string();
        let mut text = self.transcript.replace(&home, "HOME");
        for (secret, word) in &self.masks {
            text = text.replace(secret, word);
        }
        masked(&text.replace(&self.server, "SERVER"))
    }
}

fn ended(mut command: Command, input: &str) -> Ended {
    let mut child = command.spawn().unwrap();
    if let Some(mut stdin) = child.stdin.take() {
        // A command that ends without reading its input is for the test to judge.
        let _ = stdin.write_all(input.as_bytes());
    }
    let output = child.wait_with_output().unwrap();
    Ended {
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
        code: output.status.code(),
    }
}

fn quoted(word: &str) -> String {
    if word.contains([' ', '\'']) || word.is_empty() {
        format!("\"{word}\"")
    } else {
        word.to_owned()
    }
}

/// Moments become TIME, and dates near today, which move with the clock, become DATE.
fn masked(text: &str) -> String {
    let bytes = text.as_bytes();
    let shaped = |at: usize, shape: &str| {
        bytes.len() >= at + shape.len()
            && shape
                .bytes()
                .zip(&bytes[at..])
                .all(|(want, is)| match want {
                    b'9' => is.is_ascii_digit(),
                    want => want == *is,
                })
    };
    let mut masked = String::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        if shaped(at, "9999-99-99T99:99:99Z") {
            masked.push_str("TIME");
            at += 20;
        } else if shaped(at, "9999-99-99") {
            masked.push_str("DATE");
            at += 10;
        } else {
            let c = text[at..].chars().next().unwrap();
            masked.push(c);
            at += c.len_utf8();
        }
    }
    masked
}
