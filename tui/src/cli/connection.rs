//! The line that a command asks on: connected, and as whoever is logged in.

use hillview_shared::accounts::Who;
use hillview_shared::api::{Resume, Welcome};
use hillview_shared::{ApiError, Kind};

use super::Context;
use super::output::say;
use crate::client::{Client, ServerAddress, Trust, hello};
use crate::config::Settings;
use crate::tokens::{Session as Kept, Tokens};

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
            ApiError::new(
                Kind::SessionEnded,
                "session-ended",
                format!("the session of {} has ended", kept.user),
            )
            .hint("hillview login")
        })?;
        Ok(Self { client, who })
    }
}

/// Connects and says hello; says so when this is the first time the server is seen.
pub async fn connect(
    settings: &Settings,
    resume: Option<Resume>,
) -> Result<(Client, Welcome), ApiError> {
    let address: ServerAddress = settings
        .server
        .parse()
        .expect("the settings hold an address that was read");
    let trust = match &settings.ca {
        Some(file) => Trust::Authorities(file.clone()),
        None => Trust::Pinned(settings.folders.state.join("known_servers")),
    };
    let (client, welcome) = Client::connect(&address, &trust, hello("cli", resume)).await?;
    if let Some(key) = client.first_seen() {
        say(&format!(
            "first time at {address}; its key {key} is remembered"
        ));
    }
    Ok((client, welcome))
}

/// The sessions with the server of the settings.
pub fn tokens(settings: &Settings) -> Tokens {
    Tokens::new(&settings.folders.state, &settings.server)
}

/// The session that is logged in here and fits the settings.
pub fn kept(settings: &Settings) -> Result<Option<Kept>, ApiError> {
    tokens(settings).find(settings.school.as_deref(), settings.user.as_deref())
}

/// The error of a command that needs a login.
pub fn not_logged_in() -> ApiError {
    ApiError::new(Kind::Denied, "not-logged-in", "nobody is logged in here")
        .hint("hillview login --school CODE --user NAME")
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
