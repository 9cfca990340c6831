//! Roles, grants and requests, through the real binary.

use hillview_server::testing::on_each_engine;

use crate::desk::Desk;
use crate::served::Served;

#[tokio::test(flavor = "multi_thread")]
async fn roles_and_grants() {
    on_each_engine(async |installation| {
        installation.school("kili").await;
        let server = Served::on(installation).await;
        let mut desk = Desk::at(&server.unix);
        desk.log_in("kili", "teacher");
        let request =
            "grants request marks.enter --class 4west --subject Maths --days 3 --reason ill";
        desk.run(&request.split(' ').collect::<Vec<_>>());
        for line in [
            "grants requests --format csv",
            "grants approve 1",
            "roles list",
            "grants give registrar marks.read --whole-school --days 1 --reason census",
        ] {
            desk.run(&line.split(' ').collect::<Vec<_>>());
        }
        desk.log_in("kili", "head");
        for line in [
            "roles list",
            "roles save exams-office --permission marks.read --permission students.read",
            "roles save exams-office --take marks.read --second-factor on --yes",
            "roles save exams-office --give marks.reed",
            "roles show exams-office --format json",
            "roles show nothing",
            "roles drop exams-office",
            "roles drop exams-office --yes",
            "grants approve 1",
            "grants give registrar marks.read --whole-school --no-end --reason census",
            "grants give registrar marks.read --grade 4 --class 4east --days 1 --reason census",
            "grants give registrar marks.read --days 1 --reason census",
            "grants give nobody marks.read --class 4east --days 1 --reason census",
            "grants give registrar marks.read --class 4east --days 2 --reason census",
            "grants list --ending-soon --to teacher --format csv",
            "grants extend 1 --days 7",
            "grants revoke 1",
            "grants revoke 1 --yes",
            "grants list",
        ] {
            let line = format!("{line} --user head");
            desk.run(&line.split(' ').collect::<Vec<_>>());
        }
        insta::assert_snapshot!("roles_and_grants", desk.transcript());
    })
    .await;
}
