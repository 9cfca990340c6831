//! The server's key and certificate: given, or made at the first start and kept.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, version};
use sha2::{Digest, Sha256};

/// Key and certificate in one file, so that a first start that is cut short leaves both or none.
const OWN_FILE: &str = "server-identity.pem";

/// What a TLS listener shows.
pub struct Identity {
    pub config: Arc<ServerConfig>,
    /// `sha256:…` of the certificate, as clients show and pin it.
    pub fingerprint: String,
}

/// Loads the given certificate and key, or the server's own from the data folder, where they are
/// made when there are none.
pub fn identity(data_dir: &Path, given: Option<&(PathBuf, PathBuf)>) -> anyhow::Result<Identity> {
    let own = data_dir.join(OWN_FILE);
    let (certificate_file, key_file) = match given {
        Some((certificate, key)) => (certificate.as_path(), key.as_path()),
        None => {
            make_unless_there(&own)?;
            (own.as_path(), own.as_path())
        }
    };
    let chain = CertificateDer::pem_file_iter(certificate_file)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .with_context(|| format!("cannot read {}", certificate_file.display()))?;
    let first = chain
        .first()
        .with_context(|| format!("no certificate in {}", certificate_file.display()))?;
    let fingerprint = format!("sha256:{}", hex::encode(Sha256::digest(first)));
    let key = PrivateKeyDer::from_pem_file(key_file)
        .with_context(|| format!("cannot read a key from {}", key_file.display()))?;
    let mut config =
        ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_protocol_versions(&[&version::TLS13])?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .with_context(|| {
                format!(
                    "the key in {} is not that of the certificate in {}",
                    key_file.display(),
                    certificate_file.display()
                )
            })?;
    // A ticket lets a client come back with fewer round trips, at 200 bytes on every connection
    // and with the session's secrets kept in memory; clients stay connected for hours instead.
    config.send_tls13_tickets = 0;
    Ok(Identity {
        config: Arc::new(config),
        fingerprint,
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
        assert_eq!(first.fingerprint, second.fingerprint);
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
