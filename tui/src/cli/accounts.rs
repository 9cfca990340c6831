//! Logging in and out, who is logged in, and changing one's password.
//!
//! A password comes by prompt, on standard input, or in a file; never by flag or variable, where
//! other users of the machine could read it.

use std::path::PathBuf;

use clap::Args;
use hillview_shared::accounts::{
    ChangePassword, LogIn, LoggedIn, Permission, RoleCode, SECOND_FACTOR_NEEDED, SecondFactor, Who,
};
use hillview_shared::{ApiError, Kind};
use serde::Serialize;

use super::Context;
use super::connection::{
    Session, ask, connect, kept, must_change, not_logged_in, script_token, tokens,
};
use super::output::{self, Column, Outcome, say, usage};
use super::prompts::{password_file, stdin_lines};
use crate::tokens::Session as Kept;

const PASSWORD_FILE: &str = "HILLVIEW_PASSWORD_FILE";
const NEW_PASSWORD_FILE: &str = "HILLVIEW_NEW_PASSWORD_FILE";

/// Log in, until you log out or the session ends
///
/// The password is asked for, or read from the first line of standard input or of the file that HILLVIEW_PASSWORD_FILE
/// names. A password that works once is changed at once: the new one is asked for twice, or read from the next line of
/// standard input or from the file that HILLVIEW_NEW_PASSWORD_FILE names.
///
/// Where a second factor is set up its code is asked for too, or read from the line of standard input after the
/// passwords or from a file; a recovery code does as well.
#[derive(Args)]
#[command(before_help = "\
Examples:
  hillview login --school kilimani --user akinyi
  pass show hillview | hillview login --school kilimani --user akinyi --password-stdin
  printf '%s\\n' \"$ONCE\" \"$NEW\" | hillview login --user akinyi --password-stdin --new-password-stdin")]
pub struct Login {
    #[command(flatten)]
    passwords: Passwords,
    #[command(flatten)]
    code: Code,
}

#[derive(Args)]
pub(super) struct Code {
    /// Read the code of the second factor from the next line of standard input
    #[arg(long, conflicts_with = "code_file")]
    code_stdin: bool,
    /// Read the code of the second factor from this file
    #[arg(long, value_name = "FILE")]
    code_file: Option<PathBuf>,
}

/// Change your password; your other sessions end
#[derive(Args)]
#[command(before_help = "\
Examples:
  hillview passwd
  printf '%s\\n' \"$OLD\" \"$NEW\" | hillview passwd --password-stdin --new-password-stdin")]
pub struct Passwd {
    #[command(flatten)]
    passwords: Passwords,
}

/// Log out: the session ends everywhere
#[derive(Args)]
#[command(before_help = "\
Examples:
  hillview logout")]
pub struct Logout {}

/// Show who is logged in and what they may do
#[derive(Args)]
#[command(before_help = "\
Examples:
  hillview whoami
  hillview whoami --format json")]
pub struct Whoami {}

#[derive(Args)]
struct Passwords {
    /// Read the password from the first line of standard input
    #[arg(long)]
    password_stdin: bool,
    /// Read the new password from the next line of standard input
    #[arg(long)]
    new_password_stdin: bool,
}

/// The secrets that need not be asked for.
pub(super) struct Given {
    pub present: Option<String>,
    new: Option<String>,
    pub code: Option<String>,
}

impl Passwords {
    async fn given(&self, code: Option<&Code>) -> Result<Given, ApiError> {
        let wanted = [self.password_stdin, self.new_password_stdin];
        Given::read(wanted, code).await
    }
}

impl Given {
    /// What comes from files and, in this order, from the lines of standard input: the password and
    /// the new one where they are wanted from there, then the code.
    pub async fn read(
        [password_stdin, new_password_stdin]: [bool; 2],
        code: Option<&Code>,
    ) -> Result<Self, ApiError> {
        let code_file = code.and_then(|code| code.code_file.as_deref());
        let mut given = Self {
            present: from_file(PASSWORD_FILE)?,
            new: from_file(NEW_PASSWORD_FILE)?,
            code: code_file.map(password_file).transpose()?,
        };
        let code_stdin = code.is_some_and(|code| code.code_stdin);
        if password_stdin || new_password_stdin || code_stdin {
            let mut lines = stdin_lines().await?.into_iter();
            let mut next = || {
                lines
                    .next()
                    .ok_or_else(|| usage("no-password", "standard input holds no password"))
            };
            if password_stdin {
                given.present = Some(next()?);
            }
            if new_password_stdin {
                given.new = Some(next()?);
            }
            if code_stdin {
                given.code = Some(next()?);
            }
        }
        Ok(given)
    }
}

fn from_file(variable: &str) -> Result<Option<String>, ApiError> {
    std::env::var_os(variable)
        .filter(|path| !path.is_empty())
        .map(|path| password_file(&PathBuf::from(path)))
        .transpose()
}

pub async fn log_in(command: &Login, context: &Context) -> Result<Outcome, ApiError> {
    let settings = &context.settings;
    let given = command.passwords.given(Some(&command.code)).await?;
    let school = match &settings.school {
        Some(school) => school.clone(),
        None => context.ask_for("school", "--school").await?,
    };
    let user = match &settings.user {
        Some(user) => user.clone(),
        None => context.ask_for("user", "--user").await?,
    };
    let password = match given.present {
        Some(password) => password,
        None => {
            context
                .ask_password(&format!("password of {user}: "), INSTEAD)
                .await?
        }
    };
    let (client, _) = connect(settings, None).await?;
    let request = LogIn {
        device: tokens(settings).device(&school, &user),
        school,
        user,
        password: password.clone(),
        code: given.code,
    };
    let session = Line { client };
    let mut logged_in = enter(&session, request, context).await?;
    keep(context, &logged_in)?;
    if logged_in.who.must_change_password {
        let Some(new) = new_password(given.new, context).await? else {
            return Err(must_change());
        };
        let request = ChangePassword { old: password, new };
        logged_in = ask!(session, change_password(request))?;
        keep(context, &logged_in)?;
    }
    let who = &logged_in.who;
    say(&format!("logged in as {} at {}", who.name, who.school.name));
    if script_token().is_some() {
        say(
            "HILLVIEW_TOKEN_FILE is set: until it is unset, commands go by its token and not by this login",
        );
    }
    if who.second_factor == SecondFactor::Missing {
        say("a role of yours asks for a second factor; set it up: hillview second-factor setup");
    }
    Ok(Outcome::Done)
}

/// Logs in; asks for the code once the server wants one and nobody gave it.
async fn enter(line: &Line, request: LogIn, context: &Context) -> Result<LoggedIn, ApiError> {
    let first = ask!(line, log_in(request.clone()));
    match first {
        Err(error)
            if error.code == SECOND_FACTOR_NEEDED
                && request.code.is_none()
                && context.can_ask() =>
        {
            let code = context
                .ask_password("code of the second factor: ", CODE_INSTEAD)
                .await?;
            let code = Some(code);
            ask!(line, log_in(LogIn { code, ..request }))
        }
        first => first,
    }
}

/// A connection without a session.
struct Line {
    client: crate::client::Client,
}

pub(super) const CODE_INSTEAD: &str =
    "pipe it in with --code-stdin, or name a file with --code-file";
pub(super) const INSTEAD: &str =
    "pipe it in with --password-stdin, or name a file in HILLVIEW_PASSWORD_FILE";

/// The new password: given, or asked for twice; `None` where nobody can be asked.
async fn new_password(
    given: Option<String>,
    context: &Context,
) -> Result<Option<String>, ApiError> {
    if given.is_some() {
        return Ok(given);
    }
    if !context.can_ask() {
        return Ok(None);
    }
    say("choose a new password, of at least 10 characters");
    loop {
        let new = context.ask_password("new password: ", INSTEAD).await?;
        if new == context.ask_password("once more: ", INSTEAD).await? {
            return Ok(Some(new));
        }
        say("the two differ; try again");
    }
}

fn keep(context: &Context, logged_in: &LoggedIn) -> Result<(), ApiError> {
    let (school, user) = (&logged_in.who.school.code, &logged_in.who.username);
    let tokens = tokens(&context.settings);
    if let Some(device) = &logged_in.device {
        tokens.keep_device(school, user, device)?;
    }
    tokens.save(&Kept {
        school: school.clone(),
        user: user.clone(),
        token: logged_in.token,
    })
}

pub async fn change_password(command: &Passwd, context: &Context) -> Result<Outcome, ApiError> {
    let kept = kept(&context.settings)?.ok_or_else(not_logged_in)?;
    let given = command.passwords.given(None).await?;
    let old = match given.present {
        Some(password) => password,
        None => context.ask_password("present password: ", INSTEAD).await?,
    };
    let new = new_password(given.new, context).await?.ok_or_else(|| {
        usage("no-password", "nobody can be asked for a new password here").hint(
            "pipe it in with --new-password-stdin, or name a file in HILLVIEW_NEW_PASSWORD_FILE",
        )
    })?;
    let session = Session::resume(&context.settings, kept).await?;
    let changed = ask!(session, change_password(ChangePassword { old, new }))?;
    keep(context, &changed)?;
    say("the password is changed");
    Ok(Outcome::Done)
}

pub async fn log_out(context: &Context) -> Result<Outcome, ApiError> {
    if script_token().is_some() {
        let text = "HILLVIEW_TOKEN_FILE names a token, which is revoked and not logged out";
        return Err(usage("no-logout", text).hint("hillview tokens revoke NAME"));
    }
    let Some(kept) = kept(&context.settings)? else {
        say("nobody is logged in here");
        return Ok(Outcome::Done);
    };
    let ended = match Session::resume(&context.settings, kept.clone()).await {
        Ok(session) => ask!(session, log_out()),
        Err(error) => Err(error),
    };
    // Whatever the server says, nobody at this machine can use the session any more.
    tokens(&context.settings).remove(&kept)?;
    match ended {
        Err(error) if error.kind != Kind::SessionEnded => Err(error
            .hint("the session is forgotten on this machine, but the server could not be told")),
        _ => {
            say(&format!("{} is logged out", kept.user));
            Ok(Outcome::Done)
        }
    }
}

#[derive(Serialize)]
struct Row {
    username: String,
    name: String,
    school: String,
    school_name: String,
    term: Option<String>,
    roles: Vec<RoleCode>,
    permissions: Vec<Permission>,
    must_change_password: bool,
    second_factor: SecondFactor,
    session_ends: String,
}

const COLUMNS: &[Column] = &[
    ("username", "user"),
    ("name", "name"),
    ("school", "school"),
    ("school_name", "school's name"),
    ("term", "term"),
    ("roles", "roles"),
    ("permissions", "may"),
    ("must_change_password", "must change password"),
    ("second_factor", "second factor"),
    ("session_ends", "session ends"),
];

impl From<Who> for Row {
    fn from(who: Who) -> Self {
        Self {
            username: who.username,
            name: who.name,
            school: who.school.code,
            school_name: who.school.name,
            term: who.school.term.map(|term| term.name),
            roles: who.roles,
            permissions: who.permissions,
            must_change_password: who.must_change_password,
            second_factor: who.second_factor,
            session_ends: who.session_ends.to_string(),
        }
    }
}

pub async fn who_am_i(context: &Context) -> Result<Outcome, ApiError> {
    let kept = kept(&context.settings)?.ok_or_else(not_logged_in)?;
    let session = Session::resume(&context.settings, kept).await?;
    output::one(context.settings.format, COLUMNS, &Row::from(session.who))?;
    Ok(Outcome::Done)
}
