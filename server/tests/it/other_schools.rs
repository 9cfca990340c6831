//! Nothing of another school comes out of any call: each request of this school is made again with
//! each of its numbers and names replaced by one of the other school, and answered as if that were
//! not there.

use hillview_server::db::Db;
use hillview_server::limits::{Limits, Rate};
use hillview_server::service::accounts;
use hillview_server::testing::{
    Engine, Installation, PASSWORD, Served, log_in, on_each_engine, peer,
};
use hillview_shared::accounts::LogIn;
use hillview_shared::api::Resume;
use serde_json::{Value, json};

use crate::line::{Bare, odd_call};
use crate::rights::ground::{self, Ground};
use crate::rights::matrix::camel;
use crate::rights::samples::{Place, SAMPLES};

/// Stands in the names that requests do not say: in a reply, it is a leak.
const MARK: &str = "quagga";

/// Searches and names beside the samples, with a word of the other school and one of none.
const SEARCHES: &[(&str, &str)] = &[
    ("list_students", r#"{"search":"$word","all":true}"#),
    ("show_student", r#"{"admission-no":"$word"}"#),
    ("list_staff", r#"{"search":"$word","disabled":true}"#),
    ("list_teaching", r#"{"staff":"$word","all_dates":true}"#),
    ("list_teaching", r#"{"class":"$word","all_dates":true}"#),
    ("list_grants", r#"{"to":"$word","past":true}"#),
    ("list_sessions", r#"{"all":true,"username":"$word"}"#),
    ("list_audit", r#"{"username":"$word"}"#),
    (
        "open_sheet",
        r#"{"sheet":{"named":{"class":"$word","paper":"ENG","assessment":"MID"}}}"#,
    ),
    (
        "open_sheet",
        r#"{"sheet":{"named":{"class":"4 East","paper":"ENG","assessment":"$word"}}}"#,
    ),
];
const WORDS: [&str; 5] = ["zebra", "ZEBRA1", "4 Zebra", "ZEBRA", "Quagga"];

/// What is counted.
#[derive(Debug, Default)]
struct Counts {
    requests: u32,
    marks: u32,
    different: u32,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_for_another_schools_things_finds_nothing() {
    on_each_engine(async |it| {
        let ground = Ground::lay(it).await;
        let db = ground.other.caller("head").await.db().clone();
        let before = rows(&db).await;
        let much = Rate {
            a_second: 1_000_000,
            burst: 1_000_000,
        };
        let limits = Limits {
            user_rate: much,
            ..it.config.limits
        };
        let server = it.serve_within(limits).await;
        let own = own_place(it, &ground).await;
        let mut counts = Counts::default();
        for login in ["head", "registrar", "classteacher", "teacher"] {
            // What is remembered of the other school lies beside what is asked for.
            let mut theirs = line(&server, "nyota", login).await;
            let mut ours = line(&server, "kilimani", login).await;
            replaced(&mut theirs, &mut ours, &own, &ground, &mut counts).await;
            searched(&mut theirs, &mut ours, &mut counts).await;
        }
        server.stop().await;
        say(it.engine, &counts);
        assert!(counts.requests > 300, "{counts:?}");
        assert_eq!((counts.marks, counts.different), (0, 0), "{counts:?}");
        assert_eq!(rows(&db).await, before, "the other school's rows");
    })
    .await;
}

#[tokio::test]
async fn a_token_of_one_school_opens_no_other() {
    on_each_engine(async |it| {
        for code in ["kilimani", "nyota"] {
            it.school(code).await;
        }
        let request = LogIn {
            school: "nyota".into(),
            user: "head".into(),
            password: PASSWORD.into(),
            code: None,
            device: None,
        };
        let (logged_in, _) = accounts::log_in(&it.state, &peer(), request).await.unwrap();
        for (school, known) in [("nyota", true), ("kilimani", false), ("nowhere", false)] {
            let resume = Resume {
                school: school.into(),
                token: logged_in.token,
            };
            let resumed = accounts::resume(&it.state, &peer(), &resume).await.unwrap();
            assert_eq!(resumed.is_some(), known, "{school}");
        }
    })
    .await;
}

/// The place of this school with everything that a sample may name.
async fn own_place(it: &Installation, ground: &Ground) -> Place {
    let state = &it.state;
    let head = ground.school.caller("head").await;
    let target = ground.school.caller("target").await;
    let mut place = ground.places[0].clone();
    let request = ground::request(state, &target, "4 West", "test")
        .await
        .unwrap();
    place.insert("request", request);
    place.insert("decision", json!("denied"));
    place.insert("grant", ground::grant(state, &head, "target", "test").await);
    place.insert(
        "import",
        ground::import(state, &head, "marks.csv").await.unwrap(),
    );
    place.insert("role", ground::role(state, &head, "spare").await);
    let session = log_in(state, "kilimani", "target").await;
    place.insert("session", json!(session.session().id));
    place.insert("token", json!(session.session().id));
    place
}

/// Each word of each sample becomes the other school's, alone and with all the others.
async fn replaced(
    theirs: &mut Bare,
    ours: &mut Bare,
    own: &Place,
    ground: &Ground,
    counts: &mut Counts,
) {
    let [_, _, far, nothing] = &ground.places;
    for (sample, fresh) in SAMPLES.iter().zip(1..) {
        let words: Vec<&str> = far
            .keys()
            .copied()
            .filter(|word| sample.has(word))
            .collect();
        let words: Vec<&str> = words
            .into_iter()
            .filter(|word| *word != "decision")
            .collect();
        let mut choices: Vec<Vec<&str>> = words.iter().map(|word| vec![*word]).collect();
        if words.len() > 1 {
            choices.push(words);
        }
        for choice in choices {
            let mix = |with: &Place| {
                let mut place = own.clone();
                place.extend(choice.iter().map(|word| (*word, with[word].clone())));
                place
            };
            let method = camel(sample.method);
            // As its owner asks for it, so that whatever remembers has it.
            let _ = theirs
                .call(odd_call(
                    "ListStudents",
                    json!({"request": {"search": MARK}}),
                ))
                .await;
            let asked = sample.body(&mix(far), fresh);
            let for_nothing = sample.body(&mix(nothing), fresh + 10_000);
            compare(ours, &method, (&asked, &for_nothing), counts).await;
        }
    }
}

async fn searched(theirs: &mut Bare, ours: &mut Bare, counts: &mut Counts) {
    for (method, request) in SEARCHES {
        for word in WORDS {
            let body = |word: &str| -> Value {
                let request = request.replace("$word", word);
                json!({ "request": serde_json::from_str::<Value>(&request).unwrap() })
            };
            let asked = body(word);
            let _ = theirs.call(odd_call(&camel(method), &asked)).await;
            compare(ours, &camel(method), (&asked, &body("nothing")), counts).await;
        }
    }
}

/// Makes a call for the other school's thing and one for nothing, which must not differ but for
/// what the requests say.
async fn compare(
    line: &mut Bare,
    method: &str,
    (asked, for_nothing): (&Value, &Value),
    counts: &mut Counts,
) {
    let answer = line
        .call(odd_call(method, asked))
        .await
        .expect("the server answers");
    let nothing = line
        .call(odd_call(method, for_nothing))
        .await
        .expect("the server answers");
    counts.requests += 1;
    let (reply, empty): (Value, Value) = (
        rmp_serde::from_slice(&answer.0).unwrap(),
        rmp_serde::from_slice(&nothing.0).unwrap(),
    );
    let says = |value: &Value| value.to_string().to_lowercase().contains(MARK);
    if says(&reply) && !says(asked) {
        counts.marks += 1;
        tell(&format!("{method} {asked}: {reply}"));
    }
    if plain(&reply, &texts(asked)) != plain(&empty, &texts(for_nothing)) {
        counts.different += 1;
        tell(&format!("{method} {asked}:\n  {reply}\n  {empty}"));
    }
}

/// A reply without its numbers and without what the request said.
fn plain(reply: &Value, said: &[String]) -> Value {
    match reply {
        Value::Number(_) => json!(0),
        Value::String(text) => {
            let text = said
                .iter()
                .fold(text.clone(), |text, said| text.replace(said, "…"));
            // Numbers stand in sentences too.
            json!(text.replace(|c: char| c.is_ascii_digit(), ""))
        }
        Value::Array(items) => items.iter().map(|item| plain(item, said)).collect(),
        Value::Object(fields) => {
            let fields = fields.iter();
            fields
                .map(|(name, value)| (name.clone(), plain(value, said)))
                .collect()
        }
        other => other.clone(),
    }
}

/// Every text of a request, the longest first.
fn texts(request: &Value) -> Vec<String> {
    let mut texts = match request {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(fields) => fields.values().flat_map(texts).collect(),
        _ => Vec::new(),
    };
    texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
    texts
}

/// How many rows each table of a school has, and what the students are called.
async fn rows(db: &Db) -> (Vec<i64>, String) {
    let mut counts = Vec::new();
    for table in [
        "select count(*) from student",
        "select count(*) from enrolment where ends is null",
        "select count(*) from class",
        "select count(*) from sheet",
        "select count(*) from mark",
        "select count(*) from mark_change",
        "select count(*) from teaching where ends is null",
        "select count(*) from access_grant where revoked_at is null",
        "select count(*) from access_request where state = 'open'",
        "select count(*) from role",
        "select count(*) from import_job",
        "select count(*) from user where state = 'active'",
    ] {
        counts.push(db.query(table).scalar().await.unwrap());
    }
    let names: Vec<(String,)> = db
        .query("select name from student order by id")
        .all()
        .await
        .unwrap();
    (counts, names.into_iter().map(|(name,)| name).collect())
}

async fn line(server: &Served, school: &str, login: &str) -> Bare {
    let mut line = Bare::greeted(&server.socket).await;
    let refused = line.log_in(school, login).await;
    assert!(refused.is_none(), "{login}: {refused:?}");
    line
}

fn say(engine: Engine, counts: &Counts) {
    eprintln!(
        "{engine:?}: {} requests for another school's things, {} with its words in the reply, {} answered unlike what is not there",
        counts.requests, counts.marks, counts.different
    );
}

fn tell(what: &str) {
    eprintln!("{what}");
}
