//! Names that are as long as a call: refused wherever something is looked up by them.

use hillview_server::service::{assessments, classes, students, subjects, teaching};
use hillview_server::testing::{School, on_each_engine};
use hillview_server::{Error, Result};
use hillview_shared::assessments::{AddAssessment, OpenSheet, WhichAssessment, WhichSheet};
use hillview_shared::classes::AddClass;
use hillview_shared::students::{ListStudents, WhichStudent};
use hillview_shared::subjects::AddSubject;
use hillview_shared::teaching::{AssignTeaching, TeachingRole};

fn code<T>(outcome: Result<T>) -> String {
    match outcome {
        Err(Error::Refused(told)) => {
            assert!(told.message.len() < 1_000, "it quotes all of it");
            told.code
        }
        Err(other) => panic!("not refused but failed: {other}"),
        Ok(_) => panic!("not refused"),
    }
}

fn named([class, paper, assessment]: [&str; 3]) -> OpenSheet {
    OpenSheet {
        sheet: WhichSheet::Named {
            class: class.to_owned(),
            paper: paper.to_owned(),
            assessment: assessment.to_owned(),
        },
        newer_than: None,
    }
}

fn assign([staff, class, subject]: [&str; 3]) -> AssignTeaching {
    AssignTeaching {
        staff: staff.to_owned(),
        class: class.to_owned(),
        subject: Some(subject.to_owned()),
        role: TeachingRole::SubjectTeacher,
        starts: None,
        ends: None,
        replace: false,
    }
}

fn assessment(term: &str, grades: Vec<String>) -> AddAssessment {
    AddAssessment {
        code: "END".to_owned(),
        name: "End-Term".to_owned(),
        term: term.to_owned(),
        out_of: None,
        opens: None,
        closes: None,
        direct_levels: false,
        grades,
    }
}

fn subject(aliases: Vec<String>, grades: Vec<String>) -> AddSubject {
    AddSubject {
        code: "KLN".to_owned(),
        name: "Kiln Work".to_owned(),
        aliases,
        grades,
        papers: Vec::new(),
    }
}

#[tokio::test]
async fn a_sheet_is_not_looked_for_by_a_name_as_long_as_a_call() {
    on_each_engine(async |it| {
        let school: School = it.school("kilimani").await;
        let (state, admin) = (&it.state, school.caller("admin").await);
        assessments::add(state, &admin, assessment("", Vec::new()))
            .await
            .unwrap();
        let which = WhichAssessment {
            code: "END".to_owned(),
        };
        assessments::open(state, &admin, which).await.unwrap();
        let teacher = school.caller("teacher").await;
        let long = "4 ".repeat(125_000);
        for names in [
            [&*long, "ENG", "END"],
            ["4 East", &long, "END"],
            ["4 East", "ENG", &long],
        ] {
            let opened = assessments::open_sheet(state, &teacher, named(names)).await;
            assert_eq!(code(opened), "too-long");
        }
        let opened =
            assessments::open_sheet(state, &teacher, named(["4 East", "ENG", "END"])).await;
        assert!(opened.is_ok());
    })
    .await;
}

#[tokio::test]
async fn nothing_else_is_looked_for_by_a_name_as_long_as_a_call() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let (state, admin) = (&it.state, school.caller("admin").await);
        let long = "4 ".repeat(125_000);
        for names in [
            [&*long, "4 East", "ENG"],
            ["teacher", &long, "ENG"],
            ["teacher", "4 East", &long],
        ] {
            assert_eq!(
                code(teaching::assign(state, &admin, assign(names)).await),
                "too-long"
            );
        }
        let class = AddClass {
            grade: long.clone(),
            stream: "North".to_owned(),
        };
        assert_eq!(code(classes::add(state, &admin, class).await), "too-long");
        for (term, grades, refused) in [
            (&*long, Vec::new(), "too-long"),
            ("", vec![long.clone()], "too-long"),
            ("", vec!["4".to_owned(); 10_000], "too-many-grades"),
        ] {
            let added = assessments::add(state, &admin, assessment(term, grades)).await;
            assert_eq!(code(added), refused);
        }
        let four = || vec!["4".to_owned()];
        for (aliases, grades, refused) in [
            (Vec::new(), vec![long.clone()], "too-long"),
            (Vec::new(), vec!["4".to_owned(); 10_000], "too-many-grades"),
            (vec!["kiln".to_owned(); 200], four(), "too-long"),
        ] {
            let added = subjects::add(state, &admin, subject(aliases, grades)).await;
            assert_eq!(code(added), refused);
        }
        let shown = students::show(state, &admin, WhichStudent::AdmissionNo(long.clone())).await;
        assert_eq!(code(shown), "too-long");
        let request = ListStudents {
            after: Some(format!("{long}\u{1}1")),
            ..ListStudents::default()
        };
        assert_eq!(
            code(students::list(state, &admin, request).await),
            "bad-page"
        );
    })
    .await;
}

#[tokio::test]
async fn entry_opens_and_closes_on_days_of_this_age() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let admin = school.caller("admin").await;
        for day in ["+262142-12-31", "1999-12-31"] {
            let day = Some(day.parse().unwrap());
            let usual = assessment("", Vec::new());
            let opens = AddAssessment {
                opens: day,
                ..usual.clone()
            };
            let closes = AddAssessment {
                closes: day,
                ..usual
            };
            for request in [opens, closes] {
                let added = assessments::add(&it.state, &admin, request).await;
                assert_eq!(code(added), "impossible-date");
            }
        }
    })
    .await;
}
