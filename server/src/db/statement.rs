//! From a statement as written to a statement of one engine.
//!
//! Statements are literals. Where the two dialects differ, or where the number of rows is known
//! only at run time, a literal holds a mark in braces:
//!
//! | mark | MySQL, MariaDB | SQLite |
//! |---|---|---|
//! | `{lock}` | `for update` | nothing: writers take turns |
//! | `{same}` | `<=>` | `is`: equal, and null equals null |
//! | `{then}` | `straight_join` | `cross join`: joined after what stands before it |
//! | `{by index}` | `force index (index)` | `indexed by index`: an engine may think that another will do |
//! | `{list}` | `?, ?, …`, padded to a few lengths | the same |
//! | `{pairs}` | `(?, ?), (?, ?), …`, padded like a list | `values (?, ?), (?, ?), …` |
//! | `{rows (?, ?, 0)}` | the pattern once a row | the same |
//! | `{union select …}` | the pattern once a row, joined by `union all` | the same |
//! | `{upsert a, b: c, v = t.v + 1}` | `on duplicate key update c = values(c), v = t.v + 1` | `on conflict (a, b) do update set c = excluded.c, …` |
//! | `{keep a, b}` | `on duplicate key update a = t.a` in effect: nothing | `on conflict (a, b) do nothing` |

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::Write;
use std::sync::Arc;

use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};

/// Which dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    MySql,
    Sqlite,
}

/// The lengths that an IN-list is padded to, so that few different statements are prepared.
const LENGTHS: [usize; 6] = [1, 4, 16, 64, 256, 1024];

/// The padded length for a list of `n`.
pub fn padded(n: usize) -> usize {
    let fitting = LENGTHS.into_iter().find(|length| *length >= n);
    fitting.unwrap_or_else(|| n.next_multiple_of(1024))
}

/// How many statements a thread remembers as written; more than there are of usual lengths.
const REMEMBERED: usize = 1_000;

/// Which literal, for which dialect, of how many.
type Key = (usize, usize, Dialect, usize);

thread_local! {
    /// A save of forty marks has two statements of more than a kilobyte: they are not put together
    /// each time.
    static WRITTEN: RefCell<HashMap<Key, Arc<str>>> = RefCell::default();
}

/// The statement as the engine reads it. `many` is the number of rows or of list items.
///
/// The one place that vouches for text which is not a literal: it joins pieces of the literal only.
pub fn written(template: &'static str, dialect: Dialect, many: usize) -> SqlStr {
    if !template.contains('{') {
        return template.into_sql_str();
    }
    // A literal stays where it is, so its place names it.
    let key = (template.as_ptr().addr(), template.len(), dialect, many);
    let known = WRITTEN.with_borrow_mut(|known| {
        if known.len() >= REMEMBERED && !known.contains_key(&key) {
            known.clear();
        }
        let text = known
            .entry(key)
            .or_insert_with(|| write(template, dialect, many).into());
        Arc::clone(text)
    });
    AssertSqlSafe(known).into_sql_str()
}

fn write(template: &str, dialect: Dialect, many: usize) -> String {
    let mut sql = String::with_capacity(template.len() + many * 16);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let end = closing(after).expect("a mark ends with a brace");
        sql.push_str(before);
        expand(&mut sql, &after[..end], dialect, many);
        rest = &after[end + 1..];
    }
    sql.push_str(rest);
    sql
}

/// Where the brace is that closes a mark, which may have others in it.
fn closing(text: &str) -> Option<usize> {
    let mut open = 1;
    let braces = text.match_indices(['{', '}']);
    braces
        .map(|(at, brace)| {
            open = if brace == "{" { open + 1 } else { open - 1 };
            (at, open)
        })
        .find_map(|(at, open)| (open == 0).then_some(at))
}

fn expand(sql: &mut String, mark: &str, dialect: Dialect, many: usize) {
    let (word, rest) = mark.split_once(' ').unwrap_or((mark, ""));
    match (word, dialect) {
        ("lock", Dialect::MySql) => sql.push_str("for update"),
        ("lock", Dialect::Sqlite) => {}
        ("same", Dialect::MySql) => sql.push_str("<=>"),
        ("same", Dialect::Sqlite) => sql.push_str("is"),
        ("then", Dialect::MySql) => sql.push_str("straight_join"),
        ("then", Dialect::Sqlite) => sql.push_str("cross join"),
        ("by", Dialect::MySql) => {
            let _ = write!(sql, "force index ({rest})");
        }
        ("by", Dialect::Sqlite) => {
            let _ = write!(sql, "indexed by {rest}");
        }
        ("list", _) if many == 0 => sql.push_str("null"),
        ("list", _) => repeat(sql, "?", ", ", padded(many)),
        ("pairs", _) => {
            sql.push_str(match dialect {
                Dialect::MySql => "",
                Dialect::Sqlite => "values ",
            });
            match many {
                0 => sql.push_str("(null, null)"),
                _ => repeat(sql, "(?, ?)", ", ", padded(many)),
            }
        }
        ("rows", _) => repeat(sql, rest, ", ", many),
        ("union", _) => repeat(sql, &write(rest, dialect, many), " union all ", many),
        ("upsert", _) => {
            let (key, columns) = rest.split_once(':').expect("an upsert names key: columns");
            upsert(sql, key, columns, dialect);
        }
        ("keep", Dialect::MySql) => {
            let first = rest.split(',').next().unwrap_or(rest).trim();
            let _ = write!(sql, "on duplicate key update {first} = values({first})");
        }
        ("keep", Dialect::Sqlite) => {
            let _ = write!(sql, "on conflict ({rest}) do nothing");
        }
        _ => panic!("no such mark in a statement: {{{mark}}}"),
    }
}

fn repeat(sql: &mut String, pattern: &str, between: &str, times: usize) {
    for n in 0..times {
        sql.push_str(if n == 0 { "" } else { between });
        sql.push_str(pattern);
    }
}

fn upsert(sql: &mut String, key: &str, columns: &str, dialect: Dialect) {
    match dialect {
        Dialect::MySql => sql.push_str("on duplicate key update "),
        Dialect::Sqlite => {
            let _ = write!(sql, "on conflict ({key}) do update set ");
        }
    }
    for (n, column) in columns.split(',').map(str::trim).enumerate() {
        sql.push_str(if n == 0 { "" } else { ", " });
        let _ = match dialect {
            _ if column.contains('=') => write!(sql, "{column}"),
            Dialect::MySql => write!(sql, "{column} = values({column})"),
            Dialect::Sqlite => write!(sql, "{column} = excluded.{column}"),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(template: &'static str, many: usize) -> [String; 2] {
        [Dialect::MySql, Dialect::Sqlite]
            .map(|dialect| written(template, dialect, many).as_str().to_owned())
    }

    #[test]
    fn marks_are_written_in_each_dialect() {
        let cases = [
            ("select 1", 0, "select 1", "select 1"),
            ("a {lock}", 0, "a for update", "a "),
            ("a {same} ?", 0, "a <=> ?", "a is ?"),
            (
                "a {then} b on c",
                0,
                "a straight_join b on c",
                "a cross join b on c",
            ),
            (
                "({union select a from b {by c} where d = ?})",
                2,
                "(select a from b force index (c) where d = ? union all \
                 select a from b force index (c) where d = ?)",
                "(select a from b indexed by c where d = ? union all \
                 select a from b indexed by c where d = ?)",
            ),
            ("in ({list})", 0, "in (null)", "in (null)"),
            ("in ({list})", 3, "in (?, ?, ?, ?)", "in (?, ?, ?, ?)"),
            (
                "in ({pairs})",
                0,
                "in ((null, null))",
                "in (values (null, null))",
            ),
            (
                "in ({pairs})",
                2,
                "in ((?, ?), (?, ?), (?, ?), (?, ?))",
                "in (values (?, ?), (?, ?), (?, ?), (?, ?))",
            ),
            (
                "values {rows (?, 0)}",
                2,
                "values (?, 0), (?, 0)",
                "values (?, 0), (?, 0)",
            ),
            (
                "{union select ?}",
                2,
                "select ? union all select ?",
                "select ? union all select ?",
            ),
            (
                "{upsert a, b: c, v = t.v + 1}",
                0,
                "on duplicate key update c = values(c), v = t.v + 1",
                "on conflict (a, b) do update set c = excluded.c, v = t.v + 1",
            ),
            (
                "{keep a, b}",
                0,
                "on duplicate key update a = values(a)",
                "on conflict (a, b) do nothing",
            ),
        ];
        for (template, many, mysql, sqlite) in cases {
            assert_eq!(both(template, many), [mysql, sqlite], "{template}");
        }
    }

    #[test]
    fn lists_come_in_few_lengths() {
        let lengths = [1, 2, 5, 64, 65, 1025].map(padded);
        assert_eq!(lengths, [1, 4, 16, 64, 256, 2048]);
    }
}
