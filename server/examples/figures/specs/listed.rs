//! The tables with a row for each part of a record.

use super::{List, line};
use crate::units::Unit::{Bytes, Count, Kibibytes, Micros, Millis};

pub const LOAD_CALLS: List = List {
    of: both!("load"),
    each: "steps",
    told_apart: ("people", "people"),
    at: "calls",
    key: &["call", "of"],
    label: "call",
    columns: &[
        line("calls", &["times/count"], Count),
        line("median", &["times/p50"], Micros),
        line("p95", &["times/p95"], Micros),
        line("p99", &["times/p99"], Micros),
        line("most", &["times/most"], Micros),
    ],
};

pub const LOAD_CACHED: List = List {
    of: &[("MariaDB and Redis", "load-mariadb")],
    each: "steps",
    told_apart: ("people", "people"),
    at: "cached",
    key: &["kind"],
    label: "what is remembered",
    columns: &[
        line("found", &["hits"], Count),
        line("not found", &["misses"], Count),
        line("found, but changed since", &["outdated"], Count),
    ],
};

pub const WIRE: List = List {
    of: &[("Bytes of each call, TLS counted", "wire-sqlite")],
    each: "",
    told_apart: ("", ""),
    at: "calls",
    key: &["call"],
    label: "call",
    columns: &[
        line("up", &["up"], Bytes),
        line("down", &["down"], Bytes),
        line("on a line of 9.6 kbit/s", &["ms_on_the_line"], Millis),
    ],
};

pub const SEARCH: List = List {
    of: both!("search"),
    each: "",
    told_apart: ("", ""),
    at: "kinds",
    key: &["kind"],
    label: "what is asked",
    columns: &[
        line("rows", &["rows"], Count),
        line("statements", &["statements"], Count),
        line("one asks: median, p95", &["one/p50", "one/p95"], Micros),
        line(
            "sixteen ask: median, p95",
            &["many/p50", "many/p95"],
            Micros,
        ),
    ],
};

pub const GROWTH_SIZES: List = List {
    of: both!("growth"),
    each: "",
    told_apart: ("", ""),
    at: "steps",
    key: &["students"],
    label: "students",
    columns: &[
        line("marks", &["marks"], Count),
        line("made in", &["seed_ms"], Millis),
        line("marks made a second", &["marks_a_second"], Count),
        line("on disk", &["disk_bytes"], Bytes),
        line("of that, history", &["history_bytes"], Bytes),
        line("1,000 students imported in", &["import_ms"], Millis),
        line("the server's most memory", &["peak_memory_kib"], Kibibytes),
    ],
};

pub const GROWTH_CALLS: List = List {
    of: both!("growth"),
    each: "steps",
    told_apart: ("marks", "marks"),
    at: "calls",
    key: &["call"],
    label: "call",
    columns: &[
        line("client: median, p95", &["client/p50", "client/p95"], Micros),
        line("server: median, p95", &["server/p50", "server/p95"], Micros),
        line("server's processor time", &["cpu_micros"], Micros),
        line(
            "statements: median, most",
            &["statements", "statements_most"],
            Count,
        ),
        line("rows read", &["rows_read"], Count),
    ],
};
