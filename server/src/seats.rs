//! What one user takes of a server: connections, calls at once, and calls in a time. Each server
//! counts for itself; behind two of them a user has twice as much.

use std::sync::Arc;

use hillview_shared::ApiError;
use hillview_shared::ids::UserId;

use crate::counts::Counts;
use crate::limits::{self, Limits};

type Key = (Arc<str>, UserId);

/// The users that are connected.
#[derive(Clone)]
pub struct Seats {
    counts: Arc<Counts<Key>>,
    limits: Limits,
}

/// One connection of a user, counted until it is dropped.
pub struct Seat {
    seats: Seats,
    key: Key,
}

/// One call that is worked on, counted until it is dropped.
pub struct InHand(Arc<Seat>);

impl Seats {
    pub fn new(limits: Limits) -> Self {
        Self {
            counts: Arc::new(Counts::new()),
            limits,
        }
    }

    /// Counts a connection for its user.
    pub fn take(&self, school: &str, user: UserId) -> Result<Arc<Seat>, ApiError> {
        let key = (Arc::from(school), user);
        if !self.counts.enter(&key, self.limits.of_user) {
            return Err(limits::too_many_connections(self.limits.of_user));
        }
        let seats = self.clone();
        Ok(Arc::new(Seat { seats, key }))
    }
}

impl Seat {
    pub fn is_of(&self, school: &str, user: UserId) -> bool {
        *self.key.0 == *school && self.key.1 == user
    }

    /// Takes calls out of the user's bucket.
    pub fn pay(&self, cost: u32) -> Result<(), ApiError> {
        let Seats { counts, limits } = &self.seats;
        let paid = counts.pay(&self.key, limits.user_rate, cost);
        paid.map_err(limits::too_fast)
    }

    /// Counts a call.
    pub fn begin(self: &Arc<Self>) -> Result<InHand, ApiError> {
        let Seats { counts, limits } = &self.seats;
        match counts.begin(&self.key, limits.in_hand_of_user) {
            true => Ok(InHand(Arc::clone(self))),
            false => Err(limits::too_many_calls(limits.in_hand_of_user)),
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.seats.counts.leave(&self.key);
    }
}

impl Drop for InHand {
    fn drop(&mut self) {
        self.0.seats.counts.end(&self.0.key);
    }
}
