//! The bytes of answers that are ready and not on their way, of all connections together: who never
//! reads must not fill the server's memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;

/// How much waits.
#[derive(Clone)]
pub struct Unsent {
    bytes: Arc<AtomicUsize>,
    most: usize,
}

/// Bytes that are counted until the last of their copies is gone, however that comes about.
struct Counted {
    bytes: Bytes,
    unsent: Unsent,
}

impl Unsent {
    pub fn new(most: usize) -> Self {
        Self {
            bytes: Arc::default(),
            most,
        }
    }

    pub fn counted(&self, bytes: Bytes) -> Bytes {
        self.bytes.fetch_add(bytes.len(), Ordering::Relaxed);
        let unsent = self.clone();
        Bytes::from_owner(Counted { bytes, unsent })
    }

    /// Whether half of the room is taken.
    pub fn is_pressed(&self) -> bool {
        self.bytes.load(Ordering::Relaxed) > self.most / 2
    }

    pub fn is_full(&self) -> bool {
        self.bytes.load(Ordering::Relaxed) > self.most
    }
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let length = self.bytes.len();
        self.unsent.bytes.fetch_sub(length, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_gone_is_not_counted() {
        let unsent = Unsent::new(10);
        let one = unsent.counted(Bytes::from_static(b"six by"));
        assert!(unsent.is_pressed() && !unsent.is_full());
        let two = unsent.counted(Bytes::from_static(b"six by"));
        assert!(unsent.is_full());
        let copy = two.slice(2..);
        drop(two);
        assert!(unsent.is_full(), "a part of it is still there");
        drop(copy);
        assert!(!unsent.is_full());
        drop(one);
        assert!(!unsent.is_pressed());
    }
}
