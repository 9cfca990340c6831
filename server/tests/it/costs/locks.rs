//! What a save holds, and what removing a row reads.

use std::time::Duration;

use hillview_server::db::marks::{self as stored, NewMark};
use hillview_server::service::assessments::{self, open_sheet};
use hillview_server::service::marks;
use hillview_server::testing::{Engine, on_each_engine};
use hillview_shared::assessments::{ListSheets, OpenSheet, SheetOpened, WhichSheet};
use hillview_shared::ids::{OperationId, SheetId, Version};
use hillview_shared::marks::{Edit, Entry, SaveMarks, Score};

use crate::wire::class_of_forty;

#[tokio::test(flavor = "multi_thread")]
async fn a_save_holds_its_sheet_and_no_other_of_the_class() {
    on_each_engine(async |it| {
        // SQLite has one writer at a time.
        if it.engine == Engine::Sqlite {
            return;
        }
        let school = class_of_forty(it).await;
        let head = school.caller("head").await;
        let request = ListSheets {
            class: Some(school.east.id),
            ..ListSheets::default()
        };
        let sheets = assessments::list_sheets(&it.state, &head, request).await;
        let sheets: Vec<SheetId> = sheets.unwrap().rows.iter().map(|sheet| sheet.id).collect();
        let edits = async |sheet| {
            let request = OpenSheet {
                sheet: WhichSheet::Id(sheet),
                newer_than: None,
            };
            let opened = open_sheet(&it.state, &head, request).await.unwrap();
            let SheetOpened::Sheet(opened) = opened else {
                panic!("nothing was known before")
            };
            let edit = |row: &hillview_shared::assessments::SheetRow| Edit {
                student: row.id,
                based_on: row.v,
                entry: Entry::Score(Score::whole(30)),
            };
            opened.rows.iter().map(edit).collect::<Vec<_>>()
        };
        let (held, free) = (edits(sheets[0]).await, edits(sheets[1]).await);
        let (at, by) = (it.state.clock.now(), head.user());
        let new = held.iter().map(|edit| NewMark {
            sheet: sheets[0],
            version: Version(1),
            student: edit.student,
            entry: &edit.entry,
            by,
            at,
        });
        let new: Vec<_> = new.collect();
        let mut tx = head.db().begin().await.unwrap();
        assert!(stored::hold(&mut tx, sheets[0]).await.unwrap());
        stored::put(&mut tx, &new).await.unwrap();
        let request = SaveMarks {
            sheet: sheets[1],
            operation: OperationId([2; 16]),
            edits: free,
            reason: None,
        };
        // It waits for nothing; were it held up, the database would give up only much later.
        let other = marks::save(&it.state, &head, request);
        let other = tokio::time::timeout(Duration::from_secs(20), other).await;
        assert_eq!(other.expect("nothing holds it up").unwrap().entered, 40);
        tx.commit().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn what_may_be_removed_is_looked_for_by_an_index_in_every_table_that_names_it() {
    let it = hillview_server::testing::Installation::new(Engine::Sqlite).await;
    let school = it.state.tenants.prepare("kilimani").await.unwrap();
    let bare: Vec<(String,)> = school
        .query(
            "select one.name || '.' || named.\"from\"
            from sqlite_schema one
            join pragma_foreign_key_list(one.name) named
            where one.type = 'table'
                and named.\"table\" in
                    ('class', 'enrolment', 'import_job', 'paper', 'role', 'staff', 'student', 'user')
                and not exists (select 1 from pragma_index_list(one.name) list
                    join pragma_index_info(list.name) info
                    where info.seqno = 0 and info.name = named.\"from\")
                and not exists (select 1 from pragma_table_info(one.name) col
                    where col.pk = 1 and col.name = named.\"from\")
            order by 1",
        )
        .all()
        .await
        .unwrap();
    assert_eq!(bare, []);
    school.close().await;
    it.remove().await;
}
