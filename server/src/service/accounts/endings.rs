//! Sessions that end, or may something else than before: who ends them all, and how every server
//! hears of it at once.

use crate::cache::Notice;
use crate::db::{Db, Tx, sessions};
use crate::error::Result;
use crate::service::State;

/// Ends every session of a school but the tokens of scripts; `last` is done at the end of the same transaction.
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
