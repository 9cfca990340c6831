//! Listens, takes connections and closes them; stops gracefully.

use std::io;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use futures::StreamExt;
use hillview_shared::wire::IN_FLIGHT;
use tarpc::server::{BaseChannel, Channel, Config as ChannelConfig};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::spawn_local;
use tokio::time::{Instant, sleep, sleep_until, timeout, timeout_at};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::gate::{Connection, Gate, Limited};
use crate::limits::Limits;
pub use crate::listen::Listeners;
use crate::metered::{Meter, Metered};
use crate::paced::Paced;
use crate::proxy::{self, Network};
use crate::room::{Origin, Place, Room};
use crate::seats::Seats;
use crate::service::State;
use crate::unsent::Unsent;
use crate::workers::Workers;

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
        room: Room::new(listeners.limits),
        seats: Seats::new(listeners.limits),
        unsent: Unsent::new(listeners.limits.unsent),
        limits: listeners.limits,
        proxies: Arc::clone(&listeners.proxies),
        workers,
        #[cfg(feature = "testing")]
        hooks: listeners.hooks.clone(),
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
        () = server.state.cache.report() => {}
        () = shutdown => {}
    }
    let _ = std::fs::remove_file(&unix.1);
    drop(listeners);
    let state = Arc::clone(&server.state);
    server.finish().await;
    state.cache.tell_tally();
    Ok(())
}

#[derive(Clone)]
struct Server {
    state: Arc<State>,
    connections: TaskTracker,
    calls: TaskTracker,
    stop: CancellationToken,
    room: Room,
    seats: Seats,
    unsent: Unsent,
    limits: Limits,
    proxies: Arc<[Network]>,
    workers: Workers,
    #[cfg(feature = "testing")]
    hooks: crate::gate::Hooks,
}

impl Server {
    async fn accept_unix(&self, listener: &UnixListener) {
        loop {
            let one = self.room.wait().await;
            match listener.accept().await {
                Ok((stream, _)) => {
                    let Some(place) = self.room.place(one, Origin::Unix) else {
                        continue;
                    };
                    let Ok(stream) = stream.into_std() else {
                        continue;
                    };
                    self.start(async move |server| {
                        let Ok(stream) = UnixStream::from_std(stream) else {
                            return;
                        };
                        let meter = Meter::default();
                        let stream = Metered::new(stream, meter.clone());
                        let place = Arc::new(place);
                        server.converse(stream, meter, place, Origin::Unix).await;
                    });
                }
                Err(error) => cannot_accept(&error).await,
            }
        }
    }

    async fn accept_tls(&self, listener: &TcpListener, acceptor: &TlsAcceptor) {
        loop {
            let one = self.room.wait().await;
            match listener.accept().await {
                Ok((stream, peer)) => {
                    let (peer, acceptor) = (peer.ip(), acceptor.clone());
                    // A reply is one small packet: waiting to fill it only adds delay.
                    let _ = stream.set_nodelay(true);
                    let Ok(stream) = stream.into_std() else {
                        continue;
                    };
                    if self.proxies.iter().any(|proxy| proxy.contains(peer)) {
                        self.start(async move |server| {
                            let Ok(stream) = TcpStream::from_std(stream) else {
                                return;
                            };
                            server.secure_proxied(stream, acceptor, one, peer).await;
                        });
                        continue;
                    }
                    let origin = Origin::Direct(peer);
                    let Some(place) = self.room.place(one, origin) else {
                        continue;
                    };
                    let in_time = Instant::now() + self.limits.handshake;
                    self.start(async move |server| {
                        let Ok(stream) = TcpStream::from_std(stream) else {
                            return;
                        };
                        let place = Arc::new(place);
                        let came = (place, origin, in_time);
                        server.secure(stream, acceptor, came).await;
                    });
                }
                Err(error) => cannot_accept(&error).await,
            }
        }
    }

    /// Reads whose connection a proxy passes on, and goes on with it as with that client's.
    async fn secure_proxied(
        &self,
        mut stream: TcpStream,
        acceptor: TlsAcceptor,
        one: OwnedSemaphorePermit,
        proxy: IpAddr,
    ) {
        let in_time = Instant::now() + self.limits.handshake;
        let origin = match timeout_at(in_time, proxy::client_of(&mut stream)).await {
            Ok(Ok(Some(client))) => Origin::Proxied(client),
            Ok(Ok(None)) => Origin::Direct(proxy),
            Ok(Err(error)) if error.kind() == io::ErrorKind::InvalidData => {
                let hint = "it must begin connections with one: send-proxy-v2 in HAProxy";
                return tracing::warn!(%proxy, %error, hint, "a proxy is not understood");
            }
            // A look whether somebody listens ends like that.
            Ok(Err(error)) => return tracing::debug!(%proxy, %error, "no PROXY header"),
            Err(_) => return tracing::debug!(%proxy, "no PROXY header in time"),
        };
        if let Some(place) = self.room.place(one, origin) {
            let came = (Arc::new(place), origin, in_time);
            self.secure(stream, acceptor, came).await;
        }
    }

    async fn secure(
        &self,
        stream: TcpStream,
        acceptor: TlsAcceptor,
        (place, origin, in_time): (Arc<Place>, Origin, Instant),
    ) {
        let meter = Meter::default();
        let stream = Metered::new(stream, meter.clone());
        let shaken = tokio::select! {
            shaken = timeout_at(in_time, acceptor.accept(stream)) => shaken,
            () = place.left() => return,
        };
        match shaken {
            Ok(Ok(stream)) => self.converse(stream, meter, place, origin).await,
            Ok(Err(error)) => tracing::debug!(%error, "no handshake"),
            Err(_) => tracing::debug!("no handshake in time"),
        }
    }

    /// Hands a connection to a thread, which is the one that then waits for its socket.
    fn start(&self, connection: impl AsyncFnOnce(&Self) + Send + 'static) {
        let (server, counted) = (self.clone(), self.connections.token());
        self.workers.run(move || async move {
            connection(&server).await;
            drop(counted);
        });
    }

    fn connection(
        &self,
        place: &Arc<Place>,
        address: Arc<str>,
        trusted: Arc<AtomicBool>,
    ) -> Arc<Connection> {
        let limited = Limited {
            place: Arc::clone(place),
            seats: self.seats.clone(),
            unsent: self.unsent.clone(),
            stranger_calls: self.limits.stranger_calls,
        };
        let state = Arc::clone(&self.state);
        let connection = Connection::new(state, address, trusted, self.calls.clone(), limited);
        #[cfg(feature = "testing")]
        let connection = connection.hooked(self.hooks.clone());
        Arc::new(connection)
    }

    /// Answers the calls of one connection until either end closes it.
    async fn converse(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin,
        meter: Meter,
        place: Arc<Place>,
        origin: Origin,
    ) {
        let trusted = Arc::new(AtomicBool::new(false));
        let line = Paced::new(
            stream,
            meter,
            self.limits,
            self.unsent.clone(),
            Arc::clone(&trusted),
        );
        let connection = self.connection(&place, origin.name(), trusted);
        let config = ChannelConfig {
            pending_response_buffer: IN_FLIGHT,
        };
        let channel = BaseChannel::new(config, line);
        let mut requests = pin!(channel.requests());
        let opened = Instant::now();
        let mut last_call = None;
        loop {
            let closing = self.closing_time(&connection, opened, last_call);
            let request = tokio::select! {
                request = requests.next() => request,
                () = sleep_until(closing) => {
                    if self.closing_time(&connection, opened, last_call) <= Instant::now() {
                        return;
                    }
                    continue;
                }
                () = self.stop.cancelled() => break,
                () = place.left() => return,
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

    /// When to look again whether a connection should be closed.
    fn closing_time(
        &self,
        connection: &Connection,
        opened: Instant,
        last_call: Option<Instant>,
    ) -> Instant {
        if !connection.is_idle() {
            return Instant::now() + self.limits.idle;
        }
        match last_call {
            None => opened + self.limits.silent,
            Some(last) => last + self.limits.idle,
        }
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

/// Out of file descriptors, most likely: others close theirs meanwhile.
async fn cannot_accept(error: &io::Error) {
    tracing::warn!(%error, "cannot take a connection");
    sleep(Duration::from_millis(100)).await;
}
