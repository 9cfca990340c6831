//! The audit log: filters, a line, the check.

use hillview_shared::audit::{AuditChecked, AuditFault, Tampering};

use super::people::head;
use super::*;

fn on_audit() -> Desk {
    let mut desk = Desk::home_of(head());
    desk.play(":audit<Enter>|");
    desk
}

#[test]
fn the_log_is_listed_and_a_line_shows_all_that_it_says() {
    let mut desk = on_audit();
    insta::assert_snapshot!(desk.screen(), @"
     Kilimani Primary  2026 T2  Audit log                  r.mutua@hillview.example
     All of them; / says which to show
      When              Login       Action                 To what      Outcome
    > 13:05             r.mutua     refused                export-scho… denied
      12:05             r.mutua     grant-give             J. Otieno    ok
      11:05             r.mutua     log-in                 r.mutua      ok
















     3 lines                                                                 online
     Enter show  / filter  v verify  Esc back  : commands  Ctrl-Q quit  ? help
    ");
    desk.keys("j<Enter>");
    insta::assert_snapshot!(desk.screen(), @"
    Kilimani Primary  2026 T2  Audit log                  r.mutua@hillview.example
    Line 8: grant-give

    When     12:05
    Login    r.mutua
    From     10.0.3.17
    With     tui
    Action   grant-give
    To what  J. Otieno
    Outcome  ok
    More     before: marks.read; now: marks.read, marks.enter; because of the
             exams










                                                                            online
    Esc back  : commands  Ctrl-Q quit  ? help
    ");
}

#[test]
fn the_log_is_filtered_by_action_login_outcome_and_days() {
    let mut desk = on_audit();
    desk.keys("/grant<Tab>r.mutua<Tab><Right><Tab>2026-07-01<Tab>july<Enter>");
    desk.shows("\"july\" is no date such as 2026-07-31");
    desk.keys("<C-u>2026-08-01");
    insta::assert_snapshot!(desk.screen(), @"
    Kilimani Primary  2026 T2  Audit log                  r.mutua@hillview.example

       Which lines to show; what is left empty leaves out none.

       Action (or how it begins)  grant
       Login                      r.mutua
       Outcome                    refused only
       From the day               2026-07-01
     > Before the day             2026-08-01













    3 lines                                                                 online
    Enter search  Esc leave  Ctrl-Q quit  F1 help
    ");
    desk.keys("<Enter>");
    let HillviewRequest::ListAudit { request } = desk.call() else {
        panic!("no list: {:?}", desk.calls);
    };
    assert_eq!(request.action.as_deref(), Some("grant"));
    assert_eq!(request.username.as_deref(), Some("r.mutua"));
    assert!(request.refused);
    // Midnight in Nairobi.
    assert_eq!(request.from, Some(Moment(1_782_853_200_000_000)));
    assert_eq!(request.until, Some(Moment(1_785_531_600_000_000)));
    desk.serve();
    desk.shows("Only: action (or how it begins) grant, login r.mutua, outcome");
}

#[test]
fn the_check_goes_on_by_itself_and_says_what_it_found() {
    let mut desk = on_audit();
    desk.keys("v<Enter>");
    desk.shows("Checked so far: 0 rows. Esc stops.");
    desk.serve();
    desk.shows("Every row is as it was written: 1000 rows.");
    desk.shows("1000:0a1b2c");
    desk.keys("1000:0a1b2c<Enter>");
    assert!(matches!(
        desk.call(),
        HillviewRequest::VerifyAudit { request }
            if request.expect.as_deref() == Some("1000:0a1b2c") && request.after.is_none()
    ));
    let (ticket, _) = desk.calls.remove(0);
    let fault = AuditFault {
        log: "audit".into(),
        sequence: 17,
        what: Tampering::Changed,
    };
    let checked = AuditChecked {
        rows: 16,
        fault: Some(fault),
        next: Some("17".into()),
        head: None,
    };
    desk.answer(ticket, Ok(HillviewResponse::VerifyAudit(Ok(checked))));
    desk.shows("Row 17 of audit was changed behind the server's back.");
    assert!(desk.calls.is_empty());
}

#[test]
fn the_check_can_be_stopped() {
    let mut desk = on_audit();
    desk.keys("v<Enter>");
    let (ticket, request) = desk.calls.remove(0);
    desk.answer(ticket, Ok(fixtures::answer(&request)));
    desk.shows("Checked so far: 500 rows. Esc stops.");
    let (late, request) = desk.calls.remove(0);
    desk.keys("<Esc>");
    desk.shows("Stopped. Checked so far: 500 rows.");
    desk.answer(late, Ok(fixtures::answer(&request)));
    desk.shows("Stopped. Checked so far: 500 rows.");
    desk.keys("<Esc>");
    desk.shows("grant-give");
}
