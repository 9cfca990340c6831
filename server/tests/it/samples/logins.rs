//! Calls of whoever logs in: their line, their password, their second factor, their sessions.

use hillview_server::testing::PASSWORD;
use hillview_shared::accounts::{
    BeginSecondFactor, ChangePassword, ConfirmSecondFactor, DropSecondFactor, Permission,
};
use hillview_shared::api::HillviewRequest as Call;
use hillview_shared::grants::Scope;
use hillview_shared::ids::SessionId;
use hillview_shared::sessions::{AddToken, EndSession, ListSessions, RevokeToken, SessionPolicy};

use super::{About, text};
use crate::line::login;

pub fn logins(about: &About) -> Vec<Call> {
    vec![
        Call::Hello {
            request: hillview::client::hello("tui", None),
        },
        Call::Ping {},
        Call::LogIn {
            request: login(&about.school.code, "classteacher", PASSWORD),
        },
        Call::LogOut {},
        Call::WhoAmI {},
        Call::ChangePassword {
            request: ChangePassword {
                old: text("not the present one"),
                new: text("another long password"),
            },
        },
        Call::BeginSecondFactor {
            request: BeginSecondFactor {
                password: text(PASSWORD),
            },
        },
        Call::ConfirmSecondFactor {
            request: ConfirmSecondFactor {
                code: text("123456"),
            },
        },
        Call::DropSecondFactor {
            request: DropSecondFactor {
                password: text("not the present one"),
                code: text("123456"),
            },
        },
    ]
}

pub fn sessions() -> Vec<Call> {
    vec![
        Call::ListSessions {
            request: ListSessions {
                all: true,
                username: Some(text("classteacher")),
                after: Some(text("1")),
                limit: 20,
            },
        },
        Call::EndSession {
            request: EndSession {
                session: SessionId(900_000),
            },
        },
        Call::ShowSessionPolicy {},
        Call::SaveSessionPolicy {
            request: SessionPolicy {
                idle_minutes: 600,
                days: 20,
            },
        },
        Call::ListTokens {},
        Call::AddToken {
            request: AddToken {
                name: text("nightly export"),
                permissions: vec![Permission::StudentsRead],
                scope: Scope::SCHOOL,
                days: 30,
                reason: text("copies"),
            },
        },
        Call::RevokeToken {
            request: RevokeToken {
                token: SessionId(900_000),
            },
        },
    ]
}
