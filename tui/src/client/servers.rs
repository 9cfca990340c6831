//! The servers of one installation: one address, or several in front of the same data, which show
//! the same key. Each connection begins at a random one and goes on to the next when that fails,
//! so the clients are spread, and move over from a server that is gone.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use hillview_shared::api::{Hello, Welcome};
use hillview_shared::{ApiError, Kind};

use super::address::{AddressError, ServerAddress};
use super::tls::Trust;
use super::{Client, line, pins, tls};

/// Where an installation can be reached: `unix:/path`, `tls://host:port`, or several of the latter
/// with commas between. In one order, because sessions and the outbox are kept by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Servers(Vec<ServerAddress>);

impl FromStr for Servers {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // The path of a socket may have commas.
        if !text.starts_with("tls://") {
            return Ok(Self(vec![text.parse()?]));
        }
        let all = text.split(',').map(|one| match one.trim().parse()? {
            ServerAddress::Unix(_) => Err(AddressError::of(text)),
            address @ ServerAddress::Tls { .. } => Ok(address),
        });
        let mut all = all.collect::<Result<Vec<_>, _>>()?;
        all.sort_by_key(ToString::to_string);
        all.dedup();
        Ok(Self(all))
    }
}

impl fmt::Display for Servers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, address) in self.0.iter().enumerate() {
            let comma = if number == 0 { "" } else { "," };
            write!(f, "{comma}{address}")?;
        }
        Ok(())
    }
}

impl Servers {
    /// All of them.
    pub fn each(&self) -> &[ServerAddress] {
        &self.0
    }

    /// Connects to one of them and says hello.
    ///
    /// # Errors
    /// Those of [`Client::connect`]. One whose key is not the one known ends the search.
    pub async fn connect(
        &self,
        trust: &Trust,
        hello: Hello,
    ) -> Result<(Client, Welcome), ApiError> {
        if let Trust::Pinned(file) = trust {
            self.share_pin(file)
                .map_err(|error| tls::unusable(file, &error))?;
        }
        let mut failed = None;
        for address in self.beginning_at(rand::random_range(0..self.0.len())) {
            match Client::connect(address, trust, hello.clone()).await {
                Err(error) if worth_another_try(error.kind) => failed = Some(error),
                outcome => return outcome,
            }
        }
        let failed = failed.expect("there is at least one server");
        Err(match self.0.len() {
            1 => failed,
            count => ApiError {
                message: format!("none of {count} servers: {}", failed.message),
                ..failed
            },
        })
    }

    fn beginning_at(&self, first: usize) -> impl Iterator<Item = &ServerAddress> {
        self.0.iter().cycle().skip(first).take(self.0.len())
    }

    /// What is known of one is known of all: a server that joins with another key is a changed key.
    fn share_pin(&self, file: &Path) -> std::io::Result<()> {
        if self.0.len() < 2 {
            return Ok(());
        }
        let (mut known, mut new) = (None, Vec::new());
        for name in self.0.iter().filter_map(|one| line::named(one).ok()) {
            match pins::known(file, &name)? {
                Some(key) => known = Some(key),
                None => new.push(name),
            }
        }
        let Some(key) = known else { return Ok(()) };
        new.iter()
            .try_for_each(|name| pins::remember(file, name, &key))
    }
}

/// Whether the same may go well at another time, or at another server.
pub fn worth_another_try(kind: Kind) -> bool {
    matches!(kind, Kind::Offline | Kind::Busy | Kind::Fault)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn servers(text: &str) -> Option<Servers> {
        text.parse().ok()
    }

    #[test]
    fn several_are_one_installation_in_whatever_order() {
        let two = servers("tls://b:7443, tls://A").unwrap();
        assert_eq!(two.to_string(), "tls://a:7443,tls://b:7443");
        assert_eq!(two, servers("tls://a,tls://b,tls://a:7443/").unwrap());
        assert_eq!(servers(&two.to_string()).unwrap(), two);
        assert_eq!(servers("unix:/a,b").unwrap().to_string(), "unix:/a,b");
        for wrong in ["", "tls://a,", "tls://a,,tls://b", "tls://a,unix:/b", "a,b"] {
            assert_eq!(servers(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn each_is_tried_once_from_wherever_it_begins() {
        let all = servers("tls://a,tls://b,tls://c").unwrap();
        for first in 0..3 {
            let mut order: Vec<_> = all.beginning_at(first).map(ToString::to_string).collect();
            assert_eq!(order[0], all.each()[first].to_string());
            order.sort();
            assert_eq!(order.join(","), all.to_string());
        }
    }

    #[test]
    fn a_pin_is_shared_and_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("known_servers");
        let all = servers("tls://a,tls://b,tls://c").unwrap();
        all.share_pin(&file).unwrap();
        assert!(!file.exists());
        std::fs::write(&file, "b:7443 sha256:11\n").unwrap();
        all.share_pin(&file).unwrap();
        all.share_pin(&file).unwrap();
        let known = "b:7443 sha256:11\na:7443 sha256:11\nc:7443 sha256:11\n";
        assert_eq!(std::fs::read_to_string(&file).unwrap(), known);
        std::fs::write(
            &file,
            "a:7443 sha256:11\nb:7443 sha256:22\nc:7443 sha256:11\n",
        )
        .unwrap();
        all.share_pin(&file).unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap().lines().count(), 3);
    }
}
