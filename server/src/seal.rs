//! Sealing what must be readable again, though a copy of the database must not give it away: the
//! secrets of second factors. The key is a file beside the data, not in them.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};

/// The key.
pub struct Seal {
    key: LessSafeKey,
    name: String,
}

impl Seal {
    /// Reads the key, or makes one when there is no file.
    pub fn open(path: &Path) -> Result<Self> {
        let unusable = |why: String| {
            let why = format!("{}: {why}", path.display());
            Error::fault("reading the key that seals second factors", why)
        };
        let text = match read(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                make(path).map_err(|error| unusable(error.to_string()))?;
                read(path).map_err(|error| unusable(error.to_string()))?
            }
            read => read.map_err(|error| unusable(error.to_string()))?,
        };
        let mode = fs::metadata(path).map_err(|error| unusable(error.to_string()))?;
        if mode.permissions().mode() & 0o077 != 0 {
            let why = "others of this machine may read it: run chmod 600 on it";
            return Err(unusable(why.to_owned()));
        }
        let key: Option<[u8; 32]> = hex::decode(text.trim())
            .ok()
            .and_then(|bytes| bytes.try_into().ok());
        let key =
            key.ok_or_else(|| unusable("it does not hold 64 hexadecimal digits".to_owned()))?;
        Ok(Self::of(&key))
    }

    fn of(key: &[u8; 32]) -> Self {
        let unbound = UnboundKey::new(&CHACHA20_POLY1305, key).expect("a key has 32 bytes");
        Self {
            key: LessSafeKey::new(unbound),
            name: hex::encode(&Sha256::digest(key)[..8]),
        }
    }

    /// What tells this key from another; it gives nothing of the key away.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Seals a text for one place; it cannot be opened at another.
    pub fn seal(&self, place: &str, plain: &[u8]) -> Vec<u8> {
        // Random nonces of 96 bits are good for billions of texts; there are thousands.
        let nonce: [u8; NONCE_LEN] = rand::random();
        let mut sealed = plain.to_vec();
        let unique = Nonce::assume_unique_for_key(nonce);
        self.key
            .seal_in_place_append_tag(unique, Aad::from(place), &mut sealed)
            .expect("a short text can be sealed");
        [&nonce[..], &sealed].concat()
    }

    /// What was sealed for this place with this key.
    pub fn unseal(&self, place: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, text) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut text = text.to_vec();
        let plain = self.key.open_in_place(nonce, Aad::from(place), &mut text);
        Some(plain.ok()?.to_vec())
    }
}

fn read(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    fs::File::open(path)?.take(200).read_to_string(&mut text)?;
    Ok(text)
}

/// Written beside and linked: whoever starts at the same time finds a whole key or none, and the
/// first one stays.
fn make(path: &Path) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let fresh = path.with_extension(format!("new{}", rand::random::<u32>()));
    let key: [u8; 32] = rand::random();
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&fresh)?;
    writeln!(file, "{}", hex::encode(key))?;
    file.sync_all()?;
    let linked = fs::hard_link(&fresh, path);
    fs::remove_file(&fresh)?;
    match linked {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/seal.key");
        let first = Seal::open(&path).unwrap();
        let again = Seal::open(&path).unwrap();
        assert_eq!(first.name(), again.name());
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);

        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let told = Seal::open(&path).err().unwrap().to_string();
        assert!(told.contains("chmod 600"), "{told}");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, "short").unwrap();
        let told = Seal::open(&path).err().unwrap().to_string();
        assert!(told.contains("64 hexadecimal"), "{told}");
    }

    #[test]
    fn only_the_key_opens_and_only_at_its_place() {
        let (seal, other) = (Seal::of(&[1; 32]), Seal::of(&[2; 32]));
        let sealed = seal.seal("kilimani:7", b"a secret");
        assert_eq!(seal.unseal("kilimani:7", &sealed).unwrap(), b"a secret");
        assert_ne!(seal.seal("kilimani:7", b"a secret"), sealed);
        assert_eq!(seal.unseal("kilimani:8", &sealed), None);
        assert_eq!(other.unseal("kilimani:7", &sealed), None);
        assert_ne!(seal.name(), other.name());
        let mut changed = sealed.clone();
        changed[NONCE_LEN] ^= 1;
        assert_eq!(seal.unseal("kilimani:7", &changed), None);
        assert_eq!(seal.unseal("kilimani:7", &sealed[..5]), None);
    }
}
