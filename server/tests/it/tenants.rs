//! Schools side by side, and a Redis that is not there.

use hillview_server::config::Config;
use hillview_server::db::Why;
use hillview_server::service::State;
use hillview_server::service::schools::{self, NewSchool};
use hillview_server::testing::{Engine, Installation, on_each_engine};

/// A prepared statement that is answered from the schema it was first prepared in would show here.
#[tokio::test]
async fn two_schools_side_by_side_never_mix() {
    on_each_engine(async |it| {
        for code in ["alpha", "beta", "gamma"] {
            let new = NewSchool {
                code,
                name: code,
                pack: "ke-cbe",
                admin: "admin",
            };
            schools::create(&it.state, &new).await.unwrap();
        }
        let work = (0..300).map(|n| {
            let state = &it.state;
            let code = ["alpha", "beta", "gamma"][n % 3];
            async move {
                let tenant = state.tenants.school(code).await.unwrap();
                if n % 10 < 3 {
                    let mark = format!("{code}-{n}");
                    let write = async |tx: &mut hillview_server::db::Tx| {
                        tx.query("insert into setting (name, value, updated_at) values (?, ?, 0)")
                            .bind(&*mark)
                            .bind(code)
                            .execute()
                            .await?;
                        Ok(())
                    };
                    tenant.db.write(write).await.unwrap();
                }
                let name = tenant.db.query("select name from profile where id = 1");
                assert_eq!(name.scalar::<String>().await.unwrap(), code);
                let foreign = tenant
                    .db
                    .query("select count(*) from setting where value <> ?")
                    .bind(code);
                assert_eq!(
                    foreign.scalar::<i64>().await.unwrap(),
                    0,
                    "a row of another school"
                );
            }
        });
        futures::future::join_all(work).await;
        for code in ["alpha", "beta", "gamma"] {
            let tenant = it.state.tenants.school(code).await.unwrap();
            let count = tenant
                .db
                .query("select count(*) from setting where value = ?")
                .bind(code);
            assert_eq!(count.scalar::<i64>().await.unwrap(), 30);
        }
    })
    .await;
}

/// A queue in front of one school's writers holds nothing that another school could use, and nothing
/// that its own readers need.
#[tokio::test]
async fn a_school_with_a_long_queue_leaves_the_others_in_peace() {
    on_each_engine(async |it| {
        let busy = it.state.tenants.prepare("busy").await.unwrap();
        let quiet = it.state.tenants.prepare("quiet").await.unwrap();
        let mut held = Vec::new();
        let at_once = match it.engine {
            Engine::Sqlite => 1,
            Engine::MySql => (it.config.connections / 4).clamp(1, 12),
        };
        for _ in 0..at_once {
            held.push(busy.begin().await.unwrap());
        }
        // More than the server's connections, each waiting for one that is held.
        let queue = (0..it.config.connections + 8).map(|_| busy.begin());
        let mut queue = Box::pin(futures::future::join_all(queue));
        assert!(futures::poll!(&mut queue).is_pending());
        for school in [&quiet, &busy] {
            let count = school.query("select count(*) from setting").scalar::<i64>();
            let answered = tokio::time::timeout(std::time::Duration::from_secs(30), count).await;
            assert_eq!(answered.expect("whoever reads waits").unwrap(), 0);
        }
        drop((queue, held));
        busy.close().await;
        quiet.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_transaction_is_all_or_nothing_and_undone_ones_run_again() {
    on_each_engine(async |it| {
        let db = it.state.tenants.prepare("kilimani").await.unwrap();
        let taken = db
            .write(async |tx| {
                for name in ["one", "two", "one"] {
                    tx.query("insert into setting (name, value, updated_at) values (?, '', 0)")
                        .bind(name)
                        .execute()
                        .await?;
                }
                Ok(())
            })
            .await;
        let Err(hillview_server::Error::Database(failure)) = taken else {
            panic!("{taken:?}")
        };
        assert!(matches!(failure.why, Why::Unique(_)), "{failure}");
        assert_eq!(
            db.query("select count(*) from setting")
                .scalar::<i64>()
                .await
                .unwrap(),
            0
        );

        let db = &db;
        let work = (0..20).map(|n| {
            async move {
                // Two rows in either order: this deadlocks on MySQL unless it is run again.
                let names = if n % 2 == 0 { ["a", "b"] } else { ["b", "a"] };
                db.write(async |tx| {
                    for name in names {
                        tx.query(
                            "insert into setting (name, value, updated_at) values (?, '', 1) \
                             {upsert name: updated_at = setting.updated_at + 1}",
                        )
                        .bind(name)
                        .execute()
                        .await?;
                        tokio::task::yield_now().await;
                    }
                    Ok(())
                })
                .await
            }
        });
        for done in futures::future::join_all(work).await {
            done.unwrap();
        }
        let sums = db.query("select updated_at from setting order by name");
        assert_eq!(sums.all::<(i64,)>().await.unwrap(), [(20,), (20,)]);
        db.close().await;
    })
    .await;
}

#[tokio::test]
async fn without_redis_people_log_in_and_stay_in() {
    let it = Installation::new(Engine::Sqlite).await;
    let config = Config {
        redis: Some(format!("redis+unix://{}/none.sock", it.folder().display())),
        ..it.config.clone()
    };
    let lame = State::open(&config).await.unwrap();
    let school = hillview_server::testing::School::make(&lame, "kilimani").await;
    let began = std::time::Instant::now();
    let caller = school.caller("teacher").await;
    for _ in 0..100 {
        let again = hillview_server::caller::resolve(&lame, caller.key(), &"test".into()).await;
        assert_eq!(again.unwrap().user(), caller.user());
    }
    assert!(
        began.elapsed().as_secs() < 10,
        "a dead Redis is not waited for: {:?}",
        began.elapsed()
    );
    lame.tenants.close().await;
    it.remove().await;
}
