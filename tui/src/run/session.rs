//! The line and the session on it: who is logged in, and whose outbox is open.

use hillview_shared::ApiError;
use hillview_shared::accounts::{LoggedIn, SecondFactor, Who};
use hillview_shared::api::{HillviewRequest, Resume, Welcome};

use super::line::Change;
use super::saving::Patience;
use super::turn::Turn;
use super::{Asker, now};
use crate::msg::{LineState, Msg, OutboxEvent, Ticket};
use crate::outbox::{Outbox, Owner};
use crate::tokens::Session;

impl Turn {
    pub(super) fn line_changed(&mut self, change: Change) -> Vec<Msg> {
        let messages = self.line_is(change);
        self.connecting = false;
        self.send_login();
        messages
    }

    fn line_is(&mut self, change: Change) -> Vec<Msg> {
        match change {
            Change::Up {
                client,
                welcome,
                resuming,
            } => {
                (self.offline_since, self.patience) = (None, Patience::default());
                let mut messages = Vec::new();
                if let Some(key) = client.first_seen() {
                    let words =
                        format!("first time at {}; its key {key} is remembered", self.server);
                    messages.push(Msg::Say { words, bad: false });
                }
                self.client = Some(client);
                messages.extend(self.welcomed(*welcome, resuming));
                messages
            }
            Change::Down { retry_at } => {
                self.client = None;
                self.may_save = false;
                let since = *self.offline_since.get_or_insert_with(now);
                vec![Msg::Line(LineState::Offline {
                    since,
                    retry_at: Some(retry_at),
                })]
            }
            Change::Refused(error) => {
                self.client = None;
                self.may_save = false;
                vec![Msg::Line(LineState::Refused(Box::new(error)))]
            }
        }
    }

    fn welcomed(&mut self, welcome: Welcome, resuming: bool) -> Vec<Msg> {
        match welcome.who {
            Some(who) => {
                let mut messages = self.entered(&who);
                messages.insert(0, Msg::Resumed(Box::new(who)));
                messages.insert(0, Msg::Line(LineState::Online));
                messages
            }
            None if resuming => {
                self.forget_session();
                vec![Msg::Line(LineState::SessionEnded)]
            }
            None => vec![Msg::Line(LineState::Online)],
        }
    }

    pub(super) fn logged_in(
        &mut self,
        ticket: Ticket,
        reply: Result<LoggedIn, ApiError>,
    ) -> Vec<Msg> {
        let logged_in = match reply {
            Ok(logged_in) => logged_in,
            Err(error) => {
                let answer = Err(error);
                return vec![Msg::LoggedIn { ticket, answer }];
            }
        };
        let who = logged_in.who;
        let session = Session {
            school: who.school.code.clone(),
            user: who.username.clone(),
            token: logged_in.token,
        };
        self.line.resume_with(Some(Resume {
            school: session.school.clone(),
            token: session.token,
        }));
        if let Some(device) = &logged_in.device {
            // Without it the next login is a stranger's, which gets in as well.
            let _ = self
                .tokens
                .keep_device(&session.school, &session.user, device);
        }
        let kept = self.tokens.save(&session);
        self.session = Some(session);
        let after = self.entered(&who);
        let answer = Ok(Box::new(who));
        let mut messages = vec![Msg::LoggedIn { ticket, answer }];
        messages.extend(after);
        // Without the file one must log in again next time; now it does no harm.
        messages.extend(kept.err().map(|error| said(&error)));
        messages
    }

    /// Somebody is logged in: their outbox is opened, and may send.
    fn entered(&mut self, who: &Who) -> Vec<Msg> {
        self.may_save = !who.must_change_password && who.second_factor != SecondFactor::Missing;
        self.sessions += 1;
        // What was typed before is the work of whoever's outbox is open still.
        let mut messages = self.keep_edits();
        let owner = Owner {
            server: self.server.clone(),
            school: who.school.code.clone(),
            user: who.username.clone(),
        };
        let same = self.outbox.take().filter(|open| *open.owner() == owner);
        let opened = match same {
            Some(mut open) => {
                // What cannot be taken over now stays where it is until the next time.
                let _ = open.take_over();
                Ok(open)
            }
            None => {
                self.saving = None;
                Outbox::open(&self.state_folder, owner)
            }
        };
        match opened {
            Ok(outbox) => {
                for damage in outbox.damages() {
                    let words = damage.to_string();
                    if !self.farewell.contains(&words) {
                        messages.push(Msg::Say {
                            words: words.clone(),
                            bad: true,
                        });
                        self.farewell.push(words);
                    }
                }
                messages.push(Msg::Outbox {
                    event: OutboxEvent::Loaded(outbox.pending()),
                    counts: outbox.counts(),
                });
                self.outbox = Some(outbox);
            }
            Err(error) => messages.push(said(&error)),
        }
        messages
    }

    /// Ends the session everywhere. What the outbox holds stays on the disk.
    pub(super) fn log_out(&mut self) -> Vec<Msg> {
        let kept = self.keep_edits();
        if self.client.is_some() {
            // Nobody waits for the answer: without a line the server ends the session in time.
            self.ask(Asker::Nobody, HillviewRequest::LogOut {});
        }
        self.forget_session();
        self.outbox = None;
        self.saving = None;
        kept
    }

    fn forget_session(&mut self) {
        self.may_save = false;
        self.line.resume_with(None);
        if let Some(session) = self.session.take() {
            // A token that stays behind is worth nothing: its session has ended.
            let _ = self.tokens.remove(&session);
        }
    }
}

fn said(error: &ApiError) -> Msg {
    let words = match &error.hint {
        Some(hint) => format!("{}: {hint}", error.message),
        None => error.message.clone(),
    };
    Msg::Say { words, bad: true }
}
