//! How far a grant reaches, and from when to when.

use std::time::Duration;

use hillview_server::Result;
use hillview_server::caller::Caller;
use hillview_server::service::{State, assessments, classes, grants, marks, students};
use hillview_server::testing::on_each_engine;
use hillview_shared::accounts::Permission;
use hillview_shared::assessments::{
    AddAssessment, ListSheets, OpenSheet, SheetOpened, WhichAssessment, WhichSheet,
};
use hillview_shared::classes::ListClasses;
use hillview_shared::grants::{GrantState, RevokeGrant, Scope, ScopeKind};
use hillview_shared::ids::{ClassId, Moment, OperationId};
use hillview_shared::marks::{Edit, Entry, SaveMarks, Score};
use hillview_shared::students::{AddStudent, ListStudents, MoveStudent, Student};

use super::ground::{again, code, give, scope};

const HOUR: Duration = Duration::from_secs(3600);

async fn open_assessment(state: &State, admin: &Caller) {
    let today = admin.today(state.clock.now());
    let request = AddAssessment {
        code: "MID".into(),
        name: "Mid-Term".into(),
        term: String::new(),
        out_of: Some(Score::whole(60)),
        opens: Some(today),
        closes: Some(today + chrono::Days::new(60)),
        direct_levels: false,
        grades: vec!["Grade 4".into()],
    };
    assessments::add(state, admin, request).await.unwrap();
    let which = WhichAssessment { code: "MID".into() };
    assessments::open(state, admin, which).await.unwrap();
}

/// What a caller sees: classes, students, sheets, sheets of their own.
async fn sees(state: &State, caller: &Caller) -> (Vec<String>, usize, usize, usize) {
    let classes = classes::list(state, caller, ListClasses::default()).await;
    let mut found = classes
        .unwrap()
        .rows
        .into_iter()
        .map(|class| class.name)
        .collect::<Vec<_>>();
    found.sort_unstable();
    let students = students::list(state, caller, ListStudents::default())
        .await
        .unwrap();
    let sheets = async |mine| {
        let request = ListSheets {
            mine,
            limit: 200,
            ..ListSheets::default()
        };
        let listed = assessments::list_sheets(state, caller, request).await;
        listed.unwrap().rows.len()
    };
    (
        found,
        students.rows.len(),
        sheets(false).await,
        sheets(true).await,
    )
}

/// Enters a mark in Mathematics of 4 West; the code of the refusal otherwise.
async fn enters_maths(state: &State, caller: &Caller, operation: u8) -> Result<(), String> {
    let request = OpenSheet {
        sheet: WhichSheet::Named {
            class: "4 West".into(),
            paper: "MAT".into(),
            assessment: "MID".into(),
        },
        newer_than: None,
    };
    let sheet = match assessments::open_sheet(state, caller, request).await {
        Ok(SheetOpened::Sheet(sheet)) => sheet,
        other => return Err(code(other)),
    };
    let request = SaveMarks {
        sheet: sheet.id,
        operation: OperationId([operation; 16]),
        edits: vec![Edit {
            student: sheet.rows[0].id,
            based_on: sheet.rows[0].v,
            entry: Entry::Score(Score::whole(i32::from(operation))),
        }],
        reason: None,
    };
    match marks::save(state, caller, request).await {
        Ok(_) => Ok(()),
        other => Err(code(other)),
    }
}

#[tokio::test]
async fn a_grant_does_what_teaching_does_from_its_start_to_its_end() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let state = &it.state;
        open_assessment(state, &school.caller("admin").await).await;
        let head = school.caller("head").await;
        let teacher = school.caller("teacher").await;
        let taught = (vec!["4 East".to_owned()], 5, 1, 1);
        assert_eq!(sees(state, &teacher).await, taught);

        let maths = scope(ScopeKind::Subject, "4 West", "Maths");
        let mut request = give("Teacher", Permission::MarksEnter, maths, Some(1));
        request.starts = Some(Moment(state.clock.now().0 + 3_600_000_000));
        let given = grants::give(state, &head, request).await.unwrap();
        assert_eq!(given.state, GrantState::Future);
        assert_eq!(given.scope.to_string(), "4 West, Mathematics");
        let before = again(state, &teacher).await;
        assert_eq!(sees(state, &before).await, taught);
        assert_eq!(
            enters_maths(state, &before, 1).await,
            Err("not-found".into())
        );

        state.clock.advance(HOUR);
        let during = again(state, &teacher).await;
        let both = (vec!["4 East".to_owned(), "4 West".to_owned()], 7, 2, 2);
        assert_eq!(sees(state, &during).await, both);
        assert_eq!(enters_maths(state, &during, 2).await, Ok(()));
        // Shortly before the end, by a session that stays in the cache; and after it.
        let end = given.ends.unwrap();
        let left = end.0 - state.clock.now().0 - 30_000_000;
        state
            .clock
            .advance(Duration::from_micros(left.cast_unsigned()));
        let shortly_before = again(state, &teacher).await;
        assert_eq!(enters_maths(state, &shortly_before, 3).await, Ok(()));
        state.clock.advance(Duration::from_secs(30));
        let after = again(state, &teacher).await;
        assert_eq!(
            enters_maths(state, &after, 4).await,
            Err("not-found".into())
        );
        assert_eq!(sees(state, &after).await, taught);
    })
    .await;
}

#[tokio::test]
async fn a_permission_on_a_class_ends_at_its_edge() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let (state, head) = (&it.state, school.caller("head").await);
        let teacher = school.caller("teacher").await;
        let add = async |caller: &Caller, number: &str, class: ClassId| {
            let request = AddStudent {
                admission_no: Some(number.into()),
                name: "Wafula Brian".into(),
                sex: None,
                birth_date: None,
                class,
            };
            students::add(state, caller, request).await
        };
        assert_eq!(code(add(&teacher, "B1", school.east.id).await), "denied");
        let east = scope(ScopeKind::Class, "4 east", "");
        let request = give("teacher", Permission::StudentsWrite, east, None);
        let grant = grants::give(state, &head, request).await.unwrap();
        let holder = again(state, &teacher).await;
        let added: Student = add(&holder, "B1", school.east.id).await.unwrap();
        assert_eq!(
            code(add(&holder, "B2", school.west.id).await),
            "unknown-class"
        );
        let moved = MoveStudent {
            student: added.id,
            class: school.west.id,
        };
        let outcome = students::move_to(state, &holder, moved.clone()).await;
        assert_eq!(code(outcome), "unknown-class");
        // Seeing the other class is not writing in it.
        let west = scope(ScopeKind::Class, "4 West", "");
        let request = give("teacher", Permission::MarksRead, west, None);
        grants::give(state, &head, request).await.unwrap();
        let holder = again(state, &teacher).await;
        assert!(holder.sees_class(school.west.id));
        assert_eq!(
            code(students::move_to(state, &holder, moved).await),
            "denied"
        );
        assert_eq!(code(add(&holder, "B2", school.west.id).await), "denied");

        let request = RevokeGrant {
            grant: grant.id,
            reason: String::new(),
        };
        let revoked = grants::revoke(state, &head, request.clone()).await.unwrap();
        assert_eq!(revoked.state, GrantState::Revoked);
        assert_eq!(revoked.revoked_by.as_deref(), Some("head"));
        let without = again(state, &teacher).await;
        assert_eq!(code(add(&without, "B2", school.east.id).await), "denied");
        assert_eq!(code(grants::revoke(state, &head, request).await), "revoked");
    })
    .await;
}

#[tokio::test]
async fn a_grade_and_a_level_stand_for_their_classes_and_no_others() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let (state, head) = (&it.state, school.caller("head").await);
        let class = hillview_shared::classes::AddClass {
            grade: "Grade 7".into(),
            stream: String::new(),
        };
        let admin = school.caller("admin").await;
        let seventh = classes::add(state, &admin, class).await.unwrap();
        let registrar = school.hire("helper", "teacher").await;
        for (part, name, east, seven) in [
            (ScopeKind::Grade, "G4", true, false),
            (ScopeKind::Grade, "Grade Five", false, false),
            (ScopeKind::Level, "junior school", false, true),
            (ScopeKind::School, "", true, true),
        ] {
            let part = scope(part, name, "");
            let request = give("helper", Permission::StudentsRead, part, Some(7));
            let given = grants::give(state, &head, request).await.unwrap();
            let holder = again(state, &registrar).await;
            assert_eq!(holder.sees_class(school.east.id), east, "{}", given.scope);
            assert_eq!(holder.sees_class(seventh.id), seven, "{}", given.scope);
            let whole = given.scope == Scope::SCHOOL;
            assert_eq!(
                holder.permissions().contains(&Permission::StudentsRead),
                whole
            );
            let request = RevokeGrant {
                grant: given.id,
                reason: "done".into(),
            };
            grants::revoke(state, &head, request).await.unwrap();
        }
    })
    .await;
}
