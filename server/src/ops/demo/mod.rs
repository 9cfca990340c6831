//! A throw-away school to try Hillview with: made, served, shown, and gone at the end.
//!
//! In a terminal it opens the client as a class teacher. Without one it logs in through the
//! command line, shows a sheet, saves a mark and reads it back. Nothing is left behind and nothing
//! of a real installation is touched.

pub mod folder;
pub mod people;
pub mod school;

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context, bail, ensure};
use tokio::process::Command;
use tokio::signal::unix::SignalKind;
use tokio::sync::oneshot;

use self::folder::Folder;
use crate::config::Settings;
use crate::serve::{Listeners, serve};
use crate::service::State;

/// The class teacher that the client opens as.
const TEACHER: &str = "w.kamau";
/// The sheet that is shown without a terminal.
const SHEET: [&str; 6] = [
    "--class",
    "4 East",
    "--subject",
    "ENG/GRAM",
    "--assessment",
    school::ASSESSMENT,
];

/// Makes the school, serves it, and shows it.
pub async fn run() -> anyhow::Result<()> {
    // A terminal that is closed says so by a hang-up.
    let ended = super::signalled(&[
        SignalKind::interrupt(),
        SignalKind::terminate(),
        SignalKind::hangup(),
    ])?;
    let folder = Folder::make()?;
    let settings = Settings {
        data_dir: Some(folder.path().join("data")),
        socket: Some(folder.path().join("hillview.sock")),
        ..Settings::default()
    };
    let config = settings.resolve()?;
    let state = State::open(&config).await?;
    super::print("making a school with three classes, their teachers and some marks")?;
    let owing = school::make(&state).await?;
    let listeners = Listeners::open(&config).await?;
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(serve(state, listeners, async {
        // A dropped sender stops the server as well as a word from it.
        let _ = stopped.await;
    }));
    let client = Client {
        program: client()?,
        folder: folder.path().to_owned(),
    };
    let shown = tokio::select! {
        shown = show(&client, &owing) => shown,
        () = ended => Ok(()),
    };
    drop(stop);
    serving
        .await
        .context("the server of the demonstration stopped")??;
    shown
}

async fn show(client: &Client, owing: &str) -> anyhow::Result<()> {
    client
        .run(&["login", "--password-stdin"], Some(school::PASSWORD))
        .await?;
    if std::io::stdin().is_terminal() && std::io::stdout().is_terminal() {
        let status = client
            .command(&[])
            .status()
            .await
            .context("cannot run the client")?;
        ensure!(status.success(), "the client ended with {status}");
        return Ok(());
    }
    let show = |more: &[&'static str]| [&["marks", "show"], &SHEET[..], more].concat();
    super::print(&client.run(&show(&[]), None).await?)?;
    let mark = format!("{owing}=47");
    let set = [&["marks", "set"], &SHEET[..], &[mark.as_str()]].concat();
    super::print(&client.run(&set, None).await?)?;
    let read = client.run(&show(&["--format", "json"]), None).await?;
    let rows: serde_json::Value = serde_json::from_str(&read)?;
    let found = find(&rows, owing).context("the student is not on the sheet any more")?;
    super::print(&format!("read back: {found}"))?;
    ensure!(
        found.to_string().contains("47"),
        "the mark that was saved is not there"
    );
    Ok(())
}

/// The row of a student, wherever in the answer it is.
fn find<'a>(value: &'a serde_json::Value, number: &str) -> Option<&'a serde_json::Value> {
    match value {
        serde_json::Value::Array(rows) => rows.iter().find_map(|row| find(row, number)),
        serde_json::Value::Object(fields) => {
            let has_number = fields.values().any(|field| field.as_str() == Some(number));
            if has_number {
                Some(value)
            } else {
                fields.values().find_map(|field| find(field, number))
            }
        }
        _ => None,
    }
}

/// The client's program, beside this one.
fn client() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe().context("cannot tell where this program is")?;
    let program = own.with_file_name(format!("hillview{}", std::env::consts::EXE_SUFFIX));
    if !program.exists() {
        bail!(
            "the client is missing: there is no {} (scripts/demo builds both)",
            program.display()
        );
    }
    Ok(program)
}

/// The client, with settings and state of its own.
struct Client {
    program: PathBuf,
    folder: PathBuf,
}

impl Client {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        let socket = self.folder.join("hillview.sock");
        command
            .args(arguments)
            .env("HILLVIEW_SERVER", format!("unix:{}", socket.display()))
            .env("HILLVIEW_SCHOOL", school::CODE)
            .env("HILLVIEW_USER", TEACHER)
            .env("XDG_STATE_HOME", self.folder.join("state"))
            .env("XDG_CONFIG_HOME", self.folder.join("config"))
            .kill_on_drop(true);
        command
    }

    /// Runs a command of the client and gives what it printed.
    async fn run(&self, arguments: &[&str], input: Option<&str>) -> anyhow::Result<String> {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .context("cannot run the client")?;
        let mut stdin = child
            .stdin
            .take()
            .context("the client has no standard input")?;
        tokio::io::AsyncWriteExt::write_all(&mut stdin, input.unwrap_or_default().as_bytes())
            .await
            .context("cannot write to the client")?;
        drop(stdin);
        let output = child.wait_with_output().await?;
        ensure!(
            output.status.success(),
            "hillview {} ended with {}",
            arguments.join(" "),
            output.status
        );
        Ok(String::from_utf8_lossy(&output.stdout)
            .trim_end()
            .to_owned())
    }
}
