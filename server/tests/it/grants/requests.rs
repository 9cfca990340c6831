//! Permissions asked for, and the decision.

use hillview_server::caller::Caller;
use hillview_server::service::{grants, requests};
use hillview_server::testing::on_each_engine;
use hillview_shared::accounts::Permission;
use hillview_shared::grants::{
    DecideRequest, ListGrants, ListRequests, RequestAccess, RequestState, ScopeKind,
};

use super::ground::{again, code, scope};

pub fn ask(permission: Permission) -> RequestAccess {
    RequestAccess {
        permission,
        scope: scope(ScopeKind::Class, "Grade 4 west", ""),
        days: Some(3),
        reason: "Mr Otieno is ill".into(),
    }
}

pub fn decide(
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
    })
    .await;
}

#[tokio::test]
async fn requests_are_listed_to_whom_they_concern_and_withdrawn_by_who_asked() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let (state, head) = (&it.state, school.caller("head").await);
        let teacher = school.caller("teacher").await;
        let other = school.caller("classteacher").await;
        let asked = requests::make(state, &teacher, ask(Permission::MarksEnter))
            .await
            .unwrap();
        requests::decide(state, &head, decide(&asked, RequestState::Approved))
            .await
            .unwrap();
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
