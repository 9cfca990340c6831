//! Refusals are written after their answer is known, in a transaction of their own, and only so
//! many in a while: whoever is refused must not be able to fill the disk. What was not written is
//! counted, and told in one line when the while is over.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hillview_shared::ApiError;
use hillview_shared::audit::Action;
use hillview_shared::ids::{Moment, SessionId};

use super::{By, Event, note_lines};
use crate::caller::Caller;
use crate::db::Db;
use crate::db::tenants::Tenant;
use crate::error::Error;
use crate::service::State;
use crate::service::accounts::Peer;

/// For how long refusals are counted together.
const WHILE: i64 = 10 * 60 * 1_000_000;
/// Lines of one session in that while.
const OF_A_SESSION: u32 = 20;
/// Lines of all refused logins of a school in that while.
const OF_LOGINS: u32 = 60;
/// Counts are looked through for old ones when there are more.
const MANY: usize = 256;
/// Lines that are written at once.
const AT_ONCE: usize = 200;
/// An answer waits no longer than this for its line.
const PATIENCE: Duration = Duration::from_secs(1);

/// Refusals of late, by who was refused.
#[derive(Default)]
pub struct Refusals(Mutex<HashMap<Key, Count>>);

/// A school, and one of its sessions or all logins together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    school: String,
    session: Option<SessionId>,
}

struct Count {
    began: Moment,
    written: u32,
    /// How many were not written, and who was refused last.
    more: u32,
    by: By,
}

/// A call of somebody who is logged in was refused.
pub async fn call_refused(state: &State, caller: &Caller, call: &str, refusal: &ApiError) {
    let (tenant, by) = (caller.tenant(), caller.by(state.clock.now()));
    let session = Some(caller.session().id);
    if may_write(state, tenant, (session, OF_A_SESSION), &by) {
        let event = Event::new(Action::Refused, spelled(call))
            .refused(&refusal.code)
            .detail(&refusal.message);
        write(&tenant.db, &[(by, event)]).await;
    }
}

/// A login was refused. `tried` is the name of a login of the school; what else was typed there
/// may be a password.
pub async fn login_refused(
    state: &State,
    tenant: &Tenant,
    peer: &Peer,
    tried: Option<&str>,
    refusal: &ApiError,
) {
    let by = By::peer(peer, None, state.clock.now());
    if may_write(state, tenant, (None, OF_LOGINS), &by) {
        let event = Event::new(
            Action::LogInRefused,
            tried.unwrap_or("no login of the school"),
        )
        .refused(&refusal.code);
        write(&tenant.db, &[(by, event)]).await;
    }
}

/// Tells how many refusals of a school were not written in whiles that are over. Costs nothing
/// where there are none.
pub async fn flush(state: &State, tenant: &Tenant) {
    let told = state.refusals.over(&tenant.code, state.clock.now());
    write_all(&tenant.db, &told).await;
}

/// The same for all schools and whiles, before the server stops.
pub async fn flush_all(state: &State) {
    for school in state.refusals.schools() {
        if let Ok(tenant) = state.tenants.school(&school).await {
            let told = state.refusals.over(&school, Moment(i64::MAX));
            write_all(&tenant.db, &told).await;
        }
    }
}

/// Counts a refusal; says whether it is to be written. What is to be told of others is written
/// meanwhile: whoever is refused does not wait for it.
fn may_write(
    state: &State,
    tenant: &Tenant,
    (session, most): (Option<SessionId>, u32),
    by: &By,
) -> bool {
    let told = state.refusals.over(&tenant.code, by.at);
    if !told.is_empty() {
        let db = tenant.db.clone();
        tokio::spawn(async move { write_all(&db, &told).await });
    }
    let school = tenant.code.to_string();
    state.refusals.take(Key { school, session }, most, by)
}

async fn write_all(db: &Db, lines: &[(By, Event)]) {
    for some in lines.chunks(AT_ONCE) {
        write(db, some).await;
    }
}

/// Adds lines in one transaction. Their answers are known already: they neither fail nor wait long.
async fn write(db: &Db, lines: &[(By, Event)]) {
    let lines: Vec<(&By, &Event)> = lines.iter().map(|(by, event)| (by, event)).collect();
    let write = async {
        let mut tx = db.begin().await?;
        note_lines(&mut tx, &lines).await?;
        tx.commit().await?;
        Ok::<_, Error>(())
    };
    match tokio::time::timeout(PATIENCE, write).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, "a refusal was not written to the audit log"),
        Err(_) => tracing::warn!("a refusal was not written to the audit log in time"),
    }
}

/// A call as the list of calls spells it: `ListStaff` is `list_staff`.
fn spelled(call: &str) -> String {
    let mut spelled = String::with_capacity(call.len() + 4);
    for c in call.chars() {
        if c.is_ascii_uppercase() && !spelled.is_empty() {
            spelled.push('_');
        }
        spelled.push(c.to_ascii_lowercase());
    }
    spelled
}

impl Refusals {
    /// Counts a refusal; says whether it is written.
    fn take(&self, key: Key, most: u32, by: &By) -> bool {
        let mut counts = self.lock();
        if counts.len() > MANY {
            counts.retain(|_, count| count.more > 0 || by.at.0 - count.began.0 < WHILE);
        }
        let count = counts.entry(key).or_insert_with(|| Count {
            began: by.at,
            written: 0,
            more: 0,
            by: by.clone(),
        });
        // A while with something left to tell ends when that is told.
        if count.more == 0 && by.at.0 - count.began.0 >= WHILE {
            (count.began, count.written) = (by.at, 0);
        }
        if count.written < most {
            count.written += 1;
            return true;
        }
        count.more += 1;
        count.by = by.clone();
        false
    }

    /// Takes what is to be told of a school.
    fn over(&self, school: &str, now: Moment) -> Vec<(By, Event)> {
        let mut counts = self.lock();
        let over = |key: &Key, count: &mut Count| {
            key.school == school && count.more > 0 && now.0.saturating_sub(count.began.0) >= WHILE
        };
        let done = counts.extract_if(over);
        let told = done.map(|(key, count)| {
            let action = match key.session {
                Some(_) => Action::Refused,
                None => Action::LogInRefused,
            };
            let by = By {
                at: now,
                ..count.by
            };
            let event = Event::new(action, "more of the same")
                .refused("not-written")
                .detail(format!("{} more were refused and not written", count.more));
            (by, event)
        });
        told.collect()
    }

    /// The schools of which something is to be told.
    fn schools(&self) -> Vec<String> {
        let counts = self.lock();
        let told = counts.iter().filter(|(_, count)| count.more > 0);
        let mut schools: Vec<String> = told.map(|(key, _)| key.school.clone()).collect();
        schools.sort_unstable();
        schools.dedup();
        schools
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Key, Count>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
