//! `hillview-server migrate` as a process, on data that an older program left.

use std::borrow::Cow;
use std::process::{Command, Output};
use std::str::FromStr;

use hillview_server::config::Database;
use hillview_server::db::migrate::{self, Scope};
use hillview_server::db::schools;
use hillview_server::testing::{Engine, Installation, on_each_engine};
use sqlx::migrate::{Migrate, Migrator};
use sqlx::mysql::MySqlConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Connection, Executor};

/// The last step of the release before roles could be edited.
const OLD: i64 = 7;

/// What people had in their school by then.
const WORK: &[&str] = &[
    "insert into profile (id, name, locale, time_zone, updated_at) values (1, 'Old School', 'en', 'Africa/Nairobi', 0)",
    "insert into role (code) values ('head-teacher')",
    "insert into role_permission (role_id, permission) select id, 'marks.read' from role",
    "insert into user (username, name, password, must_change, state, created_at, updated_at) \
     values ('old.head', 'Grace Njeri', 'x', true, 'active', 0, 0)",
    "insert into user_role (user_id, role_id) select user.id, role.id from user join role on true",
    "insert into user (username, name, password, must_change, state, created_at, updated_at) \
     values ('old.user', 'Amina Hassan', 'x', false, 'active', 0, 0)",
    "insert into setting (name, value, updated_at) values ('motto', 'Soma', 0)",
];

async fn old_steps<C: Migrate>(on: &mut C, engine: Engine) {
    let folder = match engine {
        Engine::Sqlite => "../migrations/school/sqlite",
        Engine::MySql => "../migrations/school/mysql",
    };
    let all = Migrator::new(std::path::Path::new(folder)).await.unwrap();
    let old = all.iter().filter(|step| step.version <= OLD).cloned();
    let mut old = Migrator {
        migrations: Cow::Owned(old.collect()),
        ..Migrator::DEFAULT
    };
    old.set_locking(false);
    old.run_direct(None, on, false).await.unwrap();
}

/// A school as that release left it; `ruined`, so that the next step cannot be run.
async fn old_school(it: &Installation, code: &str, ruined: bool) {
    let now = it.state.clock.now();
    let ruin = "update _sqlx_migrations set checksum = 'other' where version = 1";
    let statements = WORK.iter().chain(ruined.then_some(&ruin));
    match &it.config.database {
        Database::Sqlite(folder) => {
            let file = folder.join("schools").join(format!("{code}.db"));
            let options = SqliteConnectOptions::new().filename(file);
            let options = options.create_if_missing(true);
            let mut on = sqlx::SqliteConnection::connect_with(&options)
                .await
                .unwrap();
            old_steps(&mut on, it.engine).await;
            for sql in statements {
                on.execute(*sql).await.unwrap();
            }
            on.close().await.unwrap();
        }
        Database::MySql(url) => {
            let schema = format!("{}{code}", it.config.schema_prefix);
            let options = MySqlConnectOptions::from_str(url).unwrap();
            let mut on = sqlx::MySqlConnection::connect_with(&options).await.unwrap();
            let sql = format!("create database `{schema}` collate utf8mb4_bin");
            on.execute(AssertSqlSafe(sql)).await.unwrap();
            let options = options.database(&schema);
            let mut on = sqlx::MySqlConnection::connect_with(&options).await.unwrap();
            old_steps(&mut on, it.engine).await;
            for sql in statements {
                on.execute(*sql).await.unwrap();
            }
        }
    }
    let control = it.state.tenants.control();
    control
        .write(async |tx| {
            schools::add(tx, code, "Old School", now).await?;
            Ok(schools::set_state(tx, code, "open").await?)
        })
        .await
        .unwrap();
}

fn migrate_in_a_process(it: &Installation) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hillview-server"))
        .arg("migrate")
        .arg("--config")
        .arg(it.settings_file())
        .output()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn migrate_brings_old_schools_up_and_one_that_fails_keeps_none_back() {
    on_each_engine(async |it| {
        old_school(it, "a-ruined", true).await;
        old_school(it, "b-old", false).await;
        let refused = it.state.tenants.school("b-old").await.map(|_| ());
        assert_eq!(refused.unwrap_err().told().code, "schema-version");

        let output = migrate_in_a_process(it);
        let said = String::from_utf8(output.stdout).unwrap();
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(9), "{said}\n{complaint}");
        let lines: Vec<_> = said.lines().collect();
        assert_eq!(lines.len(), 2, "{said}");
        assert!(lines[0].starts_with("a-ruined: migrating: "), "{said}");
        assert_eq!(lines[1], "b-old: up to date");
        assert!(
            complaint.contains("1 schools are not up to date"),
            "{complaint}"
        );

        let tenant = it.state.tenants.school("b-old").await.unwrap();
        let db = &tenant.db;
        assert_eq!(
            migrate::applied(db).await.unwrap(),
            migrate::newest(Scope::School, db)
        );
        let motto = db.query("select value from setting where name = 'motto'");
        assert_eq!(motto.scalar::<String>().await.unwrap(), "Soma");
        let head = db.query(
            "select count(*) from user join user_role on user_role.user_id = user.id \
             join role_permission on role_permission.role_id = user_role.role_id \
             where user.username = 'old.head' and role_permission.permission = 'marks.read'",
        );
        assert_eq!(head.scalar::<i64>().await.unwrap(), 1);
        let ruined = it.state.tenants.school("a-ruined").await.map(|_| ());
        assert_eq!(ruined.unwrap_err().told().code, "schema-version");

        let control = it.state.tenants.control();
        control
            .write(async |tx| {
                let ruined = schools::find(&mut *tx, "a-ruined").await?.unwrap();
                Ok(schools::remove(tx, ruined.id).await?)
            })
            .await
            .unwrap();
        let again = migrate_in_a_process(it);
        assert_eq!(again.status.code(), Some(0));
        assert_eq!(
            String::from_utf8(again.stdout).unwrap(),
            "b-old: up to date\n"
        );
        it.state.tenants.remove("a-ruined").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn one_time_passwords_of_an_older_release_end_too() {
    on_each_engine(async |it| {
        old_school(it, "b-old", false).await;
        let db = it.state.tenants.prepare("b-old").await.unwrap();
        let ends = db.query("select password_ends_at from user where username = 'old.head'");
        let ends: Option<i64> = ends.scalar().await.unwrap();
        assert_eq!(ends, Some(7 * 24 * 60 * 60 * 1_000_000));
        let chosen = db.query("select password_ends_at from user where username = 'old.user'");
        let chosen: Option<i64> = chosen.scalar().await.unwrap();
        assert_eq!(chosen, None, "one that somebody chose stays");
        db.close().await;
    })
    .await;
}
