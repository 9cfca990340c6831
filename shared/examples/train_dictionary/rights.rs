//! Who may do what, who did it, and from where: the calls of those who look after a school.

use hillview_shared::accounts::{Permission, Role};
use hillview_shared::api::{HillviewRequest as Ask, HillviewResponse as Reply};
use hillview_shared::audit::{Action, AuditChecked, AuditEntry, ListAudit, OK, VerifyAudit};
use hillview_shared::grants::{
    AccessRequest, DecideRequest, GiveGrant, Grant, GrantState, ListGrants, ListRequests,
    RequestAccess, RequestState, RevokeGrant, Scope, ScopeKind,
};
use hillview_shared::ids::{GrantId, RequestId, SessionId, UserId, Version};
use hillview_shared::roles::{RoleDetail, SaveRole};
use hillview_shared::sessions::{
    AddToken, EndSession, ListSessions, SessionPolicy, SessionSummary, TokenSummary,
};

use crate::lists::page;
use crate::names::{Dice, login, person};
use crate::samples::{ASSESSMENTS, CLASSES, SUBJECTS, Sample, down, moment, number, up};

const REASONS: &[&str] = &[
    "stands in for a colleague",
    "on leave until the end of term",
    "marks of the whole grade",
    "typed wrong",
];

pub fn rights(dice: &mut Dice, to: &mut Vec<Sample>) {
    grants(dice, to);
    requests(dice, to);
    up(to, Ask::ListRoles {});
    let roles = (0..6).map(|_| role(dice)).collect();
    down(to, Reply::ListRoles(Ok(roles)));
    let request = SaveRole {
        code: Role::Teacher.into(),
        permissions: permissions(dice),
        second_factor: false,
        v: Version(number(dice, 9)),
    };
    up(to, Ask::SaveRole { request });
    sessions(dice, to);
    audit(dice, to);
}

fn permission(dice: &mut Dice) -> Permission {
    Permission::ALL[dice.roll(Permission::ALL.len())]
}

fn permissions(dice: &mut Dice) -> Vec<Permission> {
    let most = 1 + dice.roll(12);
    let chosen = Permission::OF_A_SCHOOL.iter().filter(|_| dice.roll(2) == 0);
    chosen.copied().take(most).collect()
}

fn role(dice: &mut Dice) -> RoleDetail {
    RoleDetail {
        code: Role::ALL[dice.roll(Role::ALL.len())].into(),
        permissions: permissions(dice),
        second_factor: dice.roll(4) == 0,
        built_in: true,
        logins: u32::try_from(dice.roll(60)).expect("small"),
        v: Version(number(dice, 9)),
    }
}

fn scope(dice: &mut Dice) -> Scope {
    let class = || Some(CLASSES[0].to_owned());
    match dice.roll(4) {
        0 => Scope::SCHOOL,
        1 => Scope {
            kind: ScopeKind::Class,
            name: class(),
            subject: None,
        },
        2 => Scope {
            kind: ScopeKind::Grade,
            name: Some(format!("Grade {}", number(dice, 9))),
            subject: None,
        },
        _ => Scope {
            kind: ScopeKind::Subject,
            name: class(),
            subject: Some(SUBJECTS[dice.roll(SUBJECTS.len())].1.to_owned()),
        },
    }
}

fn grant(dice: &mut Dice) -> Grant {
    let name = person(dice);
    Grant {
        id: GrantId(number(dice, 400)),
        username: login(&name),
        name,
        permission: permission(dice),
        scope: scope(dice),
        starts: moment(dice),
        ends: (dice.roll(4) > 0).then(|| moment(dice)),
        reason: dice.one(REASONS).to_owned(),
        given_by: person(dice),
        state: *dice.one(&[&GrantState::Active, &GrantState::Expired]),
        revoked_by: None,
    }
}

fn grants(dice: &mut Dice, to: &mut Vec<Sample>) {
    let request = ListGrants::default();
    up(to, Ask::ListGrants { request });
    down(to, Reply::ListGrants(Ok(page(dice, 8, grant))));
    let request = GiveGrant {
        to: login(&person(dice)),
        permission: permission(dice),
        scope: scope(dice),
        starts: None,
        days: Some(14),
        reason: dice.one(REASONS).to_owned(),
    };
    up(to, Ask::GiveGrant { request });
    down(to, Reply::GiveGrant(Ok(grant(dice))));
    let request = RevokeGrant {
        grant: GrantId(number(dice, 400)),
        reason: dice.one(REASONS).to_owned(),
    };
    up(to, Ask::RevokeGrant { request });
}

fn asked(dice: &mut Dice) -> AccessRequest {
    let name = person(dice);
    AccessRequest {
        id: RequestId(number(dice, 400)),
        username: login(&name),
        name,
        permission: permission(dice),
        scope: scope(dice),
        days: Some(7),
        reason: dice.one(REASONS).to_owned(),
        at: moment(dice),
        state: RequestState::Open,
        decided_by: None,
        answer: None,
    }
}

fn requests(dice: &mut Dice, to: &mut Vec<Sample>) {
    let request = ListRequests::default();
    up(to, Ask::ListRequests { request });
    down(to, Reply::ListRequests(Ok(page(dice, 4, asked))));
    let request = RequestAccess {
        permission: permission(dice),
        scope: scope(dice),
        days: Some(7),
        reason: dice.one(REASONS).to_owned(),
    };
    up(to, Ask::RequestAccess { request });
    let request = DecideRequest {
        request: RequestId(number(dice, 400)),
        decision: RequestState::Approved,
        answer: String::new(),
    };
    up(to, Ask::DecideRequest { request });
}

fn address(dice: &mut Dice) -> String {
    match dice.roll(3) {
        0 => "unix".to_owned(),
        _ => format!("10.{}.{}.{}", dice.roll(9), dice.roll(9), dice.roll(250)),
    }
}

fn session(dice: &mut Dice) -> SessionSummary {
    let name = person(dice);
    SessionSummary {
        id: SessionId(number(dice, 9_000)),
        username: login(&name),
        name,
        client: dice.one(&["tui", "cli"]).to_owned(),
        address: address(dice),
        created: moment(dice),
        last_seen: moment(dice),
        ends: moment(dice),
        current: dice.roll(5) == 0,
    }
}

fn token(dice: &mut Dice) -> TokenSummary {
    TokenSummary {
        id: SessionId(number(dice, 9_000)),
        user: UserId(number(dice, 90)),
        name: "nightly export".to_owned(),
        permissions: permissions(dice),
        scope: scope(dice),
        made_by: person(dice),
        created: moment(dice),
        last_seen: Some(moment(dice)),
        ends: moment(dice),
    }
}

fn sessions(dice: &mut Dice, to: &mut Vec<Sample>) {
    let request = ListSessions::default();
    up(to, Ask::ListSessions { request });
    down(to, Reply::ListSessions(Ok(page(dice, 6, session))));
    let request = EndSession {
        session: SessionId(number(dice, 9_000)),
    };
    up(to, Ask::EndSession { request });
    up(to, Ask::ShowSessionPolicy {});
    let policy = SessionPolicy {
        idle_minutes: 30,
        days: 30,
    };
    down(to, Reply::ShowSessionPolicy(Ok(policy)));
    up(to, Ask::ListTokens {});
    let tokens = (0..2).map(|_| token(dice)).collect();
    down(to, Reply::ListTokens(Ok(tokens)));
    let request = AddToken {
        name: "nightly export".to_owned(),
        permissions: permissions(dice),
        scope: Scope::SCHOOL,
        days: 90,
        reason: dice.one(REASONS).to_owned(),
    };
    up(to, Ask::AddToken { request });
}

fn noted(dice: &mut Dice) -> AuditEntry {
    let subject = match dice.roll(3) {
        0 => login(&person(dice)),
        1 => format!(
            "{}, {}, {}",
            dice.one(CLASSES),
            SUBJECTS[dice.roll(SUBJECTS.len())].1,
            ASSESSMENTS[dice.roll(ASSESSMENTS.len())].0
        ),
        _ => person(dice),
    };
    AuditEntry {
        sequence: number(dice, 60_000),
        at: moment(dice),
        username: Some(login(&person(dice))),
        address: address(dice),
        source: dice.one(&["tui", "cli"]).to_owned(),
        action: Action::ALL[dice.roll(Action::ALL.len())].word().to_owned(),
        subject,
        outcome: dice.one(&[OK, OK, OK, "denied"]).to_owned(),
        detail: dice.one(&["", "", "teacher", "5 added"]).to_owned(),
    }
}

fn audit(dice: &mut Dice, to: &mut Vec<Sample>) {
    let request = ListAudit::default();
    up(to, Ask::ListAudit { request });
    down(to, Reply::ListAudit(Ok(page(dice, 20, noted))));
    let request = VerifyAudit::default();
    up(to, Ask::VerifyAudit { request });
    let checked = AuditChecked {
        rows: u64::try_from(number(dice, 60_000)).expect("positive"),
        fault: None,
        next: None,
        head: Some(format!(
            "{}:{:064x}",
            number(dice, 60_000),
            dice.roll(usize::MAX)
        )),
    };
    down(to, Reply::VerifyAudit(Ok(checked)));
}
