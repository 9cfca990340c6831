//! R11 and R12: Redis killed, emptied, full, stopped, and back with what it knew long ago.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use hillview_server::Error;
use hillview_server::cache::Limit;
use hillview_server::caller::{self, SessionKey};
use hillview_server::service::accounts::{self, Peer};
use hillview_server::service::{State, assessments, marks};
use hillview_server::testing::{Engine, Installation, School, engines, peer};
use hillview_shared::Kind;
use hillview_shared::assessments::{OpenSheet, SheetOpened, SheetRow as Row};
use hillview_shared::ids::{OperationId, SheetId};
use hillview_shared::marks::{Edit, Entry, SaveMarks, Score};
use rustix::process::{Pid, Signal, kill_process};

use crate::line::login;
use crate::wire::{class_of_forty, english};

/// Redis is used again this long after it is back.
const BACK: Duration = Duration::from_secs(10);

/// A Redis of a test's own. It saves only when it is told to.
struct Redis {
    folder: tempfile::TempDir,
    child: Child,
}

impl Redis {
    fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("hv").tempdir().unwrap();
        let child = Self::run(folder.path());
        let redis = Self { folder, child };
        redis.wait();
        redis
    }

    fn run(folder: &Path) -> Child {
        let path = std::env::var("PATH").unwrap_or_default();
        Command::new("redis-server")
            .env("PATH", path + ":/usr/local/sbin:/usr/sbin:/sbin")
            .args([
                "--port",
                "0",
                "--unixsocketperm",
                "700",
                "--save",
                "",
                "--appendonly",
                "no",
            ])
            .arg("--unixsocket")
            .arg(folder.join("redis.sock"))
            .arg("--dir")
            .arg(folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("scripts/dev-db has seen to it that redis-server is there")
    }

    fn url(&self) -> String {
        format!(
            "redis+unix://{}",
            self.folder.path().join("redis.sock").display()
        )
    }

    fn dump(&self) -> PathBuf {
        self.folder.path().join("dump.rdb")
    }

    fn ask(&self, words: &[&str]) -> redis::RedisResult<redis::Value> {
        let mut line = redis::Client::open(self.url())?.get_connection()?;
        let (command, rest) = words.split_first().unwrap();
        redis::cmd(command).arg(rest).query(&mut line)
    }

    fn wait(&self) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while self.ask(&["PING"]).is_err() {
            assert!(Instant::now() < deadline, "redis-server does not answer");
            std::thread::yield_now();
        }
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    fn restart(&mut self) {
        self.child = Self::run(self.folder.path());
        self.wait();
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An installation on the run's MariaDB with a Redis of its own; nothing when the run has none.
async fn installation(redis: &Redis) -> Installation {
    let database = std::env::var("HILLVIEW_TEST_DATABASE").ok();
    Installation::on(Engine::MySql, database, Some(redis.url())).await
}

async fn is_live(state: &State, key: &SessionKey) -> bool {
    match caller::resolve(state, key, &"test".into()).await {
        Ok(_) => true,
        Err(Error::Refused(told)) if told.kind == Kind::SessionEnded => false,
        Err(other) => panic!("{other}"),
    }
}

/// Whether a dump of Redis has a session in it, as bytes or as text.
fn names(dump: &[u8], key: &SessionKey) -> bool {
    let hex = hex::encode(key.hash);
    let holds = |what: &[u8]| dump.windows(what.len()).any(|part| part == what);
    holds(&key.hash) || holds(hex.as_bytes())
}

/// Asks until a session is over, which it is within a second of its end.
async fn dies(state: &State, key: &SessionKey, ended: Instant) {
    loop {
        let lived = ended.elapsed();
        if !is_live(state, key).await {
            return;
        }
        assert!(
            lived < Duration::from_secs(1),
            "it lives {lived:?} after its end"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_dump_of_redis_brings_no_ended_session_back() {
    if engines().len() < 2 {
        return;
    }
    let mut redis = Redis::start();
    let it = installation(&redis).await;
    let school = it.school("kilimani").await;
    let other = it.another().await;
    let mut teachers = Vec::new();
    for _ in 0..3 {
        let teacher = school.caller("teacher").await;
        assert!(is_live(&it.state, teacher.key()).await && is_live(&other, teacher.key()).await);
        teachers.push(teacher);
    }
    // What Redis does hold: the tries of somebody who mistook their password.
    let from = Peer {
        address: "192.0.2.1".into(),
        ..peer()
    };
    let wrong = login(&school.code, "teacher", "not the password");
    assert!(accounts::log_in(&it.state, &from, wrong).await.is_err());
    redis.ask(&["SAVE"]).unwrap();
    let old = std::fs::read(redis.dump()).unwrap();
    let named = teachers.iter().filter(|it| names(&old, it.key())).count();

    // One is ended while Redis is there, one while it is dead, one by a server that never saw it.
    accounts::log_out(&it.state, &teachers[0]).await.unwrap();
    redis.kill();
    accounts::log_out(&it.state, &teachers[1]).await.unwrap();
    let alone = it.another().await;
    let third = caller::resolve(&alone, teachers[2].key(), &"test".into()).await;
    accounts::log_out(&alone, &third.unwrap()).await.unwrap();
    let ended = Instant::now();
    std::fs::write(redis.dump(), &old).unwrap();
    redis.restart();
    let back: u32 = redis::from_redis_value(redis.ask(&["DBSIZE"]).unwrap()).unwrap();
    assert!(back > 0, "the dump is the old one");

    // The servers that were there all along, and one that starts now.
    let fresh = it.another().await;
    let (mut asked, mut refused) = (0, 0);
    for state in [&it.state, &other, &alone, &fresh] {
        for teacher in &teachers {
            dies(state, teacher.key(), ended).await;
            asked += 1;
            refused += u32::from(!is_live(state, teacher.key()).await);
        }
    }
    let head = school.caller("head").await;
    assert!(
        is_live(&fresh, head.key()).await,
        "who logs in now is served"
    );
    eprintln!(
        "R12: {} sessions ended, an old dump with {back} keys put back, {named} of the sessions in it, \
         {refused} of {asked} refused on 4 servers",
        teachers.len()
    );
    assert_eq!((refused, named), (asked, 0));
    for state in [other, alone, fresh] {
        state.tenants.close().await;
    }
    it.remove().await;
}

/// What was counted while marks were saved without a pause.
#[derive(Default)]
struct Saves {
    done: AtomicU32,
    failed: AtomicU32,
    slowest: AtomicU32,
}

/// Saves one mark after the other, each over the one before.
async fn save_on(
    state: Arc<State>,
    teacher: SessionKey,
    sheet: SheetId,
    row: Row,
    saves: Arc<Saves>,
) {
    let mut version = row.v;
    for number in 0.. {
        let began = Instant::now();
        let request = SaveMarks {
            sheet,
            operation: OperationId(rand::random()),
            edits: vec![Edit {
                student: row.id,
                based_on: version,
                entry: Entry::Score(Score(number % 4_000)),
            }],
            reason: None,
        };
        let teacher = caller::resolve(&state, &teacher, &"test".into()).await;
        let saved = match teacher {
            Ok(teacher) => marks::save(&state, &teacher, request).await.ok(),
            Err(_) => None,
        };
        match saved.filter(|saved| saved.problems.is_empty()) {
            Some(saved) => {
                version = saved.version;
                saves.done.fetch_add(1, Ordering::SeqCst);
            }
            None => drop(saves.failed.fetch_add(1, Ordering::SeqCst)),
        }
        let millis = u32::try_from(began.elapsed().as_millis()).unwrap();
        saves.slowest.fetch_max(millis, Ordering::SeqCst);
    }
}

/// Tries that are allowed and refused with a wrong password for a name from an address.
async fn tries(state: &State, school: &School, user: &str, address: &str) -> (u32, u32) {
    let (mut allowed, mut closed) = (0, 0);
    for _ in 0..8 {
        let request = login(&school.code, user, "not the password");
        let from = Peer {
            address: address.into(),
            ..peer()
        };
        match accounts::log_in(state, &from, request).await {
            Err(Error::Refused(told)) if told.code == "too-many-tries" => closed += 1,
            Err(Error::Refused(told)) if told.code == "wrong-password" => allowed += 1,
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("a wrong password was right"),
        }
    }
    (allowed, closed)
}

/// How long it takes until two servers count tries together again.
async fn recovered(one: &State, two: &State) -> Duration {
    let began = Instant::now();
    let limit = Limit { free: 1, most: 1 };
    loop {
        let waited = began.elapsed();
        let name = format!("{:x}", rand::random::<u64>());
        let first = one.cache.try_once(limit, "kilimani", &name).await;
        let second = two.cache.try_once(limit, "kilimani", &name).await;
        if first.is_ok() && second.is_err() {
            return waited;
        }
        assert!(waited < BACK, "Redis is not used again");
        tokio::task::yield_now().await;
    }
}

/// One fault, while marks are being saved; says how long Redis took to be used again.
async fn suffer(
    fault: &str,
    redis: &mut Redis,
    state: &State,
    other: &State,
    school: &School,
    saves: &Saves,
) -> Duration {
    // Nobody has these names, which are counted all the same.
    let (guessed, unguessed) = (format!("guessed-{fault}"), format!("unguessed-{fault}"));
    let before = tries(state, school, &guessed, "192.0.2.7").await;
    assert_eq!(before, (3, 5), "before it is {fault}");
    let began = Instant::now();
    match fault {
        "killed" => redis.kill(),
        "emptied" => drop(redis.ask(&["FLUSHALL"]).unwrap()),
        "full" => drop(redis.ask(&["CONFIG", "SET", "maxmemory", "1"]).unwrap()),
        _ => redis.signal(Signal::STOP),
    }
    // Nobody gets a free try by it.
    let during = tries(state, school, &guessed, "198.51.100.7").await;
    let others = tries(state, school, &unguessed, "198.51.100.7").await;
    let saved = saves.done.load(Ordering::SeqCst);
    while saves.done.load(Ordering::SeqCst) < saved + 20 {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "saves stand still"
        );
        tokio::task::yield_now().await;
    }
    match fault {
        "killed" => redis.restart(),
        "emptied" => {}
        "full" => drop(redis.ask(&["CONFIG", "SET", "maxmemory", "0"]).unwrap()),
        _ => redis.signal(Signal::CONT),
    }
    let back = recovered(state, other).await;
    eprintln!(
        "R11 {fault}: {} tries free that were used up, {} of 8 tries free for another name, used again after {} ms",
        during.0,
        others.0,
        back.as_millis()
    );
    assert!(during.0 <= 1, "{fault}: {during:?}");
    assert!(others.1 >= 3, "{fault}: the limit is off: {others:?}");
    back
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_becomes_of_redis_marks_are_saved_and_limits_hold() {
    if engines().len() < 2 {
        return;
    }
    let mut redis = Redis::start();
    let it = installation(&redis).await;
    let school = class_of_forty(&it).await;
    let other = it.another().await;
    let teacher = school.caller("teacher").await;
    let request = OpenSheet {
        sheet: english(),
        newer_than: None,
    };
    let opened = assessments::open_sheet(&it.state, &teacher, request).await;
    let SheetOpened::Sheet(sheet) = opened.unwrap() else {
        panic!("nothing was known before")
    };
    let row = sheet.rows.into_iter().next().unwrap();
    let saves = Arc::new(Saves::default());
    let saving = save_on(
        Arc::clone(&it.state),
        teacher.key().clone(),
        sheet.id,
        row,
        Arc::clone(&saves),
    );

    let mut worst = Duration::ZERO;
    let faults = async {
        for fault in ["killed", "emptied", "full", "stopped"] {
            let back = suffer(fault, &mut redis, &it.state, &other, &school, &saves).await;
            worst = worst.max(back);
        }
    };
    tokio::select! {
        () = saving => {}
        () = faults => {}
    }
    let [done, failed, slowest] =
        [&saves.done, &saves.failed, &saves.slowest].map(|count| count.load(Ordering::SeqCst));
    eprintln!(
        "R11: {done} saves, {failed} failed, the slowest took {slowest} ms; Redis used again within {} ms",
        worst.as_millis()
    );
    assert_eq!(failed, 0);
    assert!(worst < BACK);
    other.tenants.close().await;
    it.remove().await;
}
