//! Redis. Every key begins with the installation's prefix and the school.
//!
//! A command that fails closes the way for a second; then one caller at a time tries again, so
//! that a dead Redis delays nobody else.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, ConnectionAddr, FromRedisValue, Pipeline, pipe};

use super::limits::{Limit, WINDOW};
use super::sessions::{BARRED, LIFE, SessionKey};
use crate::caller::Session;
use crate::error::{Error, Result};

const PATIENCE: Duration = Duration::from_millis(300);
const CLOSED: Duration = Duration::from_secs(1);
/// What stands in the place of a session that was forgotten.
const BAR: &[u8] = b"-";

/// Counts a try, or gives the milliseconds to wait. The key lives as long as the window, which a try
/// does not prolong. ARGV: the window, the free tries, then a pause for each try after them.
const TRY: &str = "
    local tries, window, free = KEYS[1], ARGV[1], tonumber(ARGV[2])
    local time = redis.call('TIME')
    local now = time[1] * 1000 + math.floor(time[2] / 1000)
    local count = tonumber(redis.call('HGET', tries, 'count') or '0')
    if count >= free then
        local pause, wait = ARGV[3 + count - free], nil
        if pause then
            wait = tonumber(redis.call('HGET', tries, 'last') or '0') + pause - now
        else
            wait = math.max(redis.call('PTTL', tries), 1)
        end
        if wait > 0 then return wait end
    end
    redis.call('HSET', tries, 'count', count + 1, 'last', now)
    if redis.call('PTTL', tries) < 0 then redis.call('PEXPIRE', tries, window) end
    return 0";
/// Takes a try back; what has run out in between does not come back.
const GIVE_BACK: &str = "
    if tonumber(redis.call('HGET', KEYS[1], 'count') or '0') > 0 then
        redis.call('HINCRBY', KEYS[1], 'count', -1)
    end";

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

    /// Counts a try, or says how long to wait.
    pub async fn try_once(&self, limit: Limit, name: &str) -> Option<Result<(), Duration>> {
        let mut ask = pipe();
        ask.cmd("EVAL")
            .arg(TRY)
            .arg(1)
            .arg(format!("{}:{name}", self.prefix))
            .arg(millis(WINDOW))
            .arg(limit.free);
        for pause in limit.pauses() {
            ask.arg(millis(pause));
        }
        let (wait,): (u64,) = self.ask(&ask).await?;
        Some(match wait {
            0 => Ok(()),
            wait => Err(Duration::from_millis(wait)),
        })
    }

    pub async fn give_back(&self, name: &str) {
        let mut ask = pipe();
        ask.cmd("EVAL")
            .arg(GIVE_BACK)
            .arg(1)
            .arg(format!("{}:{name}", self.prefix))
            .ignore();
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
