//! The check of the log and of the histories of marks, piece by piece: it goes on by itself until
//! all is checked, a fault is found, or Esc stops it.

use hillview_shared::api::HillviewRequest;
use hillview_shared::audit::{AuditChecked, AuditFault, VerifyAudit};
use ratatui::layout::Position;

use super::PLACE;
use crate::app::context::Context;
use crate::app::fetch::{Fetch, in_words};
use crate::command::{Command, Scope};
use crate::msg::{Effect, Key, Ticket};
use crate::screens::Screen;
use crate::shapes::list::Answer;
use crate::theme::Tone;
use crate::widgets::inputs::{self, Input, Inputs};
use crate::widgets::pen::Pen;
use crate::widgets::text;

#[derive(Debug)]
pub struct Verify {
    inputs: Inputs,
    fetch: Fetch,
    rows: u64,
    /// What the last piece said, once there is no other.
    end: Option<AuditChecked>,
}

impl Default for Verify {
    fn default() -> Self {
        Self {
            inputs: Inputs::new([(
                "Head written down before (may be empty)",
                Input::text("", 90),
            )]),
            fetch: Fetch::Never,
            rows: 0,
            end: None,
        }
    }
}

impl Verify {
    fn ask(&mut self, after: Option<String>, context: &mut Context) {
        let expect = self.inputs.given(0);
        let request = VerifyAudit { after, expect };
        self.fetch = Fetch::Waiting(context.call(HillviewRequest::VerifyAudit { request }));
    }

    fn checked(&mut self, piece: AuditChecked, context: &mut Context) {
        self.rows += piece.rows;
        match &piece.next {
            Some(next) if piece.fault.is_none() => {
                let next = next.clone();
                self.ask(Some(next), context);
            }
            _ => {
                if piece.fault.is_some() {
                    context.effect(Effect::Bell);
                }
                self.end = Some(piece);
            }
        }
    }

    /// What was found, or how far it is.
    fn words(&self) -> (String, Tone) {
        let rows = usize::try_from(self.rows).unwrap_or(usize::MAX);
        let rows = text::count(rows, "row", "rows");
        match (&self.fetch, &self.end) {
            (Fetch::Waiting(_), _) => {
                let words = format!("Checked so far: {rows}. Esc stops.");
                (words, Tone::Plain)
            }
            (Fetch::Failed(error), _) => (in_words(error), Tone::Bad),
            (
                _,
                Some(AuditChecked {
                    fault: Some(fault), ..
                }),
            ) => {
                let AuditFault {
                    log,
                    sequence,
                    what,
                } = fault;
                let words = format!(
                    "Row {sequence} of {log} was {what} behind the server's back. Nothing after \
                     it was looked at. Checked before it: {rows}."
                );
                (words, Tone::Bad)
            }
            (_, Some(end)) => {
                let head = end.head.as_deref().unwrap_or("none yet");
                let words = format!(
                    "Every row is as it was written: {rows}. Write the head down elsewhere; shown \
                     to a later check, it proves that nothing up to here was changed: {head}"
                );
                (words, Tone::Good)
            }
            (_, None) if self.rows > 0 => {
                (format!("Stopped. Checked so far: {rows}."), Tone::Waiting)
            }
            _ => (String::new(), Tone::Plain),
        }
    }
}

impl Screen for Verify {
    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Form, Scope::Fields, Scope::Anywhere]
    }

    fn place(&self) -> String {
        PLACE.to_owned()
    }

    fn typing(&self) -> bool {
        true
    }

    fn is_waiting(&self) -> bool {
        matches!(self.fetch, Fetch::Waiting(_))
    }

    fn stop_waiting(&mut self, context: &mut Context) {
        // The answer to the piece that is under way is not waited for.
        self.fetch = Fetch::Never;
        context.say("stopped");
    }

    fn fetch(&self) -> Option<&Fetch> {
        Some(&self.fetch)
    }

    fn why_not(&self, command: Command, _context: &Context) -> Option<String> {
        (command == Command::Submit && self.is_waiting())
            .then(|| "it is being checked; Esc stops".to_owned())
    }

    fn command(&mut self, command: Command, context: &mut Context) {
        if command == Command::Submit {
            (self.rows, self.end) = (0, None);
            self.ask(None, context);
        }
    }

    fn type_key(&mut self, key: Key, _context: &mut Context) -> bool {
        self.inputs.key(key)
    }

    fn paste(&mut self, text: &str, _context: &mut Context) {
        self.inputs.paste(text);
    }

    fn waits_for(&self, ticket: Ticket) -> bool {
        self.fetch.waits_for(ticket)
    }

    fn answer(&mut self, _ticket: Ticket, answer: Answer, context: &mut Context) {
        let reply = crate::reply!(answer, VerifyAudit);
        if let Some(piece) = self.fetch.settle(reply) {
            self.checked(piece, context);
        }
    }

    fn view(&self, pen: &mut Pen<'_>, _context: &Context) -> Option<Position> {
        let title = "Check that no row of the log, nor of any mark's history, was changed, removed \
                     or added behind the server's back.";
        inputs::tell(pen, 1, Tone::Heading, title);
        let (cursor, line) = self.inputs.draw(pen, 4);
        let (words, tone) = self.words();
        inputs::tell(pen, line + 1, tone, &words);
        cursor
    }
}
