//! Who is calling, and what they may reach. Only this file makes a [`Caller`], so whoever holds
//! one has been checked. It is made anew for each call, and is the only way to a school's data.

use std::sync::Arc;
use std::time::Duration;

use chrono::NaiveDate;
use hillview_shared::ApiError;
use hillview_shared::accounts::{PLATFORM, Permission, Role, RoleCode, SecondFactor};
use hillview_shared::ids::{ClassId, Moment, OfferingId, SessionId, StaffId, UserId};

pub use crate::cache::SessionKey;
use crate::cache::{Asked, Known};
pub use crate::db::sessions::Session;
use crate::db::tenants::Tenant;
use crate::db::{Db, sessions};
use crate::error::Result;
use crate::reach::{Part, Reach};
use crate::service::accounts::Peer;
use crate::service::audit::By;
use crate::service::{State, reference};

const MINUTE: i64 = 60 * 1_000_000;
/// For how long a call waits until its session's use is noted.
const SEEN_WITHIN: Duration = Duration::from_secs(1);

/// A checked caller of one call.
#[derive(Clone)]
pub struct Caller {
    tenant: Tenant,
    session: Arc<Session>,
    key: SessionKey,
    peer: Peer,
    at: Moment,
}

/// Whose call it is, and from where it comes.
///
/// Refuses a session that has ended, and one that must change its password or set up a second factor
/// first.
pub async fn resolve(state: &State, key: &SessionKey, peer: &Peer) -> Result<Caller> {
    let caller = resolve_unsettled(state, key, peer).await?;
    if caller.session.must_change {
        let text = "the password must be changed before anything else";
        let refusal = ApiError::new(hillview_shared::Kind::Denied, "must-change-password", text);
        return Err(refusal.hint("choose a new password").into());
    }
    if caller.session.second_factor == SecondFactor::Missing {
        let text =
            "a second factor must be set up before anything else: a role of yours asks for it";
        let refusal = ApiError::new(hillview_shared::Kind::Denied, "second-factor-missing", text);
        return Err(refusal.hint("hillview second-factor setup").into());
    }
    Ok(caller)
}

/// The same, for the few calls that are allowed before the password is changed and the second
/// factor set up.
pub async fn resolve_unsettled(state: &State, key: &SessionKey, peer: &Peer) -> Result<Caller> {
    let tenant = state.tenants.school(&key.school).await?;
    let now = state.clock.now();
    let session = match known(state, &tenant, key).await? {
        Known::Live(session) => session,
        Known::Ended => return Err(ended().into()),
        Known::Stale | Known::Unknown => read(state, &tenant, key, now).await?,
    };
    if now >= session.ends {
        return Err(ended().into());
    }
    Ok(Caller {
        tenant,
        session,
        key: key.clone(),
        peer: peer.clone(),
        at: now,
    })
}

/// Whether a session has ended, for calls that need no caller. That is not a use of it: whoever
/// only says that they are there does not keep it open. What cannot be found out has not ended.
pub async fn has_ended(state: &State, key: &SessionKey) -> bool {
    let ask = async {
        let tenant = state.tenants.school(&key.school).await?;
        let ended = match known(state, &tenant, key).await? {
            Known::Live(_) => false,
            Known::Ended => true,
            Known::Stale | Known::Unknown => {
                !sessions::is_open(&tenant.db, &key.hash, state.clock.now()).await?
            }
        };
        Ok::<_, crate::error::Error>(ended)
    };
    matches!(tokio::time::timeout(SEEN_WITHIN, ask).await, Ok(Ok(true)))
}

/// What is known of a session; asks for the school's counts when they decide.
async fn known(state: &State, tenant: &Tenant, key: &SessionKey) -> Result<Known> {
    match state.cache.session(key) {
        Known::Stale => {}
        known => return Ok(known),
    }
    reference::look(state, tenant).await?;
    Ok(state.cache.session(key))
}

/// Reads a session, notes that it was seen (at most once a minute), and remembers it.
async fn read(
    state: &State,
    tenant: &Tenant,
    key: &SessionKey,
    now: Moment,
) -> Result<Arc<Session>> {
    let db = &tenant.db;
    let asked = Asked::now(db.changes());
    let found = sessions::read(db, &key.hash, now, tenant.today(now)).await?;
    let (mut session, epochs) = found.ok_or_else(ended)?;
    // Where sessions end soon, a minute is too coarse.
    let often = session.idle.map_or(MINUTE, |idle| MINUTE.min(idle / 20));
    if now.0 - session.last_seen.0 >= often && seen(db, session.id, now).await {
        session.last_seen = now;
    }
    let session = Arc::new(session);
    state.cache.keep_session(key, &session, epochs, asked);
    Ok(session)
}

/// Notes that a session was seen; says whether that was kept. Bookkeeping: a call neither fails nor
/// waits for it, and the next one that reads the session notes it.
async fn seen(db: &Db, session: SessionId, now: Moment) -> bool {
    let note = async {
        let mut tx = db.begin().await?;
        sessions::touch(&mut tx, session, now).await?;
        tx.commit().await
    };
    match tokio::time::timeout(SEEN_WITHIN, note).await {
        Ok(Ok(())) => return true,
        Ok(Err(failure)) => {
            tracing::warn!(session = session.0, %failure, "a session's use was not noted")
        }
        Err(_) => tracing::warn!(session = session.0, "a session's use was not noted in time"),
    }
    false
}

pub fn ended() -> ApiError {
    let text = "the session has ended";
    ApiError::new(hillview_shared::Kind::SessionEnded, "session-ended", text).hint("log in again")
}

impl Caller {
    /// The caller's school.
    pub fn db(&self) -> &Db {
        &self.tenant.db
    }

    pub fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    pub fn school_code(&self) -> &str {
        &self.tenant.code
    }

    pub fn school_name(&self) -> &str {
        &self.tenant.name
    }

    pub fn session(&self) -> &Session {
        &self.session
    }

    pub fn key(&self) -> &SessionKey {
        &self.key
    }

    pub fn user(&self) -> UserId {
        self.session.user
    }

    pub fn staff(&self) -> Option<StaffId> {
        self.session.staff
    }

    /// The client that the call came from, as histories name it: `tui`, `cli`.
    pub fn source(&self) -> &str {
        &self.peer.client
    }

    /// The address that the call came from, or `unix` for this machine.
    pub fn address(&self) -> &str {
        &self.peer.address
    }

    /// As the audit log names the caller.
    pub fn by(&self, at: Moment) -> By {
        By::caller(self, at)
    }

    /// What the caller may do, at the moment when the call came.
    fn reach(&self) -> Reach<'_> {
        let today = self.tenant.today(self.at);
        Reach::new(&self.session, &self.tenant.code, self.at, today)
    }

    /// Whether the caller has a permission on the whole school.
    pub fn may(&self, permission: Permission) -> bool {
        self.reach().on_school(permission)
    }

    /// Whether the caller has a permission on the school or on any part of it.
    pub fn may_somewhere(&self, permission: Permission) -> bool {
        self.may(permission) || self.reach().parts(permission).next().is_some()
    }

    /// Whether the caller has a permission in a class, if only for one of its subjects.
    pub fn may_in(&self, permission: Permission, class: ClassId) -> bool {
        let mut parts = self.reach().parts(permission);
        self.may(permission) || parts.any(|part| part.class == class)
    }

    /// Whether the caller has a permission for a subject of a class.
    pub fn may_on(&self, permission: Permission, class: ClassId, offering: OfferingId) -> bool {
        let here = |part: Part| {
            part.class == class && part.offering.is_none_or(|subject| subject == offering)
        };
        self.may(permission) || self.reach().parts(permission).any(here)
    }

    /// Whether the caller has a part in the running of this school: a role of its staff, or a
    /// permission somewhere. Parents, scripts without a grant and the platform have none.
    pub fn works_here(&self) -> bool {
        let outside = [Role::Parent, Role::Service, Role::PlatformAdmin];
        let of_staff = |code: &RoleCode| !outside.iter().any(|role| *code == *role);
        let somewhere = || Permission::ALL.iter().any(|it| self.may_somewhere(*it));
        self.school_code() != PLATFORM && (self.session.roles.iter().any(of_staff) || somewhere())
    }

    /// The permissions that the caller has on the whole school, sorted.
    pub fn permissions(&self) -> Vec<Permission> {
        self.reach().permissions()
    }

    /// Refuses a caller without a permission on the whole school.
    pub fn require(&self, permission: Permission) -> Result<()> {
        match self.may(permission) {
            true => Ok(()),
            false => Err(lacks(permission).into()),
        }
    }

    /// Refuses a caller without a permission in a class; without a class it must be on the school.
    pub fn require_in(&self, permission: Permission, class: Option<ClassId>) -> Result<()> {
        let may = match class {
            Some(class) => self.may_in(permission, class),
            None => self.may(permission),
        };
        match may {
            true => Ok(()),
            false => Err(lacks(permission).into()),
        }
    }

    /// Refuses a caller who has none of these permissions anywhere.
    pub fn require_somewhere(&self, any: &[Permission]) -> Result<()> {
        match any.iter().any(|permission| self.may_somewhere(*permission)) {
            true => Ok(()),
            false => Err(lacks(any[0]).into()),
        }
    }

    /// The classes in which the caller has a permission; `None` for all of the school.
    pub fn classes(&self, permission: Permission) -> Option<Vec<ClassId>> {
        if self.may(permission) {
            return None;
        }
        let mut classes: Vec<ClassId> = self.reach().parts(permission).map(|p| p.class).collect();
        classes.sort_unstable();
        classes.dedup();
        Some(classes)
    }

    /// The parts of the school on which the caller has a permission; `None` for all of it.
    pub fn parts(&self, permission: Permission) -> Option<Vec<Part>> {
        if self.may(permission) {
            return None;
        }
        Some(each_once(self.reach().parts(permission)))
    }

    /// The subjects that the caller teaches or was given to enter marks for.
    pub fn own_parts(&self) -> Vec<Part> {
        each_once(self.reach().own_parts())
    }

    /// The classes of which the caller is the class teacher.
    pub fn own_classes(&self) -> Vec<ClassId> {
        self.reach().own_classes().collect()
    }

    /// Whether the caller sees the students of a class.
    pub fn sees_class(&self, class: ClassId) -> bool {
        self.may_in(Permission::StudentsRead, class)
    }

    /// Whether the caller sees the marks of a subject in a class.
    pub fn sees_marks(&self, class: ClassId, offering: OfferingId) -> bool {
        self.may_on(Permission::MarksRead, class, offering)
    }

    /// Refuses marks that the caller does not see, in the words of a sheet that does not exist.
    pub fn must_see_marks(&self, class: ClassId, offering: OfferingId) -> Result<()> {
        match self.sees_marks(class, offering) {
            true => Ok(()),
            false => Err(ApiError::not_found("sheet").into()),
        }
    }

    /// Which day it is at the school.
    pub fn today(&self, now: Moment) -> NaiveDate {
        self.tenant.today(now)
    }
}

fn lacks(permission: Permission) -> ApiError {
    let text = format!("you may not do this: it needs the permission {permission}");
    ApiError::denied(text).hint("ask the head teacher or the school's administrator")
}

fn each_once(parts: impl Iterator<Item = Part>) -> Vec<Part> {
    let mut parts: Vec<Part> = parts.collect();
    parts.sort_unstable();
    parts.dedup();
    parts
}
