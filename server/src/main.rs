//! The binary: settings, log, one command, and its exit code.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use hillview_server::Error;
use hillview_server::ops::Cli;

fn main() -> ExitCode {
    let cli = Cli::parse();
    hillview_server::logging::start(cli.usual_log());
    let runtime = tokio::runtime::Runtime::new().expect("the system gives threads");
    let outcome = runtime.block_on(cli.run());
    // A hash that is still running need not hold the process up.
    runtime.shutdown_background();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => say(&error),
    }
}

/// Tells what failed and what to do, and gives the exit code of the error's family.
fn say(error: &anyhow::Error) -> ExitCode {
    let mut out = std::io::stderr().lock();
    // Nobody is left to tell when standard error is closed.
    let _ = match error.downcast_ref::<Error>() {
        Some(Error::Refused(told)) => {
            let hint = told.hint.as_ref().map(|hint| format!("\nhint: {hint}"));
            writeln!(out, "error: {told}{}", hint.unwrap_or_default())
        }
        Some(error) => writeln!(out, "error: {error}"),
        None => writeln!(out, "error: {error:#}"),
    };
    let code = match error.downcast_ref::<Error>() {
        Some(Error::Refused(told)) => told.kind.exit_code(),
        _ => 9,
    };
    ExitCode::from(code)
}
