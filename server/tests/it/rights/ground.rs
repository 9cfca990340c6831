//! Two schools to stand on. What the second has, it has under numbers that the first has not, and
//! under names that say `zebra` where a request may say them and `quagga` where none does.

use hillview_server::caller::Caller;
use hillview_server::db::{Db, Tx};
use hillview_server::service::{
    State, assessments, classes, grants, imports, requests, roles, students, teaching,
};
use hillview_server::testing::{Engine, Installation, School};
use hillview_shared::accounts::{Permission, RoleCode};
use hillview_shared::assessments::{AddAssessment, ListSheets, WhichAssessment};
use hillview_shared::classes::{AddClass, Class};
use hillview_shared::grants::{GiveGrant, RequestAccess, Scope, ScopeKind};
use hillview_shared::ids::{SheetId, StudentId, Version};
use hillview_shared::imports::{ImportKind, StartImport};
use hillview_shared::marks::Score;
use hillview_shared::roles::SaveRole;
use hillview_shared::students::AddStudent;
use hillview_shared::teaching::{AssignTeaching, TeachingRole};
use serde_json::{Value, json};

use super::samples::Place;

/// Whose things a call is about.
pub const PLACES: [&str; 4] = ["own", "other class", "other school", "none"];
/// A number that nothing has.
const NOTHING: i64 = 99_999_999;

pub struct Ground {
    pub school: School,
    pub other: School,
    /// In the order of [`PLACES`], without what each actor has for itself.
    pub places: [Place; 4],
}

macro_rules! far {
    ($($table:literal),+) => {
        &[$(($table, concat!("alter table ", $table, " auto_increment = 100000"))),+]
    };
}

/// The tables whose numbers travel, and how MySQL is told to count on from far away.
const NUMBERED: &[(&str, &str)] = far!(
    "student",
    "class",
    "sheet",
    "assessment",
    "teaching",
    "access_grant",
    "access_request",
    "session",
    "import_job",
    "staff",
    "user"
);

/// Makes a school count on from numbers that no other school of the test has.
async fn go_far(db: &Db, engine: Engine) {
    let done = db.write(async |tx: &mut Tx| {
        for (table, mysql) in NUMBERED {
            if engine == Engine::MySql {
                tx.query(mysql).execute().await?;
                continue;
            }
            tx.query("delete from sqlite_sequence where name = ?")
                .bind(*table)
                .execute()
                .await?;
            tx.query("insert into sqlite_sequence (name, seq) values (?, 100000)")
                .bind(*table)
                .execute()
                .await?;
        }
        Ok(())
    });
    done.await.unwrap();
}

impl Ground {
    pub async fn lay(it: &Installation) -> Self {
        let state = &it.state;
        let school = it.school("kilimani").await;
        let other = it.school("nyota").await;
        go_far(other.caller("head").await.db(), it.engine).await;
        let places = [
            of_class(state, &school, "target", &school.east, 0).await,
            of_class(state, &school, "somebody", &school.west, 5).await,
            far_away(state, &other).await,
            nothing(),
        ];
        Self {
            school,
            other,
            places,
        }
    }
}

/// What stands in one class of the school.
async fn of_class(state: &State, school: &School, who: &str, class: &Class, at: usize) -> Place {
    let head = school.caller("head").await;
    if who == "target" {
        for code in ["MID", "OLD"] {
            add_assessment(state, &head, code).await;
        }
    }
    school.hire(who, "teacher").await;
    school.hire(&format!("{who}-idle"), "teacher").await;
    let teaching = teach(state, &head, who, &class.name).await;
    let student = &school.students[at];
    place(
        state,
        &head,
        class,
        student.id,
        &student.admission_no,
        who,
        teaching,
        "MID",
    )
    .await
}

/// The same in a school of zebras.
async fn far_away(state: &State, school: &School) -> Place {
    let head = school.caller("head").await;
    let admin = school.caller("admin").await;
    let class = AddClass {
        grade: "Grade 4".into(),
        stream: "Zebra".into(),
    };
    let class = classes::add(state, &admin, class).await.unwrap();
    let student = AddStudent {
        admission_no: Some("ZEBRA1".into()),
        name: "Quagga Quentin".into(),
        sex: None,
        birth_date: None,
        class: class.id,
    };
    let student = students::add(state, &head, student).await.unwrap();
    for code in ["ZEBRA", "OLDZEBRA"] {
        add_assessment(state, &head, code).await;
    }
    school.hire("zebra", "teacher").await;
    school.hire("zebra-idle", "teacher").await;
    let teaching = teach(state, &head, "zebra", &class.name).await;
    let mut place = place(
        state, &head, &class, student.id, "ZEBRA1", "zebra", teaching, "ZEBRA",
    )
    .await;
    place.insert("old_assessment", json!("OLDZEBRA"));
    let zebra = school.caller("zebra").await;
    place.insert("session", json!(zebra.session().id));
    place.insert("token", json!(zebra.session().id));
    place.insert("grant", grant(state, &head, "zebra", "quagga").await);
    place.insert(
        "request",
        request(state, &zebra, "4 Zebra", "quagga").await.unwrap(),
    );
    place.insert("import", import(state, &head, "quagga.csv").await.unwrap());
    place.insert("role", role(state, &head, "zebra-role").await);
    place.insert("decision", json!("denied"));
    place
}

fn nothing() -> Place {
    let number = [
        "class", "student", "sheet", "teaching", "session", "token", "grant", "request", "import",
    ];
    let word = [
        "class_name",
        "number",
        "staff",
        "idle",
        "assessment",
        "old_assessment",
        "role",
    ];
    let mut place: Place = number.map(|word| (word, json!(NOTHING))).into();
    place.extend(word.map(|word| (word, json!("nothing"))));
    place.insert("decision", json!("denied"));
    place
}

#[expect(clippy::too_many_arguments, reason = "one for each word of a place")]
async fn place(
    state: &State,
    head: &Caller,
    class: &Class,
    student: StudentId,
    number: &str,
    who: &str,
    teaching: Value,
    assessment: &str,
) -> Place {
    let sheet = english(state, head, class).await;
    [
        ("class", json!(class.id)),
        ("class_name", json!(class.name)),
        ("student", json!(student)),
        ("number", json!(number)),
        ("sheet", json!(sheet)),
        ("staff", json!(who)),
        ("idle", json!(format!("{who}-idle"))),
        ("teaching", teaching),
        ("assessment", json!(assessment)),
        ("old_assessment", json!("OLD")),
    ]
    .into()
}

async fn add_assessment(state: &State, head: &Caller, code: &str) {
    let today = head.today(state.clock.now());
    let request = AddAssessment {
        code: code.into(),
        name: "Mid-Term".into(),
        term: String::new(),
        out_of: Some(Score::whole(60)),
        opens: Some(today),
        closes: Some(today + chrono::Days::new(7)),
        direct_levels: false,
        grades: vec!["Grade 4".into()],
    };
    assessments::add(state, head, request).await.unwrap();
    let which = WhichAssessment { code: code.into() };
    assessments::open(state, head, which).await.unwrap();
}

async fn english(state: &State, head: &Caller, class: &Class) -> SheetId {
    let request = ListSheets {
        class: Some(class.id),
        limit: 200,
        ..ListSheets::default()
    };
    let sheets = assessments::list_sheets(state, head, request)
        .await
        .unwrap();
    let english = |sheet: &&hillview_shared::assessments::SheetSummary| {
        sheet.paper == "English" && !sheet.assessment.starts_with("OLD")
    };
    sheets.rows.iter().find(english).unwrap().id
}

async fn teach(state: &State, head: &Caller, who: &str, class: &str) -> Value {
    let request = AssignTeaching {
        staff: who.into(),
        class: class.into(),
        subject: Some("MAT".into()),
        role: TeachingRole::SubjectTeacher,
        starts: None,
        ends: None,
        replace: false,
    };
    json!(teaching::assign(state, head, request).await.unwrap().id)
}

/// A grant that nobody has taken back yet.
pub async fn grant(state: &State, head: &Caller, to: &str, reason: &str) -> Value {
    let request = GiveGrant {
        to: to.into(),
        permission: Permission::BackupRun,
        scope: Scope::SCHOOL,
        starts: None,
        days: Some(1),
        reason: reason.into(),
    };
    json!(grants::give(state, head, request).await.unwrap().id)
}

/// A request that nobody has decided yet; `None` when its asker may not ask.
pub async fn request(state: &State, asker: &Caller, class: &str, reason: &str) -> Option<Value> {
    let request = RequestAccess {
        permission: Permission::StudentsRead,
        scope: Scope {
            kind: ScopeKind::Class,
            name: Some(class.into()),
            subject: None,
        },
        days: Some(1),
        reason: reason.into(),
    };
    let made = requests::make(state, asker, request).await;
    made.ok().map(|request| json!(request.id))
}

/// An import that was announced; `None` when its maker may not import marks.
pub async fn import(state: &State, maker: &Caller, file: &str) -> Option<Value> {
    let request = StartImport {
        kind: ImportKind::Marks,
        file_name: file.into(),
        length: 4,
    };
    let started = imports::start(state, maker, request).await;
    started.ok().map(|import| json!(import))
}

/// A role that nobody has.
pub async fn role(state: &State, head: &Caller, code: &str) -> Value {
    let request = SaveRole {
        code: RoleCode(code.into()),
        permissions: Vec::new(),
        second_factor: false,
        v: Version(0),
    };
    roles::save(state, head, request).await.unwrap();
    json!(code)
}
