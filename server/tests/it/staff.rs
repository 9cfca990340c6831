//! Staff: who may make whom.

use hillview_server::Error;
use hillview_server::caller;
use hillview_server::caller::Caller;
use hillview_server::service::accounts::{self, Peer};
use hillview_server::service::schools::{self, NewSchool};
use hillview_server::service::{State, staff};
use hillview_server::testing::{on_each_engine, peer};
use hillview_shared::accounts::{ChangePassword, LogIn, Role};
use hillview_shared::staff::AddStaff;

/// `Ok` when the login was made, the refusal's code otherwise.
async fn make(state: &State, caller: &Caller, username: &str, role: Role) -> Result<(), String> {
    let request = AddStaff {
        staff_no: format!("N-{username}"),
        name: "Grace Wambui".to_owned(),
        username: username.to_owned(),
        roles: vec![role.into()],
    };
    match staff::add(state, caller, request).await {
        Ok(_) => Ok(()),
        Err(Error::Refused(told)) => Err(told.code),
        Err(other) => panic!("not refused but failed: {other}"),
    }
}

/// The administrator of a school that has nobody else.
async fn first_admin(state: &State) -> Caller {
    let new = NewSchool {
        code: "kilimani",
        name: "Kilimani Primary",
        pack: "ke-cbe",
        admin: "admin",
    };
    let password = schools::create(state, &new).await.unwrap();
    let peer: Peer = peer();
    let request = LogIn {
        school: "kilimani".to_owned(),
        user: "admin".to_owned(),
        password: password.clone(),
        code: None,
        device: None,
    };
    let (_, key) = accounts::log_in(state, &peer, request).await.unwrap();
    let admin = caller::resolve_unsettled(state, &key, &"test".into())
        .await
        .unwrap();
    let request = ChangePassword {
        old: password,
        new: "correct horse battery".to_owned(),
    };
    let changed = accounts::change_password(state, &peer, &admin, request).await;
    let (_, key) = changed.unwrap();
    caller::resolve(state, &key, &"test".into()).await.unwrap()
}

#[tokio::test]
async fn an_administrator_makes_the_first_head_and_no_other() {
    on_each_engine(async |it| {
        let admin = first_admin(&it.state).await;
        let denied = Err("denied".to_owned());
        // Two at the same moment: one of them is the first.
        let (one, two) = futures::future::join(
            make(&it.state, &admin, "head", Role::HeadTeacher),
            make(&it.state, &admin, "other", Role::HeadTeacher),
        )
        .await;
        assert!(one != two, "{one:?} {two:?}");
        assert!(one == denied || two == denied, "{one:?} {two:?}");
        for role in [Role::HeadTeacher, Role::DeputyHead] {
            assert_eq!(
                make(&it.state, &admin, "third", role).await,
                denied,
                "{role}"
            );
        }
        assert_eq!(
            make(&it.state, &admin, "third", Role::Teacher).await,
            Ok(())
        );
        // A school whose head has left may be given one again.
        let disable = async |tx: &mut hillview_server::db::Tx| {
            let all = "update user set state = 'disabled' where username in ('head', 'other')";
            Ok(tx.query(all).execute().await?)
        };
        admin.db().write(disable).await.unwrap();
        assert_eq!(
            make(&it.state, &admin, "again", Role::HeadTeacher).await,
            Ok(())
        );
    })
    .await;
}

#[tokio::test]
async fn a_head_makes_heads_and_deputies_and_nobody_else_does() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let head = school.caller("head").await;
        for (username, role) in [("second", Role::HeadTeacher), ("deputy", Role::DeputyHead)] {
            assert_eq!(
                make(&it.state, &head, username, role).await,
                Ok(()),
                "{role}"
            );
            for other in ["admin", "registrar"] {
                let other = school.caller(other).await;
                let made = make(&it.state, &other, "third", role).await;
                assert_eq!(made, Err("denied".to_owned()), "{role}");
            }
        }
    })
    .await;
}
