//! Calls as trees, so that a field can be changed for something else.

use hillview_shared::api::HillviewRequest;
use hillview_shared::wire::Call;
use serde_json::{Value, json};

use super::{Dice, text};

/// A call as a tree. Bytes become lists of numbers, which are read as bytes again.
pub fn tree(request: &HillviewRequest) -> Value {
    serde_json::to_value(request).unwrap()
}

pub fn call(tree: &Value) -> Call {
    Call(rmp_serde::to_vec_named(tree).unwrap().into())
}

/// The paths of everything in a tree, from the root.
pub fn paths(tree: &Value) -> Vec<String> {
    fn walk(value: &Value, path: &str, all: &mut Vec<String>) {
        all.push(path.to_owned());
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    walk(value, &format!("{path}/{name}"), all);
                }
            }
            // A list of many is bytes: its elements need not be changed one by one.
            Value::Array(values) if values.len() < 10 => {
                for (number, value) in values.iter().enumerate() {
                    walk(value, &format!("{path}/{number}"), all);
                }
            }
            _ => {}
        }
    }
    let mut all = Vec::new();
    walk(tree, "", &mut all);
    all
}

/// Puts something else in the place of one to three values.
pub fn change(dice: &mut Dice, tree: &mut Value, words: &[String]) {
    let paths = paths(tree);
    for _ in 0..=dice.below(3) {
        // Not the root and not the name of the call, mostly.
        let at = if dice.once_in(50) { 0 } else { 2 };
        if paths.len() <= at {
            return;
        }
        let path = &paths[at + dice.below(paths.len() - at)];
        let Some(place) = tree.pointer_mut(path) else {
            continue;
        };
        let new = other(dice, place, words);
        *place = new;
    }
}

fn other(dice: &mut Dice, old: &Value, words: &[String]) -> Value {
    // Mostly of the same kind: what cannot be read is refused before anything looks at it.
    match old {
        Value::String(_) if !dice.once_in(12) => return json!(word(dice, words)),
        Value::Number(_) if !dice.once_in(12) => return number(dice),
        Value::Bool(old) if !dice.once_in(12) => return json!(!old),
        Value::Null if !dice.once_in(3) => return Value::Null,
        Value::Object(fields) if !dice.once_in(6) => return Value::Object(fields.clone()),
        _ => {}
    }
    match (dice.below(12), old) {
        (0, _) => Value::Null,
        (1, Value::Array(values)) => {
            let many = dice.pick(&[0, 2, 17, 600]);
            Value::Array(values.iter().cycle().take(*many).cloned().collect())
        }
        (2, Value::Object(fields)) => {
            let mut fields = fields.clone();
            let gone = dice.below(fields.len());
            let gone = fields.keys().nth(gone).cloned();
            gone.and_then(|gone| fields.remove(&gone));
            Value::Object(fields)
        }
        (3, _) => deep(dice),
        (4 | 5, _) | (6..=8, Value::Number(_)) => number(dice),
        (6, _) => json!(dice.once_in(2)),
        _ => json!(word(dice, words)),
    }
}

fn number(dice: &mut Dice) -> Value {
    const EDGES: [i64; 15] = [
        0,
        1,
        -1,
        2,
        7,
        200,
        255,
        65_535,
        65_536,
        i32::MAX as i64,
        i32::MIN as i64,
        1 << 53,
        i64::MAX,
        i64::MIN,
        9_000_000_000_000_000,
    ];
    match dice.below(10) {
        0 if dice.once_in(4) => json!(u64::MAX),
        1 if dice.once_in(4) => json!(0.5),
        // What is there is small and counted from one.
        0..=3 => json!(dice.below(40)),
        4 => json!(dice.next().cast_signed()),
        _ => json!(*dice.pick(&EDGES)),
    }
}

fn word(dice: &mut Dice, words: &[String]) -> String {
    const ODD: [&str; 24] = [
        "",
        " ",
        "0",
        "-1",
        "null",
        "9999-12-31",
        "+262142-12-31",
        "-262143-01-01",
        "2026-02-30",
        "0000-00-00",
        "99999999999999999999",
        "1|2|3",
        "|",
        "%",
        "_%",
        "\\",
        "'; drop table mark; --",
        "${jndi:ldap://x}",
        "{{7*7}}",
        "../../../etc/passwd",
        "\u{1F469}\u{1F3FD}\u{200D}\u{1F52C}",
        "İıßﬃǅ",
        "\u{FFFF}\u{10FFFF}",
        "ﷺ",
    ];
    match dice.below(10) {
        0..=2 => dice.pick(&ODD).to_string(),
        3 => dice.pick(&text::hostile()).1.clone(),
        4 => "\u{301}".repeat(dice.below(400)),
        5 => "漢".repeat(dice.below(400)),
        6 if dice.once_in(8) => "a ".repeat(50_000),
        6 => "x".repeat(dice.below(1_200)),
        7 => {
            let mut word = dice.pick(words).clone();
            let at = dice.below(word.chars().count() + 1);
            let at = word.char_indices().nth(at).map_or(word.len(), |(at, _)| at);
            let odd = char::from_u32(dice.below(0x11_0000).try_into().unwrap());
            word.insert(at, odd.unwrap_or('|'));
            word
        }
        _ => dice.pick(words).clone(),
    }
}

fn deep(dice: &mut Dice) -> Value {
    let mut value = json!(1);
    for _ in 0..dice.below(100) {
        value = json!([value]);
    }
    value
}

/// Every text of these trees.
pub fn words(trees: &[Value]) -> Vec<String> {
    let mut words = Vec::new();
    for tree in trees {
        for path in paths(tree) {
            if let Some(Value::String(word)) = tree.pointer(&path) {
                words.push(word.clone());
            }
        }
    }
    words
}
