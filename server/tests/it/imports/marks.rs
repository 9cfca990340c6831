//! Files of marks.

use chrono::{Days, NaiveDate};
use hillview_server::caller::Caller;
use hillview_server::service::imports::books::book_of_text;
use hillview_server::service::{assessments, imports, marks as sheets, students as register};
use hillview_server::testing::{Installation, School, on_each_engine};
use hillview_shared::assessments::{
    AddAssessment, OpenSheet, Sheet, SheetOpened, WhichAssessment, WhichSheet,
};
use hillview_shared::imports::{OnDuplicate, RunImport, UndoImport};
use hillview_shared::marks::{Entry, Score, ShowHistory};
use hillview_shared::students::AddStudent;

use super::steps::{codes, counts, marks, students, told};

/// A file as teachers have it, for 4 East: a title, the out-of, totals below.
const WIDE: &str = "Mid-Term marks,,,,,\n\
    Student Name,Admission Number,English,Mathematics,Science and Technology,Total\n\
    Max Marks,,100,100,100,300\n\
    Achieng Mary Atieno,A001,88,0,52,140\n\
    Baraka Juma,A002,AB,\"67,5\",,\n\
    Chebet Faith,A003,101,71,EX,\n\
    Class Mean,,88,46,52,\n";

fn today(it: &Installation) -> NaiveDate {
    it.state.clock.now().utc().date_naive()
}

/// Opens an assessment of every grade from yesterday to tomorrow.
pub async fn open(it: &Installation, school: &School, code: &str) {
    let head = school.caller("head").await;
    let request = AddAssessment {
        code: code.to_owned(),
        name: code.to_owned(),
        term: String::new(),
        out_of: Some(Score::whole(100)),
        opens: today(it).checked_sub_days(Days::new(1)),
        closes: today(it).checked_add_days(Days::new(1)),
        direct_levels: false,
        grades: vec!["4".to_owned()],
    };
    assessments::add(&it.state, &head, request).await.unwrap();
    let which = WhichAssessment {
        code: code.to_owned(),
    };
    assessments::open(&it.state, &head, which).await.unwrap();
}

pub fn mid_term(how: RunImport) -> RunImport {
    RunImport {
        class: Some("4 East".to_owned()),
        assessment: Some("MID".to_owned()),
        ..how
    }
}

pub async fn sheet(it: &Installation, caller: &Caller, paper: &str) -> Sheet {
    sheet_of(it, caller, "4 East", paper).await
}

pub async fn sheet_of(it: &Installation, caller: &Caller, class: &str, paper: &str) -> Sheet {
    let request = OpenSheet {
        sheet: WhichSheet::Named {
            class: class.to_owned(),
            paper: paper.to_owned(),
            assessment: "MID".to_owned(),
        },
        newer_than: None,
    };
    match assessments::open_sheet(&it.state, caller, request)
        .await
        .unwrap()
    {
        SheetOpened::Sheet(sheet) => *sheet,
        SheetOpened::Unchanged => panic!("no version was sent"),
    }
}

/// The marks of a sheet by admission number, without blanks.
pub async fn on(it: &Installation, caller: &Caller, paper: &str) -> Vec<(String, String)> {
    let rows = sheet(it, caller, paper).await.rows.into_iter();
    let marked = rows.filter(|row| row.entry != Entry::Blank);
    let mut marks: Vec<_> = marked.map(|row| (row.adm, row.entry.to_string())).collect();
    marks.sort();
    marks
}

pub fn mark(number: &str, entry: &str) -> (String, String) {
    (number.to_owned(), entry.to_owned())
}

#[tokio::test]
async fn a_wide_file_lands_on_its_sheets_and_a_second_time_changes_nothing() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        open(it, &school, "MID").await;
        let caller = school.caller("classteacher").await;
        let preview = |how| RunImport {
            dry_run: true,
            ..mid_term(how)
        };
        let listed = marks(&it.state, &caller, WIDE, preview).await.unwrap();
        assert!(
            on(it, &caller, "ENG").await.is_empty(),
            "a preview writes nothing"
        );
        let report = marks(&it.state, &caller, WIDE, mid_term).await.unwrap();
        assert_eq!(counts(&report), counts(&listed));
        assert_eq!(counts(&report), [7, 0, 0, 0, 1], "{:?}", report.problems);
        assert_eq!(report.header_line, 2);
        assert_eq!(codes(&report), [(6, "out-of-range")]);
        assert_eq!(report.problems[0].column, "English");
        let taken = |heading: &str| {
            let column = report
                .columns
                .iter()
                .find(|column| column.heading == heading);
            column.unwrap().taken_for.as_deref()
        };
        assert_eq!(
            taken("Science and Technology"),
            Some("Science & Technology")
        );
        assert_eq!(taken("Total"), None);
        assert_eq!(
            on(it, &caller, "ENG").await,
            [mark("A001", "88"), mark("A002", "AB")]
        );
        let maths = [mark("A001", "0"), mark("A002", "67.5"), mark("A003", "71")];
        assert_eq!(on(it, &caller, "MAT").await, maths);
        assert_eq!(
            on(it, &caller, "SCT").await,
            [mark("A001", "52"), mark("A003", "EX")]
        );

        let before = sheet(it, &caller, "MAT").await.v;
        let update = |how| RunImport {
            on_duplicate: OnDuplicate::Update,
            ..mid_term(how)
        };
        let rows: Vec<Vec<&str>> = WIDE.lines().map(|line| line.split(',').collect()).collect();
        let rows: Vec<&[&str]> = rows.iter().map(Vec::as_slice).collect();
        // "67,5" is cut in two by this simple reading, so that row is left out of the workbook.
        let book = book_of_text(&[rows[1], rows[3], rows[5]]);
        for (file, same) in [(WIDE.as_bytes(), 7), (&book, 5)] {
            let report = marks(&it.state, &caller, file, update).await.unwrap();
            assert_eq!(counts(&report), [0, 0, same, 0, 1], "{:?}", report.problems);
        }
        assert_eq!(sheet(it, &caller, "MAT").await.v, before);
    })
    .await;
}

#[tokio::test]
async fn two_of_one_name_are_refused_without_numbers() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let registrar = school.caller("registrar").await;
        for number in ["W1", "W2"] {
            let request = AddStudent {
                admission_no: Some(number.to_owned()),
                name: "Mary Wanjiku".to_owned(),
                sex: None,
                birth_date: None,
                class: school.east.id,
            };
            register::add(&it.state, &registrar, request).await.unwrap();
        }
        open(it, &school, "MID").await;
        let caller = school.caller("classteacher").await;
        let text = "Name,Mathematics\nMary Wanjiku,50\nBaraka Juma,60\nMary Wanjiku,70\n";
        let report = marks(&it.state, &caller, text, mid_term).await.unwrap();
        assert_eq!(counts(&report), [1, 0, 0, 0, 2]);
        assert_eq!(
            codes(&report),
            [(2, "ambiguous-name"), (4, "ambiguous-name")]
        );
        assert_eq!(on(it, &caller, "MAT").await, [mark("A002", "60")]);
    })
    .await;
}

#[tokio::test]
async fn marks_that_stand_are_overwritten_only_when_asked() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        open(it, &school, "MID").await;
        let caller = school.caller("classteacher").await;
        let file = |score: &str| format!("Adm No,Maths\nA001,{score}\n");
        marks(&it.state, &caller, file("40"), mid_term)
            .await
            .unwrap();
        let report = marks(&it.state, &caller, file("50"), mid_term)
            .await
            .unwrap();
        assert_eq!(counts(&report), [0, 0, 0, 1, 0]);
        assert_eq!(on(it, &caller, "MAT").await, [mark("A001", "40")]);
        let refuse = |how| RunImport {
            on_duplicate: OnDuplicate::Error,
            ..mid_term(how)
        };
        let report = marks(&it.state, &caller, file("50"), refuse).await.unwrap();
        assert_eq!(codes(&report), [(2, "exists")]);
        let update = |how| RunImport {
            on_duplicate: OnDuplicate::Update,
            ..mid_term(how)
        };
        let report = marks(&it.state, &caller, file("50"), update).await.unwrap();
        assert_eq!(counts(&report), [0, 1, 0, 0, 0]);
        let sheet = sheet(it, &caller, "MAT").await;
        let request = ShowHistory {
            sheet: sheet.id,
            student: None,
            after: 0,
        };
        let history = sheets::history(&it.state, &caller, request).await.unwrap();
        let told: Vec<_> = history
            .iter()
            .map(|change| {
                (
                    change.before.to_string(),
                    change.after.to_string(),
                    change.source.as_str(),
                )
            })
            .collect();
        let change = |before: &str, after: &str| (before.to_owned(), after.to_owned(), "import");
        assert_eq!(told, [change("", "40"), change("40", "50")]);
    })
    .await;
}

#[tokio::test]
async fn a_teacher_brings_the_marks_of_their_own_subject_and_class_only() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        open(it, &school, "MID").await;
        let teacher = school.caller("teacher").await;
        let file = "Adm No,English,Maths\nA001,50,60\n";
        let report = marks(&it.state, &teacher, file, mid_term).await.unwrap();
        assert_eq!(counts(&report), [1, 0, 0, 0, 0]);
        assert_eq!(codes(&report), [(1, "unknown-column")]);
        let head = school.caller("head").await;
        assert!(on(it, &head, "MAT").await.is_empty());
        let west = |how| RunImport {
            class: Some("4 West".to_owned()),
            ..mid_term(how)
        };
        let refusal = told(marks(&it.state, &teacher, file, west).await);
        assert_eq!(refusal.code, "unknown-class");
    })
    .await;
}

#[tokio::test]
async fn the_class_may_be_in_the_file() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        open(it, &school, "MID").await;
        let head = school.caller("head").await;
        let unnamed = |how| RunImport {
            class: None,
            ..mid_term(how)
        };
        let file =
            "Adm No,Class,English\nA001,4 East,50\nA006,Grade 4 - West,60\nA002,9Z,1\nA003,,1\n";
        let report = marks(&it.state, &head, file, unnamed).await.unwrap();
        assert_eq!(counts(&report), [2, 0, 0, 0, 2], "{:?}", report.problems);
        assert_eq!(codes(&report), [(4, "unknown-class"), (5, "missing-class")]);
        let title = "Class: 4 East,,\nAdm No,English\nA002,70\n";
        let report = marks(&it.state, &head, title, unnamed).await.unwrap();
        assert_eq!(counts(&report), [1, 0, 0, 0, 0], "{:?}", report.problems);
        let refusal = told(marks(&it.state, &head, "Adm No,English\nA001,5\n", unnamed).await);
        assert_eq!(refusal.code, "missing-class");
    })
    .await;
}

#[tokio::test]
async fn a_closed_sheet_and_a_file_without_papers_are_refused_whole() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        open(it, &school, "MID").await;
        let caller = school.caller("classteacher").await;
        let refusal = told(marks(&it.state, &caller, "Adm No,Art\nA001,5\n", mid_term).await);
        assert_eq!(refusal.code, "unknown-column");
        let head = school.caller("head").await;
        let which = WhichAssessment {
            code: "MID".to_owned(),
        };
        assessments::lock(&it.state, &head, which).await.unwrap();
        let refusal = told(marks(&it.state, &caller, WIDE, mid_term).await);
        assert_eq!(refusal.code, "sheet-closed");
        let unknown = |how| RunImport {
            assessment: Some("NONE".to_owned()),
            ..mid_term(how)
        };
        let refusal = told(marks(&it.state, &caller, WIDE, unknown).await);
        assert_eq!(refusal.code, "not-found");
    })
    .await;
}

#[tokio::test]
async fn marks_taken_back_on_a_closed_sheet_are_in_the_audit_log() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        open(it, &school, "MID").await;
        let head = school.caller("head").await;
        let file = "Adm No,English\nA001,5\n";
        let report = marks(&it.state, &head, file, mid_term).await.unwrap();
        let which = WhichAssessment {
            code: "MID".to_owned(),
        };
        assessments::lock(&it.state, &head, which).await.unwrap();
        let undo = UndoImport {
            import: report.import,
            reason: Some("the wrong class".to_owned()),
        };
        imports::undo(&it.state, &head, undo).await.unwrap();
        let last: (String, String, String) = head
            .db()
            .query("select action, subject, detail from audit order by sequence desc limit 1")
            .one()
            .await
            .unwrap();
        assert_eq!(last.0, "marks-unlock");
        assert!(last.1.starts_with("4 East, English"), "{last:?}");
        assert!(last.2.ends_with(": the wrong class"), "{last:?}");
    })
    .await;
}

/// The shape of the example that schools have for the upper primary: seven subjects.
const EXAMPLE: [[&str; 9]; 4] = [
    [
        "Student Name",
        "Admission Number",
        "English",
        "Kiswahili",
        "Mathematics",
        "Science and Technology",
        "Social Studies",
        "Religious Education",
        "Creative Arts",
    ],
    [
        "Achieng Mary Atieno",
        "A001",
        "81",
        "72",
        "63",
        "54",
        "75",
        "66",
        "77",
    ],
    [
        "Baraka Juma",
        "A002",
        "71",
        "82",
        "73",
        "74",
        "85",
        "76",
        "97",
    ],
    [
        "Somebody Else",
        "X009",
        "51",
        "62",
        "73",
        "94",
        "85",
        "96",
        "67",
    ],
];

#[tokio::test]
async fn seven_subjects_go_in_from_a_text_and_are_the_same_in_a_workbook() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        open(it, &school, "MID").await;
        let caller = school.caller("classteacher").await;
        let text = EXAMPLE.map(|row| row.join(",") + "\n").concat();
        let rows: Vec<&[&str]> = EXAMPLE.iter().map(|row| &row[..]).collect();
        let book = book_of_text(&rows);
        for (file, expected) in [
            (text.as_bytes(), [14, 0, 0, 0, 1]),
            (&book, [0, 0, 14, 0, 1]),
        ] {
            let report = marks(&it.state, &caller, file, mid_term).await.unwrap();
            assert_eq!(counts(&report), expected, "{:?}", report.problems);
            assert_eq!(codes(&report), [(4, "unknown-student")]);
        }
    })
    .await;
}

#[tokio::test]
async fn the_real_marks_files_go_in_as_they_are() {
    let folder =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/hillview");
    if !folder.is_dir() {
        return;
    }
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let registrar = school.caller("registrar").await;
        let list = "Name,Adm No,Class\nJohn Doe,2024001,4 East\nJane Smith,2024002,4 East\nMichael Johnson,2024003,4 East\nEmily Brown,2024004,4 East\n";
        students(&it.state, &registrar, list, |how| how).await.unwrap();
        open(it, &school, "MID").await;
        let caller = school.caller("classteacher").await;
        let name = "marks_upload_template_example_upper_primary";
        for (ending, expected) in [("csv", [28, 0, 0, 0, 1]), ("xlsx", [0, 0, 28, 0, 1])] {
            let file = std::fs::read(folder.join(format!("{name}.{ending}"))).unwrap();
            let report = marks(&it.state, &caller, file, mid_term).await.unwrap();
            assert_eq!(counts(&report), expected, "{ending} {:?}", report.problems);
            assert_eq!(codes(&report), [(6, "unknown-student")]);
        }
    })
    .await;
}
