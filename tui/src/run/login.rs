//! Logging in: one attempt at a time, and one that was given up leaves no session behind.

use hillview_shared::ApiError;
use hillview_shared::accounts::{LogIn, LoggedIn};
use hillview_shared::api::HillviewRequest;

use super::Asker;
use super::turn::Turn;
use crate::msg::{Msg, Ticket};

/// How far a login is.
#[derive(Default)]
pub(super) enum Attempt {
    #[default]
    None,
    /// Sent, and waited for.
    Sent(Ticket),
    /// Nobody waits for its answer any more, or the session that it gave is being ended.
    GivenUp,
}

impl Turn {
    /// Logs in as soon as nothing is in the way: the first attempt to connect, or the end of a
    /// login that was given up.
    pub(super) fn log_in(&mut self, ticket: Ticket, request: LogIn) {
        self.next_login = Some((ticket, request));
        self.send_login();
    }

    pub(super) fn send_login(&mut self) {
        if self.connecting || !matches!(self.attempt, Attempt::None) {
            return;
        }
        if let Some((ticket, mut request)) = self.next_login.take() {
            request.device = self.tokens.device(&request.school, &request.user);
            // Until the answer says whose session this is, nobody's marks go out on it.
            self.may_save = false;
            self.attempt = Attempt::Sent(ticket);
            self.ask(Asker::LogIn(ticket), HillviewRequest::LogIn { request });
        }
    }

    pub(super) fn stop_login(&mut self, ticket: Ticket) {
        self.next_login.take_if(|(waiting, _)| *waiting == ticket);
        if matches!(self.attempt, Attempt::Sent(sent) if sent == ticket) {
            self.attempt = Attempt::GivenUp;
        }
    }

    pub(super) fn login_answered(
        &mut self,
        ticket: Ticket,
        reply: Result<LoggedIn, ApiError>,
    ) -> Vec<Msg> {
        let attempt = std::mem::take(&mut self.attempt);
        if matches!(attempt, Attempt::Sent(sent) if sent == ticket) {
            return self.logged_in(ticket, reply);
        }
        if reply.is_ok() {
            // The next login comes after this, so that it is not the one that ends.
            self.attempt = Attempt::GivenUp;
            self.ask(Asker::UnwantedSession, HillviewRequest::LogOut {});
        } else {
            self.send_login();
        }
        Vec::new()
    }

    /// The session of a login that was given up has ended.
    pub(super) fn unwanted_ended(&mut self) {
        self.attempt = Attempt::None;
        self.send_login();
    }
}
