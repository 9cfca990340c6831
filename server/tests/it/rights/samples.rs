//! One request for each call, as JSON. `$word` stands for something of the place that is asked
//! about: see [`super::ground`].

use std::collections::BTreeMap;

use hillview::client::hello;
use hillview_server::testing::PASSWORD;
use serde_json::{Map, Value, json};

/// What stands for the words of a sample.
pub type Place = BTreeMap<&'static str, Value>;

/// A request, and the codes of the refusals that only they get who may make the call.
pub struct Sample {
    pub method: &'static str,
    request: &'static str,
    pub past_the_check: &'static [&'static str],
}

const fn sample(
    method: &'static str,
    request: &'static str,
    past_the_check: &'static [&'static str],
) -> Sample {
    Sample {
        method,
        request,
        past_the_check,
    }
}

pub const SAMPLES: &[Sample] = &[
    sample(
        "hello",
        r#"{"protocol":1,"client":"test 0","dictionaries":"$dictionaries"}"#,
        &[],
    ),
    sample("ping", "", &[]),
    sample(
        "log_in",
        r#"{"school":"kilimani","user":"target","password":"$password"}"#,
        &[],
    ),
    sample("log_out", "", &[]),
    sample("who_am_i", "", &[]),
    sample(
        "change_password",
        r#"{"old":"$password","new":"short"}"#,
        &["weak-password"],
    ),
    sample("begin_second_factor", r#"{"password":"$password"}"#, &[]),
    sample(
        "confirm_second_factor",
        r#"{"code":"000000"}"#,
        &["wrong-code", "not-begun"],
    ),
    sample(
        "drop_second_factor",
        r#"{"password":"$password","code":"000000"}"#,
        &["second-factor-off"],
    ),
    sample("list_sessions", r#"{}"#, &[]),
    sample("end_session", r#"{"session":"$session"}"#, &[]),
    sample("show_session_policy", "", &[]),
    sample(
        "save_session_policy",
        r#"{"idle_minutes":720,"days":30}"#,
        &[],
    ),
    sample("list_tokens", "", &[]),
    sample(
        "add_token",
        r#"{"name":"script-$fresh","permissions":[],"scope":{"kind":"school"},"days":1,"reason":"test"}"#,
        &["no-permissions"],
    ),
    sample("revoke_token", r#"{"token":"$token"}"#, &[]),
    sample("list_roles", "", &[]),
    sample(
        "save_role",
        r#"{"code":"role-$fresh","permissions":[],"v":0}"#,
        &[],
    ),
    sample("drop_role", r#"{"code":"$role"}"#, &[]),
    sample("list_grants", "{}", &[]),
    sample(
        "give_grant",
        r#"{"to":"$staff","permission":"students.read","scope":{"kind":"class","name":"$class_name"},"days":1,"reason":"test"}"#,
        &[],
    ),
    sample("extend_grant", r#"{"grant":"$grant","days":1}"#, &[]),
    sample("revoke_grant", r#"{"grant":"$grant"}"#, &[]),
    sample("list_requests", "{}", &[]),
    sample(
        "request_access",
        r#"{"permission":"marks.enter","scope":{"kind":"class","name":"$class_name"},"days":1,"reason":"test"}"#,
        &[],
    ),
    sample(
        "decide_request",
        r#"{"request":"$request","decision":"$decision","answer":"test"}"#,
        &[],
    ),
    sample("list_audit", "{}", &[]),
    sample("verify_audit", "{}", &[]),
    sample("list_schools", "{}", &[]),
    sample(
        "add_school",
        r#"{"code":"kilimani","name":"K","pack":"ke-cbe","admin":"admin"}"#,
        &["school-exists"],
    ),
    sample(
        "suspend_school",
        r#"{"code":"kilimani","undo":true}"#,
        &["wrong-state"],
    ),
    sample(
        "rename_school",
        r#"{"code":"kilimani","name":"Kilimani Primary"}"#,
        &[],
    ),
    sample("export_school", r#"{"code":"kilimani"}"#, &[]),
    sample(
        "remove_school",
        r#"{"code":"kilimani","confirm":"Another"}"#,
        &["wrong-state", "not-confirmed", "wrong-name"],
    ),
    sample("list_terms", "", &[]),
    sample("list_classes", "{}", &[]),
    sample(
        "add_class",
        r#"{"grade":"Grade 4","stream":"East"}"#,
        &["class-exists"],
    ),
    sample("list_papers", "", &[]),
    sample(
        "add_subject",
        r#"{"code":"ENG","name":"English","grades":["Grade 4"]}"#,
        &["papers-in-use"],
    ),
    sample("list_students", r#"{"class":"$class"}"#, &[]),
    sample("show_student", r#"{"id":"$student"}"#, &[]),
    sample(
        "add_student",
        r#"{"admission_no":"A001","name":"Achieng","class":"$class","sex":null,"birth_date":null}"#,
        &["number-taken"],
    ),
    sample(
        "edit_student",
        r#"{"student":"$student","based_on":99}"#,
        &["changed-meanwhile"],
    ),
    sample(
        "move_student",
        r#"{"student":"$student","class":"$class"}"#,
        &[],
    ),
    sample("list_staff", "{}", &[]),
    sample(
        "add_staff",
        r#"{"staff_no":"T1","name":"Grace","username":"grace-$fresh","roles":["teacher"]}"#,
        &["number-taken"],
    ),
    sample("edit_staff", r#"{"staff":"$staff"}"#, &[]),
    sample("disable_staff", r#"{"staff":"$staff","undo":true}"#, &[]),
    sample("reset_password", r#"{"staff":"$idle"}"#, &[]),
    sample(
        "reset_second_factor",
        r#"{"staff":"$staff"}"#,
        &["second-factor-off"],
    ),
    sample("issue_passwords", r#"{"limit":1}"#, &[]),
    sample("list_teaching", "{}", &[]),
    sample(
        "assign_teaching",
        r#"{"staff":"$staff","class":"$class_name","subject":"ENG","role":"subject-teacher"}"#,
        &[],
    ),
    sample(
        "assign_many",
        r#"{"assignments":[{"staff":"$staff","class":"$class_name","subject":"ENG","role":"subject-teacher"}],"preview":true}"#,
        &[],
    ),
    sample(
        "end_teaching",
        r#"{"teaching":"$teaching","last_day":"2099-12-31"}"#,
        &[],
    ),
    sample("list_assessments", "", &[]),
    sample(
        "add_assessment",
        r#"{"code":"MID","name":"Mid-Term"}"#,
        &["code-taken"],
    ),
    sample("open_assessment", r#"{"code":"$assessment"}"#, &[]),
    sample("lock_assessment", r#"{"code":"$old_assessment"}"#, &[]),
    sample("list_sheets", r#"{"class":"$class"}"#, &[]),
    sample("open_sheet", r#"{"sheet":{"id":"$sheet"}}"#, &[]),
    sample(
        "save_marks",
        r#"{"sheet":"$sheet","operation":"$operation","edits":[{"student":"$student","based_on":0,"entry":"blank"}]}"#,
        &[],
    ),
    sample("show_history", r#"{"sheet":"$sheet"}"#, &[]),
    sample(
        "start_import",
        r#"{"kind":"marks","file_name":"marks.csv","length":4}"#,
        &[],
    ),
    sample(
        "send_chunk",
        r#"{"import":"$import","offset":0,"bytes":"adm\n"}"#,
        &[],
    ),
    sample(
        "run_import",
        r#"{"import":"$import","dry_run":true,"on_duplicate":"skip"}"#,
        &["missing-assessment"],
    ),
    sample("list_problems", r#"{"import":"$import","after":0}"#, &[]),
    sample("refused_rows", r#"{"import":"$import","offset":0}"#, &[]),
    sample("list_imports", "", &[]),
    sample("undo_import", r#"{"import":"$import"}"#, &["not-applied"]),
];

/// The sample of a call.
pub fn of(method: &str) -> &'static Sample {
    let found = SAMPLES.iter().find(|sample| sample.method == method);
    found.unwrap_or_else(|| panic!("{method} has no sample request"))
}

impl Sample {
    /// Whether the request names something that differs from place to place.
    pub fn names_a_thing(&self) -> bool {
        let everywhere = ["$password", "$fresh", "$operation", "$dictionaries"];
        let words = self.request.split('"').filter(|word| word.contains('$'));
        words
            .into_iter()
            .any(|word| !everywhere.iter().any(|it| word.contains(it)))
    }

    /// Whether the request has this word.
    pub fn has(&self, word: &str) -> bool {
        self.request.contains(&format!("\"${word}\""))
    }

    /// The body of the call, with what the words stand for.
    pub fn body(&self, place: &Place, fresh: u64) -> Value {
        if self.request.is_empty() {
            return json!({});
        }
        let request = serde_json::from_str(self.request).expect("a sample is JSON");
        json!({ "request": filled(request, place, fresh) })
    }
}

pub fn filled(value: Value, place: &Place, fresh: u64) -> Value {
    match value {
        Value::String(text) => match text.as_str() {
            "$password" => json!(PASSWORD),
            "$dictionaries" => json!(hello("test", None).dictionaries),
            "$operation" => json!(format!("{fresh:016}").into_bytes()),
            text if text.contains("$fresh") => json!(text.replace("$fresh", &fresh.to_string())),
            text => match text.strip_prefix('$') {
                Some(word) => place
                    .get(word)
                    .cloned()
                    .unwrap_or_else(|| panic!("no ${word}")),
                None => json!(text),
            },
        },
        Value::Array(items) => {
            let items = items.into_iter().map(|item| filled(item, place, fresh));
            Value::Array(items.collect())
        }
        Value::Object(fields) => {
            let fields = fields.into_iter();
            Value::Object(
                fields
                    .map(|(name, value)| (name, filled(value, place, fresh)))
                    .collect::<Map<_, _>>(),
            )
        }
        other => other,
    }
}
