//! What the played school keeps about itself: sessions, the audit log, roles; and the schools of
//! the played installation.

use hillview_shared::api::{HillviewRequest, HillviewResponse};
use hillview_shared::audit::{AuditChecked, AuditEntry};
use hillview_shared::ids::{Moment, SessionId};
use hillview_shared::roles::RoleDetail;
use hillview_shared::schools::{SchoolAdded, SchoolEntry, SchoolExported};
use hillview_shared::sessions::SessionSummary;

use super::people::{page, roles};

fn sessions(all: bool) -> Vec<SessionSummary> {
    let session = |id, username: &str, address: &str, minutes: i64| SessionSummary {
        id: SessionId(id),
        username: username.into(),
        name: username.to_uppercase(),
        client: "tui".into(),
        address: address.into(),
        created: Moment(super::NOW.0 - 86_400_000_000),
        last_seen: Moment(super::NOW.0 - minutes * 60_000_000),
        ends: Moment(super::NOW.0 + 86_400_000_000),
        current: id == 1,
    };
    let mut sessions = vec![
        session(1, "r.mutua", "unix", 0),
        session(2, "r.mutua", "10.0.3.17", 50),
    ];
    if all {
        sessions.push(session(3, "j.otieno", "10.0.3.20", 55));
    }
    sessions
}

fn log() -> Vec<AuditEntry> {
    let entry = |sequence, action: &str, subject: &str, outcome: &str| AuditEntry {
        sequence,
        at: Moment(super::NOW.0 - (10 - sequence) * 3_600_000_000),
        username: Some("r.mutua".into()),
        address: "10.0.3.17".into(),
        source: "tui".into(),
        action: action.into(),
        subject: subject.into(),
        outcome: outcome.into(),
        detail: "before: marks.read; now: marks.read, marks.enter; because of the exams".into(),
    };
    vec![
        entry(9, "refused", "export-school", "denied"),
        entry(8, "grant-give", "J. Otieno", "ok"),
        entry(7, "log-in", "r.mutua", "ok"),
    ]
}

fn school(code: &str, name: &str, state: &str) -> SchoolEntry {
    SchoolEntry {
        code: code.into(),
        name: name.into(),
        state: state.into(),
        created: Moment(super::NOW.0 - 86_400_000_000),
    }
}

fn schools() -> Vec<SchoolEntry> {
    vec![
        school("kilimani", "Kilimani Primary", "open"),
        school("nyali", "Nyali Girls", "suspended"),
        school("utawala", "Utawala Academy", "making"),
    ]
}

/// What the server answers.
pub fn answer(request: &HillviewRequest) -> Option<HillviewResponse> {
    use HillviewRequest as Q;
    use HillviewResponse as A;
    Some(match request {
        Q::ListSessions { request } => A::ListSessions(Ok(page(sessions(request.all)))),
        Q::EndSession { .. } => A::EndSession(Ok(())),
        Q::ListAudit { .. } => A::ListAudit(Ok(page(log()))),
        Q::VerifyAudit { request } => {
            let last = request.after.is_some();
            A::VerifyAudit(Ok(AuditChecked {
                rows: 500,
                fault: None,
                next: (!last).then(|| "500".into()),
                head: last.then(|| "1000:0a1b2c".into()),
            }))
        }
        Q::SaveRole { request } => A::SaveRole(Ok(RoleDetail {
            code: request.code.clone(),
            ..roles().remove(0)
        })),
        Q::DropRole { .. } => A::DropRole(Ok(())),
        Q::ListSchools { .. } => A::ListSchools(Ok(page(schools()))),
        Q::AddSchool { request } => A::AddSchool(Ok(SchoolAdded {
            school: school(&request.code, &request.name, "open"),
            one_time_password: "kuku-mti-4821".into(),
        })),
        Q::SuspendSchool { request } => {
            let state = if request.undo { "open" } else { "suspended" };
            A::SuspendSchool(Ok(school(&request.code, "Kilimani Primary", state)))
        }
        Q::RenameSchool { request } => {
            A::RenameSchool(Ok(school(&request.code, &request.name, "open")))
        }
        Q::ExportSchool { .. } => A::ExportSchool(Ok(SchoolExported {
            file: "kilimani-2026-07-28.jsonl".into(),
            bytes: 1_048_576,
            sha256: "ab".repeat(32),
            rows: 20_114,
        })),
        Q::RemoveSchool { .. } => A::RemoveSchool(Ok(())),
        _ => return None,
    })
}
