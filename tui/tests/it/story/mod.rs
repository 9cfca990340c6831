//! The main job from the first command to the last, through the two real programs.
//!
//! A school is made, people log in, files come in, marks are imported, entered and corrected, and
//! read back. Whatever a step prints, and how it ends, is looked at.

mod files;
mod marks;
mod people;

use std::path::Path;
use std::process::Output;

use hillview_server::testing::on_each_engine;
use serde_json::{Value, json};
use tokio::task::block_in_place;

use crate::desk::{Desk, Ended};
use crate::process::{Serving, server};
use files::{
    import_marks, import_students, import_the_real_files, import_the_real_marks, real_files,
};
use marks::{enter_on_the_screen, open_assessment, read_back};
use people::{add_staff, first_login};

const SCHOOL: &str = "kilimani";
const OTHER: &str = "makini";
const PASSWORD: &str = "a long and quiet word";

/// What a command printed, when it ended as expected.
fn expect(ended: Ended, code: i32) -> String {
    assert_eq!(ended.code, Some(code), "{}{}", ended.stdout, ended.stderr);
    ended.stdout
}

fn run(desk: &Desk, arguments: &[&str], code: i32) -> String {
    expect(desk.quietly(arguments, ""), code)
}

fn run_json(desk: &Desk, arguments: &[&str], code: i32) -> Value {
    let arguments = [arguments, &["--format", "json"]].concat();
    serde_json::from_str(&run(desk, &arguments, code)).unwrap()
}

async fn ended(settings: &Path, arguments: &[&str]) -> Output {
    server(settings, arguments).output().await.unwrap()
}

/// Makes a school with the server's program; gives the one-time password of its administrator.
async fn make_school(settings: &Path, code: &str) -> String {
    let arguments = [
        "school",
        "create",
        code,
        "--name",
        "Kilimani Primary",
        "--admin",
        "admin",
    ];
    let made = ended(settings, &arguments).await;
    assert_eq!(made.status.code(), Some(0), "{made:?}");
    let printed = String::from_utf8(made.stdout).unwrap();
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(lines.len(), 2, "{printed}");
    assert!(lines[0].contains(code) && lines[0].contains("one-time"));

    let again = ended(settings, &arguments).await;
    assert_eq!(again.status.code(), Some(5));
    let told = String::from_utf8(again.stderr).unwrap();
    assert!(told.contains("there is a school"), "{told}");
    lines[1].to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_school_is_made_and_a_teachers_marks_are_safe() {
    on_each_engine(async |installation| {
        let settings = installation.settings_file();
        let once = make_school(&settings, SCHOOL).await;
        let once_there = make_school(&settings, OTHER).await;
        let serving = Serving::start(&settings).await;
        let address = format!("unix:{}", installation.config.socket.display());
        let desk = || Desk::at(address.as_str());
        let (admin, head, teacher, there) = (desk(), desk(), desk(), desk());

        first_login(&admin, SCHOOL, "admin", &once);
        first_login(&there, OTHER, "admin", &once_there);
        import_students(&admin);
        let once = add_staff(&admin, "TSC/1", "Grace Njeri", "grace", "head-teacher");
        first_login(&head, SCHOOL, "grace", &once);
        let once = add_staff(&admin, "TSC/2", "John Otieno", "otieno", "teacher");
        let assign = [
            "staff",
            "assign",
            "otieno",
            "--class",
            "4A",
            "--subject",
            "MAT",
        ];
        run(&admin, &assign, 0);
        open_assessment(&admin);
        import_marks(&head);
        block_in_place(|| enter_on_the_screen(&teacher, "otieno", &once));
        read_back(&teacher, "John Otieno");
        read_back(&head, "John Otieno");

        // The school beside it has nothing of all this.
        assert_eq!(run_json(&there, &["students", "list"], 0), json!([]));
        assert_eq!(run_json(&there, &["staff", "list"], 0), json!([]));
        serving.stop().await;
        expect(admin.quietly(&["classes", "list"], ""), 7);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_files_that_schools_have_go_in_through_the_programs() {
    let Some(folder) = real_files() else {
        return;
    };
    on_each_engine(async |installation| {
        let settings = installation.settings_file();
        let once = make_school(&settings, SCHOOL).await;
        let serving = Serving::start(&settings).await;
        let address = format!("unix:{}", installation.config.socket.display());
        let (admin, head) = (Desk::at(address.as_str()), Desk::at(address.as_str()));
        first_login(&admin, SCHOOL, "admin", &once);
        import_the_real_files(&admin, &folder);
        open_assessment(&admin);
        let once = add_staff(&admin, "TSC/1", "Grace Njeri", "grace", "head-teacher");
        first_login(&head, SCHOOL, "grace", &once);
        import_the_real_marks(&head, &folder);
        serving.stop().await;
    })
    .await;
}
