//! A server for a test, in this process.

use std::path::PathBuf;
use std::sync::Arc;

use futures::FutureExt;
use hillview_server::gate::{Hook, Hooks};
use hillview_server::serve::{Listeners, serve};
use hillview_server::testing::Installation;
use hillview_shared::api::HillviewRequest;
use tokio::io::copy_bidirectional;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Notify;
use tokio_util::sync::{CancellationToken, DropGuard};

/// A server on an installation, which stops when this is dropped.
pub struct Served {
    /// Its Unix socket.
    pub unix: String,
    /// Its TLS address.
    pub tls: String,
    socket: PathBuf,
    _stop: DropGuard,
}

impl Served {
    pub async fn on(installation: &Installation) -> Self {
        Self::hooked(installation, |_| std::future::ready(())).await
    }

    /// A server that does something before it works on a call.
    pub async fn hooked<F>(
        installation: &Installation,
        before: impl Fn(&HillviewRequest) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let mut config = installation.config.clone();
        config.listen = Some(([127, 0, 0, 1], 0).into());
        config.socket = installation
            .folder()
            .join(format!("{:08x}.sock", rand::random::<u32>()));
        let hook: Hook = Arc::new(move |request| before(request).boxed());
        let hooks = Hooks {
            before: Some(hook),
            ..Hooks::default()
        };
        let listeners = Listeners::open(&config).await.unwrap().hooked(hooks);
        let stop = CancellationToken::new();
        let served = Self {
            unix: format!("unix:{}", config.socket.display()),
            tls: format!("tls://{}", listeners.tls_address().unwrap()),
            socket: config.socket,
            _stop: stop.clone().drop_guard(),
        };
        let state = installation.state.clone();
        tokio::spawn(async move { serve(state, listeners, stop.cancelled()).await });
        served
    }

    /// The address of a line to this server that is cut whenever it is told.
    pub async fn relay(&self, cut: Arc<Notify>) -> String {
        let socket = self.socket.with_extension("relay");
        let listener = UnixListener::bind(&socket).unwrap();
        let server = self.socket.clone();
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let mut far = UnixStream::connect(&server).await.unwrap();
                let cut = cut.clone();
                tokio::spawn(async move {
                    tokio::select! {
                        _ = copy_bidirectional(&mut near, &mut far) => {}
                        () = cut.notified() => {}
                    }
                });
            }
        });
        format!("unix:{}", socket.display())
    }
}
