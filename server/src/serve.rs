//! Listens, takes connections and closes them; stops gracefully.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use futures::StreamExt;
use hillview_shared::wire::{IDLE_MAX, IN_FLIGHT, ServerCodec};
use tarpc::server::{BaseChannel, Channel, Config as ChannelConfig};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::task::spawn_local;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_util::codec::Framed;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::gate::{Connection, Gate};
pub use crate::listen::Listeners;
use crate::paced::Paced;
use crate::room::{Place, Room};
use crate::service::State;
use crate::workers::Workers;

/// A connection that has not finished its handshake by then is closed.
const HANDSHAKE_MAX: Duration = Duration::from_secs(20);
/// A connection that has not said a word by then is closed.
const SILENT_MAX: Duration = Duration::from_secs(20);
/// What calls get to finish when the server stops.
const STOP_MAX: Duration = Duration::from_secs(15);

/// Serves until `shutdown`; then takes no new calls, lets running ones finish and returns.
pub async fn serve(
    state: Arc<State>,
    listeners: Listeners,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let workers = Workers::start()?;
    let Listeners { unix, tls, .. } = &listeners;
    tracing::info!(socket = %unix.1.display(), "listening");
    if let (Some(address), Some(fingerprint)) = (listeners.tls_address(), listeners.fingerprint()) {
        tracing::info!(%address, fingerprint, "listening with TLS 1.3");
    }
    let server = Server {
        state,
        connections: TaskTracker::new(),
        calls: TaskTracker::new(),
        stop: CancellationToken::new(),
        room: Room::new(),
        workers,
        #[cfg(feature = "testing")]
        hook: listeners.hook.clone(),
    };
    let from_tls = async {
        match tls {
            Some((listener, acceptor)) => server.accept_tls(listener, acceptor).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = server.accept_unix(&unix.0) => {}
        () = from_tls => {}
        () = server.state.cache.follow() => {}
        () = shutdown => {}
    }
    let _ = std::fs::remove_file(&unix.1);
    drop(listeners);
    server.finish().await;
    Ok(())
}

#[derive(Clone)]
struct Server {
    state: Arc<State>,
    connections: TaskTracker,
    calls: TaskTracker,
    stop: CancellationToken,
    room: Room,
    workers: Workers,
    #[cfg(feature = "testing")]
    hook: Option<crate::gate::Hook>,
}

impl Server {
    async fn accept_unix(&self, listener: &UnixListener) {
        loop {
            let place = self.room.place().await;
            match listener.accept().await {
                Ok((stream, _)) => {
                    self.start(place, async move |server| {
                        server.converse(stream, "unix".into()).await;
                    });
                }
                Err(error) => cannot_accept(&error).await,
            }
        }
    }

    async fn accept_tls(&self, listener: &TcpListener, acceptor: &TlsAcceptor) {
        loop {
            let place = self.room.place().await;
            match listener.accept().await {
                Ok((stream, peer)) => {
                    let Some(place) = place.counted_for(peer.ip(), &self.room) else {
                        continue;
                    };
                    let acceptor = acceptor.clone();
                    self.start(place, async move |server| {
                        // A reply is one small packet: waiting to fill it only adds delay.
                        let _ = stream.set_nodelay(true);
                        match timeout(HANDSHAKE_MAX, acceptor.accept(stream)).await {
                            Ok(Ok(stream)) => {
                                server.converse(stream, peer.ip().to_string().into()).await;
                            }
                            Ok(Err(error)) => tracing::debug!(%error, "no handshake"),
                            Err(_) => tracing::debug!("no handshake in time"),
                        }
                    });
                }
                Err(error) => cannot_accept(&error).await,
            }
        }
    }

    fn start(&self, place: Place, connection: impl AsyncFnOnce(&Self) + Send + 'static) {
        let (server, counted) = (self.clone(), self.connections.token());
        self.workers.run(move || async move {
            connection(&server).await;
            drop((place, counted));
        });
    }

    /// Answers the calls of one connection until either end closes it.
    async fn converse(&self, stream: impl AsyncRead + AsyncWrite + Unpin, address: Arc<str>) {
        let trusted = Arc::new(AtomicBool::new(false));
        let line = Framed::new(stream, ServerCodec::new(Arc::clone(&trusted)));
        let connection = Connection::new(
            Arc::clone(&self.state),
            address,
            trusted,
            self.calls.clone(),
        );
        #[cfg(feature = "testing")]
        let connection = connection.hooked(self.hook.clone());
        let connection = Arc::new(connection);
        let config = ChannelConfig {
            pending_response_buffer: IN_FLIGHT,
        };
        let channel = BaseChannel::new(config, Paced::new(line));
        let mut requests = pin!(channel.requests());
        let opened = Instant::now();
        let mut last_call = None;
        loop {
            let closing = closing_time(&connection, opened, last_call);
            let request = tokio::select! {
                request = requests.next() => request,
                () = sleep_until(closing) => {
                    if closing_time(&connection, opened, last_call) <= Instant::now() {
                        return;
                    }
                    continue;
                }
                () = self.stop.cancelled() => break,
            };
            match request {
                Some(Ok(request)) => {
                    last_call = Some(Instant::now());
                    spawn_local(request.execute(Gate(Arc::clone(&connection))));
                }
                Some(Err(error)) => {
                    tracing::debug!(%error, "connection closed");
                    return;
                }
                None => return,
            }
        }
        connection.stop();
        let answer_the_rest = async {
            while requests.channel().in_flight_requests() > 0 {
                tokio::select! {
                    request = requests.next() => match request {
                        Some(Ok(request)) => {
                            spawn_local(request.execute(Gate(Arc::clone(&connection))));
                        }
                        _ => return,
                    },
                    () = sleep(Duration::from_millis(10)) => {}
                }
            }
        };
        let _ = timeout(STOP_MAX, answer_the_rest).await;
    }

    async fn finish(&self) {
        self.stop.cancel();
        self.connections.close();
        self.calls.close();
        let all = async {
            self.connections.wait().await;
            self.calls.wait().await;
        };
        if timeout(STOP_MAX, all).await.is_err() {
            tracing::warn!(
                calls = self.calls.len(),
                "stopped before all calls were done"
            );
        }
    }
}

/// When to look again whether a connection should be closed.
fn closing_time(connection: &Connection, opened: Instant, last_call: Option<Instant>) -> Instant {
    if !connection.is_idle() {
        return Instant::now() + IDLE_MAX;
    }
    match last_call {
        None => opened + SILENT_MAX,
        Some(last) => last + IDLE_MAX,
    }
}

/// Out of file descriptors, most likely: others close theirs meanwhile.
async fn cannot_accept(error: &io::Error) {
    tracing::warn!(%error, "cannot take a connection");
    sleep(Duration::from_millis(100)).await;
}
