//! The program `hillview`: the screen without a command, the command line with one.

use std::process::ExitCode;

fn main() -> ExitCode {
    hillview::cli::start(std::env::args_os(), hillview::run::screen)
}
