//! S25: rows of the audit log, of histories and of marks that were changed, removed or added
//! behind the server's back. `verify_audit` names the first.

use hillview_server::caller::Caller;
use hillview_server::chain;
use hillview_server::db::Db;
use hillview_server::db::marks::{self as stored, NewChange, NewMark};
use hillview_server::error::Result;
use hillview_server::service::audit::Event;
use hillview_server::service::{State, assessments, audit, marks};
use hillview_server::testing::{Engine, Installation, School, on_each_engine};
use hillview_shared::assessments::{AddAssessment, ListSheets, SheetSummary, WhichAssessment};
use hillview_shared::audit::{Action, AuditChecked, AuditFault, Tampering, VerifyAudit};
use hillview_shared::ids::{Moment, OperationId, SheetId, StudentId, Version};
use hillview_shared::marks::{Edit, Entry, SaveMarks, Score};

use Tampering::{Added, Changed, Removed};

/// Runs statements as somebody does who has the database's password.
async fn behind_the_back(db: &Db, statements: &[&'static str], numbers: &[i64]) {
    let done = db
        .write(async |tx| {
            for sql in statements {
                let mut query = tx.query(sql);
                for number in &numbers[..sql.matches('?').count()] {
                    query = query.bind(*number);
                }
                query.execute().await?;
            }
            Ok(())
        })
        .await;
    done.unwrap();
}

/// SQLite keeps the two tables by triggers, which whoever has the file takes away first.
async fn unguard(it: &Installation, db: &Db) {
    if it.engine == Engine::Sqlite {
        let drops = [
            "drop trigger audit_takes_no_update",
            "drop trigger audit_takes_no_delete",
            "drop trigger mark_change_takes_no_update",
            "drop trigger mark_change_takes_no_delete",
        ];
        behind_the_back(db, &drops, &[]).await;
    }
}

/// Checks everything, piece by piece; gives the last answer and how many rows were looked at.
async fn verify(
    state: &State,
    caller: &Caller,
    expect: Option<&str>,
) -> Result<(AuditChecked, u64)> {
    let (mut after, mut rows) = (None, 0);
    loop {
        let request = VerifyAudit {
            after,
            expect: expect.map(str::to_owned),
        };
        let checked = audit::verify(state, caller, request).await?;
        rows += checked.rows;
        if checked.next.is_none() {
            return Ok((checked, rows));
        }
        after = checked.next;
    }
}

async fn sheets(state: &State, teacher: &Caller) -> Vec<SheetSummary> {
    let request = ListSheets::default();
    let page = assessments::list_sheets(state, teacher, request).await;
    page.unwrap().rows
}

async fn save(state: &State, teacher: &Caller, sheet: SheetId, edits: Vec<Edit>) {
    let request = SaveMarks {
        sheet,
        operation: OperationId(rand::random()),
        edits,
        reason: None,
    };
    let saved = marks::save(state, teacher, request).await.unwrap();
    assert_eq!(saved.problems, []);
}

pub fn score(student: StudentId, based_on: i64, marks: i32) -> Edit {
    Edit {
        student,
        based_on: Version(based_on),
        entry: Entry::Score(Score::whole(marks)),
    }
}

/// A school whose teacher has entered English in 4 East: rows 1 to 5 of the history enter marks,
/// rows 6 to 10 change them, row 11 clears the first and row 12 changes the second once more.
pub struct Ready {
    pub school: School,
    pub head: Caller,
    pub teacher: Caller,
    pub sheet: SheetId,
}

pub async fn ready(it: &Installation) -> Ready {
    let (school, state) = (it.school("kilimani").await, &it.state);
    let admin = school.caller("admin").await;
    let today = admin.today(state.clock.now());
    let request = AddAssessment {
        code: "MID".into(),
        name: "Mid-Term".into(),
        term: String::new(),
        out_of: Some(Score::whole(60)),
        opens: Some(today),
        closes: Some(today + chrono::Days::new(7)),
        direct_levels: false,
        grades: vec!["Grade 4".into()],
    };
    assessments::add(state, &admin, request).await.unwrap();
    let which = WhichAssessment { code: "MID".into() };
    assessments::open(state, &admin, which).await.unwrap();
    let ready = Ready {
        teacher: school.caller("teacher").await,
        head: school.caller("head").await,
        sheet: sheets(state, &school.caller("teacher").await).await[0].id,
        school,
    };
    let east = || (0..5).map(|place| ready.student(place));
    let first = east().map(|student| score(student, 0, 40)).collect();
    save(state, &ready.teacher, ready.sheet, first).await;
    let second = east().map(|student| score(student, 1, 50)).collect();
    save(state, &ready.teacher, ready.sheet, second).await;
    let blank = Edit {
        entry: Entry::Blank,
        ..score(ready.student(0), 2, 0)
    };
    save(state, &ready.teacher, ready.sheet, vec![blank]).await;
    let last = score(ready.student(1), 2, 51);
    save(state, &ready.teacher, ready.sheet, vec![last]).await;
    for name in ["classteacher", "registrar", "head", "teacher", "admin"] {
        ready.school.caller(name).await;
    }
    ready
}

impl Ready {
    pub fn student(&self, place: usize) -> StudentId {
        self.school.students[place].id
    }

    async fn number(&self, sql: &'static str) -> i64 {
        self.head.db().query(sql).scalar().await.unwrap()
    }
}

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

/// What somebody does, with the numbers that each statement takes from the first on, and what is
/// found: in which log, at which place, what.
struct Case {
    statements: Vec<&'static str>,
    numbers: Vec<i64>,
    found: (&'static str, i64, Tampering),
}

fn case(
    statements: &[&'static str],
    numbers: &[i64],
    found: (&'static str, i64, Tampering),
) -> Case {
    Case {
        statements: statements.to_vec(),
        numbers: numbers.to_vec(),
        found,
    }
}

/// Cases in the audit log, whose last line is `end`.
fn in_the_log(end: i64) -> Vec<Case> {
    let columns = [
        "update audit set at = at + 1 where sequence = ?",
        "update audit set username = 'amina' where sequence = ?",
        "update audit set address = '192.0.2.9' where sequence = ?",
        "update audit set source = 'api' where sequence = ?",
        "update audit set action = 'publish' where sequence = ?",
        "update audit set subject = 'somebody' where sequence = ?",
        "update audit set outcome = 'denied' where sequence = ?",
        "update audit set refused = not refused where sequence = ?",
        "update audit set detail = 'nothing' where sequence = ?",
        "update audit set previous_hash = hash where sequence = ?",
        "update audit set hash = previous_hash where sequence = ?",
    ];
    const GONE: &str = "delete from audit where sequence = ?";
    let middle = end / 2;
    let mut cases = Vec::new();
    for place in [1, middle, end] {
        for sql in columns {
            cases.push(case(&[sql], &[place], ("audit", place, Changed)));
        }
        cases.push(case(&[GONE], &[place], ("audit", place, Removed)));
    }
    let close = "update audit set sequence = - sequence - 1 where sequence < 0";
    let below = "update audit set sequence = - sequence where sequence > ?";
    for place in [1, middle] {
        let closed = [GONE, below, close];
        cases.push(case(&closed, &[place], ("audit", place, Removed)));
    }
    let copy =
        "insert into audit (sequence, at, username, address, source, action, subject, outcome,
            refused, detail, previous_hash, hash)
        select ?, at + 1, username, address, source, action, subject, outcome, refused, detail,
            previous_hash, hash
        from audit where sequence = ?";
    let (up, make) = (
        "update audit set sequence = - sequence where sequence >= ?",
        "update audit set sequence = 1 - sequence where sequence < 0",
    );
    for place in [1, middle] {
        let added = [up, make, copy];
        cases.push(case(&added, &[place, place + 1], ("audit", place, Added)));
    }
    cases.extend([
        case(&[copy], &[end + 1, end], ("audit", end + 1, Added)),
        case(&[copy], &[0, 1], ("audit", 0, Added)),
        case(&["delete from audit"], &[], ("audit", 1, Removed)),
        case(
            &["delete from audit_head"],
            &[],
            ("audit", end + 1, Removed),
        ),
        case(
            &["update audit_head set sequence = sequence - 1"],
            &[],
            ("audit", end, Added),
        ),
    ]);
    cases
}

const HISTORY: &str = "marks of 4 East, English, MID";

/// Cases in the history of the sheet, of twelve rows.
fn in_the_history(sheet: SheetId, other_student: StudentId) -> Vec<Case> {
    let columns = [
        "update mark_change set old_score = 100 where sheet_id = ? and sequence = ?",
        "update mark_change set new_score = 5900 where sheet_id = ? and sequence = ?",
        "update mark_change set new_state = 'nonsense' where sheet_id = ? and sequence = ?",
        "update mark_change set new_level = 'EE1' where sheet_id = ? and sequence = ?",
        "update mark_change set changed_by = changed_by + 1 where sheet_id = ? and sequence = ?",
        "update mark_change set changed_at = changed_at - 1 where sheet_id = ? and sequence = ?",
        "update mark_change set operation = substr(hash, 1, 16) where sheet_id = ? and sequence = ?",
        "update mark_change set source = 'cli' where sheet_id = ? and sequence = ?",
        "update mark_change set reason = 'remarked' where sheet_id = ? and sequence = ?",
        "update mark_change set previous_hash = hash where sheet_id = ? and sequence = ?",
        "update mark_change set hash = previous_hash where sheet_id = ? and sequence = ?",
    ];
    let to_other = "update mark_change set student_id = ? where sheet_id = ? and sequence = ?";
    let gone = "delete from mark_change where sheet_id = ? and sequence = ?";
    let mut cases = Vec::new();
    for place in [1, 6, 12] {
        for sql in columns {
            cases.push(case(&[sql], &[sheet.0, place], (HISTORY, place, Changed)));
        }
        let numbers = [other_student.0, sheet.0, place];
        cases.push(case(&[to_other], &numbers, (HISTORY, place, Changed)));
        cases.push(case(&[gone], &[sheet.0, place], (HISTORY, place, Removed)));
    }
    let last_two = "delete from mark_change where sheet_id = ? and sequence >= ?";
    let copy = "insert into mark_change (sheet_id, sequence, student_id, old_state, old_score,
            old_level, new_state, new_score, new_level, changed_by, changed_at, operation, source,
            reason, previous_hash, hash)
        select sheet_id, ?, student_id, new_state, new_score, new_level, new_state, 5900, new_level,
            changed_by, changed_at + 1, operation, source, reason, hash, hash
        from mark_change where sheet_id = ? and sequence = ?";
    let up = "update mark_change set sequence = - sequence where sequence >= ?";
    let make = "update mark_change set sequence = 1 - sequence where sequence < 0";
    let numbers = [6, sheet.0, 5];
    cases.extend([
        case(&[last_two], &[sheet.0, 11], (HISTORY, 11, Removed)),
        case(&["delete from mark_change"], &[], (HISTORY, 1, Removed)),
        case(&[copy], &[13, sheet.0, 12], (HISTORY, 13, Added)),
        case(&[copy], &[0, sheet.0, 12], (HISTORY, 0, Added)),
        case(&[up, make, copy], &numbers, (HISTORY, 6, Added)),
    ]);
    cases
}

/// Cases in the marks themselves: A003's mark was last changed by row 8.
fn in_the_marks(ready: &Ready) -> Vec<Case> {
    const A003: &str = "mark of A003 in 4 East, English, MID";
    let numbers = [ready.sheet.0, ready.student(2).0];
    let mut cases: Vec<Case> = [
        "update mark set score = 5900 where sheet_id = ? and student_id = ?",
        "update mark set state = 'absent', score = null where sheet_id = ? and student_id = ?",
        "update mark set changed_by = changed_by + 1 where sheet_id = ? and student_id = ?",
        "update mark set score = 5900, changed_at = changed_at + 1 where sheet_id = ? and student_id = ?",
        "update mark set score = 5900, changed_at = 1 where sheet_id = ? and student_id = ?",
    ]
    .iter()
    .map(|sql| case(&[sql], &numbers, (A003, 8, Changed)))
    .collect();
    let gone = "delete from mark where sheet_id = ? and student_id = ?";
    let copy =
        "insert into mark (sheet_id, student_id, state, score, level, v, changed_by, changed_at)
        select sheet_id, ?, state, score, level, v, changed_by, 1
        from mark where sheet_id = ? and student_id = ?";
    let copied = |place: usize| [ready.student(place).0, numbers[0], numbers[1]];
    cases.extend([
        case(&[gone], &numbers, (A003, 8, Removed)),
        case(
            &["update mark set v = v + 100 where sheet_id = ? and student_id = ?"],
            &numbers,
            (A003, 8, Changed),
        ),
        case(
            &[copy],
            &copied(0),
            ("mark of A001 in 4 East, English, MID", 11, Changed),
        ),
        case(
            &[copy],
            &copied(5),
            ("mark of A006 in 4 East, English, MID", 0, Added),
        ),
    ]);
    cases
}

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
        let hash = link.hash(&last);
        let previous_hash = std::mem::replace(&mut last, hash);
        changes.push(NewChange {
            link,
            previous_hash,
            hash,
        });
    }
    let end = &changes.last().unwrap().link;
    let mark = NewMark {
        student,
        entry: end.after,
        by,
        at: end.at,
    };
    for changes in changes.chunks(1_000) {
        let write = db.write(async |tx| Ok(stored::add_changes(tx, changes).await?));
        write.await.unwrap();
    }
    let write = db.write(async |tx| {
        Ok(stored::put(tx, ready.sheet, Version(2), std::slice::from_ref(&mark)).await?)
    });
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
        let (checked, rows) = verify(state, head, None).await.unwrap();
        assert_eq!(checked.fault, None);
        assert!(rows > 23_000, "{rows} rows");
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
