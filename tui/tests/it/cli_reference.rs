//! Completions, manual pages, and the reference page that is made from the command tree.

use std::path::Path;
use std::process::Command;

fn print(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_hillview"))
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_reference_page_is_as_the_program_says() {
    let page = hillview::cli::reference::markdown();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/reference/cli.md");
    if std::env::var_os("HILLVIEW_UPDATE_DOCS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap();
    assert!(
        written == page,
        "docs/reference/cli.md is out of date: run this test with HILLVIEW_UPDATE_DOCS=1"
    );
}

#[test]
fn every_shell_has_completions_that_know_the_commands() {
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let script = print(&["completions", shell]);
        for word in ["students", "marks", "on-duplicate", "kebab"] {
            let known = script.contains(word);
            assert_eq!(known, word != "kebab", "{shell} {word}");
        }
    }
}

#[test]
fn the_manual_is_a_page_for_every_command() {
    assert!(print(&["man"]).contains(".TH hillview 1"));
    let folder = tempfile::tempdir().unwrap();
    print(&["man", "--out", folder.path().to_str().unwrap()]);
    for page in [
        "hillview.1",
        "hillview-marks-set.1",
        "hillview-students-import.1",
    ] {
        let page = std::fs::read_to_string(folder.path().join(page)).unwrap();
        assert!(page.contains(".SH NAME"), "{page}");
    }
}
