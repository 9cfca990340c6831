//! The second factor: set up, proved at a login, dropped, taken away.

use hillview_shared::accounts::{
    BeginSecondFactor, ConfirmSecondFactor, DropSecondFactor, RecoveryCodes, SECOND_FACTOR_NEEDED,
    SecondFactorSecret,
};
use hillview_shared::audit::Action;
use hillview_shared::ids::{Moment, UserId};
use hillview_shared::staff::WhichStaff;
use hillview_shared::{ApiError, Kind};
use sha2::{Digest, Sha256};

use super::endings::{tell_changed, tell_ended};
use super::logins::signs;
use super::sessions::{check_password, hold_checked, tried};
use super::throttle::WRONG_CODE;
use super::totp;
use crate::caller::{self, Caller};
use crate::db::accounts::Login;
use crate::db::second_factor::{self as factors, Factor};
use crate::db::tenants::Tenant;
use crate::db::{On, Tx, accounts, sessions};
use crate::error::{Error, Result};
use crate::service::audit::{self, By, Event};
use crate::service::{State, staff};

/// How many codes there are for the day that the phone is lost.
const RECOVERY_CODES: usize = 10;

/// What a login shows beside the password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    NotNeeded,
    /// A code of this step.
    Step(i64),
    /// The hash of a recovery code, if it is one.
    Recovery([u8; 32]),
}

/// What a login has to show, from what was given; the password is right.
pub async fn prove(
    state: &State,
    tenant: &Tenant,
    on: impl Into<On<'_>>,
    user: UserId,
    code: Option<&str>,
) -> Result<Proof> {
    let factor = factors::find(on, user).await?;
    let Some(factor) = factor.filter(|factor| factor.confirmed_at.is_some()) else {
        return Ok(Proof::NotNeeded);
    };
    let Some(code) = code.filter(|code| !code.trim().is_empty()) else {
        return Err(needed().into());
    };
    read_code(state, tenant, user, &factor, code)
}

impl Proof {
    /// Uses it up; refuses what was used before.
    pub async fn use_up(self, tx: &mut Tx, user: UserId, at: Moment) -> Result<()> {
        let good = match self {
            Self::NotNeeded => true,
            Self::Step(step) => factors::use_step(tx, user, step).await?,
            Self::Recovery(hash) => factors::use_code(tx, user, &hash, at).await?,
        };
        match good {
            true => Ok(()),
            false => Err(wrong_code().into()),
        }
    }
}

/// Begins to set up the caller's second factor.
pub async fn begin(
    state: &State,
    caller: &Caller,
    request: BeginSecondFactor,
) -> Result<SecondFactorSecret> {
    let login = check_password(state, caller, &request.password).await?;
    let (user, tenant) = (caller.user(), caller.tenant());
    let secret: [u8; 20] = rand::random();
    let sealed = state.seal.seal(&place(tenant, user), &secret);
    let now = state.clock.now();
    let write = async |tx: &mut Tx| {
        hold_checked(tx, &login).await?;
        let there = factors::find(&mut *tx, user).await?;
        if there.is_some_and(|factor| factor.confirmed_at.is_some()) {
            let text = "the second factor is set up already";
            return Err(ApiError::conflict("second-factor-on", text)
                .hint("drop it first")
                .into());
        }
        Ok(factors::begin(tx, user, (&sealed, state.seal.name()), now).await?)
    };
    caller.db().write(write).await?;
    let secret = totp::base32(&secret);
    // The names are plain words, which need no escape in an address.
    let (name, school) = (&caller.session().username, caller.school_code());
    let uri = format!(
        "otpauth://totp/Hillview:{name}@{school}?secret={secret}&issuer=Hillview\
         &algorithm=SHA1&digits=6&period=30"
    );
    Ok(SecondFactorSecret { secret, uri })
}

/// Makes it count, ends the caller's other sessions and gives the recovery codes.
pub async fn confirm(
    state: &State,
    caller: &Caller,
    request: ConfirmSecondFactor,
) -> Result<RecoveryCodes> {
    let user = caller.user();
    let now = state.clock.now();
    let codes: Vec<String> = (0..RECOVERY_CODES).map(|_| signs()).collect();
    let hashes: Vec<[u8; 32]> = codes.iter().map(|code| hash_of(user, code)).collect();
    let write = async |tx: &mut Tx| {
        // Before anything is read: it may be begun anew in this moment, or the session be ended.
        accounts::hold(tx, user).await?;
        let open = sessions::find(tx, caller.session().id, now).await?;
        open.ok_or_else(caller::ended)?;
        let none = || ApiError::conflict("second-factor-not-begun", "there is none to confirm");
        let factor = factors::find(&mut *tx, user).await?;
        let factor = factor.filter(|factor| factor.confirmed_at.is_none());
        let factor = factor.ok_or_else(|| none().hint("begin to set one up"))?;
        let Proof::Step(step) = read_code(state, caller.tenant(), user, &factor, &request.code)?
        else {
            return Err(wrong_code().into());
        };
        if !factors::confirm(tx, user, step, now).await? {
            return Err(none().into());
        }
        factors::keep_codes(tx, user, &hashes).await?;
        let ended = end_others(tx, caller, now).await?;
        let event = Event::new(Action::SecondFactorOn, &caller.session().username);
        audit::note(tx, &caller.by(now), event).await?;
        Ok(ended)
    };
    let ended = caller.db().write(write).await?;
    tell_ended(state, caller.school_code(), ended).await;
    tell_changed(state, caller.school_code()).await;
    Ok(RecoveryCodes { codes })
}

/// Takes the caller's second factor away and ends their other sessions.
pub async fn drop(state: &State, caller: &Caller, request: DropSecondFactor) -> Result<()> {
    let (user, tenant) = (caller.user(), caller.tenant());
    let login = check_password(state, caller, &request.password).await?;
    let now = state.clock.now();
    let write = async |tx: &mut Tx| {
        hold_checked(tx, &login).await?;
        let proof = prove(state, tenant, &mut *tx, user, Some(&request.code)).await?;
        if proof == Proof::NotNeeded {
            let text = "no second factor is set up";
            return Err(ApiError::conflict("second-factor-off", text).into());
        }
        if accounts::asks_second_factor(&mut *tx, user).await? {
            let text = "a role of yours asks for a second factor";
            return Err(ApiError::denied(text)
                .hint("whoever manages staff can reset it, so that you set up another")
                .into());
        }
        proof.use_up(tx, user, now).await?;
        factors::remove(tx, user).await?;
        let ended = end_others(tx, caller, now).await?;
        let event = Event::new(Action::SecondFactorOff, &caller.session().username);
        audit::note(tx, &caller.by(now), event).await?;
        Ok(ended)
    };
    let ended = tried(state, caller, caller.db().write(write)).await?;
    tell_ended(state, caller.school_code(), ended).await;
    tell_changed(state, caller.school_code()).await;
    Ok(())
}

/// Takes somebody's second factor away, and ends their sessions. Nobody's own: whoever has a
/// session of theirs, and nothing else, would be rid of it.
pub async fn reset(state: &State, caller: &Caller, request: WhichStaff) -> Result<()> {
    let found = staff::find(caller.db(), &request.staff).await?;
    let now = state.clock.now();
    let write = async |tx: &mut Tx| {
        let known = staff::Roles::hold(tx, now).await?;
        let who = staff::held(tx, found.id).await?;
        if caller.staff() == Some(who.id) {
            let text = "nobody resets their own second factor";
            return Err(ApiError::denied(text)
                .hint("drop it with a code, or ask somebody else who manages staff")
                .into());
        }
        staff::may_take_over(caller, &known, &who)?;
        let login = match &who.username {
            Some(username) => accounts::find_login(&mut *tx, username).await?,
            None => None,
        };
        let login = login.ok_or_else(|| {
            let text = format!("{} has no login", who.name);
            ApiError::conflict("no-login", text)
        })?;
        take_away(tx, &login, &caller.by(now), now).await
    };
    let ended = caller.db().write(write).await?;
    tell_ended(state, caller.school_code(), ended).await;
    Ok(())
}

/// Takes a login's second factor away; gives the sessions that ended with it.
pub(super) async fn take_away(
    tx: &mut Tx,
    login: &Login,
    by: &By,
    now: Moment,
) -> Result<Vec<[u8; 32]>> {
    accounts::hold(tx, login.id).await?;
    if !factors::remove(tx, login.id).await? {
        let text = format!("{} has no second factor", login.username);
        return Err(ApiError::conflict("second-factor-off", text).into());
    }
    accounts::touch_login(tx, login.id, now).await?;
    let ended = sessions::end_all(tx, login.id, now).await?;
    let event = Event::new(Action::SecondFactorReset, &login.username);
    audit::note(tx, by, event).await?;
    Ok(ended)
}

/// A login that is being checked meanwhile finds the login changed; the caller's own session is
/// read anew.
async fn end_others(tx: &mut Tx, caller: &Caller, now: Moment) -> Result<Vec<[u8; 32]>> {
    let (user, own) = (caller.user(), caller.session().id);
    accounts::touch_login(tx, user, now).await?;
    sessions::changed(tx).await?;
    Ok(sessions::end_others(tx, user, own, now).await?)
}

/// Six digits are a code of a step; anything else may be a recovery code.
fn read_code(
    state: &State,
    tenant: &Tenant,
    user: UserId,
    factor: &Factor,
    given: &str,
) -> Result<Proof> {
    let plain: String = given.chars().filter(|c| c.is_alphanumeric()).collect();
    if plain.len() != 6 || !plain.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(Proof::Recovery(hash_of(user, &plain)));
    }
    let secret = state.seal.unseal(&place(tenant, user), &factor.secret);
    let secret = secret.ok_or_else(|| other_key(state, factor))?;
    let step = totp::step_of(&secret, &plain, state.clock.now());
    let step = step.filter(|step| *step > factor.last_step);
    Ok(Proof::Step(step.ok_or_else(wrong_code)?))
}

/// Where a secret belongs: nobody can move it to another login.
fn place(tenant: &Tenant, user: UserId) -> String {
    format!("second-factor:{}:{}", tenant.code, user.0)
}

/// However it was typed: in capitals, without the dashes.
fn hash_of(user: UserId, code: &str) -> [u8; 32] {
    let plain: String = code.chars().filter(|c| c.is_alphanumeric()).collect();
    let text = format!("{}:{}", user.0, plain.to_lowercase());
    Sha256::digest(text).into()
}

fn needed() -> ApiError {
    let text = "a code of the second factor is needed";
    ApiError::new(Kind::Denied, SECOND_FACTOR_NEEDED, text)
        .hint("give the code that your authenticator shows, or a recovery code")
}

fn wrong_code() -> ApiError {
    let text = "the code is wrong, too old, or was used before";
    ApiError::new(Kind::Denied, WRONG_CODE, text)
        .hint("wait for the next code; the clock of the phone must be right")
}

fn other_key(state: &State, factor: &Factor) -> Error {
    tracing::error!(
        sealed_with = factor.key_name,
        key = state.seal.name(),
        "a second factor cannot be read: seal.key is not the key that it was sealed with"
    );
    let text = "the server cannot read the second factor: it was sealed with another key";
    ApiError::new(Kind::Fault, "other-seal-key", text)
        .hint("whoever runs the server must put the old seal.key back; a recovery code works meanwhile")
        .into()
}
