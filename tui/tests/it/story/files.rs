//! Files of students and of marks: ones made here in the shape that schools have, and real ones.

use std::path::{Path, PathBuf};

use hillview_server::service::imports::books::book_of_text;
use serde_json::{Value, json};

use super::{run, run_json};
use crate::desk::Desk;

/// The shape of the student template that schools have: one row is without a number.
const STUDENTS: &[&[&str]] = &[
    &["name", "admission_number", "grade", "stream", "gender"],
    &["Achieng Mary", "ADM001", "Grade 4", "A", "Female"],
    &["Baraka Juma", "ADM002", "Grade 4", "A", "Male"],
    &["Chebet Faith", "ADM003", "Grade 4", "A", "Female"],
    &["Kiprono Daniel", "ADM004", "Grade 5", "B", "Male"],
    &["Kamau Peter", "", "Grade 6", "B", "Male"],
    &["Hassan Amina", "ADM008", "Grade 4", "A", "Female"],
];

/// The shape of the wide marks template: a blank, an absence, and somebody whom nobody knows.
const MARKS: &[&[&str]] = &[
    &[
        "Student Name",
        "Admission Number",
        "English",
        "Mathematics",
        "Science and Technology",
    ],
    &["Achieng Mary", "ADM001", "88", "60", "52"],
    &["Baraka Juma", "ADM002", "78", "73", "71"],
    &["Chebet Faith", "ADM003", "64", "", "51"],
    &["Hassan Amina", "ADM008", "92", "AB", "73.5"],
    &["Zawadi Neema", "ADM999", "57", "73", "93"],
];

fn csv(rows: &[&[&str]]) -> String {
    let lines = rows.iter().map(|row| row.join(",") + "\n");
    lines.collect()
}

/// New, changed, the same, skipped and refused rows of an import.
fn counts(report: &Value) -> Vec<u64> {
    let fields = ["added", "changed", "same", "skipped", "refused"];
    let counts = fields.iter().map(|field| report[field].as_u64().unwrap());
    counts.collect()
}

fn problems(report: &Value) -> Vec<(u64, &str)> {
    let problems = report["problems"].as_array().unwrap().iter();
    let told = problems.map(|it| (it["line"].as_u64().unwrap(), it["code"].as_str().unwrap()));
    told.collect()
}

/// Students come from a CSV file, and once more from a workbook: nothing changes.
pub fn import_students(desk: &Desk) {
    std::fs::write(desk.home().join("students.csv"), csv(STUDENTS)).unwrap();
    std::fs::write(desk.home().join("students.xlsx"), book_of_text(STUDENTS)).unwrap();
    let import = ["students", "import", "students.csv", "--create-classes"];
    let preview = run_json(desk, &[&import[..], &["--dry-run"]].concat(), 8);
    assert_eq!(counts(&preview), [5, 0, 0, 0, 1]);
    assert_eq!(run_json(desk, &["students", "list"], 0), json!([]));

    let report = run_json(desk, &import, 8);
    assert_eq!(counts(&report), [5, 0, 0, 0, 1]);
    assert_eq!(problems(&report), [(6, "missing-number")]);
    assert_eq!(report["classes_created"], json!(["4A", "5B"]));

    let numbering = [&import[..], &["--assign-numbers"]].concat();
    let report = run_json(desk, &numbering, 0);
    assert_eq!(counts(&report), [1, 0, 5, 0, 0]);
    assert_eq!(report["classes_created"], json!(["6B"]));
    let all = run_json(desk, &["students", "list"], 0);
    assert_eq!(all.as_array().unwrap().len(), 6);
    for file in ["students.csv", "students.xlsx"] {
        let again = [
            "students",
            "import",
            file,
            "--create-classes",
            "--assign-numbers",
        ];
        let report = run_json(desk, &again, 0);
        assert_eq!(counts(&report), [0, 0, 6, 0, 0], "{file}");
        assert_eq!(run_json(desk, &["students", "list"], 0), all, "{file}");
    }
}

/// A wide file of marks, and the same as a workbook: nothing changes.
pub fn import_marks(desk: &Desk) {
    std::fs::write(desk.home().join("marks.csv"), csv(MARKS)).unwrap();
    std::fs::write(desk.home().join("marks.xlsx"), book_of_text(MARKS)).unwrap();
    for (file, expected) in [
        ("marks.csv", [11, 0, 0, 0, 1]),
        ("marks.xlsx", [0, 0, 11, 0, 1]),
    ] {
        let import = [
            "marks",
            "import",
            file,
            "--class",
            "4A",
            "--assessment",
            "MID",
        ];
        let report = run_json(desk, &import, 8);
        assert_eq!(counts(&report), expected, "{file}");
        assert_eq!(problems(&report), [(6, "unknown-student")], "{file}");
    }
    let sheets = ["sheets", "list", "--class", "4A", "--assessment", "MID"];
    let sheets = run_json(desk, &sheets, 0);
    let mut sheets = sheets.as_array().unwrap().iter();
    let maths = sheets
        .find(|sheet| sheet["paper"] == "Mathematics")
        .unwrap();
    assert_eq!(
        (&maths["entered"], &maths["expected"]),
        (&json!(3), &json!(4))
    );
}

/// The files that schools really have, where they are beside the project.
pub fn real_files() -> Option<PathBuf> {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let places = ["../shared/data/hillview", "../../shared/data/hillview"];
    let mut places = places.map(|place| project.join(place)).into_iter();
    places.find(|folder| folder.is_dir())
}

pub fn import_the_real_files(desk: &Desk, folder: &Path) {
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    for (name, expected) in [
        ("student_upload_template.csv", [7, 0, 0, 0, 1]),
        ("student_upload_template.xlsx", [0, 0, 7, 0, 1]),
    ] {
        let import = ["students", "import", &path(name), "--create-classes"];
        let report = run_json(desk, &import, 8);
        assert_eq!(counts(&report), expected, "{name}");
        assert_eq!(problems(&report), [(8, "missing-number")], "{name}");
    }
    // The marks are of other students than the register.
    for (number, name) in [
        ("2024001", "John Doe"),
        ("2024002", "Jane Smith"),
        ("2024003", "Michael Johnson"),
        ("2024004", "Emily Brown"),
        ("2024005", "David Wilson"),
    ] {
        let add = [
            "students", "add", "--number", number, "--name", name, "--class", "4 B",
        ];
        run(desk, &add, 0);
    }
}

pub fn import_the_real_marks(desk: &Desk, folder: &Path) {
    let name = "marks_upload_template_example_upper_primary";
    for (ending, expected) in [("csv", [35, 0, 0, 0, 0]), ("xlsx", [0, 0, 35, 0, 0])] {
        let file = folder.join(format!("{name}.{ending}"));
        let file = file.to_str().unwrap();
        let import = [
            "marks",
            "import",
            file,
            "--class",
            "4B",
            "--assessment",
            "MID",
        ];
        let report = run_json(desk, &import, 0);
        assert_eq!(
            counts(&report),
            expected,
            "{ending} {:?}",
            problems(&report)
        );
    }
}
