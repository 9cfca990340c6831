//! The commands about permissions that are given for a time, and asked for.

use chrono::DateTime;
use clap::{Args, Subcommand};
use hillview_shared::ApiError;
use hillview_shared::accounts::Permission;
use hillview_shared::grants::{
    AccessRequest, DecideRequest, ExtendGrant, GiveGrant, Grant, GrantState, ListGrants,
    ListRequests, RequestAccess, RequestState, RevokeGrant, Scope, ScopeKind,
};
use hillview_shared::ids::{GrantId, Moment, RequestId};
use serde::Serialize;

use super::connection::{Session, ask};
use super::output::{self, Column, Outcome};
use super::{Context, one_of};

#[derive(Subcommand)]
pub enum Command {
    List(List),
    Give(Give),
    Extend(Extend),
    Revoke(Revoke),
    Request(Request),
    Requests(Requests),
    Approve(Approve),
    Deny(Deny),
    Withdraw(Withdraw),
}

/// List what was given: everything for those who manage grants, your own otherwise
#[derive(Args)]
#[command(before_help = "\
Examples:
  hillview grants list
  hillview grants list --ending-soon
  hillview grants list --to akinyi --past --format csv")]
pub struct List {
    /// Only what this login or member of staff was given
    #[arg(long, value_name = "WHO")]
    to: Option<String>,
    /// Only what ends within seven days
    #[arg(long)]
    ending_soon: bool,
    /// Also what is over or was taken back
    #[arg(long)]
    past: bool,
}

/// On which part of the school.
#[derive(Args)]
#[group(required = true)]
pub struct Part {
    /// On the whole school
    #[arg(long, conflicts_with_all = ["level", "grade", "class", "subject"])]
    whole_school: bool,
    /// On the classes of this level
    #[arg(long, conflicts_with_all = ["grade", "class", "subject"])]
    level: Option<String>,
    /// On the classes of this grade
    #[arg(long, conflicts_with_all = ["class", "subject"])]
    grade: Option<String>,
    /// On this class
    #[arg(long)]
    class: Option<String>,
    /// On this subject of the class only
    #[arg(long, requires = "class")]
    subject: Option<String>,
}

/// For how long.
#[derive(Args)]
#[group(required = true, multiple = false)]
pub struct HowLong {
    /// For so many days: 1, 3, 7, 14, 30, 90, 180 or 365
    #[arg(long)]
    days: Option<u16>,
    /// Without an end
    #[arg(long)]
    no_end: bool,
}

/// Give somebody a permission on a part of the school
#[derive(Args)]
#[command(before_help = "\
Examples:
  hillview grants give akinyi marks.enter --class '4 East' --subject MAT --days 7 --reason 'Mr Otieno is ill'
  hillview grants give grace marks.unlock --grade 'Grade 8' --days 1 --reason 'remarking after appeal'
  hillview grants give mutua export.bulk --whole-school --days 30 --reason census --starts 2026-09-01T06:00:00+03:00")]
pub struct Give {
    /// The login's name or the staff number
    #[arg(value_name = "WHO")]
    to: String,
    /// What is allowed
    #[arg(value_parser = one_of(Permission::ALL, Permission::word))]
    permission: Permission,
    #[command(flatten)]
    part: Part,
    #[command(flatten)]
    how_long: HowLong,
    /// From this moment on, with its offset from UTC; at once when not said
    #[arg(long, value_name = "TIME", value_parser = moment)]
    starts: Option<Moment>,
    /// Why
    #[arg(long)]
    reason: String,
}

/// Give a grant more time, from its end on, or from now when it is over
#[derive(Args)]
#[command(before_help = "\
Examples:
  hillview grants extend 12 --days 7")]
pub struct Extend {
    /// The grant's number
    #[arg(value_name = "GRANT")]
    id: i64,
    #[command(flatten)]
    how_long: HowLong,
}

/// Take a grant back, at once
#[derive(Args)]
#[command(before_help = "\
Examples:
  hillview grants revoke 12
  hillview grants revoke 12 --reason 'Mr Otieno is back' --yes")]
pub struct Revoke {
    /// The grant's number
    #[arg(value_name = "GRANT")]
    id: i64,
    /// Why
    #[arg(long, default_value = "")]
    reason: String,
}

/// Ask for a permission on a part of the school
#[derive(Args)]
#[command(before_help = "\
Examples:
  hillview grants request marks.enter --class '4 East' --subject MAT --days 7 --reason 'I stand in for Mr Otieno'")]
pub struct Request {
    /// What is asked for
    #[arg(value_parser = one_of(Permission::ALL, Permission::word))]
    permission: Permission,
    #[command(flatten)]
    part: Part,
    #[command(flatten)]
    how_long: HowLong,
    /// Why
    #[arg(long)]
    reason: String,
}

/// List requests: everybody's for those who decide, your own otherwise
#[derive(Args)]
#[command(before_help = "\
Examples:
  hillview grants requests
  hillview grants requests --decided --format json")]
pub struct Requests {
    /// Also those that were decided
    #[arg(long)]
    decided: bool,
}

/// Approve a request, which gives what was asked for
#[derive(Args)]
#[command(before_help = "\
Examples:
  hillview grants approve 5")]
pub struct Approve {
    /// The request's number
    #[arg(value_name = "REQUEST")]
    id: i64,
    /// A word to whoever asked
    #[arg(long, default_value = "")]
    reason: String,
}

/// Deny a request
#[derive(Args)]
#[command(before_help = "\
Examples:
  hillview grants deny 5 --reason 'Mr Otieno is back tomorrow'")]
pub struct Deny {
    /// The request's number
    #[arg(value_name = "REQUEST")]
    id: i64,
    /// Why
    #[arg(long)]
    reason: String,
}

/// Withdraw a request of your own
#[derive(Args)]
#[command(before_help = "\
Examples:
  hillview grants withdraw 5")]
pub struct Withdraw {
    /// The request's number
    #[arg(value_name = "REQUEST")]
    id: i64,
}

/// A grant as printed.
#[derive(Serialize)]
struct Row {
    id: i64,
    username: String,
    name: String,
    permission: Permission,
    scope: String,
    scope_kind: ScopeKind,
    starts: String,
    ends: Option<String>,
    state: GrantState,
    reason: String,
    given_by: String,
    revoked_by: Option<String>,
}

const COLUMNS: &[Column] = &[
    ("id", "GRANT"),
    ("username", "WHO"),
    ("name", ""),
    ("permission", "MAY"),
    ("scope", "ON"),
    ("scope_kind", ""),
    ("starts", ""),
    ("ends", "UNTIL"),
    ("state", "STATE"),
    ("reason", "WHY"),
    ("given_by", "BY"),
    ("revoked_by", ""),
];

impl From<Grant> for Row {
    fn from(grant: Grant) -> Self {
        Self {
            id: grant.id.0,
            username: grant.username,
            name: grant.name,
            permission: grant.permission,
            scope: grant.scope.to_string(),
            scope_kind: grant.scope.kind,
            starts: grant.starts.to_string(),
            ends: grant.ends.map(|ends| ends.to_string()),
            state: grant.state,
            reason: grant.reason,
            given_by: grant.given_by,
            revoked_by: grant.revoked_by,
        }
    }
}

/// A request as printed.
#[derive(Serialize)]
struct Asked {
    id: i64,
    username: String,
    name: String,
    permission: Permission,
    scope: String,
    scope_kind: ScopeKind,
    days: Option<u16>,
    reason: String,
    at: String,
    state: RequestState,
    decided_by: Option<String>,
    answer: Option<String>,
}

const ASKED: &[Column] = &[
    ("id", "REQUEST"),
    ("username", "WHO"),
    ("name", ""),
    ("permission", "FOR"),
    ("scope", "ON"),
    ("scope_kind", ""),
    ("days", "DAYS"),
    ("reason", "WHY"),
    ("at", ""),
    ("state", "STATE"),
    ("decided_by", "BY"),
    ("answer", "ANSWER"),
];

impl From<AccessRequest> for Asked {
    fn from(request: AccessRequest) -> Self {
        Self {
            id: request.id.0,
            username: request.username,
            name: request.name,
            permission: request.permission,
            scope: request.scope.to_string(),
            scope_kind: request.scope.kind,
            days: request.days,
            reason: request.reason,
            at: request.at.to_string(),
            state: request.state,
            decided_by: request.decided_by,
            answer: request.answer,
        }
    }
}

pub async fn run(command: Command, context: &Context) -> Result<Outcome, ApiError> {
    let format = context.settings.format;
    let session = Session::open(context).await?;
    match command {
        Command::List(which) => output::list(format, COLUMNS, &list(&session, which).await?)?,
        Command::Give(give) => {
            let grant = ask!(session, give_grant(give.request()))?;
            output::one(format, COLUMNS, &Row::from(grant))?;
        }
        Command::Extend(extend) => {
            let request = ExtendGrant {
                grant: GrantId(extend.id),
                days: extend.how_long.days,
            };
            let grant = ask!(session, extend_grant(request))?;
            output::one(format, COLUMNS, &Row::from(grant))?;
        }
        Command::Revoke(revoke) => {
            let question = format!("take the grant {} back?", revoke.id);
            context.confirm(&question).await?;
            let request = RevokeGrant {
                grant: GrantId(revoke.id),
                reason: revoke.reason,
            };
            let grant = ask!(session, revoke_grant(request))?;
            output::one(format, COLUMNS, &Row::from(grant))?;
        }
        Command::Request(request) => {
            let asked = ask!(session, request_access(request.request()))?;
            output::one(format, ASKED, &Asked::from(asked))?;
        }
        Command::Requests(which) => {
            output::list(format, ASKED, &requests(&session, &which).await?)?;
        }
        Command::Approve(Approve { id, reason }) => {
            decide(&session, context, (id, RequestState::Approved, reason)).await?;
        }
        Command::Deny(Deny { id, reason }) => {
            decide(&session, context, (id, RequestState::Denied, reason)).await?;
        }
        Command::Withdraw(Withdraw { id }) => {
            let decision = (id, RequestState::Withdrawn, String::new());
            decide(&session, context, decision).await?;
        }
    }
    Ok(Outcome::Done)
}

async fn list(session: &Session, which: List) -> Result<Vec<Row>, ApiError> {
    let mut request = ListGrants {
        to: which.to,
        ending_soon: which.ending_soon,
        past: which.past,
        after: None,
        limit: 200,
    };
    let mut rows = Vec::new();
    loop {
        let page = ask!(session, list_grants(request.clone()))?;
        rows.extend(page.rows.into_iter().map(Row::from));
        if page.next.is_none() {
            return Ok(rows);
        }
        request.after = page.next;
    }
}

async fn requests(session: &Session, which: &Requests) -> Result<Vec<Asked>, ApiError> {
    let mut request = ListRequests {
        decided: which.decided,
        after: None,
        limit: 200,
    };
    let mut rows = Vec::new();
    loop {
        let page = ask!(session, list_requests(request.clone()))?;
        rows.extend(page.rows.into_iter().map(Asked::from));
        if page.next.is_none() {
            return Ok(rows);
        }
        request.after = page.next;
    }
}

async fn decide(
    session: &Session,
    context: &Context,
    (id, decision, answer): (i64, RequestState, String),
) -> Result<(), ApiError> {
    let request = DecideRequest {
        request: RequestId(id),
        decision,
        answer,
    };
    let decided = ask!(session, decide_request(request))?;
    output::one(context.settings.format, ASKED, &Asked::from(decided))
}

impl Give {
    fn request(self) -> GiveGrant {
        GiveGrant {
            to: self.to,
            permission: self.permission,
            scope: self.part.scope(),
            starts: self.starts,
            days: self.how_long.days,
            reason: self.reason,
        }
    }
}

impl Request {
    fn request(self) -> RequestAccess {
        RequestAccess {
            permission: self.permission,
            scope: self.part.scope(),
            days: self.how_long.days,
            reason: self.reason,
        }
    }
}

impl Part {
    fn scope(self) -> Scope {
        let (kind, name) = match (self.level, self.grade, self.class) {
            (Some(level), _, _) => (ScopeKind::Level, Some(level)),
            (_, Some(grade), _) => (ScopeKind::Grade, Some(grade)),
            (_, _, Some(class)) if self.subject.is_some() => (ScopeKind::Subject, Some(class)),
            (_, _, Some(class)) => (ScopeKind::Class, Some(class)),
            (None, None, None) => (ScopeKind::School, None),
        };
        Scope {
            kind,
            name,
            subject: self.subject,
        }
    }
}

/// A moment as RFC 3339 writes it, such as `2026-09-01T06:00:00+03:00`.
fn moment(text: &str) -> Result<Moment, String> {
    let time = DateTime::parse_from_rfc3339(text).map_err(|error| error.to_string())?;
    Ok(Moment(time.timestamp_micros()))
}
