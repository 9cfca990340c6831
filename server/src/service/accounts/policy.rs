//! How long the sessions of a school last.

use hillview_shared::ApiError;
use hillview_shared::audit::Action;
use hillview_shared::sessions::SessionPolicy;

use super::endings::tell_changed;
use crate::caller::Caller;
use crate::db::sessions;
use crate::error::Result;
use crate::service::State;
use crate::service::audit::{self, Event};

/// What the policy is.
pub async fn show(_: &State, caller: &Caller) -> Result<SessionPolicy> {
    Ok(sessions::policy(caller.db()).await?)
}

/// Sets the policy. A shorter one ends open sessions by it at once; a longer one is for later logins.
pub async fn save(state: &State, caller: &Caller, policy: SessionPolicy) -> Result<SessionPolicy> {
    check(policy)?;
    let now = state.clock.now();
    caller
        .db()
        .write(async |tx| {
            let before = sessions::hold_policy(tx).await?;
            sessions::set_policy(tx, (before, policy), now).await?;
            let event = Event::new(Action::PolicySave, "sessions").detail(format!(
                "idle {} to {} minutes, at most {} to {} days",
                before.idle_minutes, policy.idle_minutes, before.days, policy.days
            ));
            audit::note(tx, &caller.by(now), event).await
        })
        .await?;
    tell_changed(state, caller.school_code()).await;
    Ok(policy)
}

fn check(policy: SessionPolicy) -> Result<(), ApiError> {
    let refused = |text, hint: &str| ApiError::invalid("bad-policy", text).hint(hint);
    if !(5..=1_440).contains(&policy.idle_minutes) {
        let text = format!("{} minutes are no limit of idleness", policy.idle_minutes);
        return Err(refused(text, "give 5 to 1440 minutes"));
    }
    if !(1..=90).contains(&policy.days) {
        let text = format!("a session cannot last {} days", policy.days);
        return Err(refused(text, "give 1 to 90 days"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bounds_are_themselves_allowed() {
        for (idle_minutes, days, allowed) in [
            (5, 1, true),
            (1_440, 90, true),
            (4, 30, false),
            (1_441, 30, false),
            (720, 0, false),
            (720, 91, false),
        ] {
            let policy = SessionPolicy { idle_minutes, days };
            assert_eq!(check(policy).is_ok(), allowed, "{policy:?}");
        }
    }
}
