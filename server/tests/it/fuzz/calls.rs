//! Changed calls of every kind, through the real server as a process: as nobody, as a teacher, as the head,
//! as the platform's administrator.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use hillview_server::service::accounts::by_hand;
use hillview_server::service::{State, schools};
use hillview_server::testing::{Engine, Installation, on_each_engine, settle};
use hillview_shared::accounts::PLATFORM;
use hillview_shared::wire::Call;
use hillview_shared::{ApiError, Kind};
use serde_json::Value;
use tokio::time::sleep;

use super::change::{call, change, tree, words};
use super::{Dice, inputs, seed, spoil};
use crate::line::Bare;
use crate::process::Process;
use crate::samples::About;

/// Calls of one connection.
const SQLITE: usize = 2_500;
const MYSQL: usize = 400;

/// Who sends, with how many connections.
const WHO: [(&str, usize); 4] = [("", 1), ("teacher", 2), ("head", 2), (PLATFORM, 1)];

struct Sender {
    state: Arc<State>,
    socket: PathBuf,
    school: String,
    user: &'static str,
    bare: Bare,
}

/// What the calls of one connection came to.
#[derive(Debug, Default)]
struct Counts {
    sent: usize,
    done: usize,
    refused: usize,
    unreadable: usize,
    logins: usize,
}

impl Sender {
    async fn open(it: &Installation, socket: &Path, school: &str, user: &'static str) -> Self {
        let school = if user == PLATFORM { PLATFORM } else { school };
        let mut sender = Self {
            state: Arc::clone(&it.state),
            socket: socket.to_owned(),
            school: school.to_owned(),
            user,
            bare: Bare::greeted(socket).await,
        };
        sender.log_in().await;
        sender
    }

    async fn log_in(&mut self) {
        self.bare = Bare::greeted(&self.socket).await;
        if self.user.is_empty() {
            return;
        }
        // Another sender may disable this one or give it a new password, again and again, and tries that
        // fail make the next ones wait.
        let mut refused = self.bare.log_in(&self.school, self.user).await;
        for _ in 0..30 {
            match refused {
                None => return,
                Some(told) if told.kind == Kind::Busy => sleep(Duration::from_secs(1)).await,
                Some(_) => self.let_in().await,
            }
            refused = self.bare.log_in(&self.school, self.user).await;
        }
        assert_eq!(refused, None, "{}", self.user);
    }

    /// Gives the sender's login back what others took from it.
    async fn let_in(&self) {
        let tenant = self.state.tenants.school(&self.school).await.unwrap();
        by_hand::disable(&self.state, &self.school, &tenant.db, self.user, true)
            .await
            .unwrap();
        settle(&self.state, &self.school, self.user).await;
    }

    /// Sends one call; `None` when the server closed the connection on it.
    async fn send(&mut self, call: Call) -> Option<Option<ApiError>> {
        if !self.bare.try_send(call).await {
            return None;
        }
        self.bare.answer().await.map(|answer| answer.error())
    }

    async fn run(mut self, trees: Arc<Vec<Value>>, seed: u64, calls: usize) -> Counts {
        let words = words(&trees);
        let mut counts = Counts::default();
        for number in 0..calls {
            let dice = &mut Dice::new(seed.wrapping_add(u64::try_from(number).unwrap()));
            let (what, call) = one(dice, &trees, &words);
            // A stranger's frames are short, and few.
            if self.user.is_empty() && (number % 20 == 19 || call.0.len() > 3_000) {
                self.log_in().await;
                if call.0.len() > 3_000 {
                    continue;
                }
            }
            counts.sent += 1;
            let short: String = what.chars().take(600).collect();
            let Some(answer) = self.send(call).await else {
                panic!(
                    "{}: seed {seed}, number {number}: closed on {short}",
                    self.user
                );
            };
            match answer {
                None => counts.done += 1,
                Some(error) => {
                    assert!(
                        error.kind != Kind::Fault,
                        "{}: seed {seed}, number {number}: {error:?} on {short}",
                        self.user
                    );
                    counts.refused += 1;
                    counts.unreadable += usize::from(error.kind == Kind::Unsupported);
                    let out = error.kind == Kind::SessionEnded || error.code == "not-logged-in";
                    if out && !self.user.is_empty() {
                        counts.logins += 1;
                        self.log_in().await;
                    }
                }
            }
        }
        counts
    }
}

/// A call, and what it looks like.
fn one(dice: &mut Dice, trees: &[Value], words: &[String]) -> (String, Call) {
    let mut tree = loop {
        let tree = dice.pick(trees);
        let Some((name, _)) = tree.as_object().and_then(|call| call.iter().next()) else {
            continue;
        };
        // They cost a hash, a school, or the session.
        let dear = match name.as_str() {
            "LogOut" | "AddSchool" | "ChangePassword" => 12,
            "LogIn" | "AddStaff" | "ResetPassword" | "IssuePasswords" | "DropSecondFactor"
            | "BeginSecondFactor" | "RunImport" => 4,
            _ => 1,
        };
        if dice.once_in(dear) {
            break tree.clone();
        }
    };
    if !dice.once_in(20) {
        change(dice, &mut tree, words);
    }
    let mut call = call(&tree);
    if dice.once_in(12) {
        let mut bytes = call.0.to_vec();
        spoil(dice, &mut bytes);
        call = Call(bytes.into());
    }
    // What is longer than a frame the client does not send.
    call.0.truncate(200_000);
    (tree.to_string(), call)
}

/// The platform's administrator with the password that tests know.
async fn platform_admin(it: &Installation, socket: &Path) {
    let once = schools::platform_admin(&it.state, PLATFORM).await.unwrap();
    let mut bare = Bare::greeted(socket).await;
    bare.log_in_with(PLATFORM, PLATFORM, &once).await;
    bare.change_password(&once).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_call_is_too_odd() {
    on_each_engine(async |it| {
        let about = About::school(it).await;
        let trees: Arc<Vec<_>> = Arc::new(about.samples().iter().map(tree).collect());
        let seed = seed();
        let calls = match it.engine {
            Engine::Sqlite => inputs(SQLITE),
            Engine::MySql => inputs(MYSQL),
        };
        println!("calls on {:?}: seed {seed}", it.engine);
        let (server, _client) = Process::start_unhurried(it).await;
        let socket = it.folder().join("hillview.sock");
        platform_admin(it, &socket).await;
        let began = std::time::Instant::now();
        let mut running = FuturesUnordered::new();
        let everybody = WHO.iter().flat_map(|(user, many)| vec![*user; *many]);
        for (number, user) in (1_u64..).zip(everybody) {
            let sender = Sender::open(it, &socket, &about.school.code, user).await;
            let seed = seed.wrapping_add(number << 40);
            let run = sender.run(Arc::clone(&trees), seed, calls);
            running.push(async move { (user, run.await) });
        }
        let before = server.resident();
        let mut most = before;
        while let Some((user, counts)) = running.next().await {
            most = most.max(server.resident());
            println!("calls on {:?} as {user:?}: {counts:?}", it.engine);
            assert!(counts.done > 0, "{user}: {counts:?}");
        }
        let log = server.end();
        let panics = log.matches("\"message\":\"panic\"").count();
        let faults = log.matches("\"outcome\":\"fault\"").count();
        println!(
            "calls on {:?}: seed {seed}, {:?}; {panics} panics, {faults} faults; {before} KiB before, {most} KiB after",
            it.engine,
            began.elapsed()
        );
        assert_eq!((panics, faults), (0, 0), "{log}");
        assert!(most < before + 300 * 1024, "{before} KiB, then {most} KiB");
    })
    .await;
}
