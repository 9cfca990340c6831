//! The threads that connections live on: one a core, and a connection stays on its own.
//!
//! A transaction is written as an async closure that borrows, and the compiler cannot yet show
//! that such a future may move between threads. So it does not move. What waits, timers and
//! sockets, belongs to the runtime that started the server.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use tokio::runtime::Handle;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::{LocalSet, spawn_local};

type Job = Box<dyn FnOnce() -> Pin<Box<dyn Future<Output = ()>>> + Send>;

/// The threads; they end when this is dropped.
#[derive(Clone)]
pub struct Workers {
    threads: Arc<[UnboundedSender<Job>]>,
    next: Arc<AtomicUsize>,
}

impl Workers {
    /// Starts them, on the runtime that this is called on.
    pub fn start() -> std::io::Result<Self> {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let threads = (0..cores)
            .map(|_| worker(Handle::current()))
            .collect::<std::io::Result<_>>()?;
        Ok(Self {
            threads,
            next: Arc::new(AtomicUsize::new(0)),
        })
    }

    /// Runs a future on one of the threads, where it may spawn others with `spawn_local`.
    pub fn run<F>(&self, make: impl FnOnce() -> F + Send + 'static)
    where
        F: Future<Output = ()> + 'static,
    {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        let thread = &self.threads[turn % self.threads.len()];
        // Fails only when the thread has ended with the server.
        let _ = thread.send(Box::new(move || Box::pin(make())));
    }
}

fn worker(runtime: Handle) -> std::io::Result<UnboundedSender<Job>> {
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
