//! Logging in and out, the one-time password, and who may do what, through the real binary.

use std::os::unix::fs::PermissionsExt;

use hillview_server::testing::{PASSWORD, on_each_engine};

use crate::desk::Desk;
use crate::served::Served;

#[tokio::test(flavor = "multi_thread")]
async fn logging_in_and_out() {
    on_each_engine(async |installation| {
        installation.school("kili").await;
        let server = Served::on(installation).await;
        let mut desk = Desk::at(&server.unix);
        let log_in = [
            "login",
            "--school",
            "kili",
            "--user",
            "teacher",
            "--password-stdin",
        ];
        desk.run_with(&log_in, "wrong password\n");
        let nobody = [
            "login",
            "--school",
            "kili",
            "--user",
            "nobody",
            "--password-stdin",
        ];
        desk.run_with(&nobody, "wrong password\n");
        let nowhere = [
            "login",
            "--school",
            "moi",
            "--user",
            "teacher",
            "--password-stdin",
        ];
        desk.run_with(&nowhere, &format!("{PASSWORD}\n"));
        desk.run_with(&log_in, &format!("{PASSWORD}\n"));
        desk.run(&["whoami"]);
        desk.run(&["whoami", "--format", "json"]);
        desk.run(&["staff", "list"]);
        desk.run(&["students", "show", "X1"]);
        desk.run(&["logout"]);
        desk.run(&["whoami"]);
        insta::assert_snapshot!("logging_in_and_out", desk.transcript());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_works_once_is_changed_before_anything_else() {
    on_each_engine(async |installation| {
        installation.school("kili").await;
        let server = Served::on(installation).await;
        let office = Desk::at(&server.unix);
        office.log_in("kili", "admin");
        let (first, second) = (office.hire("N1", "akinyi"), office.hire("N2", "anyango"));
        let mut desk = Desk::at(&server.unix);
        desk.mask(&first, "ONCE");
        desk.mask(&second, "ONCE");
        let log_in = [
            "login",
            "--school",
            "kili",
            "--user",
            "akinyi",
            "--password-stdin",
        ];
        desk.run_with(&log_in, &format!("{first}\n"));
        desk.run(&["classes", "list"]);
        let change = ["passwd", "--password-stdin", "--new-password-stdin"];
        desk.run_with(&change, &format!("{first}\nshort\n"));
        desk.run_with(&change, &format!("wrong one\n{PASSWORD}\n"));
        desk.run_with(&change, &format!("{first}\n{PASSWORD}\n"));
        desk.run(&["classes", "list"]);
        desk.run_with(&log_in, &format!("{first}\n"));
        let both = ["--password-stdin", "--new-password-stdin"];
        desk.run_with(
            &[
                &["login", "--school", "kili", "--user", "anyango"][..],
                &both,
            ]
            .concat(),
            &format!("{second}\n{PASSWORD}\n"),
        );
        desk.run(&["classes", "list"]);
        desk.run(&["classes", "list", "--user", "anyango"]);
        insta::assert_snapshot!("a_password_that_works_once", desk.transcript());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_may_come_from_a_file_and_tokens_are_private() {
    on_each_engine(async |installation| {
        installation.school("kili").await;
        let server = Served::on(installation).await;
        let desk = Desk::at(&server.unix);
        let file = desk.home().join("password");
        std::fs::write(&file, format!("{PASSWORD}\n")).unwrap();
        let mut log_in = desk.command(&["login", "--school", "kili", "--user", "head"]);
        log_in.env("HILLVIEW_PASSWORD_FILE", &file);
        let output = tokio::task::block_in_place(|| log_in.output().unwrap());
        assert!(output.status.success(), "{output:?}");

        let folder = desk.home().join(".local/state/hillview/sessions");
        let tokens: Vec<_> = std::fs::read_dir(&folder).unwrap().collect();
        let [Ok(token)] = &tokens[..] else {
            panic!("one token is kept: {tokens:?}")
        };
        assert_eq!(
            token.metadata().unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(
            folder.metadata().unwrap().permissions().mode() & 0o777,
            0o700
        );
        assert_eq!(desk.quietly(&["logout"], "").code, Some(0));
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn status_measures_the_line() {
    on_each_engine(async |installation| {
        installation.school("kili").await;
        let server = Served::on(installation).await;
        let desk = Desk::at(&server.unix);
        desk.log_in("kili", "teacher");
        let ended = desk.quietly(&["status", "--format", "json"], "");
        let status: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
        assert_eq!(
            (status["answers"].as_bool(), status["session"].as_str()),
            (Some(true), Some("open"))
        );
        assert!(status["round_trip_ms"].is_u64(), "{status}");
        assert_eq!(
            (status["user"].as_str(), ended.code),
            (Some("teacher"), Some(0))
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_with_another_key_is_refused() {
    on_each_engine(async |installation| {
        installation.school("kili").await;
        let server = Served::on(installation).await;
        let mut desk = Desk::at(&server.tls);
        desk.log_in("kili", "teacher");
        let pins = desk.home().join(".local/state/hillview/known_servers");
        let known = std::fs::read_to_string(&pins).unwrap();
        let (server, key) = known.trim().split_once(' ').unwrap();
        desk.mask(server, "HOST");
        desk.mask(key, "KEY");
        desk.run(&["classes", "list"]);
        let other = format!("sha256:{}", "0".repeat(64));
        std::fs::write(&pins, format!("{server} {other}\n")).unwrap();
        desk.mask(&other, "OTHER");
        desk.run(&["classes", "list"]);
        desk.run(&["server", "key", "--format", "json"]);
        desk.run(&["server", "trust"]);
        desk.run(&["server", "trust", "--yes"]);
        desk.run(&["server", "trust", "--confirm", &other]);
        desk.run(&["server", "trust", "--confirm", key]);
        desk.run(&["server", "trust"]);
        desk.quietly(&["classes", "list"], "");
        insta::assert_snapshot!("a_server_with_another_key", desk.transcript());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_server_and_a_lost_session_are_told_apart() {
    on_each_engine(async |installation| {
        installation.school("kili").await;
        let server = Served::on(installation).await;
        let mut desk = Desk::at(&server.unix);
        let elsewhere = Desk::at(&server.unix);
        desk.log_in("kili", "teacher");
        elsewhere.log_in("kili", "teacher");
        let change = ["passwd", "--password-stdin", "--new-password-stdin"];
        let passwords = format!("{PASSWORD}\nanother good password\n");
        assert_eq!(elsewhere.quietly(&change, &passwords).code, Some(0));
        desk.run(&["whoami"]);
        desk.run(&["classes", "list"]);

        desk.move_to("unix:/nowhere/hillview.sock");
        let sheet = ["--class", "4A", "--subject", "MAT", "--assessment", "T1"];
        desk.run(&[&["marks", "set"][..], &sheet, &["A001=3"]].concat());
        desk.run(&["logout"]);
        desk.run(&["whoami"]);
        insta::assert_snapshot!("a_lost_server_and_a_lost_session", desk.transcript());
    })
    .await;
}
