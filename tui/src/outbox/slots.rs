//! Where journals stand: one for each user of a school of a server, and more beside it when
//! several programs of that user run at once, since one journal has one writer.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use super::edits::Owner;
use super::journal::{self, Contents};
use super::state::State;
use crate::msg::Pending;
use crate::tokens::state_name;

/// More programs than this at once have no outbox.
const MOST: usize = 16;
const ENDING: &str = "journal";

/// The right to write one journal, held until it is dropped or the process ends in any way.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) path: PathBuf,
    _lock: File,
}

impl Slot {
    /// Takes the first free slot.
    ///
    /// # Errors
    /// When the folder cannot be used, or every slot is taken.
    pub(super) fn take(state: &Path, owner: &Owner) -> io::Result<Self> {
        let folder = folder(state);
        journal::make_folder(&folder)?;
        for path in paths(&folder, owner) {
            if let Some(slot) = Self::at(path)? {
                return Ok(slot);
            }
        }
        Err(io::Error::new(
            io::ErrorKind::ResourceBusy,
            format!("{MOST} programs of this user are running already"),
        ))
    }

    /// The other slots of this owner that nobody holds and in which something was left.
    pub(super) fn left_behind(&self, state: &Path, owner: &Owner) -> io::Result<Vec<Self>> {
        let mut found = Vec::new();
        for path in paths(&folder(state), owner) {
            if path != self.path && path.exists() {
                found.extend(Self::at(path)?);
            }
        }
        Ok(found)
    }

    fn at(path: PathBuf) -> io::Result<Option<Self>> {
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path.with_extension("lock"))?;
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(Self { path, _lock: lock })),
            Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// A journal as it lies on the disk, whoever writes it.
#[derive(Clone, Debug)]
pub struct Stored {
    pub owner: Owner,
    pub path: PathBuf,
    pub pending: Vec<Pending>,
}

/// Every journal of this user of the machine that holds something, without touching any.
///
/// # Errors
/// When the folder or a journal cannot be read.
pub fn stored(state: &Path) -> io::Result<Vec<Stored>> {
    let entries = match fs::read_dir(folder(state)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_none_or(|ending| ending != ENDING) {
            continue;
        }
        let contents = Contents::read(&path)?;
        let pending = State::replayed(&contents.records).pending();
        let owner = contents.owner().cloned();
        if let (Some(owner), false) = (owner, pending.is_empty()) {
            found.push(Stored {
                owner,
                path,
                pending,
            });
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

fn folder(state: &Path) -> PathBuf {
    state.join("outbox")
}

fn paths(folder: &Path, owner: &Owner) -> impl Iterator<Item = PathBuf> {
    let name = state_name(&owner.server, &owner.school, &owner.user);
    (1..=MOST).map(move |number| folder.join(format!("{name}.{number}.{ENDING}")))
}
