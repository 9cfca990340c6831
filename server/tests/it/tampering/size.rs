//! A check of logs that are long, and that grow meanwhile.

use hillview_server::chain;
use hillview_server::db::marks::{self as stored, NewChange, NewMark};
use hillview_server::service::audit::Event;
use hillview_server::service::{audit, marks};
use hillview_server::testing::on_each_engine;
use hillview_shared::audit::{Action, VerifyAudit};
use hillview_shared::ids::{Moment, OperationId, Version};
use hillview_shared::marks::{Edit, Entry, SaveMarks, Score};

use super::cases::HISTORY;
use super::ground::{Ready, behind_the_back, ready, sheets, unguard, verify};

#[tokio::test]
async fn nothing_is_found_while_people_work() {
    on_each_engine(async |it| {
        let ready = ready(it).await;
        let state = &it.state;
        let all = sheets(state, &ready.head).await;
        let working = std::cell::Cell::new(true);
        let enter = async {
            let mut versions = [Version(0); 3];
            for round in 0..60 {
                let sheet = all[round % 3].id;
                let students = (0..5).map(|place| ready.student(place));
                let edits = students.map(|student| Edit {
                    student,
                    based_on: versions[round % 3],
                    entry: match round % 7 {
                        6 => Entry::Blank,
                        _ => Entry::Score(Score::whole(i32::try_from(round % 60).unwrap())),
                    },
                });
                let request = SaveMarks {
                    sheet,
                    operation: OperationId(rand::random()),
                    edits: edits.collect(),
                    reason: None,
                };
                let saved = marks::save(state, &ready.head, request).await.unwrap();
                versions[round % 3] = saved.version;
                ready.school.caller("teacher").await;
            }
            working.set(false);
        };
        let check = async {
            let mut checks = 0;
            while working.get() {
                let (checked, _) = verify(state, &ready.head, None).await.unwrap();
                assert_eq!(checked.fault, None);
                checks += 1;
            }
            checks
        };
        let ((), checks) = tokio::join!(enter, check);
        let rows = verify(state, &ready.head, None).await.unwrap().1;
        println!(
            "{:?}: {checks} checks during 60 saves, {rows} rows at the end, 0 faults",
            it.engine
        );
        assert!(checks > 5, "only {checks} checks");
    })
    .await;
}

/// Adds rows to the history of the sheet, made as the server makes them.
async fn make_longer(ready: &Ready, rows: i64) {
    let db = ready.head.db();
    let (student, by) = (ready.student(1), ready.teacher.user());
    let scores = [51, 52].map(|marks| Entry::Score(Score::whole(marks)));
    let last = db.query("select hash from mark_change order by sheet_id, sequence desc limit 1");
    let last: Vec<u8> = last.scalar().await.unwrap();
    let mut last: chain::Hash = last.try_into().unwrap();
    let operation = OperationId([7; 16]);
    let mut changes = Vec::new();
    for row in 0..rows {
        let turn = usize::try_from(row % 2).unwrap();
        let link = chain::Link {
            sheet: ready.sheet,
            sequence: 13 + row,
            student,
            before: &scores[turn],
            after: &scores[1 - turn],
            by,
            at: Moment(1_900_000_000_000_000 + row),
            operation,
            source: "test",
            reason: None,
        };
        let change = NewChange::behind(&last, link);
        last = change.hash;
        changes.push(change);
    }
    let end = &changes.last().unwrap().link;
    let mark = NewMark {
        sheet: ready.sheet,
        student,
        entry: end.after,
        version: Version(2),
        by,
        at: end.at,
    };
    for changes in changes.chunks(1_000) {
        let write = db.write(async |tx| Ok(stored::add_changes(tx, changes).await?));
        write.await.unwrap();
    }
    let write = db.write(async |tx| Ok(stored::put(tx, std::slice::from_ref(&mark)).await?));
    write.await.unwrap();
}

#[tokio::test]
async fn a_long_history_is_checked_in_pieces() {
    on_each_engine(async |it| {
        let ready = ready(it).await;
        let (state, head) = (&it.state, &ready.head);
        make_longer(&ready, 12_000).await;
        let by = head.by(state.clock.now());
        let events: Vec<Event> = (0..11_000)
            .map(|number| Event::new(Action::RoleGive, number.to_string()))
            .collect();
        for events in events.chunks(1_000) {
            let write = head
                .db()
                .write(async |tx| audit::note_all(tx, &by, events).await);
            write.await.unwrap();
        }
        let checked = audit::verify(state, head, VerifyAudit::default());
        let checked = checked.await.unwrap();
        assert_eq!((checked.fault, checked.next), (None, None), "in one call");
        assert!(checked.rows > 23_000, "{} rows", checked.rows);
        assert!(checked.head.is_some());
        unguard(it, head.db()).await;
        for (sql, number, log) in [
            (
                "update mark_change set reason = 'x' where sequence = ?",
                9_000,
                HISTORY,
            ),
            (
                "update audit set detail = 'x' where sequence = ?",
                7_000,
                "audit",
            ),
        ] {
            behind_the_back(head.db(), &[sql], &[number]).await;
            let fault = verify(state, head, None).await.unwrap().0.fault.unwrap();
            assert_eq!((fault.log.as_str(), fault.sequence), (log, number));
        }
    })
    .await;
}

/// Sheets without a history, behind those that have one.
const MORE_SHEETS: [&str; 2] = [
    "insert into assessment (term_id, year_id, code, name, opens, closes, state, direct_levels, created_at)
      with recursive n(i) as (select 1 union all select i + 1 from n where i < 500)
      select term_id, year_id, 'L' || i, 'Large', opens, closes, 'locked', false, 1
      from n join (select * from assessment order by id limit 1) one on true",
    "insert into sheet (assessment_id, class_id, paper_id, scheme_id, out_of, state, v)
      select assessment.id, sheet.class_id, sheet.paper_id, sheet.scheme_id, sheet.out_of, 'open', 0
      from sheet join assessment on assessment.name = 'Large'",
];

#[tokio::test]
async fn a_check_of_many_sheets_goes_on_where_a_call_stopped() {
    on_each_engine(async |it| {
        let ready = ready(it).await;
        let (state, head, db) = (&it.state, &ready.head, ready.head.db());
        let (_, rows) = verify(state, head, None).await.unwrap();
        behind_the_back(db, &MORE_SHEETS, &[]).await;
        let first = audit::verify(state, head, VerifyAudit::default());
        let first = first.await.unwrap();
        assert_eq!((first.fault, first.head), (None, None));
        assert!(first.next.is_some_and(|next| next.starts_with("sheets ")));
        let (checked, all) = verify(state, head, None).await.unwrap();
        assert_eq!((checked.fault, all), (None, rows));
        assert!(checked.head.is_some());
        let more = "insert into mark (sheet_id, student_id, state, score, v, changed_by, changed_at)
            select max(sheet.id), max(student.id), 'scored', 100, 1, 1, 1 from sheet cross join student";
        behind_the_back(db, &[more], &[]).await;
        let (checked, _) = verify(state, head, None).await.unwrap();
        let fault = checked.fault.unwrap();
        assert!(fault.log.contains(", L"), "{}", fault.log);
    })
    .await;
}
