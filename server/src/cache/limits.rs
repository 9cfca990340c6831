//! How often something may be tried: logins by account, and by address.
//!
//! Each server counts every try for itself too: a Redis that is away, was emptied or came back with
//! what it knew long ago gives nobody new tries. While it is away each server has a part of the limit,
//! since it does not know what the others count.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Cache, Notice};

/// Tries are counted for this long from the first one; then they are forgotten, whatever came after it.
pub const WINDOW: Duration = Duration::from_secs(15 * 60);

/// A limit within the window.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// Tries before any wait.
    pub free: u32,
    /// Tries in all.
    pub most: u32,
}

impl Limit {
    /// The pauses before the tries that are not free, in their order; there are no tries after them.
    pub fn pauses(self) -> impl Iterator<Item = Duration> {
        (self.free..self.most)
            .map(move |count| Duration::from_secs(1 << (count - self.free).min(10)))
    }

    /// What an instance allows on its own while it cannot ask what the others count.
    #[must_use]
    pub fn alone(self) -> Self {
        Self {
            free: self.free.div_ceil(3),
            most: self.most.div_ceil(3),
        }
    }

    /// How long to wait before one more try, when `count` were made in a window that has `rest` to go
    /// and the last of them was `since` ago.
    pub fn wait(self, count: u32, rest: Duration, since: Duration) -> Option<Duration> {
        let over = count.checked_sub(self.free)?;
        let Some(pause) = self.pauses().nth(over as usize) else {
            return Some(rest);
        };
        pause.checked_sub(since).filter(|rest| !rest.is_zero())
    }
}

impl Cache {
    /// Counts a try, or says how long to wait; a try that must wait is not counted.
    pub async fn try_once(&self, limit: Limit, school: &str, name: &str) -> Result<(), Duration> {
        let name = format!("{school}:tries:{name}");
        let limit = match &self.remote {
            None => limit,
            Some(remote) => match remote.try_once(limit, &name).await {
                None => limit.alone(),
                Some(Ok(())) => limit,
                Some(refused) => return refused,
            },
        };
        let told = self.local.try_once(limit, &name, Instant::now());
        if let (Err(_), Some(remote)) = (told, &self.remote) {
            remote.give_back(&name).await;
        }
        told
    }

    /// How long a try would have to wait, without counting one.
    pub async fn wait(&self, limit: Limit, school: &str, name: &str) -> Option<Duration> {
        let name = format!("{school}:tries:{name}");
        let limit = match &self.remote {
            None => limit,
            Some(remote) => match remote.wait(limit, &name).await {
                None => limit.alone(),
                Some(None) => limit,
                Some(wait) => return wait,
            },
        };
        self.local.wait(limit, &name, Instant::now())
    }

    /// Takes a try back that turned out to be right.
    pub async fn give_back(&self, school: &str, name: &str) {
        let name = format!("{school}:tries:{name}");
        self.local.give_back(&name);
        if let Some(remote) = &self.remote {
            remote.give_back(&name).await;
        }
    }

    /// The same where nobody can wait for it: here at once, in Redis soon.
    pub fn give_back_later(&self, school: &str, name: &str) {
        let name = format!("{school}:tries:{name}");
        self.local.give_back(&name);
        let runtime = tokio::runtime::Handle::try_current();
        if let (Some(remote), Ok(runtime)) = (&self.remote, runtime) {
            let remote = Arc::clone(remote);
            runtime.spawn(async move { remote.give_back(&name).await });
        }
    }

    /// Forgets the tries after one that succeeded, on every server.
    pub async fn forgive(&self, school: &str, name: &str) {
        let name = format!("{school}:tries:{name}");
        if let Some(remote) = &self.remote {
            remote.forgive(&name).await;
        }
        self.tell(Notice::Forgiven { name }).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_grows_and_ends() {
        let limit = Limit { free: 3, most: 10 };
        let wait = |count, since| {
            let since = Duration::from_secs(since);
            let wait = limit.wait(count, Duration::from_secs(300), since);
            wait.map(|wait| wait.as_secs())
        };
        assert_eq!(wait(2, 0), None);
        assert_eq!(wait(3, 0), Some(1));
        assert_eq!(wait(3, 1), None);
        assert_eq!(wait(6, 2), Some(6));
        assert_eq!(wait(9, 64), None);
        assert_eq!(wait(10, 600), Some(300), "the rest of the window");
    }
}
