//! A school with staff goes through the step that orders them by name in the database.

use hillview_server::db::Db;
use hillview_server::db::migrate::{self, Scope};
use hillview_server::testing::{Engine, Installation, on_each_engine};
use hillview_shared::staff::Staff;

use crate::staff_list::{TEXTS, hire, holds_folded, paged};
use crate::tampering::behind_the_back;

/// Takes staff back to what step 17 left.
pub async fn take_back(engine: Engine, db: &Db) {
    let index = match engine {
        Engine::MySql => "alter table staff drop index staff_by_sort_name_id",
        Engine::Sqlite => "drop index staff_by_sort_name_id",
    };
    let step = [
        index,
        "alter table staff drop column search_name",
        "alter table staff drop column sort_name",
        "delete from _sqlx_migrations where version > 17",
    ];
    behind_the_back(db, &step, &[]).await;
}

async fn everything(it: &Installation, head: &hillview_server::caller::Caller) -> Vec<Vec<Staff>> {
    let mut found = Vec::new();
    for text in TEXTS {
        found.push(paged(&it.state, head, (text, true), 3).await);
    }
    found
}

#[tokio::test]
async fn staff_of_before_are_listed_by_name() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let head = hire(it, &school).await;
        let before = everything(it, &head).await;
        take_back(it.engine, head.db()).await;
        // More than are written at once.
        let more = "insert into staff (staff_no, staff_key, name, state, created_at)
            with recursive n(i) as (select 1 union all select i + 1 from n where i < 900)
            select 'L' || i, 'l' || i, 'Zz''z ' || i, 'active', 1 from n";
        behind_the_back(head.db(), &[more], &[]).await;
        migrate::run(Scope::School, head.db()).await.unwrap();
        holds_folded(head.db()).await;
        assert_eq!(
            paged(&it.state, &head, ("zzz 90", true), 200).await.len(),
            2
        );
        let gone = "delete from staff where staff_key like 'l%'";
        behind_the_back(head.db(), &[gone], &[]).await;
        assert_eq!(everything(it, &head).await, before);
    })
    .await;
}

/// The steps are done, the names are not all written: a kill fell between, or a server of before
/// went on for a while.
#[tokio::test]
async fn names_that_are_not_written_yet_are_written_by_the_next_run() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let head = hire(it, &school).await;
        let before = everything(it, &head).await;
        let newest = migrate::newest(Scope::School, head.db());
        assert_eq!(migrate::applied(head.db()).await.unwrap(), newest);
        let some = "update staff set sort_name = '', search_name = '' where id % 2 = 0";
        behind_the_back(head.db(), &[some], &[]).await;
        let two = tokio::join!(
            migrate::run(Scope::School, head.db()),
            migrate::run(Scope::School, head.db())
        );
        two.0.unwrap();
        two.1.unwrap();
        holds_folded(head.db()).await;
        assert_eq!(everything(it, &head).await, before);
    })
    .await;
}
