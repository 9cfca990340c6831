//! Text that would disturb a terminal, hide, or act in a spreadsheet, in every field of text of every
//! call: it is refused, or nothing of it is kept as it was.

use std::collections::BTreeMap;

use hillview_server::service::schools;
use hillview_server::testing::{Engine, Installation, School, Served, on_each_engine};
use hillview_shared::Kind;
use hillview_shared::accounts::PLATFORM;
use hillview_shared::text::is_hidden;
use serde_json::Value;
use sqlx::Row;

use super::change::{call, paths, tree};
use crate::line::Bare;
use crate::samples::{About, name};

/// What each hostile text begins with, so that it is found again.
const MARK: &str = "zq7x";

/// The kinds of hostile text.
pub fn hostile() -> Vec<(&'static str, String)> {
    let mut all: Vec<_> = [
        ("escape sequence", "\u{1b}[2J\u{1b}[31mred"),
        ("OSC 52", "\u{1b}]52;c;cm0gLXJm\u{7}"),
        (
            "OSC 8",
            "\u{1b}]8;;http://evil\u{1b}\\link\u{1b}]8;;\u{1b}\\",
        ),
        ("OSC 0", "\u{1b}]0;title\u{7}"),
        ("C1", "\u{9b}31m"),
        ("carriage return", "\roverwritten"),
        ("line feed", "\nERROR forged=1"),
        ("backspace", "\u{8}\u{8}\u{8}\u{8}hidden"),
        ("tab", "\tcell"),
        ("right to left override", "\u{202e}gpj.exe"),
        ("isolate", "\u{2066}a\u{2069}"),
        ("zero width", "a\u{200b}b\u{feff}c"),
        ("line separator", "\u{2028}line"),
        ("NUL", "\0rest"),
        ("soft hyphen", "a\u{ad}b"),
        ("formula", "=cmd|'/c calc'!A1"),
        ("formula with +", "+1+1"),
        ("formula with @", "@SUM(A1)"),
    ]
    .into_iter()
    .map(|(kind, text)| (kind, format!("{MARK}{text}")))
    .collect();
    all.push(("100 kB", format!("{MARK}{}", "long ".repeat(20_000))));
    all.push(("bare formula", "=1+1".to_owned()));
    all
}

/// Whether a text may be kept: a formula is text like any other until it is exported.
fn may_stay(text: &str) -> bool {
    !text.chars().any(is_hidden) && text.chars().count() <= 1_000
}

/// Every text of an answer's error.
fn told(error: &hillview_shared::ApiError) -> String {
    format!(
        "{}{}",
        error.message,
        error.hint.clone().unwrap_or_default()
    )
}

/// What came of a call in a word, when what it told is fit to be shown.
fn judged(error: Option<hillview_shared::ApiError>, place: &str) -> String {
    let Some(error) = error else {
        return "done".to_owned();
    };
    let told = told(&error);
    assert!(
        !told.chars().any(is_hidden) && told.chars().count() <= 1_000,
        "{place}: {told:?}"
    );
    assert!(error.kind != Kind::Fault, "{place}: {error:?}");
    error.kind.word().to_owned()
}

/// Somebody of each office, logged in.
async fn senders(it: &Installation, server: &Served, school: &School) -> Vec<(&'static str, Bare)> {
    // The samples shut the registrar's sessions: another goes on.
    school.hire("clerk", "registrar").await;
    let mut senders = Vec::new();
    for user in ["admin", "head", "clerk", "classteacher"] {
        let mut bare = Bare::greeted(&server.socket).await;
        assert_eq!(bare.log_in(&school.code, user).await, None);
        senders.push((user, bare));
    }
    let once = schools::platform_admin(&it.state, PLATFORM).await.unwrap();
    let mut platform = Bare::greeted(&server.socket).await;
    platform.log_in_with(PLATFORM, PLATFORM, &once).await;
    platform.change_password(&once).await;
    senders.push((PLATFORM, platform));
    senders
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_text_is_refused_in_every_field() {
    on_each_engine(async |it| {
        let about = About::school(it).await;
        let server = it.serve_within(crate::process::unhurried()).await;
        let mut senders = senders(it, &server, &about.school).await;
        let mut outcomes: BTreeMap<String, usize> = BTreeMap::new();
        let mut fields = 0;
        for sample in about.samples() {
            let whole = tree(&sample);
            for path in paths(&whole) {
                let Some(Value::String(_)) = whole.pointer(&path) else {
                    continue;
                };
                fields += 1;
                for (kind, text) in hostile() {
                    let mut spoilt = whole.clone();
                    *spoilt.pointer_mut(&path).unwrap() = Value::String(text);
                    let call = call(&spoilt);
                    for (user, bare) in &mut senders {
                        let place = format!("{user}, {}{path}, {kind}", name(&sample));
                        let answer = bare.call(call.clone()).await;
                        let answer = answer.unwrap_or_else(|| panic!("{place}: no answer"));
                        let outcome = judged(answer.error(), &place);
                        *outcomes.entry(outcome).or_default() += 1;
                    }
                }
            }
        }
        println!(
            "hostile text in {fields} fields on {:?}: {outcomes:?}",
            it.engine
        );
        assert!(fields > 80, "{fields}");
        server.stop().await;
        let kept = kept(it).await;
        println!("kept: {} texts with the mark", kept.len());
        for (place, text) in kept {
            let short: String = text.chars().take(80).collect();
            assert!(may_stay(&text), "{place} keeps {short:?}");
        }
    })
    .await;
}

/// Every text with the mark in every table, with its place.
async fn kept(it: &Installation) -> Vec<(String, String)> {
    match it.engine {
        Engine::Sqlite => in_files(it).await,
        Engine::MySql => in_schemas(it).await,
    }
}

async fn in_files(it: &Installation) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![it.folder().to_owned()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false if path.extension().is_some_and(|kind| kind == "db") => files.push(path),
                false => {}
            }
        }
    }
    assert!(files.len() >= 3, "{files:?}");
    for file in files {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&file);
        let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
        let columns = sqlx::query(
            "select m.name, c.name from sqlite_master m, pragma_table_info(m.name) c where m.type = 'table'",
        );
        for column in columns.fetch_all(&pool).await.unwrap() {
            let (table, column): (String, String) = (column.get(0), column.get(1));
            let sql = format!(
                "select cast(\"{column}\" as text) from \"{table}\" where instr(\"{column}\", '{MARK}') > 0"
            );
            let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(&pool).await;
            let texts = rows.unwrap().into_iter().map(|row| row.get(0));
            found.extend(texts.map(|text| (format!("{table}.{column}"), text)));
        }
        pool.close().await;
    }
    found
}

async fn in_schemas(it: &Installation) -> Vec<(String, String)> {
    let url = std::env::var("HILLVIEW_TEST_DATABASE").unwrap();
    let pool = sqlx::MySqlPool::connect(&url).await.unwrap();
    let columns = sqlx::query(
        "select cast(table_schema as char), cast(table_name as char), cast(column_name as char) \
         from information_schema.columns \
         where table_schema like ? and data_type in ('varchar', 'char', 'text', 'mediumtext', 'longtext')",
    );
    let like = format!("{}%", it.config.control_schema);
    let columns = columns.bind(like).fetch_all(&pool).await.unwrap();
    assert!(columns.len() > 50, "{}", columns.len());
    let mut found = Vec::new();
    for column in columns {
        let (schema, table, column): (String, String, String) =
            (column.get(0), column.get(1), column.get(2));
        let sql = format!(
            "select cast(`{column}` as char) from `{schema}`.`{table}` where instr(`{column}`, '{MARK}') > 0"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(&pool).await;
        let texts = rows.unwrap().into_iter().map(|row| row.get(0));
        found.extend(texts.map(|text| (format!("{table}.{column}"), text)));
    }
    pool.close().await;
    found
}
