//! Three servers, as processes, on one database and one Redis: one is killed, or all are started
//! anew one after another, while people save marks. The measurement of the binary does it, and
//! compares every mark and its history with what was acknowledged.

use std::process::Command;

use hillview_server::testing::{Engine, engines};
use serde_json::Value;

use crate::process::binary;

/// What `bench instances` found, or what it said when it could not be done.
fn found(engine: Engine, what: &str) -> Result<Value, String> {
    let data = tempfile::tempdir().unwrap();
    let mut command: Command = binary(data.path());
    if engine == Engine::MySql {
        for (flag, name) in [
            ("--database", "HILLVIEW_TEST_DATABASE"),
            ("--redis", "HILLVIEW_TEST_REDIS"),
        ] {
            command.arg(flag).arg(std::env::var(name).unwrap());
        }
    }
    command.args(["--connections", "16", "bench", "instances", what]);
    command.args(["--users", "21", "--seconds", "9", "--think", "100"]);
    let ended = command.output().unwrap();
    match ended.status.success() {
        true => Ok(serde_json::from_slice(&ended.stdout).unwrap()),
        false => Err(String::from_utf8(ended.stderr).unwrap()),
    }
}

fn nothing_is_lost(what: &str) {
    for engine in engines() {
        let found = found(engine, what);
        if engine == Engine::Sqlite {
            let refused = found.unwrap_err();
            assert!(refused.contains("give --database and --redis"), "{refused}");
            continue;
        }
        let found = found.unwrap();
        eprintln!("{found:#}");
        let figures = &found["figures"];
        for none in ["lost", "doubled", "gave_up"] {
            assert_eq!(figures[none], 0, "{none}: {figures:#}");
        }
        assert!(figures["marks_acknowledged"].as_u64().unwrap() > 0);
        // A third of the users, or all of them, were at a server that went away.
        let moved = figures["without_a_server"]["count"].as_u64().unwrap();
        assert!(moved >= 7, "{figures:#}");
    }
}

#[test]
fn a_server_that_is_killed_takes_nothing_with_it() {
    nothing_is_lost("--kill");
}

#[test]
fn servers_are_started_anew_one_after_another_while_people_work() {
    nothing_is_lost("--rolling");
}
