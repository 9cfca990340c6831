//! Every SQL statement of the server is prepared on every engine.

use std::collections::HashMap;
use std::iter::Peekable;
use std::path::Path;
use std::str::Chars;

use hillview_server::testing::on_each_engine;

#[tokio::test]
async fn every_statement_is_understood_by_every_engine() {
    let all = all_statements();
    assert!(all.len() > 50, "only {} statements were found", all.len());
    on_each_engine(async |it| {
        let school = it.state.tenants.prepare("kilimani").await.unwrap();
        let control = it.state.tenants.control();
        let mut refused = Vec::new();
        for (file, sql) in &all {
            let db = if file == "schools.rs" {
                control
            } else {
                &school
            };
            for many in [1, 3] {
                if let Err(error) = db.prepare(sql, many).await {
                    refused.push(format!("{file}: {error}\n{sql}"));
                }
            }
        }
        school.close().await;
        assert!(
            refused.is_empty(),
            "{:?}\n{}",
            it.engine,
            refused.join("\n\n")
        );
    })
    .await;
}

#[test]
fn statements_are_found_as_they_will_be_run() {
    let fragments = HashMap::from([("where_it!".to_owned(), "where it = '\"'".to_owned())]);
    let source = "
        // \"select comment\"
        let a = '\"'; db.query(\"select one \\
            from a\");
        db.query(concat!(\"select \", inner::where_it!(), \" order\")); \"selected\"
        \"no statement\"
        #[cfg(test)]
        mod tests { \"select test\" }";
    let found = statements(source, &fragments);
    assert_eq!(found, ["select one from a", "select where it = '\"' order"]);
}

/// File and text of every statement under `db`; what only one engine has is left to that engine.
pub fn all_statements() -> Vec<(String, &'static str)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/db");
    let fragments = fragments(&std::fs::read_to_string(folder.join("fragments.rs")).unwrap());
    let mut all = Vec::new();
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let not_statements = [
                "migrate.rs",
                "export.rs",
                "sizes.rs",
                "raw.rs",
                "storage.rs",
                "measures.rs",
                "statement.rs",
                "fragments.rs",
            ];
            if not_statements.contains(&name.as_str()) {
                continue;
            }
            for sql in statements(&std::fs::read_to_string(&path).unwrap(), &fragments) {
                all.push((name.clone(), &*sql.leak()));
            }
        }
    }
    all
}

enum Token {
    Text(String),
    Word(String),
    Open,
    Close,
}

fn statements(source: &str, fragments: &HashMap<String, String>) -> Vec<String> {
    let mut found = Vec::new();
    let mut tokens = tokens(source).into_iter();
    while let Some(token) = tokens.next() {
        match token {
            Token::Text(text) => found.push(text),
            Token::Word(word) if word == "concat!" => found.push(joined(&mut tokens, fragments)),
            _ => {}
        }
    }
    let verbs = ["select", "insert", "update", "delete", "with"];
    found.retain(|text| {
        let mut words = text.split_whitespace();
        words.next().is_some_and(|first| verbs.contains(&first)) && words.next().is_some()
    });
    found
}

/// What `concat!(…)` makes of literals and fragments.
fn joined(tokens: &mut impl Iterator<Item = Token>, fragments: &HashMap<String, String>) -> String {
    let (mut all, mut depth) = (String::new(), 0);
    for token in tokens {
        match token {
            Token::Text(text) => all.push_str(&text),
            Token::Word(word) => all.push_str(fragments.get(&word).map_or("", String::as_str)),
            Token::Open => depth += 1,
            Token::Close => depth -= 1,
        }
        if depth == 0 {
            break;
        }
    }
    all
}

/// The literal of each `macro_rules! name { () => { "…" }; }`.
fn fragments(source: &str) -> HashMap<String, String> {
    let mut found = HashMap::new();
    let mut name = String::new();
    for token in tokens(source) {
        match token {
            Token::Word(word) => name = format!("{word}!"),
            Token::Text(text) => {
                found.insert(name.clone(), text);
            }
            _ => {}
        }
    }
    found
}

fn tokens(source: &str) -> Vec<Token> {
    let code = source.split("#[cfg(test)]").next().unwrap_or_default();
    let lines = code
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    let code: String = lines.flat_map(|line| [line, "\n"]).collect();
    let mut chars = code.chars().peekable();
    let mut tokens = Vec::new();
    while let Some(c) = chars.next() {
        match c {
            '"' => tokens.push(Token::Text(literal(&mut chars))),
            '(' => tokens.push(Token::Open),
            ')' => tokens.push(Token::Close),
            // A character, not a lifetime: it may be a quotation mark.
            '\'' if chars.clone().nth(1) == Some('\'') => {
                chars.nth(1);
            }
            '\'' if chars.peek() == Some(&'\\') => {
                chars.nth(2);
            }
            c if c.is_alphabetic() => {
                let mut word = String::from(c);
                while let Some(next) = chars.next_if(|c| c.is_alphanumeric() || "_!".contains(*c)) {
                    word.push(next);
                }
                tokens.push(Token::Word(word));
            }
            _ => {}
        }
    }
    tokens
}

fn literal(chars: &mut Peekable<Chars<'_>>) -> String {
    let mut text = String::new();
    while let Some(c) = chars.next() {
        match c {
            '"' => break,
            '\\' => match chars.next() {
                // A line that goes on: its indentation is no part of the text.
                Some('\n') => while chars.next_if(|c| c.is_whitespace()).is_some() {},
                Some(escaped) => text.push(escaped),
                None => break,
            },
            c => text.push(c),
        }
    }
    text
}
