//! How many connections all pools of this process have open together: never more than the database
//! server lets in.
//!
//! A pool bounds its own connections only, and keeps those that nobody uses. So whoever needs a
//! connection that its pool would have to open comes by here first, and when there is no room an
//! idle connection of another pool is closed: the one of the school that has been quiet for
//! longest. Not here: who may use a connection, and in which order (`engine`).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use sqlx::{Database, Pool};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How long to wait for a connection that is on its way back to its pool.
const ON_ITS_WAY: Duration = Duration::from_millis(1);

/// The connections of this process.
pub(super) struct Connections {
    most: usize,
    /// One for each connection that is in use.
    in_use: Arc<Semaphore>,
    book: Mutex<Book>,
}

#[derive(Default)]
struct Book {
    accounts: Vec<Weak<Account>>,
    /// Connections that were allowed and that no pool counts: about to be opened, or taken out of
    /// their pool.
    beside: usize,
}

/// A pool as the book sees it.
pub(super) struct Account {
    pool: Box<dyn Counted>,
    standing: Mutex<Standing>,
}

struct Standing {
    /// How many were let in and have not got their connection yet.
    waiting: usize,
    used: Instant,
}

/// What the book asks a pool of either engine.
trait Counted: Send + Sync {
    fn open(&self) -> usize;
    fn idle(&self) -> usize;
    fn close_one(&self) -> Option<BoxFuture<'static, ()>>;
}

impl<DB: Database> Counted for Pool<DB> {
    fn open(&self) -> usize {
        self.size() as usize
    }

    fn idle(&self) -> usize {
        self.num_idle()
    }

    fn close_one(&self) -> Option<BoxFuture<'static, ()>> {
        let idle = self.try_acquire()?;
        Some(Box::pin(async move {
            // A connection that does not close in order is gone all the same.
            let _ = idle.close().await;
        }))
    }
}

/// Somebody who may take one connection of a pool now.
pub(super) struct Admitted {
    connections: Arc<Connections>,
    account: Arc<Account>,
    waits: bool,
    beside: bool,
    _in_use: OwnedSemaphorePermit,
}

impl Connections {
    pub fn new(most: u32) -> Arc<Self> {
        Arc::new(Self {
            most: most as usize,
            in_use: Arc::new(Semaphore::new(most as usize)),
            book: Mutex::default(),
        })
    }

    /// Counts a pool from now on.
    pub fn account<DB: Database>(&self, pool: Pool<DB>) -> Arc<Account> {
        let account = Arc::new(Account {
            pool: Box::new(pool),
            standing: Mutex::new(Standing {
                waiting: 0,
                used: Instant::now(),
            }),
        });
        let mut book = self.lock();
        book.accounts.retain(|known| known.strong_count() > 0);
        book.accounts.push(Arc::downgrade(&account));
        account
    }

    /// Waits until a connection of this pool may be taken.
    pub async fn admit(self: &Arc<Self>, account: &Arc<Account>) -> Admitted {
        let permit = Arc::clone(&self.in_use).acquire_owned().await;
        let permit = permit.expect("the semaphore is never closed");
        let beside = loop {
            let closing = {
                let mut book = self.lock();
                if account.has_an_idle_one_for_me() {
                    break false;
                }
                if book.open() + book.beside < self.most {
                    book.beside += 1;
                    account.standing().waiting += 1;
                    break true;
                }
                book.close_one()
            };
            match closing {
                Some(closing) => closing.await,
                // As many are in use as there may be, less those of whoever waits here: one comes back.
                None => tokio::time::sleep(ON_ITS_WAY).await,
            }
        };
        Admitted {
            connections: Arc::clone(self),
            account: Arc::clone(account),
            waits: true,
            beside,
            _in_use: permit,
        }
    }

    /// How many are open now.
    #[cfg(feature = "testing")]
    pub fn open(&self) -> usize {
        self.lock().open()
    }

    fn lock(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Book {
    fn open(&self) -> usize {
        let accounts = self.accounts.iter().filter_map(Weak::upgrade);
        accounts.map(|it| it.pool.open()).sum()
    }

    /// Begins to close the idle connection that is missed least.
    fn close_one(&self) -> Option<BoxFuture<'static, ()>> {
        let accounts = self.accounts.iter().filter_map(Weak::upgrade);
        let mut spare: Vec<_> = accounts
            .filter(|it| it.pool.idle() > it.standing().waiting)
            .map(|it| {
                let used = it.standing().used;
                (used, it)
            })
            .collect();
        spare.sort_unstable_by_key(|(used, _)| *used);
        spare.iter().find_map(|(_, it)| it.pool.close_one())
    }
}

impl Account {
    /// Lets one more in if an idle connection is left for them. Call it with the book in hand, so
    /// that the connection is not closed meanwhile.
    fn has_an_idle_one_for_me(&self) -> bool {
        let mut standing = self.standing();
        standing.used = Instant::now();
        let there_is = self.pool.idle() > standing.waiting;
        standing.waiting += usize::from(there_is);
        there_is
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Admitted {
    /// The connection is there, and its pool counts it.
    pub fn arrived(&mut self) {
        self.stop_waiting();
        if std::mem::take(&mut self.beside) {
            self.connections.lock().beside -= 1;
        }
    }

    /// The connection is taken out of its pool for good: it counts for as long as this lives.
    pub fn taken_out(&mut self) {
        self.stop_waiting();
        if !std::mem::replace(&mut self.beside, true) {
            self.connections.lock().beside += 1;
        }
    }

    fn stop_waiting(&mut self) {
        if std::mem::take(&mut self.waits) {
            self.account.standing().waiting -= 1;
        }
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        self.arrived();
    }
}
