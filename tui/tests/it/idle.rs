//! A minute in which nobody does anything: nothing is drawn, and next to nothing is said.

use std::time::Duration;

use hillview_server::testing::relay::{Quality, Relay};
use hillview_server::testing::{Engine, Installation};
use tokio::task::block_in_place;

use crate::desk::Desk;
use crate::harness::CTRL_Q;
use crate::pty::at_the_sheet;
use crate::ready::{Ready, SCHOOL};

/// A real minute, with the real program on a sheet, over TLS. On one engine: standing still does
/// not touch the database.
#[tokio::test(flavor = "multi_thread")]
async fn an_idle_minute_draws_nothing_and_says_at_most_200_bytes() {
    let installation = Installation::new(Engine::Sqlite).await;
    Ready::make(&installation).await;
    let served = installation.serve().await;
    let relay = Relay::start(served.address, Quality::default())
        .await
        .unwrap();
    let desk = Desk::at(format!("tls://{}", relay.address()));
    block_in_place(|| {
        desk.log_in(SCHOOL, "teacher");
        let mut pty = at_the_sheet(&desk);
        pty.settle();
        let before = relay.traffic();
        pty.quiet_for(Duration::from_secs(60));
        let said = relay.traffic() - before;
        assert_eq!(pty.count(), 0, "bytes to the terminal in an idle minute");
        println!("an idle minute over TLS: {} bytes", said.sum());
        assert!(said.sum() <= 200, "{said:?}");
        pty.press(CTRL_Q);
        assert!(pty.ended().success());
    });
    served.stop().await;
    installation.remove().await;
}
