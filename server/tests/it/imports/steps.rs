//! The steps that the tests of imports have in common.

use std::sync::Arc;

use hillview_server::caller::Caller;
use hillview_server::service::{State, imports};
use hillview_server::{Error, Result};
use hillview_shared::ApiError;
use hillview_shared::ids::ImportId;
use hillview_shared::imports::{
    CHUNK_MAX, ImportKind, ImportReport, OnDuplicate, RefusedRows, RunImport, SendChunk,
    StartImport, UndoImport,
};

pub fn told<T>(outcome: Result<T>) -> ApiError {
    match outcome {
        Err(Error::Refused(told)) => told,
        Err(other) => panic!("not refused but failed: {other}"),
        Ok(_) => panic!("not refused"),
    }
}

/// Sends a file, in pieces.
pub async fn send(
    state: &State,
    caller: &Caller,
    kind: ImportKind,
    bytes: &[u8],
) -> Result<ImportId> {
    let request = StartImport {
        kind,
        file_name: "file".to_owned(),
        length: bytes.len() as u64,
    };
    let import = imports::start(state, caller, request).await?;
    for (piece, offset) in bytes.chunks(CHUNK_MAX).zip((0..).step_by(CHUNK_MAX)) {
        let request = SendChunk {
            import,
            offset,
            bytes: piece.to_vec().into(),
        };
        imports::receive(state, caller, request).await?;
    }
    Ok(import)
}

/// The plainest way to run an import: apply it, skip what is there.
pub fn plain(import: ImportId) -> RunImport {
    RunImport {
        import,
        dry_run: false,
        on_duplicate: OnDuplicate::Skip,
        create_classes: false,
        assign_numbers: false,
        class: None,
        assessment: None,
    }
}

/// Takes an import back without saying why.
pub fn back(import: ImportId) -> UndoImport {
    UndoImport {
        import,
        reason: None,
    }
}

/// Sends a file of students and runs it.
pub async fn students(
    state: &Arc<State>,
    caller: &Caller,
    bytes: impl AsRef<[u8]>,
    how: impl FnOnce(RunImport) -> RunImport,
) -> Result<ImportReport> {
    let import = send(state, caller, ImportKind::Students, bytes.as_ref()).await?;
    imports::run(state, caller, how(plain(import))).await
}

/// Sends a file of marks and runs it.
pub async fn marks(
    state: &Arc<State>,
    caller: &Caller,
    bytes: impl AsRef<[u8]>,
    how: impl FnOnce(RunImport) -> RunImport,
) -> Result<ImportReport> {
    let import = send(state, caller, ImportKind::Marks, bytes.as_ref()).await?;
    imports::run(state, caller, how(plain(import))).await
}

/// Added, changed, same, skipped, refused.
pub fn counts(report: &ImportReport) -> [u32; 5] {
    [
        report.added,
        report.changed,
        report.same,
        report.skipped,
        report.refused,
    ]
}

/// Line and code of each problem.
pub fn codes(report: &ImportReport) -> Vec<(u32, &str)> {
    let problems = report.problems.iter();
    problems
        .map(|problem| (problem.line, problem.code.as_str()))
        .collect()
}

/// The file of refused rows, fetched piece by piece.
pub async fn refused(state: &State, caller: &Caller, import: ImportId) -> Vec<u8> {
    let mut file = Vec::new();
    loop {
        let request = RefusedRows {
            import,
            offset: file.len() as u64,
        };
        let piece = imports::refused_rows(state, caller, request).await.unwrap();
        if piece.bytes.is_empty() {
            assert_eq!(piece.length, file.len() as u64);
            return file;
        }
        file.extend_from_slice(&piece.bytes);
    }
}
