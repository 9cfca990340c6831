//! Terms, classes and papers as calls read them: remembered while nothing of them was changed.
//!
//! Not for a transaction that must be sure: it reads in itself.

use std::sync::Arc;

use hillview_shared::calendar::Term;
use hillview_shared::ids::YearId;
use hillview_shared::subjects::Paper;

use super::State;
use crate::cache::{Asked, ENDS_MOST, Remembered};
use crate::db::classes::Named;
use crate::db::epochs::{self, Epochs};
use crate::db::tenants::Tenant;
use crate::db::{Db, Failure, calendar, classes, subjects};
use crate::error::Result;

/// Every term, the latest first.
pub async fn terms(state: &State, tenant: &Tenant) -> Result<Arc<Vec<Term>>> {
    let of = &state.cache.reference().terms;
    recalled(state, tenant, (of, 0), async |db| calendar::terms(db).await).await
}

/// Every class of a year under its names.
pub async fn classes(state: &State, tenant: &Tenant, year: YearId) -> Result<Arc<Vec<Named>>> {
    let of = &state.cache.reference().classes;
    recalled(state, tenant, (of, year.0), async |db| {
        classes::named(db.into(), year).await
    })
    .await
}

/// Every paper of every grade.
pub async fn papers(state: &State, tenant: &Tenant) -> Result<Arc<Vec<Paper>>> {
    let of = &state.cache.reference().papers;
    recalled(state, tenant, (of, 0), async |db| {
        subjects::papers(db.into()).await
    })
    .await
}

async fn recalled<T: Send + Sync + 'static>(
    state: &State,
    tenant: &Tenant,
    (of, number): (&Remembered<T>, i64),
    read: impl AsyncFnOnce(&Db) -> Result<T, Failure>,
) -> Result<Arc<T>> {
    let (cache, db) = (&state.cache, &tenant.db);
    if cache.is_off() {
        return Ok(Arc::new(read(db).await?));
    }
    let epoch = match cache.reference_epoch(&tenant.code, db.changes()) {
        Some(epoch) => epoch,
        None => look(state, tenant).await?.reference_epoch,
    };
    let key = (tenant.id, number);
    if let Some(found) = cache.recall(of, key, epoch) {
        return Ok(found);
    }
    // After the epoch: what is read here may be newer than it, never older.
    let found = Arc::new(read(db).await?);
    cache.remember(of, key, &found, epoch);
    Ok(found)
}

/// Asks where the school's counts stand, and for the sessions that have ended since they were seen
/// last.
pub async fn look(state: &State, tenant: &Tenant) -> Result<Epochs> {
    let (cache, db) = (&state.cache, &tenant.db);
    let asked = Asked::now(db.changes());
    let epochs = epochs::read(db).await?;
    let ended = match cache.ends_to_ask_for(&tenant.code, epochs) {
        Some(last) => epochs::ended_since(db, last, ENDS_MOST).await?,
        None => Vec::new(),
    };
    cache.saw_epochs(&tenant.code, epochs, asked, ended);
    Ok(epochs)
}
