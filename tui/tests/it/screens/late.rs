//! Answers that come late: to a screen that has others above it, after more was typed, or with
//! something that is shown only once.

use hillview_shared::accounts::Permission;
use hillview_shared::api::HillviewRequest as Q;

use super::people::{admin, head};
use super::*;

fn on_staff() -> Desk {
    let mut desk = Desk::home_of(head());
    desk.play(":staff<Enter>");
    desk
}

#[test]
fn nothing_drops_an_answer_that_holds_a_new_password() {
    let mut desk = on_staff();
    desk.keys("jPy");
    let asked = desk.calls.len();
    for key in ["<Esc>", "P", "F", "a", "<F5>", "/"] {
        desk.keys(key);
        desk.shows("the server is being asked; its answer may hold a password");
    }
    assert_eq!(desk.calls.len(), asked);
    desk.keys("<C-q>");
    desk.shows("Leave Hillview? the answer that the server was asked for");
    desk.keys("n");
    desk.keys("k");
    desk.shows("> Hassan Mohamed");
    desk.serve();
    desk.shows("kuku-mti-4821");
}

#[test]
fn a_form_stays_until_its_answer_is_there_and_leaves_alone_what_stands_above_it() {
    let mut desk = on_staff();
    desk.play("a");
    desk.keys("Wafula Peter<Enter>T-110<Enter>p.wafula<Enter><Enter>");
    desk.keys("<Esc>");
    desk.shows("the server is being asked; its answer may hold a password");
    // The answer comes while the help is open: the form goes, and the help does not.
    desk.keys("<F1>");
    let help = desk.screen();
    desk.serve();
    assert_eq!(desk.screen(), help);
    desk.keys("<Esc>");
    desk.shows("kuku-mti-4821");
    desk.keys("<Enter>y");
    desk.shows("3 members of staff");
}

#[test]
fn what_is_ticked_before_the_roles_are_there_stays() {
    let mut desk = on_staff();
    desk.keys("/otieno<Enter>");
    desk.serve();
    desk.keys("e<Tab><Tab> ");
    let before = desk.line_with("Roles");
    assert!(before.contains("[ ] deputy-head"), "{before}");
    desk.serve();
    let after = desk.line_with("Roles");
    assert!(after.contains("[ ] deputy-head"), "{after}");
}

#[test]
fn a_password_typed_while_the_server_refuses_the_first_is_kept() {
    let mut desk = Desk::start(80, 24, MONOCHROME);
    desk.keys("w.kamau<Enter>wrong-word<Enter>");
    let Some(Effect::LogIn { ticket, .. }) = desk.others.pop() else {
        panic!("no login in\n{}", desk.screen());
    };
    desk.keys("er");
    let answer = Err(ApiError::denied("the login is wrong"));
    desk.send(Msg::LoggedIn { ticket, answer });
    desk.shows("the login is wrong");
    let kept = desk.line_with("Password");
    assert!(kept.contains(&"*".repeat(12)), "{kept}");
}

#[test]
fn a_login_that_is_barred_keeps_what_was_open() {
    let mut desk = on_staff();
    desk.play("a");
    desk.keys("Wafula Peter");
    desk.send(Msg::Line(LineState::SessionEnded));
    let mut who = head();
    who.must_change_password = true;
    desk.send(Msg::Resumed(Box::new(who)));
    desk.shows("Choose a password of your own");
    desk.keys("<Esc>");
    desk.shows("this is where it begins");
    desk.send(Msg::Resumed(Box::new(head())));
    desk.shows("Wafula Peter");
}

#[test]
fn rights_given_meanwhile_count_at_the_second_try() {
    let mut who = admin();
    who.permissions = vec![Permission::StaffRead];
    let mut desk = Desk::home_of(who);
    desk.play(":staff<Enter>");
    desk.keys("a");
    desk.shows("it needs staff.manage on the school");
    let ticket = desk.rights.pop().expect("the rights are asked for");
    desk.answer(ticket, Ok(HillviewResponse::WhoAmI(Ok(admin()))));
    desk.shows("what you may do has changed: try again what was refused");
    desk.keys("a");
    desk.shows("Add a member of staff");
}

#[test]
fn a_list_goes_on_after_a_page_that_failed() {
    let mut desk = Desk::home(80, 24);
    desk.play("s");
    desk.keys("G");
    let (ticket, _) = desk.calls.remove(0);
    desk.answer(ticket, Err(ApiError::offline("the line broke")));
    desk.shows("the line broke");
    desk.keys("G");
    assert!(matches!(
        desk.call(),
        Q::ListStudents { request } if request.after.as_deref() == Some("25")
    ));
}
