//! Running again, at the same time, and after a kill.

use hillview_server::Error;
use hillview_server::db::Db;
use hillview_server::db::migrate::{self, Scope};
use hillview_server::testing::{Engine, on_each_engine};

async fn steps(db: &Db) -> i64 {
    let done = db.query("select count(*) from _sqlx_migrations where success");
    done.scalar().await.unwrap()
}

#[tokio::test]
async fn a_second_run_changes_nothing() {
    on_each_engine(async |it| {
        let db = it.state.tenants.prepare("kilimani").await.unwrap();
        let newest = migrate::newest(Scope::School, &db);
        assert!(newest >= 7);
        assert_eq!(migrate::applied(&db).await.unwrap(), newest);
        let done = steps(&db).await;
        assert!(done >= 7);
        migrate::run(Scope::School, &db).await.unwrap();
        assert_eq!(steps(&db).await, done);
        db.close().await;
    })
    .await;
}

#[tokio::test]
async fn several_at_the_same_time_take_turns() {
    on_each_engine(async |it| {
        let other = it.another().await;
        let (one, two) = tokio::join!(
            it.state.tenants.prepare("kilimani"),
            other.tenants.prepare("kilimani")
        );
        let (one, two) = (one.unwrap(), two.unwrap());
        assert_eq!(
            migrate::applied(&one).await.unwrap(),
            migrate::newest(Scope::School, &two)
        );
        one.close().await;
        two.close().await;
        other.tenants.close().await;
    })
    .await;
}

/// On MySQL only: SQLite takes a step that was killed back as a whole, with its note.
#[tokio::test]
async fn a_step_that_was_killed_runs_again() {
    on_each_engine(async |it| {
        if it.engine == Engine::Sqlite {
            return;
        }
        let db = it.state.tenants.prepare("kilimani").await.unwrap();
        let (newest, all) = (migrate::newest(Scope::School, &db), steps(&db).await);
        // What the steps make is there, the notes that they are done are not, but for the note of
        // one that was begun.
        db.write(async |tx| {
            tx.query("delete from _sqlx_migrations where version <> ? and version > 0")
                .bind(newest)
                .execute()
                .await?;
            tx.query("update _sqlx_migrations set success = ? where version = ?")
                .bind(false)
                .bind(newest)
                .execute()
                .await?;
            Ok(())
        })
        .await
        .unwrap();
        assert!(migrate::applied(&db).await.unwrap() < newest);
        let outcome = migrate::run(Scope::School, &db).await;
        assert!(outcome.is_ok(), "{outcome:?}");
        assert_eq!(steps(&db).await, all);
        db.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_school_of_another_version_is_not_served() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let db = school.caller("admin").await.db().clone();
        let newest = migrate::newest(Scope::School, &db);
        for (version, word) in [(newest + 1, "newer"), (newest - 1, "older")] {
            db.write(async |tx| {
                tx.query("delete from _sqlx_migrations where version > ?")
                    .bind(version.min(newest))
                    .execute()
                    .await?;
                tx.query(
                    "insert into _sqlx_migrations (version, description, success, checksum, execution_time) \
                     values (?, 'x', ?, ?, 0) {keep version}",
                )
                .bind(version)
                .bind(true)
                .bind(&b"x"[..])
                .execute()
                .await?;
                Ok(())
            })
            .await
            .unwrap();
            let other = it.another().await;
            let Err(Error::Refused(told)) = other.tenants.school("kilimani").await.map(|_| ()) else {
                panic!("a {word} school was served");
            };
            assert_eq!(told.code, "schema-version");
            assert!(told.message.contains(word), "{told}");
            other.tenants.close().await;
        }
    })
    .await;
}
