//! What the server's binary writes to its log: a line a call, and nothing about people.

use std::path::Path;

use hillview::client::Client;
use hillview_shared::accounts::{ChangePassword, Role};
use hillview_shared::classes::AddClass;
use hillview_shared::staff::AddStaff;
use hillview_shared::students::{AddStudent, ListStudents};

use crate::line::login;
use crate::process::{Process, binary};

const SECRET: &str = "a rather secret password";

/// Makes a school; its administrator's one-time password.
fn make_school(data: &Path) -> String {
    let made = binary(data)
        .args(["school", "create", "kilimani", "--name", "Kilimani Primary"])
        .args(["--pack", "ke-cbe", "--admin", "admin"])
        .output()
        .unwrap();
    let said = String::from_utf8(made.stdout).unwrap();
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    let looks_so = |word: &&str| word.len() == 19 && word.matches('-').count() == 3;
    said.split_whitespace()
        .find(looks_so)
        .expect("it says a one-time password")
        .to_owned()
}

/// Brings passwords to the server, a wrong one too.
async fn enter(client: &Client, once: &str) {
    let wrong = login("kilimani", "admin", "Wrong but secret as well");
    let request = login("kilimani", "admin", once);
    client
        .ask(async |api, context| api.log_in(context, wrong).await)
        .await
        .unwrap_err();
    client
        .ask(async |api, context| api.log_in(context, request).await)
        .await
        .unwrap();
    let request = ChangePassword {
        old: once.to_owned(),
        new: SECRET.to_owned(),
    };
    client
        .ask(async |api, context| api.change_password(context, request).await)
        .await
        .unwrap();
}

/// Brings names.
async fn add_people(client: &Client) {
    let request = AddClass {
        grade: "4".to_owned(),
        stream: "East".to_owned(),
    };
    let class = client
        .ask(async |api, context| api.add_class(context, request).await)
        .await;
    let class = class.unwrap().id;
    let request = AddStaff {
        staff_no: "T77".to_owned(),
        name: "Immaculate Kerubo Nyakundi".to_owned(),
        username: "registrar".to_owned(),
        roles: vec![Role::Registrar.into()],
    };
    let added = client
        .ask(async |api, context| api.add_staff(context, request).await)
        .await;
    let request = login("kilimani", "registrar", &added.unwrap().one_time_password);
    let old = request.password.clone();
    client
        .ask(async |api, context| api.log_in(context, request).await)
        .await
        .unwrap();
    let request = ChangePassword {
        old,
        new: SECRET.to_owned(),
    };
    client
        .ask(async |api, context| api.change_password(context, request).await)
        .await
        .unwrap();
    let request = AddStudent {
        admission_no: Some("ADM-4711".to_owned()),
        name: "Zipporah Mbithe Kilonzo".to_owned(),
        sex: None,
        birth_date: None,
        class,
    };
    client
        .ask(async |api, context| api.add_student(context, request).await)
        .await
        .unwrap();
    let request = ListStudents {
        search: Some("zipporah".to_owned()),
        ..ListStudents::default()
    };
    let found = client
        .ask(async |api, context| api.list_students(context, request).await)
        .await;
    assert_eq!(found.unwrap().rows.len(), 1);
}

#[tokio::test]
async fn a_call_is_a_line_without_names_or_secrets() {
    let data = tempfile::tempdir().unwrap();
    let once = make_school(data.path());
    let (server, client) = Process::start(data.path()).await;
    enter(&client, &once).await;
    add_people(&client).await;
    drop(client);
    let log = server.end();

    let lower = log.to_lowercase();
    for word in [
        "zipporah",
        "mbithe",
        "kilonzo",
        "immaculate",
        "kerubo",
        "adm-4711",
        "secret",
        &once,
    ] {
        assert!(!lower.contains(word), "{word} is in the log:\n{log}");
    }
    let calls: Vec<serde_json::Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).expect("each line is JSON"))
        .filter(|line: &serde_json::Value| line["message"] == "call")
        .collect();
    let of = |method: &str| calls.iter().find(|call| call["method"] == method).unwrap();
    let add = of("AddStudent");
    assert_eq!(
        (&add["school"], &add["outcome"]),
        (&"kilimani".into(), &"ok".into())
    );
    assert!(add["user"].is_i64() && add["micros"].is_u64() && add["bytes_in"].is_u64());
    assert_eq!(of("LogIn")["outcome"], "wrong-password");
    let cached = log
        .lines()
        .filter(|line| line.contains(r#""message":"cache""#));
    let cached: Vec<serde_json::Value> = cached
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let sessions = cached.iter().find(|line| line["kind"] == "sessions");
    let sessions = sessions.expect("what was remembered is told at the end");
    assert!(sessions["hits"].as_u64() > Some(0) && sessions["misses"].as_u64() > Some(0));
}
