//! Keeps a line to the server: connects, says who we are, and connects again when it is lost.

use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use hillview_shared::ApiError;
use hillview_shared::api::{Resume, Welcome};
use hillview_shared::ids::Moment;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep};

use crate::client::{Client, Servers, Trust, hello, worth_another_try};

/// The first wait, which doubles up to the last one.
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LAST_WAIT: Duration = Duration::from_secs(60);
/// A line that held this long was a good one: its loss is a first failure. One that is lost at
/// once, again and again, is tried a little less often.
const GOOD_LINE: Duration = Duration::from_secs(1);
const SHORT_LINES: u32 = 3;

/// What became of the line.
pub(super) enum Change {
    Up {
        client: Client,
        welcome: Box<Welcome>,
        /// A session was to be resumed.
        resuming: bool,
    },
    /// It is lost, or could not be had; it is tried again at this time.
    Down { retry_at: Moment },
    /// Trying again would not help; it is tried again when the person says so.
    Refused(ApiError),
}

/// The handle of the task that keeps the line.
pub(super) struct Line {
    resume: watch::Sender<Option<Resume>>,
    again: Arc<Notify>,
}

impl Line {
    /// Starts keeping a line.
    pub(super) fn keep(
        servers: Servers,
        trust: Trust,
        resume: Option<Resume>,
        tell: impl Fn(Change) + Send + Sync + 'static,
    ) -> Self {
        let (resume, resumed) = watch::channel(resume);
        let again = Arc::new(Notify::new());
        let keeper = Keeper {
            servers,
            trust,
            resume: resumed,
            again: again.clone(),
            failures: 0,
        };
        tokio::spawn(keeper.run(tell));
        Self { resume, again }
    }

    /// The session to resume from now on.
    pub(super) fn resume_with(&self, resume: Option<Resume>) {
        self.resume.send_replace(resume);
    }

    /// Tries now instead of later.
    pub(super) fn try_now(&self) {
        self.again.notify_one();
    }
}

struct Keeper {
    servers: Servers,
    trust: Trust,
    resume: watch::Receiver<Option<Resume>>,
    again: Arc<Notify>,
    /// How often in a row it went wrong.
    failures: u32,
}

impl Keeper {
    async fn run(mut self, tell: impl Fn(Change)) {
        loop {
            let resume = self.resume.borrow().clone();
            let resuming = resume.is_some();
            let hello = hello("tui", resume);
            match self.servers.connect(&self.trust, hello).await {
                Ok((client, welcome)) => {
                    let began = Instant::now();
                    tell(Change::Up {
                        client: client.clone(),
                        welcome: Box::new(welcome),
                        resuming,
                    });
                    client.closed().await;
                    self.failures = match began.elapsed() > GOOD_LINE {
                        true => 0,
                        false => self.failures.min(SHORT_LINES),
                    };
                }
                Err(error) if worth_another_try(error.kind) => {}
                Err(error) => {
                    tell(Change::Refused(error));
                    self.again.notified().await;
                    self.failures = 0;
                    continue;
                }
            }
            let wait = wait(self.failures, rand::random());
            let wait_micros = i64::try_from(wait.as_micros()).expect("a wait is short");
            tell(Change::Down {
                retry_at: Moment(Utc::now().timestamp_micros() + wait_micros),
            });
            self.failures = self.failures.saturating_add(1);
            tokio::select! {
                () = sleep(wait) => {}
                () = self.again.notified() => self.failures = 0,
            }
        }
    }
}

/// How long to wait after so many failures: doubling, and anything between half and whole of
/// that, so that the clients of a school do not all come back at the same moment.
pub(super) fn wait(failures: u32, random: u32) -> Duration {
    let whole = FIRST_WAIT
        .saturating_mul(1 << failures.min(16))
        .min(LAST_WAIT);
    let half = whole / 2;
    half + half * (random % 1_000) / 1_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_minute_and_are_spread() {
        let millis = |failures, random| wait(failures, random).as_millis();
        assert_eq!((millis(0, 0), millis(0, 999)), (250, 499));
        assert_eq!((millis(3, 0), millis(3, 500)), (2_000, 3_000));
        assert_eq!((millis(40, 0), millis(u32::MAX, 999)), (30_000, 59_970));
    }
}
