//! Importing the files that people bring, through the real binary.

use hillview_server::testing::on_each_engine;

use crate::desk::Desk;
use crate::served::Served;

const REGISTER: &str = "\
name,admission_number,grade,stream,gender
John Doe,ADM001,Grade 4,East,Male
Jane Smith,ADM002,Grade 4,South,Female
James Miller,,Grade 4,East,Male
";

#[tokio::test(flavor = "multi_thread")]
async fn students_are_imported_and_taken_back() {
    on_each_engine(async |installation| {
        installation.school("kili").await;
        let server = Served::on(installation).await;
        let mut desk = Desk::at(&server.unix);
        desk.log_in("kili", "registrar");
        std::fs::write(desk.home().join("register.csv"), REGISTER).unwrap();
        desk.run(&["students", "import", "missing.csv"]);
        desk.run(&["students", "import", "register.csv", "--dry-run"]);
        desk.run(&[
            "students",
            "import",
            "register.csv",
            "--create-classes",
            "--refused",
            "to-fix.csv",
        ]);
        let refused = std::fs::read_to_string(desk.home().join("to-fix.csv")).unwrap();
        assert!(refused.contains("James Miller"), "{refused}");
        desk.run(&[
            "students",
            "import",
            "register.csv",
            "--assign-numbers",
            "--format",
            "json",
        ]);
        desk.run_with(
            &["students", "import", "-"],
            "name,admission_number,class\nA B,,4 East\n",
        );
        desk.run(&["imports", "list", "--format", "csv"]);
        desk.run(&["imports", "undo", "3"]);
        desk.run(&["imports", "undo", "3", "--yes"]);
        desk.run(&["imports", "refused", "4"]);
        desk.run(&["imports", "refused", "99"]);
        insta::assert_snapshot!("students_are_imported", desk.transcript());
    })
    .await;
}

const MARKS: &str = "\
Student Name,Admission Number,English,Maths,Shoe Size
Achieng Mary Atieno,A001,40,45.5,37
Baraka Juma,A002,51,AB,36
Somebody Else,X9,1,2,3
";

#[tokio::test(flavor = "multi_thread")]
async fn marks_are_imported_by_column_and_number() {
    on_each_engine(async |installation| {
        installation.school("kili").await;
        let server = Served::on(installation).await;
        let mut desk = Desk::at(&server.unix);
        desk.log_in("kili", "head");
        let dates = ["--opens", "2026-01-01", "--closes", "2099-12-31"];
        let add = [
            "assessments",
            "add",
            "T3-MID",
            "Mid-Term",
            "--term",
            "T3",
            "--out-of",
            "50",
        ];
        assert_eq!(desk.quietly(&[&add[..], &dates].concat(), "").code, Some(0));
        assert_eq!(
            desk.quietly(&["assessments", "open", "T3-MID"], "").code,
            Some(0)
        );
        std::fs::write(desk.home().join("marks.csv"), MARKS).unwrap();
        let import = [
            "marks",
            "import",
            "marks.csv",
            "--class",
            "4 East",
            "--assessment",
            "T3-MID",
        ];
        desk.run(&[&import[..], &["--dry-run"]].concat());
        desk.run(&import);
        desk.run(&import);
        desk.run(&[
            "marks",
            "import",
            "marks.csv",
            "--class",
            "4 East",
            "--assessment",
            "T9",
        ]);
        let sheet = ["--class", "4 East", "--assessment", "T3-MID", "--subject"];
        desk.run(
            &[
                &["marks", "history"][..],
                &sheet,
                &["Maths", "--format", "csv"],
            ]
            .concat(),
        );
        let lock = ["assessments", "lock", "T3-MID", "--yes"];
        assert_eq!(desk.quietly(&lock, "").code, Some(0));
        let undo = ["imports", "undo", "2", "--yes"];
        desk.run(&undo);
        desk.run(&[&undo[..], &["--reason", "marks of another class"]].concat());
        insta::assert_snapshot!("marks_are_imported", desk.transcript());
    })
    .await;
}
