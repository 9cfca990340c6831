//! The list of staff: by name, page by page, searched by words of name and login or by number.

use hillview_server::caller::Caller;
use hillview_server::db::{Db, counted};
use hillview_server::service::{State, staff};
use hillview_server::testing::{Installation, School, on_each_engine};
use hillview_shared::accounts::{Role, RoleCode};
use hillview_shared::staff::{AddStaff, DisableStaff, EditStaff, ListStaff, Staff, StaffState};
use hillview_shared::students::Page;
use hillview_shared::text::fold;

/// Who comes, by name and login: the place in the list is the number.
pub const PEOPLE: [(&str, &str); 9] = [
    ("Ng'ang'a Wanjikũ", "w.nganga"),
    ("nganga Peter", "login.1"),
    ("Zawadi Ann", "login_2"),
    ("achieng Ruth", "ruth-a"),
    ("Achieng Ruth", "achieng2"),
    ("ÁCHIENG  ruth", "0achieng"),
    ("O'Brien-Smith Zoë", "zoe"),
    ("Achieng", "ach"),
    ("—", "tsc.1"),
];

/// What they are searched by.
pub const TEXTS: [&str; 27] = [
    "",
    " ",
    "'",
    "%",
    "nganga",
    "NG'ANG'A",
    "wanjiku ng",
    "wanj w",
    "anga",
    "w.ng",
    "w.nganga",
    "login",
    "login 1",
    "login_",
    "ruth a",
    "Ruth-A",
    "achieng ruth ruth",
    "zoe smith obrien",
    "zoë",
    "tsc",
    "TSC/1",
    "tsc/10",
    "tsc 1",
    "sc/1",
    "nobody%",
    "_",
    "a b c d e f g h i j k l",
];

/// Adds the people; one of them is shut out again.
pub async fn hire(it: &Installation, school: &School) -> Caller {
    let head = school.caller("head").await;
    for (number, (name, username)) in PEOPLE.iter().enumerate() {
        let request = AddStaff {
            staff_no: format!("TSC/{number}"),
            name: (*name).to_owned(),
            username: (*username).to_owned(),
            roles: vec![Role::Teacher.into()],
        };
        staff::add(&it.state, &head, request).await.unwrap();
    }
    let request = DisableStaff {
        staff: "login_2".to_owned(),
        undo: false,
        reason: "a test".to_owned(),
    };
    staff::disable(&it.state, &head, request).await.unwrap();
    head
}

/// A page of staff, for which three statements are enough.
async fn list(state: &State, caller: &Caller, request: ListStaff) -> Page<Staff> {
    let (page, statements) = counted(staff::list(state, caller, request)).await;
    assert!(statements <= 3, "{statements} statements");
    page.unwrap()
}

/// Every page of so many, one after another.
pub async fn paged(
    state: &State,
    caller: &Caller,
    (search, disabled): (&str, bool),
    limit: u16,
) -> Vec<Staff> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let request = ListStaff {
            search: search.to_owned(),
            disabled,
            after,
            limit,
        };
        let page = list(state, caller, request).await;
        all.extend(page.rows);
        after = page.next;
        if after.is_none() {
            return all;
        }
        assert_eq!(all.len() % usize::from(limit), 0, "a page is full");
    }
}

/// Whether somebody is meant, said in Rust.
fn fits(one: &Staff, text: &str) -> bool {
    let login = fold(one.username.as_deref().unwrap_or_default());
    let known = format!("{} {login}", fold(&one.name));
    let begins = |word: &str| known.split(' ').any(|known| known.starts_with(word));
    let number = text.trim().to_lowercase();
    one.staff_no.to_lowercase().starts_with(&number) || fold(text).split_whitespace().all(begins)
}

/// The folded names of everybody are those of their names and logins.
pub async fn holds_folded(db: &Db) {
    let rows: Vec<(String, Option<String>, String, String)> = db
        .query(
            "select staff.name, user.username, staff.sort_name, staff.search_name
            from staff
            left join user on user.staff_id = staff.id",
        )
        .all()
        .await
        .unwrap();
    assert!(rows.len() > 3);
    for (name, username, sort_name, search_name) in rows {
        assert_eq!(sort_name, fold(&name));
        let login = fold(&username.unwrap_or_default());
        assert_eq!(search_name, format!(" {sort_name} {login}"));
    }
}

#[tokio::test]
async fn staff_are_listed_page_by_page_with_what_they_are() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let head = hire(it, &school).await;
        let whole = paged(&it.state, &head, ("", true), 200).await;
        let mut sorted = whole.clone();
        sorted.sort_by_key(|one| (fold(&one.name), one.id));
        assert_eq!(whole, sorted);
        let ties = whole.iter().filter(|one| fold(&one.name) == "achieng ruth");
        assert_eq!(ties.count(), 3);
        for limit in 1..=4 {
            assert_eq!(paged(&it.state, &head, ("", true), limit).await, whole);
        }
        let me = whole
            .iter()
            .find(|one| one.username.as_deref() == Some("head"))
            .unwrap();
        assert_eq!(me.roles, [RoleCode::from(Role::HeadTeacher)]);
        assert!(me.last_seen.is_some() && !me.second_factor);
        for after in ["x", "a\u{1}b"] {
            let request = ListStaff {
                after: Some(after.to_owned()),
                ..ListStaff::default()
            };
            let refused = staff::list(&it.state, &head, request).await;
            let Err(hillview_server::Error::Refused(told)) = refused else {
                panic!("{after:?} was taken");
            };
            assert_eq!(told.code, "bad-page");
        }
    })
    .await;
}

#[tokio::test]
async fn staff_are_found_by_words_of_name_and_login_or_by_number() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let head = hire(it, &school).await;
        let whole = paged(&it.state, &head, ("", true), 200).await;
        for text in TEXTS {
            for disabled in [true, false] {
                let seen = |one: &&Staff| disabled || one.state == StaffState::Active;
                let meant = whole.iter().filter(seen).filter(|one| fits(one, text));
                let meant: Vec<Staff> = meant.cloned().collect();
                for limit in [1, 2, 200] {
                    let found = paged(&it.state, &head, (text, disabled), limit).await;
                    assert_eq!(found, meant, "{text:?}");
                }
            }
        }
        let names = async |text: &str, disabled| -> Vec<String> {
            let found = paged(&it.state, &head, (text, disabled), 200).await;
            found.into_iter().map(|one| one.name).collect()
        };
        for (text, found) in [
            ("NGANGA", &["nganga Peter", "Ng'ang'a Wanjikũ"][..]),
            ("wanj w.ng", &["Ng'ang'a Wanjikũ"]),
            ("tsc/3", &["achieng Ruth"]),
            ("login.1", &["nganga Peter"]),
            ("zawadi", &[]),
            ("nobody%", &[]),
        ] {
            assert_eq!(names(text, false).await, found, "{text:?}");
        }
        assert_eq!(names("zawadi", true).await, ["Zawadi Ann"]);
    })
    .await;
}

#[tokio::test]
async fn another_name_has_another_place_and_is_found() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let head = hire(it, &school).await;
        let request = EditStaff {
            staff: "w.nganga".to_owned(),
            name: Some("Äbdi Yusuf".to_owned()),
            staff_no: None,
            roles: None,
        };
        staff::edit(&it.state, &head, request).await.unwrap();
        holds_folded(head.db()).await;
        let found = async |text| paged(&it.state, &head, (text, true), 200).await;
        assert_eq!(found("abdi w.ng").await.len(), 1);
        assert_eq!(found("wanjiku").await, []);
        let place = found("").await.into_iter().map(|one| one.name);
        let place: Vec<String> = place.filter(|name| *fold(name) < *"achieng").collect();
        assert_eq!(place, ["—", "Äbdi Yusuf"]);
    })
    .await;
}
