//! Passwords: argon2id by as many threads as cores, each with its own memory, behind a bounded queue.
//!
//! A semaphore around a thread pool would not bound memory: freed blocks stay in the allocator.
//! Not here: what a password must look like.

use std::sync::{Arc, Mutex, PoisonError, mpsc};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use data_encoding::BASE64_NOPAD;
use hillview_shared::{ApiError, Kind};
use tokio::sync::oneshot;
use unicode_normalization::UnicodeNormalization;

use crate::error::{Error, Result};

/// 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
/// Logins that may wait for a thread.
const QUEUE: usize = 256;
/// What one hash takes on a slow core, to tell how long to wait.
const SLOW_HASH_MS: usize = 60;

/// What a hash costs; stored with it, so that it can grow one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cost {
    memory_kib: u32,
    passes: u32,
}

const COST: Cost = Cost {
    memory_kib: MEMORY_KIB,
    passes: PASSES,
};

/// How a password fits a stored hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    Wrong,
    Right,
    /// Right, and to be hashed anew: it is weaker than a hash made today, or of letters as typed.
    Outdated,
}

/// A password as it is hashed: the same, whichever keyboard put its letters together. Spaces become
/// plain and letters are composed, as RFC 8265 has it.
pub fn normal(password: &str) -> String {
    let plain = |c: char| match c.is_whitespace() && !c.is_control() {
        true => ' ',
        false => c,
    };
    password.chars().map(plain).nfc().collect()
}

/// The threads that hash.
pub struct Hashers {
    queue: mpsc::SyncSender<Job>,
    threads: usize,
}

struct Job {
    password: Vec<u8>,
    cost: Cost,
    salt: [u8; 16],
    done: oneshot::Sender<[u8; 32]>,
}

impl Hashers {
    pub fn start() -> Self {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let (queue, jobs) = mpsc::sync_channel(QUEUE);
        let jobs = Arc::new(Mutex::new(jobs));
        for _ in 0..threads {
            let jobs = Arc::clone(&jobs);
            std::thread::Builder::new()
                .name("hash".to_owned())
                .spawn(move || work(&jobs))
                .expect("a server can start its threads");
        }
        Self { queue, threads }
    }

    /// A new password's hash, in the PHC form with its parameters.
    pub async fn hash(&self, password: &str) -> Result<String> {
        self.hash_at(&normal(password), COST).await
    }

    /// A hash as an earlier release made it.
    #[cfg(feature = "testing")]
    pub async fn hash_of_old(&self, password: &str) -> Result<String> {
        let cost = Cost {
            memory_kib: 1024,
            passes: 1,
        };
        self.hash_at(password, cost).await
    }

    async fn hash_at(&self, password: &str, cost: Cost) -> Result<String> {
        let salt: [u8; 16] = rand::random();
        let hash = self.run(password, cost, salt).await?;
        let (salt, hash) = (base64(&salt), base64(&hash));
        let Cost { memory_kib, passes } = cost;
        Ok(format!(
            "$argon2id$v=19$m={memory_kib},t={passes},p=1${salt}${hash}"
        ))
    }

    /// How a password fits this hash. Without one it takes as long and fits nothing.
    pub async fn verify(&self, password: &str, stored: Option<&str>) -> Result<Fit> {
        let as_hashed = normal(password);
        let fit = self.verify_as_it_is(&as_hashed, stored).await?;
        if fit != Fit::Wrong || as_hashed == password {
            return Ok(fit);
        }
        // Hashed as typed, by a release that did not compose letters.
        let fit = self.verify_as_it_is(password, stored).await?;
        Ok(if fit == Fit::Right {
            Fit::Outdated
        } else {
            fit
        })
    }

    async fn verify_as_it_is(&self, password: &str, stored: Option<&str>) -> Result<Fit> {
        let parts = stored.map(|stored| {
            parse(stored).ok_or_else(|| {
                Error::fault(
                    "reading a stored password",
                    "not in the form that this server writes",
                )
            })
        });
        let (cost, salt, expected) = match parts {
            Some(parts) => parts?,
            None => (COST, [0; 16], [0; 32]),
        };
        let hash = self.run(password, cost, salt).await?;
        // No early end: how much of the hash is right stays unknown.
        let differing = hash
            .iter()
            .zip(expected)
            .fold(0, |all, (a, b)| all | (a ^ b));
        Ok(match (stored, differing) {
            (Some(_), 0) if cost.is_less_than_todays() => Fit::Outdated,
            (Some(_), 0) => Fit::Right,
            _ => Fit::Wrong,
        })
    }

    async fn run(&self, password: &str, cost: Cost, salt: [u8; 16]) -> Result<[u8; 32]> {
        let (done, hash) = oneshot::channel();
        let job = Job {
            password: password.into(),
            cost,
            salt,
            done,
        };
        if self.queue.try_send(job).is_err() {
            let seconds = (QUEUE * SLOW_HASH_MS / self.threads).div_ceil(1000);
            let text = format!("too many people are logging in at once; try again in {seconds} s");
            return Err(ApiError::new(Kind::Busy, "busy", text).into());
        }
        hash.await
            .map_err(|error| Error::fault("hashing a password", error))
    }
}

fn work(jobs: &Mutex<mpsc::Receiver<Job>>) {
    let mut memory = vec![Block::default(); COST.params().block_count()];
    loop {
        let next = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        // The sender is gone: the server stops.
        let Ok(job) = next else { return };
        if job.done.is_closed() {
            continue;
        }
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, job.cost.params());
        let mut hash = [0; 32];
        argon
            .hash_password_into_with_memory(&job.password, &job.salt, &mut hash, &mut memory)
            .expect("salt, length and memory fit the parameters");
        let _ = job.done.send(hash);
    }
}

impl Cost {
    fn is_less_than_todays(self) -> bool {
        self.memory_kib < COST.memory_kib || self.passes < COST.passes
    }

    fn params(self) -> Params {
        Params::new(self.memory_kib, self.passes, 1, Some(32)).expect("costs are checked when read")
    }
}

/// Reads a stored hash; one that needs more memory than the threads have is refused.
fn parse(stored: &str) -> Option<(Cost, [u8; 16], [u8; 32])> {
    let (memory, rest) = stored
        .strip_prefix("$argon2id$v=19$m=")?
        .split_once(",t=")?;
    let (passes, rest) = rest.split_once(",p=1$")?;
    let (salt, hash) = rest.split_once('$')?;
    let cost = Cost {
        memory_kib: memory
            .parse()
            .ok()
            .filter(|kib| (8..=MEMORY_KIB).contains(kib))?,
        passes: passes
            .parse()
            .ok()
            .filter(|passes| (1..=16).contains(passes))?,
    };
    Some((cost, unbase64(salt)?, unbase64(hash)?))
}

/// Base64 without padding, as the PHC form has it.
fn base64(bytes: &[u8]) -> String {
    BASE64_NOPAD.encode(bytes)
}

fn unbase64<const N: usize>(text: &str) -> Option<[u8; N]> {
    BASE64_NOPAD.decode(text.as_bytes()).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_the_standard_one() {
        for (bytes, text) in [
            (&b"f"[..], "Zg"),
            (b"fo", "Zm8"),
            (b"foo", "Zm9v"),
            (b"\xfb\xff\xbf", "+/+/"),
        ] {
            assert_eq!(base64(bytes), text);
        }
        let bytes: [u8; 32] = std::array::from_fn(|n| u8::try_from(n * 7).unwrap());
        assert_eq!(unbase64::<32>(&base64(&bytes)), Some(bytes));
        assert_eq!(unbase64::<32>("short"), None);
        assert_eq!(unbase64::<1>("=="), None);
    }

    #[tokio::test]
    async fn a_hash_fits_its_password_only() {
        let hashers = Hashers::start();
        let stored = hashers.hash("correct horse").await.unwrap();
        assert!(
            stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{stored}"
        );
        let fit = async |password, stored| hashers.verify(password, stored).await.unwrap();
        assert_eq!(fit("correct horse", Some(&stored)).await, Fit::Right);
        assert_eq!(fit("correct horsf", Some(&stored)).await, Fit::Wrong);
        assert_eq!(fit("correct horse", None).await, Fit::Wrong);
        let cheaper = stored.replace("m=19456", "m=1024");
        assert_eq!(fit("correct horse", Some(&cheaper)).await, Fit::Wrong);
        let dearer = stored.replace("m=19456", "m=99999");
        let refused = hashers.verify("correct horse", Some(&dearer)).await;
        assert!(refused.is_err());
    }

    #[tokio::test]
    async fn letters_fit_however_they_were_put_together() {
        let hashers = Hashers::start();
        let (composed, apart) = ("\u{f1}andu\u{301} a\u{a0}b", "n\u{303}and\u{fa} a b");
        let stored = hashers.hash(composed).await.unwrap();
        for typed in [composed, apart] {
            let fit = hashers.verify(typed, Some(&stored)).await.unwrap();
            assert_eq!(fit, Fit::Right, "{typed}");
        }
        let of_old = hashers.hash_at(apart, COST).await.unwrap();
        let fit = hashers.verify(apart, Some(&of_old)).await.unwrap();
        assert_eq!(fit, Fit::Outdated);
    }

    #[tokio::test]
    async fn a_cheap_hash_is_outdated() {
        let hashers = Hashers::start();
        for (memory_kib, passes) in [(1024, 2), (MEMORY_KIB, 1)] {
            let cost = Cost { memory_kib, passes };
            let stored = hashers.hash_at("correct horse", cost).await.unwrap();
            let fit = hashers.verify("correct horse", Some(&stored)).await;
            assert_eq!(fit.unwrap(), Fit::Outdated);
        }
    }
}
