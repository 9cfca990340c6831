//! What the engines tell of themselves, on which measurements rely.

use hillview_server::db::measures;
use hillview_server::service::schools::{self, NewSchool};
use hillview_server::testing::{Engine, on_each_engine};

#[tokio::test]
async fn every_table_of_a_school_is_told_with_its_size_and_no_other_schools() {
    on_each_engine(async |it| {
        for code in ["alpha", "beta"] {
            let new = NewSchool {
                code,
                name: code,
                pack: "ke-cbe",
                admin: "admin",
            };
            schools::create(&it.state, &new).await.unwrap();
        }
        let db = it.state.tenants.school("alpha").await.unwrap().db;
        let stored = measures::stored(&db).await.unwrap();
        for name in ["mark", "mark_change", "sheet", "student"] {
            let of_name: Vec<_> = stored.iter().filter(|it| it.table == name).collect();
            assert_eq!(of_name.len(), 1, "{name} on {:?}: {stored:?}", it.engine);
            assert!(of_name[0].bytes >= 4096, "{name} on {:?}", it.engine);
        }
    })
    .await;
}

#[tokio::test]
async fn rows_that_are_read_are_counted_where_the_engine_counts() {
    on_each_engine(async |it| {
        let control = it.state.tenants.control();
        let read = async || measures::rows_read(control).await.unwrap();
        let before = read().await;
        assert_eq!(before.is_some(), it.engine == Engine::MySql);
        let code = "alpha";
        let new = NewSchool {
            code,
            name: code,
            pack: "ke-cbe",
            admin: "admin",
        };
        schools::create(&it.state, &new).await.unwrap();
        assert!(before.is_none() || read().await > before);
    })
    .await;
}
