//! TLS 1.3 to a server whose key is pinned on first use, or signed by an authority of the school.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use hillview_shared::{ApiError, Kind};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme, version};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::pins::{self, Fingerprint};

/// How a server proves who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// By the key it had when it was first seen; the file of the known ones.
    Pinned(PathBuf),
    /// By a certificate from one of the authorities in this PEM file.
    Authorities(PathBuf),
}

pub(super) struct Secured {
    pub(super) stream: TlsStream<TcpStream>,
    pub(super) first_seen: Option<Fingerprint>,
}

/// Makes a connection secure.
pub(super) async fn secure(
    stream: TcpStream,
    host: &str,
    port: u16,
    trust: &Trust,
) -> Result<Secured, ApiError> {
    let name = server_name(host)?;
    let server = remembered_as(host, port);
    match trust {
        Trust::Authorities(file) => {
            let stream = handshake(stream, name, by_authority(file)?)
                .await
                .map_err(|error| no_tls(&server, &error))?;
            let first_seen = None;
            Ok(Secured { stream, first_seen })
        }
        Trust::Pinned(file) => pinned(stream, name, &server, file).await,
    }
}

/// What a server is remembered under.
pub(super) fn remembered_as(host: &str, port: u16) -> String {
    format!("{host}:{port}")
}

fn server_name(host: &str) -> Result<ServerName<'static>, ApiError> {
    ServerName::try_from(host.to_owned())
        .map_err(|_| ApiError::invalid("no-address", format!("{host:?} is no name of a server")))
}

/// The key that a server shows, whatever it is; it has proved that it holds it.
pub(super) async fn shown(
    stream: TcpStream,
    host: &str,
    server: &str,
) -> Result<Fingerprint, ApiError> {
    let pin = Arc::new(Pin::new(None));
    handshake(stream, server_name(host)?, by_pin(&pin))
        .await
        .map_err(|error| no_tls(server, &error))?;
    let none = || no_tls(server, &std::io::Error::other("it showed no certificate"));
    pin.seen().ok_or_else(none)
}

async fn pinned(
    stream: TcpStream,
    name: ServerName<'static>,
    server: &str,
    file: &Path,
) -> Result<Secured, ApiError> {
    let expected = pins::known(file, server).map_err(|error| unusable(file, &error))?;
    let pin = Arc::new(Pin::new(expected.clone()));
    let shaken = handshake(stream, name, by_pin(&pin)).await;
    let seen = pin.seen();
    match (shaken, expected, seen) {
        (Ok(stream), Some(_), _) => Ok(Secured {
            stream,
            first_seen: None,
        }),
        (Ok(stream), None, Some(seen)) => {
            pins::remember(file, server, &seen).map_err(|error| unusable(file, &error))?;
            Ok(Secured {
                stream,
                first_seen: Some(seen),
            })
        }
        (Err(_), Some(expected), Some(seen)) if expected != seen => {
            Err(changed(server, &expected, &seen))
        }
        (Err(error), _, _) => Err(no_tls(server, &error)),
        (Ok(_), None, None) => Err(no_tls(
            server,
            &std::io::Error::other("it showed no certificate"),
        )),
    }
}

async fn handshake(
    stream: TcpStream,
    name: ServerName<'static>,
    config: ClientConfig,
) -> std::io::Result<TlsStream<TcpStream>> {
    TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
}

fn by_pin(pin: &Arc<Pin>) -> ClientConfig {
    ClientConfig::builder_with_provider(pin.provider.clone())
        .with_protocol_versions(&[&version::TLS13])
        .expect("ring speaks TLS 1.3")
        .dangerous()
        .with_custom_certificate_verifier(pin.clone())
        .with_no_client_auth()
}

fn by_authority(file: &Path) -> Result<ClientConfig, ApiError> {
    let unreadable = |why: String| {
        ApiError::invalid(
            "no-authorities",
            format!("no certificates in {}: {why}", file.display()),
        )
        .hint("name a PEM file with the certificate of the authority")
    };
    let mut roots = RootCertStore::empty();
    let certificates =
        CertificateDer::pem_file_iter(file).map_err(|error| unreadable(error.to_string()))?;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| unreadable(error.to_string()))?;
        roots
            .add(certificate)
            .map_err(|error| unreadable(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(unreadable("it holds none".to_owned()));
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&version::TLS13])
        .expect("ring speaks TLS 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}

/// Accepts the certificate that is expected, or any when none is; proves in either case that the
/// server holds its key.
#[derive(Debug)]
struct Pin {
    expected: Option<Fingerprint>,
    seen: Mutex<Option<Fingerprint>>,
    provider: Arc<CryptoProvider>,
}

impl Pin {
    fn new(expected: Option<Fingerprint>) -> Self {
        Self {
            expected,
            seen: Mutex::new(None),
            provider: Arc::new(ring::default_provider()),
        }
    }

    fn seen(&self) -> Option<Fingerprint> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.clone()
    }
}

impl ServerCertVerifier for Pin {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let fingerprint = Fingerprint::of(certificate);
        let known = self.expected.as_ref().is_none_or(|it| *it == fingerprint);
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(fingerprint);
        if known {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(rustls::CertificateError::ApplicationVerificationFailure.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(rustls::Error::General("TLS 1.2 is not spoken".to_owned()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

fn changed(server: &str, known: &Fingerprint, seen: &Fingerprint) -> ApiError {
    ApiError::new(
        Kind::Denied,
        "server-key-changed",
        format!("the key of {server} has changed: known was {known}, shown was {seen}"),
    )
    .hint(format!(
        "somebody may stand between you and the server, and nothing was sent: ask who runs it to \
         read its key to you; only if it is the one shown: hillview --server tls://{server} server trust"
    ))
}

fn no_tls(server: &str, error: &std::io::Error) -> ApiError {
    ApiError::new(
        Kind::Offline,
        "no-secure-line",
        format!("no secure line to {server}: {error}"),
    )
    .hint("check the address; with --ca, that the server's certificate is from that authority")
}

pub(super) fn unusable(file: &Path, error: &std::io::Error) -> ApiError {
    ApiError::invalid(
        "known-servers",
        format!("cannot use {}: {error}", file.display()),
    )
    .hint("that file keeps the keys of known servers: make it readable and writable for you")
}
