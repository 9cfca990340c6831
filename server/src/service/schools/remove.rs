//! Removing a school for good.
//!
//! What was exported of it stays in the folder of exports, for whoever runs the server to hand over
//! or delete. Its code may be used again: what outlives a call is kept under the school's number,
//! which is never given twice, and its sessions are ended before its data go.

use hillview_shared::ApiError;
use hillview_shared::audit::Action;
use hillview_shared::schools::RemoveSchool;

use super::{Actor, end_sessions, find, move_state, noted, wrong_state};
use crate::db::schools;
use crate::error::Result;
use crate::service::State;
use crate::service::audit::Event;

/// Removes a suspended school, or one whose making or removing was cut short; a kill half-way leaves
/// it in the state `removing`, and the same command goes on.
pub async fn remove(state: &State, actor: Actor<'_>, request: &RemoveSchool) -> Result<()> {
    let school = find(state, &request.code).await?;
    if !matches!(school.state.as_str(), "suspended" | "making" | "removing") {
        return Err(wrong_state(&school, "suspended")
            .hint("suspend it first, and export what must be kept")
            .into());
    }
    if request.confirm.trim() != school.name {
        let text = format!("that is not the name of the school {}", school.code);
        return Err(ApiError::invalid("not-confirmed", text)
            .hint("give its name as it stands in the list of schools")
            .into());
    }
    if school.state != "removing" {
        move_state(state, &school, &school.state, "removing").await?;
    }
    // They ended when the school was suspended. What came between, or a school whose data are half
    // gone, must not keep it from being removed.
    if let Err(error) = end_sessions(state, &school, None).await {
        tracing::warn!(school = school.code, %error, "its sessions were not ended before removing");
    }
    state.tenants.remove(&school.code).await?;
    let control = state.tenants.control();
    control
        .write(async |tx| Ok(schools::remove(tx, school.id).await?))
        .await?;
    let event = Event::new(Action::SchoolRemove, &school.code).detail(&school.name);
    noted(state, actor, event).await
}
