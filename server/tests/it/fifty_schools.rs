//! Fifty schools on one server with far fewer connections than they would like.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures::StreamExt;
use hillview_server::config::Config;
use hillview_server::db::{Db, Tx, calendar, schools};
use hillview_server::service::State;
use hillview_server::testing::{Engine, Installation, on_each_engine};

const SCHOOLS: usize = 50;
/// What the server may open, control schema included.
const MOST: u32 = 12;

fn code(number: usize) -> String {
    format!("school-{number}")
}

/// Makes the schools with their tables and a name each, several at the same time.
async fn make(state: &State) {
    let one = async |number: usize| {
        let code = code(number);
        let now = state.clock.now();
        let db = state.tenants.prepare(&code).await.unwrap();
        db.write(async |tx| {
            Ok(calendar::set_profile(tx, &code, "en", "Africa/Nairobi", now).await?)
        })
        .await
        .unwrap();
        db.close().await;
        let write = async |tx: &mut Tx| {
            schools::add(tx, &code, &code, now).await?;
            Ok(schools::set_state(tx, &code, "open").await?)
        };
        state.tenants.control().write(write).await.unwrap();
    };
    let all = futures::stream::iter((0..SCHOOLS).map(one));
    all.buffer_unordered(6).collect::<Vec<()>>().await;
}

/// One call's worth of work in a school; a row of another school fails the test.
async fn work(state: &State, number: usize, turn: usize) {
    let code = code(number);
    let tenant = state.tenants.school(&code).await.unwrap();
    let name = tenant.db.query("select name from profile where id = 1");
    assert_eq!(
        name.scalar::<String>().await.unwrap(),
        code,
        "the wrong school"
    );
    let setting = format!("turn-{turn}");
    let write = async |tx: &mut Tx| {
        tx.query("insert into setting (name, value, updated_at) values (?, ?, 0)")
            .bind(setting.as_str())
            .bind(code.as_str())
            .execute()
            .await?;
        Ok(())
    };
    tenant.db.write(write).await.unwrap();
    let foreign = tenant
        .db
        .query("select count(*) from setting where value <> ?")
        .bind(code.as_str());
    assert_eq!(
        foreign.scalar::<i64>().await.unwrap(),
        0,
        "a row of another school"
    );
}

/// A connection to the database, as far as it is looked at here.
#[derive(sqlx::FromRow)]
struct Process {
    #[sqlx(rename = "db")]
    schema: Option<String>,
}

/// Connections to the schemas of this test, as the database counts them; on SQLite as the pools do.
async fn connections(it: &Installation, state: &State, watch: &Db) -> usize {
    if it.engine == Engine::Sqlite {
        return state.tenants.connections_now();
    }
    // The table of the same name fails on MySQL while anybody's statement has bytes that are no text.
    let processes = watch.query("show processlist").all::<Process>().await;
    let ours = |process: &&Process| {
        let schema = process.schema.as_deref();
        schema.is_some_and(|schema| schema.starts_with(&it.config.schema_prefix))
    };
    processes.unwrap().iter().filter(ours).count()
}

async fn idle_ones_are_closed(it: &Installation, state: &State, watch: &Db) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while connections(it, state, watch).await > 0 {
        assert!(Instant::now() < deadline, "idle ones stay open");
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_schools_share_a_dozen_connections() {
    on_each_engine(async |it| {
        let began = Instant::now();
        make(&it.state).await;
        let made = began.elapsed();
        let config = Config {
            connections: MOST,
            idle: Duration::from_secs(1),
            ..it.config.clone()
        };
        let state = State::open(&config).await.unwrap();
        let watch = it.state.tenants.control();

        const TURNS: usize = 8;
        let (done, most) = (AtomicBool::new(false), AtomicUsize::new(0));
        let all = async {
            let began = Instant::now();
            let schools = (0..SCHOOLS).map(|number| {
                let state = &state;
                async move {
                    for turn in 0..TURNS {
                        work(state, number, turn).await;
                    }
                }
            });
            futures::future::join_all(schools).await;
            done.store(true, Ordering::Relaxed);
            began.elapsed()
        };
        let watching = async {
            let mut looks = 0;
            while !done.load(Ordering::Relaxed) {
                most.fetch_max(connections(it, &state, watch).await, Ordering::Relaxed);
                looks += 1;
                tokio::task::yield_now().await;
            }
            looks
        };
        let (took, looks) = tokio::join!(all, watching);
        let most = most.into_inner();
        eprintln!(
            "{:?}: {SCHOOLS} schools made in {made:?} ({:?} each); {} calls in {took:?}; \
             at most {most} of {MOST} connections in {looks} looks",
            it.engine,
            made / u32::try_from(SCHOOLS).unwrap(),
            SCHOOLS * TURNS,
        );
        assert!(most > 1 && most <= MOST as usize, "{most} connections");
        for number in 0..SCHOOLS {
            let tenant = state.tenants.school(&code(number)).await.unwrap();
            let rows = tenant.db.query("select count(*) from setting");
            assert_eq!(rows.scalar::<i64>().await.unwrap(), 8);
        }
        assert_eq!(state.tenants.open_now().min(MOST as usize), MOST as usize);

        idle_ones_are_closed(it, &state, watch).await;
        state.tenants.close().await;
    })
    .await;
}

/// One school asks for more than there is; another is answered as if it were alone.
#[tokio::test(flavor = "multi_thread")]
async fn a_school_under_load_leaves_room_for_the_others() {
    on_each_engine(async |it| {
        for number in 0..2 {
            let db = it.state.tenants.prepare(&code(number)).await.unwrap();
            db.close().await;
        }
        let busy = it.state.tenants.prepare(&code(0)).await.unwrap();
        let quiet = it.state.tenants.prepare(&code(1)).await.unwrap();
        let stop = AtomicBool::new(false);
        let load = futures::future::join_all((0..60).map(|_| async {
            while !stop.load(Ordering::Relaxed) {
                let count = busy.query("select count(*) from setting");
                assert_eq!(count.scalar::<i64>().await.unwrap(), 0);
            }
        }));
        let others = async {
            let mut slowest = Duration::ZERO;
            for _ in 0..100 {
                let began = Instant::now();
                let count = quiet.query("select count(*) from setting");
                assert_eq!(count.scalar::<i64>().await.unwrap(), 0);
                slowest = slowest.max(began.elapsed());
            }
            stop.store(true, Ordering::Relaxed);
            slowest
        };
        let (_, slowest) = tokio::join!(load, others);
        // In the queue of the other it would wait until that one is done, which is never.
        assert!(slowest < Duration::from_secs(20), "{slowest:?}");
        busy.close().await;
        quiet.close().await;
    })
    .await;
}
