//! Files of students.

use hillview_server::db::counted;
use hillview_server::service::imports::books::book_of_text;
use hillview_server::service::{imports, students as register};
use hillview_server::testing::{Installation, on_each_engine};
use hillview_shared::imports::{ImportKind, ImportState, ListProblems, OnDuplicate, RunImport};
use hillview_shared::students::{EditStudent, ListStudents, Sex, Student, WhichStudent};

use super::steps::{back, codes, counts, plain, refused, send, students, told};

/// The shape of the template that schools have: one row without a number.
const TEMPLATE: [[&str; 5]; 5] = [
    ["name", "admission_number", "grade", "stream", "gender"],
    ["Atieno Jane", "ADM001", "Grade 4", "A", "Female"],
    ["Mwangi Paul", "ADM002", "Grade 4", "A", "Male"],
    ["Njeri Ruth", "ADM003", "Grade 5", "B", "Female"],
    ["Omondi James", "", "Grade 6", "B", "Male"],
];

fn template_csv() -> String {
    TEMPLATE.map(|row| row.join(",") + "\n").concat()
}

fn template_xlsx() -> Vec<u8> {
    let rows: Vec<&[&str]> = TEMPLATE.iter().map(|row| &row[..]).collect();
    book_of_text(&rows)
}

fn creating(how: RunImport) -> RunImport {
    RunImport {
        create_classes: true,
        ..how
    }
}

fn numbering(how: RunImport) -> RunImport {
    RunImport {
        assign_numbers: true,
        ..creating(how)
    }
}

fn updating(how: RunImport) -> RunImport {
    RunImport {
        on_duplicate: OnDuplicate::Update,
        ..creating(how)
    }
}

/// Everybody in the school: number, name, class.
async fn everybody(it: &Installation, school: &hillview_server::testing::School) -> Vec<Student> {
    let head = school.caller("head").await;
    let request = ListStudents {
        limit: 200,
        all: true,
        ..ListStudents::default()
    };
    register::list(&it.state, &head, request)
        .await
        .unwrap()
        .rows
}

async fn numbered(
    it: &Installation,
    school: &hillview_server::testing::School,
    number: &str,
) -> Student {
    let head = school.caller("head").await;
    let which = WhichStudent::AdmissionNo(number.to_owned());
    register::show(&it.state, &head, which)
        .await
        .unwrap()
        .student
}

#[tokio::test]
async fn the_template_goes_in_and_a_second_time_changes_nothing() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let registrar = school.caller("registrar").await;
        let csv = template_csv();
        let report = students(&it.state, &registrar, &csv, |how| how)
            .await
            .unwrap();
        assert_eq!(counts(&report), [0, 0, 0, 0, 4]);
        let report = students(&it.state, &registrar, &csv, creating)
            .await
            .unwrap();
        assert_eq!(counts(&report), [3, 0, 0, 0, 1]);
        assert_eq!(codes(&report), [(5, "missing-number")]);
        assert_eq!(report.problems[0].column, "admission_number");
        assert_eq!(report.classes_created, ["4A", "5B"]);
        let taken: Vec<&str> = report
            .columns
            .iter()
            .flat_map(|c| c.taken_for.as_deref())
            .collect();
        assert_eq!(
            taken,
            ["name", "admission number", "grade", "stream", "sex"]
        );

        let report = students(&it.state, &registrar, &csv, numbering)
            .await
            .unwrap();
        assert_eq!(counts(&report), [1, 0, 3, 0, 0]);
        let all = everybody(it, &school).await;
        for file in [csv.into_bytes(), template_xlsx()] {
            let report = students(&it.state, &registrar, file, numbering)
                .await
                .unwrap();
            assert_eq!(counts(&report), [0, 0, 4, 0, 0], "{:?}", report.problems);
            assert_eq!(everybody(it, &school).await, all);
        }
        assert_eq!(
            numbered(it, &school, "adm003").await.class.as_deref(),
            Some("5B")
        );
        let james = all
            .iter()
            .find(|student| student.name == "Omondi James")
            .unwrap();
        assert_eq!(
            (james.admission_no.as_str(), james.class.as_deref()),
            ("ADM004", Some("6B"))
        );
    })
    .await;
}

#[tokio::test]
async fn the_empty_templates_sample_is_left_out() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let registrar = school.caller("registrar").await;
        let text = "name,admission_number,grade,stream,gender\n\
                    Student Name Here,ADM001 (optional),Grade 4 (optional),A (optional),Male/Female (optional)\n";
        let report = students(&it.state, &registrar, text, numbering).await.unwrap();
        assert_eq!((counts(&report), report.rows), ([0; 5], 0));
        assert_eq!(codes(&report), [(2, "sample-row")]);
        assert!(report.problems[0].warning);
    })
    .await;
}

#[tokio::test]
async fn the_short_template_leaves_alone_what_it_has_no_column_for() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let registrar = school.caller("registrar").await;
        students(&it.state, &registrar, template_csv(), creating)
            .await
            .unwrap();
        let rows: [&[&str]; 4] = [
            &["name", "admission_number", "grade", "stream"],
            &["Atieno Jane", "ADM001", "Grade 4", "A"],
            &["Mwangi Paul", "ADM002", "Grade 4", "B"],
            &["Omondi James", "", "Grade 5", "A"],
        ];
        let csv = rows.map(|row| row.join(",") + "\n").concat();
        for file in [csv.clone().into_bytes(), book_of_text(&rows)] {
            let report = students(&it.state, &registrar, file, creating)
                .await
                .unwrap();
            assert_eq!(counts(&report), [0, 0, 1, 1, 1], "{:?}", report.problems);
        }
        let report = students(&it.state, &registrar, csv, updating)
            .await
            .unwrap();
        assert_eq!(counts(&report), [0, 1, 1, 0, 1], "{:?}", report.problems);
        let paul = numbered(it, &school, "ADM002").await;
        assert_eq!(
            (paul.class.as_deref(), paul.sex),
            (Some("4B"), Some(Sex::Male))
        );
    })
    .await;
}

#[tokio::test]
async fn a_preview_lists_what_then_happens_and_touches_nothing() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let registrar = school.caller("registrar").await;
        let before = everybody(it, &school).await;
        let text = "Name,Adm No,Class,Sex\nAchieng Mary,A001,4 West,F\nNew One,N1,5 Blue,M\nNobody,,5 Blue,\nNew Two,n1x,4 East,?\n";
        let import = send(&it.state, &registrar, ImportKind::Students, text.as_bytes()).await.unwrap();
        let preview = RunImport {
            dry_run: true,
            ..updating(plain(import))
        };
        let listed = imports::run(&it.state, &registrar, preview).await.unwrap();
        assert_eq!(counts(&listed), [1, 1, 0, 0, 2]);
        assert_eq!(everybody(it, &school).await, before);
        let state = imports::list(&it.state, &registrar).await.unwrap()[0].state;
        assert_eq!(state, ImportState::Previewed);

        let done = imports::run(&it.state, &registrar, updating(plain(import))).await.unwrap();
        assert_eq!(
            hillview_shared::imports::ImportReport {
                dry_run: false,
                ..listed
            },
            done
        );
        let achieng = numbered(it, &school, "A001").await;
        assert_eq!((achieng.name.as_str(), achieng.class.as_deref()), ("Achieng Mary", Some("4 West")));
        assert_eq!(everybody(it, &school).await.len(), before.len() + 1);
    })
    .await;
}

#[tokio::test]
async fn refused_rows_come_back_as_a_file_to_fix() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let registrar = school.caller("registrar").await;
        let text = "Name,Adm No,Class,Phone\nAmina Ali,B1,4 East,+254700\n@Brian Kip,,4 East,=1+1\nChebet,B3,4 East,\n";
        let report = students(&it.state, &registrar, text, |how| how).await.unwrap();
        assert_eq!(counts(&report), [2, 0, 0, 0, 1]);
        let file = refused(&it.state, &registrar, report.import).await;
        let file = String::from_utf8(file).unwrap();
        let (header, row) = file.trim_end().split_once('\n').unwrap();
        assert_eq!(header, "Name,Adm No,Class,Phone,line,column,code,reason");
        assert!(row.starts_with("'@Brian Kip,,4 East,'=1+1,3,Adm No,missing-number,"), "{row}");

        let fixed = file.replace("Kip,,", "Kip,B2,");
        let report = students(&it.state, &registrar, fixed, |how| how).await.unwrap();
        assert_eq!(counts(&report), [1, 0, 0, 0, 0], "{:?}", report.problems);
        assert_eq!(numbered(it, &school, "B2").await.name, "@Brian Kip");
        assert!(refused(&it.state, &registrar, report.import).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn an_import_is_taken_back_whole() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let registrar = school.caller("registrar").await;
        let before = everybody(it, &school).await;
        let text = "Name,Adm No,Class,Sex\nAchieng Mary,A001,4 West,F\nBaraka Juma,A002,4 East,M\nNew One,N1,5 Blue,M\n";
        let report = students(&it.state, &registrar, text, updating).await.unwrap();
        assert_eq!(counts(&report), [1, 2, 0, 0, 0]);
        let undone = imports::undo(&it.state, &registrar, back(report.import)).await.unwrap();
        assert_eq!(undone.state, ImportState::Undone);

        let after = everybody(it, &school).await;
        let facts = |all: &[Student]| -> Vec<_> {
            let fact = |s: &Student| (s.id, s.name.clone(), s.sex, s.class_id, s.status);
            all.iter().map(fact).collect()
        };
        assert_eq!(facts(&after), facts(&before));
        let again = told(imports::undo(&it.state, &registrar, back(report.import)).await);
        assert_eq!(again.code, "not-applied");
        // The class that the import made is gone, so its name is free.
        let report = students(&it.state, &registrar, text, creating).await.unwrap();
        assert_eq!(report.classes_created, ["5 Blue"]);
    })
    .await;
}

#[tokio::test]
async fn an_import_is_not_taken_back_over_later_work() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let registrar = school.caller("registrar").await;
        let text = "Name,Adm No,Class\nNew One,N1,4 East\nNew Two,N2,4 East\n";
        let report = students(&it.state, &registrar, text, |how| how)
            .await
            .unwrap();
        let one = numbered(it, &school, "N1").await;
        let request = EditStudent {
            student: one.id,
            based_on: one.v,
            name: Some("New Name".to_owned()),
            admission_no: None,
            sex: None,
            birth_date: None,
            status: None,
        };
        register::edit(&it.state, &registrar, request)
            .await
            .unwrap();
        let refusal = told(imports::undo(&it.state, &registrar, back(report.import)).await);
        assert_eq!(refusal.code, "changed-since");
        assert!(
            refusal.message.contains("N1 was changed since"),
            "{refusal}"
        );
        assert_eq!(
            numbered(it, &school, "N2").await.name,
            "New Two",
            "all or nothing"
        );
    })
    .await;
}

#[tokio::test]
async fn long_lists_of_problems_come_in_parts() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let registrar = school.caller("registrar").await;
        let rows: String = (0..1_500)
            .map(|row| format!("Student {row},,4 East\n"))
            .collect();
        let text = format!("Name,Adm No,Class\n{rows}");
        let report = students(&it.state, &registrar, text, |how| how)
            .await
            .unwrap();
        assert_eq!(report.refused, 1_500);
        assert!(report.more_problems);
        let mut lines: Vec<u32> = report.problems.iter().map(|problem| problem.line).collect();
        loop {
            let request = ListProblems {
                import: report.import,
                after: u32::try_from(lines.len()).unwrap(),
            };
            let more = imports::problems(&it.state, &registrar, request)
                .await
                .unwrap();
            if more.is_empty() {
                break;
            }
            lines.extend(more.iter().map(|problem| problem.line));
        }
        assert!(lines.iter().copied().eq(2..1_502));
        let file = refused(&it.state, &registrar, report.import).await;
        assert!(
            file.len() > hillview_shared::imports::CHUNK_MAX,
            "it takes several pieces"
        );
    })
    .await;
}

#[tokio::test]
async fn ten_times_the_rows_take_few_statements_more() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let registrar = school.caller("registrar").await;
        let mut statements = Vec::new();
        for (prefix, rows) in [("A", 40), ("B", 400)] {
            let rows: String = (0..rows)
                .map(|row| format!("Student {prefix}{row},{prefix}N{row},4 East\n"))
                .collect();
            for file in [
                format!("Name,Adm No,Class\n{rows}"),
                format!("Name,Adm No,Class\n{}", rows.replace("East", "West")),
            ] {
                let file = file.as_bytes();
                let import = send(&it.state, &registrar, ImportKind::Students, file)
                    .await
                    .unwrap();
                let run = imports::run(&it.state, &registrar, updating(plain(import)));
                let (report, count) = Box::pin(counted(run)).await;
                assert_eq!(report.unwrap().refused, 0);
                statements.push(count);
            }
        }
        let [few_added, few_moved, many_added, many_moved] = statements[..] else {
            panic!("four runs");
        };
        assert!(many_added <= few_added + 15, "{statements:?}");
        assert!(many_moved <= few_moved + 15, "{statements:?}");
    })
    .await;
}

#[tokio::test]
async fn the_real_templates_go_in_as_they_are() {
    let folder =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/hillview");
    if !folder.is_dir() {
        return;
    }
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let registrar = school.caller("registrar").await;
        let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
        for (name, expected) in [
            ("student_upload_template.csv", [7, 0, 0, 0, 1]),
            ("student_upload_template.xlsx", [0, 0, 7, 0, 1]),
            ("student_upload_template_headers_only.csv", [0, 0, 0, 0, 0]),
            ("student_upload_template_minimal.csv", [0, 0, 1, 1, 1]),
            ("student_upload_template_minimal.xlsx", [0, 0, 1, 1, 1]),
        ] {
            let report = students(&it.state, &registrar, read(name), creating)
                .await
                .unwrap();
            assert_eq!(counts(&report), expected, "{name} {:?}", report.problems);
        }
        for name in [
            "subject_upload_template.csv",
            "subject_upload_template.xlsx",
        ] {
            let refusal = told(students(&it.state, &registrar, read(name), creating).await);
            assert_eq!(refusal.code, "no-header", "{name}");
        }
    })
    .await;
}
