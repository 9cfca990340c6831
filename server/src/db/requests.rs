//! Requests for permissions.

use hillview_shared::accounts::Permission;
use hillview_shared::grants::RequestState;
use hillview_shared::ids::{GrantId, Moment, RequestId, UserId};
use sqlx::FromRow;

use super::grants::Place;
use super::{Db, Failure, Tx};

/// A request with the names of what it is about.
#[derive(Clone, Debug, FromRow)]
pub struct Row {
    pub id: RequestId,
    pub user_id: UserId,
    pub username: String,
    pub name: String,
    pub permission: Permission,
    #[sqlx(flatten)]
    pub place: Place,
    pub scope_name: Option<String>,
    pub subject: Option<String>,
    pub days: Option<i32>,
    pub reason: String,
    pub state: RequestState,
    pub requested_at: Moment,
    pub decided_by: Option<String>,
    pub answer: Option<String>,
}

macro_rules! request {
    ($rest:literal) => {
        concat!(
            "select access_request.id, access_request.user_id, user.username, user.name,
                access_request.permission, access_request.scope, access_request.level_id,
                access_request.grade_id, access_request.class_id, access_request.offering_id,
                coalesce(level.name, grade.name, class.name) as scope_name,
                subject.name as subject, access_request.days, access_request.reason,
                access_request.state, access_request.requested_at,
                decider.username as decided_by, access_request.answer
            from access_request
            join user on user.id = access_request.user_id
            left join user decider on decider.id = access_request.decided_by
            left join level on level.id = access_request.level_id
            left join grade on grade.id = access_request.grade_id
            left join class on class.id = access_request.class_id
            left join offering on offering.id = access_request.offering_id
            left join subject on subject.id = offering.subject_id ",
            $rest
        )
    };
}

/// Which requests.
#[derive(Clone, Copy, Debug)]
pub struct Filter {
    pub by: Option<UserId>,
    /// Also those that were decided.
    pub decided: bool,
    pub before: RequestId,
    pub limit: i64,
}

/// Requests, the newest first.
pub async fn list(db: &Db, filter: Filter) -> Result<Vec<Row>, Failure> {
    db.query(request!(
        "where access_request.id < ?
            and (? is null or access_request.user_id = ?)
            and (? or access_request.state = 'open')
        order by access_request.id desc
        limit ?"
    ))
    .bind(filter.before)
    .bind(filter.by)
    .bind(filter.by)
    .bind(filter.decided)
    .bind(filter.limit)
    .all()
    .await
}

/// One request.
pub async fn one(tx: &mut Tx, request: RequestId) -> Result<Option<Row>, Failure> {
    tx.query(request!("where access_request.id = ?"))
        .bind(request)
        .optional()
        .await
}

/// Holds a request until the transaction ends, so that it is decided once.
pub async fn hold(tx: &mut Tx, request: RequestId) -> Result<(), Failure> {
    let _: Option<(i64,)> = tx
        .query("select id from access_request where id = ? {lock}")
        .bind(request)
        .optional()
        .await?;
    Ok(())
}

/// How many requests of a login nobody has decided.
pub async fn count(tx: &mut Tx, user: UserId) -> Result<i64, Failure> {
    tx.query("select count(*) from access_request where user_id = ? and state = 'open'")
        .bind(user)
        .scalar()
        .await
}

/// A request to make.
pub struct NewRequest<'a> {
    pub by: UserId,
    pub permission: Permission,
    pub place: Place,
    pub days: Option<u16>,
    pub reason: &'a str,
    pub at: Moment,
}

pub async fn add(tx: &mut Tx, new: &NewRequest<'_>) -> Result<RequestId, Failure> {
    tx.query(
        "insert into access_request (user_id, permission, scope, level_id, grade_id, class_id,
            offering_id, days, reason, state, requested_at)
        values (?, ?, ?, ?, ?, ?, ?, ?, ?, 'open', ?)",
    )
    .bind(new.by)
    .bind(new.permission)
    .bind(new.place.kind)
    .bind(new.place.level)
    .bind(new.place.grade)
    .bind(new.place.class)
    .bind(new.place.offering)
    .bind(new.days.map(i32::from))
    .bind(new.reason)
    .bind(new.at)
    .insert()
    .await
    .map(RequestId)
}

/// What became of a request.
pub struct Decision<'a> {
    pub state: RequestState,
    pub by: UserId,
    pub at: Moment,
    pub answer: Option<&'a str>,
    pub grant: Option<GrantId>,
}

/// Decides a request that is held and open.
pub async fn decide(
    tx: &mut Tx,
    request: RequestId,
    decision: &Decision<'_>,
) -> Result<(), Failure> {
    tx.query(
        "update access_request set state = ?, decided_by = ?, decided_at = ?, answer = ?,
            grant_id = ?
        where id = ?",
    )
    .bind(decision.state)
    .bind(decision.by)
    .bind(decision.at)
    .bind(decision.answer)
    .bind(decision.grant)
    .bind(request)
    .execute()
    .await?;
    Ok(())
}
