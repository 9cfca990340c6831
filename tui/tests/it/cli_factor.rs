//! The second factor and the tokens of scripts, through the real binary.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use hillview_server::testing::{Installation, PASSWORD, on_each_engine};

use crate::desk::Desk;
use crate::served::Served;

/// Adds a token that may read the students of 4 East; gives the file its secret is kept in.
fn token_file(desk: &Desk) -> PathBuf {
    let add = [
        "tokens",
        "add",
        "library",
        "--may",
        "students.read",
        "--class",
        "4 East",
        "--days",
        "30",
        "--reason",
        "lists",
        "--format",
        "json",
    ];
    let added = desk.quietly(&add, "");
    assert_eq!(added.code, Some(0), "{}", added.stderr);
    let added: serde_json::Value = serde_json::from_str(&added.stdout).unwrap();
    let file = desk.home().join("token");
    std::fs::write(&file, added["secret"].as_str().unwrap()).unwrap();
    file
}

/// Runs a command with the token in a file: its exit code, what it printed, and what it said.
fn run_with(script: &Desk, file: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = script.command(arguments);
    command.env("HILLVIEW_TOKEN_FILE", file);
    let output = tokio::task::block_in_place(|| command.output().unwrap());
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_works_with_a_token_until_it_is_revoked() {
    on_each_engine(async |installation| {
        installation.school("kili").await;
        let server = Served::on(installation).await;
        let desk = Desk::at(&server.unix);
        desk.log_in("kili", "head");
        let file = token_file(&desk);
        let mode = |mode| std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(&file, mode(0o644)).unwrap();

        let script = Desk::at(&server.unix);
        let run = |arguments: &[&str]| run_with(&script, &file, arguments);
        let (code, _, words) = run(&["whoami"]);
        assert_eq!(code, Some(2), "{words}");
        assert!(
            words.contains("others on this machine may read it"),
            "{words}"
        );
        std::fs::set_permissions(&file, mode(0o600)).unwrap();

        let (code, whoami, words) = run(&["whoami", "--format", "json"]);
        assert_eq!(code, Some(0), "{words}");
        let whoami: serde_json::Value = serde_json::from_str(&whoami).unwrap();
        assert_eq!(whoami["username"], "library");
        let (code, students, _) = run(&["students", "list", "--format", "csv"]);
        assert_eq!((code, students.lines().count()), (Some(0), 6), "{students}");
        let (code, _, words) = run(&["staff", "list"]);
        assert_eq!(code, Some(4), "{words}");
        let (code, _, words) = run(&["whoami", "--school", "moi"]);
        assert_eq!(code, Some(2), "{words}");
        let (code, ..) = run(&["logout"]);
        assert_eq!(code, Some(2));

        assert_eq!(desk.quietly(&["tokens", "list"], "").code, Some(0));
        let asked = desk.quietly(&["tokens", "revoke", "library"], "");
        assert_eq!(asked.code, Some(2), "nobody can be asked");
        let revoked = desk.quietly(&["tokens", "revoke", "library", "--yes"], "");
        assert_eq!(revoked.code, Some(0), "{}", revoked.stderr);
        let (code, _, words) = run(&["students", "list"]);
        assert_eq!(code, Some(4));
        assert!(words.contains("was revoked or has expired"), "{words}");
        let again = desk.quietly(&["tokens", "revoke", "library", "--yes"], "");
        assert_eq!(again.code, Some(3));
    })
    .await;
}

/// Sets a second factor up, after a wrong password and a wrong code; gives the recovery codes.
fn set_up(desk: &Desk, installation: &Installation) -> Vec<String> {
    let setup = [
        "second-factor",
        "setup",
        "--password-stdin",
        "--format",
        "json",
    ];
    let wrong = desk.quietly(&setup, "not the password\n");
    assert_eq!(wrong.code, Some(4), "{}", wrong.stderr);
    let begun = desk.quietly(&setup, &format!("{PASSWORD}\n"));
    assert_eq!(begun.code, Some(0), "{}", begun.stderr);
    let begun: serde_json::Value = serde_json::from_str(&begun.stdout).unwrap();
    let uri = begun["uri"].as_str().unwrap();
    assert!(
        uri.starts_with("otpauth://totp/Hillview:teacher@kili?"),
        "{uri}"
    );
    let confirm = [
        "second-factor",
        "confirm",
        "--code-stdin",
        "--format",
        "json",
    ];
    assert_eq!(desk.quietly(&confirm, "12345\n").code, Some(4));
    let code = code(begun["secret"].as_str().unwrap(), installation);
    let confirmed = desk.quietly(&confirm, &format!("{code}\n"));
    assert_eq!(confirmed.code, Some(0), "{}", confirmed.stderr);
    let rows: serde_json::Value = serde_json::from_str(&confirmed.stdout).unwrap();
    let rows = rows.as_array().unwrap();
    assert_eq!(rows.len(), 10);
    let codes = rows
        .iter()
        .map(|row| row["recovery_code"].as_str().unwrap().to_owned());
    codes.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_factor_is_set_up_and_asked_for() {
    on_each_engine(async |installation| {
        installation.school("kili").await;
        let server = Served::on(installation).await;
        let desk = Desk::at(&server.unix);
        desk.log_in("kili", "teacher");
        let recovery_codes = set_up(&desk, installation);

        let other = Desk::at(&server.unix);
        let log_in = [
            "login",
            "--school",
            "kili",
            "--user",
            "teacher",
            "--password-stdin",
        ];
        let needed = other.quietly(&log_in, &format!("{PASSWORD}\n"));
        assert_eq!(needed.code, Some(4));
        assert!(
            needed.stderr.contains("second-factor-needed"),
            "{}",
            needed.stderr
        );
        let with_code = [&log_in[..], &["--code-stdin"]].concat();
        let entered = other.quietly(&with_code, &format!("{PASSWORD}\n{}\n", recovery_codes[0]));
        assert_eq!(entered.code, Some(0), "{}", entered.stderr);
        let again = other.quietly(&with_code, &format!("{PASSWORD}\n{}\n", recovery_codes[0]));
        assert_eq!(again.code, Some(4));
        let drop = [
            "second-factor",
            "drop",
            "--password-stdin",
            "--code-stdin",
            "--yes",
        ];
        let dropped = other.quietly(&drop, &format!("{PASSWORD}\n{}\n", recovery_codes[1]));
        assert_eq!(dropped.code, Some(0), "{}", dropped.stderr);
        assert_eq!(
            other.quietly(&log_in, &format!("{PASSWORD}\n")).code,
            Some(0)
        );
    })
    .await;
}

/// What an authenticator shows for a secret in base32.
fn code(secret: &str, installation: &Installation) -> String {
    let digit = |c| u64::try_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(c).unwrap()).unwrap();
    let signs: Vec<char> = secret.chars().collect();
    let bytes = signs.chunks(8).flat_map(|eight| {
        let bits = eight.iter().fold(0, |bits, c| bits << 5 | digit(*c));
        bits.to_be_bytes()[3..].to_vec()
    });
    let secret: Vec<u8> = bytes.collect();
    let step = installation.state.clock.now().0 / 30_000_000;
    hillview_server::service::accounts::code_at(&secret, step)
}
