//! Assessments, sheets and marks, through the real binary.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use hillview_server::testing::{Installation, on_each_engine};
use hillview_shared::api::HillviewRequest;
use tokio::sync::Notify;

use crate::desk::Desk;
use crate::served::Served;

const SHEET: [&str; 6] = [
    "--class",
    "4 East",
    "--subject",
    "MAT",
    "--assessment",
    "T3-MID",
];

fn with<'a>(first: &[&'a str], last: &[&'a str]) -> Vec<&'a str> {
    [first, &SHEET, last].concat()
}

/// A school with an assessment that is open, whatever the day is.
async fn open(installation: &Installation, server: &Served) -> Desk {
    installation.school("kili").await;
    let desk = Desk::at(&server.unix);
    desk.log_in("kili", "head");
    for command in [
        &[
            "assessments",
            "add",
            "T3-MID",
            "Mid-Term",
            "--term",
            "T3",
            "--out-of",
            "50",
            "--opens",
            "2026-01-01",
            "--closes",
            "2099-12-31",
            "--grades",
            "4",
        ][..],
        &["assessments", "open", "T3-MID"],
    ] {
        let ended = desk.quietly(command, "");
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    }
    desk
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assessment_goes_from_draft_to_locked() {
    on_each_engine(async |installation| {
        installation.school("kili").await;
        let server = Served::on(installation).await;
        let mut desk = Desk::at(&server.unix);
        desk.log_in("kili", "head");
        let add = [
            "assessments",
            "add",
            "T3-MID",
            "Mid-Term",
            "--term",
            "T3",
            "--grades",
            "4",
        ];
        desk.run(&[&add[..], &["--out-of", "50.555"]].concat());
        desk.run(&[&add[..], &["--out-of", "50"]].concat());
        desk.run(&add);
        desk.run(&["assessments", "open", "t3-mid"]);
        desk.run(&["assessments", "open", "T9"]);
        desk.run(&[
            "sheets",
            "list",
            "--assessment",
            "T3-MID",
            "--class",
            "4 East",
            "--format",
            "csv",
        ]);
        desk.run(&["marks", "progress", "--assessment", "T9"]);
        desk.run(&["assessments", "lock", "T3-MID"]);
        desk.run(&["assessments", "lock", "T3-MID", "--yes"]);
        desk.run(&["assessments", "list", "--format", "json"]);
        insta::assert_snapshot!("an_assessment_goes_from_draft_to_locked", desk.transcript());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn marks_are_entered_shown_and_remembered() {
    on_each_engine(async |installation| {
        let server = Served::on(installation).await;
        let mut desk = open(installation, &server).await;
        desk.run(&with(
            &["marks", "set"],
            &["A001=45", "A002=AB", "A003=17/20"],
        ));
        desk.run(&with(
            &["marks", "set"],
            &["A001=51", "A004=7.5", "X1=3", "A005=?"],
        ));
        desk.run(&with(&["marks", "set"], &["A001=51"]));
        desk.run_with(
            &with(&["marks", "set"], &["-"]),
            "A001\t44.5\nA002 EX\n\nA003=\n",
        );
        desk.run(&with(&["marks", "show"], &[]));
        desk.run(&with(&["marks", "show"], &["--format", "json"]));
        desk.run(&with(&["marks", "show"], &["--format", "csv"]));
        desk.run(&with(&["marks", "history"], &["--student", "A001"]));
        desk.run(&with(&["marks", "history"], &["--format", "csv"]));
        desk.run(&[
            "marks",
            "show",
            "--class",
            "4 East",
            "--subject",
            "Latin",
            "--assessment",
            "T3-MID",
        ]);
        insta::assert_snapshot!("marks_are_entered", desk.transcript());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_elses_mark_is_not_overwritten_unseen() {
    on_each_engine(async |installation| {
        let server = Served::on(installation).await;
        let mut desk = open(installation, &server).await;
        let colleague = Desk::at(&server.unix);
        colleague.log_in("kili", "classteacher");
        let mark = colleague.command(&with(&["marks", "set"], &["A001=9"]));
        let mark = Mutex::new(Some(mark));
        // Before the first save is worked on, another hand saves that mark.
        let faster = move |request: &HillviewRequest| {
            let saves = matches!(request, HillviewRequest::SaveMarks { .. });
            let mark = if saves {
                mark.lock().unwrap().take()
            } else {
                None
            };
            async move {
                let Some(mut mark) = mark else { return };
                let saved = tokio::task::spawn_blocking(move || mark.output())
                    .await
                    .unwrap();
                assert!(saved.unwrap().status.success());
            }
        };
        let hooked = Served::hooked(installation, faster).await;
        desk.move_to(&hooked.unix);
        desk.run(&with(
            &["marks", "set"],
            &["A001=45", "A002=30", "--format", "json"],
        ));
        insta::assert_snapshot!("somebody_elses_mark", desk.transcript());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_asked_for_again_and_nothing_is_doubled() {
    on_each_engine(async |installation| {
        let server = Served::on(installation).await;
        let mut desk = open(installation, &server).await;
        let cut = Arc::new(Notify::new());
        let (first, cutting) = (Arc::new(AtomicBool::new(true)), cut.clone());
        let server = Served::hooked(installation, move |request: &HillviewRequest| {
            let saves = matches!(request, HillviewRequest::SaveMarks { .. });
            if saves && first.swap(false, Ordering::Relaxed) {
                cutting.notify_one();
            }
            std::future::ready(())
        })
        .await;
        let relay = server.relay(cut).await;
        desk.move_to(&relay);
        desk.run(&with(&["marks", "set"], &["A001=45"]));
        desk.run(&with(&["marks", "history"], &["--format", "csv"]));
        insta::assert_snapshot!("a_lost_answer", desk.transcript());
    })
    .await;
}
