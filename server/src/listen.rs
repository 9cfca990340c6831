//! Where a server listens: a Unix socket, and TLS when an address is given.

use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use tokio::net::{TcpListener, UnixListener};
use tokio_rustls::TlsAcceptor;

use crate::config::Config;
use crate::limits::Limits;
use crate::proxy::Network;
use crate::tls::{self, Certificates};

/// Where a server listens.
pub struct Listeners {
    pub(crate) unix: (UnixListener, PathBuf),
    pub(crate) tls: Option<(TcpListener, TlsAcceptor)>,
    certificates: Option<Arc<Certificates>>,
    pub(crate) proxies: Arc<[Network]>,
    pub(crate) limits: Limits,
    #[cfg(feature = "testing")]
    pub(crate) hooks: crate::gate::Hooks,
}

impl Listeners {
    /// Opens what the settings name.
    pub async fn open(config: &Config) -> anyhow::Result<Self> {
        let unix = unix_listener(&config.socket)?;
        let mut listeners = Self {
            unix: (unix, config.socket.clone()),
            tls: None,
            certificates: None,
            proxies: config.proxy.clone().into(),
            limits: config.limits,
            #[cfg(feature = "testing")]
            hooks: crate::gate::Hooks::default(),
        };
        if let Some(address) = config.listen {
            let identity = tls::identity(&config.data_dir, config.tls.as_ref())?;
            let listener = TcpListener::bind(address)
                .await
                .with_context(|| format!("cannot listen on {address}"))?;
            listeners.tls = Some((listener, TlsAcceptor::from(identity.config)));
            listeners.certificates = Some(identity.certificates);
        }
        Ok(listeners)
    }

    /// The address of the TLS listener, with the port that was found when 0 was asked for.
    pub fn tls_address(&self) -> Option<SocketAddr> {
        self.tls.as_ref()?.0.local_addr().ok()
    }

    /// What clients see when they first connect with TLS.
    pub fn fingerprint(&self) -> Option<String> {
        let certificates = self.certificates.as_ref()?;
        Some(certificates.fingerprint())
    }

    /// The certificate that new connections see.
    pub fn certificates(&self) -> Option<Arc<Certificates>> {
        self.certificates.clone()
    }

    #[cfg(feature = "testing")]
    #[must_use]
    pub fn hooked(mut self, hooks: crate::gate::Hooks) -> Self {
        self.hooks = hooks;
        self
    }
}

/// Listens on a Unix socket, in place of one that a server left behind when it was killed.
fn unix_listener(path: &Path) -> anyhow::Result<UnixListener> {
    let cannot = || format!("cannot listen on {}", path.display());
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(cannot)?;
    }
    match std::os::unix::net::UnixStream::connect(path) {
        Ok(_) => anyhow::bail!("another server answers on {}", path.display()),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            std::fs::remove_file(path).with_context(cannot)?;
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error).with_context(cannot),
    }
    // Bound under another name first: nobody connects before the mode is right.
    let new = path.with_extension(format!("{}.new", std::process::id()));
    let _ = std::fs::remove_file(&new);
    let listener = UnixListener::bind(&new).with_context(cannot)?;
    std::fs::set_permissions(&new, std::fs::Permissions::from_mode(0o660)).with_context(cannot)?;
    std::fs::rename(&new, path).with_context(cannot)?;
    Ok(listener)
}
