//! How many connections there may be: in all, from one address, and of strangers, on which nobody
//! has logged in.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hillview_shared::ApiError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use crate::counts::Counts;
use crate::limits::{self, Limits, STRANGER_COST};

/// Where a connection comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The Unix socket.
    Unix,
    /// This address.
    Direct(IpAddr),
    /// This address, as a proxy says.
    Proxied(IpAddr),
}

/// Room for connections.
#[derive(Clone)]
pub struct Room {
    all: Arc<Semaphore>,
    addresses: Arc<Counts<Option<IpAddr>>>,
    strangers: Arc<Strangers>,
    limits: Limits,
}

/// Those that nobody has logged in on, by the order in which they came.
#[derive(Default)]
struct Strangers {
    next: AtomicU64,
    waiting: Mutex<BTreeMap<u64, CancellationToken>>,
}

/// The room that one connection takes until it is dropped.
pub struct Place {
    _one: OwnedSemaphorePermit,
    room: Room,
    /// The address that it is counted for; `None` within is the Unix socket.
    from: Option<Option<IpAddr>>,
    stranger: u64,
    leave: CancellationToken,
}

impl Room {
    pub fn new(limits: Limits) -> Self {
        Self {
            all: Arc::new(Semaphore::new(limits.connections)),
            addresses: Arc::new(Counts::new()),
            strangers: Arc::default(),
            limits,
        }
    }

    /// Waits for room for one more.
    pub async fn wait(&self) -> OwnedSemaphorePermit {
        let all = Arc::clone(&self.all);
        let one = all.acquire_owned().await;
        one.expect("the semaphore is never closed")
    }

    /// Takes the room for a connection; `None` when its address has too many already. The stranger
    /// that waits the longest is sent away when there are too many.
    pub fn place(&self, one: OwnedSemaphorePermit, origin: Origin) -> Option<Place> {
        let (address, local) = match origin {
            Origin::Unix => (None, true),
            Origin::Direct(address) => (Some(address), address.is_loopback()),
            // Whoever connects to a proxy from its own machine is one client like others.
            Origin::Proxied(address) => (Some(address), false),
        };
        let from = (!local || self.limits.count_local).then(|| address.map(network));
        if let Some(from) = &from
            && !self.addresses.enter(from, self.limits.of_address)
        {
            return None;
        }
        let (stranger, leave) = self.strangers.add(self.limits.strangers);
        let room = self.clone();
        Some(Place {
            _one: one,
            room,
            from,
            stranger,
            leave,
        })
    }
}

/// Whoever has one address of the sixth version has 2⁶⁴ of them.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let host = u128::from(u64::MAX);
            IpAddr::V6((u128::from(address) & !host).into())
        }
        address @ IpAddr::V4(_) => address,
    }
}

impl Origin {
    /// As sessions and the audit log name it.
    pub fn name(self) -> Arc<str> {
        match self {
            Self::Unix => "unix".into(),
            Self::Direct(address) | Self::Proxied(address) => address.to_string().into(),
        }
    }
}

impl Strangers {
    fn add(&self, most: usize) -> (u64, CancellationToken) {
        let (number, leave) = (
            self.next.fetch_add(1, Ordering::Relaxed),
            CancellationToken::new(),
        );
        let mut waiting = self.waiting();
        waiting.insert(number, leave.clone());
        while waiting.len() > most {
            if let Some((_, oldest)) = waiting.pop_first() {
                oldest.cancel();
            }
        }
        (number, leave)
    }

    fn waiting(&self) -> MutexGuard<'_, BTreeMap<u64, CancellationToken>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Somebody has logged in.
    pub fn known(&self) {
        self.room.strangers.waiting().remove(&self.stranger);
    }

    /// Nobody is logged in any more.
    pub fn unknown(&self) {
        let mut waiting = self.room.strangers.waiting();
        waiting.insert(self.stranger, self.leave.clone());
    }

    /// Sends the connection away.
    pub fn leave(&self) {
        self.leave.cancel();
    }

    /// Waits until it must go.
    pub async fn left(&self) {
        self.leave.cancelled().await;
    }

    /// Takes a call out of the address's bucket; a stranger's is dearer.
    pub fn pay(&self, cost: u32, stranger: bool) -> Result<(), ApiError> {
        let Some(from) = &self.from else {
            return Ok(());
        };
        let cost = if stranger { cost * STRANGER_COST } else { cost };
        let Room {
            addresses, limits, ..
        } = &self.room;
        let paid = addresses.pay(from, limits.address_rate, cost);
        paid.map_err(limits::too_fast)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.known();
        if let Some(from) = &self.from {
            self.room.addresses.leave(from);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small() -> Room {
        Room::new(Limits {
            connections: 20,
            of_address: 5,
            strangers: 8,
            ..Limits::default()
        })
    }

    async fn place(room: &Room, address: &str) -> Option<Place> {
        let origin = Origin::Direct(address.parse().unwrap());
        room.place(room.wait().await, origin)
    }

    #[tokio::test]
    async fn one_address_cannot_take_all_the_room() {
        let room = small();
        let mut places = Vec::new();
        while let Some(place) = place(&room, "192.0.2.1").await {
            places.push(place);
        }
        assert_eq!(places.len(), 5);
        assert!(place(&room, "192.0.2.2").await.is_some());
        places.pop();
        assert!(place(&room, "192.0.2.1").await.is_some());
        drop(places);
        assert_eq!(room.all.available_permits(), 20);
    }

    #[tokio::test]
    async fn a_machine_is_counted_when_it_comes_through_its_proxy() {
        let room = small();
        let loopback = "127.0.0.1".parse().unwrap();
        let mut places = Vec::new();
        for _ in 0..5 {
            let one = room.wait().await;
            places.push(room.place(one, Origin::Proxied(loopback)).unwrap());
        }
        let one = room.wait().await;
        assert!(room.place(one, Origin::Proxied(loopback)).is_none());
        assert!(place(&room, "127.0.0.1").await.is_some());
    }

    #[tokio::test]
    async fn a_network_of_the_sixth_version_is_one_address() {
        let room = small();
        let mut places = Vec::new();
        for host in 1..=5 {
            places.push(
                place(&room, &format!("2001:db8:0:7::{host}"))
                    .await
                    .unwrap(),
            );
        }
        assert!(place(&room, "2001:db8:0:7:ffff::1").await.is_none());
        assert!(place(&room, "2001:db8:0:8::1").await.is_some());
        assert!(place(&room, "::ffff:192.0.2.1").await.is_some());
    }

    #[tokio::test]
    async fn the_oldest_stranger_gives_way_and_nobody_who_is_known() {
        let room = small();
        let known = place(&room, "127.0.0.1").await.unwrap();
        known.known();
        let mut strangers = Vec::new();
        for _ in 0..8 {
            strangers.push(place(&room, "127.0.0.1").await.unwrap());
        }
        assert!(strangers.iter().all(|it| !it.leave.is_cancelled()));
        let one_more = place(&room, "127.0.0.1").await.unwrap();
        let left = strangers.iter().map(|it| it.leave.is_cancelled());
        assert_eq!(left.filter(|left| *left).count(), 1);
        assert!(strangers[0].leave.is_cancelled() && !known.leave.is_cancelled());
        known.unknown();
        assert_eq!(room.strangers.waiting().len(), 9);
        drop((known, strangers, one_more));
        assert!(room.strangers.waiting().is_empty());
    }
}
