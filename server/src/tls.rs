//! The server's key and certificate: given, or made at the first start and kept.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use anyhow::Context;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ServerConfig, version};
use sha2::{Digest, Sha256};

/// Key and certificate in one file, so that a first start that is cut short leaves both or none.
pub const OWN_FILE: &str = "server-identity.pem";

/// What a TLS listener shows. The files can be read again while it listens.
pub struct Identity {
    pub config: Arc<ServerConfig>,
    pub certificates: Arc<Certificates>,
}

/// The certificate that new connections see, and where it comes from.
#[derive(Debug)]
pub struct Certificates {
    certificate_file: PathBuf,
    key_file: PathBuf,
    current: RwLock<Arc<CertifiedKey>>,
}

/// Loads the given certificate and key, or the server's own from the data folder, where they are
/// made when there are none.
pub fn identity(data_dir: &Path, given: Option<&(PathBuf, PathBuf)>) -> anyhow::Result<Identity> {
    let own = data_dir.join(OWN_FILE);
    let (certificate_file, key_file) = match given {
        Some((certificate, key)) => (certificate.clone(), key.clone()),
        None => {
            make_unless_there(&own)?;
            (own.clone(), own)
        }
    };
    let current = RwLock::new(Arc::new(read(&certificate_file, &key_file)?));
    let certificates = Arc::new(Certificates {
        certificate_file,
        key_file,
        current,
    });
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&version::TLS13])?
        .with_no_client_auth()
        .with_cert_resolver(certificates.clone());
    // A ticket lets a client come back with fewer round trips, at 200 bytes on every connection
    // and with the session's secrets kept in memory; clients stay connected for hours instead.
    config.send_tls13_tickets = 0;
    Ok(Identity {
        config: Arc::new(config),
        certificates,
    })
}

impl Certificates {
    /// `sha256:…` of the certificate, as clients show and pin it.
    pub fn fingerprint(&self) -> String {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        let first = current.cert.first().map(Sha256::digest);
        format!("sha256:{}", hex::encode(first.unwrap_or_default()))
    }

    /// Reads the files again, for connections from now on. Files that are not good change nothing.
    pub fn reload(&self) -> anyhow::Result<()> {
        let new = Arc::new(read(&self.certificate_file, &self.key_file)?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = new;
        Ok(())
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        Some(Arc::clone(&current))
    }
}

fn read(certificate_file: &Path, key_file: &Path) -> anyhow::Result<CertifiedKey> {
    let chain = CertificateDer::pem_file_iter(certificate_file)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .with_context(|| format!("cannot read {}", certificate_file.display()))?;
    if chain.is_empty() {
        anyhow::bail!("no certificate in {}", certificate_file.display());
    }
    let key = PrivateKeyDer::from_pem_file(key_file)
        .with_context(|| format!("cannot read a key from {}", key_file.display()))?;
    let provider = rustls::crypto::ring::default_provider();
    CertifiedKey::from_der(chain, key, &provider).with_context(|| {
        format!(
            "the key in {} is not that of the certificate in {}",
            key_file.display(),
            certificate_file.display()
        )
    })
}

fn make_unless_there(file: &Path) -> anyhow::Result<()> {
    let cannot = || format!("cannot keep the server's key in {}", file.display());
    if file.try_exists().with_context(cannot)? {
        return Ok(());
    }
    let made = rcgen::generate_simple_self_signed(vec![
        "hillview-server".to_owned(),
        "localhost".to_owned(),
    ])?;
    let text = made.signing_key.serialize_pem() + &made.cert.pem();
    let new = file.with_extension(format!("{}.new", std::process::id()));
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&new)
        .and_then(|mut to| {
            to.write_all(text.as_bytes())?;
            to.sync_all()
        })
        // A link fails where another start has just made one: then that one counts.
        .and_then(|()| std::fs::hard_link(&new, file));
    let _ = std::fs::remove_file(&new);
    match written {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error).with_context(cannot),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_own_key_is_made_once_and_private() {
        let folder = tempfile::tempdir().unwrap();
        let first = identity(folder.path(), None).unwrap();
        let second = identity(folder.path(), None).unwrap();
        let shown = [first, second].map(|identity| identity.certificates.fingerprint());
        assert_eq!(shown[0], shown[1]);
        let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(files.len(), 1, "{files:?}");
        let mode = std::fs::metadata(folder.path().join(OWN_FILE))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_key_of_another_certificate_is_refused() {
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let files = folders.each_ref().map(|folder| {
            identity(folder.path(), None).unwrap();
            folder.path().join(OWN_FILE)
        });
        let [certificate, key] = files;
        let error = identity(Path::new("/"), Some(&(certificate, key)))
            .err()
            .unwrap();
        assert!(error.to_string().contains("is not that of"), "{error}");
    }
}
