//! A database that may forget what it acknowledged is refused at the start.

use std::process::{Output, Stdio};

use hillview_server::testing::{Engine, Installation, engines};
use tokio::process::Command;

use crate::database::Database;

async fn serve(url: &str, data: &std::path::Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hillview-server"));
    command
        .env_clear()
        .arg("--data-dir")
        .arg(data)
        .args(["--database", url, "serve"]);
    command
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .unwrap()
}

#[tokio::test]
async fn a_server_does_not_start_on_settings_that_lose_commits() {
    if engines().len() < 2 {
        return;
    }
    let database = Database::start().await;
    let it = Installation::on(Engine::MySql, Some(database.url()), None).await;
    let set = async |sql: &'static str| {
        it.state
            .tenants
            .control()
            .query(sql)
            .execute()
            .await
            .unwrap();
    };
    set("set global innodb_flush_log_at_trx_commit = 2").await;
    let refused = serve(&database.url(), it.folder()).await;
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success(), "{said}");
    assert!(said.contains("innodb_flush_log_at_trx_commit"), "{said}");
    assert!(said.contains("set it to 1"), "what to do is said: {said}");
    set("set global innodb_flush_log_at_trx_commit = 1").await;
    it.remove().await;
    database.dev_db("stop").await;
}
