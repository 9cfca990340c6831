//! `hillview-server bench load` and `bench connections`: the figures are there, nothing failed and
//! nothing was lost. How fast it was is no matter here.

use hillview_server::testing::{Installation, on_each_engine};
use serde_json::Value;
use tokio::process::Command;

/// Runs a measurement of the binary on an installation's engine and gives its figures.
async fn bench(it: &Installation, arguments: &[&str]) -> Value {
    let json = it.folder().join("figures.json");
    let output = Command::new(env!("CARGO_BIN_EXE_hillview-server"))
        .env_clear()
        .arg("--config")
        .arg(it.settings_file())
        .arg("bench")
        .args(arguments)
        .arg("--json")
        .arg(&json)
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {said}");
    let written = std::fs::read_to_string(json).unwrap();
    assert_eq!(written.as_bytes(), output.stdout);
    serde_json::from_str(&written).unwrap()
}

#[tokio::test]
async fn a_load_has_no_errors_and_loses_nothing() {
    on_each_engine(async |it| {
        let small = ["--students", "80", "--teachers", "12", "--marks", "500"];
        for (mix, transport, pace) in [
            ("l1", "tls", ["--think", "0.2"]),
            ("l4", "unix", ["--open-loop", "50"]),
        ] {
            let run = ["load", "--users", "10", "--seconds", "2", "--warm-up", "1"];
            let how = ["--mix", mix, "--transport", transport];
            let arguments: Vec<&str> = [&run[..], &how, &pace, &small].concat();
            let report = bench(it, &arguments).await;
            assert_eq!(report["bench"], "load");
            assert!(report["on"]["database"].is_string(), "{report}");
            let step = &report["figures"]["steps"][0];
            assert_eq!(step["people"], 10);
            assert_eq!(step["errors"], 0, "{step}");
            for field in ["p50", "p95", "p99", "most", "count"] {
                assert!(step["times"][field].is_u64(), "{field}: {step}");
                assert!(step["answered"][field].is_u64(), "{field}: {step}");
            }
            for field in ["lost", "doubled", "unknown"] {
                assert_eq!(step["read_back"][field], 0, "{field}: {step}");
            }
            for field in ["statements_a_call", "calls_a_second"] {
                assert!(step[field].is_number(), "{field}: {step}");
            }
            assert!(step["server"]["cpu_micros_a_call"].is_number(), "{step}");
            assert!(step["peak_memory_kib"].is_u64(), "{step}");
            assert!(step["calls"].is_array() && step["logged"].is_array());
        }
    })
    .await;
}

#[tokio::test]
async fn connections_stay_and_their_memory_is_told() {
    on_each_engine(async |it| {
        let few = ["connections", "--count", "60", "--active", "6"];
        let short = ["--seconds", "2", "--think", "0.2"];
        let report = bench(it, &[&few[..], &short].concat()).await;
        assert_eq!(report["bench"], "connections");
        let figures = &report["figures"];
        assert_eq!(figures["errors"], 0, "{figures}");
        assert_eq!(figures["lost"], 0, "{figures}");
        assert_eq!(figures["opening"]["times"]["count"], 60, "{figures}");
        assert!(figures["calls"]["p95"].is_u64(), "{figures}");
        assert!(figures["memory"]["kib_a_connection"].is_number());
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_measured_is_refused_before_anything_is_made() {
    let cases: [(&[&str], &str); 5] = [
        (&["load", "--users", "0"], "without people"),
        (&["load", "--think=0"], "--think"),
        (&["load", "--open-loop", "0"], "--open-loop"),
        (&["load", "--users", "5", "--steps", "1,2"], "--steps"),
        (&["connections", "--count", "0"], "connections"),
    ];
    for (arguments, reason) in cases {
        let folder = tempfile::tempdir().unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_hillview-server"))
            .env_clear()
            .arg("--data-dir")
            .arg(folder.path())
            .arg("bench")
            .args(arguments)
            .output()
            .await
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains(reason), "{said}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
