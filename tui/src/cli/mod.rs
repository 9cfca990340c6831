//! The command line: every command there is, the options that all of them take, and the one way in.
//!
//! A file for each noun holds its commands, what they send and what they print. Nothing here decides
//! what is allowed: the server does.

mod accounts;
mod assessments;
mod audit;
mod calendar;
mod classes;
mod connection;
mod grants;
mod imports;
mod marks;
mod outbox;
pub mod output;
mod prompts;
pub mod reference;
mod roles;
mod schools;
mod second_factor;
mod server;
mod sessions;
mod settings;
mod sheets;
mod staff;
mod status;
mod students;
mod subjects;
mod teaching;
mod tokens;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use hillview_shared::ApiError;

use crate::config::{Flags, Settings, Surroundings};
use output::Outcome;

pub use imports::read as read_file;

/// Enter and read the marks of a school.
///
/// Without a command the screen for teachers opens; with one, Hillview does it and ends.
#[derive(Parser)]
#[command(name = "hillview", version, before_help = EXAMPLES)]
pub struct Cli {
    #[command(flatten)]
    globals: Globals,
    #[command(subcommand)]
    command: Option<Command>,
}

const EXAMPLES: &str = "\
Examples:
  hillview                                              open the screen
  hillview login --school kilimani --user akinyi
  hillview students list --class '4 East'
  hillview marks show --class 4A --subject ENG/GRAM --assessment T1-MID --format json
  hillview marks set --class 4A --subject MAT --assessment T1-MID 4312=67.5 4313=AB";

#[derive(clap::Args)]
#[command(next_help_heading = "Options of every command")]
struct Globals {
    /// Talk to the server at this address: unix:/path or tls://host:port; several servers of the same schools with commas between
    #[arg(long, global = true, value_name = "URL")]
    server: Option<String>,
    /// Work in the school of this code
    #[arg(long, global = true, value_name = "CODE")]
    school: Option<String>,
    /// Work as this user
    #[arg(long, global = true, value_name = "NAME")]
    user: Option<String>,
    /// Print data in this format
    #[arg(long, global = true, value_name = "FORMAT", value_parser = ["table", "json", "csv"])]
    format: Option<String>,
    /// Never ask; fail where an answer is needed
    #[arg(long, global = true)]
    no_input: bool,
    /// Answer yes where it asks whether to go on
    #[arg(long, global = true)]
    yes: bool,
    /// Read this file instead of the user's settings
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Trust the server whose certificate this authority signed, instead of the key seen first
    #[arg(long, global = true, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Draw frames with plain ASCII signs
    #[arg(long, global = true)]
    ascii: bool,
    /// Use no colours
    #[arg(long, global = true)]
    no_color: bool,
}

#[derive(Subcommand)]
enum Command {
    Login(accounts::Login),
    Logout(accounts::Logout),
    Whoami(accounts::Whoami),
    Passwd(accounts::Passwd),
    Status(status::Status),
    /// Show the settings in force
    #[command(subcommand)]
    Config(settings::Command),
    /// List, find and change students
    #[command(subcommand)]
    Students(students::Command),
    /// List and add classes
    #[command(subcommand)]
    Classes(classes::Command),
    /// List and add subjects
    #[command(subcommand)]
    Subjects(subjects::Command),
    /// List, add, change and import staff, give new passwords, and say who teaches what
    #[command(subcommand)]
    Staff(staff::Command),
    /// Show who teaches what, and end it
    #[command(subcommand)]
    Teaching(teaching::Command),
    /// List and end sessions, and say how long they last
    #[command(subcommand)]
    Sessions(sessions::Command),
    /// List, show, save and drop roles
    #[command(subcommand)]
    Roles(roles::Command),
    /// Give permissions for a time, and ask for them
    #[command(subcommand)]
    Grants(grants::Command),
    /// Show the terms
    #[command(subcommand)]
    Calendar(calendar::Command),
    /// List, add, open and lock assessments
    #[command(subcommand)]
    Assessments(assessments::Command),
    /// Show the mark sheets and how far they are filled
    #[command(subcommand)]
    Sheets(sheets::Command),
    /// Show, enter and import marks
    #[command(subcommand)]
    Marks(marks::Command),
    /// List the audit log, and find what was changed behind the server's back
    #[command(subcommand)]
    Audit(audit::Command),
    /// List imports, take one back, fetch what was refused
    #[command(subcommand)]
    Imports(imports::Command),
    /// List, send, export and give up the marks on this machine that are not saved yet
    #[command(subcommand)]
    Outbox(outbox::Command),
    /// List, add, suspend, rename, export and remove schools
    #[command(subcommand)]
    Schools(schools::Command),
    /// Show the server's key, and trust a new one
    #[command(subcommand)]
    Server(server::Command),
    /// Set up, confirm and drop your second factor
    #[command(subcommand)]
    SecondFactor(second_factor::Command),
    /// List, make and revoke the tokens of scripts
    #[command(subcommand)]
    Tokens(tokens::Command),
    Completions(reference::Completions),
    Man(reference::Man),
}

/// What every command works with.
struct Context {
    settings: Settings,
    no_input: bool,
    yes: bool,
}

/// Reads the arguments and does what they say; without a command it opens the screen.
pub fn start(
    arguments: impl IntoIterator<Item = std::ffi::OsString>,
    screen: impl FnOnce(Settings) -> Result<(), ApiError>,
) -> ExitCode {
    let parsed = command()
        .try_get_matches_from(arguments)
        .and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => {
            // Nobody is left to tell when the help cannot be written.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    let is_login = matches!(cli.command, Some(Command::Login(_)));
    let two = !is_login && cli.globals.user.is_some() && connection::script_token().is_some();
    let read = match two {
        true => Err(connection::two_names()),
        false => settings(&cli.globals),
    };
    let outcome = read.and_then(|settings| match cli.command {
        None => screen(settings).map(|()| Outcome::Done),
        Some(command) => {
            let context = Context {
                settings,
                no_input: cli.globals.no_input,
                yes: cli.globals.yes,
            };
            run(command, &context)
        }
    });
    match outcome {
        Ok(outcome) => ExitCode::from(outcome.exit_code()),
        Err(error) => output::fail(&error),
    }
}

/// The whole tree, as help, completions, man pages and `docs/reference/cli.md` show it.
pub fn command() -> clap::Command {
    examples_first(Cli::command())
}

fn examples_first(command: clap::Command) -> clap::Command {
    command
        .help_template("{about-with-newline}\n{before-help}{usage-heading} {usage}\n\n{all-args}")
        .mut_subcommands(examples_first)
}

fn settings(globals: &Globals) -> Result<Settings, ApiError> {
    let flags = Flags {
        server: globals.server.clone(),
        school: globals.school.clone(),
        user: globals.user.clone(),
        format: globals.format.clone(),
        ca: globals.ca.clone(),
        config: globals.config.clone(),
        ascii: globals.ascii,
        no_color: globals.no_color,
    };
    Settings::read(&flags, &Surroundings::of_this_process()?)
}

fn run(command: Command, context: &Context) -> Result<Outcome, ApiError> {
    // What needs no server goes without the machinery for one.
    match command {
        Command::Config(command) => return settings::run(&command, context),
        Command::Completions(completions) => return reference::completions(&completions),
        Command::Man(man) => return reference::man(&man),
        _ => {}
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| output::usage("cannot-start", format!("cannot start: {error}")))?;
    let outcome = runtime.block_on(async {
        tokio::select! {
            biased;
            _ = tokio::signal::ctrl_c() => {
                prompts::let_go().await;
                Err(output::interrupted())
            }
            outcome = Box::pin(ask(command, context)) => outcome,
        }
    });
    // A thread may still wait for an answer that nobody needs any more.
    runtime.shutdown_background();
    outcome
}

async fn ask(command: Command, context: &Context) -> Result<Outcome, ApiError> {
    match command {
        Command::Login(command) => accounts::log_in(&command, context).await,
        Command::Logout(_) => accounts::log_out(context).await,
        Command::Whoami(_) => accounts::who_am_i(context).await,
        Command::Passwd(command) => accounts::change_password(&command, context).await,
        Command::Status(_) => status::run(context).await,
        Command::Students(command) => students::run(command, context).await,
        Command::Classes(command) => classes::run(command, context).await,
        Command::Subjects(command) => subjects::run(command, context).await,
        Command::Staff(command) => staff::run(command, context).await,
        Command::Sessions(command) => sessions::run(command, context).await,
        Command::Teaching(command) => teaching::run(command, context).await,
        Command::Roles(command) => roles::run(command, context).await,
        Command::Grants(command) => grants::run(command, context).await,
        Command::Calendar(command) => calendar::run(&command, context).await,
        Command::Assessments(command) => assessments::run(command, context).await,
        Command::Sheets(command) => sheets::run(&command, context).await,
        Command::Marks(command) => marks::run(command, context).await,
        Command::Audit(command) => audit::run(command, context).await,
        Command::Imports(command) => imports::run(&command, context).await,
        Command::Outbox(command) => outbox::run(&command, context).await,
        Command::Schools(command) => schools::run(command, context).await,
        Command::Server(command) => server::run(&command, context).await,
        Command::SecondFactor(command) => second_factor::run(command, context).await,
        Command::Tokens(command) => tokens::run(command, context).await,
        Command::Config(command) => settings::run(&command, context),
        Command::Completions(completions) => reference::completions(&completions),
        Command::Man(man) => reference::man(&man),
    }
}

/// Reads one of a list of words, and lets help and completions show the list.
fn one_of<T>(values: &'static [T], word: fn(T) -> &'static str) -> impl TypedValueParser<Value = T>
where
    T: Copy + Send + Sync + 'static,
{
    let words = values.iter().map(|value| word(*value));
    PossibleValuesParser::new(words).map(move |read| {
        let found = values.iter().find(|value| word(**value) == read);
        *found.expect("clap took one of these words")
    })
}
