//! A school on which every call can be made again and again, and who makes them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hillview_server::caller::{Caller, SessionKey};
use hillview_server::db::plans::Statement;
use hillview_server::db::{Db, Sent};
use hillview_server::limits::{Limits, Rate};
use hillview_server::service::accounts::tokens;
use hillview_server::service::{assessments, imports, schools, staff, students};
use hillview_server::testing::{Installation, PASSWORD, Served, settle};
use hillview_shared::accounts::{PLATFORM, Permission, Role};
use hillview_shared::api::{HillviewRequest, HillviewResponse};
use hillview_shared::assessments::{OpenSheet, SheetOpened, WhichSheet};
use hillview_shared::grants::Scope;
use hillview_shared::ids::{ImportId, SheetId, StudentId};
use hillview_shared::imports::ImportKind;
use hillview_shared::marks::{Edit, Entry, Score};
use hillview_shared::sessions::AddToken;
use hillview_shared::staff::{AddStaff, DisableStaff};
use hillview_shared::students::{Student, WhichStudent};
use hillview_shared::wire::Call;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::calls::Priced;
use crate::imports::steps;
use crate::line::{Bare, login, odd_call};
use crate::rights::ground::{self, Ground};
use crate::rights::matrix::camel;
use crate::rights::samples::{Place, filled};

/// Noting that a session was used, at most once a minute: no part of what a call costs.
const SEEN: &str = "update session set last_seen_at = ? where id = ?";
/// Asked again when the last call is longer ago than a second: depends on the machine.
const ONCE_A_SECOND: [&str; 2] = [
    "select epoch, last_end, reference_epoch from session_policy where id = 1",
    "select token_hash from session where end_no > ? order by end_no limit ?",
];
/// The most devices of a login that are known.
const DEVICES: usize = 10;

/// Asked again when the school was looked up some seconds ago: the same.
const SCHOOL: &str = "from school where code = ?";

/// Whether a statement is sent when some time has passed, whatever is called.
pub fn is_occasional(sql: &str) -> bool {
    sql == SEEN || ONCE_A_SECOND.contains(&sql) || sql.contains(SCHOOL)
}

pub struct Stage<'a> {
    it: &'a Installation,
    ground: Ground,
    server: Served,
    head: Caller,
    target: Caller,
    lines: HashMap<&'static str, Line>,
    sent: Arc<Mutex<Vec<(String, Sent)>>>,
    fresh: u64,
    /// Every statement that was sent, with the calls that sent it, as it was last.
    pub statements: BTreeMap<&'static str, (BTreeSet<&'static str>, Statement)>,
    /// Calls that did not come to what they must.
    pub odd: Vec<String>,
}

struct Line {
    bare: Bare,
    key: Option<SessionKey>,
}

/// What a call was found to cost.
pub struct Found {
    pub statements: usize,
    pub begun: u32,
    /// The statements, on one line each.
    pub text: Vec<String>,
}

impl<'a> Stage<'a> {
    pub async fn build(it: &'a Installation) -> Self {
        let ground = Ground::lay(it).await;
        schools::platform_admin(&it.state, "platform")
            .await
            .unwrap();
        settle(&it.state, PLATFORM, "platform").await;
        let sent: Arc<Mutex<Vec<(String, Sent)>>> = Arc::default();
        let watch = Arc::clone(&sent);
        let much = Rate {
            a_second: 1_000_000,
            burst: 1_000_000,
        };
        let limits = Limits {
            user_rate: much,
            stranger_calls: u32::MAX,
            // A line of somebody who makes few calls waits for the next while the school grows.
            idle: Duration::from_secs(60 * 60),
            ..it.config.limits
        };
        let watch = move |method: &str, of: Sent| {
            watch.lock().unwrap().push((method.to_owned(), of));
        };
        let server = it.serve_watched(limits, Arc::new(watch)).await;
        // A login forgets the device that was seen longest ago, once there are too many.
        for _ in 0..DEVICES {
            ground.school.caller("target").await;
        }
        Self {
            head: ground.school.caller("head").await,
            target: ground.school.caller("target").await,
            it,
            ground,
            server,
            lines: HashMap::new(),
            sent,
            fresh: 0,
            statements: BTreeMap::new(),
            odd: Vec::new(),
        }
    }

    pub fn control(&self) -> &Db {
        self.it.state.tenants.control()
    }

    pub fn head(&self) -> &Caller {
        &self.head
    }

    /// Makes a call; `warm` when the server knows the caller's session already.
    pub async fn made(&mut self, priced: &Priced, warm: bool) -> Found {
        self.fresh += 1;
        self.prepare(priced).await;
        let place = self.place(priced).await;
        let request = match priced.request {
            "" => json!({}),
            text => {
                let request = serde_json::from_str(text).expect("a request is JSON");
                json!({ "request": filled(request, &place, self.fresh) })
            }
        };
        let mut line = match self.lines.remove(priced.actor) {
            Some(line) => line,
            None => self.line(priced).await,
        };
        if let Some(key) = &line.key {
            let who = Call::encode(&HillviewRequest::WhoAmI {}).unwrap();
            assert!(line.bare.call(who).await.unwrap().error().is_none());
            if !warm {
                self.it
                    .state
                    .cache
                    .forget_sessions(std::slice::from_ref(key));
            }
        }
        self.sent.lock().unwrap().clear();
        let answer = line
            .bare
            .call(odd_call(&camel(priced.method), request))
            .await;
        let error = answer.expect("the server answers").error();
        let code = error.as_ref().map_or("", |error| &error.code);
        if code != priced.refused {
            self.odd.push(format!("{}: {error:?}", priced.method));
        }
        let speaks_anew = ["hello", "log_in", "log_out", "change_password"];
        if !speaks_anew.contains(&priced.method) {
            self.lines.insert(priced.actor, line);
        }
        self.found(priced)
    }

    /// What the call that was just made has sent.
    fn found(&mut self, priced: &Priced) -> Found {
        let mut all = std::mem::take(&mut *self.sent.lock().unwrap());
        let at = all
            .iter()
            .position(|(method, _)| *method == camel(priced.method));
        let (_, sent) = all.swap_remove(at.expect("the call was watched"));
        let counts = |template: &str| {
            sent.written
                .iter()
                .filter(|it| it.template == template)
                .count()
        };
        let seen = counts(SEEN);
        let again: usize = ONCE_A_SECOND.into_iter().map(counts).sum();
        let looked_up =
            |it: &&Statement| it.template.contains(SCHOOL) && priced.actor != "platform";
        let looked_up = sent.written.iter().filter(looked_up).count();
        let found = Found {
            statements: sent.written.len() - seen - again - looked_up,
            begun: sent.begun - u32::try_from(seen).unwrap(),
            text: sent.written.iter().map(Statement::one_line).collect(),
        };
        for statement in sent.written {
            let known = self.statements.entry(statement.template);
            let (callers, latest) = known.or_insert((BTreeSet::new(), statement.clone()));
            callers.insert(priced.method);
            *latest = statement;
        }
        found
    }

    pub async fn end(self) {
        drop(self.lines);
        self.server.stop().await;
    }

    async fn line(&self, priced: &Priced) -> Line {
        let socket = &self.server.socket;
        let (school, user) = match priced.actor {
            "" if priced.method == "hello" => {
                let bare = Bare::open(socket).await;
                return Line { bare, key: None };
            }
            "" => {
                let bare = Bare::greeted(socket).await;
                return Line { bare, key: None };
            }
            "platform" => (PLATFORM, "platform"),
            "idle" => ("kilimani", "somebody"),
            user => ("kilimani", user),
        };
        let mut bare = Bare::greeted(socket).await;
        let request = login(school, user, PASSWORD);
        let call = Call::encode(&HillviewRequest::LogIn { request }).unwrap();
        let answer = bare.call(call.clone()).await.unwrap();
        let Ok(HillviewResponse::LogIn(Ok(logged_in))) = answer.decode(&call) else {
            panic!("{user} cannot log in: {:?}", answer.error());
        };
        let key = SessionKey {
            school: school.to_owned(),
            hash: Sha256::digest(logged_in.token.0).into(),
        };
        let key = Some(key);
        Line { bare, key }
    }

    /// What some calls use up.
    async fn prepare(&mut self, priced: &Priced) {
        let state = &self.it.state;
        match priced.method {
            "change_password" | "log_in" | "log_out" | "begin_second_factor" => {
                settle(state, "kilimani", "target").await;
                self.lines.remove("target");
            }
            "confirm_second_factor" => {
                let begin = super::calls::CALLS.iter();
                let begin = begin.filter(|it| it.method == "begin_second_factor");
                for begin in begin {
                    Box::pin(self.made(begin, true)).await;
                }
            }
            // As an import leaves a login.
            "issue_passwords" => {
                self.taker().await;
                let of = "update user set password = '' where username like 'taker-%'";
                let done = self
                    .head
                    .db()
                    .write(async |tx| Ok(tx.query(of).execute().await?));
                assert!(done.await.unwrap() > 0);
            }
            "disable_staff" | "reset_password" => {
                let request = DisableStaff {
                    staff: "somebody-idle".into(),
                    undo: true,
                    reason: String::new(),
                };
                staff::disable(state, &self.head, request).await.unwrap();
            }
            _ => {}
        }
    }

    /// What the words of a request stand for, made anew where a call uses it up.
    async fn place(&self, priced: &Priced) -> Place {
        let state = &self.it.state;
        let head = &self.head;
        let mut place = self.ground.places[0].clone();
        let named = self.fresh;
        place.insert("idle", json!("somebody-idle"));
        for word in priced.words() {
            let value = match word {
                "grant" => ground::grant(state, head, "target", "test").await,
                "role" => ground::role(state, head, &format!("fresh-{named}")).await,
                "session" => json!(self.ground.school.caller("target").await.session().id),
                "request" => {
                    let asked = ground::request(state, &self.target, "4 West", "test").await;
                    asked.unwrap()
                }
                "taker" => self.taker().await,
                "token" => self.token().await,
                "v" => json!(self.student().await.v),
                "other_class" => {
                    let school = &self.ground.school;
                    let at = self.student().await.class_id;
                    json!(if at == Some(school.east.id) {
                        school.west.id
                    } else {
                        school.east.id
                    })
                }
                "edits" => self.edits(&place).await,
                "import" => ground::import(state, head, "students.csv").await.unwrap(),
                "whole" => json!(self.file().await),
                "applied" => {
                    let import = self.file().await;
                    imports::run(state, head, steps::plain(import))
                        .await
                        .unwrap();
                    json!(import)
                }
                _ => continue,
            };
            place.insert(word, value);
        }
        place
    }

    /// Somebody who teaches nothing yet.
    async fn taker(&self) -> Value {
        let login = format!("taker-{}", self.fresh);
        let request = AddStaff {
            staff_no: login.clone(),
            name: "Rukia Wekesa".into(),
            username: login.clone(),
            roles: vec![Role::Teacher.into()],
        };
        staff::add(&self.it.state, &self.head, request)
            .await
            .unwrap();
        json!(login)
    }

    async fn token(&self) -> Value {
        let request = AddToken {
            name: format!("to-revoke-{}", self.fresh),
            permissions: vec![Permission::StudentsRead],
            scope: Scope::SCHOOL,
            days: 1,
            reason: "test".into(),
        };
        let added = tokens::add(&self.it.state, &self.head, request).await;
        json!(added.unwrap().token.id)
    }

    async fn student(&self) -> Student {
        let id: StudentId =
            serde_json::from_value(self.ground.places[0]["student"].clone()).unwrap();
        let shown = students::show(&self.it.state, &self.head, WhichStudent::Id(id)).await;
        shown.unwrap().student
    }

    /// Another mark for everybody on the sheet, but every third mark is cleared.
    async fn edits(&self, place: &Place) -> Value {
        let sheet: SheetId = serde_json::from_value(place["sheet"].clone()).unwrap();
        let request = OpenSheet {
            sheet: WhichSheet::Id(sheet),
            newer_than: None,
        };
        let opened = assessments::open_sheet(&self.it.state, &self.head, request).await;
        let SheetOpened::Sheet(sheet) = opened.unwrap() else {
            panic!("nothing was known before")
        };
        let score = Score::whole(10 + i32::try_from(self.fresh % 40).unwrap());
        let edits = sheet.rows.iter().enumerate().map(|(place, row)| Edit {
            student: row.id,
            based_on: row.v,
            entry: match row.entry {
                Entry::Blank => Entry::Score(score),
                _ if place % 3 == 2 => Entry::Blank,
                _ => Entry::Score(score),
            },
        });
        json!(edits.collect::<Vec<_>>())
    }

    /// A register that was sent whole: nine students who can be added, and one who cannot.
    async fn file(&self) -> ImportId {
        let mut text = "Adm No,Name,Class\n".to_owned();
        for number in 0..9 {
            text += &format!("I{}-{number},Achieng Mary,4 East\n", self.fresh);
        }
        text += &format!("I{}-9,Achieng Mary,9 Nowhere\n", self.fresh);
        let sent = steps::send(
            &self.it.state,
            &self.head,
            ImportKind::Students,
            text.as_bytes(),
        );
        sent.await.unwrap()
    }
}

impl Priced {
    pub fn name(&self) -> (&'static str, &'static str) {
        (self.method, self.how)
    }

    /// The words of the request that stand for something.
    fn words(&self) -> impl Iterator<Item = &'static str> {
        let parts = self.request.split('"');
        parts.filter_map(|part| part.strip_prefix('$'))
    }
}
