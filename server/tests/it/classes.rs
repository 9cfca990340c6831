//! Classes as they are listed: in pages, within reach, and as people name them.

use hillview_server::caller::Caller;
use hillview_server::service::{State, classes};
use hillview_server::testing::on_each_engine;
use hillview_server::{Error, Result};
use hillview_shared::classes::{AddClass, Class, ListClasses};
use hillview_shared::students::Page;

async fn names(state: &State, caller: &Caller, request: ListClasses) -> Vec<String> {
    let page = classes::list(state, caller, request).await.unwrap();
    assert_eq!(page.next, None);
    page.rows.into_iter().map(|class| class.name).collect()
}

fn search(text: &str) -> ListClasses {
    ListClasses {
        search: Some(text.to_owned()),
        ..ListClasses::default()
    }
}

fn meant(text: &str) -> ListClasses {
    ListClasses {
        class: Some(text.to_owned()),
        ..ListClasses::default()
    }
}

async fn add(state: &State, admin: &Caller, grade: &str, stream: &str) {
    let request = AddClass {
        grade: grade.to_owned(),
        stream: stream.to_owned(),
    };
    classes::add(state, admin, request).await.unwrap();
}

#[tokio::test]
async fn classes_come_by_pages_each_once_and_in_order() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let admin = school.caller("admin").await;
        for (grade, stream) in [("Grade 7", ""), ("Grade 5", "B"), ("Grade 5", "A")] {
            add(&it.state, &admin, grade, stream).await;
        }
        let all = names(&it.state, &admin, ListClasses::default()).await;
        assert_eq!(all, ["4 East", "4 West", "5A", "5B", "Grade 7"]);
        for limit in [1, 2, 4, 5] {
            let (mut request, mut found) = (ListClasses::default(), Vec::new());
            request.limit = limit;
            loop {
                let Page { rows, next } = classes::list(&it.state, &admin, request.clone())
                    .await
                    .unwrap();
                assert!(rows.len() <= usize::from(limit));
                found.extend(rows.into_iter().map(|class: Class| class.name));
                if next.is_none() {
                    break;
                }
                request.after = next;
            }
            assert_eq!(found, all, "{limit}");
        }
    })
    .await;
}

#[tokio::test]
async fn classes_are_found_by_grade_by_stream_and_by_name() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let admin = school.caller("admin").await;
        for (grade, stream) in [("Grade 5", "East"), ("Grade 5", "Éden"), ("Grade 7", "")] {
            add(&it.state, &admin, grade, stream).await;
        }
        for (text, found) in [
            ("4", &["4 East", "4 West"][..]),
            ("grade 5", &["5 East", "5 Éden"]),
            ("G5", &["5 East", "5 Éden"]),
            ("EAST", &["4 East", "5 East"]),
            ("ea", &["4 East", "5 East"]),
            ("e 5", &["5 East", "5 Éden"]),
            ("eden", &["5 Éden"]),
            ("grade", &["Grade 7"]),
            ("ast", &[]),
            ("5 West", &[]),
        ] {
            let listed = names(&it.state, &admin, search(text)).await;
            assert_eq!(listed, found, "{text:?}");
        }
        for (text, found) in [
            ("4 east", &["4 East"][..]),
            ("Grade 4 - East", &["4 East"]),
            ("G4East", &["4 East"]),
            ("7", &["Grade 7"]),
            ("5", &[]),
            ("5 E", &[]),
            ("", &[]),
        ] {
            let listed = names(&it.state, &admin, meant(text)).await;
            assert_eq!(listed, found, "{text:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn nobody_finds_a_class_beyond_their_reach() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let teacher = school.caller("teacher").await;
        let own = ListClasses {
            mine: true,
            ..ListClasses::default()
        };
        for request in [ListClasses::default(), search("4"), meant("4 East")] {
            let listed = names(&it.state, &teacher, request.clone()).await;
            assert_eq!(listed, ["4 East"], "{request:?}");
        }
        for request in [search("West"), meant("4 West")] {
            let listed = names(&it.state, &teacher, request.clone()).await;
            assert!(listed.is_empty(), "{request:?}");
        }
        for (user, found) in [
            ("classteacher", &["4 East"][..]),
            // Who teaches in a class, or sees all of them, is not the class teacher.
            ("teacher", &[]),
            ("admin", &[]),
        ] {
            let caller = school.caller(user).await;
            assert_eq!(
                names(&it.state, &caller, own.clone()).await,
                found,
                "{user}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_a_page_of_classes_is_refused() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let admin = school.caller("admin").await;
        let after = |text: &str| ListClasses {
            after: Some(text.to_owned()),
            ..ListClasses::default()
        };
        let long = "x".repeat(1_000);
        let many = ListClasses {
            limit: 201,
            ..ListClasses::default()
        };
        for (request, code) in [
            (after(""), "bad-page"),
            (after("0"), "bad-page"),
            (after("4 East"), "bad-page"),
            (many, "bad-limit"),
            (search(&long), "too-long"),
            (meant(&long), "too-long"),
            (search("4\u{200b}"), "hidden-character"),
        ] {
            let refused: Result<_> = classes::list(&it.state, &admin, request.clone()).await;
            match refused {
                Err(Error::Refused(told)) => assert_eq!(told.code, code, "{request:?}"),
                other => panic!("{request:?}: {other:?}"),
            }
        }
    })
    .await;
}
