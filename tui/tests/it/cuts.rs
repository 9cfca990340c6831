//! The line is cut in the middle of saves, with the request or with the answer on it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hillview_server::testing::on_each_engine;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;
use tokio::task::block_in_place;

use crate::desk::Desk;
use crate::harness::CTRL_Q;
use crate::pty::{at_the_sheet, type_marks};
use crate::ready::{Ready, SCHOOL};

/// A line to a server that can be cut, and that can lose what the server says.
struct Relay {
    socket: PathBuf,
    deaf: Arc<AtomicBool>,
    cut: watch::Sender<u32>,
}

impl Relay {
    fn to(server: &Path) -> Self {
        let relay = Self {
            socket: server.with_extension("relay"),
            deaf: Arc::new(AtomicBool::new(false)),
            cut: watch::Sender::new(0),
        };
        let listener = UnixListener::bind(&relay.socket).unwrap();
        let (server, deaf, cut) = (server.to_owned(), relay.deaf.clone(), relay.cut.clone());
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let far = UnixStream::connect(&server).await.unwrap();
                let (deaf, mut cut) = (deaf.clone(), cut.subscribe());
                tokio::spawn(async move {
                    tokio::select! {
                        () = carry(near, far, &deaf) => {}
                        _ = cut.changed() => {}
                    }
                });
            }
        });
        relay
    }

    /// From now on nothing that the server says arrives, until the line is cut.
    fn lose_answers(&self) {
        self.deaf.store(true, Ordering::SeqCst);
    }

    fn cut(&self) {
        self.cut.send_modify(|cuts| *cuts += 1);
        self.deaf.store(false, Ordering::SeqCst);
    }
}

async fn carry(near: UnixStream, far: UnixStream, deaf: &AtomicBool) {
    let ((mut from_near, mut to_near), (mut from_far, mut to_far)) =
        (near.into_split(), far.into_split());
    let back = async {
        let mut bytes = [0; 4096];
        while let Ok(count @ 1..) = from_far.read(&mut bytes).await {
            let lost = deaf.load(Ordering::SeqCst);
            if !lost && to_near.write_all(&bytes[..count]).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        _ = copy(&mut from_near, &mut to_far) => {}
        () = back => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_cut_in_the_middle_of_saves_loses_and_doubles_nothing() {
    on_each_engine(async |installation| {
        let ready = Ready::make(installation).await;
        let served = installation.serve().await;
        let relay = Relay::to(&served.socket);
        let desk = Desk::at(format!("unix:{}", relay.socket.display()));
        desk.log_in(SCHOOL, "teacher");
        block_in_place(|| {
            let mut pty = at_the_sheet(&desk);
            for mark in 21..30 {
                match mark % 3 {
                    // The server has the mark, and the client does not know.
                    0 => {
                        relay.lose_answers();
                        type_marks(&mut pty, [mark]);
                        pty.wait_for("sending");
                        relay.cut();
                    }
                    1 => {
                        type_marks(&mut pty, [mark]);
                        relay.cut();
                    }
                    _ => {
                        relay.cut();
                        pty.wait("the loss is seen", |screen| !screen.contains("online"));
                        type_marks(&mut pty, [mark]);
                    }
                }
                pty.wait("it is saved", |screen| {
                    let saved = screen.matches("saved").count() == (mark - 20) as usize;
                    saved && screen.contains("online")
                });
            }
            pty.press(CTRL_Q);
            assert!(pty.ended().success());
        });
        let typed: Vec<Option<i32>> = (21..30).map(Some).collect();
        assert_eq!(ready.scores().await[..9], typed);
        assert_eq!(ready.history().await.len(), 9);
        served.stop().await;
    })
    .await;
}
