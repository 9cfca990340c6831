//! Calls about files.

use hillview_shared::api::HillviewRequest as Call;
use hillview_shared::ids::ImportId;
use hillview_shared::imports::{
    ImportKind, ListProblems, OnDuplicate, RefusedRows, RunImport, SendChunk, StartImport,
    UndoImport,
};

use super::text;

pub fn imports() -> Vec<Call> {
    let import = ImportId(1);
    vec![
        Call::StartImport {
            request: StartImport {
                kind: ImportKind::Students,
                file_name: text("students.csv"),
                length: 30,
            },
        },
        Call::SendChunk {
            request: SendChunk {
                import,
                offset: 0,
                bytes: b"Adm No,Name,Class\nC1,A B,4 East"[..30].into(),
            },
        },
        Call::RunImport {
            request: RunImport {
                import,
                dry_run: false,
                on_duplicate: OnDuplicate::Skip,
                create_classes: true,
                assign_numbers: true,
                class: Some(text("4 East")),
                assessment: Some(text("T1-MID")),
            },
        },
        Call::ListProblems {
            request: ListProblems { import, after: 0 },
        },
        Call::RefusedRows {
            request: RefusedRows { import, offset: 0 },
        },
        Call::ListImports {},
        Call::UndoImport {
            request: UndoImport {
                import,
                reason: Some(text("the wrong file")),
            },
        },
    ]
}
