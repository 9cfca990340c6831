//! Redis, dying and coming back.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use hillview_server::caller::{self, SessionKey};
use hillview_server::config::Config;
use hillview_server::service::{State, accounts};
use hillview_server::testing::{Engine, Installation, School, engines};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::{JoinHandle, JoinSet};

/// A way to Redis that can be cut.
struct Relay {
    task: JoinHandle<()>,
    path: PathBuf,
}

impl Relay {
    fn start(path: &Path, redis: &Path) -> Self {
        let listener = UnixListener::bind(path).unwrap();
        let redis = redis.to_owned();
        let task = tokio::spawn(async move {
            // Aborted with this task.
            let mut lines = JoinSet::new();
            loop {
                let (mut near, _) = listener.accept().await.unwrap();
                let mut far = UnixStream::connect(&redis).await.unwrap();
                lines
                    .spawn(async move { tokio::io::copy_bidirectional(&mut near, &mut far).await });
            }
        });
        let path = path.to_owned();
        Self { task, path }
    }

    async fn cut(self) {
        self.task.abort();
        let _ = self.task.await;
        std::fs::remove_file(self.path).unwrap();
    }
}

async fn is_live(state: &State, key: &SessionKey) -> bool {
    caller::resolve(state, key, &"test".into()).await.is_ok()
}

#[tokio::test]
async fn redis_may_die_and_come_back_and_no_ended_session_lives() {
    let url = std::env::var("HILLVIEW_TEST_REDIS").unwrap_or_default();
    let Some(redis) = url
        .strip_prefix("redis+unix://")
        .filter(|_| engines().len() == 2)
    else {
        return;
    };
    let it = Installation::new(Engine::MySql).await;
    let path = it.folder().join("relay.sock");
    let relay = Relay::start(&path, Path::new(redis));
    let config = Config {
        redis: Some(format!("redis+unix://{}", path.display())),
        ..it.config.clone()
    };
    let here = State::open(&config).await.unwrap();
    let school = School::make(&here, "kilimani").await;
    let (teacher, head) = (school.caller("teacher").await, school.caller("head").await);
    // Both are in Redis now: the other instance, which reaches it directly, reads them there.
    assert!(is_live(&it.state, teacher.key()).await && is_live(&it.state, head.key()).await);

    relay.cut().await;
    let began = Instant::now();
    assert!(is_live(&here, head.key()).await);
    accounts::log_out(&here, &teacher).await.unwrap();
    assert!(
        !is_live(&here, teacher.key()).await,
        "ended, though Redis was not told"
    );
    school.caller("registrar").await;
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "a dead Redis delays: {:?}",
        began.elapsed()
    );

    let relay = Relay::start(&path, Path::new(redis));
    let back = Instant::now();
    while is_live(&it.state, teacher.key()).await {
        assert!(
            back.elapsed() < Duration::from_secs(10),
            "Redis was not told for ten seconds"
        );
        // A call of anybody lets this instance find that Redis is back.
        assert!(is_live(&here, head.key()).await);
        assert!(
            !is_live(&here, teacher.key()).await,
            "what Redis still holds was believed"
        );
        tokio::task::yield_now().await;
    }
    relay.cut().await;
    here.tenants.close().await;
    it.remove().await;
}
