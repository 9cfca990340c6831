//! What nobody can give.

use hillview_server::service::{grants, requests, roles};
use hillview_server::testing::on_each_engine;
use hillview_shared::accounts::{Permission, RoleCode};
use hillview_shared::grants::{ExtendGrant, GiveGrant, ListGrants, RequestState, Scope, ScopeKind};
use hillview_shared::ids::{Moment, Version};
use hillview_shared::roles::SaveRole;

use super::ground::{again, code, give, scope};
use super::requests::{ask, decide};

/// Whom, what, where, for how many days, and why not.
type Refused = (&'static str, Permission, Scope, Option<u16>, &'static str);

/// Scopes that do not fit the permission, or are no part of the school, for a teacher.
fn bad_scopes() -> Vec<Refused> {
    use Permission::{MarksRead, StaffRead, StudentsRead};
    use ScopeKind::{Class, Grade, Level, School, Subject};
    [
        (StaffRead, scope(Class, "4 East", ""), "bad-scope"),
        (StudentsRead, scope(Subject, "4 East", "ENG"), "bad-scope"),
        (MarksRead, scope(School, "4 East", ""), "bad-scope"),
        (MarksRead, scope(Class, "", ""), "bad-scope"),
        (MarksRead, scope(Class, "4 East", "ENG"), "bad-scope"),
        (MarksRead, scope(Subject, "4 East", ""), "bad-scope"),
        (MarksRead, scope(Class, "9 Blue", ""), "unknown-class"),
        (MarksRead, scope(Grade, "Form 9", ""), "unknown-grade"),
        (MarksRead, scope(Level, "college", ""), "unknown-level"),
        (
            MarksRead,
            scope(Subject, "4 East", "Alchemy"),
            "unknown-subject",
        ),
    ]
    .map(|(permission, scope, refusal)| ("teacher", permission, scope, None, refusal))
    .into()
}

#[tokio::test]
async fn what_cannot_be_given_is_refused() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let (state, head) = (&it.state, school.caller("head").await);
        use Permission::{MarksRead, SchoolsManage};
        let whole = || Scope::SCHOOL;
        let mut all = vec![
            ("nobody", MarksRead, whole(), None, "unknown-login"),
            ("head", MarksRead, whole(), None, "denied"),
            ("teacher", MarksRead, whole(), Some(2), "bad-days"),
            ("teacher", SchoolsManage, whole(), None, "not-of-a-school"),
        ];
        all.extend(bad_scopes());
        for (to, permission, scope, days, refusal) in all {
            let request = give(to, permission, scope.clone(), days);
            let outcome = grants::give(state, &head, request).await;
            assert_eq!(code(outcome), refusal, "{to} {permission} {scope}");
        }
        let listed = grants::list(state, &head, ListGrants::default()).await;
        assert!(listed.unwrap().rows.is_empty(), "nothing was given");
    })
    .await;
}

#[tokio::test]
async fn no_grant_without_a_reason_or_at_an_odd_time_or_to_whom_is_disabled() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let (state, head) = (&it.state, school.caller("head").await);
        let good = || give("teacher", Permission::MarksRead, Scope::SCHOOL, Some(1));
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
