//! A client of few words: TLS, frames and calls as the real one makes them.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use hillview_shared::ApiError;
use hillview_shared::api::{Hello, HillviewRequest, HillviewResponse, PROTOCOL};
use hillview_shared::wire::{Answer, Call, ClientCodec, DICTIONARIES, Packing};
use rustls::pki_types::ServerName;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore, version};
use tarpc::client::{self, Channel};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsConnector;
use tokio_util::codec::Framed;

use crate::metered::{Meter, Metered};

/// Nobody waits longer for an answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where the server is, and how it proves that it is.
#[derive(Clone)]
pub enum Way {
    Tls(SocketAddr, TlsConnector),
    Unix(PathBuf),
}

/// A connection that has said hello.
pub struct Line(Channel<Call, Answer>);

impl Way {
    /// To a server with the certificate in this file.
    pub fn to(address: SocketAddr, certificate: &std::path::Path) -> anyhow::Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(rustls::pki_types::CertificateDer::from_pem_file(
            certificate,
        )?)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&version::TLS13])?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self::Tls(address, TlsConnector::from(Arc::new(config))))
    }

    pub async fn connect(&self) -> anyhow::Result<Line> {
        Ok(self.connect_metered().await?.0)
    }

    /// With what goes over the line, TLS and all.
    pub async fn connect_metered(&self) -> anyhow::Result<(Line, Meter)> {
        let meter = Meter::default();
        let metered = meter.clone();
        let (line, packing) = match self {
            Self::Tls(address, tls) => {
                let stream = TcpStream::connect(address).await?;
                stream.set_nodelay(true)?;
                let name = ServerName::try_from("localhost").expect("that is a name");
                Line::on(tls.connect(name, Metered::new(stream, metered)).await?)
            }
            Self::Unix(socket) => {
                let stream = UnixStream::connect(socket).await?;
                Line::on(Metered::new(stream, metered))
            }
        };
        let request = Hello {
            protocol: PROTOCOL,
            client: format!("bench {}", env!("CARGO_PKG_VERSION")),
            dictionaries: DICTIONARIES.to_vec(),
            resume: None,
        };
        let answer = line.call(HillviewRequest::Hello { request }).await?;
        match answer.context("the server refuses to speak")? {
            HillviewResponse::Hello(Ok(welcome)) => packing.choose(&[welcome.dictionary]),
            _ => bail!("hello was answered by something else"),
        }
        Ok((line, meter))
    }
}

impl Line {
    fn on(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> (Self, Packing) {
        let codec = ClientCodec::new();
        let packing = codec.packing();
        let framed = Framed::new(stream, codec);
        let line = client::new(client::Config::default(), framed).spawn();
        (Self(line), packing)
    }

    /// Makes a call; the inner error is the server's refusal, the outer one a line that is lost.
    pub async fn call(
        &self,
        request: HillviewRequest,
    ) -> anyhow::Result<Result<HillviewResponse, ApiError>> {
        let call = Call::encode(&request)?;
        let mut context = tarpc::context::current();
        context.deadline = std::time::Instant::now() + PATIENCE;
        let answer = self.0.call(context, call.clone()).await?;
        Ok(match answer.error() {
            Some(refusal) => Err(refusal),
            None => answer.decode(&call),
        })
    }
}
