//! Permissions given on a part of the school for a time.

use chrono::NaiveDate;
use hillview_shared::accounts::Permission;
use hillview_shared::grants::ScopeKind;
use hillview_shared::ids::{ClassId, Moment, OfferingId, UserId};
use serde::{Deserialize, Serialize};

use super::{Db, Failure};

/// A class, or a subject of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Part {
    pub class: ClassId,
    /// `None` for everything of the class.
    pub offering: Option<OfferingId>,
}

/// A permission that a login was given and that is not over: on the school, on a class, or on a
/// subject of a class. It counts from `starts` on, and at `ends` no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Granted {
    pub permission: Permission,
    pub class_id: Option<ClassId>,
    pub offering_id: Option<OfferingId>,
    pub starts: Moment,
    pub ends: Option<Moment>,
}

/// What a login was given and may have now or later, a row for each class that it is given on. A
/// level or a grade stands for its classes of the current year. Permissions that this version does
/// not know give nothing.
pub async fn of_user(
    db: &Db,
    user: UserId,
    now: Moment,
    today: NaiveDate,
) -> Result<Vec<Granted>, Failure> {
    type Row = (
        String,
        ScopeKind,
        Option<ClassId>,
        Option<OfferingId>,
        Moment,
        Option<Moment>,
    );
    let rows: Vec<Row> = db
        .query(
            "select access_grant.permission, access_grant.scope, class.id, access_grant.offering_id,
                access_grant.starts_at, access_grant.ends_at
            from access_grant
            left join class on class.id = access_grant.class_id
                or (class.year_id = (select year_id from term
                        order by case when ends >= ? then 0 else 1 end,
                            case when ends >= ? then starts end, ends desc
                        limit 1)
                    and (class.grade_id = access_grant.grade_id
                        or class.grade_id in (select id from grade
                            where grade.level_id = access_grant.level_id)))
            where access_grant.user_id = ? and access_grant.revoked_at is null
                and (access_grant.ends_at is null or access_grant.ends_at > ?)
            order by access_grant.id, class.id",
        )
        .bind(today)
        .bind(today)
        .bind(user)
        .bind(now)
        .all()
        .await?;
    let granted =
        rows.into_iter()
            .filter_map(|(permission, scope, class_id, offering_id, starts, ends)| {
                // A grade without classes stands for none, not for the school.
                if class_id.is_none() != (scope == ScopeKind::School) {
                    return None;
                }
                Some(Granted {
                    permission: permission.parse().ok()?,
                    class_id,
                    offering_id,
                    starts,
                    ends,
                })
            });
    Ok(granted.collect())
}
