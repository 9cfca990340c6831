//! The outbox at work: edits go to the disk, saves to the server, one after the other.

use hillview_shared::api::HillviewRequest;
use hillview_shared::ids::OperationId;
use hillview_shared::marks::MarksSaved;
use hillview_shared::{ApiError, Kind};
use tokio::time::sleep;

use super::line::wait;
use super::turn::Turn;
use super::{Asker, Event, now};
use crate::msg::{EditId, LineState, Msg, NewEdit, OutboxEvent};
use crate::outbox::Outbox;

/// A save at which the server failed this often in a row is held like a refused one, so that the
/// marks behind it are not kept from the server for ever.
const MOST_FAULTS: u32 = 8;

impl Turn {
    /// Writes the edits of this turn to the disk, all in one go.
    pub(super) fn keep_edits(&mut self) -> Vec<Msg> {
        if self.edits.is_empty() {
            return Vec::new();
        }
        let edits = std::mem::take(&mut self.edits);
        let kept = match &mut self.outbox {
            Some(outbox) => outbox.queue(&edits, now()),
            None => Err(ApiError::new(
                Kind::Denied,
                "not-queued",
                "nobody is logged in, or the outbox on this machine cannot be used",
            )),
        };
        let events = kept.unwrap_or_else(|error| not_kept(edits, &error));
        self.told(events)
    }

    pub(super) fn give_up(&mut self, edit: EditId) -> Vec<Msg> {
        let Some(outbox) = &mut self.outbox else {
            return Vec::new();
        };
        match outbox.give_up(&[edit]) {
            Ok(events) => self.told(events),
            Err(error) => vec![Msg::Say {
                words: error.message,
                bad: true,
            }],
        }
    }

    /// Sends the next save when none is on its way.
    pub(super) fn send_next(&mut self) -> Vec<Msg> {
        if self.saving.is_some() || !self.may_save || self.client.is_none() {
            return Vec::new();
        }
        let next = self.outbox.as_mut().and_then(Outbox::next_save);
        let Some((request, events)) = next else {
            return Vec::new();
        };
        self.saving = Some(request.operation);
        let asker = Asker::Outbox(request.operation);
        self.ask(asker, HillviewRequest::SaveMarks { request });
        self.told(events)
    }

    pub(super) fn saved(
        &mut self,
        operation: OperationId,
        reply: Result<MarksSaved, ApiError>,
    ) -> Vec<Msg> {
        // The answer may come after somebody else has logged in.
        let (Some(outbox), true) = (&mut self.outbox, self.saving == Some(operation)) else {
            return Vec::new();
        };
        let error = match reply {
            Ok(saved) => {
                (self.saving, self.faults) = (None, 0);
                let events = outbox.answered(operation, &saved);
                return self.told(events);
            }
            Err(error) => error,
        };
        match error.kind {
            // Whether it was saved is not known. It is sent again under its operation, which has
            // an effect once.
            Kind::Offline | Kind::Busy => self.save_later(operation),
            Kind::Fault if self.faults < MOST_FAULTS => {
                self.faults += 1;
                self.save_later(operation)
            }
            Kind::SessionEnded => {
                (self.saving, self.may_save) = (None, false);
                let mut messages = vec![Msg::Line(LineState::SessionEnded)];
                messages.extend(self.postponed());
                messages
            }
            _ => {
                (self.saving, self.faults) = (None, 0);
                let events = outbox.refused(operation, &error);
                self.told(events)
            }
        }
    }

    /// The time has come to send a save again.
    pub(super) fn save_again(&mut self, operation: OperationId) {
        if self.saving == Some(operation) {
            self.saving = None;
        }
    }

    fn save_later(&mut self, operation: OperationId) -> Vec<Msg> {
        let (wait, tell) = (wait(self.faults, rand::random()), self.tell.clone());
        tokio::spawn(async move {
            sleep(wait).await;
            let _ = tell.send(Event::SaveAgain(operation));
        });
        self.postponed()
    }

    fn postponed(&self) -> Vec<Msg> {
        self.told(
            self.outbox
                .as_ref()
                .map(Outbox::postponed)
                .unwrap_or_default(),
        )
    }

    fn told(&self, events: Vec<OutboxEvent>) -> Vec<Msg> {
        let counts = self.outbox.as_ref().map(Outbox::counts).unwrap_or_default();
        let told = |event| Msg::Outbox { event, counts };
        events.into_iter().map(told).collect()
    }
}

fn not_kept(edits: Vec<NewEdit>, error: &ApiError) -> Vec<OutboxEvent> {
    let told = |edit: NewEdit| OutboxEvent::NotKept {
        ticket: edit.ticket,
        sheet: edit.sheet,
        student: edit.student,
        message: error.message.clone(),
    };
    edits.into_iter().map(told).collect()
}
