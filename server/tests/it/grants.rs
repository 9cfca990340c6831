//! Permissions given for a time, and asked for.

use std::time::Duration;

use hillview_server::caller::{self, Caller};
use hillview_server::service::{
    State, assessments, classes, grants, marks, requests, roles, students,
};
use hillview_server::testing::{on_each_engine, peer};
use hillview_server::{Error, Result};
use hillview_shared::accounts::{Permission, RoleCode};
use hillview_shared::assessments::{
    AddAssessment, ListSheets, OpenSheet, SheetOpened, WhichAssessment, WhichSheet,
};
use hillview_shared::grants::{
    DecideRequest, ExtendGrant, GiveGrant, Grant, GrantState, ListGrants, ListRequests,
    RequestAccess, RequestState, RevokeGrant, Scope, ScopeKind,
};
use hillview_shared::ids::{ClassId, Moment, OperationId, Version};
use hillview_shared::marks::{Edit, Entry, SaveMarks, Score};
use hillview_shared::roles::SaveRole;
use hillview_shared::students::{AddStudent, ListStudents, MoveStudent, Student};

const HOUR: Duration = Duration::from_secs(3600);

/// The code of the refusal.
fn code<T>(outcome: Result<T>) -> String {
    match outcome {
        Err(Error::Refused(told)) => told.code,
        Err(other) => panic!("not refused but failed: {other}"),
        Ok(_) => panic!("not refused"),
    }
}

fn scope(kind: ScopeKind, name: &str, subject: &str) -> Scope {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Scope {
        kind,
        name: some(name),
        subject: some(subject),
    }
}

fn give(to: &str, permission: Permission, scope: Scope, days: Option<u16>) -> GiveGrant {
    GiveGrant {
        to: to.to_owned(),
        permission,
        scope,
        starts: None,
        days,
        reason: "stands in for Mrs Njoroge".to_owned(),
    }
}

/// The same session at its next call.
async fn again(state: &State, caller: &Caller) -> Caller {
    let resolved = caller::resolve(state, caller.key(), &peer()).await;
    resolved.expect("the session goes on")
}

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
    let classes = classes::list(state, caller).await.unwrap();
    let mut found = classes
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

#[tokio::test]
async fn what_cannot_be_given_is_refused() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let (state, head) = (&it.state, school.caller("head").await);
        use Permission as P;
        use ScopeKind as K;
        let whole = || Scope::SCHOOL;
        for (to, permission, scope, days, refusal) in [
            ("nobody", P::MarksRead, whole(), None, "unknown-login"),
            ("head", P::MarksRead, whole(), None, "denied"),
            ("teacher", P::MarksRead, whole(), Some(2), "bad-days"),
            (
                "teacher",
                P::SchoolsManage,
                whole(),
                None,
                "not-of-a-school",
            ),
            (
                "teacher",
                P::StaffRead,
                scope(K::Class, "4 East", ""),
                None,
                "bad-scope",
            ),
            (
                "teacher",
                P::StudentsRead,
                scope(K::Subject, "4 East", "ENG"),
                None,
                "bad-scope",
            ),
            (
                "teacher",
                P::MarksRead,
                scope(K::School, "4 East", ""),
                None,
                "bad-scope",
            ),
            (
                "teacher",
                P::MarksRead,
                scope(K::Class, "", ""),
                None,
                "bad-scope",
            ),
            (
                "teacher",
                P::MarksRead,
                scope(K::Class, "4 East", "ENG"),
                None,
                "bad-scope",
            ),
            (
                "teacher",
                P::MarksRead,
                scope(K::Subject, "4 East", ""),
                None,
                "bad-scope",
            ),
            (
                "teacher",
                P::MarksRead,
                scope(K::Class, "9 Blue", ""),
                None,
                "unknown-class",
            ),
            (
                "teacher",
                P::MarksRead,
                scope(K::Grade, "Form 9", ""),
                None,
                "unknown-grade",
            ),
            (
                "teacher",
                P::MarksRead,
                scope(K::Level, "college", ""),
                None,
                "unknown-level",
            ),
            (
                "teacher",
                P::MarksRead,
                scope(K::Subject, "4 East", "Alchemy"),
                None,
                "unknown-subject",
            ),
        ] {
            let request = give(to, permission, scope.clone(), days);
            let outcome = grants::give(state, &head, request).await;
            assert_eq!(code(outcome), refusal, "{to} {permission} {scope}");
        }
        let good = || give("teacher", P::MarksRead, whole(), Some(1));
        for (reason, refusal) in [(" ", "empty"), ("a\u{1b}[2J", "hidden-character")] {
            let request = GiveGrant {
                reason: reason.into(),
                ..good()
            };
            assert_eq!(code(grants::give(state, &head, request).await), refusal);
        }
        let now = state.clock.now().0;
        for (starts, refusal) in [
            (now - 1, "begins-in-the-past"),
            (now + 400 * 86_400_000_000, "begins-too-late"),
        ] {
            let request = GiveGrant {
                starts: Some(Moment(starts)),
                ..good()
            };
            assert_eq!(code(grants::give(state, &head, request).await), refusal);
        }
        let disable = async |tx: &mut hillview_server::db::Tx| {
            let one = "update user set state = 'disabled' where username = 'teacher'";
            Ok(tx.query(one).execute().await?)
        };
        head.db().write(disable).await.unwrap();
        assert_eq!(code(grants::give(state, &head, good()).await), "disabled");
        let listed = grants::list(state, &head, ListGrants::default()).await;
        assert!(listed.unwrap().rows.is_empty(), "nothing was given");
    })
    .await;
}

/// The hole would be: who manages grants gives a friend the marks that neither may see.
#[tokio::test]
async fn nobody_gives_the_marks_that_they_do_not_have() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let (state, head) = (&it.state, school.caller("head").await);
        let office = SaveRole {
            code: RoleCode("office".into()),
            permissions: vec![Permission::GrantsManage, Permission::StudentsRead],
            second_factor: false,
            v: Version(0),
        };
        roles::save(state, &head, office).await.unwrap();
        let office = school.hire("office", "office").await;
        let to_teacher = |permission| give("teacher", permission, Scope::SCHOOL, Some(1));
        for permission in Permission::ALL {
            let outcome = grants::give(state, &office, to_teacher(*permission)).await;
            let refusal = match permission {
                Permission::SchoolsManage => Some("not-of-a-school"),
                Permission::GrantsManage => None,
                it if hillview_server::service::rights::is_guarded(*it) => Some("denied"),
                _ => None,
            };
            match refusal {
                Some(refusal) => assert_eq!(code(outcome), refusal, "{permission}"),
                None => assert!(outcome.is_ok(), "{permission}"),
            }
        }
        // Neither by approving nor by giving more time to what the head gave.
        let teacher = again(state, &school.caller("teacher").await).await;
        let asked = requests::make(state, &teacher, ask(Permission::MarksRead))
            .await
            .unwrap();
        let approved = requests::decide(state, &office, decide(&asked, RequestState::Approved));
        assert_eq!(code(approved.await), "denied");
        let given = grants::give(state, &head, to_teacher(Permission::MarksRead))
            .await
            .unwrap();
        let extend = ExtendGrant {
            grant: given.id,
            days: None,
        };
        assert_eq!(code(grants::extend(state, &office, extend).await), "denied");
    })
    .await;
}

fn ask(permission: Permission) -> RequestAccess {
    RequestAccess {
        permission,
        scope: scope(ScopeKind::Class, "Grade 4 west", ""),
        days: Some(3),
        reason: "Mr Otieno is ill".into(),
    }
}

fn decide(
    request: &hillview_shared::grants::AccessRequest,
    decision: RequestState,
) -> DecideRequest {
    DecideRequest {
        request: request.id,
        decision,
        answer: "as agreed".into(),
    }
}

#[tokio::test]
async fn a_request_is_decided_once_by_somebody_else() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let state = &it.state;
        let (head, deputy) = (
            school.caller("head").await,
            school.hire("deputy", "deputy-head").await,
        );
        let teacher = school.caller("teacher").await;
        let other = school.caller("classteacher").await;
        assert!(!teacher.sees_class(school.west.id));
        let asked = requests::make(state, &teacher, ask(Permission::MarksEnter))
            .await
            .unwrap();
        assert_eq!(
            (asked.scope.to_string(), asked.state),
            ("4 West".into(), RequestState::Open)
        );

        let approve = || decide(&asked, RequestState::Approved);
        let seen = requests::decide(state, &other, approve()).await;
        assert_eq!(code(seen), "not-found");
        for (caller, decision) in [
            (&teacher, RequestState::Approved),
            (&head, RequestState::Withdrawn),
        ] {
            let outcome = requests::decide(state, caller, decide(&asked, decision)).await;
            assert_eq!(code(outcome), "denied", "{decision}");
        }
        let silent = DecideRequest {
            answer: " ".into(),
            ..decide(&asked, RequestState::Denied)
        };
        assert_eq!(
            code(requests::decide(state, &head, silent).await),
            "reason-needed"
        );
        // Two at the same moment: it is granted once.
        let (one, two) = futures::future::join(
            requests::decide(state, &head, approve()),
            requests::decide(state, &deputy, approve()),
        )
        .await;
        let (approved, late) = if one.is_ok() { (one, two) } else { (two, one) };
        assert_eq!(approved.unwrap().state, RequestState::Approved);
        assert_eq!(code(late), "decided");
        let of_teacher = |past| ListGrants {
            to: Some("teacher".into()),
            past,
            ..ListGrants::default()
        };
        let given = grants::list(state, &head, of_teacher(true))
            .await
            .unwrap()
            .rows;
        assert_eq!(given.len(), 1);
        assert!(again(state, &teacher).await.sees_class(school.west.id));

        let mine = requests::make(state, &teacher, ask(Permission::MarksUnlock))
            .await
            .unwrap();
        let listed = |decided| ListRequests {
            decided,
            ..ListRequests::default()
        };
        let count = async |caller: &Caller, decided| {
            let page = requests::list(state, caller, listed(decided)).await;
            page.unwrap().rows.len()
        };
        assert_eq!(
            (count(&head, false).await, count(&head, true).await),
            (1, 2)
        );
        assert_eq!(
            (count(&teacher, true).await, count(&other, true).await),
            (2, 0)
        );
        let withdrawn = requests::decide(state, &teacher, decide(&mine, RequestState::Withdrawn));
        assert_eq!(withdrawn.await.unwrap().state, RequestState::Withdrawn);
        assert_eq!(count(&head, false).await, 0);
    })
    .await;
}

#[tokio::test]
async fn grants_are_listed_a_page_at_a_time_to_whom_they_concern() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let (state, head) = (&it.state, school.caller("head").await);
        let mut ids = Vec::new();
        for (to, days) in [
            ("teacher", Some(1)),
            ("teacher", Some(14)),
            ("classteacher", None),
            ("T4", Some(7)),
        ] {
            let request = give(to, Permission::MarksRead, Scope::SCHOOL, days);
            ids.push(grants::give(state, &head, request).await.unwrap().id);
        }
        let list = async |caller: &Caller, request: ListGrants| -> (Vec<Grant>, Option<String>) {
            let page = grants::list(state, caller, request).await.unwrap();
            (page.rows, page.next)
        };
        let two = |after| ListGrants {
            limit: 2,
            after,
            ..ListGrants::default()
        };
        let (first, next) = list(&head, two(None)).await;
        let (second, end) = list(&head, two(next)).await;
        let listed: Vec<_> = first.iter().chain(&second).map(|grant| grant.id).collect();
        ids.reverse();
        assert_eq!((listed, end), (ids.clone(), None));
        let soon = ListGrants {
            ending_soon: true,
            ..ListGrants::default()
        };
        let (ending, _) = list(&head, soon.clone()).await;
        let ending: Vec<_> = ending.iter().map(|grant| grant.id).collect();
        assert_eq!(ending, [ids[0], ids[3]], "in seven days and in one");
        // Whoever does not manage grants sees their own, whatever they ask for.
        let other = ListGrants {
            to: Some("teacher".into()),
            ..ListGrants::default()
        };
        let (own, _) = list(&school.caller("classteacher").await, other.clone()).await;
        assert!(own.iter().all(|grant| grant.username == "classteacher") && own.len() == 1);
        assert_eq!(list(&head, other.clone()).await.0.len(), 3, "by number too");

        state.clock.advance(25 * HOUR);
        let head = school.caller("head").await;
        assert_eq!(list(&head, other.clone()).await.0.len(), 2);
        assert_eq!(list(&head, soon).await.0.len(), 1, "the one of seven days");
        let extend = ExtendGrant {
            grant: ids[3],
            days: Some(3),
        };
        let extended = grants::extend(state, &head, extend).await.unwrap();
        assert_eq!(extended.state, GrantState::Active);
        let left = extended.ends.unwrap().0 - state.clock.now().0;
        assert!(
            (3 * 86_400_000_000 - left).abs() < 60_000_000,
            "from now on: {left}"
        );
        let bad = ListGrants {
            after: Some("x".into()),
            ..ListGrants::default()
        };
        assert_eq!(code(grants::list(state, &head, bad).await), "bad-page");
    })
    .await;
}
