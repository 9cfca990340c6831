//! Logging in, the first password, and a session that ends in the middle of work.

use hillview_shared::{ApiError, Kind};

use super::*;

fn log_in(desk: &mut Desk, who: Result<hillview_shared::accounts::Who, ApiError>) {
    let Some(Effect::LogIn { ticket, .. }) = desk.others.pop() else {
        panic!("no login was asked for: {}", desk.screen());
    };
    let answer = who.map(Box::new);
    desk.send(Msg::LoggedIn { ticket, answer });
}

#[test]
fn it_asks_for_what_is_not_known_yet() {
    let mut desk = Desk::start(80, 24, MONOCHROME);
    assert_eq!(desk.cursor(), (14, 6));
    insta::assert_snapshot!(desk.screen(), @"
    Hillview  Log in                                              hillview.example

       Log in

       Server    tls://hillview.example:7410
       School    KILIMANI
     > User
       Password














                                                                            online
    Enter next, log in  Ctrl-Q quit  F1 help
    ");
}

#[test]
fn what_is_typed_is_text_and_the_password_is_never_seen() {
    let mut desk = Desk::start(80, 24, MONOCHROME);
    desk.keys("q?:<Enter>qu:ck-?word<Enter>");
    desk.shows("User      q?:");
    desk.hides("qu:ck");
    let Some(Effect::LogIn { request, .. }) = desk.others.last() else {
        panic!("no login");
    };
    assert_eq!(request.user, "q?:");
    assert_eq!(request.school, "KILIMANI");
    assert_eq!(request.password, "qu:ck-?word");
    desk.shows("asking the server");
    assert!(!format!("{:?}", desk.app).contains("qu:ck"));
}

#[test]
fn a_wrong_password_says_so_and_keeps_the_rest() {
    let mut desk = Desk::start(80, 24, MONOCHROME);
    desk.keys("kamau<Enter>SECRET-WORD<Enter>");
    let wrong = ApiError::new(Kind::Denied, "wrong-password", "the password is not right")
        .hint("ask the school's administrator for a new one");
    log_in(&mut desk, Err(wrong));
    desk.shows("the password is not right; ask the school's administrator for a new");
    desk.shows("[wrong-password]");
    desk.shows("is Caps Lock on?");
    desk.shows("kamau");
    desk.hides("***");
    assert_eq!(desk.cursor(), (14, 7));
}

#[test]
fn escape_stops_a_login_and_its_late_answer_logs_nobody_in() {
    let mut desk = Desk::start(80, 24, MONOCHROME);
    desk.keys("kamau<Enter>secret-word<Enter>");
    desk.shows("asking the server; Esc stops");
    desk.shows("Esc back");
    let Some(Effect::LogIn { ticket, .. }) = desk.others.pop() else {
        panic!("no login");
    };
    desk.keys("<Esc>");
    desk.shows("stopped: nobody is logged in");
    assert!(matches!(desk.others.last(), Some(Effect::StopLogIn(stopped)) if *stopped == ticket));
    let answer = Ok(Box::new(fixtures::kamau()));
    desk.send(Msg::LoggedIn { ticket, answer });
    desk.shows("Password");
    desk.hides("My sheets");
    desk.keys("<Esc>");
    desk.shows("this is where it begins");
    // The form can be sent again.
    desk.keys("<Enter>");
    log_in(&mut desk, Ok(fixtures::kamau()));
    desk.serve();
    desk.shows("My sheets");
}

#[test]
fn a_missing_field_is_named() {
    let mut desk = Desk::start(80, 24, MONOCHROME);
    desk.keys("kamau<Enter><Enter>");
    desk.shows("the password is missing");
    assert!(
        !desk
            .others
            .iter()
            .any(|effect| matches!(effect, Effect::LogIn { .. }))
    );
}

#[test]
fn after_the_login_comes_home() {
    let mut desk = Desk::start(80, 24, MONOCHROME);
    desk.keys("w.kamau<Enter>secret-word<Enter>");
    log_in(&mut desk, Ok(fixtures::kamau()));
    desk.serve();
    desk.shows("My sheets");
    desk.shows("English / Grammar");
}

#[test]
fn the_first_password_must_be_changed_before_anything_else() {
    let mut desk = Desk::start(80, 24, MONOCHROME);
    desk.keys("w.kamau<Enter>once-only-1<Enter>");
    let mut who = fixtures::kamau();
    who.must_change_password = true;
    log_in(&mut desk, Ok(who));
    desk.shows("Choose a password of your own");
    desk.keys("<Esc>");
    desk.shows("this is where it begins");
    desk.keys("once-only-1<Enter>short<Enter>short<Enter>");
    desk.shows("the new password needs at least 10 characters");
    desk.keys("<C-u>a long new one<Enter>another one<Enter>");
    desk.shows("was not typed the same twice");
    desk.keys("<C-u>a long new one<Enter>");
    let Some(Effect::ChangePassword { ticket, request }) = desk.others.pop() else {
        panic!("no change: {}", desk.screen());
    };
    assert_eq!(request.old, "once-only-1");
    assert_eq!(request.new, "a long new one");
    let answer = Ok(Box::new(fixtures::kamau()));
    desk.send(Msg::LoggedIn { ticket, answer });
    desk.serve();
    desk.shows("English / Grammar");
    desk.shows("the password is changed");
}

#[test]
fn a_wrong_present_password_is_typed_again_and_the_new_one_stays() {
    let mut desk = Desk::sheet(80, 24);
    desk.keys(":change-password<Enter>");
    desk.shows("Enter next, change");
    desk.keys("not the one<Enter>a long new one<Enter>a long new one<Enter>");
    let Some(Effect::ChangePassword { ticket, .. }) = desk.others.pop() else {
        panic!("no change: {}", desk.screen());
    };
    let answer = Err(ApiError::denied("the present password is wrong"));
    desk.send(Msg::LoggedIn { ticket, answer });
    desk.shows("the present password is wrong");
    assert_eq!(desk.cursor(), (22, 4));
    desk.keys("the right one<Enter><Enter><Enter>");
    let Some(Effect::ChangePassword { request, .. }) = desk.others.pop() else {
        panic!("no change: {}", desk.screen());
    };
    assert_eq!(request.old, "the right one");
    assert_eq!(request.new, "a long new one");
}

#[test]
fn a_session_that_ends_is_renewed_in_place_and_nothing_typed_is_lost() {
    let mut desk = Desk::sheet(80, 24);
    desk.keys("52<Enter>4");
    desk.send(Msg::Line(LineState::SessionEnded));
    desk.shows("your session has ended: log in again, nothing that you typed is lost");
    desk.keys("<Esc>");
    desk.shows("Password");
    desk.keys("secret-word<Enter>");
    log_in(&mut desk, Ok(fixtures::kamau()));
    assert!(desk.line_with("Achieng").contains("52"));
    assert!(
        desk.line_with("> ")
            .contains("Barasa Kevin               4")
    );
    desk.keys("7<Enter>");
    assert_eq!(desk.saves.len(), 2);
}

#[test]
fn another_person_never_sees_what_was_open() {
    let mut desk = Desk::sheet(80, 24);
    desk.keys("52<Enter>");
    desk.send(Msg::Line(LineState::SessionEnded));
    desk.keys("secret-word<Enter>");
    let mut other = fixtures::kamau();
    other.user = hillview_shared::ids::UserId(8);
    other.username = "m.hassan".into();
    log_in(&mut desk, Ok(other));
    desk.hides("Achieng");
    desk.shows("My sheets");
    desk.shows("m.hassan@");
}

#[test]
fn a_call_that_finds_the_session_ended_asks_for_the_login() {
    let mut desk = Desk::home(80, 24);
    desk.keys("s");
    let (ticket, _) = desk.calls.remove(0);
    let ended = ApiError::new(Kind::SessionEnded, "session-ended", "the session has ended");
    desk.answer(ticket, Err(ended));
    desk.shows("your session has ended");
    desk.keys("secret-word<Enter>");
    log_in(&mut desk, Ok(fixtures::kamau()));
    desk.serve();
    desk.shows("Hassan Amina");
}

#[test]
fn a_server_that_is_not_the_known_one_is_refused_with_its_reason() {
    let mut desk = Desk::start(80, 24, MONOCHROME);
    let changed = ApiError::new(
        Kind::Denied,
        "server-key-changed",
        "the server shows another key than before",
    );
    desk.send(Msg::Line(LineState::Refused(Box::new(changed))));
    desk.shows("the server shows another key than before [server-key-changed]");
    desk.shows("no connection");
}

fn resuming() -> Desk {
    let mut desk = Desk::start(80, 24, MONOCHROME);
    desk.app = App::new(Start {
        server: "unix:/run/hillview.sock".into(),
        school: None,
        user: None,
        resuming: true,
        now: NOW,
        utc_offset: NAIROBI,
        columns: 80,
        rows: 24,
        theme: MONOCHROME,
    });
    desk
}

#[test]
fn a_stored_session_opens_without_a_password() {
    let mut desk = resuming();
    desk.shows("Opening your session.");
    desk.send(Msg::Line(LineState::Offline {
        since: NOW,
        retry_at: None,
    }));
    desk.shows("The server cannot be reached; it is tried again by itself.");
    desk.send(Msg::Resumed(Box::new(fixtures::kamau())));
    desk.serve();
    desk.shows("English / Grammar");
    desk.shows("w.kamau@local");
}

#[test]
fn a_stored_session_that_has_ended_asks_for_the_password() {
    let mut desk = resuming();
    desk.send(Msg::Line(LineState::SessionEnded));
    desk.shows("Password");
    desk.hides("your session has ended");
}

#[test]
fn logging_out_asks_and_leaves_nothing_on_the_screen() {
    let mut desk = Desk::home(80, 24);
    desk.keys(":log-out<Enter>");
    desk.shows("End the session? y yes, n no");
    desk.keys("y");
    assert!(matches!(desk.others.last(), Some(Effect::LogOut)));
    desk.shows("Password");
    desk.hides("English");
}
