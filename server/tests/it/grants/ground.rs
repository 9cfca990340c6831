//! What the tests of grants say shortly.

use hillview_server::caller::{self, Caller};
use hillview_server::service::State;
use hillview_server::testing::peer;
use hillview_server::{Error, Result};
use hillview_shared::accounts::Permission;
use hillview_shared::grants::{GiveGrant, Scope, ScopeKind};

/// The code of the refusal.
pub fn code<T>(outcome: Result<T>) -> String {
    match outcome {
        Err(Error::Refused(told)) => told.code,
        Err(other) => panic!("not refused but failed: {other}"),
        Ok(_) => panic!("not refused"),
    }
}

pub fn scope(kind: ScopeKind, name: &str, subject: &str) -> Scope {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Scope {
        kind,
        name: some(name),
        subject: some(subject),
    }
}

pub fn give(to: &str, permission: Permission, scope: Scope, days: Option<u16>) -> GiveGrant {
    GiveGrant {
        to: to.to_owned(),
        permission,
        scope,
        starts: None,
        days,
        reason: "stands in for Mrs Njoroge".to_owned(),
    }
}

/// The same session at its next call.
pub async fn again(state: &State, caller: &Caller) -> Caller {
    let resolved = caller::resolve(state, caller.key(), &peer()).await;
    resolved.expect("the session goes on")
}
