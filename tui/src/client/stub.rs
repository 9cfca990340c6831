//! The end of the line that makes calls: encodes them, waits, decodes, and tells what went wrong.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hillview_shared::api::{HillviewRequest, HillviewResponse};
use hillview_shared::wire::{Answer, Call, ClientCodec, IN_FLIGHT, Packing, time_limit};
use hillview_shared::{ApiError, Kind};
use tarpc::client::{self, Channel, RpcError};
use tarpc::context::Context;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::codec::Framed;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::line::Line;

/// What a slow line may add to the server's own time limit.
const LINE_MAX: Duration = Duration::from_secs(30);

/// How long a call is sent again for that the server asks to send later.
const AGAIN_MAX: Duration = Duration::from_secs(60);

/// Makes calls on one connection.
#[derive(Clone)]
pub struct Stub {
    channel: Channel<Call, Answer>,
    heard: Arc<Mutex<Instant>>,
    packing: Packing,
}

/// Starts the task that moves frames. It ends when the line is lost or the guard is dropped.
pub(super) fn start(
    line: Box<dyn Line>,
    quiet: Duration,
) -> (Stub, watch::Receiver<bool>, DropGuard) {
    let mut config = client::Config::default();
    config.max_in_flight_requests = IN_FLIGHT;
    let codec = ClientCodec::new();
    let packing = codec.packing();
    let started = client::new(config, Framed::new(line, codec));
    let stub = Stub {
        channel: started.client,
        heard: Arc::new(Mutex::new(Instant::now())),
        packing,
    };
    let (closing, closed) = watch::channel(false);
    let stop = CancellationToken::new();
    let (listener, stopped) = (stub.clone(), stop.clone());
    tokio::spawn(async move {
        tokio::select! {
            _ = started.dispatch => {}
            () = listener.listen(quiet) => {}
            () = stopped.cancelled() => {}
        }
        closing.send_replace(true);
    });
    (stub, closed, stop.drop_guard())
}

impl Stub {
    /// The server has this dictionary.
    pub(super) fn pack_with(&self, dictionary: u32) {
        self.packing.choose(&[dictionary]);
    }

    pub(super) async fn exchange(
        &self,
        request: &HillviewRequest,
    ) -> Result<HillviewResponse, ApiError> {
        let call = Call::encode(request)?;
        let most = time_limit(request) + LINE_MAX;
        let give_up = Instant::now() + AGAIN_MAX;
        loop {
            let answer = self.send(&call, most).await?;
            let error = answer.error();
            let wait = error.as_ref().and_then(|error| error.again_in);
            if let Some(wait) = wait.map(|seconds| Duration::from_secs(seconds.into()))
                && Instant::now() + wait < give_up
            {
                sleep(wait).await;
                continue;
            }
            return match error.and_then(without_session) {
                Some(ended) => Err(ended),
                None => answer.decode(&call),
            };
        }
    }

    async fn send(&self, call: &Call, most: Duration) -> Result<Answer, ApiError> {
        let mut context = tarpc::context::current();
        context.deadline = std::time::Instant::now() + most;
        let answer = self.channel.call(context, call.clone()).await;
        let answer = answer.map_err(told)?;
        *self.heard.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        Ok(answer)
    }

    /// Asks for a sign of life when the line has been quiet; returns when none comes in two fifths
    /// of that time, which is half a minute: on a slow line a full frame may be before it.
    async fn listen(&self, quiet: Duration) {
        loop {
            let heard = *self.heard.lock().unwrap_or_else(PoisonError::into_inner);
            let due = heard + quiet;
            if Instant::now() < due {
                sleep_until(due).await;
                continue;
            }
            match timeout(quiet * 2 / 5, self.exchange(&HillviewRequest::Ping {})).await {
                Ok(Err(error)) if error.kind == Kind::Offline => return,
                Ok(_) => {}
                Err(_) => return,
            }
        }
    }
}

impl client::stub::Stub for Stub {
    type Req = HillviewRequest;
    type Resp = HillviewResponse;

    async fn call(
        &self,
        _context: Context,
        request: HillviewRequest,
    ) -> Result<HillviewResponse, RpcError> {
        self.exchange(&request)
            .await
            .map_err(|error| RpcError::Send(Box::new(error)))
    }
}

/// The refusal of a call for want of a session. Only the first call after its end hears that it
/// has ended; those that follow hear that nobody is logged in, which means the same here.
fn without_session(error: ApiError) -> Option<ApiError> {
    let ended = error.kind == Kind::SessionEnded || error.code == "not-logged-in";
    ended.then_some(ApiError {
        kind: Kind::SessionEnded,
        ..error
    })
}

/// What to tell about a call without an answer. The stub's own errors travel boxed in `Send`.
pub(super) fn told(error: RpcError) -> ApiError {
    let lost = |why: &str| {
        ApiError::offline(format!("the line to the server was lost{why}"))
            .hint("what was sent and not answered may or may not have taken effect")
    };
    match error {
        RpcError::Send(error) => match error.downcast::<ApiError>() {
            Ok(error) => *error,
            Err(error) => lost(&format!(": {error}")),
        },
        RpcError::Shutdown | RpcError::Channel(_) => lost(""),
        RpcError::DeadlineExceeded => ApiError::new(
            Kind::Offline,
            "no-answer",
            "the server did not answer in time",
        )
        .hint("what was sent may or may not have taken effect"),
        RpcError::Server(_) => ApiError::new(
            Kind::Busy,
            "too-many-calls",
            format!("more than {IN_FLIGHT} calls at once on one connection"),
        )
        .hint("wait for some of them"),
    }
}
