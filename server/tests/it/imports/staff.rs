//! Files of staff.

use std::sync::Arc;

use hillview_server::Result;
use hillview_server::caller::Caller;
use hillview_server::service::imports::books::book_of_text;
use hillview_server::service::{State, accounts, imports, staff, teaching};
use hillview_server::testing::{Installation, on_each_engine, peer};
use hillview_shared::accounts::{LogIn, Role, RoleCode};
use hillview_shared::imports::{ImportKind, ImportReport, OnDuplicate, RunImport};
use hillview_shared::staff::{EditStaff, IssuePasswords, ListStaff, Staff, WhichStaff};
use hillview_shared::teaching::{ListTeaching, Teaching};

use super::steps::{back, codes, counts, plain, refused, send, told};
use crate::staff_list::holds_folded;

const FILE: &str = "\
TSC No,Teacher's Name,Username,Role,Class Teacher Of,Subjects Taught,Password
TSC/1,Akinyi Odhiambo,,,4 West,\"4 East: MAT, KIS; 4 West: MAT\",secret
TSC/2,Peter Ng'ang'a,p.kamau,Teacher; Registrar,,,
TSC/3,Ann Odhiambo,,Teacher,,4 West: English,
";

async fn bring(
    state: &Arc<State>,
    caller: &Caller,
    bytes: impl AsRef<[u8]>,
    how: impl FnOnce(RunImport) -> RunImport,
) -> Result<ImportReport> {
    let import = send(state, caller, ImportKind::Staff, bytes.as_ref()).await?;
    imports::run(state, caller, how(plain(import))).await
}

fn preview(how: RunImport) -> RunImport {
    RunImport {
        dry_run: true,
        ..how
    }
}

fn updating(how: RunImport) -> RunImport {
    RunImport {
        on_duplicate: OnDuplicate::Update,
        ..how
    }
}

async fn everybody(it: &Installation, caller: &Caller) -> Vec<Staff> {
    let request = ListStaff {
        limit: 200,
        disabled: true,
        ..ListStaff::default()
    };
    staff::list(&it.state, caller, request).await.unwrap().rows
}

async fn all_teaching(it: &Installation, caller: &Caller) -> Vec<Teaching> {
    let request = ListTeaching {
        limit: 200,
        ..ListTeaching::default()
    };
    teaching::list(&it.state, caller, request)
        .await
        .unwrap()
        .rows
}

async fn log_in(state: &State, user: &str, password: &str) -> Result<()> {
    let request = LogIn {
        school: "kilimani".to_owned(),
        user: user.to_owned(),
        password: password.to_owned(),
        code: None,
        device: None,
    };
    accounts::log_in(state, &peer(), request).await.map(drop)
}

#[tokio::test]
async fn a_file_of_staff_goes_in_as_previewed_and_a_second_time_changes_nothing() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let admin = school.caller("admin").await;
        let (before, taught) = (everybody(it, &admin).await, all_teaching(it, &admin).await);
        let listed = bring(&it.state, &admin, FILE, preview).await.unwrap();
        assert_eq!(counts(&listed), [3, 0, 0, 0, 0], "{:?}", listed.problems);
        assert_eq!(everybody(it, &admin).await, before);
        let left_out = listed.columns.last().unwrap();
        assert_eq!(
            (left_out.heading.as_str(), left_out.taken_for.as_deref()),
            ("Password", None)
        );

        let rows: Vec<Vec<String>> = csv_rows(FILE);
        let rows: Vec<Vec<&str>> = rows
            .iter()
            .map(|row| row.iter().map(String::as_str).collect())
            .collect();
        let rows: Vec<&[&str]> = rows.iter().map(Vec::as_slice).collect();
        let done = bring(&it.state, &admin, book_of_text(&rows), |how| how)
            .await
            .unwrap();
        assert_eq!(counts(&done), [3, 0, 0, 0, 0], "{:?}", done.problems);
        let after = everybody(it, &admin).await;
        let login = |number: &str| {
            let one = after.iter().find(|one| one.staff_no == number).unwrap();
            (one.username.clone().unwrap(), one.roles.clone())
        };
        let teacher = vec![RoleCode::from(Role::Teacher)];
        assert_eq!(login("TSC/1"), ("a.odhiambo".to_owned(), teacher.clone()));
        assert_eq!(login("TSC/2").0, "p.kamau");
        assert_eq!(login("TSC/2").1.len(), 2);
        assert_eq!(login("TSC/3"), ("a.odhiambo2".to_owned(), teacher));
        assert_eq!(all_teaching(it, &admin).await.len(), taught.len() + 5);

        let again = bring(&it.state, &admin, FILE, updating).await.unwrap();
        assert_eq!(counts(&again), [0, 0, 3, 0, 0], "{:?}", again.problems);
        assert_eq!(everybody(it, &admin).await, after);
        holds_folded(admin.db()).await;
    })
    .await;
}

fn csv_rows(text: &str) -> Vec<Vec<String>> {
    // The only quoted cell of the file has commas in it.
    let cells = |line: &str| -> Vec<String> {
        let mut cells = vec![String::new()];
        let mut quoted = false;
        for c in line.chars() {
            match c {
                '"' => quoted = !quoted,
                ',' if !quoted => cells.push(String::new()),
                c => cells.last_mut().unwrap().push(c),
            }
        }
        cells
    };
    text.lines().map(cells).collect()
}

#[tokio::test]
async fn logins_without_a_password_are_closed_until_passwords_are_issued() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let (head, admin) = (school.caller("head").await, school.caller("admin").await);
        let file = format!("{FILE}TSC/4,Mary Mutua,,Deputy,,,\n");
        bring(&it.state, &head, &file, |how| how).await.unwrap();
        for password in ["", "secret", "correct horse battery"] {
            assert_eq!(
                told(log_in(&it.state, "a.odhiambo", password).await).code,
                "wrong-password"
            );
        }
        let issue = async |caller: &Caller, limit| {
            let request = IssuePasswords { limit };
            staff::issue(&it.state, caller, request).await.unwrap()
        };
        let first = issue(&admin, 2).await;
        let rest = issue(&admin, 0).await;
        let given: Vec<&str> = first
            .iter()
            .chain(&rest)
            .map(|one| one.username.as_str())
            .collect();
        assert_eq!(
            given,
            ["a.odhiambo", "a.odhiambo2", "p.kamau"],
            "the deputy's is not theirs"
        );
        assert!(issue(&admin, 0).await.is_empty());
        assert_eq!(issue(&head, 0).await[0].username, "m.mutua");
        assert!(
            log_in(&it.state, "a.odhiambo2", &first[1].password)
                .await
                .is_ok()
        );
        let request = IssuePasswords { limit: 101 };
        assert_eq!(
            told(staff::issue(&it.state, &head, request).await).code,
            "bad-limit"
        );
    })
    .await;
}

#[tokio::test]
async fn rows_that_cannot_be_are_refused_and_come_back_without_passwords() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let admin = school.caller("admin").await;
        let file = "\
Name,Staff No,Login,Roles,Class Teacher Of,Teaches,Password
,N1,,,,,a
Amina Ali,,,,,,b
Amina Ali,N3,Not A Login!,,,,c
Amina Ali,N4,head,,,,d
Amina Ali,N5,,Boss,,,e
Amina Ali,N6,,Head Teacher,,,f
Amina Ali,N7,,,9 North,,g
Amina Ali,N8,,,,4 East: Alchemy,h
Amina Ali,N9,,,,ENG,i
Amina Ali,N10,,,4 East,,j
Amina Ali,N11,,,4 West,,k
Amina Ali,N12,,,4 West,,l
Amina Ali,N13,,,,,m
Amina Ali,n13,,,,,n
Amina Ali,N14,same.login,,,,o
Amina Ali,N15,same.login,,,,p
Brian Kip,N16,b.kip@school.ac.ke,,,,q
Chebet Ann,N17,,student,,,r
";
        let report = bring(&it.state, &admin, file, |how| how).await.unwrap();
        assert_eq!(
            codes(&report),
            [
                (2, "missing-name"),
                (3, "missing-number"),
                (4, "bad-username"),
                (5, "login-taken"),
                (6, "unknown-role"),
                (7, "denied"),
                (8, "unknown-class"),
                (9, "unknown-subject"),
                (10, "bad-teaching"),
                (11, "two-class-teachers"),
                (12, "two-class-teachers"),
                (13, "two-class-teachers"),
                (14, "duplicate-in-file"),
                (15, "duplicate-in-file"),
                (16, "duplicate-in-file"),
                (17, "duplicate-in-file"),
                (19, "not-staff"),
            ]
        );
        assert_eq!(counts(&report), [1, 0, 0, 1, 16], "{:?}", report.problems);
        let to_fix = refused(&it.state, &admin, report.import).await;
        let to_fix = String::from_utf8(to_fix).unwrap();
        assert!(
            to_fix.contains("N10") && !to_fix.contains(",j,"),
            "{to_fix}"
        );
        let brian = everybody(it, &admin).await;
        let brian = brian.iter().find(|one| one.staff_no == "N16").unwrap();
        assert_eq!(brian.username.as_deref(), Some("b.kip"));
    })
    .await;
}

#[tokio::test]
async fn an_update_changes_what_differs_and_is_taken_back_whole() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let (admin, teacher) = (school.caller("admin").await, school.caller("teacher").await);
        let (before, taught) = (everybody(it, &admin).await, all_teaching(it, &admin).await);
        let file = "\
Name,Staff No,Roles,Class Teacher Of
John Otieno Were,T4,teacher; registrar,4 West
New One,N1,,
Grace Njeri,T1,teacher,
";
        let skipped = bring(&it.state, &admin, file, preview).await.unwrap();
        assert_eq!(counts(&skipped), [1, 0, 0, 2, 0]);
        let report = bring(&it.state, &admin, file, updating).await.unwrap();
        assert_eq!(counts(&report), [1, 1, 0, 0, 1], "{:?}", report.problems);
        assert_eq!(
            codes(&report),
            [(4, "denied")],
            "the head is not the administrator's to change"
        );
        let gone = hillview_server::caller::resolve(&it.state, teacher.key(), &"test".into()).await;
        assert!(gone.is_err(), "other roles end sessions");
        assert_eq!(all_teaching(it, &admin).await.len(), taught.len() + 1);
        holds_folded(admin.db()).await;

        imports::undo(&it.state, &admin, back(report.import))
            .await
            .unwrap();
        let facts = |all: Vec<Staff>| -> Vec<_> {
            let fact = |one: Staff| (one.id, one.name, one.staff_no, one.roles, one.state);
            all.into_iter().map(fact).collect()
        };
        assert_eq!(facts(everybody(it, &admin).await), facts(before));
        holds_folded(admin.db()).await;
        assert_eq!(all_teaching(it, &admin).await, taught);
    })
    .await;
}

#[tokio::test]
async fn an_import_of_staff_is_not_taken_back_once_they_work() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let admin = school.caller("admin").await;
        let report = bring(&it.state, &admin, FILE, |how| how).await.unwrap();
        let which = WhichStaff {
            staff: "a.odhiambo".to_owned(),
        };
        let given = staff::reset(&it.state, &admin, which).await.unwrap();
        log_in(&it.state, "a.odhiambo", &given.password)
            .await
            .unwrap();
        let request = EditStaff {
            staff: "p.kamau".to_owned(),
            name: Some("Peter Kamau".to_owned()),
            staff_no: None,
            roles: None,
        };
        staff::edit(&it.state, &admin, request).await.unwrap();
        let refusal = told(imports::undo(&it.state, &admin, back(report.import)).await);
        assert_eq!(refusal.code, "changed-since");
        for words in ["TSC/1 has logged in", "TSC/2 was changed since"] {
            assert!(refusal.message.contains(words), "{refusal}");
        }
    })
    .await;
}

#[tokio::test]
async fn three_thousand_rows_take_few_statements_and_a_page_fits_a_frame() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let admin = school.caller("admin").await;
        let mut file = "Name,Staff No\n".to_owned();
        for row in 0..3_000 {
            file += &format!("Wanjiku wa Kamau,S{row}\n");
        }
        let import = send(&it.state, &admin, ImportKind::Staff, file.as_bytes())
            .await
            .unwrap();
        let run = imports::run(&it.state, &admin, plain(import));
        let (report, statements) = Box::pin(hillview_server::db::counted(run)).await;
        let report = report.unwrap();
        assert_eq!(counts(&report), [3_000, 0, 0, 0, 0]);
        assert!(statements < 120, "{statements} statements");
        let request = ListStaff {
            limit: 200,
            search: "wanj kamau".to_owned(),
            ..ListStaff::default()
        };
        let page = staff::list(&it.state, &admin, request).await.unwrap();
        assert_eq!(page.rows.len(), 200);
        assert!(page.next.is_some());
        imports::undo(&it.state, &admin, back(report.import))
            .await
            .unwrap();
        assert_eq!(everybody(it, &admin).await.len(), 4);
    })
    .await;
}

#[tokio::test]
async fn only_who_manages_staff_imports_them() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        for who in ["registrar", "teacher"] {
            let caller = school.caller(who).await;
            let refusal = told(bring(&it.state, &caller, FILE, preview).await);
            assert_eq!(refusal.code, "denied", "{who}");
        }
    })
    .await;
}

#[tokio::test]
async fn real_files_of_users_are_read_as_they_are() {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../shared/data/oneroster/users.csv");
    if !file.is_file() {
        return;
    }
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let admin = school.caller("admin").await;
        let bytes = std::fs::read(&file).unwrap();
        let report = bring(&it.state, &admin, bytes, preview).await.unwrap();
        assert_eq!(counts(&report), [8, 0, 0, 0, 0], "{:?}", report.problems);
        assert_eq!(
            codes(&report)[0].1,
            "no-roles",
            "who is staff is not in that file"
        );
    })
    .await;
}

#[tokio::test]
async fn a_login_in_a_file_is_nobody_elses_number() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let admin = school.caller("admin").await;
        let file = "\
Name,Staff No,Login
Ann One,N1,t1
Ann Two,HEAD,two
Ann Three,juma,three
Ann Four,N4,juma
Ann Five,five,five
Brenda Six,B.SEVEN,six
Brenda Seven,N7,
";
        let report = bring(&it.state, &admin, file, |how| how).await.unwrap();
        let refused = [2, 3, 5].map(|line| (line, "means-two"));
        assert_eq!(codes(&report)[1..], refused, "{:?}", report.problems);
        let all = everybody(it, &admin).await;
        let seventh = all.iter().find(|one| one.staff_no == "N7").unwrap();
        assert_eq!(seventh.username.as_deref(), Some("b.seven2"));
    })
    .await;
}

#[tokio::test]
async fn an_administrator_does_not_import_themselves_as_class_teacher() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let office = school.hire("office", "school-admin").await;
        let file = "\
Name,Staff No,Class Teacher Of
office,N-office,4 West
New One,N1,
";
        let report = bring(&it.state, &office, file, updating).await.unwrap();
        assert!(codes(&report).contains(&(2, "denied")), "{report:?}");
        assert_eq!(counts(&report), [1, 0, 0, 0, 1]);
        let taught = all_teaching(it, &office).await;
        assert!(taught.iter().all(|one| one.staff != "office"));
    })
    .await;
}

#[tokio::test]
async fn every_right_that_an_import_gave_and_took_back_is_in_the_audit_log() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let admin = school.caller("admin").await;
        let told = async |after: i64| -> Vec<(i64, String, String, String)> {
            let lines = admin.db().query(
                "select sequence, action, subject, detail from audit
                where sequence > ? order by sequence",
            );
            lines.bind(after).all().await.unwrap()
        };
        let words = |lines: &[(i64, String, String, String)]| -> Vec<String> {
            let words = lines.iter().map(|(_, action, subject, detail)| {
                let subject = subject.split(" (").next().unwrap();
                format!(
                    "{action} | {subject} | {}",
                    detail.split(" 20").next().unwrap()
                )
            });
            words.collect()
        };
        let before = told(0).await.last().map_or(0, |line| line.0);
        let file = "\
Name,Staff No,Login,Roles,Class Teacher Of
John Otieno,T4,,teacher; registrar,4 West
New One,N1,new.one,teacher,
";
        let report = bring(&it.state, &admin, file, updating).await.unwrap();
        let lines = told(before).await;
        let import = format!("import {} of staff", report.import);
        assert_eq!(
            words(&lines),
            [
                format!("import-apply | {import} | 1 added, 1 changed, 0 refused"),
                "staff-add | new.one | roles: teacher".to_owned(),
                "role-give | teacher | registrar".to_owned(),
                "teaching-assign | John Otieno, class-teacher of 4 West | from".to_owned(),
            ]
        );
        let before = lines.last().unwrap().0;
        imports::undo(&it.state, &admin, back(report.import))
            .await
            .unwrap();
        assert_eq!(
            words(&told(before).await),
            [
                format!("import-undo | {import} | "),
                "staff-remove | new.one | ".to_owned(),
                "teaching-end | John Otieno, class-teacher of 4 West | last day".to_owned(),
                "role-take | teacher | registrar".to_owned(),
            ]
        );
    })
    .await;
}
