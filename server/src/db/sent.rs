//! What a piece of work sends to the database: counted for the log, and written down for tests.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

#[cfg(feature = "testing")]
use super::plans::{Statement, Statements};

tokio::task_local! {
    static TALLY: Arc<Tally>;
}

#[derive(Default)]
struct Tally {
    statements: AtomicU32,
    begun: AtomicU32,
    #[cfg(feature = "testing")]
    written: Statements,
}

/// What was sent.
#[derive(Debug)]
pub struct Sent {
    /// Begin and commit are not among them.
    pub statements: u32,
    /// Transactions begun.
    pub begun: u32,
    /// The statements, in their order.
    #[cfg(feature = "testing")]
    pub written: Vec<Statement>,
}

/// Runs a future and says how many statements it sent; begin and commit are not counted.
pub async fn counted<F: Future>(work: F) -> (F::Output, u32) {
    let (output, sent) = watched(work).await;
    (output, sent.statements)
}

/// Runs a future and says what it sent. What it has other tasks do is not seen.
pub async fn watched<F: Future>(work: F) -> (F::Output, Sent) {
    let tally = Arc::new(Tally::default());
    // On the heap: a call holds much at once.
    let output = Box::pin(TALLY.scope(Arc::clone(&tally), work)).await;
    let sent = Sent {
        statements: tally.statements.load(Ordering::Relaxed),
        begun: tally.begun.load(Ordering::Relaxed),
        #[cfg(feature = "testing")]
        written: tally.written.take(),
    };
    (output, sent)
}

/// Runs a future and gives the statements that it sent, as they are written in the source.
#[cfg(feature = "testing")]
pub async fn noted<F: Future>(work: F) -> (F::Output, Vec<&'static str>) {
    let (output, sent) = watched(work).await;
    let written = sent.written.iter().map(|statement| statement.template);
    (output, written.collect())
}

/// A transaction begins.
pub(super) fn begins() {
    let _ = TALLY.try_with(|tally| tally.begun.fetch_add(1, Ordering::Relaxed));
}

/// A statement is sent.
pub(super) fn sends() {
    let _ = TALLY.try_with(|tally| tally.statements.fetch_add(1, Ordering::Relaxed));
}

/// The statement that is sent, for who writes them down.
#[cfg(feature = "testing")]
pub(super) fn writes(statement: impl FnOnce() -> Statement) {
    let _ = TALLY.try_with(|tally| tally.written.add(statement()));
}
