//! How often something may be tried: logins by account, and by address.
//!
//! Without Redis each instance counts for itself: the limit is never off.

use std::time::Duration;

use super::Cache;

/// Tries are counted for this long.
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
    /// How long to wait before the try number `count`, when the last one was `since` ago.
    fn wait(self, count: u32, since: Duration) -> Option<Duration> {
        if count > self.most {
            return Some(WINDOW);
        }
        let over = count.checked_sub(self.free + 1)?;
        let pause = Duration::from_secs(1 << over.min(10));
        pause.checked_sub(since).filter(|rest| !rest.is_zero())
    }
}

impl Cache {
    /// Counts a try, or says how long to wait.
    pub async fn try_once(&self, limit: Limit, school: &str, name: &str) -> Result<(), Duration> {
        let name = format!("{school}:try:{name}");
        let counted = match &self.remote {
            Some(remote) => remote.count_try(&name).await,
            None => None,
        };
        let (count, since) = counted.unwrap_or_else(|| self.local.count_try(&name));
        limit.wait(count, since).map_or(Ok(()), Err)
    }

    /// Takes a try back that turned out to be right.
    pub async fn give_back(&self, school: &str, name: &str) {
        let name = format!("{school}:try:{name}");
        self.local.give_back(&name);
        if let Some(remote) = &self.remote {
            remote.give_back(&name).await;
        }
    }

    /// Forgets the tries after one that succeeded.
    pub async fn forgive(&self, school: &str, name: &str) {
        let name = format!("{school}:try:{name}");
        self.local.forgive(&name);
        if let Some(remote) = &self.remote {
            remote.forgive(&name).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_grows_and_ends() {
        let limit = Limit { free: 3, most: 10 };
        let wait = |count, since| {
            limit
                .wait(count, Duration::from_secs(since))
                .map(|w| w.as_secs())
        };
        assert_eq!(wait(3, 0), None);
        assert_eq!(wait(4, 0), Some(1));
        assert_eq!(wait(4, 1), None);
        assert_eq!(wait(7, 2), Some(6));
        assert_eq!(wait(10, 64), None);
        assert_eq!(wait(11, 600), Some(WINDOW.as_secs()));
    }
}
