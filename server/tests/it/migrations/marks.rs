//! A school with marks and their history goes through the steps that made the two tables smaller.

use hillview_server::db::Db;
use hillview_server::db::migrate::{self, Scope};
use hillview_server::testing::{Engine, Installation, on_each_engine};

use crate::tampering::{Ready, behind_the_back, ready, save, score, verify};

const NARROW: &str = include_str!("../../../../migrations/school/mysql/0016_narrow_marks.sql");
const SLIM: &str = include_str!("../../../../migrations/school/mysql/0017_slim_history.sql");

/// The tables on MySQL as step 15 left them.
const WIDE: &[&str] = &[
    "alter table enrolment
        drop foreign key enrolment_student_id_exists,
        modify student_id bigint not null,
        modify open_student_id bigint",
    "alter table mark
        drop foreign key mark_sheet_id_exists,
        drop foreign key mark_student_id_exists,
        modify sheet_id bigint not null,
        modify student_id bigint not null,
        modify v bigint not null,
        modify changed_by bigint not null",
    "alter table mark_change
        drop foreign key mark_change_sheet_id_exists,
        drop foreign key mark_change_student_id_exists,
        modify sheet_id bigint not null,
        modify sequence bigint not null,
        modify student_id bigint not null,
        modify changed_by bigint not null",
    "alter table student modify id bigint not null auto_increment",
    "alter table sheet modify id bigint not null auto_increment, modify v bigint not null default 0",
    "alter table enrolment
        add constraint enrolment_student_id_exists foreign key (student_id) references student (id)",
    "alter table mark
        add constraint mark_sheet_id_exists foreign key (sheet_id) references sheet (id),
        add constraint mark_student_id_exists foreign key (student_id) references student (id)",
    "alter table mark_change
        add constraint mark_change_sheet_id_exists foreign key (sheet_id) references sheet (id),
        add constraint mark_change_student_id_exists foreign key (student_id) references student (id)",
];

/// The history as step 15 left it, on MySQL.
const BEFORE_MYSQL: &[&str] = &[
    "alter table mark_change add column previous_hash binary(32)",
    "update mark_change as own
        left join mark_change as prior
            on prior.sheet_id = own.sheet_id and prior.sequence = own.sequence - 1
        set own.previous_hash = coalesce(prior.hash, unhex(repeat('00', 32)))",
    "alter table mark_change
        modify previous_hash binary(32) not null after reason,
        drop column row_hash",
];

/// The history as step 15 left it, on SQLite.
const BEFORE_SQLITE: &[&str] = &[
    "drop trigger mark_change_takes_no_update",
    "alter table mark_change add column previous_hash blob not null default x''",
    "update mark_change set previous_hash = coalesce(
        (select hash from mark_change as prior
            where prior.sheet_id = mark_change.sheet_id
                and prior.sequence = mark_change.sequence - 1),
        zeroblob(32))",
    "alter table mark_change drop column row_hash",
    "create trigger mark_change_takes_no_update before update on mark_change begin
        select raise(abort, 'mark_change is only ever added to');
    end",
];

/// Takes a school back to what step 15 left.
async fn take_back(it: &Installation, db: &Db) {
    match it.engine {
        Engine::MySql => {
            behind_the_back(db, BEFORE_MYSQL, &[]).await;
            behind_the_back(db, WIDE, &[]).await;
        }
        Engine::Sqlite => behind_the_back(db, BEFORE_SQLITE, &[]).await,
    }
    super::staff::take_back(it.engine, db).await;
    let notes = "delete from _sqlx_migrations where version > 15";
    behind_the_back(db, &[notes], &[]).await;
}

/// The changes of tables that the steps make on MySQL, in their order.
fn changes() -> Vec<&'static str> {
    let steps = [NARROW, SLIM].map(|sql| sql.split("set @step = if(@").skip(1));
    let steps = steps.into_iter().flatten();
    let change = |step: &'static str| {
        let (_, step) = step.split_once(", '")?;
        step.split_once("', 'do 0');").map(|(change, _)| change)
    };
    steps.map(|step| change(step).unwrap()).collect()
}

/// Every row of the two tables, and of those that they refer to.
async fn rows(db: &Db) -> Vec<String> {
    let rows = db.query(
        "select concat_ws('|', 'mark', sheet_id, student_id, state, score, level, v, changed_by, changed_at) as text
        from mark
        union all
        select concat_ws('|', 'change', sheet_id, sequence, student_id, old_state, old_score, old_level, new_state,
            new_score, new_level, changed_by, changed_at, hex(operation), source, reason, hex(hash))
        from mark_change
        union all
        select concat_ws('|', 'sheet', id, assessment_id, class_id, paper_id, v) from sheet
        union all
        select concat_ws('|', 'student', id, admission_no, name) from student
        union all
        select concat_ws('|', 'enrolment', id, student_id, class_id, open_student_id) from enrolment
        order by text",
    );
    texts(rows.all().await.unwrap())
}

fn texts(rows: Vec<(String,)>) -> Vec<String> {
    rows.into_iter().map(|(text,)| text).collect()
}

/// What a database says of the columns, keys and references of all tables.
async fn shape(it: &Installation, db: &Db) -> Vec<String> {
    if it.engine == Engine::Sqlite {
        let tables = db.query(
            "select concat_ws('|', tables.name, columns.cid, columns.name, columns.type,
                columns.\"notnull\", columns.dflt_value, columns.pk) as text
            from sqlite_schema as tables
            join pragma_table_info(tables.name) as columns on true
            where tables.type = 'table'
            union all
            select concat_ws('|', type, tbl_name, name) from sqlite_schema
            order by text",
        );
        return texts(tables.all().await.unwrap());
    }
    let shape = db.query(
        "select cast(concat_ws('|', table_name, lpad(ordinal_position, 3, '0'), column_name, column_type, is_nullable,
            column_default, extra) as char) as text
        from information_schema.columns where table_schema = database()
        union all
        select cast(concat_ws('|', table_name, constraint_name, lpad(ordinal_position, 3, '0'), column_name,
            referenced_table_name, referenced_column_name) as char)
        from information_schema.key_column_usage where table_schema = database()
        union all
        select cast(concat_ws('|', table_name, index_name, lpad(seq_in_index, 3, '0'), column_name) as char)
        from information_schema.statistics where table_schema = database()
        order by text",
    );
    texts(shape.all().await.unwrap())
}

/// The references hold, and no number is cut short.
async fn refuses(db: &Db) {
    let mark =
        "insert into mark (sheet_id, student_id, state, score, level, v, changed_by, changed_at)";
    for wrong in [
        "select sheet_id, 999999, state, score, level, v, changed_by, changed_at from mark",
        "select 999999, student_id, state, score, level, v, changed_by, changed_at from mark",
    ] {
        let sql = format!("{mark} {wrong} order by student_id limit 1").leak();
        let done = db
            .write(async |tx| Ok(tx.query(sql).execute().await?))
            .await;
        assert!(done.is_err(), "{sql}");
    }
    for sql in [
        "insert into enrolment (student_id, class_id, starts, created_at)
            select 999999, class_id, starts, created_at from enrolment order by id limit 1",
        "delete from student where id = (select min(student_id) from mark)",
        "delete from sheet where id = (select min(sheet_id) from mark_change)",
    ] {
        let done = db
            .write(async |tx| Ok(tx.query(sql).execute().await?))
            .await;
        assert!(done.is_err(), "{sql}");
    }
}

async fn holds(it: &Installation, ready: &Ready) {
    let checked = verify(&it.state, &ready.head, None).await.unwrap().0;
    assert_eq!(checked.fault, None);
}

#[tokio::test]
async fn marks_and_their_history_come_through() {
    on_each_engine(async |it| {
        let ready = ready(it).await;
        let db = ready.head.db();
        let (before, made) = (rows(db).await, shape(it, db).await);
        assert!(before.iter().any(|row| row.starts_with("change|")));
        take_back(it, db).await;
        assert_eq!(rows(db).await, before);
        migrate::run(Scope::School, db).await.unwrap();
        assert_eq!(shape(it, db).await, made, "as in a school that is new");
        assert_eq!(rows(db).await, before);
        refuses(db).await;
        holds(it, &ready).await;
        // The connections are those from before, with the statements that they had prepared.
        let edits = vec![score(ready.student(3), 2, 58)];
        save(&it.state, &ready.teacher, ready.sheet, edits).await;
        holds(it, &ready).await;
    })
    .await;
}

/// On MySQL only: SQLite takes a step that was killed back as a whole.
#[tokio::test]
async fn a_kill_after_any_change_of_a_table_is_made_good() {
    on_each_engine(async |it| {
        if it.engine == Engine::Sqlite {
            return;
        }
        let ready = ready(it).await;
        let db = ready.head.db();
        let (before, made) = (rows(db).await, shape(it, db).await);
        let changes = changes();
        assert_eq!(changes.len(), 9);
        for done in 1..=changes.len() {
            take_back(it, db).await;
            behind_the_back(db, &changes[..done], &[]).await;
            migrate::run(Scope::School, db).await.unwrap();
            assert_eq!(shape(it, db).await, made, "after {done} changes");
        }
        assert_eq!(rows(db).await, before);
        holds(it, &ready).await;
    })
    .await;
}

/// On MySQL only, where a number has a number of bytes.
#[tokio::test]
async fn a_number_past_its_column_is_refused() {
    on_each_engine(async |it| {
        if it.engine == Engine::Sqlite {
            return;
        }
        let ready = ready(it).await;
        let db = ready.head.db();
        for (table, sql) in [
            ("sheet", "update sheet set v = ? where id = ?"),
            ("mark", "update mark set changed_by = ? where sheet_id = ?"),
            (
                "mark_change",
                "update mark_change set sequence = ? where sheet_id = ? and sequence = 12",
            ),
        ] {
            let write = async |number: i64| {
                let write = db.write(async |tx| {
                    Ok(tx
                        .query(sql)
                        .bind(number)
                        .bind(ready.sheet)
                        .execute()
                        .await?)
                });
                write.await
            };
            assert!(write(1 << 31).await.is_err(), "{table}");
            assert!(write((1 << 31) - 1).await.unwrap() > 0, "{table}");
        }
    })
    .await;
}
