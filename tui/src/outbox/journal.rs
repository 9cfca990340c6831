//! The file under the outbox: records that are only ever added, each with its length and a
//! checksum.
//!
//! A record: its length (4 bytes, little endian), the first 8 bytes of the SHA-256 of its body,
//! the body as named MessagePack. What does not read as a record is damage: it is put aside, and
//! whatever is whole behind it still counts.

use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::edits::{Batch, Item, Kept, Owner};
use hillview_shared::ids::OperationId;
use hillview_shared::marks::MarksSaved;

/// What a journal begins with; the number grows when older programs cannot read newer journals.
const HEAD: &[u8] = b"hillview outbox 1\n";
pub(super) const PREFIX: usize = 12;
/// Far above any record; a longer one is damage.
const LONGEST: usize = 1 << 20;

/// One step in the life of the outbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Record {
    /// Whose journal this is; the first record.
    Owner(Owner),
    /// An edit was queued; it takes the place of an earlier one of the same mark that was not
    /// sent yet, or that is held.
    Queued(Kept),
    /// An edit as it stands, from a shortened journal or another one.
    Item(Item),
    /// Edits of one sheet are about to be sent under this operation.
    Batch(Batch),
    /// The server answered.
    Answer {
        operation: OperationId,
        saved: MarksSaved,
    },
    /// The server refused the operation as a whole.
    Refusal {
        operation: OperationId,
        code: String,
        message: String,
    },
    /// Edits were given up by the person.
    Dropped(Vec<u64>),
    /// Held edits are to be sent again.
    Retried(Vec<u64>),
}

/// Damage that was found and put aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The file with the damaged bytes.
    pub aside: PathBuf,
    /// How many bytes.
    pub bytes: usize,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the outbox was damaged: {} bytes cannot be read and are kept in {}; a mark typed just before the end may be missing",
            self.bytes,
            self.aside.display()
        )
    }
}

/// An open journal.
pub(super) struct Journal {
    file: File,
    path: PathBuf,
    length: u64,
}

/// What a journal holds.
pub(super) struct Contents {
    pub(super) records: Vec<Record>,
    damaged: Vec<u8>,
}

impl Journal {
    /// Opens a journal, or begins one, for its owner.
    ///
    /// # Errors
    /// When the file cannot be read or written, is somebody else's, or was written by a newer
    /// program.
    pub(super) fn open(
        path: &Path,
        owner: &Owner,
    ) -> io::Result<(Self, Vec<Record>, Option<Damage>)> {
        let first = Record::Owner(owner.clone());
        if !path.exists() {
            let records = vec![first];
            return Ok((Self::begin(path, &records)?, records, None));
        }
        let mut contents = Contents::read(path)?;
        // Two names may become the same name of a file.
        if let Some(other) = contents.owner().filter(|other| *other != owner) {
            let message = format!(
                "{} holds marks of {} at {}",
                path.display(),
                other.user,
                other.school
            );
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, message));
        }
        let damage = contents.put_aside(path)?;
        if contents.owner().is_none() {
            contents.records.insert(0, first);
        }
        if damage.is_some() {
            let journal = Self::begin(path, &contents.records)?;
            return Ok((journal, contents.records, damage));
        }
        let file = OpenOptions::new().write(true).open(path)?;
        let length = file.metadata()?.len();
        let journal = Self {
            file,
            path: path.to_owned(),
            length,
        };
        Ok((journal, contents.records, None))
    }

    /// Writes a journal with these records in the place of whatever is there: beside it, then
    /// renamed, so that a crash leaves the one or the other.
    fn begin(path: &Path, records: &[Record]) -> io::Result<Self> {
        let mut bytes = HEAD.to_vec();
        for record in records {
            encode(record, &mut bytes)?;
        }
        let fresh = path.with_extension("fresh");
        let file = private().create(true).truncate(true).open(&fresh)?;
        file.write_all_at(&bytes, 0)?;
        file.sync_all()?;
        fs::rename(&fresh, path)?;
        sync_folder(path)?;
        Ok(Self {
            file,
            path: path.to_owned(),
            length: bytes.len() as u64,
        })
    }

    /// Adds records. With `durable` they are on the disk when this returns.
    ///
    /// # Errors
    /// When they could not be written; the journal is then as before.
    pub(super) fn append(&mut self, records: &[Record], durable: bool) -> io::Result<()> {
        let mut bytes = Vec::new();
        for record in records {
            encode(record, &mut bytes)?;
        }
        // Always behind the last whole record: what a failed write left there is overwritten.
        let written = self.file.write_all_at(&bytes, self.length).and_then(|()| {
            if durable {
                self.file.sync_data()
            } else {
                Ok(())
            }
        });
        match written {
            Ok(()) => {
                self.length += bytes.len() as u64;
                Ok(())
            }
            Err(error) => {
                // Should even this fail, the checksum finds the torn record.
                let _ = self.file.set_len(self.length);
                Err(error)
            }
        }
    }

    /// Shortens the journal to these records.
    ///
    /// # Errors
    /// When they could not be written; the journal is then as before.
    pub(super) fn rewrite(&mut self, records: &[Record]) -> io::Result<()> {
        *self = Self::begin(&self.path, records)?;
        Ok(())
    }

    pub(super) fn length(&self) -> u64 {
        self.length
    }
}

impl Contents {
    /// Reads a journal without changing it.
    ///
    /// # Errors
    /// When the file cannot be read, or was written by a newer program.
    pub(super) fn read(path: &Path) -> io::Result<Self> {
        let bytes = fs::read(path)?;
        let newer = || {
            io::Error::new(
                io::ErrorKind::Unsupported,
                format!("{} was written by a newer Hillview", path.display()),
            )
        };
        if bytes.starts_with(b"hillview outbox ") && !bytes.starts_with(HEAD) {
            return Err(newer());
        }
        let mut contents = Self {
            records: Vec::new(),
            damaged: Vec::new(),
        };
        let mut at = 0;
        if bytes.starts_with(HEAD) {
            at = HEAD.len();
        }
        while at < bytes.len() {
            if let Some(body) = body_at(&bytes[at..]) {
                contents
                    .records
                    .push(rmp_serde::from_slice(body).map_err(|_| newer())?);
                at += PREFIX + body.len();
            } else {
                contents.damaged.push(bytes[at]);
                at += 1;
            }
        }
        Ok(contents)
    }

    pub(super) fn owner(&self) -> Option<&Owner> {
        self.records.iter().find_map(|record| match record {
            Record::Owner(owner) => Some(owner),
            _ => None,
        })
    }

    fn put_aside(&self, path: &Path) -> io::Result<Option<Damage>> {
        if self.damaged.is_empty() {
            return Ok(None);
        }
        let aside = (1..)
            .map(|number| path.with_extension(format!("damaged-{number}")))
            .find(|aside| !aside.exists())
            .expect("there is always another number");
        let file = private().create_new(true).open(&aside)?;
        file.write_all_at(&self.damaged, 0)?;
        file.sync_all()?;
        Ok(Some(Damage {
            aside,
            bytes: self.damaged.len(),
        }))
    }
}

/// Makes a folder that only its owner can look into, durably.
pub(super) fn make_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    sync_folder(folder)
}

/// Makes durable what is named in the folder of `path`.
fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).mode(0o600);
    options
}

fn encode(record: &Record, bytes: &mut Vec<u8>) -> io::Result<()> {
    let body = rmp_serde::to_vec_named(record).map_err(io::Error::other)?;
    let length = u32::try_from(body.len()).map_err(io::Error::other)?;
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(&Sha256::digest(&body)[..8]);
    bytes.extend_from_slice(&body);
    Ok(())
}

/// The body of the record that begins here, when one does.
fn body_at(bytes: &[u8]) -> Option<&[u8]> {
    let (prefix, rest) = bytes.split_at_checked(PREFIX)?;
    let (length, sum) = prefix.split_at(4);
    let length = u32::from_le_bytes(length.try_into().ok()?) as usize;
    if length > LONGEST {
        return None;
    }
    let body = rest.get(..length)?;
    (&Sha256::digest(body)[..8] == sum).then_some(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_that_fails_takes_nothing_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("one.journal");
        let owner = Owner {
            server: "unix:/s".into(),
            school: "kili".into(),
            user: "akinyi".into(),
        };
        let dropped = |id| Record::Dropped(vec![id]);
        let (mut journal, ..) = Journal::open(&path, &owner).unwrap();
        journal.append(&[dropped(1)], true).unwrap();
        // A file that is open for reading refuses to be written, as a full disk does.
        let good = std::mem::replace(&mut journal.file, File::open(&path).unwrap());
        journal.append(&[dropped(2)], true).unwrap_err();
        // A full disk may also have taken a part.
        journal.file = good;
        journal
            .file
            .write_all_at(
                b"torn, and longer than the record that follows it: lost",
                journal.length,
            )
            .unwrap();
        journal.append(&[dropped(3)], true).unwrap();
        let found = Contents::read(&path).unwrap().records;
        assert_eq!(found, [Record::Owner(owner), dropped(1), dropped(3)]);
    }

    #[test]
    fn a_journal_of_a_newer_program_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("one.journal");
        fs::write(&path, b"hillview outbox 2\nwhatever that is").unwrap();
        let owner = Owner {
            server: String::new(),
            school: String::new(),
            user: String::new(),
        };
        let error = Journal::open(&path, &owner).err().unwrap();
        assert!(
            error
                .to_string()
                .ends_with("was written by a newer Hillview")
        );
        assert_eq!(
            fs::read(&path).unwrap(),
            b"hillview outbox 2\nwhatever that is"
        );
    }
}
