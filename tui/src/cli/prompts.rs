//! Asking the person: yes or no, and secrets. Without a terminal nothing is ever waited for.
//!
//! Whatever is read is read on a thread of its own, so that an interrupt is heard meanwhile.

use std::io::{self, BufRead, IsTerminal, Read, Write};
use std::path::Path;
use std::time::Duration;

use hillview_shared::ApiError;
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

use super::Context;
use super::output::{interrupted, say, usage};

/// Held while a password is read and the terminal shows nothing.
static HIDDEN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// How long a terminal may take to show what is typed again.
const SHOWN_AGAIN: Duration = Duration::from_millis(500);

/// Reads without keeping an interrupt from being heard.
pub async fn reading<T: Send + 'static>(
    read: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    let read = tokio::task::spawn_blocking(read);
    read.await.unwrap_or_else(|_| Err(interrupted()))
}

/// Waits until the terminal shows again what is typed, so that the program may end.
pub async fn let_go() {
    // Whoever sends the signal from elsewhere does not wait for the person to finish typing.
    let _ = tokio::time::timeout(SHOWN_AGAIN, HIDDEN.lock()).await;
}

impl Context {
    /// Whether somebody can be asked.
    pub fn can_ask(&self) -> bool {
        !self.no_input && io::stdin().is_terminal()
    }

    /// Asks whether to go on, unless `--yes` said so; No is the default.
    pub async fn confirm(&self, question: &str) -> Result<(), ApiError> {
        if self.yes {
            return Ok(());
        }
        if !self.can_ask() {
            return Err(usage(
                "needs-yes",
                format!("{question:?} needs an answer, and nobody can be asked here"),
            )
            .hint("repeat the command with --yes"));
        }
        let answer = line(format!("{question} [y/N] ")).await?;
        if matches!(answer.to_ascii_lowercase().as_str(), "y" | "yes") {
            return Ok(());
        }
        say("nothing was changed");
        Err(interrupted())
    }

    /// Asks for a line, such as a user's name.
    pub async fn ask_for(&self, what: &str, flag: &str) -> Result<String, ApiError> {
        if !self.can_ask() {
            return Err(usage("missing-setting", format!("no {what} is set"))
                .hint(format!("say it with {flag}")));
        }
        let answer = line(format!("{what}: ")).await?;
        if answer.is_empty() {
            return Err(usage("missing-setting", format!("no {what} was given")));
        }
        Ok(answer)
    }

    /// Asks for a password without showing it.
    pub async fn ask_password(&self, prompt: &str, instead: &str) -> Result<String, ApiError> {
        if !self.can_ask() {
            return Err(
                usage("no-password", "nobody can be asked for a password here")
                    .hint(instead.to_owned()),
            );
        }
        let prompt = prompt.to_owned();
        reading(move || {
            let _hidden = HIDDEN.blocking_lock();
            hidden_answer(&prompt).map_err(|error| stopped(&error))
        })
        .await
    }
}

/// Hides before it asks, so that not even the first letter of a quick hand shows.
fn hidden_answer(prompt: &str) -> io::Result<String> {
    let terminal = std::fs::File::open("/dev/tty")?;
    let shown = tcgetattr(&terminal)?;
    let mut hidden = shown.clone();
    hidden.local_modes.remove(LocalModes::ECHO);
    tcsetattr(&terminal, OptionalActions::Now, &hidden)?;
    let answer = rpassword::prompt_password(prompt);
    tcsetattr(&terminal, OptionalActions::Now, &shown)?;
    answer
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
pub async fn stdin_lines() -> Result<Vec<String>, ApiError> {
    if io::stdin().is_terminal() {
        return Err(usage(
            "no-password",
            "standard input is a terminal, and a password typed there would show",
        )
        .hint("pipe the password in, or leave --password-stdin out to be asked"));
    }
    Ok(stdin_text().await?.lines().map(str::to_owned).collect())
}

/// All of standard input.
pub async fn stdin_text() -> Result<String, ApiError> {
    reading(|| {
        let mut text = String::new();
        io::stdin()
            .read_to_string(&mut text)
            .map_err(|error| stopped(&error))?;
        Ok(text)
    })
    .await
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

async fn line(prompt: String) -> Result<String, ApiError> {
    reading(move || {
        let mut stderr = io::stderr().lock();
        // A prompt that cannot be shown does not keep the answer from being read.
        let _ = write!(stderr, "{prompt}").and_then(|()| stderr.flush());
        let mut answer = String::new();
        io::stdin()
            .lock()
            .read_line(&mut answer)
            .map_err(|error| stopped(&error))?;
        Ok(answer.trim().to_owned())
    })
    .await
}

fn stopped(error: &io::Error) -> ApiError {
    match error.kind() {
        io::ErrorKind::Interrupted | io::ErrorKind::UnexpectedEof => interrupted(),
        _ => usage("no-input", format!("cannot read standard input: {error}")),
    }
}
