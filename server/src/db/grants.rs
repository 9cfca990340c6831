//! Permissions given on a part of the school for a time.

use chrono::NaiveDate;
use hillview_shared::accounts::Permission;
use hillview_shared::grants::ScopeKind;
use hillview_shared::ids::{
    ClassId, GradeId, GrantId, LevelId, Moment, OfferingId, StaffId, UserId, Version,
};
use serde::{Deserialize, Serialize};
use sqlx::FromRow;

use super::{Db, Failure, On, Tx};

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
        .query(concat!(
            "select access_grant.permission, access_grant.scope, class.id, access_grant.offering_id,
                access_grant.starts_at, access_grant.ends_at
            from access_grant
            left join class on class.id = access_grant.class_id
                or (class.year_id = ",
            super::fragments::year_of!(),
            "       and (class.grade_id = access_grant.grade_id
                        or class.grade_id in (select id from grade
                            where grade.level_id = access_grant.level_id)))
            where access_grant.user_id = ? and access_grant.revoked_at is null
                and (access_grant.ends_at is null or access_grant.ends_at > ?)
            order by access_grant.id, class.id",
        ))
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

/// The permissions that staff were given anywhere in the school and have now or later, each once.
pub async fn of_staff(tx: &mut Tx, now: Moment) -> Result<Vec<(StaffId, Permission)>, Failure> {
    let rows: Vec<(StaffId, String)> = tx
        .query(
            "select distinct user.staff_id, access_grant.permission
            from access_grant
            join user on user.id = access_grant.user_id
            where user.staff_id is not null and access_grant.revoked_at is null
                and (access_grant.ends_at is null or access_grant.ends_at > ?)",
        )
        .bind(now)
        .all()
        .await?;
    let known = |(staff, word): (StaffId, String)| Some((staff, word.parse().ok()?));
    Ok(rows.into_iter().filter_map(known).collect())
}

/// A part of the school by its ids; `kind` says which of them there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromRow)]
pub struct Place {
    #[sqlx(rename = "scope")]
    pub kind: ScopeKind,
    #[sqlx(rename = "level_id")]
    pub level: Option<LevelId>,
    #[sqlx(rename = "grade_id")]
    pub grade: Option<GradeId>,
    #[sqlx(rename = "class_id")]
    pub class: Option<ClassId>,
    #[sqlx(rename = "offering_id")]
    pub offering: Option<OfferingId>,
}

/// A grant with the names of what it is about.
#[derive(Clone, Debug, FromRow)]
pub struct Row {
    pub id: GrantId,
    pub user_id: UserId,
    pub username: String,
    pub name: String,
    pub permission: Permission,
    pub scope: ScopeKind,
    pub scope_name: Option<String>,
    pub subject: Option<String>,
    pub starts_at: Moment,
    pub ends_at: Option<Moment>,
    pub reason: String,
    pub v: Version,
    pub given_by: String,
    pub revoked_at: Option<Moment>,
    pub revoked_by: Option<String>,
}

macro_rules! grant {
    ($rest:literal) => {
        concat!(
            "select access_grant.id, access_grant.user_id, user.username, user.name,
                access_grant.permission, access_grant.scope,
                coalesce(level.name, grade.name, class.name) as scope_name,
                subject.name as subject, access_grant.starts_at, access_grant.ends_at,
                access_grant.reason, access_grant.v, giver.username as given_by,
                access_grant.revoked_at, revoker.username as revoked_by
            from access_grant
            join user on user.id = access_grant.user_id
            join user giver on giver.id = access_grant.given_by
            left join user revoker on revoker.id = access_grant.revoked_by
            left join level on level.id = access_grant.level_id
            left join grade on grade.id = access_grant.grade_id
            left join class on class.id = access_grant.class_id
            left join offering on offering.id = access_grant.offering_id
            left join subject on subject.id = offering.subject_id ",
            $rest
        )
    };
}

/// Which grants.
#[derive(Clone, Copy, Debug)]
pub struct Filter {
    pub to: Option<UserId>,
    /// Only those that end before this moment.
    pub ending_before: Option<Moment>,
    /// Also those that are over or were taken back.
    pub past: bool,
    pub before: GrantId,
    pub limit: i64,
}

/// Grants, the newest first.
pub async fn list(db: &Db, filter: Filter, now: Moment) -> Result<Vec<Row>, Failure> {
    db.query(grant!(
        "where access_grant.id < ?
            and (? is null or access_grant.user_id = ?)
            and (? is null or access_grant.ends_at < ?)
            and (? or (access_grant.revoked_at is null
                and (access_grant.ends_at is null or access_grant.ends_at > ?)))
        order by access_grant.id desc
        limit ?"
    ))
    .bind(filter.before)
    .bind(filter.to)
    .bind(filter.to)
    .bind(filter.ending_before)
    .bind(filter.ending_before)
    .bind(filter.past)
    .bind(now)
    .bind(filter.limit)
    .all()
    .await
}

/// What tokens that are open were given and may have now.
pub async fn of_tokens(db: &Db, now: Moment) -> Result<Vec<Row>, Failure> {
    db.query(grant!(
        "where access_grant.user_id in (select session.user_id from session
                where session.kind = 'token' and session.ended_at is null and session.ends_at > ?)
            and access_grant.revoked_at is null
            and (access_grant.ends_at is null or access_grant.ends_at > ?)
        order by access_grant.id"
    ))
    .bind(now)
    .bind(now)
    .all()
    .await
}

/// One grant.
pub async fn one(tx: &mut Tx, grant: GrantId) -> Result<Option<Row>, Failure> {
    tx.query(grant!("where access_grant.id = ?"))
        .bind(grant)
        .optional()
        .await
}

/// A login that something is given to.
#[derive(Clone, Debug, FromRow)]
pub struct Receiver {
    pub id: UserId,
    pub username: String,
    pub name: String,
    pub state: String,
}

/// The logins of a name or of a staff number, both folded to lower case. What is the login of one
/// may be the number of another.
pub async fn receivers(on: impl Into<On<'_>>, text: &str) -> Result<Vec<Receiver>, Failure> {
    on.into()
        .query(
            "select user.id, user.username, user.name, user.state
            from (select id from user where username = ?
                union select user.id from staff join user on user.staff_id = staff.id
                    where staff.staff_key = ?) meant
            join user on user.id = meant.id
            order by user.id",
        )
        .bind(text)
        .bind(text)
        .all()
        .await
}

/// Holds a login until the transaction ends; says whether it is active.
pub async fn hold_receiver(tx: &mut Tx, user: UserId) -> Result<bool, Failure> {
    let state: String = tx
        .query("select state from user where id = ? {lock}")
        .bind(user)
        .scalar()
        .await?;
    Ok(state == "active")
}

/// How many grants a login has that are not over.
pub async fn count(tx: &mut Tx, user: UserId, now: Moment) -> Result<i64, Failure> {
    tx.query(
        "select count(*) from access_grant
        where user_id = ? and revoked_at is null and (ends_at is null or ends_at > ?)",
    )
    .bind(user)
    .bind(now)
    .scalar()
    .await
}

/// A grant to make.
pub struct NewGrant<'a> {
    pub to: UserId,
    pub permission: Permission,
    pub place: Place,
    pub starts: Moment,
    pub ends: Option<Moment>,
    pub reason: &'a str,
    pub by: UserId,
    pub at: Moment,
}

pub async fn add(tx: &mut Tx, new: &NewGrant<'_>) -> Result<GrantId, Failure> {
    tx.query(
        "insert into access_grant (user_id, permission, scope, level_id, grade_id, class_id,
            offering_id, starts_at, ends_at, reason, given_at, given_by)
        values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(new.to)
    .bind(new.permission)
    .bind(new.place.kind)
    .bind(new.place.level)
    .bind(new.place.grade)
    .bind(new.place.class)
    .bind(new.place.offering)
    .bind(new.starts)
    .bind(new.ends)
    .bind(new.reason)
    .bind(new.at)
    .bind(new.by)
    .insert()
    .await
    .map(GrantId)
}

/// Sets another end, if the grant is still at version `v` and not taken back; says whether it was.
pub async fn set_end(
    tx: &mut Tx,
    grant: GrantId,
    v: Version,
    ends: Option<Moment>,
) -> Result<bool, Failure> {
    let rows = tx
        .query(
            "update access_grant set ends_at = ?, v = v + 1
            where id = ? and v = ? and revoked_at is null",
        )
        .bind(ends)
        .bind(grant)
        .bind(v)
        .execute()
        .await?;
    Ok(rows == 1)
}

/// Takes a grant back, if it is still at version `v`; says whether it was.
pub async fn revoke(
    tx: &mut Tx,
    grant: GrantId,
    v: Version,
    why: &str,
    (by, at): (UserId, Moment),
) -> Result<bool, Failure> {
    let rows = tx
        .query(
            "update access_grant set revoked_at = ?, revoked_by = ?, revoked_why = ?, v = v + 1
            where id = ? and v = ? and revoked_at is null",
        )
        .bind(at)
        .bind(by)
        .bind(why)
        .bind(grant)
        .bind(v)
        .execute()
        .await?;
    Ok(rows == 1)
}
