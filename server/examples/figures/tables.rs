//! From the figures to tables: a column for each record, or a row for each part of one.

use std::fmt::Write;

use anyhow::{Context, ensure};
use serde_json::Value;

use crate::plots;
use crate::records::{Records, find, number, rows};
use crate::specs::{self, Line, List, Spec};
use crate::units::round;

/// What is made for this name, with a line end behind it.
pub fn made(name: &str, records: &Records) -> anyhow::Result<String> {
    if name == "machine" {
        return Ok(machine(records));
    }
    if let Some(bench) = name.strip_suffix(" plots") {
        let shown = plots::shown(bench, &records.folder, records)?;
        return Ok(if shown.is_empty() {
            NOTHING.to_owned()
        } else {
            shown
        });
    }
    match specs::of(name).with_context(|| format!("there is no table {name:?}"))? {
        Spec::Compared { of, lines } => compared(name, of, lines, records),
        Spec::Listed(list) => listed(name, &list, records),
    }
}

/// What stands where nothing was measured yet.
const NOTHING: &str = "*Not measured yet.*\n";

/// A row for each figure, a column for each record, and what is to be reached beside it.
fn compared(
    name: &str,
    of: &[(&str, &str)],
    lines: &[Line],
    records: &Records,
) -> anyhow::Result<String> {
    let there = |(title, file): &(_, &str)| Some((*title, records.get(file)?));
    let columns: Vec<(&str, &Value)> = of.iter().filter_map(there).collect();
    if columns.is_empty() {
        return Ok(NOTHING.to_owned());
    }
    let targets = lines.iter().any(|line| !line.target.is_empty());
    let titles = columns.iter().map(|(title, _)| (*title).to_owned());
    let mut table = head(std::iter::once(String::new()).chain(titles), targets);
    for line in lines {
        let shown = columns.iter().map(|(_, record)| cell(record, line));
        let shown: Vec<Option<String>> = shown.collect();
        ensure!(
            shown.iter().any(Option::is_some),
            "{name}: no record has the figures {:?}",
            line.at
        );
        let cells = shown.into_iter().map(|text| text.unwrap_or_default());
        row(
            &mut table,
            line.label,
            cells,
            targets.then_some(line.target),
        );
    }
    Ok(table)
}

/// The figures of a line; nothing when one of them is not there.
fn cell(record: &Value, line: &Line) -> Option<String> {
    let figures = find(record, "figures")?;
    let numbers: Option<Vec<f64>> = line.at.iter().map(|at| number(figures, at)).collect();
    Some(line.unit.show(&numbers?))
}

/// A row for each part of a group, such as for each call; the tables stand below each other.
fn listed(name: &str, list: &List, records: &Records) -> anyhow::Result<String> {
    let mut tables = Vec::new();
    for (title, file) in list.of {
        let Some(figures) = records.get(file).and_then(|record| find(record, "figures")) else {
            continue;
        };
        let groups = match list.each {
            "" => vec![figures],
            each => rows(figures, each),
        };
        for group in groups {
            let title = match list.told_apart {
                ("", _) => (*title).to_owned(),
                (at, word) => format!("{title}, {} {word}", said(name, group, &[at])?),
            };
            let table = of_group(name, list, group)?;
            tables.push(format!("{title}:\n\n{table}"));
        }
    }
    match tables.is_empty() {
        true => Ok(NOTHING.to_owned()),
        false => Ok(tables.join("\n")),
    }
}

fn of_group(name: &str, list: &List, group: &Value) -> anyhow::Result<String> {
    let parts = rows(group, list.at);
    ensure!(
        !parts.is_empty(),
        "{name}: there are no rows at {:?}",
        list.at
    );
    let titles = list.columns.iter().map(|column| column.label.to_owned());
    let mut table = head(std::iter::once(list.label.to_owned()).chain(titles), false);
    for part in parts {
        let cells = list.columns.iter().map(|column| {
            let numbers: Option<Vec<f64>> = column.at.iter().map(|at| number(part, at)).collect();
            numbers.map_or_else(String::new, |numbers| column.unit.show(&numbers))
        });
        row(&mut table, &said(name, part, list.key)?, cells, None);
    }
    Ok(table)
}

/// What a part says of itself at these places.
fn said(name: &str, part: &Value, at: &[&str]) -> anyhow::Result<String> {
    let words = at.iter().map(|at| {
        let word = find(part, at).with_context(|| format!("{name}: no {at:?}"))?;
        Ok(text(word))
    });
    let words: Vec<String> = words.collect::<anyhow::Result<_>>()?;
    let words = words.into_iter().filter(|word| !word.is_empty());
    Ok(words.collect::<Vec<_>>().join(", "))
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => value.as_f64().map_or_else(String::new, round),
    }
}

fn head(titles: impl Iterator<Item = String>, targets: bool) -> String {
    let mut titles: Vec<String> = titles.collect();
    if targets {
        titles.push("to reach".to_owned());
    }
    format!(
        "| {} |\n|{}\n",
        titles.join(" | "),
        "---|".repeat(titles.len())
    )
    .replace("|  |", "| |")
}

fn row(table: &mut String, label: &str, cells: impl Iterator<Item = String>, target: Option<&str>) {
    let _ = write!(table, "| {label} |");
    for cell in cells.chain(target.map(str::to_owned)) {
        let _ = match cell.is_empty() {
            true => write!(table, " |"),
            false => write!(table, " {cell} |"),
        };
    }
    table.push('\n');
}

/// The machine, and with what each record was taken on it.
fn machine(records: &Records) -> String {
    let mut table = String::new();
    if let Some(machine) = records.get("machine") {
        table += "| | |\n|---|---|\n";
        for fact in rows(machine, "facts") {
            let at = |place: usize| fact.get(place).map_or_else(String::new, text);
            row(&mut table, &at(0), std::iter::once(at(1)), None);
        }
        table.push('\n');
    }
    let taken: Vec<_> = records
        .all()
        .filter_map(|(name, record)| Some((name, record.get("on")?)))
        .collect();
    if taken.is_empty() {
        return NOTHING.to_owned();
    }
    let titles = [
        "record",
        "Hillview",
        "optimised",
        "database",
        "Redis",
        "taken (UTC)",
    ];
    table += &head(titles.map(str::to_owned).into_iter(), false);
    for (name, on) in taken {
        let yes_or_no = |at| match on.get(at).and_then(Value::as_bool) {
            Some(true) => "yes".to_owned(),
            Some(false) => "no".to_owned(),
            None => String::new(),
        };
        let said = |at| on.get(at).map_or_else(String::new, text);
        let cells = [
            said("hillview"),
            yes_or_no("release"),
            said("database"),
            yes_or_no("redis"),
            said("at"),
        ];
        row(&mut table, &format!("`{name}`"), cells.into_iter(), None);
    }
    table
}
