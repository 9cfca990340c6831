//! What imports do to sheets beyond the marks: whose rows they take, how they are taken back, and
//! when a sheet is new to who has it.

use hillview_server::service::{assessments, imports, marks as sheets};
use hillview_server::testing::on_each_engine;
use hillview_shared::assessments::WhichAssessment;
use hillview_shared::ids::OperationId;
use hillview_shared::imports::{OnDuplicate, RunImport, UndoImport};
use hillview_shared::marks::{Edit, Entry, SaveMarks, Score, ShowHistory};

use super::marks::{mark, mid_term, on, open, sheet, sheet_of};
use super::steps::{back, codes, counts, marks, students, told};

#[tokio::test]
async fn an_import_of_marks_is_taken_back_unless_one_was_changed_since() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        open(it, &school, "MID").await;
        let caller = school.caller("classteacher").await;
        marks(&it.state, &caller, "Adm No,Maths\nA001,40\n", mid_term)
            .await
            .unwrap();
        let update = |how| RunImport {
            on_duplicate: OnDuplicate::Update,
            ..mid_term(how)
        };
        let file = "Adm No,Maths,English\nA001,50,51\nA002,60,61\n";
        let report = marks(&it.state, &caller, file, update).await.unwrap();
        assert_eq!(counts(&report), [3, 1, 0, 0, 0]);
        imports::undo(&it.state, &caller, back(report.import))
            .await
            .unwrap();
        assert_eq!(on(it, &caller, "MAT").await, [mark("A001", "40")]);
        assert!(on(it, &caller, "ENG").await.is_empty());
        let maths = sheet(it, &caller, "MAT").await;
        let request = ShowHistory {
            sheet: maths.id,
            student: None,
            after: 0,
        };
        let history = sheets::history(&it.state, &caller, request).await.unwrap();
        let sources: Vec<&str> = history
            .iter()
            .map(|change| change.source.as_str())
            .collect();
        assert_eq!(
            sources,
            ["import", "import", "import", "import-undo", "import-undo"]
        );

        let report = marks(&it.state, &caller, file, update).await.unwrap();
        let maths = sheet(it, &caller, "MAT").await;
        let second = maths.rows.iter().find(|row| row.adm == "A002").unwrap();
        let request = SaveMarks {
            sheet: maths.id,
            operation: OperationId([7; 16]),
            edits: vec![Edit {
                student: second.id,
                based_on: second.v,
                entry: Entry::Score(Score::whole(77)),
            }],
            reason: None,
        };
        sheets::save(&it.state, &caller, request).await.unwrap();
        let refusal = told(imports::undo(&it.state, &caller, back(report.import)).await);
        assert_eq!(refusal.code, "changed-since");
        assert!(refusal.message.contains("A002"), "{refusal}");
        let standing = [mark("A001", "50"), mark("A002", "77")];
        assert_eq!(on(it, &caller, "MAT").await, standing, "all or nothing");
        assert_eq!(on(it, &caller, "ENG").await.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_row_of_another_class_is_refused_when_one_class_is_named() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        open(it, &school, "MID").await;
        let head = school.caller("head").await;
        let file = "Adm No,Class,English\nA001,4 East,50\nA002,4 West,51\nA003,,52\n\
            A004,Grade 4,53\nA005,5 East,54\n";
        let report = marks(&it.state, &head, file, mid_term).await.unwrap();
        assert_eq!(counts(&report), [3, 0, 0, 0, 2], "{:?}", report.problems);
        assert_eq!(codes(&report), [(3, "other-class"), (6, "other-class")]);
        assert_eq!(report.problems[0].column, "Class");
        let reason = &report.problems[0].reason;
        assert!(
            reason.contains("4 West") && reason.contains("4 East"),
            "{reason}"
        );
        let file = "Adm No,Grade,Stream,Maths\nA001,4,East,50\nA002,4,West,51\nA003,4,,52\n\
            A004,,east,53\nA005,,West,54\nA006,5,,55\n";
        let report = marks(&it.state, &head, file, mid_term).await.unwrap();
        assert_eq!(counts(&report), [3, 0, 0, 0, 3], "{:?}", report.problems);
        let codes = codes(&report);
        assert_eq!(codes, [3, 6, 7].map(|line| (line, "other-class")));
    })
    .await;
}

#[tokio::test]
async fn marks_of_a_sheet_that_was_closed_are_taken_back_with_a_reason() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        open(it, &school, "MID").await;
        let caller = school.caller("classteacher").await;
        let file = "Adm No,Maths\nA001,40\n";
        let report = marks(&it.state, &caller, file, mid_term).await.unwrap();
        let head = school.caller("head").await;
        let which = WhichAssessment {
            code: "MID".to_owned(),
        };
        assessments::lock(&it.state, &head, which).await.unwrap();
        let because = |reason: &str| UndoImport {
            reason: Some(reason.to_owned()),
            ..back(report.import)
        };
        for (who, request, code) in [
            (&caller, because("wrong file"), "sheet-closed"),
            (&head, back(report.import), "reason-needed"),
            (&head, because(" "), "reason-needed"),
            (&head, because("a\u{1b}[2J"), "bad-reason"),
        ] {
            let refusal = told(imports::undo(&it.state, who, request).await);
            assert_eq!(refusal.code, code, "{refusal}");
        }
        imports::undo(&it.state, &head, because("wrong file"))
            .await
            .unwrap();
        assert!(on(it, &head, "MAT").await.is_empty());
        let request = ShowHistory {
            sheet: sheet(it, &head, "MAT").await.id,
            student: None,
            after: 0,
        };
        let history = sheets::history(&it.state, &head, request).await.unwrap();
        assert_eq!(history[1].reason.as_deref(), Some("wrong file"));
    })
    .await;
}

#[tokio::test]
async fn an_import_of_students_renews_the_sheets_of_their_classes() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        open(it, &school, "MID").await;
        let head = school.caller("head").await;
        let registrar = school.caller("registrar").await;
        let both = async || {
            let east = sheet_of(it, &head, "4 East", "ENG").await.v;
            (east, sheet_of(it, &head, "4 West", "ENG").await.v)
        };
        let (east, west) = both().await;
        let add = "Name,Adm No,Class\nNew One,N1,4 East\n";
        let preview = |how| RunImport {
            dry_run: true,
            ..how
        };
        students(&it.state, &registrar, add, preview).await.unwrap();
        assert_eq!(both().await, (east, west), "a preview touches nothing");
        let added = students(&it.state, &registrar, add, |how| how)
            .await
            .unwrap();
        let (added_east, same_west) = both().await;
        assert!(added_east > east);
        assert_eq!(same_west, west);

        let update = |how| RunImport {
            on_duplicate: OnDuplicate::Update,
            ..how
        };
        let change = "Name,Adm No,Class\nBaraka Juma,A002,4 West\n";
        let moved = students(&it.state, &registrar, change, update)
            .await
            .unwrap();
        let (moved_east, moved_west) = both().await;
        assert!(moved_east > added_east && moved_west > same_west);
        imports::undo(&it.state, &registrar, back(moved.import))
            .await
            .unwrap();
        let (back_east, back_west) = both().await;
        assert!(back_east > moved_east && back_west > moved_west);
        imports::undo(&it.state, &registrar, back(added.import))
            .await
            .unwrap();
        let (gone_east, same_west) = both().await;
        assert!(gone_east > back_east);
        assert_eq!(same_west, back_west);
    })
    .await;
}

#[tokio::test]
async fn a_sheet_is_found_by_its_paper_however_it_is_written() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        open(it, &school, "MID").await;
        let head = school.caller("head").await;
        let science = sheet(it, &head, "SCT").await.id;
        for paper in [
            "Science & Technology",
            "science and technology",
            "Science-Technology",
        ] {
            assert_eq!(sheet(it, &head, paper).await.id, science, "{paper}");
        }
    })
    .await;
}
