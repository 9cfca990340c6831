//! An assessment is opened, marks are entered on the screen, and read back.

use chrono::{Days, Utc};
use serde_json::{Value, json};

use super::{PASSWORD, SCHOOL, expect, run_json};
use crate::desk::Desk;
use crate::harness::{CTRL_Q, ENTER, Pty};

/// An assessment of two grades that takes marks now.
pub fn open_assessment(desk: &Desk) {
    let day = |date: chrono::NaiveDate| date.to_string();
    let today = Utc::now().date_naive();
    let (opens, closes) = (day(today - Days::new(1)), day(today + Days::new(7)));
    let add = [
        "assessments",
        "add",
        "MID",
        "Mid-Term",
        "--out-of",
        "100",
        "--opens",
        &opens,
        "--closes",
        &closes,
        "--grades",
        "4,5",
    ];
    assert_eq!(run_json(desk, &add, 0)["state"], "draft");
    expect(desk.quietly(&add, ""), 5);
    let opened = run_json(desk, &["assessments", "open", "MID"], 0);
    assert_eq!(opened["state"], "open");
    assert!(opened["sheets"].as_i64().unwrap() >= 10, "{opened}");
}

/// Somebody logs in on the screen for the first time, enters a mark and corrects two.
pub fn enter_on_the_screen(desk: &Desk, user: &str, once: &str) {
    let mut pty = Pty::start(desk.in_a_terminal(&[]));
    pty.wait_for("School");
    for text in [SCHOOL, user] {
        pty.press(text);
        pty.wait_for(text);
        pty.press(ENTER);
    }
    pty.press(once);
    pty.press(ENTER);
    pty.wait_for("New password");
    for text in [PASSWORD, PASSWORD] {
        pty.press(text);
        pty.press(ENTER);
        pty.settle();
    }
    pty.wait_for("Mathematics");
    assert!(!pty.screen().contains("English"), "{}", pty.screen());
    pty.press(ENTER);
    pty.wait_for("Hassan Amina");
    pty.wait_for("3 of 4");
    for (number, mark) in [("ADM001", "67.5"), ("ADM003", "91"), ("ADM008", "55")] {
        pty.press("/");
        pty.wait_for("Find");
        pty.press(number);
        pty.press(ENTER);
        pty.wait_gone("Find");
        pty.press("101");
        pty.press(ENTER);
        pty.wait_for("101 is over 100");
        pty.press("\x7f\x7f\x7f");
        pty.press(mark);
        pty.press(ENTER);
        pty.wait(&format!("{mark} is saved"), |screen| {
            let mut lines = screen.lines();
            lines.any(|line| line.contains(number) && line.contains(mark) && line.contains("saved"))
        });
    }
    pty.press(CTRL_Q);
    assert!(pty.ended().success());
}

const WHICH: [&str; 6] = ["--class", "4A", "--subject", "MAT", "--assessment", "MID"];

/// What stands in the end, and how it came to that.
pub fn read_back(desk: &Desk, by: &str) {
    let shown = run_json(desk, &[&["marks", "show"][..], &WHICH].concat(), 0);
    assert_eq!(
        (&shown["entered"], &shown["out_of"]),
        (&json!(4), &json!(100))
    );
    let marks: Vec<Value> = shown["marks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|mark| {
            json!([
                mark["admission_no"],
                mark["state"],
                mark["score"],
                mark["level"]
            ])
        })
        .collect();
    assert_eq!(
        marks,
        [
            json!(["ADM001", "scored", 67.5, "ME1"]),
            json!(["ADM002", "scored", 73, "ME1"]),
            json!(["ADM003", "scored", 91, "EE1"]),
            json!(["ADM008", "scored", 55, "ME2"]),
        ]
    );
    let history = run_json(desk, &[&["marks", "history"][..], &WHICH].concat(), 0);
    let changes: Vec<Value> = history
        .as_array()
        .unwrap()
        .iter()
        .map(|change| {
            json!([
                change["sequence"],
                change["admission_no"],
                change["before"],
                change["after"],
                change["source"],
                change["by"],
            ])
        })
        .collect();
    let (head, teacher) = ("Grace Njeri", by);
    assert_eq!(
        changes,
        [
            json!([1, "ADM001", "", "60", "import", head]),
            json!([2, "ADM002", "", "73", "import", head]),
            json!([3, "ADM008", "", "AB", "import", head]),
            json!([4, "ADM001", "60", "67.5", "tui", teacher]),
            json!([5, "ADM003", "", "91", "tui", teacher]),
            json!([6, "ADM008", "AB", "55", "tui", teacher]),
        ]
    );
    let student = [&["marks", "history"][..], &WHICH, &["--student", "ADM008"]].concat();
    assert_eq!(run_json(desk, &student, 0).as_array().unwrap().len(), 2);
}
