//! Structured logs on standard error: one JSON object a line, or plain lines on a terminal.
//!
//! What is logged never holds names of people, marks, passwords or tokens. `HILLVIEW_LOG` chooses
//! the level, such as `debug` or `hillview_server=debug,warn`.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// What a server logs.
pub const USUAL: &str = "info,sqlx=warn,tarpc=warn,rustls=warn";
/// Nothing, for a process that shows a screen on the same terminal.
pub const NOTHING: &str = "off";

/// Has a panic logged by its place alone: what it says may quote what a call brought.
pub fn place_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        tracing::error!(place, "panic");
    }));
}

/// Starts the log of this process: `usual`, where `HILLVIEW_LOG` says nothing else.
pub fn start(usual: &str) {
    let filter = EnvFilter::try_from_env("HILLVIEW_LOG").unwrap_or_else(|_| EnvFilter::new(usual));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    // A second start, as in tests, keeps the first log.
    let _ = if std::io::stderr().is_terminal() {
        builder.try_init()
    } else {
        builder.json().flatten_event(true).try_init()
    };
}
