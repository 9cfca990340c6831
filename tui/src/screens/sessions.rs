//! Sessions that have not ended: one's own, or with the right all of the school.

use hillview_shared::accounts::Permission;
use hillview_shared::api::{HillviewRequest, Reply};
use hillview_shared::sessions::{EndSession, ListSessions, SessionSummary};
use hillview_shared::students::Page;

use crate::app::context::Context;
use crate::command::{Command, Scope};
use crate::shapes::facts::Facts;
use crate::shapes::list::{Answer, Listing};
use crate::theme::Tone;
use crate::widgets::columns::Column;
use crate::widgets::inputs::{Input, Inputs};

const PLACE: &str = "Sessions";

#[derive(Debug, Default)]
pub struct SessionList {
    /// Of everybody.
    all: bool,
}

fn facts(session: &SessionSummary, context: &Context) -> Facts {
    let this = if session.current {
        "this one"
    } else {
        "another"
    };
    Facts::new(
        PLACE,
        format!("A session of {}", session.name),
        [
            ("Login", session.username.clone()),
            ("Client", session.client.clone()),
            ("From", session.address.clone()),
            ("Began", context.clock(session.created)),
            ("Last used", context.clock(session.last_seen)),
            ("Ends at the latest", context.clock(session.ends)),
            ("Session", this.to_owned()),
        ],
    )
}

impl Listing for SessionList {
    type Row = SessionSummary;
    const COLUMNS: &'static [Column] = &[
        Column::new("Who", 12).grows(),
        Column::new("Login", 14).gives_way(),
        Column::new("With", 6),
        Column::new("From", 12).grows(),
        Column::new("Last used", 18),
        Column::new("", 9),
    ];
    const NOUNS: (&'static str, &'static str) = ("session", "sessions");

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Sessions, Scope::Rows, Scope::Anywhere]
    }

    fn place(&self) -> String {
        match self.all {
            true => "All sessions".to_owned(),
            false => "My sessions".to_owned(),
        }
    }

    fn filters(&self) -> Inputs {
        Inputs::new([("Of the login", Input::text("", 40))])
    }

    fn request(
        &self,
        filters: &Inputs,
        (after, limit): (Option<String>, u16),
        _context: &Context,
    ) -> HillviewRequest {
        let request = ListSessions {
            all: self.all,
            username: filters.given(0).filter(|_| self.all),
            after,
            limit,
        };
        HillviewRequest::ListSessions { request }
    }

    fn page(&mut self, answer: Answer) -> Reply<Page<SessionSummary>> {
        crate::reply!(answer, ListSessions)
    }

    fn cells(&self, session: &SessionSummary, context: &Context) -> (Tone, Vec<String>) {
        let this = if session.current { "this one" } else { "" };
        let cells = vec![
            session.name.clone(),
            session.username.clone(),
            session.client.clone(),
            session.address.clone(),
            context.clock(session.last_seen),
            this.to_owned(),
        ];
        (Tone::Plain, cells)
    }

    fn none(&self, _filters: &Inputs) -> String {
        "There is no session.".to_owned()
    }

    fn why_not(
        &self,
        command: Command,
        session: Option<&SessionSummary>,
        context: &Context,
    ) -> Option<String> {
        match command {
            Command::Sessions => Some("they are on the screen".to_owned()),
            Command::MineOrAll | Command::Search if !context.may(Permission::SessionsManage) => {
                Some("you see your own sessions".to_owned())
            }
            Command::Search if !self.all => Some("m shows those of everybody first".to_owned()),
            Command::End if session.is_none() => Some("there is no session to end".to_owned()),
            _ => None,
        }
    }

    fn command(
        &mut self,
        command: Command,
        session: Option<&SessionSummary>,
        context: &mut Context,
    ) -> bool {
        match (command, session) {
            (Command::MineOrAll, _) => {
                self.all = !self.all;
                return true;
            }
            (Command::Open, Some(session)) => {
                let facts = facts(session, context);
                context.show(facts);
            }
            (Command::End, Some(session)) => {
                let question = match session.current {
                    true => "End the session that you are in? You log in again.".to_owned(),
                    false => format!(
                        "End this session of {} at once? What they had not saved stays on their \
                         machine.",
                        session.name
                    ),
                };
                let request = EndSession {
                    session: session.id,
                };
                context.ask_to_call(question, HillviewRequest::EndSession { request });
            }
            _ => {}
        }
        false
    }

    fn acted(&mut self, answer: Answer, _context: &mut Context) -> Reply<String> {
        crate::reply!(answer, EndSession)?;
        Ok("the session has ended".to_owned())
    }
}
