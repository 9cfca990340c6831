//! `bench save`, `bench wire` and `bench search`, through the binary, as small as they come.

use std::process::Command;

use hillview_server::testing::{Installation, on_each_engine};
use serde_json::Value;

/// Runs a measurement of an installation's engine and gives its figures.
fn measured(it: &Installation, name: &str, options: &[&str]) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("figures.json");
    let output = Command::new(env!("CARGO_BIN_EXE_hillview-server"))
        .env_clear()
        .arg("--config")
        .arg(it.settings_file())
        .args(["bench", name])
        .args(options)
        .arg("--json")
        .arg(&file)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    let report: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report, printed);
    assert_eq!(report["bench"], name);
    assert!(report["on"]["database"].is_string(), "{report}");
    report["figures"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn saves_are_counted_beside_those_of_the_database() {
    on_each_engine(async |it| {
        let options = ["--writers", "2", "--sheets", "2", "--rounds", "1"];
        let figures = measured(it, "save", &options);
        let statements = figures["statements"].as_u64().unwrap();
        assert!((1..=5).contains(&statements), "{figures}");
        assert!(figures["statements_most"].as_u64().unwrap() >= statements);
        for mode in ["fresh", "changes"] {
            for side in ["server", "raw", "raw_with_read"] {
                let side = &figures[mode][side];
                assert_eq!(side["saves"], 2 * 2, "{mode}");
                assert_eq!(side["save"]["count"], 2 * 2, "{mode}");
                assert!(side["saves_a_second"]["median"].as_u64().unwrap() > 0);
            }
            for share in ["permille_of_raw", "permille_of_raw_with_read"] {
                assert!(figures[mode][share]["median"].as_u64().unwrap() > 0);
            }
        }
        // The round that warms up is not measured; the sheets are saved twice.
        let sheets = 2 * 2 * 2;
        for (side, sheets) in [("served", sheets), ("raw", 2 * sheets)] {
            let rows = &figures["rows"][side];
            assert_eq!(rows["marks"], 40 * sheets, "{side}");
            assert_eq!(rows["changes"], 40 * 2 * sheets, "{side}");
            assert_eq!(rows["operations"], 2 * sheets, "{side}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_of_calls_are_counted() {
    on_each_engine(async |it| {
        let figures = measured(it, "wire", &[]);
        let calls = figures["calls"].as_array().unwrap();
        for call in calls {
            let bytes = |way: &str| call[way].as_u64().unwrap();
            assert!(bytes("up") > 0 && bytes("down") > 0, "{call}");
            let taken = (bytes("up") + bytes("down")) * 8 * 1000 / 9_600;
            assert_eq!(call["ms_on_the_line"], taken);
        }
        let most = |name: &str| {
            let call = calls.iter().find(|call| call["call"] == name);
            let call = call.unwrap_or_else(|| panic!("no {name}: {figures}"));
            call["up"].as_u64().unwrap() + call["down"].as_u64().unwrap()
        };
        for (name, budget) in [
            ("open a sheet of 40, with marks", 2_000),
            ("save 40 marks", 1_000),
            ("open it again, unchanged", 300),
            ("ping", 200),
        ] {
            assert!(most(name) <= budget, "{name}: {}", most(name));
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn searches_are_timed_by_kind() {
    on_each_engine(async |it| {
        let figures = measured(it, "search", &["--students", "80", "--calls", "16"]);
        assert_eq!(figures["students"], 80);
        let kinds = figures["kinds"].as_array().unwrap();
        for kind in kinds {
            assert_eq!(kind["one"]["count"], 16, "{kind}");
            assert_eq!(kind["many"]["count"], 16, "{kind}");
            let statements = kind["statements"].as_u64().unwrap();
            assert!((1..=3).contains(&statements), "{kind}");
        }
        let rows = |name: &str| {
            let kind = kinds.iter().find(|kind| kind["kind"] == name);
            kind.unwrap()["rows"].as_u64().unwrap()
        };
        assert_eq!(rows("the first page"), 50);
        assert_eq!(rows("a whole number"), 1);
        assert_eq!(rows("a name that nobody has"), 0);
        assert!(rows("a class") > 0 && rows("the last page") > 0);
    })
    .await;
}
