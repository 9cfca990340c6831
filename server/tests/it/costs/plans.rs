//! How the engines carry out what the calls send: no table that grows with the years is read as a
//! whole. `docs/reference/plans-sqlite.md` and `plans-mariadb.md` keep the record.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

use hillview_server::db::plans::Step;
use hillview_server::testing::Engine;

use super::stage::{Stage, is_occasional};

/// Tables that may be read as a whole, with the reason.
const SMALL: &[(&str, &str)] = &[
    ("academic_year", "one row a year"),
    ("term", "three rows a year"),
    ("level", "a school has a few"),
    ("grade", "a school has some ten"),
    ("scheme", "a school has a few"),
    ("band", "a few rows a scheme"),
    ("subject", "a school has some tens"),
    ("offering", "subjects times grades"),
    ("paper", "one or two an offering"),
    ("assessment", "some ten a year"),
    ("class", "a few hundred a year"),
    ("role", "a school has some ten"),
    ("role_permission", "some tens a role"),
    ("session_policy", "one row"),
    ("profile", "one row"),
    ("audit_head", "one row"),
    ("school", "the schools of an installation"),
    ("sqlite_schema", "the tables"),
    ("tables", "the tables"),
    ("information_schema", "the tables"),
    ("_sqlx_migrations", "a row a migration"),
    ("import_chunk", "pieces of files that wait to be imported"),
];

/// Tables that grow with students and years. MariaDB decides by what it has counted: a table of some
/// hundreds it rightly reads as a whole, so that on it only these are looked at.
const LARGE: &[&str] = &[
    "audit",
    "enrolment",
    "enrolment_offering",
    "mark",
    "mark_change",
    "operation",
    "session",
    "sheet",
    "student",
];

/// Statements that read a large table as a whole all the same: how they begin, the table, and why.
const WHOLE: &[(&str, &str, &str)] = &[
    (
        "select admission_no from student order by id desc limit 20",
        "student",
        "the last twenty",
    ),
    (
        "select admission_no from student where admission_key >= ?",
        "student",
        "the longest number of those that begin alike, when a student gets the next",
    ),
    (
        "select user.id as user_id, user.username, user.v from user where user.password = ''",
        "user",
        "logins of an import get their passwords, once a year",
    ),
    (
        "update session set ended_at = ?, ends_at = ? where kind = 'login'",
        "session",
        "the school's policy changes, once in years",
    ),
    (
        "select user.id as user_id, user.username, user.v from user where user.password = ''",
        "access_grant",
        "the same",
    ),
    (
        "select distinct user.staff_id, access_grant.permission",
        "access_grant",
        "what staff were given is compared with what they get; some thousands",
    ),
    (
        "select id, created_by, created_at from import_job where state in",
        "import_job",
        "a school has some hundreds",
    ),
    (
        "select import_job.id, import_job.kind",
        "import_job",
        "the last ones, by number",
    ),
];

/// Looks at the plan of every statement that was sent; says which read too much.
pub async fn check(engine: Engine, stage: &Stage<'_>) -> Result<(), String> {
    let db = stage.head().db();
    if engine == Engine::MySql {
        // It counts by itself some seconds after many rows came, when the machine has time for it.
        for table in LARGE.iter().chain(&["teaching", "staff", "user"]) {
            let analyzed = db.analyze(table).await;
            analyzed.map_err(|error| format!("{table}: {error}"))?;
        }
    }
    let (mut scans, mut record) = (Vec::new(), String::new());
    for (template, (calls, statement)) in &stage.statements {
        let control = template.contains("from school") || template.starts_with("update school ");
        let on = if control { stage.control() } else { db };
        if !has_plan(&statement.sql) {
            continue;
        }
        let plan = match on.plan(statement).await {
            Ok(plan) => plan,
            Err(error) => return Err(format!("no plan: {error}\n{}", statement.sql)),
        };
        let names = names(&statement.sql);
        let of = |step: &Step| {
            names
                .get(&step.table)
                .cloned()
                .unwrap_or_else(|| step.table.clone())
        };
        for step in plan.iter().filter(|step| step.is_scan()) {
            if !is_allowed(engine, &statement.one_line(), &of(step), &names)
                && !is_made(&plan, &step.table)
            {
                scans.push(format!(
                    "{} {}: {step:?}\n{}",
                    engine_name(engine),
                    of(step),
                    statement.one_line()
                ));
            }
        }
        record += &noted(engine, calls, &statement.one_line(), &plan);
    }
    keep(engine, &record)?;
    match scans.is_empty() {
        true => Ok(()),
        false => Err(scans.join("\n\n")),
    }
}

/// A statement with its plan, for the record.
fn noted(engine: Engine, calls: &BTreeSet<&str>, statement: &str, plan: &[Step]) -> String {
    let calls: Vec<_> = calls.iter().map(|call| format!("`{call}`")).collect();
    let mut noted = format!("\n{}\n\n```sql\n{statement}\n```\n\n", calls.join(", "));
    for step in plan {
        let table = match engine {
            Engine::MySql => format!("{} ", step.table),
            Engine::Sqlite => String::new(),
        };
        let index = step.index.iter().map(|index| format!(" {index}"));
        let _ = writeln!(noted, "- {table}{}{}", step.how, index.collect::<String>());
    }
    noted
}

/// What is inserted as it is given is not looked for.
fn has_plan(sql: &str) -> bool {
    !sql.starts_with("insert") || sql.contains("select")
}

fn engine_name(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "sqlite",
        Engine::MySql => "mariadb",
    }
}

fn is_allowed(
    engine: Engine,
    template: &str,
    table: &str,
    names: &BTreeMap<String, String>,
) -> bool {
    let small = SMALL.iter().any(|(small, _)| *small == table);
    let counted = engine == Engine::MySql && !LARGE.contains(&table);
    let excepted = WHOLE
        .iter()
        .any(|(begin, of, _)| *of == table && template.starts_with(begin));
    // What the statement itself made: the rows of a subquery.
    let made = !names.values().any(|name| name == table);
    small || counted || excepted || made
}

/// Whether SQLite made it before it reads it: the rows of a subquery.
fn is_made(plan: &[Step], table: &str) -> bool {
    let made = ["CO-ROUTINE", "MATERIALIZE"].map(|word| format!("{word} {table}"));
    plan.iter().any(|step| made.contains(&step.how))
}

/// The tables of a statement by the names that it gives them.
fn names(sql: &str) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    let words: Vec<_> = sql
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
        .collect();
    let ends = [
        "where", "on", "join", "left", "order", "set", "union", "group", "limit", "for", "values",
        "select",
    ];
    for at in 0..words.len().saturating_sub(1) {
        if ["from", "join", "straight_join", "update", "into"].contains(&words[at]) {
            let table = words[at + 1];
            let alias = words.get(at + 2).filter(|word| !ends.contains(word));
            names.insert((*alias.unwrap_or(&table)).to_owned(), table.to_owned());
            names.insert(table.to_owned(), table.to_owned());
        }
    }
    names
}

/// The statements of a page, each with its plan.
fn plans(page: &str) -> BTreeMap<&str, Vec<&str>> {
    let statements = page.split("```sql\n").skip(1);
    let read = statements.filter_map(|text| text.split_once("\n```"));
    read.map(|(sql, plan)| {
        (
            sql,
            plan.lines().filter(|line| line.starts_with("- ")).collect(),
        )
    })
    .collect()
}

/// SQLite's plans hang on the statements and indexes only, and are compared. MariaDB's hang on what
/// it has counted as well: they are kept as a record.
fn keep(engine: Engine, record: &str) -> Result<(), String> {
    let name = engine_name(engine);
    let path = format!("../docs/reference/plans-{name}.md");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let title = match engine {
        Engine::Sqlite => "# Plans of SQLite\n\nMade by a test, and compared.\n",
        Engine::MySql => {
            "# Plans of MariaDB\n\nMade by a test, in a school of its own; other sizes may have other plans.\n\
            A table that is read as `ALL` or `index` is read as a whole; the test says which may be.\n"
        }
    };
    let page = format!("{title}{record}");
    if std::env::var_os("HILLVIEW_UPDATE_DOCS").is_some() {
        std::fs::write(&path, &page).map_err(|error| error.to_string())?;
    }
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    // What is sent once in a while is in one run and not in the next, and under another call.
    let (known, found) = (plans(&known), plans(&page));
    let same = |(sql, plan): (&&str, &Vec<&str>)| match known.get(sql) {
        Some(known) => known == plan,
        None => is_occasional(sql),
    };
    let gone = |sql: &&&str| !found.contains_key(**sql) && !is_occasional(sql);
    let new = found
        .iter()
        .filter(|it| !same((it.0, it.1)))
        .map(|(sql, _)| sql);
    let differ: Vec<_> = known.keys().filter(gone).chain(new).collect();
    let same = engine == Engine::MySql || differ.is_empty();
    same.then_some(()).ok_or_else(|| {
        format!(
            "{} is old, HILLVIEW_UPDATE_DOCS=1 writes it anew: {differ:#?}",
            path.display()
        )
    })
}
