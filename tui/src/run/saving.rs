//! The outbox at work: edits go to the disk, saves to the server, one after the other.

use hillview_shared::api::HillviewRequest;
use hillview_shared::ids::OperationId;
use hillview_shared::marks::MarksSaved;
use hillview_shared::{ApiError, Kind};
use tokio::time::sleep;

use super::line::wait;
use super::turn::Turn;
use super::{Asker, Event, now};
use crate::msg::{EditId, Msg, NewEdit, OutboxEvent};
use crate::outbox::Outbox;

/// A save at which the server failed this often in a row is held like a refused one, so that the
/// marks behind it are not kept from the server for ever.
const MOST_FAULTS: u32 = 8;

/// A server that has no time, as one whose database starts again, is asked every half a minute
/// in the end.
const MOST_DOUBLINGS: u32 = 6;

/// How often in a row the server failed at the save on hand, or had no time for it.
#[derive(Default)]
pub(super) struct Patience {
    faults: u32,
    busy: u32,
}

impl Patience {
    /// How often the wait is doubled before the save is sent again; `None` when it is held.
    ///
    /// What is sent again has the same operation, which has an effect once: whether it was saved
    /// is not known.
    fn after(&mut self, kind: Kind) -> Option<u32> {
        match kind {
            Kind::Offline => Some(0),
            Kind::Busy => {
                let doublings = self.busy.min(MOST_DOUBLINGS);
                self.busy = self.busy.saturating_add(1);
                Some(doublings)
            }
            Kind::Fault if self.faults < MOST_FAULTS => {
                self.faults += 1;
                Some(self.faults)
            }
            _ => None,
        }
    }
}

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
                (self.saving, self.patience) = (None, Patience::default());
                let events = outbox.answered(operation, &saved);
                return self.told(events);
            }
            Err(error) => error,
        };
        if error.kind == Kind::SessionEnded {
            // It waits for the next session of this user.
            self.saving = None;
            return self.postponed();
        }
        if let Some(doublings) = self.patience.after(error.kind) {
            return self.save_later(operation, doublings);
        }
        (self.saving, self.patience) = (None, Patience::default());
        let events = outbox.refused(operation, &error);
        self.told(events)
    }

    /// The time has come to send a save again.
    pub(super) fn save_again(&mut self, operation: OperationId) {
        if self.saving == Some(operation) {
            self.saving = None;
        }
    }

    fn save_later(&mut self, operation: OperationId, doublings: u32) -> Vec<Msg> {
        let (wait, tell) = (wait(doublings, rand::random()), self.tell.clone());
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_is_busy_again_and_again_is_asked_less_and_less_and_never_given_up() {
        let mut patience = Patience::default();
        let mut longest = || {
            let doublings = patience.after(Kind::Busy).unwrap();
            wait(doublings, 999).as_millis()
        };
        let waits: Vec<u128> = std::iter::repeat_with(&mut longest).take(7).collect();
        assert!(waits.is_sorted_by(|a, b| a * 2 <= *b + 1), "{waits:?}");
        let for_ever: Vec<u128> = std::iter::repeat_with(longest).take(1_000).collect();
        assert!(for_ever.iter().all(|wait| (16_000..=32_000).contains(wait)));
    }

    #[test]
    fn a_save_at_which_the_server_fails_is_held_in_the_end() {
        let mut patience = Patience::default();
        for _ in 0..MOST_FAULTS {
            assert!(patience.after(Kind::Fault).is_some());
        }
        assert_eq!(patience.after(Kind::Fault), None);
        assert_eq!(patience.after(Kind::Invalid), None);
    }
}
