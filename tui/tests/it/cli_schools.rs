//! Schools looked after by a platform administrator, through the real binary.

use hillview_server::service::schools::platform_admin;
use hillview_server::testing::{Installation, PASSWORD, on_each_engine};

use crate::desk::Desk;
use crate::served::Served;

/// The desk of a platform administrator who has chosen a password.
async fn platform_desk(installation: &Installation, server: &Served) -> Desk {
    let one_time = platform_admin(&installation.state, "asha").await.unwrap();
    let desk = Desk::at(&server.unix);
    let log_in = [
        "login",
        "--school",
        "platform",
        "--user",
        "asha",
        "--password-stdin",
    ];
    desk.quietly(&log_in, &one_time);
    let change = ["passwd", "--password-stdin", "--new-password-stdin"];
    let changed = desk.quietly(&change, &format!("{one_time}\n{PASSWORD}\n"));
    assert_eq!(changed.code, Some(0), "{}", changed.stderr);
    desk
}

#[tokio::test(flavor = "multi_thread")]
async fn schools_are_looked_after_from_the_command_line() {
    on_each_engine(async |installation| {
        installation.school("kili").await;
        let server = Served::on(installation).await;
        let mut desk = platform_desk(installation, &server).await;
        let today = chrono::Utc::now().format("%Y-%m-%d").to_string();
        desk.mask(&today, "TODAY");
        let added = [
            "schools",
            "add",
            "kisumu",
            "Kisumu Girls'",
            "--admin",
            "head",
        ];
        let added = desk.quietly(&[&added[..], &["--format", "json"]].concat(), "");
        assert!(
            added.stdout.contains("\"one_time_password\": \""),
            "{}",
            added.stdout
        );
        desk.run(&["schools", "add", "kisumu", "Another", "--admin", "head"]);
        desk.run(&["schools", "list"]);
        desk.run(&["schools", "rename", "kisumu", "Kisumu Girls' High"]);
        desk.run(&["schools", "suspend", "kisumu"]);
        desk.run(&["schools", "suspend", "kisumu", "--yes", "--format", "csv"]);
        let exported = desk.quietly(&["schools", "export", "kisumu", "--format", "json"], "");
        assert!(
            exported.stdout.contains("\"file\": \"kisumu-"),
            "{}",
            exported.stdout
        );
        desk.run(&["schools", "remove", "kisumu"]);
        desk.run(&["schools", "remove", "kisumu", "--confirm", "kisumu"]);
        desk.run(&[
            "schools",
            "remove",
            "kisumu",
            "--confirm",
            "Kisumu Girls' High",
        ]);
        desk.run(&["schools", "remove", "platform", "--confirm", "Platform"]);
        desk.run(&["schools", "list", "--format", "json"]);
        desk.run(&["students", "list"]);
        desk.run(&["whoami"]);

        let head = Desk::at(&server.unix);
        head.log_in("kili", "head");
        let refused = head.quietly(&["schools", "list"], "");
        assert_eq!(refused.code, Some(4), "{}", refused.stderr);
        insta::assert_snapshot!("schools", desk.transcript());
    })
    .await;
}
