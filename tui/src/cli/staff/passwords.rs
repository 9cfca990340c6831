//! New passwords for staff: shown once, or written into a file that nobody else can read.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use clap::Args;
use hillview_shared::ApiError;
use hillview_shared::staff::{IssuePasswords, OneTimePassword, WhichStaff};
use serde::Serialize;

use crate::cli::Context;
use crate::cli::connection::{Session, ask};
use crate::cli::output::{self, Column, Outcome, say, usage};
use crate::config::Format;

/// Give a member of staff a new password that works once, for a week
///
/// Their sessions end at once. The password is shown this once and cannot be read again.
#[derive(Args)]
#[command(before_help = "\
Examples:
  hillview staff reset-password akinyi
  hillview staff reset-password TSC/4711 --yes --format json")]
pub struct Reset {
    /// The login's name or the staff number
    #[arg(value_name = "WHO")]
    staff: String,
}

/// Take a member of staff's second factor away, when they have lost it
#[derive(Args)]
#[command(before_help = "\
Examples:
  hillview staff reset-second-factor akinyi")]
pub struct ResetSecondFactor {
    /// The login's name or the staff number
    #[arg(value_name = "WHO")]
    staff: String,
}

/// Give every login that never had a password one that works once, such as after an import
///
/// The passwords go into a new file that only you can read; they cannot be read again elsewhere.
#[derive(Args)]
#[command(before_help = "\
Examples:
  hillview staff issue-passwords --out passwords.csv
  hillview staff issue-passwords --out passwords.json --format json")]
pub struct Issue {
    /// The file to make, as CSV, or as JSON where that is the format
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Serialize)]
struct Row {
    username: String,
    one_time_password: String,
    password_ends: String,
}

const COLUMNS: &[Column] = &[
    ("username", "LOGIN"),
    ("one_time_password", "ONE-TIME PASSWORD"),
    ("password_ends", "GOOD UNTIL"),
];

impl From<OneTimePassword> for Row {
    fn from(given: OneTimePassword) -> Self {
        Self {
            username: given.username,
            one_time_password: given.password,
            password_ends: given.ends.to_string(),
        }
    }
}

pub async fn reset(reset: Reset, context: &Context) -> Result<Outcome, ApiError> {
    let session = Session::open(context).await?;
    let question = format!(
        "give {} a new password, and end their sessions?",
        reset.staff
    );
    context.confirm(&question).await?;
    let request = WhichStaff { staff: reset.staff };
    let given = ask!(session, reset_password(request))?;
    let printed = output::one(context.settings.format, COLUMNS, &Row::from(given));
    output::shown_once(printed, "repeat the command: it makes another password")?;
    Ok(Outcome::Done)
}

pub async fn reset_second_factor(
    reset: ResetSecondFactor,
    context: &Context,
) -> Result<Outcome, ApiError> {
    let session = Session::open(context).await?;
    let question = format!("take the second factor of {} away?", reset.staff);
    context.confirm(&question).await?;
    let request = WhichStaff { staff: reset.staff };
    ask!(session, reset_second_factor(request))?;
    say("the second factor is taken away");
    Ok(Outcome::Done)
}

/// Asks batch after batch. What has come is in the file before the next one is asked for, so that
/// a line that breaks costs one batch at most.
pub async fn issue(issue: Issue, context: &Context) -> Result<Outcome, ApiError> {
    let session = Session::open(context).await?;
    let mut file = PrivateFile::create(&issue.out)?;
    let mut rows: Vec<Row> = Vec::new();
    let asked = loop {
        match ask!(session, issue_passwords(IssuePasswords::default())) {
            Ok(given) if given.is_empty() => break Ok(()),
            Ok(given) => rows.extend(given.into_iter().map(Row::from)),
            Err(error) => break Err(error),
        }
        file.keep(&rows, context.settings.format)?;
    };
    let path = issue.out.display();
    if let Err(error) = asked {
        say(&format!("{} passwords are in {path}", rows.len()));
        return Err(error.hint(
            "repeat it with another file; who is in none has lost a password on the way: \
             hillview staff reset-password",
        ));
    }
    file.keep(&rows, context.settings.format)?;
    say(&match rows.len() {
        0 => "no login that you may give a password is without one".to_owned(),
        count => {
            format!("passwords given: {count}; they are in {path}: hand them out, then delete it")
        }
    });
    Ok(Outcome::Done)
}

/// A new file that only its owner reads.
struct PrivateFile<'a> {
    path: &'a Path,
    file: std::fs::File,
}

impl<'a> PrivateFile<'a> {
    fn create(path: &'a Path) -> Result<Self, ApiError> {
        let mut options = OpenOptions::new();
        let made = options.write(true).create_new(true).mode(0o600).open(path);
        let file = made.map_err(|error| failed(path, &error))?;
        Ok(Self { path, file })
    }

    /// Writes all rows anew, and sees that they are on the disk.
    fn keep(&mut self, rows: &[Row], format: Format) -> Result<(), ApiError> {
        use std::io::Seek;
        let text = match format {
            Format::Json => output::json(&rows)?,
            Format::Csv | Format::Table => output::csv(COLUMNS, rows)?,
        };
        // Longer each time, so nothing of what was there stays behind the end.
        self.file
            .rewind()
            .and_then(|()| self.file.write_all(text.as_bytes()))
            .and_then(|()| self.file.sync_all())
            .map_err(|error| failed(self.path, &error))
    }
}

fn failed(path: &Path, error: &std::io::Error) -> ApiError {
    let path = path.display();
    usage("cannot-write", format!("cannot write {path}: {error}"))
        .hint("name a file that is not there yet, in a folder that you may write to")
}
