//! Open sessions: seen, ended by hand, and thrown away long after their end.

use hillview_shared::ApiError;
use hillview_shared::accounts::Permission;
use hillview_shared::audit::Action;
use hillview_shared::ids::{Moment, SessionId, UserId};
use hillview_shared::sessions::{EndSession, ListSessions, SessionSummary};
use hillview_shared::students::Page;

use super::endings::tell_ended;
use crate::caller::Caller;
use crate::db::sessions::{self, Filter};
use crate::db::{Db, Failure, accounts};
use crate::error::Result;
use crate::service::audit::{self, Event};
use crate::service::{State, fields};

/// A session that is over stays for this long, for whoever looks into something: 30 days.
const KEPT: i64 = 30 * 24 * 60 * 60 * 1_000_000;
/// How many are thrown away at one time.
const THROWN: i64 = 200;
/// Before the first page.
const NEWEST: (Moment, SessionId) = (Moment(i64::MAX), SessionId(i64::MAX));

/// Lists the caller's open sessions, or with the right those of one login or of everybody. A
/// session that is used between two pages is then among the first.
pub async fn list(
    state: &State,
    caller: &Caller,
    request: ListSessions,
) -> Result<Page<SessionSummary>> {
    let limit = fields::page(request.limit)?;
    let after = request.after.as_deref().map_or(Some(NEWEST), place);
    let filter = Filter {
        user: whose(caller, &request).await?,
        after: after.ok_or_else(fields::bad_page)?,
        limit: limit + 1,
    };
    let mut rows = sessions::list(caller.db(), &filter, state.clock.now()).await?;
    for row in &mut rows {
        row.current = row.id == caller.session().id;
    }
    Ok(fields::paged(rows, limit, |row| {
        format!("{}-{}", row.last_seen.0, row.id)
    }))
}

/// Whose sessions are asked for; `None` for everybody's.
async fn whose(caller: &Caller, request: &ListSessions) -> Result<Option<UserId>> {
    let Some(username) = &request.username else {
        if request.all {
            caller.require(Permission::SessionsManage)?;
            return Ok(None);
        }
        return Ok(Some(caller.user()));
    };
    let username = username.trim().to_lowercase();
    if username == caller.session().username {
        return Ok(Some(caller.user()));
    }
    caller.require(Permission::SessionsManage)?;
    let login = accounts::find_login(caller.db(), &username).await?;
    Ok(Some(login.ok_or_else(|| ApiError::not_found("user"))?.id))
}

/// The end of the page before.
fn place(text: &str) -> Option<(Moment, SessionId)> {
    let (seen, id) = text.split_once('-')?;
    Some((Moment(seen.parse().ok()?), SessionId(id.parse().ok()?)))
}

/// Ends a session, on every connection that speaks for it.
pub async fn end(state: &State, caller: &Caller, request: EndSession) -> Result<()> {
    let now = state.clock.now();
    let any = caller.may(Permission::SessionsManage);
    let hash = caller
        .db()
        .write(async |tx| {
            let found = sessions::find(tx, request.session, now).await?;
            let found = found.filter(|found| any || found.user_id == caller.user());
            let found = found.ok_or_else(|| ApiError::not_found("session"))?;
            sessions::end(tx, request.session, now).await?;
            let event = Event::new(Action::SessionEnd, &found.username)
                .detail(format!("session {}", request.session));
            audit::note(tx, &caller.by(now), event).await?;
            Ok(found.token_hash)
        })
        .await?;
    let hashes = hash.try_into().into_iter().collect();
    tell_ended(state, caller.school_code(), hashes).await;
    Ok(())
}

/// Throws away a few sessions that were over long ago, while nobody waits for it.
pub(super) fn tidy(db: &Db, now: Moment) {
    let db = db.clone();
    tokio::spawn(async move {
        if let Err(failure) = throw_away(&db, now).await {
            tracing::debug!(%failure, "old sessions were not thrown away");
        }
    });
}

/// Throws away some of the sessions that were over long ago; says how many.
pub async fn throw_away(db: &Db, now: Moment) -> Result<u64, Failure> {
    let old = sessions::over(db, Moment(now.0 - KEPT), THROWN).await?;
    if old.is_empty() {
        return Ok(0);
    }
    let mut tx = db.begin().await?;
    let thrown = sessions::remove(&mut tx, &old).await?;
    tx.commit().await?;
    Ok(thrown)
}
