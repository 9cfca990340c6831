//! Logging in, the first password, and a session that ends in the middle of work.

use hillview_shared::accounts::{SECOND_FACTOR_NEEDED, SecondFactor};
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
    // What an impatient hand types meanwhile is no part of the password that was sent.
    desk.keys("abc");
    log_in(&mut desk, Ok(who));
    desk.shows("Choose a password of your own");
    desk.keys("<Esc>");
    desk.shows("this is where it begins");
    // The one that was typed a moment ago is not asked for again.
    desk.hides("Present password");
    desk.keys("short<Enter>short<Enter>");
    desk.shows("the new password needs at least 10 characters");
    desk.keys("<C-u>a long new one<Enter><C-u>another one<Enter>");
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
    let (known, shown) = ("0123456789abcdef".repeat(4), "fedcba9876543210".repeat(4));
    let changed = ApiError::new(
        Kind::Denied,
        "server-key-changed",
        format!(
            "the key of marks.example:7443 has changed: known was sha256:{known}, shown was sha256:{shown}"
        ),
    );
    desk.send(Msg::Line(LineState::Refused(Box::new(changed))));
    desk.shows("The key of the server has changed");
    desk.shows("known    sha256:0123456789abcdef");
    desk.shows("shown    sha256:fedcba9876543210");
    desk.shows("Nothing was sent");
    desk.shows("server trust");
    desk.shows("no connection");
    desk.keys("<Esc>");
    desk.shows("Log in");
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

#[test]
fn a_password_that_is_guessed_first_is_refused_in_place() {
    let mut desk = Desk::start(80, 24, MONOCHROME);
    desk.keys("w.kamau<Enter>once-only-1<Enter>");
    let mut who = fixtures::kamau();
    who.must_change_password = true;
    log_in(&mut desk, Ok(who));
    desk.keys("password123<Enter>password123<Enter>");
    let Some(Effect::ChangePassword { ticket, .. }) = desk.others.pop() else {
        panic!("no change: {}", desk.screen());
    };
    let common = ApiError::invalid(
        "common-password",
        "this password is among those that are guessed first",
    );
    let answer = Err(common.hint("choose another one"));
    desk.send(Msg::LoggedIn { ticket, answer });
    desk.shows("this password is among those that are guessed first; choose another one");
    desk.hides("***");
    desk.keys("a long new one<Enter>a long new one<Enter>");
    let Some(Effect::ChangePassword { request, .. }) = desk.others.pop() else {
        panic!("no change: {}", desk.screen());
    };
    assert_eq!(
        (request.old.as_str(), request.new.as_str()),
        ("once-only-1", "a long new one")
    );
}

fn needed() -> ApiError {
    let words = "a code of the second factor is needed";
    ApiError::new(Kind::Denied, SECOND_FACTOR_NEEDED, words)
}

#[test]
fn a_code_is_asked_for_in_place_and_the_password_stays() {
    let mut desk = Desk::start(80, 24, MONOCHROME);
    desk.keys("w.kamau<Enter>secret-word<Enter>");
    log_in(&mut desk, Err(needed()));
    assert_eq!(desk.cursor(), (14, 8));
    insta::assert_snapshot!(desk.screen(), @"
    Hillview  Log in                                              hillview.example

       Log in

       Server    tls://hillview.example:7410
       School    KILIMANI
       User      w.kamau
       Password  ***********
     > Code

       The code that your authenticator shows now, or one of your recovery
       codes.










                                                                            online
    Enter next, log in  Ctrl-Q quit  F1 help
    ");
    // A wrong code is typed again, and nothing else.
    desk.keys("000000<Enter>");
    log_in(&mut desk, Err(ApiError::denied("the code is wrong")));
    desk.shows("the code is wrong [denied]");
    desk.keys("123456<Enter>");
    let Some(Effect::LogIn { request, .. }) = desk.others.last() else {
        panic!("no login: {}", desk.screen());
    };
    assert_eq!(request.code.as_deref(), Some("123456"));
    assert_eq!(request.password, "secret-word");
    log_in(&mut desk, Ok(fixtures::kamau()));
    desk.serve();
    desk.shows("My sheets");
}

#[test]
fn a_code_is_of_one_login_and_not_asked_for_with_another() {
    let mut desk = Desk::start(80, 24, MONOCHROME);
    desk.keys("w.kamau<Enter>secret-word<Enter>");
    log_in(&mut desk, Err(needed()));
    desk.keys("1<Up><Up><C-u>j.otieno");
    desk.hides("Code");
    desk.keys("<Enter><Enter>");
    let Some(Effect::LogIn { request, .. }) = desk.others.last() else {
        panic!("no login: {}", desk.screen());
    };
    assert_eq!((request.user.as_str(), &request.code), ("j.otieno", &None));
}

#[test]
fn a_second_factor_that_a_role_asks_for_is_set_up_before_anything_else() {
    let mut desk = Desk::start(80, 24, MONOCHROME);
    desk.keys("w.kamau<Enter>secret-word<Enter>");
    let mut who = fixtures::kamau();
    who.second_factor = SecondFactor::Missing;
    log_in(&mut desk, Ok(who));
    // The password was typed a moment ago.
    assert!(matches!(
        &desk.calls[0].1,
        HillviewRequest::BeginSecondFactor { request } if request.password == "secret-word"
    ));
    desk.serve();
    assert_eq!(desk.cursor(), (10, 13));
    insta::assert_snapshot!(desk.screen(), @"
    Kilimani Primary  2026 T2  Second factor              w.kamau@hillview.example

       Your role asks for a second factor: a code from your telephone.

       1. Add an account to your authenticator app with this key:
          JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP

          or with this address:
          otpauth://totp/Hillview:KILIMANI%20w.kamau?secret=JBSWY3DPEHPK3PXP
          JBSWY3DPEHPK3PXP&issuer=Hillview

       2. Type the code that it shows now.

     > Code








                                                                            online
    Enter next, do it  Ctrl-Q quit  F1 help
    ");
    desk.keys("<C-p>my-sheets<Enter>");
    desk.shows("set up your second factor first");
    desk.keys("<Esc>123 456<Enter>");
    assert!(matches!(
        &desk.calls[0].1,
        HillviewRequest::ConfirmSecondFactor { request } if request.code == "123456"
    ));
    desk.serve();
    insta::assert_snapshot!(desk.screen(), @"
    Kilimani Primary  2026 T2  Second factor              w.kamau@hillview.example

       Your second factor is set up. Write down your recovery codes:


         aaaa-1111   aaaa-2222
         aaaa-3333   aaaa-4444
         aaaa-5555   aaaa-6666
         aaaa-7777   aaaa-8888

       Each of them stands in for the code of your authenticator once, when
       your telephone is lost or broken. Keep them on paper, away from your
       password.









                                                                            online
    Enter it is written down  Esc back  : commands  Ctrl-Q quit  ? help
    ");
    desk.keys("<Enter>");
    desk.shows("Is it written down? Nobody can read it again. y yes, n no");
    desk.keys("<Enter>");
    desk.shows("aaaa-1111");
    assert!(!format!("{:?}", desk.app).contains("aaaa-1111"));
    desk.keys("<Esc>y");
    desk.serve();
    desk.shows("English / Grammar");
}

#[test]
fn a_wrong_code_of_a_new_authenticator_is_typed_again() {
    let mut desk = Desk::home(80, 24);
    desk.keys(":set-up<Enter>secret-word<Enter>");
    desk.serve();
    desk.keys("000000<Enter>");
    let (ticket, _) = desk.calls.remove(0);
    desk.answer(
        ticket,
        Err(ApiError::invalid("wrong-code", "the code is wrong")),
    );
    desk.shows("the code is wrong [wrong-code]");
    desk.shows("JBSW Y3DP");
    desk.keys("<Esc>");
    desk.shows("Leave and lose the key that is shown?");
    desk.keys("y");
    desk.hides("JBSW");
}

#[test]
fn a_second_factor_is_dropped_with_a_password_a_code_and_a_yes() {
    let mut desk = Desk::home(80, 24);
    desk.keys(":drop-second<Enter>");
    desk.shows("there is none to drop");
    let mut who = fixtures::kamau();
    who.second_factor = SecondFactor::On;
    let mut desk = Desk::start(80, 24, MONOCHROME);
    desk.send(Msg::Resumed(Box::new(who)));
    desk.serve();
    desk.keys(":set-up<Enter>");
    desk.shows("it is set up already");
    desk.keys("<Esc>:drop-second<Enter>secret-word<Enter>123456<Enter>");
    desk.shows("Drop your second factor? y yes, n no");
    assert!(desk.calls.is_empty());
    desk.keys("y");
    desk.serve();
    desk.shows("the second factor is dropped");
    desk.shows("My sheets");
}
