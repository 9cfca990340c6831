//! How many connections there may be: in all, and from one address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// In all.
const MOST: usize = 12_000;
/// From one address; a school of a thousand people may sit behind one.
const FROM_ONE: u32 = 2_500;

/// Room for connections.
#[derive(Clone)]
pub struct Room {
    all: Arc<Semaphore>,
    addresses: Arc<Mutex<HashMap<IpAddr, u32>>>,
}

/// The room that one connection takes until it is dropped.
pub struct Place {
    _one: OwnedSemaphorePermit,
    from: Option<(IpAddr, Room)>,
}

impl Room {
    pub fn new() -> Self {
        Self {
            all: Arc::new(Semaphore::new(MOST)),
            addresses: Arc::default(),
        }
    }

    /// Waits for room for one more.
    pub async fn place(&self) -> Place {
        let all = Arc::clone(&self.all);
        let one = all.acquire_owned().await;
        Place {
            _one: one.expect("the semaphore is never closed"),
            from: None,
        }
    }

    fn counts(&self) -> std::sync::MutexGuard<'_, HashMap<IpAddr, u32>> {
        self.addresses
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Counts it for its address; `None` when that has too many already. This machine itself is
    /// not counted: who is on it needs no flood of connections to do harm.
    pub fn counted_for(mut self, address: IpAddr, room: &Room) -> Option<Self> {
        if !address.is_loopback() {
            let mut counts = room.counts();
            let count = counts.entry(address).or_default();
            if *count >= FROM_ONE {
                return None;
            }
            *count += 1;
            self.from = Some((address, room.clone()));
        }
        Some(self)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some((address, room)) = &self.from else {
            return;
        };
        let mut counts = room.counts();
        if let Some(count) = counts.get_mut(address) {
            *count -= 1;
            if *count == 0 {
                counts.remove(address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_address_cannot_take_all_the_room() {
        let room = Room::new();
        let (greedy, other) = ([192, 0, 2, 1].into(), [192, 0, 2, 2].into());
        let mut places = Vec::new();
        while let Some(place) = room.place().await.counted_for(greedy, &room) {
            places.push(place);
        }
        assert_eq!(places.len(), FROM_ONE as usize);
        assert!(room.place().await.counted_for(other, &room).is_some());
        places.pop();
        assert!(room.place().await.counted_for(greedy, &room).is_some());
        drop(places);
        assert!(room.counts().is_empty());
        assert_eq!(room.all.available_permits(), MOST);
    }
}
