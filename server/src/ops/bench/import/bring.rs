//! Brings files as the client does: announced, in pieces, previewed, applied; and taken back.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::Context;
use futures::{StreamExt, TryStreamExt, stream};
use hillview_shared::ApiError;
use hillview_shared::api::{HillviewRequest, HillviewResponse};
use hillview_shared::ids::ImportId;
use hillview_shared::imports::{
    CHUNK_MAX, ImportKind, ImportReport, OnDuplicate, RunImport, SendChunk, StartImport, UndoImport,
};
use serde::Serialize;

use super::files::File;
use super::school::ask;
use crate::ops::bench::line::Line;

/// The connections of those who bring files, by their logins.
pub type Lines = HashMap<String, Line>;

/// What bringing some files took. Milliseconds of all files together; `took_ms` is how long it took
/// by the clock, with several at once.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Brought {
    pub files: usize,
    pub rows: usize,
    /// Students or marks.
    pub items: usize,
    pub bytes: usize,
    pub upload_ms: u64,
    pub preview_ms: u64,
    pub apply_ms: u64,
    pub took_ms: u64,
    /// Students or marks a second, by the clock.
    pub items_a_second: u64,
    /// Statements of the calls that previewed and applied.
    pub statements: u64,
    /// Taking all of it back again, by the clock; 0 where it was left.
    pub undo_ms: u64,
    /// Refused calls and rows, and rows that the reports do not tell of.
    pub errors: usize,
    #[serde(skip)]
    pub imports: Vec<(String, ImportId)>,
}

/// One file, brought.
struct One {
    import: ImportId,
    upload: Duration,
    preview: Duration,
    apply: Duration,
    errors: usize,
}

/// Brings files, so many at a time.
pub async fn bring<'f>(
    files: &'f [File],
    lines: &Lines,
    at_once: usize,
) -> anyhow::Result<Brought> {
    let mut brought = Brought {
        files: files.len(),
        rows: files.iter().map(|file| file.rows).sum(),
        items: files.iter().map(|file| file.items).sum(),
        bytes: files.iter().map(|file| file.bytes.len()).sum(),
        ..Brought::default()
    };
    let began = Instant::now();
    let work = |file: &'f File| async move {
        anyhow::Ok((file, one(line_of(lines, &file.by)?, file).await?))
    };
    let mut done = stream::iter(files).map(work).buffered(at_once.max(1));
    let (mut upload, mut preview, mut apply) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    while let Some((file, one)) = done.try_next().await? {
        match one {
            Ok(one) => {
                upload += one.upload;
                preview += one.preview;
                apply += one.apply;
                brought.errors += one.errors;
                brought.imports.push((file.by.clone(), one.import));
            }
            Err(refusal) => {
                say(&refusal);
                brought.errors += 1;
            }
        }
    }
    brought.took_ms = millis(began.elapsed());
    brought.upload_ms = millis(upload);
    brought.preview_ms = millis(preview);
    brought.apply_ms = millis(apply);
    let items = u64::try_from(brought.items)?;
    brought.items_a_second = items * 1000 / brought.took_ms.max(1);
    Ok(brought)
}

/// Takes back what was brought, the last first.
pub async fn take_back(brought: &mut Brought, lines: &Lines, at_once: usize) -> anyhow::Result<()> {
    let began = Instant::now();
    let work = |(by, import): (String, ImportId)| async move {
        let line = line_of(lines, &by)?;
        patiently(async || {
            let reason = None;
            Ok(ask!(line, UndoImport, UndoImport { import, reason }).map(drop))
        })
        .await
    };
    let imports = brought.imports.clone().into_iter().rev();
    let mut undone = stream::iter(imports).map(work).buffered(at_once.max(1));
    while let Some(answer) = undone.try_next().await? {
        if let Err(refusal) = answer {
            say(&refusal);
            brought.errors += 1;
        }
    }
    brought.undo_ms = millis(began.elapsed());
    Ok(())
}

fn line_of<'l>(lines: &'l Lines, user: &str) -> anyhow::Result<&'l Line> {
    lines.get(user).context("somebody has no connection")
}

async fn one(line: &Line, file: &File) -> anyhow::Result<Result<One, ApiError>> {
    let began = Instant::now();
    let import = match send(line, file).await? {
        Ok(import) => import,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let upload = began.elapsed();
    let began = Instant::now();
    let listed = match run(line, file, import, true).await? {
        Ok(report) => report,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let preview = began.elapsed();
    let began = Instant::now();
    let applied = match run(line, file, import, false).await? {
        Ok(report) => report,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let apply = began.elapsed();
    let missing = |report: &ImportReport| {
        let told = report.added + report.changed + report.same + report.skipped;
        file.items.abs_diff(told as usize)
    };
    Ok(Ok(One {
        import,
        upload,
        preview,
        apply,
        errors: missing(&listed) + missing(&applied),
    }))
}

async fn send(line: &Line, file: &File) -> anyhow::Result<Result<ImportId, ApiError>> {
    let start = StartImport {
        kind: file.kind,
        file_name: file.name.clone(),
        length: file.bytes.len() as u64,
    };
    let started = patiently(async || Ok(ask!(line, StartImport, start.clone()))).await?;
    let import = match started {
        Ok(import) => import,
        Err(refusal) => return Ok(Err(refusal)),
    };
    for offset in (0..file.bytes.len()).step_by(CHUNK_MAX) {
        let end = file.bytes.len().min(offset + CHUNK_MAX);
        let piece = SendChunk {
            import,
            offset: offset as u64,
            bytes: file.bytes.slice(offset..end),
        };
        let sent = patiently(async || Ok(ask!(line, SendChunk, piece.clone()))).await?;
        if let Err(refusal) = sent {
            return Ok(Err(refusal));
        }
    }
    Ok(Ok(import))
}

async fn run(
    line: &Line,
    file: &File,
    import: ImportId,
    dry_run: bool,
) -> anyhow::Result<Result<ImportReport, ApiError>> {
    let request = RunImport {
        import,
        dry_run,
        on_duplicate: OnDuplicate::Skip,
        create_classes: file.kind == ImportKind::Students,
        assign_numbers: false,
        class: file.class.clone(),
        assessment: file.assessment.clone(),
    };
    patiently(async || Ok(ask!(line, RunImport, request.clone()))).await
}

/// Makes a call again for as long as the server says to come back.
async fn patiently<T>(
    call: impl AsyncFn() -> anyhow::Result<Result<T, ApiError>>,
) -> anyhow::Result<Result<T, ApiError>> {
    loop {
        match call().await? {
            Err(ApiError {
                again_in: Some(wait),
                ..
            }) => tokio::time::sleep(Duration::from_secs(wait.into())).await,
            answer => return Ok(answer),
        }
    }
}

/// Says why something was refused: the figures only count it.
fn say(refusal: &ApiError) {
    tracing::error!(code = refusal.code, "{}", refusal.message);
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
