//! The audit log of a school: what was done, refused, given and taken, by whom and from where.
//!
//! A write that is audited calls [`note`] as the last thing in its transaction, so that both land
//! or neither: the log's head is held from then until the commit, and whoever took it earlier
//! would hold everybody else up. Saves of marks are not here: they have their own history.

mod event;
mod list;
mod refusals;
mod verify;

pub use event::{By, Event};
pub use list::list;
pub use refusals::{Refusals, call_refused, flush_all, login_refused};
pub use verify::verify;

use crate::chain::{AuditLink, Hash};
use crate::db::Tx;
use crate::db::audit::{self, NewEntry};
use crate::error::{Error, Result};

/// Adds a line to the log. Call it last in the transaction of the write that it tells of.
pub async fn note(tx: &mut Tx, by: &By, event: Event) -> Result<()> {
    note_all(tx, by, &[event]).await
}

/// Adds a line for each event, in their order. Call it last in the transaction.
pub async fn note_all(tx: &mut Tx, by: &By, events: &[Event]) -> Result<()> {
    let lines: Vec<_> = events.iter().map(|event| (by, event)).collect();
    note_lines(tx, &lines).await
}

/// Adds lines of several people, in their order.
async fn note_lines(tx: &mut Tx, lines: &[(&By, &Event)]) -> Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    let head = audit::hold_head(tx).await?;
    let head = head.ok_or_else(|| broken("its head is not there"))?;
    let mut sequence = head.sequence;
    let mut last: Hash = head
        .hash
        .try_into()
        .map_err(|_| broken("the hash of its head is not 32 bytes"))?;
    let entries: Vec<NewEntry<'_>> = lines
        .iter()
        .map(|(by, event)| {
            sequence += 1;
            let link = link(sequence, by, event);
            let hash = link.hash(&last);
            let previous_hash = std::mem::replace(&mut last, hash);
            NewEntry {
                link,
                previous_hash,
                hash,
            }
        })
        .collect();
    audit::append(tx, &entries).await?;
    audit::move_head(tx, sequence, &last).await?;
    Ok(())
}

fn link<'a>(sequence: i64, by: &'a By, event: &'a Event) -> AuditLink<'a> {
    AuditLink {
        sequence,
        at: by.at,
        username: by.username.as_deref(),
        address: &by.address,
        source: &by.source,
        action: event.action.word(),
        subject: &event.subject,
        outcome: &event.outcome,
        refused: event.is_refused(),
        detail: &event.detail,
    }
}

fn broken(why: &'static str) -> Error {
    Error::fault("adding to the audit log", why)
}
