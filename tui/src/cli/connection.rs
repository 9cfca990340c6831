//! The line that a command asks on: connected, and as whoever is logged in.

use std::path::PathBuf;

use hillview_shared::accounts::{SecondFactor, Who};
use hillview_shared::api::{Resume, Welcome};
use hillview_shared::{ApiError, Kind};

use super::Context;
use super::output::{say, usage};
use crate::client::{Client, Servers, Trust, hello};
use crate::config::Settings;
use crate::tokens::{Session as Kept, Tokens, token_file};

/// Names the file of a script's token.
const TOKEN_FILE: &str = "HILLVIEW_TOKEN_FILE";

/// Makes one call: `ask!(session, add_class(request))`.
macro_rules! ask {
    ($session:expr, $call:ident($($request:expr)?)) => {
        $session
            .client
            .ask(async |api, context| api.$call(context $(, $request)?).await)
            .await
    };
}

pub(super) use ask;

/// A connection as somebody.
pub struct Session {
    pub client: Client,
    pub who: Who,
}

impl Session {
    /// Connects and resumes the session that was logged in here.
    pub async fn open(context: &Context) -> Result<Self, ApiError> {
        let kept = kept(&context.settings)?.ok_or_else(not_logged_in)?;
        let session = Self::resume(&context.settings, kept).await?;
        if session.who.must_change_password {
            return Err(must_change());
        }
        if session.who.second_factor == SecondFactor::Missing {
            return Err(must_set_up());
        }
        Ok(session)
    }

    /// Connects and resumes a session, also one that may only change its password.
    pub async fn resume(settings: &Settings, kept: Kept) -> Result<Self, ApiError> {
        let resume = Resume {
            school: kept.school.clone(),
            token: kept.token,
        };
        let (client, welcome) = connect(settings, Some(resume)).await?;
        let who = welcome.who.ok_or_else(|| {
            let ended = |text: String| ApiError::new(Kind::SessionEnded, "session-ended", text);
            match script_token() {
                Some(path) if kept.user.is_empty() => ended(format!(
                    "the token in {} was revoked or has expired",
                    path.display()
                ))
                .hint("whoever manages tokens can make another: hillview tokens add"),
                _ => {
                    ended(format!("the session of {} has ended", kept.user)).hint("hillview login")
                }
            }
        })?;
        Ok(Self { client, who })
    }
}

/// Connects and says hello; says so when this is the first time the server is seen.
pub async fn connect(
    settings: &Settings,
    resume: Option<Resume>,
) -> Result<(Client, Welcome), ApiError> {
    let servers: Servers = settings
        .server
        .parse()
        .expect("the settings hold an address that was read");
    let trust = match &settings.ca {
        Some(file) => Trust::Authorities(file.clone()),
        None => Trust::Pinned(settings.folders.state.join("known_servers")),
    };
    let (client, welcome) = servers.connect(&trust, hello("cli", resume)).await?;
    if let Some(key) = client.first_seen() {
        say(&format!(
            "first time at {servers}; its key {key} is remembered"
        ));
    }
    Ok((client, welcome))
}

/// The sessions with the server of the settings.
pub fn tokens(settings: &Settings) -> Tokens {
    Tokens::new(&settings.folders.state, &settings.server)
}

/// The file of a script's token, when one is named.
pub fn script_token() -> Option<PathBuf> {
    let path = std::env::var_os(TOKEN_FILE).filter(|path| !path.is_empty())?;
    Some(PathBuf::from(path))
}

/// The error of a command that is told to be two at once: a token is one login's already.
pub fn two_names() -> ApiError {
    let text = format!("--user names a login, and {TOKEN_FILE} a token of one");
    usage("two-logins", text).hint(format!("leave --user out, or unset {TOKEN_FILE}"))
}

/// The script's token where one is named, or else the session that is logged in here and fits the
/// settings.
pub fn kept(settings: &Settings) -> Result<Option<Kept>, ApiError> {
    if let Some(path) = script_token() {
        let token = token_file(&path)?;
        if let Some(other) = settings.school.as_deref()
            && !other.eq_ignore_ascii_case(&token.school)
        {
            let text = format!(
                "the token is one of the school {}, not of {other}",
                token.school
            );
            return Err(usage("other-school", text).hint("leave --school out"));
        }
        return Ok(Some(token));
    }
    tokens(settings).find(settings.school.as_deref(), settings.user.as_deref())
}

/// The error of a command that needs a login.
pub fn not_logged_in() -> ApiError {
    ApiError::new(Kind::Denied, "not-logged-in", "nobody is logged in here")
        .hint("hillview login --school CODE --user NAME")
}

/// The error of every command but those that set it up while a role asks for a second factor.
pub fn must_set_up() -> ApiError {
    ApiError::new(
        Kind::Denied,
        "second-factor-missing",
        "a role of yours asks for a second factor: it must be set up before anything else",
    )
    .hint("hillview second-factor setup")
}

/// The error of every command but one while the password must be changed.
pub fn must_change() -> ApiError {
    ApiError::new(
        Kind::Denied,
        "must-change-password",
        "this password works once and must be changed before anything else",
    )
    .hint("hillview passwd")
}
