//! The keys of known servers: a file with a line a server, `HOST:PORT sha256:…`.

use std::fmt;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use sha2::{Digest, Sha256};

/// The SHA-256 of a server's certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint(String);

impl Fingerprint {
    pub(super) fn of(certificate: &[u8]) -> Self {
        Self(format!(
            "sha256:{}",
            hex::encode(Sha256::digest(certificate))
        ))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The fingerprint that a server is known by.
pub(super) fn known(file: &Path, server: &str) -> io::Result<Option<Fingerprint>> {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let found = text.lines().rev().find_map(|line| {
        let (name, fingerprint) = line.trim().split_once(' ')?;
        (name == server).then(|| Fingerprint(fingerprint.trim().to_owned()))
    });
    Ok(found)
}

/// Remembers a server's fingerprint.
pub(super) fn remember(file: &Path, server: &str, fingerprint: &Fingerprint) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
    }
    let mut file = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(file)?;
    file.write_all(format!("{server} {fingerprint}\n").as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_server_is_remembered_by_host_and_port_in_a_private_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("state/known_servers");
        assert_eq!(known(&file, "a:1").unwrap(), None);
        let (one, two) = (Fingerprint::of(b"one"), Fingerprint::of(b"two"));
        remember(&file, "a:1", &one).unwrap();
        remember(&file, "a:2", &two).unwrap();
        assert_eq!(known(&file, "a:1").unwrap(), Some(one));
        assert_eq!(known(&file, "a:2").unwrap(), Some(two));
        assert_eq!(known(&file, "b:1").unwrap(), None);
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
