//! Grants and requests: seeing them, giving, asking, deciding.

use hillview_shared::accounts::Permission;
use hillview_shared::grants::{
    DecideRequest, ExtendGrant, GiveGrant, RequestAccess, RequestState, RevokeGrant, Scope,
    ScopeKind,
};
use hillview_shared::ids::{GrantId, RequestId};

use super::people::head;
use super::*;

fn on(place: &str) -> Desk {
    let mut desk = Desk::home_of(head());
    desk.play(&format!(":{place}<Enter>"));
    desk
}

#[test]
fn grants_are_listed_with_what_ends_soon_and_what_is_over() {
    let mut desk = on("grants");
    insta::assert_snapshot!(desk.screen(), @"
     Kilimani Primary  2026 T2  Grants                     r.mutua@hillview.example
     Of (login or staff number):
      Who              Permission        Where          Until             State
    > J. Otieno        marks.enter       5 West, Mathe… 31 Jul 2026 14:05 active
      M. Hassan        marks.enter       the school     no end            active

















     2 grants                                                                online
     Enter show  n ask for more  a give  e extend  Del take back  ? help
    ");
    desk.play("s");
    desk.shows("1 grant, ending within 7 days");
    desk.play("sA");
    assert!(desk.line_with("revoked").contains("M. Hassan"));
    desk.keys("GE");
    desk.keys("e");
    desk.shows("it was taken back; give it anew");
    desk.keys("g<Down>e");
    desk.shows("it has no end");
    desk.keys("g<Enter>");
    insta::assert_snapshot!(desk.screen(), @"
    Kilimani Primary  2026 T2  Grants                     r.mutua@hillview.example
    marks.enter to J. Otieno

    Login       j.otieno
    Permission  marks.enter
    Where       5 West, Mathematics
    From        27 Jul 2026 14:05
    Until       31 Jul 2026 14:05
    State       active
    Given by    r.mutua
    Why         covers for M. Hassan, who is on leave until the end of the term











                                                                            online
    Esc back  : commands  Ctrl-Q quit  ? help
    ");
}

#[test]
fn a_permission_is_given_on_a_part_for_a_time_and_a_reason() {
    let mut desk = on("grants");
    desk.play("a");
    // The fields of a part are asked for only where the permission can be on one.
    desk.keys("<C-u>marks<Left><Right>");
    desk.keys("b<Enter>");
    desk.hides("Which (level, grade or class)");
    desk.keys("<BackTab>mm<Enter>");
    desk.keys("su<Enter>5 West<Enter>maths<Enter>3<Enter>covers for M. Hassan<Enter>");
    desk.keys("j.otieno<Enter>2026-08-01");
    insta::assert_snapshot!(desk.screen(), @"
    Kilimani Primary  2026 T2  Give a permission          r.mutua@hillview.example

       Give a permission on a part of the school. Left and Right choose, and
       first letters.

       Permission                     marks.enter
       On                             subject
       Which (level, grade or class)  5 West
       Subject                        maths
       For                            30 days
       Reason                         covers for M. Hassan
       To (login or staff number)     j.otieno
     > From (empty: now)              2026-08-01









                                                                            online
    Enter next, do it  Esc back  Ctrl-Q quit  F1 help
    ");
    desk.keys("<Enter>");
    assert_eq!(
        desk.call(),
        HillviewRequest::GiveGrant {
            request: GiveGrant {
                to: "j.otieno".into(),
                permission: Permission::MarksEnter,
                scope: Scope {
                    kind: ScopeKind::Subject,
                    name: Some("5 West".into()),
                    subject: Some("maths".into()),
                },
                // Midnight in Nairobi.
                starts: Some(Moment(1_785_531_600_000_000)),
                days: Some(30),
                reason: "covers for M. Hassan".into(),
            }
        }
    );
    desk.serve();
    desk.shows("J. Otieno has marks.enter on 5 West, Mathematics until 31 Jul 2026");
}

#[test]
fn a_grant_is_extended_and_taken_back() {
    let mut desk = on("grants");
    desk.keys("e<Left><Enter>");
    assert_eq!(
        desk.call(),
        HillviewRequest::ExtendGrant {
            request: ExtendGrant {
                grant: GrantId(1),
                days: Some(3),
            }
        }
    );
    desk.serve();
    desk.keys("<Del>he is back<Enter>");
    desk.shows("Take marks.enter back from J. Otieno? y yes, n no");
    assert!(desk.calls.is_empty());
    desk.keys("y");
    assert_eq!(
        desk.call(),
        HillviewRequest::RevokeGrant {
            request: RevokeGrant {
                grant: GrantId(1),
                reason: "he is back".into(),
            }
        }
    );
    desk.serve();
    desk.shows("marks.enter is taken back from J. Otieno");
}

#[test]
fn who_manages_no_grants_sees_their_own_and_asks_for_more() {
    let mut desk = Desk::home(80, 24);
    desk.play(":grants<Enter>");
    desk.shows("Enter show  n ask for more  (a give)  (e extend)");
    desk.keys("a");
    desk.shows("it needs grants.manage on the school");
    desk.play("n");
    desk.keys("<Enter>c<Enter>4 East<Enter><Enter><Enter>");
    desk.shows("the reason is missing");
    desk.keys("my class<Enter>");
    assert_eq!(
        desk.call(),
        HillviewRequest::RequestAccess {
            request: RequestAccess {
                permission: Permission::StudentsRead,
                scope: Scope {
                    kind: ScopeKind::Class,
                    name: Some("4 East".into()),
                    subject: None,
                },
                days: Some(7),
                reason: "my class".into(),
            }
        }
    );
    desk.serve();
    desk.shows("asked for marks.unlock on 4 East");
}

#[test]
fn a_request_is_approved_or_denied_with_a_reason_by_another() {
    let mut desk = on("requests");
    insta::assert_snapshot!(desk.screen(), @"
     Kilimani Primary  2026 T2  Requests                   r.mutua@hillview.example
      Who           Permission        Where       For      Asked             State
    > W.KAMAU       marks.unlock      4 East      3 days   14:05             open
      R.MUTUA       marks.unlock      4 East      3 days   14:05             open


















     2 requests                                                              online
     Enter show  n ask for more  a approve  d deny  (w withdraw)  ? help
    ");
    desk.keys("d<Enter>");
    desk.shows("whoever is denied something is told why");
    desk.keys("the term is over<Enter>");
    assert_eq!(
        desk.call(),
        HillviewRequest::DecideRequest {
            request: DecideRequest {
                request: RequestId(1),
                decision: RequestState::Denied,
                answer: "the term is over".into(),
            }
        }
    );
    desk.serve();
    desk.shows("the request of W.KAMAU is denied");
    desk.keys("a");
    desk.shows("for 3 days? They say: two scripts");
    desk.play("<Enter>");
    desk.shows("the request of W.KAMAU is approved");
    desk.keys("ja");
    desk.shows("nobody decides their own");
    desk.play("A");
    desk.keys("Ga");
    desk.shows("it is denied already");
}

#[test]
fn ones_own_request_is_withdrawn_after_a_yes() {
    let mut desk = on("requests");
    desk.keys("w");
    desk.shows("only who asked takes it back");
    desk.keys("jw");
    desk.shows("Take your request for marks.unlock back? y yes, n no");
    desk.play("y");
    desk.shows("the request is withdrawn");
}

#[test]
fn from_somebody_of_the_staff_come_their_grants() {
    let mut desk = on("staff");
    desk.keys("jr");
    assert!(matches!(
        desk.call(),
        HillviewRequest::ListGrants { request } if request.to.as_deref() == Some("w.kamau")
    ));
    desk.play("|a");
    assert!(desk.line_with("To (login").contains("w.kamau"));
}
