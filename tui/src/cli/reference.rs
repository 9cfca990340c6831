//! What is made from the command tree: completions, man pages and `docs/reference/cli.md`.

use std::fmt::Write;
use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;
use hillview_shared::ApiError;

use super::output::{self, Outcome, usage};

/// Print what makes a shell complete Hillview's commands
#[derive(Args)]
#[command(before_help = "\
Examples:
  hillview completions bash > ~/.local/share/bash-completion/completions/hillview
  hillview completions zsh > ~/.zfunc/_hillview
  hillview completions fish > ~/.config/fish/completions/hillview.fish
  hillview completions powershell >> $PROFILE")]
pub struct Completions {
    shell: Shell,
}

/// Print the manual page, or write those of all commands
#[derive(Args)]
#[command(before_help = "\
Examples:
  hillview man | man -l -
  hillview man --out /usr/local/share/man/man1")]
pub struct Man {
    /// Write a page for every command into this folder
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

pub fn completions(command: &Completions) -> Result<Outcome, ApiError> {
    let mut script = Vec::new();
    clap_complete::generate(
        command.shell,
        &mut super::command(),
        "hillview",
        &mut script,
    );
    output::write(&script)?;
    Ok(Outcome::Done)
}

pub fn man(command: &Man) -> Result<Outcome, ApiError> {
    let failed =
        |error: std::io::Error| usage("cannot-write", format!("cannot write the manual: {error}"));
    if let Some(folder) = &command.out {
        clap_mangen::generate_to(super::command(), folder).map_err(failed)?;
        return Ok(Outcome::Done);
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(super::command())
        .render(&mut page)
        .map_err(failed)?;
    output::write(&page)?;
    Ok(Outcome::Done)
}

/// The reference page of all commands, in Markdown.
pub fn markdown() -> String {
    let mut page = String::from(
        "# Commands\n\n\
         Made from the program; a test compares it. Names of commands, options and fields are a contract.\n\n\
         ## Options of every command\n\n",
    );
    let root = super::command();
    options(
        &mut page,
        root.get_arguments().filter(|arg| arg.is_global_set()),
    );
    page.push_str(EXIT_CODES);
    for child in root.get_subcommands() {
        section(&mut page, child, "hillview");
    }
    page
}

const EXIT_CODES: &str = "
## Exit codes

| code | meaning |
|---|---|
| 0 | done |
| 2 | the command or a setting cannot be understood |
| 3 | no such thing, or not yours to see |
| 4 | denied, or not logged in |
| 5 | conflict: somebody else's change is in the way |
| 6 | invalid data; nothing was stored |
| 7 | offline: the server could not be reached |
| 8 | partly done; what was refused is listed |
| 9 | the server failed, or is too busy |
| 130 | interrupted |

Data go to standard output, words to standard error.
An error has a line `error:`, often a line `hint:`, and a line `code:` to quote.

## Data

JSON and CSV use the same field names.
Scores are numbers with at most two decimals, exactly as entered; states and roles are words; moments are UTC, dates are ISO.
What is unknown is `null` in JSON and empty in CSV.
In CSV an apostrophe goes before text that begins with `=`, `+`, `-`, `@`, a tab or a carriage return; an import takes it away again.
";

fn section(page: &mut String, command: &clap::Command, above: &str) {
    let name = format!("{above} {}", command.get_name());
    if command.has_subcommands() {
        for child in command.get_subcommands() {
            section(page, child, &name);
        }
        return;
    }
    let about = command.get_long_about().or(command.get_about());
    let about = about.map(ToString::to_string).unwrap_or_default();
    let (sentence, more) = about.split_once("\n\n").unwrap_or((&about, ""));
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ").to_owned();
    let usage = usage
        .strip_prefix(command.get_name())
        .map_or_else(|| usage.clone(), |rest| format!("{name}{rest}"));
    // Writing to a string cannot fail.
    let _ = write!(page, "\n## {name}\n\n{sentence}.\n\n```\n{usage}\n```\n");
    if !more.is_empty() {
        let _ = writeln!(page, "\n{}", more.replace(". ", ".\n"));
    }
    if let Some(examples) = command.get_before_help() {
        let lines: String = examples
            .to_string()
            .lines()
            .skip(1)
            .map(|line| format!("{}\n", line.trim_start()))
            .collect();
        let _ = write!(page, "\n```sh\n{lines}```\n");
    }
    let own: Vec<&clap::Arg> = command
        .get_arguments()
        .filter(|arg| !arg.is_global_set() && arg.get_id() != "help")
        .collect();
    if !own.is_empty() {
        page.push('\n');
        options(page, own.into_iter());
    }
}

fn options<'a>(page: &mut String, arguments: impl Iterator<Item = &'a clap::Arg>) {
    page.push_str("| option | meaning |\n|---|---|\n");
    for argument in arguments {
        let values = argument
            .get_value_names()
            .filter(|_| argument.get_action().takes_values())
            .map(|names| {
                names
                    .iter()
                    .map(|name| name.to_string())
                    .collect::<Vec<_>>()
                    .join(" ")
            });
        let shown = match (argument.get_long(), values) {
            (Some(long), Some(values)) => format!("--{long} {values}"),
            (Some(long), None) => format!("--{long}"),
            (None, Some(values)) => values,
            (None, None) => argument.get_id().to_string(),
        };
        let mut meaning = argument
            .get_help()
            .map(ToString::to_string)
            .unwrap_or_default();
        let words: Vec<String> = argument
            .get_possible_values()
            .iter()
            .map(|value| value.get_name().to_owned())
            .collect();
        if !words.is_empty() && argument.get_action().takes_values() {
            let _ = write!(meaning, ": {}", words.join(", "));
        }
        if let [default] = argument.get_default_values() {
            let _ = write!(meaning, " (default {})", default.to_string_lossy());
        }
        let _ = writeln!(page, "| `{shown}` | {} |", meaning.replace('|', "\\|"));
    }
}

#[cfg(test)]
mod tests {
    fn leaves(command: &clap::Command, above: &str, found: &mut Vec<(String, clap::Command)>) {
        let name = format!("{above} {}", command.get_name());
        if !command.has_subcommands() {
            found.push((name, command.clone()));
            return;
        }
        for child in command.get_subcommands() {
            leaves(child, &name, found);
        }
    }

    #[test]
    fn the_tree_is_sound_and_every_command_has_a_sentence_and_examples() {
        crate::cli::command().debug_assert();
        let mut found = Vec::new();
        leaves(&crate::cli::command(), "", &mut found);
        assert!(found.len() > 20);
        for (name, command) in found {
            let about = command.get_about().map(ToString::to_string);
            assert!(about.is_some_and(|about| !about.ends_with('.')), "{name}");
            let examples = command.get_before_help().map(ToString::to_string);
            let examples = examples.unwrap_or_default();
            assert!(examples.starts_with("Examples:\n"), "{name}");
            for example in examples.lines().skip(1) {
                assert!(example.contains("hillview"), "{name}: {example}");
            }
        }
    }
}
