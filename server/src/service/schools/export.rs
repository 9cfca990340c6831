//! All that a school has, in one file for whoever runs the server to hand over.
//!
//! A ZIP with a CSV for each table and a `manifest.json` that says what is in it. The caller is told
//! the file's name and hash and sees nothing of it. Not here: exports for people to work with,
//! which are another matter and are safe to open in a spreadsheet.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufWriter, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use hillview_shared::ApiError;
use hillview_shared::audit::Action;
use hillview_shared::ids::Moment;
use hillview_shared::schools::{ExportSchool, SchoolExported};
use serde::Serialize;
use sha2::{Digest, Sha256};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::{Actor, find, note_in, noted, within, wrong_state};
use crate::db::export::{Column, Snapshot};
use crate::db::schools::School;
use crate::db::{Db, migrate};
use crate::error::{Error, Result};
use crate::service::State;
use crate::service::audit::Event;

/// What reads the file must know; it stands in the manifest.
const NOTE: &str = "A dump of a school's tables for another program to read. UTF-8, comma, CRLF. \
    Bytes are in hex, moments are microseconds since 1970 in UTC, scores and weights are whole \
    hundredths. Nothing between two commas is null, \"\" is an empty text. Cells are as stored: \
    those that begin with = + - @ are not neutralised, so do not open them in a spreadsheet. \
    The columns listed under left_out are secrets and are in no file.";

/// What is left out: nobody who was handed the file shall log in with it.
fn is_secret(column: &Column) -> bool {
    let name = column.name.as_str();
    ["password", "secret"]
        .iter()
        .any(|word| name.contains(word))
        || ["token_hash", "code_hash"].contains(&name)
}

#[derive(Serialize)]
struct Manifest {
    format: &'static str,
    note: &'static str,
    school: String,
    name: String,
    taken: String,
    server: &'static str,
    schema_version: i64,
    tables: Vec<Table>,
    left_out: Vec<String>,
}

#[derive(Serialize)]
struct Table {
    name: String,
    file: String,
    rows: u64,
    bytes: u64,
    sha256: String,
}

pub async fn export(
    state: &State,
    actor: Actor<'_>,
    request: &ExportSchool,
) -> Result<SchoolExported> {
    let school = find(state, &request.code).await?;
    if !matches!(school.state.as_str(), "open" | "suspended") {
        return Err(wrong_state(&school, "open").into());
    }
    let folder = state.data_dir.join("exports");
    let now = state.clock.now();
    let (db, about) = (state.tenants.behind(&school).await?, school.clone());
    let runtime = tokio::runtime::Handle::current();
    // A thread of its own: packing takes seconds, and nobody else should wait for it.
    let done = tokio::task::spawn_blocking(move || {
        runtime.block_on(async move {
            let done = write(&db, &about, &folder, now).await;
            db.close().await;
            done
        })
    });
    let exported = done.await.expect("an export does not panic")?;
    let SchoolExported {
        file, rows, sha256, ..
    } = &exported;
    let detail = format!("{file}, {rows} rows, SHA-256 {sha256}");
    let event = Event::new(Action::SchoolExport, &school.code).detail(detail);
    within(state, &school, async |db| {
        db.write(async |tx| note_in(tx, state, actor, event.clone()).await)
            .await
    })
    .await?;
    noted(state, actor, event).await?;
    Ok(exported)
}

/// Writes the file under another name and gives it its own once it is whole and on the disk.
async fn write(db: &Db, school: &School, folder: &Path, now: Moment) -> Result<SchoolExported> {
    prepare(folder).map_err(broken)?;
    let name = format!(
        "{}-{}.zip",
        school.code,
        now.utc().format("%Y-%m-%d-%H%M%S")
    );
    let (path, part) = (folder.join(&name), folder.join(format!(".{name}.part")));
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&part);
    let file = file.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            let text = format!("the school {} is being exported already", school.code);
            ApiError::conflict("export-running", text).into()
        }
        _ => broken(error),
    })?;
    let done = async {
        file.lock().map_err(broken)?;
        let rows = fill(db, school, &file, now).await?;
        finish(&file, &part, &path)
            .map_err(broken)
            .map(|done| (rows, done))
    };
    match done.await {
        Ok((rows, (bytes, sha256))) => Ok(SchoolExported {
            file: name,
            bytes,
            sha256,
            rows,
        }),
        Err(error) => {
            // What cannot be removed now is by the next export.
            let _ = fs::remove_file(&part);
            Err(error)
        }
    }
}

/// Makes the folder, and removes what an export that was killed has left in it.
fn prepare(folder: &Path) -> io::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    for entry in fs::read_dir(folder)? {
        let path: PathBuf = entry?.path();
        if path.extension().is_some_and(|it| it == "part") && File::open(&path)?.try_lock().is_ok()
        {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// Writes every table; gives the number of rows.
async fn fill(db: &Db, school: &School, file: &File, now: Moment) -> Result<u64> {
    let schema_version = migrate::applied(db).await?;
    let mut snapshot = Snapshot::open(db).await?;
    let all = snapshot.columns().await?;
    let mut zip = ZipWriter::new(BufWriter::new(file));
    let mut tables = Vec::new();
    for columns in all.chunk_by(|one, next| one.table == next.table) {
        tables.push(table(&mut snapshot, columns, &mut zip).await?);
    }
    snapshot.close().await;
    let rows = tables.iter().map(|table| table.rows).sum();
    let secrets = all.iter().filter(|column| is_secret(column));
    let manifest = Manifest {
        format: "hillview-school-1",
        note: NOTE,
        school: school.code.clone(),
        name: school.name.clone(),
        taken: now.utc().to_rfc3339(),
        server: env!("CARGO_PKG_VERSION"),
        schema_version,
        tables,
        left_out: secrets
            .map(|column| format!("{}.{}", column.table, column.name))
            .collect(),
    };
    let text = serde_json::to_vec_pretty(&manifest).map_err(|error| broken(error.into()))?;
    zip.start_file("manifest.json", options())
        .map_err(|error| broken(error.into()))?;
    zip.write_all(&text).map_err(broken)?;
    let mut out = zip.finish().map_err(|error| broken(error.into()))?;
    out.flush().map_err(broken)?;
    Ok(rows)
}

/// Writes one table as a CSV file of the archive.
async fn table(
    snapshot: &mut Snapshot,
    columns: &[Column],
    zip: &mut ZipWriter<BufWriter<&File>>,
) -> Result<Table> {
    let name = columns[0].table.clone();
    let kept: Vec<Column> = columns
        .iter()
        .filter(|it| !is_secret(it))
        .cloned()
        .collect();
    let file = format!("{name}.csv");
    zip.start_file(&*file, options())
        .map_err(|error| broken(error.into()))?;
    let (mut hash, mut bytes, mut rows) = (Sha256::new(), 0, 0);
    let mut line = Vec::new();
    let mut put = |values: &mut dyn Iterator<Item = Option<&str>>| {
        line.clear();
        write_line(&mut line, values);
        hash.update(&line);
        bytes += line.len() as u64;
        zip.write_all(&line).map_err(broken)
    };
    put(&mut kept.iter().map(|column| Some(column.name.as_str())))?;
    snapshot
        .rows(&kept, |values| {
            rows += 1;
            put(&mut values.iter().copied())
        })
        .await?;
    Ok(Table {
        name,
        file,
        rows,
        bytes,
        sha256: hex::encode(hash.finalize()),
    })
}

/// A line of CSV that tells null (nothing) from an empty text (two quotation marks).
fn write_line(line: &mut Vec<u8>, values: &mut dyn Iterator<Item = Option<&str>>) {
    for (n, value) in values.enumerate() {
        if n > 0 {
            line.push(b',');
        }
        let Some(value) = value else { continue };
        let plain = |byte: u8| !matches!(byte, b'"' | b',' | b'\r' | b'\n');
        if !value.is_empty() && value.bytes().all(plain) {
            line.extend_from_slice(value.as_bytes());
            continue;
        }
        line.push(b'"');
        line.extend_from_slice(value.replace('"', "\"\"").as_bytes());
        line.push(b'"');
    }
    line.extend_from_slice(b"\r\n");
}

fn options() -> SimpleFileOptions {
    // Fast: most of it are hashes, which do not shrink anyway. A table may be longer than 4 GiB.
    SimpleFileOptions::default()
        .compression_level(Some(1))
        .large_file(true)
        .unix_permissions(0o600)
}

/// Puts the file on the disk for good; gives its size and hash.
fn finish(file: &File, part: &Path, path: &Path) -> io::Result<(u64, String)> {
    file.sync_all()?;
    let (mut hash, mut bytes) = (Sha256::new(), 0);
    let mut again = File::open(part)?;
    let mut piece = vec![0; 1 << 16];
    loop {
        let read = again.read(&mut piece)?;
        if read == 0 {
            break;
        }
        hash.update(&piece[..read]);
        bytes += read as u64;
    }
    fs::rename(part, path)?;
    let folder = path.parent().map(File::open).transpose()?;
    folder.map_or(Ok(()), |folder| folder.sync_all())?;
    Ok((bytes, hex::encode(hash.finalize())))
}

fn broken(error: io::Error) -> Error {
    Error::fault("writing an export", error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_null_from_an_empty_text_and_keeps_what_stands_in_a_cell() {
        let mut line = Vec::new();
        let values = [
            Some("Ng'ang'a"),
            None,
            Some(""),
            Some("a,b"),
            Some("say \"yes\"\n"),
            Some("=1+1"),
        ];
        write_line(&mut line, &mut values.into_iter());
        assert_eq!(
            String::from_utf8(line).unwrap(),
            "Ng'ang'a,,\"\",\"a,b\",\"say \"\"yes\"\"\n\",=1+1\r\n"
        );
    }
}
