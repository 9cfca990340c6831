//! Adding students: their numbers, and the classes that they may come into. Finding them.

use std::collections::HashSet;

use hillview_server::caller::Caller;
use hillview_server::db::{Tx, classes as rows};
use hillview_server::service::{State, classes, students};
use hillview_server::testing::on_each_engine;
use hillview_server::{Error, Result};
use hillview_shared::classes::ListClasses;
use hillview_shared::ids::{ClassId, YearId};
use hillview_shared::students::{AddStudent, ListStudents, MoveStudent, Student};

async fn add(
    state: &State,
    caller: &Caller,
    number: Option<&str>,
    class: ClassId,
) -> Result<Student> {
    let request = AddStudent {
        admission_no: number.map(str::to_owned),
        name: "Kamau Otieno".to_owned(),
        sex: None,
        birth_date: None,
        class,
    };
    students::add(state, caller, request).await
}

fn code<T>(outcome: Result<T>) -> String {
    match outcome {
        Err(Error::Refused(told)) => told.code,
        Err(other) => panic!("not refused but failed: {other}"),
        Ok(_) => panic!("not refused"),
    }
}

#[tokio::test]
async fn students_added_at_the_same_time_without_a_number_all_get_one() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let registrar = school.caller("registrar").await;
        let adding = (0..8).map(|_| add(&it.state, &registrar, None, school.east.id));
        let mut numbers = HashSet::new();
        for added in futures::future::join_all(adding).await {
            numbers.insert(added.unwrap().admission_no);
        }
        let expected: HashSet<String> = (8..=15).map(|n| format!("A{n:03}")).collect();
        assert_eq!(numbers, expected);
    })
    .await;
}

#[tokio::test]
async fn the_number_after_the_largest_is_assigned_or_refused_in_words() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let registrar = school.caller("registrar").await;
        let class = school.east.id;
        let largest = u64::MAX.to_string();
        add(&it.state, &registrar, Some(&largest), class)
            .await
            .unwrap();
        let next = add(&it.state, &registrar, None, class).await.unwrap();
        assert_eq!(next.admission_no, "18446744073709551616");
        let nines = "9".repeat(students::NUMBER_MAX);
        add(&it.state, &registrar, Some(&nines), class)
            .await
            .unwrap();
        let refused = add(&it.state, &registrar, None, class).await;
        assert_eq!(code(refused), "numbers-used-up");
        let given = add(&it.state, &registrar, Some("B7"), class).await.unwrap();
        assert_eq!(given.admission_no, "B7");
    })
    .await;
}

#[tokio::test]
async fn a_number_is_assigned_as_the_school_writes_them() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let registrar = school.caller("registrar").await;
        let class = school.east.id;
        for (given, next) in [
            ("ADM008", "ADM009"),
            ("adm012X", "ADM010"),
            ("Adm100", "Adm101"),
            ("2026/0041", "2026/0042"),
            ("2026/00429/1", "2026/00429/2"),
            ("50%_7", "50%_8"),
            ("0041", "0042"),
            ("ADM5", "ADM102"),
        ] {
            add(&it.state, &registrar, Some(given), class)
                .await
                .unwrap();
            let assigned = add(&it.state, &registrar, None, class).await.unwrap();
            assert_eq!(assigned.admission_no, next, "after {given}");
        }
    })
    .await;
}

/// A class of the same grade in the year before.
async fn last_years(registrar: &Caller) -> ClassId {
    let write = async |tx: &mut Tx| {
        let year = tx
            .query("insert into academic_year (name, starts, ends) values ('1999', ?, ?)")
            .bind("1999-01-04".parse::<chrono::NaiveDate>().unwrap())
            .bind("1999-11-26".parse::<chrono::NaiveDate>().unwrap())
            .insert()
            .await?;
        let grade = tx.query("select min(id) from grade").scalar().await?;
        let names = ("East", "4 East");
        let by = registrar.user();
        let at = hillview_shared::ids::Moment(0);
        Ok(rows::add(tx, YearId(year), grade, names, by, at).await?)
    };
    registrar.db().write(write).await.unwrap()
}

#[tokio::test]
async fn nobody_comes_into_a_class_of_another_year() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let registrar = school.caller("registrar").await;
        let old = last_years(&registrar).await;
        for class in [old, ClassId(1_000_000)] {
            let added = add(&it.state, &registrar, Some("B1"), class).await;
            assert_eq!(code(added), "unknown-class");
            let request = MoveStudent {
                student: school.students[0].id,
                class,
            };
            let moved = students::move_to(&it.state, &registrar, request).await;
            assert_eq!(code(moved), "unknown-class");
        }
        let known = classes::list(&it.state, &registrar, ListClasses::default()).await;
        let known = known.unwrap().rows;
        let east = known
            .iter()
            .find(|class| class.id == school.east.id)
            .unwrap();
        assert_eq!(east.students, 5, "nobody was moved");
        let added = add(&it.state, &registrar, Some("B1"), school.west.id)
            .await
            .unwrap();
        assert_eq!(added.class_id, Some(school.west.id));
    })
    .await;
}

/// Every admission number that a search finds, over pages of two.
async fn found(state: &State, caller: &Caller, search: &str) -> Vec<String> {
    let mut request = ListStudents {
        search: Some(search.to_owned()),
        limit: 2,
        ..ListStudents::default()
    };
    let mut numbers = Vec::new();
    loop {
        let page = students::list(state, caller, request.clone())
            .await
            .unwrap();
        assert!(page.rows.len() <= 2);
        numbers.extend(page.rows.into_iter().map(|student| student.admission_no));
        match page.next {
            Some(next) => request.after = Some(next),
            None => return numbers,
        }
    }
}

#[tokio::test]
async fn a_text_with_a_digit_is_a_number_and_the_nearest_comes_first() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let registrar = school.caller("registrar").await;
        for (number, name, class) in [
            ("17", "Zawadi 2 Otieno", school.east.id),
            ("170/5", "Amina Ali", school.east.id),
            ("17B", "Baraka 17 Juma", school.west.id),
            ("171", "Chebet Ruto", school.east.id),
            ("0017", "Deng Garang 17", school.east.id),
            ("x17", "Ekai 17", school.east.id),
        ] {
            let request = AddStudent {
                admission_no: Some(number.to_owned()),
                name: name.to_owned(),
                sex: None,
                birth_date: None,
                class,
            };
            students::add(&it.state, &registrar, request).await.unwrap();
        }
        let teacher = school.caller("teacher").await;
        for (caller, search, numbers) in [
            (&registrar, "17", &["17", "170/5", "171", "17B"][..]),
            (&registrar, " 17b ", &["17B"]),
            (&registrar, "170/", &["170/5"]),
            (&registrar, "X1", &["x17"]),
            (&registrar, "x", &["x17"]),
            // No number begins with it, so it is looked for in the names.
            (&registrar, "garang 17", &["0017"]),
            (&registrar, "2 otieno", &["17"]),
            (&registrar, "1771", &[]),
            // Only those of one's own classes.
            (&teacher, "17", &["17", "170/5", "171"]),
            (&teacher, "17b", &[]),
            (&teacher, "otieno 2", &["17"]),
        ] {
            let found = found(&it.state, caller, search).await;
            assert_eq!(found, numbers, "{search:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_page_that_no_list_has_is_refused() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let registrar = school.caller("registrar").await;
        for after in ["17", "\u{1}", "a\u{1}\u{1}17", "\u{1}x", &"a".repeat(2_000)] {
            let request = ListStudents {
                after: Some(after.to_owned()),
                ..ListStudents::default()
            };
            let listed = students::list(&it.state, &registrar, request).await;
            assert_eq!(code(listed), "bad-page", "{after:?}");
        }
    })
    .await;
}
