//! The second factor of whoever is logged in.

use clap::{Args, Subcommand};
use hillview_shared::ApiError;
use hillview_shared::accounts::{
    BeginSecondFactor, ConfirmSecondFactor, DropSecondFactor, RecoveryCodes,
};
use serde::Serialize;

use super::Context;
use super::accounts::{CODE_INSTEAD, Code, Given, INSTEAD};
use super::connection::{Session, ask, kept, must_change, not_logged_in};
use super::output::{self, Column, Outcome, say};
use crate::config::Format;

#[derive(Subcommand)]
pub enum Command {
    Setup(Setup),
    Confirm(Confirm),
    Drop(Drop),
}

/// Begin to set up a second factor, and confirm it at once where somebody can be asked
///
/// Shows a secret to type into an authenticator, or to make into a picture for its camera. The factor counts once a
/// code of it was confirmed; ten recovery codes are shown then, and only then. Your other sessions end.
#[derive(Args)]
#[command(before_help = "\
Examples:
  hillview second-factor setup
  hillview second-factor setup --password-stdin --format json <password.txt | jq -r .uri | qrencode -t utf8")]
pub struct Setup {
    #[command(flatten)]
    password: Password,
}

/// Confirm the second factor with a code of the authenticator; shows the recovery codes, once
#[derive(Args)]
#[command(before_help = "\
Examples:
  hillview second-factor confirm
  oathtool --totp -b \"$SECRET\" | hillview second-factor confirm --code-stdin --format json")]
pub struct Confirm {
    #[command(flatten)]
    code: Code,
}

/// Take your second factor away, unless a role asks for it; your other sessions end
#[derive(Args)]
#[command(before_help = "\
Examples:
  hillview second-factor drop
  printf '%s\\n' \"$PASSWORD\" \"$CODE\" | hillview second-factor drop --password-stdin --code-stdin --yes")]
pub struct Drop {
    #[command(flatten)]
    password: Password,
    #[command(flatten)]
    code: Code,
}

#[derive(Args)]
struct Password {
    /// Read the password from the first line of standard input
    #[arg(long)]
    password_stdin: bool,
}

#[derive(Serialize)]
struct Begun {
    secret: String,
    uri: String,
}

const BEGUN: &[Column] = &[("secret", "secret"), ("uri", "address")];

#[derive(Serialize)]
struct Row {
    recovery_code: String,
}

const NO_CODES: &str = "keep your authenticator; without it, whoever manages staff takes the factor away: hillview staff reset-second-factor";

/// All of it in one, for what reads data while somebody types the code.
#[derive(Serialize)]
struct SetUp {
    #[serde(flatten)]
    begun: Begun,
    recovery_codes: Vec<String>,
}

const SET_UP: &[Column] = &[
    ("secret", "secret"),
    ("uri", "address"),
    ("recovery_codes", "recovery codes"),
];

const CODES: &[Column] = &[("recovery_code", "RECOVERY CODE")];

pub async fn run(command: Command, context: &Context) -> Result<Outcome, ApiError> {
    match command {
        Command::Setup(setup) => begin(&setup, context).await,
        Command::Confirm(confirm) => {
            let given = Given::read([false, false], Some(&confirm.code)).await?;
            let session = open(context).await?;
            let codes = confirmed(&session, given.code, context).await?;
            show(codes, context)
        }
        Command::Drop(drop) => remove(&drop, context).await,
    }
}

/// A session that may do nothing but this until it is done.
async fn open(context: &Context) -> Result<Session, ApiError> {
    let kept = kept(&context.settings)?.ok_or_else(not_logged_in)?;
    let session = Session::resume(&context.settings, kept).await?;
    if session.who.must_change_password {
        return Err(must_change());
    }
    Ok(session)
}

async fn begin(setup: &Setup, context: &Context) -> Result<Outcome, ApiError> {
    let given = Given::read([setup.password.password_stdin, false], None).await?;
    let password = match given.present {
        Some(password) => password,
        None => context.ask_password("password: ", INSTEAD).await?,
    };
    let session = open(context).await?;
    let begun = ask!(session, begin_second_factor(BeginSecondFactor { password }))?;
    let row = Begun {
        secret: begun.secret,
        uri: begun.uri,
    };
    let format = context.settings.format;
    if context.can_ask() && format != Format::Table {
        say(&format!("secret   {}\naddress  {}", row.secret, row.uri));
        say("type the secret into an authenticator, and here the code that it shows");
        let codes = confirmed(&session, None, context).await?;
        let row = SetUp {
            begun: row,
            recovery_codes: codes.codes,
        };
        output::shown_once(output::one(format, SET_UP, &row), NO_CODES)?;
        return Ok(Outcome::Done);
    }
    output::one(format, BEGUN, &row)?;
    if !context.can_ask() {
        say("type the secret into an authenticator, then: hillview second-factor confirm");
        return Ok(Outcome::Done);
    }
    say("type the secret into an authenticator, and here the code that it shows");
    let codes = confirmed(&session, None, context).await?;
    show(codes, context)
}

async fn confirmed(
    session: &Session,
    code: Option<String>,
    context: &Context,
) -> Result<RecoveryCodes, ApiError> {
    let code = asked(code, context).await?;
    ask!(session, confirm_second_factor(ConfirmSecondFactor { code }))
}

async fn asked(code: Option<String>, context: &Context) -> Result<String, ApiError> {
    match code {
        Some(code) => Ok(code),
        None => {
            context
                .ask_password("code of the second factor: ", CODE_INSTEAD)
                .await
        }
    }
}

fn show(codes: RecoveryCodes, context: &Context) -> Result<Outcome, ApiError> {
    let rows: Vec<Row> = codes
        .codes
        .into_iter()
        .map(|recovery_code| Row { recovery_code })
        .collect();
    let printed = output::list(context.settings.format, CODES, &rows);
    output::shown_once(printed, NO_CODES)?;
    say("the second factor counts from now on");
    say(
        "keep these codes away from the phone: each lets you in once, and they are not shown again",
    );
    Ok(Outcome::Done)
}

async fn remove(drop: &Drop, context: &Context) -> Result<Outcome, ApiError> {
    let given = Given::read([drop.password.password_stdin, false], Some(&drop.code)).await?;
    context.confirm("take your second factor away?").await?;
    let password = match given.present {
        Some(password) => password,
        None => context.ask_password("password: ", INSTEAD).await?,
    };
    let code = asked(given.code, context).await?;
    let session = open(context).await?;
    ask!(
        session,
        drop_second_factor(DropSecondFactor { password, code })
    )?;
    say("the second factor is gone; your other sessions have ended");
    Ok(Outcome::Done)
}
