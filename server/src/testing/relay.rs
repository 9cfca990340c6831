//! A line between a client and a server that is slow, counts its bytes, and can be cut: what a
//! kernel's network emulation would do, for tests that run anywhere.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::{CancellationToken, DropGuard};

/// How good the line is, each way.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quality {
    /// How long a byte is under way.
    pub delay: Duration,
    /// Bytes a second; no limit when `None`.
    pub rate: Option<u32>,
}

/// Bytes that went over the line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// From clients to the server.
    pub up: u64,
    /// From the server to clients.
    pub down: u64,
}

impl Traffic {
    /// Both ways together.
    pub fn sum(self) -> u64 {
        self.up + self.down
    }
}

impl std::ops::Sub for Traffic {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            up: self.up - before.up,
            down: self.down - before.down,
        }
    }
}

/// What happens to what is sent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Good,
    /// Everything that goes in is held, and nobody is told.
    Held,
    /// Connections are closed, new ones too.
    Cut,
}

#[derive(Default)]
struct Counts {
    up: AtomicU64,
    down: AtomicU64,
    moved: Notify,
}

/// The relay; it stops when dropped.
pub struct Relay {
    address: SocketAddr,
    counts: Arc<Counts>,
    state: watch::Sender<State>,
    _running: DropGuard,
}

impl Relay {
    /// Starts a relay to a server.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start(server: SocketAddr, quality: Quality) -> io::Result<Self> {
        Self::saying(server, quality, Bytes::new()).await
    }

    /// Starts a relay that says something of its own first on each connection, as proxies do.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn saying(server: SocketAddr, quality: Quality, first: Bytes) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let counts = Arc::new(Counts::default());
        let (state, seen) = watch::channel(State::Good);
        let stop = CancellationToken::new();
        let (counting, stopped) = (Arc::clone(&counts), stop.clone());
        tokio::spawn(async move {
            loop {
                let accepted = tokio::select! {
                    accepted = listener.accept() => accepted,
                    () = stopped.cancelled() => return,
                };
                let Ok((client, _)) = accepted else { return };
                let (counts, seen) = (Arc::clone(&counting), seen.clone());
                let (first, stopped) = (first.clone(), stopped.clone());
                tokio::spawn(async move {
                    let join = async {
                        let mut server = TcpStream::connect(server).await?;
                        server.write_all(&first).await?;
                        join(client, server, quality, counts, seen).await
                    };
                    tokio::select! {
                        _ = join => {}
                        () = stopped.cancelled() => {}
                    }
                });
            }
        });
        Ok(Self {
            address,
            counts,
            state,
            _running: stop.drop_guard(),
        })
    }

    /// Where clients connect.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What went over the line so far.
    pub fn traffic(&self) -> Traffic {
        Traffic {
            up: self.counts.up.load(Ordering::SeqCst),
            down: self.counts.down.load(Ordering::SeqCst),
        }
    }

    /// Waits until the traffic is as a test wants it.
    pub async fn until(&self, enough: impl Fn(Traffic) -> bool) {
        loop {
            let moved = self.counts.moved.notified();
            if enough(self.traffic()) {
                return;
            }
            moved.await;
        }
    }

    /// Closes every connection, and new ones too, until it is mended.
    pub fn cut(&self) {
        self.state.send_replace(State::Cut);
    }

    /// Holds everything that is sent: a dead line that nobody has noticed.
    pub fn hold(&self) {
        self.state.send_replace(State::Held);
    }

    /// Makes the line good again; what was held goes on.
    pub fn mend(&self) {
        self.state.send_replace(State::Good);
    }
}

async fn join(
    client: TcpStream,
    server: TcpStream,
    quality: Quality,
    counts: Arc<Counts>,
    state: watch::Receiver<State>,
) -> io::Result<()> {
    if *state.borrow() == State::Cut {
        return Ok(());
    }
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let mut cut = state.clone();
    let both = async {
        tokio::try_join!(
            carry(
                from_client,
                to_server,
                quality,
                (&counts.up, &counts.moved),
                state.clone()
            ),
            carry(
                from_server,
                to_client,
                quality,
                (&counts.down, &counts.moved),
                state
            ),
        )
    };
    tokio::select! {
        done = both => done.map(|_| ()),
        _ = cut.wait_for(|state| *state == State::Cut) => Ok(()),
    }
}

async fn carry(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    quality: Quality,
    (count, moved): (&AtomicU64, &Notify),
    mut state: watch::Receiver<State>,
) -> io::Result<()> {
    let (under_way, mut arriving) = mpsc::channel::<(Instant, Bytes)>(64);
    // Owns the sending end, so that what is under way still arrives after the last byte went in.
    let take = async move {
        loop {
            let mut piece = BytesMut::with_capacity(4 * 1024);
            if from.read_buf(&mut piece).await? == 0 {
                return Ok(());
            }
            let due = Instant::now() + quality.delay;
            if under_way.send((due, piece.freeze())).await.is_err() {
                return Ok(());
            }
        }
    };
    let give = async {
        while let Some((due, piece)) = arriving.recv().await {
            if !quality.delay.is_zero() {
                sleep_until(due).await;
            }
            if let Some(rate) = quality.rate {
                let length = u64::try_from(piece.len()).unwrap_or(u64::MAX);
                sleep(Duration::from_micros(length * 1_000_000 / u64::from(rate))).await;
            }
            let _ = state.wait_for(|state| *state == State::Good).await;
            let length = u64::try_from(piece.len()).unwrap_or(u64::MAX);
            count.fetch_add(length, Ordering::SeqCst);
            moved.notify_waiters();
            to.write_all(&piece).await?;
        }
        to.shutdown().await
    };
    tokio::try_join!(take, give).map(|_| ())
}
