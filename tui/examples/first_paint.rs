//! Measures the client as its user meets it: the real program in a terminal of 80 by 24, against a
//! server with a school on it. `scripts/bench client` builds both for release and runs this.

#[path = "../tests/it/harness.rs"]
#[expect(
    dead_code,
    clippy::unwrap_used,
    reason = "the terminal of the tests: they need more of it, and it may fail as a test does"
)]
mod harness;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use clap::Parser;
use hillview_server::db::storage;
use hillview_server::ops::seed;
use hillview_server::testing::{Engine, Installation};
use portable_pty::CommandBuilder;
use serde_json::{Value, json};

use harness::{CTRL_Q, ENTER, ESC, Pty};

const SCHOOL: &str = "client";
/// Enough for a list of many pages.
const SIZE: seed::Size = seed::Size {
    students: 2_000,
    teachers: 600,
    marks: 20_000,
    seed: 1,
};
/// Who is at the terminal.
const USER: &str = "head";
/// To the last row that is there, which has the next page fetched.
const LAST: &str = "G";
/// So many pages of the list of students are fetched, of so many rows.
const PAGES: usize = 20;
const PAGE: usize = 50;

/// Measure the client: its size, its memory, and how soon it shows something
#[derive(Parser)]
#[command(after_help = "\
Examples:
  cargo run --release --example first_paint
  cargo run --release --example first_paint -- --runs 50 --json client.json")]
struct FirstPaint {
    /// How often the client is started
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// The client's program; the one beside this without it
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// Write the figures into this file as well
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// What one start of the client took.
struct Start {
    first_paint: Duration,
    first_list: Duration,
    first_sheet: Duration,
    peak_kib: u64,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let asked = FirstPaint::parse();
    let program = match &asked.program {
        Some(program) => program.clone(),
        None => beside()?,
    };
    let program = std::fs::canonicalize(&program)
        .with_context(|| format!("there is no client at {}", program.display()))?;
    let size = std::fs::metadata(&program)?.len();
    let installation = Installation::new(Engine::Sqlite).await;
    seed::school(&installation.state, SCHOOL, "A School", &SIZE, &|_| ()).await?;
    let served = installation.serve().await;
    let desk = Desk {
        program,
        server: format!("unix:{}", served.socket.display()),
        home: tempfile::tempdir()?,
    };
    let starts = tokio::task::block_in_place(|| desk.starts(asked.runs))?;
    let database = storage::name(installation.state.tenants.control()).await?;
    served.stop().await;
    installation.remove().await;

    let times = |of: fn(&Start) -> Duration| times(starts.iter().map(of).collect());
    let report = json!({
        "bench": "client",
        "on": {
            "hillview": env!("CARGO_PKG_VERSION"),
            "release": !cfg!(debug_assertions),
            "cores": std::thread::available_parallelism()?.get(),
            "database": database,
            "redis": false,
            "at": chrono::Utc::now().format("%Y-%m-%d %H:%M").to_string(),
        },
        "figures": {
            "binary_bytes": size,
            "peak_memory_kib": starts.iter().map(|start| start.peak_kib).max(),
            "students_listed": PAGES * PAGE,
            "first_paint": times(|start| start.first_paint),
            "first_list": times(|start| start.first_list),
            "first_sheet": times(|start| start.first_sheet),
        },
    });
    let text = serde_json::to_string_pretty(&report)? + "\n";
    if let Some(file) = &asked.json {
        std::fs::write(file, &text).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(std::io::stdout().write_all(text.as_bytes())?)
}

/// The client that was built with this example: one folder up.
fn beside() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe().context("cannot tell where this program is")?;
    let folder = own.parent().and_then(Path::parent);
    Ok(folder
        .context("this program is in no folder")?
        .join("hillview"))
}

/// In microseconds, as in every other bench.
fn times(mut times: Vec<Duration>) -> Value {
    times.sort_unstable();
    let micros = |part: usize| times[(times.len() - 1) * part / 100].as_micros();
    json!({
        "count": times.len(),
        "p50": micros(50),
        "p95": micros(95),
        "p99": micros(99),
        "most": micros(100),
    })
}

/// A home folder, and the client run in it.
struct Desk {
    program: PathBuf,
    server: String,
    home: tempfile::TempDir,
}

impl Desk {
    fn starts(&self, runs: u32) -> anyhow::Result<Vec<Start>> {
        let mut login = Pty::start(self.command(&["login"]));
        login.wait_for("assword");
        login.press(seed::PASSWORD);
        login.press(ENTER);
        ensure!(login.ended().success(), "the client cannot log in");
        (0..runs).map(|_| self.start()).collect()
    }

    fn start(&self) -> anyhow::Result<Start> {
        let began = Instant::now();
        let mut pty = Pty::start(self.command(&[]));
        pty.wait("anything", |screen| !screen.trim().is_empty());
        let first_paint = began.elapsed();
        pty.wait_for("English / Grammar");
        let first_list = began.elapsed();
        pty.press(ENTER);
        pty.wait_for(" of 40, closes");
        let first_sheet = began.elapsed();
        pty.press(ESC);
        pty.wait_gone(" of 40, closes");
        pty.press(":students\r");
        for page in 1..=PAGES {
            let shown = format!(" {} students", page * PAGE);
            pty.wait(&shown, |screen| screen.replace(',', "").contains(&shown));
            pty.press(LAST);
        }
        pty.settle();
        let peak_kib = peak(&pty)?;
        pty.press(CTRL_Q);
        ensure!(pty.ended().success(), "the client did not end in order");
        Ok(Start {
            first_paint,
            first_list,
            first_sheet,
            peak_kib,
        })
    }

    /// A command with nothing in its surroundings but this home and this server.
    fn command(&self, arguments: &[&str]) -> CommandBuilder {
        let mut command = CommandBuilder::new(&self.program);
        command.args(arguments);
        command.cwd(self.home.path());
        command.env_clear();
        for (name, value) in [
            ("LANG", "C.UTF-8"),
            ("TERM", "xterm"),
            ("HILLVIEW_SERVER", &self.server),
            ("HILLVIEW_SCHOOL", SCHOOL),
            ("HILLVIEW_USER", USER),
        ] {
            command.env(name, value);
        }
        command.env("HOME", self.home.path());
        command
    }
}

/// The most memory that the client had, in KiB.
fn peak(pty: &Pty) -> anyhow::Result<u64> {
    let id = pty.process().as_raw_nonzero();
    let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next());
    Ok(peak.context("no peak of memory is told")?.parse()?)
}
