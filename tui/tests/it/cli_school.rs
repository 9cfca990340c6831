//! Classes, subjects, staff, students and the calendar, through the real binary.

use hillview_server::testing::on_each_engine;

use crate::desk::Desk;
use crate::served::Served;

#[tokio::test(flavor = "multi_thread")]
async fn classes_subjects_staff_and_the_calendar() {
    on_each_engine(async |installation| {
        installation.school("kili").await;
        let server = Served::on(installation).await;
        let mut desk = Desk::at(&server.unix);
        desk.log_in("kili", "admin");
        desk.run(&["classes", "list"]);
        desk.run(&["classes", "add", "4", "North"]);
        desk.run(&["classes", "add", "4", "north"]);
        desk.run(&["classes", "add", "Grade 99"]);
        desk.run(&[
            "subjects",
            "add",
            "FRE",
            "French",
            "--grades",
            "7,8",
            "--alias",
            "Français",
        ]);
        desk.run(&["subjects", "list", "--grade", "G4", "--format", "csv"]);
        desk.run(&["staff", "list"]);
        desk.run(&[
            "staff",
            "assign",
            "teacher",
            "--class",
            "4 North",
            "--subject",
            "Maths",
        ]);
        desk.run(&["staff", "assign", "nobody", "--class", "4 North"]);
        desk.run(&["teaching", "list"]);
        desk.run(&["calendar", "show", "--format", "csv"]);
        insta::assert_snapshot!("classes_subjects_staff", desk.transcript());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn students() {
    on_each_engine(async |installation| {
        installation.school("kili").await;
        let server = Served::on(installation).await;
        let mut desk = Desk::at(&server.unix);
        desk.log_in("kili", "registrar");
        desk.run(&["students", "list", "--class", "4E"]);
        desk.run(&["students", "list", "--class", "4 East"]);
        desk.run(&["students", "list", "--search", "nganga", "--format", "json"]);
        desk.run(&[
            "students",
            "add",
            "--name",
            "@Home Wafula",
            "--class",
            "4 West",
            "--number",
            "007",
            "--sex",
            "male",
            "--born",
            "2016-03-09",
        ]);
        desk.run(&[
            "students", "add", "--name", "Another", "--class", "4 West", "--number", "007",
        ]);
        desk.run(&["students", "edit", "007"]);
        desk.run(&["students", "edit", "007", "--name", "=Home Wafula"]);
        desk.run(&["students", "move", "007", "A001", "--class", "4 East"]);
        desk.run(&["students", "move", "A002", "X9", "--class", "4 West"]);
        desk.run(&["students", "show", "a001"]);
        desk.run(&["students", "edit", "A003", "--status", "transferred"]);
        desk.run(&["students", "list", "--class", "4 East", "--format", "csv"]);
        insta::assert_snapshot!("students", desk.transcript());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_teacher_sees_the_own_class_only() {
    on_each_engine(async |installation| {
        installation.school("kili").await;
        let server = Served::on(installation).await;
        let mut desk = Desk::at(&server.unix);
        desk.log_in("kili", "teacher");
        desk.run(&["classes", "list"]);
        desk.run(&["students", "list"]);
        desk.run(&["students", "list", "--class", "4 West"]);
        desk.run(&["students", "show", "A006"]);
        desk.run(&["students", "add", "--name", "New One", "--class", "4 East"]);
        insta::assert_snapshot!("a_teacher_sees_the_own_class_only", desk.transcript());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_exported_imports_back_unchanged() {
    on_each_engine(async |installation| {
        installation.school("kili").await;
        let server = Served::on(installation).await;
        let mut desk = Desk::at(&server.unix);
        desk.log_in("kili", "registrar");
        for (number, name) in [
            ("=1", "=Home Wafula"),
            ("+254", "@Ann \"Joy\", Otieno"),
            ("007", "Ng'ang'a"),
        ] {
            let add = [
                "students", "add", "--name", name, "--class", "4 West", "--number", number,
            ];
            assert_eq!(desk.quietly(&add, "").code, Some(0), "{name}");
        }
        let file = desk.run(&["students", "export"]);
        desk.run_with(
            &["students", "import", "-", "--on-duplicate", "error"],
            &file,
        );
        insta::assert_snapshot!("what_is_exported", desk.transcript());
    })
    .await;
}
