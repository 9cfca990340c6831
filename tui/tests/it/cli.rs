//! The command line where no server is needed: settings, usage, no terminal, no server.

use std::io::Read;
use std::process::Stdio;

use crate::desk::Desk;

fn nowhere() -> Desk {
    Desk::at("unix:/nowhere/hillview.sock")
}

#[tokio::test(flavor = "multi_thread")]
async fn help_begins_with_examples() {
    let mut desk = nowhere();
    desk.run(&["--help"]);
    desk.run(&["students", "add", "-h"]);
    insta::assert_snapshot!(desk.transcript());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_understood_ends_with_2() {
    let mut desk = nowhere();
    desk.run(&["student", "list"]);
    desk.run(&["marks", "show", "--class", "4A"]);
    desk.run(&["students", "list", "--format", "xml"]);
    desk.run(&[
        "students", "add", "--name", "A", "--class", "4A", "--sex", "x",
    ]);
    desk.run(&[
        "marks",
        "set",
        "--class",
        "4A",
        "--subject",
        "MAT",
        "--assessment",
        "T1",
        "4312",
    ]);
    desk.run(&["whoami", "--server", "http://x"]);
    insta::assert_snapshot!(desk.transcript());
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_say_where_they_come_from() {
    let mut desk = nowhere();
    let folder = desk.home().join(".config/hillview");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(
        folder.join("config.toml"),
        "school = 'kilimani'\nascii = true\n",
    )
    .unwrap();
    desk.run(&[
        "config", "show", "--origin", "--user", "akinyi", "--format", "csv",
    ]);
    desk.run(&["config", "show", "--config", "missing.toml"]);
    std::fs::write(folder.join("config.toml"), "scool = 'kilimani'\n").unwrap();
    desk.run(&["config", "show"]);
    insta::assert_snapshot!(desk.transcript());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_server_or_a_login_it_says_so() {
    let mut desk = nowhere();
    desk.run(&["whoami"]);
    desk.run(&["status"]);
    desk.run(&[
        "status",
        "--server",
        "tls://127.0.0.1:1",
        "--format",
        "json",
    ]);
    desk.run_with(
        &["login", "--school", "k", "--user", "u", "--password-stdin"],
        "secret\n",
    );
    desk.run(&["logout"]);
    insta::assert_snapshot!(desk.transcript());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_terminal_nothing_is_waited_for() {
    let mut desk = nowhere();
    desk.run(&[]);
    desk.run(&["login"]);
    desk.run(&["login", "--school", "k", "--user", "u"]);
    desk.run(&["login", "--school", "k", "--user", "u", "--no-input"]);
    desk.run_with(
        &[
            "login",
            "--school",
            "k",
            "--user",
            "u",
            "--new-password-stdin",
        ],
        "x\n",
    );
    insta::assert_snapshot!(desk.transcript());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_goes_away_is_no_error() {
    let desk = nowhere();
    let mut child = desk.command(&["completions", "bash"]).spawn().unwrap();
    // The script is longer than a pipe holds, so the end is written into nothing.
    drop(child.stdout.take());
    let mut words = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut words)
        .unwrap();
    assert_eq!(
        (child.wait().unwrap().code(), words.as_str()),
        (Some(0), "")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_ends_with_130() {
    // A listener that never answers keeps the command waiting.
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("s");
    let listener = tokio::net::UnixListener::bind(&socket).unwrap();
    let desk = Desk::at(format!("unix:{}", socket.display()));
    let mut child = desk
        .command(&["status"])
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let _line = listener.accept().await.unwrap();
    let id = i32::try_from(child.id())
        .ok()
        .and_then(rustix::process::Pid::from_raw);
    rustix::process::kill_process(id.unwrap(), rustix::process::Signal::INT).unwrap();
    let status = tokio::task::block_in_place(|| child.wait()).unwrap();
    assert_eq!(status.code(), Some(130));
}
