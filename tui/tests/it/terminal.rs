//! The terminal is given back as it was found, however the program ends.

use hillview::terminal::{Abilities, Taken};
use hillview_server::testing::on_each_engine;
use portable_pty::CommandBuilder;
use rustix::process::Signal;
use tokio::task::block_in_place;

use crate::desk::Desk;
use crate::harness::{CTRL_Q, Pty};

const NOWHERE: &str = "unix:/nowhere/hillview.sock";
const PANICS: &str = "HILLVIEW_TEST_PANICS";

fn assert_given_back(pty: &Pty) {
    let screen = pty.emulator();
    assert!(!screen.alternate_screen(), "{}", pty.screen());
    assert!(!screen.hide_cursor());
    assert!(!screen.bracketed_paste());
}

fn assert_taken(pty: &Pty) {
    assert!(pty.emulator().alternate_screen());
    assert!(pty.emulator().bracketed_paste());
}

#[test]
fn signals_and_the_quit_key_give_it_back() {
    for signal in [
        None,
        Some(Signal::TERM),
        Some(Signal::HUP),
        Some(Signal::INT),
    ] {
        let desk = Desk::at(NOWHERE);
        let mut pty = Pty::start(desk.in_a_terminal(&[]));
        pty.wait_for("School");
        assert_taken(&pty);
        match signal {
            None => pty.press(CTRL_Q),
            Some(signal) => pty.signal(signal),
        }
        assert!(pty.ended().success(), "{signal:?}");
        assert_given_back(&pty);
    }
}

#[test]
fn a_panic_gives_it_back_and_is_told_after_that() {
    let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
    command.args([
        "--exact",
        "terminal::panics_when_it_is_told_to",
        "--nocapture",
    ]);
    command.env(PANICS, "1");
    // A trace would push the words off the screen.
    command.env("RUST_BACKTRACE", "0");
    command.env("TERM", "xterm");
    let mut pty = Pty::start(command);
    assert!(!pty.ended().success());
    assert_given_back(&pty);
    pty.wait_for("a panic on the screen");
    let written = String::from_utf8_lossy(&pty.written);
    let (drawn, told) = (
        written.find("\u{1b}[?1049h"),
        written.find("a panic on the screen"),
    );
    assert!(drawn.is_some() && drawn < told);
}

/// Does nothing unless the test above runs it in a terminal.
#[test]
fn panics_when_it_is_told_to() {
    if std::env::var_os(PANICS).is_some() {
        let abilities = Abilities {
            colour: true,
            ascii: false,
        };
        let mut taken = Taken::take(abilities).unwrap();
        taken.draw(|_| panic!("a panic on the screen")).unwrap();
    }
}

#[test]
fn a_line_that_knows_no_size_gets_the_usual_one() {
    let desk = Desk::at(NOWHERE);
    let mut pty = Pty::start_without_a_size(desk.in_a_terminal(&[]));
    pty.wait_for("Password");
}

#[test]
fn a_dumb_terminal_is_refused_in_words() {
    let desk = Desk::at(NOWHERE);
    let mut command = desk.in_a_terminal(&[]);
    command.env("TERM", "dumb");
    let mut pty = Pty::start(command);
    assert_eq!(pty.ended().exit_code(), 2);
    let screen = pty.screen();
    assert!(screen.contains("TERM is \"dumb\""), "{screen}");
    assert!(screen.contains("use a subcommand instead"), "{screen}");
    assert!(!pty.written.contains(&0x1b), "{screen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_color_and_a_plain_locale_win() {
    on_each_engine(async |installation| {
        installation.school("kili").await;
        let served = installation.serve().await;
        block_in_place(|| {
            let desk = Desk::at(format!("unix:{}", served.socket.display()));
            desk.log_in("kili", "teacher");
            let mut command = desk.in_a_terminal(&[]);
            command.env("NO_COLOR", "1");
            command.env("LANG", "C");
            let mut pty = Pty::start(command);
            pty.wait_for("My sheets");
            pty.press("s");
            pty.wait_for("Achieng");
            assert!(pty.written.is_ascii());
            let text = String::from_utf8_lossy(&pty.written).into_owned();
            let colour = text.split("\u{1b}[").skip(1).find(|rest| {
                let codes: String = rest
                    .chars()
                    .take_while(|c| c.is_ascii_digit() || *c == ';')
                    .collect();
                rest[codes.len()..].starts_with('m')
                    && codes
                        .split(';')
                        .any(|code| matches!(code.parse(), Ok(30..=49 | 90..=107)))
            });
            assert_eq!(colour, None);
        });
        served.stop().await;
    })
    .await;
}
