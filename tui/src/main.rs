//! The program `hillview`: the screen without a command, the command line with one.

use std::io::IsTerminal;
use std::process::ExitCode;

use hillview::config::Settings;
use hillview_shared::{ApiError, Kind};

fn main() -> ExitCode {
    hillview::cli::start(std::env::args_os(), screen)
}

fn screen(_settings: Settings) -> Result<(), ApiError> {
    if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        let message = "the screen needs a terminal, and there is none here";
        return Err(ApiError::new(Kind::Usage, "no-terminal", message)
            .hint("give a command; hillview --help lists them"));
    }
    Ok(())
}
