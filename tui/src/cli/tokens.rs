//! The tokens of scripts.

use clap::{Args, Subcommand};
use hillview_shared::accounts::Permission;
use hillview_shared::grants::{Scope, ScopeKind};
use hillview_shared::sessions::{AddToken, RevokeToken, TokenSummary};
use hillview_shared::{ApiError, Kind};
use serde::Serialize;

use super::connection::{Session, ask};
use super::output::{self, Column, Outcome, say};
use super::{Context, one_of};

#[derive(Subcommand)]
pub enum Command {
    /// List the tokens that are good
    #[command(before_help = "\
Examples:
  hillview tokens list
  hillview tokens list --format json")]
    List,
    Add(Add),
    Revoke(Revoke),
}

/// Make a token for a script; it is shown once
///
/// A script names the file that holds it in HILLVIEW_TOKEN_FILE and needs no login then. Keep the file to yourself:
/// chmod 600.
#[derive(Args)]
#[command(before_help = "\
Examples:
  hillview tokens add nightly-list --may students.read --days 90 --reason 'class lists for the library'
  hillview tokens add marks-in --may marks.enter --class '4 East' --subject MAT --days 30 --reason 'scanner'
  (umask 077; hillview tokens add t1 --may students.read --days 7 --reason test --format json | jq -r .secret >token)
  HILLVIEW_TOKEN_FILE=token hillview students list --format csv")]
pub struct Add {
    /// A name for the script: 2 to 40 of a-z, 0-9, dot, dash and underscore
    name: String,
    /// What it may do; may be given several times
    #[arg(long = "may", value_name = "PERMISSION", required = true,
        value_parser = one_of(Permission::ALL, Permission::word))]
    permissions: Vec<Permission>,
    /// In the classes of this level only
    #[arg(long, conflicts_with_all = ["grade", "class", "subject"])]
    level: Option<String>,
    /// In the classes of this grade only
    #[arg(long, conflicts_with_all = ["class", "subject"])]
    grade: Option<String>,
    /// In this class only
    #[arg(long)]
    class: Option<String>,
    /// In this subject of the class only
    #[arg(long, requires = "class")]
    subject: Option<String>,
    /// For how many days: 1 to 365
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=365))]
    days: u16,
    /// Why
    #[arg(long)]
    reason: String,
}

/// Revoke a token: it is dead at once, wherever it is used
#[derive(Args)]
#[command(before_help = "\
Examples:
  hillview tokens revoke nightly-list")]
pub struct Revoke {
    /// The token's name
    name: String,
}

#[derive(Serialize)]
struct Row {
    name: String,
    permissions: Vec<Permission>,
    scope: String,
    scope_kind: ScopeKind,
    made_by: String,
    created: String,
    last_seen: Option<String>,
    ends: String,
    id: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

const COLUMNS: &[Column] = &[
    ("name", "TOKEN"),
    ("permissions", "MAY"),
    ("scope", "ON"),
    ("scope_kind", ""),
    ("made_by", "BY"),
    ("created", ""),
    ("last_seen", "LAST USED"),
    ("ends", "UNTIL"),
    ("id", ""),
    ("secret", "SECRET"),
];

fn row(token: TokenSummary, secret: Option<String>) -> Row {
    Row {
        name: token.name,
        permissions: token.permissions,
        scope: token.scope.to_string(),
        scope_kind: token.scope.kind,
        made_by: token.made_by,
        created: token.created.to_string(),
        last_seen: token.last_seen.map(|seen| seen.to_string()),
        ends: token.ends.to_string(),
        id: token.id.0,
        secret,
    }
}

pub async fn run(command: Command, context: &Context) -> Result<Outcome, ApiError> {
    let format = context.settings.format;
    let session = Session::open(context).await?;
    match command {
        Command::List => {
            let tokens = ask!(session, list_tokens())?;
            let rows: Vec<Row> = tokens.into_iter().map(|token| row(token, None)).collect();
            output::list(format, &COLUMNS[..COLUMNS.len() - 1], &rows)?;
        }
        Command::Add(add) => {
            let request = AddToken {
                scope: scope(&add),
                name: add.name,
                permissions: add.permissions,
                days: add.days,
                reason: add.reason,
            };
            let added = ask!(session, add_token(request))?;
            let printed = output::one(format, COLUMNS, &row(added.token, Some(added.secret)));
            output::shown_once(
                printed,
                "revoke it and make another: hillview tokens revoke",
            )?;
            say("keep the secret in a file of your own (chmod 600): it is not shown again");
        }
        Command::Revoke(revoke) => {
            let wanted = revoke.name.trim().to_lowercase();
            let tokens = ask!(session, list_tokens())?;
            let token = tokens.into_iter().find(|token| token.name == wanted);
            let token = token.ok_or_else(|| {
                let text = format!("there is no token {wanted:?}");
                ApiError::new(Kind::NotFound, "unknown-token", text)
                    .hint("hillview tokens list shows those there are")
            })?;
            let question = format!("revoke {}? Scripts that use it stop at once", token.name);
            context.confirm(&question).await?;
            ask!(session, revoke_token(RevokeToken { token: token.id }))?;
            say(&format!("{} is revoked", token.name));
        }
    }
    Ok(Outcome::Done)
}

fn scope(add: &Add) -> Scope {
    let (kind, name) = match (&add.level, &add.grade, &add.class, &add.subject) {
        (Some(level), ..) => (ScopeKind::Level, level),
        (_, Some(grade), ..) => (ScopeKind::Grade, grade),
        (.., Some(class), Some(_)) => (ScopeKind::Subject, class),
        (.., Some(class), None) => (ScopeKind::Class, class),
        _ => return Scope::SCHOOL,
    };
    Scope {
        kind,
        name: Some(name.clone()),
        subject: add.subject.clone(),
    }
}
