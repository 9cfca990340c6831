//! How often a login may be tried: at most ten wrong tries an account in fifteen minutes, whoever
//! makes them, with pauses that grow; and bounds for one address.
//!
//! Strangers and the devices that an account logged in on before have a budget each, five and five.
//! So whoever guesses at an account from wherever uses up the strangers' tries, and the owner still
//! gets in. Why it is so stands in `docs/decisions/who-guesses-and-who-owns.md`.

use std::net::{IpAddr, Ipv6Addr};

use hillview_shared::{ApiError, Kind};

use crate::cache::Limit;
use crate::error::{Error, Result};
use crate::service::State;

/// Tries of an account from anywhere.
const STRANGERS: Limit = Limit { free: 3, most: 5 };
/// Tries of an account from devices that it logged in on before.
const KNOWN: Limit = Limit { free: 3, most: 5 };
/// Wrong tries from one address: a school's people share one, on a bad morning too.
const ADDRESS: Limit = Limit {
    free: 60,
    most: 100,
};
/// Tries from one address that are wrong or under way.
const UNDER_WAY: Limit = Limit {
    free: 400,
    most: 400,
};
/// Where addresses are counted: for all schools together.
const ANYWHERE: &str = "any";

/// The codes of refusals that count as a wrong try.
pub(super) const WRONG_PASSWORD: &str = "wrong-password";
pub(super) const WRONG_CODE: &str = "wrong-code";
/// The code of the refusal of a try that must wait.
pub(super) const TOO_MANY: &str = "too-many-tries";

/// A try that counts as wrong until its outcome is known.
#[must_use = "a try ends with its outcome"]
pub struct Try<'a> {
    state: &'a State,
    school: String,
    /// Whose budget it was taken from.
    account: String,
    /// Of a stranger.
    address: Option<String>,
}

/// Takes a try of an account, or says how long to wait. `known` is a device that the account logged
/// in on before; another's address counts too.
pub async fn take<'a>(
    state: &'a State,
    school: &str,
    username: &str,
    address: &str,
    known: bool,
) -> Result<Try<'a>> {
    let taken = |account: String, address: Option<String>| Try {
        state,
        school: school.to_owned(),
        account,
        address,
    };
    let (cache, own) = (&state.cache, format!("{username}:known"));
    if known && cache.try_once(KNOWN, school, &own).await.is_ok() {
        return Ok(taken(own, None));
    }
    // Somebody known has the strangers' tries as well; their address is no reason to refuse them.
    let address = (!known).then(|| network(address));
    if let Some(address) = &address {
        let wrong = format!("{address}:wrong");
        if let Some(wait) = cache.wait(ADDRESS, ANYWHERE, &wrong).await {
            return Err(too_many(wait));
        }
        if cache.try_once(UNDER_WAY, ANYWHERE, address).await.is_err() {
            return Err(crowded());
        }
    }
    let tried = cache.try_once(STRANGERS, school, username).await;
    if let Err(wait) = tried {
        if let Some(address) = &address {
            cache.give_back(ANYWHERE, address).await;
        }
        return Err(too_many(wait));
    }
    Ok(taken(username.to_owned(), address))
}

/// Forgets the wrong tries of an account: it has a new password, which nobody has guessed at.
pub async fn forgive(state: &State, school: &str, username: &str) {
    for name in [username.to_owned(), format!("{username}:known")] {
        state.cache.forgive(school, &name).await;
    }
}

impl Try<'_> {
    /// Counts it by its outcome: only what was wrong stays counted, and not what failed otherwise.
    pub async fn judged<T>(self, outcome: &Result<T>) {
        let cache = &self.state.cache;
        let wrong = match outcome {
            Err(Error::Refused(told)) => is_wrong(told),
            _ => false,
        };
        if !wrong {
            cache.give_back(&self.school, &self.account).await;
        }
        match &self.address {
            Some(address) if wrong => {
                let name = format!("{address}:wrong");
                // When others were wrong in the same moment this one need not count again.
                let _ = cache.try_once(ADDRESS, ANYWHERE, &name).await;
            }
            Some(address) => cache.give_back(ANYWHERE, address).await,
            None => {}
        }
    }
}

/// Whether a refusal is that of a wrong try.
pub fn is_wrong(told: &ApiError) -> bool {
    [WRONG_PASSWORD, WRONG_CODE].contains(&told.code.as_str())
}

/// What one subscriber has of addresses: one of the old kind, or the 64 bits of a network.
fn network(address: &str) -> String {
    match address
        .parse::<IpAddr>()
        .map(|address| address.to_canonical())
    {
        Ok(IpAddr::V6(address)) => {
            let network = Ipv6Addr::from_bits(address.to_bits() >> 64 << 64);
            format!("{network}/64")
        }
        Ok(IpAddr::V4(address)) => address.to_string(),
        Err(_) => address.to_owned(),
    }
}

/// A whole school logs in at the same moment: those before are done in seconds, however long the
/// window still is.
fn crowded() -> Error {
    let text = "too many people are logging in from your address at once; try again in 5 s";
    ApiError::new(Kind::Busy, "busy", text).into()
}

fn too_many(wait: std::time::Duration) -> Error {
    let seconds = wait.as_millis().div_ceil(1000).max(1);
    let text = format!("too many tries; try again in {seconds} s");
    ApiError::new(Kind::Busy, TOO_MANY, text)
        .hint("where you logged in before, others cannot use up your tries")
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_and_known_devices_have_ten_tries_together() {
        const { assert!(STRANGERS.most + KNOWN.most <= 10) };
        assert!(STRANGERS.pauses().is_sorted() && KNOWN.pauses().is_sorted());
    }

    #[test]
    fn a_network_of_the_new_kind_counts_as_one() {
        for (address, counted) in [
            ("unix", "unix"),
            ("192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ] {
            assert_eq!(network(address), counted);
        }
    }
}
