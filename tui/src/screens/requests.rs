//! Requests for permissions: one's own, or all of the school for those who decide them.

use hillview_shared::api::{HillviewRequest, Reply};
use hillview_shared::grants::{AccessRequest, DecideRequest, ListRequests, RequestState};
use hillview_shared::students::Page;

use crate::app::context::{Context, Open};
use crate::command::{Command, Scope};
use crate::shapes::facts::Facts;
use crate::shapes::form::{Done, Filling, Form, Wrong};
use crate::shapes::list::{Answer, Listing};
use crate::theme::Tone;
use crate::widgets::columns::Column;
use crate::widgets::inputs::{Input, Inputs};
use crate::widgets::text;

const PLACE: &str = "Requests";

#[derive(Debug, Default)]
pub struct RequestList {
    /// Also those that were decided.
    decided: bool,
}

fn days(request: &AccessRequest) -> String {
    match request.days {
        Some(days) => text::count(usize::from(days), "day", "days"),
        None => "no end".to_owned(),
    }
}

fn facts(request: &AccessRequest, context: &Context) -> Facts {
    Facts::new(
        PLACE,
        format!("{} asks for {}", request.name, request.permission),
        [
            ("Login", request.username.clone()),
            ("Permission", request.permission.to_string()),
            ("Where", request.scope.to_string()),
            ("For", days(request)),
            ("Why", request.reason.clone()),
            ("Asked", context.clock(request.at)),
            ("State", request.state.to_string()),
            ("Decided by", request.decided_by.clone().unwrap_or_default()),
            ("Answer", request.answer.clone().unwrap_or_default()),
        ],
    )
}

fn is_mine(request: &AccessRequest, context: &Context) -> bool {
    let who = context.who.as_ref();
    who.is_some_and(|who| who.username == request.username)
}

impl Listing for RequestList {
    type Row = AccessRequest;
    const COLUMNS: &'static [Column] = &[
        Column::new("Who", 14).grows(),
        Column::new("Permission", 18),
        Column::new("Where", 12).grows(),
        Column::new("For", 9),
        Column::new("Asked", 18).gives_way(),
        Column::new("State", 9),
    ];
    const NOUNS: (&'static str, &'static str) = ("request", "requests");

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Requests, Scope::Rows, Scope::Anywhere]
    }

    fn place(&self) -> String {
        PLACE.to_owned()
    }

    fn request(
        &self,
        _filters: &Inputs,
        (after, limit): (Option<String>, u16),
        _context: &Context,
    ) -> HillviewRequest {
        let request = ListRequests {
            decided: self.decided,
            after,
            limit,
        };
        HillviewRequest::ListRequests { request }
    }

    fn page(&mut self, answer: Answer) -> Reply<Page<AccessRequest>> {
        crate::reply!(answer, ListRequests)
    }

    fn cells(&self, request: &AccessRequest, context: &Context) -> (Tone, Vec<String>) {
        let tone = match request.state {
            RequestState::Open => Tone::Plain,
            RequestState::Approved | RequestState::Denied | RequestState::Withdrawn => Tone::Faint,
        };
        let cells = vec![
            request.name.clone(),
            request.permission.to_string(),
            request.scope.to_string(),
            days(request),
            context.clock(request.at),
            request.state.to_string(),
        ];
        (tone, cells)
    }

    fn none(&self, _filters: &Inputs) -> String {
        "No request waits. n asks for a permission.".to_owned()
    }

    fn note(&self, _rows: &[AccessRequest]) -> String {
        if self.decided {
            ", also decided ones"
        } else {
            ""
        }
        .to_owned()
    }

    fn why_not(
        &self,
        command: Command,
        request: Option<&AccessRequest>,
        context: &Context,
    ) -> Option<String> {
        let decides = matches!(command, Command::Approve | Command::Deny);
        if command == Command::Requests {
            return Some("they are on the screen".to_owned());
        }
        if !decides && command != Command::Withdraw {
            return None;
        }
        let Some(request) = request else {
            return Some("there is no request here".to_owned());
        };
        if request.state != RequestState::Open {
            return Some(format!("it is {} already", request.state));
        }
        match (decides, is_mine(request, context)) {
            (true, true) => Some("nobody decides their own".to_owned()),
            (false, false) => Some("only who asked takes it back".to_owned()),
            _ => None,
        }
    }

    fn command(
        &mut self,
        command: Command,
        request: Option<&AccessRequest>,
        context: &mut Context,
    ) -> bool {
        match (command, request) {
            (Command::ShowAll, _) => {
                self.decided = !self.decided;
                return true;
            }
            (Command::AskFor, _) => context.open(Open::AskFor),
            (Command::Open, Some(request)) => {
                let facts = facts(request, context);
                context.show(facts);
            }
            (Command::Approve, Some(request)) => {
                context.show(Form::new(Decide::new(request, RequestState::Approved)));
            }
            (Command::Deny, Some(request)) => {
                context.show(Form::new(Decide::new(request, RequestState::Denied)));
            }
            (Command::Withdraw, Some(request)) => {
                let decision = DecideRequest {
                    request: request.id,
                    decision: RequestState::Withdrawn,
                    answer: String::new(),
                };
                let question = format!("Take your request for {} back?", request.permission);
                let request = decision;
                context.ask_to_call(question, HillviewRequest::DecideRequest { request });
            }
            _ => {}
        }
        false
    }

    fn acted(&mut self, answer: Answer, _context: &mut Context) -> Reply<String> {
        let request = crate::reply!(answer, DecideRequest)?;
        Ok(format!("the request is {}", request.state))
    }
}

/// Approves or denies, with words for whoever asked.
#[derive(Debug)]
struct Decide {
    request: AccessRequest,
    decision: RequestState,
}

impl Decide {
    fn new(request: &AccessRequest, decision: RequestState) -> Self {
        let request = request.clone();
        Self { request, decision }
    }

    fn denies(&self) -> bool {
        self.decision == RequestState::Denied
    }
}

impl Filling for Decide {
    fn place(&self) -> String {
        PLACE.to_owned()
    }

    fn title(&self) -> String {
        let AccessRequest {
            name,
            permission,
            scope,
            reason,
            ..
        } = &self.request;
        let verb = if self.denies() { "Deny" } else { "Give" };
        let days = days(&self.request);
        format!("{verb} {name} {permission} on {scope}, for {days}? They say: {reason}")
    }

    fn inputs(&self) -> Inputs {
        let label = if self.denies() {
            "Why not"
        } else {
            "Answer (may be empty)"
        };
        Inputs::new([(label, Input::text("", 200))])
    }

    fn request(&mut self, inputs: &Inputs, _context: &Context) -> Result<HillviewRequest, Wrong> {
        let request = DecideRequest {
            request: self.request.id,
            decision: self.decision,
            answer: inputs.text(0).to_owned(),
        };
        if self.denies() && request.answer.is_empty() {
            return Err(Wrong::new(0, "whoever is denied something is told why"));
        }
        Ok(HillviewRequest::DecideRequest { request })
    }

    fn answered(&mut self, answer: Answer, _context: &mut Context) -> Reply<Done> {
        let request = crate::reply!(answer, DecideRequest)?;
        let words = format!("the request of {} is {}", request.name, request.state);
        Ok(Done::say(words))
    }
}
