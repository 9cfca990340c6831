//! The threads that connections live on: one a core, and a connection stays on its own.
//!
//! A transaction is written as an async closure that borrows, and the compiler cannot yet show
//! that such a future may move between threads. So it does not move. Each thread waits for its own
//! sockets and timers: woken by another thread, a call takes nearly a fifth more of the processor.
//!
//! The threads end with the process, not with a server: a connection to the database is waited for
//! by the thread that opened it, and is lent to others.

use std::io;
use std::pin::Pin;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::{LocalSet, spawn_local};

type Job = Box<dyn FnOnce() -> Pin<Box<dyn Future<Output = ()>>> + Send>;

static THREADS: OnceLock<Vec<UnboundedSender<Job>>> = OnceLock::new();

/// The threads of this process.
#[derive(Clone, Copy)]
pub struct Workers(&'static [UnboundedSender<Job>]);

impl Workers {
    /// Starts them, unless another server of this process has.
    pub fn start() -> io::Result<Self> {
        if let Some(threads) = THREADS.get() {
            return Ok(Self(threads));
        }
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let threads = (0..cores).map(|_| worker()).collect::<io::Result<_>>()?;
        // Those of whoever comes second end when their ways in are dropped.
        Ok(Self(THREADS.get_or_init(|| threads)))
    }

    /// Runs a future on one of the threads, where it may spawn others with `spawn_local`.
    pub fn run<F>(self, make: impl FnOnce() -> F + Send + 'static)
    where
        F: Future<Output = ()> + 'static,
    {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let turn = NEXT.fetch_add(1, Ordering::Relaxed);
        let thread = &self.0[turn % self.0.len()];
        // Fails only when the thread has ended, which it does not.
        let _ = thread.send(Box::new(move || Box::pin(make())));
    }
}

fn worker() -> io::Result<UnboundedSender<Job>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let (jobs, mut taken) = unbounded_channel::<Job>();
    let work = async move {
        while let Some(job) = taken.recv().await {
            spawn_local(job());
        }
    };
    thread::Builder::new()
        .name("worker".to_owned())
        .spawn(move || runtime.block_on(LocalSet::new().run_until(work)))?;
    Ok(jobs)
}
