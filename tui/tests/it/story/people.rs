//! Those who log in for the first time.

use super::{PASSWORD, expect, run_json};
use crate::desk::Desk;

/// Logs in with a password that works once, which must be changed before anything else.
pub fn first_login(desk: &Desk, school: &str, user: &str, once: &str) {
    let login = [
        "login",
        "--school",
        school,
        "--user",
        user,
        "--password-stdin",
    ];
    let early = desk.quietly(&login, once);
    assert_eq!(early.code, Some(4));
    assert!(
        early.stderr.contains("must-change-password"),
        "{}",
        early.stderr
    );
    let early = desk.quietly(&["classes", "list"], "");
    assert_eq!(early.code, Some(4));
    assert!(
        early.stderr.contains("must-change-password"),
        "{}",
        early.stderr
    );

    let changing = [&login[..], &["--new-password-stdin"]].concat();
    let changed = desk.quietly(&changing, &format!("{once}\n{PASSWORD}\n"));
    assert!(
        changed.stderr.contains("logged in as"),
        "{}",
        changed.stderr
    );
    expect(changed, 0);
    let who = run_json(desk, &["whoami"], 0);
    assert_eq!(who["username"], user);

    let elsewhere = desk.quietly(&login, once);
    assert!(
        elsewhere.stderr.contains("wrong-password"),
        "{}",
        elsewhere.stderr
    );
    expect(elsewhere, 4);
}

/// Adds somebody of the staff; gives the password that works once.
pub fn add_staff(admin: &Desk, number: &str, name: &str, username: &str, role: &str) -> String {
    let added = run_json(
        admin,
        &[
            "staff",
            "add",
            "--number",
            number,
            "--name",
            name,
            "--username",
            username,
            "--role",
            role,
        ],
        0,
    );
    added["one_time_password"].as_str().unwrap().to_owned()
}
