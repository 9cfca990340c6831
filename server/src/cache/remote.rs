//! Redis. Every key begins with the installation's prefix and the school.
//!
//! A command that fails closes the way for a second; then one caller at a time tries again, so
//! that a dead Redis delays nobody else.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures::StreamExt;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, ConnectionAddr, FromRedisValue, Pipeline, TlsCertificates, pipe};

use super::limits::{Limit, WINDOW};
use crate::error::{Error, Result};

const PATIENCE: Duration = Duration::from_millis(300);
const CLOSED: Duration = Duration::from_secs(1);
/// How often the line that notices come on is tried when it is silent.
const PULSE: Duration = Duration::from_secs(5);

/// Counts a try, or gives the milliseconds to wait. The key lives as long as the window, which a try
/// does not prolong. ARGV: the window, the free tries, 1 to count or 0 to look only, then a pause
/// for each try after the free ones.
const TRY: &str = "
    local tries, window, free = KEYS[1], ARGV[1], tonumber(ARGV[2])
    local time = redis.call('TIME')
    local now = time[1] * 1000 + math.floor(time[2] / 1000)
    local count = tonumber(redis.call('HGET', tries, 'count') or '0')
    if count >= free then
        local pause, wait = ARGV[4 + count - free], nil
        if pause then
            wait = tonumber(redis.call('HGET', tries, 'last') or '0') + pause - now
        else
            wait = math.max(redis.call('PTTL', tries), 1)
        end
        if wait > 0 then return wait end
    end
    if ARGV[3] == '0' then return 0 end
    redis.call('HSET', tries, 'count', count + 1, 'last', now)
    if redis.call('PTTL', tries) < 0 then redis.call('PEXPIRE', tries, window) end
    return 0";
/// Takes a try back; what has run out in between does not come back.
const GIVE_BACK: &str = "
    if tonumber(redis.call('HGET', KEYS[1], 'count') or '0') > 0 then
        redis.call('HINCRBY', KEYS[1], 'count', -1)
    end";

pub struct Remote {
    client: Client,
    manager: ConnectionManager,
    prefix: String,
    began: Instant,
    /// Milliseconds since `began` until which nobody tries.
    closed_until: AtomicU64,
}

impl Remote {
    /// `authority` is a PEM file; without it, with TLS, the system's authorities are trusted.
    pub fn open(url: &str, authority: Option<&Path>, prefix: &str) -> Result<Self> {
        let bad = |error| Error::fault("reading the URL of Redis", plain(&error));
        if url.starts_with("rediss") {
            // The first to come sets it; whoever set it before chose the same.
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        let client = match authority {
            None => Client::open(url).map_err(bad)?,
            Some(file) => {
                let root_cert = std::fs::read(file)
                    .map_err(|error| Error::fault("reading the authority of Redis", error))?;
                let trust = TlsCertificates {
                    client_tls: None,
                    root_cert: Some(root_cert),
                };
                Client::build_with_tls(url, trust).map_err(bad)?
            }
        };
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
        let manager =
            ConnectionManager::new_lazy_with_config(client.clone(), config).map_err(bad)?;
        Ok(Self {
            client,
            manager,
            prefix: prefix.to_owned(),
            began: Instant::now(),
            closed_until: AtomicU64::new(0),
        })
    }

    /// Sends a notice to whoever follows.
    pub async fn publish(&self, notice: &[u8]) {
        let mut ask = pipe();
        ask.publish(self.channel(), notice).ignore();
        let _: Option<()> = self.ask(&ask).await;
    }

    /// Hears notices for ever; takes the line up again whenever it breaks.
    pub async fn follow(&self, mut hear: impl FnMut(&[u8])) {
        loop {
            if let Err(error) = self.listen(&mut hear).await {
                tracing::debug!(error = plain(&error), "no notices from redis");
            }
            tokio::time::sleep(CLOSED).await;
        }
    }

    async fn listen(&self, hear: &mut impl FnMut(&[u8])) -> redis::RedisResult<()> {
        let open = async {
            let mut line = self.client.get_async_pubsub().await?;
            line.subscribe(self.channel()).await?;
            redis::RedisResult::Ok(line)
        };
        let (mut ends, mut notices) = in_time(open).await?.split();
        loop {
            match tokio::time::timeout(PULSE, notices.next()).await {
                Ok(Some(notice)) => hear(notice.get_payload_bytes()),
                Ok(None) => return Ok(()),
                // A line that was cut without a word looks like a quiet one.
                Err(_) => in_time(ends.ping()).await?,
            }
        }
    }

    /// Counts a try, or says how long to wait.
    pub async fn try_once(&self, limit: Limit, name: &str) -> Option<Result<(), Duration>> {
        let wait = self.waits(limit, name, true).await?;
        Some(wait.map_or(Ok(()), Err))
    }

    /// How long a try would have to wait, if at all.
    pub async fn wait(&self, limit: Limit, name: &str) -> Option<Option<Duration>> {
        self.waits(limit, name, false).await
    }

    async fn waits(&self, limit: Limit, name: &str, count: bool) -> Option<Option<Duration>> {
        let mut ask = pipe();
        ask.cmd("EVAL")
            .arg(TRY)
            .arg(1)
            .arg(format!("{}:{name}", self.prefix))
            .arg(millis(WINDOW))
            .arg(limit.free)
            .arg(u8::from(count));
        for pause in limit.pauses() {
            ask.arg(millis(pause));
        }
        let (wait,): (u64,) = self.ask(&ask).await?;
        Some((wait > 0).then(|| Duration::from_millis(wait)))
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
        let mut manager = self.manager.clone();
        let answer = commands.query_async(&mut manager);
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
            tracing::warn!(
                error,
                "redis is away: this server counts tries alone, and others learn of changes later"
            );
        }
        self.closed_until
            .store(self.now() + millis(CLOSED), Ordering::Relaxed);
        None
    }

    fn channel(&self) -> String {
        format!("{}:notices", self.prefix)
    }

    fn now(&self) -> u64 {
        millis(self.began.elapsed()).max(1)
    }
}

async fn in_time<T>(answer: impl Future<Output = redis::RedisResult<T>>) -> redis::RedisResult<T> {
    tokio::time::timeout(CLOSED, answer)
        .await
        .unwrap_or_else(|_| Err((redis::ErrorKind::Io, "no answer in time").into()))
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
        let refused = |url: &str| {
            Remote::open(url, None, "hv")
                .err()
                .map(|error| error.to_string())
        };
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
