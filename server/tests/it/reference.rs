//! `docs/reference/schema.md` says what the migrations make.

use std::fmt::Write;
use std::path::{Path, PathBuf};

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
fn the_page_of_tables_is_what_the_migrations_make() {
    let page = page();
    let path = project().join("docs/reference/schema.md");
    if std::env::var_os("HILLVIEW_UPDATE_DOCS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    let hint = "docs/reference/schema.md is old: HILLVIEW_UPDATE_DOCS=1 cargo test writes it anew";
    assert!(known == page, "{hint}");
}

#[test]
fn both_engines_have_the_same_tables_and_columns() {
    for scope in ["control", "school"] {
        let columns = |engine: &str| {
            let tables = tables(scope, engine).into_iter();
            tables
                .map(|table| {
                    let columns = table.columns.into_iter().map(|column| column.name);
                    (table.name, columns.collect::<Vec<_>>())
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(columns("mysql"), columns("sqlite"), "{scope}");
    }
}

struct Table {
    name: String,
    comment: String,
    columns: Vec<Column>,
    rules: Vec<String>,
}

struct Column {
    name: String,
    kind: String,
}

fn page() -> String {
    let mut page = String::from(
        "# The tables\n\n\
        Made from `migrations/` by a test. Types are those of MySQL and MariaDB; SQLite has its own for them.\n",
    );
    for (scope, title) in [
        ("control", "The control schema: which schools there are"),
        ("school", "The schema of a school"),
    ] {
        let _ = write!(page, "\n## {title}\n");
        for table in tables(scope, "mysql") {
            let _ = write!(page, "\n### {}\n\n", table.name);
            if !table.comment.is_empty() {
                let _ = write!(page, "{}\n\n", table.comment);
            }
            page.push_str("| column | type |\n|---|---|\n");
            for column in &table.columns {
                let _ = writeln!(page, "| {} | {} |", column.name, column.kind);
            }
            page.push('\n');
            for rule in &table.rules {
                let _ = writeln!(page, "- {rule}");
            }
        }
    }
    page
}

/// The tables of a scope, in the order in which they are made.
fn tables(scope: &str, engine: &str) -> Vec<Table> {
    let folder = project().join("migrations").join(scope).join(engine);
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let mut tables: Vec<Table> = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        for block in text.split("\n\n") {
            tables.extend(read(block));
            change(&mut tables, block);
        }
    }
    tables
}

/// Changes columns as a block of a migration does; on MySQL the words stand in quotes, to be run
/// only where that was not done yet.
fn change(tables: &mut [Table], block: &str) {
    // A comment that begins with the name of a table stands for the one it had.
    for line in block.lines() {
        let comment = line
            .strip_prefix("-- ")
            .and_then(|line| line.split_once(": "));
        let Some((name, comment)) = comment else {
            continue;
        };
        if let Some(table) = tables.iter_mut().find(|one| one.name == name) {
            comment.clone_into(&mut table.comment);
        }
    }
    let indexes = block.lines().filter_map(|line| {
        let (_, made) = line.split_once("'create index ")?;
        let (index, rest) = made.split_once(" on ")?;
        let (name, rest) = rest.split_once(' ')?;
        Some((name, format!("index {index} {}", rest.split('\'').next()?)))
    });
    for (name, index) in indexes {
        let table = tables.iter_mut().find(|one| one.name == name);
        table.expect("a table has an index").rules.push(index);
    }
    let mut table = None;
    for line in block.lines() {
        let mut clause = line.trim();
        if let Some((_, rest)) = line.split_once("alter table ") {
            let (name, rest) = rest.split_once(' ').unwrap_or((rest, ""));
            table = tables.iter_mut().find(|one| one.name == name);
            clause = rest;
        }
        let Some(table) = &mut table else {
            continue;
        };
        // Within the quotes, two quotes are one.
        let clause = clause.replace("''''", "\0");
        let clause = clause.split(['\'', ';']).next().unwrap_or_default();
        let clause = clause.trim_end_matches(',').replace('\0', "''");
        let column = |rest: &str| {
            let (name, kind) = rest.split_once(' ')?;
            Some(Column {
                name: name.to_owned(),
                kind: kind.to_owned(),
            })
        };
        if let Some(added) = clause.strip_prefix("add column ").and_then(column) {
            table.columns.push(added);
        } else if let Some(changed) = clause.strip_prefix("modify ").and_then(column) {
            let columns = &mut table.columns;
            let place = columns.iter_mut().find(|one| one.name == changed.name);
            *place.unwrap() = changed;
        } else if let Some(gone) = clause.strip_prefix("drop column ") {
            table.columns.retain(|one| one.name != gone);
        } else if clause.starts_with("add index ") {
            table
                .rules
                .extend(clause.strip_prefix("add ").map(str::to_owned));
        } else if let Some(gone) = clause.strip_prefix("drop index ") {
            let gone = format!("index {gone} ");
            table.rules.retain(|rule| !rule.starts_with(&gone));
        }
    }
}

/// The table that a block of a migration makes, when it makes one.
fn read(block: &str) -> Option<Table> {
    let lines = || block.lines().map(str::trim);
    let start = lines().position(|line| line.starts_with("create table if not exists"))?;
    let name = lines().nth(start)?.split_whitespace().nth(5)?.to_owned();
    let comment = lines()
        .take(start)
        .filter_map(|line| line.strip_prefix("-- "));
    let comment = comment.collect::<Vec<_>>().join(" ");
    let (mut columns, mut rules) = (Vec::new(), Vec::new());
    for line in lines()
        .skip(start + 1)
        .take_while(|line| !line.starts_with(')'))
    {
        let line = line.trim_end_matches(',');
        let (word, rest) = line.split_once(' ')?;
        match word {
            "primary" | "constraint" | "index" => rules.push(line.to_owned()),
            _ => columns.push(Column {
                name: word.to_owned(),
                kind: rest.to_owned(),
            }),
        }
    }
    Some(Table {
        name,
        comment,
        columns,
        rules,
    })
}
