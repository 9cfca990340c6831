//! Which figure stands in which table, what it counts, and what is to be reached.

use crate::units::Unit::{self, Bytes, Count, Kibibytes, Micros, Millis, Percent, Permille};

/// A table of the page.
pub enum Spec {
    /// Records beside each other: what their columns are called, and their files.
    Compared {
        of: &'static [(&'static str, &'static str)],
        lines: &'static [Line],
    },
    /// The parts of a record below each other.
    Listed(List),
}

/// Figures that are shown together in one cell.
pub struct Line {
    pub label: &'static str,
    pub at: &'static [&'static str],
    pub unit: Unit,
    /// What is to be reached; empty where nothing is.
    pub target: &'static str,
}

/// Tables with a row for each part of a record.
pub struct List {
    /// The records: what stands above their tables, and their files.
    pub of: &'static [(&'static str, &'static str)],
    /// Where the groups are that have a table each, what tells them apart, and its word; a record
    /// is one group where this is empty.
    pub each: &'static str,
    pub told_apart: (&'static str, &'static str),
    /// Where the parts of a group are.
    pub at: &'static str,
    /// What names a part.
    pub key: &'static [&'static str],
    /// What stands above the names.
    pub label: &'static str,
    pub columns: &'static [Line],
}

/// The two ways to run Hillview.
macro_rules! both {
    ($name:literal) => {
        &[
            ("SQLite", concat!($name, "-sqlite")),
            ("MariaDB and Redis", concat!($name, "-mariadb")),
        ]
    };
}

const fn line(label: &'static str, at: &'static [&'static str], unit: Unit) -> Line {
    Line {
        label,
        at,
        unit,
        target: "",
    }
}

const fn reach(
    label: &'static str,
    at: &'static [&'static str],
    unit: Unit,
    target: &'static str,
) -> Line {
    Line {
        label,
        at,
        unit,
        target,
    }
}

const LOGIN: &[Line] = &[
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

const LOAD: &[Line] = &[
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

const LOAD_CALLS: List = List {
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

const SAVE: &[Line] = &[
    line("connections", &["writers"], Count),
    line("statements of a save", &["statements"], Count),
    line(
        "first marks: saves a second",
        &["fresh/server/saves_a_second/median"],
        Count,
    ),
    line(
        "the database by itself",
        &["fresh/raw/saves_a_second/median"],
        Count,
    ),
    reach(
        "that is",
        &["fresh/permille_of_raw/median"],
        Permille,
        "≥ 70 %",
    ),
    line(
        "changed marks: saves a second",
        &["changes/server/saves_a_second/median"],
        Count,
    ),
    line(
        "the database by itself",
        &["changes/raw/saves_a_second/median"],
        Count,
    ),
    reach(
        "that is",
        &["changes/permille_of_raw/median"],
        Permille,
        "≥ 70 %",
    ),
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

const CONNECTIONS: &[Line] = &[
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

const WIRE: List = List {
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

const SEARCH: List = List {
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

const IMPORT: &[Line] = &[
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

const SEED: &[Line] = &[
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

const INSTANCES: &[Line] = &[
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

const GROWTH_SIZES: List = List {
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

const GROWTH_CALLS: List = List {
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

const CLIENT: &[Line] = &[
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

/// The table of this name.
pub fn of(name: &str) -> Option<Spec> {
    Some(match name {
        "login" => Spec::Compared {
            of: both!("login"),
            lines: LOGIN,
        },
        "load" => Spec::Compared {
            of: &[
                ("L1, SQLite", "load-sqlite"),
                ("L1, MariaDB and Redis", "load-mariadb"),
                ("the same, nothing remembered", "no-cache-mariadb"),
                ("L4, SQLite", "deadline-sqlite"),
                ("L4, MariaDB and Redis", "deadline-mariadb"),
                ("L1, 50 schools, MariaDB and Redis", "schools-mariadb"),
            ],
            lines: LOAD,
        },
        "load calls" => Spec::Listed(LOAD_CALLS),
        "save" => Spec::Compared {
            of: both!("save"),
            lines: SAVE,
        },
        "connections" => Spec::Compared {
            of: both!("connections"),
            lines: CONNECTIONS,
        },
        "wire" => Spec::Listed(WIRE),
        "search" => Spec::Listed(SEARCH),
        "import" => Spec::Compared {
            of: both!("import"),
            lines: IMPORT,
        },
        "seed" => Spec::Compared {
            of: both!("seed"),
            lines: SEED,
        },
        "instances" => Spec::Compared {
            of: &[
                ("one killed", "instances-kill-mariadb"),
                ("each restarted in turn", "instances-rolling-mariadb"),
                ("behind HAProxy, one killed", "instances-haproxy-mariadb"),
            ],
            lines: INSTANCES,
        },
        "growth sizes" => Spec::Listed(GROWTH_SIZES),
        "growth calls" => Spec::Listed(GROWTH_CALLS),
        "client" => Spec::Compared {
            of: &[("", "client")],
            lines: CLIENT,
        },
        _ => return None,
    })
}
