//! The audit log on the command line: reading it, and being told of what was tampered with.

use hillview_server::testing::{Engine, on_each_engine};
use serde_json::Value;

use crate::desk::Desk;
use crate::served::Served;

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_listed_and_filtered() {
    on_each_engine(async |installation| {
        installation.school("kili").await;
        let server = Served::on(installation).await;
        let teacher = Desk::at(&server.unix);
        teacher.log_in("kili", "teacher");
        assert_eq!(teacher.quietly(&["audit", "list"], "").code, Some(4));
        let desk = Desk::at(&server.unix);
        desk.log_in("kili", "head");

        let newest = ["audit", "list", "--limit", "2", "--format", "csv"];
        let newest = desk.quietly(&newest, "").stdout;
        let lines: Vec<&str> = newest.lines().collect();
        assert_eq!(lines.len(), 3, "{newest}");
        assert_eq!(
            lines[0],
            "sequence,at,username,address,source,action,subject,outcome,detail"
        );
        assert!(
            lines[1].contains(",head,unix,cli,log-in,head,ok,"),
            "{newest}"
        );
        assert!(
            lines[2].contains(",teacher,unix,cli,refused,list_audit,"),
            "{newest}"
        );
        let refused = [
            "audit",
            "list",
            "--refused",
            "--by",
            "teacher",
            "--format",
            "json",
        ];
        let refused: Value = serde_json::from_str(&desk.quietly(&refused, "").stdout).unwrap();
        assert_eq!(refused.as_array().map(Vec::len), Some(1));
        let none = ["audit", "list", "--until", "2020-01-01", "--format", "json"];
        assert_eq!(desk.quietly(&none, "").stdout.trim(), "[]");
        let wrong = desk.quietly(&["audit", "list", "--from", "yesterday"], "");
        assert_eq!(wrong.code, Some(2));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_verified_and_the_line_named_that_was_changed() {
    on_each_engine(async |installation| {
        let school = installation.school("kili").await;
        let server = Served::on(installation).await;
        let desk = Desk::at(&server.unix);
        desk.log_in("kili", "head");
        let verify = ["audit", "verify", "--format", "json"];
        let whole = desk.quietly(&verify, "");
        assert_eq!((whole.code, whole.stderr.as_str()), (Some(0), ""));
        let whole: Value = serde_json::from_str(&whole.stdout).unwrap();
        assert_eq!(whole["fault"], Value::Null);
        let head = whole["head"].as_str().unwrap();
        let again = desk.quietly(&["audit", "verify", "--expect", head], "");
        assert_eq!(again.code, Some(0), "{}", again.stderr);
        let bad = desk.quietly(&["audit", "verify", "--expect", "7"], "");
        assert_eq!(bad.code, Some(6), "{}", bad.stderr);
        assert!(bad.stderr.contains("bad-head"), "{}", bad.stderr);

        let db = school.caller("head").await.db().clone();
        db.write(async |tx| {
            if installation.engine == Engine::Sqlite {
                tx.query("drop trigger audit_takes_no_update")
                    .execute()
                    .await?;
            }
            tx.query("update audit set subject = 'nobody' where sequence = 2")
                .execute()
                .await?;
            Ok(())
        })
        .await
        .unwrap();
        let found = desk.quietly(&verify, "");
        assert_eq!(found.code, Some(6));
        assert!(
            found
                .stderr
                .starts_with("error: line 2 of the audit log was changed"),
            "{}",
            found.stderr
        );
        let found: Value = serde_json::from_str(&found.stdout).unwrap();
        assert_eq!(found["head"], Value::Null);
        assert_eq!(found["fault"]["sequence"], 2);
        assert_eq!(found["fault"]["what"], "changed");
        let table = desk.quietly(&["audit", "verify"], "");
        assert_eq!(table.code, Some(6));
    })
    .await;
}
