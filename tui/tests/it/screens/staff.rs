//! Staff: the list, adding, changing, disabling, and passwords that are shown once.

use hillview_shared::accounts::Role;
use hillview_shared::staff::{AddStaff, DisableStaff, EditStaff, WhichStaff};

use super::people::{admin, head};
use super::*;

fn on_staff() -> Desk {
    let mut desk = Desk::home_of(head());
    desk.play(":staff<Enter>");
    desk
}

#[test]
fn who_sets_the_school_up_begins_with_the_staff() {
    let mut desk = Desk::home_of(admin());
    insta::assert_snapshot!(desk.screen(), @"
     Kilimani Primary  2026 T2  Staff                        admin@hillview.example
     Search (name, number or login):
      Name                    Login          Number   State    Roles
    > Hassan Mohamed          -              T-103    active
      Kamau Wanjiku           w.kamau        T-101    active   teacher
      Otieno James            j.otieno       T-102    active   deputy-head, teach…
















     3 members of staff                                                      online
     Enter show  a add  i import  e edit  d disable  (P new password)  ? help
    ");
    desk.keys("<Esc>");
    desk.shows("this is where it begins");
}

#[test]
fn disabled_staff_are_shown_when_wanted_and_say_so() {
    let mut desk = on_staff();
    desk.hides("Moraa");
    desk.play("A");
    assert!(desk.line_with("Moraa Esther").contains("disabled"));
    desk.shows("4 members of staff, also disabled ones");
    desk.play("/otieno<Enter>");
    desk.shows("Otieno James");
    desk.hides("Kamau");
    desk.play("/<C-u>nobody<Enter>");
    desk.shows("Nobody's name, number or login has \"nobody\".");
}

#[test]
fn somebody_is_added_and_the_password_is_shown_once() {
    let mut desk = on_staff();
    desk.play("a");
    desk.keys("Wafula Peter<Enter>T-110<Enter>p.wafula<Enter>");
    insta::assert_snapshot!(desk.screen(), @"
    Kilimani Primary  2026 T2  Add staff                  r.mutua@hillview.example

       Add a member of staff with a login. Space ticks a role.

       Full name     Wafula Peter
       Staff number  T-110
       Login         p.wafula
     > Roles         [ ] deputy-head
                     [ ] head-teacher
                     [ ] registrar
                     [x] teacher











                                                                            online
    Enter next, do it  Esc back  Ctrl-Q quit  F1 help
    ");
    // The registrar, beside the teacher that most are.
    desk.keys("r <Enter>");
    assert_eq!(
        desk.call(),
        HillviewRequest::AddStaff {
            request: AddStaff {
                staff_no: "T-110".into(),
                name: "Wafula Peter".into(),
                username: "p.wafula".into(),
                roles: vec![Role::Registrar.into(), Role::Teacher.into()],
            }
        }
    );
    desk.serve();
    insta::assert_snapshot!(desk.screen(), @"
    Kilimani Primary  2026 T2  Staff                      r.mutua@hillview.example

       Wafula Peter is added.


       Login              p.wafula
       One-time password  kuku-mti-4821

       Hand it over yourself. It works once and must be changed at the first
       login. Nobody can read it again: neither you nor the server.












                                                                            online
    Enter it is written down  Esc back  : commands  Ctrl-Q quit  ? help
    ");
    assert!(!format!("{:?}", desk.app).contains("kuku"));
    desk.keys("<Esc>");
    desk.shows("Is it written down? Nobody can read it again. y yes, n no");
    desk.keys("n");
    desk.shows("kuku-mti-4821");
    desk.keys("<Enter>y");
    desk.hides("kuku");
    desk.shows("Otieno James");
}

#[test]
fn a_field_that_is_missing_or_refused_is_said_in_place() {
    let mut desk = on_staff();
    desk.play("a");
    desk.keys("Wafula Peter<Tab><Tab>p.wafula<Tab><Enter>");
    desk.shows("the staff number is missing");
    assert!(desk.line_with("Staff number").contains("> "));
    desk.keys("T-101<Tab><Tab><Enter>");
    let (ticket, _) = desk.calls.remove(0);
    let taken = ApiError::conflict("staff-no-taken", "the staff number T-101 is taken");
    desk.answer(ticket, Err(taken));
    desk.shows("the staff number T-101 is taken [staff-no-taken]");
    desk.shows("Wafula Peter");
    desk.keys("<Esc>");
    desk.shows("Leave and lose what is filled in? y yes, n no");
}

#[test]
fn only_what_is_changed_is_sent() {
    let mut desk = on_staff();
    desk.play("/otieno<Enter>|e");
    desk.keys("<Enter><Enter><Enter>");
    desk.shows("nothing is changed");
    desk.keys("<Tab><Tab>d <Enter>");
    assert_eq!(
        desk.call(),
        HillviewRequest::EditStaff {
            request: EditStaff {
                staff: "j.otieno".into(),
                name: None,
                staff_no: None,
                roles: Some(vec![Role::Teacher.into()]),
            }
        }
    );
    desk.serve();
    desk.shows("Otieno James is changed");
}

#[test]
fn disabling_asks_and_carries_its_reason() {
    let mut desk = on_staff();
    desk.keys("jd");
    desk.shows("Disable Kamau Wanjiku: their sessions end at once");
    desk.keys("left the school<Enter>");
    desk.shows("Disable Kamau Wanjiku? y yes, n no");
    desk.keys("<Enter>");
    assert!(desk.calls.is_empty());
    desk.keys("<Enter>y");
    assert_eq!(
        desk.call(),
        HillviewRequest::DisableStaff {
            request: DisableStaff {
                staff: "w.kamau".into(),
                undo: false,
                reason: "left the school".into(),
            }
        }
    );
    desk.serve();
    desk.shows("Kamau Wanjiku is disabled");
}

#[test]
fn a_new_password_asks_and_is_shown_once() {
    let mut desk = on_staff();
    desk.keys("jP");
    desk.shows("Give Kamau Wanjiku a new one-time password?");
    desk.keys("y");
    assert_eq!(
        desk.call(),
        HillviewRequest::ResetPassword {
            request: WhichStaff {
                staff: "w.kamau".into()
            }
        }
    );
    desk.serve();
    desk.shows("kuku-mti-4821");
    desk.shows("29 Jul 2026 14:05");
    desk.keys("<Enter>y");
    desk.shows("Hassan Mohamed");
}

#[test]
fn what_cannot_be_done_says_why() {
    let mut desk = on_staff();
    for (keys, why) in [
        ("P", "Hassan Mohamed has no login"),
        ("F", "Hassan Mohamed has no login"),
        ("GF", "Otieno James has no second factor"),
    ] {
        desk.keys(keys);
        desk.shows(why);
    }
    desk.play("A");
    desk.keys("P");
    desk.shows("Moraa Esther is disabled; d lets them in again");
    // Who may only look sees what could be done, and what is missing for it.
    let mut who = admin();
    who.permissions = vec![hillview_shared::accounts::Permission::StaffRead];
    let mut desk = Desk::home_of(who);
    desk.play(":staff<Enter>");
    desk.shows("Enter show  (a add)  (i import)  (e edit)");
    desk.keys("a");
    desk.shows("it needs staff.manage on the school");
    let mut desk = Desk::home(80, 24);
    desk.keys(":staff<Enter>");
    desk.shows("it needs staff.read or staff.manage on the school");
}

#[test]
fn a_second_factor_that_was_lost_is_taken_away() {
    let mut desk = on_staff();
    desk.keys("jFy");
    desk.play("");
    desk.shows("the second factor is taken away");
}

#[test]
fn an_action_that_is_refused_says_why_and_the_list_stays() {
    let mut desk = on_staff();
    desk.keys("jPy");
    let (ticket, _) = desk.calls.remove(0);
    desk.answer(
        ticket,
        Err(ApiError::denied("nobody resets a head teacher's password")),
    );
    desk.shows("nobody resets a head teacher's password [denied]");
    desk.shows("Kamau Wanjiku");
}
