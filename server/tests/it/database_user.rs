//! The database user of the server holds no more rights than it needs.

use std::collections::BTreeSet;

use hillview_server::config::Settings;
use hillview_server::db::Db;
use hillview_server::db::migrate::Scope;
use hillview_server::db::privileges::{self, Right};
use hillview_server::service::{State, audit, marks};
use hillview_server::testing::{Engine, Installation, engines, on_each_engine};
use hillview_shared::audit::VerifyAudit;
use hillview_shared::ids::OperationId;
use hillview_shared::marks::SaveMarks;

use crate::statements::all_statements;
use crate::tampering::{ready, score};

/// Two users of the test's database: one makes schemas, the other is the server's.
pub struct Users {
    root: Installation,
    owner: String,
    server: String,
}

impl Users {
    pub async fn make() -> Self {
        let users = Self {
            root: Installation::new(Engine::MySql).await,
            owner: format!("o{:08x}", rand::random::<u32>()),
            server: format!("s{:08x}", rand::random::<u32>()),
        };
        for user in [&users.owner, &users.server] {
            users
                .run(format!(
                    "create user '{user}'@'localhost' identified by 'pw'"
                ))
                .await;
        }
        // As docs/OPERATIONS.md says; the schemas of tests begin with t.
        users
            .run(format!(
                "grant create, drop, alter, index, references, select, insert, update, delete
                on `t%`.* to '{}'@'localhost' with grant option",
                users.owner
            ))
            .await;
        users
    }

    async fn run(&self, sql: String) {
        let control = self.root.state.tenants.control();
        control.query(sql.leak()).execute().await.unwrap();
    }

    /// The test's database as one of the users.
    fn url(&self, user: &str) -> String {
        let url = std::env::var("HILLVIEW_TEST_DATABASE").unwrap();
        let (_, place) = url.split_once('@').unwrap();
        format!("mysql://{user}:pw@{place}")
    }

    pub async fn installation(&self) -> Installation {
        let settings = Settings {
            database: Some(self.url(&self.server)),
            migration_database: Some(self.url(&self.owner)),
            redis: std::env::var("HILLVIEW_TEST_REDIS").ok(),
            ..Settings::default()
        };
        Installation::with(Engine::MySql, settings).await
    }

    async fn held(&self, db: &str) -> BTreeSet<Right> {
        let control = self.root.state.tenants.control();
        let rows: Vec<Right> = control
            .query(
                "select cast(table_name as char), cast(lower(privilege_type) as char)
                from information_schema.table_privileges
                where table_schema like ? and grantee = ?",
            )
            .bind(db)
            .bind(format!("'{}'@'localhost'", self.server))
            .all()
            .await
            .unwrap();
        rows.into_iter().collect()
    }

    pub async fn remove(self) {
        for user in [&self.owner, &self.server] {
            self.run(format!("drop user '{user}'@'localhost'")).await;
        }
        self.root.remove().await;
    }
}

/// Why a statement is refused.
async fn refusal(db: &Db, sql: &'static str) -> String {
    let refused = db.query(sql).execute().await;
    format!("{:?}", refused.err().map(|failure| failure.to_string()))
}

/// The server's user and what it may not do, each statement being good for somebody who may.
async fn may_not(db: &Db, other_schema: &str) {
    let elsewhere: &'static str = format!("select count(*) from `{other_schema}`.school").leak();
    let made: &'static str = format!("create database `{other_schema}_x`").leak();
    for sql in [
        "update audit set detail = 'x'",
        "delete from audit",
        "update mark_change set reason = 'x'",
        "delete from mark_change",
        "delete from mark",
        "truncate table audit",
        "drop table audit",
        "alter table mark_change add column x bigint",
        "create table x (id bigint not null)",
        "create index x on mark_change (source)",
        "drop table mark",
        "delete from _sqlx_migrations",
        "delete from audit_head",
        made,
        elsewhere,
    ] {
        let said = refusal(db, sql).await;
        assert!(said.contains("42000"), "{sql}: {said}");
    }
}

#[tokio::test]
async fn with_a_migration_user_the_servers_own_may_do_what_it_needs_and_no_more() {
    if engines().len() < 2 {
        return;
    }
    let users = Users::make().await;
    let it = users.installation().await;
    let ready = ready(&it).await;
    let (state, db) = (&it.state, ready.head.db());
    works(state, &ready).await;
    let mut refused = Vec::new();
    for (file, sql) in all_statements() {
        let db = match file.as_str() {
            "schools.rs" => state.tenants.control(),
            _ => db,
        };
        if let Err(failure) = db.prepare(sql, 1).await {
            refused.push(format!("{file}: {failure}\n{sql}"));
        }
    }
    assert!(refused.is_empty(), "{}", refused.join("\n\n"));
    may_not(db, &users.root.config.control_schema).await;
    let like = format!("{}%", it.config.schema_prefix);
    assert_eq!(users.held(&like).await, privileges::needed(Scope::School));

    // Rights that were given beside are taken back by migrating.
    let schema = format!("{}kilimani", it.config.schema_prefix);
    let more = format!(
        "grant delete on `{schema}`.audit to '{}'@'localhost'",
        users.server
    );
    users.run(more).await;
    assert!(
        refusal(db, "delete from audit where sequence < 0")
            .await
            .contains("None")
    );
    state
        .tenants
        .prepare("kilimani")
        .await
        .unwrap()
        .close()
        .await;
    assert!(
        refusal(db, "delete from audit where sequence < 0")
            .await
            .contains("42000")
    );

    by_hand(&users, &it).await;
    state.tenants.remove("kilimani").await.unwrap();
    assert!(users.held(&like).await.is_empty(), "rights in what is gone");
    it.remove().await;
    users.remove().await;
}

/// A teacher saves, a head reads, everything holds.
async fn works(state: &State, ready: &crate::tampering::Ready) {
    let request = SaveMarks {
        sheet: ready.sheet,
        operation: OperationId(rand::random()),
        edits: vec![score(ready.student(2), 2, 33)],
        reason: None,
    };
    let saved = marks::save(state, &ready.teacher, request).await.unwrap();
    assert_eq!(saved.problems, []);
    let checked = audit::verify(state, &ready.head, VerifyAudit::default()).await;
    assert_eq!(checked.unwrap().fault, None);
}

/// Without the migration user's URL: a server whose rights were given by hand works on what is
/// there, and makes no schools.
async fn by_hand(users: &Users, it: &Installation) {
    let mut config = it.config.clone();
    config.migration_database = None;
    let state = State::open(&config).await.unwrap();
    let tenant = state.tenants.school("kilimani").await.unwrap();
    tenant
        .db
        .query("select id from student")
        .all::<(i64,)>()
        .await
        .unwrap();
    state
        .tenants
        .prepare("kilimani")
        .await
        .unwrap()
        .close()
        .await;
    assert!(state.tenants.prepare("karen").await.is_err());
    let statements = state.tenants.grants(&config, None).await.unwrap().unwrap();
    state.tenants.close().await;
    // What is printed for the database's administrator is what the server gives itself.
    for statement in &statements {
        users.run(statement.clone()).await;
    }
    let like = format!("{}%", it.config.schema_prefix);
    assert_eq!(users.held(&like).await, privileges::needed(Scope::School));
    assert!(
        statements
            .iter()
            .all(|statement| statement.starts_with("grant "))
    );
}

/// What the statements of `db` write, by table.
fn written() -> BTreeSet<Right> {
    let mut written = BTreeSet::new();
    for (_, sql) in all_statements() {
        let words: Vec<&str> = sql
            .split(|c: char| c.is_whitespace() || "(){}".contains(c))
            .collect();
        let mut words = words.into_iter().filter(|word| !word.is_empty());
        let (first, second, third) = (words.next(), words.next(), words.next());
        let mut note = |table: Option<&str>, right: &str| {
            written.insert((table.unwrap_or_default().to_owned(), right.to_owned()));
        };
        match (first, second) {
            (Some("insert"), Some("into")) => {
                note(third, "insert");
                if sql.contains("{upsert") || sql.contains("{keep") {
                    note(third, "update");
                }
            }
            (Some("update"), table) => note(table, "update"),
            (Some("delete"), Some("from")) => note(third, "delete"),
            _ => {}
        }
    }
    written
}

#[tokio::test]
async fn the_list_of_rights_is_what_the_statements_need() {
    let listed = privileges::needed(Scope::School);
    let control = privileges::needed(Scope::Control);
    let writes = |rights: &BTreeSet<Right>| -> BTreeSet<Right> {
        rights
            .iter()
            .filter(|(_, right)| right != "select")
            .cloned()
            .collect()
    };
    let of_school: BTreeSet<Right> = written()
        .into_iter()
        .filter(|(table, _)| table != "school")
        .collect();
    let of_control: BTreeSet<Right> = written().difference(&of_school).cloned().collect();
    for (listed, written) in [(writes(&listed), of_school), (writes(&control), of_control)] {
        let (more, less) = (listed.difference(&written), written.difference(&listed));
        let (more, less): (Vec<&Right>, Vec<&Right>) = (more.collect(), less.collect());
        assert!(
            more.is_empty() && less.is_empty(),
            "server/src/db/privileges.rs gives too much: {more:?}, and too little: {less:?}"
        );
    }
    on_each_engine(async |it| {
        let school = it.state.tenants.prepare("kilimani").await.unwrap();
        for (db, rights) in [(it.state.tenants.control(), &control), (&school, &listed)] {
            let sql = match it.engine {
                Engine::Sqlite => {
                    "select name from sqlite_schema where type = 'table' and name not like 'sqlite%'"
                }
                Engine::MySql => {
                    "select cast(table_name as char) from information_schema.tables
                    where table_schema = database()"
                }
            };
            let tables: Vec<(String,)> = db.query(sql).all().await.unwrap();
            let tables: BTreeSet<String> = tables.into_iter().map(|(table,)| table).collect();
            let listed: BTreeSet<String> = rights.iter().map(|(table, _)| table.clone()).collect();
            assert_eq!(listed, tables, "left: privileges.rs, right: the migrations");
        }
        school.close().await;
    })
    .await;
}
