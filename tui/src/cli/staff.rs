//! The commands about staff and their logins.

use clap::{Args, Subcommand};
use hillview_shared::ApiError;
use hillview_shared::accounts::RoleCode;
use hillview_shared::staff::{AddStaff, Staff};
use hillview_shared::teaching::{AssignTeaching, TeachingRole};
use serde::Serialize;

use super::connection::{Session, ask};
use super::output::{self, Column, Outcome};
use super::{Context, one_of, teaching};

#[derive(Subcommand)]
pub enum Command {
    /// List the staff
    #[command(before_help = "\
Examples:
  hillview staff list
  hillview staff list --format csv")]
    List,
    Add(Add),
    Assign(Assign),
}

/// Add a member of staff with a login; prints a password that works once
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

/// Assign a member of staff to a class, from today
#[derive(Args)]
#[command(before_help = "\
Examples:
  hillview staff assign akinyi --class '4 East'                  (class teacher)
  hillview staff assign akinyi --class '4 East' --subject MAT    (subject teacher)
  hillview staff assign grace --class 5A --role deputy")]
pub struct Assign {
    /// The login's name or the staff number
    #[arg(value_name = "WHO")]
    staff: String,
    /// The class
    #[arg(long)]
    class: String,
    /// The subject, by code or name
    #[arg(long)]
    subject: Option<String>,
    /// In what capacity: with a subject, subject teacher; else class teacher
    #[arg(long, value_parser = one_of(TeachingRole::ALL, TeachingRole::word))]
    role: Option<TeachingRole>,
}

#[derive(Serialize)]
struct Row {
    staff_no: String,
    name: String,
    username: Option<String>,
    id: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    one_time_password: Option<String>,
}

const COLUMNS: &[Column] = &[
    ("staff_no", "NUMBER"),
    ("name", "NAME"),
    ("username", "LOGIN"),
    ("id", ""),
    ("one_time_password", "ONE-TIME PASSWORD"),
];

fn row(staff: Staff, one_time_password: Option<String>) -> Row {
    Row {
        staff_no: staff.staff_no,
        name: staff.name,
        username: staff.username,
        id: staff.id.0,
        one_time_password,
    }
}

pub async fn run(command: Command, context: &Context) -> Result<Outcome, ApiError> {
    let format = context.settings.format;
    let session = Session::open(context).await?;
    match command {
        Command::List => {
            let staff = ask!(
                session,
                list_staff(hillview_shared::staff::ListStaff::default())
            )?
            .rows;
            let rows: Vec<Row> = staff.into_iter().map(|staff| row(staff, None)).collect();
            output::list(format, &COLUMNS[..4], &rows)?;
        }
        Command::Add(add) => {
            let request = AddStaff {
                staff_no: add.number,
                name: add.name,
                username: add.username,
                roles: add.roles.into_iter().map(RoleCode).collect(),
            };
            let added = ask!(session, add_staff(request))?;
            let row = row(added.staff, Some(added.one_time_password));
            output::one(format, COLUMNS, &row)?;
        }
        Command::Assign(assign) => {
            let role = assign.role.unwrap_or(match assign.subject {
                Some(_) => TeachingRole::SubjectTeacher,
                None => TeachingRole::ClassTeacher,
            });
            let request = AssignTeaching {
                staff: assign.staff,
                class: assign.class,
                subject: assign.subject,
                role,
                starts: None,
                ends: None,
                replace: false,
            };
            let assigned = ask!(session, assign_teaching(request))?;
            output::one(format, teaching::COLUMNS, &teaching::Row::from(assigned))?;
        }
    }
    Ok(Outcome::Done)
}
