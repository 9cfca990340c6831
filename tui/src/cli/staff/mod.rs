//! The commands about staff and their logins.

mod passwords;

use clap::{Args, Subcommand};
use hillview_shared::ApiError;
use hillview_shared::accounts::RoleCode;
use hillview_shared::staff::{AddStaff, DisableStaff, EditStaff, ListStaff, Staff, StaffState};
use serde::Serialize;

use super::connection::{Session, ask};
use super::output::{self, Column, Outcome};
use super::{Context, imports, teaching};
use crate::config::Format;

/// Rows of a page that is asked for.
const PAGE: u16 = 200;

#[derive(Subcommand)]
pub enum Command {
    List(List),
    Show(Show),
    Add(Add),
    Edit(Edit),
    Disable(Disable),
    ResetPassword(passwords::Reset),
    ResetSecondFactor(passwords::ResetSecondFactor),
    IssuePasswords(passwords::Issue),
    Import(imports::Staff),
    Assign(teaching::Assign),
    AssignMany(teaching::AssignMany),
}

/// List the staff by name, or search them
#[derive(Args)]
#[command(before_help = "\
Examples:
  hillview staff list
  hillview staff list --search odhi
  hillview staff list --all --format csv > staff.csv")]
pub struct List {
    /// Only whose name, login or number has words that begin so
    #[arg(long, value_name = "TEXT", default_value = "")]
    search: String,
    /// Also those who are disabled
    #[arg(long)]
    all: bool,
}

/// Show a member of staff and what they teach
#[derive(Args)]
#[command(before_help = "\
Examples:
  hillview staff show akinyi
  hillview staff show TSC/4711 --format json")]
pub struct Show {
    /// The login's name or the staff number
    #[arg(value_name = "WHO")]
    staff: String,
}

/// Add a member of staff with a login; prints a password that works once, for a week
#[derive(Args)]
#[command(before_help = "\
Examples:
  hillview staff add --number TSC/4711 --name 'Akinyi Odhiambo' --username akinyi --role teacher
  hillview staff add --number 12 --name 'Grace Njeri' --username grace --role registrar --role teacher")]
pub struct Add {
    /// The staff number
    #[arg(long, value_name = "NUMBER")]
    number: String,
    /// The full name
    #[arg(long)]
    name: String,
    /// The name to log in with
    #[arg(long, value_name = "LOGIN")]
    username: String,
    /// What the login is; may be given several times
    #[arg(long = "role", value_name = "ROLE", required = true)]
    roles: Vec<String>,
}

/// Change a member of staff; what is not named stays
///
/// Other roles end the sessions of the login, so they are asked about.
#[derive(Args)]
#[command(before_help = "\
Examples:
  hillview staff edit akinyi --name 'Akinyi Odhiambo Were'
  hillview staff edit akinyi --role teacher --role registrar --yes")]
pub struct Edit {
    /// The login's name or the staff number
    #[arg(value_name = "WHO")]
    staff: String,
    #[command(flatten)]
    changes: Changes,
}

#[derive(Args)]
#[group(required = true, multiple = true)]
struct Changes {
    /// A new name
    #[arg(long)]
    name: Option<String>,
    /// A new staff number
    #[arg(long, value_name = "NUMBER")]
    number: Option<String>,
    /// All that the login is from now on; may be given several times
    #[arg(long = "role", value_name = "ROLE")]
    roles: Vec<String>,
}

/// Shut a member of staff out at once, or let them in again
///
/// What they did stays under their name.
#[derive(Args)]
#[command(before_help = "\
Examples:
  hillview staff disable akinyi --reason 'moved to another school'
  hillview staff disable akinyi --undo")]
pub struct Disable {
    /// The login's name or the staff number
    #[arg(value_name = "WHO")]
    staff: String,
    /// Let them in again
    #[arg(long)]
    undo: bool,
    /// Why, for the audit log
    #[arg(long, value_name = "WHY", default_value = "")]
    reason: String,
}

#[derive(Serialize)]
struct Row {
    staff_no: String,
    name: String,
    username: Option<String>,
    roles: Vec<RoleCode>,
    state: StaffState,
    last_seen: Option<String>,
    second_factor: bool,
    id: i64,
}

const COLUMNS: &[Column] = &[
    ("staff_no", "NUMBER"),
    ("name", "NAME"),
    ("username", "LOGIN"),
    ("roles", "ROLES"),
    ("state", "STATE"),
    ("last_seen", "LAST SEEN"),
    ("second_factor", "SECOND FACTOR"),
    ("id", ""),
];

impl From<Staff> for Row {
    fn from(staff: Staff) -> Self {
        Self {
            staff_no: staff.staff_no,
            name: staff.name,
            username: staff.username,
            roles: staff.roles,
            state: staff.state,
            last_seen: staff.last_seen.map(|seen| seen.to_string()),
            second_factor: staff.second_factor,
            id: staff.id.0,
        }
    }
}

/// Somebody new, with the password that is shown this once.
#[derive(Serialize)]
struct Added {
    #[serde(flatten)]
    staff: Row,
    one_time_password: String,
    password_ends: Option<String>,
}

const ADDED: &[Column] = &[
    ("staff_no", "NUMBER"),
    ("name", "NAME"),
    ("username", "LOGIN"),
    ("id", ""),
    ("one_time_password", "ONE-TIME PASSWORD"),
    ("password_ends", "GOOD UNTIL"),
];

/// One member of staff with all that they teach.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    staff: Row,
    teaching: Vec<teaching::Row>,
}

pub async fn run(command: Command, context: &Context) -> Result<Outcome, ApiError> {
    match command {
        Command::List(list) => {
            let session = Session::open(context).await?;
            let rows = everyone(&session, &list.search, list.all).await?;
            let rows: Vec<Row> = rows.into_iter().map(Row::from).collect();
            output::list(context.settings.format, COLUMNS, &rows)?;
            Ok(Outcome::Done)
        }
        Command::Show(show) => self::show(&show.staff, context).await,
        Command::Add(add) => self::add(add, context).await,
        Command::Edit(edit) => self::edit(edit, context).await,
        Command::Disable(disable) => self::disable(disable, context).await,
        Command::ResetPassword(reset) => passwords::reset(reset, context).await,
        Command::ResetSecondFactor(reset) => passwords::reset_second_factor(reset, context).await,
        Command::IssuePasswords(issue) => passwords::issue(issue, context).await,
        Command::Import(import) => imports::staff(import, context).await,
        Command::Assign(assign) => teaching::assign(assign, context).await,
        Command::AssignMany(assign) => teaching::assign_many(assign, context).await,
    }
}

/// All pages of a list.
async fn everyone(session: &Session, search: &str, all: bool) -> Result<Vec<Staff>, ApiError> {
    let mut rows = Vec::new();
    let mut after = None;
    loop {
        let request = ListStaff {
            search: search.to_owned(),
            disabled: all,
            after,
            limit: PAGE,
        };
        let page = ask!(session, list_staff(request))?;
        rows.extend(page.rows);
        after = page.next;
        if after.is_none() {
            return Ok(rows);
        }
    }
}

async fn show(who: &str, context: &Context) -> Result<Outcome, ApiError> {
    let session = Session::open(context).await?;
    let key = who.trim().to_lowercase();
    let found = everyone(&session, who, true).await?;
    let is = |staff: &Staff| {
        staff.username.as_ref() == Some(&key) || staff.staff_no.to_lowercase() == key
    };
    let staff = found.into_iter().find(is).ok_or_else(|| {
        let message = format!("no member of staff has the login or number {who:?}");
        ApiError::new(hillview_shared::Kind::NotFound, "unknown-staff", message)
            .hint("hillview staff list shows those there are")
    })?;
    let taught = teaching::of_staff(&session, who).await?;
    let shown = Shown {
        staff: staff.into(),
        teaching: taught,
    };
    match context.settings.format {
        Format::Json => output::write(output::json(&shown)?.as_bytes())?,
        format => {
            output::one(format, COLUMNS, &shown.staff)?;
            if format == Format::Table {
                output::part(teaching::COLUMNS, &shown.teaching)?;
            }
        }
    }
    Ok(Outcome::Done)
}

async fn add(add: Add, context: &Context) -> Result<Outcome, ApiError> {
    let session = Session::open(context).await?;
    let request = AddStaff {
        staff_no: add.number,
        name: add.name,
        username: add.username,
        roles: codes(add.roles),
    };
    let added = ask!(session, add_staff(request))?;
    let row = Added {
        staff: added.staff.into(),
        one_time_password: added.one_time_password,
        password_ends: added.ends.map(|ends| ends.to_string()),
    };
    let printed = output::one(context.settings.format, ADDED, &row);
    output::shown_once(
        printed,
        "make another password: hillview staff reset-password",
    )?;
    Ok(Outcome::Done)
}

async fn edit(edit: Edit, context: &Context) -> Result<Outcome, ApiError> {
    let session = Session::open(context).await?;
    let changes = edit.changes;
    if !changes.roles.is_empty() {
        let question = format!(
            "make {} {} and nothing else, and end their sessions?",
            edit.staff,
            changes.roles.join(", ")
        );
        context.confirm(&question).await?;
    }
    let request = EditStaff {
        staff: edit.staff,
        name: changes.name,
        staff_no: changes.number,
        roles: (!changes.roles.is_empty()).then(|| codes(changes.roles)),
    };
    let staff = ask!(session, edit_staff(request))?;
    output::one(context.settings.format, COLUMNS, &Row::from(staff))?;
    Ok(Outcome::Done)
}

async fn disable(disable: Disable, context: &Context) -> Result<Outcome, ApiError> {
    let session = Session::open(context).await?;
    if !disable.undo {
        let question = format!("shut {} out, and end their sessions?", disable.staff);
        context.confirm(&question).await?;
    }
    let request = DisableStaff {
        staff: disable.staff,
        undo: disable.undo,
        reason: disable.reason,
    };
    let staff = ask!(session, disable_staff(request))?;
    output::one(context.settings.format, COLUMNS, &Row::from(staff))?;
    Ok(Outcome::Done)
}

fn codes(roles: Vec<String>) -> Vec<RoleCode> {
    roles.into_iter().map(RoleCode).collect()
}
