//! Which figure stands in which table, what it counts, and what is to be reached.

/// The two ways to run Hillview.
macro_rules! both {
    ($name:literal) => {
        &[
            ("SQLite", concat!($name, "-sqlite")),
            ("MariaDB and Redis", concat!($name, "-mariadb")),
        ]
    };
}

mod compared;
mod listed;

use crate::units::Unit;
use compared::{CLIENT, CONNECTIONS, IMPORT, INSTANCES, LOAD, LOGIN, SAVE, SEED};
use listed::{GROWTH_CALLS, GROWTH_SIZES, LOAD_CACHED, LOAD_CALLS, SEARCH, WIRE};

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
        "load cached" => Spec::Listed(LOAD_CACHED),
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
