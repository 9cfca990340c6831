//! The line to a server: one connection, many calls at once.
//!
//! A lost line makes every call fail at once with the kind `offline`; connecting again is for the
//! one who holds the client (the run loop, the command line), not for this module.

mod address;
mod line;
mod pins;
mod servers;
mod stub;
mod tls;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hillview_shared::api::{
    Hello, HillviewClient, HillviewRequest, HillviewResponse, PROTOCOL, Reply, Resume, Welcome,
};
use hillview_shared::wire::{DICTIONARIES, QUIET_MAX};
use hillview_shared::{ApiError, Kind};
use tarpc::client::RpcError;
use tarpc::context::Context;
use tokio::sync::watch;
use tokio_util::sync::DropGuard;

pub use address::{AddressError, ServerAddress};
pub use pins::Fingerprint;
pub use servers::{Servers, worth_another_try};
pub use stub::Stub;
pub use tls::Trust;

/// A connection that has said hello. Clones share it; it closes when the last one is dropped.
#[derive(Clone)]
pub struct Client {
    stub: Stub,
    closed: watch::Receiver<bool>,
    first_seen: Option<Fingerprint>,
    _open: Arc<DropGuard>,
}

impl Client {
    /// Connects and says hello.
    ///
    /// # Errors
    /// `offline` when nothing answers, `denied` when the server's key is not the one known,
    /// `unsupported` when one of the two ends must be updated.
    pub async fn connect(
        address: &ServerAddress,
        trust: &Trust,
        hello: Hello,
    ) -> Result<(Self, Welcome), ApiError> {
        Self::connect_within(address, trust, hello, QUIET_MAX).await
    }

    /// The same, and asks for a sign of life when nothing was heard for `quiet`.
    ///
    /// # Errors
    /// Those of [`connect`](Self::connect).
    pub async fn connect_within(
        address: &ServerAddress,
        trust: &Trust,
        hello: Hello,
        quiet: Duration,
    ) -> Result<(Self, Welcome), ApiError> {
        let opened = line::open(address, trust).await?;
        let (stub, closed, open) = stub::start(opened.line, quiet);
        let client = Self {
            stub,
            closed,
            first_seen: opened.first_seen,
            _open: Arc::new(open),
        };
        let welcome = client
            .ask(async |api, context| api.hello(context, hello).await)
            .await?;
        if welcome.protocol == PROTOCOL {
            client.stub.pack_with(welcome.dictionary);
            Ok((client, welcome))
        } else {
            Err(wrong_protocol(&welcome))
        }
    }

    /// Sends a request as data and gives its response, which holds the reply to the call.
    ///
    /// # Errors
    /// When no response came: the line is lost, the server is busy, or nobody could read it.
    pub async fn call(&self, request: HillviewRequest) -> Result<HillviewResponse, ApiError> {
        self.stub.exchange(&request).await
    }

    /// Makes one typed call:
    /// `client.ask(async |api, context| api.open_sheet(context, request).await)`.
    ///
    /// # Errors
    /// The server's, or those of [`call`](Self::call).
    pub async fn ask<T>(
        &self,
        call: impl AsyncFnOnce(&HillviewClient<Stub>, Context) -> Result<Reply<T>, RpcError>,
    ) -> Reply<T> {
        let api = HillviewClient::from(self.stub.clone());
        match call(&api, tarpc::context::current()).await {
            Ok(reply) => reply,
            Err(error) => Err(stub::told(error)),
        }
    }

    /// Waits until the line is lost.
    pub async fn closed(&self) {
        // The sender says so before it goes, so an error means the same.
        let _ = self.closed.clone().wait_for(|closed| *closed).await;
    }

    /// Whether the line is lost.
    pub fn is_closed(&self) -> bool {
        *self.closed.borrow()
    }

    /// The fingerprint of the server's key, when this connection was the first to see it.
    pub fn first_seen(&self) -> Option<&Fingerprint> {
        self.first_seen.as_ref()
    }
}

/// The key of a server as it is remembered and as it is shown now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerKey {
    pub known: Option<Fingerprint>,
    pub shown: Fingerprint,
}

/// Asks a server for its key, and says nothing to it.
///
/// # Errors
/// When it cannot be reached, or has no key because it is a Unix socket.
pub async fn server_key(address: &ServerAddress, known: &Path) -> Result<ServerKey, ApiError> {
    let (server, shown) = line::key(address).await?;
    let known = pins::known(known, &server).map_err(|error| tls::unusable(known, &error))?;
    Ok(ServerKey { known, shown })
}

/// Remembers a server's key in the file of the known ones, in the place of another.
///
/// # Errors
/// When the file cannot be written, or the address is a Unix socket.
pub fn trust(address: &ServerAddress, known: &Path, key: &Fingerprint) -> Result<(), ApiError> {
    let server = line::named(address)?;
    pins::remember(known, &server, key).map_err(|error| tls::unusable(known, &error))
}

/// What a client says first; `name` is `tui` or `cli`.
pub fn hello(name: &str, resume: Option<Resume>) -> Hello {
    Hello {
        protocol: PROTOCOL,
        client: format!("{name} {}", env!("CARGO_PKG_VERSION")),
        dictionaries: DICTIONARIES.to_vec(),
        resume,
    }
}

fn wrong_protocol(welcome: &Welcome) -> ApiError {
    let older = if welcome.protocol < PROTOCOL {
        "server"
    } else {
        "client"
    };
    ApiError::new(
        Kind::Unsupported,
        "wrong-protocol",
        format!(
            "the client speaks protocol {PROTOCOL}, the server ({}) speaks {}",
            welcome.server, welcome.protocol
        ),
    )
    .hint(format!("update the {older}"))
}
