//! Grants page by page, and those that end soon.

use std::time::Duration;

use hillview_server::caller::Caller;
use hillview_server::service::{State, grants};
use hillview_server::testing::on_each_engine;
use hillview_shared::accounts::Permission;
use hillview_shared::grants::{ExtendGrant, Grant, GrantState, ListGrants, Scope};
use hillview_shared::ids::GrantId;

use super::ground::{code, give};

const HOUR: Duration = Duration::from_secs(3600);

/// Four grants of different lengths, as they are listed: the last given comes first.
async fn four(state: &State, head: &Caller) -> Vec<GrantId> {
    let mut ids = Vec::new();
    for (to, days) in [
        ("teacher", Some(1)),
        ("teacher", Some(14)),
        ("classteacher", None),
        ("T4", Some(7)),
    ] {
        let request = give(to, Permission::MarksRead, Scope::SCHOOL, days);
        ids.push(grants::give(state, head, request).await.unwrap().id);
    }
    ids.reverse();
    ids
}

async fn list(state: &State, caller: &Caller, request: ListGrants) -> (Vec<Grant>, Option<String>) {
    let page = grants::list(state, caller, request).await.unwrap();
    (page.rows, page.next)
}

fn to_teacher() -> ListGrants {
    ListGrants {
        to: Some("teacher".into()),
        ..ListGrants::default()
    }
}

fn soon() -> ListGrants {
    ListGrants {
        ending_soon: true,
        ..ListGrants::default()
    }
}

#[tokio::test]
async fn grants_are_listed_a_page_at_a_time_to_whom_they_concern() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let (state, head) = (&it.state, school.caller("head").await);
        let ids = four(state, &head).await;
        let two = |after| ListGrants {
            limit: 2,
            after,
            ..ListGrants::default()
        };
        let (first, next) = list(state, &head, two(None)).await;
        let (second, end) = list(state, &head, two(next)).await;
        let listed: Vec<_> = first.iter().chain(&second).map(|grant| grant.id).collect();
        assert_eq!((listed, end), (ids, None));
        // Whoever does not manage grants sees their own, whatever they ask for.
        let (own, _) = list(state, &school.caller("classteacher").await, to_teacher()).await;
        assert!(own.iter().all(|grant| grant.username == "classteacher") && own.len() == 1);
        assert_eq!(
            list(state, &head, to_teacher()).await.0.len(),
            3,
            "by number too"
        );
        let bad = ListGrants {
            after: Some("x".into()),
            ..ListGrants::default()
        };
        assert_eq!(code(grants::list(state, &head, bad).await), "bad-page");
    })
    .await;
}

#[tokio::test]
async fn a_grant_that_ends_soon_is_listed_as_such_and_may_be_extended() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let (state, head) = (&it.state, school.caller("head").await);
        let ids = four(state, &head).await;
        let (ending, _) = list(state, &head, soon()).await;
        let ending: Vec<_> = ending.iter().map(|grant| grant.id).collect();
        assert_eq!(ending, [ids[0], ids[3]], "in seven days and in one");

        state.clock.advance(25 * HOUR);
        let head = school.caller("head").await;
        assert_eq!(list(state, &head, to_teacher()).await.0.len(), 2);
        assert_eq!(
            list(state, &head, soon()).await.0.len(),
            1,
            "the one of seven days"
        );
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
    })
    .await;
}
