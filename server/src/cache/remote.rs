//! Redis. Every key begins with the installation's prefix and the school.
//!
//! A command that fails closes the way for a second; then one caller at a time tries again, so
//! that a dead Redis delays nobody else.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, ConnectionAddr, FromRedisValue, Pipeline, pipe};

use super::limits::WINDOW;
use super::sessions::{BARRED, LIFE, SessionKey};
use crate::caller::Session;
use crate::error::{Error, Result};

const PATIENCE: Duration = Duration::from_millis(300);
const CLOSED: Duration = Duration::from_secs(1);
/// What stands in the place of a session that was forgotten.
const BAR: &[u8] = b"-";

pub struct Remote {
    manager: ConnectionManager,
    prefix: String,
    began: Instant,
    /// Milliseconds since `began` until which nobody tries.
    closed_until: AtomicU64,
    /// Sessions to bar as soon as Redis is back, before anything is believed.
    owed: Mutex<Vec<String>>,
}

impl Remote {
    pub fn open(url: &str, prefix: &str) -> Result<Self> {
        let bad = |error| Error::fault("reading the URL of Redis", plain(&error));
        if url.starts_with("rediss") {
            // The first to come sets it; whoever set it before chose the same.
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        let client = Client::open(url).map_err(bad)?;
        if let ConnectionAddr::Tcp(host, _) = client.get_connection_info().addr()
            && !["localhost", "127.0.0.1", "::1"].contains(&host.as_str())
        {
            let why = "it is not on this machine: use rediss://, which is TLS";
            return Err(Error::fault("the URL of Redis", why));
        }
        let config = ConnectionManagerConfig::new()
            .set_response_timeout(Some(PATIENCE))
            .set_connection_timeout(Some(CLOSED))
            .set_max_delay(CLOSED);
        let manager = ConnectionManager::new_lazy_with_config(client, config).map_err(bad)?;
        Ok(Self {
            manager,
            prefix: prefix.to_owned(),
            began: Instant::now(),
            closed_until: AtomicU64::new(0),
            owed: Mutex::default(),
        })
    }

    pub async fn session(&self, key: &SessionKey) -> Option<Session> {
        let mut ask = pipe();
        ask.get(self.name(key));
        let (found,): (Option<Vec<u8>>,) = self.ask(&ask).await?;
        // An entry of another version of the server counts as absent.
        rmp_serde::from_slice(&found?).ok()
    }

    pub async fn keep_session(&self, key: &SessionKey, session: &Session) {
        let Ok(bytes) = rmp_serde::to_vec_named(session) else {
            return;
        };
        let mut ask = pipe();
        // NX: what bars a session is not overwritten.
        ask.cmd("SET")
            .arg(self.name(key))
            .arg(bytes)
            .arg("NX")
            .arg("EX")
            .arg(LIFE.as_secs())
            .ignore();
        let _: Option<()> = self.ask(&ask).await;
    }

    pub async fn forget_sessions(&self, keys: &[SessionKey]) {
        let names = keys.iter().map(|key| self.name(key));
        self.owed().extend(names);
        let mut ask = pipe();
        ask.ping().ignore();
        let _: Option<()> = self.ask(&ask).await;
    }

    /// Counts a try; gives the count within the window and how long ago the last one was.
    pub async fn count_try(&self, name: &str) -> Option<(u32, Duration)> {
        let (name, at) = (
            format!("{}:{name}", self.prefix),
            format!("{}:{name}:at", self.prefix),
        );
        let now = u64::try_from(chrono::Utc::now().timestamp_millis()).unwrap_or(0);
        let window = WINDOW.as_secs();
        let mut ask = pipe();
        ask.atomic();
        ask.cmd("SET")
            .arg(&name)
            .arg(0)
            .arg("NX")
            .arg("EX")
            .arg(window)
            .ignore();
        ask.incr(&name, 1);
        ask.cmd("SET")
            .arg(&at)
            .arg(now)
            .arg("EX")
            .arg(window)
            .arg("GET");
        let (count, last): (u32, Option<u64>) = self.ask(&ask).await?;
        let since = last.map_or(Duration::MAX, |last| {
            Duration::from_millis(now.saturating_sub(last))
        });
        Some((count, since))
    }

    pub async fn give_back(&self, name: &str) {
        let mut ask = pipe();
        let name = format!("{}:{name}", self.prefix);
        // The count may have run out in between: a key without an end must not stay.
        ask.decr(&name, 1).ignore().expire(&name, 60).ignore();
        let _: Option<()> = self.ask(&ask).await;
    }

    pub async fn forgive(&self, name: &str) {
        let mut ask = pipe();
        ask.del(format!("{}:{name}", self.prefix)).ignore();
        let _: Option<()> = self.ask(&ask).await;
    }

    /// Sends commands; `None` when Redis is away.
    async fn ask<T: FromRedisValue>(&self, commands: &Pipeline) -> Option<T> {
        let now = self.now();
        let closed = self.closed_until.load(Ordering::Relaxed);
        if now < closed {
            return None;
        }
        if closed > 0 {
            // One caller tries; the others go on without, until it has an answer.
            let until = now + millis(CLOSED);
            let mine = self.closed_until.compare_exchange(
                closed,
                until,
                Ordering::Relaxed,
                Ordering::Relaxed,
            );
            mine.ok()?;
        }
        let answer = async {
            self.pay().await?;
            commands.query_async(&mut self.manager.clone()).await
        };
        let error = match tokio::time::timeout(PATIENCE, answer).await {
            Ok(Ok(answer)) => {
                if closed > 0 {
                    tracing::info!("redis is back");
                    self.closed_until.store(0, Ordering::Relaxed);
                }
                return Some(answer);
            }
            Ok(Err(error)) => plain(&error),
            Err(_) => "no answer in time".to_owned(),
        };
        if closed == 0 {
            tracing::warn!(error, "redis is away: sessions come from the database");
        }
        self.closed_until
            .store(self.now() + millis(CLOSED), Ordering::Relaxed);
        None
    }

    /// Bars what was forgotten while Redis was away.
    async fn pay(&self) -> redis::RedisResult<()> {
        let names = self.owed().clone();
        if names.is_empty() {
            return Ok(());
        }
        let mut bars = pipe();
        for name in &names {
            bars.cmd("SET")
                .arg(name)
                .arg(BAR)
                .arg("EX")
                .arg(BARRED.as_secs())
                .ignore();
        }
        let () = bars.query_async(&mut self.manager.clone()).await?;
        self.owed().retain(|name| !names.contains(name));
        Ok(())
    }

    fn name(&self, key: &SessionKey) -> String {
        format!(
            "{}:{}:session:{}",
            self.prefix,
            key.school,
            hex::encode(key.hash)
        )
    }

    fn owed(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.owed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> u64 {
        millis(self.began.elapsed()).max(1)
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// The kind of an error only: its text may quote a URL with a password.
fn plain(error: &redis::RedisError) -> String {
    format!("{:?}", error.kind())
}

#[cfg(test)]
mod tests {
    use super::Remote;

    #[tokio::test]
    async fn redis_elsewhere_is_reached_with_tls_only() {
        let refused = |url: &str| Remote::open(url, "hv").err().map(|error| error.to_string());
        for near in [
            "redis://127.0.0.1/",
            "redis+unix:///run/redis.sock",
            "rediss://10.0.0.7/",
        ] {
            assert_eq!(refused(near), None, "{near}");
        }
        let text = refused("redis://:secret@10.0.0.7/").unwrap();
        assert!(
            text.contains("rediss://") && !text.contains("secret"),
            "{text}"
        );
    }
}
