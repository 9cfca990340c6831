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
