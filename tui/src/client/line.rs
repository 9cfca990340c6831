//! Opens the line: a Unix socket, or TCP made secure.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use hillview_shared::ApiError;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream, lookup_host};
use tokio::time::timeout;

use super::address::ServerAddress;
use super::pins::Fingerprint;
use super::tls::{self, Trust};

/// Long enough for a line of 9.6 kbit/s with two seconds of delay; a dead host is given up on.
const CONNECT_MAX: Duration = Duration::from_secs(10);
/// The same for each of several addresses of a name: a dead one must not use up all the time.
const CONNECT_EACH: Duration = Duration::from_secs(5);
const HANDSHAKE_MAX: Duration = Duration::from_secs(20);

pub(super) trait Line: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Line for T {}

pub(super) struct Opened {
    pub(super) line: Box<dyn Line>,
    pub(super) first_seen: Option<Fingerprint>,
}

pub(super) async fn open(address: &ServerAddress, trust: &Trust) -> Result<Opened, ApiError> {
    match address {
        ServerAddress::Unix(path) => {
            let stream = UnixStream::connect(path)
                .await
                .map_err(|error| no_socket(path, &error))?;
            Ok(Opened {
                line: Box::new(stream),
                first_seen: None,
            })
        }
        ServerAddress::Tls { host, port } => {
            let stream = connect(address, host, *port).await?;
            let secured = timeout(HANDSHAKE_MAX, tls::secure(stream, host, *port, trust))
                .await
                .map_err(|_| silent(address))??;
            Ok(Opened {
                line: Box::new(secured.stream),
                first_seen: secured.first_seen,
            })
        }
    }
}

/// The key that a server shows, and what it is remembered under.
pub(super) async fn key(address: &ServerAddress) -> Result<(String, Fingerprint), ApiError> {
    let server = named(address)?;
    let ServerAddress::Tls { host, port } = address else {
        return Err(no_key(address));
    };
    let stream = connect(address, host, *port).await?;
    let shown = timeout(HANDSHAKE_MAX, tls::shown(stream, host, &server)).await;
    Ok((server, shown.map_err(|_| silent(address))??))
}

/// What the key of a server is remembered under.
pub(super) fn named(address: &ServerAddress) -> Result<String, ApiError> {
    match address {
        ServerAddress::Tls { host, port } => Ok(tls::remembered_as(host, *port)),
        ServerAddress::Unix(_) => Err(no_key(address)),
    }
}

fn no_key(address: &ServerAddress) -> ApiError {
    let text = format!("{address} has no key: the system guards a Unix socket");
    ApiError::new(hillview_shared::Kind::Usage, "no-server-key", text)
        .hint("name a server on the network: --server tls://HOST")
}

/// Connects to one of the addresses that a name has.
async fn connect(address: &ServerAddress, host: &str, port: u16) -> Result<TcpStream, ApiError> {
    let unreachable = |error: &io::Error| {
        ApiError::offline(format!(
            "the server at {address} cannot be reached: {error}"
        ))
        .hint("check the line and the address")
    };
    let found = timeout(CONNECT_MAX, lookup_host((host, port))).await;
    let found = found.map_err(|_| silent(address))?;
    let found = found.map_err(|error| unreachable(&error))?;
    let found = in_turn(found.collect(), rand::random_range(0..=usize::MAX));
    let most = match found.len() {
        1 => CONNECT_MAX,
        _ => CONNECT_EACH,
    };
    let mut failed = silent(address);
    for one in found {
        match timeout(most, TcpStream::connect(one)).await {
            Ok(Ok(stream)) => {
                // A save is one small packet each way: waiting to fill packets only adds delay.
                stream.set_nodelay(true).map_err(|_| silent(address))?;
                return Ok(stream);
            }
            Ok(Err(error)) => failed = unreachable(&error),
            Err(_) => {}
        }
    }
    Err(failed)
}

/// Addresses of the kind that the system prefers first; of each kind from a random one on, because
/// the system gives all clients the same order.
fn in_turn(found: Vec<SocketAddr>, random: usize) -> Vec<SocketAddr> {
    let preferred = found.first().is_some_and(SocketAddr::is_ipv6);
    let (mut first, mut others): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|it| it.is_ipv6() == preferred);
    for kind in [&mut first, &mut others] {
        kind.dedup();
        let begin = random % kind.len().max(1);
        kind.rotate_left(begin);
    }
    [first, others].concat()
}

fn silent(address: &ServerAddress) -> ApiError {
    ApiError::offline(format!("the server at {address} does not answer"))
        .hint("check the line and the address")
}

fn no_socket(path: &Path, error: &io::Error) -> ApiError {
    let path = path.display();
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
            ApiError::offline(format!("no server answers at {path}"))
                .hint("start hillview-server, or name another server with --server")
        }
        io::ErrorKind::PermissionDenied => {
            ApiError::denied(format!("you may not use the socket {path}"))
                .hint("ask who runs the server to put you into the group of that socket")
        }
        _ => ApiError::offline(format!("cannot connect to {path}: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_a_name_are_tried_from_a_random_one_on() {
        let all = |texts: &[&str]| -> Vec<SocketAddr> {
            texts.iter().map(|text| text.parse().unwrap()).collect()
        };
        let found = all(&["[::1]:1", "10.0.0.1:1", "[::2]:1", "10.0.0.2:1", "[::3]:1"]);
        let turned = ["[::2]:1", "[::3]:1", "[::1]:1", "10.0.0.2:1", "10.0.0.1:1"];
        assert_eq!(in_turn(found, 1), all(&turned));
        let one = all(&["10.0.0.1:1", "10.0.0.1:1"]);
        assert_eq!(in_turn(one, 7), all(&["10.0.0.1:1"]));
        assert_eq!(in_turn(Vec::new(), 7), []);
    }
}
