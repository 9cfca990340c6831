//! The commands about roles and what they may do.

use clap::{Args, Subcommand};
use hillview_shared::accounts::{Permission, RoleCode};
use hillview_shared::ids::Version;
use hillview_shared::roles::{DropRole, RoleDetail, SaveRole};
use hillview_shared::{ApiError, Kind};
use serde::Serialize;

use super::connection::{Session, ask};
use super::output::{self, Column, Outcome};
use super::{Context, one_of};

#[derive(Subcommand)]
pub enum Command {
    /// List the roles of the school
    #[command(before_help = "\
Examples:
  hillview roles list
  hillview roles list --format json")]
    List,
    Show(Show),
    Save(Save),
    Drop(Drop),
}

/// Show what a role may do on the whole school
#[derive(Args)]
#[command(before_help = "\
Examples:
  hillview roles show registrar")]
pub struct Show {
    /// The role's code
    role: String,
}

/// Add a role, or change what it may do, at once for everybody who has it
///
/// A new one is made with --permission. Without it, what it may do stays, but for what is given and taken. Permissions on
/// marks, results, exports and rights can only be given by somebody who has them.
#[derive(Args)]
#[command(before_help = "\
Examples:
  hillview roles save exams-office --permission marks.read --permission assessments.write
  hillview roles save registrar --give export.bulk
  hillview roles save school-admin --take config.write --second-factor on --yes")]
pub struct Save {
    /// The role's code: 2 to 40 of a-z, 0-9 and dash
    role: String,
    /// All that it may do from now on; may be given several times
    #[arg(long = "permission", value_name = "PERMISSION", conflicts_with_all = ["give", "take"],
        value_parser = one_of(Permission::ALL, Permission::word), hide_possible_values = true)]
    permissions: Vec<Permission>,
    /// What it may do as well; may be given several times
    #[arg(long, value_name = "PERMISSION",
        value_parser = one_of(Permission::ALL, Permission::word))]
    give: Vec<Permission>,
    /// What it may do no more; may be given several times
    #[arg(long, value_name = "PERMISSION",
        value_parser = one_of(Permission::ALL, Permission::word), hide_possible_values = true)]
    take: Vec<Permission>,
    /// Whether its logins need a second factor; off for a new role
    #[arg(long, value_name = "ON", value_parser = ["on", "off"])]
    second_factor: Option<String>,
}

/// Drop a role that no login has
#[derive(Args)]
#[command(before_help = "\
Examples:
  hillview roles drop exams-office")]
pub struct Drop {
    /// The role's code
    role: String,
}

#[derive(Serialize)]
struct Row {
    code: RoleCode,
    logins: u32,
    second_factor: bool,
    built_in: bool,
    permissions: Vec<Permission>,
    version: i64,
}

const COLUMNS: &[Column] = &[
    ("code", "ROLE"),
    ("logins", "LOGINS"),
    ("second_factor", "SECOND FACTOR"),
    ("built_in", "BUILT IN"),
    ("permissions", "PERMISSIONS"),
    ("version", ""),
];

/// The same without what each may do, which is too long for a line.
const LISTED: &[Column] = &[
    ("code", "ROLE"),
    ("logins", "LOGINS"),
    ("second_factor", "SECOND FACTOR"),
    ("built_in", "BUILT IN"),
    ("permissions", ""),
    ("version", ""),
];

impl From<RoleDetail> for Row {
    fn from(role: RoleDetail) -> Self {
        Self {
            code: role.code,
            logins: role.logins,
            second_factor: role.second_factor,
            built_in: role.built_in,
            permissions: role.permissions,
            version: role.v.0,
        }
    }
}

pub async fn run(command: Command, context: &Context) -> Result<Outcome, ApiError> {
    let format = context.settings.format;
    let session = Session::open(context).await?;
    match command {
        Command::List => {
            let rows: Vec<Row> = all(&session).await?.into_iter().map(Row::from).collect();
            output::list(format, LISTED, &rows)?;
        }
        Command::Show(show) => {
            let role = find(&session, &show.role).await?;
            let role = role.ok_or_else(|| unknown(&show.role))?;
            output::one(format, COLUMNS, &Row::from(role))?;
        }
        Command::Save(save) => {
            let known = find(&session, &save.role).await?;
            if known.is_none() && save.permissions.is_empty() {
                return Err(unknown(&save.role)
                    .hint("a new role is made by all that it may do: --permission"));
            }
            let request = request(save, known.as_ref());
            if let Some(question) = takes(&request, known.as_ref()) {
                context.confirm(&question).await?;
            }
            let saved = ask!(session, save_role(request))?;
            output::one(format, COLUMNS, &Row::from(saved))?;
        }
        Command::Drop(drop) => {
            context
                .confirm(&format!("drop the role {}?", drop.role))
                .await?;
            let request = DropRole {
                code: RoleCode(drop.role),
            };
            ask!(session, drop_role(request))?;
        }
    }
    Ok(Outcome::Done)
}

async fn all(session: &Session) -> Result<Vec<RoleDetail>, ApiError> {
    ask!(session, list_roles())
}

async fn find(session: &Session, code: &str) -> Result<Option<RoleDetail>, ApiError> {
    let mut all = all(session).await?.into_iter();
    Ok(all.find(|role| role.code.0 == code))
}

/// What is sent, based on the role as it is.
fn request(save: Save, known: Option<&RoleDetail>) -> SaveRole {
    let (had, second_factor, v) = match known {
        Some(role) => (role.permissions.clone(), role.second_factor, role.v),
        None => (Vec::new(), false, Version(0)),
    };
    let mut permissions = match save.permissions.is_empty() {
        true => had,
        false => save.permissions,
    };
    permissions.extend(save.give);
    permissions.retain(|permission| !save.take.contains(permission));
    SaveRole {
        code: RoleCode(save.role),
        permissions,
        second_factor: save
            .second_factor
            .map_or(second_factor, |word| word == "on"),
        v,
    }
}

/// What is asked where those who have the role lose what they may do.
fn takes(wanted: &SaveRole, known: Option<&RoleDetail>) -> Option<String> {
    let had = known?.permissions.iter();
    let lost: Vec<&str> = had
        .filter(|one| !wanted.permissions.contains(one))
        .map(|one| one.word())
        .collect();
    (!lost.is_empty()).then(|| {
        let code = &wanted.code.0;
        format!("take {} from everybody who is {code}?", lost.join(", "))
    })
}

fn unknown(code: &str) -> ApiError {
    let message = format!("there is no role {code:?}");
    ApiError::new(Kind::NotFound, "unknown-role", message)
        .hint("hillview roles list shows those there are")
}
