//! A file of staff through the real screen and the real server: a look, a yes, the refused rows.

use std::os::unix::fs::PermissionsExt;

use hillview_server::testing::on_each_engine;
use tokio::task::block_in_place;

use crate::harness::{CTRL_Q, ENTER, ESC, Pty};
use crate::pty::desk;
use crate::ready::{Ready, SCHOOL};

const STAFF: &str = "\
Staff number,Name,Roles,Shoe size
T90,Faith Wambui,teacher,38
T91,Juma Baraka,astronaut,44
";

/// Takes the latest import back, from the screen that says what it did.
fn take_back(pty: &mut Pty) {
    pty.press(ESC);
    pty.wait_gone("issue-passwords");
    pty.press(":imports");
    pty.wait_for("Show the latest imports");
    pty.press(ENTER);
    pty.wait_for("applied");
    pty.press("u");
    pty.wait_for("Take back import");
    pty.press(ENTER);
    pty.wait_for("1 added go");
    pty.press("y");
    pty.wait_for("undone");
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_are_imported_from_the_screen_after_a_look() {
    on_each_engine(async |installation| {
        Ready::make(installation).await;
        let served = installation.serve().await;
        block_in_place(|| {
            let desk = desk(&served);
            desk.log_in(SCHOOL, "admin");
            std::fs::write(desk.home().join("staff.csv"), STAFF).unwrap();
            let mut pty = Pty::start(desk.in_a_terminal(&[]));
            pty.wait_for("online");
            pty.press(":import-staff");
            pty.wait_for("Import a file of staff");
            pty.press(ENTER);
            pty.wait_for("File (CSV or XLSX)");
            for (path, said) in [("~/other.csv", "cannot read"), ("~", "not a file")] {
                pty.press(path);
                pty.press(ENTER);
                pty.press(ENTER);
                pty.wait_for(said);
                pty.press("\x15");
            }
            pty.press("~/staff.csv");
            pty.press(ENTER);
            pty.press(ENTER);
            pty.wait_for("2 rows: 1 new, 0 changed, 1 refused.");
            pty.wait_for("Left out: Shoe size");
            pty.wait_for("astronaut");
            pty.wait_for("Nothing is changed yet");
            let listed = desk.quietly(&["staff", "list", "--format", "csv"], "");
            assert!(!listed.stdout.contains("Faith"), "{}", listed.stdout);

            pty.press("s");
            pty.wait_for("the refused rows are in");
            let refused = desk.home().join("staff-refused.csv");
            let rows = std::fs::read_to_string(&refused).unwrap();
            assert!(
                rows.contains("Juma Baraka") && !rows.contains("Faith"),
                "{rows}"
            );
            let mode = refused.metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
            pty.press("s");
            pty.wait_for("is there already");

            pty.press(ENTER);
            pty.wait_for("1 new, 0 changed?");
            pty.press("y");
            pty.wait_for("issue-passwords");
            let listed = desk.quietly(&["staff", "list", "--format", "csv"], "");
            assert!(listed.stdout.contains("Faith Wambui"), "{}", listed.stdout);

            take_back(&mut pty);
            pty.press(CTRL_Q);
            assert!(pty.ended().success());
        });
        served.stop().await;
    })
    .await;
}
