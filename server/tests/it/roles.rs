//! Roles that a school makes its own.

use hillview_server::caller::{self, Caller};
use hillview_server::service::{State, roles};
use hillview_server::testing::{on_each_engine, peer};
use hillview_server::{Error, Result};
use hillview_shared::accounts::{Permission, Role, RoleCode};
use hillview_shared::ids::Version;
use hillview_shared::roles::{DropRole, RoleDetail, SaveRole};

fn code<T>(outcome: Result<T>) -> String {
    match outcome {
        Err(Error::Refused(told)) => told.code,
        Err(other) => panic!("not refused but failed: {other}"),
        Ok(_) => panic!("not refused"),
    }
}

fn save(code: &str, permissions: &[Permission], v: Version) -> SaveRole {
    SaveRole {
        code: RoleCode(code.into()),
        permissions: permissions.to_vec(),
        second_factor: false,
        v,
    }
}

async fn find(state: &State, caller: &Caller, code: &str) -> RoleDetail {
    let all = roles::list(state, caller).await.unwrap();
    let found = all.into_iter().find(|role| role.code.0 == code);
    found.unwrap_or_else(|| panic!("there is no role {code}"))
}

#[tokio::test]
async fn a_role_is_what_its_school_makes_of_it_at_once() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let (state, head) = (&it.state, school.caller("head").await);
        let names: Vec<String> = roles::list(state, &head)
            .await
            .unwrap()
            .into_iter()
            .map(|role| {
                assert!(role.built_in);
                role.code.0
            })
            .collect();
        let mut expected: Vec<&str> = Role::ALL.iter().map(|role| role.word()).collect();
        expected.retain(|role| *role != Role::PlatformAdmin.word());
        expected.sort_unstable();
        assert_eq!(names, expected);

        let exams = save("exams-office", &[Permission::MarksRead], Version(0));
        let made = roles::save(state, &head, exams.clone()).await.unwrap();
        assert_eq!((made.built_in, made.logins, made.v), (false, 0, Version(1)));
        assert_eq!(code(roles::save(state, &head, exams).await), "role-exists");
        let officer = school.hire("officer", "exams-office").await;
        assert!(officer.may(Permission::MarksRead) && !officer.may(Permission::MarksEnter));
        assert_eq!(find(state, &head, "exams-office").await.logins, 1);

        let other = it.another().await;
        let there = caller::resolve(&other, officer.key(), &peer())
            .await
            .unwrap();
        assert!(there.may(Permission::MarksRead));
        let less = save("exams-office", &[Permission::StaffRead], made.v);
        let saved = roles::save(state, &head, less.clone()).await.unwrap();
        assert_eq!(saved.permissions, [Permission::StaffRead]);
        let now = caller::resolve(state, officer.key(), &peer())
            .await
            .unwrap();
        assert!(!now.may(Permission::MarksRead) && now.may(Permission::StaffRead));
        assert_eq!(
            code(roles::save(state, &head, less).await),
            "changed-meanwhile"
        );

        let drop = |code: &str| DropRole {
            code: RoleCode(code.into()),
        };
        assert_eq!(
            code(roles::drop(state, &head, drop("exams-office")).await),
            "role-in-use"
        );
        assert_eq!(
            code(roles::drop(state, &head, drop("teacher")).await),
            "built-in-role"
        );
        assert_eq!(
            code(roles::drop(state, &head, drop("nothing")).await),
            "unknown-role"
        );
        let spare = save("spare", &[], Version(0));
        roles::save(state, &head, spare).await.unwrap();
        roles::drop(state, &head, drop("spare")).await.unwrap();
        other.tenants.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_role_gives_nothing_that_its_maker_lacks() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let (state, head) = (&it.state, school.caller("head").await);
        let keeper = [Permission::RolesManage, Permission::StaffManage];
        roles::save(state, &head, save("keeper", &keeper, Version(0)))
            .await
            .unwrap();
        let keeper = school.hire("keeper", "keeper").await;
        for permission in Permission::ALL {
            let own = find(state, &keeper, "keeper").await;
            let more = [&own.permissions[..], &[*permission]].concat();
            let outcome = roles::save(state, &keeper, save("keeper", &more, own.v)).await;
            match permission {
                Permission::SchoolsManage => assert_eq!(code(outcome), "not-of-a-school"),
                Permission::RolesManage => assert!(outcome.is_ok()),
                it if hillview_server::service::rights::is_guarded(*it) => {
                    assert_eq!(code(outcome), "denied", "{it}");
                }
                it => assert!(outcome.is_ok(), "{it}"),
            }
        }
        for (word, refusal) in [
            ("x", "bad-role"),
            ("Head Teacher", "bad-role"),
            ("platform-admin", "bad-role"),
            ("a\u{1b}[2J", "hidden-character"),
        ] {
            let outcome = roles::save(state, &head, save(word, &[], Version(0))).await;
            assert_eq!(code(outcome), refusal, "{word:?}");
        }
    })
    .await;
}

/// The hole would be: the only head takes the right to change roles from the role of heads.
#[tokio::test]
async fn a_school_cannot_lock_itself_out() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let (state, head) = (&it.state, school.caller("head").await);
        let role = find(state, &head, "head-teacher").await;
        for lost in [
            Permission::RolesManage,
            Permission::StaffManage,
            Permission::MarksApprove,
        ] {
            let kept: Vec<_> = role
                .permissions
                .iter()
                .copied()
                .filter(|it| *it != lost)
                .collect();
            let outcome = roles::save(state, &head, save("head-teacher", &kept, role.v)).await;
            assert_eq!(code(outcome), "last-holder", "{lost}");
        }
        assert_eq!(
            find(state, &head, "head-teacher").await,
            role,
            "nothing was changed"
        );
        // With a deputy who has it all it can be done, but not by both at the same moment.
        let deputy = school.hire("deputy", "deputy-head").await;
        let of_deputies = find(state, &head, "deputy-head").await;
        let kept: Vec<_> = role
            .permissions
            .iter()
            .copied()
            .filter(|it| *it != Permission::RolesManage)
            .collect();
        let (one, two) = futures::future::join(
            roles::save(state, &head, save("head-teacher", &kept, role.v)),
            roles::save(state, &deputy, save("deputy-head", &kept, of_deputies.v)),
        )
        .await;
        let late = if one.is_ok() { two } else { one };
        assert_eq!(code(late), "last-holder");
    })
    .await;
}
