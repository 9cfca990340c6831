//! Files that the screens ask for: read whole, written anew. Each has a thread of its own, so that
//! a slow disk keeps no key waiting.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use hillview_shared::ApiError;
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::spawn_blocking;

use super::Event;
use crate::cli::read_file;
use crate::msg::{GivenFile, Msg, Ticket};

/// Reads a file; it comes as an event.
pub(super) fn read(ticket: Ticket, typed: String, tell: &UnboundedSender<Event>) {
    let tell = tell.clone();
    spawn_blocking(move || {
        let read = given(&typed);
        // Nobody listens any more when the screens are left.
        let _ = tell.send(Event::File(Msg::FileRead { ticket, read }));
    });
}

/// Writes a file that is not there yet; what became of it comes as an event.
pub(super) fn write(ticket: Ticket, path: PathBuf, bytes: Bytes, tell: &UnboundedSender<Event>) {
    let tell = tell.clone();
    spawn_blocking(move || {
        let written = written(&path, &bytes).map_err(|error| cannot_write(&path, &error));
        let written = written.map(|()| path);
        let _ = tell.send(Event::File(Msg::FileWritten { ticket, written }));
    });
}

fn given(typed: &str) -> Result<GivenFile, ApiError> {
    let path = from_the_root(typed)?;
    // A pipe would keep the thread for ever.
    if path.metadata().is_ok_and(|about| !about.is_file()) {
        let message = format!("{} is a folder or a device, not a file", path.display());
        return Err(ApiError::invalid("no-file", message));
    }
    let bytes = read_file(&path)?.into();
    Ok(GivenFile { path, bytes })
}

/// A path as people type it, which may begin at home or where the program was started.
fn from_the_root(typed: &str) -> Result<PathBuf, ApiError> {
    let in_words = |why: &str| ApiError::invalid("bad-path", format!("{typed:?}: {why}"));
    let below_home = match typed.strip_prefix('~') {
        Some("") => Some(""),
        Some(rest) => rest.strip_prefix('/'),
        None => None,
    };
    let path = match below_home {
        None => PathBuf::from(typed),
        Some(below) => {
            let home = std::env::home_dir().filter(|home| !home.as_os_str().is_empty());
            let home = home.ok_or_else(|| in_words("it is not known where your home is"))?;
            home.join(below)
        }
    };
    std::path::absolute(path).map_err(|error| in_words(&error.to_string()))
}

fn written(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    let whole = file.write_all(bytes).and_then(|()| file.sync_all());
    if whole.is_err() {
        // Half a file would look like all of it.
        let _ = std::fs::remove_file(path);
    }
    whole
}

fn cannot_write(path: &Path, error: &io::Error) -> ApiError {
    let path = path.display();
    match error.kind() {
        io::ErrorKind::AlreadyExists => {
            ApiError::conflict("file-exists", format!("{path} is there already"))
                .hint("move it away first")
        }
        _ => ApiError::invalid("cannot-write", format!("cannot write {path}: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use hillview_shared::imports::FILE_MAX;

    use super::*;

    #[test]
    fn a_file_is_read_whole_and_a_folder_or_what_is_not_there_or_too_large_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("staff.csv");
        std::fs::write(&path, "name\nOtieno\n").unwrap();
        let read = given(path.to_str().unwrap()).unwrap();
        assert_eq!(read.bytes, "name\nOtieno\n");
        assert_eq!(read.path, path);
        assert!(!format!("{read:?}").contains("Otieno"));

        let code = |path: &Path| given(path.to_str().unwrap()).unwrap_err().code;
        assert_eq!(code(folder.path()), "no-file");
        assert_eq!(code(Path::new("/dev/zero")), "no-file");
        assert_eq!(code(&folder.path().join("other.csv")), "no-file");
        let large = std::fs::File::create(&path).unwrap();
        large.set_len(FILE_MAX + 1).unwrap();
        assert_eq!(code(&path), "file-too-large");
    }

    #[test]
    fn a_path_begins_at_home_or_where_the_program_is() {
        let home = std::env::home_dir().unwrap();
        let here = std::env::current_dir().unwrap();
        for (typed, path) in [
            ("~", home.clone()),
            ("~/new/staff.csv", home.join("new/staff.csv")),
            ("staff.csv", here.join("staff.csv")),
            // Not standard input, which is the keyboard.
            ("-", here.join("-")),
            ("~amina/staff.csv", here.join("~amina/staff.csv")),
            ("/tmp/staff.csv", PathBuf::from("/tmp/staff.csv")),
        ] {
            assert_eq!(from_the_root(typed).unwrap(), path, "{typed}");
        }
    }

    #[test]
    fn a_new_file_is_for_its_owner_and_one_that_is_there_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("staff-refused.csv");
        written(&path, b"name\n").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"name\n");
        let mode = path.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let again = written(&path, b"other\n").unwrap_err();
        assert_eq!(cannot_write(&path, &again).code, "file-exists");
        assert_eq!(std::fs::read(&path).unwrap(), b"name\n");
    }
}
