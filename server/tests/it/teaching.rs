//! Who teaches what: one by one, many at once, and to an end.

use chrono::{Days, NaiveDate};
use hillview_server::Error;
use hillview_server::caller::{self, Caller};
use hillview_server::db::counted;
use hillview_server::service::{State, classes, staff, subjects, teaching};
use hillview_server::testing::on_each_engine;
use hillview_shared::ApiError;
use hillview_shared::accounts::Role;
use hillview_shared::classes::AddClass;
use hillview_shared::ids::{StaffId, TeachingId};
use hillview_shared::staff::{AddStaff, DisableStaff};
use hillview_shared::subjects::Paper;
use hillview_shared::teaching::{
    AssignMany, AssignTeaching, Assigned, EndTeaching, ListTeaching, Teaching, TeachingRole,
};

fn told<T>(outcome: Result<T, Error>) -> ApiError {
    match outcome {
        Err(Error::Refused(told)) => told,
        Err(other) => panic!("not refused but failed: {other}"),
        Ok(_) => panic!("not refused"),
    }
}

fn leads(staff: &str, class: &str) -> AssignTeaching {
    AssignTeaching {
        staff: staff.to_owned(),
        class: class.to_owned(),
        subject: None,
        role: TeachingRole::ClassTeacher,
        starts: None,
        ends: None,
        replace: false,
    }
}

fn teaches(staff: &str, class: &str, subject: &str) -> AssignTeaching {
    AssignTeaching {
        subject: Some(subject.to_owned()),
        role: TeachingRole::SubjectTeacher,
        ..leads(staff, class)
    }
}

async fn all(state: &State, caller: &Caller, request: ListTeaching) -> Vec<Teaching> {
    let page = teaching::list(state, caller, request).await.unwrap();
    assert_eq!(page.next, None);
    page.rows
}

async fn ever(state: &State, caller: &Caller) -> Vec<Teaching> {
    let request = ListTeaching {
        all_dates: true,
        ..ListTeaching::default()
    };
    all(state, caller, request).await
}

async fn many(
    state: &State,
    caller: &Caller,
    assignments: &[AssignTeaching],
    preview: bool,
) -> Assigned {
    let request = AssignMany {
        assignments: assignments.to_vec(),
        preview,
    };
    teaching::assign_many(state, caller, request).await.unwrap()
}

fn outcomes(assigned: &Assigned) -> Vec<&'static str> {
    let lines = assigned.lines.iter();
    lines.map(|line| line.outcome.word()).collect()
}

/// The same session at its next call.
async fn again(state: &State, of: &Caller) -> Caller {
    caller::resolve(state, of.key(), &"test".into())
        .await
        .unwrap()
}

#[tokio::test]
async fn a_class_teacher_is_replaced_and_both_know_at_once() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let admin = school.caller("admin").await;
        let old = school.caller("classteacher").await;
        let new = school.caller("teacher").await;
        let refusal = told(teaching::assign(&it.state, &admin, leads("teacher", "4 East")).await);
        assert_eq!(refusal.code, "two-class-teachers");
        assert!(refusal.message.contains("Amina Hassan"), "{refusal}");
        let papers = subjects::list(&it.state, &admin).await.unwrap();
        let of_grade = |paper: &&Paper| paper.grade_id == school.east.grade_id;
        let mut of_grade = papers.iter().filter(of_grade);
        let maths = of_grade.find(|paper| paper.subject_code == "MAT").unwrap();
        // Who leads a class sees every subject's marks; English is all that the other one teaches.
        let leads_east = |caller: &Caller| caller.sees_marks(school.east.id, maths.offering_id);
        assert!(leads_east(&old) && !leads_east(&new));

        let replacing = AssignTeaching {
            replace: true,
            ..leads("T4", "4e ast")
        };
        let unknown = told(teaching::assign(&it.state, &admin, replacing.clone()).await);
        assert_eq!(unknown.code, "unknown-class");
        let replacing = AssignTeaching {
            class: "Grade 4 East".to_owned(),
            ..replacing
        };
        let made = teaching::assign(&it.state, &admin, replacing.clone())
            .await
            .unwrap();
        assert_eq!((made.staff.as_str(), made.ends), ("John Otieno", None));
        let same = teaching::assign(&it.state, &admin, replacing)
            .await
            .unwrap();
        assert_eq!(same, made, "the same again is there already");

        assert!(!again(&it.state, &old).await.sees_class(school.east.id));
        assert!(leads_east(&again(&it.state, &new).await));
        // History stays: the first one is in the list of all days.
        let rows = ever(&it.state, &admin).await;
        let amina = rows.iter().find(|one| one.staff == "Amina Hassan").unwrap();
        assert_eq!(amina.ends, made.starts.checked_sub_days(Days::new(1)));
    })
    .await;
}

#[tokio::test]
async fn an_assignment_ends_at_once_or_on_a_day_and_never_twice() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let admin = school.caller("admin").await;
        let teacher = school.caller("teacher").await;
        let today = admin.today(it.state.clock.now());
        let english = ever(&it.state, &teacher).await[0].clone();
        let end = async |last_day: Option<NaiveDate>| {
            let request = EndTeaching {
                teaching: english.id,
                last_day,
            };
            teaching::end(&it.state, &admin, request).await
        };
        let next_week = today.checked_add_days(Days::new(7));
        let never = NaiveDate::from_ymd_opt(262_142, 12, 31);
        assert_eq!(told(end(never).await).code, "impossible-date");
        assert_eq!(end(next_week).await.unwrap().ends, next_week);
        assert!(again(&it.state, &teacher).await.sees_class(school.east.id));
        assert_eq!(
            told(end(today.checked_add_days(Days::new(8))).await).code,
            "ended"
        );
        let ended = end(None).await.unwrap();
        assert_eq!(ended.ends, today.checked_sub_days(Days::new(1)));
        assert!(!again(&it.state, &teacher).await.sees_class(school.east.id));
        assert_eq!(told(end(next_week).await).code, "ended");
        let far_back = NaiveDate::from_ymd_opt(2001, 1, 1);
        assert_eq!(told(end(far_back).await).code, "ends-before-start");
        let unknown = EndTeaching {
            teaching: TeachingId(4_711),
            last_day: None,
        };
        assert_eq!(
            told(teaching::end(&it.state, &admin, unknown).await).code,
            "not-found"
        );
        // It may be taught again from today.
        let anew = teaching::assign(&it.state, &admin, teaches("teacher", "4 East", "ENG")).await;
        assert_ne!(anew.unwrap().id, english.id);
    })
    .await;
}

#[tokio::test]
async fn of_many_none_is_assigned_when_one_is_refused() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let admin = school.caller("admin").await;
        disabled(&it.state, &admin, "gone").await;
        let before = ever(&it.state, &admin).await;
        let bad = [
            leads("registrar", "4 West"),
            leads("teacher", "4 West"),
            leads("head", "4 East"),
            teaches("teacher", "4 East", "eng"),
            teaches("teacher", "4 West", "Alchemy"),
            teaches("nobody", "4 West", "MAT"),
            teaches("teacher", "9 North", "MAT"),
            teaches("gone", "4 West", "MAT"),
            teaches("teacher", "4 West", "MAT"),
            teaches("teacher", "4W est", "MAT"),
            teaches("teacher", "4 West", "ENG"),
            teaches("T4", "4-west", "English"),
        ];
        let previewed = many(&it.state, &admin, &bad, true).await;
        let expected = [
            "refused", "refused", "refused", "same", "refused", "refused", "refused", "refused",
            "new", "refused", "refused", "refused",
        ];
        assert_eq!(outcomes(&previewed), expected, "{:#?}", previewed.lines);
        assert!(!previewed.applied);
        for (place, word) in [
            (0, "John Otieno"),
            (2, "Amina Hassan"),
            (4, "Alchemy"),
            (5, "nobody"),
            (7, "disabled"),
            (10, "twice"),
        ] {
            let words = &previewed.lines[place].words;
            assert!(words.contains(word), "{place}: {words}");
        }
        assert_eq!(many(&it.state, &admin, &bad, false).await, previewed);
        assert_eq!(ever(&it.state, &admin).await, before, "none was made");
    })
    .await;
}

#[tokio::test]
async fn what_a_preview_of_many_lists_is_what_happens() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let admin = school.caller("admin").await;
        let before = ever(&it.state, &admin).await;
        let good = [
            leads("registrar", "4 West"),
            AssignTeaching {
                replace: true,
                ..leads("teacher", "4 East")
            },
            teaches("teacher", "4 West", "MAT"),
            teaches("classteacher", "4 West", "ENG"),
        ];
        let previewed = many(&it.state, &admin, &good, true).await;
        assert_eq!(outcomes(&previewed), ["new", "replaces", "new", "new"]);
        assert_eq!(
            ever(&it.state, &admin).await,
            before,
            "a preview writes nothing"
        );
        let applied = many(&it.state, &admin, &good, false).await;
        assert!(applied.applied);
        assert_eq!(
            applied.lines, previewed.lines,
            "what was listed is what happened"
        );
        let twice = many(&it.state, &admin, &good, false).await;
        assert_eq!(outcomes(&twice), ["same"; 4]);
        assert_eq!(ever(&it.state, &admin).await.len(), before.len() + 4);
    })
    .await;
}

async fn disabled(state: &State, admin: &Caller, username: &str) {
    let request = AddStaff {
        staff_no: format!("N-{username}"),
        name: "Gone Away".to_owned(),
        username: username.to_owned(),
        roles: vec![Role::Teacher.into()],
    };
    staff::add(state, admin, request).await.unwrap();
    let request = DisableStaff {
        staff: username.to_owned(),
        undo: false,
        reason: "left the school".to_owned(),
    };
    staff::disable(state, admin, request).await.unwrap();
}

#[tokio::test]
async fn five_hundred_at_once_take_few_statements() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let admin = school.caller("admin").await;
        let mut streams = vec!["4 East".to_owned(), "4 West".to_owned()];
        for letter in 'A'..='J' {
            let request = AddClass {
                grade: "Grade 5".to_owned(),
                stream: letter.to_string(),
            };
            streams.push(classes::add(&it.state, &admin, request).await.unwrap().name);
        }
        let start = admin.today(it.state.clock.now());
        let subjects = ["ENG", "MAT", "KIS"];
        let list = |subjects: &[&str], days: u64| -> Vec<AssignTeaching> {
            let mut list = Vec::new();
            for day in 0..days {
                for class in &streams {
                    for subject in subjects {
                        list.push(AssignTeaching {
                            starts: start.checked_add_days(Days::new(day)),
                            ends: start.checked_add_days(Days::new(day)),
                            ..teaches("registrar", class, subject)
                        });
                    }
                }
            }
            list.truncate(500);
            list
        };
        let few = list(&subjects[..1], 1);
        let lots = list(&subjects[1..], 30);
        assert_eq!((few.len(), lots.len()), (12, 500));
        let mut counts = Vec::new();
        for assignments in [few, lots] {
            let request = AssignMany {
                assignments,
                preview: false,
            };
            let assign = teaching::assign_many(&it.state, &admin, request);
            let (assigned, statements) = Box::pin(counted(assign)).await;
            let assigned = assigned.unwrap();
            assert!(assigned.applied, "{:?}", assigned.lines);
            counts.push(statements);
        }
        assert!(counts[1] <= counts[0] + 8, "{counts:?}");
        let request = AssignMany {
            assignments: vec![leads("teacher", "4 East"); 501],
            preview: true,
        };
        let refusal = told(teaching::assign_many(&it.state, &admin, request).await);
        assert_eq!(refusal.code, "bad-limit");
    })
    .await;
}

#[tokio::test]
async fn teachers_list_their_own_and_others_are_unknown_to_them() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let admin = school.caller("admin").await;
        let teacher = school.caller("teacher").await;
        assert_eq!(
            all(&it.state, &admin, ListTeaching::default()).await.len(),
            2
        );
        let own = all(&it.state, &teacher, ListTeaching::default()).await;
        let staff: Vec<StaffId> = own.iter().map(|one| one.staff_id).collect();
        assert_eq!(staff, [teacher.staff().unwrap()]);
        let of = |staff: &str| ListTeaching {
            staff: Some(staff.to_owned()),
            ..ListTeaching::default()
        };
        assert_eq!(all(&it.state, &teacher, of("TEACHER")).await, own);
        assert_eq!(all(&it.state, &admin, of("t4")).await, own);
        let other = told(teaching::list(&it.state, &teacher, of("classteacher")).await);
        let nobody = told(teaching::list(&it.state, &teacher, of("nobody")).await);
        assert_eq!(
            other.message.replace("classteacher", "nobody"),
            nobody.message
        );
        assert_eq!((other.code, other.hint), (nobody.code, nobody.hint));
        let class = ListTeaching {
            class: Some("4 West".to_owned()),
            ..ListTeaching::default()
        };
        assert!(all(&it.state, &admin, class).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn long_lists_come_page_by_page_in_one_order() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let admin = school.caller("admin").await;
        for subject in ["MAT", "KIS", "ENG"] {
            for class in ["4 West", "4 East"] {
                for who in ["head", "registrar"] {
                    let request = teaches(who, class, subject);
                    teaching::assign(&it.state, &admin, request).await.unwrap();
                }
            }
        }
        let whole = all(&it.state, &admin, ListTeaching::default()).await;
        assert_eq!(whole.len(), 14);
        let order = |one: &Teaching| (one.class.clone(), one.role.word(), one.subject.clone());
        assert!(whole.is_sorted_by_key(order));
        let (mut paged, mut after) = (Vec::new(), None);
        loop {
            let request = ListTeaching {
                after,
                limit: 3,
                ..ListTeaching::default()
            };
            let page = teaching::list(&it.state, &admin, request).await.unwrap();
            paged.extend(page.rows);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(paged, whole);
        for after in ["x", "1\u{1}4 East", "1\u{1}a\u{1}b\u{1}c\u{1}7\u{1}8"] {
            let request = ListTeaching {
                after: Some(after.to_owned()),
                ..ListTeaching::default()
            };
            let refusal = told(teaching::list(&it.state, &admin, request).await);
            assert_eq!(refusal.code, "bad-page", "{after:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn an_assignment_names_what_there_is_and_days_that_are() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let admin = school.caller("admin").await;
        let on = |starts: &str, ends: &str| AssignTeaching {
            starts: starts.parse().ok(),
            ends: ends.parse().ok(),
            ..teaches("teacher", "4 West", "MAT")
        };
        let with_subject = AssignTeaching {
            subject: Some("MAT".to_owned()),
            ..leads("teacher", "4 West")
        };
        for (request, code) in [
            (teaches("teacher", "4 West", ""), "no-subject"),
            (with_subject, "subject-not-allowed"),
            (teaches(&"x".repeat(300), "4 West", "MAT"), "too-long"),
            (teaches("teacher", &"x".repeat(300), "MAT"), "too-long"),
            (teaches("teacher", "4 West", &"x".repeat(300)), "too-long"),
            (on("2026-05-04", "2026-05-03"), "ends-before-start"),
            (on("1826-05-04", ""), "impossible-date"),
            (on("", "9999-05-04"), "impossible-date"),
        ] {
            let refusal = told(teaching::assign(&it.state, &admin, request).await);
            assert_eq!(refusal.code, code, "{refusal}");
        }
    })
    .await;
}
