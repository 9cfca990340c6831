//! The tables of records beside each other.

use super::{Line, line, reach};
use crate::units::Unit::{Bytes, Count, Kibibytes, Micros, Millis, Percent, Permille};

pub const LOGIN: &[Line] = &[
    line("people", &["people"], Count),
    line("logged in", &["logged_in"], Count),
    line(
        "told to come back, and then in",
        &["told_to_come_back"],
        Count,
    ),
    reach("failed", &["failed"], Count, "0"),
    line(
        "a login: median, p95, p99",
        &["login/p50", "login/p95", "login/p99"],
        Micros,
    ),
    reach(
        "opening a sheet meanwhile: median, p95, p99",
        &["reads/p50", "reads/p95", "reads/p99"],
        Micros,
        "p95 < 100 ms",
    ),
    reach(
        "the server's most memory",
        &["peak_memory_kib"],
        Kibibytes,
        "≤ 150 MiB",
    ),
    line(
        "the server's time on processors",
        &["server_cpu_ms"],
        Millis,
    ),
];

pub const LOAD: &[Line] = &[
    line("people", &["steps/0/people"], Count),
    line("calls a second", &["steps/0/calls_a_second"], Count),
    reach("errors", &["steps/0/errors"], Count, "0"),
    reach(
        "a call, from when it was meant to be made: median, p95, p99",
        &[
            "steps/0/times/p50",
            "steps/0/times/p95",
            "steps/0/times/p99",
        ],
        Micros,
        "L1: p95 < 20 ms, p99 < 50 ms; L4: p95 < 100 ms",
    ),
    line("the slowest", &["steps/0/times/most"], Micros),
    line("statements a call", &["steps/0/statements_a_call"], Count),
    line(
        "the server's processor time a call",
        &["steps/0/server/cpu_micros_a_call"],
        Micros,
    ),
    line(
        "the database's processor time a call",
        &["steps/0/database/cpu_micros_a_call"],
        Micros,
    ),
    reach(
        "the server's most memory",
        &["steps/0/peak_memory_kib"],
        Kibibytes,
        "≤ 150 MiB",
    ),
    reach(
        "acknowledged marks that were lost, doubled",
        &["steps/0/read_back/lost", "steps/0/read_back/doubled"],
        Count,
        "0, 0",
    ),
];

pub const SAVE: &[Line] = &[
    line("connections", &["writers"], Count),
    line("statements of a save", &["statements"], Count),
    line(
        "first marks: saves a second",
        &["fresh/server/saves_a_second/median"],
        Count,
    ),
    line(
        "the database by itself, the same transaction",
        &["fresh/raw_with_read/saves_a_second/median"],
        Count,
    ),
    reach(
        "that is",
        &["fresh/permille_of_raw_with_read/median"],
        Permille,
        "≥ 70 %",
    ),
    line(
        "the database by itself, only writing",
        &["fresh/raw/saves_a_second/median"],
        Count,
    ),
    line("that is", &["fresh/permille_of_raw/median"], Permille),
    line(
        "changed marks: saves a second",
        &["changes/server/saves_a_second/median"],
        Count,
    ),
    line(
        "the database by itself, the same transaction",
        &["changes/raw_with_read/saves_a_second/median"],
        Count,
    ),
    reach(
        "that is",
        &["changes/permille_of_raw_with_read/median"],
        Permille,
        "≥ 70 %",
    ),
    line(
        "the database by itself, only writing",
        &["changes/raw/saves_a_second/median"],
        Count,
    ),
    line("that is", &["changes/permille_of_raw/median"], Permille),
    line(
        "a save: median, p95, p99",
        &[
            "changes/server/save/p50",
            "changes/server/save/p95",
            "changes/server/save/p99",
        ],
        Micros,
    ),
];

pub const CONNECTIONS: &[Line] = &[
    line("connections", &["connections"], Count),
    line("of which work", &["active"], Count),
    line("opened a second", &["opening/a_second"], Count),
    reach(
        "a call meanwhile: median, p95, p99",
        &["calls/p50", "calls/p95", "calls/p99"],
        Micros,
        "p95 < 200 ms",
    ),
    reach(
        "errors, lost connections",
        &["errors", "lost"],
        Count,
        "0, 0",
    ),
    reach(
        "memory a connection, KiB",
        &["memory/kib_a_connection"],
        Count,
        "≤ 64",
    ),
    reach(
        "the same after work, KiB",
        &["memory/kib_a_connection_after_work"],
        Count,
        "≤ 64",
    ),
    line("the server's most memory", &["memory/peak_kib"], Kibibytes),
];

pub const IMPORT: &[Line] = &[
    line("students", &["students/items"], Count),
    reach(
        "imported in",
        &["students/took_ms"],
        Millis,
        "10,000 in ≤ 10 s",
    ),
    line("marks", &["marks/items"], Count),
    line("in files", &["marks/files"], Count),
    reach(
        "imported in",
        &["marks/took_ms"],
        Millis,
        "200,000 in ≤ 60 s",
    ),
    line("others beside them", &["readers"], Count),
    line(
        "opening a sheet before: median, p95",
        &["alone/open/p50", "alone/open/p95"],
        Micros,
    ),
    reach(
        "while students come: median, p95",
        &["beside_students/open/p50", "beside_students/open/p95"],
        Micros,
        "p95 < 150 ms",
    ),
    reach(
        "while marks come: median, p95",
        &["beside_marks/open/p50", "beside_marks/open/p95"],
        Micros,
        "p95 < 150 ms",
    ),
    reach(
        "saving while marks come: median, p95",
        &["beside_marks/save/p50", "beside_marks/save/p95"],
        Micros,
        "p95 < 150 ms",
    ),
    reach("errors", &["errors"], Count, "0"),
    line("the server's most memory", &["peak_memory_kib"], Kibibytes),
];

pub const SEED: &[Line] = &[
    line("rows", &["rows"], Count),
    line("seeded: rows a second", &["seed_rows_per_second"], Count),
    line(
        "plain inserts of 1,000 rows",
        &["plain_rows_per_second"],
        Count,
    ),
    line(
        "the seed's rate, of that",
        &["seed_to_plain_percent"],
        Percent,
    ),
    line(
        "LOAD DATA, or one transaction on SQLite",
        &["bulk_rows_per_second"],
        Count,
    ),
    line(
        "the seed's rate, of that",
        &["seed_to_bulk_percent"],
        Percent,
    ),
];

pub const INSTANCES: &[Line] = &[
    line("servers", &["servers"], Count),
    line("people", &["users"], Count),
    line("marks acknowledged", &["marks_acknowledged"], Count),
    reach("of them lost, doubled", &["lost", "doubled"], Count, "0, 0"),
    reach("people who gave up", &["gave_up"], Count, "0"),
    line("saves sent again", &["sent_again"], Count),
    line(
        "without an answer: median, p95, most",
        &[
            "without_a_server/p50",
            "without_a_server/p95",
            "without_a_server/most",
        ],
        Micros,
    ),
    line(
        "calls a second before, meanwhile, after",
        &[
            "calls_a_second/before",
            "calls_a_second/meanwhile",
            "calls_a_second/after",
        ],
        Count,
    ),
];

pub const CLIENT: &[Line] = &[
    reach("the program", &["binary_bytes"], Bytes, "≤ 10 MB"),
    reach(
        "its most memory, a sheet and 1,000 students opened",
        &["peak_memory_kib"],
        Kibibytes,
        "≤ 30 MB",
    ),
    reach(
        "first paint: median, p95, most",
        &["first_paint/p50", "first_paint/p95", "first_paint/most"],
        Micros,
        "≤ 100 ms",
    ),
    line(
        "a sheet on the screen, opened as soon as it is listed: median, p95, most",
        &["first_sheet/p50", "first_sheet/p95", "first_sheet/most"],
        Micros,
    ),
];
