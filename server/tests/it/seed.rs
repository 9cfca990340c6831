//! `hillview-server seed`: a made-up school is one that the product could have made.

use std::collections::BTreeMap;

use hillview_server::caller::{self, Caller};
use hillview_server::db::raw::{self, Dump};
use hillview_server::db::{Db, sizes, storage};
use hillview_server::ops::seed::{self, Batch, Laid, PASSWORD, Seeded, Size};
use hillview_server::service::accounts;
use hillview_server::service::{assessments, audit, classes, marks, staff, students};
use hillview_server::testing::{Installation, on_each_engine, peer};
use hillview_server::{Error, Result};
use hillview_shared::accounts::LogIn;
use hillview_shared::assessments::{ListSheets, OpenSheet, SheetOpened, WhichSheet};
use hillview_shared::audit::VerifyAudit;
use hillview_shared::classes::ListClasses;
use hillview_shared::ids::OperationId;
use hillview_shared::marks::{Edit, Entry, SaveMarks, Score};
use hillview_shared::staff::ListStaff;
use hillview_shared::students::ListStudents;
use sha2::{Digest, Sha256};

/// Three classes, two of them full: two assessments, the newer one with 300 marks.
const SMALL: Size = Size {
    students: 100,
    teachers: 9,
    marks: 1_300,
    seed: 7,
};

async fn make(it: &Installation, code: &str, size: &Size) -> Result<Seeded> {
    seed::school(&it.state, code, "Kilimani", size, &|_| {}).await
}

async fn log_in(it: &Installation, code: &str, user: &str) -> Caller {
    let request = LogIn {
        school: code.to_owned(),
        user: user.to_owned(),
        password: PASSWORD.to_owned(),
        code: None,
        device: None,
    };
    let (_, key) = accounts::log_in(&it.state, &peer(), request).await.unwrap();
    caller::resolve(&it.state, &key, &peer()).await.unwrap()
}

/// What the seed decides of each table, as a hash.
async fn digests(db: &Db) -> BTreeMap<&'static str, String> {
    let mut digests = BTreeMap::new();
    for (table, sql) in TABLES.iter().copied() {
        let rows: Vec<(String,)> = db.query(sql).all().await.unwrap();
        assert!(!rows.is_empty(), "{table}");
        let mut hash = Sha256::new();
        for (row,) in &rows {
            hash.update(row);
            hash.update("\n");
        }
        digests.insert(
            table,
            format!("{} {}", rows.len(), hex::encode(hash.finalize())),
        );
    }
    digests
}

macro_rules! joined {
    ($table:literal, $order:literal, $($column:literal),+) => {
        ($table, concat!(
            "select cast('' || ", $("coalesce(", $column, ", '-') || ' ' || ",)+ "'' as char(2000)) as line from ",
            $table, " order by ", $order
        ))
    };
}

const TABLES: &[(&str, &str)] = &[
    joined!("academic_year", "id", "id", "name", "starts", "ends"),
    joined!(
        "term", "id", "id", "year_id", "ordinal", "name", "starts", "ends"
    ),
    joined!(
        "class",
        "id",
        "id",
        "year_id",
        "grade_id",
        "stream",
        "name",
        "v",
        "created_at",
        "created_by"
    ),
    joined!(
        "paper",
        "id",
        "id",
        "offering_id",
        "code",
        "name",
        "ordinal",
        "weight",
        "out_of"
    ),
    joined!(
        "student",
        "id",
        "id",
        "admission_no",
        "admission_key",
        "name",
        "sort_name",
        "search_name",
        "sex",
        "birth_date",
        "status",
        "v",
        "created_at",
        "created_by",
        "updated_at",
        "updated_by"
    ),
    joined!(
        "enrolment",
        "id",
        "id",
        "student_id",
        "class_id",
        "starts",
        "ends",
        "open_student_id",
        "created_at",
        "created_by"
    ),
    joined!(
        "staff",
        "id",
        "id",
        "staff_no",
        "staff_key",
        "name",
        "state",
        "v",
        "created_at",
        "created_by"
    ),
    joined!(
        "user",
        "id",
        "id",
        "staff_id",
        "username",
        "name",
        "state",
        "must_change"
    ),
    joined!("user_role", "user_id, role_id", "user_id", "role_id"),
    joined!(
        "teaching",
        "id",
        "id",
        "staff_id",
        "class_id",
        "offering_id",
        "role",
        "starts",
        "ends",
        "created_at",
        "created_by"
    ),
    joined!(
        "assessment",
        "id",
        "id",
        "term_id",
        "year_id",
        "code",
        "name",
        "out_of",
        "opens",
        "closes",
        "state",
        "v",
        "created_at",
        "created_by"
    ),
    joined!(
        "assessment_grade",
        "assessment_id, grade_id",
        "assessment_id",
        "grade_id"
    ),
    joined!(
        "sheet",
        "id",
        "id",
        "assessment_id",
        "class_id",
        "paper_id",
        "scheme_id",
        "out_of",
        "state",
        "v"
    ),
    joined!(
        "mark",
        "sheet_id, student_id",
        "sheet_id",
        "student_id",
        "state",
        "score",
        "level",
        "v",
        "changed_by",
        "changed_at"
    ),
    joined!(
        "mark_change",
        "sheet_id, sequence",
        "sheet_id",
        "sequence",
        "student_id",
        "old_state",
        "old_score",
        "new_state",
        "new_score",
        "changed_by",
        "changed_at",
        "hex(operation)",
        "source",
        "reason",
        "hex(row_hash)",
        "hex(hash)"
    ),
    joined!(
        "operation",
        "id",
        "hex(id)",
        "user_id",
        "hex(request_hash)",
        "hex(reply)",
        "created_at"
    ),
];

#[tokio::test]
async fn the_same_seed_makes_the_same_rows_on_every_engine() {
    let first = std::cell::OnceCell::new();
    on_each_engine(async |it| {
        let other = Size { seed: 8, ..SMALL };
        for (code, size) in [("one", &SMALL), ("two", &SMALL), ("three", &other)] {
            make(it, code, size).await.unwrap();
        }
        let mut all = Vec::new();
        for code in ["one", "two", "three"] {
            let tenant = it.state.tenants.school(code).await.unwrap();
            all.push(digests(&tenant.db).await);
        }
        assert_eq!(all[0], all[1]);
        for table in ["student", "mark", "mark_change", "operation", "sheet"] {
            assert_ne!(all[0][table], all[2][table], "{table}");
        }
        let first = first.get_or_init(|| all[0].clone());
        assert_eq!(*first, all[0], "{:?}", it.engine);
    })
    .await;
}

#[tokio::test]
async fn there_are_as_many_marks_as_asked_for_and_their_history_holds() {
    on_each_engine(async |it| {
        let seeded = make(it, "seed", &SMALL).await.unwrap();
        let head = log_in(it, "seed", "head").await;
        let count = async |sql| head.db().query(sql).scalar::<i64>().await.unwrap();
        assert_eq!(count("select count(*) from mark").await, 1_300);
        assert_eq!(seeded.marks, 1_300);
        let changes = count("select count(*) from mark_change").await;
        assert!(changes > 1_300, "no mark was put right");
        assert_eq!(seeded.changes, changes.unsigned_abs());
        let wrong = "select count(*) from sheet where v < coalesce((select max(v) from mark
            where mark.sheet_id = sheet.id), 0)";
        assert_eq!(count(wrong).await, 0);
        let (mut after, mut rows) = (None, 0);
        loop {
            let request = VerifyAudit {
                after,
                expect: None,
            };
            let checked = audit::verify(&it.state, &head, request).await.unwrap();
            assert_eq!(checked.fault, None);
            rows += checked.rows;
            match checked.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        assert!(rows >= changes.unsigned_abs());
    })
    .await;
}

#[tokio::test]
async fn a_teacher_of_a_made_up_school_opens_a_sheet_and_saves_it() {
    on_each_engine(async |it| {
        make(it, "seed", &SMALL).await.unwrap();
        let teacher = log_in(it, "seed", "t00001").await;
        let request = ListSheets {
            mine: true,
            ..ListSheets::default()
        };
        let sheets = assessments::list_sheets(&it.state, &teacher, request)
            .await
            .unwrap();
        assert!(sheets.rows.len() >= 2, "{:?}", sheets.rows);
        let full = |sheet: &&_| -> bool {
            let sheet: &hillview_shared::assessments::SheetSummary = sheet;
            sheet.entered < sheet.expected
        };
        let sheet = sheets.rows.iter().find(full).unwrap();
        let which = OpenSheet {
            sheet: WhichSheet::Id(sheet.id),
            newer_than: None,
        };
        let opened = assessments::open_sheet(&it.state, &teacher, which)
            .await
            .unwrap();
        let SheetOpened::Sheet(opened) = opened else {
            panic!("a first look has nothing to be unchanged from");
        };
        assert_eq!((opened.rows.len(), &opened.closed), (40, &None));
        let edits = opened.rows.iter().map(|row| Edit {
            student: row.id,
            based_on: row.v,
            entry: Entry::Score(Score::whole(31)),
        });
        let save = SaveMarks {
            sheet: sheet.id,
            operation: OperationId([5; 16]),
            edits: edits.collect(),
            reason: None,
        };
        let saved = marks::save(&it.state, &teacher, save).await.unwrap();
        assert_eq!((saved.entered, saved.problems.len()), (40, 0));
        assert_eq!(saved.version.0, opened.v.0 + 1);
    })
    .await;
}

#[tokio::test]
async fn the_office_of_a_made_up_school_sees_all_of_it() {
    on_each_engine(async |it| {
        make(it, "seed", &SMALL).await.unwrap();
        for user in ["head", "deputy", "registrar", "admin"] {
            let caller = log_in(it, "seed", user).await;
            let all = classes::list(&it.state, &caller, ListClasses::default()).await;
            let all = all.unwrap().rows;
            let sizes: Vec<i64> = all.iter().map(|class| class.students).collect();
            assert_eq!(sizes, [40, 40, 20], "{user}");
            assert!(
                all.iter().all(|class| class.class_teacher.is_some()),
                "{user}"
            );
            let request = ListStudents {
                limit: 200,
                ..ListStudents::default()
            };
            let found = students::list(&it.state, &caller, request).await.unwrap();
            assert_eq!(found.rows.len(), 100, "{user}");
            let request = ListStaff {
                limit: 200,
                ..ListStaff::default()
            };
            let found = staff::list(&it.state, &caller, request).await.unwrap();
            assert_eq!(found.rows.len(), 12, "{user}");
            crate::staff_list::holds_folded(caller.db()).await;
        }
    })
    .await;
}

fn refusal(outcome: Result<Seeded>) -> (String, String) {
    match outcome {
        Err(Error::Refused(told)) => (told.code, told.hint.unwrap_or_default()),
        other => panic!("not refused: {:?}", other.map(drop)),
    }
}

#[tokio::test]
async fn a_code_that_is_there_and_numbers_that_do_not_fit_are_refused_before_anything_is_made() {
    on_each_engine(async |it| {
        let many = Size {
            marks: 1_000_000,
            ..SMALL
        };
        assert_eq!(refusal(make(it, "seed", &many).await).0, "too-many-marks");
        assert!(it.state.tenants.all().await.unwrap().is_empty());
        make(it, "seed", &SMALL).await.unwrap();
        let (code, hint) = refusal(make(it, "seed", &SMALL).await);
        assert_eq!(code, "school-exists");
        assert!(
            hint.contains("school remove seed --confirm='Kilimani'"),
            "{hint}"
        );
    })
    .await;
}

/// What the measurement of the seed brings in by the driver alone.
async fn by_the_driver(it: &Installation, code: &str, from_files: bool) -> Laid {
    let laid = seed::lay(&it.state, code, code, &SMALL, &|_| {})
        .await
        .unwrap();
    let mut batches = Vec::new();
    let take = |batch| {
        batches.push(batch);
        true
    };
    laid.book.fill(&laid.fillings, take).unwrap();
    let mut tx = laid.db.begin().await.unwrap();
    for batch in &batches {
        let Batch {
            marks,
            changes,
            operations,
        } = batch;
        if from_files {
            let folder = &it.config.data_dir;
            let dumps = [
                Dump::marks(folder, marks.iter()).unwrap(),
                Dump::operations(folder, operations.iter()).unwrap(),
                Dump::changes(folder, changes.iter()).unwrap(),
            ];
            for dump in &dumps {
                raw::load(&mut tx, dump).await.unwrap();
            }
        } else {
            raw::insert_marks(&mut tx, marks).await.unwrap();
            raw::insert_operations(&mut tx, operations).await.unwrap();
            raw::insert_changes(&mut tx, changes).await.unwrap();
        }
    }
    tx.commit().await.unwrap();
    laid
}

#[tokio::test]
async fn the_ways_that_the_seed_is_measured_against_bring_in_the_same_rows() {
    on_each_engine(async |it| {
        make(it, "seed", &SMALL).await.unwrap();
        let tenant = it.state.tenants.school("seed").await.unwrap();
        let seeded = digests(&tenant.db).await;
        let files = raw::reads_from(&tenant.db).await.unwrap();
        let engine = storage::name(&tenant.db).await.unwrap();
        // Where nothing is said, MariaDB reads from everywhere and MySQL from nowhere.
        let reads = match files.as_deref() {
            None => engine.starts_with("MariaDB"),
            Some(folder) => folder.is_empty(),
        };
        for from_files in [false, true] {
            if from_files && !reads {
                continue;
            }
            let laid = by_the_driver(it, "driver", from_files).await;
            assert_eq!(digests(&laid.db).await, seeded, "{from_files}");
            laid.db.close().await;
            laid.remove(&it.state).await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn the_room_of_tables_is_told() {
    on_each_engine(async |it| {
        make(it, "seed", &SMALL).await.unwrap();
        let tenant = it.state.tenants.school("seed").await.unwrap();
        let tables = sizes::tables(&tenant.db).await.unwrap();
        let room = |name: &str| tables.iter().find(|room| room.table == name).unwrap();
        let (marks, changes) = (room("mark"), room("mark_change"));
        // A mark takes more than its numbers, and a line of history more than its two hashes.
        assert!(
            marks.data > 1_300 * 24 && marks.index > 1_300 * 8,
            "{marks:?}"
        );
        assert!(changes.data > 1_300 * 64, "{changes:?}");
    })
    .await;
}
