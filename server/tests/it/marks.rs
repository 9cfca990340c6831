//! Saving marks: none lost, none doubled, none overwritten unseen, none by who may not.

use std::time::Duration;

use hillview_server::caller::Caller;
use hillview_server::db::counted;
use hillview_server::service::{State, assessments, audit, marks, students};
use hillview_server::testing::{Installation, School, on_each_engine};
use hillview_server::{Error, Result};
use hillview_shared::assessments::{
    AddAssessment, Assessment, ListSheets, OpenSheet, Sheet, SheetOpened, SheetSummary,
    WhichAssessment, WhichSheet,
};
use hillview_shared::audit::ListAudit;
use hillview_shared::ids::{OperationId, SheetId, StudentId, Version};
use hillview_shared::marks::{Edit, Entry, MarksSaved, SaveMarks, Score, ShowHistory};
use hillview_shared::students::{MoveStudent, WhichStudent};
use hillview_shared::{ApiError, Kind};

/// An open assessment over all of the term, with its sheets.
async fn open_assessment(state: &State, admin: &Caller, code: &str) -> Assessment {
    let today = admin.today(state.clock.now());
    let request = AddAssessment {
        code: code.into(),
        name: "Mid-Term".into(),
        term: String::new(),
        out_of: Some(Score::whole(60)),
        opens: Some(today),
        closes: Some(today + chrono::Days::new(7)),
        direct_levels: false,
        grades: vec!["Grade 4".into()],
    };
    assessments::add(state, admin, request).await.unwrap();
    assessments::open(state, admin, WhichAssessment { code: code.into() })
        .await
        .unwrap()
}

/// The refusal that a person is told.
fn told<T>(outcome: Result<T>) -> ApiError {
    match outcome {
        Err(Error::Refused(told)) => told,
        Err(other) => panic!("not refused but failed: {other}"),
        Ok(_) => panic!("not refused"),
    }
}

async fn open(state: &State, caller: &Caller, sheet: WhichSheet) -> Result<Box<Sheet>, ApiError> {
    let request = OpenSheet {
        sheet,
        newer_than: None,
    };
    match assessments::open_sheet(state, caller, request).await {
        Ok(SheetOpened::Sheet(sheet)) => Ok(sheet),
        Ok(SheetOpened::Unchanged) => panic!("nothing was known, so nothing is unchanged"),
        refused => Err(told(refused)),
    }
}

fn english(class: &str) -> WhichSheet {
    let (class, paper, assessment) = (class.into(), "Engl".into(), "mid".into());
    WhichSheet::Named {
        class,
        paper,
        assessment,
    }
}

fn edit(student: StudentId, based_on: i64, marks: i32) -> Edit {
    Edit {
        student,
        based_on: Version(based_on),
        entry: Entry::Score(Score::whole(marks)),
    }
}

fn request(sheet: SheetId, operation: u8, edits: Vec<Edit>) -> SaveMarks {
    SaveMarks {
        sheet,
        operation: OperationId([operation; 16]),
        edits,
        reason: None,
    }
}

/// A school with an open assessment, its English teacher, and the sheet of their class.
struct Ready {
    school: School,
    head: Caller,
    teacher: Caller,
    sheet: Box<Sheet>,
}

async fn ready(it: &Installation) -> Ready {
    let school = it.school("kilimani").await;
    let admin = school.caller("admin").await;
    open_assessment(&it.state, &admin, "MID").await;
    let teacher = school.caller("teacher").await;
    let sheet = open(&it.state, &teacher, english("4 East")).await.unwrap();
    Ready {
        head: school.caller("head").await,
        teacher,
        sheet,
        school,
    }
}

impl Ready {
    fn student(&self, place: usize) -> StudentId {
        self.sheet.rows[place].id
    }

    async fn save(&self, state: &State, operation: u8, edits: Vec<Edit>) -> MarksSaved {
        let request = request(self.sheet.id, operation, edits);
        marks::save(state, &self.teacher, request).await.unwrap()
    }

    async fn entry(&self, state: &State, place: usize) -> (Entry, Version) {
        let sheet = open(state, &self.teacher, WhichSheet::Id(self.sheet.id))
            .await
            .unwrap();
        (sheet.rows[place].entry.clone(), sheet.rows[place].v)
    }
}

#[tokio::test]
async fn a_sheet_shows_its_class_and_what_is_entered() {
    on_each_engine(async |it| {
        let ready = ready(it).await;
        assert_eq!(ready.sheet.rows.len(), 5);
        assert_eq!(ready.sheet.out_of, Score::whole(60));
        assert_eq!(
            (ready.sheet.class.as_str(), ready.sheet.paper.as_str()),
            ("4 East", "English")
        );
        assert_eq!(ready.sheet.scheme.code, "ke-cbe-8");
        assert_eq!(ready.sheet.closed, None);
        let saved = ready
            .save(&it.state, 1, vec![edit(ready.student(0), 0, 52)])
            .await;
        assert_eq!((saved.entered, saved.problems), (1, vec![]));
        assert_eq!(
            ready.entry(&it.state, 0).await,
            (Entry::Score(Score(5200)), saved.version)
        );
        let unchanged = OpenSheet {
            sheet: english("4 East"),
            newer_than: Some(saved.version),
        };
        let answer = assessments::open_sheet(&it.state, &ready.teacher, unchanged)
            .await
            .unwrap();
        assert_eq!(answer, SheetOpened::Unchanged);
    })
    .await;
}

#[tokio::test]
async fn the_same_operation_twice_has_one_effect_and_one_answer() {
    on_each_engine(async |it| {
        let ready = ready(it).await;
        let edits = vec![edit(ready.student(0), 0, 52), edit(ready.student(1), 0, 61)];
        let first = ready.save(&it.state, 1, edits.clone()).await;
        assert_eq!(first.problems.len(), 1);
        assert_eq!(ready.save(&it.state, 1, edits).await, first);
        let history = history(&it.state, &ready.teacher, ready.sheet.id).await;
        assert_eq!(history.len(), 1);
        let other = request(
            ready.sheet.id,
            1,
            vec![edit(ready.student(0), first.version.0, 53)],
        );
        let refused = told(marks::save(&it.state, &ready.teacher, other).await);
        assert_eq!(
            (refused.kind, refused.code.as_str()),
            (Kind::Conflict, "operation-reused")
        );
        assert_eq!(ready.entry(&it.state, 0).await.0, Entry::Score(Score(5200)));
    })
    .await;
}

#[tokio::test]
async fn bad_marks_are_refused_one_by_one_and_the_others_land() {
    on_each_engine(async |it| {
        let ready = ready(it).await;
        let level = Entry::Level("EE1".into());
        let elsewhere = ready.school.students[5].id;
        let edits = vec![
            edit(ready.student(0), 0, 52),
            edit(ready.student(1), 0, 61),
            Edit {
                student: ready.student(2),
                based_on: Version(0),
                entry: level,
            },
            edit(elsewhere, 0, 10),
            Edit {
                student: ready.student(3),
                based_on: Version(0),
                entry: Entry::Absent,
            },
        ];
        let saved = ready.save(&it.state, 1, edits).await;
        let codes: Vec<_> = saved
            .problems
            .iter()
            .map(|p| (p.student, p.code.as_str()))
            .collect();
        let expected = [
            (ready.student(1), "out-of-range"),
            (ready.student(2), "takes-scores"),
            (elsewhere, "not-on-sheet"),
        ];
        assert_eq!(codes, expected);
        assert_eq!(saved.problems[0].message, "61 is over 60");
        assert_eq!(saved.entered, 2);
        assert_eq!(ready.entry(&it.state, 3).await.0, Entry::Absent);
        assert_eq!(ready.entry(&it.state, 1).await, (Entry::Blank, Version(0)));
    })
    .await;
}

#[tokio::test]
async fn who_saves_over_an_unseen_mark_gets_both_and_loses_nothing() {
    on_each_engine(async |it| {
        let ready = ready(it).await;
        let first = ready
            .save(&it.state, 1, vec![edit(ready.student(0), 0, 38)])
            .await;
        let by_head = request(
            ready.sheet.id,
            2,
            vec![edit(ready.student(0), 0, 41), edit(ready.student(1), 0, 30)],
        );
        let saved = marks::save(&it.state, &ready.head, by_head).await.unwrap();
        assert_eq!(saved.entered, 2, "the other mark of the save still lands");
        let problem = &saved.problems[0];
        assert_eq!(
            (saved.problems.len(), problem.code.as_str()),
            (1, "conflict")
        );
        let theirs = problem.theirs.as_ref().unwrap();
        assert_eq!(
            (&theirs.entry, theirs.version),
            (&Entry::Score(Score(3800)), first.version)
        );
        assert!(!theirs.by.is_empty());
        // The same value is no conflict, whatever version the writer knew, and stays its author's.
        let same = request(ready.sheet.id, 3, vec![edit(ready.student(0), 0, 38)]);
        let same = marks::save(&it.state, &ready.head, same).await.unwrap();
        assert_eq!(same.problems, []);
        let late = request(ready.sheet.id, 4, vec![edit(ready.student(0), 0, 60)]);
        let late = marks::save(&it.state, &ready.head, late).await.unwrap();
        assert_eq!(late.problems[0].theirs.as_ref().unwrap().by, theirs.by);
        assert_eq!(
            ready.entry(&it.state, 0).await,
            (Entry::Score(Score(3800)), same.version)
        );
        assert_eq!(
            history(&it.state, &ready.head, ready.sheet.id).await.len(),
            2
        );
    })
    .await;
}

#[tokio::test]
async fn blank_zero_absent_and_exempt_are_four_things() {
    on_each_engine(async |it| {
        let ready = ready(it).await;
        let entries = [
            Entry::Score(Score(0)),
            Entry::Absent,
            Entry::Exempt,
            Entry::Withheld,
        ];
        let edits = entries.iter().enumerate().map(|(place, entry)| Edit {
            student: ready.student(place),
            based_on: Version(0),
            entry: entry.clone(),
        });
        let saved = ready.save(&it.state, 1, edits.collect()).await;
        assert_eq!(saved.entered, 4);
        for (place, entry) in entries.iter().enumerate() {
            assert_eq!(ready.entry(&it.state, place).await.0, *entry);
        }
        assert_eq!(ready.entry(&it.state, 4).await.0, Entry::Blank);
        let clear = Edit {
            student: ready.student(0),
            based_on: saved.version,
            entry: Entry::Blank,
        };
        let cleared = ready.save(&it.state, 2, vec![clear]).await;
        assert_eq!(cleared.entered, 3);
        assert_eq!(ready.entry(&it.state, 0).await, (Entry::Blank, Version(0)));
        let stale = ready
            .save(
                &it.state,
                3,
                vec![edit(ready.student(0), saved.version.0, 9)],
            )
            .await;
        let theirs = stale.problems[0].theirs.as_ref().unwrap();
        assert_eq!((&theirs.entry, theirs.version), (&Entry::Blank, Version(0)));
        let who = &theirs.by;
        assert!(!who.is_empty(), "who cleared it is known");
        let said = format!("{who} cleared this mark meanwhile");
        assert_eq!(stale.problems[0].message, said);
    })
    .await;
}

#[tokio::test]
async fn a_mark_that_was_cleared_is_nowhere_but_in_its_history() {
    on_each_engine(async |it| {
        let ready = ready(it).await;
        let number = &ready.sheet.rows[0].adm;
        let shown = async || {
            let which = WhichStudent::AdmissionNo(number.clone());
            let shown = students::show(&it.state, &ready.head, which).await;
            shown.unwrap().marks.len()
        };
        let entered = async || {
            let list = assessments::list_sheets(&it.state, &ready.head, ListSheets::default());
            let sheets = list.await.unwrap().rows;
            let sheet = sheets.iter().find(|sheet| sheet.id == ready.sheet.id);
            sheet.unwrap().entered
        };
        let clear = |based_on| Edit {
            student: ready.student(0),
            entry: Entry::Blank,
            based_on,
        };
        let saved = ready
            .save(&it.state, 1, vec![edit(ready.student(0), 0, 30)])
            .await;
        assert_eq!((shown().await, entered().await), (1, 1));
        ready.save(&it.state, 2, vec![clear(saved.version)]).await;
        assert_eq!((shown().await, entered().await), (0, 0));

        // A blank over a blank is no change, and a new mark is based on no version.
        let again = ready.save(&it.state, 3, vec![clear(Version(0))]).await;
        assert_eq!((again.entered, again.problems), (0, vec![]));
        let changes = history(&it.state, &ready.teacher, ready.sheet.id).await;
        assert_eq!(changes.len(), 2);
        let once_more = ready
            .save(&it.state, 4, vec![edit(ready.student(0), 0, 31)])
            .await;
        assert_eq!((once_more.entered, once_more.problems), (1, vec![]));
        ready
            .save(&it.state, 5, vec![clear(once_more.version)])
            .await;

        // Who left the class stood on the sheet only by their mark.
        let (student, class) = (ready.student(0), ready.school.west.id);
        let away = MoveStudent { student, class };
        let registrar = ready.school.caller("registrar").await;
        let moved = students::move_to(&it.state, &registrar, away).await;
        moved.unwrap();
        let sheet = open(&it.state, &ready.head, WhichSheet::Id(ready.sheet.id)).await;
        let rows = sheet.unwrap().rows;
        assert!(rows.iter().all(|row| row.adm != *number));
        let late = ready
            .save(&it.state, 6, vec![edit(ready.student(0), 0, 32)])
            .await;
        assert_eq!(late.problems[0].code, "not-on-sheet");
    })
    .await;
}

#[tokio::test]
async fn a_teacher_reaches_their_own_sheets_and_no_other_even_by_its_id() {
    on_each_engine(async |it| {
        let ready = ready(it).await;
        let west = open(&it.state, &ready.head, english("4 West"))
            .await
            .unwrap();
        let class_teacher = ready.school.caller("classteacher").await;
        let registrar = ready.school.caller("registrar").await;
        for (who, sheet, name) in [
            (&ready.teacher, west.id, "another class"),
            (&class_teacher, west.id, "another class"),
            (&registrar, ready.sheet.id, "no marks at all"),
            (&ready.teacher, SheetId(999_999), "no such sheet"),
        ] {
            let seen = open(&it.state, who, WhichSheet::Id(sheet))
                .await
                .unwrap_err();
            assert_eq!(seen, ApiError::not_found("sheet"), "{name}");
            let write = request(sheet, 9, vec![edit(ready.student(0), 0, 1)]);
            let written = told(marks::save(&it.state, who, write).await);
            assert_eq!(written, ApiError::not_found("sheet"), "{name}");
            let asked = ShowHistory {
                sheet,
                student: None,
                after: 0,
            };
            let asked = told(marks::history(&it.state, who, asked).await);
            assert_eq!(asked, ApiError::not_found("sheet"), "{name}");
        }
        let write = request(ready.sheet.id, 1, vec![edit(ready.student(0), 0, 50)]);
        assert!(
            marks::save(&it.state, &class_teacher, write)
                .await
                .unwrap()
                .problems
                .is_empty()
        );
    })
    .await;
}

#[tokio::test]
async fn each_lists_the_sheets_within_their_reach() {
    on_each_engine(async |it| {
        let ready = ready(it).await;
        let class_teacher = ready.school.caller("classteacher").await;
        let registrar = ready.school.caller("registrar").await;
        let list = async |caller: &Caller, mine| {
            let request = ListSheets {
                mine,
                ..ListSheets::default()
            };
            let page = assessments::list_sheets(&it.state, caller, request)
                .await
                .unwrap();
            page.rows
        };
        let papers = |sheets: Vec<SheetSummary>| {
            sheets
                .into_iter()
                .map(|s| (s.class, s.paper))
                .collect::<Vec<_>>()
        };
        let own = papers(list(&ready.teacher, true).await);
        assert_eq!(own, [("4 East".to_owned(), "English".to_owned())]);
        assert_eq!(papers(list(&ready.teacher, false).await), own);
        assert_eq!(
            list(&class_teacher, false).await.len(),
            8,
            "the eight subjects of the class"
        );
        assert_eq!(list(&ready.head, false).await.len(), 16);
        assert_eq!(list(&registrar, false).await.len(), 0);
    })
    .await;
}

#[tokio::test]
async fn entry_needs_an_open_assessment_or_a_right_and_a_reason() {
    on_each_engine(async |it| {
        let ready = ready(it).await;
        let admin = ready.school.caller("admin").await;
        let code = || WhichAssessment { code: "MID".into() };
        assessments::lock(&it.state, &admin, code()).await.unwrap();
        let write = || request(ready.sheet.id, 1, vec![edit(ready.student(0), 0, 50)]);
        let refused = told(marks::save(&it.state, &ready.teacher, write()).await);
        assert_eq!(refused.code, "sheet-closed");
        let refused = told(marks::save(&it.state, &ready.head, write()).await);
        assert_eq!(refused.code, "reason-needed");
        let with_reason = SaveMarks {
            reason: Some("remarked".into()),
            ..write()
        };
        // Twice, as after a cut line: the log has it once.
        for _ in 0..2 {
            marks::save(&it.state, &ready.head, with_reason.clone())
                .await
                .unwrap();
        }
        let unlocks = ListAudit {
            action: Some("marks-unlock".into()),
            ..ListAudit::default()
        };
        let noted = audit::list(&it.state, &ready.head, unlocks)
            .await
            .unwrap()
            .rows;
        assert_eq!(noted.len(), 1);
        assert_eq!(noted[0].subject, "4 East, English, MID");
        assert!(
            noted[0].detail.ends_with(": remarked"),
            "{}",
            noted[0].detail
        );
        let history = history(&it.state, &ready.head, ready.sheet.id).await;
        assert_eq!(history[0].reason.as_deref(), Some("remarked"));
        assessments::open(&it.state, &admin, code()).await.unwrap();
        it.state.clock.advance(Duration::from_secs(8 * 24 * 3600));
        let teacher = ready.school.caller("teacher").await;
        let late = request(ready.sheet.id, 2, vec![edit(ready.student(1), 0, 50)]);
        let refused = told(marks::save(&it.state, &teacher, late).await);
        assert!(
            refused.message.starts_with("entry closed on "),
            "{}",
            refused.message
        );
    })
    .await;
}

#[tokio::test]
async fn the_history_says_who_when_before_and_after_and_is_chained() {
    on_each_engine(async |it| {
        let ready = ready(it).await;
        let first = ready
            .save(&it.state, 1, vec![edit(ready.student(0), 0, 38)])
            .await;
        let change = vec![
            edit(ready.student(0), first.version.0, 41),
            edit(ready.student(1), 0, 7),
        ];
        ready.save(&it.state, 2, change).await;
        let history = history(&it.state, &ready.teacher, ready.sheet.id).await;
        let told: Vec<_> = history
            .iter()
            .map(|c| {
                (
                    c.sequence,
                    c.before.to_string(),
                    c.after.to_string(),
                    c.source.as_str(),
                )
            })
            .collect();
        let told: Vec<_> = told
            .iter()
            .map(|(n, b, a, s)| (*n, b.as_str(), a.as_str(), *s))
            .collect();
        assert_eq!(
            told,
            [
                (1, "", "38", "test"),
                (2, "38", "41", "test"),
                (3, "", "7", "test")
            ]
        );
        let chain: Vec<(Vec<u8>, Vec<u8>)> = ready
            .teacher
            .db()
            .query("select row_hash, hash from mark_change where sheet_id = ? order by sequence")
            .bind(ready.sheet.id)
            .all()
            .await
            .unwrap();
        // The second half of what a row keeps is how the hash of the row before begins.
        assert_eq!(chain[0].0[4..], [0; 4]);
        assert!(
            chain
                .windows(2)
                .all(|pair| pair[0].1[..4] == pair[1].0[4..])
        );
    })
    .await;
}

#[tokio::test]
async fn a_save_takes_five_statements_whatever_its_size() {
    on_each_engine(async |it| {
        let ready = ready(it).await;
        let edits: Vec<Edit> = ready
            .sheet
            .rows
            .iter()
            .map(|row| edit(row.id, 0, 30))
            .collect();
        let (_, one) = counted(ready.save(&it.state, 1, edits[..1].to_vec())).await;
        let (_, all) = counted(ready.save(&it.state, 2, edits[1..].to_vec())).await;
        assert_eq!((one, all), (5, 5));
        let cleared = Edit {
            student: ready.student(1),
            entry: Entry::Blank,
            based_on: ready.entry(&it.state, 1).await.1,
        };
        let entered = edit(ready.student(0), ready.entry(&it.state, 0).await.1.0, 31);
        let (saved, both) = counted(ready.save(&it.state, 3, vec![entered, cleared])).await;
        assert_eq!(saved.problems, []);
        assert_eq!(both, 5, "one mark entered and one cleared");
        let open = counted(open(
            &it.state,
            &ready.teacher,
            WhichSheet::Id(ready.sheet.id),
        ));
        let (_, statements) = open.await;
        assert!(
            statements <= 3,
            "opening a sheet took {statements} statements"
        );
        let list = assessments::list_sheets(&it.state, &ready.head, ListSheets::default());
        let (_, statements) = counted(list).await;
        assert!(
            statements <= 3,
            "listing sheets took {statements} statements"
        );
    })
    .await;
}

#[tokio::test]
async fn many_writers_of_one_sheet_lose_nothing() {
    on_each_engine(async |it| {
        let ready = ready(it).await;
        let writers = (0..20_u8).map(async |writer| {
            let student = ready.student(usize::from(writer) % 5);
            let edits = vec![edit(student, 0, i32::from(writer) + 1)];
            ready
                .save(&it.state, writer + 1, edits)
                .await
                .problems
                .is_empty()
        });
        let landed = futures::future::join_all(writers).await;
        let landed = landed.into_iter().filter(|landed| *landed).count();
        assert_eq!(
            landed, 5,
            "one writer for each student, the others see a conflict"
        );
        assert_eq!(
            history(&it.state, &ready.teacher, ready.sheet.id)
                .await
                .len(),
            5
        );
    })
    .await;
}

#[tokio::test]
async fn who_leaves_a_class_is_not_counted_and_makes_its_sheets_new() {
    on_each_engine(async |it| {
        let ready = ready(it).await;
        ready
            .save(&it.state, 1, vec![edit(ready.student(0), 0, 44)])
            .await;
        let before = open(&it.state, &ready.teacher, english("4 East"))
            .await
            .unwrap();
        let registrar = ready.school.caller("registrar").await;
        let (student, class) = (ready.student(0), ready.school.west.id);
        let request = MoveStudent { student, class };
        students::move_to(&it.state, &registrar, request)
            .await
            .unwrap();
        let list = ListSheets {
            class: Some(ready.school.east.id),
            ..ListSheets::default()
        };
        let list = assessments::list_sheets(&it.state, &ready.teacher, list)
            .await
            .unwrap();
        let progress = (list.rows[0].entered, list.rows[0].expected);
        assert_eq!(
            progress,
            (0, 4),
            "who left is not expected, and does not count as entered"
        );
        let known = OpenSheet {
            sheet: english("4 East"),
            newer_than: Some(before.v),
        };
        let known = assessments::open_sheet(&it.state, &ready.teacher, known)
            .await
            .unwrap();
        assert_ne!(
            known,
            SheetOpened::Unchanged,
            "the class changed, though no mark did since"
        );
    })
    .await;
}

#[tokio::test]
async fn a_student_who_moves_stays_on_the_sheet_where_their_mark_is() {
    on_each_engine(async |it| {
        let ready = ready(it).await;
        ready
            .save(&it.state, 1, vec![edit(ready.student(0), 0, 44)])
            .await;
        let registrar = ready.school.caller("registrar").await;
        for place in [0, 1] {
            let class = ready.school.west.id;
            let request = MoveStudent {
                student: ready.student(place),
                class,
            };
            students::move_to(&it.state, &registrar, request)
                .await
                .unwrap();
        }
        let east = open(&it.state, &ready.teacher, english("4 East"))
            .await
            .unwrap();
        assert_eq!(
            east.rows.len(),
            4,
            "the one with a mark stays, the other one goes"
        );
        assert_eq!(east.rows[0].entry, Entry::Score(Score(4400)));
        let west = open(&it.state, &ready.head, english("4 West"))
            .await
            .unwrap();
        assert_eq!(west.rows.len(), 4);
        let page = students::show(&it.state, &ready.head, WhichStudent::Id(ready.student(0)));
        let page = page.await.unwrap();
        assert_eq!(page.student.class.as_deref(), Some("4 West"));
        assert_eq!(
            page.marks[0].level.as_deref(),
            Some("ME1"),
            "44 of 60 is 73.33 percent"
        );
    })
    .await;
}

async fn history(
    state: &State,
    caller: &Caller,
    sheet: SheetId,
) -> Vec<hillview_shared::marks::MarkChange> {
    let request = ShowHistory {
        sheet,
        student: None,
        after: 0,
    };
    marks::history(state, caller, request).await.unwrap()
}
