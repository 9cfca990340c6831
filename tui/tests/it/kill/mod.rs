//! What was acknowledged stays, once, when the server is killed while it saves (promise R1).
//!
//! Writers save random marks on their own students, some of a sheet each, as fast as they are
//! answered. The server's process is killed at a random moment and started again on the same
//! data, again and again. A writer whose save was not answered sends it again, under the same
//! operation. In the end the marks, the history and its chain are compared with what the writers
//! know.

mod database;
mod proof;
mod writer;

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chrono::Days;
use hillview::client::{Client, ServerAddress, Trust, hello};
use hillview_server::service::{assessments, students};
use hillview_server::testing::{Engine, Installation, PASSWORD, School, on_each_engine};
use hillview_shared::accounts::LogIn;
use hillview_shared::api::Resume;
use hillview_shared::assessments::{AddAssessment, ListSheets, WhichAssessment};
use hillview_shared::marks::Score;
use hillview_shared::students::AddStudent;
use hillview_shared::{ApiError, Kind};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::process::Serving;
use writer::{Counts, Writer};

const SCHOOL: &str = "kili";
const KILLS: usize = 20;
const SHEETS: usize = 5;
/// On each sheet, so that they wait for each other.
const WRITERS: usize = 10;
/// In the class, on each of its sheets.
const STUDENTS: usize = 30;
const PATIENCE: Duration = Duration::from_secs(60);

/// Where the writers connect, and as whom.
#[derive(Clone)]
struct Line {
    address: ServerAddress,
    resume: Option<Resume>,
}

impl Line {
    async fn open(&self) -> Result<Client, ApiError> {
        let trust = Trust::Pinned("/nowhere/known_servers".into());
        let hello = hello("test", self.resume.clone());
        let (client, welcome) = Client::connect(&self.address, &trust, hello).await?;
        assert_eq!(welcome.who.is_some(), self.resume.is_some());
        Ok(client)
    }
}

/// A class with an open assessment, made while no server runs.
async fn prepare(installation: &Installation) {
    let state = installation.another().await;
    let school = School::make(&state, SCHOOL).await;
    let registrar = school.caller("registrar").await;
    // Five are there already.
    for number in 5..STUDENTS {
        let request = AddStudent {
            admission_no: Some(format!("K{number:03}")),
            name: format!("Kamau {}", "Wa".repeat(number)),
            sex: None,
            birth_date: None,
            class: school.east.id,
        };
        students::add(&state, &registrar, request).await.unwrap();
    }
    let admin = school.caller("admin").await;
    let today = admin.today(state.clock.now());
    let request = AddAssessment {
        code: "END".into(),
        name: "End-Term".into(),
        term: String::new(),
        out_of: Some(Score::whole(60)),
        opens: Some(today),
        closes: Some(today + Days::new(7)),
        direct_levels: false,
        grades: vec!["Grade 4".into()],
    };
    assessments::add(&state, &admin, request).await.unwrap();
    let which = WhichAssessment { code: "END".into() };
    assessments::open(&state, &admin, which).await.unwrap();
    // From now on only the killed process has the school's data open.
    state.tenants.close().await;
}

/// Logs the head teacher in, and gives each writer its part of a sheet.
async fn begin(address: ServerAddress, random: &mut StdRng) -> (Line, Vec<Writer>) {
    let mut line = Line {
        address,
        resume: None,
    };
    let client = line.open().await.unwrap();
    let request = LogIn {
        school: SCHOOL.into(),
        user: "head".into(),
        password: PASSWORD.into(),
        code: None,
        device: None,
    };
    let logged_in = client
        .ask(async |api, context| api.log_in(context, request).await)
        .await
        .unwrap();
    line.resume = Some(Resume {
        school: SCHOOL.into(),
        token: logged_in.token,
    });
    let sheets = client
        .ask(async |api, context| api.list_sheets(context, ListSheets::default()).await)
        .await
        .unwrap();
    let sheets = sheets.rows.iter().filter(|it| it.class == "4 East");
    let mut writers = Vec::new();
    for sheet in sheets.take(SHEETS) {
        let rows = writer::rows(&client, sheet.id).await.unwrap();
        assert_eq!(rows.len(), STUDENTS);
        for own in rows.chunks(STUDENTS / WRITERS) {
            let random = StdRng::seed_from_u64(random.random());
            writers.push(Writer::new(sheet.id, own, random));
        }
    }
    assert_eq!(writers.len(), SHEETS * WRITERS);
    (line, writers)
}

/// Has all writers save until the server is gone.
async fn killed_while_saving(
    server: Serving,
    line: &Line,
    writers: Vec<Writer>,
    moment: Duration,
) -> Vec<Writer> {
    let acknowledged = Arc::new(Notify::new());
    let mut working = JoinSet::new();
    for mut writer in writers {
        let (line, acknowledged) = (line.clone(), Arc::clone(&acknowledged));
        working.spawn(async move {
            // The kill may come while somebody still connects.
            match line.open().await {
                Ok(client) => writer.save_until_cut(&client, &acknowledged).await,
                Err(error) => assert_eq!(error.kind, Kind::Offline, "{error:?}"),
            }
            writer
        });
    }
    timeout(PATIENCE, acknowledged.notified()).await.unwrap();
    // Not a wait for something: the kill must come at any moment of a save.
    sleep(moment).await;
    server.kill().await;
    timeout(PATIENCE, working.join_all()).await.unwrap()
}

/// Past whatever captures the output of tests: the counts are the point.
fn tell(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

fn seed() -> u64 {
    let given = std::env::var("HILLVIEW_TEST_SEED").ok();
    let given = given.map(|seed| seed.parse().unwrap());
    given.unwrap_or_else(|| rand::random::<u32>().into())
}

async fn run(engine: Engine, settings: &Path, address: ServerAddress, seed: u64) -> Vec<Writer> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut server = Serving::start(settings).await;
    let (line, mut writers) = begin(address, &mut random).await;
    for _ in 0..KILLS {
        let moment = Duration::from_millis(random.random_range(0..500));
        writers = killed_while_saving(server, &line, writers, moment).await;
        server = Serving::start(settings).await;
    }
    let client = line.open().await.unwrap();
    for writer in &mut writers {
        writer.finish(&client).await.unwrap();
    }
    server.stop().await;
    let counts: Counts = writers.iter().map(|writer| writer.counts).sum();
    tell(&format!(
        "kill -9 of the server on {engine:?}, seed {seed}: {KILLS} kills, {counts}"
    ));
    // One for each kill at least; a machine that saves nothing in between proves nothing.
    assert!(counts.saves >= KILLS && counts.unanswered >= KILLS);
    writers
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_killed_while_it_saves_loses_no_mark_and_doubles_none() {
    let seed = seed();
    tell(&format!("kill -9 of the server begins, seed {seed}"));
    on_each_engine(async |installation| {
        prepare(installation).await;
        let settings = installation.settings_file();
        let address = ServerAddress::Unix(installation.config.socket.clone());
        let writers = run(installation.engine, &settings, address, seed).await;
        let rows = proof::compare(installation, SCHOOL, &writers).await;
        tell(&format!(
            "  history: {rows} rows, none lost, none doubled, chain unbroken"
        ));
    })
    .await;
}
