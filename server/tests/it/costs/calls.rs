//! One request for each call, made so that it does all of its work, and what may be said of what it
//! costs. `$word` stands for something of the stage: see [`super::stage`].

/// What a call may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// Shows something: at most three statements.
    List,
    /// Saves the marks of a sheet: at most five.
    Save,
    /// Changes something in one transaction, with its checks and its line of the audit log: as many
    /// as that takes, and no more in a larger school.
    Change,
    /// As many as the file has batches of rows, and the register has pages.
    File,
    /// Not measured: it works on a whole school or a whole piece of the log. With the reason.
    Whole(&'static str),
}

/// A call as it is made.
pub struct Priced {
    pub method: &'static str,
    /// Which of several ways to make it; nothing when there is one.
    pub how: &'static str,
    pub actor: &'static str,
    pub request: &'static str,
    pub bound: Bound,
    /// The refusal that it must come to; none when empty.
    pub refused: &'static str,
}

const fn call(
    method: &'static str,
    actor: &'static str,
    bound: Bound,
    request: &'static str,
) -> Priced {
    Priced {
        method,
        how: "",
        actor,
        request,
        bound,
        refused: "",
    }
}

const fn way(
    how: &'static str,
    method: &'static str,
    actor: &'static str,
    request: &'static str,
) -> Priced {
    Priced {
        method,
        how,
        actor,
        request,
        bound: Bound::List,
        refused: "",
    }
}

/// One that the test cannot bring to an end: a code of six digits is a secret's to give.
const fn refused(
    method: &'static str,
    actor: &'static str,
    request: &'static str,
    refused: &'static str,
) -> Priced {
    Priced {
        method,
        how: "",
        actor,
        request,
        bound: Bound::Change,
        refused,
    }
}

use Bound::{Change, File, List, Save, Whole};

pub const CALLS: &[Priced] = &[
    call(
        "hello",
        "",
        List,
        r#"{"protocol":1,"client":"test 0","dictionaries":"$dictionaries"}"#,
    ),
    call("ping", "", List, ""),
    call(
        "log_in",
        "",
        Change,
        r#"{"school":"kilimani","user":"target","password":"$password"}"#,
    ),
    call("log_out", "target", Change, ""),
    call("who_am_i", "head", List, ""),
    call(
        "change_password",
        "target",
        Change,
        r#"{"old":"$password","new":"a new long password"}"#,
    ),
    call(
        "begin_second_factor",
        "target",
        Change,
        r#"{"password":"$password"}"#,
    ),
    refused(
        "confirm_second_factor",
        "target",
        r#"{"code":"000000"}"#,
        "wrong-code",
    ),
    refused(
        "drop_second_factor",
        "target",
        r#"{"password":"$password","code":"000000"}"#,
        "second-factor-off",
    ),
    call("list_sessions", "head", List, r#"{"all":true}"#),
    way(
        "of one login",
        "list_sessions",
        "head",
        r#"{"username":"target"}"#,
    ),
    way("of oneself", "list_sessions", "head", "{}"),
    call("end_session", "head", Change, r#"{"session":"$session"}"#),
    call("show_session_policy", "head", List, ""),
    call(
        "save_session_policy",
        "head",
        Change,
        r#"{"idle_minutes":720,"days":30}"#,
    ),
    call("list_tokens", "head", List, ""),
    call(
        "add_token",
        "head",
        Change,
        r#"{"name":"script-$fresh","permissions":["students.read"],"scope":{"kind":"school"},"days":1,"reason":"test"}"#,
    ),
    call("revoke_token", "head", Change, r#"{"token":"$token"}"#),
    call("list_roles", "head", List, ""),
    call(
        "save_role",
        "head",
        Change,
        r#"{"code":"role-$fresh","permissions":["marks.read"],"v":0}"#,
    ),
    call("drop_role", "head", Change, r#"{"code":"$role"}"#),
    call("list_grants", "head", List, r#"{"past":true}"#),
    way(
        "to one login",
        "list_grants",
        "head",
        r#"{"to":"target","ending_soon":true}"#,
    ),
    call(
        "give_grant",
        "head",
        Change,
        r#"{"to":"$staff","permission":"students.read","scope":{"kind":"class","name":"$class_name"},"days":1,"reason":"test"}"#,
    ),
    call(
        "extend_grant",
        "head",
        Change,
        r#"{"grant":"$grant","days":1}"#,
    ),
    call(
        "revoke_grant",
        "head",
        Change,
        r#"{"grant":"$grant","reason":"test"}"#,
    ),
    call("list_requests", "head", List, r#"{"decided":true}"#),
    call(
        "request_access",
        "idle",
        Change,
        r#"{"permission":"marks.enter","scope":{"kind":"class","name":"$class_name"},"days":1,"reason":"test"}"#,
    ),
    call(
        "decide_request",
        "head",
        Change,
        r#"{"request":"$request","decision":"approved","answer":"test"}"#,
    ),
    call("list_audit", "head", List, r#"{"action":"log-in"}"#),
    way("refused", "list_audit", "head", r#"{"refused":true}"#),
    way(
        "of one login",
        "list_audit",
        "head",
        r#"{"username":"head"}"#,
    ),
    way("everything", "list_audit", "head", "{}"),
    call(
        "verify_audit",
        "head",
        Whole("checks a bounded piece of the log and of the histories at a time"),
        "{}",
    ),
    call("list_schools", "platform", List, "{}"),
    call("add_school", "platform", Whole("makes a database"), ""),
    refused(
        "suspend_school",
        "platform",
        r#"{"code":"kilimani","undo":true}"#,
        "wrong-state",
    ),
    call(
        "rename_school",
        "platform",
        Change,
        r#"{"code":"kilimani","name":"Kilimani $fresh"}"#,
    ),
    call(
        "export_school",
        "platform",
        Whole("reads every table in pieces"),
        "",
    ),
    call("remove_school", "platform", Whole("drops a database"), ""),
    call("list_terms", "head", List, ""),
    call("list_classes", "head", List, "{}"),
    way("a search", "list_classes", "head", r#"{"search":"4"}"#),
    way("a class", "list_classes", "head", r#"{"class":"4A"}"#),
    way("mine", "list_classes", "target", r#"{"mine":true}"#),
    call(
        "add_class",
        "head",
        Change,
        r#"{"grade":"Grade 4","stream":"S$fresh"}"#,
    ),
    call("list_papers", "head", List, ""),
    call(
        "add_subject",
        "head",
        Change,
        r#"{"code":"S$fresh","name":"Subject $fresh","grades":["Grade 4"],"papers":[{"code":"P1","name":"Paper 1","weight":100,"out_of":6000}]}"#,
    ),
    call("list_students", "head", List, r#"{"search":"mary"}"#),
    way(
        "of a class",
        "list_students",
        "head",
        r#"{"class":"$class"}"#,
    ),
    way("of a teacher", "list_students", "target", "{}"),
    way(
        "further on",
        "list_students",
        "head",
        r#"{"after":"mary large5\u0001500"}"#,
    ),
    way("a number", "list_students", "head", r#"{"search":"A0"}"#),
    way(
        "a number, further on",
        "list_students",
        "head",
        r#"{"search":"A0","after":"\u0001\u0001a002"}"#,
    ),
    way(
        "a number, of a teacher",
        "list_students",
        "target",
        r#"{"search":"A0"}"#,
    ),
    way(
        "a number that nobody has",
        "list_students",
        "head",
        r#"{"search":"large 0"}"#,
    ),
    call("show_student", "head", List, r#"{"id":"$student"}"#),
    call(
        "add_student",
        "head",
        Change,
        r#"{"admission_no":null,"name":"Achieng $fresh","class":"$class","sex":null,"birth_date":null}"#,
    ),
    call(
        "edit_student",
        "head",
        Change,
        r#"{"student":"$student","based_on":"$v","name":"Achieng $fresh"}"#,
    ),
    call(
        "move_student",
        "head",
        Change,
        r#"{"student":"$student","class":"$other_class"}"#,
    ),
    call("list_staff", "head", List, r#"{"search":"grace"}"#),
    way("of the school", "list_staff", "head", "{}"),
    call(
        "add_staff",
        "head",
        Change,
        r#"{"staff_no":"F$fresh","name":"Grace","username":"grace-$fresh","roles":["teacher"]}"#,
    ),
    call(
        "edit_staff",
        "head",
        Change,
        r#"{"staff":"$idle","name":"Idle $fresh"}"#,
    ),
    call(
        "disable_staff",
        "head",
        Change,
        r#"{"staff":"$idle","reason":"on leave"}"#,
    ),
    call("reset_password", "head", Change, r#"{"staff":"$idle"}"#),
    refused(
        "reset_second_factor",
        "head",
        r#"{"staff":"$staff"}"#,
        "second-factor-off",
    ),
    call("issue_passwords", "head", Change, r#"{"limit":1}"#),
    call("list_teaching", "head", List, "{}"),
    way(
        "of one in a class",
        "list_teaching",
        "head",
        r#"{"staff":"target","class":"$class_name"}"#,
    ),
    call(
        "assign_teaching",
        "head",
        Change,
        r#"{"staff":"$taker","class":"$class_name","subject":"ENG","role":"subject-teacher","replace":true}"#,
    ),
    call(
        "assign_many",
        "head",
        Change,
        r#"{"assignments":[{"staff":"$taker","class":"$class_name","subject":"ENG","role":"subject-teacher"}],"replace":true}"#,
    ),
    call(
        "end_teaching",
        "head",
        Change,
        r#"{"teaching":"$teaching","last_day":"2099-12-31"}"#,
    ),
    call("list_assessments", "head", List, ""),
    call(
        "add_assessment",
        "head",
        Change,
        r#"{"code":"A$fresh","name":"Mid-Term"}"#,
    ),
    call(
        "open_assessment",
        "head",
        Change,
        r#"{"code":"$assessment"}"#,
    ),
    call(
        "lock_assessment",
        "head",
        Change,
        r#"{"code":"$old_assessment"}"#,
    ),
    call("list_sheets", "head", List, "{}"),
    way("of a teacher", "list_sheets", "target", r#"{"mine":true}"#),
    way("of a class", "list_sheets", "head", r#"{"class":"$class"}"#),
    way("further on", "list_sheets", "head", r#"{"after":"5"}"#),
    call("open_sheet", "head", List, r#"{"sheet":{"id":"$sheet"}}"#),
    way(
        "by names",
        "open_sheet",
        "head",
        r#"{"sheet":{"named":{"class":"$class_name","paper":"ENG","assessment":"$assessment"}}}"#,
    ),
    call(
        "save_marks",
        "head",
        Save,
        r#"{"sheet":"$sheet","operation":"$operation","edits":"$edits"}"#,
    ),
    Priced {
        bound: Save,
        ..way(
            "that clears some",
            "save_marks",
            "head",
            r#"{"sheet":"$sheet","operation":"$operation","edits":"$edits"}"#,
        )
    },
    call("show_history", "head", List, r#"{"sheet":"$sheet"}"#),
    way(
        "of a student",
        "show_history",
        "head",
        r#"{"sheet":"$sheet","student":"$student"}"#,
    ),
    call(
        "start_import",
        "head",
        Change,
        r#"{"kind":"students","file_name":"students.csv","length":4}"#,
    ),
    call(
        "send_chunk",
        "head",
        Change,
        r#"{"import":"$import","offset":0,"bytes":"adm\n"}"#,
    ),
    call(
        "run_import",
        "head",
        File,
        r#"{"import":"$whole","dry_run":false,"on_duplicate":"skip"}"#,
    ),
    call(
        "list_problems",
        "head",
        List,
        r#"{"import":"$applied","after":0}"#,
    ),
    call(
        "refused_rows",
        "head",
        List,
        r#"{"import":"$applied","offset":0}"#,
    ),
    call("list_imports", "head", List, ""),
    call("undo_import", "head", File, r#"{"import":"$applied"}"#),
];
