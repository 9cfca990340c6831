//! How often a login may be tried: at most ten wrong tries an account in fifteen minutes, whoever
//! makes them, with pauses that grow; and bounds for one address.
//!
//! Strangers, the devices that an account logged in on before, and its sessions have a budget each.
//! So whoever guesses at an account from wherever uses up the strangers' tries, whoever has a session
//! that is not theirs uses up those of sessions, and the owner still gets in. Why it is so stands in `docs/decisions/who-guesses-and-who-owns.md`.

use std::net::{IpAddr, Ipv6Addr};

use hillview_shared::{ApiError, Kind};

use crate::cache::Limit;
use crate::error::{Error, Result};
use crate::service::State;

/// Tries of an account from anywhere.
const STRANGERS: Limit = Limit { free: 3, most: 4 };
/// Tries of an account from devices that it logged in on before.
const KNOWN: Limit = Limit { free: 2, most: 3 };
/// Tries of whoever is logged in, to change the password or drop the second factor.
const SESSIONS: Limit = Limit { free: 3, most: 3 };
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

/// A try that counts as wrong until its outcome is known. One that ends without, because its call was
/// given up, is given back: nobody was told whether it was right.
#[must_use = "a try ends with its outcome"]
pub struct Try<'a> {
    state: &'a State,
    school: String,
    /// Whose budget it was taken from.
    account: Option<String>,
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
    let mut tried = Try {
        state,
        school: school.to_owned(),
        account: None,
        address: None,
    };
    let (cache, own) = (&state.cache, format!("{username}:known"));
    if known && cache.try_once(KNOWN, school, &own).await.is_ok() {
        tried.account = Some(own);
        return Ok(tried);
    }
    // Somebody known has the strangers' tries as well; their address is no reason to refuse them.
    if !known {
        let address = network(address);
        let wrong = format!("{address}:wrong");
        if let Some(wait) = cache.wait(ADDRESS, ANYWHERE, &wrong).await {
            return Err(too_many(wait, OTHERS));
        }
        if cache.try_once(UNDER_WAY, ANYWHERE, &address).await.is_err() {
            return Err(crowded());
        }
        tried.address = Some(address);
    }
    match cache.try_once(STRANGERS, school, username).await {
        Ok(()) => tried.account = Some(username.to_owned()),
        Err(wait) => {
            tried.give_back().await;
            return Err(too_many(wait, OTHERS));
        }
    }
    Ok(tried)
}

/// Takes a try of whoever is logged in to an account. There are no more where these end: somebody
/// with a session that is not theirs must not use up what its owner logs in with.
pub async fn take_of_session<'a>(
    state: &'a State,
    school: &str,
    username: &str,
) -> Result<Try<'a>> {
    let account = format!("{username}:session");
    let tried = state.cache.try_once(SESSIONS, school, &account).await;
    tried.map_err(|wait| too_many(wait, "if it was not you, end your other sessions"))?;
    Ok(Try {
        state,
        school: school.to_owned(),
        account: Some(account),
        address: None,
    })
}

/// Forgets the wrong tries of an account: it has a new password, which nobody has guessed at.
pub async fn forgive(state: &State, school: &str, username: &str) {
    for kind in ["", ":known", ":session"] {
        state
            .cache
            .forgive(school, &format!("{username}{kind}"))
            .await;
    }
}

impl Try<'_> {
    /// Counts it by its outcome: only what was wrong stays counted, and not what failed otherwise.
    pub async fn judged<T>(mut self, outcome: &Result<T>) {
        let wrong = match outcome {
            Err(Error::Refused(told)) => is_wrong(told),
            _ => false,
        };
        if !wrong {
            return self.give_back().await;
        }
        self.account = None;
        if let Some(address) = self.address.take() {
            // What was under way is not taken back: it was wrong. When others were wrong in the same
            // moment this one need not count again.
            let name = format!("{address}:wrong");
            let _ = self.state.cache.try_once(ADDRESS, ANYWHERE, &name).await;
        }
    }

    async fn give_back(&mut self) {
        let cache = &self.state.cache;
        // Taken out one after the other, so that what is cut off in between still gives back the rest.
        if let Some(account) = self.account.take() {
            cache.give_back(&self.school, &account).await;
        }
        if let Some(address) = self.address.take() {
            cache.give_back(ANYWHERE, &address).await;
        }
    }
}

impl Drop for Try<'_> {
    fn drop(&mut self) {
        let cache = &self.state.cache;
        if let Some(account) = self.account.take() {
            cache.give_back_later(&self.school, &account);
        }
        if let Some(address) = self.address.take() {
            cache.give_back_later(ANYWHERE, &address);
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

/// What a login that must wait is told.
const OTHERS: &str = "where you logged in before, others cannot use up your tries";

fn too_many(wait: std::time::Duration, hint: &str) -> Error {
    let seconds = wait.as_millis().div_ceil(1000).max(1);
    let text = format!("too many tries; try again in {seconds} s");
    ApiError::new(Kind::Busy, TOO_MANY, text).hint(hint).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_has_ten_tries_whoever_makes_them() {
        let all = [STRANGERS, KNOWN, SESSIONS];
        const { assert!(STRANGERS.most + KNOWN.most + SESSIONS.most <= 10) };
        assert!(all.iter().all(|limit| limit.pauses().is_sorted()));
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
