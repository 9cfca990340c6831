//! A line that gives a server no more calls than it may have in hand: what is beyond that stays
//! unread, and in the end with the client.

use std::collections::HashSet;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures::{Sink, Stream};
use hillview_shared::wire::{Answer, Call, IN_FLIGHT};
use tarpc::{ClientMessage, Response};
use tokio::task::coop;

/// One connection's line.
pub struct Paced<T> {
    line: T,
    /// The calls that have come in and are not answered.
    in_hand: HashSet<u64>,
}

impl<T> Paced<T> {
    pub fn new(line: T) -> Self {
        Self {
            line,
            in_hand: HashSet::new(),
        }
    }
}

impl<T> Stream for Paced<T>
where
    T: Stream<Item = io::Result<ClientMessage<Call>>> + Unpin,
{
    type Item = T::Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.in_hand.len() >= IN_FLIGHT {
            // The task that reads also sends the answers, and reads again after each.
            return Poll::Pending;
        }
        // Hundreds of small frames may come with one read: other connections get their turn.
        let turn = ready!(coop::poll_proceed(cx));
        let message = ready!(Pin::new(&mut self.line).poll_next(cx));
        turn.made_progress();
        match &message {
            Some(Ok(ClientMessage::Request(request))) => {
                self.in_hand.insert(request.id);
            }
            Some(Ok(ClientMessage::Cancel { request_id, .. })) => {
                self.in_hand.remove(request_id);
            }
            _ => {}
        }
        Poll::Ready(message)
    }
}

impl<T> Sink<Response<Answer>> for Paced<T>
where
    T: Sink<Response<Answer>, Error = io::Error> + Unpin,
{
    type Error = io::Error;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.line).poll_ready(cx)
    }

    fn start_send(mut self: Pin<&mut Self>, response: Response<Answer>) -> io::Result<()> {
        self.in_hand.remove(&response.request_id);
        Pin::new(&mut self.line).start_send(response)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.line).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.line).poll_close(cx)
    }
}
