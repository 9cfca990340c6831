//! A client of few words: TLS, frames and calls as the real one makes them.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use hillview_shared::ApiError;
use hillview_shared::api::{Hello, HillviewRequest, HillviewResponse, PROTOCOL, Resume, Welcome};
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
pub struct Line {
    channel: Channel<Call, Answer>,
    packing: Packing,
    /// What goes over the line, TLS and all.
    pub meter: Meter,
}

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
        Ok(self.resume(None).await?.0)
    }

    /// Connects and goes on with a session, which must not have ended.
    pub async fn go_on(&self, session: &Resume) -> anyhow::Result<(Line, Welcome)> {
        let (line, welcome) = self.resume(Some(session.clone())).await?;
        anyhow::ensure!(welcome.who.is_some(), "the session has ended");
        Ok((line, welcome))
    }

    /// Connects and takes a session up.
    pub async fn resume(&self, resume: Option<Resume>) -> anyhow::Result<(Line, Welcome)> {
        let meter = Meter::default();
        let metered = meter.clone();
        let line = match self {
            Self::Tls(address, tls) => {
                let stream = TcpStream::connect(address).await?;
                stream.set_nodelay(true)?;
                let name = ServerName::try_from("localhost").expect("that is a name");
                let stream = tls.connect(name, Metered::new(stream, metered)).await?;
                Line::on(stream, meter)
            }
            Self::Unix(socket) => {
                let stream = UnixStream::connect(socket).await?;
                Line::on(Metered::new(stream, metered), meter)
            }
        };
        let request = Hello {
            protocol: PROTOCOL,
            client: format!("bench {}", env!("CARGO_PKG_VERSION")),
            dictionaries: DICTIONARIES.to_vec(),
            resume,
        };
        let answer = line.call(HillviewRequest::Hello { request }).await?;
        match answer.context("the server refuses to speak")? {
            HillviewResponse::Hello(Ok(welcome)) => {
                line.packing.choose(&[welcome.dictionary]);
                Ok((line, welcome))
            }
            _ => anyhow::bail!("the server answered another question"),
        }
    }
}

impl Line {
    fn on(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static, meter: Meter) -> Self {
        let codec = ClientCodec::new();
        let packing = codec.packing();
        let framed = Framed::new(stream, codec);
        Self {
            channel: client::new(client::Config::default(), framed).spawn(),
            packing,
            meter,
        }
    }

    /// Makes a call; the inner error is the server's refusal, the outer one a line that is lost.
    pub async fn call(
        &self,
        request: HillviewRequest,
    ) -> anyhow::Result<Result<HillviewResponse, ApiError>> {
        let call = Call::encode(&request)?;
        let mut context = tarpc::context::current();
        context.deadline = std::time::Instant::now() + PATIENCE;
        let answer = self.channel.call(context, call.clone()).await?;
        Ok(match answer.error() {
            Some(refusal) => Err(refusal),
            None => answer.decode(&call),
        })
    }
}
