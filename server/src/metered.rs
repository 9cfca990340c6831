//! A socket that counts what goes through it: below TLS, so that what a client really takes and
//! sends is seen, and not what waits in a buffer on this side.

use std::cell::Cell;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes that have gone through, each way.
#[derive(Clone, Default)]
pub struct Meter(Rc<Counts>);

#[derive(Default)]
struct Counts {
    read: Cell<u64>,
    written: Cell<u64>,
}

pub struct Metered<T> {
    socket: T,
    meter: Meter,
}

impl Meter {
    pub fn read(&self) -> u64 {
        self.0.read.get()
    }

    pub fn written(&self) -> u64 {
        self.0.written.get()
    }

    fn wrote(&self, outcome: &Poll<io::Result<usize>>) {
        if let Poll::Ready(Ok(bytes)) = outcome {
            let bytes = u64::try_from(*bytes).unwrap_or(u64::MAX);
            let sum = self.0.written.get().saturating_add(bytes);
            self.0.written.set(sum);
        }
    }
}

impl<T> Metered<T> {
    pub fn new(socket: T, meter: Meter) -> Self {
        Self { socket, meter }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Metered<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = to.filled().len();
        let outcome = Pin::new(&mut self.socket).poll_read(cx, to);
        let bytes = u64::try_from(to.filled().len() - before).unwrap_or(u64::MAX);
        let read = &self.meter.0.read;
        read.set(read.get().saturating_add(bytes));
        outcome
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Metered<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        from: &[u8],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.socket).poll_write(cx, from);
        self.meter.wrote(&outcome);
        outcome
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        from: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.socket).poll_write_vectored(cx, from);
        self.meter.wrote(&outcome);
        outcome
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}
