//! Sessions listed and ended, and how long they last, through the real binary.

use hillview_server::testing::on_each_engine;
use serde_json::{Value, json};

use crate::desk::Desk;
use crate::served::Served;

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_listed_and_ended() {
    on_each_engine(async |installation| {
        installation.school("kili").await;
        let server = Served::on(installation).await;
        let (teacher, office) = (Desk::at(&server.unix), Desk::at(&server.unix));
        teacher.log_in("kili", "teacher");
        office.log_in("kili", "admin");
        let list = |desk: &Desk, more: &[&str]| -> Vec<Value> {
            let words = [&["sessions", "list", "--format", "json"], more].concat();
            let ended = desk.quietly(&words, "");
            assert_eq!(ended.code, Some(0), "{}", ended.stderr);
            serde_json::from_str(&ended.stdout).unwrap()
        };
        let own = list(&teacher, &[]);
        let [session] = &own[..] else {
            panic!("one session: {own:?}")
        };
        assert_eq!(session["username"], json!("teacher"));
        assert_eq!(session["current"], json!(true));
        let fields: Vec<&String> = session.as_object().unwrap().keys().collect();
        let known = [
            "id",
            "username",
            "name",
            "client",
            "address",
            "created",
            "last_seen",
            "ends",
            "current",
        ];
        assert!(
            known
                .iter()
                .all(|name| fields.iter().any(|field| field == name))
        );
        assert!(list(&office, &["--all"]).len() >= 2);
        assert_eq!(list(&office, &["--of", "teacher"])[0]["id"], session["id"]);

        let id = session["id"].to_string();
        for (desk, words, code) in [
            (&teacher, vec!["sessions", "list", "--all"], 4),
            (
                &teacher,
                vec!["sessions", "list", "--all", "--of", "admin"],
                2,
            ),
            (&office, vec!["sessions", "list", "--of", "nobody"], 3),
            (&office, vec!["sessions", "end", "x", "--yes"], 2),
            (&office, vec!["sessions", "end", "999999", "--yes"], 3),
            (&office, vec!["sessions", "end", &id, "--yes"], 0),
            (&office, vec!["sessions", "end", &id, "--yes"], 3),
        ] {
            let ended = desk.quietly(&words, "");
            assert_eq!(ended.code, Some(code), "{words:?}: {}", ended.stderr);
        }
        let unasked = office.quietly(&["sessions", "end", &id, "--no-input"], "");
        assert_ne!(unasked.code, Some(0), "it is not ended without an answer");
        let after = teacher.quietly(&["classes", "list"], "");
        assert_ne!(after.code, Some(0), "{}", after.stdout);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_policy_is_shown_and_set() {
    on_each_engine(async |installation| {
        installation.school("kili").await;
        let server = Served::on(installation).await;
        let office = Desk::at(&server.unix);
        office.log_in("kili", "head");
        let policy = |more: &[&str]| {
            let words = [&["sessions", "policy"], more, &["--format", "json"]].concat();
            let ended = office.quietly(&words, "");
            let said = serde_json::from_str::<Value>(&ended.stdout).unwrap_or_default();
            (ended.code, said)
        };
        let usual = json!({"idle_minutes": 720, "days": 30});
        assert_eq!(policy(&["show"]), (Some(0), usual));
        let unasked = policy(&["set", "--idle-minutes", "60"]);
        assert_eq!(unasked.0, Some(2), "a shorter time is asked about");
        let set = json!({"idle_minutes": 60, "days": 30});
        assert_eq!(
            policy(&["set", "--idle-minutes", "60", "--yes"]),
            (Some(0), set.clone())
        );
        assert_eq!(policy(&["set"]).0, Some(2), "nothing to set");
        assert_ne!(policy(&["set", "--days", "91"]).0, Some(0));
        assert_eq!(policy(&["show"]), (Some(0), set));
    })
    .await;
}
