//! How the tests reach a server: the real client, and a bare end that says what no client says.

use std::path::Path;

use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use hillview::client::{Client, ServerAddress, Trust, hello};
use hillview_server::testing::{PASSWORD, Served};
use hillview_shared::ApiError;
use hillview_shared::accounts::{ChangePassword, LogIn};
use hillview_shared::api::{HillviewRequest, HillviewResponse};
use hillview_shared::wire::{Answer, Call, ClientCodec};
use tarpc::{ClientMessage, Request};
use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;
use tokio_util::codec::Framed;

/// What the client pins keys in; nothing on a Unix socket.
pub fn trust(folder: &Path) -> Trust {
    Trust::Pinned(folder.join("known_servers"))
}

pub async fn connect(server: &Served) -> Client {
    let address = ServerAddress::Unix(server.socket.clone());
    let trust = trust(Path::new("/nowhere"));
    let (client, _) = Client::connect(&address, &trust, hello("tui", None))
        .await
        .unwrap();
    client
}

pub fn login(school: &str, user: &str, password: &str) -> LogIn {
    LogIn {
        school: school.to_owned(),
        user: user.to_owned(),
        password: password.to_owned(),
        code: None,
        device: None,
    }
}

pub async fn log_in(client: &Client, school: &str, user: &str) {
    let request = login(school, user, PASSWORD);
    client
        .ask(async |api, context| api.log_in(context, request).await)
        .await
        .unwrap();
}

/// An end that sends what it likes.
pub struct Bare {
    frames: Framed<UnixStream, ClientCodec>,
    next: u64,
}

impl Bare {
    /// Has said nothing yet.
    pub async fn open(socket: &Path) -> Self {
        let stream = UnixStream::connect(socket).await.unwrap();
        Self {
            frames: Framed::new(stream, ClientCodec::new()),
            next: 0,
        }
    }

    /// Has said hello.
    pub async fn greeted(socket: &Path) -> Self {
        let mut bare = Self::open(socket).await;
        let call = HillviewRequest::Hello {
            request: hello("tui", None),
        };
        let welcome = bare.call(Call::encode(&call).unwrap()).await.unwrap();
        assert!(welcome.error().is_none());
        bare
    }

    pub async fn send(&mut self, call: Call) {
        assert!(self.try_send(call).await, "the server has closed");
    }

    /// The same; `false` when the server has closed.
    pub async fn try_send(&mut self, call: Call) -> bool {
        self.next += 1;
        let request = Request {
            context: tarpc::context::current(),
            id: self.next,
            message: call,
        };
        let sent = self.frames.send(ClientMessage::Request(request));
        sent.await.is_ok()
    }

    /// Sends bytes that need not be a frame; `false` when the server has closed.
    pub async fn send_bytes(&mut self, bytes: &[u8]) -> bool {
        self.frames.get_mut().write_all(bytes).await.is_ok()
    }

    /// Logs in; the refusal, when there is one.
    pub async fn log_in(&mut self, school: &str, user: &str) -> Option<ApiError> {
        let request = login(school, user, PASSWORD);
        let call = Call::encode(&HillviewRequest::LogIn { request }).unwrap();
        self.call(call).await.unwrap().error()
    }

    pub async fn log_in_with(&mut self, school: &str, user: &str, password: &str) {
        let request = login(school, user, password);
        let call = Call::encode(&HillviewRequest::LogIn { request }).unwrap();
        assert_eq!(self.call(call).await.unwrap().error(), None);
    }

    /// Changes the password to the one that tests know.
    pub async fn change_password(&mut self, old: &str) {
        let request = ChangePassword {
            old: old.to_owned(),
            new: PASSWORD.to_owned(),
        };
        let call = Call::encode(&HillviewRequest::ChangePassword { request }).unwrap();
        assert_eq!(self.call(call).await.unwrap().error(), None);
    }

    /// Waits until the server closes, whatever it says before.
    pub async fn closed(&mut self) {
        while self.frames.next().await.is_some_and(|frame| frame.is_ok()) {}
    }

    /// The next answer; `None` when the server has closed.
    pub async fn answer(&mut self) -> Option<Answer> {
        let response = self.frames.next().await?.ok()?;
        response.message.ok()
    }

    pub async fn call(&mut self, call: Call) -> Option<Answer> {
        self.send(call).await;
        self.answer().await
    }

    /// Whether the server still answers.
    pub async fn is_alive(&mut self) -> bool {
        let ping = Call::encode(&HillviewRequest::Ping {}).unwrap();
        let Some(answer) = self.call(ping.clone()).await else {
            return false;
        };
        matches!(answer.decode(&ping), Ok(HillviewResponse::Ping(Ok(_))))
    }
}

/// A call of any name with any body, as MessagePack.
pub fn odd_call(name: &str, body: impl serde::Serialize) -> Call {
    let call = std::collections::BTreeMap::from([(name, body)]);
    Call(Bytes::from(rmp_serde::to_vec_named(&call).unwrap()))
}

/// The bytes of a call that is the `id`th of its connection, as the client would send them.
pub fn frame_of(id: u64, call: &Call) -> Vec<u8> {
    let mut codec = ClientCodec::new();
    let mut bytes = bytes::BytesMut::new();
    let request = Request {
        context: tarpc::context::current(),
        id,
        message: call.clone(),
    };
    let message = ClientMessage::Request(request);
    tokio_util::codec::Encoder::encode(&mut codec, message, &mut bytes).unwrap();
    bytes.to_vec()
}
