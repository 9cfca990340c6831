//! The real program in a real terminal against a real server: the main job, and how it costs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hillview_server::testing::{Installation, PASSWORD, Served, on_each_engine};
use hillview_shared::api::HillviewRequest;
use tokio::io::copy_bidirectional;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Notify;
use tokio::task::block_in_place;

use crate::desk::Desk;
use crate::harness::{CTRL_Q, ENTER, ESC, Pty};
use crate::ready::{Ready, SCHOOL};

/// A desk at which nobody has logged in.
pub fn desk(served: &Served) -> Desk {
    Desk::at(format!("unix:{}", served.socket.display()))
}

/// The program at the sheet of the teacher of English.
pub fn at_the_sheet(desk: &Desk) -> Pty {
    let mut pty = Pty::start(desk.in_a_terminal(&[]));
    open_sheet(&mut pty);
    pty
}

pub fn open_sheet(pty: &mut Pty) {
    pty.wait_for("English");
    pty.press(ENTER);
    pty.wait_for("A001");
}

/// Types marks, one after the other.
pub fn type_marks(pty: &mut Pty, marks: impl IntoIterator<Item = i32>) {
    for mark in marks {
        pty.press(&format!("{mark}"));
        pty.press(ENTER);
    }
}

/// A school, a server and a desk of its teacher who is logged in.
async fn start(installation: &Installation) -> (Ready<'_>, Served, Desk) {
    let ready = Ready::make(installation).await;
    let served = installation.serve().await;
    let desk = desk(&served);
    desk.log_in(SCHOOL, "teacher");
    (ready, served, desk)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newcomer_logs_in_and_must_choose_a_password() {
    on_each_engine(async |installation| {
        let ready = Ready::make(installation).await;
        let first = ready.newcomer().await;
        let served = installation.serve().await;
        block_in_place(|| {
            let desk = desk(&served);
            let mut pty = Pty::start(desk.in_a_terminal(&[]));
            pty.wait_for("School");
            for text in [SCHOOL, "newcomer"] {
                pty.press(text);
                pty.wait_for(text);
                pty.press(ENTER);
            }
            pty.press("wrong, not it");
            pty.press(ENTER);
            pty.wait_for("the password is wrong");
            pty.press(&first);
            pty.press(ENTER);
            pty.wait_for("New password");
            for text in ["a password of mine", "a password of mine"] {
                pty.press(text);
                pty.press(ENTER);
                pty.settle();
            }
            pty.wait_for("Mathematics");
            assert!(!pty.screen().contains("password of mine"));
            pty.press(CTRL_Q);
            assert!(pty.ended().success());
            // The session is kept: nobody is asked again.
            let mut pty = Pty::start(desk.in_a_terminal(&[]));
            pty.wait_for("Mathematics");
        });
        served.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_typed_before_the_line_is_up_waits_for_it() {
    on_each_engine(async |installation| {
        Ready::make(installation).await;
        let served = installation.serve().await;
        let slow = installation.folder().join("slow.sock");
        let listener = UnixListener::bind(&slow).unwrap();
        let desk = Desk::at(format!("unix:{}", slow.display()));
        let mut pty = Pty::start(desk.in_a_terminal(&[]));
        block_in_place(|| {
            pty.wait_for("School");
            for text in [SCHOOL, "teacher"] {
                pty.press(text);
                pty.wait_for(text);
                pty.press(ENTER);
            }
            pty.press(PASSWORD);
            pty.press(ENTER);
            pty.wait_for("asking the server");
        });
        // Only now does anybody answer.
        let server = served.socket.clone();
        tokio::spawn(async move {
            let (mut near, _) = listener.accept().await.unwrap();
            let mut far = UnixStream::connect(server).await.unwrap();
            // It ends when the test does.
            let _ = copy_bidirectional(&mut near, &mut far).await;
        });
        block_in_place(|| pty.wait_for("English"));
        drop(pty);
        served.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn forty_marks_are_typed_and_saved_within_the_bytes_of_a_slow_line() {
    on_each_engine(async |installation| {
        let (ready, served, desk) = start(installation).await;
        block_in_place(|| {
            let mut pty = Pty::start(desk.in_a_terminal(&[]));
            pty.wait_for("English");
            let first = pty.settle();
            assert!(first <= 3_000, "first paint: {first}");
            open_sheet(&mut pty);
            let sheet = pty.settle();
            assert!(sheet <= 3_000, "a sheet: {sheet}");
            for number in 1..=40 {
                type_marks(&mut pty, [20 + number]);
                let counted = format!(" {number} of 40");
                pty.wait("the mark is saved", |screen| {
                    let entered = screen.contains(&counted) || screen.contains("the last row");
                    entered && !screen.contains("queued")
                });
            }
            let forty = pty.settle();
            assert!(forty <= 14_000, "forty marks: {forty}");
            pty.quiet_for(Duration::from_secs(3));
            assert_eq!(pty.count(), 0, "bytes of an idle screen");
            pty.press(CTRL_Q);
            assert!(pty.ended().success());
        });
        let typed: Vec<Option<i32>> = (21..=60).map(Some).collect();
        assert_eq!(ready.scores().await, typed);
        let history = ready.history().await;
        assert_eq!(history.len(), 40);
        assert!(history.iter().all(|change| change.source == "tui"));
        served.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mark_over_the_sheets_is_refused_with_its_reason_and_does_not_move_on() {
    on_each_engine(async |installation| {
        let (ready, served, desk) = start(installation).await;
        block_in_place(|| {
            let mut pty = at_the_sheet(&desk);
            type_marks(&mut pty, [61]);
            pty.wait_for("61 is over 60");
            pty.press("\x7f\x7f52");
            pty.press(ENTER);
            pty.press("a");
            pty.press("e");
            pty.wait_for(" 3 of 40");
            pty.wait_gone("sending");
            pty.press(CTRL_Q);
            assert!(pty.ended().success());
        });
        let sheet = ready.sheet().await;
        let entries: Vec<String> = sheet.rows[..4]
            .iter()
            .map(|row| row.entry.to_string())
            .collect();
        assert_eq!(entries, ["52", "AB", "EX", ""]);
        served.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_student_is_found_by_name_and_a_resize_keeps_what_is_typed() {
    on_each_engine(async |installation| {
        let (_, served, desk) = start(installation).await;
        block_in_place(|| {
            let mut pty = Pty::start(desk.in_a_terminal(&[]));
            pty.wait_for("English");
            pty.press("/");
            pty.press("wanjiku");
            pty.press(ENTER);
            pty.wait_for("Wanjikũ Jane");
            pty.wait_gone("Achieng");
            pty.press(ESC);
            pty.wait_for("My sheets");
            open_sheet(&mut pty);
            pty.press("4");
            pty.wait_for("BE2");
            pty.resize(60, 20);
            pty.settle();
            pty.press("7");
            pty.wait_for("47");
            pty.resize(40, 10);
            pty.wait("words about the size", |screen| screen.contains("60"));
            pty.resize(120, 40);
            pty.wait_for("47  EE2");
            pty.press(ENTER);
            pty.wait_for(" 1 of 40");
            pty.wait_for("saved");
            // The whole class fits now.
            pty.wait_for("A042");
        });
        served.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_password_elsewhere_asks_for_it_in_place() {
    on_each_engine(async |installation| {
        let (ready, served, desk) = start(installation).await;
        block_in_place(|| {
            let mut pty = at_the_sheet(&desk);
            type_marks(&mut pty, [50]);
            pty.wait_for("saved");
            change_the_password_elsewhere(&served);
            type_marks(&mut pty, [51]);
            pty.wait_for("log in again");
            pty.press("another horse battery");
            pty.press(ENTER);
            pty.wait_for(" 2 of 40");
            pty.wait("the mark typed before is saved", |screen| {
                screen.matches("saved").count() == 2
            });
        });
        assert_eq!(ready.scores().await[..2], [Some(50), Some(51)]);
        served.stop().await;
    })
    .await;
}

/// An administrator ends the session while a mark is half typed.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_ended_from_elsewhere_in_mid_typing_loses_nothing() {
    on_each_engine(async |installation| {
        let (ready, served, teacher) = start(installation).await;
        block_in_place(|| {
            let mut pty = at_the_sheet(&teacher);
            type_marks(&mut pty, [50]);
            pty.wait_for("saved");
            pty.press("5");
            pty.wait("the digit is in its cell", |screen| {
                screen.contains("  5  ")
            });
            let office = desk(&served);
            office.log_in(SCHOOL, "admin");
            let of_teacher = ["sessions", "list", "--of", "teacher", "--format", "json"];
            let listed = office.quietly(&of_teacher, "");
            let rows: Vec<serde_json::Value> = serde_json::from_str(&listed.stdout).unwrap();
            for row in rows {
                let id = row["id"].to_string();
                let ended = office.quietly(&["sessions", "end", &id, "--yes"], "");
                assert_eq!(ended.code, Some(0), "{}", ended.stderr);
            }
            pty.press("1");
            pty.press(ENTER);
            pty.wait_for("log in again");
            pty.press(PASSWORD);
            pty.press(ENTER);
            pty.wait_for(" 2 of 40");
            type_marks(&mut pty, [52]);
            pty.wait("every mark is saved", |screen| {
                screen.matches("saved").count() == 3
            });
        });
        assert_eq!(ready.scores().await[..3], [Some(50), Some(51), Some(52)]);
        served.stop().await;
    })
    .await;
}

/// Changes the teacher's password at another desk, which ends all other sessions.
fn change_the_password_elsewhere(served: &Served) {
    let elsewhere = desk(served);
    elsewhere.log_in(SCHOOL, "teacher");
    let ended = elsewhere.quietly(
        &["passwd", "--password-stdin", "--new-password-stdin"],
        &format!("{PASSWORD}\nanother horse battery\n"),
    );
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mark_for_which_nobody_is_logged_in_waits_for_the_next_session() {
    on_each_engine(async |installation| {
        let (ready, served, desk) = start(installation).await;
        block_in_place(|| {
            let mut pty = at_the_sheet(&desk);
            change_the_password_elsewhere(&served);
            // The history hears that the session has ended; whoever comes next, that nobody is
            // logged in.
            pty.press("51\rh");
            pty.wait_for("log in again");
            assert!(!pty.screen().contains("refused"));
            pty.press("another horse battery");
            pty.press(ENTER);
            pty.wait_gone("log in again");
            pty.press(ESC);
            pty.wait_for(" 1 of 40");
            pty.wait_for("saved");
        });
        assert_eq!(ready.scores().await[0], Some(51));
        served.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_of_one_person_never_goes_out_in_the_session_of_another() {
    on_each_engine(async |installation| {
        let (ready, served, desk) = start(installation).await;
        block_in_place(|| {
            let mut pty = at_the_sheet(&desk);
            change_the_password_elsewhere(&served);
            pty.press("51\rh");
            pty.wait_for("log in again");
            // The head may enter marks too, and comes to the same desk.
            pty.press("\x1b[Z\x15head\r");
            pty.press(PASSWORD);
            pty.press(ENTER);
            pty.wait_for("head@");
            pty.wait_for("online");
            assert!(!pty.screen().contains("queued"));
            pty.press(CTRL_Q);
            assert!(pty.ended().success());
        });
        assert!(ready.history().await.is_empty());
        let left = desk.quietly(&["outbox", "list", "--format", "csv"], "");
        assert!(left.stdout.contains("queued"), "{}", left.stdout);
        served.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_was_given_up_leaves_nobody_logged_in() {
    on_each_engine(async |installation| {
        Ready::make(installation).await;
        let (asked, answer) = (Arc::new(AtomicBool::new(false)), Arc::new(Notify::new()));
        let (seen, held) = (asked.clone(), answer.clone());
        let served = crate::served::Served::hooked(installation, move |request| {
            let login = matches!(request, HillviewRequest::LogIn { .. });
            let first = login && !seen.swap(true, Ordering::SeqCst);
            let held = held.clone();
            async move {
                if first {
                    held.notified().await;
                }
            }
        })
        .await;
        block_in_place(|| {
            let desk = Desk::at(&*served.unix);
            let mut pty = Pty::start(desk.in_a_terminal(&[]));
            pty.wait_for("online");
            for text in [SCHOOL, "head"] {
                pty.press(text);
                pty.wait_for(text);
                pty.press(ENTER);
            }
            pty.press(PASSWORD);
            pty.press(ENTER);
            pty.wait_for("Esc stops");
            pty.press(ESC);
            pty.wait_for("stopped: nobody is logged in");
            // The next login waits for the end of the first one, and is the one that counts.
            pty.press("\x1b[Z\x15teacher\r\r");
            pty.wait_for("Esc stops");
            answer.notify_one();
            pty.wait_for("teacher@");
            pty.wait_for("English");
            open_sheet(&mut pty);
            type_marks(&mut pty, [51]);
            pty.wait_for("saved");
            assert!(asked.load(Ordering::SeqCst));
        });
    })
    .await;
}
