//! Sessions: one's own, everybody's, and ending them.

use hillview_shared::ids::SessionId;
use hillview_shared::sessions::{EndSession, ListSessions};

use super::people::head;
use super::*;

#[test]
fn ones_own_sessions_are_listed_and_one_is_ended_after_a_yes() {
    let mut desk = Desk::home_of(head());
    desk.play(":sessions<Enter>|");
    insta::assert_snapshot!(desk.screen(), @"
     Kilimani Primary  2026 T2  My sessions                r.mutua@hillview.example
     Of the login:
      Who            Login         With  From           Last used
    > R.MUTUA        r.mutua       tui   unix           14:05             this one
      R.MUTUA        r.mutua       tui   10.0.3.17      13:15

















     2 sessions                                                              online
     Enter show  Del end  m mine/all  (/ of whom)  Esc back  : commands  ? help
    ");
    desk.keys("<Del>");
    desk.shows("End the session that you are in? You log in again. y yes, n no");
    desk.keys("nj<Del>");
    desk.shows("End this session of R.MUTUA at once?");
    desk.keys("y");
    assert_eq!(
        desk.call(),
        HillviewRequest::EndSession {
            request: EndSession {
                session: SessionId(2)
            }
        }
    );
    desk.serve();
    desk.shows("the session has ended");
}

#[test]
fn all_sessions_are_there_for_who_manages_them() {
    let mut desk = Desk::home_of(head());
    desk.play(":sessions<Enter>|");
    desk.keys("/");
    desk.shows("m shows those of everybody first");
    desk.play("m");
    desk.shows("All sessions");
    desk.shows("10.0.3.20");
    desk.keys("/j.otieno<Enter>");
    assert_eq!(
        desk.call(),
        HillviewRequest::ListSessions {
            request: ListSessions {
                all: true,
                username: Some("j.otieno".into()),
                after: None,
                limit: 50,
            }
        }
    );
    let mut desk = Desk::home(80, 24);
    desk.play(":sessions<Enter>|");
    desk.keys("m");
    desk.shows("it needs sessions.manage on the school");
}

#[test]
fn ending_the_session_that_one_is_in_leads_to_the_login() {
    let mut desk = Desk::home_of(head());
    desk.play(":sessions<Enter>|<Del>y");
    desk.send(Msg::Line(LineState::SessionEnded));
    desk.shows("your session has ended: log in again, nothing that you typed is lost");
}
