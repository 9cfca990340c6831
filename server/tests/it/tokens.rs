//! Tokens of scripts: made, used, revoked, over.

use std::time::Duration;

use hillview_server::caller::{self, Caller, SessionKey};
use hillview_server::service::State;
use hillview_server::service::accounts::{self, tokens};
use hillview_server::testing::{PASSWORD, on_each_engine, peer};
use hillview_server::{Error, Result};
use hillview_shared::accounts::{ChangePassword, LogIn, Permission, Role};
use hillview_shared::api::Resume;
use hillview_shared::grants::{Scope, ScopeKind};
use hillview_shared::ids::Token;
use hillview_shared::sessions::{AddToken, RevokeToken};
use hillview_shared::{ApiError, Kind};

fn told<T>(outcome: Result<T>) -> ApiError {
    match outcome {
        Err(Error::Refused(told)) => told,
        Err(other) => panic!("not refused but failed: {other}"),
        Ok(_) => panic!("not refused"),
    }
}

fn wanted(name: &str, permissions: &[Permission], scope: Scope) -> AddToken {
    AddToken {
        name: name.to_owned(),
        permissions: permissions.to_vec(),
        scope,
        days: 30,
        reason: "lists for the library".to_owned(),
    }
}

/// Shows a secret as a script does.
async fn resume(state: &State, secret: &str) -> Option<SessionKey> {
    let (school, hex) = secret
        .strip_prefix("hillview_")
        .and_then(|rest| rest.rsplit_once('_'))
        .unwrap();
    let resume = Resume {
        school: school.to_owned(),
        token: Token(hex::decode(hex).unwrap().try_into().unwrap()),
    };
    let resumed = accounts::resume(state, &peer(), &resume).await.unwrap();
    resumed.map(|(_, key)| key)
}

async fn script(state: &State, secret: &str) -> Caller {
    let key = resume(state, secret).await.expect("the token is good");
    caller::resolve(state, &key, &peer()).await.unwrap()
}

#[tokio::test]
async fn a_token_may_what_it_was_given_and_nothing_else() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let head = school.caller("head").await;
        let scope = Scope {
            kind: ScopeKind::Class,
            name: Some("4 east".to_owned()),
            subject: None,
        };
        let request = wanted("Library", &[Permission::StudentsRead], scope);
        let added = tokens::add(&it.state, &head, request).await.unwrap();
        assert_eq!(added.token.name, "library");
        assert_eq!(added.token.scope.to_string(), "4 East");
        assert_eq!(added.token.made_by, "head");

        let script = script(&it.state, &added.secret).await;
        let session = script.session();
        assert_eq!(session.username, "library");
        assert_eq!(session.roles, [Role::Service]);
        assert!(script.sees_class(school.east.id) && !script.sees_class(school.west.id));
        assert!(!script.may(Permission::StudentsRead));
        assert!(!script.may_in(Permission::MarksRead, school.east.id));

        let listed = tokens::list(&it.state, &head).await.unwrap();
        assert_eq!(listed.len(), 1);
        assert_eq!(listed[0].permissions, [Permission::StudentsRead]);
        let stored: Vec<u8> = head
            .db()
            .query("select token_hash from session where kind = 'token'")
            .scalar()
            .await
            .unwrap();
        assert!(!added.secret.contains(&hex::encode(stored)));
    })
    .await;
}

#[tokio::test]
async fn a_script_has_no_password() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let head = school.caller("head").await;
        let request = wanted("library", &[Permission::StudentsRead], Scope::SCHOOL);
        let added = tokens::add(&it.state, &head, request).await.unwrap();
        for password in ["", "x", PASSWORD] {
            let login = LogIn {
                school: "kilimani".to_owned(),
                user: "library".to_owned(),
                password: password.to_owned(),
                code: None,
                device: None,
            };
            let refused = told(accounts::log_in(&it.state, &peer(), login).await);
            assert_eq!(refused.code, "wrong-password");
        }
        let script = script(&it.state, &added.secret).await;
        let request = ChangePassword {
            old: String::new(),
            new: "a new long one".to_owned(),
        };
        let changed = accounts::change_password(&it.state, &peer(), &script, request).await;
        assert_eq!(told(changed).code, "wrong-password");
    })
    .await;
}

#[tokio::test]
async fn nobody_gives_a_token_more_than_they_have() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let admin = school.caller("admin").await;
        let add = async |permissions: &[Permission]| {
            let request = wanted("marks", permissions, Scope::SCHOOL);
            tokens::add(&it.state, &admin, request).await
        };
        let both = [Permission::StudentsRead, Permission::MarksEnter];
        assert_eq!(told(add(&both).await).kind, Kind::Denied);
        assert_eq!(told(add(&[]).await).code, "no-permissions");
        assert!(add(&both[..1]).await.is_ok());
        for (name, days, reason, code) in [
            ("a b", 30, "why", "bad-username"),
            ("teacher", 30, "why", "username-taken"),
            ("marks", 30, "why", "username-taken"),
            ("other", 0, "why", "bad-days"),
            ("other", 366, "why", "bad-days"),
            ("other", 30, " ", "empty"),
        ] {
            let request = AddToken {
                days,
                reason: reason.to_owned(),
                ..wanted(name, &both[..1], Scope::SCHOOL)
            };
            let refused = told(tokens::add(&it.state, &admin, request).await);
            assert_eq!(refused.code, code, "{name} {days} {reason:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_revoked_token_is_dead_at_once_and_its_name_is_free() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let head = school.caller("head").await;
        let request = || wanted("library", &[Permission::StudentsRead], Scope::SCHOOL);
        let first = tokens::add(&it.state, &head, request()).await.unwrap();
        let working = script(&it.state, &first.secret).await;
        let which = RevokeToken {
            token: first.token.id,
        };
        tokens::revoke(&it.state, &head, which).await.unwrap();
        let dead = caller::resolve(&it.state, working.key(), &peer()).await;
        assert_eq!(told(dead).kind, Kind::SessionEnded);
        assert!(resume(&it.state, &first.secret).await.is_none());
        assert_eq!(tokens::list(&it.state, &head).await.unwrap(), []);
        assert_eq!(
            told(tokens::revoke(&it.state, &head, which).await).kind,
            Kind::NotFound
        );

        let audit = wanted("library", &[Permission::AuditRead], Scope::SCHOOL);
        let second = tokens::add(&it.state, &head, audit).await.unwrap();
        assert_eq!(second.token.permissions, [Permission::AuditRead]);
        let again = script(&it.state, &second.secret).await;
        assert_eq!(again.user(), working.user());
        assert!(
            again.may(Permission::AuditRead) && !again.may(Permission::StudentsRead),
            "what the first one might is over"
        );
        assert!(resume(&it.state, &first.secret).await.is_none());
    })
    .await;
}

async fn run(caller: &Caller, sql: &'static str) {
    let write = caller.db().write(async |tx| {
        tx.query(sql).execute().await?;
        Ok(())
    });
    write.await.unwrap();
}

/// Staff that were imported have no password before they are given one.
#[tokio::test]
async fn no_token_is_made_for_the_login_of_somebody_without_a_password() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let head = school.caller("head").await;
        let take = async |name: &str| {
            let request = wanted(name, &[Permission::StudentsRead], Scope::SCHOOL);
            tokens::add(&it.state, &head, request).await
        };
        run(&head, "update user set password = ''").await;
        for name in ["teacher", "admin", "head"] {
            assert_eq!(told(take(name).await).code, "username-taken", "{name}");
        }
        // Not even where the role is that of scripts, or the login of nobody on the staff.
        run(
            &head,
            "update user_role set role_id = (select id from role where code = 'service') \
             where user_id = (select id from user where username = 'teacher')",
        )
        .await;
        assert_eq!(told(take("teacher").await).code, "username-taken");
        assert_eq!(tokens::list(&it.state, &head).await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn a_name_that_is_free_again_brings_no_right_of_its_last_token() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let head = school.caller("head").await;
        let request = wanted("library", &[Permission::StudentsRead], Scope::SCHOOL);
        tokens::add(&it.state, &head, request).await.unwrap();
        // A right that lasts longer than the token.
        run(&head, "update access_grant set ends_at = null").await;
        it.state.clock.advance(Duration::from_secs(31 * 86_400));
        let head = school.caller("head").await;
        let request = wanted("library", &[Permission::AuditRead], Scope::SCHOOL);
        let added = tokens::add(&it.state, &head, request).await.unwrap();
        let script = script(&it.state, &added.secret).await;
        assert!(script.may(Permission::AuditRead));
        assert!(!script.may(Permission::StudentsRead));
    })
    .await;
}

#[tokio::test]
async fn a_token_lives_unused_until_its_day() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let head = school.caller("head").await;
        let request = wanted("library", &[Permission::StudentsRead], Scope::SCHOOL);
        let added = tokens::add(&it.state, &head, request).await.unwrap();
        let day = Duration::from_secs(24 * 3600);
        it.state.clock.advance(day * 29);
        assert!(resume(&it.state, &added.secret).await.is_some());
        it.state.clock.advance(day);
        assert!(resume(&it.state, &added.secret).await.is_none());
    })
    .await;
}
