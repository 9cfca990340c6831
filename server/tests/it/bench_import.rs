//! `bench import` through the server's own binary: what it counts, not how fast it is.

use std::process::Command;

use hillview_server::testing::{Installation, on_each_engine};
use serde_json::Value;

/// The figures of a run with these arguments.
async fn measured(it: &Installation, arguments: &[&str]) -> Value {
    let json = it.folder().join("import.json");
    let mut command = Command::new(env!("CARGO_BIN_EXE_hillview-server"));
    command
        .env_clear()
        .arg("--config")
        .arg(it.settings_file())
        .args(["bench", "import", "--alone", "0", "--readers", "2"])
        .args(["--students", "80", "--marks", "1000", "--json"])
        .arg(&json)
        .args(arguments);
    let run = tokio::task::spawn_blocking(move || command.output().unwrap());
    let output = run.await.unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let report: Value = serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap();
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report, told);
    assert_eq!(report["bench"], "import");
    report["figures"].clone()
}

/// The fields of an object, in order.
fn fields(of: &Value) -> Vec<&str> {
    let mut fields: Vec<&str> = of.as_object().unwrap().keys().map(String::as_str).collect();
    fields.sort_unstable();
    fields
}

#[tokio::test]
async fn files_of_students_and_marks_come_and_go_without_an_error() {
    on_each_engine(async |it| {
        let figures = measured(it, &[]).await;
        let counts =
            |of: &str| ["files", "rows", "items", "errors"].map(|it| figures[of][it].clone());
        assert_eq!(counts("students"), [1, 80, 80, 0].map(Value::from));
        assert_eq!(
            counts("marks")[0],
            3,
            "two classes of an assessment, and one of the next"
        );
        assert_eq!(figures["marks"]["items"], 1000);
        assert_eq!(figures["errors"], 0);
        assert_eq!(figures["format"], "csv");
        let brought = [
            "apply_ms",
            "bytes",
            "errors",
            "files",
            "items",
            "items_a_second",
            "preview_ms",
            "rows",
            "statements",
            "took_ms",
            "undo_ms",
            "upload_ms",
        ];
        for of in ["students", "marks"] {
            assert_eq!(fields(&figures[of]), brought);
            assert!(figures[of]["bytes"].as_u64() > Some(1_000));
            assert!(figures[of]["statements"].as_u64() > Some(10));
        }
        for beside in ["alone", "beside_students", "beside_marks", "beside_undo"] {
            assert_eq!(fields(&figures[beside]), ["open", "save"]);
            assert_eq!(
                fields(&figures[beside]["open"]),
                ["count", "most", "p50", "p95", "p99"]
            );
        }
        assert!(figures["peak_memory_kib"].as_u64() > Some(1_000));
    })
    .await;
}

#[tokio::test]
async fn workbooks_of_several_classes_come_while_others_save_on_the_same_sheets() {
    on_each_engine(async |it| {
        let several = ["--classes-a-file", "2", "--xlsx", "--same-sheets"];
        let figures = measured(it, &several).await;
        assert_eq!(figures["errors"], 0);
        assert_eq!(figures["format"], "xlsx");
        let counts = |of: &str| ["files", "items", "undo_ms"].map(|it| figures[of][it].clone());
        assert_eq!(counts("students"), [1, 80, 0].map(Value::from));
        assert_eq!(counts("marks"), [2, 1000, 0].map(Value::from));
    })
    .await;
}
