//! What servers remember: nobody sees what is older than it may be, and nothing rests on it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hillview_server::Error;
use hillview_server::cache::{FRESH, Kind, Known};
use hillview_server::caller::{self, Caller, SessionKey};
use hillview_server::config::Config;
use hillview_server::db::migrate::Scope;
use hillview_server::db::tenants::Tenant;
use hillview_server::db::{Tx, classes as rows, counted, epochs, noted, privileges};
use hillview_server::service::{
    State, accounts, assessments, calendar, classes, reference, students, subjects,
};
use hillview_server::testing::{Engine, Installation, School, on_each_engine};
use hillview_shared::Kind as Refusal;
use hillview_shared::api::HillviewRequest;
use hillview_shared::assessments::{OpenSheet, SheetOpened, WhichSheet};
use hillview_shared::classes::ListClasses;
use hillview_shared::ids::{ClassId, GradeId, YearId};
use hillview_shared::students::WhichStudent;
use hillview_shared::wire::Call;

use crate::line::{Bare, connect, log_in};
use crate::process::unhurried;
use crate::samples::{About, name};
use crate::statements::all_statements;
use crate::wire::{class_of_forty, english};

/// Adds classes to the school of a test, at whichever server.
struct Adding {
    year: YearId,
    grade: GradeId,
    by: hillview_shared::ids::UserId,
}

impl Adding {
    async fn to(school: &School, state: &State) -> Self {
        let admin = school.caller("admin").await;
        let year = calendar::this_year(state, &admin).await.unwrap();
        let grades = rows::grades(admin.db()).await.unwrap();
        Self {
            year,
            grade: grades[0].grade_id,
            by: admin.user(),
        }
    }

    async fn add(&self, tx: &mut Tx, state: &State, name: &str) -> ClassId {
        let (named, now) = ((name, name), state.clock.now());
        rows::add(tx, self.year, self.grade, named, self.by, now)
            .await
            .unwrap()
    }

    async fn commit(&self, state: &State, tenant: &Tenant, name: &str) {
        let write = async |tx: &mut Tx| {
            self.add(tx, state, name).await;
            Ok(())
        };
        tenant.db.write(write).await.unwrap();
    }

    async fn sees(&self, state: &State, tenant: &Tenant, name: &str) -> bool {
        let all = reference::classes(state, tenant, self.year).await.unwrap();
        all.iter().any(|class| class.class == name)
    }
}

/// Another server of the same data, which no notice reaches.
async fn apart(it: &Installation) -> Arc<State> {
    let config = Config {
        redis: None,
        ..it.config.clone()
    };
    State::open(&config).await.unwrap()
}

/// The tables that a statement reads.
fn tables_read(statement: &str) -> BTreeSet<&str> {
    let words: Vec<&str> = statement.split_ascii_whitespace().collect();
    let pairs = words
        .windows(2)
        .filter(|pair| ["from", "join", "{then}", "straight_join"].contains(&pair[0]));
    pairs.map(|pair| pair[1]).collect()
}

#[test]
fn the_table_that_a_statement_writes_to_is_known_of_every_statement() {
    let all = [Scope::Control, Scope::School].map(privileges::needed);
    let tables: BTreeSet<&str> = all
        .iter()
        .flatten()
        .map(|(table, _)| table.as_str())
        .collect();
    let (mut known, mut reference) = (0, BTreeSet::new());
    for (file, sql) in all_statements() {
        match epochs::written_table(sql) {
            Some(table) => {
                assert!(tables.contains(table), "{file}: {table:?} in {sql}");
                known += 1;
                reference.extend(epochs::REFERENCE.iter().filter(|it| **it == table));
            }
            None => {
                let first = sql.split_ascii_whitespace().next();
                let reads = first == Some("select")
                    || first == Some("with") && !sql.contains("insert") && !sql.contains("update");
                assert!(reads, "{file}: what it writes to is not seen: {sql}");
            }
        }
    }
    assert!(known > 80, "{known}");
    let written: Vec<&str> = reference.into_iter().copied().collect();
    assert_eq!(written, epochs::REFERENCE, "each is written somewhere");
}

/// A kind of thing that is remembered and reads a table whose changes are not counted fails here.
#[tokio::test]
async fn what_is_remembered_is_read_from_tables_whose_changes_are_counted() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let year = Adding::to(&school, &it.state).await.year;
        let other = it.another().await;
        let tenant = other.tenants.school(&school.code).await.unwrap();
        let read_all = async {
            reference::terms(&other, &tenant).await.unwrap();
            reference::classes(&other, &tenant, year).await.unwrap();
            reference::papers(&other, &tenant).await.unwrap();
        };
        let ((), statements) = Box::pin(noted(read_all)).await;
        let kinds: Vec<Kind> = other
            .cache
            .take_tally()
            .into_iter()
            .map(|it| it.0)
            .collect();
        // Sessions have a count of their own. Schemes never change: nobody may update them.
        let elsewhere = [Kind::Sessions, Kind::Schemes];
        let expected: Vec<Kind> = Kind::ALL
            .into_iter()
            .filter(|kind| !elsewhere.contains(kind))
            .collect();
        assert_eq!(kinds, expected, "each is read here");
        for (table, right) in privileges::needed(Scope::School) {
            let never_changes = ["scheme", "band"].contains(&table.as_str());
            assert!(!never_changes || ["select", "insert"].contains(&right.as_str()));
        }
        let mut read: BTreeSet<&str> = statements.into_iter().flat_map(tables_read).collect();
        assert!(read.remove("session_policy"), "the counts were asked for");
        assert_eq!(read.into_iter().collect::<Vec<_>>(), epochs::REFERENCE);
        drop(tenant);
        other.tenants.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_transaction_counts_once_and_only_when_it_wrote_reference_data() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let adding = Adding::to(&school, &it.state).await;
        let tenant = it.state.tenants.school(&school.code).await.unwrap();
        let db = &tenant.db;
        let count = async || epochs::read(db).await.unwrap().reference_epoch.0;
        let (before, changes) = (count().await, db.changes());
        let write = async |tx: &mut Tx| {
            for name in ["one", "two", "three"] {
                adding.add(tx, &it.state, name).await;
            }
            Ok(())
        };
        db.write(write).await.unwrap();
        assert_eq!(count().await, before + 1);
        assert_ne!(db.changes(), changes);

        let changes = db.changes();
        let mut undone = db.begin().await.unwrap();
        adding.add(&mut undone, &it.state, "four").await;
        drop(undone);
        assert_ne!(db.changes(), changes, "in doubt, however it ended");
        let changes = db.changes();
        let head = school.caller("head").await;
        accounts::log_out(&it.state, &head).await.unwrap();
        assert_eq!((count().await, db.changes()), (before + 1, changes));
    })
    .await;
}

#[tokio::test]
async fn a_change_is_seen_at_once_where_it_was_made_and_within_a_second_elsewhere() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let adding = Adding::to(&school, &it.state).await;
        let (here, there) = (&it.state, apart(it).await);
        let at = async |state: &State| state.tenants.school(&school.code).await.unwrap();
        for round in 0..5 {
            let name = format!("round {round}");
            for state in [here, &there] {
                assert!(!adding.sees(state, &at(state).await, &name).await);
            }
            adding.commit(here, &at(here).await, &name).await;
            let committed = Instant::now();
            assert!(adding.sees(here, &at(here).await, &name).await, "at once");
            loop {
                let asked = committed.elapsed();
                if adding.sees(&there, &at(&there).await, &name).await {
                    break;
                }
                assert!(asked < FRESH, "asked {asked:?} after the change");
                tokio::task::yield_now().await;
            }
        }
        there.tenants.close().await;
    })
    .await;
}

/// With Redis, the other server asks the database anew because it was told.
#[tokio::test(flavor = "multi_thread")]
async fn another_server_is_told_of_a_change() {
    on_each_engine(async |it| {
        if it.engine == Engine::Sqlite {
            return;
        }
        let school = it.school("kilimani").await;
        let served = it.serve_within(unhurried()).await;
        let client = connect(&served).await;
        log_in(&client, &school.code, "admin").await;
        let (other, beside) = it.serve_beside().await;
        let tenant = other.tenants.school(&school.code).await.unwrap();
        let believed = || {
            let epoch = other
                .cache
                .reference_epoch(&school.code, tenant.db.changes());
            epoch.is_some()
        };
        let began = Instant::now();
        // The line of notices comes up by itself; the first may come too early for it.
        for round in 0.. {
            let looked = Instant::now();
            reference::look(&other, &tenant).await.unwrap();
            let request = hillview_shared::classes::AddClass {
                grade: "Grade 4".to_owned(),
                stream: format!("R{round}"),
            };
            let added = client.ask(async |api, context| api.add_class(context, request).await);
            added.await.unwrap();
            while believed() && looked.elapsed() < FRESH {
                tokio::task::yield_now().await;
            }
            if looked.elapsed() < FRESH {
                break;
            }
            assert!(began.elapsed() < Duration::from_secs(60), "no notice came");
        }
        served.stop().await;
        beside.stop().await;
        drop(tenant);
        other.tenants.close().await;
    })
    .await;
}

/// Writers and readers at two servers that no notice reaches: whatever was committed longer ago than
/// [`FRESH`] when somebody asks is in the answer, and what was committed at the same server always.
#[tokio::test]
async fn no_answer_is_older_than_it_may_be() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let adding = Adding::to(&school, &it.state).await;
        let servers = [Arc::clone(&it.state), apart(it).await];
        let mut tenants = Vec::new();
        for state in &servers {
            tenants.push(state.tenants.school(&school.code).await.unwrap());
        }
        // Which server, and when its commit was over.
        let written: std::sync::Mutex<Vec<(usize, String, Instant)>> = Default::default();
        let done = std::sync::atomic::AtomicBool::new(false);
        let write = async {
            for number in 0..40 {
                let (at, name) = (rand::random_range(0..2), format!("class {number}"));
                adding.commit(&servers[at], &tenants[at], &name).await;
                written
                    .lock()
                    .unwrap()
                    .push((at, name.clone(), Instant::now()));
                let other = 1 - at;
                // Now and then in peace, so that much of it is remembered; else at once again.
                while number % 8 == 0 && !adding.sees(&servers[other], &tenants[other], &name).await
                {
                    tokio::task::yield_now().await;
                }
            }
            done.store(true, std::sync::atomic::Ordering::Relaxed);
        };
        let read = async |at: usize| {
            let mut asked_for = 0;
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                let (before, asked) = (written.lock().unwrap().clone(), Instant::now());
                let seen = reference::classes(&servers[at], &tenants[at], adding.year)
                    .await
                    .unwrap();
                let seen: BTreeSet<&str> = seen.iter().map(|class| class.class.as_str()).collect();
                for (writer, name, committed) in &before {
                    let must = *writer == at || asked.duration_since(*committed) > FRESH;
                    assert!(!must || seen.contains(name.as_str()), "{name} at {at}");
                }
                asked_for += 1;
                tokio::task::yield_now().await;
            }
            asked_for
        };
        let ((), here, there) = tokio::join!(write, read(0), read(1));
        let tally = servers[1].cache.take_tally();
        println!("{:?}: asked {here} and {there} times, {tally:?}", it.engine);
        let hits = tally
            .iter()
            .find(|it| it.0 == Kind::Classes)
            .map(|it| it.1[0]);
        assert!(hits > Some(0), "it was remembered: {tally:?}");
        drop(tenants);
        servers[1].tenants.close().await;
    })
    .await;
}

/// What calls send when what changes seldom is remembered, and when nothing is.
#[tokio::test]
async fn calls_send_fewer_statements_for_what_is_remembered() {
    on_each_engine(async |it| {
        let school = class_of_forty(it).await;
        let config = Config {
            no_cache: true,
            ..it.config.clone()
        };
        let off = State::open(&config).await.unwrap();
        let head = school.caller("head").await;
        let with = statements(&it.state, &head, &school).await;
        let head = caller::resolve(&off, head.key(), &"test".into())
            .await
            .unwrap();
        let without = statements(&off, &head, &school).await;
        println!("{:?}: with {with:?}, without {without:?}", it.engine);
        assert_eq!(
            with,
            [
                ("who am i", 0),
                ("list terms", 0),
                ("list papers", 0),
                ("list classes", 1),
                ("list assessments", 1),
                ("show student", 3),
                ("open sheet", 2),
                ("open sheet, unchanged", 1),
                ("open sheet, named", 3),
            ]
        );
        assert_eq!(
            without.map(|(_, count)| count),
            [1, 1, 1, 3, 2, 4, 3, 1, 6],
            "{without:?}"
        );
        // Neither a session nor a school is remembered.
        let peer = "test".into();
        let (again, count) = counted(caller::resolve(&off, head.key(), &peer)).await;
        assert_eq!((again.is_ok(), count), (true, 5));
        assert!(
            off.cache
                .take_tally()
                .iter()
                .all(|(_, [hits, ..])| *hits == 0)
        );
        drop(head);
        off.tenants.close().await;
    })
    .await;
}

/// How many statements each call sends the second time, just after the school's counts were asked for.
async fn statements(state: &State, caller: &Caller, school: &School) -> [(&'static str, u32); 9] {
    let mut all = [("", 0); 9];
    let sheet = match open(state, caller, english(), None).await {
        SheetOpened::Sheet(sheet) => sheet,
        SheetOpened::Unchanged => panic!("nobody had it"),
    };
    let by_id = || WhichSheet::Id(sheet.id);
    let student = school.students[0].id;
    for _ in 0..2 {
        macro_rules! counts {
            ($($name:literal: $call:expr,)+) => {
                [$({
                    reference::look(state, caller.tenant()).await.unwrap();
                    ($name, counted(async { drop($call.await); }).await.1)
                }),+]
            };
        }
        all = counts! {
            "who am i": accounts::who_am_i(state, caller),
            "list terms": calendar::list(state, caller),
            "list papers": subjects::list(state, caller),
            "list classes": classes::list(state, caller, ListClasses::default()),
            "list assessments": assessments::list(state, caller),
            "show student": students::show(state, caller, WhichStudent::Id(student)),
            "open sheet": open(state, caller, by_id(), None),
            "open sheet, unchanged": open(state, caller, by_id(), Some(sheet.v)),
            "open sheet, named": open(state, caller, english(), None),
        };
    }
    all
}

async fn open(
    state: &State,
    caller: &Caller,
    sheet: WhichSheet,
    newer_than: Option<hillview_shared::ids::Version>,
) -> SheetOpened {
    let request = OpenSheet { sheet, newer_than };
    assessments::open_sheet(state, caller, request)
        .await
        .unwrap()
}

/// A server that remembers and one that does not say the same, whatever was written at the first.
#[tokio::test(flavor = "multi_thread")]
async fn without_what_is_remembered_the_answers_are_the_same() {
    on_each_engine(async |it| {
        let about = About::school(it).await;
        let served = it.serve_within(unhurried()).await;
        let off = Config {
            no_cache: true,
            limits: unhurried(),
            ..it.config.clone()
        };
        let (state, beside) = it.serve_beside_as(off).await;
        let mut writers = Vec::new();
        for user in ["head", "admin", "registrar"] {
            writers.push(logged_in(&served, &about, user).await);
        }
        let mut readers = Vec::new();
        for user in ["head", "classteacher"] {
            let pair = (
                logged_in(&served, &about, user).await,
                logged_in(&beside, &about, user).await,
            );
            readers.push(pair);
        }
        let samples = about.samples();
        let (reads, writes): (Vec<_>, Vec<_>) = samples.iter().partition(|call| is_read(call));
        let speaks_anew = |call: &HillviewRequest| {
            let name = name(call);
            ["Hello", "LogIn", "LogOut"].contains(&name.as_str())
        };
        let (mut written, mut compared) = (0, 0);
        for write in writes.into_iter().filter(|call| !speaks_anew(call)) {
            let call = Call::encode(write).unwrap();
            for writer in &mut writers {
                let answer = writer.call(call.clone()).await.unwrap();
                if answer.error().is_some() {
                    continue;
                }
                written += 1;
                for read in &reads {
                    let call = Call::encode(read).unwrap();
                    for (with, without) in &mut readers {
                        let with = with.call(call.clone()).await.unwrap();
                        let without = without.call(call.clone()).await.unwrap();
                        let what = || (name(read), with.decode(&call), without.decode(&call));
                        assert!(with.0 == without.0, "after {}: {:?}", name(write), what());
                        compared += 1;
                    }
                }
            }
        }
        println!(
            "{:?}: {written} writes, {compared} answers the same",
            it.engine
        );
        assert!(written > 10 && compared > 500, "{written}, {compared}");
        drop((writers, readers));
        served.stop().await;
        beside.stop().await;
        state.tenants.close().await;
    })
    .await;
}

fn is_read(call: &HillviewRequest) -> bool {
    let name = name(call);
    name.starts_with("List") || name.starts_with("Show") || name == "OpenSheet"
}

async fn logged_in(server: &hillview_server::testing::Served, about: &About, user: &str) -> Bare {
    let mut bare = Bare::greeted(&server.socket).await;
    assert_eq!(bare.log_in(&about.school.code, user).await, None);
    bare
}

/// Twenty who log out do not make the server read the sessions of the others anew.
#[tokio::test]
async fn an_end_of_a_session_costs_others_next_to_nothing() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let there = apart(it).await;
        let resolve =
            async |key: &SessionKey| counted(caller::resolve(&there, key, &"test".into())).await;
        let mut leaving = Vec::new();
        for _ in 0..20 {
            leaving.push(school.caller("teacher").await);
        }
        let stays = school.caller("head").await;
        let remembered = Instant::now();
        for caller in leaving.iter().chain([&stays]) {
            assert!(resolve(caller.key()).await.0.is_ok());
        }
        for caller in &leaving {
            accounts::log_out(&it.state, caller).await.unwrap();
        }
        // Believed for a moment yet; then the ends are asked for.
        let asking = loop {
            let (answer, count) = resolve(stays.key()).await;
            assert!(answer.is_ok());
            if count > 0 {
                break count;
            }
            tokio::task::yield_now().await;
        };
        // A session is remembered for 15 seconds; a machine may be slower than that.
        assert!(
            asking <= 2 || remembered.elapsed() > Duration::from_secs(14),
            "{asking}"
        );
        let waited = Instant::now();
        for caller in &leaving {
            while !matches!(there.cache.session(caller.key()), Known::Ended) {
                assert!(waited.elapsed() < Duration::from_secs(10), "nobody asked");
                drop(resolve(caller.key()).await);
            }
            let (answer, count) = resolve(caller.key()).await;
            let Err(Error::Refused(refusal)) = answer else {
                panic!("an ended session was admitted");
            };
            assert_eq!((refusal.kind, count), (Refusal::SessionEnded, 0));
        }
        there.tenants.close().await;
    })
    .await;
}
