//! Being asked on a terminal: passwords that do not show, a yes, and Ctrl-C at the question.

use hillview_server::testing::{PASSWORD, on_each_engine};

use crate::desk::Desk;
use crate::harness::{ENTER, Pty};
use crate::served::Served;

const CTRL_C: &str = "\x03";

/// Waits until a question stands on the screen so many times, and answers the last.
fn answer(pty: &mut Pty, question: &str, times: usize, text: &str) {
    pty.wait(question, |screen| screen.matches(question).count() == times);
    pty.press(text);
    pty.press(ENTER);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_is_asked_for_twice_and_never_shown() {
    on_each_engine(async |installation| {
        installation.school("kili").await;
        let server = Served::on(installation).await;
        let office = Desk::at(&server.unix);
        office.log_in("kili", "admin");
        let once = office.hire("N1", "akinyi");
        let desk = Desk::at(&server.unix);
        tokio::task::block_in_place(|| {
            let mut pty = Pty::start(desk.in_a_terminal(&["login"]));
            answer(&mut pty, "school:", 1, "kili");
            answer(&mut pty, "user:", 1, "akinyi");
            answer(&mut pty, "password of akinyi:", 1, &once);
            answer(&mut pty, "new password:", 1, "something else");
            answer(&mut pty, "once more:", 1, "something different");
            pty.wait_for("the two differ");
            answer(&mut pty, "new password:", 2, PASSWORD);
            answer(&mut pty, "once more:", 2, PASSWORD);
            pty.wait_for("logged in as Akinyi Odhiambo at Kilimani Primary");
            assert_eq!(pty.ended().exit_code(), 0);
            for secret in [&once, "something else", PASSWORD] {
                assert!(!pty.screen().contains(secret), "{}", pty.screen());
            }
        });
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_is_the_default_and_an_interrupt_ends_the_question() {
    on_each_engine(async |installation| {
        installation.school("kili").await;
        let server = Served::on(installation).await;
        let desk = Desk::at(&server.unix);
        desk.log_in("kili", "head");
        let add = ["assessments", "add", "T3-MID", "Mid-Term", "--term", "T3"];
        assert_eq!(desk.quietly(&add, "").code, Some(0));
        let lock = ["assessments", "lock", "T3-MID"];
        let log_in = ["login", "--school", "kili", "--user", "head"];
        tokio::task::block_in_place(|| {
            let mut pty = Pty::start(desk.in_a_terminal(&lock));
            answer(&mut pty, "any more? [y/N]", 1, "");
            pty.wait_for("nothing was changed");
            assert_eq!(pty.ended().exit_code(), 130);

            for (command, question) in [(&lock[..], "[y/N]"), (&log_in, "password of head:")] {
                let mut pty = Pty::start(desk.in_a_terminal(command));
                pty.wait_for(question);
                pty.press(CTRL_C);
                assert_eq!(pty.ended().exit_code(), 130);
            }

            let mut pty = Pty::start(desk.in_a_terminal(&lock));
            answer(&mut pty, "any more? [y/N]", 1, "y");
            pty.wait_for("locked");
            assert_eq!(pty.ended().exit_code(), 0);
        });
    })
    .await;
}
