//! The session tokens on this machine: a file each for server, school and user, readable by its
//! owner alone, gone after a logout.

use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use hillview_shared::ids::Token;
use hillview_shared::{ApiError, Kind};
use sha2::{Digest, Sha256};

/// The name under which the state of a login is kept: a short hash of the server's address, the
/// school, and the user, fit for a file's name.
pub fn state_name(server: &str, school: &str, user: &str) -> String {
    format!("{}@{}@{}", server_name(server), safe(school), safe(user))
}

/// The sessions with one server.
pub struct Tokens {
    folder: PathBuf,
    /// What this machine shows at a login, kept beyond the sessions.
    devices: PathBuf,
    server: String,
}

/// A session as kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub school: String,
    pub user: String,
    pub token: Token,
}

impl Tokens {
    /// The sessions with a server, kept under the state folder.
    pub fn new(state: &Path, server: &str) -> Self {
        Self {
            folder: state.join("sessions"),
            devices: state.join("devices"),
            server: server.to_owned(),
        }
    }

    /// The one session that fits.
    ///
    /// # Errors
    /// When several do: marks must not be written in somebody else's name by guessing.
    pub fn find(
        &self,
        school: Option<&str>,
        user: Option<&str>,
    ) -> Result<Option<Session>, ApiError> {
        let fits = |wanted: Option<&str>, has: &str| {
            wanted.is_none_or(|wanted| wanted.eq_ignore_ascii_case(has))
        };
        let mut found = self.all().map_err(|error| self.unusable(&error))?;
        found.retain(|session| fits(school, &session.school) && fits(user, &session.user));
        if found.len() < 2 {
            return Ok(found.pop());
        }
        let names: Vec<String> = found
            .iter()
            .map(|session| format!("{} at {}", session.user, session.school))
            .collect();
        Err(ApiError::new(
            Kind::Usage,
            "several-sessions",
            format!("several people are logged in here: {}", names.join(", ")),
        )
        .hint("say who you are with --user and --school"))
    }

    /// Keeps a session, in place of an earlier one of the same login.
    pub fn save(&self, session: &Session) -> Result<(), ApiError> {
        self.try_save(session)
            .map_err(|error| self.unusable(&error))
    }

    /// Forgets a session.
    pub fn remove(&self, session: &Session) -> Result<(), ApiError> {
        match fs::remove_file(self.path(session)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(self.unusable(&error)),
            _ => Ok(()),
        }
    }

    /// What an earlier login of this person gave this machine to show at the next.
    pub fn device(&self, school: &str, user: &str) -> Option<Token> {
        let text = fs::read_to_string(self.device_path(school, user)).ok()?;
        Some(Token(hex::decode(text.trim()).ok()?.try_into().ok()?))
    }

    /// Keeps it, also beyond a logout.
    pub fn keep_device(&self, school: &str, user: &str, device: &Token) -> Result<(), ApiError> {
        let line = format!("{}\n", hex::encode(device.0));
        write(&self.device_path(school, user), &line).map_err(|error| self.unusable(&error))
    }

    fn device_path(&self, school: &str, user: &str) -> PathBuf {
        let name = state_name(&self.server, school.trim(), user.trim());
        self.devices.join(format!("{name}.device"))
    }

    fn all(&self) -> io::Result<Vec<Session>> {
        let begin = format!("{}@", server_name(&self.server));
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut found = Vec::new();
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with(&begin) && name.ends_with(".token") {
                found.extend(read(&fs::read_to_string(entry.path())?));
            }
        }
        found.sort_by(|a, b| (&a.school, &a.user).cmp(&(&b.school, &b.user)));
        Ok(found)
    }

    fn try_save(&self, session: &Session) -> io::Result<()> {
        let (school, user) = (&session.school, &session.user);
        let token = hex::encode(session.token.0);
        write(&self.path(session), &format!("{school}\n{user}\n{token}\n"))
    }

    fn path(&self, session: &Session) -> PathBuf {
        let name = state_name(&self.server, &session.school, &session.user);
        self.folder.join(format!("{name}.token"))
    }

    fn unusable(&self, error: &io::Error) -> ApiError {
        let folder = self.folder.display();
        ApiError::new(
            Kind::Usage,
            "no-session-folder",
            format!("cannot use the session folder {folder}: {error}"),
        )
    }
}

/// Writes a file for its owner alone, beside and renamed: a crash leaves the old file or the new one,
/// never half.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().expect("these files stand in a folder");
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    let fresh = path.with_extension(format!("new{}", std::process::id()));
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&fresh)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(fresh, path)
}

/// The token of a script from its file, which nobody else may read.
pub fn token_file(path: &Path) -> Result<Session, ApiError> {
    let unusable = |code: &str, why: String| {
        let text = format!("cannot use the token in {}: {why}", path.display());
        ApiError::new(Kind::Usage, code, text)
    };
    let cannot_read = |error: io::Error| unusable("unreadable-token", error.to_string());
    let file = fs::File::open(path).map_err(cannot_read)?;
    let mode = file.metadata().map_err(cannot_read)?.permissions().mode();
    if mode & 0o077 != 0 {
        let why = "others on this machine may read it".to_owned();
        let hint = format!("chmod 600 {}", path.display());
        return Err(unusable("open-token-file", why).hint(hint));
    }
    let mut text = String::new();
    file.take(1_000)
        .read_to_string(&mut text)
        .map_err(cannot_read)?;
    token(text.trim()).ok_or_else(|| {
        unusable("bad-token", "it holds no token".to_owned())
            .hint("a token is hillview_, the school's code, _ and 64 hexadecimal digits")
    })
}

fn token(text: &str) -> Option<Session> {
    let (school, secret) = text.strip_prefix("hillview_")?.rsplit_once('_')?;
    Some(Session {
        school: school.to_owned(),
        user: String::new(),
        token: Token(hex::decode(secret).ok()?.try_into().ok()?),
    })
}

/// A file that does not read as a session counts as none: the next login writes it anew.
fn read(text: &str) -> Option<Session> {
    let mut lines = text.lines();
    let (school, user, token) = (lines.next()?, lines.next()?, lines.next()?);
    let token = hex::decode(token).ok()?;
    Some(Session {
        school: school.to_owned(),
        user: user.to_owned(),
        token: Token(token.try_into().ok()?),
    })
}

fn server_name(server: &str) -> String {
    hex::encode(&Sha256::digest(server.as_bytes())[..6])
}

fn safe(name: &str) -> String {
    name.chars()
        .map(|c| match c {
            'a'..='z' | '0'..='9' | '.' | '_' | '-' => c,
            'A'..='Z' => c.to_ascii_lowercase(),
            _ => '_',
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(school: &str, user: &str, byte: u8) -> Session {
        Session {
            school: school.into(),
            user: user.into(),
            token: Token([byte; 32]),
        }
    }

    #[test]
    fn a_session_is_kept_for_its_owner_alone_and_forgotten() {
        let state = tempfile::tempdir().unwrap();
        let tokens = Tokens::new(state.path(), "tls://a:1");
        assert_eq!(tokens.find(None, None).unwrap(), None);
        tokens.save(&session("kili", "akinyi", 1)).unwrap();
        let akinyi = session("kili", "akinyi", 2);
        tokens.save(&akinyi).unwrap();
        assert_eq!(tokens.find(None, None).unwrap(), Some(akinyi.clone()));
        let other = Tokens::new(state.path(), "tls://b:1");
        assert_eq!(other.find(None, None).unwrap(), None);

        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&tokens.folder), 0o700);
        assert_eq!(mode(&tokens.path(&akinyi)), 0o600);
        tokens.remove(&akinyi).unwrap();
        tokens.remove(&akinyi).unwrap();
        assert_eq!(fs::read_dir(&tokens.folder).unwrap().count(), 0);
    }

    #[test]
    fn the_token_of_a_script_is_read_from_a_file_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        let hex = "0a".repeat(32);
        let with = |text: String, mode| {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            token_file(&path)
        };
        let read = with(format!("hillview_moi-girls_{hex}\n"), 0o600).unwrap();
        assert_eq!(read, session("moi-girls", "", 10));
        let open = with(format!("hillview_moi_{hex}"), 0o640).unwrap_err();
        assert_eq!(open.code, "open-token-file");
        for bad in [
            hex.clone(),
            format!("hillview_moi_{}", &hex[2..]),
            String::new(),
        ] {
            assert_eq!(with(bad, 0o600).unwrap_err().code, "bad-token");
        }
        fs::remove_file(&path).unwrap();
        assert_eq!(token_file(&path).unwrap_err().code, "unreadable-token");
    }

    #[test]
    fn a_device_is_known_beyond_the_session() {
        let state = tempfile::tempdir().unwrap();
        let tokens = Tokens::new(state.path(), "tls://a:1");
        assert_eq!(tokens.device("kili", "akinyi"), None);
        let device = Token([3; 32]);
        tokens.keep_device("kili", "akinyi", &device).unwrap();
        assert_eq!(tokens.device(" Kili", "Akinyi "), Some(device));
        assert_eq!(tokens.device("kili", "otieno"), None);
        let other = Tokens::new(state.path(), "tls://b:1");
        assert_eq!(other.device("kili", "akinyi"), None);
        let file = fs::metadata(tokens.device_path("kili", "akinyi")).unwrap();
        assert_eq!(file.permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn nobody_is_guessed_among_several() {
        let state = tempfile::tempdir().unwrap();
        let tokens = Tokens::new(state.path(), "unix:/s");
        for (school, user) in [("kili", "akinyi"), ("kili", "otieno"), ("moi", "akinyi")] {
            tokens.save(&session(school, user, 7)).unwrap();
        }
        let found = |school, user| tokens.find(school, user);
        assert_eq!(found(None, None).unwrap_err().code, "several-sessions");
        assert_eq!(
            found(None, Some("akinyi")).unwrap_err().message,
            "several people are logged in here: akinyi at kili, akinyi at moi"
        );
        assert_eq!(found(Some("moi"), None).unwrap().unwrap().user, "akinyi");
        assert_eq!(
            found(Some("KILI"), Some("Otieno")).unwrap().unwrap().user,
            "otieno"
        );
        assert_eq!(found(Some("kili"), Some("x")).unwrap(), None);
    }

    #[test]
    fn no_name_leads_out_of_the_folder() {
        let name = state_name("unix:/s", "../..", "Ann/é");
        assert!(name.ends_with("@.._..@ann__"), "{name}");
    }
}
