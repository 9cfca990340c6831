//! Roles: what each may do, and changing it.

use hillview_shared::accounts::{Permission, Role, RoleCode};
use hillview_shared::ids::Version;
use hillview_shared::roles::{DropRole, SaveRole};

use super::people::{admin, head};
use super::*;

fn on_roles() -> Desk {
    let mut desk = Desk::home_of(head());
    desk.play(":roles<Enter>|");
    desk
}

#[test]
fn roles_are_listed_with_what_they_may_do() {
    let mut desk = on_roles();
    insta::assert_snapshot!(desk.screen(), @"
     Kilimani Primary  2026 T2  Roles                      r.mutua@hillview.example
      Role             Logins  Second factor  May
    > deputy-head      2       -              marks.read, marks.enter
      head-teacher     2       needed         marks.read, marks.enter, roles.mana…
      registrar        2       -              students.read, students.write
      teacher          2       -
















     4 roles                                                                 online
     Enter show  e edit  a add  (Del drop)  Esc back  : commands  ? help
    ");
    desk.keys("G<Enter>");
    desk.shows("nothing on the whole school: what is taught and granted");
}

#[test]
fn what_a_role_may_do_is_ticked_and_asked_about() {
    let mut desk = on_roles();
    desk.keys("je<Tab><Up><Down>");
    desk.keys("<Tab><Right><Tab>");
    insta::assert_snapshot!(desk.screen(), @"
    Kilimani Primary  2026 T2  Roles                      r.mutua@hillview.example

       What head-teacher may do on the whole school. Logins that have it: 2.

       Second factor  not needed
     > May            [ ] students.read
                      [ ] students.write
                      [ ] classes.write
                      [ ] subjects.write
                      [x] marks.read
                      [x] marks.enter
                      [ ] marks.submit
                      [ ] marks.approve
                      [ ] marks.unlock
                      [ ] marks.import
                      [ ] assessments.write
                      [ ] results.compute
                      [ ] results.publish




                                                                            online
    Enter next, do it  Esc back  Ctrl-Q quit  F1 help
    ");
    // Students are seen as well, marks are entered no more.
    desk.keys("<Home> <PgDn><Home><Down><Down><Down><Down><Down> <Enter>");
    desk.shows("Change what head-teacher may do? Logins that have it: 2. y yes, n no");
    desk.keys("y");
    assert_eq!(
        desk.call(),
        HillviewRequest::SaveRole {
            request: SaveRole {
                code: Role::HeadTeacher.into(),
                permissions: vec![
                    Permission::StudentsRead,
                    Permission::MarksRead,
                    Permission::RolesManage,
                ],
                second_factor: false,
                v: Version(3),
            }
        }
    );
    desk.serve();
    desk.shows("the role head-teacher is saved");
}

#[test]
fn a_role_that_changed_meanwhile_is_not_overwritten() {
    let mut desk = on_roles();
    desk.keys("e<Enter><Enter>y");
    let (ticket, _) = desk.calls.remove(0);
    let changed = ApiError::conflict("role-changed", "the role was changed meanwhile");
    desk.answer(ticket, Err(changed));
    desk.shows("the role was changed meanwhile [role-changed]");
    desk.shows("marks.enter");
}

#[test]
fn a_role_is_added_and_one_that_nobody_has_is_dropped() {
    let mut desk = on_roles();
    desk.keys("abursar<Tab><Right><Tab>e <Enter>");
    assert_eq!(
        desk.call(),
        HillviewRequest::SaveRole {
            request: SaveRole {
                code: RoleCode("bursar".into()),
                permissions: vec![Permission::ExportBulk],
                second_factor: true,
                v: Version(0),
            }
        }
    );
    desk.calls.clear();
    let mut desk = on_roles();
    desk.keys("<Del>");
    desk.shows("every school has deputy-head");
    let mut desk = Desk::home_of(head());
    desk.keys(":roles<Enter>");
    let (ticket, _) = desk.calls.remove(0);
    let mut own = people::roles().remove(0);
    (own.code, own.built_in, own.logins) = (RoleCode("bursar".into()), false, 1);
    let mut free = own.clone();
    (free.code, free.logins) = (RoleCode("nurse".into()), 0);
    let roles = HillviewResponse::ListRoles(Ok(vec![own, free]));
    desk.answer(ticket, Ok(roles));
    desk.keys("<Del>");
    desk.shows("logins that have it: 1");
    desk.keys("j<Del>");
    desk.shows("Drop the role nurse? y yes, n no");
    desk.keys("y");
    assert_eq!(
        desk.call(),
        HillviewRequest::DropRole {
            request: DropRole {
                code: RoleCode("nurse".into())
            }
        }
    );
}

#[test]
fn who_may_only_see_staff_sees_roles_and_changes_none() {
    let mut desk = Desk::home_of(admin());
    desk.play(":roles<Enter>|");
    desk.keys("e");
    desk.shows("it needs roles.manage on the school");
}
