//! The schools of the installation, for who looks after it.

use hillview_shared::accounts::{Permission, Role};
use hillview_shared::schools::{AddSchool, RemoveSchool, RenameSchool, SuspendSchool};

use super::people::{head, platform};
use super::*;

#[test]
fn home_of_the_platform_is_the_list_of_schools() {
    let mut desk = Desk::home_of(platform());
    insta::assert_snapshot!(desk.screen(), @"
     Platform  Schools                                        root@hillview.example
      Code                 Name                        State     Made
    > kilimani             Kilimani Primary            open      27 Jul 2026 14:05
      nyali                Nyali Girls                 suspended 27 Jul 2026 14:05
      utawala              Utawala Academy             making    27 Jul 2026 14:05

















     3 schools                                                               online
     Enter show  a add  n name  s suspend/open  x export  (Del remove)  ? help
    ");
    for place in ["my-sheets", "students", "grants"] {
        desk.keys(&format!("<C-p><C-u>{place}<Enter>"));
        desk.shows("there is no school here, only the list of schools");
        desk.keys("<Esc>");
    }
    desk.play(":sessions<Enter>|");
    desk.shows("My sessions");
    let mut desk = Desk::home_of(head());
    desk.keys(":schools<Enter>");
    desk.shows("it needs schools.manage on the school");
}

#[test]
fn what_the_role_of_the_platform_may_do_is_not_lost_when_it_is_edited() {
    let mut who = platform();
    who.permissions.push(Permission::RolesManage);
    let mut desk = Desk::home_of(who);
    desk.keys(":roles<Enter>");
    let (ticket, _) = desk.calls.remove(0);
    let mut role = people::roles().remove(0);
    role.code = Role::PlatformAdmin.into();
    role.permissions = vec![Permission::RolesManage, Permission::SchoolsManage];
    let kept = role.permissions.clone();
    desk.answer(ticket, Ok(HillviewResponse::ListRoles(Ok(vec![role]))));
    desk.keys("e<Right><Enter><Enter>y");
    assert!(matches!(
        desk.call(),
        HillviewRequest::SaveRole { request }
            if request.second_factor && request.permissions == kept
    ));
}

#[test]
fn a_school_is_made_and_its_first_password_is_shown_once() {
    let mut desk = Desk::home_of(platform());
    desk.keys("amombasa<Enter>Mombasa Boys<Enter><Enter><Enter>");
    assert_eq!(
        desk.call(),
        HillviewRequest::AddSchool {
            request: AddSchool {
                code: "mombasa".into(),
                name: "Mombasa Boys".into(),
                pack: "ke-cbe".into(),
                admin: "admin".into(),
            }
        }
    );
    desk.serve();
    desk.shows("Mombasa Boys is made.");
    desk.shows("kuku-mti-4821");
    desk.keys("<Enter>y");
    desk.shows("Nyali Girls");
}

#[test]
fn a_school_is_renamed_suspended_and_opened_again() {
    let mut desk = Desk::home_of(platform());
    desk.keys("n<Enter>");
    desk.shows("that is its name");
    desk.keys(" School<Enter>");
    assert_eq!(
        desk.call(),
        HillviewRequest::RenameSchool {
            request: RenameSchool {
                code: "kilimani".into(),
                name: "Kilimani Primary School".into(),
            }
        }
    );
    desk.serve();
    desk.keys("s");
    desk.shows("Suspend Kilimani Primary? Nobody gets in any more");
    desk.keys("y");
    assert_eq!(
        desk.call(),
        HillviewRequest::SuspendSchool {
            request: SuspendSchool {
                code: "kilimani".into(),
                undo: false,
            }
        }
    );
    desk.serve();
    desk.shows("Kilimani Primary is suspended");
    desk.keys("js");
    desk.shows("Open Nyali Girls again? y yes, n no");
    desk.keys("njs");
    desk.shows("it is making");
}

#[test]
fn a_school_is_removed_only_when_suspended_and_with_its_name_typed() {
    let mut desk = Desk::home_of(platform());
    desk.keys("<Del>");
    desk.shows("suspend it first");
    desk.keys("j<Del>");
    desk.shows("Nothing brings it back");
    desk.keys("nyali<Enter>");
    desk.shows("that is not its name");
    desk.keys("<C-u>Nyali Girls<Enter>");
    desk.shows("Remove Nyali Girls for good? y yes, n no");
    desk.keys("<Enter>");
    assert!(desk.calls.is_empty());
    desk.keys("<Enter>y");
    assert_eq!(
        desk.call(),
        HillviewRequest::RemoveSchool {
            request: RemoveSchool {
                code: "nyali".into(),
                confirm: "Nyali Girls".into(),
            }
        }
    );
    desk.serve();
    desk.shows("Nyali Girls is removed");
}

#[test]
fn an_export_says_where_the_file_is() {
    let mut desk = Desk::home_of(platform());
    desk.keys("x");
    desk.shows("Write all that Kilimani Primary has into a file");
    desk.play("y");
    insta::assert_snapshot!(desk.screen(), @"
    Platform  Schools                                        root@hillview.example
    The school is written into a file, for whoever runs the server to hand over.

    File     exports/kilimani-2026-07-28.jsonl
    Bytes    1048576
    Rows     20114
    SHA-256  abababababababababababababababababababababababababababababababab















    the school is exported                                                  online
    Esc back  : commands  Ctrl-Q quit  ? help
    ");
}
