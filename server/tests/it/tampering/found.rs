//! Whatever was tampered with is named.

use hillview_server::testing::{Engine, Installation, on_each_engine};
use hillview_shared::audit::Tampering::{Changed, Removed};
use hillview_shared::audit::{AuditChecked, AuditFault};

use super::cases::{in_the_history, in_the_log, in_the_marks};
use super::ground::{behind_the_back, ready, save, score, unguard, verify};

const KEEP: &[&str] = &[
    "create table kept_audit as select * from audit",
    "create table kept_head as select * from audit_head",
    "create table kept_change as select * from mark_change",
    "create table kept_mark as select * from mark",
];

const RESTORE: &[&str] = &[
    "delete from audit",
    "delete from audit_head",
    "delete from mark_change",
    "delete from mark",
    "insert into audit select * from kept_audit",
    "insert into audit_head select * from kept_head",
    "insert into mark_change select * from kept_change",
    "insert into mark select * from kept_mark",
];

#[tokio::test]
async fn each_row_that_was_tampered_with_is_named() {
    on_each_engine(async |it| {
        let ready = ready(it).await;
        let (state, db) = (&it.state, ready.head.db());
        unguard(it, db).await;
        behind_the_back(db, KEEP, &[]).await;
        let end = ready.number("select sequence from audit_head").await;
        assert!(end > 10, "only {end} lines");
        let mut cases = in_the_log(end);
        cases.extend(in_the_history(ready.sheet, ready.student(5)));
        cases.extend(in_the_marks(&ready));
        let (clean, rows) = verify(state, &ready.head, None).await.unwrap();
        assert_eq!(clean.fault, None);
        assert_eq!(rows, u64::try_from(end).unwrap() + 12);
        let mut wrong = Vec::new();
        for case in &cases {
            behind_the_back(db, &case.statements, &case.numbers).await;
            let (checked, _) = verify(state, &ready.head, None).await.unwrap();
            let (log, sequence, what) = case.found;
            let expected = AuditFault {
                log: log.to_owned(),
                sequence,
                what,
            };
            if checked.fault.as_ref() != Some(&expected) {
                let (sql, numbers) = (&case.statements, &case.numbers);
                wrong.push(format!("{sql:?} {numbers:?}: {:?}", checked.fault));
            }
            assert_eq!(checked.head, None, "a head is told of what is good only");
            behind_the_back(db, RESTORE, &[]).await;
        }
        let (all, missed) = (cases.len(), wrong.len());
        println!(
            "{:?}: {all} ways to tamper, {} named, {missed} missed",
            it.engine,
            all - missed
        );
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        assert_eq!(verify(state, &ready.head, None).await.unwrap().0, clean);
    })
    .await;
}

/// Their rows keep nothing beside their hashes, which show all the same that something was done; only
/// where a gap was closed they do not show what.
#[tokio::test]
async fn histories_of_before_rows_kept_more_than_a_hash_are_checked_as_well() {
    on_each_engine(async |it| {
        let ready = ready(it).await;
        let (state, db) = (&it.state, ready.head.db());
        unguard(it, db).await;
        behind_the_back(db, &["update mark_change set row_hash = null"], &[]).await;
        behind_the_back(db, KEEP, &[]).await;
        let clean = verify(state, &ready.head, None).await.unwrap().0;
        assert_eq!(clean.fault, None);
        let mut cases = in_the_history(ready.sheet, ready.student(5));
        cases.retain(|case| !case.statements[0].contains("set row_hash ="));
        for case in &cases {
            behind_the_back(db, &case.statements, &case.numbers).await;
            let fault = verify(state, &ready.head, None).await.unwrap().0.fault;
            let (log, sequence, what) = case.found;
            let closed = what == Removed && case.statements.len() == 3;
            let expected = AuditFault {
                log: log.to_owned(),
                sequence,
                what: if closed { Changed } else { what },
            };
            assert_eq!(fault, Some(expected), "{:?}", case.statements);
            behind_the_back(db, RESTORE, &[]).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_mark_that_was_changed_behind_the_back_shows_also_after_it_was_saved_again() {
    on_each_engine(async |it| {
        let ready = ready(it).await;
        let (state, student) = (&it.state, ready.student(3));
        let change = "update mark set score = 5900 where sheet_id = ? and student_id = ?";
        let numbers = [ready.sheet.0, student.0];
        behind_the_back(ready.head.db(), &[change], &numbers).await;
        save(
            state,
            &ready.teacher,
            ready.sheet,
            vec![score(student, 2, 58)],
        )
        .await;
        let fault = verify(state, &ready.head, None).await.unwrap().0.fault;
        let expected = AuditFault {
            log: "mark of A004 in 4 East, English, MID".to_owned(),
            sequence: 13,
            what: Changed,
        };
        assert_eq!(fault, Some(expected));
    })
    .await;
}

#[tokio::test]
async fn a_head_that_was_written_down_shows_what_was_made_anew_as_a_whole() {
    on_each_engine(async |it| {
        let ready = ready(it).await;
        let (state, db) = (&it.state, ready.head.db());
        let known = verify(state, &ready.head, None).await.unwrap().0.head;
        let known = known.unwrap();
        let (sequence, _) = known.split_once(':').unwrap();
        let sequence: i64 = sequence.parse().unwrap();
        ready.school.caller("teacher").await;
        let grown = verify(state, &ready.head, Some(&known)).await.unwrap().0;
        assert_eq!(grown.fault, None, "a log that only grew");
        // The end is taken back together with the head, and lines come anew.
        unguard(it, db).await;
        let back = [
            "delete from audit where sequence >= ?",
            "update audit_head set sequence = ? - 1, hash = (select hash from audit
                order by sequence desc limit 1)",
        ];
        behind_the_back(db, &back, &[sequence]).await;
        let shorter = verify(state, &ready.head, Some(&known)).await.unwrap().0;
        let found = |checked: &AuditChecked| {
            let fault = checked.fault.as_ref();
            fault.map(|fault| (fault.log.clone(), fault.sequence, fault.what))
        };
        let audit = "audit".to_owned();
        assert_eq!(found(&shorter), Some((audit.clone(), sequence, Removed)));
        for _ in 0..3 {
            ready.school.caller("teacher").await;
        }
        let unknown = verify(state, &ready.head, None).await.unwrap().0;
        assert_eq!(unknown.fault, None, "nobody can tell without it");
        let anew = verify(state, &ready.head, Some(&known)).await.unwrap().0;
        assert_eq!(found(&anew), Some((audit, sequence, Changed)));
    })
    .await;
}

#[tokio::test]
async fn sqlite_refuses_to_change_what_is_only_added_to() {
    let it = Installation::new(Engine::Sqlite).await;
    let ready = ready(&it).await;
    for sql in [
        "update audit set detail = 'x'",
        "delete from audit",
        "update mark_change set reason = 'x'",
        "delete from mark_change",
    ] {
        let done = ready
            .head
            .db()
            .write(async |tx| Ok(tx.query(sql).execute().await?));
        assert!(done.await.is_err(), "{sql}");
    }
    it.remove().await;
}
