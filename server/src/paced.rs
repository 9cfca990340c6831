//! A line that keeps a server's pace, and the other end to its own.
//!
//! No more calls come in than may be in hand, and none while answers wait to be taken: what is
//! beyond that stays unread, and in the end with the client. A client that does not take its
//! answers, or sends a frame byte by byte, is given up after the time that [`Limits`] state.

use std::collections::HashSet;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::BytesMut;
use futures::{Sink, Stream};
use hillview_shared::wire::{Answer, Call, IN_FLIGHT, ServerCodec};
use tarpc::{ClientMessage, Response};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::coop;
use tokio::time::{Instant, Sleep, sleep_until};
use tokio_util::codec::Framed;

use crate::limits::{FRAME_RATE, Limits, TAKEN_MIN};
use crate::metered::Meter;
use crate::unsent::Unsent;

/// How often a line that waits for the other end is looked at.
const LOOK: Duration = Duration::from_secs(5);
/// Room of a line that is kept while nothing is in it.
const KEPT: usize = 16 * 1024;

/// One connection's line.
pub struct Paced<S> {
    line: Framed<S, ServerCodec>,
    /// The calls that have come in and are not answered.
    in_hand: HashSet<u64>,
    meter: Meter,
    limits: Limits,
    unsent: Unsent,
    trusted: Arc<AtomicBool>,
    /// Since when answers have waited to be taken, and what had been taken by then.
    stuck: Option<(Instant, u64)>,
    /// Since when a frame has been coming, and what had come before it.
    coming: Option<(Instant, u64)>,
    /// What had come when the last whole frame was there.
    whole: u64,
    look: Option<Pin<Box<Sleep>>>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Paced<S> {
    pub fn new(
        stream: S,
        meter: Meter,
        limits: Limits,
        unsent: Unsent,
        trusted: Arc<AtomicBool>,
    ) -> Self {
        Self {
            line: Framed::new(stream, ServerCodec::new(Arc::clone(&trusted))),
            in_hand: HashSet::new(),
            whole: meter.read(),
            meter,
            limits,
            unsent,
            trusted,
            stuck: None,
            coming: None,
            look: None,
        }
    }

    /// Fails when the other end is too slow; otherwise sees to it that it is looked at again.
    fn keep_time(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        loop {
            if self.stuck.is_none() && self.coming.is_none() {
                self.look = None;
                return Ok(());
            }
            let often = LOOK
                .min(self.limits.stalled_pressed)
                .min(self.limits.stalled)
                .min(self.limits.frame);
            let look = self
                .look
                .get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + often)));
            if look.as_mut().poll(cx).is_pending() {
                return Ok(());
            }
            self.look = None;
            let now = Instant::now();
            if self.takes_nothing(now) {
                let text = "the client does not take its answers";
                return Err(io::Error::new(io::ErrorKind::TimedOut, text));
            }
            if self.comes_too_slowly(now) {
                let text = "a frame comes too slowly";
                return Err(io::Error::new(io::ErrorKind::TimedOut, text));
            }
        }
    }

    fn takes_nothing(&mut self, now: Instant) -> bool {
        let Some((since, taken)) = self.stuck else {
            return false;
        };
        let patience = match self.unsent.is_pressed() {
            true => self.limits.stalled_pressed,
            false => self.limits.stalled,
        };
        let late = now.duration_since(since) >= patience;
        let enough = self.meter.written() - taken >= TAKEN_MIN;
        if late && enough {
            self.stuck = Some((now, self.meter.written()));
        }
        late && !enough
    }

    fn comes_too_slowly(&self, now: Instant) -> bool {
        let Some((since, before)) = self.coming else {
            return false;
        };
        let patience = match self.trusted.load(Ordering::Relaxed) {
            true => self.limits.frame,
            false => self.limits.frame.min(self.limits.silent),
        };
        let earned = Duration::from_secs((self.meter.read() - before) / FRAME_RATE);
        now.duration_since(since) >= patience + earned
    }

    /// Notes how far the answers have got.
    fn flushed<T>(&mut self, cx: &mut Context<'_>, outcome: &Poll<io::Result<T>>) {
        match outcome {
            Poll::Pending => {
                let written = self.meter.written();
                self.stuck.get_or_insert((Instant::now(), written));
            }
            Poll::Ready(_) => {
                if self.stuck.take().is_some() {
                    // Calls were left unread meanwhile.
                    cx.waker().wake_by_ref();
                }
                let_go(self.line.write_buffer_mut());
            }
        }
    }
}

/// A long frame's room is not kept for the next one: ten thousand connections have one each.
fn let_go(buffer: &mut BytesMut) {
    if buffer.is_empty() && buffer.capacity() > KEPT {
        *buffer = BytesMut::new();
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Stream for Paced<S> {
    type Item = io::Result<ClientMessage<Call>>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if let Err(error) = this.keep_time(cx) {
            return Poll::Ready(Some(Err(error)));
        }
        if this.in_hand.len() >= IN_FLIGHT || this.stuck.is_some() {
            // The task that reads also sends the answers, and reads again after each.
            this.coming = None;
            return Poll::Pending;
        }
        // Hundreds of small frames may come with one read: other connections get their turn.
        let turn = ready!(coop::poll_proceed(cx));
        let Poll::Ready(message) = Pin::new(&mut this.line).poll_next(cx) else {
            if this.line.read_buffer().is_empty() && this.meter.read() == this.whole {
                this.coming = None;
                let_go(this.line.read_buffer_mut());
            } else if this.coming.is_none() {
                this.coming = Some((Instant::now(), this.whole));
                if let Err(error) = this.keep_time(cx) {
                    return Poll::Ready(Some(Err(error)));
                }
            }
            return Poll::Pending;
        };
        turn.made_progress();
        this.coming = None;
        this.whole = this.meter.read();
        match &message {
            Some(Ok(ClientMessage::Request(request))) => {
                this.in_hand.insert(request.id);
            }
            Some(Ok(ClientMessage::Cancel { request_id, .. })) => {
                this.in_hand.remove(request_id);
            }
            _ => {}
        }
        Poll::Ready(message)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Sink<Response<Answer>> for Paced<S> {
    type Error = io::Error;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.line).poll_ready(cx);
        if outcome.is_pending() {
            self.flushed(cx, &outcome);
            self.keep_time(cx)?;
        }
        outcome
    }

    fn start_send(mut self: Pin<&mut Self>, response: Response<Answer>) -> io::Result<()> {
        self.in_hand.remove(&response.request_id);
        Pin::new(&mut self.line).start_send(response)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.line).poll_flush(cx);
        self.flushed(cx, &outcome);
        self.keep_time(cx)?;
        outcome
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.line).poll_close(cx)
    }
}
