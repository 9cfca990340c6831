//! Asking the person: yes or no, and secrets. Without a terminal nothing is ever waited for.

use std::io::{self, BufRead, IsTerminal, Read, Write};
use std::path::Path;

use hillview_shared::ApiError;

use super::Context;
use super::output::{interrupted, say, usage};

impl Context {
    /// Whether somebody can be asked.
    pub fn can_ask(&self) -> bool {
        !self.no_input && io::stdin().is_terminal()
    }

    /// Asks whether to go on, unless `--yes` said so; No is the default.
    pub fn confirm(&self, question: &str) -> Result<(), ApiError> {
        if self.yes {
            return Ok(());
        }
        if !self.can_ask() {
            return Err(
                usage("needs-yes", format!("{question} nobody can be asked here"))
                    .hint("repeat the command with --yes"),
            );
        }
        if matches!(
            line(&format!("{question} [y/N] "))?
                .to_ascii_lowercase()
                .as_str(),
            "y" | "yes"
        ) {
            return Ok(());
        }
        say("nothing was changed");
        Err(interrupted())
    }

    /// Asks for a line, such as a user's name.
    pub fn ask_for(&self, what: &str, flag: &str) -> Result<String, ApiError> {
        if !self.can_ask() {
            return Err(usage("missing-setting", format!("no {what} is set"))
                .hint(format!("say it with {flag}")));
        }
        let answer = line(&format!("{what}: "))?;
        if answer.is_empty() {
            return Err(usage("missing-setting", format!("no {what} was given")));
        }
        Ok(answer)
    }

    /// Asks for a password without showing it.
    pub fn ask_password(&self, prompt: &str, instead: &str) -> Result<String, ApiError> {
        if !self.can_ask() {
            return Err(
                usage("no-password", "nobody can be asked for a password here")
                    .hint(instead.to_owned()),
            );
        }
        rpassword::prompt_password(prompt).map_err(|error| stopped(&error))
    }
}

/// A password from the first line of a file.
pub fn password_file(path: &Path) -> Result<String, ApiError> {
    std::fs::read_to_string(path)
        .map(|text| first_line(&text))
        .map_err(|error| {
            usage(
                "unreadable-password",
                format!("cannot read the password in {}: {error}", path.display()),
            )
        })
}

/// Standard input as lines, for passwords that are piped in.
pub fn stdin_lines() -> Result<Vec<String>, ApiError> {
    if io::stdin().is_terminal() {
        return Err(usage(
            "no-password",
            "standard input is a terminal, and a password typed there would show",
        )
        .hint("pipe the password in, or leave --password-stdin out to be asked"));
    }
    let mut text = String::new();
    io::stdin()
        .read_to_string(&mut text)
        .map_err(|error| stopped(&error))?;
    Ok(text.lines().map(str::to_owned).collect())
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

fn line(prompt: &str) -> Result<String, ApiError> {
    let mut stderr = io::stderr().lock();
    // A prompt that cannot be shown does not keep the answer from being read.
    let _ = write!(stderr, "{prompt}").and_then(|()| stderr.flush());
    let mut answer = String::new();
    io::stdin()
        .lock()
        .read_line(&mut answer)
        .map_err(|error| stopped(&error))?;
    Ok(answer.trim().to_owned())
}

fn stopped(error: &io::Error) -> ApiError {
    match error.kind() {
        io::ErrorKind::Interrupted | io::ErrorKind::UnexpectedEof => interrupted(),
        _ => usage("no-input", format!("cannot read the answer: {error}")),
    }
}
