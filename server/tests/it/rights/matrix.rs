//! The matrix of rights: each call is made as each kind of login, on things of their own class, of
//! another class, of another school, and on things that are not there. `docs/reference/rights.md`
//! says what comes of it; what must hold whatever stands there is checked beside it.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use hillview_server::caller::Caller;
use hillview_server::limits::{Limits, Rate};
use hillview_server::service::State;
use hillview_server::service::schools;
use hillview_server::testing::{Engine, Installation, Served, on_each_engine};
use hillview_shared::Kind;
use hillview_shared::accounts::PLATFORM;
use hillview_shared::wire::Answer;
use serde_json::{Value, json};

use super::ground::{self, Ground, PLACES};
use super::samples::{self, Place, Sample};
use crate::api_reference;
use crate::line::{Bare, odd_call};

/// The kinds of logins: the heading, the school and the login; without one, nobody is logged in.
const ACTORS: [(&str, &str, &str); 11] = [
    ("head teacher", "kilimani", "head"),
    ("deputy", "kilimani", "deputy"),
    ("school admin", "kilimani", "office"),
    ("registrar", "kilimani", "registrar"),
    ("class teacher", "kilimani", "classteacher"),
    ("subject teacher", "kilimani", "teacher"),
    ("no class", "kilimani", "idler"),
    ("parent", "kilimani", "parent"),
    ("service", "kilimani", "script"),
    ("platform admin", PLATFORM, "platform"),
    ("nobody", "", ""),
];

/// What comes of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Cell {
    Allowed,
    /// Allowed, and shows nothing.
    Nothing,
    Denied,
    NotFound,
    /// What no sample may come to: it failed for another reason.
    Odd(String),
}

impl Cell {
    fn sign(&self) -> char {
        match self {
            Self::Allowed => 'y',
            Self::Nothing => 'e',
            Self::Denied => '-',
            Self::NotFound => 'n',
            Self::Odd(_) => '?',
        }
    }
}

type Row = Vec<Vec<Cell>>;

#[tokio::test(flavor = "multi_thread")]
async fn every_call_as_every_login_on_what_is_theirs_and_what_is_not() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/reference/rights.md");
    on_each_engine(async |it| {
        let matrix = made(it).await;
        let cells = matrix.values().flatten().flatten();
        let odd: Vec<_> = cells.filter(|cell| matches!(cell, Cell::Odd(_))).collect();
        assert!(odd.is_empty(), "{odd:#?}");
        must_hold(&matrix);
        let page = page(&matrix);
        if std::env::var_os("HILLVIEW_UPDATE_DOCS").is_some() && it.engine == Engine::Sqlite {
            std::fs::write(&path, &page).unwrap();
        }
        let written = std::fs::read_to_string(&path).unwrap_or_default();
        let differ = page
            .lines()
            .zip(written.lines())
            .filter(|(is, was)| is != was);
        let differ: Vec<_> = differ
            .map(|(is, was)| format!("is:   {is}\npage: {was}"))
            .collect();
        assert!(
            page == written,
            "docs/reference/rights.md says something else:\n{}",
            differ.join("\n")
        );
    })
    .await;
}

/// Makes every call as every login in every place, through a real server.
async fn made(it: &Installation) -> BTreeMap<String, Row> {
    let ground = Ground::lay(it).await;
    for (login, role) in [
        ("deputy", "deputy-head"),
        ("office", "school-admin"),
        ("idler", "teacher"),
        ("parent", "parent"),
        ("script", "service"),
    ] {
        ground.school.hire(login, role).await;
    }
    schools::platform_admin(&it.state, "platform")
        .await
        .unwrap();
    hillview_server::testing::settle(&it.state, PLATFORM, "platform").await;
    let much = Rate {
        a_second: 1_000_000,
        burst: 1_000_000,
    };
    let limits = Limits {
        user_rate: much,
        stranger_calls: u32::MAX,
        ..it.config.limits
    };
    let server = it.serve_within(limits).await;
    let mut lines = Vec::new();
    for (heading, school, login) in ACTORS {
        lines.push(Actor::new(it, &server, (heading, school, login), &ground).await);
    }
    let mut matrix = BTreeMap::new();
    for (method, ..) in api_reference::calls() {
        let sample = samples::of(&method);
        let mut row = Row::new();
        for actor in &mut lines {
            row.push(actor.cells(&ground, sample).await);
        }
        matrix.insert(method, row);
    }
    drop(lines);
    server.stop().await;
    matrix
}

/// A kind of login, at its line.
struct Actor<'a> {
    who: (&'static str, &'static str, &'static str),
    state: &'a State,
    server: &'a Served,
    line: Bare,
    caller: Option<Caller>,
    head: Caller,
    target: Caller,
    fresh: u64,
}

impl<'a> Actor<'a> {
    async fn new(
        it: &'a Installation,
        server: &'a Served,
        who: (&'static str, &'static str, &'static str),
        ground: &Ground,
    ) -> Self {
        let (_, school, login) = who;
        let caller = match login {
            "" => None,
            login => Some(hillview_server::testing::log_in(&it.state, school, login).await),
        };
        let number = ACTORS.iter().position(|actor| *actor == who).unwrap();
        Self {
            who,
            state: &it.state,
            server,
            line: line(server, school, login).await,
            caller,
            head: ground.school.caller("head").await,
            target: ground.school.caller("target").await,
            fresh: u64::try_from(number * 10_000).unwrap(),
        }
    }

    /// What comes of a call in each place, or in one where the call names nothing.
    async fn cells(&mut self, ground: &Ground, sample: &Sample) -> Vec<Cell> {
        let places = match sample.names_a_thing() {
            true => PLACES.len(),
            false => 1,
        };
        let mut cells = Vec::new();
        for at in 0..places {
            self.fresh += 1;
            let mut place = ground.places[at].clone();
            if at < 2 {
                self.own_things(&mut place, sample, at).await;
            }
            cells.push(self.cell(&place, sample, at).await);
        }
        cells
    }

    /// What each cell needs anew, because the call uses it up, or because it is the actor's own.
    async fn own_things(&self, place: &mut Place, sample: &Sample, at: usize) {
        let own = self
            .caller
            .as_ref()
            .filter(|_| at == 0 && self.who.1 == "kilimani");
        let named = format!("{}", self.fresh);
        if sample.has("grant") {
            place.insert(
                "grant",
                ground::grant(self.state, &self.head, "target", "test").await,
            );
        }
        if sample.has("role") {
            place.insert(
                "role",
                ground::role(self.state, &self.head, &format!("fresh-{named}")).await,
            );
        }
        if sample.has("session") {
            let own = match own {
                Some(_) => {
                    hillview_server::testing::log_in(self.state, self.who.1, self.who.2).await
                }
                None => hillview_server::testing::log_in(self.state, "kilimani", "target").await,
            };
            place.insert("session", json!(own.session().id));
        }
        if sample.has("request") {
            let (request, decision) = self.request(own).await;
            place.insert("request", request);
            place.insert("decision", json!(decision));
        }
        if sample.has("import") {
            place.insert("import", self.import(own).await);
        }
        if sample.has("token") {
            place.insert("token", json!(99_999_999));
        }
    }

    /// A request of the actor's own or else of another's, with the decision that is theirs to make.
    async fn request(&self, own: Option<&Caller>) -> (Value, &'static str) {
        if let Some(own) = own
            && let Some(request) = ground::request(self.state, own, "4 West", "test").await
        {
            return (request, "withdrawn");
        }
        let request = ground::request(self.state, &self.target, "4 West", "test").await;
        (request.unwrap(), "denied")
    }

    async fn import(&self, own: Option<&Caller>) -> Value {
        if let Some(own) = own
            && let Some(import) = ground::import(self.state, own, "marks.csv").await
        {
            return import;
        }
        let import = ground::import(self.state, &self.head, "marks.csv").await;
        import.unwrap()
    }

    async fn cell(&mut self, place: &Place, sample: &Sample, at: usize) -> Cell {
        // These change who speaks on the line: each has one of its own.
        let own_line = [
            "hello",
            "log_in",
            "log_out",
            "change_password",
            "end_session",
        ];
        if own_line.contains(&sample.method) {
            self.line = match sample.method {
                "hello" => Bare::open(&self.server.socket).await,
                _ => line(self.server, self.who.1, self.who.2).await,
            };
        }
        let call = odd_call(&camel(sample.method), sample.body(place, self.fresh));
        let answer = self.line.call(call).await.expect("the server answers");
        if own_line.contains(&sample.method) {
            self.line = line(self.server, self.who.1, self.who.2).await;
        }
        self.judged(&answer, sample, at)
    }

    fn judged(&self, answer: &Answer, sample: &Sample, at: usize) -> Cell {
        let Some(error) = answer.error() else {
            let reply: BTreeMap<String, BTreeMap<String, Value>> =
                rmp_serde::from_slice(&answer.0).unwrap_or_default();
            let ok = reply.values().next().and_then(|reply| reply.get("Ok"));
            // A list of what would become of each line refuses by line.
            let line = ok.and_then(|ok| ok.get("lines")?.get(0)?.get("outcome")?.as_str());
            if line == Some("refused") {
                return Cell::NotFound;
            }
            let rows = ok.map(|ok| ok.get("rows").unwrap_or(ok));
            let empty = rows.and_then(Value::as_array).is_some_and(Vec::is_empty);
            return if empty { Cell::Nothing } else { Cell::Allowed };
        };
        match error.kind {
            _ if sample.past_the_check.contains(&error.code.as_str()) => Cell::Allowed,
            Kind::NotFound => Cell::NotFound,
            Kind::Denied => Cell::Denied,
            Kind::Invalid if error.code.starts_with("unknown-") => Cell::NotFound,
            _ => Cell::Odd(format!(
                "{} of {} in {}: {error:?}",
                sample.method, self.who.0, PLACES[at]
            )),
        }
    }
}

async fn line(server: &Served, school: &str, login: &str) -> Bare {
    let mut line = Bare::greeted(&server.socket).await;
    if !login.is_empty() {
        let refused = line.log_in(school, login).await;
        assert!(refused.is_none(), "{login}: {refused:?}");
    }
    line
}

pub fn camel(name: &str) -> String {
    name.split('_')
        .map(|word| word[..1].to_uppercase() + &word[1..])
        .collect()
}

/// What must hold whatever the page says.
fn must_hold(matrix: &BTreeMap<String, Row>) {
    let open = ["hello", "ping", "log_in"];
    let of_platform = [
        "list_schools",
        "add_school",
        "suspend_school",
        "rename_school",
        "export_school",
        "remove_school",
    ];
    for (method, row) in matrix {
        for (actor, cells) in ACTORS.iter().zip(row) {
            let beyond = cells.iter().skip(2);
            let foreign = beyond.clone().any(allowed);
            assert!(
                !foreign,
                "{method}: a {} reaches beyond the school",
                actor.0
            );
            let [other_school, none] = cells.get(2..).unwrap_or_default() else {
                continue;
            };
            assert_eq!(
                other_school, none,
                "{method}: a {} can tell them apart",
                actor.0
            );
        }
        let nobody = &row[at("nobody")];
        assert_eq!(
            nobody.iter().any(|cell| *cell != Cell::Denied),
            open.contains(&method.as_str()),
            "{method}"
        );
        let platform = of_platform.contains(&method.as_str());
        for (actor, cells) in ACTORS
            .iter()
            .zip(row)
            .filter(|(actor, _)| actor.1 == "kilimani")
        {
            assert!(
                !(platform && cells.iter().any(allowed)),
                "{method}: {}",
                actor.0
            );
        }
        must_hold_in_classes(method, row);
    }
}

fn at(heading: &str) -> usize {
    ACTORS.iter().position(|actor| actor.0 == heading).unwrap()
}

fn allowed(cell: &Cell) -> bool {
    *cell == Cell::Allowed
}

/// Students and marks are for those whose work they are.
fn must_hold_in_classes(method: &str, row: &Row) {
    let of_students = method.contains("student");
    let of_marks = method.contains("sheet") || method.contains("marks") || method == "show_history";
    if of_students || of_marks {
        for heading in ["no class", "parent", "service", "platform admin", "nobody"] {
            assert!(!row[at(heading)].iter().any(allowed), "{method}: {heading}");
        }
        for heading in ["class teacher", "subject teacher"] {
            assert!(
                !row[at(heading)].iter().skip(1).any(allowed),
                "{method}: {heading}"
            );
        }
        for heading in ["school admin", "registrar"] {
            assert!(
                of_students || !row[at(heading)].iter().any(allowed),
                "{method}: {heading}"
            );
        }
    }
}

fn page(matrix: &BTreeMap<String, Row>) -> String {
    let mut page = String::from(
        "# Who may make which call\n\n\
         Made by a test that makes each call as each kind of login through a real server, on each engine, and compares.\n\n\
         `y` is allowed, `e` is allowed and shows nothing, `-` is denied, `n` is answered as if it were not there.\n\
         Four signs stand for things of the login's own class (or its own session, request or import), of another class (or of somebody else), of another school, and for things that are not there.\n\
         One sign stands where a call names nothing.\n\
         The class teacher and the subject teacher (English) are those of 4 East; `no class` is a teacher without one, `service` a script without a grant, `nobody` has not logged in.\n\
         The roles are as a new school has them: each school edits its own.\n\n| call |",
    );
    ACTORS
        .iter()
        .for_each(|(heading, ..)| page.push_str(&format!(" {heading} |")));
    page.push_str("\n|---|");
    ACTORS.iter().for_each(|_| page.push_str("---|"));
    page.push('\n');
    for (method, ..) in api_reference::calls() {
        let _ = write!(page, "| `{method}` |");
        for cells in &matrix[&method] {
            let signs: String = cells.iter().map(|cell| cell.sign()).collect();
            let _ = write!(page, " {signs} |");
        }
        page.push('\n');
    }
    page
}
