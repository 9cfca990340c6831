//! Grants: permissions given on a part of the school for a time. One's own, or all of them for
//! those who manage them.

mod fields;
mod give;

use hillview_shared::accounts::Permission;
use hillview_shared::api::{HillviewRequest, Reply};
use hillview_shared::grants::{Grant, GrantState, ListGrants, SOON_DAYS};
use hillview_shared::students::Page;

use self::give::{AskForm, ExtendForm, GiveForm, RevokeForm};
use crate::app::context::Context;
use crate::command::{Command, Scope};
use crate::shapes::facts::Facts;
use crate::shapes::form::Form;
use crate::shapes::list::{Answer, Listing};
use crate::theme::Tone;
use crate::widgets::columns::Column;
use crate::widgets::inputs::{Input, Inputs};

const PLACE: &str = "Grants";

#[derive(Debug)]
pub struct GrantList {
    to: Option<String>,
    /// Whose are on the screen, to begin a new one with.
    shown: Option<String>,
    ending_soon: bool,
    past: bool,
}

impl GrantList {
    pub fn new(to: Option<String>) -> Self {
        Self {
            shown: to.clone(),
            to,
            ending_soon: false,
            past: false,
        }
    }
}

/// The form to ask for a permission with, for whoever opens it from elsewhere.
pub fn ask_form() -> Form<AskForm> {
    Form::new(AskForm)
}

fn facts(grant: &Grant, context: &Context) -> Facts {
    let ends = grant.ends.map(|at| context.clock(at));
    Facts::new(
        PLACE,
        format!("{} to {}", grant.permission, grant.name),
        [
            ("Login", grant.username.clone()),
            ("Permission", grant.permission.to_string()),
            ("Where", grant.scope.to_string()),
            ("From", context.clock(grant.starts)),
            ("Until", ends.unwrap_or("no end".to_owned())),
            ("State", grant.state.to_string()),
            ("Given by", grant.given_by.clone()),
            ("Why", grant.reason.clone()),
            (
                "Taken back by",
                grant.revoked_by.clone().unwrap_or_default(),
            ),
        ],
    )
}

impl Listing for GrantList {
    type Row = Grant;
    const COLUMNS: &'static [Column] = &[
        Column::new("Who", 14).grows(),
        Column::new("Permission", 18),
        Column::new("Where", 12).grows(),
        Column::new("Until", 18).gives_way(),
        Column::new("State", 8),
    ];
    const NOUNS: (&'static str, &'static str) = ("grant", "grants");

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Grants, Scope::Rows, Scope::Anywhere]
    }

    fn place(&self) -> String {
        PLACE.to_owned()
    }

    fn filters(&self) -> Inputs {
        let to = self.to.as_deref().unwrap_or_default();
        Inputs::new([("Of (login or staff number)", Input::text(to, 60))])
    }

    fn request(
        &self,
        filters: &Inputs,
        (after, limit): (Option<String>, u16),
        _context: &Context,
    ) -> HillviewRequest {
        let request = ListGrants {
            to: filters.given(0),
            ending_soon: self.ending_soon,
            past: self.past,
            after,
            limit,
        };
        HillviewRequest::ListGrants { request }
    }

    fn asked(&mut self, filters: &Inputs) {
        self.shown = filters.given(0);
    }

    fn page(&mut self, answer: Answer) -> Reply<Page<Grant>> {
        crate::reply!(answer, ListGrants)
    }

    fn cells(&self, grant: &Grant, context: &Context) -> (Tone, Vec<String>) {
        let tone = match grant.state {
            GrantState::Active => Tone::Plain,
            GrantState::Future | GrantState::Expired | GrantState::Revoked => Tone::Faint,
        };
        let ends = grant.ends.map(|at| context.clock(at));
        let cells = vec![
            grant.name.clone(),
            grant.permission.to_string(),
            grant.scope.to_string(),
            ends.unwrap_or("no end".to_owned()),
            grant.state.to_string(),
        ];
        (tone, cells)
    }

    fn none(&self, _filters: &Inputs) -> String {
        match self.ending_soon {
            true => format!("No grant ends within {SOON_DAYS} days."),
            false => "Nothing was granted here. n asks for a permission.".to_owned(),
        }
    }

    fn note(&self, _rows: &[Grant]) -> String {
        let soon = if self.ending_soon {
            format!(", ending within {SOON_DAYS} days")
        } else {
            String::new()
        };
        soon + if self.past { ", also past ones" } else { "" }
    }

    fn why_not(
        &self,
        command: Command,
        grant: Option<&Grant>,
        context: &Context,
    ) -> Option<String> {
        match (command, grant) {
            (Command::Grants, _) => Some("they are on the screen".to_owned()),
            (Command::Search, _) if !context.may(Permission::GrantsManage) => {
                Some("you see what was granted to you".to_owned())
            }
            (Command::Extend | Command::Revoke, None) => Some("there is no grant here".to_owned()),
            (Command::Extend | Command::Revoke, Some(grant))
                if grant.state == GrantState::Revoked =>
            {
                Some("it was taken back; give it anew".to_owned())
            }
            (Command::Extend, Some(grant)) if grant.ends.is_none() => {
                Some("it has no end".to_owned())
            }
            (Command::Revoke, Some(grant)) if grant.state == GrantState::Expired => {
                Some("its time is over".to_owned())
            }
            _ => None,
        }
    }

    fn command(&mut self, command: Command, grant: Option<&Grant>, context: &mut Context) -> bool {
        match (command, grant) {
            (Command::Soon, _) => {
                self.ending_soon = !self.ending_soon;
                return true;
            }
            (Command::ShowAll, _) => {
                self.past = !self.past;
                return true;
            }
            (Command::Give, _) => {
                let to = self.shown.clone().unwrap_or_default();
                context.show(Form::new(GiveForm::new(to)));
            }
            (Command::AskFor, _) => context.show(ask_form()),
            (Command::Open, Some(grant)) => {
                let facts = facts(grant, context);
                context.show(facts);
            }
            (Command::Extend, Some(grant)) => {
                context.show(Form::new(ExtendForm::new(grant.clone())));
            }
            (Command::Revoke, Some(grant)) => {
                context.show(Form::new(RevokeForm::new(grant.clone())));
            }
            _ => {}
        }
        false
    }
}
