//! What is shown as queued survives the program, the line, the server and a full disk.

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hillview::msg::{Pending, PendingState};
use hillview::outbox::stored;
use hillview_server::testing::{Engine, Installation, Served, on_each_engine};
use portable_pty::CommandBuilder;
use rustix::process::Signal;
use tokio::task::block_in_place;

use crate::desk::Desk;
use crate::harness::{CTRL_Q, ENTER, Pty};
use crate::pty::{at_the_sheet, desk, type_marks};
use crate::ready::{Ready, SCHOOL};

/// Where the program keeps its state in a home folder.
fn state(desk: &Desk) -> PathBuf {
    desk.home().join(".local/state/hillview")
}

/// How many edits the journals of a desk hold.
fn on_disk(desk: &Desk) -> usize {
    let journals = stored(&state(desk)).unwrap();
    journals.iter().map(|journal| journal.pending.len()).sum()
}

fn journal(desk: &Desk) -> PathBuf {
    let entries = fs::read_dir(state(desk).join("outbox")).unwrap();
    let mut paths = entries.map(|entry| entry.unwrap().path());
    let is_journal = |path: &PathBuf| path.extension().is_some_and(|end| end == "journal");
    paths.find(is_journal).unwrap()
}

/// The program at its sheet with a server that has just stopped.
async fn without_a_server(installation: &Installation) -> (Ready<'_>, Desk, Pty) {
    let ready = Ready::make(installation).await;
    let served = installation.serve().await;
    let desk = desk(&served);
    desk.log_in(SCHOOL, "teacher");
    let mut pty = block_in_place(|| at_the_sheet(&desk));
    served.stop().await;
    block_in_place(|| pty.wait_for("offline since"));
    (ready, desk, pty)
}

/// Waits until the sheet is as it was typed.
async fn wait_for_scores(ready: &Ready<'_>, pty: &mut Pty, scores: &[Option<i32>]) {
    block_in_place(|| pty.wait("all is saved", |screen| !screen.contains("queued")));
    assert_eq!(ready.scores().await[..scores.len()], *scores);
}

async fn stop(served: Served, mut pty: Pty) {
    block_in_place(|| {
        pty.press(CTRL_Q);
        assert!(pty.ended().success());
    });
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn marks_typed_without_a_server_are_saved_when_it_is_back() {
    on_each_engine(async |installation| {
        let (ready, desk, mut pty) = without_a_server(installation).await;
        block_in_place(|| {
            type_marks(&mut pty, [41, 42, 43]);
            pty.wait_for("3 queued");
            assert_eq!(on_disk(&desk), 3);
        });
        let served = installation.serve().await;
        wait_for_scores(&ready, &mut pty, &[Some(41), Some(42), Some(43), None]).await;
        block_in_place(|| {
            pty.wait("three marks are saved", |screen| {
                screen.matches("saved").count() == 3
            })
        });
        assert_eq!(ready.history().await.len(), 3);
        stop(served, pty).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn marks_queued_when_the_program_is_killed_are_sent_by_the_next_one() {
    on_each_engine(async |installation| {
        let (ready, desk, mut pty) = without_a_server(installation).await;
        block_in_place(|| {
            type_marks(&mut pty, [41, 42, 43, 44]);
            pty.wait_for("4 queued");
            pty.signal(Signal::KILL);
            pty.ended();
        });
        let served = installation.serve().await;
        let mut pty = block_in_place(|| at_the_sheet(&desk));
        let scores = [Some(41), Some(42), Some(43), Some(44), None];
        wait_for_scores(&ready, &mut pty, &scores).await;
        assert_eq!(on_disk(&desk), 0);
        assert_eq!(ready.history().await.len(), 4);
        stop(served, pty).await;
    })
    .await;
}

/// The numbers of the rows that are shown as queued.
fn queued_rows(screen: &str) -> BTreeSet<usize> {
    // Not the line below the grid, which counts them.
    let of_rows = |line: &&str| line.trim_end().ends_with("queued");
    let lines = screen.lines().filter(of_rows);
    let number = |line: &str| {
        line.trim_start_matches(['>', ' '])
            .split(' ')
            .next()?
            .parse()
            .ok()
    };
    lines.filter_map(number).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_was_shown_as_queued_is_on_the_disk_when_the_program_is_killed() {
    for round in 1..=4 {
        // A school of its own each time: a mark that is there already is not queued again.
        let installation = Installation::new(Engine::Sqlite).await;
        let (ready, desk, mut pty) = without_a_server(&installation).await;
        let kept = block_in_place(|| {
            type_marks(&mut pty, 21..21 + round);
            pty.wait("some are queued", |screen| !queued_rows(screen).is_empty());
            // The kill comes somewhere in the writing of these.
            type_marks(&mut pty, 21 + round..27);
            pty.signal(Signal::KILL);
            pty.ended();
            let shown = queued_rows(&pty.screen());
            let kept = kept_rows(&desk);
            assert!(kept.is_superset(&shown), "shown {shown:?}, kept {kept:?}");
            kept
        });
        let served = installation.serve().await;
        let pty = block_in_place(|| at_the_sheet(&desk));
        let sent = async {
            let is_saved = |scores: &[Option<i32>], row: usize| {
                scores[row - 1].is_some_and(|mark| usize::try_from(mark).unwrap() == 20 + row)
            };
            loop {
                let scores = ready.scores().await;
                if kept.iter().all(|row| is_saved(&scores, *row)) {
                    break;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), sent)
            .await
            .unwrap();
        drop(pty);
        served.stop().await;
        installation.remove().await;
    }
}

/// The rows of which a journal holds an edit, when row n was given the mark 20 + n.
fn kept_rows(desk: &Desk) -> BTreeSet<usize> {
    let journals = stored(&state(desk)).unwrap();
    let pending = journals.iter().flat_map(|journal| &journal.pending);
    let row = |pending: &Pending| {
        assert_eq!(pending.state, PendingState::Queued);
        let mark = pending.entry.score().unwrap().hundredths() / 100;
        usize::try_from(mark - 20).unwrap()
    };
    pending.map(row).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_journal_is_said_and_its_whole_records_are_sent() {
    on_each_engine(async |installation| {
        let (ready, desk, mut pty) = without_a_server(installation).await;
        block_in_place(|| {
            type_marks(&mut pty, [41, 42]);
            pty.wait_for("2 queued");
            pty.signal(Signal::KILL);
            pty.ended();
            let mut torn = OpenOptions::new()
                .append(true)
                .open(journal(&desk))
                .unwrap();
            torn.write_all(b"\x60\0\0\0 half of a record").unwrap();
        });
        let served = installation.serve().await;
        let mut pty = block_in_place(|| {
            let mut pty = Pty::start(desk.in_a_terminal(&[]));
            pty.wait_for("the outbox was damaged");
            pty
        });
        wait_for_scores(&ready, &mut pty, &[Some(41), Some(42), None]).await;
        let aside = journal(&desk).with_extension("damaged-1");
        assert_eq!(fs::read(aside).unwrap(), b"\x60\0\0\0 half of a record");
        block_in_place(|| {
            pty.press(CTRL_Q);
            assert!(pty.ended().success());
            assert!(
                pty.screen().contains("the outbox was damaged"),
                "{}",
                pty.screen()
            );
        });
        served.stop().await;
    })
    .await;
}

/// The program where no file may grow beyond so many kilobytes, as on a disk that is full then.
fn on_a_small_disk(desk: &Desk, kilobytes: u32) -> CommandBuilder {
    let mut command = desk.in_a_terminal(&[]);
    let program = command.get_argv()[0].clone();
    let script = format!("trap '' XFSZ; ulimit -f {kilobytes}; exec \"$0\"");
    *command.get_argv_mut() = ["bash", "-c", &script].map(Into::into).to_vec();
    command.arg(program);
    command.env("PATH", std::env::var_os("PATH").unwrap());
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_said_at_the_mark_and_nothing_before_it_is_lost() {
    on_each_engine(async |installation| {
        let ready = Ready::make(installation).await;
        let served = installation.serve().await;
        let desk = desk(&served);
        desk.log_in(SCHOOL, "teacher");
        let mut pty = block_in_place(|| {
            let mut pty = Pty::start(on_a_small_disk(&desk, 2));
            pty.wait_for("English");
            pty.press(ENTER);
            pty.wait_for("A001");
            pty
        });
        served.stop().await;
        let kept = block_in_place(|| {
            pty.wait_for("offline since");
            for mark in 21.. {
                type_marks(&mut pty, [mark]);
                let row = usize::try_from(mark - 20).unwrap();
                let state = |screen: &str| screen.lines().nth(row + 1).map(str::to_owned);
                pty.wait("its state", |screen| {
                    state(screen)
                        .is_some_and(|line| line.contains("queued") || line.contains("not kept"))
                });
                if pty.screen().contains("not kept") {
                    break;
                }
            }
            let kept = queued_rows(&pty.screen()).len();
            assert!((3..15).contains(&kept), "{}", pty.screen());
            assert_eq!(on_disk(&desk), kept);
            pty.signal(Signal::KILL);
            pty.ended();
            kept
        });
        let served = installation.serve().await;
        let mut pty = block_in_place(|| at_the_sheet(&desk));
        let mut scores: Vec<Option<i32>> = (21..).take(kept).map(Some).collect();
        scores.push(None);
        wait_for_scores(&ready, &mut pty, &scores).await;
        assert!(!Path::new(&journal(&desk).with_extension("damaged-1")).exists());
        stop(served, pty).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_programs_of_one_user_lose_nothing_of_each_other() {
    on_each_engine(async |installation| {
        let (ready, desk, mut one) = without_a_server(installation).await;
        let served = installation.serve().await;
        let mut two = block_in_place(|| at_the_sheet(&desk));
        served.stop().await;
        block_in_place(|| {
            one.wait_for("offline since");
            two.wait_for("offline since");
            type_marks(&mut one, [41]);
            one.wait_for("1 queued");
            two.press("\x1b[B");
            type_marks(&mut two, [52, 53]);
            two.wait_for("2 queued");
            two.signal(Signal::KILL);
            two.ended();
            assert_eq!(on_disk(&desk), 3);
        });
        let served = installation.serve().await;
        wait_for_scores(&ready, &mut one, &[Some(41), Some(52), Some(53), None]).await;
        stop(served, one).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_lists_exports_sends_and_gives_up_what_waits() {
    on_each_engine(async |installation| {
        let (ready, desk, mut pty) = without_a_server(installation).await;
        let run = |arguments: &[&str]| {
            let ended = desk.quietly(arguments, "");
            assert_eq!(ended.code, Some(0), "{arguments:?}: {}", ended.stderr);
            ended.stdout
        };
        block_in_place(|| {
            type_marks(&mut pty, [41, 42, 43]);
            pty.wait_for("3 queued");
        });
        let listed: serde_json::Value =
            serde_json::from_str(&run(&["outbox", "list", "--format", "json"])).unwrap();
        let first = &listed[0];
        assert_eq!(listed.as_array().unwrap().len(), 3);
        assert_eq!(
            (&first["mark"], &first["state"]),
            (&"41".into(), &"queued".into())
        );
        assert_eq!(
            first["what"],
            "4 East English END: A001 Achieng Mary Atieno"
        );
        let file = desk.home().join("waiting.csv");
        run(&["outbox", "export", "--out", "waiting.csv"]);
        assert_eq!(fs::read_to_string(&file).unwrap().lines().count(), 4);

        // The program that runs holds its journal: nothing is taken from under it.
        let edit = first["edit"].as_str().unwrap();
        let ended = desk.quietly(&["outbox", "drop", edit, "--yes"], "");
        assert_eq!(ended.code, Some(8), "{}", ended.stderr);
        assert!(
            ended.stderr.contains("0 of 1 marks are given up"),
            "{}",
            ended.stderr
        );
        block_in_place(|| {
            pty.signal(Signal::KILL);
            pty.ended();
        });
        assert_eq!(desk.quietly(&["outbox", "drop", edit], "").code, Some(2));
        run(&["outbox", "drop", edit, "--yes"]);
        assert_eq!(
            desk.quietly(&["outbox", "drop", edit, "--yes"], "").code,
            Some(3)
        );
        assert_eq!(desk.quietly(&["outbox", "retry"], "").code, Some(7));
        assert_eq!(on_disk(&desk), 2);

        let served = installation.serve().await;
        run(&["outbox", "retry"]);
        assert_eq!(run(&["outbox", "list", "--format", "json"]).trim(), "[]");
        assert_eq!(ready.scores().await[..4], [None, Some(42), Some(43), None]);
        served.stop().await;
    })
    .await;
}
