//! The commands of a platform administrator, who logs in with `platform` as the school.

use clap::{Args, Subcommand};
use hillview_shared::ApiError;
use hillview_shared::schools::{
    AddSchool, ExportSchool, ListSchools, RemoveSchool, RenameSchool, SchoolEntry, SuspendSchool,
};
use serde::Serialize;

use super::Context;
use super::connection::{Session, ask};
use super::output::{self, Column, Outcome};

#[derive(Subcommand)]
pub enum Command {
    /// List the schools of the installation
    #[command(before_help = "\
Examples:
  hillview schools list
  hillview schools list --format json")]
    List,
    Add(Add),
    Suspend(Suspend),
    Rename(Rename),
    /// Write all that a school has into a file beside the server's data
    ///
    /// Whoever runs the server hands it over. Passwords, tokens and second factors are left out.
    #[command(before_help = "\
Examples:
  hillview schools export kilimani
  hillview schools export kilimani --format json")]
    Export(Which),
    Remove(Remove),
}

#[derive(Args)]
pub struct Which {
    /// The code of the school
    #[arg(value_name = "SCHOOL")]
    code: String,
}

/// Make a school with its first login; prints a password that works once
#[derive(Args)]
#[command(before_help = "\
Examples:
  hillview schools add kilimani 'Kilimani Primary' --admin asha
  hillview schools add kilimani 'Kilimani Primary' --admin asha --pack ke-cbe --format json")]
pub struct Add {
    /// The code that people give when they log in: 2 to 20 of a-z, 0-9 and dash
    #[arg(value_name = "SCHOOL")]
    code: String,
    /// The name as it stands on every screen
    name: String,
    /// The first login, which sets the school up
    #[arg(long, value_name = "LOGIN")]
    admin: String,
    /// The country pack to begin with
    #[arg(long, default_value = "ke-cbe")]
    pack: String,
}

/// Let nobody into a school any more, also those who are in; its data stay
#[derive(Args)]
#[command(before_help = "\
Examples:
  hillview schools suspend kilimani
  hillview schools suspend kilimani --yes
  hillview schools suspend kilimani --undo")]
pub struct Suspend {
    /// The code of the school
    #[arg(value_name = "SCHOOL")]
    code: String,
    /// Open the school again
    #[arg(long)]
    undo: bool,
}

/// Give a school another name; its code stays
#[derive(Args)]
#[command(before_help = "\
Examples:
  hillview schools rename kilimani 'Kilimani Primary School'")]
pub struct Rename {
    /// The code of the school
    #[arg(value_name = "SCHOOL")]
    code: String,
    /// The new name
    name: String,
}

/// Remove a suspended school with all that it has, for good; its exports stay
#[derive(Args)]
#[command(before_help = "\
Examples:
  hillview schools remove kilimani
  hillview schools remove kilimani --confirm='Kilimani Primary'")]
pub struct Remove {
    /// The code of the school
    #[arg(value_name = "SCHOOL")]
    code: String,
    /// The name of the school, to show that it is meant; asked for without it
    #[arg(long, value_name = "NAME")]
    confirm: Option<String>,
}

#[derive(Serialize)]
struct Row {
    code: String,
    name: String,
    state: String,
    created: String,
    /// The first login.
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    one_time_password: Option<String>,
}

const COLUMNS: &[Column] = &[
    ("code", "SCHOOL"),
    ("name", "NAME"),
    ("state", "STATE"),
    ("created", "MADE"),
    ("username", "LOGIN"),
    ("one_time_password", "ONE-TIME PASSWORD"),
];

const EXPORTED: &[Column] = &[
    ("file", "FILE"),
    ("rows", "ROWS"),
    ("bytes", "BYTES"),
    ("sha256", "SHA-256"),
];

fn row(school: SchoolEntry, one_time_password: Option<String>) -> Row {
    Row {
        code: school.code,
        name: school.name,
        state: school.state,
        created: school.created.utc().format("%Y-%m-%d").to_string(),
        username: None,
        one_time_password,
    }
}

pub async fn run(command: Command, context: &Context) -> Result<Outcome, ApiError> {
    let format = context.settings.format;
    let session = Session::open(context).await?;
    let school = match command {
        Command::List => return list(&session, context).await,
        Command::Add(add) => {
            let request = AddSchool {
                code: add.code,
                name: add.name,
                pack: add.pack,
                admin: add.admin,
            };
            let username = request.admin.clone();
            let added = ask!(session, add_school(request))?;
            let mut row = row(added.school, Some(added.one_time_password));
            row.username = Some(username);
            let printed = output::one(format, COLUMNS, &row);
            output::shown_once(
                printed,
                "remove the school and add it again: nobody has logged in to it yet",
            )?;
            return Ok(Outcome::Done);
        }
        Command::Suspend(Suspend { code, undo }) => {
            if !undo {
                let question = format!("let nobody into {code} any more, also those who are in?");
                context.confirm(&question).await?;
            }
            ask!(session, suspend_school(SuspendSchool { code, undo }))?
        }
        Command::Rename(Rename { code, name }) => {
            ask!(session, rename_school(RenameSchool { code, name }))?
        }
        Command::Export(Which { code }) => {
            let exported = ask!(session, export_school(ExportSchool { code }))?;
            output::one(format, EXPORTED, &exported)?;
            return Ok(Outcome::Done);
        }
        Command::Remove(Remove { code, confirm }) => {
            let confirm = match confirm {
                Some(name) => name,
                None => {
                    if context.can_ask() {
                        output::say("this removes the school with all that it has, for good");
                    }
                    context.ask_for("name of the school", "--confirm").await?
                }
            };
            let removed = format!("{code} is removed");
            ask!(session, remove_school(RemoveSchool { code, confirm }))?;
            output::say(&removed);
            return Ok(Outcome::Done);
        }
    };
    output::one(format, &COLUMNS[..4], &row(school, None))?;
    Ok(Outcome::Done)
}

async fn list(session: &Session, context: &Context) -> Result<Outcome, ApiError> {
    let mut rows = Vec::new();
    let mut after = None;
    loop {
        let request = ListSchools {
            after: after.clone(),
            limit: 200,
        };
        let page = ask!(session, list_schools(request))?;
        rows.extend(page.rows.into_iter().map(|school| row(school, None)));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    output::list(context.settings.format, &COLUMNS[..4], &rows)?;
    Ok(Outcome::Done)
}
