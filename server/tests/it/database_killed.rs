//! The database killed while it writes: what was acknowledged is there, and work goes on by itself.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::time::{Duration, Instant};

use hillview_server::Error;
use hillview_server::db::{Db, Why};
use hillview_server::testing::{Engine, Installation, engines};

use crate::database::Database;

/// What the writers were told.
#[derive(Default)]
struct Told {
    saved: RefCell<HashSet<String>>,
    unknown: RefCell<HashSet<String>>,
    stop: Cell<bool>,
}

async fn write(db: &Db, writer: usize, told: &Told) {
    for n in 0.. {
        if told.stop.get() {
            return;
        }
        let name = format!("{writer}-{n}");
        let outcome = db
            .write(async |tx| {
                for part in ["a", "b"] {
                    tx.query("insert into setting (name, value, updated_at) values (?, ?, 0)")
                        .bind(format!("{name}-{part}"))
                        .bind(&*name)
                        .execute()
                        .await?;
                }
                Ok(())
            })
            .await;
        match outcome {
            Ok(()) => drop(told.saved.borrow_mut().insert(name)),
            Err(Error::Database(failure)) if failure.why == Why::Unknown => {
                told.unknown.borrow_mut().insert(name);
            }
            Err(Error::Database(failure)) => assert!(failure.may_retry(), "{failure}"),
            Err(other) => panic!("{other}"),
        }
    }
}

async fn until_saved(told: &Told, more: usize, within: Duration) {
    let (began, before) = (Instant::now(), told.saved.borrow().len());
    while told.saved.borrow().len() < before + more {
        assert!(
            began.elapsed() < within,
            "{more} more were not saved within {within:?}"
        );
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn the_database_is_killed_and_nothing_acknowledged_is_lost() {
    if engines().len() < 2 {
        return;
    }
    let database = Database::start().await;
    let it = Installation::on(Engine::MySql, Some(database.url()), None).await;
    let db = it.state.tenants.prepare("kilimani").await.unwrap();
    let told = Told::default();
    let killer = async {
        for _ in 0..3 {
            until_saved(&told, 25, Duration::from_secs(60)).await;
            database.kill("mysql.pid").expect("the database runs");
            database.dev_db("start").await;
            until_saved(&told, 1, Duration::from_secs(10)).await;
        }
        told.stop.set(true);
    };
    let writers = futures::future::join_all((0..4).map(|writer| write(&db, writer, &told)));
    tokio::join!(killer, writers);

    let rows = db.query("select value, cast(count(*) as signed) from setting group by value");
    let rows: Vec<(String, i64)> = rows.all().await.unwrap();
    assert!(
        rows.iter().all(|(_, parts)| *parts == 2),
        "half a transaction was kept"
    );
    let kept: HashSet<String> = rows.into_iter().map(|(name, _)| name).collect();
    let (saved, unknown) = (told.saved.take(), told.unknown.take());
    let lost: Vec<_> = saved.difference(&kept).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    let more = kept
        .difference(&saved)
        .filter(|name| !unknown.contains(*name));
    let more: Vec<_> = more.collect();
    assert!(
        more.is_empty(),
        "kept, though said to have failed: {more:?}"
    );
    db.close().await;
    // The database goes with its schemas; connections that knew the killed one may still be there.
    it.state.tenants.close().await;
    database.dev_db("stop").await;
}

#[tokio::test]
async fn what_is_read_after_a_restart_does_not_meet_a_dead_connection() {
    if engines().len() < 2 {
        return;
    }
    let database = Database::start().await;
    let it = Installation::on(Engine::MySql, Some(database.url()), None).await;
    let db = it.state.tenants.prepare("kilimani").await.unwrap();
    for _ in 0..3 {
        // As many connections as may be open at the same time, all idle when the database goes.
        let asked = (0..4).map(|_| {
            let query = db.query("select cast(sleep(0.1) as signed)");
            query.scalar::<i64>()
        });
        for answer in futures::future::join_all(asked).await {
            assert_eq!(answer.unwrap(), 0);
        }
        database.kill("mysql.pid").expect("the database runs");
        database.dev_db("start").await;
        for _ in 0..4 {
            let answer = db.query("select 1").scalar::<i64>().await;
            assert_eq!(answer.unwrap(), 1);
        }
    }
    db.close().await;
    it.state.tenants.close().await;
    database.dev_db("stop").await;
}
