//! The settings of the client: where each may come from, which one wins, and what the rest falls
//! back to. A flag beats an environment variable, that beats the user's file, that the system's
//! file, and that the default.
//!
//! Nothing here talks to a server, and no secret is a setting: passwords come by prompt, standard
//! input or a file that is named each time.

use std::collections::BTreeMap;
use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use directories::ProjectDirs;
use hillview_shared::{ApiError, Kind};

use crate::client::Servers;

/// The settings that everybody on the machine shares.
pub const SYSTEM_FILE: &str = "/etc/hillview/config.toml";

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    Flag(&'static str),
    Environment(&'static str),
    File(PathBuf),
    /// The locale or the kind of terminal.
    Terminal,
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) => write!(f, "flag {name}"),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Terminal => f.write_str("terminal"),
            Self::Default => f.write_str("default"),
        }
    }
}

/// How the command line prints data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Table,
    Json,
    Csv,
}

/// One setting: its key in the file, and its flag and variable.
struct Key {
    key: &'static str,
    flag: &'static str,
    variable: &'static str,
}

const KEYS: &[Key] = &[
    key("server", "--server", "HILLVIEW_SERVER"),
    key("school", "--school", "HILLVIEW_SCHOOL"),
    key("user", "--user", "HILLVIEW_USER"),
    key("format", "--format", "HILLVIEW_FORMAT"),
    key("ca", "--ca", "HILLVIEW_CA"),
    key("ascii", "--ascii", "HILLVIEW_ASCII"),
    key("color", "--no-color", "HILLVIEW_COLOR"),
];

const fn key(key: &'static str, flag: &'static str, variable: &'static str) -> Key {
    Key {
        key,
        flag,
        variable,
    }
}

/// Everything outside the flags that settings depend on; tests give their own.
pub struct Surroundings {
    pub variables: BTreeMap<String, String>,
    pub system_file: PathBuf,
    pub folders: Folders,
}

/// The folders of the user.
#[derive(Clone, Debug)]
pub struct Folders {
    /// `config.toml` stands here.
    pub config: PathBuf,
    /// Session tokens, the outbox and the pins of servers.
    pub state: PathBuf,
    /// The embedded server's data, and so its socket.
    pub data: PathBuf,
}

impl Surroundings {
    /// Those of this process.
    pub fn of_this_process() -> Result<Self, ApiError> {
        let project = ProjectDirs::from("", "", "hillview").ok_or_else(|| {
            usage("no-home", "no home folder is known for this user").hint("set HOME")
        })?;
        Ok(Self {
            variables: std::env::vars_os()
                .filter_map(|(name, value)| {
                    Some((name.into_string().ok()?, value.into_string().ok()?))
                })
                .collect(),
            system_file: PathBuf::from(SYSTEM_FILE),
            folders: Folders {
                config: project.config_dir().to_owned(),
                state: project
                    .state_dir()
                    .unwrap_or_else(|| project.data_local_dir())
                    .to_owned(),
                data: project.data_dir().to_owned(),
            },
        })
    }

    fn variable(&self, name: &str) -> Option<&str> {
        let value = self.variables.get(name)?;
        (!value.is_empty()).then_some(value.as_str())
    }
}

/// What the command line says; `None` where it says nothing.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    pub server: Option<String>,
    pub school: Option<String>,
    pub user: Option<String>,
    pub format: Option<String>,
    pub ca: Option<PathBuf>,
    /// Read this file instead of the user's.
    pub config: Option<PathBuf>,
    pub ascii: bool,
    pub no_color: bool,
}

impl Flags {
    fn get(&self, key: &str) -> Option<String> {
        match key {
            "server" => self.server.clone(),
            "school" => self.school.clone(),
            "user" => self.user.clone(),
            "format" => self.format.clone(),
            "ca" => self.ca.as_ref().map(|path| path.display().to_string()),
            "ascii" => self.ascii.then(|| "true".to_owned()),
            "color" => self.no_color.then(|| "false".to_owned()),
            _ => None,
        }
    }
}

/// The settings in force.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `unix:/path`, `tls://host:port`, or several of the latter with commas between.
    pub server: String,
    pub school: Option<String>,
    pub user: Option<String>,
    pub format: Format,
    /// The authority that signs the server's certificate, instead of a pin.
    pub ca: Option<PathBuf>,
    /// Frames of plain ASCII signs.
    pub ascii: bool,
    pub color: bool,
    pub folders: Folders,
    origins: Vec<(&'static str, String, Origin)>,
}

impl Settings {
    /// Puts the settings together.
    ///
    /// # Errors
    /// When a file cannot be read or a value is none that its setting takes.
    pub fn read(flags: &Flags, around: &Surroundings) -> Result<Self, ApiError> {
        let files = files(flags, around)?;
        let mut origins = Vec::with_capacity(KEYS.len());
        for key in KEYS {
            let (value, origin) = find(key, flags, around, &files);
            origins.push((key.key, value, origin));
        }
        let mut settings = Self {
            server: String::new(),
            school: None,
            user: None,
            format: Format::Table,
            ca: None,
            ascii: false,
            color: true,
            folders: around.folders.clone(),
            origins: Vec::new(),
        };
        for (key, value, origin) in &origins {
            let given = || (!value.is_empty()).then(|| value.clone());
            match *key {
                "server" => settings.server = address(value, origin)?,
                "school" => settings.school = given(),
                "user" => settings.user = given(),
                "format" => settings.format = format(value, origin)?,
                "ca" => settings.ca = given().map(PathBuf::from),
                "ascii" => settings.ascii = yes_or_no(key, value, origin)?,
                _ => settings.color = yes_or_no(key, value, origin)?,
            }
        }
        settings.origins = origins;
        Ok(settings)
    }

    /// Every setting with its value and where that came from.
    pub fn origins(&self) -> &[(&'static str, String, Origin)] {
        &self.origins
    }
}

/// The files that were found, the strongest first.
type Files = Vec<(PathBuf, toml::Table)>;

fn files(flags: &Flags, around: &Surroundings) -> Result<Files, ApiError> {
    let named = flags.config.clone().or_else(|| {
        let path = around.variable("HILLVIEW_CONFIG")?;
        Some(PathBuf::from(path))
    });
    let user = named
        .clone()
        .unwrap_or_else(|| around.folders.config.join("config.toml"));
    let mut found = Vec::new();
    for (path, must_exist) in [(user, named.is_some()), (around.system_file.clone(), false)] {
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                let table = parse(&path, &text)?;
                found.push((path, table));
            }
            Err(error) if error.kind() == ErrorKind::NotFound && !must_exist => {}
            Err(error) => {
                return Err(usage(
                    "unreadable-config",
                    format!("cannot read {}: {error}", path.display()),
                ));
            }
        }
    }
    Ok(found)
}

fn parse(path: &Path, text: &str) -> Result<toml::Table, ApiError> {
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        let line = error
            .span()
            .map_or(1, |span| text[..span.start].lines().count().max(1));
        usage(
            "unreadable-config",
            format!("{}, line {line}: {}", path.display(), error.message()),
        )
    })?;
    let known: Vec<&str> = KEYS.iter().map(|key| key.key).collect();
    if let Some(stranger) = table.keys().find(|key| !known.contains(&key.as_str())) {
        return Err(usage(
            "unknown-setting",
            format!("{}: no setting is called {stranger:?}", path.display()),
        )
        .hint(format!("the settings are {}", known.join(", "))));
    }
    Ok(table)
}

fn find(key: &Key, flags: &Flags, around: &Surroundings, files: &Files) -> (String, Origin) {
    // Whoever sets NO_COLOR wants none anywhere, whatever a file or flag says.
    if key.key == "color" && around.variable("NO_COLOR").is_some() {
        return ("false".into(), Origin::Environment("NO_COLOR"));
    }
    if let Some(value) = flags.get(key.key) {
        return (value, Origin::Flag(key.flag));
    }
    if let Some(value) = around.variable(key.variable) {
        return (value.to_owned(), Origin::Environment(key.variable));
    }
    for (path, table) in files {
        match table.get(key.key) {
            Some(toml::Value::String(text)) => return (text.clone(), Origin::File(path.clone())),
            Some(other) => return (other.to_string(), Origin::File(path.clone())),
            None => {}
        }
    }
    default(key.key, around)
}

fn default(key: &str, around: &Surroundings) -> (String, Origin) {
    let plain = |value: &str| (value.to_owned(), Origin::Default);
    match key {
        "server" => {
            let socket = around.folders.data.join("hillview.sock");
            (format!("unix:{}", socket.display()), Origin::Default)
        }
        "format" => plain("table"),
        "ascii" if !utf8_locale(around) => ("true".into(), Origin::Terminal),
        "ascii" => plain("false"),
        "color" if around.variable("TERM") == Some("dumb") => ("false".into(), Origin::Terminal),
        "color" => plain("true"),
        _ => plain(""),
    }
}

/// Whether the locale shows UTF-8: `LC_ALL`, else `LC_CTYPE`, else `LANG` decides.
fn utf8_locale(around: &Surroundings) -> bool {
    ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|name| around.variable(name))
        .is_some_and(|locale| {
            let locale = locale.to_ascii_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        })
}

fn format(value: &str, origin: &Origin) -> Result<Format, ApiError> {
    match value {
        "table" => Ok(Format::Table),
        "json" => Ok(Format::Json),
        "csv" => Ok(Format::Csv),
        _ => Err(usage(
            "bad-setting",
            format!("format is {value:?} ({origin}); it must be table, json or csv"),
        )),
    }
}

/// In one spelling, because sessions and the outbox are kept by it.
fn address(value: &str, origin: &Origin) -> Result<String, ApiError> {
    value
        .parse::<Servers>()
        .map(|address| address.to_string())
        .map_err(|error| usage("no-address", format!("{error} ({origin})")))
}

fn yes_or_no(key: &str, value: &str, origin: &Origin) -> Result<bool, ApiError> {
    match value.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" => Ok(false),
        _ => Err(usage(
            "bad-setting",
            format!("{key} is {value:?} ({origin}); it must be true or false"),
        )),
    }
}

fn usage(code: &str, message: impl Into<String>) -> ApiError {
    ApiError::new(Kind::Usage, code, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn around(home: &Path, variables: &[(&str, &str)]) -> Surroundings {
        Surroundings {
            variables: variables
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            system_file: home.join("etc.toml"),
            folders: Folders {
                config: home.join("config"),
                state: home.join("state"),
                data: home.join("data"),
            },
        }
    }

    fn origin(settings: &Settings, key: &str) -> (String, String) {
        let (_, value, origin) = settings
            .origins()
            .iter()
            .find(|(name, ..)| *name == key)
            .unwrap();
        (value.clone(), origin.to_string())
    }

    #[test]
    fn a_flag_beats_a_variable_beats_the_users_file_beats_the_systems_file() {
        let home = tempfile::tempdir().unwrap();
        let user_file = home.path().join("config/config.toml");
        std::fs::create_dir(home.path().join("config")).unwrap();
        let system = "school = 'system'\nformat = 'csv'\n";
        std::fs::write(home.path().join("etc.toml"), system).unwrap();
        let mut flags = Flags::default();

        let bare = around(home.path(), &[("LANG", "en_GB.UTF-8")]);
        let settings = Settings::read(&flags, &bare).unwrap();
        assert_eq!(settings.school.as_deref(), Some("system"));
        assert_eq!(settings.format, Format::Csv);
        let socket = format!("unix:{}", home.path().join("data/hillview.sock").display());
        assert_eq!(origin(&settings, "server"), (socket, "default".to_owned()));

        std::fs::write(&user_file, "school = 'user'").unwrap();
        let settings = Settings::read(&flags, &bare).unwrap();
        assert_eq!(
            origin(&settings, "school"),
            ("user".to_owned(), format!("file {}", user_file.display()))
        );

        let set = around(home.path(), &[("HILLVIEW_SCHOOL", "variable")]);
        let settings = Settings::read(&flags, &set).unwrap();
        assert_eq!(settings.school.as_deref(), Some("variable"));

        flags.school = Some("flag".to_owned());
        let settings = Settings::read(&flags, &set).unwrap();
        assert_eq!(
            origin(&settings, "school"),
            ("flag".to_owned(), "flag --school".to_owned())
        );
    }

    #[test]
    fn no_color_and_a_plain_locale_are_heard() {
        let home = tempfile::tempdir().unwrap();
        let flags = Flags::default();
        for (variables, color, ascii) in [
            (&[("LANG", "en_US.UTF-8")][..], true, false),
            (&[("LANG", "C")], true, true),
            (&[("LANG", "C"), ("LC_ALL", "C.utf8")], true, false),
            (&[], true, true),
            (&[("TERM", "dumb"), ("LANG", "C.UTF-8")], false, false),
            (
                &[("NO_COLOR", "1"), ("HILLVIEW_COLOR", "true")],
                false,
                true,
            ),
            (&[("NO_COLOR", ""), ("HILLVIEW_ASCII", "0")], true, false),
        ] {
            let settings = Settings::read(&flags, &around(home.path(), variables)).unwrap();
            assert_eq!(
                (settings.color, settings.ascii),
                (color, ascii),
                "{variables:?}"
            );
        }
    }

    #[test]
    fn what_a_file_says_wrong_is_named() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("own.toml");
        let flags = Flags {
            config: Some(file.clone()),
            ..Flags::default()
        };
        let read = || Settings::read(&flags, &around(home.path(), &[])).unwrap_err();
        assert_eq!(read().code, "unreadable-config");
        for (text, code, part) in [
            ("school = ", "unreadable-config", "line 1"),
            ("\nsever = 'x'", "unknown-setting", "\"sever\""),
            ("format = 'xml'", "bad-setting", "\"xml\""),
            ("ascii = 3", "bad-setting", "\"3\""),
        ] {
            std::fs::write(&file, text).unwrap();
            let error = read();
            assert_eq!(error.code, code, "{text}");
            assert!(error.message.contains(part), "{}", error.message);
            assert_eq!(error.kind.exit_code(), 2);
        }
    }
}
