//! `school …` and `migrate`: schools are made, listed, suspended, renamed, exported, removed and
//! brought up to date.
//!
//! Not here: what any of it does (`service::schools`), which the calls of a platform administrator
//! share.

use hillview_shared::schools::{
    ExportSchool, ListSchools, RemoveSchool, RenameSchool, SchoolEntry, SchoolExported,
    SuspendSchool,
};

use super::{Format, print, with_state};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::service::State;
use crate::service::schools::{self, Actor};

pub use crate::service::schools::{NewSchool, create};

#[derive(clap::Subcommand)]
pub enum Command {
    /// Make a school with its first login, and print that login's one-time password
    #[command(after_help = "\
Example:
  hillview-server school create kilimani --name 'Kilimani Primary' --admin asha")]
    Create {
        /// Code that people give when they log in: 2 to 20 of a-z, 0-9 and dash
        code: String,
        /// Name as it stands on every screen
        #[arg(long)]
        name: String,
        /// Country pack to begin with
        #[arg(long, default_value = "ke-cbe")]
        pack: String,
        /// User name of the first login, which sets the school up
        #[arg(long)]
        admin: String,
    },
    /// List the schools
    List {
        #[arg(long, value_enum, default_value = "table")]
        format: Format,
    },
    /// Let nobody in to a school any more, also those who are in; its data stay
    Suspend {
        /// Code of the school
        code: String,
        /// Open the school again
        #[arg(long)]
        undo: bool,
    },
    /// Give a school another name; its code stays
    #[command(after_help = "\
Example:
  hillview-server school rename kilimani --name 'Kilimani Primary School'")]
    Rename {
        /// Code of the school
        code: String,
        /// The new name
        #[arg(long)]
        name: String,
    },
    /// Write all that a school has into a file of the folder `exports` beside the data
    ///
    /// A ZIP with a CSV for each table and a manifest; passwords, tokens and second factors are
    /// left out.
    #[command(after_help = "\
Example:
  hillview-server school export kilimani --format json")]
    Export {
        /// Code of the school
        code: String,
        #[arg(long, value_enum, default_value = "table")]
        format: Format,
    },
    /// Remove a suspended school with all that it has, for good; its exports stay
    #[command(after_help = "\
Example:
  hillview-server school suspend kilimani
  hillview-server school export kilimani
  hillview-server school remove kilimani --confirm='Kilimani Primary'")]
    Remove {
        /// Code of the school
        code: String,
        /// Name of the school, to show that it is meant
        #[arg(long, value_name = "NAME")]
        confirm: String,
    },
}

impl Command {
    pub(super) async fn run(self, config: &Config) -> anyhow::Result<()> {
        match self {
            Self::Create {
                code,
                name,
                pack,
                admin,
            } => {
                let new = NewSchool {
                    code: &code,
                    name: &name,
                    pack: &pack,
                    admin: &admin,
                };
                with_state(config, async |state| make(state, &new).await).await
            }
            Self::List { format } => {
                let all = with_state(config, async |state| all(state).await).await?;
                list(&all, format)
            }
            Self::Suspend { code, undo } => {
                let request = SuspendSchool { code, undo };
                let school = with_state(config, async |state| {
                    schools::suspend(state, Actor::Server, &request).await
                });
                say(&school.await?)
            }
            Self::Rename { code, name } => {
                let request = RenameSchool { code, name };
                let school = with_state(config, async |state| {
                    schools::rename(state, Actor::Server, &request).await
                });
                say(&school.await?)
            }
            Self::Export { code, format } => {
                let request = ExportSchool { code };
                let file = with_state(config, async |state| {
                    schools::export(state, Actor::Server, &request).await
                });
                exported(&file.await?, format)
            }
            Self::Remove { code, confirm } => {
                let request = RemoveSchool { code, confirm };
                with_state(config, async |state| {
                    schools::remove(state, Actor::Server, &request).await
                })
                .await?;
                print(&format!("{}: removed", request.code))
            }
        }
    }
}

/// Says the password before the school opens: killed in between, the command is run again and says
/// another one. The other way round, nobody would know one.
async fn make(state: &State, new: &NewSchool<'_>) -> Result<()> {
    let ready = schools::prepare(state, new).await?;
    let NewSchool { code, admin, .. } = new;
    print(&format!(
        "school {code} is ready; first login {admin} with the one-time password"
    ))
    .and_then(|()| print(&ready.password))
    .map_err(|error| Error::fault("say the password", error.to_string()))?;
    ready.open(state, Actor::Server).await
}

/// Brings every school up to date; one that fails does not keep the others back.
pub async fn migrate_all(state: &State) -> anyhow::Result<()> {
    let mut failed = 0;
    for school in state.tenants.all().await? {
        match state.tenants.prepare(&school.code).await {
            Ok(db) => {
                db.close().await;
                print(&format!("{}: up to date", school.code))?;
            }
            Err(error) => {
                failed += 1;
                print(&format!("{}: {error}", school.code))?;
            }
        }
    }
    anyhow::ensure!(failed == 0, "{failed} schools are not up to date");
    Ok(())
}

async fn all(state: &State) -> Result<Vec<SchoolEntry>> {
    let mut all = Vec::new();
    let mut request = ListSchools {
        limit: 200,
        ..ListSchools::default()
    };
    loop {
        let page = schools::list(state, request.clone()).await?;
        all.extend(page.rows);
        match page.next {
            Some(next) => request.after = Some(next),
            None => return Ok(all),
        }
    }
}

fn list(all: &[SchoolEntry], format: Format) -> anyhow::Result<()> {
    if format == Format::Json {
        let rows: Vec<_> = all
            .iter()
            .map(|school| serde_json::json!({"code": school.code, "name": school.name, "state": school.state}))
            .collect();
        return print(&serde_json::to_string_pretty(&rows)?);
    }
    let row = |code: &str, state: &str, name: &str| format!("{code:20} {state:10} {name}");
    print(&row("CODE", "STATE", "NAME"))?;
    all.iter()
        .try_for_each(|school| print(&row(&school.code, &school.state, &school.name)))
}

fn exported(file: &SchoolExported, format: Format) -> anyhow::Result<()> {
    if format == Format::Json {
        return print(&serde_json::to_string_pretty(file)?);
    }
    print(&format!(
        "exports/{}: {} rows, {} bytes, SHA-256 {}",
        file.file, file.rows, file.bytes, file.sha256
    ))
}

fn say(school: &SchoolEntry) -> anyhow::Result<()> {
    print(&format!(
        "{}: {}, {}",
        school.code, school.name, school.state
    ))
}
