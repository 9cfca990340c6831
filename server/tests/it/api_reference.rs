//! `docs/reference/api.md` says what `shared/src/api.rs` and `server/src/rules.rs` say.

use std::fmt::Write;
use std::path::Path;

use hillview_shared::accounts::Permission;

const CALLS: &str = include_str!("../../../shared/src/api.rs");
const RULES: &str = include_str!("../../src/rules.rs");

#[test]
fn the_reference_page_is_as_the_sources_say() {
    let page = page();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/reference/api.md");
    if std::env::var_os("HILLVIEW_UPDATE_DOCS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap();
    assert!(
        written == page,
        "docs/reference/api.md is out of date: run this test with HILLVIEW_UPDATE_DOCS=1"
    );
}

fn page() -> String {
    let mut page = String::from(
        "# Calls\n\n\
         Made from the sources; a test compares it.\n\
         Types and fields are described where they stand, under `shared/src`.\n\n\
         | call | what it does | who may |\n|---|---|---|\n",
    );
    let rules = rules();
    for (name, takes, sentence) in calls() {
        let who = rules
            .iter()
            .find_map(|(call, who)| (*call == camel(&name)).then_some(who))
            .unwrap_or_else(|| panic!("{name} has no rule"));
        let _ = writeln!(page, "| `{name}({takes})` | {sentence} | {who} |");
    }
    page
}

/// Each method of the trait with its request and its sentence.
pub fn calls() -> Vec<(String, String, String)> {
    let (_, body) = CALLS.split_once("pub trait Hillview {").unwrap();
    let (body, _) = body.split_once("\n}").unwrap();
    let mut calls = Vec::new();
    let mut sentence = Vec::new();
    for line in body.lines().map(str::trim) {
        if let Some(text) = line.strip_prefix("/// ") {
            sentence.push(text.trim_end_matches('.'));
        } else if let Some(signature) = line.strip_prefix("async fn ") {
            let (name, rest) = signature.split_once('(').unwrap();
            let (takes, _) = rest.split_once(')').unwrap();
            let takes = takes.strip_prefix("request: ").unwrap_or(takes);
            calls.push((name.into(), takes.into(), sentence.join(" ")));
            sentence.clear();
        }
    }
    assert!(calls.len() > 30, "the scan lost calls: {}", calls.len());
    calls
}

/// Each call with its rule in words: the lines of the table in `rules.rs`.
fn rules() -> Vec<(&'static str, String)> {
    let (_, table) = RULES.split_once("\nrules! {\n").unwrap();
    let (table, _) = table.split_once("\n}\n").unwrap();
    let lines = table.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with("//"));
    let of_line = |line: &'static str| {
        let line = line.strip_suffix(';').expect("a rule is one line");
        let (rule, calls) = line.split_once(": ").unwrap();
        let who = who(rule);
        calls.split(", ").map(move |call| (call, who.clone()))
    };
    lines.flat_map(of_line).collect()
}

/// A rule in words.
fn who(rule: &str) -> String {
    let (rule, permissions) = rule.split_once('(').unwrap_or((rule, ""));
    match rule {
        "First" => "anybody, once, before any other call".to_owned(),
        "Greeted" => "anybody".to_owned(),
        "Own" => "anybody logged in, also while the password must be changed".to_owned(),
        "LoggedIn" => "anybody logged in, as far as they reach".to_owned(),
        "Needs" | "Somewhere" => {
            let names = permissions.trim_end_matches(')').split(", ");
            let permissions: Vec<String> = names.map(permission).collect();
            permissions.join(" or ")
        }
        other => panic!("{other} has no words"),
    }
}

fn permission(name: &str) -> String {
    let known = |it: &&Permission| format!("{it:?}") == name;
    let permission = Permission::ALL.iter().find(known).unwrap();
    format!("`{permission}`")
}

fn camel(name: &str) -> String {
    name.split('_')
        .map(|word| word[..1].to_uppercase() + &word[1..])
        .collect()
}
