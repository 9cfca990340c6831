//! Sessions: logging in, staying in, logging out, changing the password.
//!
//! A login that fails says the same words after the same time, whether the school, the name or the
//! password was wrong.

use std::sync::Arc;

use hillview_shared::accounts::{ChangePassword, LogIn, LoggedIn, Who};
use hillview_shared::api::Resume;
use hillview_shared::audit::Action;
use hillview_shared::ids::{Moment, Token, UserId};
use hillview_shared::school::{CurrentTerm, SchoolSummary};
use hillview_shared::{ApiError, Kind};
use sha2::{Digest, Sha256};

use super::endings::tell_ended;
use super::logins::check_username;
use super::second_factor::{self, Proof};
use super::{listing, passwords, throttle};
use crate::cache::{Asked, SessionKey};
use crate::caller::{self, Caller, Session};
use crate::db::accounts::{self, Login};
use crate::db::sessions::{self, NewSession};
use crate::db::tenants::Tenant;
use crate::db::{Tx, devices};
use crate::error::{Error, Result};
use crate::reach::Reach;
use crate::service::audit::{self, By, Event};
use crate::service::hashing::{Fit, normal};
use crate::service::{State, calendar, reference};

/// Devices of a login that are known: those that were seen last.
const DEVICES: usize = 10;

/// The other end of a connection.
#[derive(Clone, Debug)]
pub struct Peer {
    /// The client's name and version.
    pub client: Arc<str>,
    /// The address, or `unix` for a local socket, whose users the system has checked.
    pub address: Arc<str>,
}

/// Logs in where connections are not counted.
pub async fn log_in(state: &State, peer: &Peer, request: LogIn) -> Result<(LoggedIn, SessionKey)> {
    let seat = |_: &str, _| Ok(());
    let (logged_in, key, ()) = log_in_seated(state, peer, request, seat).await?;
    Ok((logged_in, key))
}

/// Logs in. `seat` takes a place for the login's connection, or refuses it: once all is proved,
/// and before a one-time password or a code is used up.
pub async fn log_in_seated<S>(
    state: &State,
    peer: &Peer,
    request: LogIn,
    seat: impl FnOnce(&str, UserId) -> Result<S, ApiError>,
) -> Result<(LoggedIn, SessionKey, S)> {
    let school = request.school.trim().to_lowercase();
    let username = request.user.trim().to_lowercase();
    // Whatever else was typed into these fields must not become a key as long as a frame.
    let named = check_username(&username).unwrap_or_else(|_| "?".to_owned());
    let tenant = known(state.tenants.school(&school).await)?;
    let found = match &tenant {
        Some(tenant) => accounts::find_login(&tenant.db, &username).await?,
        None => None,
    };
    let there = found.is_some();
    let login = found.filter(|login| login.state == "active" && !login.password.is_empty());
    let device = match (&tenant, &login, &request.device) {
        (Some(tenant), Some(login), Some(shown)) => {
            devices::find(&tenant.db, login.id, &hash_of(shown)).await?
        }
        _ => None,
    };
    let (code, address) = (tenant_code(&school), &*peer.address);
    let outcome = match throttle::take(state, code, &named, address, device.is_some()).await {
        Ok(tried) => {
            let entering = Entering {
                state,
                peer,
                tenant: tenant.as_ref(),
                login: login.as_ref(),
                device,
                request: &request,
            };
            let outcome = Box::pin(entering.enter(seat)).await;
            tried.judged(&outcome).await;
            outcome
        }
        Err(error) => Err(error),
    };
    if let (Err(Error::Refused(told)), Some(tenant)) = (&outcome, &tenant)
        && (throttle::is_wrong(told)
            || told.code == throttle::TOO_MANY
            || told.code == ONE_TIME_OVER)
    {
        audit::login_refused(state, tenant, peer, there.then_some(&*username), told).await;
    }
    outcome
}

/// A login that is being tried.
struct Entering<'a> {
    state: &'a State,
    peer: &'a Peer,
    tenant: Option<&'a Tenant>,
    login: Option<&'a Login>,
    /// The device that was shown, when it is one of the login's.
    device: Option<i64>,
    request: &'a LogIn,
}

impl Entering<'_> {
    async fn enter<S>(
        &self,
        seat: impl FnOnce(&str, UserId) -> Result<S, ApiError>,
    ) -> Result<(LoggedIn, SessionKey, S)> {
        let (state, password) = (self.state, &*self.request.password);
        let stored = self.login.map(|login| login.password.as_str());
        let fit = state.hashers.verify(password, stored).await?;
        let (Some(tenant), Some(login), true) = (self.tenant, self.login, fit != Fit::Wrong) else {
            return Err(wrong().into());
        };
        must_be_good(login, state.clock.now())?;
        let code = self.request.code.as_deref();
        let proof = second_factor::prove(state, tenant, &tenant.db, login.id, code).await?;
        let seat = seat(&tenant.code, login.id)?;
        let rehashed = match fit {
            Fit::Outdated => Some(state.hashers.hash(password).await?),
            _ => None,
        };
        let fresh = Fresh::new(state, login, self.peer);
        let device = self.device.is_none().then(|| Token(rand::random()));
        let write = async |tx: &mut Tx| {
            // The password may have been changed, or the login shut, while it was being checked.
            if !accounts::hold_login(tx, login.id, login.v).await? {
                return Err(wrong().into());
            }
            proof.use_up(tx, login.id, fresh.at).await?;
            if let Some(hash) = &rehashed {
                accounts::keep_hash(tx, login.id, hash).await?;
            }
            match (&device, self.device) {
                (Some(new), _) => remember(tx, login.id, new, fresh.at).await?,
                (None, Some(shown)) => devices::see(tx, shown, fresh.at).await?,
                (None, None) => {}
            }
            // A line cut before the password was changed must not cost the owner the login; whoever
            // comes later with the one-time password shuts out whoever came before.
            let ended = match login.must_change {
                true => sessions::end_all(tx, login.id, fresh.at).await?,
                false => Vec::new(),
            };
            sessions::add(tx, &fresh.row()).await?;
            let by = By::peer(self.peer, Some(&login.username), fresh.at);
            let entered = Event::new(Action::LogIn, &login.username);
            let recovered = matches!(proof, Proof::Recovery(_))
                .then(|| Event::new(Action::SecondFactorRecovery, &login.username));
            let events: Vec<Event> = [entered].into_iter().chain(recovered).collect();
            audit::note_all(tx, &by, &events).await?;
            Ok(ended)
        };
        let ended = tenant.db.write(write).await?;
        tell_ended(state, &tenant.code, ended).await;
        listing::tidy(&tenant.db, fresh.at);
        let (logged_in, key) = fresh.answer(state, tenant, device).await?;
        Ok((logged_in, key, seat))
    }
}

/// Knows a device from now on, and the few that were seen last.
async fn remember(tx: &mut Tx, user: UserId, device: &Token, at: Moment) -> Result<()> {
    devices::add(tx, user, &hash_of(device), at).await?;
    let all = devices::of(tx, user).await?;
    if let Some(older) = all.get(DEVICES..).filter(|older| !older.is_empty()) {
        devices::forget(tx, older).await?;
    }
    Ok(())
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
    let login = check_password(state, caller, &request.old).await?;
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
    let device = Token(rand::random());
    let ended = caller
        .db()
        .write(async |tx| {
            hold_checked(tx, &login).await?;
            let ended = replace_password(tx, &login, &hash, false, fresh.at).await?;
            remember(tx, login.id, &device, fresh.at).await?;
            sessions::add(tx, &fresh.row()).await?;
            let event = Event::new(Action::PasswordChange, &login.username);
            audit::note(tx, &caller.by(fresh.at), event).await?;
            Ok(ended)
        })
        .await?;
    tell_ended(state, school, ended).await;
    let tenant = state.tenants.school(school).await?;
    fresh.answer(state, &tenant, Some(device)).await
}

/// Refuses a password that is not the caller's present one; wrong ones count as tries. Gives the
/// login whose password it was, for [`hold_checked`].
pub(super) async fn check_password(
    state: &State,
    caller: &Caller,
    password: &str,
) -> Result<Login> {
    let check = async {
        let login = accounts::login(caller.db(), caller.user()).await?;
        // A script has no password: none is right.
        let stored = Some(&*login.password).filter(|stored| !stored.is_empty());
        match state.hashers.verify(password, stored).await? {
            Fit::Wrong => {
                let text = "the present password is wrong";
                Err(ApiError::new(Kind::Denied, throttle::WRONG_PASSWORD, text).into())
            }
            Fit::Right | Fit::Outdated => Ok(login),
        }
    };
    tried(state, caller, check).await
}

/// Holds a login until the transaction ends, if it is as it was when its password was checked. A
/// reset that came in between stays as it is.
pub(super) async fn hold_checked(tx: &mut Tx, login: &Login) -> Result<()> {
    match accounts::hold_login(tx, login.id, login.v).await? {
        true => Ok(()),
        false => {
            let text = "the login was changed by somebody else at the same time";
            let conflict = ApiError::conflict("changed-meanwhile", text);
            Err(conflict.hint("log in again").into())
        }
    }
}

/// Does what a caller may guess at, as a try of their account's sessions.
pub(super) async fn tried<T>(
    state: &State,
    caller: &Caller,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    let (school, name) = (caller.school_code(), &*caller.session().username);
    let tried = throttle::take_of_session(state, school, name).await?;
    let outcome = Box::pin(work).await;
    tried.judged(&outcome).await;
    outcome
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
    ApiError::new(Kind::Denied, throttle::WRONG_PASSWORD, text)
        .hint("whoever manages staff can give a new password")
}

/// The refusal of a one-time password that is of no use any more.
const ONE_TIME_OVER: &str = "one-time-password-over";

/// Refuses a one-time password that is too old. Only whoever has it hears this.
fn must_be_good(login: &Login, now: Moment) -> Result<(), ApiError> {
    let ends = login.password_ends_at.filter(|_| login.must_change);
    if ends.is_none_or(|ends| now < ends) {
        return Ok(());
    }
    let text = "this one-time password has expired";
    Err(ApiError::new(Kind::Denied, ONE_TIME_OVER, text)
        .hint("whoever manages staff can give a new one"))
}

/// Sets the password, ends all sessions and forgets all devices; gives the hashes of those that were open.
pub async fn replace_password(
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
    devices::forget_all(tx, login.id).await?;
    Ok(sessions::end_all(tx, login.id, now).await?)
}

pub(super) fn hash_of(token: &Token) -> [u8; 32] {
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
    async fn answer(
        &self,
        state: &State,
        tenant: &Tenant,
        device: Option<Token>,
    ) -> Result<(LoggedIn, SessionKey)> {
        let key = SessionKey {
            school: tenant.code.to_string(),
            hash: self.hash,
        };
        let (asked, today) = (Asked::now(tenant.db.changes()), tenant.today(self.at));
        let found = sessions::read(&tenant.db, &key.hash, self.at, today).await?;
        // Gone again already: the login was disabled or its password reset in this moment.
        let (session, epochs) = found.ok_or_else(wrong)?;
        let session = Arc::new(session);
        state.cache.keep_session(&key, &session, epochs, asked);
        let who = who(state, tenant, &session).await?;
        Ok((
            LoggedIn {
                token: self.token,
                who,
                device,
            },
            key,
        ))
    }
}

async fn who(state: &State, tenant: &Tenant, session: &Session) -> Result<Who> {
    let now = state.clock.now();
    let today = tenant.today(now);
    let terms = reference::terms(state, tenant).await?;
    let term = calendar::current(&terms, today);
    Ok(Who {
        user: session.user,
        username: session.username.clone(),
        name: session.name.clone(),
        school: SchoolSummary {
            code: tenant.code.to_string(),
            name: tenant.name.to_string(),
            term: term.map(|term| CurrentTerm {
                id: term.id,
                name: format!("{} {}", term.year, term.name),
            }),
        },
        roles: session.roles.clone(),
        permissions: Reach::new(session, &tenant.code, now, today).permissions(),
        must_change_password: session.must_change,
        session_ends: session.ends,
        second_factor: session.second_factor,
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
