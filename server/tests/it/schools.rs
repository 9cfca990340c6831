//! Making schools, listing them, shutting them.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use hillview_server::Error;
use hillview_server::db::{Db, schools as rows};
use hillview_server::service::accounts;
use hillview_server::service::schools::{self, NewSchool};
use hillview_server::testing::{on_each_engine, peer};
use hillview_shared::accounts::{LogIn, Role};
use tokio::process::Command;

fn new<'a>(code: &'a str, admin: &'a str) -> NewSchool<'a> {
    NewSchool {
        code,
        name: "Kilimani Primary",
        pack: "ke-cbe",
        admin,
    }
}

fn log_in(user: &str, password: &str) -> LogIn {
    LogIn {
        school: "kilimani".to_owned(),
        user: user.to_owned(),
        password: password.to_owned(),
        code: None,
        device: None,
    }
}

fn code(error: Error) -> String {
    match error {
        Error::Refused(told) => told.code,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_school_is_ready_for_its_first_login() {
    on_each_engine(async |it| {
        let password = schools::create(&it.state, &new("kilimani", "Admin"))
            .await
            .unwrap();
        let (logged_in, _) = accounts::log_in(&it.state, &peer(), log_in("admin", &password))
            .await
            .unwrap();
        assert!(logged_in.who.must_change_password);
        assert_eq!(logged_in.who.roles, [Role::Registrar, Role::SchoolAdmin]);
        let again = schools::create(&it.state, &new("kilimani", "admin")).await;
        assert_eq!(code(again.unwrap_err()), "school-exists");
        let all = it.state.tenants.all().await.unwrap();
        assert_eq!(all.len(), 1);
        assert_eq!(
            (all[0].code.as_str(), all[0].state.as_str()),
            ("kilimani", "open")
        );
    })
    .await;
}

#[tokio::test]
async fn what_was_cut_short_is_finished_by_the_same_command() {
    on_each_engine(async |it| {
        let first = schools::create(&it.state, &new("kilimani", "admin"))
            .await
            .unwrap();
        // As if the kill had fallen just before the school was opened and the password shown.
        let control = it.state.tenants.control();
        control
            .write(async |tx| Ok(rows::set_state(tx, "kilimani", "making").await?))
            .await
            .unwrap();
        let other = it.another().await;
        assert_eq!(
            code(
                other
                    .tenants
                    .school("kilimani")
                    .await
                    .map(|_| ())
                    .unwrap_err()
            ),
            "not-found"
        );
        let second = schools::create(&other, &new("kilimani", "admin"))
            .await
            .unwrap();
        assert!(
            accounts::log_in(&other, &peer(), log_in("admin", &second))
                .await
                .is_ok()
        );
        let old = accounts::log_in(&other, &peer(), log_in("admin", &first)).await;
        assert_eq!(code(old.map(|_| ()).unwrap_err()), "wrong-password");
        other.tenants.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_bad_name_makes_nothing() {
    on_each_engine(async |it| {
        for (school, expected) in [
            (new("Kili", "admin"), "bad-code"),
            (new("../x", "admin"), "bad-code"),
            (new("platform", "admin"), "code-reserved"),
            (new("kilimani", "a b"), "bad-username"),
            (
                NewSchool {
                    name: "Kili\u{1b}[2J",
                    ..new("kilimani", "admin")
                },
                "hidden-character",
            ),
            (
                NewSchool {
                    pack: "xx",
                    ..new("kilimani", "admin")
                },
                "unknown-pack",
            ),
        ] {
            assert_eq!(
                code(schools::create(&it.state, &school).await.unwrap_err()),
                expected
            );
        }
        assert_eq!(it.state.tenants.all().await.unwrap(), []);
    })
    .await;
}

/// `school create` as a process, killed after a moment unless it is done before; whether it was
/// done, and what it said.
async fn create_in_a_process(settings: &Path, moment: Duration) -> (bool, std::process::Output) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_hillview-server"))
        .args(["school", "create", "kilimani", "--name", "Kilimani Primary"])
        .args(["--admin", "admin", "--config"])
        .arg(settings)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let done = tokio::time::timeout(moment, child.wait()).await.is_ok();
    if !done {
        child.start_kill().unwrap();
    }
    (done, child.wait_with_output().await.unwrap())
}

/// Wherever a kill falls, also within a migration, the same command ends with a whole school and
/// a password that was said.
#[tokio::test]
async fn a_killed_command_leaves_nothing_that_the_next_cannot_finish() {
    on_each_engine(async |it| {
        let settings = it.settings_file();
        let mut moment = Duration::from_millis(20);
        let mut password = String::new();
        loop {
            let (done, output) = create_in_a_process(&settings, moment).await;
            let said = String::from_utf8(output.stdout).unwrap();
            if let Some(last) = said.lines().nth(1) {
                last.clone_into(&mut password);
            }
            let complaint = String::from_utf8(output.stderr).unwrap();
            // Killed between the last step and its end, it had said the password already.
            let was_done = complaint.contains("there is a school kilimani already");
            assert!(!done || output.status.success() || was_done, "{complaint}");
            if done {
                break;
            }
            moment = moment * 3 / 2;
        }
        let (logged_in, _) = accounts::log_in(&it.state, &peer(), log_in("admin", &password))
            .await
            .unwrap();
        assert_eq!(logged_in.who.roles, [Role::Registrar, Role::SchoolAdmin]);

        schools::create(&it.state, &new("whole", "admin"))
            .await
            .unwrap();
        let killed = it.state.tenants.school("kilimani").await.unwrap().db;
        let whole = it.state.tenants.school("whole").await.unwrap().db;
        assert_eq!(counts(&killed).await, counts(&whole).await);
    })
    .await;
}

/// How many rows each table of the pack has.
async fn counts(db: &Db) -> Vec<i64> {
    let mut counts = Vec::new();
    for table in [
        "select count(*) from user",
        "select count(*) from role_permission",
        "select count(*) from band",
        "select count(*) from grade",
        "select count(*) from paper",
        "select count(*) from term",
    ] {
        counts.push(db.query(table).scalar().await.unwrap());
    }
    assert!(counts.iter().all(|count| *count > 0), "{counts:?}");
    counts
}
