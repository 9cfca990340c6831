//! Sessions: logging in, staying in, logging out, changing the password.
//!
//! A login that fails says the same words after the same time, whether the school, the name or the
//! password was wrong.

use std::sync::Arc;
use std::time::Instant;

use hillview_shared::accounts::{ChangePassword, LogIn, LoggedIn, Who};
use hillview_shared::api::Resume;
use hillview_shared::audit::Action;
use hillview_shared::ids::{Moment, Token, UserId};
use hillview_shared::school::SchoolSummary;
use hillview_shared::{ApiError, Kind};
use sha2::{Digest, Sha256};

use super::logins::check_username;
use super::{listing, passwords};
use crate::cache::{Limit, Notice, SessionKey};
use crate::caller::{self, Caller, Session};
use crate::db::accounts::{self, Login};
use crate::db::sessions::{self, NewSession};
use crate::db::tenants::Tenant;
use crate::db::{Db, Tx};
use crate::error::{Error, Result};
use crate::reach::Reach;
use crate::service::State;
use crate::service::audit::{self, By, Event};
use crate::service::hashing::{Fit, normal};

/// Tries of one account from one address.
const ACCOUNT_TRIES: Limit = Limit { free: 4, most: 10 };
/// Wrong tries from one address: a school's people share one.
const ADDRESS_TRIES: Limit = Limit {
    free: 400,
    most: 400,
};

/// The other end of a connection.
#[derive(Clone, Debug)]
pub struct Peer {
    /// The client's name and version.
    pub client: Arc<str>,
    /// The address, or `unix` for a local socket, whose users the system has checked.
    pub address: Arc<str>,
}

pub async fn log_in(state: &State, peer: &Peer, request: LogIn) -> Result<(LoggedIn, SessionKey)> {
    let school = request.school.trim().to_lowercase();
    let username = request.user.trim().to_lowercase();
    // Whatever else was typed into these fields must not become a key as long as a frame.
    let named = check_username(&username).unwrap_or_else(|_| "?".to_owned());
    let account = format!("{named}@{}", peer.address);
    let limited = &*peer.address != "unix";
    if limited {
        take_try(state, ADDRESS_TRIES, "any", &peer.address).await?;
    }
    let tried = take_try(state, ACCOUNT_TRIES, tenant_code(&school), &account).await;
    if tried.is_err() && limited {
        state.cache.give_back("any", &peer.address).await;
    }
    if let Err(error) = tried {
        if let (Ok(tenant), Error::Refused(told)) = (state.tenants.school(&school).await, &error) {
            audit::login_refused(state, &tenant, peer, None, told).await;
        }
        return Err(error);
    }

    let tenant = known(state.tenants.school(&school).await)?;
    let login = match &tenant {
        Some(tenant) => accounts::find_login(&tenant.db, &username).await?,
        None => None,
    };
    let there = login.is_some();
    let active = login.filter(|login| login.state == "active");
    let stored = active.as_ref().map(|login| login.password.as_str());
    let fit = state.hashers.verify(&request.password, stored).await?;
    let (Some(tenant), Some(login), true) = (&tenant, active, fit != Fit::Wrong) else {
        tracing::info!(event = "log_in_refused", school = tenant_code(&school));
        if let Some(tenant) = &tenant {
            audit::login_refused(state, tenant, peer, there.then_some(&*username), &wrong()).await;
        }
        return Err(wrong().into());
    };
    let rehashed = match fit {
        Fit::Outdated => Some(state.hashers.hash(&request.password).await?),
        _ => None,
    };

    state.cache.forgive(&school, &account).await;
    if limited {
        state.cache.give_back("any", &peer.address).await;
    }
    let fresh = Fresh::new(state, &login, peer);
    let write = async |tx: &mut Tx| {
        // The password may have been changed, or the login shut, while it was being checked.
        if !accounts::hold_login(tx, login.id, login.v).await? {
            return Err(wrong().into());
        }
        if let Some(hash) = &rehashed {
            accounts::keep_hash(tx, login.id, hash).await?;
        }
        sessions::add(tx, &fresh.row()).await?;
        let by = By::peer(peer, Some(&login.username), fresh.at);
        audit::note(tx, &by, Event::new(Action::LogIn, &login.username)).await
    };
    tenant.db.write(write).await?;
    listing::tidy(&tenant.db, fresh.at);
    fresh.answer(state, tenant).await
}

#[cfg(feature = "testing")]
impl From<&str> for Peer {
    /// A client of this name on this machine.
    fn from(client: &str) -> Self {
        Self {
            client: client.into(),
            address: "unix".into(),
        }
    }
}

/// Takes a session up again on another connection; `None` when it has ended.
pub async fn resume(
    state: &State,
    peer: &Peer,
    request: &Resume,
) -> Result<Option<(Who, SessionKey)>> {
    let key = SessionKey {
        school: request.school.trim().to_lowercase(),
        hash: hash_of(&request.token),
    };
    let caller = match caller::resolve_unsettled(state, &key, peer).await {
        Ok(caller) => caller,
        Err(Error::Refused(told)) if matches!(told.kind, Kind::SessionEnded | Kind::NotFound) => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    Ok(Some((who_am_i(state, &caller).await?, key)))
}

pub async fn log_out(state: &State, caller: &Caller) -> Result<()> {
    let (session, now) = (caller.session().id, state.clock.now());
    let write = async |tx: &mut Tx| {
        sessions::end(tx, session, now).await?;
        let event = Event::new(Action::LogOut, &caller.session().username);
        audit::note(tx, &caller.by(now), event).await
    };
    caller.db().write(write).await?;
    tell_ended(state, caller.school_code(), vec![caller.key().hash]).await;
    Ok(())
}

pub async fn who_am_i(state: &State, caller: &Caller) -> Result<Who> {
    who(state, caller.tenant(), caller.session()).await
}

/// Changes the caller's password and ends every session of theirs; this connection gets a new one.
pub async fn change_password(
    state: &State,
    peer: &Peer,
    caller: &Caller,
    request: ChangePassword,
) -> Result<(LoggedIn, SessionKey)> {
    let school = caller.school_code();
    let account = format!("{}@{}", caller.session().username, peer.address);
    take_try(state, ACCOUNT_TRIES, school, &account).await?;
    let login = accounts::login(caller.db(), caller.user()).await?;
    let fit = state.hashers.verify(&request.old, Some(&login.password));
    if fit.await? == Fit::Wrong {
        return Err(ApiError::denied("the present password is wrong").into());
    }
    state.cache.forgive(school, &account).await;
    if normal(&request.new) == normal(&request.old) {
        let text = "the new password is the present one";
        return Err(ApiError::invalid("weak-password", text)
            .hint("choose another")
            .into());
    }
    let about = [&*login.username, &login.name, school, caller.school_name()];
    passwords::check(&request.new, &about)?;
    let hash = state.hashers.hash(&request.new).await?;

    let fresh = Fresh::new(state, &login, peer);
    let ended = caller
        .db()
        .write(async |tx| {
            let ended = replace_password(tx, &login, &hash, false, fresh.at).await?;
            sessions::add(tx, &fresh.row()).await?;
            let event = Event::new(Action::PasswordChange, &login.username);
            audit::note(tx, &caller.by(fresh.at), event).await?;
            Ok(ended)
        })
        .await?;
    tell_ended(state, school, ended).await;
    let tenant = state.tenants.school(school).await?;
    fresh.answer(state, &tenant).await
}

async fn take_try(state: &State, limit: Limit, school: &str, name: &str) -> Result<()> {
    let Err(wait) = state.cache.try_once(limit, school, name).await else {
        return Ok(());
    };
    let text = format!("too many tries; try again in {} s", wait.as_secs().max(1));
    Err(ApiError::new(Kind::Busy, "too-many-tries", text).into())
}

/// An unknown school fails later, after the time that a wrong password takes.
fn known(found: Result<Tenant>) -> Result<Option<Tenant>> {
    match found {
        Err(Error::Refused(told)) if told.kind == Kind::NotFound => Ok(None),
        found => found.map(Some),
    }
}

fn wrong() -> ApiError {
    let text = "the school, the user name or the password is wrong";
    ApiError::new(Kind::Denied, "wrong-password", text)
        .hint("whoever manages staff can give a new password")
}

/// Sets the password and ends all sessions; gives the hashes of those that were open.
pub(super) async fn replace_password(
    tx: &mut Tx,
    login: &Login,
    hash: &str,
    must_change: bool,
    now: Moment,
) -> Result<Vec<[u8; 32]>> {
    if !accounts::set_password(tx, login.id, login.v, hash, must_change, now).await? {
        let text = "the password was changed by somebody else at the same time";
        return Err(ApiError::conflict("changed-meanwhile", text).into());
    }
    Ok(sessions::end_all(tx, login.id, now).await?)
}

/// Ends every session of a school; `last` is done at the end of the same transaction.
pub async fn end_all_sessions(
    state: &State,
    school: &str,
    db: &Db,
    last: impl AsyncFn(&mut Tx) -> Result<()>,
) -> Result<()> {
    let now = state.clock.now();
    let end = async |tx: &mut Tx| {
        let ended = sessions::end_every(tx, now).await?;
        last(tx).await?;
        Ok(ended)
    };
    let ended = db.write(end).await?;
    tell_ended(state, school, ended).await;
    Ok(())
}

/// Tells every server that sessions have ended, after the commit. They would find out within a
/// second without it.
pub async fn tell_ended(state: &State, school: &str, hashes: Vec<[u8; 32]>) {
    if hashes.is_empty() {
        return;
    }
    let school = school.to_owned();
    state
        .cache
        .tell(Notice::SessionsEnded { school, hashes })
        .await;
}

/// Tells every server that what sessions of the school may is another, after the commit of a
/// transaction that called [`sessions::changed`].
pub async fn tell_changed(state: &State, school: &str) {
    let school = school.to_owned();
    state.cache.tell(Notice::SessionsChanged { school }).await;
}

fn hash_of(token: &Token) -> [u8; 32] {
    Sha256::digest(token.0).into()
}

/// A session that is about to be written.
struct Fresh<'a> {
    token: Token,
    hash: [u8; 32],
    user: UserId,
    peer: &'a Peer,
    at: Moment,
}

impl<'a> Fresh<'a> {
    fn new(state: &State, login: &Login, peer: &'a Peer) -> Self {
        let token = Token(rand::random());
        Self {
            hash: hash_of(&token),
            token,
            user: login.id,
            peer,
            at: state.clock.now(),
        }
    }

    fn row(&self) -> NewSession<'_> {
        NewSession {
            hash: &self.hash,
            user: self.user,
            client: shortened(&self.peer.client),
            address: shortened(&self.peer.address),
            at: self.at,
        }
    }

    /// Reads the session as written.
    async fn answer(&self, state: &State, tenant: &Tenant) -> Result<(LoggedIn, SessionKey)> {
        let key = SessionKey {
            school: tenant.code.to_string(),
            hash: self.hash,
        };
        let (asked, today) = (Instant::now(), tenant.today(self.at));
        let found = sessions::read(&tenant.db, &key.hash, self.at, today).await?;
        // Gone again already: the login was disabled or its password reset in this moment.
        let (session, epoch) = found.ok_or_else(wrong)?;
        let session = Arc::new(session);
        state.cache.keep_session(&key, &session, epoch, asked);
        let who = who(state, tenant, &session).await?;
        Ok((
            LoggedIn {
                token: self.token,
                who,
                device: None,
            },
            key,
        ))
    }
}

async fn who(state: &State, tenant: &Tenant, session: &Session) -> Result<Who> {
    let now = state.clock.now();
    let today = tenant.today(now);
    Ok(Who {
        user: session.user,
        username: session.username.clone(),
        name: session.name.clone(),
        school: SchoolSummary {
            code: tenant.code.to_string(),
            name: tenant.name.to_string(),
            term: accounts::current_term(&tenant.db, today).await?,
        },
        roles: session.roles.clone(),
        permissions: Reach::new(session, &tenant.code, now, today).permissions(),
        must_change_password: session.must_change,
        session_ends: session.ends,
        second_factor: hillview_shared::accounts::SecondFactor::Off,
    })
}

/// What fits the column; clients choose these words themselves.
fn shortened(text: &str) -> &str {
    let end = text
        .char_indices()
        .nth(60)
        .map_or(text.len(), |(end, _)| end);
    &text[..end]
}

/// Codes of schools are public; anything longer is what somebody typed in the wrong field.
fn tenant_code(given: &str) -> &str {
    if given.len() <= 20 && given.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
        given
    } else {
        "?"
    }
}
