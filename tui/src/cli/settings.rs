//! `config show`: the settings in force and where each comes from.

use clap::Subcommand;
use hillview_shared::ApiError;
use serde::Serialize;

use super::Context;
use super::output::{self, Column, Outcome};

#[derive(Subcommand)]
pub enum Command {
    /// Show every setting with its value
    #[command(before_help = "\
Examples:
  hillview config show
  hillview config show --origin
  HILLVIEW_SERVER=tls://marks.example.ke:7443 hillview config show --format json")]
    Show {
        /// Say where each value comes from: flag, environment, file or default
        #[arg(long)]
        origin: bool,
    },
}

#[derive(Serialize)]
struct Row<'a> {
    key: &'a str,
    value: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<String>,
}

const COLUMNS: &[Column] = &[("key", "SETTING"), ("value", "VALUE"), ("origin", "FROM")];

pub fn run(command: &Command, context: &Context) -> Result<Outcome, ApiError> {
    let Command::Show { origin } = *command;
    let rows: Vec<Row<'_>> = context
        .settings
        .origins()
        .iter()
        .map(|(key, value, from)| Row {
            key,
            value,
            origin: origin.then(|| from.to_string()),
        })
        .collect();
    let columns = &COLUMNS[..if origin { 3 } else { 2 }];
    output::list(context.settings.format, columns, &rows)?;
    Ok(Outcome::Done)
}
