//! Calls about who may do what, and who did it.

use hillview_shared::accounts::{Permission, RoleCode};
use hillview_shared::api::HillviewRequest as Call;
use hillview_shared::audit::{ListAudit, VerifyAudit};
use hillview_shared::grants::{
    DecideRequest, ExtendGrant, GiveGrant, ListGrants, ListRequests, RequestAccess, RequestState,
    RevokeGrant, Scope, ScopeKind,
};
use hillview_shared::ids::{GrantId, Moment, RequestId, Version};
use hillview_shared::roles::{DropRole, SaveRole};

use super::text;

pub fn roles() -> Vec<Call> {
    vec![
        Call::ListRoles {},
        Call::SaveRole {
            request: SaveRole {
                code: RoleCode(text("exam-officer")),
                permissions: vec![Permission::MarksRead],
                second_factor: false,
                v: Version(0),
            },
        },
        Call::DropRole {
            request: DropRole {
                code: RoleCode(text("exam-officer")),
            },
        },
    ]
}

pub fn grants() -> Vec<Call> {
    let scope = || Scope {
        kind: ScopeKind::Subject,
        name: Some(text("4 East")),
        subject: Some(text("ENG")),
    };
    vec![
        Call::ListGrants {
            request: ListGrants {
                to: Some(text("teacher")),
                ending_soon: false,
                past: true,
                after: Some(text("5")),
                limit: 20,
            },
        },
        Call::GiveGrant {
            request: GiveGrant {
                to: text("teacher"),
                permission: Permission::MarksEnter,
                scope: scope(),
                starts: Some(Moment(1_800_000_000_000_000)),
                days: Some(7),
                reason: text("stands in for a colleague"),
            },
        },
        Call::ExtendGrant {
            request: ExtendGrant {
                grant: GrantId(1),
                days: Some(7),
            },
        },
        Call::RevokeGrant {
            request: RevokeGrant {
                grant: GrantId(1),
                reason: text("no longer needed"),
            },
        },
        Call::ListRequests {
            request: ListRequests {
                decided: true,
                after: Some(text("5")),
                limit: 20,
            },
        },
        Call::RequestAccess {
            request: RequestAccess {
                permission: Permission::MarksEnter,
                scope: scope(),
                days: Some(7),
                reason: text("stands in for a colleague"),
            },
        },
        Call::DecideRequest {
            request: DecideRequest {
                request: RequestId(1),
                decision: RequestState::Denied,
                answer: text("ask the deputy"),
            },
        },
    ]
}

pub fn audit() -> Vec<Call> {
    vec![
        Call::ListAudit {
            request: ListAudit {
                action: Some(text("log-in")),
                username: Some(text("teacher")),
                refused: false,
                from: Some(Moment(1_700_000_000_000_000)),
                until: Some(Moment(1_900_000_000_000_000)),
                after: Some(text("100")),
                limit: 20,
            },
        },
        Call::VerifyAudit {
            request: VerifyAudit::default(),
        },
    ]
}
