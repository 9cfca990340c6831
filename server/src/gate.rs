//! The gate: every call comes through here, whatever it is. It decodes, asks who calls, applies
//! the rule of the call, keeps the time limit, turns a panic into an answer and writes one line
//! of log. What a call does is not here.
//!
//! Each call runs in a task of its own, which the server waits for: a client that goes away cannot
//! stop a write half way. Logged are the call, the school, the user's number, times, bytes and the
//! outcome; never names, marks, tokens or what a call brings.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures::FutureExt;
use hillview_shared::api::{Hillview, HillviewRequest, HillviewResponse};
use hillview_shared::ids::UserId;
use hillview_shared::wire::{Answer, Call, IN_FLIGHT, time_limit};
use hillview_shared::{ApiError, Kind};
use tarpc::ServerError;
use tarpc::context::{self, Context};
use tarpc::server::Serve;
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_util::task::TaskTracker;

use crate::api::Api;
use crate::cache::{Known, Notice};
use crate::caller::{self, Caller, SessionKey};
use crate::db;
use crate::error::{Error, Result};
use crate::limits::{self, REFUSED_COST, cost};
use crate::room::Place;
use crate::rules::{Rule, rule};
use crate::seats::{InHand, Seat, Seats};
use crate::service::accounts::Peer;
use crate::service::{State, audit};
use crate::unsent::Unsent;

/// The answer to a call that came too soon leaves after this time.
const HELD: Duration = Duration::from_secs(1);

/// How often a connection asks the database whether its session has ended, when its calls do not.
const LOOKS: Duration = Duration::from_secs(1);

/// What a test does to a call before it is worked on: hold it up, or panic.
#[cfg(feature = "testing")]
pub type Hook =
    Arc<dyn Fn(&HillviewRequest) -> futures::future::BoxFuture<'static, ()> + Send + Sync>;

/// Who is told what each call sent to the database.
#[cfg(feature = "testing")]
pub type Watch = Arc<dyn Fn(&str, db::Sent) + Send + Sync>;

/// What a test has to do with the calls.
#[cfg(feature = "testing")]
#[derive(Clone, Default)]
pub struct Hooks {
    pub before: Option<Hook>,
    pub after: Option<Watch>,
}

/// One connection, and who speaks on it.
pub struct Connection {
    pub state: Arc<State>,
    address: Arc<str>,
    standing: Mutex<Standing>,
    trusted: Arc<AtomicBool>,
    stopping: AtomicBool,
    calls: Arc<Semaphore>,
    tasks: TaskTracker,
    limited: Limited,
    /// Calls since somebody was logged in.
    stranger_calls: AtomicU32,
    /// When it was last looked whether the session has ended.
    looked: Mutex<Option<Instant>>,
    #[cfg(feature = "testing")]
    hooks: Hooks,
}

/// What bounds a connection, beside what bounds each call.
pub struct Limited {
    pub place: Arc<Place>,
    pub seats: Seats,
    pub unsent: Unsent,
    pub stranger_calls: u32,
}

/// How far a connection has come.
#[derive(Clone)]
enum Standing {
    Stranger,
    Greeted(Peer),
    LoggedIn(Peer, SessionKey, Arc<Seat>),
}

/// The server's end of one connection.
#[derive(Clone)]
pub struct Gate(pub Arc<Connection>);

impl Connection {
    /// A connection from an address that has said nothing yet. `trusted` becomes true once it may send long frames;
    /// `tasks` are what a server waits for before it stops.
    pub fn new(
        state: Arc<State>,
        address: Arc<str>,
        trusted: Arc<AtomicBool>,
        tasks: TaskTracker,
        limited: Limited,
    ) -> Self {
        Self {
            state,
            address,
            standing: Mutex::new(Standing::Stranger),
            trusted,
            stopping: AtomicBool::new(false),
            calls: Arc::new(Semaphore::new(IN_FLIGHT)),
            tasks,
            limited,
            stranger_calls: AtomicU32::new(0),
            looked: Mutex::new(None),
            #[cfg(feature = "testing")]
            hooks: Hooks::default(),
        }
    }

    #[cfg(feature = "testing")]
    #[must_use]
    pub fn hooked(mut self, hooks: Hooks) -> Self {
        self.hooks = hooks;
        self
    }

    /// Whether nothing is being worked on.
    pub fn is_idle(&self) -> bool {
        self.calls.available_permits() == IN_FLIGHT
    }

    /// Refuses every call from now on.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// Hello was said by a client of this name, as histories will have it.
    pub fn greeted(&self, client: Arc<str>) -> Peer {
        let address = Arc::clone(&self.address);
        let peer = Peer { client, address };
        self.stand(Standing::Greeted(peer.clone()));
        peer
    }

    /// Counts the connection for its user, unless it is already; refuses one too many.
    pub fn seat(&self, school: &str, user: UserId) -> Result<Arc<Seat>, ApiError> {
        match self.standing() {
            Standing::LoggedIn(_, _, seat) if seat.is_of(school, user) => Ok(seat),
            _ => self.limited.seats.take(school, user),
        }
    }

    /// The connection speaks for this session from now on.
    pub fn speak_for(&self, peer: Peer, session: SessionKey, seat: Arc<Seat>) {
        self.trusted.store(true, Ordering::Relaxed);
        self.stand(Standing::LoggedIn(peer, session, seat));
        self.limited.place.known();
    }

    /// The connection speaks for nobody from now on.
    pub fn speak_for_nobody(&self, peer: Peer) {
        self.stand(Standing::Greeted(peer));
        self.estrange();
    }

    /// Counts the connection as a stranger's again. Its frames may stay long: a piece of a file may be
    /// on its way while the session ends.
    fn estrange(&self) {
        self.stranger_calls.store(0, Ordering::Relaxed);
        self.limited.place.unknown();
    }

    /// The other end, once it has said hello.
    pub fn peer(&self) -> Peer {
        match self.standing() {
            Standing::Greeted(peer) | Standing::LoggedIn(peer, ..) => peer,
            Standing::Stranger => Peer {
                client: Arc::from("other"),
                address: Arc::clone(&self.address),
            },
        }
    }

    fn standing(&self) -> Standing {
        let standing = self.standing.lock().unwrap_or_else(PoisonError::into_inner);
        standing.clone()
    }

    fn stand(&self, standing: Standing) {
        *self.standing.lock().unwrap_or_else(PoisonError::into_inner) = standing;
    }

    /// Lets go of a session that has ended. A call that was under way while somebody logged in
    /// anew finds another session here, which stays.
    fn forget(&self, ended: &SessionKey) {
        let mut standing = self.standing.lock().unwrap_or_else(PoisonError::into_inner);
        if let Standing::LoggedIn(peer, key, _) = &*standing
            && key == ended
        {
            *standing = Standing::Greeted(peer.clone());
            self.estrange();
        }
    }

    /// Lets go of a session that has ended, after a call that did not ask: a ping, or one that was
    /// refused before it came to that. Whoever has only those left would keep the seats of the
    /// session's owner for ever.
    async fn look(&self) {
        let Standing::LoggedIn(_, key, _) = self.standing() else {
            return;
        };
        let known = self.state.cache.session(&key);
        if matches!(known, Known::Live(_)) || !matches!(known, Known::Ended) && !self.may_look() {
            return;
        }
        if caller::has_ended(&self.state, &key).await {
            self.forget(&key);
        }
    }

    /// Whether it is time to ask the database again.
    fn may_look(&self) -> bool {
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let due = looked.is_none_or(|last| now.duration_since(last) >= LOOKS);
        if due {
            *looked = Some(now);
        }
        due
    }

    /// Takes a call's price from whoever makes it. A stranger who goes on and on is sent away.
    fn pay(&self, cost: u32) -> Result<(), ApiError> {
        match self.standing() {
            Standing::LoggedIn(_, _, seat) => {
                self.limited.place.pay(cost, false)?;
                seat.pay(cost)
            }
            _ => {
                let calls = self.stranger_calls.fetch_add(1, Ordering::Relaxed);
                if calls >= self.limited.stranger_calls {
                    self.limited.place.leave();
                }
                self.limited.place.pay(cost, true)
            }
        }
    }

    /// Counts a call for its user while it is worked on.
    fn begin(&self) -> Result<Option<InHand>, ApiError> {
        match self.standing() {
            Standing::LoggedIn(_, _, seat) => seat.begin().map(Some),
            _ => Ok(None),
        }
    }

    /// Decides whether a call may be made now; with the caller, when there is a session. `known`
    /// says who it is also when the call is refused.
    async fn admit(
        &self,
        request: &HillviewRequest,
        known: &mut Option<Caller>,
    ) -> Result<Option<Caller>> {
        if self.stopping.load(Ordering::Relaxed) {
            let text = "the server is stopping";
            return Err(ApiError::new(Kind::Busy, "stopping", text)
                .hint("connect again in a moment")
                .into());
        }
        let standing = self.standing();
        let rule = rule(request);
        let refuse = |code, text, hint| {
            let refusal = ApiError::new(Kind::Denied, code, text).hint(hint);
            Err(Error::from(refusal))
        };
        let (peer, key) = match (rule, standing) {
            (Rule::First, Standing::Stranger) => return Ok(None),
            (Rule::First, _) => {
                return refuse("said-hello", "hello was said already", "say it once");
            }
            (_, Standing::Stranger) => {
                let hint = "this is a fault of the client: update it";
                return refuse("no-hello", "a connection begins with hello", hint);
            }
            (Rule::Greeted, _) => return Ok(None),
            (_, Standing::Greeted(_)) => {
                return refuse("not-logged-in", "nobody is logged in", "log in first");
            }
            (_, Standing::LoggedIn(peer, key, _)) => (peer, key),
        };
        let resolved = match rule {
            Rule::Own => caller::resolve_unsettled(&self.state, &key, &peer).await,
            _ => caller::resolve(&self.state, &key, &peer).await,
        };
        let caller = resolved.inspect_err(|error| {
            if matches!(error, Error::Refused(told) if told.kind == Kind::SessionEnded) {
                self.forget(&key);
            }
        })?;
        *known = Some(caller.clone());
        match rule {
            Rule::Needs(any) if !any.iter().any(|it| caller.may(*it)) => {
                caller.require(any[0])?;
            }
            Rule::Somewhere(any) => caller.require_somewhere(any)?,
            _ => {}
        }
        Ok(Some(caller))
    }

    /// Answers one call, whatever happens in it.
    async fn answer(self: Arc<Self>, call: Call) -> Answer {
        let started = Instant::now();
        let method = call.method().unwrap_or_else(|| "Unknown".to_owned());
        let mut caller = None;
        let worked = AssertUnwindSafe(self.work(&call, &mut caller)).catch_unwind();
        let (worked, sent) = db::watched(worked).await;
        let statements = sent.statements;
        #[cfg(feature = "testing")]
        if let Some(watch) = &self.hooks.after {
            watch(&method, sent);
        }
        let outcome = match worked {
            Ok(outcome) => outcome,
            // What it said may hold data: the panic hook has its place, and the reference joins them.
            Err(_) => Err(Error::fault("a call panicked", "panic").told()),
        };
        match &caller {
            None => self.look().await,
            Some(caller) if caller.db().take_changed() => {
                let school = caller.school_code().to_owned();
                self.state
                    .cache
                    .tell(Notice::ReferenceChanged { school })
                    .await;
            }
            Some(_) => {}
        }
        if let Err(refused) = &outcome
            && refused.again_in.is_some()
        {
            // Whoever does not wait is made to: what is answered at once is asked for at once.
            sleep(HELD).await;
        }
        let answer = outcome
            .and_then(|response| Answer::encode(&response))
            .unwrap_or_else(|error| Answer::refusal(&method, &error));
        let error = answer.error();
        if let (Some(caller), Some(refusal)) = (&caller, &error)
            && refusal.kind == Kind::Denied
        {
            // Each leaves a row behind for ever.
            let _ = self.pay(REFUSED_COST);
            audit::call_refused(&self.state, caller, &method, refusal).await;
        }
        let cost = Cost {
            started,
            statements,
            bytes_in: call.0.len(),
            bytes_out: answer.0.len(),
        };
        cost.log(&method, caller.as_ref(), error.as_ref());
        Answer(self.limited.unsent.counted(answer.0))
    }

    async fn work(
        self: &Arc<Self>,
        call: &Call,
        known: &mut Option<Caller>,
    ) -> Result<HillviewResponse, ApiError> {
        if self.limited.unsent.is_full() {
            return Err(limits::no_room());
        }
        self.pay(1)?;
        let _in_hand = self.begin()?;
        let request = call.decode()?;
        match cost(&request) {
            0 | 1 => {}
            more => self.pay(more - 1)?,
        }
        let limit = time_limit(&request);
        let work = async {
            let caller = self.admit(&request, known).await?;
            #[cfg(feature = "testing")]
            if let Some(hook) = &self.hooks.before {
                hook(&request).await;
            }
            let api = Api::new(Arc::clone(self), caller).serve();
            let response = api.serve(context::current(), request).await;
            response.map_err(|error| Error::fault("tarpc", error).told())
        };
        match timeout(limit, Box::pin(work)).await {
            Ok(response) => response,
            Err(_) => Err(ApiError::new(
                Kind::Busy,
                "time-limit",
                format!("the server gave up after {} s", limit.as_secs()),
            )
            .hint("it may or may not have taken effect: look before you repeat it")),
        }
    }
}

/// What a call took.
struct Cost {
    started: Instant,
    /// Statements sent to the database; begin and commit are not counted.
    statements: u32,
    bytes_in: usize,
    bytes_out: usize,
}

impl Cost {
    fn log(&self, method: &str, caller: Option<&Caller>, error: Option<&ApiError>) {
        tracing::info!(
            method,
            school = caller.map(Caller::school_code),
            user = caller.map(|caller| caller.user().0),
            micros = u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX),
            statements = self.statements,
            bytes_in = self.bytes_in,
            bytes_out = self.bytes_out,
            outcome = error.map_or("ok", |error| error.code.as_str()),
            reference = error.and_then(|error| error.reference.as_deref()),
            "call"
        );
    }
}

impl Serve for Gate {
    type Req = Call;
    type Resp = Answer;

    async fn serve(self, _: Context, call: Call) -> Result<Answer, ServerError> {
        // tarpc counts calls that wait for their answer; this counts work, also of calls that the
        // client has given up on.
        let Ok(permit) = Arc::clone(&self.0.calls).try_acquire_owned() else {
            return Err(busy());
        };
        let tasks = self.0.tasks.clone();
        let working = tasks.spawn_local(async move {
            let answer = self.0.answer(call).await;
            drop(permit);
            answer
        });
        working.await.map_err(|_| busy())
    }
}

/// Becomes `too-many-calls` at the client.
fn busy() -> ServerError {
    let text = "too many calls at once".to_owned();
    ServerError::new(std::io::ErrorKind::WouldBlock, text)
}
