//! Parts of the school as people write them: a level, a grade, a class, a subject of a class.

use hillview_shared::ApiError;
use hillview_shared::accounts::Permission;
use hillview_shared::grants::{Scope, ScopeKind};
use hillview_shared::text::fold;

use crate::caller::Caller;
use crate::db::classes;
use crate::db::grants::Place;
use crate::error::Result;
use crate::service::calendar::this_year;
use crate::service::classes::unknown;
use crate::service::{State, fields, reference, spelling, teaching};

/// A part of the school in its own spelling.
pub fn spelt(kind: ScopeKind, name: Option<String>, subject: Option<String>) -> Scope {
    Scope {
        kind,
        name,
        subject,
    }
}

/// The part that somebody means, if a permission can be given on such a part. Classes are those of
/// the current year, whether the caller sees them or not: people ask for what they do not have.
pub async fn find(
    state: &State,
    caller: &Caller,
    permission: Permission,
    scope: &Scope,
) -> Result<Place> {
    let name = scope.name.as_deref().map(str::trim).unwrap_or_default();
    let subject = scope.subject.as_deref().map(str::trim).unwrap_or_default();
    check(permission, scope.kind, name, subject)?;
    let mut place = Place {
        kind: scope.kind,
        level: None,
        grade: None,
        class: None,
        offering: None,
    };
    let db = caller.db();
    match scope.kind {
        ScopeKind::School => {}
        ScopeKind::Level => {
            fields::sought("level", name)?;
            let levels = classes::levels(db).await?;
            let meant = |level: &&classes::Level| {
                fold(&level.code) == fold(name) || fold(&level.name) == fold(name)
            };
            let level = levels.iter().find(meant).ok_or_else(|| {
                let known: Vec<&str> = levels.iter().map(|level| level.name.as_str()).collect();
                ApiError::invalid("unknown-level", format!("there is no level {name:?}"))
                    .hint(format!("the levels are {}", known.join(", ")))
            })?;
            place.level = Some(level.id);
        }
        ScopeKind::Grade => {
            let grades = classes::grades(db).await?;
            place.grade = Some(spelling::find_grade(&grades, name)?.grade_id);
        }
        ScopeKind::Class | ScopeKind::Subject => {
            fields::sought("class", name)?;
            let year = this_year(state, caller).await?;
            let named = reference::classes(state, caller.tenant(), year).await?;
            let class = named.iter().find(|class| class.is(name));
            let class = class.ok_or_else(|| unknown(&format!("class {name:?}")))?;
            place.class = Some(class.id);
            if scope.kind == ScopeKind::Subject {
                let grade = class.grade.grade_id;
                let offering = teaching::find_subject(db, grade, &class.class, subject).await?;
                place.offering = Some(offering);
            }
        }
    }
    Ok(place)
}

/// Refuses a part that names too much or too little, and one that a permission is not given on.
fn check(
    permission: Permission,
    kind: ScopeKind,
    name: &str,
    subject: &str,
) -> Result<(), ApiError> {
    let bad = |message: String| Err(ApiError::invalid("bad-scope", message));
    if permission == Permission::SchoolsManage {
        let message = format!("{permission} cannot be given in a school");
        return Err(ApiError::invalid("not-of-a-school", message));
    }
    if kind != ScopeKind::School && !permission.on_a_part() {
        let message = format!("{permission} is of the whole school: it is not given on a {kind}");
        return bad(message);
    }
    let of_students = [Permission::StudentsRead, Permission::StudentsWrite];
    if kind == ScopeKind::Subject && of_students.contains(&permission) {
        return bad(format!("{permission} is given on classes, not on subjects"));
    }
    match (kind, name.is_empty(), subject.is_empty()) {
        (ScopeKind::School, false, _) | (ScopeKind::School, _, false) => {
            bad("the whole school has no further name".to_owned())
        }
        (ScopeKind::School, true, true) => Ok(()),
        (_, true, _) => bad(format!("say which {kind} is meant")),
        (ScopeKind::Subject, false, true) => bad("say which subject is meant".to_owned()),
        (ScopeKind::Subject, false, false) | (_, false, true) => Ok(()),
        (_, false, false) => bad(format!("a {kind} has no subject: say subject instead")),
    }
}
