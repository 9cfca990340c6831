//! All that a school has in one file: whole, from one moment, without secrets.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use hillview_server::db::export::Snapshot;
use hillview_server::db::{Db, Tx};
use hillview_server::service::schools::{self, Actor};
use hillview_server::testing::{Engine, on_each_engine};
use hillview_shared::schools::{ExportSchool, SuspendSchool};
use sha2::{Digest, Sha256};

async fn set(db: &Db, name: &str, value: &str) {
    db.write(async |tx: &mut Tx| {
        tx.query("insert into setting (name, value, updated_at) values (?, ?, 0)")
            .bind(name)
            .bind(value)
            .execute()
            .await?;
        Ok(())
    })
    .await
    .unwrap();
}

fn kilimani() -> ExportSchool {
    ExportSchool {
        code: "kilimani".to_owned(),
    }
}

/// Every file of an archive, by name.
fn unpacked(path: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut zip = zip::ZipArchive::new(File::open(path).unwrap()).unwrap();
    let mut all = BTreeMap::new();
    for index in 0..zip.len() {
        let mut file = zip.by_index(index).unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        all.insert(file.name().unwrap().into_owned(), bytes);
    }
    all
}

/// Names of the tables, as the engine lists them.
async fn tables(db: &Db, engine: Engine) -> Vec<String> {
    let sql = match engine {
        Engine::Sqlite => {
            "select name from sqlite_schema where type = 'table' and name not like 'sqlite%' order by name"
        }
        Engine::MySql => {
            "select cast(table_name as char) from information_schema.tables \
             where table_schema = database() order by table_name"
        }
    };
    let rows: Vec<(String,)> = db.query(sql).all().await.unwrap();
    let names = rows.into_iter().map(|(name,)| name);
    names.filter(|name| name != "_sqlx_migrations").collect()
}

#[tokio::test]
async fn an_export_reads_back_with_every_row_of_every_table() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let head = school.caller("head").await;
        let db = head.db();
        set(db, "plain", "=1+1").await;
        set(db, "odd", "a,\"b\"\r\n\u{e9}\u{1f600}").await;
        set(db, "empty", "").await;
        let exported = schools::export(&it.state, Actor::Person(&head), &kilimani())
            .await
            .unwrap();

        let folder = it.folder().join("exports");
        let path = folder.join(&exported.file);
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder), mode(&path)), (0o700, 0o600));
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(exported.bytes, bytes.len() as u64);
        assert_eq!(exported.sha256, hex::encode(Sha256::digest(&bytes)));

        let files = unpacked(&path);
        let manifest: serde_json::Value = serde_json::from_slice(&files["manifest.json"]).unwrap();
        assert_eq!(manifest["school"], "kilimani");
        assert_eq!(manifest["name"], "Kilimani Primary");
        let listed = manifest["tables"].as_array().unwrap();
        let names: Vec<_> = listed
            .iter()
            .map(|it| it["name"].as_str().unwrap())
            .collect();
        assert_eq!(names, tables(db, it.engine).await);
        assert_eq!(files.len(), names.len() + 1);
        let mut total = 0;
        for table in listed {
            let name = table["name"].as_str().unwrap();
            let bytes = &files[table["file"].as_str().unwrap()];
            assert_eq!(
                table["sha256"],
                hex::encode(Sha256::digest(bytes)),
                "{name}"
            );
            assert_eq!(table["bytes"], bytes.len(), "{name}");
            let records = csv::Reader::from_reader(&bytes[..]).into_records();
            let rows = records.map(Result::unwrap).count() as u64;
            assert_eq!(table["rows"], rows, "{name}");
            total += rows;
            // The export itself is noted after it was taken.
            let noted = i64::from(name == "audit");
            let sql: &'static str = format!("select count(*) from {name}").leak();
            let now: i64 = db.query(sql).scalar().await.unwrap();
            assert_eq!(rows.cast_signed(), now - noted, "{name}");
        }
        assert_eq!(exported.rows, total);
        cells_are_as_stored(&files);
        holds_no_secret(db, &files).await;
        let noted = db.query("select count(*) from audit where action = 'school-export'");
        assert_eq!(noted.scalar::<i64>().await.unwrap(), 1);
    })
    .await;
}

fn cells_are_as_stored(files: &BTreeMap<String, Vec<u8>>) {
    let settings = String::from_utf8(files["setting.csv"].clone()).unwrap();
    assert!(
        settings.starts_with("name,value,updated_at\r\n"),
        "{settings}"
    );
    for line in [
        "plain,=1+1,0\r\n",
        "odd,\"a,\"\"b\"\"\r\n\u{e9}\u{1f600}\",0\r\n",
        "empty,\"\",0\r\n",
    ] {
        assert!(settings.contains(line), "{line:?} in {settings:?}");
    }
    // A student's birth date is not known: nothing stands between the commas.
    let mut students = csv::Reader::from_reader(&files["student.csv"][..]);
    let column = students
        .headers()
        .unwrap()
        .iter()
        .position(|it| it == "birth_date");
    let first = students.records().next().unwrap().unwrap();
    assert_eq!(&first[column.unwrap()], "");
    let text = String::from_utf8_lossy(&files["student.csv"]);
    assert!(text.contains("Ng'ang'a Peter Kamau") && text.contains("Wanjik\u{169} Jane"));
}

/// Neither the hash of a password nor that of a session, in whatever form.
async fn holds_no_secret(db: &Db, files: &BTreeMap<String, Vec<u8>>) {
    let hashes: Vec<(Vec<u8>,)> = db
        .query("select token_hash from session")
        .all()
        .await
        .unwrap();
    assert!(!hashes.is_empty());
    for (name, bytes) in files {
        let text = String::from_utf8_lossy(bytes);
        assert!(!text.contains("$argon2"), "a password in {name}");
        for (hash,) in &hashes {
            assert!(!text.contains(&hex::encode(hash)), "a session in {name}");
        }
    }
    let header = |name: &str| {
        let text = String::from_utf8_lossy(&files[name]).into_owned();
        text.lines().next().unwrap_or_default().to_owned()
    };
    for (name, secret) in [("user.csv", "password"), ("session.csv", "token_hash")] {
        assert!(!header(name).split(',').any(|it| it == secret), "{name}");
        let manifest = String::from_utf8_lossy(&files["manifest.json"]);
        let column = format!("{}.{secret}", name.trim_end_matches(".csv"));
        assert!(
            manifest.contains(&column),
            "{column} is not said to be left out"
        );
    }
}

/// Columns that this test does not know by name: whoever adds a secret thinks of the export.
#[tokio::test]
async fn every_column_that_sounds_like_a_secret_is_left_out() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let db = school.caller("head").await.db().clone();
        schools::export(&it.state, Actor::Server, &kilimani())
            .await
            .unwrap();
        let file = std::fs::read_dir(it.folder().join("exports"))
            .unwrap()
            .next();
        let files = unpacked(&file.unwrap().unwrap().path());
        let manifest: serde_json::Value = serde_json::from_slice(&files["manifest.json"]).unwrap();
        let left_out: Vec<_> = manifest["left_out"].as_array().unwrap().iter().collect();
        let mut snapshot = Snapshot::open(&db).await.unwrap();
        let columns = snapshot.columns().await.unwrap();
        snapshot.close().await;
        // Chains and operations have hashes that prove something and open nothing.
        let known = [
            "mark_change.hash",
            "mark_change.row_hash",
            "audit.hash",
            "audit.previous_hash",
            "audit_head.hash",
            "operation.request_hash",
        ];
        for column in columns {
            let name = format!("{}.{}", column.table, column.name);
            let words = ["password", "secret", "token", "hash", "sealed", "recovery"];
            if words.iter().any(|word| column.name.contains(word)) && !known.contains(&&*name) {
                assert!(
                    left_out.iter().any(|it| **it == *name),
                    "{name} is exported"
                );
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_snapshot_stands_still_while_people_work() {
    on_each_engine(async |it| {
        let school = it.school("kilimani").await;
        let db = school.caller("head").await.db().clone();
        set(&db, "before", "x").await;
        let mut snapshot = Snapshot::open(&db).await.unwrap();
        let columns = snapshot.columns().await.unwrap();
        set(&db, "meanwhile", "x").await;
        let of_settings: Vec<_> = columns
            .into_iter()
            .filter(|column| column.table == "setting")
            .collect();
        let mut names = Vec::new();
        snapshot
            .rows(&of_settings, |values| {
                names.push(values[0].unwrap().to_owned());
                Ok(())
            })
            .await
            .unwrap();
        snapshot.close().await;
        assert!(names.contains(&"before".to_owned()));
        assert!(!names.contains(&"meanwhile".to_owned()), "{names:?}");
    })
    .await;
}

#[tokio::test]
async fn a_suspended_school_is_exported_and_what_was_killed_is_swept_away() {
    on_each_engine(async |it| {
        it.school("kilimani").await;
        let request = SuspendSchool {
            code: "kilimani".to_owned(),
            undo: false,
        };
        schools::suspend(&it.state, Actor::Server, &request)
            .await
            .unwrap();
        let folder = it.folder().join("exports");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join(".kilimani-2026-01-01-000000.zip.part"), "half").unwrap();
        let exported = schools::export(&it.state, Actor::Server, &kilimani())
            .await
            .unwrap();
        let names = std::fs::read_dir(&folder).unwrap();
        let names: Vec<_> = names.map(|it| it.unwrap().file_name()).collect();
        assert_eq!(names, [exported.file.as_str()]);
        for code in ["nowhere", "platform"] {
            let request = ExportSchool {
                code: code.to_owned(),
            };
            let refused = schools::export(&it.state, Actor::Server, &request).await;
            assert_eq!(refused.unwrap_err().told().code, "not-found");
        }
    })
    .await;
}
