//! The audit log: what was done and refused, the newest first, and the check that nobody changed
//! it.

mod verify;

use hillview_shared::api::{HillviewRequest, Reply};
use hillview_shared::audit::{AuditEntry, ListAudit, OK};
use hillview_shared::students::Page;

use self::verify::Verify;
use crate::app::context::Context;
use crate::command::{Command, Scope};
use crate::shapes::facts::Facts;
use crate::shapes::form::date;
use crate::shapes::list::{Answer, Listing};
use crate::theme::Tone;
use crate::widgets::columns::Column;
use crate::widgets::inputs::{Input, Inputs};

const PLACE: &str = "Audit log";

const ACTION: usize = 0;
const LOGIN: usize = 1;
const OUTCOME: usize = 2;
const FROM: usize = 3;
const BEFORE: usize = 4;

#[derive(Debug, Default)]
pub struct AuditLog;

fn who(entry: &AuditEntry) -> String {
    entry.username.clone().unwrap_or("-".to_owned())
}

fn facts(entry: &AuditEntry, context: &Context) -> Facts {
    Facts::new(
        PLACE,
        format!("Line {}: {}", entry.sequence, entry.action),
        [
            ("When", context.clock(entry.at)),
            ("Login", who(entry)),
            ("From", entry.address.clone()),
            ("With", entry.source.clone()),
            ("Action", entry.action.clone()),
            ("To what", entry.subject.clone()),
            ("Outcome", entry.outcome.clone()),
            ("More", entry.detail.clone()),
        ],
    )
}

impl Listing for AuditLog {
    type Row = AuditEntry;
    const COLUMNS: &'static [Column] = &[
        Column::new("When", 18),
        Column::new("Login", 12),
        Column::new("Action", 23),
        Column::new("To what", 8).grows(),
        Column::new("Outcome", 11).gives_way(),
    ];
    const NOUNS: (&'static str, &'static str) = ("line", "lines");

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Audit, Scope::Rows, Scope::Anywhere]
    }

    fn place(&self) -> String {
        PLACE.to_owned()
    }

    fn filters(&self) -> Inputs {
        Inputs::new([
            ("Action (or how it begins)", Input::text("", 40)),
            ("Login", Input::text("", 40)),
            ("Outcome", Input::choice(&["all", "refused only"], 0)),
            ("From the day", Input::text("", 10)),
            ("Before the day", Input::text("", 10)),
        ])
    }

    fn wrong(&self, filters: &Inputs) -> Option<String> {
        let dates = [FROM, BEFORE].map(|at| date(filters, at).err());
        dates.into_iter().flatten().next().map(|wrong| wrong.why)
    }

    fn request(
        &self,
        filters: &Inputs,
        (after, limit): (Option<String>, u16),
        context: &Context,
    ) -> HillviewRequest {
        let day = |at| date(filters, at).ok().flatten();
        let request = ListAudit {
            action: filters.given(ACTION),
            username: filters.given(LOGIN),
            refused: filters.chosen(OUTCOME) == 1,
            from: day(FROM).map(|day| context.midnight(day)),
            until: day(BEFORE).map(|day| context.midnight(day)),
            after,
            limit,
        };
        HillviewRequest::ListAudit { request }
    }

    fn page(&mut self, answer: Answer) -> Reply<Page<AuditEntry>> {
        crate::reply!(answer, ListAudit)
    }

    fn cells(&self, entry: &AuditEntry, context: &Context) -> (Tone, Vec<String>) {
        let tone = match entry.outcome == OK {
            true => Tone::Plain,
            false => Tone::Bad,
        };
        let cells = vec![
            context.clock(entry.at),
            who(entry),
            entry.action.clone(),
            entry.subject.clone(),
            entry.outcome.clone(),
        ];
        (tone, cells)
    }

    fn none(&self, _filters: &Inputs) -> String {
        "No line of the log is so.".to_owned()
    }

    fn why_not(
        &self,
        command: Command,
        _entry: Option<&AuditEntry>,
        _context: &Context,
    ) -> Option<String> {
        (command == Command::Audit).then(|| "it is on the screen".to_owned())
    }

    fn command(
        &mut self,
        command: Command,
        entry: Option<&AuditEntry>,
        context: &mut Context,
    ) -> bool {
        match (command, entry) {
            (Command::Open, Some(entry)) => {
                let facts = facts(entry, context);
                context.show(facts);
            }
            (Command::Verify, _) => context.show(Verify::default()),
            _ => {}
        }
        false
    }
}
